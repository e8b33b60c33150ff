//! An update that changes nothing but the image.

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::application;
use crate::operator::timed;
use crate::stage::Stage;

pub(crate) async fn tell(stage: &mut Stage) -> Result<()> {
    let before = stage.running().await?;
    let old = stage.counting().await?;
    let (_, took) = timed(to_other_image(stage)).await?;
    let after = stage.application().await?;
    let hash = application::deploy_hash(&after);
    ensure!(hash != application::deploy_hash(&before), "the version has the same hash");
    let new = stage.took_over(&old).await?;
    let (_, removal) = timed(stage.only(&hash)).await?;

    // The savepoint that the operator took is what the new job started from.
    let restored = after.status.as_ref().and_then(|status| {
        let last = status.deploy_history.first()?;
        last.restored_from.clone()
    });
    let restored = restored.context("the history does not tell what the job started from")?;
    ensure!(stage.volume.has_savepoint(&restored).await?, "there is no savepoint {restored}");
    println!("     confirmed after {:.1} s, from {} on", took.as_secs_f64(), new.from);
    println!("     the old cluster was gone {:.1} s after that was seen", removal.as_secs_f64());
    Ok(())
}

/// Changes the image to the one that is not deployed, and waits until that is confirmed.
pub(crate) async fn to_other_image(stage: &mut Stage) -> Result<()> {
    request_other_image(stage).await?;
    stage.confirmed().await.map(drop)
}

/// Changes the image to the one that is not deployed.
pub(crate) async fn request_other_image(stage: &Stage) -> Result<()> {
    let deployed = stage.application().await?.spec.image;
    stage.change(json!({ "image": stage.other_image(&deployed) })).await
}
