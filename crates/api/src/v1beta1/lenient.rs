//! Helpers for reading leniently, writing sparsely, and embedding Kubernetes' types in the schema.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use crate::schema::walk;

/// Reads `null` as the empty value: the API server keeps a `null` below a field that it does not list.
pub(super) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// For `skip_serializing_if`: true where writing the value would say nothing.
pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The schema of a type of Kubernetes' without its descriptions, which would fill the CRD
/// (200 KB instead of 30) and which every user can read in Kubernetes' own reference.
pub(super) fn embedded<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = generator.subschema_for::<T>().to_value();
    walk(&mut schema, &mut |members| {
        members.remove("description");
    });
    schema.try_into().unwrap_or_default()
}

/// The schema of a map whose values are scalars of any type. Flink's configuration is text, yet the
/// reference operator's own type takes numbers and booleans as well, so the schema does not make
/// users quote them. `maxProperties` and `maxItems` are what a schema without a type can say
/// against an object or a list in the place of a value.
pub(super) fn scalar_map(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "additionalProperties": {
            "x-kubernetes-preserve-unknown-fields": true,
            "maxProperties": 0,
            "maxItems": 0
        }
    })
}

/// The schema of an object which is kept as it is.
pub(super) fn any_object(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true })
}

/// The schema of `volumes` as the reference's CRD has it: a name, and the rest is kept unseen, so that
/// kinds of volumes which came with a later Kubernetes survive.
pub(super) fn volume_list(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "items": {
            "type": "object",
            "properties": { "name": { "type": "string" } },
            "required": ["name"],
            "x-kubernetes-preserve-unknown-fields": true
        }
    })
}
