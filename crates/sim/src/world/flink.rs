//! The Flink part: what JobManager and TaskManager processes hold in memory. It goes with them.

use std::sync::Arc;

use super::ask::{Details, Statistics};
use super::objects::{Cluster, Pod, ProcessState};
use super::{FileId, JobId, Process, RunId, TriggerId, Uid, World};

/// A JobManager's memory (no HA: nothing survives the process).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct JobManager {
    /// Jobs it knows, ended ones included.
    pub jobs: Vec<Job>,
    /// Savepoint operations it has not forgotten.
    pub operations: Vec<Operation>,
    /// Submissions whose `main()` runs.
    pub posts: Vec<Post>,
    /// Answers to submissions that their client has not read yet.
    pub answers: Vec<(JobId, Answer)>,
}

impl JobManager {
    /// A job it knows.
    #[must_use]
    pub fn job(&self, id: JobId) -> Option<&Job> {
        self.jobs.iter().find(|j| j.id == id)
    }

    /// An operation it has not forgotten.
    #[must_use]
    pub fn operation(&self, trigger: TriggerId) -> Option<&Operation> {
        self.operations.iter().find(|o| o.trigger == trigger)
    }
}

/// A submission inside its request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Post {
    /// The id it asks for.
    pub job: JobId,
    /// The path it is to be restored from.
    pub from: Option<Arc<str>>,
    /// How many slots it asks for.
    pub parallelism: u32,
    /// Whether anybody still waits for the answer.
    pub client: bool,
    /// It is a person's.
    pub foreign: bool,
}

/// How a submission was answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// 200.
    Accepted,
    /// 400: the JobManager has seen this id.
    Duplicate,
    /// 400, in Flink's own words.
    Refused(Arc<str>),
}

/// A job as its JobManager knows it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// The truth behind it.
    pub run: RunId,
    /// Its state.
    pub state: JobState,
    /// All its vertices run (or ended well).
    pub up: bool,
    /// It is being cancelled with a savepoint that is written.
    pub saved: bool,
    /// How many tasks its vertex may have: at least, at most. On the default scheduler these never change.
    pub bounds: (u32, u32),
    /// The highest checkpoint id given out; a savepoint gets its own when it is triggered.
    pub newest: u64,
    /// `counts.restored`.
    pub restored: u32,
    /// What it was restored from last.
    pub restored_from: Option<CheckpointEntry>,
    /// When it last entered RESTARTING.
    pub restarted_at: Option<u64>,
    /// When it ended.
    pub ended_at: Option<u64>,
    /// Completed checkpoints and savepoints, by id, oldest first.
    pub checkpoints: Vec<CheckpointEntry>,
    /// Why it failed.
    pub failure: Option<Arc<str>>,
    /// When the copy that details are answered from was made, and the copy.
    pub details_cache: Option<(u64, Details)>,
    /// The same for statistics, which are of another age in newer versions.
    pub statistics_cache: Option<(u64, Statistics)>,
}

/// States of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobState {
    /// RUNNING; whether its tasks do is another matter.
    Running,
    /// RESTARTING.
    Restarting,
    /// CANCELLING.
    Cancelling,
    /// FINISHED.
    Finished,
    /// CANCELED.
    Canceled,
    /// FAILED.
    Failed,
}

impl JobState {
    /// Whether it is one of the last states.
    #[must_use]
    pub fn over(self) -> bool {
        matches!(self, JobState::Finished | JobState::Canceled | JobState::Failed)
    }
}

/// A line of the checkpoint statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CheckpointEntry {
    /// Flink's number of it, from 1 on.
    pub id: u64,
    /// The file.
    pub file: FileId,
    /// It is of a stop: SYNC_SAVEPOINT.
    pub sync: bool,
    /// Flink removed the file.
    pub discarded: bool,
    /// When it was begun.
    pub taken: u64,
}

/// A savepoint operation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Operation {
    /// The caller's id of it.
    pub trigger: TriggerId,
    /// Of which job.
    pub job: JobId,
    /// Whether the job is to end with it, and how.
    pub stop: super::Stop,
    /// Where it goes.
    pub directory: Arc<str>,
    /// Its checkpoint id.
    pub checkpoint: u64,
    /// What it covers: everything up to the barrier that it began with.
    pub offset: u64,
    /// How far it is.
    pub state: OperationState,
}

/// How far a savepoint operation is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum OperationState {
    /// The savepoint is being written.
    InProgress,
    /// The savepoint is written and in the statistics, the job is ending.
    Written(FileId),
    /// Done.
    Completed(FileId),
    /// Nothing came of it, or the job went on; in Flink's own words.
    Failed(Arc<str>),
}

/// A TaskManager's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TaskManager {
    /// The JobManager process it is registered at, which may have ended since.
    pub registered: Option<Process>,
    /// How many slots it has.
    pub slots: u32,
    /// The runs whose tasks it runs, one entry a slot.
    pub tasks: Vec<RunId>,
}

impl World {
    /// A JobManager process that is alive, whether or not it answers yet.
    #[must_use]
    pub fn jobmanager(&self, process: Process) -> Option<&JobManager> {
        let pod = self.pods.iter().find(|p| p.process() == process)?;
        match &pod.process {
            ProcessState::JobManager(jobmanager) => Some(jobmanager),
            ProcessState::None | ProcessState::TaskManager(_) => None,
        }
    }

    pub(super) fn jobmanager_mut(&mut self, process: Process) -> Option<&mut JobManager> {
        let pod = self.pods.iter_mut().find(|p| p.process() == process)?;
        match &mut pod.process {
            ProcessState::JobManager(jobmanager) => Some(jobmanager),
            ProcessState::None | ProcessState::TaskManager(_) => None,
        }
    }

    /// All JobManager processes.
    pub fn jobmanagers(&self) -> impl Iterator<Item = (&Pod, &JobManager)> {
        self.pods.iter().filter_map(|p| match &p.process {
            ProcessState::JobManager(jobmanager) => Some((p, &**jobmanager)),
            ProcessState::None | ProcessState::TaskManager(_) => None,
        })
    }

    /// All TaskManager processes.
    pub fn taskmanagers(&self) -> impl Iterator<Item = (&Pod, &TaskManager)> {
        self.pods.iter().filter_map(|p| match &p.process {
            ProcessState::TaskManager(taskmanager) => Some((p, taskmanager)),
            ProcessState::None | ProcessState::JobManager(_) => None,
        })
    }

    pub(super) fn taskmanagers_mut(&mut self) -> impl Iterator<Item = (Uid, &mut TaskManager)> {
        self.pods.iter_mut().filter_map(|p| match &mut p.process {
            ProcessState::TaskManager(taskmanager) => Some((p.uid, taskmanager)),
            ProcessState::None | ProcessState::JobManager(_) => None,
        })
    }

    /// The process that TaskManagers of a cluster find: the oldest JobManager that is not ending.
    #[must_use]
    pub fn serving(&self, cluster: Cluster) -> Option<Process> {
        let mut mine = self.jobmanagers().filter(|(p, _)| p.cluster == cluster && p.ready);
        mine.find(|(p, _)| !p.terminating).map(|(p, _)| p.process())
    }

    /// The live entry of a run in its JobManager, if that process lives and the run is not over.
    #[must_use]
    pub fn live_job(&self, run: RunId) -> Option<(Process, &Job)> {
        self.jobmanagers().find_map(|(pod, jobmanager)| {
            let job = jobmanager.jobs.iter().find(|j| j.run == run && !j.state.over())?;
            Some((pod.process(), job))
        })
    }

    pub(super) fn job_mut(&mut self, run: RunId) -> Option<&mut Job> {
        let knows = |m: &JobManager| m.jobs.iter().position(|j| j.run == run);
        self.pods.iter_mut().find_map(|p| match &mut p.process {
            ProcessState::JobManager(jobmanager) => {
                let at = knows(jobmanager)?;
                jobmanager.jobs.get_mut(at)
            }
            ProcessState::None | ProcessState::TaskManager(_) => None,
        })
    }
}
