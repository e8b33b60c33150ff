//! `savepointDisabled`: an update that leaves the state behind; and where one fails, the old job goes on from
//! the last checkpoint that it made before it was cancelled.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::application::{self, MISSING_CLASS};
use crate::stage::Stage;

/// Without it Flink deletes the checkpoints of a job that is cancelled.
const RETENTION: &str = "execution.checkpointing.externalized-checkpoint-retention";

pub(crate) async fn tell(stage: &mut Stage) -> Result<()> {
    let before = stage.running().await?;
    let mut config = serde_json::to_value(&before.spec.flink_config)?;
    config[RETENTION] = json!("RETAIN_ON_CANCELLATION");
    stage.change(json!({ "flinkConfig": config })).await?;
    stage.confirmed().await?;

    let old = stage.counting().await?;
    let other = stage.other_image(&before.spec.image).to_owned();
    stage.change(json!({ "image": other, "savepointDisabled": true })).await?;
    let updated = stage.confirmed().await?;
    let anew = stage.counting().await?;
    ensure!(anew.job != old.job && !anew.restored, "not started anew: {anew:?} after {old:?}");
    let job = stage.one_job().await?;
    ensure!(job.id == anew.job, "another job runs than counts: {job:?}, {anew:?}");
    println!("     updated, and the state left behind: job {} counts from {}", anew.job, anew.from);

    stage.change(json!({ "entryClass": MISSING_CLASS })).await?;
    let deployed = application::deploy_hash(&stage.rolled_back().await?);
    let hash = application::deploy_hash(&updated);
    ensure!(deployed == hash, "another version is deployed: {deployed}, not {hash}");
    let back = stage.resumed(&anew).await?;
    stage.only(&hash).await?;
    println!("     rolled back to the last checkpoint of the cancelled job, from {} on", back.from);

    config[RETENTION] = json!(null);
    let entry = before.spec.entry_class;
    stage
        .change(json!({ "entryClass": entry, "savepointDisabled": null, "flinkConfig": config }))
        .await?;
    stage.confirmed().await.map(drop)
}
