//! The reference operator beside us: while a pod of it runs in our namespace, this process does not work.
//!
//! Both write the same statuses and both send jobs, and neither heeds the other: two at once are two jobs
//! where one was meant. The reference operator ignores SIGTERM until it is killed, so that its pod is there,
//! and works, for half a minute after it was told to end.
//!
//! Asked by a live list each time, not by a watch: an answer is then as old as the question, and what a watch
//! does not show says nothing. What to do about the answer is the caller's.

use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;

use crate::kubernetes::{KubeError, Kubernetes};

/// The labels of a reference operator's pod, as its manifests have them. The manifest that takes the place of
/// the reference's keeps `app`, which is in the Deployment's selector and cannot be changed: ours are told by
/// their name.
const LABELS: &str =
    "app in (flinkoperator,flinkk8soperator),app.kubernetes.io/name!=flinkk8soperator";

/// Between two looks while one is waited for: a takeover takes that much longer at most.
const WAITING: Duration = Duration::from_secs(1);

/// Between two looks while we work: how long both may run beside each other at most, for six requests a minute.
const WORKING: Duration = Duration::from_secs(10);

/// Waits until no pod of the reference operator runs in our namespace, and that is known. Where it cannot be
/// asked, it is not known.
pub(crate) async fn gone(kubernetes: &Kubernetes) {
    let namespace = kubernetes.client().default_namespace();
    let mut told = String::new();
    loop {
        let (found, why) = match running(kubernetes).await {
            Ok(pods) if pods.is_empty() => break,
            Ok(pods) => {
                (pods.join(", "), "a reference operator runs here: waiting until it has ended")
            }
            Err(error) => (
                words(&error, namespace),
                "not known whether a reference operator runs here: waiting",
            ),
        };
        // Each second the same would bury what was said before.
        if found != told {
            tracing::warn!(namespace, found, "{why}");
            told = found;
        }
        tokio::time::sleep(WAITING).await;
    }
    if !told.is_empty() {
        tracing::info!(namespace, "no reference operator runs here any more");
    }
}

/// Waits until a pod of the reference operator runs in our namespace, and tells its name. A look that fails is
/// told and repeated: an API server that is away for a moment must not end every operator.
pub(crate) async fn appeared(kubernetes: &Kubernetes) -> String {
    let namespace = kubernetes.client().default_namespace();
    let mut told = String::new();
    loop {
        tokio::time::sleep(WORKING).await;
        match running(kubernetes).await {
            Ok(pods) if pods.is_empty() => told.clear(),
            Ok(pods) => return pods.join(", "),
            Err(error) => {
                let found = words(&error, namespace);
                if found != told {
                    let why = "not known whether a reference operator runs here";
                    tracing::warn!(namespace, found, "{why}");
                    told = found;
                }
            }
        }
    }
}

/// The names of the pods that count, in order.
async fn running(kubernetes: &Kubernetes) -> Result<Vec<String>, KubeError> {
    let namespace = kubernetes.client().default_namespace();
    let pods: Vec<Pod> = kubernetes.list(namespace, LABELS).await?;
    let mut names: Vec<String> =
        pods.iter().filter(|pod| !has_ended(pod)).map(ResourceExt::name_any).collect();
    names.sort();
    Ok(names)
}

/// Only a phase that is final says so. One that was told to end, or of which nothing is known, may still work.
fn has_ended(pod: &Pod) -> bool {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    matches!(phase, Some("Succeeded" | "Failed"))
}

/// Why it is not known, and the right that is missing.
fn words(error: &KubeError, namespace: &str) -> String {
    match error {
        KubeError::Refused { code: 403, message, .. } => {
            format!("{message} (the operator's account needs: list pods in namespace {namespace})")
        }
        KubeError::NotFound(_)
        | KubeError::AlreadyExists(_)
        | KubeError::Conflict(_)
        | KubeError::Refused { .. }
        | KubeError::TimedOut(_) => error.to_string(),
        KubeError::NoAnswer(source) => format!("{error}: {source}"),
    }
}

#[cfg(test)]
mod tests;
