//! Facts from one JobManager, as it told them.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use super::{Checkpointing, Fact, Statistics};
use crate::ids::{JobId, Process, Uid};
use crate::state::Bounds;
use crate::time::Timestamp;

/// What one JobManager said.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
pub struct Flink {
    /// The process that answered.
    pub process: Option<Process>,
    /// See [`FlinkRequest::cluster`](super::FlinkRequest::cluster).
    pub cluster: Fact<FlinkCluster>,
    /// See [`FlinkRequest::jobs`](super::FlinkRequest::jobs).
    pub jobs: Fact<Vec<JobSummary>>,
    /// See [`FlinkRequest::job`](super::FlinkRequest::job); `None`: Flink itself does not know the job.
    pub job: Fact<Option<Job>>,
    /// See [`FlinkRequest::statistics`](super::FlinkRequest::statistics); `None`: Flink answers 404, which of a job that it knows
    /// says that the job makes no checkpoints.
    pub statistics: Fact<Option<Statistics>>,
    /// See [`FlinkRequest::checkpointing`](super::FlinkRequest::checkpointing); `None`: Flink
    /// answers 404, which of a job that it knows says that the job makes no checkpoints.
    pub checkpointing: Fact<Option<Checkpointing>>,
    /// See [`FlinkRequest::operation`](super::FlinkRequest::operation).
    pub operation: Fact<Operation>,
    /// See [`FlinkRequest::failure`](super::FlinkRequest::failure): the root cause, in Flink's own words.
    pub failure: Fact<String>,
    /// See [`FlinkRequest::submission`](super::FlinkRequest::submission).
    pub submission: Fact<Post>,
    /// See [`FlinkRequest::idle`](super::FlinkRequest::idle): the pods of TaskManagers that are
    /// registered with all their slots free.
    pub idle: Fact<BTreeSet<Uid>>,
    /// See [`FlinkRequest::requirements`](super::FlinkRequest::requirements); `None`: this Flink cannot
    /// change them (older than 1.18, or the job is on another scheduler).
    pub requirements: Fact<Option<Vec<Vertex>>>,
}

impl Flink {
    /// No fact that was asked for is missing for less than `grace`: only then may a deadline fire.
    #[must_use]
    pub fn settled(&self, grace: Duration) -> bool {
        self.cluster.bearable(grace)
            && self.jobs.bearable(grace)
            && self.job.bearable(grace)
            && self.statistics.bearable(grace)
            && self.checkpointing.bearable(grace)
            && self.operation.bearable(grace)
            && self.submission.bearable(grace)
            && self.idle.bearable(grace)
            && self.requirements.bearable(grace)
    }
}

/// A Flink cluster about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FlinkCluster {
    /// Its version, from `/config`.
    pub version: FlinkVersion,
    /// Slots of all registered TaskManagers.
    pub slots: u32,
    /// Those of them that are free.
    pub slots_free: u32,
    /// Registered TaskManagers.
    pub taskmanagers: u32,
    /// `web.refresh-interval`: how old job details and statistics can be.
    #[cfg_attr(feature = "serde", serde(with = "crate::text_form::duration"))]
    pub refresh_interval: Duration,
    /// Whether Flink starts jobs again by itself after a JobManager died (`high-availability`,
    /// `high-availability.type`): this JobManager may then know a job from another one's end on only.
    pub high_availability: bool,
}

/// Flink's version, major and minor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FlinkVersion {
    /// 1 or 2.
    pub major: u16,
    /// The second number.
    pub minor: u16,
}

impl FlinkVersion {
    /// Flink 1.15: refuses a job id that ended under it, takes the caller's trigger id (recorded).
    pub const V1_15: FlinkVersion = FlinkVersion { major: 1, minor: 15 };
    /// The oldest that can be updated.
    pub const OLDEST: FlinkVersion = FlinkVersion { major: 1, minor: 13 };
}

/// A line of `/jobs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct JobSummary {
    /// Its id.
    pub id: JobId,
    /// Its state.
    pub state: JobState,
}

/// A job's state, grouped by what follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum JobState {
    /// INITIALIZING, CREATED, RECONCILING: not yet running.
    Starting,
    /// RUNNING.
    Running,
    /// FAILING or RESTARTING: tasks failed, Flink tries again by itself.
    Restarting,
    /// CANCELLING.
    Cancelling,
    /// FINISHED: by itself, or stopped with a savepoint.
    Finished,
    /// CANCELED.
    Canceled,
    /// FAILED, for good.
    Failed,
    /// SUSPENDED, or a word that we do not know: not over.
    Suspended,
}

impl JobState {
    /// FINISHED, CANCELED or FAILED: no task of it runs any more.
    #[must_use]
    pub fn over(self) -> bool {
        self.end().is_some()
    }

    /// How it ended, if it did.
    pub(crate) fn end(self) -> Option<JobEnd> {
        match self {
            JobState::Finished => Some(JobEnd::Finished),
            JobState::Canceled => Some(JobEnd::Cancelled),
            JobState::Failed => Some(JobEnd::Failed),
            JobState::Starting
            | JobState::Running
            | JobState::Restarting
            | JobState::Cancelling
            | JobState::Suspended => None,
        }
    }
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JobEnd {
    /// By itself, or with a savepoint: see [`stopped_with`](crate::policy::restore_point::stopped_with).
    Finished,
    /// Somebody wanted it to.
    Cancelled,
    /// Flink does not try again.
    Failed,
}

/// Goes on a sentence about the job.
impl fmt::Display for JobEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            JobEnd::Finished => "finished",
            JobEnd::Cancelled => "was cancelled",
            JobEnd::Failed => "failed",
        })
    }
}

/// `/jobs/:id`, up to `refresh_interval` old.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Job {
    /// Its state.
    pub state: JobState,
    /// How many vertices it has.
    pub vertices: u32,
    /// How many of them are RUNNING or FINISHED.
    pub vertices_up: u32,
    /// When it last entered RESTARTING, by the JobManager's clock.
    pub restarted_at: Option<Timestamp>,
    /// When it ended (`end-time`), by the JobManager's clock; none: these details show no end.
    pub ended_at: Option<Timestamp>,
    /// `now`: the JobManager's clock. Never a copy (recorded, 1.13 to 2.3).
    pub clock: Timestamp,
}

impl Job {
    /// RUNNING or FINISHED with at least one vertex and every vertex RUNNING or FINISHED.
    #[must_use]
    pub fn up(&self) -> bool {
        let state = matches!(self.state, JobState::Running | JobState::Finished);
        state && self.vertices > 0 && self.vertices_up == self.vertices
    }
}

/// A vertex of a job on the adaptive scheduler: `/jobs/:id/resource-requirements` and, up to
/// `refresh_interval` old, `/jobs/:id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Vertex {
    /// How many tasks it may have.
    pub bounds: Bounds,
    /// How many it can have at most as long as its state is distributed as it is; none: not said.
    pub max_parallelism: Option<u32>,
    /// How many it has.
    pub parallelism: u32,
    /// How many of them are RUNNING or FINISHED.
    pub running: u32,
}

/// A savepoint operation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Operation {
    /// Flink does not know it (any more).
    Unknown,
    /// Under way.
    InProgress,
    /// The savepoint is written.
    Completed {
        /// Where it lies.
        path: String,
    },
    /// No savepoint came of it.
    Failed {
        /// Flink's own first message.
        message: String,
    },
}

/// What this process knows of its own POST of a job. Advice: it can be lost with the process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Post {
    /// This process persisted the intent and has not sent it yet.
    NotSent,
    /// Another process may have sent it: this one only read the intent.
    MaybeSent,
    /// On its way: `main()` may be running.
    InFlight {
        /// No POST of the same job was sent before whose fate is unknown.
        alone: bool,
    },
    /// Flink accepted it, or knows the id already.
    Accepted,
    /// Flink itself answered with an error.
    Refused {
        /// Whether another attempt with the same input can help.
        retriable: bool,
        /// Flink's own first message.
        message: String,
        /// No POST of the same job was sent before whose fate is unknown. Otherwise that one's `main()`
        /// may still run, and bring the job.
        alone: bool,
    },
    /// No answer that could be trusted: it may have arrived, it may still run.
    Lost,
}

impl Post {
    /// What is known once the job is sent from here; `None`: it is not sent again, as it is under way or was
    /// answered.
    #[must_use]
    pub fn sent(&self) -> Option<Post> {
        match self {
            Post::NotSent => Some(Post::InFlight { alone: true }),
            Post::MaybeSent | Post::Lost => Some(Post::InFlight { alone: false }),
            Post::InFlight { .. } | Post::Accepted | Post::Refused { .. } => None,
        }
    }

    /// `answer` is what became of it. A POST that did not arrive, or was refused for now, says nothing of one
    /// that was sent before it: the job may be sent again under the same id, and comes at most once.
    #[must_use]
    pub fn answered(&self, answer: Post) -> Post {
        let was_alone = !matches!(self, Post::InFlight { alone: false });
        match answer {
            Post::NotSent | Post::Refused { retriable: true, .. } if !was_alone => Post::Lost,
            Post::Refused { retriable, message, alone } => {
                Post::Refused { retriable, message, alone: alone && was_alone }
            }
            Post::NotSent
            | Post::MaybeSent
            | Post::InFlight { .. }
            | Post::Accepted
            | Post::Lost => answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Silence;

    #[test]
    fn one_short_silence_is_enough_to_hold_a_deadline_back() {
        fn silent<T>(seconds: u64) -> Fact<T> {
            let for_how_long = Duration::from_secs(seconds);
            Fact::Unknown { why: Silence::TimedOut, for_how_long }
        }
        let grace = Duration::from_secs(5);
        let each_silent = |seconds| {
            [
                Flink { cluster: silent(seconds), ..Flink::default() },
                Flink { jobs: silent(seconds), ..Flink::default() },
                Flink { job: silent(seconds), ..Flink::default() },
                Flink { statistics: silent(seconds), ..Flink::default() },
                Flink { checkpointing: silent(seconds), ..Flink::default() },
                Flink { operation: silent(seconds), ..Flink::default() },
                Flink { submission: silent(seconds), ..Flink::default() },
                Flink { idle: silent(seconds), ..Flink::default() },
                Flink { requirements: silent(seconds), ..Flink::default() },
            ]
        };
        for flink in each_silent(4) {
            assert!(!flink.settled(grace), "{flink:?}");
        }
        for flink in each_silent(5) {
            assert!(flink.settled(grace), "{flink:?}");
        }
    }
}
