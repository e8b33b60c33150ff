//! The application that the stories are about, and how its status reads.

use std::fmt::Write as _;

use flinkk8soperator_api::v1beta1::FlinkApplication;
use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject};
use serde_json::{Value, json};

use crate::Arguments;
use crate::kubernetes::Kubernetes;
use crate::volume::{CONTROL, JOURNAL, Volume};

/// Its name.
pub(crate) const NAME: &str = "counter";
/// A class that its jar does not have: a job that Flink refuses to start.
pub(crate) const MISSING_CLASS: &str = "flinktest.Missing";
/// Its job; with two slots in one TaskManager.
pub(crate) const PARALLELISM: i64 = 2;

/// Applications in the namespace.
pub(crate) fn api(kubernetes: &Kubernetes) -> Api<FlinkApplication> {
    kubernetes.all()
}

/// Applications in a namespace as they are stored, with members that nobody knows.
pub(crate) fn stored(client: &Client, namespace: &str) -> Api<DynamicObject> {
    let resource = ApiResource::erase::<FlinkApplication>(&());
    Api::namespaced_with(client.clone(), namespace, &resource)
}

/// The application as its user writes it.
pub(crate) fn manifest(arguments: &Arguments, volume: &Volume) -> Value {
    let (volumes, mounts) = volume.members();
    // Memory is what Flink's smallest useful heap needs; no limit of CPU, since a JVM's start wants it.
    let memory = json!({
        "requests": { "cpu": "100m", "memory": "512Mi" },
        "limits": { "memory": "512Mi" },
    });
    json!({
        "apiVersion": "flink.k8s.io/v1beta1",
        "kind": "FlinkApplication",
        "metadata": { "name": NAME, "namespace": arguments.namespace },
        "spec": {
            "image": arguments.image,
            "flinkVersion": arguments.flink_version,
            "flinkConfig": {
                "execution.checkpointing.interval": "1s",
                "state.checkpoints.dir": "file:///state/checkpoints",
                "state.savepoints.dir": "file:///state/savepoints",
            },
            "jarName": "flink_jobs.jar",
            "entryClass": "flinktest.Counter",
            "programArgs": format!("--out {JOURNAL} --control {CONTROL} --rate 50"),
            "parallelism": PARALLELISM,
            "jobManagerConfig": { "replicas": 1, "resources": memory },
            "taskManagerConfig": { "taskSlots": 2, "resources": memory },
            "volumes": volumes,
            "volumeMounts": mounts,
        },
    })
}

/// Whether a condition is true, of the present spec.
pub(crate) fn is(app: &FlinkApplication, condition: &str) -> bool {
    let Some(status) = &app.status else { return false };
    let holds = |c: &&k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition| {
        c.type_ == condition && c.status == "True"
    };
    status.observed_generation == app.metadata.generation
        && status.conditions.iter().any(|c| holds(&c))
}

/// The phase, in the status' word.
pub(crate) fn phase(app: &FlinkApplication) -> &str {
    app.status.as_ref().map_or("", |status| status.phase.as_str())
}

/// The hash of the deployed version.
pub(crate) fn deploy_hash(app: &FlinkApplication) -> String {
    app.status.as_ref().map(|status| status.deploy_hash.clone()).unwrap_or_default()
}

/// What the status says, in one line.
pub(crate) fn glance(app: &FlinkApplication) -> String {
    let Some(status) = &app.status else { return "no status".to_owned() };
    let mut text = format!(
        "phase {:?}, deployed {}, generation {:?} of {:?}",
        status.phase.as_str(),
        status.deploy_hash,
        status.observed_generation,
        app.metadata.generation
    );
    for condition in &status.conditions {
        let (kind, state, reason) = (&condition.type_, &condition.status, &condition.reason);
        // Writing to a String cannot fail.
        let _ = write!(text, ", {kind}={state} ({reason}: {})", condition.message);
    }
    if let Some(waiting) = &status.waiting_for {
        let _ = write!(text, ", waiting for {}", waiting.what);
    }
    if let Some(error) = &status.last_error {
        let _ = write!(text, ", last error {}", error.message);
    }
    text
}
