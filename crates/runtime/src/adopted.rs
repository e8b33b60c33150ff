//! Clusters that the reference operator has made. Nothing of ours is written on their objects: which number a
//! cluster has is in the application's status, and an object is known by its names.
//!
//! The one place where that is looked up. `cache` gives out objects and pods with their numbers; whoever
//! reads those does not tell whose a cluster was.

use std::collections::BTreeMap;

use flinkk8soperator_api::parse::{self, Hashes, OperatorSettings};
use flinkk8soperator_api::v1beta1::FlinkApplication;
use flinkk8soperator_core::{Colour, DeployHash, Digest, Incarnation, ReadBack, Role, Unnumbered};
use flinkk8soperator_resources::{Deployments, Rebuilt, rebuild};
use k8s_openapi::api::apps::v1::Deployment;
use serde::Deserialize;
use serde_json::Value;

use crate::application::{Application, colour_name};
use crate::cache::{Child, Pod};
use crate::kubernetes::KubeError;
use crate::observe::kube::{named, owned_by};
use crate::operator::Operator;

/// An object of the application, with the number of its cluster.
pub(crate) fn child(app: &Application, child: Child) -> Child {
    let ours = child.incarnation.is_none() && child.owner == Some(app.uid);
    match named(app, &child).filter(|_| ours) {
        Some(hash) => Child { incarnation: number(app, hash), ..child },
        None => child,
    }
}

/// A pod of the application, with the number of its cluster. The reference operator's selectors tell no application
/// from its namesake before it: a pod of that counts, and is waited for, as long as it is there.
pub(crate) fn pod(app: &Application, mut pod: Pod) -> Option<Pod> {
    if pod.numbered {
        return pod.belongs_to(app.uid).then_some(pod);
    }
    pod.told.incarnation = number(app, pod.hash?)?;
    Some(pod)
}

/// The cluster that has objects of this name. (A cluster that was scaled in place has a Service named by each
/// of the two versions.)
fn number(app: &Application, hash: DeployHash) -> Option<Incarnation> {
    let by_name = app.adopted.iter().find(|adopted| adopted.names() == hash);
    let found = by_name.or_else(|| app.adopted.iter().find(|adopted| adopted.hash == hash));
    found.map(|adopted| adopted.incarnation)
}

/// The clusters that have no number yet, by age; `pods` are those of which no cluster is known.
pub(crate) async fn unnumbered(
    operator: &Operator,
    app: &Application,
    deployments: &[Child],
    pods: &[Pod],
) -> Result<Vec<Unnumbered>, KubeError> {
    let ours = |child: &&Child| child.owner == Some(app.uid) && child.incarnation.is_none();
    let mut found: BTreeMap<DeployHash, Vec<&Child>> = BTreeMap::new();
    for deployment in deployments.iter().filter(ours) {
        if let Some(names) = named(app, deployment) {
            found.entry(names).or_default().push(deployment);
        }
    }
    if !app.untouched() {
        pods.iter().filter_map(|pod| pod.hash).for_each(|hash| _ = found.entry(hash).or_default());
    }
    let born = |parts: &[&Child]| parts.iter().map(|child| child.born).min().unwrap_or(i64::MIN);
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_by_key(|(names, parts)| (born(parts), *names));
    let mut all = Vec::new();
    for (names, parts) in found {
        let mut labels = parts.iter().map(|child| child.hash);
        let label = labels.next().flatten().filter(|first| labels.all(|l| l == Some(*first)));
        let version = match label {
            Some(hash) => shown(operator, app, &parts, hash).await?,
            None => None,
        };
        let made_for = match label == Some(names) {
            true => None,
            false => shown(operator, app, &parts, names).await?,
        };
        all.push(Unnumbered { names, label, version, made_for });
    }
    Ok(all)
}

/// What the machine is told of a version in a cluster, where its Deployments show it.
async fn shown(
    operator: &Operator,
    app: &Application,
    parts: &[&Child],
    hash: DeployHash,
) -> Result<Option<ReadBack>, KubeError> {
    let version = read_back(operator, app, parts, hash).await?;
    Ok(version.as_ref().and_then(summary))
}

/// The version in the cluster of these names, as its Deployments show it; none: they do not give its hash.
pub(crate) async fn version(
    operator: &Operator,
    app: &Application,
    names: DeployHash,
    hash: DeployHash,
) -> Result<Option<Rebuilt>, KubeError> {
    let deployments = operator.cache.lock().deployments_of(app);
    let ours = |child: &&Child| {
        let owned = child.owner == Some(app.uid);
        owned && child.role.is_some() && named(app, child) == Some(names)
    };
    let parts: Vec<&Child> = deployments.iter().filter(ours).collect();
    read_back(operator, app, &parts, hash).await
}

async fn read_back(
    operator: &Operator,
    app: &Application,
    parts: &[&Child],
    hash: DeployHash,
) -> Result<Option<Rebuilt>, KubeError> {
    let of = |role| parts.iter().find(|child| child.role == Some(role));
    let (Some(job_manager), Some(task_manager)) = (of(Role::JobManager), of(Role::TaskManager))
    else {
        return Ok(None);
    };
    let job_manager = stored(operator, app, &job_manager.name).await?;
    let task_manager = stored(operator, app, &task_manager.name).await?;
    let (Some(job_manager), Some(task_manager)) = (job_manager, task_manager) else {
        return Ok(None);
    };
    let deployments = Deployments { job_manager: &job_manager, task_manager: &task_manager };
    Ok(rebuild(&app.raw, deployments, &operator.settings.rendering.config, hash))
}

/// A Deployment of the application, whole: the watches keep less.
async fn stored(
    operator: &Operator,
    app: &Application,
    name: &str,
) -> Result<Option<Value>, KubeError> {
    match operator.kubernetes.get::<Deployment>(&app.key.namespace, name).await {
        Ok(found) if owned_by(&found, app.uid) => Ok(serde_json::to_value(found).ok()),
        Ok(_) | Err(KubeError::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What the machine wants to know of a version.
fn summary(version: &Rebuilt) -> Option<ReadBack> {
    let typed = FlinkApplication::deserialize(&version.application).ok()?;
    // None of them is in what is read of it.
    let (hashes, digest) = (Hashes::colourless(DeployHash(0)), Digest(0));
    let desired = parse::desired(&typed, hashes, digest, &OperatorSettings::default());
    let colour = version.application.pointer("/status/updatingVersion").and_then(Value::as_str);
    Some(ReadBack {
        parallelism: desired.parallelism,
        taskmanagers: desired.taskmanagers,
        mode: desired.mode,
        colour: Colour::ALL.iter().copied().find(|c| Some(colour_name(*c)) == colour),
    })
}
