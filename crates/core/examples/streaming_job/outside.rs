//! What the embedder's clients can do: ask Kubernetes and Flink, and change things there. The answers
//! are in the machine's words already; how they come about is the clients' business.

use flinkk8soperator_core::{
    Checkpointing, DeployHash, FlinkCluster, Incarnation, Job, JobId, JobSummary, Objects,
    Operation, Pod, Post, Process, Savepoint, Silence, Statistics, Submit, Timestamp, TriggerId,
    Uid,
};

use super::resource::Spec;

/// An answer, or why there is none. No answer is never "no".
pub(crate) type Answer<T> = Result<T, Silence>;

/// A change was not made, or is not known to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failed(pub(crate) String);

/// Whether it was made.
pub(crate) type Done = Result<(), Failed>;

/// What a cluster is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// The JobManager's Deployment.
    JobManager,
    /// The TaskManagers' Deployment.
    TaskManager,
    /// The versioned Service.
    Service,
}

impl Part {
    pub(crate) const ALL: [Part; 3] = [Part::JobManager, Part::TaskManager, Part::Service];
}

/// See the module. Objects are named by cluster and part; a UID tells one from a later one of the
/// same name.
pub(crate) trait Outside {
    /// The wall clock.
    fn now(&self) -> Timestamp;

    /// The job's objects, as the watches show them.
    fn objects(&mut self) -> Answer<Objects>;
    /// Its pods, by a live LIST.
    fn live_pods(&mut self) -> Answer<Vec<Pod>>;
    /// The parts of a cluster that are there.
    fn parts(&mut self, of: Incarnation) -> Answer<Vec<(Part, Uid)>>;
    /// What was stored as the revision of a cluster.
    fn revision(&mut self, of: Incarnation) -> Answer<Option<(Spec, Uid)>>;
    /// The highest number that has one; from a live LIST.
    fn newest_revision(&mut self) -> Answer<Option<Incarnation>>;
    /// Stores one. That the same is there already is no failure.
    fn save_revision(&mut self, of: Incarnation, hash: DeployHash, spec: &Spec) -> Done;
    /// Deletes one, if it still has this UID.
    fn delete_revision(&mut self, of: Incarnation, uid: Uid) -> Done;
    /// Creates a part, from the revision. That it is there already is no failure.
    fn create(&mut self, of: Incarnation, part: Part) -> Done;
    /// Deletes a part in the foreground, if it still has this UID.
    fn delete(&mut self, of: Incarnation, part: Part, uid: Uid) -> Done;
    /// Deletes a pod, if one of this UID is there.
    fn delete_pod(&mut self, uid: Uid) -> Done;
    /// Points the job's Service at a cluster.
    fn point_service(&mut self, at: Incarnation) -> Done;
    /// Deletes the object that owns all the others: Kubernetes takes them with it.
    fn delete_owner(&mut self) -> Done;

    /// `/config` and `/overview`.
    fn overview(&mut self, at: Process) -> Answer<FlinkCluster>;
    /// `/jobs`.
    fn jobs(&mut self, at: Process) -> Answer<Vec<JobSummary>>;
    /// `/jobs/:id`; none: 404 from Flink itself.
    fn job(&mut self, at: Process, job: JobId) -> Answer<Option<Job>>;
    /// `/jobs/:id/checkpoints`; none: 404 from Flink itself.
    fn statistics(&mut self, at: Process, job: JobId) -> Answer<Option<Statistics>>;
    /// `/jobs/:id/checkpoints/config`; none: 404 from Flink itself.
    fn checkpointing(&mut self, at: Process, job: JobId) -> Answer<Option<Checkpointing>>;
    /// A savepoint operation.
    fn operation(&mut self, at: Process, job: JobId, trigger: TriggerId) -> Answer<Operation>;
    /// `/jobs/:id/exceptions`: the root cause.
    fn failure(&mut self, at: Process, job: JobId) -> Answer<String>;
    /// Sends a job, and does not wait: `main()` runs inside the request.
    fn submit(&mut self, submit: &Submit) -> Done;
    /// What came back of it since; none: nothing yet.
    fn answer(&mut self, at: Process, job: JobId) -> Option<Post>;
    /// Triggers a savepoint.
    fn savepoint(&mut self, savepoint: &Savepoint) -> Done;
    /// Cancels a job.
    fn cancel(&mut self, at: Process, job: JobId) -> Done;
}
