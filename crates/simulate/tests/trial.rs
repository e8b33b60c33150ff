//! `simulate`: what becomes of an application file.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::time::Duration;

use flinkk8soperator_runtime::Settings;
use flinkk8soperator_simulate::trial::{self, Report, Trial};
use flinkk8soperator_simulate::view::silent::Silent;
use serde_json::{Value, json};

fn application() -> Value {
    json!({
        "apiVersion": "flink.k8s.io/v1beta1",
        "kind": "FlinkApplication",
        "metadata": { "name": "wordcount", "namespace": "analytics" },
        "spec": {
            "image": "registry.example.com/wordcount:1.0.0",
            "flinkVersion": "1.18",
            "jarName": "wordcount.jar",
            "entryClass": "com.example.WordCount",
            "parallelism": 3,
            "flinkConfig": { "state.savepoints.dir": "file:///savepoints" },
        },
    })
}

fn with(field: &str, value: Value) -> Value {
    let mut application = application();
    application["spec"][field] = value;
    application
}

fn simulate(files: Vec<Vec<Value>>) -> Report {
    let trial =
        Trial { files, world: None, settings: Settings::default(), lasts: None, hold: false };
    trial::run(&trial, &mut Silent).unwrap()
}

#[test]
fn an_application_comes_to_run() {
    let report = simulate(vec![vec![application()]]);
    assert!(report.good);
    assert_eq!(report.end.applications[0].phase, "Running");
    assert_eq!(report.end.running().count(), 1);
    assert!(report.history.iter().any(|entry| entry.text.starts_with("ClusterStarting")));
}

#[test]
fn a_second_file_is_an_update_of_the_first() {
    let next = with("image", json!("registry.example.com/wordcount:1.1.0"));
    let report = simulate(vec![vec![application()], vec![next]]);
    assert!(report.good);
    let [old, new] = report.end.jobs.as_slice() else { panic!("{:#?}", report.end.jobs) };
    assert_eq!(old.state, "stopped with a savepoint");
    assert!(new.runs && new.restored_from.is_some());
    assert_eq!(new.begins_at, old.consumed);
}

#[test]
fn what_the_schema_refuses_is_told_in_the_api_servers_words() {
    let report = simulate(vec![vec![with("parallelism", json!(0))]]);
    assert!(!report.good);
    let words = &report.refused[0];
    assert!(words.contains("spec.parallelism: Invalid value: 0"), "{words}");
    assert!(report.end.applications.is_empty());
}

#[test]
fn what_is_not_yet_supported_is_named() {
    let report = simulate(vec![vec![with("acceptPendingEdit", json!("00c0ffee"))]]);
    assert!(!report.good);
    let app = &report.end.applications[0];
    assert!(app.stalled && app.message.contains("spec.acceptPendingEdit"), "{app:?}");
    assert!(report.end.objects.is_empty());
}

#[test]
fn an_image_that_cannot_be_pulled_is_told_in_the_kubelets_words() {
    let report =
        simulate(vec![vec![with("image", json!("registry.example.com/wordcount:missing"))]]);
    assert!(!report.good);
    let app = &report.end.applications[0];
    assert_eq!(app.phase, "DeployFailed");
    assert!(app.last_error.as_ref().unwrap().contains("Back-off pulling image"), "{app:?}");
}

#[test]
fn it_goes_on_for_as_long_as_it_is_told() {
    let lasts = Some(Duration::from_secs(3600));
    let files = vec![vec![application()]];
    let trial = Trial { files, world: None, settings: Settings::default(), lasts, hold: false };
    let report = trial::run(&trial, &mut Silent).unwrap();
    assert!(report.good);
    assert!(report.simulated_seconds > 3600.0);
}
