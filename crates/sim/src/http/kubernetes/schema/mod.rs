//! What a structural schema of a CRD does to an object: prune, default, validate.
//!
//! Follows the API server's order: unknown fields are pruned (and named), defaults are filled in,
//! then the result is validated, first by the schema, then by its CEL rules.

mod cel;
mod prune;
mod rules;
mod validate;

pub use prune::{fill_defaults, prune};
pub use rules::check_rules;
pub use validate::validate;

use serde_json::Value;

/// `a.b`, or `b` at the root.
fn join(path: &str, field: &str) -> String {
    if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") }
}

/// Whether a schema node says `name: true`.
fn flag(schema: &Value, name: &str) -> bool {
    schema.get(name) == Some(&Value::Bool(true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(schema: Value, object: Value, expect: Value) {
        let mut object = object;
        let mut unknown = vec![];
        prune(&schema, &mut object, "", &mut unknown);
        fill_defaults(&schema, &mut object);
        let errors: Vec<_> = validate(&schema, &object, None)
            .into_iter()
            .map(|c| format!("{}: {}", c.field, c.message))
            .collect();
        let found = json!({ "object": object, "unknown": unknown, "errors": errors });
        assert_eq!(found, expect);
    }

    #[test]
    fn unknown_fields_are_pruned_and_named_but_not_where_the_schema_preserves_them() {
        let schema = json!({ "type": "object", "properties": {
            "a": { "type": "object", "properties": { "b": { "type": "string" } } },
            "free": { "type": "object", "x-kubernetes-preserve-unknown-fields": true,
                "properties": { "typed": { "type": "object" } } },
            "map": { "type": "object", "additionalProperties": { "type": "object" } },
        } });
        check(
            schema,
            json!({ "a": { "b": "x", "c": 1 }, "free": { "x": { "y": 1 }, "typed": { "z": 1 } },
                    "map": { "k": { "v": 1 } } }),
            json!({
                "object": { "a": { "b": "x" }, "free": { "x": { "y": 1 }, "typed": {} }, "map": { "k": {} } },
                "unknown": ["a.c", "free.typed.z", "map.k.v"],
                "errors": [],
            }),
        );
    }

    #[test]
    fn defaults_fill_what_is_absent_and_replace_a_null_that_is_not_allowed() {
        let schema = json!({ "type": "object", "properties": {
            "mode": { "type": "string", "default": "Dual" },
            "other": { "type": "string", "default": "x" },
            "may": { "type": "string", "default": "x", "nullable": true },
            "plain": { "type": "string" },
            "nested": { "type": "object", "default": {}, "properties": {
                "n": { "type": "integer", "default": 3 } } },
            "list": { "type": "array", "items": { "type": "object", "properties": {
                "p": { "type": "string", "default": "TCP" } } } },
        } });
        check(
            schema,
            json!({ "other": null, "may": null, "plain": null, "list": [{}] }),
            json!({
                "object": { "mode": "Dual", "other": "x", "may": null, "nested": { "n": 3 },
                            "list": [{ "p": "TCP" }] },
                "unknown": [], "errors": [],
            }),
        );
    }

    #[test]
    fn an_invalid_value_that_did_not_change_is_let_through() {
        let schema = json!({ "type": "object", "properties": {
            "size": { "type": "integer", "maximum": 3 }, "other": { "type": "string", "maxLength": 1 } } });
        let old = json!({ "size": 9, "other": "a" });
        let same = json!({ "size": 9, "other": "b" });
        let worse = json!({ "size": 10, "other": "b" });
        assert_eq!(validate(&schema, &same, Some(&old)), vec![]);
        assert_eq!(validate(&schema, &worse, Some(&old)).len(), 1);
    }
}
