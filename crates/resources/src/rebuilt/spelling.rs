//! Whether what the API server has is what an application says: it spells amounts anew, and fills in what
//! nobody said.

use serde_json::{Map, Value};

use crate::quantity::Quantity;

/// What the API server (1.33 and later) writes where a volume, a variable or a probe does not say it.
fn is_default(name: &str, value: &Value) -> bool {
    match value {
        Value::String(text) => matches!(
            (name, text.as_str()),
            ("apiVersion", "v1")
                | ("protocol", "TCP")
                | ("divisor", "0")
                | ("iscsiInterface", "default")
                | ("pool", "rbd")
                | ("user", "admin")
                | ("keyring", "/etc/ceph/keyring")
                | ("cachingMode", "ReadWrite")
                | ("kind", "Shared")
                | ("storageMode", "ThinProvisioned")
                | ("volumeMode", "Filesystem")
                | ("fsType", "ext4" | "xfs")
                | ("type", "")
        ),
        Value::Number(number) => {
            matches!(
                (name, number.as_i64()),
                ("defaultMode", Some(0o644)) | ("expirationSeconds", Some(3600))
            )
        }
        Value::Bool(flag) => name == "readOnly" && !flag,
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

/// Whether `said`, as Go writes it, is what `found` was made from.
pub(super) fn same(said: &Value, found: &Value) -> bool {
    match (said, found) {
        (Value::Object(said), Value::Object(found)) => {
            let kept = said.iter().all(|(name, said)| match found.get(name) {
                Some(found) => same(said, found),
                None => is_default(name, said) || said.is_null(),
            });
            let added = |(name, value): (&String, &Value)| {
                said.contains_key(name) || is_default(name, value)
            };
            kept && found.iter().all(added)
        }
        (Value::Array(said), Value::Array(found)) => {
            said.len() == found.len() && said.iter().zip(found).all(|(a, b)| same(a, b))
        }
        (Value::String(a), Value::String(b)) => {
            a == b || amount(a).is_some_and(|x| amount(b) == Some(x))
        }
        _ => said == found,
    }
}

/// A quantity by its value.
fn amount(text: &str) -> Option<String> {
    Quantity::parse(text).map(|quantity| quantity.exact())
}

/// `found` without what the API server fills in.
pub(super) fn plain(found: &Value) -> Value {
    match found {
        Value::Object(members) => {
            let said = members.iter().filter(|(name, value)| !is_default(name, value));
            let said = said.map(|(name, value)| (name.clone(), plain(value)));
            Value::Object(said.collect::<Map<String, Value>>())
        }
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => found.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{plain, same};

    #[test]
    fn what_the_api_server_fills_in_makes_no_difference() {
        let said = json!([{"name": "v", "configMap": {"name": "c"}}, {"name": "h", "hostPath": {"path": "/"}}]);
        let found = json!([
            {"name": "v", "configMap": {"name": "c", "defaultMode": 420}},
            {"name": "h", "hostPath": {"path": "/", "type": ""}},
        ]);
        assert!(same(&said, &found));
        assert_eq!(plain(&found), said);
        let other =
            json!([{"name": "v", "configMap": {"name": "c", "defaultMode": 256}}, found[1]]);
        assert!(!same(&said, &other));
        assert_eq!(plain(&other)[0]["configMap"]["defaultMode"], 256);
        assert!(!same(&json!({"a": 1, "b": 2}), &json!({"a": 1})), "one that is gone");
        assert!(!same(&json!(["a"]), &json!(["a", "b"])), "one more");
    }

    #[test]
    fn amounts_are_compared_by_value() {
        assert!(same(&json!({"cpu": "0.5"}), &json!({"cpu": "500m"})));
        assert!(!same(&json!({"cpu": "0.5"}), &json!({"cpu": "5"})));
        assert!(!same(&json!("a"), &json!("b")), "no amounts");
    }
}
