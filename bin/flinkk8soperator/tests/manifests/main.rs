//! What is applied to a cluster: the chart as it is rendered in its cases, and the manifests in `deploy/`. That they are
//! what the chart renders today is told by `cargo xtask chart`, with Helm; here they are read as they are committed.

#![expect(clippy::unwrap_used, reason = "helpers fail as the test itself would")]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

mod chart;
mod deploy;
mod kinds;
mod values;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// The files of a folder that end in `.yaml`, without what lies below it: what `kubectl apply -f` takes.
fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.is_file()).collect();
    files.sort();
    files
}

/// All objects of a file.
fn objects(file: &Path) -> Vec<Value> {
    let text = format!("\n{}", text(file));
    let documents = text.split("\n---\n").filter(|document| !document.trim().is_empty());
    documents.map(|document| serde_saphyr::from_str(document).unwrap()).collect()
}

/// All that is applied, by the name of the case: a golden file of the chart, or `deploy`.
fn cases() -> Vec<(String, Vec<Value>)> {
    let golden = yaml_files(&root().join("charts/flinkk8soperator/ci/golden"));
    let name = |file: &Path| file.file_stem().unwrap().to_string_lossy().into_owned();
    let mut cases: Vec<_> = golden.iter().map(|file| (name(file), objects(file))).collect();
    cases.push(("deploy".to_owned(), deploy::all()));
    assert!(cases.len() > 3, "golden files are missing");
    cases
}

fn deployment(objects: &[Value]) -> &Value {
    objects.iter().find(|object| object["kind"] == "Deployment").unwrap()
}

/// Whether metrics and health are served over TLS, by the arguments.
fn over_tls(objects: &[Value]) -> bool {
    let container = &deployment(objects)["spec"]["template"]["spec"]["containers"][0];
    container["args"].as_array().unwrap().iter().any(|arg| *arg == "--operator.metricsTls.certFile")
}

/// What the operator says when it is started as the manifests have it, in a cluster that is not there: it gets past its
/// arguments and its settings, as far as reading a kubeconfig.
fn told_at_start(objects: &[Value]) -> String {
    let config = objects.iter().find(|object| object["data"]["config"].is_string()).unwrap();
    let place = tempfile::tempdir().unwrap();
    let mounted = place.path().join("config");
    std::fs::create_dir(&mounted).unwrap();
    std::fs::write(mounted.join("config.yaml"), config["data"]["config"].as_str().unwrap())
        .unwrap();
    let container = &deployment(objects)["spec"]["template"]["spec"]["containers"][0];
    let mount = container["volumeMounts"][0]["mountPath"].as_str().unwrap();
    let here = mounted.to_str().unwrap();
    let arguments = container["args"].as_array().unwrap().iter();
    let arguments = arguments.map(|word| word.as_str().unwrap().replace(mount, here));
    let mut command = Command::new(env!("CARGO_BIN_EXE_flinkk8soperator"));
    let output = command.args(arguments).arg("--kubeconfig").arg("/nowhere").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}
