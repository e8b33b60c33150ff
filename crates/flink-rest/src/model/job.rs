//! A job: its state, its vertices, its configuration.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::{JobId, VertexId};
use crate::words::words;

words! {
    /// The state of a job.
    JobState {
        /// The JobMaster is being started.
        Initializing = "INITIALIZING",
        /// Known, not scheduled.
        Created = "CREATED",
        /// Scheduled: this says nothing about its tasks.
        Running = "RUNNING",
        /// Failed, its tasks are being cancelled.
        Failing = "FAILING",
        /// Failed for good.
        Failed = "FAILED",
        /// Being cancelled.
        Cancelling = "CANCELLING",
        /// Cancelled.
        Canceled = "CANCELED",
        /// Ended by itself, or stopped with a savepoint.
        Finished = "FINISHED",
        /// Failed, to be started again.
        Restarting = "RESTARTING",
        /// This JobManager lost its leadership; another one may go on with the job.
        Suspended = "SUSPENDED",
        /// Taken over, not known yet to be running.
        Reconciling = "RECONCILING",
    }
}

words! {
    /// The state of a task, and of a vertex as a whole.
    TaskState {
        /// Known, not scheduled.
        Created = "CREATED",
        /// Waits for a slot.
        Scheduled = "SCHEDULED",
        /// On its way to a TaskManager.
        Deploying = "DEPLOYING",
        /// Restores its state.
        Initializing = "INITIALIZING",
        /// Processes.
        Running = "RUNNING",
        /// Ended by itself.
        Finished = "FINISHED",
        /// Being cancelled.
        Canceling = "CANCELING",
        /// Cancelled.
        Canceled = "CANCELED",
        /// Failed.
        Failed = "FAILED",
        /// Taken over, not known yet to be running.
        Reconciling = "RECONCILING",
    }
}

impl JobState {
    /// Whether the job has ended for good. SUSPENDED has not: another JobManager may go on.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Finished | Self::Failed | Self::Canceled)
    }
}

/// `/jobs`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Jobs {
    /// All jobs, ended ones included.
    pub jobs: Vec<JobSummary>,
}

/// A line of [`Jobs`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct JobSummary {
    /// The job.
    pub id: JobId,
    /// Its state.
    pub status: JobState,
}

/// `/jobs/ID`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Job {
    /// The job.
    #[serde(rename = "jid")]
    pub id: JobId,
    /// The name that `main` gave it.
    pub name: String,
    /// Its state.
    pub state: JobState,
    /// When this JobManager started it.
    #[serde(deserialize_with = "super::positive")]
    pub start_time: Option<u64>,
    /// When it ended.
    #[serde(deserialize_with = "super::positive")]
    pub end_time: Option<u64>,
    /// The JobManager's clock when it answered: unlike the rest it is no copy (recorded, 1.13 to 2.3).
    pub now: u64,
    /// When each state was entered last, 0 for never; see [`Job::entered`].
    #[serde(default)]
    pub timestamps: BTreeMap<JobState, u64>,
    /// Its graph; empty while INITIALIZING.
    #[serde(default)]
    pub vertices: Vec<Vertex>,
}

impl Job {
    /// When the job entered `state` last.
    #[must_use]
    pub fn entered(&self, state: &JobState) -> Option<u64> {
        self.timestamps.get(state).copied().filter(|at| *at > 0)
    }

    /// How many tasks are in `state`, over all vertices.
    #[must_use]
    pub fn tasks_in(&self, state: &TaskState) -> u32 {
        self.vertices.iter().filter_map(|vertex| vertex.tasks.get(state)).sum()
    }

    /// How many tasks the job has, over all vertices.
    #[must_use]
    pub fn tasks(&self) -> u32 {
        self.vertices.iter().map(|vertex| vertex.parallelism).sum()
    }
}

/// A vertex of a job's graph: operators that run together.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Vertex {
    /// Stable as long as the job's graph is.
    pub id: VertexId,
    /// The names of its operators.
    pub name: String,
    /// How many tasks it has.
    pub parallelism: u32,
    /// How many it may have before its state has to be distributed anew; `None`: not said.
    #[serde(default, deserialize_with = "super::positive")]
    pub max_parallelism: Option<u32>,
    /// Its state as a whole.
    pub status: TaskState,
    /// How many of its tasks are in each state.
    pub tasks: BTreeMap<TaskState, u32>,
}

/// `/jobs/ID/config`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct JobConfig {
    /// The job.
    #[serde(rename = "jid")]
    pub id: JobId,
    /// The name that `main` gave it.
    pub name: String,
    /// Absent while the job is INITIALIZING.
    pub execution_config: Option<ExecutionConfig>,
}

/// The part of a job's configuration that Flink tells.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ExecutionConfig {
    /// The job's default parallelism; `None`: Flink's own default.
    #[serde(deserialize_with = "super::positive")]
    pub job_parallelism: Option<u32>,
    /// How the job is restarted, in a sentence.
    #[serde(default)]
    pub restart_strategy: String,
}

/// `/jobs/ID/resource-requirements`: for each vertex what it may have.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "BTreeMap<VertexId, RawRequirements>")]
pub struct ResourceRequirements(pub BTreeMap<VertexId, Parallelism>);

/// The bounds of a vertex's parallelism; the adaptive scheduler takes what it can get between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Parallelism {
    /// Below this the job waits.
    pub lower_bound: u32,
    /// More is never taken.
    pub upper_bound: u32,
}

#[derive(Deserialize)]
struct RawRequirements {
    parallelism: Parallelism,
}

impl From<BTreeMap<VertexId, RawRequirements>> for ResourceRequirements {
    fn from(raw: BTreeMap<VertexId, RawRequirements>) -> Self {
        Self(raw.into_iter().map(|(id, vertex)| (id, vertex.parallelism)).collect())
    }
}
