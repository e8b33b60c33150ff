//! The CEL rules of a CRD (`x-kubernetes-validations`).
//!
//! As on a real server they are not looked at where the value did not change, and not at all
//! beside errors that would confuse them. A rule that the interpreter does not know passes.

use super::super::error::Cause;
use super::cel::{CelError, Old, evaluate};
use super::validate::type_name;
use super::{flag, join};
use serde_json::Value;

/// Errors beside which no rule is evaluated.
const BLOCKING: &[&str] = &[
    "FieldValueNotSupported",
    "FieldValueRequired",
    "FieldValueTooLong",
    "FieldValueTooMany",
    "FieldValueTypeInvalid",
];

/// Adds what the rules say against an object to what is wrong with it already.
pub fn check_rules(schema: &Value, object: &Value, old: Option<&Value>, errors: &mut Vec<Cause>) {
    if !has_rules(schema) {
        return;
    }
    if errors.iter().any(|error| BLOCKING.contains(&error.reason)) {
        let detail = "some validation rules were not checked because the object was invalid; \
                      correct the existing errors to complete validation";
        errors.push(Cause::invalid("<nil>", &Value::Null, detail));
    } else {
        node(schema, object, old, "", errors);
    }
}

fn has_rules(schema: &Value) -> bool {
    match schema {
        Value::Object(fields) => {
            fields.contains_key("x-kubernetes-validations") || fields.values().any(has_rules)
        }
        Value::Array(items) => items.iter().any(has_rules),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn node(schema: &Value, value: &Value, old: Option<&Value>, path: &str, errors: &mut Vec<Cause>) {
    if old == Some(value) || value.is_null() {
        return;
    }
    for rule in schema["x-kubernetes-validations"].as_array().into_iter().flatten() {
        errors.extend(violation(rule, value, old, path));
    }
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let child =
                    schema["properties"].get(name).or_else(|| schema.get("additionalProperties"));
                if let Some(child) = child {
                    let before = old.and_then(|old| old.get(name));
                    node(child, field, before, &join(path, name), errors);
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                node(&schema["items"], item, None, &format!("{path}[{index}]"), errors);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn violation(rule: &Value, value: &Value, old: Option<&Value>, path: &str) -> Option<Cause> {
    let text = rule["rule"].as_str()?;
    let is_transition = text.contains("oldSelf");
    let before = match (is_transition, old) {
        (false, _) => Old::Unknown,
        (true, old) if flag(rule, "optionalOldSelf") => Old::Optional(old),
        (true, Some(old)) => Old::Value(old),
        (true, None) => return None,
    };
    let message = match evaluate(text, value, before) {
        Ok(Value::Bool(true)) | Err(CelError::Unsupported(_)) => return None,
        Ok(_) => message(rule, text, value, before),
        Err(CelError::Failed(why)) => format!("rule evaluation error: {why}"),
    };
    let at = rule["fieldPath"].as_str().unwrap_or_default();
    let field = format!("{path}{at}");
    let field = field.trim_start_matches('.');
    Some(refusal(rule, if field.is_empty() { "<nil>" } else { field }, value, &message))
}

fn message(rule: &Value, text: &str, value: &Value, old: Old<'_>) -> String {
    let computed = rule["messageExpression"].as_str().and_then(|e| evaluate(e, value, old).ok());
    match (computed, rule["message"].as_str()) {
        (Some(Value::String(message)), _) => message,
        (_, Some(message)) => message.to_owned(),
        _ => format!("failed rule: {}", text.trim()),
    }
}

fn refusal(rule: &Value, field: &str, value: &Value, message: &str) -> Cause {
    match rule["reason"].as_str() {
        Some("FieldValueRequired") => Cause::required(field, message),
        Some("FieldValueForbidden") => Cause::forbidden(field, message),
        _ => Cause::invalid(field, &Value::from(type_name(value)), message),
    }
}
