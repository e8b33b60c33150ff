//! The manifests in `deploy/`: they take the place of the reference operator's, start this operator, and let it do
//! no more than it has to. What an API server makes of them over the reference's is in `docs/operations/installation.md`.

#![expect(clippy::unwrap_used, reason = "helpers fail as the test itself would")]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy")
}

/// All objects of a folder, without what lies below it: what `kubectl apply -f` takes.
fn objects(folder: &Path) -> Vec<Value> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.is_file()).collect();
    files.sort();
    let texts = files.iter().map(|path| std::fs::read_to_string(path).unwrap());
    let parse = |one: &str| serde_saphyr::from_str::<Value>(one).unwrap();
    texts.flat_map(|text| text.split("\n---\n").map(parse).collect::<Vec<_>>()).collect()
}

fn names(objects: &[Value]) -> Vec<String> {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let name = |object: &Value| {
        let metadata = &object["metadata"];
        [&object["kind"], &metadata["namespace"], &metadata["name"]].map(word).join(" ")
    };
    objects.iter().map(name).collect()
}

fn deployment() -> Value {
    objects(&folder()).into_iter().find(|object| object["kind"] == "Deployment").unwrap()
}

#[test]
fn the_names_are_the_reference_operators_and_its_configuration_is_left_alone() {
    assert_eq!(
        names(&objects(&folder())),
        [
            "Namespace  flink-operator",
            "ServiceAccount flink-operator flinkoperator",
            "ClusterRole  flinkoperator",
            "ClusterRoleBinding  flinkoperator",
            "Deployment flink-operator flinkoperator",
        ]
    );
    assert_eq!(
        names(&objects(&folder().join("new"))),
        ["ConfigMap flink-operator flink-operator-config",]
    );
}

#[test]
fn the_deployment_can_be_applied_over_the_reference_operators() {
    let deployment = deployment();
    let spec = &deployment["spec"];
    assert_eq!(spec["selector"], json!({ "matchLabels": { "app": "flinkoperator" } }), "immutable");
    assert_eq!(spec["replicas"], 1);
    assert_eq!(spec["strategy"], json!({ "type": "Recreate" }));
    let labels = &spec["template"]["metadata"]["labels"];
    assert_eq!(labels["app"], "flinkoperator");
    assert_eq!(labels["app.kubernetes.io/name"], "flinkk8soperator", "it would wait for itself");
    let pod = &spec["template"]["spec"];
    assert_eq!(pod["serviceAccountName"], "flinkoperator");
    let containers = pod["containers"].as_array().unwrap();
    assert_eq!(containers.len(), 1);
    assert_eq!(containers[0]["name"], "flinkoperator-gojson", "merged by name");
}

#[test]
fn the_pod_is_as_restricted_as_kubernetes_knows() {
    let deployment = deployment();
    let pod = &deployment["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    let anyone = json!({ "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" } });
    assert_eq!(pod["securityContext"], anyone);
    let nothing = json!({
        "allowPrivilegeEscalation": false,
        "readOnlyRootFilesystem": true,
        "capabilities": { "drop": ["ALL"] },
    });
    assert_eq!(container["securityContext"], nothing);
    for probe in ["livenessProbe", "readinessProbe"] {
        assert_eq!(container[probe]["httpGet"]["port"], 10254, "operator.profilerPort's default");
    }
}

/// With another kubeconfig instead of the cluster around it: it gets as far as reading that, past its arguments and
/// its configuration, where the manifest has them.
#[test]
fn the_operator_takes_the_manifests_arguments_and_configuration() {
    let place = tempfile::tempdir().unwrap();
    let mounted = place.path().join("config");
    std::fs::create_dir(&mounted).unwrap();
    let config = &objects(&folder().join("new"))[0]["data"]["config"];
    std::fs::write(mounted.join("config.yaml"), config.as_str().unwrap()).unwrap();
    let deployment = deployment();
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["command"], json!(["flinkoperator"]));
    let mount = container["volumeMounts"][0]["mountPath"].as_str().unwrap();
    let here = mounted.to_str().unwrap();
    let arguments = container["args"].as_array().unwrap().iter();
    let arguments = arguments.map(|word| word.as_str().unwrap().replace(mount, here));
    let mut command = Command::new(env!("CARGO_BIN_EXE_flinkk8soperator"));
    let output = command.args(arguments).arg("--kubeconfig").arg("/nowhere").output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("flag --logtostderr has no effect"), "{told}");
    assert!(told.contains("operator.ingressUrlFormat"), "its configuration was not read: {told}");
    assert!(!told.contains("no file matches") && !told.contains("unknown key"), "{told}");
    assert!(told.contains("the kubeconfig cannot be used"), "{told}");
    assert_eq!(output.status.code(), Some(1));
}
