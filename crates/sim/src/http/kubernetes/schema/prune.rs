//! Pruning and defaulting.

use super::{flag, join};
use serde_json::Value;

/// Removes the fields that the schema does not know and appends their paths to `unknown`.
///
/// `metadata`, `apiVersion` and `kind` at the root and in embedded resources stay.
pub fn prune(schema: &Value, value: &mut Value, path: &str, unknown: &mut Vec<String>) {
    let is_resource = path.is_empty() || flag(schema, "x-kubernetes-embedded-resource");
    match value {
        Value::Object(fields) => {
            let properties = schema.get("properties");
            let additional = schema.get("additionalProperties").filter(|a| a.is_object());
            let open = flag(schema, "x-kubernetes-preserve-unknown-fields")
                || flag(schema, "additionalProperties");
            fields.retain(|name, field| {
                let at = join(path, name);
                if is_resource && ["metadata", "apiVersion", "kind"].contains(&name.as_str()) {
                    return true;
                }
                let child = properties.and_then(|p| p.get(name)).or(additional);
                match child {
                    Some(child) => prune(child, field, &at, unknown),
                    None if open => {}
                    None => unknown.push(at),
                }
                child.is_some() || open
            });
        }
        Value::Array(items) => {
            let Some(schema) = schema.get("items") else { return };
            for (index, item) in items.iter_mut().enumerate() {
                prune(schema, item, &format!("{path}[{index}]"), unknown);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Fills in `default` where a field is absent; a null that is not allowed counts as absent.
pub fn fill_defaults(schema: &Value, value: &mut Value) {
    match value {
        Value::Object(fields) => {
            let properties = schema.get("properties").and_then(Value::as_object);
            let additional = schema.get("additionalProperties").filter(|a| a.is_object());
            let child = |name: &str| properties.and_then(|p| p.get(name)).or(additional);
            fields.retain(|name, field| {
                !field.is_null() || child(name).is_none_or(|child| flag(child, "nullable"))
            });
            for (name, child) in properties.into_iter().flatten() {
                if let Some(default) = child.get("default")
                    && !fields.contains_key(name)
                {
                    fields.insert(name.clone(), default.clone());
                }
            }
            for (name, field) in fields {
                if let Some(child) = child(name) {
                    fill_defaults(child, field);
                }
            }
        }
        Value::Array(items) => {
            let Some(schema) = schema.get("items") else { return };
            items.iter_mut().for_each(|item| fill_defaults(schema, item));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
