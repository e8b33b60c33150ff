//! Watches and workers: an event wakes its application, a worker gives it a round.
//!
//! Who stands by watches like the one that acts, so that it can take over at once, and does nothing else.
//! Applications, Deployments, Services, pods and, where they are made, Ingresses are watched, cut down to what is used before they
//! are kept. Rounds of different applications run side by side, a panic in one stays its own.

mod panicked;
mod sinks;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use flinkk8soperator_core::Config;
use flinkk8soperator_resources::labels;
use futures::StreamExt;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Pod as KubePod, Service};
use k8s_openapi::api::networking::v1::Ingress;
use kube::api::Api;
use kube::core::{NamespaceResourceScope, Resource};
use kube::runtime::watcher::{self, Event, watcher};
use kube::runtime::{WatchStreamExt, utils::Backoff};
use serde::de::DeserializeOwned;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

pub(crate) use self::panicked::Told;
use self::sinks::{Sink, application, child};
use crate::application::{Key, api_resource};
use crate::cache::{Child, Pod};
use crate::jitter::Jitter;
use crate::metrics::RoundEnd;
use crate::operator::Operator;
use crate::reconcile::{self, RoundError, round};
use crate::retry_after;
use crate::span;

/// A watch or a worker that ended. None does by itself, and without it the others would go on on a
/// view of the world that nobody renews.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended(pub(crate) &'static str);

impl Ended {
    fn of(what: &'static str, how: Result<(), JoinError>) -> Ended {
        let error = how.err();
        tracing::error!(?error, "a {what} ended by itself: a defect, please report it");
        Ended(what)
    }
}

/// Watches, and works once it may, until `shutdown`; then finishes the rounds that are under way.
///
/// # Errors
/// Where a watch or a worker ends before.
pub(crate) async fn run(operator: Arc<Operator>, shutdown: CancellationToken) -> Result<(), Ended> {
    let scopes: Vec<Option<String>> = match operator.settings.namespaces.as_slice() {
        [] => vec![None],
        some => some.iter().cloned().map(Some).collect(),
    };
    let mut watches = JoinSet::new();
    let lists = watch::Sender::new(0);
    for scope in scopes {
        spawn_watches(&mut watches, &operator, scope.as_deref(), &lists);
    }
    tokio::select! {
        () = may_work(&operator, lists.subscribe()) => {}
        () = shutdown.cancelled() => return Ok(()),
        Some(how) = watches.join_next() => return Err(Ended::of("watch", how)),
    }
    let mut workers = JoinSet::new();
    for _ in 0..operator.settings.workers {
        workers.spawn(work(Arc::clone(&operator), shutdown.clone()));
    }
    let outcome = tokio::select! {
        outcome = finished(&mut workers) => outcome,
        Some(how) = watches.join_next() => Err(Ended::of("watch", how)),
    };
    operator.ready.send_replace(false);
    watches.shutdown().await;
    outcome
}

/// Waits until everything was listed and this process has the right to act; then all are to be looked at. Ready it is
/// before, once it is known that another one acts.
async fn may_work(operator: &Operator, mut lists: watch::Receiver<usize>) {
    // The sender is held by the watches, which are watched for their end.
    let _ = lists.wait_for(|missing| *missing == 0).await;
    tracing::info!("watching; the first lists are complete");
    operator.lease.known().await;
    operator.ready.send_replace(true);
    tokio::select! {
        () = operator.lease.leads() => {}
        () = stand_by(operator) => {}
    }
    for key in operator.cache.applications() {
        operator.queue.wake(key);
    }
}

/// Nothing is done for what is woken meanwhile. But what is gone is forgotten: who stands by for weeks keeps no more
/// than the one that acts.
async fn stand_by(operator: &Operator) {
    loop {
        let key = operator.queue.next().await;
        if operator.cache.application(&key).is_none() {
            operator.forget(&key);
        }
        operator.queue.done(key, None);
    }
}

/// Waits for all workers, which go on until the shutdown.
async fn finished(workers: &mut JoinSet<()>) -> Result<(), Ended> {
    while let Some(how) = workers.join_next().await {
        if how.is_err() {
            return Err(Ended::of("worker", how));
        }
    }
    Ok(())
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
    let selector = &operator.settings.label_selector;
    let selected = match selector.selects_all() {
        true => watcher::Config::default(),
        false => watcher::Config::default().labels_from(selector),
    };
    let shared = || {
        lists.send_modify(|missing| *missing += 1);
        (Arc::clone(operator), scope.clone(), lists.clone())
    };
    watches.spawn(follow(shared(), applications, selected, Arc::new(application)));
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

/// Feeds one watch into `sink`, for ever. What it can go on from no more is listed anew.
async fn follow<K>(
    (operator, scope, lists): (Arc<Operator>, Option<String>, watch::Sender<usize>),
    api: Api<K>,
    config: watcher::Config,
    sink: Sink<K>,
) where
    K: Resource + Clone + DeserializeOwned + Debug + Send + 'static,
{
    let mut first = true;
    let begin =
        || Box::pin(watcher(api.clone(), config.clone()).backoff(Delays::new(operator.jitter)));
    let mut events = begin();
    while let Some(event) = events.next().await {
        let event = match event {
            Ok(event) => event,
            Err(error) => {
                operator.metrics.watch_error();
                let kind = std::any::type_name::<K>();
                tracing::warn!(error = &error as &dyn std::error::Error, kind, "watch");
                let expired = expired(&error);
                // The delays go on meanwhile: the longer of the two is waited.
                if let Some(pause) = retry_after::of_watch(&error).or(expired.then_some(RELIST)) {
                    tokio::time::sleep(operator.jitter.longer(pause, 1.0)).await;
                }
                if expired {
                    events = begin();
                }
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

/// Before a list that is made because a watch cannot go on: one that cannot begin either must not list without end.
const RELIST: Duration = Duration::from_secs(1);

/// Whether a watch was refused because what it wants to go on from is forgotten. In the stream kube's watcher takes
/// it for what it is; in place of the stream it would ask for the same for ever.
fn expired(error: &watcher::Error) -> bool {
    matches!(error, watcher::Error::WatchStartFailed(kube::Error::Api(status)) if status.code == 410)
}

/// Delays between attempts to watch: soon again after a short break, and never so often that many
/// operators keep an API server from coming up, nor all at once.
#[derive(Clone, Debug)]
struct Delays {
    attempts: u32,
    jitter: Jitter,
}

impl Delays {
    fn new(jitter: Jitter) -> Delays {
        Delays { attempts: 0, jitter }
    }
}

impl Iterator for Delays {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let delay = Duration::from_millis(200).saturating_mul(1 << self.attempts.min(8));
        self.attempts += 1;
        Some(self.jitter.longer(delay.min(Duration::from_secs(30)), 1.0))
    }
}

impl Backoff for Delays {
    fn reset(&mut self) {
        self.attempts = 0;
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
    let (shared, of, span) = (Arc::clone(operator), key.clone(), span::of(key));
    let in_force = operator.in_force();
    // Those of a round that was not completed: of the application as it was when it began.
    let delays = match operator.cache.application(key) {
        Some(app) => app.settings(&in_force.settings.applications).core,
        None => in_force.settings.applications.of(&key.namespace, None).core,
    };
    let began = Instant::now();
    let within = span.clone();
    let mut memory = operator.memories.take(key);
    let told = memory.panic.clone();
    let task = tokio::spawn(async move {
        let settings = &in_force.settings.applications;
        let round = round(&shared, &of, settings, &mut memory).instrument(within.clone());
        let (outcome, asked) = retry_after::noted(round).await;
        let failed = |error| failed(&delays, shared.jitter, &of, &error, &mut memory);
        let mut ended = within.in_scope(|| outcome.unwrap_or_else(failed));
        if let Some(asked) = asked {
            memory.held = Some(Instant::now() + shared.jitter.longer(asked, 0.1));
            ended.wake = ended.wake.max(memory.held);
        }
        #[cfg(feature = "opentelemetry")]
        span::ended(&within, ended.how);
        if shared.cache.application(&of).is_some() {
            shared.memories.put(&of, memory);
        } else {
            shared.forget(&of);
        }
        ended
    });
    // Whoever gives this up, at the end of the process, gives up the round.
    let ended = match AbortOnDropHandle::new(task).await {
        Ok(ended) => ended,
        Err(error) => {
            #[cfg(feature = "opentelemetry")]
            span::ended(&span, RoundEnd::Panicked);
            let every = delays.max_backoff;
            let memory = panicked::tell(operator, key, every, error, told).instrument(span).await;
            let wake = memory.due;
            operator.memories.put(key, memory);
            reconcile::Ended { how: RoundEnd::Panicked, wake }
        }
    };
    operator.metrics.round(ended.how, began.elapsed());
    ended.wake
}

fn failed(
    delays: &Config,
    jitter: Jitter,
    key: &Key,
    error: &RoundError,
    memory: &mut crate::memory::Memory,
) -> reconcile::Ended {
    memory.failures += 1;
    // Attempts are counted from 2 on, the first one that waits.
    let delay = jitter.longer(delays.backoff(memory.failures + 1), 0.1);
    let error: &dyn std::error::Error = error;
    tracing::warn!(app = %key, error, failures = memory.failures, "round not completed");
    memory.due = Some(Instant::now() + delay);
    reconcile::Ended { how: RoundEnd::Failed, wake: memory.due }
}

#[cfg(test)]
mod tests;
