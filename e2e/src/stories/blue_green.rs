//! Mode BlueGreen: two versions run beside each other until one is named to go; one that cannot start is
//! given up. The last story: two jobs write to the journal at the same time, and no other story could read it.

use anyhow::{Context, Result, ensure};
use flinkk8soperator_api::v1beta1::FlinkApplication;
use serde_json::json;

use crate::application::{self, MISSING_CLASS, NAME};
use crate::flink::{LiveJob, live_jobs};
use crate::stage::{DEPLOY, Stage};

pub(crate) async fn tell(stage: &mut Stage) -> Result<()> {
    let before = stage.running().await?;
    let first = stage.one_job().await?;
    let other = stage.other_image(&before.spec.image).to_owned();
    stage.change(json!({ "deploymentMode": "BlueGreen", "image": other })).await?;
    let [older, newer] = two_run(stage).await?;
    let jobs = live_jobs(&stage.kubernetes).await?;
    ensure!(jobs.len() == 2, "not two jobs run: {jobs:?}");
    ensure!(jobs.iter().any(|job| job.id == first.id), "the old job was touched: {jobs:?}");
    println!("     {older} and {newer} run beside each other");

    stage.change(json!({ "tearDownVersionHash": older })).await?;
    let one = |app: &FlinkApplication| {
        (current(app) && application::phase(app) == "Running" && application::is(app, "Ready"))
            .then(|| application::deploy_hash(app))
    };
    let left = stage.until("the older version is torn down", DEPLOY, one).await?;
    ensure!(left == newer, "{left} is left, not {newer}");
    let job = stage.one_job().await?;
    ensure!(job.id != first.id, "the job of the version that was torn down runs");
    stage.vanished(&older).await?;
    println!("     {older} was torn down, {newer} runs on");

    given_up(stage, &newer, &job).await?;

    stage.change(json!({ "image": before.spec.image })).await?;
    two_run(stage).await?;
    let applications = application::api(&stage.kubernetes);
    applications.delete(NAME, &Default::default()).await?;
    stage.gone().await?;
    println!("     deleted while two versions ran");
    Ok(())
}

/// Deploys a class that is not in the jar: that version is given up, the one that runs never stopped.
async fn given_up(stage: &mut Stage, runs: &str, job: &LiveJob) -> Result<()> {
    let entry = stage.application().await?.spec.entry_class;
    stage.change(json!({ "entryClass": MISSING_CLASS })).await?;
    let failed = |app: &FlinkApplication| {
        let failed = app.status.as_ref()?.failed_deploy_hash.clone()?;
        (current(app) && application::phase(app) == "DeployFailed")
            .then(|| (application::deploy_hash(app), failed))
    };
    let (deployed, failed) = stage.until("the deploy is given up", DEPLOY, failed).await?;
    ensure!(deployed == runs, "another version is deployed: {deployed}");
    stage.vanished(&failed).await?;
    let still = stage.one_job().await?;
    ensure!(still.id == job.id, "the job that ran was touched: {still:?} after {job:?}");
    println!("     a version that cannot start was given up, {runs} never stopped");
    stage.change(json!({ "entryClass": entry })).await
}

/// The spec was looked at.
fn current(app: &FlinkApplication) -> bool {
    let looked = app.status.as_ref().and_then(|status| status.observed_generation);
    looked == app.metadata.generation
}

/// Waits until two versions run, the newer one confirmed; their hashes, the older one first.
async fn two_run(stage: &mut Stage) -> Result<[String; 2]> {
    let both = |app: &FlinkApplication| {
        let well = application::phase(app) == "DualRunning" && application::is(app, "Ready");
        (current(app) && well).then(|| app.clone())
    };
    let app = stage.until("two versions run", DEPLOY, both).await?;
    let versions = app.status.map(|status| status.version_statuses).unwrap_or_default();
    let hashes: Vec<String> = versions.into_iter().filter_map(|v| v.version_hash).collect();
    hashes.try_into().ok().context("not two versions in the status")
}
