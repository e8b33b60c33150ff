//! Effects on a cluster that stays: how many TaskManagers it has, and the names that it bears.
//!
//! Patches of what is there, each with the UID and the version that was seen: what someone else has
//! changed meanwhile is looked at again first.

use std::collections::BTreeSet;
use std::sync::Arc;

use flinkk8soperator_core::{DeployHash, Incarnation, Pod, Role, Target, Uid};
use flinkk8soperator_resources::{created, labels};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Pod as KubePod, Service};
use kube::api::PropagationPolicy;
use serde_json::{Value, json};

use super::cluster::{add, delete, identity, is_part, kubernetes, revision_of};
use super::{EffectError, Ground};
use crate::cache::{Child, Front};
use crate::memory::Kind;
use crate::observe::kube::named;

/// Lower than that of any pod that is not marked: these go first.
const FIRST: &str = "-1000";

/// Lets the TaskManager Deployment ask for another number of pods. Where some are to go, those that
/// run nothing are marked first, and no others.
pub(super) async fn task_managers(
    ground: &mut Ground<'_>,
    incarnation: Incarnation,
    replicas: u32,
    idle: &BTreeSet<Uid>,
) -> Result<(), EffectError> {
    let deployments = ground.operator.cache.lock().deployments_of(&ground.app);
    let mine = |child: &&Child| {
        is_part(&ground.app, child, incarnation) && child.role == Some(Role::TaskManager)
    };
    let Some(deployment) = deployments.iter().find(mine).filter(|child| !child.going) else {
        return Ok(());
    };
    if deployment.wanted == replicas {
        return Ok(());
    }
    if replicas < deployment.wanted && !idle.is_empty() {
        mark(ground, incarnation, idle).await?;
    }
    patch(ground, deployment, &json!({}), &json!({ "replicas": replicas })).await
}

/// Marks the pods that run nothing, and takes the mark off the others.
async fn mark(
    ground: &Ground<'_>,
    incarnation: Incarnation,
    idle: &BTreeSet<Uid>,
) -> Result<(), EffectError> {
    let pods = ground.operator.cache.pods(&ground.app);
    for pod in pods.iter().filter(|pod| pod.told.incarnation == incarnation) {
        let Pod { uid, role, name, terminating, .. } = &pod.told;
        let wanted = idle.contains(uid);
        if *role != Role::TaskManager || *terminating || pod.goes_first == wanted {
            continue;
        }
        let cost = wanted.then_some(FIRST);
        let metadata = json!({
            "uid": uid.to_string(), "annotations": { labels::DELETION_COST: cost },
        });
        let (namespace, body) = (&ground.app.key.namespace, json!({ "metadata": metadata }));
        let patched = ground.operator.kubernetes.patch::<KubePod>(namespace, name, &body).await;
        patched.map_err(|source| kubernetes(format!("marking the pod {name}"), source))?;
    }
    Ok(())
}

/// Names a cluster that was scaled in place by its version.
pub(super) async fn label(ground: &mut Ground<'_>, target: Target) -> Result<(), EffectError> {
    let Target { incarnation, hash, .. } = target;
    let revision = revision_of(ground, target.revision()).await?;
    let identity = identity(ground, target);
    if hash != target.names() {
        let mut alias = created::alias(&revision.application, &identity, hash)?;
        // As of the one that the pods know: that of a cluster of the reference operator's is random.
        let services = ground.operator.cache.lock().services_of(&ground.app);
        let pods = Front::services(ground.app.uid, "", &services).selector(incarnation);
        let selector = alias.spec.as_mut().and_then(|spec| spec.selector.as_mut());
        if let Some(selector) = selector {
            selector.insert(labels::SELECTOR.to_owned(), pods);
        }
        add(ground, &alias, Kind::Service, hash).await?;
    }
    let (deployments, services) = {
        let watched = ground.operator.cache.lock();
        (watched.deployments_of(&ground.app), watched.services_of(&ground.app))
    };
    let metadata = json!({
        "labels": { labels::HASH: hash.to_string() },
        "annotations": {
            labels::JOB_PROPERTIES: created::job_properties(&revision.application),
        },
    });
    let app = Arc::clone(&ground.app);
    let mine = |child: &&Child| is_part(&app, child, incarnation) && !child.going;
    for deployment in deployments.iter().filter(mine).filter(|child| child.hash != Some(hash)) {
        patch(ground, deployment, &metadata, &json!({})).await?;
    }
    // Those of versions in between: no pod was ever told their names.
    let stays =
        |name: Option<DeployHash>| name.is_none_or(|name| [hash, target.names()].contains(&name));
    for service in services.iter().filter(mine).filter(|child| !stays(named(&app, child))) {
        let (name, uid) = (&service.name, service.uid);
        delete::<Service>(ground, name, uid, PropagationPolicy::Background).await?;
        ground.operator.cache.lock().services.deleted(&app.key, uid);
    }
    Ok(())
}

async fn patch(
    ground: &Ground<'_>,
    deployment: &Child,
    metadata: &Value,
    spec: &Value,
) -> Result<(), EffectError> {
    let mut metadata = metadata.clone();
    metadata["uid"] = json!(deployment.uid.to_string());
    metadata["resourceVersion"] = json!(deployment.resource_version);
    let body = json!({ "metadata": metadata, "spec": spec });
    let key = &ground.app.key;
    let patched = ground.operator.kubernetes.patch(&key.namespace, &deployment.name, &body).await;
    let what = || format!("changing the Deployment {}", deployment.name);
    let patched: Deployment = patched.map_err(|source| kubernetes(what(), source))?;
    if let Some(child) = Child::deployment(&patched) {
        ground.operator.cache.lock().deployments.changed(key, child);
    }
    Ok(())
}
