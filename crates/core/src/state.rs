//! What is persisted: the whole memory of the machine between two rounds.

mod operation;
mod origin;
mod phases;
mod record;
mod under_way;

pub use operation::{Aftermath, Baseline, Bounds, Failure, FailureKind, Restart, Stop, Submission};
pub use origin::{Learnt, LiveJob, Origin, RestorePoint, Source};
pub use phases::{
    Cancelling, ClusterStarting, Confirming, Deleting, DeletingStep, DeployFailed, DualRunning,
    Find, Left, LeftStep, LeftVersion, New, Purpose, Recovering, RecoveringStep, Rescaling,
    RescalingStep, RollingBackJob, Running, Savepointing, SubmittingJob, TearDown, Unreadable,
    Updating,
};
pub use record::{Leaving, Obsolete, Record, Recovered, Scaled, Target, Version, Work};

use crate::ids::Ids;
use crate::time::Timestamp;

/// The machine's state: what outlives every phase, and the phase.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct State {
    /// What outlives every phase.
    pub record: Record,
    /// Where the application is.
    pub phase: Phase,
}

/// Where an application is. The names are the reference operator's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Phase {
    /// Nothing was done for it yet.
    New(New),
    /// The reference operator has left it: what stands and runs is being taken over.
    Left(Left),
    /// A target was chosen; what a deploy needs is being stored.
    Updating(Updating),
    /// The deployed version's cluster is brought to another size.
    Rescaling(Rescaling),
    /// The target's cluster comes up.
    ClusterStarting(ClusterStarting),
    /// The deployed job is being stopped with a savepoint.
    Savepointing(Savepointing),
    /// The deployed job is being cancelled: its state is not wanted.
    Cancelling(Cancelling),
    /// The deployed job is lost, or cannot be stopped with a savepoint: its newest state is looked
    /// for, then the target's job, or its own, is started from it.
    Recovering(Recovering),
    /// The target's job is being started.
    SubmittingJob(SubmittingJob),
    /// The deployed version's job runs.
    Running(Running),
    /// BlueGreen: the deployed version's job runs, and that of the version before beside it.
    DualRunning(DualRunning),
    /// The deployed version's job is being started again after a failed deploy.
    RollingBackJob(RollingBackJob),
    /// The last deploy was given up.
    DeployFailed(DeployFailed),
    /// The application is on its way out.
    Deleting(Deleting),
    /// The persisted state could not be read: hold still.
    Unreadable(Unreadable),
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
            obsolete: Vec::new(),
            settled: None,
            forced: None,
            restored: None,
            recovered: None,
            surplus: false,
            dwells_until: None,
            bounds: Vec::new(),
            adopted: Vec::new(),
        };
        State { record, phase: Phase::New(New::default()) }
    }

    /// The state of an application that the reference operator has left; `now` begins its epoch.
    #[must_use]
    pub fn left(now: Timestamp, left: Left) -> State {
        State { phase: Phase::Left(left), ..State::new(now) }
    }

    /// The state of an application whose persisted state cannot be read.
    #[must_use]
    pub fn unreadable(now: Timestamp, why: String) -> State {
        State { phase: Phase::Unreadable(Unreadable { why }), ..State::new(now) }
    }
}

impl Phase {
    /// The reference operator's word for the phase; what cannot be read, or was left by that operator, keeps
    /// the stored one.
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        match self {
            Phase::New(_) => Some(""),
            Phase::Updating(_) => Some("Updating"),
            Phase::Rescaling(_) => Some("Rescaling"),
            Phase::ClusterStarting(_) => Some("ClusterStarting"),
            Phase::Savepointing(_) => Some("Savepointing"),
            Phase::Cancelling(_) => Some("Cancelling"),
            Phase::Recovering(_) => Some("Recovering"),
            Phase::SubmittingJob(_) => Some("SubmittingJob"),
            Phase::Running(_) => Some("Running"),
            Phase::DualRunning(_) => Some("DualRunning"),
            Phase::RollingBackJob(_) => Some("RollingBackJob"),
            Phase::DeployFailed(_) => Some("DeployFailed"),
            Phase::Deleting(_) => Some("Deleting"),
            Phase::Left(_) | Phase::Unreadable(_) => None,
        }
    }
}
