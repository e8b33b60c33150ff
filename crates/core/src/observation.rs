//! Facts: what was asked for in a round, and what was seen. Silence is a fact of its own.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::ids::{DeployHash, Incarnation, JobId, Process, Role, TriggerId, Uid};
use crate::time::Timestamp;

/// Something that was, or was not, found out in this round.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub enum Fact<T> {
    /// Nobody asked.
    #[default]
    Unasked,
    /// Asked, and no answer that could be trusted.
    Unknown {
        /// What came instead.
        why: Silence,
        /// How long this leader has asked in vain, by its monotonic clock.
        for_how_long: Duration,
    },
    /// The answer.
    Known(T),
}

impl<T> Fact<T> {
    /// The value, if there is one.
    pub fn known(&self) -> Option<&T> {
        match self {
            Fact::Known(value) => Some(value),
            Fact::Unasked | Fact::Unknown { .. } => None,
        }
    }

    /// Not asked for, or settled.
    pub(crate) fn bearable(&self, grace: Duration) -> bool {
        matches!(self, Fact::Unasked) || self.settled(grace)
    }

    /// Whether there was an answer, or silence for at least `grace`: only then may a deadline fire.
    pub fn settled(&self, grace: Duration) -> bool {
        match self {
            Fact::Unasked => false,
            Fact::Unknown { for_how_long, .. } => *for_how_long >= grace,
            Fact::Known(_) => true,
        }
    }
}

/// Why there was no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Silence {
    /// No connection, or it broke.
    Unreachable,
    /// No answer in time.
    TimedOut,
    /// Flink answered that it cannot say yet (503 while it elects a leader or starts).
    NotReady,
    /// Something in between answered instead of Flink, or another cluster did.
    NotOurs,
    /// The cache is older than our own last write.
    Stale,
    /// The answer could not be understood.
    Unreadable,
    /// Flink failed to answer (500).
    Failed,
}

/// What a round wants to know. Nothing else is fetched.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct FactRequest {
    /// The application's Deployments, Services and pods, from the watches.
    pub objects: bool,
    /// The application's pods from a live LIST: the only proof that one is gone.
    pub live_pods: bool,
    /// Whether the revision of this incarnation is stored.
    pub revision: Option<Incarnation>,
    /// How the desired spec differs from the revision of this incarnation.
    pub change: Option<Incarnation>,
    /// What to ask which JobManager.
    pub flink: Vec<FlinkRequest>,
}

/// Questions to one JobManager process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FlinkRequest {
    /// Of which cluster.
    pub incarnation: Incarnation,
    /// The process that is to answer: its pod's address is where the questions go.
    pub process: Process,
    /// Version, identity, slots (`/config`, `/jobmanager/config`, `/overview`).
    pub cluster: bool,
    /// All jobs (`/jobs`).
    pub jobs: bool,
    /// One job's state and vertices (`/jobs/:id`).
    pub job: Option<JobId>,
    /// One job's checkpoint statistics (`/jobs/:id/checkpoints`).
    pub statistics: Option<JobId>,
    /// The state of a savepoint operation.
    pub operation: Option<(JobId, TriggerId)>,
    /// Why a job failed (`/jobs/:id/exceptions`).
    pub failure: Option<JobId>,
    /// What became of this process's own POST of that job.
    pub submission: Option<JobId>,
}

impl FlinkRequest {
    /// Asks nothing yet.
    #[must_use]
    pub fn to(incarnation: Incarnation, process: Process) -> FlinkRequest {
        FlinkRequest {
            incarnation,
            process,
            cluster: false,
            jobs: false,
            job: None,
            statistics: None,
            operation: None,
            failure: None,
            submission: None,
        }
    }
}

/// What was seen in a round. Facts of one round are not simultaneous.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Observation {
    /// See [`FactRequest::objects`].
    pub objects: Fact<Objects>,
    /// See [`FactRequest::live_pods`].
    pub live_pods: Fact<Vec<Pod>>,
    /// See [`FactRequest::revision`].
    pub revision: Fact<bool>,
    /// See [`FactRequest::change`].
    pub change: Fact<Change>,
    /// By cluster; see [`FactRequest::flink`].
    pub flink: BTreeMap<Incarnation, Flink>,
}

impl Observation {
    /// The cluster's objects, if the objects are known and there are any.
    #[must_use]
    pub fn cluster(&self, incarnation: Incarnation) -> Option<&ClusterObjects> {
        self.objects.known()?.clusters.iter().find(|c| c.incarnation == incarnation)
    }
}

/// The objects of an application, without those of strangers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Objects {
    /// By incarnation, ascending.
    pub clusters: Vec<ClusterObjects>,
    /// Objects that bear a name which a version of this application would use, but are not a
    /// cluster of ours: another owner's, or without an incarnation.
    pub strangers: Vec<Stranger>,
    /// Which cluster the application's generic Service points at, if it is there.
    pub service: Option<Incarnation>,
}

/// One cluster's objects.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClusterObjects {
    /// Its number.
    pub incarnation: Incarnation,
    /// Its version's hash, by which its objects are named.
    pub hash: DeployHash,
    /// The JobManager Deployment.
    pub jobmanager: Presence,
    /// The TaskManager Deployment.
    pub taskmanager: Presence,
    /// The versioned Service.
    pub service: Presence,
    /// Its pods, oldest first.
    pub pods: Vec<Pod>,
    /// What its Deployments report that no pod does (quota, admission).
    pub trouble: Option<Trouble>,
}

impl ClusterObjects {
    /// Whether a Deployment or Service of it exists.
    #[must_use]
    pub fn has_objects(&self) -> bool {
        [self.jobmanager, self.taskmanager, self.service].iter().any(|p| *p != Presence::Absent)
    }

    /// Whether everything was created and nothing of it is on its way out.
    #[must_use]
    pub fn complete(&self) -> bool {
        [self.jobmanager, self.taskmanager, self.service].iter().all(|p| *p == Presence::Present)
    }

    /// The JobManager process to talk to: `preferred` while it lives, else the oldest ready one,
    /// else the oldest that runs.
    #[must_use]
    pub fn jobmanager_process(&self, preferred: Option<Process>) -> Option<Process> {
        let running = || {
            let mine = |p: &&Pod| p.role == Role::JobManager && p.running && !p.terminating;
            self.pods.iter().filter(mine)
        };
        let found = running()
            .find(|p| Some(p.process()) == preferred)
            .or_else(|| running().find(|p| p.ready))
            .or_else(|| running().next());
        found.map(Pod::process)
    }
}

/// Whether an object is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Presence {
    /// No such object.
    Absent,
    /// There, and staying.
    Present,
    /// There, with a deletion timestamp.
    Terminating,
}

/// An object in the way of a version.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stranger {
    /// Kind and name, for messages.
    pub name: String,
    /// The version whose name it bears; none for the generic Service.
    pub hash: Option<DeployHash>,
}

/// A pod of the application.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pod {
    /// Its UID.
    pub uid: Uid,
    /// Its name, for messages.
    pub name: String,
    /// Of which cluster.
    pub incarnation: Incarnation,
    /// JobManager or TaskManager.
    pub role: Role,
    /// Restart count of its container.
    pub restarts: u32,
    /// Its container runs now.
    pub running: bool,
    /// Its readiness probe passes.
    pub ready: bool,
    /// It has a deletion timestamp: it is going, but it still exists.
    pub terminating: bool,
    /// What it reports to be wrong.
    pub trouble: Option<Trouble>,
}

impl Pod {
    /// The process that runs in it now.
    #[must_use]
    pub fn process(&self) -> Process {
        Process { pod: self.uid, restarts: self.restarts }
    }
}

/// What a pod or a Deployment reports to be wrong, in the kubelet's or the API server's own words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Trouble {
    /// What sort it is.
    pub kind: TroubleKind,
    /// In their own words.
    pub message: String,
}

/// Sorts of trouble, by what waiting can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TroubleKind {
    /// The image's name cannot be parsed (`InvalidImageName`): no waiting cures it.
    InvalidImage,
    /// The image cannot be pulled: a registry may recover.
    ImagePull,
    /// No node takes the pod.
    Unschedulable,
    /// A quota or an admission rule refuses the pod.
    Forbidden,
    /// The container ends again and again.
    CrashLoop,
    /// The container cannot be created (a missing Secret, a volume).
    CannotStart,
}

/// How the desired spec differs from a revision.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Change {
    /// What has to be done about it.
    pub class: ChangeClass,
    /// The fields that differ.
    pub fields: Vec<String>,
}

/// Classes of change, mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeClass {
    /// Nothing differs.
    None,
    /// Only fields that no object and no job is made from.
    StatusOnly,
    /// Only the parallelism: could be done in place.
    Rescale,
    /// Needs a new cluster.
    Redeploy,
}

/// What one JobManager said.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Flink {
    /// The process that answered.
    pub process: Option<Process>,
    /// See [`FlinkRequest::cluster`].
    pub cluster: Fact<FlinkCluster>,
    /// See [`FlinkRequest::jobs`].
    pub jobs: Fact<Vec<JobSummary>>,
    /// See [`FlinkRequest::job`]; `None`: Flink itself does not know the job.
    pub job: Fact<Option<Job>>,
    /// See [`FlinkRequest::statistics`]; `None`: Flink answers 404, which of a job that it knows
    /// says that the job makes no checkpoints.
    pub statistics: Fact<Option<Statistics>>,
    /// See [`FlinkRequest::operation`].
    pub operation: Fact<Operation>,
    /// See [`FlinkRequest::failure`]: the root cause, in Flink's own words.
    pub failure: Fact<String>,
    /// See [`FlinkRequest::submission`].
    pub submission: Fact<Post>,
}

impl Flink {
    /// No fact that was asked for is missing for less than `grace`: only then may a deadline fire.
    #[must_use]
    pub fn settled(&self, grace: Duration) -> bool {
        self.cluster.bearable(grace)
            && self.jobs.bearable(grace)
            && self.job.bearable(grace)
            && self.statistics.bearable(grace)
            && self.operation.bearable(grace)
    }
}

/// A Flink cluster about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
    pub refresh_interval: Duration,
}

/// Flink's version, major and minor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
pub struct JobSummary {
    /// Its id.
    pub id: JobId,
    /// Its state.
    pub state: JobState,
}

/// A job's state, grouped by what follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobState {
    /// INITIALIZING, CREATED, RECONCILING: not yet running.
    Starting,
    /// RUNNING.
    Running,
    /// FAILING or RESTARTING: tasks failed, Flink tries again by itself.
    Restarting,
    /// CANCELLING.
    Cancelling,
    /// FINISHED.
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
        matches!(self, JobState::Finished | JobState::Canceled | JobState::Failed)
    }
}

/// `/jobs/:id`, up to `refresh_interval` old.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Job {
    /// Its state.
    pub state: JobState,
    /// How many vertices it has.
    pub vertices: u32,
    /// How many of them are RUNNING or FINISHED.
    pub vertices_up: u32,
    /// When it last entered RESTARTING, by the JobManager's clock.
    pub restarted_at: Option<Timestamp>,
}

impl Job {
    /// RUNNING or FINISHED with at least one vertex and every vertex RUNNING or FINISHED.
    #[must_use]
    pub fn up(&self) -> bool {
        let state = matches!(self.state, JobState::Running | JobState::Finished);
        state && self.vertices > 0 && self.vertices_up == self.vertices
    }
}

/// `/jobs/:id/checkpoints`, up to `refresh_interval` old.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Statistics {
    /// The highest checkpoint id seen in them, of any status.
    pub newest_id: u64,
    /// `counts.restored`.
    pub restored: u64,
    /// `counts.in_progress`.
    pub in_progress: u64,
    /// Completed ones that Flink still lists, savepoints included, newest last.
    pub completed: Vec<Checkpoint>,
}

/// A completed checkpoint or savepoint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Checkpoint {
    /// Flink's number of it, ascending within the job.
    pub id: u64,
    /// What it is.
    pub kind: CheckpointKind,
    /// `external_path`; none where the checkpoint is not externalized.
    pub path: Option<String>,
    /// Flink has removed it.
    pub discarded: bool,
}

/// Kinds of checkpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CheckpointKind {
    /// Periodic, or triggered as a checkpoint.
    Checkpoint,
    /// SAVEPOINT, of a cancel or by itself, and SYNC_SAVEPOINT, of a stop.
    Savepoint,
}

/// A savepoint operation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
pub enum Post {
    /// This process persisted the intent and has not sent it yet.
    NotSent,
    /// Another process may have sent it: this one only read the intent.
    MaybeSent,
    /// On its way: `main()` may be running.
    InFlight,
    /// Flink accepted it.
    Accepted,
    /// Flink itself answered with an error.
    Refused {
        /// Whether another attempt with the same input can help.
        retriable: bool,
        /// Flink's own first message.
        message: String,
    },
    /// No answer that could be trusted: it may have arrived, it may still run.
    Lost,
}
