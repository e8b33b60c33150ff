//! Watches and workers: an event wakes its application, a worker gives it a round.
//!
//! Applications, Deployments, Services, pods and, where they are made, Ingresses are watched, cut down to what is used before they
//! are kept. Rounds of different applications run side by side, a panic in one stays its own.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use flinkk8soperator_resources::labels;
use futures::{StreamExt, pin_mut};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Pod as KubePod, Service};
use k8s_openapi::api::networking::v1::Ingress;
use kube::api::Api;
use kube::core::{DynamicObject, NamespaceResourceScope, Resource, ResourceExt};
use kube::runtime::watcher::{self, Event, watcher};
use kube::runtime::{WatchStreamExt, utils::Backoff};
use serde::de::DeserializeOwned;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::application::{Application, Key, api_resource};
use crate::cache::{Cache, Child, Item, Kind, Pod, Watched, application_of};
use crate::metrics::RoundEnd;
use crate::operator::Operator;
use crate::reconcile::{Ended, RoundError, round, standing};

/// A stream of events to be put into the cache. Returns the applications that it woke.
type Sink<K> = Arc<dyn Fn(&Operator, Option<&str>, Event<K>) + Send + Sync>;

/// Watches and works until `shutdown`; then finishes the rounds that are under way.
pub(crate) async fn run(operator: Arc<Operator>, shutdown: CancellationToken) {
    let scopes: Vec<Option<String>> = match operator.settings.namespaces.as_slice() {
        [] => vec![None],
        some => some.iter().cloned().map(Some).collect(),
    };
    let mut watches = JoinSet::new();
    let lists = watch::Sender::new(0);
    for scope in scopes {
        spawn_watches(&mut watches, &operator, scope.as_deref(), &lists);
    }
    let mut synced = lists.subscribe();
    tokio::select! {
        _ = synced.wait_for(|missing| *missing == 0) => {}
        () = shutdown.cancelled() => return,
    }
    tracing::info!("watching; the first lists are complete");
    operator.ready.send_replace(true);
    let mut workers = JoinSet::new();
    for _ in 0..operator.settings.workers {
        workers.spawn(work(Arc::clone(&operator), shutdown.clone()));
    }
    while workers.join_next().await.is_some() {}
    operator.ready.send_replace(false);
    watches.shutdown().await;
}

fn spawn_watches(
    watches: &mut JoinSet<()>,
    operator: &Arc<Operator>,
    scope: Option<&str>,
    lists: &watch::Sender<usize>,
) {
    let client = operator.kubernetes.client().clone();
    let resource = api_resource();
    let applications = match scope {
        Some(scope) => Api::namespaced_with(client.clone(), scope, &resource),
        None => Api::all_with(client.clone(), &resource),
    };
    let scope = scope.map(str::to_owned);
    let ours = watcher::Config::default().labels(labels::APP);
    let all = watcher::Config::default();
    let shared = || {
        lists.send_modify(|missing| *missing += 1);
        (Arc::clone(operator), scope.clone(), lists.clone())
    };
    watches.spawn(follow(shared(), applications, all, Arc::new(application)));
    let scoped = scope.as_deref();
    let deployments = child(|watched| &mut watched.deployments, Child::deployment);
    watches.spawn(follow(shared(), api::<Deployment>(&client, scoped), ours.clone(), deployments));
    let services = child(|watched| &mut watched.services, Child::service);
    watches.spawn(follow(shared(), api::<Service>(&client, scoped), ours.clone(), services));
    let pods = child(|watched| &mut watched.pods, Pod::of);
    watches.spawn(follow(shared(), api::<KubePod>(&client, scoped), ours.clone(), pods));
    // Without a host for them none is made, and no right to see them is needed.
    if !operator.settings.rendering.config.ingress_url_format.is_empty() {
        let ingresses = child(|watched| &mut watched.ingresses, Child::ingress);
        watches.spawn(follow(shared(), api::<Ingress>(&client, scoped), ours, ingresses));
    }
}

fn api<K>(client: &kube::Client, scope: Option<&str>) -> Api<K>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
{
    match scope {
        Some(scope) => Api::namespaced(client.clone(), scope),
        None => Api::all(client.clone()),
    }
}

/// Feeds one watch into `sink`, for ever.
async fn follow<K>(
    (operator, scope, lists): (Arc<Operator>, Option<String>, watch::Sender<usize>),
    api: Api<K>,
    config: watcher::Config,
    sink: Sink<K>,
) where
    K: Resource + Clone + DeserializeOwned + Debug + Send + 'static,
{
    let mut first = true;
    let events = watcher(api, config).backoff(Delays::default());
    pin_mut!(events);
    while let Some(event) = events.next().await {
        let event = match event {
            Ok(event) => event,
            Err(error) => {
                operator.metrics.watch_error();
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, kind = std::any::type_name::<K>(), "watch");
                continue;
            }
        };
        let complete = matches!(event, Event::InitDone);
        sink(&operator, scope.as_deref(), event);
        if complete && std::mem::take(&mut first) {
            lists.send_modify(|missing| *missing -= 1);
        }
    }
}

/// Delays between attempts to watch: soon again after a short break, and never so often that many
/// operators keep an API server from coming up.
#[derive(Clone, Debug, Default)]
struct Delays(u32);

impl Iterator for Delays {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let delay = Duration::from_millis(200).saturating_mul(1 << self.0.min(8));
        self.0 += 1;
        Some(delay.min(Duration::from_secs(30)))
    }
}

impl Backoff for Delays {
    fn reset(&mut self) {
        self.0 = 0;
    }
}

/// Applications: known by their name, read from the object as stored.
fn application(operator: &Operator, scope: Option<&str>, event: Event<DynamicObject>) {
    match event {
        Event::Init => operator.cache.begin(scope),
        Event::InitApply(object) => {
            let key = key(&object);
            keep(operator, object);
            operator.cache.listed(scope, key);
        }
        Event::InitDone => {
            for key in operator.cache.end(scope) {
                operator.queue.wake(key);
            }
        }
        Event::Apply(object) => keep(operator, object),
        Event::Delete(object) => {
            let key = key(&object);
            let gone = operator.cache.lock().applications.remove(&key);
            operator.metrics.standing(gone.as_deref().and_then(standing), None);
            operator.queue.wake(key);
        }
    }
}

fn key(object: &DynamicObject) -> Key {
    Key::new(&object.namespace().unwrap_or_default(), &object.name_any())
}

fn keep(operator: &Operator, object: DynamicObject) {
    let key = key(&object);
    let before = operator.cache.application(&key);
    match Application::read(object, &operator.settings.rendering, before.as_deref()) {
        Ok(app) => {
            let app = Arc::new(app);
            operator.metrics.standing(before.as_deref().and_then(standing), standing(&app));
            operator.cache.lock().applications.insert(key.clone(), app);
            operator.queue.wake(key);
        }
        // What the schema admits and we cannot read is held still: an older copy must not be acted on.
        Err(error) => {
            operator.metrics.standing(before.as_deref().and_then(standing), None);
            operator.cache.lock().applications.remove(&key);
            tracing::error!(app = %key, error = &error as &dyn std::error::Error, "unreadable");
        }
    }
}

/// Objects of applications, known by label: cut down, kept, and their application woken where it
/// matters.
fn child<K, T>(kind: fn(&mut Watched) -> &mut Kind<T>, cut: fn(&K) -> Option<T>) -> Sink<K>
where
    K: Resource<DynamicType = ()> + 'static,
    T: Item + Gone + 'static,
{
    Arc::new(move |operator: &Operator, scope: Option<&str>, event: Event<K>| {
        let mut watched = operator.cache.lock();
        let kind = kind(&mut watched);
        let read = |object: &K| Some((application_of(object.meta())?, cut(object)?));
        let woken: BTreeSet<Key> = match event {
            Event::Init => {
                kind.begin(scope);
                BTreeSet::new()
            }
            Event::InitApply(object) => {
                if let Some((key, item)) = read(&object) {
                    kind.listed(scope, &key, item);
                }
                BTreeSet::new()
            }
            Event::InitDone => kind.end(scope),
            Event::Apply(object) => read(&object)
                .filter(|(key, item)| kind.apply(key, item.clone()))
                .map(|f| f.0)
                .into_iter()
                .collect(),
            Event::Delete(object) => match read(&object) {
                Some((key, item)) => {
                    item.gone(operator);
                    kind.remove(&key, item.uid()).then_some(key).into_iter().collect()
                }
                None => BTreeSet::new(),
            },
        };
        drop(watched);
        woken.iter().for_each(|key| operator.touch(key));
    })
}

/// What else has to happen when an object is gone.
trait Gone {
    fn gone(&self, _: &Operator) {}
}

impl Gone for Child {}

impl Gone for Pod {
    fn gone(&self, operator: &Operator) {
        operator.flinks.forget(self);
    }
}

async fn work(operator: Arc<Operator>, shutdown: CancellationToken) {
    loop {
        let key = tokio::select! {
            biased;
            () = shutdown.cancelled() => return,
            key = operator.queue.next() => key,
        };
        let wake = contained(&operator, &key).await;
        operator.queue.done(key, wake);
    }
}

/// A round of its own task: whatever happens in it, the others go on.
async fn contained(operator: &Arc<Operator>, key: &Key) -> Option<Instant> {
    let (shared, of) = (Arc::clone(operator), key.clone());
    let began = Instant::now();
    let task = tokio::spawn(async move {
        let mut memory = shared.memories.take(&of);
        let outcome = round(&shared, &of, &mut memory).await;
        let ended = outcome.unwrap_or_else(|error| failed(&shared, &of, &error, &mut memory));
        if shared.cache.application(&of).is_some() {
            shared.memories.put(&of, memory);
        } else {
            shared.forget(&of);
        }
        ended
    });
    let ended = match task.await {
        Ok(ended) => ended,
        Err(error) => {
            tracing::error!(app = %key, %error, "a round panicked: a defect, please report it");
            let wake = Some(Instant::now() + operator.settings.operator.core.max_backoff);
            Ended { how: RoundEnd::Panicked, wake }
        }
    };
    operator.metrics.round(ended.how, began.elapsed());
    ended.wake
}

fn failed(
    operator: &Operator,
    key: &Key,
    error: &RoundError,
    memory: &mut crate::memory::Memory,
) -> Ended {
    memory.failures += 1;
    // Attempts are counted from 2 on, the first one that waits.
    let delay = operator.settings.operator.core.backoff(memory.failures + 1);
    let error: &dyn std::error::Error = error;
    tracing::warn!(app = %key, error, failures = memory.failures, "round not completed");
    memory.due = Some(Instant::now() + delay);
    Ended { how: RoundEnd::Failed, wake: memory.due }
}

impl Cache {
    fn begin(&self, scope: Option<&str>) {
        self.lock().lists.insert(scope.map(str::to_owned), BTreeSet::new());
    }

    fn listed(&self, scope: Option<&str>, key: Key) {
        self.lock().lists.entry(scope.map(str::to_owned)).or_default().insert(key);
    }

    /// Drops the applications that the list does not have, and returns them.
    fn end(&self, scope: Option<&str>) -> Vec<Key> {
        let mut watched = self.lock();
        let listed = watched.lists.remove(&scope.map(str::to_owned)).unwrap_or_default();
        let inside = |key: &Key| scope.is_none_or(|scope| *key.namespace == *scope);
        let gone = watched.applications.keys().filter(|key| inside(key) && !listed.contains(key));
        let gone: Vec<Key> = gone.cloned().collect();
        gone.iter().for_each(|key| drop(watched.applications.remove(key)));
        gone
    }
}
