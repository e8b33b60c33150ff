//! The objects of the simulated cluster: a synchronous store, to be kept under a mutex.
//!
//! All objects are JSON values in their stored form (see [`super::events`]). A version counter is
//! shared by all of them, as in etcd. Writes come in two ways: through the API's rules
//! ([`Store::create`], [`Store::replace`], [`Store::apply`], [`Store::delete`]), and as a
//! controller's whole-object writes ([`Store::put`], [`Store::remove`]), which skip validation and
//! the separation of status and spec. Nothing here waits: who follows changes subscribes to the
//! version and reads [`Store::changes_since`].

mod checks;
mod delete;
mod garbage;
mod history;
mod identity;
mod write;

pub use delete::{DeleteOptions, Deleted, Propagation};
pub use history::{Change, ChangeKind};
pub use write::{FieldValidation, Origin, Part, WriteOptions, Written};

use super::error::ApiError;
use super::kinds::{CUSTOM_RESOURCE_DEFINITIONS, Kind, Kinds, NAMESPACES, Resource};
use super::meta;
use history::History;
use identity::Identities;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;

/// The wall clock: milliseconds since the epoch.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// What a store is made from.
#[derive(Clone)]
pub struct StoreConfig {
    /// The wall clock.
    pub clock: Clock,
    /// Decides the UIDs.
    pub seed: u64,
    /// How many changes are remembered; a watch or list from before gets 410.
    pub history: usize,
}

/// Room for an hour of a busy test; about 20 MB of shared objects at most.
pub const DEFAULT_HISTORY: usize = 10_000;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    resource: Resource,
    namespace: String,
    name: String,
}

impl Key {
    fn new(resource: &Resource, namespace: &str, name: &str) -> Self {
        Self { resource: resource.clone(), namespace: namespace.to_owned(), name: name.to_owned() }
    }

    fn of(resource: &Resource, object: &Value) -> Self {
        Self::new(resource, meta::namespace(object), meta::name(object))
    }
}

/// The objects and their history.
pub struct Store {
    clock: Clock,
    identities: Identities,
    version: u64,
    objects: BTreeMap<Key, Arc<Value>>,
    history: History,
    kinds: Arc<Kinds>,
    versions: watch::Sender<u64>,
}

impl Store {
    /// A store with the namespaces that every cluster has.
    pub fn new(config: StoreConfig) -> Self {
        let mut store = Self {
            clock: config.clock,
            identities: Identities::new(config.seed),
            version: 0,
            objects: BTreeMap::new(),
            history: History::new(config.history),
            kinds: Arc::new(Kinds::new([])),
            versions: watch::Sender::new(0),
        };
        for name in ["default", "kube-system"] {
            store.put(
                &NAMESPACES,
                json!({
                    "metadata": { "name": name, "labels": { "kubernetes.io/metadata.name": name } },
                    "spec": { "finalizers": ["kubernetes"] }, "status": { "phase": "Active" },
                }),
            );
        }
        store
    }

    /// The kinds that are served now.
    pub fn kinds(&self) -> &Arc<Kinds> {
        &self.kinds
    }

    /// The newest version; every change makes a new one.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The wall clock in milliseconds since the epoch.
    pub fn now(&self) -> i64 {
        (self.clock)()
    }

    /// Follows the newest version. The changes themselves are read with
    /// [`changes_since`](Self::changes_since).
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.versions.subscribe()
    }

    /// The changes after a version, oldest first.
    ///
    /// # Errors
    /// `Expired` if the history does not reach back so far.
    pub fn changes_since(
        &self,
        version: u64,
    ) -> Result<impl Iterator<Item = &Arc<Change>>, ApiError> {
        self.history.since(version)
    }

    /// Forgets all changes up to now: who resumes from an earlier version gets 410.
    pub fn forget_history(&mut self) {
        self.history.forget(self.version);
    }

    /// One object. The namespace of a cluster-wide object is empty.
    pub fn get(&self, resource: &Resource, namespace: &str, name: &str) -> Option<Arc<Value>> {
        self.objects.get(&Key::new(resource, namespace, name)).cloned()
    }

    /// All objects of a resource, of one namespace or (`None`) of all, by namespace and name.
    pub fn list(&self, resource: &Resource, namespace: Option<&str>) -> Vec<Arc<Value>> {
        self.entries(resource)
            .filter(|(key, _)| namespace.is_none_or(|n| n == key.namespace))
            .map(|(_, object)| object.clone())
            .collect()
    }

    /// What [`list`](Self::list) gave when the store had this version.
    ///
    /// # Errors
    /// `Expired` if the history does not reach back so far, `TooLargeResourceVersion` if the
    /// version is not there yet.
    pub fn list_at(
        &self,
        resource: &Resource,
        namespace: Option<&str>,
        version: u64,
    ) -> Result<Vec<Arc<Value>>, ApiError> {
        if version > self.version {
            return Err(ApiError::TooLargeResourceVersion {
                asked: version,
                current: self.version,
            });
        }
        let mut then: BTreeMap<Key, Arc<Value>> =
            self.entries(resource).map(|(key, object)| (key.clone(), object.clone())).collect();
        let after: Vec<_> =
            self.history.since(version)?.filter(|c| c.resource == *resource).collect();
        for change in after.into_iter().rev() {
            let key = Key::of(resource, &change.object);
            match &change.previous {
                Some(previous) => then.insert(key, previous.clone()),
                None => then.remove(&key),
            };
        }
        then.retain(|key, _| namespace.is_none_or(|n| n == key.namespace));
        Ok(then.into_values().collect())
    }

    /// Writes an object as a controller would with full rights: status and spec together, without
    /// validation or a check of the version; created if it is absent. Metadata that the API
    /// server owns is kept or filled in, the generation follows the spec; managedFields do not
    /// learn of it.
    ///
    /// # Panics
    /// If the resource is not served: controllers know what they write.
    pub fn put(&mut self, resource: &Resource, object: Value) -> Arc<Value> {
        let kind = self.stored_kind(resource);
        let old = self.objects.get(&Key::of(resource, &object)).cloned();
        let mut object = object;
        object["apiVersion"] = json!(kind.api_version());
        object["kind"] = json!(kind.kind);
        self.set_system_metadata(&kind, old.as_deref(), &mut object);
        if let Some(fields) = old.as_deref().and_then(|o| o.pointer("/metadata/managedFields")) {
            meta::set(&mut object, "managedFields", Some(fields.clone()));
        }
        self.commit(resource, old, object)
    }

    /// Stores an object as it stood in another cluster, with its UID, its times and its generation. Only the
    /// version is this store's own.
    ///
    /// # Panics
    /// If the resource is not served, as [`put`](Self::put).
    pub fn restore(&mut self, resource: &Resource, mut object: Value) -> Arc<Value> {
        let kind = self.stored_kind(resource);
        object["apiVersion"] = json!(kind.api_version());
        object["kind"] = json!(kind.kind);
        let old = self.objects.get(&Key::of(resource, &object)).cloned();
        self.commit(resource, old, object)
    }

    /// Changes an object in place, as [`put`](Self::put) writes it. `None` if it is absent.
    pub fn modify(
        &mut self,
        resource: &Resource,
        namespace: &str,
        name: &str,
        change: impl FnOnce(&mut Value),
    ) -> Option<Arc<Value>> {
        let mut object = (*self.get(resource, namespace, name)?).clone();
        change(&mut object);
        Some(self.put(resource, object))
    }

    /// Deletes an object at once, as the kubelet does with a pod that has ended. An object with
    /// finalizers is only marked.
    pub fn remove(&mut self, resource: &Resource, namespace: &str, name: &str) -> Option<Deleted> {
        let kind = self.stored_kind(resource);
        let options = DeleteOptions { grace_seconds: Some(0), ..DeleteOptions::default() };
        self.delete(&kind, namespace, name, &options).ok()
    }

    fn stored_kind(&self, resource: &Resource) -> Arc<Kind> {
        self.kinds.stored(resource).expect("controllers write only what is served").clone()
    }

    fn entries(&self, resource: &Resource) -> impl Iterator<Item = (&Key, &Arc<Value>)> {
        let first = Key::new(resource, "", "");
        self.objects.range(first..).take_while(move |(key, _)| key.resource == *resource)
    }

    /// Stores an object under the next version, or nothing if nothing changed. An object that is
    /// being deleted and has no finalizer left goes instead.
    fn commit(
        &mut self,
        resource: &Resource,
        old: Option<Arc<Value>>,
        object: Value,
    ) -> Arc<Value> {
        let waits_for_kubelet = object
            .pointer("/metadata/deletionGracePeriodSeconds")
            .and_then(Value::as_i64)
            .is_some_and(|grace| grace > 0);
        let held = !meta::finalizers(&object).is_empty() || waits_for_kubelet;
        if meta::is_deleting(&object) && !held && !self.is_namespace_with_content(resource, &object)
        {
            return self.erase(resource, old, object);
        }
        if let Some(old) = &old
            && **old == object
        {
            return old.clone();
        }
        let kind = if old.is_some() { ChangeKind::Modified } else { ChangeKind::Added };
        self.record(resource, kind, old, object)
    }

    fn is_namespace_with_content(&self, resource: &Resource, object: &Value) -> bool {
        *resource == NAMESPACES && !meta::array(object, "/spec/finalizers").is_empty()
    }

    fn erase(&mut self, resource: &Resource, old: Option<Arc<Value>>, object: Value) -> Arc<Value> {
        self.record(resource, ChangeKind::Deleted, old, object)
    }

    fn record(
        &mut self,
        resource: &Resource,
        kind: ChangeKind,
        previous: Option<Arc<Value>>,
        mut object: Value,
    ) -> Arc<Value> {
        self.version += 1;
        meta::set(&mut object, "resourceVersion", Some(json!(self.version.to_string())));
        let object = Arc::new(object);
        let key = Key::of(resource, &object);
        match kind {
            ChangeKind::Deleted => self.objects.remove(&key),
            ChangeKind::Added | ChangeKind::Modified => self.objects.insert(key, object.clone()),
        };
        self.history.push(Change {
            version: self.version,
            resource: resource.clone(),
            kind,
            object: object.clone(),
            previous,
        });
        if *resource == CUSTOM_RESOURCE_DEFINITIONS {
            self.read_kinds();
        }
        self.versions.send_replace(self.version);
        object
    }

    fn read_kinds(&mut self) {
        let crds = self.list(&CUSTOM_RESOURCE_DEFINITIONS, None);
        self.kinds = Arc::new(Kinds::new(crds.iter().map(|crd| &**crd)));
    }
}

#[cfg(test)]
mod tests;
