//! What is persisted: the whole memory of the machine between two rounds.

use std::fmt;

use crate::ids::{DeployHash, Digest, Ids, Incarnation, JobId, Process, TriggerId, Uid};
use crate::time::Timestamp;
use crate::words::words;

/// The machine's state: what outlives every phase, and the phase.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct State {
    /// What outlives every phase.
    pub record: Record,
    /// Where the application is.
    pub phase: Phase,
}

/// What outlives every phase.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Record {
    /// Source of ids.
    pub ids: Ids,
    /// The highest incarnation given out; 0 before the first.
    pub incarnations: u32,
    /// The version considered deployed.
    pub deployed: Option<Version>,
    /// The version before, with its cluster, until the deployed one is confirmed.
    pub previous: Option<Version>,
    /// Clusters on their way out.
    pub leaving: Vec<Leaving>,
    /// The last digest that was compared with the deployed version and needs no deploy.
    pub settled: Option<Digest>,
    /// The generation whose `forceRollback` was honoured: once per generation.
    pub forced: Option<i64>,
}

/// A version that is, or is to be, deployed: which spec, in which cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Target {
    /// Names its objects.
    pub hash: DeployHash,
    /// Its cluster.
    pub incarnation: Incarnation,
    /// The generation of the spec.
    pub generation: i64,
    /// The fingerprint of the spec.
    pub digest: Digest,
    /// How many slots it needs.
    pub parallelism: u32,
}

/// A version with a cluster, and what its job does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Version {
    /// Which spec, in which cluster.
    pub target: Target,
    /// Its job.
    pub work: Work,
}

/// What a version's job does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Work {
    /// It runs, as far as is known.
    Live(LiveJob),
    /// It was stopped: this is its newest state, and nothing runs.
    Stopped(RestorePoint),
    /// It ended by itself.
    Finished,
}

impl Version {
    /// The id of its job while that runs.
    #[must_use]
    pub fn live(&self) -> Option<&LiveJob> {
        match &self.work {
            Work::Live(job) => Some(job),
            Work::Stopped(_) | Work::Finished => None,
        }
    }
}

/// A job that runs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LiveJob {
    /// Its id.
    pub id: JobId,
    /// What it was started from.
    pub from: Origin,
}

/// What a job starts from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Origin {
    /// Nothing: a first deploy, or the predecessor ended by itself.
    Empty,
    /// What the user named for the first deploy.
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
    /// Whose it is.
    pub job: JobId,
    /// Flink's number of it; none where only the operation's answer is known.
    pub checkpoint: Option<u64>,
    /// When it was recorded.
    pub at: Timestamp,
}

/// A cluster on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Leaving {
    /// Its number.
    pub incarnation: Incarnation,
    /// Its version.
    pub hash: DeployHash,
    /// A job may still run, or start, in it: no other job before all its pods are gone.
    pub may_run: bool,
}

/// Where an application is. The names are the reference operator's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Phase {
    /// Nothing was done for it yet.
    New(New),
    /// A target was chosen; what a deploy needs is being stored.
    Updating(Updating),
    /// The target's cluster comes up.
    ClusterStarting(ClusterStarting),
    /// The deployed job is being stopped with a savepoint.
    Savepointing(Savepointing),
    /// The target's job is being started.
    SubmittingJob(SubmittingJob),
    /// The deployed version's job runs.
    Running(Running),
    /// The deployed version's job is being started again after a failed deploy.
    RollingBackJob(RollingBackJob),
    /// The last deploy was given up.
    DeployFailed(DeployFailed),
    /// The application is on its way out.
    Deleting(Deleting),
    /// The persisted state could not be read: hold still.
    Unreadable(Unreadable),
}

/// See [`Phase::New`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct New;

/// See [`Phase::Updating`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Updating {
    /// The version to deploy.
    pub target: Target,
    /// When the deploy is given up if something is in its way.
    pub deadline: Timestamp,
}

/// See [`Phase::ClusterStarting`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ClusterStarting {
    /// The version to deploy.
    pub target: Target,
    /// When it is given up.
    pub deadline: Timestamp,
    /// Since when its pods report trouble.
    pub troubled: Option<Timestamp>,
    /// Which submission this cluster is made ready for, from 1 on.
    pub attempt: u32,
}

/// See [`Phase::Savepointing`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Savepointing {
    /// The version to deploy.
    pub target: Target,
    /// The savepoint that ends the deployed job.
    pub stop: Stop,
    /// When a stop that hangs is ended by a cancellation.
    pub deadline: Timestamp,
}

/// A job being stopped with a savepoint: used by an update and by a deletion.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Stop {
    /// The job.
    pub job: JobId,
    /// Our id of the operation.
    pub trigger: TriggerId,
    /// How things stood before it was sent.
    pub baseline: Baseline,
    /// Which attempt this is, from 1 on.
    pub attempt: u32,
    /// Not sent before this instant.
    pub not_before: Timestamp,
    /// When the job was first seen to be over: statistics asked for a cache's age later tell.
    pub over_since: Option<Timestamp>,
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

/// See [`Phase::SubmittingJob`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SubmittingJob {
    /// The version to deploy.
    pub target: Target,
    /// The job on its way.
    pub submission: Submission,
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
    }
}

/// See [`Phase::Running`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Running {
    /// None: confirmed.
    pub confirming: Option<Confirming>,
}

/// A version under watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Confirming {
    /// Since when the job runs without a restart.
    pub since: Timestamp,
    /// The restart that this counts from.
    pub restarted_at: Option<Timestamp>,
    /// When restarts are called a loop.
    pub deadline: Timestamp,
}

/// See [`Phase::RollingBackJob`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RollingBackJob {
    /// The version that failed.
    pub failed: Target,
    /// Why.
    pub failure: Failure,
    /// The deployed version's job on its way, once the failed one is over.
    pub submission: Option<Submission>,
    /// What may still run of the attempt before.
    pub aftermath: Option<Aftermath>,
    /// Which attempt the next submission is, from 1 on.
    pub attempt: u32,
    /// Why the attempt before failed.
    pub trouble: Option<Failure>,
}

/// What may still run of a submission that was given up on a cluster that stays. Each is ended and
/// awaited gone, in this order: as long as the JobManager lives it can put tasks on any
/// TaskManager, and a TaskManager outlives its JobManager with the tasks that it has.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Aftermath {
    /// The process that may have received the job.
    JobManager(Process),
    /// The pods of the TaskManagers that there were when it had ended.
    TaskManagers(Vec<Uid>),
}

/// See [`Phase::DeployFailed`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DeployFailed {
    /// The version that failed.
    pub failed: Target,
    /// Why.
    pub failure: Failure,
}

/// See [`Phase::Deleting`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Deleting {
    /// How far it is.
    pub step: DeletingStep,
    /// When the cluster is taken away whatever its job does.
    pub deadline: Timestamp,
}

/// Steps of a deletion.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum DeletingStep {
    /// Find out what there is to end.
    Look,
    /// The job is being stopped with a savepoint.
    Stop(Stop),
    /// The job is being cancelled.
    Cancel(JobId),
    /// The clusters are being removed; then the finalizer goes.
    RemoveClusters {
        /// What could not be done, and what survives.
        why: String,
    },
    /// The finalizer goes.
    Finalize,
}

/// See [`Phase::Unreadable`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Unreadable {
    /// What could not be read.
    pub why: String,
}

impl State {
    /// The state of an application that nothing was done for yet; `now` begins its epoch.
    #[must_use]
    pub fn new(now: Timestamp) -> State {
        let record = Record {
            ids: Ids { epoch: now.0, issued: 0 },
            incarnations: 0,
            deployed: None,
            previous: None,
            leaving: Vec::new(),
            settled: None,
            forced: None,
        };
        State { record, phase: Phase::New(New) }
    }

    /// The state of an application whose persisted state cannot be read.
    #[must_use]
    pub fn unreadable(now: Timestamp, why: String) -> State {
        State { phase: Phase::Unreadable(Unreadable { why }), ..State::new(now) }
    }
}

impl Phase {
    /// The reference operator's word for the phase; what cannot be read keeps the stored one.
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        match self {
            Phase::New(_) => Some(""),
            Phase::Updating(_) => Some("Updating"),
            Phase::ClusterStarting(_) => Some("ClusterStarting"),
            Phase::Savepointing(_) => Some("Savepointing"),
            Phase::SubmittingJob(_) => Some("SubmittingJob"),
            Phase::Running(_) => Some("Running"),
            Phase::RollingBackJob(_) => Some("RollingBackJob"),
            Phase::DeployFailed(_) => Some("DeployFailed"),
            Phase::Deleting(_) => Some("Deleting"),
            Phase::Unreadable(_) => None,
        }
    }
}
