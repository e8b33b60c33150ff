//! What a write must fit: the request's path, the stored object's version and UID, and the part of
//! the object that its endpoint writes.

use super::super::error::{ApiError, Cause};
use super::super::kinds::Kind;
use super::super::meta;
use super::write::{Origin, Part};
use serde_json::{Value, json};

pub(super) fn check_type(kind: &Kind, object: &Value) -> Result<(), ApiError> {
    if !object.is_object() {
        return Err(ApiError::BadRequest("the object provided is no object".to_owned()));
    }
    // Objects of the events view arrive here in their stored form, hence the comparison by kind.
    let (found, found_version) = (meta::text(object, "/kind"), meta::text(object, "/apiVersion"));
    if found.is_empty() {
        return Err(ApiError::BadRequest(format!(
            "the object provided is unrecognized (must be of type {}): Object 'Kind' is missing",
            kind.kind
        )));
    }
    let stored_version = match kind.resource.group.as_ref() {
        "" => kind.version.clone(),
        group => format!("{group}/{}", kind.version),
    };
    if found != kind.kind || ![kind.api_version(), stored_version].contains(&found_version.into()) {
        return Err(ApiError::BadRequest(format!(
            "the API version in the data ({found_version}, {found}) does not match the expected \
             API version ({}, {})",
            kind.api_version(),
            kind.kind
        )));
    }
    Ok(())
}

/// Sets the namespace of the request, or refuses another one.
pub(super) fn place(kind: &Kind, namespace: &str, object: &mut Value) -> Result<(), ApiError> {
    let found = meta::namespace(object);
    if kind.namespaced && !found.is_empty() && found != namespace {
        let message = "the namespace of the provided object does not match the namespace sent on \
                       the request";
        return Err(ApiError::BadRequest(message.to_owned()));
    }
    meta::set(object, "namespace", kind.namespaced.then(|| json!(namespace)));
    Ok(())
}

pub(super) fn check_name(name: &str, object: &mut Value) -> Result<(), ApiError> {
    let found = meta::name(object);
    if !found.is_empty() && found != name {
        return Err(ApiError::BadRequest(format!(
            "the name of the object ({found}) does not match the name on the URL ({name})"
        )));
    }
    meta::set(object, "name", Some(json!(name)));
    Ok(())
}

pub(super) fn check_preconditions(
    kind: &Kind,
    old: &Value,
    object: &Value,
    origin: Origin,
) -> Result<(), ApiError> {
    let name = meta::name(old);
    let conflict = |why: String| ApiError::Conflict { subject: kind.subject(name), why };
    let (found, uid) = (meta::uid(old), meta::uid(object));
    let other_uid = !uid.is_empty() && uid != found;
    if other_uid && origin == Origin::Put {
        let why =
            format!("Precondition failed: UID in precondition: {uid}, UID in object meta: {found}");
        return Err(conflict(why));
    }
    let version = meta::resource_version(object);
    if version.is_empty() && origin == Origin::Put && !kind.unconditional_update {
        let cause = Cause::invalid(
            "metadata.resourceVersion",
            &json!(0),
            "must be specified for an update",
        );
        return Err(ApiError::Invalid { subject: kind.subject(name), causes: vec![cause] });
    }
    if !version.is_empty() && version != meta::resource_version(old) {
        let why = "the object has been modified; please apply your changes to the latest version \
                   and try again";
        return Err(conflict(why.to_owned()));
    }
    if other_uid {
        let cause = Cause::invalid("metadata.uid", &json!(uid), "field is immutable");
        return Err(ApiError::Invalid { subject: kind.kind_subject(name), causes: vec![cause] });
    }
    Ok(())
}

/// The stored object with the new one's part in it.
pub(super) fn combine(kind: &Kind, old: &Value, new: Value, part: Part) -> Value {
    let (mut result, status) = match part {
        Part::Status => {
            let mut result = old.clone();
            // A list of managers that is sent is taken, as everywhere.
            if let Some(fields) = new.pointer("/metadata/managedFields") {
                meta::set(&mut result, "managedFields", Some(fields.clone()));
            }
            (result, new.get("status").cloned())
        }
        Part::Object if kind.has_status => (new, old.get("status").cloned()),
        Part::Object => {
            let status = new.get("status").cloned();
            (new, status)
        }
    };
    if result.pointer("/metadata/managedFields").is_none() {
        let fields = old.pointer("/metadata/managedFields").cloned();
        meta::set(&mut result, "managedFields", fields);
    }
    let fields = result.as_object_mut().expect("checked by check_type");
    match status {
        Some(status) => fields.insert("status".to_owned(), status),
        None => fields.remove("status"),
    };
    result
}

/// Removes from an applied configuration what its endpoint does not write.
pub(super) fn keep_part(kind: &Kind, config: &mut Value, part: Part) {
    let Some(fields) = config.as_object_mut() else { return };
    match part {
        Part::Status => fields.retain(|name, _| {
            ["apiVersion", "kind", "metadata", "status"].contains(&name.as_str())
        }),
        Part::Object => fields.retain(|name, _| name != "status" || !kind.has_status),
    }
    if part == Part::Status {
        let metadata = meta::metadata_mut(config);
        metadata.retain(|name, _| ["name", "namespace"].contains(&name.as_str()));
    }
}
