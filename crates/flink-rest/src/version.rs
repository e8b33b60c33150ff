//! The version of a running Flink, as it tells it itself, and what that version can do.
//!
//! It comes from `flink-version` in `/config`, not from the user's spec, which is wrong often enough.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// Caller-chosen trigger ids (FLINK-24208).
pub(crate) const TRIGGER_ID: (u32, u32) = (1, 15);
/// Triggering checkpoints by hand (FLINK-6755).
pub(crate) const CHECKPOINT_TRIGGER: (u32, u32) = (1, 17);
/// Resource requirements of a running job (FLIP-291).
pub(crate) const RESOURCE_REQUIREMENTS: (u32, u32) = (1, 18);
/// The oldest Flink that this client was tried on; what it does with a caller's job id is known.
pub(crate) const OLDEST: (u32, u32) = (1, 13);

/// A Flink version: `1.20.5`, `2.0-SNAPSHOT`, `1.15.4-vendor-7`. Ordered by number, then by text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct FlinkVersion {
    /// The first number.
    pub major: u32,
    /// The second number.
    pub minor: u32,
    text: String,
}

/// A text that does not start with two numbers, for instance `<unknown>`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a Flink version, which looks like 1.20.5")]
pub struct InvalidVersion(String);

impl FlinkVersion {
    /// Whether this is Flink `major.minor` or a newer one.
    #[must_use]
    pub fn at_least(&self, (major, minor): (u32, u32)) -> bool {
        (self.major, self.minor) >= (major, minor)
    }

    /// Whether updates of jobs on this Flink are supported (1.13 and newer).
    #[must_use]
    pub fn is_supported(&self) -> bool {
        self.at_least(OLDEST)
    }

    /// Whether savepoint and stop requests may carry the caller's trigger id (1.15 and newer).
    /// Older ones answer 400 to a request that has one.
    #[must_use]
    pub fn honours_trigger_id(&self) -> bool {
        self.at_least(TRIGGER_ID)
    }

    /// Whether a checkpoint can be asked for (1.17 and newer).
    #[must_use]
    pub fn triggers_checkpoints(&self) -> bool {
        self.at_least(CHECKPOINT_TRIGGER)
    }

    /// Whether a job's resource requirements can be read and written (1.18 and newer; it also
    /// needs the adaptive scheduler, which only the answer tells).
    #[must_use]
    pub fn has_resource_requirements(&self) -> bool {
        self.at_least(RESOURCE_REQUIREMENTS)
    }
}

impl FromStr for FlinkVersion {
    type Err = InvalidVersion;

    fn from_str(text: &str) -> Result<Self, InvalidVersion> {
        let mut numbers = text.split(['.', '-']).map(|part| part.parse().ok());
        match (numbers.next().flatten(), numbers.next().flatten()) {
            (Some(major), Some(minor)) => Ok(Self { major, minor, text: text.to_owned() }),
            _ => Err(InvalidVersion(text.to_owned())),
        }
    }
}

impl TryFrom<String> for FlinkVersion {
    type Error = InvalidVersion;

    fn try_from(text: String) -> Result<Self, InvalidVersion> {
        text.parse()
    }
}

impl fmt::Display for FlinkVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> FlinkVersion {
        text.parse().unwrap()
    }

    #[test]
    fn reads_what_builds_call_themselves() {
        for (text, numbers) in [
            ("1.20.5", (1, 20)),
            ("2.0-SNAPSHOT", (2, 0)),
            ("1.15.4-vendor-7", (1, 15)),
            ("1.9-2.0", (1, 9)),
        ] {
            let read = version(text);
            assert_eq!(((read.major, read.minor), read.to_string().as_str()), (numbers, text));
        }
        for text in ["<unknown>", "", "1", "1.x", "-1.2"] {
            assert!(text.parse::<FlinkVersion>().is_err(), "{text}");
        }
    }

    #[test]
    fn features_start_where_flink_started_them() {
        let can = |text| {
            let v = version(text);
            let checkpoints = v.triggers_checkpoints();
            [v.is_supported(), v.honours_trigger_id(), checkpoints, v.has_resource_requirements()]
        };
        assert_eq!(can("1.9.3"), [false, false, false, false]);
        assert_eq!(can("1.14.6"), [true, false, false, false]);
        assert_eq!(can("1.15.4"), [true, true, false, false]);
        assert_eq!(can("1.17.2"), [true, true, true, false]);
        assert_eq!(can("2.0.2"), [true, true, true, true]);
    }
}
