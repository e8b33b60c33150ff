//! One update in which the operator dies at each of its named points, one after the other: each time it
//! is started again it goes on from what it finds, up to the next point.

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::update::request_other_image;
use crate::application;
use crate::flink;
use crate::stage::Stage;

/// In the order in which an update comes to them. `persist:1` is the next state that is written, before
/// any of its effects.
const POINTS: [&str; 19] = [
    "persist:1",
    "before:save-revision",
    "after:save-revision",
    "persist:1",
    "before:create-cluster",
    "after:create-cluster",
    "persist:1",
    "before:savepoint",
    "after:savepoint",
    "persist:1",
    "before:point-service",
    "after:point-service",
    "before:submit",
    "after:submit",
    "persist:1",
    "persist:1",
    "persist:1",
    "before:remove-cluster",
    "after:remove-cluster",
];
/// The longest way is from the new cluster's creation to its readiness.
const LIMIT: Duration = Duration::from_secs(120);

pub(crate) async fn tell(stage: &mut Stage) -> Result<()> {
    stage.running().await?;
    let old = stage.counting().await?;
    stage.operator.stop().await?;
    request_other_image(stage).await?;
    for point in POINTS {
        stage.operator.start(Some(point))?;
        stage.operator.crash(LIMIT).await.with_context(|| format!("{point} was not reached"))?;
        let jobs = flink::live_jobs(&stage.kubernetes).await?;
        ensure!(jobs.len() <= 1, "two jobs after a crash at {point}: {jobs:?}");
        let phase = stage.application().await?;
        println!("     died at {point}, in phase {:?}", application::phase(&phase));
    }
    stage.operator.start(None)?;
    let after = stage.confirmed().await?;
    stage.took_over(&old).await?;
    stage.only(&application::deploy_hash(&after)).await
}
