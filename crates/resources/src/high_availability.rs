//! Flink's high availability: whether an application asks for it, the id under which a cluster keeps its data,
//! and where on Kubernetes that is.

use flinkk8soperator_core::ids::Incarnation;
use serde_json::Value;

use crate::application::Application;
use crate::deployment::PROPERTIES;

/// The value of [`HIGH_AVAILABILITY`](crate::labels::HIGH_AVAILABILITY).
pub const KUBERNETES: &str = "kubernetes";
/// Flink's key for the id under which a cluster keeps its data on Kubernetes.
pub const CLUSTER_ID: &str = "kubernetes.cluster-id";
/// What the keyword stands for, which may be given instead.
const FACTORY: &str = "org.apache.flink.kubernetes.highavailability.KubernetesHaServicesFactory";

/// Whether the reference operator takes the application for highly available: by the key
/// `high-availability` only, whatever its value but "none". (It panics where that is no string.)
#[must_use]
pub fn by_the_reference(app: &Application) -> bool {
    app.flink_config().get("high-availability").is_some_and(|value| !is_none(value))
}

/// Whether Flink will take the application for highly available: also by `high-availability.type`,
/// its name since Flink 1.17.
pub(crate) fn by_flink(app: &Application) -> bool {
    let value = app.flink_config().get("high-availability.type");
    by_the_reference(app) || value.is_some_and(|value| !is_none(value))
}

fn is_none(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.trim().to_lowercase() == "none")
}

/// Whether Flink keeps its data in ConfigMaps. (`high-availability.type` is the key's name since Flink 1.17.)
pub(crate) fn on_kubernetes(app: &Application) -> bool {
    ["high-availability.type", "high-availability"].iter().any(|key| {
        let kind = app.flink_config().get(*key).and_then(Value::as_str).map(str::trim);
        kind.is_some_and(|kind| kind.eq_ignore_ascii_case(KUBERNETES) || kind == FACTORY)
    })
}

/// `<app>-<hash>-<incarnation>`: the id of the cluster whose versioned Service is called `<app>-<hash>`. With
/// that name alone a version that comes back would find the data of its first cluster and recover a job by
/// itself; with ZooKeeper two clusters would share an election.
#[must_use]
pub fn cluster_id(versioned_service: &str, incarnation: Incarnation) -> String {
    format!("{versioned_service}-{incarnation}")
}

/// The label selector of the ConfigMaps that a cluster keeps its data in: Flink 1.12 to 2.3 label them so.
/// (Those up to 1.20 also say `configmap-type=high-availability`.)
#[must_use]
pub fn selector(cluster_id: &str) -> String {
    format!("app={cluster_id},type=flink-native-kubernetes")
}

/// The ids that the configuration of a Deployment's pods names: under one of them its cluster keeps data, with high
/// availability on Kubernetes.
#[must_use]
pub fn cluster_ids(deployment: &Value) -> Vec<String> {
    let containers = deployment.pointer("/spec/template/spec/containers");
    let containers = containers.and_then(Value::as_array).into_iter().flatten();
    let variables = containers.flat_map(|container| container["env"].as_array()).flatten();
    let texts = variables.filter(|v| v["name"] == PROPERTIES).filter_map(|v| v["value"].as_str());
    let id = |line: &str| Some(line.strip_prefix(CLUSTER_ID)?.strip_prefix(':')?.trim().to_owned());
    texts.flat_map(str::lines).filter_map(id).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::cluster_ids;

    #[test]
    fn the_ids_of_clusters_that_keep_data_are_read_from_their_configuration() {
        let ids = |properties: &str| {
            let env = json!([{ "name": "FLINK_PROPERTIES", "value": properties }, { "name": "B" }]);
            cluster_ids(
                &json!({ "spec": { "template": { "spec": { "containers": [{ "env": env }] } } } }),
            )
        };
        assert_eq!(
            ids("a: b\n\nkubernetes.cluster-id: app-1\nkubernetes.cluster-idle: x\n"),
            ["app-1"]
        );
        assert_eq!(ids("a: b\n"), [""; 0]);
        assert_eq!(cluster_ids(&json!({})), [""; 0]);
    }
}
