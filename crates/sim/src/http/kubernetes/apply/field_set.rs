//! Sets of field paths, and the `FieldsV1` form that managedFields carries.

use super::shape::{ListKind, Shape, item_key};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// One step of a path. Keys and values are kept in their JSON text, so that steps can be ordered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// A field of a map.
    Field(String),
    /// An item of a list of type map, by its keys.
    Key(String),
    /// An item of a set, by its value.
    Item(String),
}

/// Where a field is.
pub(super) type Path = Vec<Step>;

/// Paths of leaves (scalars, empty maps, atomic values) and of list items.
pub(super) type FieldSet = BTreeSet<Path>;

/// Fields that nobody owns: they are Kubernetes' own, or part of the object's identity.
const UNOWNED: &[&str] = &[
    "name",
    "namespace",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "uid",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
];

/// The fields that an object has.
pub(super) fn fields_of(shape: Shape<'_>, object: &Value) -> FieldSet {
    let mut set = FieldSet::new();
    for (name, value) in object.as_object().into_iter().flatten() {
        match name.as_str() {
            "apiVersion" | "kind" => {}
            "metadata" => {
                let mut metadata = value.clone();
                if let Some(fields) = metadata.as_object_mut() {
                    fields.retain(|name, _| !UNOWNED.contains(&name.as_str()));
                }
                let path = vec![Step::Field(name.clone())];
                if metadata.as_object().is_some_and(|m| !m.is_empty()) {
                    collect(shape.field(name), &metadata, path, &mut set);
                }
            }
            _ => collect(shape.field(name), value, vec![Step::Field(name.clone())], &mut set),
        }
    }
    set
}

fn collect(shape: Shape<'_>, value: &Value, path: Path, set: &mut FieldSet) {
    match value {
        Value::Object(fields) if !fields.is_empty() && !shape.is_atomic_map() => {
            for (name, field) in fields {
                let mut at = path.clone();
                at.push(Step::Field(name.clone()));
                collect(shape.field(name), field, at, set);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            let kind = shape.list(items);
            if kind == ListKind::Atomic {
                set.insert(path);
                return;
            }
            for item in items {
                let mut at = path.clone();
                at.push(item_step(item, &kind));
                set.insert(at.clone());
                if kind != ListKind::Set {
                    collect(shape.item(), item, at, set);
                }
            }
        }
        _ => {
            set.insert(path);
        }
    }
}

/// How the item of a list of this kind is named in a path.
pub(super) fn item_step(item: &Value, kind: &ListKind) -> Step {
    match kind {
        ListKind::Map(keys) => Step::Key(Value::Object(item_key(item, keys)).to_string()),
        ListKind::Set | ListKind::Atomic => Step::Item(item.to_string()),
    }
}

/// The value at a path, if the object has one.
pub(super) fn value_at<'a>(object: &'a Value, path: &[Step]) -> Option<&'a Value> {
    path.iter().try_fold(object, |value, step| match step {
        Step::Field(name) => value.get(name),
        Step::Key(_) | Step::Item(_) => {
            let items = value.as_array()?;
            items.get(position(items, step)?)
        }
    })
}

/// Which item of a list a step names.
pub(super) fn position(items: &[Value], step: &Step) -> Option<usize> {
    match step {
        Step::Field(_) => None,
        Step::Item(text) => {
            let wanted: Value = serde_json::from_str(text).ok()?;
            items.iter().position(|item| *item == wanted)
        }
        Step::Key(text) => {
            let key: Map<String, Value> = serde_json::from_str(text).ok()?;
            let keys: Vec<String> = key.keys().cloned().collect();
            items.iter().position(|item| item_key(item, &keys) == key)
        }
    }
}

/// A path as Kubernetes prints it, e.g. `.spec.ports[name="a"].number`.
pub(super) fn display(path: &[Step]) -> String {
    path.iter()
        .map(|step| match step {
            Step::Field(name) => format!(".{name}"),
            Step::Item(text) => format!("[={text}]"),
            Step::Key(text) => {
                let key: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
                let pairs: Vec<_> = key.iter().map(|(k, v)| format!("{k}={v}")).collect();
                format!("[{}]", pairs.join(","))
            }
        })
        .collect()
}

/// `FieldsV1`: a tree in which `f:`, `k:` and `v:` mark fields, keys and values, and `.` an inner
/// node that is itself in the set.
pub(super) fn encode(set: &FieldSet) -> Value {
    let mut root = json!({});
    for path in set {
        let mut node = &mut root;
        for step in path {
            node = &mut node[encode_step(step)];
            if node.is_null() {
                *node = json!({});
            }
        }
        let is_inner = set.iter().any(|p| p.len() > path.len() && p.starts_with(path));
        if is_inner {
            node["."] = json!({});
        }
    }
    root
}

/// The reverse of [`encode`].
pub(super) fn decode(fields: &Value) -> FieldSet {
    let mut set = FieldSet::new();
    decode_node(fields, &mut vec![], &mut set);
    set
}

fn decode_node(node: &Value, path: &mut Path, set: &mut FieldSet) {
    let Some(children) = node.as_object() else { return };
    if !path.is_empty() && (children.is_empty() || children.contains_key(".")) {
        set.insert(path.clone());
    }
    for (name, child) in children {
        if let Some(step) = decode_step(name) {
            path.push(step);
            decode_node(child, path, set);
            path.pop();
        }
    }
}

fn encode_step(step: &Step) -> String {
    match step {
        Step::Field(name) => format!("f:{name}"),
        Step::Key(text) => format!("k:{text}"),
        Step::Item(text) => format!("v:{text}"),
    }
}

fn decode_step(text: &str) -> Option<Step> {
    let (kind, rest) = text.split_once(':')?;
    match kind {
        "f" => Some(Step::Field(rest.to_owned())),
        "k" => Some(Step::Key(canonical(rest)?)),
        "v" => Some(Step::Item(canonical(rest)?)),
        _ => None,
    }
}

fn canonical(json: &str) -> Option<String> {
    Some(serde_json::from_str::<Value>(json).ok()?.to_string())
}
