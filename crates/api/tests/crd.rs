//! The CRD is one that an API server takes, small, and no tighter than the reference operator's where
//! that has the field. (That a real API server takes it, its rules included, is shown end to end.)

use std::sync::LazyLock;

use flinkk8soperator_api::crd;
use serde_json::{Value, json};

static CRD: LazyLock<Value> = LazyLock::new(|| serde_json::to_value(crd()).expect("a CRD is JSON"));

fn schema() -> &'static Value {
    &CRD["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
}

/// The schema at a dotted path from the root; `[]` are the items of a list, `{}` the values of a map.
fn at(path: &str) -> &'static Value {
    path.split('.').fold(schema(), |schema, segment| match segment {
        "[]" => &schema["items"],
        "{}" => &schema["additionalProperties"],
        name => &schema["properties"][name],
    })
}

#[test]
fn it_is_the_reference_operators_crd_by_name() {
    let crd = &CRD;
    assert_eq!(crd["metadata"]["name"], "flinkapplications.flink.k8s.io");
    assert_eq!(
        crd["metadata"]["annotations"]["api-approved.kubernetes.io"], "unapproved",
        "needed for a group that ends in .k8s.io"
    );
    assert_eq!(crd["spec"]["scope"], "Namespaced");
    assert_eq!(crd["spec"]["names"]["kind"], "FlinkApplication");
    assert_eq!(crd["spec"]["names"]["plural"], "flinkapplications");
    assert_eq!(crd["spec"]["names"]["singular"], "flinkapplication");
    assert_eq!(crd["spec"]["names"]["shortNames"], json!(["flinkapp"]));
    let versions = crd["spec"]["versions"].as_array().unwrap();
    assert_eq!(versions.len(), 1);
    assert_eq!(versions[0]["name"], "v1beta1");
    assert_eq!(versions[0]["served"], true);
    assert_eq!(versions[0]["storage"], true);
    assert_eq!(versions[0]["subresources"], json!({ "status": {} }));
}

#[test]
fn it_prints_the_reference_operators_columns() {
    let crd = &CRD;
    let columns = crd["spec"]["versions"][0]["additionalPrinterColumns"].as_array().unwrap();
    let columns: Vec<String> = columns
        .iter()
        .map(|column| {
            let text = |key: &str| column[key].as_str().unwrap_or_default().to_owned();
            format!("{}|{}|{}|{}", text("name"), text("type"), text("jsonPath"), column["priority"])
        })
        .collect();
    assert_eq!(
        columns,
        [
            "Phase|string|.status.phase|null",
            "Cluster Health|string|.status.clusterStatus.health|null",
            "Job Health|string|.status.jobStatus.health|null",
            "Healthy TMs|string|.status.clusterStatus.healthyTaskManagers|1",
            "Total TMs|string|.status.clusterStatus.numberOfTaskManagers|1",
            "Job Restarts|integer|.status.jobStatus.jobRestartCount|null",
            "Age|date|.metadata.creationTimestamp|null",
        ]
    );
}

#[test]
fn client_side_apply_can_hold_it_in_an_annotation() {
    // kubectl puts the object into an annotation, and all annotations together may have 262,144 bytes.
    let size = serde_json::to_string(&*CRD).unwrap().len();
    assert!(size < 200_000, "{size} bytes");
}

#[test]
fn its_schema_is_structural() {
    let mut wrong = Vec::new();
    structural("", schema(), &mut wrong);
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_structural_check_finds_what_an_api_server_refuses() {
    for schema in [
        json!({}),
        json!({ "type": "array" }),
        json!({ "type": "object", "properties": {}, "additionalProperties": { "type": "string" } }),
        json!({ "type": "object", "anyOf": [{ "type": "string" }] }),
        json!({ "type": "object", "properties": { "a": { "type": "array", "items": {} } } }),
        json!({ "type": "array", "items": { "type": "string" }, "uniqueItems": true }),
        json!({ "type": "object", "$ref": "#/definitions/a" }),
    ] {
        let mut wrong = Vec::new();
        structural("", &schema, &mut wrong);
        assert!(!wrong.is_empty(), "{schema}");
    }
}

/// What Kubernetes' `ValidateStructural` and the validation of a CRD ask of a schema.
fn structural(path: &str, schema: &Value, wrong: &mut Vec<String>) {
    let mut say = |what: &str| wrong.push(format!("{path}: {what}"));
    let flag = |key: &str| schema[key] == true;
    let untyped =
        flag("x-kubernetes-int-or-string") || flag("x-kubernetes-preserve-unknown-fields");
    if schema["type"].is_null() && !untyped {
        say("no type");
    }
    if schema["type"] == "array" && !schema["items"].is_object() {
        say("a list without items");
    }
    if !schema["properties"].is_null() && !schema["additionalProperties"].is_null() {
        say("properties and additionalProperties");
    }
    for keyword in ["$ref", "uniqueItems", "definitions", "patternProperties", "default"] {
        if !schema[keyword].is_null() {
            say(keyword);
        }
    }
    for junctor in ["allOf", "anyOf", "oneOf", "not"] {
        if !schema[junctor].is_null() {
            say("a junctor; none is needed");
        }
    }
    if let Some(properties) = schema["properties"].as_object() {
        for (name, property) in properties {
            structural(&format!("{path}.{name}"), property, wrong);
        }
    }
    for (keyword, segment) in [("items", "[]"), ("additionalProperties", "{}")] {
        if !schema[keyword].is_null() {
            structural(&format!("{path}.{segment}"), &schema[keyword], wrong);
        }
    }
}

#[test]
fn what_the_reference_keeps_unseen_is_kept() {
    for path in ["spec", "status", "spec.volumes.[]", "spec.jobManagerConfig.nodeSelector"] {
        assert_eq!(at(path)["x-kubernetes-preserve-unknown-fields"], true, "{path}");
    }
    assert_eq!(at("spec.flinkConfig.{}")["x-kubernetes-preserve-unknown-fields"], true);
    assert_eq!(at("status.machine")["x-kubernetes-preserve-unknown-fields"], true);
}

#[test]
fn required_is_what_the_reference_requires_without_the_entry_class() {
    assert_eq!(schema()["required"], Value::Null);
    assert_eq!(at("spec")["required"], json!(["image", "jarName", "parallelism"]));
    for (path, required) in [
        ("status", Value::Null),
        ("status.jobStatus", Value::Null),
        ("status.clusterStatus", Value::Null),
        ("status.versionStatuses.[]", Value::Null),
        ("status.lastSeenError", Value::Null),
        ("spec.savepointInfo", Value::Null),
        ("spec.imagePullSecrets.[]", Value::Null),
        ("spec.securityContext", Value::Null),
        ("spec.securityContext.sysctls.[]", Value::Null),
        ("spec.volumes.[]", json!(["name"])),
        ("spec.volumeMounts.[]", json!(["mountPath", "name"])),
        ("spec.restore", json!(["path", "nonce"])),
        ("spec.foreignJob", json!(["id", "action"])),
        ("spec.flinkRest", Value::Null),
        ("spec.flinkRest.tls", json!(["secretName"])),
        ("spec.flinkRest.basicAuth", json!(["secretName"])),
    ] {
        assert_eq!(at(path)["required"], required, "{path}");
    }
    for role in ["jobManagerConfig", "taskManagerConfig"] {
        for (path, required) in [
            ("", Value::Null),
            (".resources", Value::Null),
            (".tolerations.[]", Value::Null),
            (".envConfig.env.[]", json!(["name"])),
            (".envConfig.env.[].valueFrom.configMapKeyRef", json!(["key"])),
            (".envConfig.env.[].valueFrom.secretKeyRef", json!(["key"])),
            (".envConfig.env.[].valueFrom.fieldRef", json!(["fieldPath"])),
            (".envConfig.env.[].valueFrom.resourceFieldRef", json!(["resource"])),
            (".envConfig.envFrom.[].configMapRef", Value::Null),
            (".envConfig.envFrom.[].secretRef", Value::Null),
        ] {
            assert_eq!(at(&format!("spec.{role}{path}"))["required"], required, "{role}{path}");
        }
    }
}

/// The members of `value` that an API server prunes under `schema`.
fn pruned(path: &str, schema: &Value, value: &Value, lost: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            let keeps = schema["x-kubernetes-preserve-unknown-fields"] == true;
            for (name, member) in members {
                let of_it = [&schema["properties"][name], &schema["additionalProperties"]];
                let path = format!("{path}.{name}");
                match of_it.into_iter().find(|schema| schema.is_object()) {
                    Some(schema) => pruned(&path, schema, member, lost),
                    None if keeps => {}
                    None => lost.push(path),
                }
            }
        }
        Value::Array(items) => {
            items.iter().for_each(|item| pruned(path, &schema["items"], item, lost));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn what_pods_are_asked_for_is_not_pruned() {
    let resources = json!({
        "requests": { "cpu": "1", "memory": "2Gi", "nvidia.com/gpu": 1, "ephemeral-storage": "1Gi" },
        "limits": { "nvidia.com/gpu": 1, "example.com/fpga": "2" },
    });
    let role = json!({
        "resources": resources,
        "nodeSelector": { "accelerator": "a100" },
        "tolerations": [{ "key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule" }],
        "envConfig": { "env": [{ "name": "A", "valueFrom": { "secretKeyRef": { "name": "s", "key": "k" } } }] },
    });
    let spec = json!({
        "securityContext": {
            "runAsUser": 1_000_660_000,
            "fsGroup": 70_000,
            "fsGroupChangePolicy": "OnRootMismatch",
            "runAsNonRoot": true,
            "seccompProfile": { "type": "Localhost", "localhostProfile": "flink.json" },
            "supplementalGroups": [1],
            "sysctls": [{ "name": "a", "value": "b" }],
        },
        "jobManagerConfig": role,
        "taskManagerConfig": role,
    });
    let mut lost = Vec::new();
    pruned("spec", at("spec"), &spec, &mut lost);
    assert_eq!(lost, Vec::<String>::new());
    // Not because everything is kept.
    pruned("status", at("status"), &json!({ "jobStatus": { "jobId": 1 } }), &mut lost);
    assert_eq!(lost, ["status.jobStatus.jobId"]);
}

#[test]
fn bounds_are_the_references() {
    for (path, least, most) in [
        ("spec.parallelism", Some(1.0), None),
        ("spec.rpcPort", Some(1.0), Some(65535.0)),
        ("spec.queryPort", Some(1.0), Some(65535.0)),
        ("spec.blobPort", Some(1.0), Some(65535.0)),
        ("spec.metricsQueryPort", Some(1.0), Some(65535.0)),
        ("spec.maxCheckpointRestoreAgeSeconds", Some(1.0), None),
        ("spec.jobManagerConfig.replicas", Some(1.0), None),
        ("spec.jobManagerConfig.offHeapMemoryFraction", Some(0.0), Some(1.0)),
        ("spec.jobManagerConfig.systemMemoryFraction", Some(0.0), Some(1.0)),
        ("spec.taskManagerConfig.taskSlots", Some(1.0), None),
        ("spec.taskManagerConfig.offHeapMemoryFraction", Some(0.0), Some(1.0)),
        ("spec.taskManagerConfig.systemMemoryFraction", Some(0.0), Some(1.0)),
        // The reference admits 1 to 65535; Kubernetes itself has no such bound.
        ("spec.securityContext.runAsUser", None, None),
        ("status.jobStatus.parallelism", None, None),
    ] {
        assert_eq!(at(path)["minimum"].as_f64(), least, "{path}");
        assert_eq!(at(path)["maximum"].as_f64(), most, "{path}");
    }
}

#[test]
fn words_are_the_references_and_single() {
    for (path, words) in [
        ("spec.imagePullPolicy", json!(["Always", "Never", "IfNotPresent"])),
        ("spec.deploymentMode", json!(["Dual", "Single", "BlueGreen"])),
        ("spec.deleteMode", json!(["Savepoint", "None", "ForceCancel"])),
        ("spec.scaleMode", json!(["NewCluster", "InPlace"])),
        ("spec.savepointStop", json!(["Stop", "Cancel"])),
        ("spec.recovery", json!(["Proven", "LastSeen"])),
        ("spec.foreignJob.action", json!(["Adopt", "Cancel"])),
    ] {
        assert_eq!(at(path)["enum"], words, "{path}");
    }
}

#[test]
fn no_status_of_the_reference_operator_is_refused() {
    for path in ["status.jobStatus.lastFailingTime", "status.jobStatus.lastCheckpointTime"] {
        assert_eq!(at(path)["nullable"], true, "{path}: its operator writes null");
    }
    let bounds = ["enum", "minimum", "maximum", "pattern", "format", "maxLength", "maxItems"];
    let old = [
        "phase",
        "reason",
        "startedAt",
        "lastUpdatedAt",
        "deployHash",
        "deploymentMode",
        "deployVersion",
        "updatingVersion",
        "clusterStatus.health",
        "jobStatus.health",
        "jobStatus.state",
        "jobStatus.startTime",
        "jobStatus.lastCheckpointTime",
        "lastSeenError.lastErrorUpdateTime",
        "versionStatuses",
        "versionStatuses.[].appVersion",
    ];
    for field in old {
        let schema = at(&format!("status.{field}"));
        assert!(schema["type"].is_string(), "{field} is in the schema");
        for bound in bounds {
            assert_eq!(schema[bound], Value::Null, "{field} {bound}");
        }
    }
}

/// Fields that the reference operator does not know, and one that goes only with Flink before 1.11.
const NOT_THE_REFERENCES: [&str; 18] = [
    "spec.acceptPendingEdit",
    "spec.confirmAfterSeconds",
    "spec.flinkRest",
    "spec.foreignJob",
    "spec.recovery",
    "spec.restore",
    "spec.savepointStop",
    "spec.timeouts",
    "spec.jobManagerConfig.offHeapMemoryFraction",
    "spec.jobManagerConfig.resources.claims",
    "spec.taskManagerConfig.offHeapMemoryFraction",
    "spec.taskManagerConfig.resources.claims",
    "status.conditions",
    "status.deployHistory",
    "status.lastError",
    "status.machine",
    "status.observedGeneration",
    "status.waitingFor",
];

/// The fields of the CRD, three levels of them, that an object does not have.
fn missing(path: &str, schema: &Value, object: &Value, found: &mut Vec<String>) {
    let fields = schema["properties"].as_object().into_iter().flatten();
    for (name, field) in fields.filter(|_| path.split('.').count() <= 3) {
        let path = format!("{path}.{name}");
        match object.get(name) {
            None => found.push(path),
            // What Kubernetes' own types have below this is not looked at.
            Some(_) if ["affinity", "securityContext"].contains(&name.as_str()) => {}
            Some(value) => missing(&path, field, value, found),
        }
    }
}

/// The end-to-end story of the CRD stores it under one such as the reference operator's, and compares it after ours
/// has taken the place of that.
#[test]
fn an_application_with_every_field_of_the_references_is_kept() {
    let everything: Value =
        serde_json::from_str(include_str!("data/everything.json")).expect("JSON");
    let (mut lost, mut unset) = (Vec::new(), Vec::new());
    for part in ["spec", "status"] {
        pruned(part, at(part), &everything[part], &mut lost);
        missing(part, at(part), &everything[part], &mut unset);
    }
    for version in everything["status"]["versionStatuses"].as_array().expect("two versions") {
        let path = "status.versionStatuses.[]";
        missing(path, at(path), version, &mut unset);
    }
    assert_eq!(lost, Vec::<String>::new());
    unset.retain(|path| !NOT_THE_REFERENCES.contains(&path.as_str()));
    assert_eq!(unset, Vec::<String>::new());
    assert!(everything["spec"]["aFieldThatNobodyKnows"].is_object());
}

#[test]
fn every_field_of_ours_is_described_in_one_line() {
    fn look(path: &str, schema: &Value, bare: &mut Vec<String>) {
        let Some(properties) = schema["properties"].as_object() else { return };
        if path.is_empty() || properties.values().any(|field| field["description"].is_string()) {
            for (name, field) in properties {
                match field["description"].as_str() {
                    Some(text) if !text.contains('\n') && text.len() < 250 => {}
                    _ => bare.push(format!("{path}.{name}")),
                }
                look(&format!("{path}.{name}"), field, bare);
                look(&format!("{path}.{name}[]"), &field["items"], bare);
            }
        }
    }
    let mut bare = Vec::new();
    look("", schema(), &mut bare);
    assert_eq!(bare, Vec::<String>::new());
}

#[test]
fn the_reference_for_people_names_every_field_of_the_spec() {
    let text = crd::reference::markdown();
    for name in schema()["properties"]["spec"]["properties"].as_object().unwrap().keys() {
        assert!(text.contains(&format!("`{name}`")), "{name}");
    }
}
