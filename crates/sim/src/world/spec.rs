//! What an application is made of, as far as Kubernetes and Flink see it: how its image, its
//! program and its checkpoints behave. What the operator makes of it is none of this.

use std::sync::Arc;

/// A version of an application.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Spec {
    /// Names the version's objects; a version that comes again has the same hash.
    pub hash: u32,
    /// What its pods and its job are made from, but for the parallelism: versions that differ in nothing
    /// else have the same.
    pub family: u32,
    /// The image of its pods.
    pub image: Image,
    /// Its job.
    pub program: Program,
    /// Slots that the job needs.
    pub parallelism: u32,
    /// TaskManager pods.
    pub taskmanagers: u32,
    /// Slots of each TaskManager.
    pub slots: u32,
    /// What becomes of its checkpoints.
    pub retention: Retention,
    /// Where its savepoints go.
    pub savepoints: Arc<str>,
    /// The user does not insist on its state: its job may begin from nothing.
    pub stateless: bool,
    /// The user is content with the last state that anyone saw.
    pub last_seen: bool,
    /// The file that the user named for a job to start from.
    pub restored: Option<Arc<str>>,
    /// There is no room for two clusters: the old one may go before its successor is good.
    pub alone: bool,
    /// The user wants a new version beside the old one, until one of them is named to go.
    pub beside: bool,
    /// The version that the user wants to go.
    pub tear_down: Option<u32>,
}

impl Spec {
    /// A version that works: one slot, one TaskManager, retained checkpoints.
    #[must_use]
    pub fn good(hash: u32) -> Spec {
        Spec {
            hash,
            family: hash,
            image: Image::Runs,
            program: Program::Runs,
            parallelism: 1,
            taskmanagers: 1,
            slots: 1,
            retention: Retention::RetainOnCancellation,
            savepoints: Arc::from("file:///savepoints"),
            stateless: false,
            last_seen: false,
            restored: None,
            alone: false,
            beside: false,
            tear_down: None,
        }
    }
}

/// What becomes of pods with an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Image {
    /// Its containers run.
    Runs,
    /// The registry does not have it.
    CannotBePulled,
    /// Its name cannot be parsed.
    InvalidName,
    /// Its containers end again and again.
    CrashLoops,
    /// No node takes its pods.
    Unschedulable,
}

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Program {
    /// Starts, and runs until it is stopped.
    Runs,
    /// Its entry class does not exist.
    ClassNotFound,
    /// Its `main()` throws.
    MainThrows,
    /// Starts, and fails for good as soon as its tasks run.
    Fails,
    /// Starts, and ends by itself some time later.
    Finishes,
    /// Never gets its tasks to run.
    NeverUp,
    /// Starts, and fails for good as soon as more than one task of a vertex runs.
    OneTaskOnly,
}

/// `execution.checkpointing.externalized-checkpoint-retention`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Retention {
    /// Flink's default: checkpoints go when the job goes, however it goes.
    Unset,
    /// Kept only if the job fails.
    DeleteOnCancellation,
    /// Kept unless the job finishes.
    RetainOnCancellation,
}

/// A Flink version, major and minor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlinkVersion(pub u16, pub u16);

impl FlinkVersion {
    /// From 1.15 on a JobManager refuses a job id that ended under it, and takes the caller's
    /// trigger id (recorded on 1.13.6 to 2.3.0).
    pub const V1_15: FlinkVersion = FlinkVersion(1, 15);
}

/// `jobmanager.scheduler`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobScheduler {
    /// A job keeps its parallelism.
    Default,
    /// A job takes as many slots as it may have and as there are.
    Adaptive,
    /// The same, but it never comes to change a job that runs.
    AdaptiveInVain,
}

/// What does not change in a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    /// Of all clusters.
    pub flink: FlinkVersion,
    /// `web.refresh-interval`, milliseconds: how old job details and statistics can be.
    pub refresh_interval: u64,
    /// How many checkpoints one run makes; a bound for exploration.
    pub checkpoints: u32,
    /// Of all clusters.
    pub scheduler: JobScheduler,
    /// How many TaskManager pods find a node.
    pub room: u32,
    /// TaskManager pods start only once their JobManager is ready: fewer orders to explore.
    pub in_step: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            flink: FlinkVersion(1, 20),
            // Flink's own default, also recorded: a finished stop shows up to 3 s late.
            refresh_interval: 3_000,
            checkpoints: u32::MAX,
            scheduler: JobScheduler::Default,
            room: u32::MAX,
            in_step: false,
        }
    }
}
