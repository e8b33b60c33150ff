//! What is under way at Flink, as far as it has to be known after a crash; and why it failed.

use std::fmt;

use crate::ids::{JobId, Process, TriggerId, Uid, VertexId};
use crate::state::Origin;
use crate::time::Timestamp;
use crate::words::words;

/// A job being stopped with a savepoint: used by an update and by a deletion.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Stop {
    /// The job.
    pub job: JobId,
    /// Our id of the operation.
    pub trigger: TriggerId,
    /// The process whose statistics the baseline is of: counts begin anew with every JobManager.
    pub process: Process,
    /// How things stood before it was sent.
    pub baseline: Baseline,
    /// Which attempt this is, from 1 on.
    pub attempt: u32,
    /// Not sent before this instant.
    pub not_before: Timestamp,
    /// The savepoint is there, the job hangs: cancel it.
    pub cancel: bool,
}

/// Checkpoint statistics before a savepoint was triggered: ours is above.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Baseline {
    /// The highest checkpoint id.
    pub checkpoint: u64,
    /// `counts.restored`.
    pub restored: u64,
}

/// The deployed version's job on its way back onto its own cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Restart {
    /// The job on its way.
    pub submission: Option<Submission>,
    /// What may still run of the attempt before.
    pub aftermath: Option<Aftermath>,
    /// Which attempt the next submission is, from 1 on.
    pub attempt: u32,
    /// Why the attempt before failed.
    pub trouble: Option<Failure>,
}

/// A job on its way into a JobManager.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Submission {
    /// Our id for it.
    pub job: JobId,
    /// The only process it was, or may be, sent to.
    pub process: Process,
    /// What it starts from.
    pub from: Origin,
    /// Which attempt this is, from 1 on.
    pub attempt: u32,
    /// Not sent before this instant.
    pub not_before: Timestamp,
    /// When the JobManager has to have named it.
    pub deadline: Timestamp,
    /// When all its vertices have to run; known once the JobManager named it.
    pub start_deadline: Option<Timestamp>,
}

/// What may still run of a submission that was given up on a cluster that stays. Each is ended and
/// awaited gone, in this order: as long as the JobManager lives it can put tasks on any
/// TaskManager, and a TaskManager outlives its JobManager with the tasks that it has.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Aftermath {
    /// A job that its JobManager had named: it is cancelled first, since with high availability it
    /// would outlive its JobManager.
    Job {
        /// The job.
        job: JobId,
        /// When its JobManager is ended instead.
        until: Timestamp,
    },
    /// The process that may have received the job.
    JobManager(Process),
    /// The pods of the TaskManagers that there were when it had ended.
    TaskManagers(Vec<Uid>),
}

/// How many tasks a vertex of a job on the adaptive scheduler may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Bounds {
    /// The vertex.
    pub vertex: VertexId,
    /// Below this the job waits.
    pub lower: u32,
    /// More it never has.
    pub upper: u32,
}

/// Why something was given up.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Failure {
    /// What sort it was.
    pub kind: FailureKind,
    /// In Flink's or the pod's own words where they said something.
    pub message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

words! {
    /// Sorts of failures of a deploy.
    FailureKind {
        /// The cluster did not come up in time.
        ClusterStartTimeout,
        /// The cluster's pods cannot start.
        PodTrouble,
        /// Objects that are not ours are in the way.
        NameTaken,
        /// The savepoint failed.
        SavepointFailed,
        /// Flink refused the job.
        SubmissionRefused,
        /// The JobManager did not name the job in time.
        SubmissionTimeout,
        /// The JobManager that got the job ended.
        JobManagerLost,
        /// The job failed before it was confirmed.
        JobFailed,
        /// Not all of the job's vertices came up in time.
        JobStartTimeout,
        /// The job was cancelled by someone before it was confirmed.
        JobCanceled,
        /// `forceRollback`.
        ForcedRollback,
        /// The job restarted again and again.
        RestartLoop,
        /// The user put the spec back.
        PutBack,
        /// The reference operator gave it up, before this operator came.
        GivenUpBefore,
    }
}
