//! A job that fails for good, and a JobManager that dies with everything it knew.

use anyhow::Result;
use flinkk8soperator_api::v1beta1::FlinkApplication;
use serde_json::json;

use super::recovery_ha::kill_jobmanager;
use crate::application;
use crate::journal::Run;
use crate::stage::{DEPLOY, SOON, Stage};

pub(crate) async fn tell(stage: &mut Stage) -> Result<()> {
    let before = stage.running().await?;
    // Without a restart strategy the first failure is the last; Flink 1.19 renamed the key.
    let mut config = serde_json::to_value(&before.spec.flink_config)?;
    config["restart-strategy"] = json!("none");
    config["restart-strategy.type"] = json!("none");
    stage.change(json!({ "flinkConfig": config })).await?;
    stage.confirmed().await?;

    let old = stage.counting().await?;
    stage.volume.control("fail-once").await?;
    let new = successor(stage, &old).await?;
    println!("     failed for good at {}, runs again from {} on", old.to, new.from);

    let stalled = lose_the_jobmanager(stage).await?;
    println!("     told: {stalled}");
    let path = stage.volume.newest_checkpoint(&new.job).await?;
    println!("     a person names {path}");
    stage.change(json!({ "restore": { "path": path, "nonce": "found" } })).await?;
    let last = successor(stage, &new).await?;
    println!("     the JobManager was lost, the job runs again from {} on", last.from);
    stage.change(json!({ "restore": null })).await
}

/// Waits until another job counts on from a checkpoint of `old`.
async fn successor(stage: &mut Stage, old: &Run) -> Result<Run> {
    let known = old.job.clone();
    let healthy = |app: &FlinkApplication| {
        let job = app.status.as_ref()?.job_status.job_id.clone()?;
        let well = application::phase(app) == "Running" && application::is(app, "Ready");
        (well && job != known).then_some(())
    };
    stage.until("another job runs", DEPLOY, healthy).await?;
    stage.resumed(old).await
}

/// Kills the JobManager. Nothing proves which checkpoint is the newest: the operator says so, and
/// starts nothing. Gives its words.
async fn lose_the_jobmanager(stage: &mut Stage) -> Result<String> {
    kill_jobmanager(stage).await?;
    stage
        .until("the operator says what is missing", SOON * 2, |app| {
            let conditions = &app.status.as_ref()?.conditions;
            let stalled = conditions.iter().find(|c| c.type_ == "Stalled" && c.status == "True")?;
            (stalled.reason == "RestorePointUnproven").then(|| stalled.message.clone())
        })
        .await
}
