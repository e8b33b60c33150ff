//! An update in which the API server is killed three times, and started again.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::update::request_other_image;
use crate::application;
use crate::flink;
use crate::operator::timed;
use crate::stage::{DEPLOY, Stage};

/// It is killed when the application is first seen in one of these phases: a short one may be over by then.
const MOMENTS: [&[&str]; 3] =
    [&["ClusterStarting"], &["Savepointing", "SubmittingJob"], &["SubmittingJob", "Running"]];

/// With its start this is how long it is away.
const AWAY: Duration = Duration::from_secs(2);

pub(crate) async fn tell(stage: &mut Stage) -> Result<()> {
    stage.running().await?;
    let old = stage.counting().await?;
    let operator = stage.operator.pid()?;
    request_other_image(stage).await?;
    for phases in MOMENTS {
        let reached = |app: &_| {
            let phase = application::phase(app);
            phases.contains(&phase).then(|| phase.to_owned())
        };
        let phase = stage.until(&format!("the phase is of {phases:?}"), DEPLOY, reached).await?;
        let (_, took) = timed(stage.restart_api_server(AWAY)).await?;
        println!("     away for {:.1} s in phase {phase}", took.as_secs_f64());
        let jobs = flink::live_jobs(&stage.kubernetes).await?;
        ensure!(jobs.len() <= 1, "two jobs after it was away in phase {phase}: {jobs:?}");
    }
    let after = stage.confirmed().await?;
    stage.took_over(&old).await?;
    stage.only(&application::deploy_hash(&after)).await?;
    stage.operator.check()?;
    ensure!(stage.operator.pid()? == operator, "the operator was started anew");
    Ok(())
}
