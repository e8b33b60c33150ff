//! A deletion with its final savepoint, in mode Dual and in mode Single. (That of mode BlueGreen, with two
//! versions, is in its own story.)

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::stage::Stage;

pub(crate) async fn tell(stage: &mut Stage) -> Result<()> {
    stage.running().await?;
    leaves_a_savepoint(stage).await?;
    stage.apply_with(json!({ "deploymentMode": "Single" })).await?;
    stage.confirmed().await?;
    leaves_a_savepoint(stage).await
}

/// Deletes the application, and makes sure that its job ended with a savepoint that is still there.
pub(super) async fn leaves_a_savepoint(stage: &mut Stage) -> Result<()> {
    let last = stage.counting().await?;
    stage.deleted().await?;

    let runs = stage.volume.runs().await?;
    let ended = runs.last().context("a job has run")?;
    ensure!(ended.job == last.job && ended.ended, "the job did not end well: {ended:?}");
    let location = savepoint(stage).await?;
    ensure!(stage.volume.has_savepoint(&location).await?, "there is no savepoint {location}");
    println!("     the last savepoint, at {}: {location}", ended.to);
    Ok(())
}

/// The last savepoint, as the events tell it.
async fn savepoint(stage: &Stage) -> Result<String> {
    let events = stage.kubernetes.events().await?;
    let last = events.iter().rev().find_map(|event| {
        let at = event.find("file:")?;
        let location = event[at..].split(['\'', '"', ' ', ',', ')', ';']).next()?;
        Some(location.trim_end_matches('.').to_owned())
    });
    last.with_context(|| format!("no event tells of a savepoint: {events:#?}"))
}
