//! A line of a recording to a round, or what is wrong with it and where.

use serde_json::Value;

use super::difference::{self, Difference};
use crate::trace::{FORMAT, Round};

/// Why a line is no round.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It is no JSON.
    #[error("not JSON")]
    Json(#[source] serde_json::Error),
    /// It is of another form, or of none.
    #[error("format: found {found}; this version reads {FORMAT}")]
    Format {
        /// What is there.
        found: Value,
    },
    /// A field is missing, or is not what it should be.
    #[error(transparent)]
    Field(#[from] serde_path_to_error::Error<serde_json::Error>),
}

/// A round, and what of it was not taken as it was written.
pub(super) struct Read {
    pub(super) round: Round<'static>,
    /// Fields that are unknown to this version, and those that it knows and the recording lacks.
    pub(super) otherwise: Vec<Difference>,
}

/// Reads a line.
pub(super) fn round(line: &str) -> Result<Read, Unreadable> {
    let written: Value = serde_json::from_str(line).map_err(Unreadable::Json)?;
    let format = written.get("format").unwrap_or(&Value::Null);
    if *format != FORMAT {
        return Err(Unreadable::Format { found: format.clone() });
    }
    let round: Round<'static> = serde_path_to_error::deserialize(&written)?;
    let otherwise = difference::of(&written, &difference::value(&round));
    Ok(Read { round, otherwise })
}
