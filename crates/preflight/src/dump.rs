//! One application with everything around it, read from a cluster and written as a file that
//! `flinkk8soperator simulate --world` opens. `docs/user/simulate.md` tells the format.
//!
//! Read one after the other, not at one instant: what changes meanwhile can be told twice, or not at all.

mod file;
mod flink;

use std::collections::{BTreeMap, BTreeSet};

use flinkk8soperator_resources::{high_availability, labels};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::read::{
    Answer, CONFIG_MAPS, DEPLOYMENTS, FLINK_APPLICATIONS, INGRESSES, PODS, ReadError, Reader,
    SERVICES,
};

pub use file::{WriteError, write};

/// What a JobManager answered, by request (`GET /path`).
pub type Answers = BTreeMap<String, Answer>;

/// A world, in the order in which a person reads it.
#[derive(Clone, Debug, Serialize)]
pub struct World {
    /// What it is called.
    pub name: String,
    /// The situation, as far as a reader of objects can tell it.
    pub what: String,
    /// What should come of it: nobody has said.
    pub expected: String,
    /// When it was read.
    pub recorded_at: String,
    /// Section `operator` of the configuration of the operator that made it; empty: not told.
    pub operator_config: Value,
    /// The FlinkApplication.
    pub application: Value,
    /// Its Deployments.
    pub deployments: Vec<Value>,
    /// Its Services.
    pub services: Vec<Value>,
    /// Its Ingresses.
    pub ingresses: Vec<Value>,
    /// Its pods, cut down.
    pub pods: Vec<Value>,
    /// What Flink's high availability keeps in ConfigMaps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub configmaps: Vec<Value>,
    /// What Flink answers, by versioned Service.
    pub flink: BTreeMap<String, Answers>,
}

/// Reads everything of the application. `operator_config` is told as it is given.
///
/// # Errors
/// See [`ReadError`]: everything is essential but a Flink that answers.
pub async fn read(
    reader: &Reader,
    namespace: &str,
    name: &str,
    operator_config: Value,
) -> Result<World, ReadError> {
    let application = reader.get(FLINK_APPLICATIONS, namespace, name).await?;
    let mine = format!("{}={name}", labels::APP);
    let list = async |kind| reader.list(kind, Some(namespace), &mine).await;
    let deployments = list(DEPLOYMENTS).await?;
    let services = list(SERVICES).await?;
    let ingresses = list(INGRESSES).await?;
    let pods: Vec<Value> = list(PODS).await?.into_iter().map(cut_down).collect();
    let mut configmaps = Vec::new();
    // Flink labels them by these ids, and not by the application.
    let clusters: BTreeSet<String> =
        deployments.iter().flat_map(high_availability::cluster_ids).collect();
    for cluster in clusters {
        let kept = high_availability::selector(&cluster);
        configmaps.extend(reader.list(CONFIG_MAPS, Some(namespace), &kept).await?);
    }
    let flink = flink::ask(reader, &application, &services).await?;
    let now = Timestamp::now();
    Ok(World {
        name: name.to_owned(),
        what: what(&application, namespace, name),
        expected:
            "not told: this was read from a cluster, and nobody has said what should come of it"
                .to_owned(),
        recorded_at: format!("{now:.0}"),
        operator_config,
        application,
        deployments,
        services,
        ingresses,
        pods,
        configmaps,
        flink,
    })
}

fn what(application: &Value, namespace: &str, name: &str) -> String {
    let phase = application.pointer("/status/phase").and_then(Value::as_str).unwrap_or_default();
    let phase = if phase.is_empty() { "no phase".to_owned() } else { format!("phase {phase}") };
    let deleted = match application.pointer("/metadata/deletionTimestamp") {
        Some(_) => ", being deleted",
        None => "",
    };
    format!("FlinkApplication {namespace}/{name} as it was read from a cluster: {phase}{deleted}.")
}

/// What the format names of a pod: what else stands in its spec is nobody's business.
fn cut_down(mut pod: Value) -> Value {
    let kept = ["name", "image", "args", "env"];
    let containers = pod.pointer("/spec/containers").and_then(Value::as_array);
    let containers = containers.into_iter().flatten().map(|container| picked(container, &kept));
    let containers: Value = containers.collect();
    pod["spec"] = Value::Object(Map::from_iter([("containers".to_owned(), containers)]));
    picked(&pod, &["apiVersion", "kind", "metadata", "spec", "status"])
}

fn picked(object: &Value, members: &[&str]) -> Value {
    let found = members.iter().filter_map(|name| Some(((*name).to_owned(), object.get(*name)?)));
    Value::Object(found.map(|(name, value)| (name, value.clone())).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn of_a_pod_only_what_the_format_names_is_kept() {
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "name": "p" },
            "spec": {
                "nodeName": "n", "volumes": [{}], "initContainers": [{ "env": [{}] }],
                "containers": [{ "name": "c", "image": "i", "args": [], "env": [], "envFrom": [{}] }],
            },
            "status": { "phase": "Running" },
        });
        let kept = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "name": "p" },
            "spec": { "containers": [{ "name": "c", "image": "i", "args": [], "env": [] }] },
            "status": { "phase": "Running" },
        });
        assert_eq!(cut_down(pod), kept);
    }
}
