//! Every object that may lie in etcd is read, and written again without loss.

use flinkk8soperator_api::v1beta1::{
    DeploymentMode, FlinkApplication, FlinkApplicationSpec, FlinkApplicationStatus, Health, Phase,
};
use serde_json::{Value, json};

fn read(value: &Value) -> FlinkApplication {
    serde_json::from_value(value.clone()).expect("an application that may be stored is readable")
}

/// Takes out empty values where absence means the same (in the operator and in the deploy hash); they
/// count for `resources`, `securityContext` and `affinity`.
fn without_empty(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| (key.clone(), without_empty(value)))
            .filter(|(key, value)| {
                let counts = ["resources", "securityContext", "affinity"].contains(&key.as_str());
                let empty = *value == json!({}) || *value == json!([]) || value.is_null();
                counts || !empty
            })
            .collect(),
        Value::Array(items) => items.iter().map(without_empty).collect(),
        other => other.clone(),
    }
}

#[test]
fn applications_of_the_reference_operator_survive_reading_and_writing() {
    let lines = include_str!("data/applications.jsonl").lines();
    let applications: Vec<Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(applications.len(), 29);
    for application in applications {
        let written = serde_json::to_value(read(&application)).unwrap();
        assert_eq!(without_empty(&written), without_empty(&application));
    }
}

#[test]
fn the_applications_together_use_every_old_field_of_the_spec() {
    let mut seen = std::collections::BTreeSet::new();
    for line in include_str!("data/applications.jsonl").lines() {
        let application: Value = serde_json::from_str(line).unwrap();
        seen.extend(application["spec"].as_object().unwrap().keys().cloned());
    }
    let new = ["acceptPendingEdit", "confirmAfterSeconds", "foreignJob", "recovery", "restore"];
    let new = [&new[..], &["flinkRest", "savepointStop", "timeouts"]].concat();
    let crd = serde_json::to_value(flinkk8soperator_api::crd()).unwrap();
    let schema = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
    for field in schema["properties"].as_object().unwrap().keys() {
        assert_eq!(seen.contains(field), !new.contains(&field.as_str()), "{field}");
    }
}

fn minimal() -> Value {
    json!({
        "apiVersion": "flink.k8s.io/v1beta1", "kind": "FlinkApplication", "metadata": { "name": "a" },
        "spec": { "image": "i:1", "jarName": "j.jar", "entryClass": "c", "parallelism": 2 }
    })
}

fn with(field: &str, value: Value) -> Value {
    let mut application = minimal();
    application["spec"][field] = value;
    application
}

#[test]
fn null_is_absence_in_every_field() {
    let fields = serde_json::to_value(flinkk8soperator_api::crd()).unwrap();
    let schema = &fields["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"];
    for field in schema["spec"]["properties"].as_object().unwrap().keys() {
        let spec = read(&with(field, Value::Null)).spec;
        let mut absent = minimal();
        absent["spec"].as_object_mut().unwrap().remove(field);
        assert_eq!(spec, read(&absent).spec, "{field}");
    }
    for field in schema["status"]["properties"].as_object().unwrap().keys() {
        let status: FlinkApplicationStatus =
            serde_json::from_value(json!({ field: null })).unwrap();
        assert_eq!(status, FlinkApplicationStatus::default(), "{field}");
    }
}

#[test]
fn an_empty_spec_and_unknown_fields_are_read() {
    let empty = serde_json::from_value::<FlinkApplicationSpec>(json!({})).unwrap();
    assert_eq!(empty, FlinkApplicationSpec::default());
    assert_eq!(read(&with("somethingElse", json!([1]))).spec, read(&minimal()).spec);
}

#[test]
fn words_from_another_version_are_kept() {
    let application = with("deploymentMode", json!("Canary"));
    let mode = DeploymentMode::Unknown("Canary".into());
    assert_eq!(read(&application).spec.deployment_mode, Some(mode));
    assert_eq!(serde_json::to_value(read(&application)).unwrap(), application);
    let status: FlinkApplicationStatus =
        serde_json::from_value(json!({ "phase": "Napping" })).unwrap();
    assert_eq!(status.phase, Phase::Unknown("Napping".into()));
}

#[test]
fn flink_configuration_keeps_the_type_of_its_values() {
    let config = json!({ "a": 1, "b": 1.5, "c": true, "d": "1", "e": "", "f": 1e21 });
    let application = with("flinkConfig", config.clone());
    assert_eq!(serde_json::to_value(read(&application)).unwrap()["spec"]["flinkConfig"], config);
}

#[test]
fn quantities_are_kept_as_written() {
    let resources = json!({ "requests": { "memory": "1.5Gi", "cpu": "0.2" }, "limits": {} });
    let application = with("taskManagerConfig", json!({ "resources": resources }));
    let written = serde_json::to_value(read(&application)).unwrap();
    assert_eq!(
        written["spec"]["taskManagerConfig"]["resources"]["requests"],
        json!({ "memory": "1.5Gi", "cpu": "0.2" })
    );
}

#[test]
fn a_new_status_has_the_keys_that_the_reference_always_writes_and_no_others() {
    assert_eq!(
        serde_json::to_value(FlinkApplicationStatus::default()).unwrap(),
        json!({
            "phase": "",
            "clusterStatus": { "availableTaskSlots": 0 },
            "jobStatus": { "jarName": "", "parallelism": 0 },
            "deployHash": ""
        })
    );
}

/// Every field of the status once.
fn full_status() -> Value {
    let cluster = json!({
        "clusterOverviewURL": "http://a", "health": "Green", "numberOfTaskManagers": 2,
        "healthyTaskManagers": 1, "numberOfTaskSlots": 8, "availableTaskSlots": 3
    });
    let job = json!({
        "jobOverviewURL": "http://a/#/jobs/1", "jobID": "0123456789abcdef0123456789abcdef",
        "health": "Yellow", "state": "RUNNING", "jarName": "j.jar", "parallelism": 5,
        "entryClass": "c", "programArgs": "--a b", "allowNonRestoredState": true,
        "startTime": "2026-01-02T03:04:05Z", "jobRestartCount": 1, "completedCheckpointCount": 2,
        "failedCheckpointCount": 3, "restorePath": "s3://r", "restoreTime": "2026-01-02T03:04:06Z",
        "lastFailingTime": "2026-01-02T03:04:07Z", "lastCheckpoint": "s3://c",
        "lastCheckpointTime": "2026-01-02T03:04:08Z", "runningTasks": 4, "totalTasks": 5
    });
    json!({
        "phase": "DualRunning", "observedGeneration": 7,
        "conditions": [{
            "type": "Ready", "status": "True", "reason": "Confirmed", "message": "",
            "lastTransitionTime": "2026-01-02T03:04:05Z", "observedGeneration": 7
        }],
        "waitingFor": {
            "what": "the new cluster", "since": "2026-01-02T03:04:05Z",
            "until": "2026-01-02T03:14:05Z", "unblockedBy": "an image that exists"
        },
        "lastError": {
            "source": "Pod", "object": "a-752c76d3-jm-x", "reason": "ImagePullBackOff",
            "message": "Back-off pulling image", "time": "2026-01-02T03:04:05Z"
        },
        "deployHistory": [{
            "versionHash": "752c76d3", "incarnation": 3, "generation": 6, "result": "RolledBack",
            "reason": "JobFailed", "message": "the job failed", "restoredFrom": "s3://s",
            "startedAt": "2026-01-02T03:04:05Z", "finishedAt": "2026-01-02T03:05:05Z",
            "steps": [{
                "name": "Savepointing", "startedAt": "2026-01-02T03:04:05Z",
                "finishedAt": "2026-01-02T03:04:15Z"
            }]
        }],
        "machine": { "format": 1, "anything": { "below": [1, null, "x"] } },
        "startedAt": "2026-01-02T03:04:05Z", "lastUpdatedAt": "2026-01-02T03:04:05Z",
        "reason": "because", "clusterStatus": cluster.clone(), "jobStatus": job.clone(),
        "versionStatuses": [{
            "appVersion": "blue", "versionHash": "752c76d3", "clusterStatus": cluster, "jobStatus": job
        }],
        "deployVersion": "green", "updatingVersion": "blue", "deploymentMode": "BlueGreen",
        "deployHash": "1", "updatingHash": "2", "teardownHash": "3", "failedDeployHash": "4",
        "rollbackHash": "5", "inPlaceUpdatedFromHash": "6", "savepointTriggerId": "7",
        "savepointPath": "s3://s", "retryCount": 8,
        "lastSeenError": {
            "appError": "e", "method": "SubmitJob", "errorCode": "500", "isRetryable": true,
            "isFailFast": true, "maxRetries": 9, "lastErrorUpdateTime": "2026-01-02T03:04:05Z"
        }
    })
}

#[test]
fn a_status_with_every_field_survives_reading_and_writing() {
    let status: FlinkApplicationStatus = serde_json::from_value(full_status()).unwrap();
    assert_eq!(serde_json::to_value(&status).unwrap(), full_status());
    assert_eq!(status.cluster_status.health, Some(Health::Green));
}

#[test]
fn the_full_status_has_every_field_of_the_schema() {
    fn compare(path: &str, schema: &Value, value: &Value) {
        let Some(properties) = schema["properties"].as_object() else { return };
        for (name, schema) in properties {
            let path = format!("{path}.{name}");
            let value = &value[name];
            assert!(!value.is_null(), "{path}");
            compare(&path, schema, value);
            compare(&format!("{path}[]"), &schema["items"], &value[0]);
        }
    }
    let crd = serde_json::to_value(flinkk8soperator_api::crd()).unwrap();
    let schema = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"];
    compare("status", schema, &full_status());
}

#[test]
fn a_status_of_the_reference_operator_is_read() {
    let status = json!({
        "phase": "Running", "lastUpdatedAt": "2024-05-06T07:08:09Z", "deployHash": "752c76d3",
        "clusterStatus": { "availableTaskSlots": 0 },
        "jobStatus": {
            "jarName": "j.jar", "parallelism": 2, "state": "INITIALIZING", "lastFailingTime": null,
            "lastCheckpointTime": null
        },
        "versionStatuses": [{}, null_free()]
    });
    let status: FlinkApplicationStatus = serde_json::from_value(status).unwrap();
    assert_eq!(status.phase, Phase::Running);
    assert_eq!(status.job_status.last_failing_time, None);
    assert_eq!(status.job_status.state.as_deref(), Some("INITIALIZING"));
    assert_eq!(status.version_statuses.len(), 2);
}

fn null_free() -> Value {
    json!({ "clusterStatus": { "availableTaskSlots": 1 }, "jobStatus": { "jarName": "", "parallelism": 0 } })
}
