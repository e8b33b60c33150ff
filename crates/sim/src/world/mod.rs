//! A simulated world: Kubernetes objects and pods, Flink processes, files, and what really
//! happened to the data, on a clock that only moves when it is told to.
//!
//! It knows nothing of the operator, only what is done to it: the explorer drives it directly, the
//! simulated APIs drive it over HTTP. It is a value: cloned, compared and hashed as a whole, with
//! no randomness and no time of its own. What it can do next by itself is listed by
//! [`World::steps`] and done by [`World::apply`]; what can go wrong is listed by
//! [`World::mishaps`] and done by [`World::befall`]; [`Scheduler`] applies steps by themselves, at
//! realistic delays. [`Run`] and [`File`] are the truth that [`crate::invariants`] read.

mod ask;
mod flink;
mod kubernetes;
mod mishap;
mod objects;
mod operate;
mod scheduler;
mod shared;
mod spec;
mod standing;
mod step;
mod tasks;
mod truth;

pub use ask::{Details, Overview, Statistics};
pub use flink::{
    Answer, CheckpointEntry, Job, JobManager, JobState, Operation, OperationState, Post,
    TaskManager,
};
pub use kubernetes::CreateError;
pub use mishap::{Mishap, PERSONS_JOB};
pub use objects::{
    Application, Cluster, Deployment, Pod, ProcessState, Revision, Role, Service, Trouble,
};
pub use operate::{OperateError, Stop};
pub use scheduler::{Latencies, Scheduler};
pub use shared::Shared;
pub use spec::{FlinkVersion, Image, JobScheduler, Program, Retention, Settings, Spec};
pub use standing::{
    Standing, StandingDeployment, StandingFile, StandingJob, StandingOperation, StandingOutcome,
    StandingPod,
};
pub use step::Step;
pub use truth::{Deleter, End, File, FileId, FileKind, Origin, Run, RunId};

/// A Kubernetes UID: never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uid(pub u64);

/// An application, by its place in [`World::applications`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AppId(pub usize);

/// A Flink job's id, chosen by whoever submits it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u128);

/// A Flink operation's id, chosen by whoever triggers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TriggerId(pub u128);

/// One run of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Process {
    /// The pod.
    pub pod: Uid,
    /// How often its container was restarted.
    pub restarts: u32,
}

/// Everything there is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    /// The clock: milliseconds. Moved by [`World::wait_until`] only.
    pub now: u64,
    /// What does not change.
    pub settings: Settings,
    /// Applications ever created, in that order.
    pub applications: Shared<Vec<Application>>,
    /// Deployments, in the order of their creation.
    pub deployments: Shared<Vec<Deployment>>,
    /// Versioned Services.
    pub services: Shared<Vec<Service>>,
    /// Stored revisions.
    pub revisions: Shared<Vec<Revision>>,
    /// Pods, oldest first.
    pub pods: Shared<Vec<Pod>>,
    /// Deployments that were deleted in the background, as long as pods of theirs are left.
    pub orphaned: Shared<Vec<Deployment>>,
    /// Revisions that someone has deleted.
    pub deleted_revisions: Shared<Vec<Revision>>,
    /// The namespace is being deleted: nothing can be created.
    pub terminating: bool,
    /// Runs of jobs ever begun, in that order.
    pub runs: Shared<Vec<Run>>,
    /// Savepoints and checkpoints ever written, in that order.
    pub files: Shared<Vec<File>>,
    uids: u64,
}

impl World {
    /// An empty world at time 0.
    #[must_use]
    pub fn new(settings: Settings) -> World {
        World {
            now: 0,
            settings,
            applications: Shared::default(),
            deployments: Shared::default(),
            services: Shared::default(),
            revisions: Shared::default(),
            pods: Shared::default(),
            orphaned: Shared::default(),
            deleted_revisions: Shared::default(),
            terminating: false,
            runs: Shared::default(),
            files: Shared::default(),
            uids: 0,
        }
    }

    /// Lets time pass. Nothing happens in it but what follows from the time itself (caches age).
    pub fn wait_until(&mut self, instant: u64) {
        self.now = self.now.max(instant);
    }

    fn new_uid(&mut self) -> Uid {
        self.uids += 1;
        Uid(self.uids)
    }
}
