//! Strategic merge patch: a merge patch in which lists are merged by their keys.
//!
//! Lists are the keyed ones of [`Shape::Builtin`], where the merge key is the first of the keys.
//! The directives that kubectl sends are understood: `$patch`, `$deleteFromPrimitiveList/FIELD`,
//! `$setElementOrder/FIELD`, `$retainKeys`.

use super::super::apply::{ListKind, Shape};
use super::super::error::ApiError;
use serde_json::{Map, Value};

/// Merges `patch` into `object`.
///
/// # Errors
/// `BadRequest` for an unknown `$patch` directive; `Internal`, as in Kubernetes, for an item without
/// its merge key.
pub fn strategic_merge(object: &mut Value, patch: &Value) -> Result<(), ApiError> {
    merge(Shape::Builtin(""), object, patch)
}

fn merge(shape: Shape<'_>, target: &mut Value, patch: &Value) -> Result<(), ApiError> {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return Ok(());
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(fields) = target else { return Ok(()) };
    match patch.get("$patch").and_then(Value::as_str) {
        Some("replace") => {
            *fields = patch.clone();
            fields.remove("$patch");
            return Ok(());
        }
        Some("delete") => {
            fields.clear();
            return Ok(());
        }
        Some("merge") | None => {}
        Some(other) => return Err(bad(format!("unknown patch directive {other:?}"))),
    }
    if let Some(retain) = patch.get("$retainKeys").and_then(Value::as_array) {
        fields.retain(|name, _| retain.iter().any(|key| key == name));
    }
    for (name, value) in patch {
        let before = fields.get(name).and_then(Value::as_array).cloned();
        merge_field(shape, fields, name, value)?;
        if let Some(merged) = fields.get_mut(name).and_then(Value::as_array_mut) {
            let order = patch.get(&format!("$setElementOrder/{name}"));
            let order = order.or(Some(value)).and_then(Value::as_array);
            arrange(shape.field(name), merged, order, &before.unwrap_or_default());
        }
    }
    arrange_untouched(shape, fields, patch);
    Ok(())
}

fn merge_field(
    shape: Shape<'_>,
    fields: &mut Map<String, Value>,
    name: &str,
    value: &Value,
) -> Result<(), ApiError> {
    if let Some(list) = name.strip_prefix("$deleteFromPrimitiveList/") {
        let gone = value.as_array().map(Vec::as_slice).unwrap_or_default();
        if let Some(items) = fields.get_mut(list).and_then(Value::as_array_mut) {
            items.retain(|item| !gone.contains(item));
        }
        return Ok(());
    }
    match value {
        _ if name.starts_with('$') => Ok(()),
        Value::Null => {
            fields.remove(name);
            Ok(())
        }
        Value::Array(patch) => {
            let empty = Value::Array(vec![]);
            let items = fields.entry(name).or_insert(empty);
            merge_list(shape.field(name), items, patch)
        }
        Value::Object(_) => {
            merge(shape.field(name), fields.entry(name).or_insert(Value::Null), value)
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            fields.insert(name.to_owned(), value.clone());
            Ok(())
        }
    }
}

fn merge_list(shape: Shape<'_>, target: &mut Value, patch: &[Value]) -> Result<(), ApiError> {
    let Value::Array(items) = target else {
        *target = Value::Array(patch.to_vec());
        return Ok(());
    };
    if patch.iter().any(|item| item["$patch"] == "replace") {
        *items = patch.iter().filter(|item| item.get("$patch").is_none()).cloned().collect();
        return Ok(());
    }
    let known: Vec<Value> = items.iter().chain(patch).cloned().collect();
    match shape.list(&known) {
        ListKind::Atomic => *items = patch.to_vec(),
        ListKind::Set => {
            let new: Vec<_> = patch.iter().filter(|p| !items.contains(p)).cloned().collect();
            items.extend(new);
        }
        ListKind::Map(keys) => {
            let key = keys.first().map(String::as_str).unwrap_or_default();
            for item in patch {
                merge_item(shape, items, key, item)?;
            }
        }
    }
    Ok(())
}

fn merge_item(
    shape: Shape<'_>,
    items: &mut Vec<Value>,
    key: &str,
    patch: &Value,
) -> Result<(), ApiError> {
    let Some(id) = patch.get(key) else {
        let message = format!("map: {patch} does not contain declared merge key: {key}");
        return Err(ApiError::Internal(message));
    };
    if patch["$patch"] == "delete" {
        items.retain(|item| item.get(key) != Some(id));
        return Ok(());
    }
    match items.iter_mut().find(|item| item.get(key) == Some(id)) {
        Some(item) => merge(shape.item(), item, patch),
        None => {
            items.push(patch.clone());
            Ok(())
        }
    }
}

/// Orders a merged list: the items that the patch names as it names them, the others as they
/// were; where the two do not know each other, the patch's come first, as in Kubernetes.
fn arrange(shape: Shape<'_>, items: &mut Vec<Value>, order: Option<&Vec<Value>>, before: &[Value]) {
    let Some(order) = order else { return };
    let key = match shape.list(items) {
        ListKind::Atomic => return,
        ListKind::Set => None,
        ListKind::Map(keys) => keys.into_iter().next(),
    };
    let rank = |list: &[Value], item: &Value| {
        list.iter().position(|other| match &key {
            Some(key) => other.get(key) == item.get(key),
            None => other == item,
        })
    };
    let (mut named, others): (Vec<_>, Vec<_>) =
        items.drain(..).partition(|item| rank(order, item).is_some());
    named.sort_by_key(|item| rank(order, item));
    let mut named = named.into_iter().peekable();
    for other in others {
        let is_behind = |item: &Value| match (rank(before, item), rank(before, &other)) {
            (Some(named), Some(other)) => named < other,
            _ => true,
        };
        while let Some(item) = named.next_if(is_behind) {
            items.push(item);
        }
        items.push(other);
    }
    items.extend(named);
}

/// Lists whose order alone is patched.
fn arrange_untouched(
    shape: Shape<'_>,
    fields: &mut Map<String, Value>,
    patch: &Map<String, Value>,
) {
    for (name, order) in patch {
        let Some(list) = name.strip_prefix("$setElementOrder/") else { continue };
        if patch.contains_key(list) {
            continue;
        }
        if let Some(items) = fields.get_mut(list).and_then(Value::as_array_mut) {
            let before = items.clone();
            arrange(shape.field(list), items, order.as_array(), &before);
        }
    }
}

fn bad(message: String) -> ApiError {
    ApiError::BadRequest(message)
}
