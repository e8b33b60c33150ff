//! What Kubernetes' garbage collector and namespace controller do, one pass at a time.
//!
//! Whoever owns the store calls [`Store::collect_garbage`] after changes until nothing happens any
//! more. That it is a call of its own lets a test look at the time in between, which exists in a
//! real cluster, too.

use super::super::kinds::{Kind, NAMESPACES, Resource};
use super::super::meta;
use super::delete::{DeleteOptions, FOREGROUND, ORPHAN, Propagation};
use super::{ChangeKind, Key, Store};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Owners by UID.
type Owners = BTreeMap<String, Arc<Value>>;

impl Store {
    /// Whether a change after this version may have made work for
    /// [`collect_garbage`](Self::collect_garbage): most changes do not.
    pub fn may_have_garbage_since(&self, version: u64) -> bool {
        let Ok(mut changes) = self.changes_since(version) else { return true };
        changes.any(|change| match change.kind {
            ChangeKind::Deleted => true,
            ChangeKind::Added => {
                meta::is_deleting(&change.object) || !meta::owners(&change.object).is_empty()
            }
            ChangeKind::Modified => {
                let owners = change.previous.as_ref().map(|previous| meta::owners(previous));
                meta::is_deleting(&change.object) || owners != Some(meta::owners(&change.object))
            }
        })
    }

    /// One pass: objects whose owners are gone are deleted, deletions in the foreground and
    /// orphanings go on, terminating namespaces are emptied. Returns whether anything changed.
    pub fn collect_garbage(&mut self) -> bool {
        let before = self.version;
        let owners: Owners = self
            .objects
            .values()
            .map(|object| (meta::uid(object).to_owned(), object.clone()))
            .collect();
        let objects: Vec<_> =
            self.objects.iter().map(|(key, object)| (key.clone(), object.clone())).collect();
        for (key, object) in &objects {
            match self.kinds.stored(&key.resource).cloned() {
                Some(kind) => self.collect(&kind, key, object, &owners),
                None => {
                    // Its CRD is gone.
                    self.erase(&key.resource, Some(object.clone()), (**object).clone());
                }
            }
        }
        for namespace in self.list(&NAMESPACES, None) {
            if meta::is_deleting(&namespace) {
                self.empty_namespace(meta::name(&namespace));
            }
        }
        self.version != before
    }

    fn collect(&mut self, kind: &Kind, key: &Key, object: &Arc<Value>, owners: &Owners) {
        if !meta::owners(object).is_empty() {
            self.collect_dependent(kind, key, object, owners);
        }
        let finalizers = meta::finalizers(object);
        if meta::is_deleting(object) && finalizers.contains(&FOREGROUND) {
            if self.dependents(meta::uid(object)).is_empty() {
                self.change(key, |object| meta::remove_finalizer(object, FOREGROUND));
            }
        } else if meta::is_deleting(object) && finalizers.contains(&ORPHAN) {
            let uid = meta::uid(object).to_owned();
            for dependent in self.dependents(&uid) {
                self.change(&dependent, |object| drop_owners(object, &[&uid]));
            }
            self.change(key, |object| meta::remove_finalizer(object, ORPHAN));
        }
    }

    fn collect_dependent(&mut self, kind: &Kind, key: &Key, object: &Value, owners: &Owners) {
        let references = meta::owners(object);
        let owner = |reference: &&Value| owners.get(meta::text(reference, "/uid"));
        let is_going = |owner: &Arc<Value>| {
            meta::is_deleting(owner) && meta::finalizers(owner).contains(&FOREGROUND)
        };
        let absent: Vec<&str> = references
            .iter()
            .filter(|r| owner(r).is_none())
            .map(|r| meta::text(r, "/uid"))
            .collect();
        let going = references.iter().filter_map(|r| owner(&r)).filter(|o| is_going(o)).count();
        let solid = references.len() - absent.len() - going;
        if solid > 0 {
            if !absent.is_empty() {
                self.change(key, |object| drop_owners(object, &absent));
            }
        } else if !meta::is_deleting(object) {
            let propagation = (going > 0).then_some(Propagation::Foreground);
            let options = DeleteOptions {
                uid: Some(meta::uid(object).to_owned()),
                propagation,
                ..DeleteOptions::default()
            };
            // It can only have changed or gone since the pass began: the next pass looks again.
            let _ = self.delete(kind, &key.namespace, &key.name, &options);
        }
    }

    /// Objects that name this owner. (Kubernetes lets those with `blockOwnerDeletion: false` not
    /// hold the owner; here they do.)
    fn dependents(&self, uid: &str) -> Vec<Key> {
        let owned = |object: &Value| {
            meta::owners(object).iter().any(|reference| meta::text(reference, "/uid") == uid)
        };
        self.objects.iter().filter(|(_, o)| owned(o)).map(|(key, _)| key.clone()).collect()
    }

    fn change(&mut self, key: &Key, change: impl FnOnce(&mut Value)) {
        let Some(old) = self.objects.get(key).cloned() else { return };
        let mut object = (*old).clone();
        change(&mut object);
        self.commit(&key.resource, Some(old), object);
    }

    fn empty_namespace(&mut self, namespace: &str) {
        let content: Vec<_> =
            self.objects.keys().filter(|key| key.namespace == namespace).cloned().collect();
        if content.is_empty() {
            self.change(&Key::new(&NAMESPACES, "", namespace), |object| {
                object["spec"]["finalizers"] = json!([]);
            });
        }
        for key in content {
            self.delete_marked(&key.resource, &key);
        }
    }

    fn delete_marked(&mut self, resource: &Resource, key: &Key) {
        let Some(kind) = self.kinds.stored(resource).cloned() else { return };
        let is_marked = self.objects.get(key).is_some_and(|object| meta::is_deleting(object));
        if !is_marked {
            // Only absence could be an error here.
            let _ = self.delete(&kind, &key.namespace, &key.name, &DeleteOptions::default());
        }
    }
}

fn drop_owners(object: &mut Value, uids: &[&str]) {
    let metadata = meta::metadata_mut(object);
    let Some(list) = metadata.get_mut("ownerReferences").and_then(Value::as_array_mut) else {
        return;
    };
    list.retain(|reference| !uids.contains(&meta::text(reference, "/uid")));
    if list.is_empty() {
        metadata.remove("ownerReferences");
    }
}
