//! What stands in a world when it begins: clusters that were made, and jobs that were begun, before
//! anyone here looked. Told as Kubernetes and Flink would tell it; the truth behind it is made to fit.
//!
//! A checkpoint's offset is its id: Flink gives ids in order, and a job that is restored goes on counting
//! where the one before it had stopped, so that ids compare as what was consumed does.

use std::sync::Arc;

use super::objects::ProcessState;
use super::{
    AppId, CheckpointEntry, Cluster, Deleter, Deployment, End, File, FileId, FileKind, Job, JobId,
    JobState, Operation, OperationState, Origin, Pod, Process, Role, Run, RunId, Shared, Spec,
    Stop, TaskManager, TriggerId, Trouble, Uid, World,
};

/// The clusters of one application. Who names another of these lists' members names its place.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// What each cluster is made from, oldest first: they are numbered from 1 on in this order.
    pub clusters: Vec<Spec>,
    /// Their Deployments.
    pub deployments: Vec<StandingDeployment>,
    /// Their pods.
    pub pods: Vec<StandingPod>,
    /// The jobs that their JobManagers know, in the order in which they were begun.
    pub jobs: Vec<StandingJob>,
}

/// A Deployment.
#[derive(Clone, Debug)]
pub struct StandingDeployment {
    /// Of which cluster.
    pub cluster: usize,
    /// Of what.
    pub role: Role,
    /// The version that it is labelled with.
    pub label: u32,
    /// How many pods it wants.
    pub replicas: u32,
    /// It has a deletion timestamp.
    pub terminating: bool,
}

/// A pod.
#[derive(Clone, Debug)]
pub struct StandingPod {
    /// Of which Deployment.
    pub deployment: usize,
    /// How often its container was restarted.
    pub restarts: u32,
    /// Its container runs.
    pub running: bool,
    /// Its readiness probe passes.
    pub ready: bool,
    /// It has a deletion timestamp.
    pub terminating: bool,
    /// What it reports to be wrong.
    pub trouble: Option<Trouble>,
    /// The JobManager's pod that it is registered at, if it is a TaskManager's.
    pub registered: Option<usize>,
    /// How many slots it has, if it is a TaskManager's.
    pub slots: u32,
}

/// A job as its JobManager tells it.
#[derive(Clone, Debug)]
pub struct StandingJob {
    /// Its JobManager's pod.
    pub pod: usize,
    /// Its id.
    pub id: JobId,
    /// Its state.
    pub state: JobState,
    /// All its vertices run, or have ended well.
    pub up: bool,
    /// How many slots it takes.
    pub parallelism: u32,
    /// The user was told that it is the deployed version's, and good.
    pub announced: bool,
    /// `counts.restored`.
    pub restored: u32,
    /// What it was restored from last.
    pub restored_from: Option<StandingFile>,
    /// Completed checkpoints and savepoints.
    pub files: Vec<StandingFile>,
    /// The highest checkpoint id given out.
    pub newest: u64,
    /// When it last entered RESTARTING.
    pub restarted_at: Option<u64>,
    /// When it ended.
    pub ended_at: Option<u64>,
    /// Savepoint operations that are not forgotten.
    pub operations: Vec<StandingOperation>,
}

/// A checkpoint or savepoint as statistics tell it.
#[derive(Clone, Debug)]
pub struct StandingFile {
    /// Flink's number of it.
    pub id: u64,
    /// Where it lies.
    pub path: String,
    /// What it is.
    pub kind: FileKind,
    /// It is of a stop.
    pub sync: bool,
    /// Flink has removed it.
    pub discarded: bool,
    /// When it was begun; of what a job was restored from: when that was.
    pub taken: u64,
}

/// A savepoint operation.
#[derive(Clone, Debug)]
pub struct StandingOperation {
    /// Its id.
    pub trigger: TriggerId,
    /// Whether the job is to end with it.
    pub stop: Stop,
    /// Its checkpoint id.
    pub checkpoint: u64,
    /// What came of it.
    pub outcome: StandingOutcome,
}

/// What came of a savepoint operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StandingOutcome {
    /// The savepoint is being written.
    InProgress,
    /// It lies here.
    Completed(String),
    /// Nothing, in Flink's own words.
    Failed(String),
}

impl World {
    /// Lets clusters of an application stand, with all that runs in them. Answers with the UIDs of the
    /// Deployments and of the pods, in the order in which they were given.
    pub fn stand(&mut self, app: AppId, standing: &Standing) -> (Vec<Uid>, Vec<Uid>) {
        let specs: Vec<Shared<Spec>> =
            standing.clusters.iter().map(|spec| spec.clone().into()).collect();
        for (cluster, spec) in (1..).map(|incarnation| Cluster { app, incarnation }).zip(&specs) {
            // A world in which nothing of the application stood yet has no other of this number.
            let _ = self.save_revision(cluster, spec.clone());
        }
        let mut deployments = Vec::new();
        for deployment in &standing.deployments {
            let StandingDeployment { cluster, role, label, replicas, terminating } = *deployment;
            let uid = self.new_uid();
            let spec = specs[cluster].clone();
            let incarnation = u32::try_from(cluster + 1).unwrap_or(u32::MAX);
            let cluster = Cluster { app, incarnation };
            self.deployments.push(Deployment {
                uid,
                cluster,
                role,
                spec,
                label,
                replicas,
                populated: true,
                terminating,
            });
            deployments.push(uid);
        }
        let pods: Vec<Uid> = standing.pods.iter().map(|_| self.new_uid()).collect();
        for (number, pod) in standing.pods.iter().enumerate() {
            self.stand_pod(number, pod, &deployments, (&pods, standing));
        }
        standing.jobs.iter().for_each(|job| self.stand_job(job, pods[job.pod]));
        (deployments, pods)
    }

    fn stand_pod(
        &mut self,
        number: usize,
        pod: &StandingPod,
        deployments: &[Uid],
        (pods, standing): (&[Uid], &Standing),
    ) {
        let deployment = deployments[pod.deployment];
        let found = self.deployments.iter().find(|d| d.uid == deployment);
        let Some((cluster, role)) = found.map(|d| (d.cluster, d.role)) else { return };
        let registered = pod
            .registered
            .map(|at| Process { pod: pods[at], restarts: standing.pods[at].restarts });
        let process = match role {
            _ if !pod.running => ProcessState::None,
            Role::JobManager => ProcessState::JobManager(Shared::default()),
            Role::TaskManager => ProcessState::TaskManager(TaskManager {
                registered,
                slots: pod.slots,
                tasks: Vec::new(),
            }),
        };
        let StandingPod { restarts, ready, terminating, trouble, .. } = *pod;
        let (uid, stuck) = (pods[number], false);
        self.pods.push(Pod {
            uid,
            deployment,
            cluster,
            role,
            restarts,
            first: true,
            ready,
            terminating,
            stuck,
            trouble,
            process,
        });
    }

    fn stand_job(&mut self, job: &StandingJob, pod: Uid) {
        let Some((process, cluster)) = self.pod(pod).map(|p| (p.process(), p.cluster)) else {
            return;
        };
        let run = RunId(self.runs.len());
        let truth = self.standing_run(job, process, cluster);
        self.runs.push(truth);
        let entries: Vec<CheckpointEntry> = job
            .files
            .iter()
            .map(|file| CheckpointEntry {
                id: file.id,
                file: self.stand_file(cluster.app, Some(run), file),
                sync: file.sync,
                discarded: file.discarded,
                taken: file.taken,
            })
            .collect();
        let restored_from = job.restored_from.as_ref().map(|from| CheckpointEntry {
            id: from.id,
            file: self.standing_file(cluster.app, from),
            sync: false,
            discarded: false,
            taken: from.taken,
        });
        if job.up && !job.state.over() {
            self.stand_tasks(run, process, job.parallelism);
        }
        let saved = job.state == JobState::Cancelling && ends_with_a_savepoint(job);
        let known = Job {
            id: job.id,
            run,
            state: job.state,
            up: job.up && !matches!(job.state, JobState::Canceled | JobState::Failed),
            saved,
            bounds: (1, job.parallelism),
            newest: job.newest,
            restored: job.restored,
            restored_from,
            restarted_at: job.restarted_at,
            ended_at: job.ended_at,
            checkpoints: entries,
            failure: None,
            details_cache: None,
            statistics_cache: None,
        };
        let operations: Vec<Operation> =
            job.operations.iter().map(|o| self.standing_operation(job, o, process)).collect();
        if let Some(jobmanager) = self.jobmanager_mut(process) {
            jobmanager.jobs.push(known);
            jobmanager.operations.extend(operations);
        }
    }

    fn standing_run(&mut self, job: &StandingJob, process: Process, cluster: Cluster) -> Run {
        let from = job.restored_from.as_ref().filter(|from| !is_own(job, from));
        let origin =
            from.map_or(Origin::Empty, |from| Origin::File(self.standing_file(cluster.app, from)));
        let base = match origin {
            Origin::Empty => 0,
            Origin::File(file) => self.files[file.0].offset,
        };
        let open = job.operations.iter().filter(|o| o.outcome == StandingOutcome::InProgress);
        let ids = job.files.iter().map(|f| f.id).chain(open.map(|o| o.checkpoint));
        let newest = ids.max().unwrap_or(base);
        let started = job.up || job.state != JobState::Running || !job.files.is_empty();
        Run {
            app: cluster.app,
            job: job.id,
            foreign: false,
            hash: self.spec_of(process).map_or(0, |spec| spec.family),
            parallelism: job.parallelism,
            submitted: job.parallelism,
            incarnation: cluster.incarnation,
            origin,
            base,
            consumed: if started { newest.max(base) + 1 } else { base },
            started,
            // Whoever recorded it was told.
            told: true,
            announced: job.announced,
            announced_with: if job.announced { job.parallelism } else { 0 },
            end: end(job),
        }
    }

    /// The file at a path, removed or not; one that nobody here wrote is put there.
    fn standing_file(&mut self, app: AppId, file: &StandingFile) -> FileId {
        let found = self.files.iter().rposition(|f| *f.path == *file.path);
        found.map_or_else(|| self.stand_file(app, None, file), FileId)
    }

    fn stand_file(&mut self, app: AppId, run: Option<RunId>, file: &StandingFile) -> FileId {
        self.files.push(File {
            path: Arc::from(&*file.path),
            app,
            run,
            kind: file.kind,
            offset: file.id,
            deleted: file.discarded.then_some(Deleter::Flink),
            told_by_operation: false,
        });
        FileId(self.files.len() - 1)
    }

    fn standing_operation(
        &mut self,
        job: &StandingJob,
        operation: &StandingOperation,
        process: Process,
    ) -> Operation {
        let spec = self.spec_of(process);
        let directory = spec.map_or_else(|| Arc::from(""), |spec| spec.savepoints.clone());
        let state = match &operation.outcome {
            StandingOutcome::InProgress => OperationState::InProgress,
            StandingOutcome::Failed(words) => OperationState::Failed(Arc::from(&**words)),
            StandingOutcome::Completed(path) => {
                let app = self.pod(process.pod).map_or(AppId(0), |pod| pod.cluster.app);
                let (id, path, kind) = (operation.checkpoint, path.clone(), FileKind::Savepoint);
                let (sync, discarded, taken) = (false, false, self.now);
                let file = StandingFile { id, path, kind, sync, discarded, taken };
                OperationState::Completed(self.standing_file(app, &file))
            }
        };
        let StandingOperation { trigger, stop, checkpoint, .. } = *operation;
        Operation { trigger, job: job.id, stop, directory, checkpoint, offset: checkpoint, state }
    }

    fn stand_tasks(&mut self, run: RunId, process: Process, mut needed: u32) {
        for (_, taskmanager) in self.taskmanagers_mut() {
            while taskmanager.registered == Some(process)
                && needed > 0
                && taskmanager.tasks.len() < taskmanager.slots as usize
            {
                taskmanager.tasks.push(run);
                needed -= 1;
            }
        }
    }
}

/// It was restored from what it has written itself: a failover. What it began from is not told then.
fn is_own(job: &StandingJob, from: &StandingFile) -> bool {
    let written = job.files.iter().any(|file| file.path == from.path);
    // Flink puts a job's checkpoints into a directory that has its id for a name.
    let beneath = from.path.contains(&format!("{:032x}", job.id.0));
    written || from.kind == FileKind::Checkpoint && beneath
}

fn ends_with_a_savepoint(job: &StandingJob) -> bool {
    let last = job.files.iter().max_by_key(|file| file.id);
    last.is_some_and(|file| file.kind == FileKind::Savepoint)
}

fn end(job: &StandingJob) -> Option<End> {
    let last = job.files.iter().max_by_key(|file| file.id);
    match job.state {
        JobState::Running | JobState::Restarting | JobState::Cancelling => None,
        JobState::Finished if last.is_some_and(|file| file.sync) => Some(End::Stopped),
        JobState::Finished => Some(End::Finished),
        JobState::Canceled if ends_with_a_savepoint(job) => Some(End::Stopped),
        JobState::Canceled => Some(End::Canceled),
        JobState::Failed => Some(End::Failed),
    }
}
