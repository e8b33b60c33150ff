//! What a round comes to: the next state, the effects that belong to it, and how it stands.

use std::collections::BTreeSet;

use crate::colour::Colour;
use crate::cure::{self, Cure};
use crate::desired::SavepointStop;
use crate::ids::{Incarnation, JobId, Process, TriggerId, Uid};
use crate::reason::Reason;
use crate::state::{Bounds, Obsolete, Origin, State, Target};
use crate::time::Timestamp;
use crate::words::words;

/// The outcome of [`decide`](crate::decide). The order of use is fixed: persist `state`, perform
/// `effects` in order (the first failure ends the round, they will be asked for again), publish
/// `events`, call again at `wake` or when something changes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[must_use]
pub struct Decision {
    /// What to persist before anything else. Equal to the state given: nothing to write.
    pub state: State,
    /// What to do, in order. Each is idempotent and belongs to `state`.
    pub effects: Vec<Effect>,
    /// What to tell, once.
    pub events: Vec<Event>,
    /// How the application stands.
    pub verdict: Verdict,
    /// When to decide again although nothing seems to have changed.
    pub wake: Option<Timestamp>,
}

/// Something to do in the world.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Effect {
    /// Put our finalizer on the application.
    AddFinalizer,
    /// Store the desired spec, as it is in this round, as the revision of the target.
    SaveRevision(Target),
    /// Store a revision under another number, of the same version.
    CopyRevision {
        /// Its number.
        from: Incarnation,
        /// The version under its new number.
        to: Target,
    },
    /// Store the revision of a version of the reference operator's, read back from its Deployments.
    RebuildRevision(Target),
    /// Create what is missing of a version's cluster, rendered from its revision.
    CreateCluster(Target),
    /// Let a cluster's TaskManager Deployment ask for another number of pods.
    ScaleTaskManagers {
        /// Of which cluster.
        incarnation: Incarnation,
        /// How many pods it is to ask for.
        replicas: u32,
        /// Where some are to go while a job may run: those that run nothing, which go first.
        idle: BTreeSet<Uid>,
    },
    /// Change how many tasks each vertex of a job may have (adaptive scheduler).
    SetRequirements(Requirements),
    /// Give a cluster that was scaled in place the label, the annotation and the versioned Service of
    /// the version that it was scaled to; take away such Services of versions in between.
    LabelCluster(Target),
    /// Lead the addresses that users know, the application's generic Service and its Ingress, or those
    /// of a colour, to a cluster (create them if there are none).
    PointService {
        /// At which cluster.
        incarnation: Incarnation,
        /// Of which colour; none: the Service without one.
        colour: Option<Colour>,
    },
    /// Send the job to the JobManager: detached, its reply is advice.
    Submit(Submit),
    /// Trigger a savepoint.
    Savepoint(Savepoint),
    /// Cancel a job.
    Cancel {
        /// Of which cluster.
        incarnation: Incarnation,
        /// The process to ask.
        process: Process,
        /// The job.
        job: JobId,
    },
    /// Delete a pod, if it still has this UID.
    DeletePod {
        /// Its UID.
        pod: Uid,
    },
    /// Delete a cluster's Deployments and versioned Service, each with its UID.
    RemoveCluster {
        /// Its number.
        incarnation: Incarnation,
    },
    /// Delete a revision that nothing is made from any more, with its UID.
    RemoveRevision(Obsolete),
    /// Take our finalizer off: the application goes, its objects with it.
    RemoveFinalizer,
}

impl Effect {
    /// Its name, for metrics and records.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Effect::AddFinalizer => "add-finalizer",
            Effect::SaveRevision(_) => "save-revision",
            Effect::CopyRevision { .. } => "copy-revision",
            Effect::RebuildRevision(_) => "rebuild-revision",
            Effect::CreateCluster(_) => "create-cluster",
            Effect::ScaleTaskManagers { .. } => "scale-task-managers",
            Effect::SetRequirements(_) => "set-requirements",
            Effect::LabelCluster(_) => "label-cluster",
            Effect::PointService { .. } => "point-service",
            Effect::Submit(_) => "submit",
            Effect::Savepoint(_) => "savepoint",
            Effect::Cancel { .. } => "cancel",
            Effect::DeletePod { .. } => "delete-pod",
            Effect::RemoveCluster { .. } => "remove-cluster",
            Effect::RemoveRevision(_) => "remove-revision",
            Effect::RemoveFinalizer => "remove-finalizer",
        }
    }
}

/// A submission. Jar, class, arguments and parallelism come from the revision.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Submit {
    /// The cluster.
    pub incarnation: Incarnation,
    /// The number of the revision that describes the job.
    pub revision: Incarnation,
    /// The only process this id may be sent to.
    pub process: Process,
    /// Our id for it.
    pub job: JobId,
    /// What it starts from.
    pub from: Origin,
}

/// A savepoint to be triggered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Savepoint {
    /// Of which cluster.
    pub incarnation: Incarnation,
    /// The process to ask.
    pub process: Process,
    /// The job.
    pub job: JobId,
    /// Our id for the operation.
    pub trigger: TriggerId,
    /// Stop or cancel the job with it; none: the job runs on.
    pub stop: Option<SavepointStop>,
    /// Whether it gets a directory of its own, named by the trigger id.
    pub own_directory: bool,
}

/// How many tasks each vertex of a job may have. All vertices are in it: Flink refuses less.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Requirements {
    /// Of which cluster.
    pub incarnation: Incarnation,
    /// The process to ask.
    pub process: Process,
    /// The job.
    pub job: JobId,
    /// Each vertex.
    pub bounds: Vec<Bounds>,
}

/// Something worth an event.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Event {
    /// Normal or Warning.
    pub warning: bool,
    /// The reference operator's reasons, kept.
    pub reason: EventReason,
    /// For a person.
    pub message: String,
}

words! {
    /// Event reasons. Those of the reference operator keep their words.
    EventReason {
        /// What the reference operator has left is this operator's now.
        TakenOver,
        /// A cluster is being created.
        CreatingCluster,
        /// A cluster could not be created or did not come up.
        ClusterCreationFailed,
        /// A cluster is being scaled up in place.
        ClusterScaleUp,
        /// A cluster could not be scaled in place.
        ClusterScaleUpFailed,
        /// A cluster is being scaled down in place.
        ClusterScaleDown,
        /// `scaleMode: InPlace` asks for what cannot be done now.
        NotScalingInPlace,
        /// A job is being stopped with a savepoint.
        CancellingJob,
        /// A job was stopped with a savepoint.
        CanceledJob,
        /// A savepoint of a job that runs on is being taken.
        TakingSavepoint,
        /// A savepoint of a job that runs on was taken.
        SavepointTaken,
        /// A savepoint failed.
        SavepointFailed,
        /// A job was submitted.
        JobSubmitted,
        /// A job that the operator did not submit is the application's now.
        JobAdopted,
        /// A job could not be submitted.
        JobSubmissionFailed,
        /// A job did not start, or failed before it was confirmed.
        JobMonitoringFailed,
        /// A job ended by itself.
        JobFinished,
        /// A deploy was given up.
        DeployFailed,
        /// The new version runs.
        JobRunning,
        /// The new version is confirmed.
        DeployConfirmed,
        /// The old version runs again.
        RollbackSucceeded,
        /// The old version could not be started again yet.
        RollbackFailed,
        /// The newest state of a lost job is known, the next one starts from it.
        RestoringExternalizedCheckpoint,
        /// No state of a lost job can be used, and the user allowed to start without.
        RestoringWithoutExternalizedCheckpoint,
        /// A lost job could not be started again yet.
        RecoveryFailed,
        /// A job could not be cancelled in time: its cluster is taken away.
        CancelFailed,
        /// One of two running versions is being torn down.
        TeardownInitiated,
        /// One of two running versions was torn down.
        TeardownCompleted,
        /// The job of a version that is torn down could not be stopped with a savepoint.
        TeardownFailed,
        /// A cluster that is not needed any more was removed.
        ToreDownCluster,
        /// A job was cancelled without a savepoint.
        ForceCanceling,
        /// What is left behind of a deleted application's state.
        LastRestorePoint,
    }
}

/// How the application stands, for the status.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Verdict {
    /// In one word.
    pub reason: Reason,
    /// In a sentence: what is, in Flink's or the pod's own words where they said something.
    pub message: String,
    /// What is being waited for.
    pub waiting: Option<Waiting>,
}

/// A wait, as a person wants to know it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Waiting {
    /// For what.
    pub what: String,
    /// Until when at most; none: without a limit.
    pub until: Option<Timestamp>,
    /// What would unblock it, each alone; none where it ends by itself.
    pub cures: Vec<Cure>,
}

impl Waiting {
    /// What would unblock it, as a person reads it; empty where it ends by itself.
    #[must_use]
    pub fn unblocked_by(&self) -> String {
        cure::in_words(&self.cures)
    }
}
