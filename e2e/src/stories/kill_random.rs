//! Five updates, in each of which the operator is killed once, at a moment that nobody chose.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::update::request_other_image;
use crate::application;
use crate::operator::moment;
use crate::stage::Stage;

const UPDATES: u32 = 5;
/// The moments are spread over this for the first update, and then over what that one took.
const FIRST: Duration = Duration::from_secs(25);

pub(crate) async fn tell(stage: &mut Stage) -> Result<()> {
    println!("     --seed {}", stage.seed);
    stage.running().await?;
    let mut span = FIRST;
    for update in 1..=UPDATES {
        span = one(stage, span).await.with_context(|| format!("update {update}"))?;
    }
    Ok(())
}

/// Gives how long the update took.
async fn one(stage: &mut Stage, span: Duration) -> Result<Duration> {
    let old = stage.counting().await?;
    let begun = Instant::now();
    request_other_image(stage).await?;
    let after = moment(&mut stage.seed, span);
    tokio::time::sleep(after).await;
    let phase = application::phase(&stage.application().await?).to_owned();
    stage.operator.kill()?;
    println!("     killed after {:.1} s, in phase {phase:?}", after.as_secs_f64());
    stage.operator.start(None)?;
    let app = stage.confirmed().await?;
    let took = begun.elapsed();
    stage.took_over(&old).await?;
    stage.only(&application::deploy_hash(&app)).await?;
    println!("     confirmed after {:.1} s", took.as_secs_f64());
    Ok(took)
}
