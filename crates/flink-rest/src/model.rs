//! What Flink's answers mean, cut down to what an operator needs. Unknown fields are ignored and
//! fields that some versions lack have a default, so that one type serves Flink 1.13 to 2.3.
//!
//! All times are milliseconds since the epoch by the JobManager's clock.

mod checkpoint;
mod cluster;
mod exception;
mod job;
mod operation;

pub use checkpoint::{
    Checkpoint, CheckpointConfig, CheckpointCounts, CheckpointKind, CheckpointStatus, Checkpoints,
    Externalization, LatestCheckpoints, Restored,
};
pub use cluster::{
    ConfigEntry, Features, Jar, Jars, JobManagerConfig, Overview, ServerConfig, TaskManager,
    TaskManagers,
};
pub use exception::{Exceptions, JobException};
pub use job::{
    ExecutionConfig, Job, JobConfig, JobState, JobSummary, Jobs, Parallelism, ResourceRequirements,
    TaskState, Vertex,
};
pub use operation::{
    Accepted, Operation, OperationFailure, SavepointLocation, Submitted, Triggered,
    TriggeredCheckpoint,
};

use serde::{Deserialize, Deserializer};

/// Flink writes -1 or 0 for "never" and "not set".
fn positive<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i64>,
{
    let number = Option::<i64>::deserialize(deserializer)?.filter(|number| *number > 0);
    Ok(number.and_then(|number| T::try_from(number).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_and_not_set_are_nothing() {
        let read = |json: &str| {
            let mut deserializer = serde_json::Deserializer::from_str(json);
            positive::<_, u32>(&mut deserializer).unwrap()
        };
        let numbers = ["-1", "0", "null", "1", "4294967296"];
        assert_eq!(numbers.map(read), [None, None, None, Some(1), None]);
    }
}
