//! The manifests in `deploy/`: they take the place of the reference operator's, and start this operator. What an API
//! server makes of them over the reference's is in `docs/operations/installation.md`.

use serde_json::{Value, json};

use super::{deployment, objects, root, told_at_start, yaml_files};

/// All objects of the folder, those for a new installation last.
pub(crate) fn all() -> Vec<Value> {
    [of("deploy"), of("deploy/new")].concat()
}

fn of(folder: &str) -> Vec<Value> {
    yaml_files(&root().join(folder)).iter().flat_map(|file| objects(file)).collect()
}

fn names(objects: &[Value]) -> Vec<String> {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let name = |object: &Value| {
        let metadata = &object["metadata"];
        [&object["kind"], &metadata["namespace"], &metadata["name"]].map(word).join(" ")
    };
    objects.iter().map(name).collect()
}

#[test]
fn the_names_are_the_reference_operators_and_its_configuration_is_left_alone() {
    assert_eq!(
        names(&of("deploy")),
        [
            "Namespace  flink-operator",
            "ServiceAccount flink-operator flinkoperator",
            "ClusterRole  flinkoperator",
            "ClusterRoleBinding  flinkoperator",
            "Role flink-operator flinkoperator-own-namespace",
            "RoleBinding flink-operator flinkoperator-own-namespace",
            "Deployment flink-operator flinkoperator",
        ]
    );
    assert_eq!(names(&of("deploy/new")), ["ConfigMap flink-operator flink-operator-config"]);
}

#[test]
fn the_deployment_can_be_applied_over_the_reference_operators() {
    let objects = of("deploy");
    let spec = &deployment(&objects)["spec"];
    assert_eq!(spec["selector"], json!({ "matchLabels": { "app": "flinkoperator" } }), "immutable");
    assert_eq!(spec["replicas"], 1);
    assert_eq!(spec["strategy"], json!({ "type": "Recreate" }));
    let labels = &spec["template"]["metadata"]["labels"];
    assert_eq!(labels["app"], "flinkoperator");
    let pod = &spec["template"]["spec"];
    assert_eq!(pod["serviceAccountName"], "flinkoperator");
    let containers = pod["containers"].as_array().unwrap();
    assert_eq!(containers.len(), 1);
    assert_eq!(containers[0]["name"], "flinkoperator-gojson", "merged by name");
    assert_eq!(containers[0]["command"], json!(["flinkoperator"]));
    let mount = &containers[0]["volumeMounts"][0];
    assert_eq!(pod["volumes"][0]["name"], "config-volume", "merged by name");
    assert_eq!(
        *mount,
        json!({ "name": "config-volume", "mountPath": "/etc/flinkoperator/config" })
    );
}

#[test]
fn helm_does_not_take_the_objects_for_its_own() {
    for object in all() {
        let labels = object["metadata"]["labels"].as_object().cloned().unwrap_or_default();
        let helms = |key: &&String| key.starts_with("helm.sh/") || key.ends_with("/managed-by");
        assert_eq!(labels.keys().find(helms), None, "{object}");
    }
}

#[test]
fn the_operator_takes_the_manifests_arguments_and_configuration() {
    let told = told_at_start(&all());
    assert!(told.contains("flag --logtostderr has no effect"), "{told}");
    assert!(told.contains("operator.ingressUrlFormat"), "its configuration was not read: {told}");
    assert!(!told.contains("no file matches") && !told.contains("unknown key"), "{told}");
    assert!(told.contains("the kubeconfig cannot be used"), "{told}");
}
