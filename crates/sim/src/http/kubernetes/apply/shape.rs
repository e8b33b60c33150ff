//! What a list or map is to those who merge it: one value, a set, or items with keys.
//!
//! For custom kinds the CRD's schema says it. Built-in kinds have no schema here; their lists are
//! known by the name of the field, which is unambiguous among the kinds that are served.

use serde_json::{Map, Value};

/// How the items of a list are told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListKind {
    /// Replaced as a whole.
    Atomic,
    /// Scalars that occur once.
    Set,
    /// Objects told apart by these fields.
    Map(Vec<String>),
}

/// A place in an object, and what is known about it.
#[derive(Debug, Clone, Copy)]
pub enum Shape<'a> {
    /// Described by a node of a CRD's schema.
    Schema(&'a Value),
    /// Inside a built-in kind (or metadata), below a field of this name.
    Builtin(&'a str),
}

impl<'a> Shape<'a> {
    /// The shape of a field.
    pub fn field(self, name: &'a str) -> Self {
        let Shape::Schema(schema) = self else { return Shape::Builtin(name) };
        let is_root_metadata = name == "metadata" && schema["properties"].get("kind").is_some();
        if is_root_metadata {
            return Shape::Builtin(name);
        }
        let child = schema["properties"].get(name).or_else(|| schema.get("additionalProperties"));
        Shape::Schema(child.unwrap_or(&Value::Null))
    }

    /// The shape of a list's items.
    pub fn item(self) -> Self {
        match self {
            Shape::Schema(schema) => Shape::Schema(&schema["items"]),
            Shape::Builtin(_) => Shape::Builtin(""),
        }
    }

    /// Whether a map is replaced as a whole.
    pub fn is_atomic_map(self) -> bool {
        match self {
            Shape::Schema(schema) => schema["x-kubernetes-map-type"] == "atomic",
            Shape::Builtin(field) => ["selector", "data", "configMapKeyRef"].contains(&field),
        }
    }

    /// How the items of this list are told apart.
    pub fn list(self, items: &[Value]) -> ListKind {
        match self {
            Shape::Schema(schema) => schema_list(schema),
            Shape::Builtin(field) => builtin_list(field, items),
        }
    }
}

fn schema_list(schema: &Value) -> ListKind {
    let keys = schema["x-kubernetes-list-map-keys"].as_array();
    match (schema["x-kubernetes-list-type"].as_str(), keys) {
        (Some("set"), _) => ListKind::Set,
        (Some("map"), Some(keys)) => {
            ListKind::Map(keys.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        }
        _ => ListKind::Atomic,
    }
}

/// The list-type markers of Kubernetes' own types, as far as the served kinds use them.
fn builtin_list(field: &str, items: &[Value]) -> ListKind {
    let keys = match field {
        "finalizers" => return ListKind::Set,
        "containers"
        | "initContainers"
        | "ephemeralContainers"
        | "env"
        | "volumes"
        | "imagePullSecrets"
        | "secrets" => &["name"][..],
        "ports" if items.iter().any(|p| p.get("containerPort").is_some()) => {
            &["containerPort", "protocol"]
        }
        "ports" => &["port", "protocol"],
        "volumeMounts" => &["mountPath"],
        "volumeDevices" => &["devicePath"],
        "conditions" => &["type"],
        "ownerReferences" => &["uid"],
        "hostAliases" | "podIPs" | "hostIPs" => &["ip"],
        "topologySpreadConstraints" => &["topologyKey", "whenUnsatisfiable"],
        _ => return ListKind::Atomic,
    };
    ListKind::Map(keys.iter().map(|k| (*k).to_owned()).collect())
}

/// The key of an item in a list of type map; an absent protocol is TCP, as it is by default.
pub fn item_key(item: &Value, keys: &[String]) -> Map<String, Value> {
    let value = |key: &str| match item.get(key) {
        None if key == "protocol" => Value::from("TCP"),
        None => Value::Null,
        Some(value) => value.clone(),
    };
    keys.iter().map(|key| (key.clone(), value(key))).collect()
}
