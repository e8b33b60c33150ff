//! A person stops the job with a savepoint, as `flink stop` does: Flink says FINISHED of it, as of one that came
//! to its own end. It is left as the person wanted, and the next version goes on from the savepoint.

use anyhow::{Context, Result, ensure};
use flinkk8soperator_api::v1beta1::FlinkApplication;

use super::update::request_other_image;
use crate::flink::{live_jobs, stop};
use crate::stage::{SOON, Stage};

pub(crate) async fn tell(stage: &mut Stage) -> Result<()> {
    stage.running().await?;
    let old = stage.counting().await?;
    let jobs = live_jobs(&stage.kubernetes).await?;
    let [job] = jobs.as_slice() else { anyhow::bail!("not one job: {jobs:?}") };
    stop(&stage.kubernetes, job).await?;
    let told = stage.until("the operator tells of the stop", SOON * 2, told).await?;
    println!("     told: {told}");
    let jobs = live_jobs(&stage.kubernetes).await?;
    ensure!(jobs.is_empty(), "it was started again: {jobs:?}");

    request_other_image(stage).await?;
    let after = stage.confirmed().await?;
    let new = stage.took_over(&old).await?;
    let history = after.status.as_ref().and_then(|status| status.deploy_history.first());
    let from = history.and_then(|last| last.restored_from.clone());
    let from = from.context("the history does not tell what the job started from")?;
    ensure!(told.ends_with(&from), "the next version started from {from}");
    println!("     the next version goes on from {}", new.from);
    Ok(())
}

/// In which words the operator tells that someone has stopped the job, once it does.
fn told(app: &FlinkApplication) -> Option<String> {
    let conditions = &app.status.as_ref()?.conditions;
    let ready = conditions.iter().find(|condition| condition.type_ == "Ready")?;
    (ready.reason == "JobCanceledExternally").then(|| ready.message.clone())
}
