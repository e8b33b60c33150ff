//! An update to a job whose main class is not in the jar: Flink refuses it after the old one was stopped.

use anyhow::{Context, Result, ensure};
use flinkk8soperator_api::v1beta1::FlinkApplication;
use serde_json::json;

use crate::application::{self, MISSING_CLASS};
use crate::stage::{DEPLOY, Stage};

pub(crate) async fn tell(stage: &mut Stage) -> Result<()> {
    let before = stage.running().await?;
    let old = stage.counting().await?;
    stage.change(json!({ "entryClass": MISSING_CLASS })).await?;

    let failed = stage.rolled_back().await?;
    let status = failed.status.as_ref().context("a status")?;
    let hash = application::deploy_hash(&before);
    ensure!(status.deploy_hash == hash, "another version is deployed: {}", status.deploy_hash);
    let error = status.last_error.as_ref().context("the status tells no error")?;
    ensure!(error.message.contains(MISSING_CLASS), "not Flink's words: {}", error.message);
    println!("     told: {}", error.message);

    stage.took_over(&old).await?;
    stage.only(&hash).await?;
    // The old spec is what is deployed: nothing is to be done but to say so.
    let again = stage.counting().await?;
    stage.change(json!({ "entryClass": before.spec.entry_class })).await?;
    let observed = |app: &FlinkApplication| {
        (app.status.as_ref()?.observed_generation == app.metadata.generation).then_some(())
    };
    stage.until("the old spec is taken notice of", DEPLOY, observed).await?;
    let still = stage.counting().await?;
    ensure!(still.job == again.job, "the old spec was deployed again: {again:?}, {still:?}");
    Ok(())
}
