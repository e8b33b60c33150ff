//! What was observed of a cluster and its job in a round, as far as it is shown and not decided by.
//!
//! The runtime fills this from the watches and from Flink's answers; what was not asked stays `None`,
//! and what was shown before stays. Each part says what it is about, so that numbers of an older
//! cluster or job are never shown for the newer one.

use std::time::Duration;

use flinkk8soperator_core::{Incarnation, JobId, Timestamp};

/// Everything that was observed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// Of the cluster.
    pub cluster: Option<ClusterFigures>,
    /// Of the job.
    pub job: Option<JobFigures>,
    /// What the deployed version's job was submitted with.
    pub submitted: Option<Submitted>,
    /// BlueGreen: of the version before, which runs beside.
    pub beside: Option<Beside>,
    /// What keeps the operator out of a Flink that is there.
    pub kept_out: Option<KeptOut>,
}

/// Why a Flink that is there cannot be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptOut {
    /// By what.
    pub by: KeptOutBy,
    /// The Secret that it is about.
    pub secret: Option<String>,
    /// For a person: what is wrong, and what would be right.
    pub message: String,
}

/// What can keep the operator out of a Flink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptOutBy {
    /// A Secret that is missing, cannot be read, or has not what it should.
    Secret,
    /// No TLS: one of the two sides does not believe the other, or does not speak it.
    Tls,
    /// No user, or one that is not let in.
    Password,
}

impl KeptOutBy {
    /// All of them.
    pub const ALL: [KeptOutBy; 3] = [KeptOutBy::Secret, KeptOutBy::Tls, KeptOutBy::Password];

    /// The word for it, in `lastError` and as reason of an event.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            KeptOutBy::Secret => "FlinkRestSecret",
            KeptOutBy::Tls => "FlinkRestTls",
            KeptOutBy::Password => "FlinkRestUnauthorized",
        }
    }
}

/// What was observed of a version that runs beside the deployed one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Beside {
    /// Of its cluster.
    pub cluster: Option<ClusterFigures>,
    /// Of its job.
    pub job: Option<JobFigures>,
    /// What its job was submitted with.
    pub submitted: Option<Submitted>,
}

/// What was observed of a cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterFigures {
    /// Which cluster.
    pub incarnation: Incarnation,
    /// Whether a JobManager is there and answers.
    pub job_manager: Option<bool>,
    /// Address of Flink's web UI.
    pub overview_url: Option<String>,
    /// Available replicas of the TaskManager Deployment.
    pub task_managers: Option<u32>,
    /// Replicas that the TaskManager Deployment asks for.
    pub task_managers_wanted: Option<u32>,
    /// TaskManagers that are registered. Flink drops one that it does not hear from for
    /// `heartbeat.timeout` (50 s), sooner than the two minutes that the reference operator waits.
    pub healthy_task_managers: Option<u32>,
    /// `slots-total`.
    pub task_slots: Option<u32>,
    /// `slots-available`.
    pub available_task_slots: Option<u32>,
}

impl ClusterFigures {
    /// Nothing observed yet.
    #[must_use]
    pub fn of(incarnation: Incarnation) -> ClusterFigures {
        ClusterFigures {
            incarnation,
            job_manager: None,
            overview_url: None,
            task_managers: None,
            task_managers_wanted: None,
            healthy_task_managers: None,
            task_slots: None,
            available_task_slots: None,
        }
    }
}

/// What was observed of a job.
#[derive(Clone, Debug, PartialEq)]
pub struct JobFigures {
    /// Which job.
    pub job: JobId,
    /// Address of the job in Flink's web UI.
    pub overview_url: Option<String>,
    /// Flink's word for its state.
    pub state: Option<String>,
    /// `start-time`.
    pub start_time: Option<Timestamp>,
    /// The JobManager's clock (`now` of `GET /jobs/:id`), by which checkpoints are old.
    pub observed_at: Option<Timestamp>,
    /// `counts.restored`.
    pub restarts: Option<u64>,
    /// `counts.completed`.
    pub completed_checkpoints: Option<u64>,
    /// `counts.failed`.
    pub failed_checkpoints: Option<u64>,
    /// `latest.restored.external_path`.
    pub restore_path: Option<String>,
    /// `latest.restored.restore_timestamp`.
    pub restore_time: Option<Timestamp>,
    /// When it was last seen FAILING or RESTARTING.
    pub last_failing_time: Option<Timestamp>,
    /// `latest.completed.external_path`.
    pub last_checkpoint: Option<String>,
    /// `latest.completed.latest_ack_timestamp`.
    pub last_checkpoint_time: Option<Timestamp>,
    /// Interval of its checkpoints; `None`: checkpointing is off, or not known.
    pub checkpoint_interval: Option<Duration>,
    /// Tasks that are RUNNING.
    pub running_tasks: Option<u32>,
    /// Tasks that are FINISHED: none of the missing ones.
    pub finished_tasks: Option<u32>,
    /// Tasks in any state.
    pub total_tasks: Option<u32>,
}

impl JobFigures {
    /// Nothing observed yet.
    #[must_use]
    pub fn of(job: JobId) -> JobFigures {
        JobFigures {
            job,
            overview_url: None,
            state: None,
            start_time: None,
            observed_at: None,
            restarts: None,
            completed_checkpoints: None,
            failed_checkpoints: None,
            restore_path: None,
            restore_time: None,
            last_failing_time: None,
            last_checkpoint: None,
            last_checkpoint_time: None,
            checkpoint_interval: None,
            running_tasks: None,
            finished_tasks: None,
            total_tasks: None,
        }
    }
}

/// What a version's job was submitted with. The reference operator rolls back by these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// The number of the version's revision.
    pub revision: Incarnation,
    /// Jar.
    pub jar_name: String,
    /// Parallelism.
    pub parallelism: u32,
    /// Main class.
    pub entry_class: Option<String>,
    /// Arguments, as the one string of the spec.
    pub program_args: Option<String>,
    /// Whether state without a taker was admitted.
    pub allow_non_restored_state: bool,
}
