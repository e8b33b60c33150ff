//! From the reference operator and back: what it left at rest is taken over untouched, what it left in the
//! middle of a deploy goes on, and both commands that are run before a switch say so beforehand.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Pod, Service};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::json;

use super::{delete, update};
use crate::application::{self, NAME};
use crate::reference::{self, Cluster};
use crate::stage::Stage;

pub(crate) async fn tell(stage: &mut Stage) -> Result<()> {
    if !stage.is_flink_1() {
        // Nothing of its can be there: Flink 2.0 and newer pass over `programArgs` of `/jars/:jarid/run` without a word,
        // by which it sends a job's arguments.
        println!("     not told: the reference operator does not run jobs on this Flink");
        return Ok(());
    }
    if stage.operator.is_started() {
        stage.deleted().await?;
        stage.operator.kill()?;
    }
    stage.apply().await?;
    let left = reference::deploy(&stage.kubernetes).await?;
    expect(stage, &[], "Unchanged").await?;
    comes_over_untouched(stage).await?;
    println!("     left at rest: taken over, nothing touched");

    expect(stage, &["--back"], "Unchanged").await?;
    stage.operator.stop().await?;
    goes_on(stage, &left).await?;

    // A version of ours: the status that the reference operator writes leaves out what only we know.
    let old = stage.counting().await?;
    update::to_other_image(stage).await?;
    let job = stage.took_over(&old).await?.job;
    expect(stage, &["--back"], "Unchanged").await?;
    stage.operator.stop().await?;
    let deployed = application::deploy_hash(&stage.application().await?);
    reference::runs(&stage.kubernetes, &Cluster(deployed), &job).await?;
    expect(stage, &[], "Unchanged").await?;
    comes_over_untouched(stage).await?;
    println!("     an update of ours, back, and here again: nothing touched");
    delete::leaves_a_savepoint(stage).await
}

/// Starts the operator, and makes sure that it takes over what rests there without touching it.
async fn comes_over_untouched(stage: &mut Stage) -> Result<()> {
    let before = (written(stage).await?, stage.one_job().await?.id, stage.counting().await?);
    let told = takeovers(stage).await?;
    stage.operator.start(None)?;
    stage.confirmed().await?;
    let after = (written(stage).await?, stage.one_job().await?.id, stage.counting().await?);
    ensure!(before.0 == after.0, "written on: {:#?} was {:#?}", after.0, before.0);
    ensure!(before.1 == after.1, "another job runs: {} after {}", after.1, before.1);
    ensure!((&before.2.job, before.2.starts) == (&after.2.job, after.2.starts), "{after:?}");
    let telling = takeovers(stage).await?;
    ensure!(telling == told + 1, "told {} times", telling - told);
    Ok(())
}

/// How often a takeover was told.
async fn takeovers(stage: &Stage) -> Result<usize> {
    let events = stage.kubernetes.events().await?;
    Ok(events.iter().filter(|event| event.contains(" TakenOver: ")).count())
}

/// Leaves the application in the middle of an update, while its savepoint is written; it goes on from that
/// one, without another.
async fn goes_on(stage: &mut Stage, deployed: &Cluster) -> Result<()> {
    let old = stage.counting().await?;
    let savepoints = stage.volume.savepoints().await?;
    update::request_other_image(stage).await?;
    expect(stage, &["--back"], "Redeployed").await?;
    let new = reference::savepointing(&stage.kubernetes, deployed, &old.job).await?;
    expect(stage, &[], "Continued").await?;
    stage.operator.start(None)?;
    let hash = application::deploy_hash(&stage.confirmed().await?);
    ensure!(hash == new.0, "{hash} is deployed, not {}", new.0);
    // Flink's cancelling with a savepoint lets a job send out what it counts until it is cancelled.
    let job = stage.resumed(&old).await?;
    // What our operator had noted of it before it was given back stays, until the application goes.
    let old = |name: &str| name.contains(&deployed.0) && !name.starts_with("ControllerRevision/");
    stage.none_left("the old cluster is gone", old).await?;
    let taken = stage.volume.savepoints().await? - savepoints;
    ensure!(taken == 1, "{taken} savepoints were taken");
    println!("     left in the middle of an update: it went on, from {} on", job.from);
    Ok(())
}

/// Makes sure that `preflight` finds this outcome, and that its exit code says whether the switch can be made.
async fn expect(stage: &Stage, arguments: &[&str], outcome: &str) -> Result<()> {
    let (good, report) = stage.operator.preflight(&stage.kubernetes.namespace, arguments)?;
    let found = report.pointer("/applications/0/outcome").context("an outcome")?;
    let as_expected = good == (outcome != "Redeployed") && *found == json!(outcome);
    ensure!(as_expected, "preflight {arguments:?} does not find {outcome}: {report:#}");
    Ok(())
}

/// What a write on the application's Deployments and Services would change, and its pods.
async fn written(stage: &Stage) -> Result<BTreeMap<String, Option<String>>> {
    let version = |(name, meta): (String, ObjectMeta)| (name, meta.resource_version);
    let uid = |(name, meta): (String, ObjectMeta)| (name, meta.uid);
    let kubernetes = &stage.kubernetes;
    let mut all: BTreeMap<_, _> =
        kubernetes.metadata::<Deployment>().await?.into_iter().map(version).collect();
    all.extend(kubernetes.metadata::<Service>().await?.into_iter().map(version));
    all.extend(kubernetes.metadata::<Pod>().await?.into_iter().map(uid));
    all.retain(|name, _| name.contains(&format!("/{NAME}")));
    ensure!(all.len() == 6, "not a cluster's objects: {all:?}");
    Ok(all)
}
