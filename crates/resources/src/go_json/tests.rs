//! How Go would write what a user wrote.

use serde_json::{Value, json};

use super::{Quantities, Walk};
use crate::go_shapes::FLINK_APPLICATION_SPEC;

/// Where a value of a Go type stands in the spec: around it, and as a pointer.
fn place(type_name: &str, value: &Value) -> (Value, &'static str) {
    match type_name {
        "PodSecurityContext" => (json!({"securityContext": value}), "/securityContext"),
        "ResourceRequirements" => {
            (json!({"jobManagerConfig": {"resources": value}}), "/jobManagerConfig/resources")
        }
        "EnvVar" => (
            json!({"taskManagerConfig": {"envConfig": {"env": [value]}}}),
            "/taskManagerConfig/envConfig/env/0",
        ),
        "EnvFromSource" => (
            json!({"taskManagerConfig": {"envConfig": {"envFrom": [value]}}}),
            "/taskManagerConfig/envConfig/envFrom/0",
        ),
        "Toleration" => (
            json!({"jobManagerConfig": {"tolerations": [value]}}),
            "/jobManagerConfig/tolerations/0",
        ),
        "Affinity" => {
            (json!({"taskManagerConfig": {"affinity": value}}), "/taskManagerConfig/affinity")
        }
        "VolumeMount" => (json!({"volumeMounts": [value]}), "/volumeMounts/0"),
        "Volume" => (json!({"volumes": [value]}), "/volumes/0"),
        other => panic!("no place for {other}"),
    }
}

fn walk(spec: &Value) -> (Value, Vec<String>) {
    let mut walk = Walk::new(Quantities::GoText);
    let written =
        walk.walk(&FLINK_APPLICATION_SPEC, spec, "spec").unwrap_or_else(|e| panic!("{e}"));
    (written, walk.lost.into_keys().collect())
}

#[test]
fn structs_are_written_as_go_writes_them() {
    // Random values of the Kubernetes types in an application, and what Go made of them: written by a
    // program over k8s.io/api v0.24.2.
    let lines = include_str!("../../tests/vectors/go-structs.jsonl").lines();
    let mut count = 0;
    for line in lines {
        let line: Value = serde_json::from_str(line).unwrap();
        let (spec, pointer) = place(line["type"].as_str().unwrap(), &line["read"]);
        assert_eq!(walk(&spec).0.pointer(pointer), Some(&line["written"]), "{line}");
        count += 1;
    }
    assert!(count > 250, "the file has its lines");
}

#[test]
fn writing_again_what_was_written_changes_nothing() {
    for line in include_str!("../../tests/vectors/go-structs.jsonl").lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let (spec, _) = place(line["type"].as_str().unwrap(), &line["read"]);
        let (written, _) = walk(&spec);
        assert_eq!(walk(&written), (written, vec![]));
    }
}

#[test]
fn members_that_go_does_not_know_are_lost_and_named() {
    let (written, lost) = walk(&json!({
        "timeouts": {"submit": "1m"},
        "volumes": [{"name": "v", "image": {"reference": "r"}}],
    }));
    assert_eq!(written["volumes"], json!([{"name": "v"}]));
    assert_eq!(lost, ["spec.timeouts", "spec.volumes[0].image"]);
}

#[test]
fn a_value_of_the_wrong_type_is_refused_with_its_path() {
    for (spec, message) in [
        (json!({"parallelism": "4"}), r#"spec.parallelism: expected an integer, found "4""#),
        (json!({"parallelism": 1.5}), "spec.parallelism: expected an integer, found 1.5"),
        (
            json!({"taskManagerConfig": {"resources": {"limits": {"cpu": "1x"}}}}),
            r#"spec.taskManagerConfig.resources.limits.cpu: expected a quantity, found "1x""#,
        ),
        (json!({"volumes": [{"name": 1}]}), "spec.volumes[0].name: expected a string, found 1"),
        (json!([]), "spec: expected an object, found []"),
    ] {
        let error = Walk::new(Quantities::GoText).walk(&FLINK_APPLICATION_SPEC, &spec, "spec");
        assert_eq!(error.unwrap_err().to_string(), message);
    }
}
