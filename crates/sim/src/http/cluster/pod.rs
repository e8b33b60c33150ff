//! A pod of the world as the kubelet would report it.

use serde_json::{Value, json};

use super::super::kubernetes::meta::{self, text};
use crate::world::{Pod, Trouble};

/// The object of a pod: from its Deployment's template, with the status that the world gives it.
/// `began` is when the container's process started, as RFC 3339.
pub(super) fn object(pod: &Pod, deployment: &Value, began: &str) -> Value {
    let template = deployment.pointer("/spec/template").cloned().unwrap_or_default();
    let mut spec = template.get("spec").cloned().unwrap_or_default();
    spec["nodeName"] = json!("node");
    let owner = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "name": meta::name(deployment),
        "uid": meta::uid(deployment), "controller": true, "blockOwnerDeletion": true,
    });
    json!({
        "metadata": {
            "name": name(pod, deployment),
            "namespace": meta::namespace(deployment),
            "labels": template.pointer("/metadata/labels").cloned().unwrap_or_default(),
            "annotations": template.pointer("/metadata/annotations").cloned().unwrap_or_default(),
            "ownerReferences": [owner],
        },
        "status": status(pod, &spec, began),
        "spec": spec,
    })
}

/// `DEPLOYMENT-SUFFIX`, the suffix from the world's number of the pod.
pub(super) fn name(pod: &Pod, deployment: &Value) -> String {
    format!("{}-{:05}", meta::name(deployment), pod.uid.0)
}

/// The address that a pod has while it runs; never another's.
#[must_use]
pub fn address(pod: &Pod) -> String {
    format!("10.0.{}.{}", pod.uid.0 / 250, pod.uid.0 % 250 + 1)
}

/// The pod's status.
pub(super) fn status(pod: &Pod, spec: &Value, began: &str) -> Value {
    let image = text(spec, "/containers/0/image");
    let container = text(spec, "/containers/0/name");
    let running = pod.running();
    let scheduled = pod.trouble != Some(Trouble::Unschedulable);
    let ready = running && pod.ready;
    let state = match (running, pod.trouble) {
        (true, _) => json!({ "running": { "startedAt": began } }),
        (false, Some(trouble)) => json!({ "waiting": waiting(trouble, image) }),
        (false, None) => json!({ "waiting": { "reason": "ContainerCreating" } }),
    };
    let containers = json!([{
        "name": container, "image": image, "ready": ready, "started": running,
        "restartCount": pod.restarts, "state": state,
    }]);
    let condition = |name: &str, holds: bool| json!({ "type": name, "status": word(holds) });
    let mut placed = condition("PodScheduled", scheduled);
    if let Some(trouble) = pod.trouble.filter(|_| !scheduled) {
        placed["reason"] = json!("Unschedulable");
        placed["message"] = json!(trouble.to_string());
    }
    let mut status = json!({
        "phase": if running { "Running" } else { "Pending" },
        "conditions": [condition("Ready", ready), condition("ContainersReady", ready), placed],
    });
    if scheduled {
        status["containerStatuses"] = containers;
    }
    if running {
        status["podIP"] = json!(address(pod));
        status["startTime"] = json!(began);
    }
    status
}

fn word(holds: bool) -> &'static str {
    if holds { "True" } else { "False" }
}

/// The kubelet's words for what keeps a container from running.
fn waiting(trouble: Trouble, image: &str) -> Value {
    let (reason, message) = match trouble {
        Trouble::ImagePull => ("ImagePullBackOff", format!("Back-off pulling image \"{image}\"")),
        Trouble::InvalidImage => (
            "InvalidImageName",
            format!("Failed to apply default image tag \"{image}\": couldn't parse image name"),
        ),
        Trouble::CrashLoop => ("CrashLoopBackOff", trouble.to_string()),
        Trouble::Unschedulable => ("Pending", trouble.to_string()),
    };
    json!({ "reason": reason, "message": message })
}
