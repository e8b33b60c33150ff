//! What the reference operator leaves behind: its objects, its requests to Flink and its status, made here
//! step by step, as far as a story needs it. The operator must not run meanwhile.

use anyhow::{Context, Result};
use flinkk8soperator_resources::{Application, RenderConfig, deploy_hash, reference};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::jiff::Timestamp;
use kube::api::{Api, DynamicObject, Patch, PatchParams, PostParams};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::application::{self, NAME};
use crate::flink;
use crate::kubernetes::Kubernetes;
use crate::stage::{DEPLOY, SOON};
use crate::wait::{not_yet, there, until};

/// A cluster of its: the hash of what it was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cluster(pub(crate) String);

fn applications(kubernetes: &Kubernetes) -> Api<DynamicObject> {
    application::stored(&kubernetes.client, &kubernetes.namespace)
}

/// Makes the cluster that the spec asks for, and waits until its slots are there.
pub(crate) async fn cluster(kubernetes: &Kubernetes) -> Result<Cluster> {
    let object = serde_json::to_value(applications(kubernetes).get(NAME).await?)?;
    let app = Application::parse(&object).context("the application as Go reads it")?;
    let config = RenderConfig::default();
    let hash = deploy_hash(&app, &config).to_string();
    for object in reference::render(&app, &config).in_order() {
        create(kubernetes, selecting_its_own(&object, &hash)?).await?;
    }
    until("the cluster has its slots", DEPLOY, async || {
        match flink::slots_of(kubernetes, &hash).await? {
            Some((_, all)) if all > 0 => there(()),
            other => not_yet(format!("{other:?}")),
        }
    })
    .await?;
    Ok(Cluster(hash))
}

/// The object with selectors of this version alone, eight characters as the reference operator's.
fn selecting_its_own(object: &Value, hash: &str) -> Result<Value> {
    let own = |role: char| hash.chars().take(7).chain([role]).collect::<String>();
    let text = object.to_string();
    let text = text.replace(reference::JOB_MANAGER_SELECTOR, &own('j'));
    Ok(serde_json::from_str(&text.replace(reference::TASK_MANAGER_SELECTOR, &own('t')))?)
}

/// Creates an object; one that is there already will do.
async fn create(kubernetes: &Kubernetes, object: Value) -> Result<()> {
    match object["kind"].as_str() {
        Some("Deployment") => create_in(kubernetes.all::<Deployment>(), object).await,
        Some("Service") => create_in(kubernetes.all::<Service>(), object).await,
        other => anyhow::bail!("no story needs a {other:?}"),
    }
}

async fn create_in<K>(api: Api<K>, object: Value) -> Result<()>
where
    K: kube::Resource + Clone + std::fmt::Debug + DeserializeOwned + serde::Serialize,
{
    match api.create(&PostParams::default(), &serde_json::from_value(object)?).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.reason == "AlreadyExists" => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// A first deploy: the cluster, the finalizer, the job, and a status that says that it runs.
pub(crate) async fn deploy(kubernetes: &Kubernetes) -> Result<Cluster> {
    let cluster = cluster(kubernetes).await?;
    let finalizer = json!({ "metadata": { "finalizers": ["job.finalizers.flink.k8s.io"] } });
    let patch = Patch::Merge(finalizer);
    applications(kubernetes).patch(NAME, &PatchParams::default(), &patch).await?;
    let object = applications(kubernetes).get(NAME).await?;
    let spec = &object.data["spec"];
    let job = flink::submit(kubernetes, &cluster.0, spec).await?;
    until("its job runs", SOON, async || {
        let jobs = flink::live_jobs(kubernetes).await?;
        match jobs.iter().find(|live| live.id == job && live.tasks.0 == live.tasks.1) {
            Some(live) if live.state == "RUNNING" => there(()),
            _ => not_yet(format!("{jobs:?}")),
        }
    })
    .await?;
    runs(kubernetes, &cluster, &job).await?;
    Ok(cluster)
}

/// Writes the status of an application at rest: all that the reference operator knows, and nothing else.
pub(crate) async fn runs(kubernetes: &Kubernetes, deployed: &Cluster, job: &str) -> Result<()> {
    write_status(kubernetes, "Running", deployed, job, json!({})).await
}

/// A deploy of the present spec, up to where the savepoint of the deployed version has been asked for.
pub(crate) async fn savepointing(
    kubernetes: &Kubernetes,
    deployed: &Cluster,
    job: &str,
) -> Result<Cluster> {
    let new = cluster(kubernetes).await?;
    let trigger = flink::cancel_with_savepoint(kubernetes, &deployed.0, job).await?;
    let asked = json!({ "savepointTriggerId": trigger });
    write_status(kubernetes, "Savepointing", deployed, job, asked).await?;
    Ok(new)
}

async fn write_status(
    kubernetes: &Kubernetes,
    phase: &str,
    deployed: &Cluster,
    job: &str,
    more: Value,
) -> Result<()> {
    let mut object = applications(kubernetes).get(NAME).await?;
    let spec = object.data["spec"].clone();
    let now = format!("{:.0}", Timestamp::now());
    let mut status = json!({
        "phase": phase,
        "deployHash": deployed.0,
        "lastUpdatedAt": now,
        "clusterStatus": {
            "availableTaskSlots": 0, "health": "Green", "healthyTaskManagers": 1,
            "numberOfTaskManagers": 1, "numberOfTaskSlots": 2,
        },
        "jobStatus": {
            "jobID": job, "state": "RUNNING", "health": "Green", "jobRestartCount": 0,
            "lastFailingTime": null, "startTime": now,
        },
    });
    for member in ["jarName", "entryClass", "programArgs", "parallelism"] {
        status["jobStatus"][member] = spec[member].clone();
    }
    for (name, value) in more.as_object().into_iter().flatten() {
        status[name] = value.clone();
    }
    object.data["status"] = status;
    applications(kubernetes).replace_status(NAME, &PostParams::default(), &object).await?;
    Ok(())
}
