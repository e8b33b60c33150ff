//! Deletion: preconditions, finalizers, grace, propagation.

use super::super::error::ApiError;
use super::super::kinds::{Kind, NAMESPACES, PODS};
use super::super::meta;
use super::Store;
use serde_json::{Value, json};
use std::sync::Arc;

/// What happens to the objects that the deleted one owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Propagation {
    /// They are deleted after it.
    #[default]
    Background,
    /// They are deleted before it.
    Foreground,
    /// They stay, without an owner.
    Orphan,
}

/// Finalizer of an object that waits for what it owns to be deleted.
pub(super) const FOREGROUND: &str = "foregroundDeletion";
/// Finalizer of an object that waits for what it owns to be orphaned.
pub(super) const ORPHAN: &str = "orphan";

/// `metav1.DeleteOptions`.
#[derive(Debug, Clone, Default)]
pub struct DeleteOptions {
    /// The object must have this UID.
    pub uid: Option<String>,
    /// The object must have this version.
    pub resource_version: Option<String>,
    /// What happens to owned objects; absent keeps what a former delete asked for.
    pub propagation: Option<Propagation>,
    /// Time for the pod's containers to end.
    pub grace_seconds: Option<i64>,
    /// Do everything but delete.
    pub dry_run: bool,
}

/// What became of the object.
#[derive(Debug, Clone)]
pub enum Deleted {
    /// It is gone; its last content.
    Now(Arc<Value>),
    /// It is marked, and goes when its finalizers or its containers have.
    Later(Arc<Value>),
}

impl Store {
    /// Deletes an object, or marks it for deletion.
    ///
    /// # Errors
    /// `NotFound`, or `Conflict` if a precondition does not hold.
    pub fn delete(
        &mut self,
        kind: &Kind,
        namespace: &str,
        name: &str,
        options: &DeleteOptions,
    ) -> Result<Deleted, ApiError> {
        let Some(old) = self.get(&kind.resource, namespace, name) else {
            return Err(ApiError::NotFound(kind.subject(name)));
        };
        check_preconditions(kind, &old, options)?;
        let mut object = (*old).clone();
        set_propagation(&mut object, options.propagation);
        let grace = grace_seconds(kind, &object, options.grace_seconds);
        self.mark(&mut object, grace);
        if kind.resource == NAMESPACES {
            meta::child_map(&mut object, "status").insert("phase".into(), json!("Terminating"));
        }
        if options.dry_run {
            return Ok(Deleted::Later(Arc::new(object)));
        }
        let object = self.commit(&kind.resource, Some(old), object);
        Ok(match self.get(&kind.resource, namespace, name) {
            Some(_) => Deleted::Later(object),
            None => Deleted::Now(object),
        })
    }

    /// Sets the deletion timestamp; a later deletion can only shorten the grace.
    fn mark(&self, object: &mut Value, grace: i64) {
        let held = |object: &Value| meta::array(object, "/metadata/finalizers").len();
        let before = object.pointer("/metadata/deletionGracePeriodSeconds").and_then(Value::as_i64);
        if meta::is_deleting(object) && before.is_none_or(|before| before <= grace) {
            return;
        }
        // An object that nothing holds back goes without ever being seen as marked.
        if !meta::is_deleting(object) && meta::generation(object) > 0 && held(object) > 0 {
            let generation = meta::generation(object) + 1;
            meta::set(object, "generation", Some(json!(generation)));
        }
        let at = meta::timestamp(self.now() + grace * 1000);
        meta::set(object, "deletionTimestamp", Some(json!(at)));
        meta::set(object, "deletionGracePeriodSeconds", Some(json!(grace)));
    }
}

fn check_preconditions(
    kind: &Kind,
    object: &Value,
    options: &DeleteOptions,
) -> Result<(), ApiError> {
    let subject = || kind.kind_subject(meta::name(object));
    let (uid, version) = (meta::uid(object), meta::resource_version(object));
    if let Some(wanted) = options.uid.as_deref().filter(|wanted| *wanted != uid) {
        let why = format!(
            "the UID in the precondition ({wanted}) does not match the UID in record ({uid}). The \
             object might have been deleted and then recreated"
        );
        return Err(ApiError::Conflict { subject: subject(), why });
    }
    if let Some(wanted) = options.resource_version.as_deref().filter(|wanted| *wanted != version) {
        let why = format!(
            "the ResourceVersion in the precondition ({wanted}) does not match the \
             ResourceVersion in record ({version}). The object might have been modified"
        );
        return Err(ApiError::Conflict { subject: subject(), why });
    }
    Ok(())
}

fn set_propagation(object: &mut Value, propagation: Option<Propagation>) {
    let Some(propagation) = propagation else { return };
    meta::remove_finalizer(object, FOREGROUND);
    meta::remove_finalizer(object, ORPHAN);
    match propagation {
        Propagation::Background => {}
        Propagation::Foreground => meta::add_finalizer(object, FOREGROUND),
        Propagation::Orphan => meta::add_finalizer(object, ORPHAN),
    }
}

/// Pods that run somewhere get time to end; everything else goes at once.
fn grace_seconds(kind: &Kind, object: &Value, asked: Option<i64>) -> i64 {
    if kind.resource != PODS {
        return 0;
    }
    let is_scheduled = !meta::text(object, "/spec/nodeName").is_empty();
    let has_ended = ["Succeeded", "Failed"].contains(&meta::text(object, "/status/phase"));
    if !is_scheduled || has_ended {
        return 0;
    }
    let own = object.pointer("/spec/terminationGracePeriodSeconds").and_then(Value::as_i64);
    asked.or(own).unwrap_or(30).max(0)
}
