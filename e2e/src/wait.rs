//! Waiting for something in the world, never longer than a deadline.

use std::fmt::Display;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// How often the world is looked at: often enough for times in tenths of a second, and a small part of
/// what the cluster's own components ask.
const PERIOD: Duration = Duration::from_millis(200);

/// What a look at the world says.
pub(crate) enum Look<T> {
    /// It is there.
    There(T),
    /// Not yet; what is there instead, for the message if the deadline passes.
    NotYet(String),
}

/// Not yet.
pub(crate) fn not_yet<T>(instead: impl Display) -> Result<Look<T>> {
    Ok(Look::NotYet(instead.to_string()))
}

/// There.
pub(crate) fn there<T>(value: T) -> Result<Look<T>> {
    Ok(Look::There(value))
}

/// Looks until something is there.
///
/// # Errors
/// At once if a look fails, and when the time is over, with what was seen last.
pub(crate) async fn until<T>(
    what: &str,
    limit: Duration,
    mut look: impl AsyncFnMut() -> Result<Look<T>>,
) -> Result<T> {
    let begun = Instant::now();
    loop {
        let last = match look().await? {
            Look::There(value) => return Ok(value),
            Look::NotYet(instead) => instead,
        };
        if begun.elapsed() > limit {
            bail!("not within {} s: {what}; last seen: {last}", limit.as_secs());
        }
        tokio::time::sleep(PERIOD).await;
    }
}
