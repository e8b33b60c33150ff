//! Validation, with the API server's words.
//!
//! A value that is equal to what was stored before is not looked at again (the ratcheting of
//! KEP-4008, on by default since Kubernetes 1.30): objects that a newer CRD would refuse can still
//! get their status written. List items are correlated only in lists of type map.

use super::super::error::Cause;
use super::{flag, join};
use serde_json::{Value, json};

/// Everything that is wrong with an object, CEL rules aside.
pub fn validate(schema: &Value, object: &Value, old: Option<&Value>) -> Vec<Cause> {
    let mut errors = vec![];
    node(schema, object, old, "", &mut errors);
    errors
}

type Errors = Vec<Cause>;

fn node(schema: &Value, value: &Value, old: Option<&Value>, path: &str, errors: &mut Errors) {
    if old == Some(value) || (value.is_null() && flag(schema, "nullable")) {
        return;
    }
    if !check_type(schema, value, path, errors) {
        return;
    }
    check_enum(schema, value, path, errors);
    match value {
        Value::String(text) => check_string(schema, text, value, path, errors),
        Value::Number(_) => check_number(schema, value, path, errors),
        Value::Array(items) => check_array(schema, items, old, path, errors),
        Value::Object(_) => check_object(schema, value, old, path, errors),
        Value::Null | Value::Bool(_) => {}
    }
    check_junctors(schema, value, path, errors);
}

pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(n) if n.is_f64() && n.as_f64().is_none_or(|n| n.fract() != 0.0) => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn check_type(schema: &Value, value: &Value, path: &str, errors: &mut Errors) -> bool {
    let found = type_name(value);
    let wanted = if flag(schema, "x-kubernetes-int-or-string") {
        "integer,string"
    } else {
        match schema["type"].as_str() {
            Some(wanted) => wanted,
            None => return true,
        }
    };
    let fits = wanted.split(',').any(|w| w == found) || (wanted == "number" && found == "integer");
    if !fits {
        let detail = format!("{path} in body must be of type {wanted}: \"{found}\"");
        errors.push(Cause::wrong_type(path, found, &detail));
    }
    fits
}

fn check_enum(schema: &Value, value: &Value, path: &str, errors: &mut Errors) {
    if let Some(known) = schema["enum"].as_array()
        && !known.contains(value)
    {
        errors.push(Cause::unsupported(path, value, known));
    }
}

fn check_string(schema: &Value, text: &str, value: &Value, path: &str, errors: &mut Errors) {
    let length = text.chars().count() as u64;
    if schema["maxLength"].as_u64().is_some_and(|max| length > max) {
        let message = format!("Too long: may not be more than {} bytes", schema["maxLength"]);
        errors.push(Cause { reason: "FieldValueTooLong", field: path.to_owned(), message });
    }
    if schema["minLength"].as_u64().is_some_and(|min| length < min) {
        let detail =
            format!("{path} in body should be at least {} chars long", schema["minLength"]);
        errors.push(Cause::invalid(path, value, &detail));
    }
    if let Some(pattern) = schema["pattern"].as_str()
        && !regex::Regex::new(pattern).is_ok_and(|regex| regex.is_match(text))
    {
        errors.push(Cause::invalid(
            path,
            value,
            &format!("{path} in body should match '{pattern}'"),
        ));
    }
    if schema["format"] == "date-time" && text.parse::<jiff::Timestamp>().is_err() {
        let detail = format!("{path} in body must be of type date-time: {value}");
        errors.push(Cause::invalid(path, value, &detail));
    }
}

fn check_number(schema: &Value, value: &Value, path: &str, errors: &mut Errors) {
    let number = value.as_f64().unwrap_or_default();
    let mut complain = |detail: String| errors.push(Cause::invalid(path, value, &detail));
    if let Some(minimum) = schema["minimum"].as_f64() {
        let exclusive = flag(schema, "exclusiveMinimum");
        if number < minimum || (exclusive && number == minimum) {
            let or_equal = if exclusive { "" } else { " or equal to" };
            complain(format!(
                "{path} in body should be greater than{or_equal} {}",
                schema["minimum"]
            ));
        }
    }
    if let Some(maximum) = schema["maximum"].as_f64() {
        let exclusive = flag(schema, "exclusiveMaximum");
        if number > maximum || (exclusive && number == maximum) {
            let or_equal = if exclusive { "" } else { " or equal to" };
            complain(format!("{path} in body should be less than{or_equal} {}", schema["maximum"]));
        }
    }
    if let Some(factor) = schema["multipleOf"].as_f64()
        && (number / factor).fract() != 0.0
    {
        complain(format!("{path} in body should be a multiple of {}", schema["multipleOf"]));
    }
    let bits32 = schema["format"] == "int32";
    if bits32 && value.as_i64().is_none_or(|n| i32::try_from(n).is_err()) {
        complain(format!("{path} in body must be of type int32: \"{value}\""));
    }
}

fn check_array(
    schema: &Value,
    items: &[Value],
    old: Option<&Value>,
    path: &str,
    errors: &mut Errors,
) {
    let count = items.len() as u64;
    if schema["maxItems"].as_u64().is_some_and(|max| count > max) {
        let message = format!("Too many: {count}: must have at most {} items", schema["maxItems"]);
        errors.push(Cause { reason: "FieldValueTooMany", field: path.to_owned(), message });
    }
    if schema["minItems"].as_u64().is_some_and(|min| count < min) {
        let detail = format!("{path} in body should have at least {} items", schema["minItems"]);
        errors.push(Cause::invalid(path, &json!(items), &detail));
    }
    let keys = list_keys(schema);
    let mut seen = vec![];
    for (index, item) in items.iter().enumerate() {
        let at = format!("{path}[{index}]");
        let key = keys.as_ref().map(|keys| item_key(item, keys));
        if let Some(key) = &key {
            if seen.contains(key) {
                let message = format!("Duplicate value: {key}");
                errors.push(Cause { reason: "FieldValueDuplicate", field: at.clone(), message });
            }
            seen.push(key.clone());
        }
        let before = keys
            .as_ref()
            .filter(|keys| !keys.is_empty())
            .and_then(|keys| old?.as_array()?.iter().find(|o| Some(item_key(o, keys)) == key));
        node(&schema["items"], item, before, &at, errors);
    }
}

/// What must be unique in a list: these keys of each item, or the item itself if there are none.
fn list_keys(schema: &Value) -> Option<Vec<&str>> {
    match schema["x-kubernetes-list-type"].as_str() {
        Some("set") => Some(vec![]),
        Some("map") => {
            let keys = schema["x-kubernetes-list-map-keys"].as_array()?;
            Some(keys.iter().filter_map(Value::as_str).collect())
        }
        _ => None,
    }
}

fn item_key(item: &Value, keys: &[&str]) -> Value {
    match keys {
        [] => item.clone(),
        keys => keys.iter().map(|key| ((*key).to_owned(), item[*key].clone())).collect(),
    }
}

fn check_object(
    schema: &Value,
    value: &Value,
    old: Option<&Value>,
    path: &str,
    errors: &mut Errors,
) {
    let Some(fields) = value.as_object() else { return };
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !fields.contains_key(name) {
            errors.push(Cause::required(join(path, name), ""));
        }
    }
    let count = fields.len() as u64;
    if schema["maxProperties"].as_u64().is_some_and(|max| count > max) {
        let most = &schema["maxProperties"];
        let message = format!("Too many: {count}: must have at most {most} items");
        errors.push(Cause { reason: "FieldValueTooMany", field: path.to_owned(), message });
    }
    if schema["minProperties"].as_u64().is_some_and(|min| count < min) {
        let least = &schema["minProperties"];
        let detail = format!("{path} in body should have at least {least} properties");
        errors.push(Cause::invalid(path, value, &detail));
    }
    for (name, field) in fields {
        if path.is_empty() && name == "metadata" {
            continue;
        }
        let child = schema["properties"].get(name).or_else(|| schema.get("additionalProperties"));
        if let Some(child) = child {
            node(child, field, old.and_then(|o| o.get(name)), &join(path, name), errors);
        }
    }
}

fn check_junctors(schema: &Value, value: &Value, path: &str, errors: &mut Errors) {
    let alternatives = |name: &str| schema[name].as_array().map(Vec::as_slice);
    let holds = |schema: &Value| {
        let mut inner = vec![];
        node(schema, value, None, path, &mut inner);
        inner.is_empty()
    };
    let mut complain = |message: String| {
        let message = format!("Invalid value: \"\": \"{path}\" must {message}");
        errors.push(Cause { reason: "FieldValueInvalid", field: "<nil>".to_owned(), message });
    };
    if let Some(all) = alternatives("allOf")
        && !all.iter().all(holds)
    {
        complain("validate all the schemas (allOf)".to_owned());
    }
    if let Some(any) = alternatives("anyOf")
        && !any.iter().any(holds)
    {
        complain("validate at least one schema (anyOf)".to_owned());
    }
    if let Some(one) = alternatives("oneOf") {
        let count = one.iter().filter(|s| holds(s)).count();
        let found = match count {
            1 => None,
            0 => Some("Found none valid".to_owned()),
            many => Some(format!("Found {many} valid alternatives")),
        };
        if let Some(found) = found {
            complain(format!("validate one and only one schema (oneOf). {found}"));
        }
    }
    if schema.get("not").is_some_and(holds) {
        complain("not validate the schema (not)".to_owned());
    }
}
