//! Scaling in place, on each scheduler: the same cluster from beginning to end.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Service;
use kube::ResourceExt;
use kube::api::ListParams;
use serde_json::json;

use crate::application::{self, NAME, PARALLELISM};
use crate::stage::{SOON, Stage};
use crate::wait::{not_yet, there, until};

/// Two TaskManagers instead of one.
const MORE: i64 = PARALLELISM * 2;

/// On the default scheduler: through a savepoint, up and back.
pub(crate) async fn tell(stage: &mut Stage) -> Result<()> {
    let before = stage.running().await?;
    let first = application::deploy_hash(&before);
    let deployments = names::<Deployment>(stage).await?;
    stage.change(json!({ "scaleMode": "InPlace" })).await?;
    let old = stage.counting().await?;

    stage.change(json!({ "parallelism": MORE })).await?;
    let scaled = stage.confirmed().await?;
    let second = application::deploy_hash(&scaled);
    ensure!(second != first, "the version has the same hash");
    let new = stage.took_over(&old).await?;
    stands(stage, &deployments, &second, 2).await?;
    let services = names::<Service>(stage).await?;
    for hash in [&first, &second] {
        ensure!(services.contains(&format!("{NAME}-{hash}")), "no Service of {hash}: {services:?}");
    }
    println!("     scaled up through a savepoint, from {} on", new.from);

    stage.change(json!({ "parallelism": PARALLELISM })).await?;
    stage.confirmed().await?;
    let back = stage.took_over(&new).await?;
    stands(stage, &deployments, &first, 1).await?;
    println!("     scaled down again, from {} on", back.from);
    stage.change(json!({ "scaleMode": null })).await?;
    stage.confirmed().await.map(drop)
}

/// On the adaptive scheduler: without stopping the job.
pub(crate) async fn tell_adaptive(stage: &mut Stage) -> Result<()> {
    let before = stage.running().await?;
    let mut config = serde_json::to_value(&before.spec.flink_config)?;
    config["jobmanager.scheduler"] = json!("adaptive");
    stage.change(json!({ "flinkConfig": config, "scaleMode": "InPlace" })).await?;
    let adaptive = stage.confirmed().await?;
    let first = application::deploy_hash(&adaptive);
    stage.only(&first).await?;
    let deployments = names::<Deployment>(stage).await?;
    let run = stage.counting().await?;

    stage.change(json!({ "parallelism": MORE })).await?;
    let scaled = stage.confirmed().await?;
    stands(stage, &deployments, &application::deploy_hash(&scaled), 2).await?;
    same_job(stage, &run.job).await?;
    println!("     scaled up by the scheduler, job {} goes on", run.job);

    stage.change(json!({ "parallelism": PARALLELISM })).await?;
    stage.confirmed().await?;
    // A TaskManager that still runs a task stays: whether one comes free is the scheduler's to say.
    same_job(stage, &run.job).await?;
    println!("     scaled down by the scheduler, job {} goes on", run.job);

    config["jobmanager.scheduler"] = json!(null);
    stage.change(json!({ "flinkConfig": config, "scaleMode": null })).await?;
    stage.confirmed().await.map(drop)
}

/// The Deployments are the ones of before, labelled with this version, with so many TaskManagers.
async fn stands(
    stage: &Stage,
    deployments: &BTreeSet<String>,
    hash: &str,
    taskmanagers: i32,
) -> Result<()> {
    let all = stage.kubernetes.all::<Deployment>();
    let mine = ListParams::default().labels(&format!("flink-app={NAME}"));
    until("the cluster is labelled and has its size", SOON, async || {
        let list = all.list(&mine).await?.items;
        let names: BTreeSet<String> = list.iter().map(ResourceExt::name_any).collect();
        ensure!(names == *deployments, "other Deployments: {names:?}, not {deployments:?}");
        let labelled = |d: &Deployment| d.labels().get("flink-app-hash").is_some_and(|h| h == hash);
        let replicas = list
            .iter()
            .find(|d| d.name_any().ends_with("-tm"))
            .and_then(|d| d.spec.as_ref()?.replicas)
            .context("the TaskManager Deployment's replicas")?;
        if list.iter().all(labelled) && replicas == taskmanagers {
            return there(());
        }
        not_yet(format!("{replicas} TaskManagers"))
    })
    .await
}

/// The job was not started anew, and counts on.
async fn same_job(stage: &Stage, job: &str) -> Result<()> {
    let run = stage.counting().await?;
    ensure!(run.job == job, "another job counts: {run:?}");
    let live = stage.one_job().await?;
    ensure!(live.id == job, "another job runs: {live:?}");
    Ok(())
}

async fn names<K>(stage: &Stage) -> Result<BTreeSet<String>>
where
    K: kube::Resource<Scope = kube::core::NamespaceResourceScope, DynamicType = ()>,
    K: Clone + std::fmt::Debug + serde::de::DeserializeOwned,
{
    let mine = ListParams::default().labels(&format!("flink-app={NAME}"));
    let list = stage.kubernetes.all::<K>().list(&mine).await?;
    Ok(list.items.iter().map(ResourceExt::name_any).collect())
}
