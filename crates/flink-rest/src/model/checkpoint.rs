//! Checkpoints and savepoints of a job, and how it makes them.

use serde::{Deserialize, Deserializer};

use crate::words::words;

words! {
    /// What kind of snapshot this is.
    CheckpointKind {
        /// A periodic checkpoint, or one asked for.
        Checkpoint = "CHECKPOINT",
        /// A checkpoint with data in flight.
        UnalignedCheckpoint = "UNALIGNED_CHECKPOINT",
        /// A savepoint beside which the job goes on, or is cancelled.
        Savepoint = "SAVEPOINT",
        /// A savepoint that stops the job.
        SyncSavepoint = "SYNC_SAVEPOINT",
    }
}

words! {
    /// How far a snapshot has come.
    CheckpointStatus {
        /// Not yet complete.
        InProgress = "IN_PROGRESS",
        /// Complete; whether it still exists tells [`Checkpoint::discarded`].
        Completed = "COMPLETED",
        /// Given up.
        Failed = "FAILED",
    }
}

/// `/jobs/ID/checkpoints`. Absent (404) for a job without checkpointing.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Checkpoints {
    /// Totals.
    pub counts: CheckpointCounts,
    /// The newest of each sort.
    pub latest: LatestCheckpoints,
    /// The newest snapshots, newest first (`web.checkpoints.history`, 10 by default).
    pub history: Vec<Checkpoint>,
}

/// Totals since this JobManager started the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct CheckpointCounts {
    /// How often the job was restored: from what it started from, and at each failover.
    pub restored: u64,
    /// All snapshots.
    pub total: u64,
    /// Those under way.
    pub in_progress: u64,
    /// The complete ones.
    pub completed: u64,
    /// Those given up.
    pub failed: u64,
}

/// The newest snapshot of each sort.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LatestCheckpoints {
    /// The newest complete checkpoint, even if it is discarded by now.
    pub completed: Option<Checkpoint>,
    /// The newest complete savepoint.
    pub savepoint: Option<Checkpoint>,
    /// The newest that was given up.
    pub failed: Option<Checkpoint>,
    /// What the job was restored from last.
    pub restored: Option<Restored>,
}

/// One snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Checkpoint {
    /// Grows with every snapshot of a job, over failovers and restores, too.
    pub id: u64,
    /// How far it has come.
    pub status: CheckpointStatus,
    /// Whether it is a savepoint.
    pub is_savepoint: bool,
    /// What kind it is.
    #[serde(rename = "checkpoint_type")]
    pub kind: CheckpointKind,
    /// When it was triggered.
    #[serde(rename = "trigger_timestamp")]
    pub triggered_at: u64,
    /// When the last task reported, for a complete one the time of its completion.
    #[serde(rename = "latest_ack_timestamp", deserialize_with = "super::positive")]
    pub acknowledged_at: Option<u64>,
    /// Where it is, if a job can be started from there.
    #[serde(default, deserialize_with = "location")]
    pub external_path: Option<String>,
    /// Whether its files are deleted. Flink goes on telling the path.
    #[serde(default)]
    pub discarded: bool,
    /// Why it was given up.
    pub failure_message: Option<String>,
}

/// What a job was restored from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Restored {
    /// The id of the checkpoint or savepoint.
    pub id: u64,
    /// When.
    #[serde(rename = "restore_timestamp")]
    pub at: u64,
    /// Whether it was a savepoint.
    pub is_savepoint: bool,
    /// Where it was.
    #[serde(default, deserialize_with = "location")]
    pub external_path: Option<String>,
}

/// `/jobs/ID/checkpoints/config`. Absent (404) for a job without checkpointing.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CheckpointConfig {
    /// Milliseconds between two checkpoints; `i64::MAX` without periodic ones.
    pub interval: u64,
    /// Milliseconds after which one is given up.
    pub timeout: u64,
    /// Milliseconds between the end of one and the start of the next, at least.
    pub min_pause: u64,
    /// What becomes of checkpoints when the job ends.
    pub externalization: Externalization,
}

/// What becomes of the newest checkpoint when the job ends (tried on 1.13, 1.17, 1.20 and 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Externalization {
    /// It outlives a job that fails for good.
    pub enabled: bool,
    /// It is deleted when the job is cancelled, or its JobManager told to end.
    pub delete_on_cancellation: bool,
}

impl Externalization {
    /// Whether the newest checkpoint outlives a cancellation (RETAIN_ON_CANCELLATION).
    #[must_use]
    pub fn is_retained(&self) -> bool {
        self.enabled && !self.delete_on_cancellation
    }
}

/// Flink writes `<checkpoint-not-externally-addressable>` where there is nothing to start from.
fn location<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let path = Option::<String>::deserialize(deserializer)?;
    Ok(path.filter(|path| !path.is_empty() && !path.starts_with('<')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_without_an_address_has_no_path() {
        let json = r#"{"id":3,"status":"COMPLETED","is_savepoint":false,
            "checkpoint_type":"NEW_KIND","trigger_timestamp":7,"latest_ack_timestamp":-1,
            "external_path":"<checkpoint-not-externally-addressable>","discarded":false}"#;
        let checkpoint: Checkpoint = serde_json::from_str(json).unwrap();
        assert_eq!(checkpoint.external_path, None);
        assert_eq!(checkpoint.acknowledged_at, None);
        assert_eq!(checkpoint.kind, CheckpointKind::Other("NEW_KIND".to_owned()));
    }
}
