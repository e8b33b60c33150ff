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
