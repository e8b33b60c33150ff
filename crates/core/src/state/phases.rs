//! What belongs to one phase, and exists only there.

use crate::ids::{DeployHash, Incarnation, JobId, Process, TriggerId};
use crate::state::{Failure, Origin, Restart, Stop, Submission, Target};
use crate::time::Timestamp;

/// See [`Phase::New`](crate::Phase::New).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct New {
    /// Something was: an operator has put its finalizer on the application, and what it knew is lost.
    pub lost: bool,
}

/// See [`Phase::Left`](crate::Phase::Left): what the status of the reference operator tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Left {
    /// The deployed version; none: the first deploy did not come to its end.
    pub deployed: Option<LeftVersion>,
    /// In mode BlueGreen the version before, whose job runs beside it.
    pub beside: Option<LeftVersion>,
    /// The version whose deploy it gave up last.
    pub failed: Option<DeployHash>,
    /// What it was in the middle of; none: nothing was under way.
    pub under_way: Option<LeftStep>,
    /// The version that it was deploying, once its cluster has a number and is known for what it is.
    pub target: Option<DeployHash>,
}

/// What the reference operator was in the middle of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum LeftStep {
    /// A deploy, up to the end of the deployed version's job.
    Deploying,
    /// A deploy whose job it had submitted, or was about to.
    Submitting {
        /// Its id; none: it has not learnt that.
        job: Option<JobId>,
        /// When it last wrote the status.
        since: Timestamp,
        /// Something had failed since it began to submit, as the status tells; it has written that meanwhile.
        failing: bool,
    },
    /// A savepoint of the deployed version's job, in mode BlueGreen, under this id of the operation: the job runs on.
    Savepointing(TriggerId),
    /// A rollback: the deployed version's job was to be submitted again, or was.
    RollingBack {
        /// When it last wrote the status.
        since: Timestamp,
    },
    /// A deletion.
    Deleting,
}

/// A version that the status of the reference operator speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LeftVersion {
    /// Its hash.
    pub hash: DeployHash,
    /// The id of its job; none where the status has lost it.
    pub job: Option<JobId>,
    /// Its cluster, where this operator has made that, before the reference operator was given the application.
    pub cluster: Option<Incarnation>,
}

/// See [`Phase::Updating`](crate::Phase::Updating).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Updating {
    /// The version to deploy.
    pub target: Target,
    /// When the deploy is given up if something is in its way.
    pub deadline: Timestamp,
}

/// See [`Phase::Rescaling`](crate::Phase::Rescaling).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Rescaling {
    /// The version to deploy.
    pub target: Target,
    /// How far it is.
    pub step: RescalingStep,
    /// When the step is given up.
    pub deadline: Timestamp,
}

/// Steps of a rescaling. The deployed job runs in all of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum RescalingStep {
    /// TaskManagers are added until there are as many slots as the target takes.
    Grow {
        /// Since when the cluster's pods report trouble.
        troubled: Option<Timestamp>,
    },
    /// The job's scheduler was asked to run it with another parallelism.
    Adapt,
    /// It is not to be: the cluster is brought back to the deployed version's size.
    Return {
        /// Why the deploy failed; none: another spec took its place.
        failure: Option<Failure>,
    },
}

/// See [`Phase::ClusterStarting`](crate::Phase::ClusterStarting).
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
    /// What its job starts from, where that is not the end of the deployed one: a savepoint of a job
    /// that runs on, or what an attempt before started from.
    pub from: Option<Origin>,
}

/// See [`Phase::Savepointing`](crate::Phase::Savepointing).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Savepointing {
    /// The version to deploy.
    pub target: Target,
    /// The savepoint of the deployed job: it ends the job, but not in mode BlueGreen.
    pub stop: Stop,
    /// When a stop that hangs is ended by a cancellation.
    pub deadline: Timestamp,
}

/// See [`Phase::Cancelling`](crate::Phase::Cancelling).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Cancelling {
    /// The version to deploy.
    pub target: Target,
    /// The job.
    pub job: JobId,
    /// When its cluster is taken away.
    pub deadline: Timestamp,
}

/// See [`Phase::Recovering`](crate::Phase::Recovering).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Recovering {
    /// What it is for.
    pub purpose: Purpose,
    /// The job.
    pub job: JobId,
    /// What happened to it, in Flink's own words where it said something.
    pub why: Failure,
    /// How far it is.
    pub step: RecoveringStep,
    /// When a person is told that help is needed, or an update is given up.
    pub deadline: Timestamp,
}

/// What a recovery is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Purpose {
    /// The deploy of this version goes on from the newest state.
    Deploy(Target),
    /// The deployed version's job runs again; the deploy that failed before, if one did.
    Restart(Option<DeployFailed>),
}

/// Steps of a recovery.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum RecoveringStep {
    /// The newest state is looked for.
    Find(Find),
    /// It is known, and the deployed version's job is being started from it.
    Start(Box<Restart>),
}

/// Looking for the newest state of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Find {
    /// The job runs and is being cancelled: the checkpoint that then stays is the newest.
    pub cancel: bool,
    /// The process that another submission of it may still be on its way to: it ends before the next one.
    pub sent: Option<Process>,
}

/// See [`Phase::SubmittingJob`](crate::Phase::SubmittingJob).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SubmittingJob {
    /// The version to deploy.
    pub target: Target,
    /// The job on its way.
    pub submission: Submission,
}

/// See [`Phase::Running`](crate::Phase::Running).
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

/// See [`Phase::DualRunning`](crate::Phase::DualRunning).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DualRunning {
    /// None: the newer version is confirmed.
    pub confirming: Option<Confirming>,
    /// One of them is on its way out: this cannot be taken back.
    pub teardown: Option<TearDown>,
}

/// One of two running versions on its way out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TearDown {
    /// Which.
    pub incarnation: Incarnation,
    /// The savepoint that ends its job, once that was asked for.
    pub stop: Option<Stop>,
    /// When its cluster is taken away whatever its job does.
    pub deadline: Timestamp,
}

/// See [`Phase::RollingBackJob`](crate::Phase::RollingBackJob).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RollingBackJob {
    /// The version that failed.
    pub failed: Target,
    /// Why.
    pub failure: Failure,
    /// The cluster of the deployed version comes up again under a number of its own; its revision
    /// is a copy of this one's. None: the cluster stands.
    pub revived: Option<Incarnation>,
    /// The deployed version's job on its way, once the failed one is over.
    pub restart: Restart,
}

/// See [`Phase::DeployFailed`](crate::Phase::DeployFailed).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DeployFailed {
    /// The version that failed.
    pub failed: Target,
    /// Why.
    pub failure: Failure,
}

/// See [`Phase::Deleting`](crate::Phase::Deleting).
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

/// See [`Phase::Unreadable`](crate::Phase::Unreadable).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Unreadable {
    /// What could not be read.
    pub why: String,
}
