//! A deletion with its final savepoint.

use anyhow::{Context, Result, ensure};

use crate::application::{self, NAME};
use crate::stage::{DEPLOY, Stage};
use crate::wait::{not_yet, there, until};

pub(crate) async fn tell(stage: &mut Stage) -> Result<()> {
    stage.running().await?;
    let last = stage.counting().await?;
    let applications = application::api(&stage.kubernetes);
    applications.delete(NAME, &Default::default()).await?;
    let operator = &mut stage.operator;
    until("the application is gone", DEPLOY, async || {
        operator.check()?;
        match applications.get_opt(NAME).await? {
            None => there(()),
            Some(app) => not_yet(application::glance(&app)),
        }
    })
    .await?;
    stage.gone().await?;

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
