//! Flink's high availability: whether an application asks for it, the id under which a cluster keeps its data,
//! and where on Kubernetes that is.

use flinkk8soperator_core::ids::Incarnation;
use serde_json::Value;

use crate::application::Application;

/// The value of [`HIGH_AVAILABILITY`](crate::labels::HIGH_AVAILABILITY).
pub const KUBERNETES: &str = "kubernetes";
/// What the keyword stands for, which may be given instead.
const FACTORY: &str = "org.apache.flink.kubernetes.highavailability.KubernetesHaServicesFactory";

/// Whether the reference operator takes the application for highly available: by the key
/// `high-availability` only, whatever its value but "none". (It panics where that is no string.)
pub(crate) fn by_the_reference(app: &Application) -> bool {
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
