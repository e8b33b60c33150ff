//! Where the events of watches go: into the cache, and from there to the applications that they wake.
//!
//! What cannot be read stays with its application: an application is then held still, and of one
//! whose object it is nothing about its objects is known. A panic while an object is read counts as
//! that, so that one object does not blind the operator to all others.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use kube::core::{DynamicObject, Resource, ResourceExt};
use kube::runtime::watcher::Event;

use crate::application::{Application, Key};
use crate::cache::{Cache, Child, Item, Kind, Pod, Watched, application_of, uid_of};
use crate::operator::Operator;

/// A stream of events to be put into the cache.
pub(super) type Sink<K> = Arc<dyn Fn(&Operator, Option<&str>, Event<K>) + Send + Sync>;

/// Applications: known by their name, read from the object as stored.
pub(super) fn application(operator: &Operator, scope: Option<&str>, event: Event<DynamicObject>) {
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
            operator.cache.lock().applications.remove(&key);
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
    let rendering = &operator.settings.rendering;
    let read = || Application::read(object, rendering, before.as_deref());
    match unwound(operator, &key, read) {
        Some(Ok(app)) => {
            let app = Arc::new(app);
            operator.cache.lock().applications.insert(key.clone(), app);
            operator.queue.wake(key);
        }
        // What the schema admits and we cannot read is held still: an older copy must not be acted on.
        unreadable => {
            operator.cache.lock().applications.remove(&key);
            if let Some(Err(error)) = unreadable {
                tracing::error!(app = %key, error = &error as &dyn std::error::Error, "unreadable");
            }
        }
    }
}

/// What comes out; none where that panics.
fn unwound<T>(operator: &Operator, app: &Key, read: impl FnOnce() -> T) -> Option<T> {
    let outcome = catch_unwind(AssertUnwindSafe(read)).ok();
    if outcome.is_none() {
        operator.metrics.watch_panic();
        tracing::error!(%app, "reading an object panicked: a defect, please report it");
    }
    outcome
}

/// Objects of applications, known by label: cut down, kept, and their application woken where it
/// matters.
pub(super) fn child<K, T>(
    kind: fn(&mut Watched) -> &mut Kind<T>,
    cut: fn(&K) -> Option<T>,
) -> Sink<K>
where
    K: Resource<DynamicType = ()> + 'static,
    T: Item + Gone + 'static,
{
    Arc::new(move |operator: &Operator, scope: Option<&str>, event: Event<K>| {
        let object = match &event {
            Event::InitApply(object) | Event::Apply(object) | Event::Delete(object) => Some(object),
            Event::Init | Event::InitDone => None,
        };
        let named = object.and_then(|o| Some((application_of(o.meta())?, uid_of(o.meta())?)));
        let read = named.zip(object).map(|((key, uid), object)| {
            let item = unwound(operator, &key, || cut(object)).flatten();
            (key, uid, item)
        });
        let mut watched = operator.cache.lock();
        let kind = kind(&mut watched);
        let woken: BTreeSet<Key> = match (event, read) {
            (Event::Init, _) => {
                kind.begin(scope);
                BTreeSet::new()
            }
            (Event::InitDone, _) => kind.end(scope),
            (Event::InitApply(_), Some((key, uid, item))) => {
                match item {
                    Some(item) => kind.listed(scope, &key, item),
                    None => kind.listed_unreadable(scope, &key, uid),
                }
                BTreeSet::new()
            }
            (Event::Apply(_), Some((key, uid, item))) => {
                let matters = match item {
                    Some(item) => kind.apply(&key, item),
                    None => kind.unreadable(&key, uid),
                };
                matters.then_some(key).into_iter().collect()
            }
            (Event::Delete(_), Some((key, uid, item))) => {
                item.iter().for_each(|item| item.gone(operator));
                kind.remove(&key, uid).then_some(key).into_iter().collect()
            }
            (Event::InitApply(_) | Event::Apply(_) | Event::Delete(_), None) => BTreeSet::new(),
        };
        drop(watched);
        woken.iter().for_each(|key| operator.touch(key));
    })
}

/// What else has to happen when an object is gone.
pub(super) trait Gone {
    fn gone(&self, _: &Operator) {}
}

impl Gone for Child {}

impl Gone for Pod {
    fn gone(&self, operator: &Operator) {
        operator.flinks.forget(self);
    }
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
