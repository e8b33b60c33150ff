//! OpenAPI v3, as far as kubectl reads it: schemas for `explain`, and the query parameters that
//! tell it that the server validates fields.
//!
//! Custom kinds have their CRD's schema. Built-in kinds have their outline only, and no patch
//! schema: kubectl then merges them by the types that are compiled into it.

use super::kinds::{Kind, Kinds};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// `/openapi/v3`
pub fn index(kinds: &Kinds) -> Value {
    let versions: BTreeSet<_> = kinds.iter().map(|k| (&k.group, &k.version)).collect();
    let paths: serde_json::Map<_, _> = versions
        .into_iter()
        .map(|(group, version)| {
            let path = match group.as_str() {
                "" => format!("api/{version}"),
                group => format!("apis/{group}/{version}"),
            };
            let url = format!("/openapi/v3/{path}");
            (path, json!({ "serverRelativeURL": url }))
        })
        .collect();
    json!({ "paths": paths })
}

/// `/openapi/v3/apis/GROUP/VERSION`
pub fn document(kinds: &Kinds, group: &str, version: &str) -> Option<Value> {
    let served: Vec<_> =
        kinds.iter().filter(|k| k.group == group && k.version == version).collect();
    if served.is_empty() {
        return None;
    }
    let mut paths = serde_json::Map::new();
    let mut schemas = serde_json::Map::new();
    schemas.insert(OBJECT_META.to_owned(), object_meta());
    for kind in served {
        schemas.insert(schema_name(kind), schema(kind));
        paths.extend(kind_paths(kind));
    }
    Some(json!({
        "openapi": "3.0.0", "info": { "title": "Simulated Kubernetes", "version": "v1.34.0" },
        "paths": paths, "components": { "schemas": schemas },
    }))
}

const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// The reversed group, the version and the kind, as the API server names the schemas of CRDs.
fn schema_name(kind: &Kind) -> String {
    let group: Vec<_> = kind.group.split('.').rev().filter(|part| !part.is_empty()).collect();
    let group = if group.is_empty() { "core".to_owned() } else { group.join(".") };
    format!("{group}.{}.{}", kind.version, kind.kind)
}

fn group_version_kind(kind: &Kind) -> Value {
    json!({ "group": kind.group, "version": kind.version, "kind": kind.kind })
}

fn schema(kind: &Kind) -> Value {
    let mut schema = match &kind.schema {
        Some(schema) => (**schema).clone(),
        None => json!({ "type": "object", "properties": {
            "spec": { "type": "object" }, "status": { "type": "object" } } }),
    };
    schema["properties"]["apiVersion"] =
        json!({ "type": "string", "description": "Group and version of the object's schema." });
    schema["properties"]["kind"] =
        json!({ "type": "string", "description": "Which kind of object this is." });
    schema["properties"]["metadata"] = json!({
        "description": "What every object has: name, labels, owners.",
        "allOf": [reference(OBJECT_META)],
    });
    schema["x-kubernetes-group-version-kind"] = json!([group_version_kind(kind)]);
    schema
}

fn kind_paths(kind: &Kind) -> Vec<(String, Value)> {
    let root = match kind.group.as_str() {
        "" => format!("/api/{}", kind.version),
        group => format!("/apis/{group}/{}", kind.version),
    };
    let collection = match kind.namespaced {
        true => format!("{root}/namespaces/{{namespace}}/{}", kind.plural),
        false => format!("{root}/{}", kind.plural),
    };
    let write = ["dryRun", "fieldManager", "fieldValidation"];
    let object = format!("{collection}/{{name}}");
    vec![
        (
            collection,
            json!({ "get": operation(kind, "list", false, &["labelSelector", "fieldSelector"]),
                    "post": operation(kind, "post", true, &write) }),
        ),
        (
            object,
            json!({ "get": operation(kind, "get", false, &[]), "put": operation(kind, "put", true, &write),
                    "patch": operation(kind, "patch", false, &write),
                    "delete": operation(kind, "delete", false, &["dryRun"]) }),
        ),
    ]
}

fn operation(kind: &Kind, action: &str, with_body: bool, parameters: &[&str]) -> Value {
    let body =
        json!({ "content": { "application/json": { "schema": reference(&schema_name(kind)) } } });
    let parameters: Vec<_> = parameters
        .iter()
        .map(|name| json!({ "name": name, "in": "query", "schema": { "type": "string" } }))
        .collect();
    let mut operation = json!({
        "parameters": parameters,
        "responses": { "200": body },
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": group_version_kind(kind),
    });
    if with_body {
        operation["requestBody"] = body;
    }
    operation
}

fn object_meta() -> Value {
    let field = |kind: &str, description: &str| json!({ "type": kind, "description": description });
    let map = |description: &str| {
        json!({ "type": "object", "description": description,
                "additionalProperties": { "type": "string" } })
    };
    json!({
        "type": "object",
        "description": "What every object has: name, labels, owners.",
        "properties": {
            "name": field("string", "Unique in the namespace, for this kind of object."),
            "generateName": field("string", "Prefix of a name that the server completes."),
            "namespace": field("string", "Where the object is."),
            "labels": map("What selectors select by."),
            "annotations": map("What tools note down."),
            "finalizers": { "type": "array", "items": { "type": "string" },
                "description": "Who must agree before the object goes." },
            "ownerReferences": { "type": "array", "items": { "type": "object" },
                "description": "The objects with which this one goes." },
            "uid": field("string", "Unique in time and space."),
            "resourceVersion": field("string", "Changes with every write."),
            "generation": field("integer", "Grows with every change of the spec."),
            "creationTimestamp": field("string", "When the object was made."),
            "deletionTimestamp": field("string", "When the object goes, once deleted."),
            "managedFields": { "type": "array", "items": { "type": "object" },
                "description": "Who set which field." },
        },
    })
}
