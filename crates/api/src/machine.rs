//! The persisted form of the machine's state: `status.machine`, `format: 1`.
//!
//! Written and read by hand, member by member, so that a field renamed in the core cannot change
//! what lies in a cluster, and so that what cannot be read is named by its path. Ids are hex text,
//! times RFC 3339 with milliseconds. A member without a value is left out; unknown members are
//! passed over, and dropped with the next write. Data goes to and comes from
//! [`project`](crate::project) and [`parse`](crate::parse); nothing is decided here.

use flinkk8soperator_core::{State, Target};
use serde_json::{Value, json};

use stored::{Entry, Stored};

mod forms;
mod stored;

/// The only format there is. It goes up when an operator of before could misread what is written.
pub const FORMAT: u64 = 1;

/// Why a persisted state cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MachineError {
    /// It was written in another format, by a newer operator.
    #[error("status.machine has format {found}, this operator reads format {FORMAT}")]
    Format {
        /// The format that it has.
        found: String,
    },
    /// A member is missing.
    #[error("{path} is missing")]
    Missing {
        /// Where it should be.
        path: String,
    },
    /// A member is not what it should be.
    #[error("{path} should be {expected}, it is {found}")]
    Wrong {
        /// Where it is.
        path: String,
        /// What it should be.
        expected: &'static str,
        /// What it is, as JSON, cut short.
        found: String,
    },
}

/// The persisted form of a state.
#[must_use]
pub fn write(state: &State) -> Value {
    let State { record, phase } = state;
    json!({ "format": FORMAT, "record": record.store(), "phase": phase.store() })
}

/// Reads a persisted state.
///
/// # Errors
/// What is wrong with it, and where.
pub fn read(value: &Value) -> Result<State, MachineError> {
    let machine = Entry::root("status.machine", value);
    let format = machine.member("format")?;
    let found = format.present()?;
    if found.as_u64() != Some(FORMAT) {
        return Err(MachineError::Format { found: found.to_string() });
    }
    Ok(State { record: machine.get("record")?, phase: machine.get("phase")? })
}

/// The versions in clusters of the reference operator's, of which a persisted state says that they are
/// numbered ([`Record::adopted`](flinkk8soperator_core::Record::adopted)). None where it cannot be read: nothing
/// is done for such a one.
#[must_use]
pub fn adopted(value: &Value) -> Vec<Target> {
    let Some(members) = value.pointer("/record/adopted") else { return Vec::new() };
    Stored::load(&Entry::root("status.machine.record.adopted", members)).unwrap_or_default()
}
