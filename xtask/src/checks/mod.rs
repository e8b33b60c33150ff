//! Checks of the workspace that no other tool does. Each is one function that lists what is wrong.

use anyhow::{Result, bail};

use crate::stages::Count;

pub(crate) mod alone;
pub(crate) mod boundaries;
pub(crate) mod defects;
pub(crate) mod documents;
pub(crate) mod sources;
pub(crate) mod versions;

/// The outcome of a check that looked at `looked_at` things and found `wrong`.
///
/// # Errors
/// Where anything is wrong, or nothing was there to be looked at: the check would be vacuous.
fn verdict(looked_at: usize, wrong: &[String]) -> Result<Count> {
    if looked_at == 0 {
        bail!("there was nothing to check");
    }
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    Ok(Count::ONE)
}
