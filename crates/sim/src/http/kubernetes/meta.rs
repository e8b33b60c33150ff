//! Reading and writing the metadata of an object that is a JSON value. Absent is empty.

use serde_json::{Map, Value, json};

/// The string at a JSON pointer, empty if there is none.
pub fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// `metadata.name`.
pub fn name(object: &Value) -> &str {
    text(object, "/metadata/name")
}

/// `metadata.namespace`, empty for objects of the cluster.
pub fn namespace(object: &Value) -> &str {
    text(object, "/metadata/namespace")
}

/// `metadata.uid`.
pub fn uid(object: &Value) -> &str {
    text(object, "/metadata/uid")
}

/// `metadata.resourceVersion` as the string that it is in the API.
pub fn resource_version(object: &Value) -> &str {
    text(object, "/metadata/resourceVersion")
}

/// `metadata.generation`, 0 if the kind has none.
pub fn generation(object: &Value) -> i64 {
    object.pointer("/metadata/generation").and_then(Value::as_i64).unwrap_or_default()
}

/// Whether the object is being deleted.
pub fn is_deleting(object: &Value) -> bool {
    object.pointer("/metadata/deletionTimestamp").is_some_and(Value::is_string)
}

/// `metadata.finalizers`.
pub fn finalizers(object: &Value) -> Vec<&str> {
    array(object, "/metadata/finalizers").iter().filter_map(Value::as_str).collect()
}

/// `metadata.ownerReferences`.
pub fn owners(object: &Value) -> &[Value] {
    array(object, "/metadata/ownerReferences")
}

/// The array at a JSON pointer, empty if there is none.
pub fn array<'a>(object: &'a Value, pointer: &str) -> &'a [Value] {
    object.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// `metadata` as a map, made if it is absent. The object must be a JSON object.
pub fn metadata_mut(object: &mut Value) -> &mut Map<String, Value> {
    child_map(object, "metadata")
}

/// A field that is a map, made if it is absent or something else.
pub fn child_map<'a>(object: &'a mut Value, field: &str) -> &'a mut Map<String, Value> {
    let child = &mut object[field];
    if !child.is_object() {
        *child = json!({});
    }
    child.as_object_mut().expect("was made an object above")
}

/// Sets a metadata field, or removes it if there is no value.
pub fn set(object: &mut Value, field: &str, value: Option<Value>) {
    let metadata = metadata_mut(object);
    match value {
        Some(value) => metadata.insert(field.to_owned(), value),
        None => metadata.remove(field),
    };
}

/// Adds a finalizer if it is not there.
pub fn add_finalizer(object: &mut Value, finalizer: &str) {
    let list = metadata_mut(object).entry("finalizers").or_insert_with(|| json!([]));
    if let Some(list) = list.as_array_mut()
        && !list.iter().any(|f| f == finalizer)
    {
        list.push(json!(finalizer));
    }
}

/// Removes a finalizer; an empty list is removed, as Kubernetes omits it.
pub fn remove_finalizer(object: &mut Value, finalizer: &str) {
    let metadata = metadata_mut(object);
    let Some(list) = metadata.get_mut("finalizers").and_then(Value::as_array_mut) else { return };
    list.retain(|f| f != finalizer);
    if list.is_empty() {
        metadata.remove("finalizers");
    }
}

/// `metav1.Time`: RFC 3339 in UTC with whole seconds, from milliseconds since the epoch.
pub fn timestamp(milliseconds: i64) -> String {
    let seconds = milliseconds.div_euclid(1000);
    jiff::Timestamp::from_second(seconds).unwrap_or_default().to_string()
}

/// Milliseconds since the epoch of a time as RFC 3339 has it.
pub fn milliseconds(time: &str) -> Option<i64> {
    time.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}
