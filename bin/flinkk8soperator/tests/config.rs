//! `flinkk8soperator config`: what would hold, where it comes from, and what is wrong.

#![expect(clippy::unwrap_used, reason = "helpers fail as the test itself would")]

use std::process::{Command, Output};

use serde_json::Value;

fn config(file: &str, arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.yaml");
    std::fs::write(&path, file).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_flinkk8soperator"));
    command.arg("config").arg("--config").arg(&path).args(arguments);
    command.env("OPERATOR_WORKERS", "6").output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn every_setting_is_printed_with_its_origin() {
    let file = "operator: {confirmAfter: 1m, workers: 5, unheardOf: 1}";
    let output = config(file, &["--operator.statusRefresh", "5s", "-o", "json"]);
    assert!(output.status.success());
    let settings: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let told = |key: &str| {
        let setting = settings.iter().find(|setting| setting["key"] == key).unwrap();
        (setting["value"].as_str().unwrap().to_owned(), setting["origin"].as_str().unwrap())
    };
    assert_eq!(told("operator.statusRefresh"), ("5s".into(), "flag --operator.statusRefresh"));
    assert_eq!(told("operator.workers"), ("6".into(), "environment OPERATOR_WORKERS"));
    assert!(told("operator.confirmAfter").1.ends_with("config.yaml"));
    assert_eq!(told("logger.level"), ("4".into(), "default"));
    assert!(text(&output.stderr).contains("unknown key operator.unheardof"));
}

#[test]
fn as_text_each_is_a_line() {
    let output = config("", &[]);
    let lines = text(&output.stdout);
    let line = lines.lines().find(|line| line.starts_with("operator.workers ")).unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(words, ["operator.workers", "6", "environment", "OPERATOR_WORKERS"]);
}

#[test]
fn a_wrong_value_is_an_error_that_names_its_key_and_place() {
    let output = config("operator: {confirmAfter: soon}", &[]);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stderr);
    assert!(
        told.contains("operator.confirmAfter (from ") && told.contains("config.yaml"),
        "{told}"
    );
}

const LAYERS: &str = "operator: {confirmAfter: 1m, namespaces: {team-a: {confirmAfter: 2m}}, \
                      flinkVersions: {1.13: {timeouts: {clusterStart: 20m}}}}";

#[test]
fn what_namespaces_and_releases_of_flink_have_of_their_own_is_printed_behind_the_rest() {
    let flag = ["--operator.flinkVersions.1.13.timeouts.submit", "7m"];
    let lines = text(&config(LAYERS, &flag).stdout);
    let last: Vec<&str> = lines.lines().rev().take(3).collect();
    assert!(last[0].starts_with("operator.namespaces.team-a.confirmAfter "), "{lines}");
    let submit = last[1].split_whitespace().collect::<Vec<_>>().join(" ");
    let right = "operator.flinkVersions.1.13.timeouts.submit 7m flag --operator.flinkVersions.1.13.timeouts.submit";
    assert_eq!(submit, right);
}

#[test]
fn what_holds_for_an_application_is_printed_with_its_origin() {
    let output = config(LAYERS, &["--namespace", "team-a", "--flink-version", "1.13.6"]);
    let lines = text(&output.stdout);
    let told = |key: &str| {
        let line = lines.lines().find(|line| line.starts_with(&format!("{key} "))).unwrap();
        line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        told("operator.confirmAfter")[1..3],
        ["2m", "operator.namespaces.team-a.confirmAfter"]
    );
    let start = told("operator.timeouts.clusterStart");
    assert_eq!(start[1..3], ["20m", "operator.flinkVersions.1.13.timeouts.clusterStart"]);
    assert!(!lines.contains("operator.namespaces.team-a.confirmAfter  "), "{lines}");
}

#[test]
fn a_namespace_or_a_version_that_cannot_be_is_refused() {
    for (arguments, right) in [
        (["--namespace", "Team_A"], "\"Team_A\" cannot be the name of a namespace"),
        (["--flink-version", "latest"], "this is no version of Flink, such as 1.20"),
        (
            ["--operator.namespaces.a.workers", "3"],
            "it is one value for all applications: set operator.workers",
        ),
        (
            ["--operator.flinkVersions.1.13", "3"],
            "it takes keys, such as operator.flinkVersions.1.20.confirmAfter",
        ),
    ] {
        let output = config("", &arguments);
        let told = text(&output.stderr);
        assert!(!output.status.success() && told.contains(right), "{told}");
    }
}
