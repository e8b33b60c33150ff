//! Events have two APIs with one storage: `v1` is stored, `events.k8s.io/v1` is a view of it.

use super::kinds::Kind;
use serde_json::{Value, json};

/// Field names where the two differ: core, events.k8s.io.
const RENAMED: &[(&str, &str)] = &[
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("reportingComponent", "reportingController"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
];

fn is_view(kind: &Kind) -> bool {
    kind.group == "events.k8s.io"
}

/// A stored object in the form in which `kind` is served.
pub fn to_served(kind: &Kind, mut object: Value) -> Value {
    if is_view(kind) {
        for (core, new) in RENAMED {
            rename(&mut object, core, new);
        }
        object["apiVersion"] = json!("events.k8s.io/v1");
    }
    object
}

/// An object as it was sent for `kind`, in the form in which it is stored.
pub fn to_stored(kind: &Kind, mut object: Value) -> Value {
    if is_view(kind) {
        for (core, new) in RENAMED {
            rename(&mut object, new, core);
        }
        object["apiVersion"] = json!("v1");
    }
    object
}

/// A field selector for `kind`, in the field names of the storage.
pub fn selector_to_stored(kind: &Kind, selector: &str) -> String {
    if !is_view(kind) {
        return selector.to_owned();
    }
    let term = |term: &str| match term.strip_prefix("regarding.") {
        Some(rest) => format!("involvedObject.{rest}"),
        None => term.replacen("reportingController", "reportingComponent", 1),
    };
    selector.split(',').map(term).collect::<Vec<_>>().join(",")
}

fn rename(object: &mut Value, from: &str, to: &str) {
    let Some(fields) = object.as_object_mut() else { return };
    if let Some(value) = fields.remove(from) {
        fields.insert(to.to_owned(), value);
    }
}
