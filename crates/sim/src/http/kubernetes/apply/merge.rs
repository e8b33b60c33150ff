//! Merging an applied configuration into the live object, and removing what is no longer applied.

use super::field_set::{Path, Step, item_step, position};
use super::shape::{ListKind, Shape};
use serde_json::Value;

/// Lays `config` over `live`: maps are merged, lists by their kind, everything else is replaced.
pub(super) fn merge(shape: Shape<'_>, live: &mut Value, config: &Value) {
    match (&mut *live, config) {
        (Value::Object(live), Value::Object(config)) if !shape.is_atomic_map() => {
            for (name, value) in config {
                match live.get_mut(name) {
                    Some(field) => merge(shape.field(name), field, value),
                    None => {
                        live.insert(name.clone(), value.clone());
                    }
                }
            }
        }
        (Value::Array(items), Value::Array(config)) if shape.list(config) != ListKind::Atomic => {
            let kind = shape.list(config);
            for item in config {
                match position(items, &item_step(item, &kind)) {
                    Some(at) => merge(shape.item(), &mut items[at], item),
                    None => items.push(item.clone()),
                }
            }
        }
        _ => *live = config.clone(),
    }
}

/// Removes paths; maps and lists that become empty by it go, too.
pub(super) fn remove(object: &mut Value, paths: impl IntoIterator<Item = Path>) {
    // A list item before its fields: without its keys it would not be found.
    let mut paths: Vec<_> = paths.into_iter().collect();
    paths.sort_by_key(Vec::len);
    for path in paths {
        remove_at(object, &path);
    }
}

fn remove_at(value: &mut Value, path: &[Step]) {
    let Some((step, rest)) = path.split_first() else { return };
    match (value, step) {
        (Value::Object(fields), Step::Field(name)) => {
            let Some(field) = fields.get_mut(name) else { return };
            remove_at(field, rest);
            if rest.is_empty() || is_empty(field) {
                fields.remove(name);
            }
        }
        (Value::Array(items), step) => {
            let Some(at) = position(items, step) else { return };
            remove_at(&mut items[at], rest);
            if rest.is_empty() {
                items.remove(at);
            }
        }
        _ => {}
    }
}

fn is_empty(value: &Value) -> bool {
    value.as_object().is_some_and(serde_json::Map::is_empty)
        || value.as_array().is_some_and(Vec::is_empty)
}
