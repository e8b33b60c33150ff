//! Facts about a job's checkpoints and savepoints, as its JobManager told them.

use std::time::Duration;

use crate::time::Timestamp;
use crate::words::words;

/// `/jobs/:id/checkpoints`, up to `refresh_interval` old.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Statistics {
    /// The highest checkpoint id seen in them, of any status.
    pub newest_id: u64,
    /// `counts.restored`.
    pub restored: u64,
    /// `counts.in_progress`.
    pub in_progress: u64,
    /// Completed ones that Flink still lists, savepoints included, newest last.
    pub completed: Vec<Checkpoint>,
    /// What the job was restored from last (`latest.restored`), by this JobManager.
    pub restored_from: Option<Checkpoint>,
}

/// A completed checkpoint or savepoint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Checkpoint {
    /// Flink's number of it, ascending within the job.
    pub id: u64,
    /// What it is.
    pub kind: CheckpointKind,
    /// `external_path`; none where the checkpoint is not externalized.
    pub path: Option<String>,
    /// Flink has removed it.
    pub discarded: bool,
    /// When it was begun (`trigger_timestamp`), by the JobManager's clock.
    pub taken: Timestamp,
}

words! {
    /// Kinds of checkpoints.
    CheckpointKind {
        /// Periodic, or triggered as a checkpoint.
        Checkpoint,
        /// SAVEPOINT: of a cancel, or by itself.
        Savepoint,
        /// SYNC_SAVEPOINT: the job is to end with it, and is FINISHED then as one that ends by itself.
        SyncSavepoint,
    }
}

impl CheckpointKind {
    /// A savepoint, whether or not a job ends with it.
    #[must_use]
    pub fn is_savepoint(self) -> bool {
        match self {
            CheckpointKind::Savepoint | CheckpointKind::SyncSavepoint => true,
            CheckpointKind::Checkpoint => false,
        }
    }
}

/// `/jobs/:id/checkpoints/config`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Checkpointing {
    /// The time between two checkpoints; none: the job makes none by itself.
    #[cfg_attr(feature = "serde", serde(with = "crate::text_form::optional_duration"))]
    pub interval: Option<Duration>,
    /// What becomes of them.
    pub retention: Retention,
}

/// What becomes of a job's checkpoints when the job ends (`externalization`; recorded, 1.13 to 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Retention {
    /// They go with the job, however it ends, and with a JobManager that is told to end.
    None,
    /// They stay if the job fails (DELETE_ON_CANCELLATION).
    OnFailure,
    /// They stay if the job fails or is cancelled (RETAIN_ON_CANCELLATION).
    OnCancellation,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_savepoint_is_one_whether_or_not_a_job_ends_with_it() {
        let all = CheckpointKind::ALL.iter().filter(|kind| kind.is_savepoint());
        let all: Vec<&str> = all.map(|kind| kind.as_str()).collect();
        assert_eq!(all, ["Savepoint", "SyncSavepoint"]);
    }
}
