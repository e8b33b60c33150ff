//! The CustomResourceDefinition of `FlinkApplication`.
//!
//! What the types cannot say is added here: required fields, what may be kept unseen, and the rules
//! across fields ([`rules`]). The schema is never tighter than the one of the reference operator's CRD
//! where that has the field: an object that lies in etcd must stay readable and writable. What is
//! tighter is a rule, and a rule bites only where an object is created or the very field is changed.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;
use serde_json::{Value, json};

use crate::schema::{Members, at, walk};
use crate::v1beta1::FlinkApplication;

pub mod fields;
pub mod reference;
pub mod rules;

/// The CRD as it is applied to a cluster. It depends on the types of this crate alone, so that whatever
/// could fail in making it fails in every test of it.
pub fn crd() -> CustomResourceDefinition {
    let mut crd =
        serde_json::to_value(FlinkApplication::crd()).expect("a CRD of our own types is JSON");
    let schema = crd
        .pointer_mut("/spec/versions/0/schema/openAPIV3Schema")
        .expect("kube makes one version with a schema");
    simplify(schema);
    complete(schema);
    rules::insert(schema);
    serde_json::from_value(crd).expect("only keywords of the CRD's schema were added")
}

/// Takes out what the generator says and the reference's schema does not.
fn simplify(schema: &mut Value) {
    walk(schema, &mut |members| {
        // A null that the schema does not admit is dropped by the API server, which is what a null means.
        members.remove("nullable");
        if let Some(Value::Array(words)) = members.get_mut("enum") {
            words.retain(|word| !word.is_null());
        }
        // A default would be stored and enter the deploy hash; the generator only repeats empty values.
        members.remove("default");
        if members.get("type") != Some(&json!("string")) {
            // int32 would be a bound.
            members.remove("format");
        }
        if let Some(Value::String(description)) = members.get_mut("description") {
            *description = description.replace('\n', " ");
        }
    });
}

/// What is required, where that differs from what the generator concludes. In `spec` it is what the
/// reference's schema requires (which does not even require a spec; a rule does) without `entryClass`:
/// where that is missing Flink takes the class that the jar's manifest names.
const REQUIRED: &[(&str, &[&str])] = &[
    ("", &[]),
    ("spec", &["image", "jarName", "parallelism"]),
    ("spec.restore", &["path", "nonce"]),
    ("spec.foreignJob", &["id", "action"]),
    ("spec.flinkRest.tls", &["secretName"]),
    ("spec.flinkRest.basicAuth", &["secretName"]),
    ("spec.imagePullSecrets.[]", &[]),
    ("spec.securityContext.sysctls.[]", &[]),
];

/// The same within `envConfig` of either role.
const REQUIRED_IN_ENVIRONMENT: &[(&str, &[&str])] = &[
    ("env.[].valueFrom.configMapKeyRef", &["key"]),
    ("env.[].valueFrom.secretKeyRef", &["key"]),
    ("envFrom.[].configMapRef", &[]),
    ("envFrom.[].secretRef", &[]),
];

/// Status times which the reference operator writes as `null`.
const NULLABLE: &[&str] =
    &["status.jobStatus.lastFailingTime", "status.jobStatus.lastCheckpointTime"];

/// What the reference's schema takes for a quantity.
const QUANTITY: &str = "^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$";

/// Adds what the types do not say.
fn complete(schema: &mut Value) {
    for (path, names) in REQUIRED {
        require(schema, path, names);
    }
    for role in ["jobManagerConfig", "taskManagerConfig"] {
        for (path, names) in REQUIRED_IN_ENVIRONMENT {
            require(schema, &format!("spec.{role}.envConfig.{path}"), names);
        }
        for kind in ["requests", "limits"] {
            set(schema, &format!("spec.{role}.resources.{kind}.{{}}"), "pattern", json!(QUANTITY));
        }
    }
    for path in NULLABLE {
        set(schema, path, "nullable", json!(true));
    }
    for path in ["spec", "status"] {
        set(schema, path, "x-kubernetes-preserve-unknown-fields", json!(true));
    }
    set(schema, "status.conditions", "x-kubernetes-list-type", json!("map"));
    set(schema, "status.conditions", "x-kubernetes-list-map-keys", json!(["type"]));
}

fn require(schema: &mut Value, path: &str, names: &[&str]) {
    if names.is_empty() {
        member(schema, path).remove("required");
    } else {
        set(schema, path, "required", json!(names));
    }
}

fn set(schema: &mut Value, path: &str, keyword: &str, value: Value) {
    member(schema, path).insert(keyword.into(), value);
}

fn member<'a>(schema: &'a mut Value, path: &str) -> &'a mut Members {
    at(schema, path).expect("the paths in this file are fields of our types")
}
