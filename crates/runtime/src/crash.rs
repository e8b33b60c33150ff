//! Ends the process at a named point, for tests of what a crash there leaves behind. Never in an
//! image: behind the feature `crash-points`.

use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};

/// Where the process ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CrashPoint {
    /// `persist:N`: after the Nth state was written, before its effects.
    Persist(u32),
    /// `before:EFFECT`: before the first effect of that name.
    Before(String),
    /// `after:EFFECT`: after the first effect of that name.
    After(String),
}

/// A text that names no point.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not persist:N, before:EFFECT or after:EFFECT")]
pub struct NoCrashPoint(String);

impl FromStr for CrashPoint {
    type Err = NoCrashPoint;

    fn from_str(text: &str) -> Result<CrashPoint, NoCrashPoint> {
        let wrong = || NoCrashPoint(text.to_owned());
        let (kind, rest) = text.split_once(':').ok_or_else(wrong)?;
        match kind {
            "persist" => rest.parse().map(CrashPoint::Persist).map_err(|_| wrong()),
            "before" => Ok(CrashPoint::Before(rest.to_owned())),
            "after" => Ok(CrashPoint::After(rest.to_owned())),
            _ => Err(wrong()),
        }
    }
}

/// A point, and how often it was passed.
#[derive(Debug)]
pub(crate) struct Crash {
    point: CrashPoint,
    written: AtomicU32,
}

impl Crash {
    pub(crate) fn at(point: CrashPoint) -> Crash {
        Crash { point, written: AtomicU32::new(0) }
    }
}

pub(crate) fn persisted(crash: Option<&Crash>) {
    let Some(crash) = crash else { return };
    let written = crash.written.fetch_add(1, Ordering::Relaxed) + 1;
    if crash.point == CrashPoint::Persist(written) {
        end();
    }
}

pub(crate) fn before(crash: Option<&Crash>, effect: &str) {
    if crash.is_some_and(|crash| crash.point == CrashPoint::Before(effect.to_owned())) {
        end();
    }
}

pub(crate) fn after(crash: Option<&Crash>, effect: &str) {
    if crash.is_some_and(|crash| crash.point == CrashPoint::After(effect.to_owned())) {
        end();
    }
}

fn end() -> ! {
    // As a SIGKILL would: no destructor, no farewell to anybody.
    std::process::abort()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_a_write_or_an_effect() {
        let check =
            |text: &str, point| assert_eq!(text.parse::<CrashPoint>().ok(), point, "{text}");
        check("persist:3", Some(CrashPoint::Persist(3)));
        check("before:submit", Some(CrashPoint::Before("submit".to_owned())));
        check("after:create-cluster", Some(CrashPoint::After("create-cluster".to_owned())));
        check("persist:x", None);
        check("submit", None);
    }
}
