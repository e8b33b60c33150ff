//! What was started, and what became of it: submissions, savepoints, checkpoints asked for.

use serde::Deserialize;

use crate::ids::{JobId, TriggerId};
use crate::reason::Chain;

/// The answer to a call that has nothing to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Accepted {}

/// The answer to running a jar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Submitted {
    /// The job that runs now.
    #[serde(rename = "jobid")]
    pub job: JobId,
}

/// The answer to starting an operation. It says nothing of the operation's success: a savepoint of
/// an unknown job is accepted, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Triggered {
    /// The id under which to ask for the outcome.
    #[serde(rename = "request-id")]
    pub trigger: TriggerId,
}

/// What became of an operation that yields a `T`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(
    try_from = "RawOperation",
    bound(deserialize = "T: TryFrom<RawResult, Error = &'static str>")
)]
pub enum Operation<T> {
    /// Under way.
    InProgress,
    /// Done. A savepoint that stops a job is complete some seconds before the job is seen as over.
    Completed(T),
    /// Ended without a result.
    Failed(OperationFailure),
}

/// The result of a savepoint or stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavepointLocation(pub String);

/// The result of a checkpoint that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TriggeredCheckpoint {
    /// The checkpoint's id in the statistics.
    pub id: u64,
}

/// Why an operation failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationFailure {
    /// What Flink says, for a person.
    pub message: String,
    /// This JobManager does not know the job. It accepts operations on unknown jobs and lets them
    /// fail.
    pub job_unknown: bool,
}

#[derive(Deserialize)]
struct RawOperation {
    status: RawStatus,
    operation: Option<RawResult>,
}

#[derive(Deserialize)]
struct RawStatus {
    id: String,
}

/// What an operation yields, as Flink sends it.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
#[doc(hidden)]
pub struct RawResult {
    location: Option<String>,
    #[serde(rename = "checkpointId")]
    checkpoint_id: Option<u64>,
    failure_cause: Option<RawFailure>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct RawFailure {
    #[serde(default)]
    class: String,
    #[serde(default)]
    stack_trace: String,
}

impl<T: TryFrom<RawResult, Error = &'static str>> TryFrom<RawOperation> for Operation<T> {
    type Error = &'static str;

    fn try_from(raw: RawOperation) -> Result<Self, &'static str> {
        match (raw.status.id.as_str(), raw.operation) {
            ("IN_PROGRESS", _) => Ok(Self::InProgress),
            ("COMPLETED", Some(RawResult { failure_cause: Some(failure), .. })) => {
                Ok(Self::Failed(failure.into()))
            }
            ("COMPLETED", Some(result)) => T::try_from(result).map(Self::Completed),
            ("COMPLETED", None) => Err("a completed operation without a result"),
            _ => Err("an operation that is neither IN_PROGRESS nor COMPLETED"),
        }
    }
}

impl TryFrom<RawResult> for SavepointLocation {
    type Error = &'static str;

    fn try_from(raw: RawResult) -> Result<Self, &'static str> {
        raw.location.map(Self).ok_or("a completed savepoint without a location")
    }
}

impl TryFrom<RawResult> for TriggeredCheckpoint {
    type Error = &'static str;

    fn try_from(raw: RawResult) -> Result<Self, &'static str> {
        let id = raw.checkpoint_id.ok_or("a completed checkpoint without an id")?;
        Ok(Self { id })
    }
}

impl From<RawFailure> for OperationFailure {
    fn from(raw: RawFailure) -> Self {
        let chain = Chain::read(&raw.stack_trace);
        Self {
            message: chain.reason().unwrap_or(raw.class),
            job_unknown: chain.names("FlinkJobNotFoundException"),
        }
    }
}
