//! A job, and what it started from.

use crate::ids::JobId;
use crate::observation::CheckpointKind;
use crate::time::Timestamp;
use crate::words::words;

/// A job that runs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LiveJob {
    /// Its id.
    pub id: JobId,
    /// What it was started from.
    pub from: Origin,
    /// What was learnt of it while it ran: all there is once nobody is left to ask.
    pub learnt: Option<Learnt>,
}

/// What a recovery goes by when the JobManager's memory is gone. It proves nothing of the newest
/// state: a JobManager that is killed may have completed a checkpoint that nobody has seen, and leave
/// the one before beside it (recorded).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Learnt {
    /// Whether the job makes checkpoints.
    pub checkpoints: bool,
    /// The newest that was seen.
    pub newest: Option<RestorePoint>,
    /// When this was written down.
    pub at: Timestamp,
}

/// What a job starts from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Origin {
    /// Nothing: a first deploy, the predecessor ended by itself, or the user allowed it.
    Empty,
    /// What the user named.
    Given(String),
    /// The predecessor's newest state.
    Restored(RestorePoint),
}

impl Origin {
    /// The path to restore from.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        match self {
            Origin::Empty => None,
            Origin::Given(path) => Some(path),
            Origin::Restored(point) => Some(&point.path),
        }
    }
}

/// A recorded fact: where the newest state of a job lies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RestorePoint {
    /// Where it lies.
    pub path: String,
    /// What it is.
    pub kind: CheckpointKind,
    /// Whose it is.
    pub job: JobId,
    /// Flink's number of it; none where only the operation's answer is known.
    pub checkpoint: Option<u64>,
    /// When it was begun, by the JobManager's clock; none where only the operation's answer is known.
    pub taken: Option<Timestamp>,
    /// How it was learnt.
    pub source: Source,
    /// When it was recorded.
    pub at: Timestamp,
}

words! {
    /// How a restore point was learnt.
    Source {
        /// The savepoint operation named it.
        Operation,
        /// The statistics of the job, read after its end, name it as the newest.
        Statistics,
        /// It was the newest when the job was last looked at, and nobody is left to ask.
        Memory,
    }
}
