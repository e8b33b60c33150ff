//! A job that comes to its end by itself: a success, which is kept, never run again by itself, and neither
//! lost with its JobManager nor with the operator. A new spec starts anew, since there is nothing to go on.

use anyhow::{Context, Result, ensure};
use flinkk8soperator_api::v1beta1::FlinkApplication;
use serde_json::{Value, json};

use super::recovery_ha::kill_jobmanager;
use crate::application::{self, NAME};
use crate::flink::live_jobs;
use crate::journal::Run;
use crate::operator::timed;
use crate::stage::{DEPLOY, SOON, Stage};
use crate::volume::JOURNAL;

/// Ends some seconds after the version is confirmed, and some before.
const LONG: u64 = 600;
const SHORT: u64 = 100;

pub(crate) async fn tell(stage: &mut Stage) -> Result<()> {
    stage.deleted().await?;
    let told = stage.volume.runs().await?.len();
    stage.apply_with(program(LONG)).await?;
    let app = finished(stage).await?;
    let hash = application::deploy_hash(&app);
    let run = ran(stage, told, LONG).await?;
    println!("     job {} finished at {}: {}", run.job, run.to, application::glance(&app));

    // Neither forgets: a JobManager without its job, and an operator that has just begun.
    kill_jobmanager(stage).await?;
    let lost = |app: &FlinkApplication| (!cluster_is_green(app)).then_some(());
    stage.until("the operator says that the JobManager is gone", SOON, lost).await?;
    stage.operator.kill()?;
    stage.operator.start(None)?;
    let back = |app: &FlinkApplication| cluster_is_green(app).then_some(());
    stage.until("the cluster is back", DEPLOY, back).await?;
    let app = finished(stage).await?;
    ensure!(application::deploy_hash(&app) == hash, "another version is deployed");
    ran(stage, told, LONG).await?;
    println!("     neither run again with another JobManager nor by another operator");

    let other = stage.other_image(&app.spec.image).to_owned();
    let mut spec = program(SHORT);
    spec["image"] = json!(other);
    stage.change(spec).await?;
    let app = finished(stage).await?;
    ensure!(application::deploy_hash(&app) != hash, "the new spec was not deployed");
    stage.only(&application::deploy_hash(&app)).await?;
    let again = ran(stage, told + 1, SHORT).await?;
    ensure!(again.job != run.job, "the same job ran again");
    println!("     a new spec ran from the beginning, to {}", again.to);

    let (_, took) = timed(stage.deleted()).await?;
    let events = stage.kubernetes.events().await?;
    println!(
        "     gone {:.1} s after it was deleted: {}",
        took.as_secs_f64(),
        events.last().context("events")?
    );
    Ok(())
}

/// The program over so many numbers, at a rate of 50 a second.
fn program(records: u64) -> Value {
    let arguments = format!("--out {JOURNAL} --rate 50 --records {records}");
    json!({ "entryClass": "flinktest.Bounded", "programArgs": arguments })
}

/// Waits until the status says of the present spec that its job has finished.
async fn finished(stage: &mut Stage) -> Result<FlinkApplication> {
    let said = |app: &FlinkApplication| {
        let status = app.status.as_ref()?;
        let ready = status.conditions.iter().find(|condition| condition.type_ == "Ready")?;
        let job = &status.job_status;
        let well = application::is(app, "Ready")
            && ready.reason == "JobFinished"
            && application::phase(app) == "Running"
            && job.state.as_deref() == Some("FINISHED")
            && job.health.as_ref().is_some_and(|health| health.as_str() == "Green");
        well.then(|| app.clone())
    };
    stage.until("the status says that the job has finished", DEPLOY, said).await
}

/// Makes sure that beside the `before` jobs of earlier one more has run, over all numbers from the first on,
/// and that none runs.
async fn ran(stage: &Stage, before: usize, records: u64) -> Result<Run> {
    let runs = stage.volume.runs().await?;
    ensure!(runs.len() == before + 1, "not one job after {before}: {runs:?}");
    let run = runs.last().context("a job has run")?;
    ensure!(!run.restored && run.from == 0 && run.starts == 1, "not from the beginning: {run:?}");
    ensure!(run.ended && run.to == records, "not to the end, {records}: {run:?}");
    let live = live_jobs(&stage.kubernetes).await?;
    ensure!(live.is_empty(), "a job of {NAME} runs: {live:?}");
    Ok(run.clone())
}

fn cluster_is_green(app: &FlinkApplication) -> bool {
    let health = app.status.as_ref().and_then(|status| status.cluster_status.health.as_ref());
    health.is_some_and(|health| health.as_str() == "Green")
}
