//! `cargo xtask demo`: the story of an application, on a simulated cluster.

use anyhow::{Result, bail};
use flinkk8soperator_simulate::demo;

/// Plays it; with `hold` the cluster stays until it is interrupted.
///
/// # Errors
/// If the story did not go as told.
pub(crate) fn run(hold: bool) -> Result<()> {
    let wrong = demo::run(hold)?;
    if wrong.is_empty() {
        return Ok(());
    }
    bail!("the story did not go as told: {}", wrong.join("; "))
}
