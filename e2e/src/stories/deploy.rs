//! A first deploy, with what it costs in time and memory.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::objects;
use crate::application::{self, NAME};
use crate::stage::{SOON, Stage};
use crate::timeline::Timeline;

/// What the operator has settled after: its watches are open and nothing is to be done.
const IDLE: Duration = Duration::from_secs(3);

pub(crate) async fn tell(stage: &mut Stage) -> Result<()> {
    tokio::time::sleep(IDLE).await;
    stage.operator.check()?;
    let idle = stage.operator.memory()?;

    let begun = Instant::now();
    stage.apply().await?;
    let timeline = Timeline::watch(stage, begun).await?;
    let app = stage.confirmed().await?;
    println!("     from apply to confirmed {:.2} s", begun.elapsed().as_secs_f64());
    timeline.print();

    objects::as_promised(&stage.kubernetes, &app).await?;
    stage.only(&application::deploy_hash(&app)).await?;
    let run = stage.counting().await?;
    ensure!(!run.restored && run.from == 0, "a first deploy starts from nothing: {run:?}");
    let job = stage.one_job().await?;
    ensure!(job.id == run.job, "another job runs than counts: {job:?}, {run:?}");
    ensure!(job.tasks.0 == job.tasks.1, "not all tasks run: {job:?}");
    figures(stage, &run.job).await?;

    let working = stage.operator.memory()?;
    let mib = |kib: u64| kib as f64 / 1024.0;
    println!("     operator: {:.1} MiB resident idle, {:.1} with {NAME}", mib(idle), mib(working));
    println!("     operator: binary of {:.1} MiB", mib(stage.operator.size()? / 1024));
    Ok(())
}

/// The numbers that the status shows to a person.
async fn figures(stage: &mut Stage, id: &str) -> Result<()> {
    stage
        .until("the status shows the job as it is", SOON, |app| {
            let status = app.status.as_ref()?;
            let (job, cluster) = (&status.job_status, &status.cluster_status);
            let told = job.job_id.as_deref() == Some(id)
                && job.state.as_deref() == Some("RUNNING")
                && job.running_tasks.is_some()
                && job.running_tasks == job.total_tasks
                && job.completed_checkpoint_count.is_some_and(|count| count > 0)
                && job.health.as_ref().map(|health| health.as_str()) == Some("Green")
                && cluster.healthy_task_managers == Some(1)
                && cluster.number_of_task_slots == Some(2)
                && cluster.available_task_slots == 0
                && cluster.health.as_ref().map(|health| health.as_str()) == Some("Green");
            told.then_some(())
        })
        .await
}
