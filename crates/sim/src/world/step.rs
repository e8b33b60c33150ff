//! What the world does by itself: which steps are possible now, and what each does.

use super::objects::ProcessState;
use super::tasks::Ending;
use super::{
    End, FileKind, Image, JobId, JobManager, JobState, OperationState, Pod, Process, Program, Role,
    RunId, Shared, Stop, TaskManager, TriggerId, Trouble, Uid, World,
};

/// One thing that happens by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// A Deployment creates the pods it lacks.
    PodsCreated(Uid),
    /// A pod's container starts, or reports why it cannot.
    PodStarts(Uid),
    /// A JobManager's readiness probe passes: it answers.
    PodReady(Uid),
    /// A pod that was told to end is gone.
    PodEnds(Uid),
    /// A pod that was told to end and hung is gone: its node is back, or a person has forced it.
    PodComesLoose(Uid),
    /// A TaskManager finds its JobManager, with whatever tasks it still runs.
    Registers(Uid),
    /// A TaskManager ends the tasks of a job whose JobManager process is gone.
    OrphansStop(Uid),
    /// `main()` of a submission is through.
    MainReturns(Process, JobId),
    /// A job's tasks run.
    TasksUp(RunId),
    /// A job's scheduler brings it to the number of tasks that it may have.
    Rescales(RunId),
    /// A job makes a checkpoint.
    CheckpointCompletes(RunId),
    /// A job ends by itself.
    Finishes(RunId),
    /// A job fails for good, as its program does.
    Fails(RunId),
    /// A savepoint is written.
    SavepointWritten(Process, TriggerId),
    /// A job that was stopped with a savepoint ends.
    StopFinishes(Process, TriggerId),
    /// A cancelled job ends.
    CancelFinishes(RunId),
}

impl Step {
    /// Whether it happens soon where nothing is slow. The others take their time: a checkpoint, an
    /// end, a `main()`, and the 43 to 50 s that a TaskManager needs to give up a lost JobManager
    /// (recorded).
    #[must_use]
    pub fn urgent(self) -> bool {
        match self {
            Step::CheckpointCompletes(_)
            | Step::Finishes(_)
            | Step::OrphansStop(_)
            | Step::PodComesLoose(_)
            | Step::MainReturns(..) => false,
            Step::PodsCreated(_)
            | Step::PodStarts(_)
            | Step::PodReady(_)
            | Step::PodEnds(_)
            | Step::Registers(_)
            | Step::TasksUp(_)
            | Step::Rescales(_)
            | Step::Fails(_)
            | Step::SavepointWritten(..)
            | Step::StopFinishes(..)
            | Step::CancelFinishes(_) => true,
        }
    }
}

impl World {
    /// Everything that can happen next by itself, in a fixed order.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        for deployment in self.deployments.iter().filter(|d| !d.terminating) {
            let mine = |p: &&Pod| p.deployment == deployment.uid && !p.terminating;
            if self.pods.iter().filter(mine).count() < deployment.replicas as usize {
                steps.push(Step::PodsCreated(deployment.uid));
            }
        }
        for pod in &self.pods {
            self.steps_of_pod(pod, &mut steps);
        }
        steps
    }

    fn steps_of_pod(&self, pod: &Pod, steps: &mut Vec<Step>) {
        if pod.terminating {
            let ends = if pod.stuck { Step::PodComesLoose } else { Step::PodEnds };
            steps.push(ends(pod.uid));
        } else if !pod.running()
            && (pod.trouble.is_none() || self.finds_room_now(pod))
            && self.may_start(pod)
        {
            steps.push(Step::PodStarts(pod.uid));
        } else if pod.running() && !pod.ready {
            steps.push(Step::PodReady(pod.uid));
        }
        match &pod.process {
            ProcessState::None => {}
            ProcessState::JobManager(jobmanager) => {
                self.steps_of_jobmanager(pod.process(), jobmanager, steps);
            }
            ProcessState::TaskManager(taskmanager) => {
                self.steps_of_taskmanager(pod, taskmanager, steps);
            }
        }
    }

    /// It waited for a node, and another pod has gone from one.
    fn finds_room_now(&self, pod: &Pod) -> bool {
        let limited = self.settings.room < u32::MAX && pod.role == Role::TaskManager;
        limited && pod.trouble == Some(Trouble::Unschedulable) && self.has_room()
    }

    fn has_room(&self) -> bool {
        self.taskmanagers().count() < self.settings.room as usize
    }

    fn may_start(&self, pod: &Pod) -> bool {
        let first = |p: &&Pod| p.cluster == pod.cluster && p.role == Role::JobManager;
        let waits = self.settings.in_step && pod.role == Role::TaskManager;
        !waits || self.pods.iter().filter(first).any(|p| p.ready || p.trouble.is_some())
    }

    fn steps_of_jobmanager(&self, at: Process, jobmanager: &JobManager, steps: &mut Vec<Step>) {
        steps.extend(jobmanager.posts.iter().map(|p| Step::MainReturns(at, p.job)));
        for operation in &jobmanager.operations {
            match operation.state {
                OperationState::InProgress => {
                    steps.push(Step::SavepointWritten(at, operation.trigger));
                }
                OperationState::Written(_) => {
                    steps.push(Step::StopFinishes(at, operation.trigger));
                }
                OperationState::Completed(_) | OperationState::Failed(_) => {}
            }
        }
        let program = self.spec_of(at).map(|s| s.program);
        for job in jobmanager.jobs.iter().filter(|j| !j.state.over()) {
            let runs = job.up && job.state == JobState::Running;
            if job.state == JobState::Cancelling {
                steps.push(Step::CancelFinishes(job.run));
            }
            if program != Some(Program::NeverUp) && self.can_come_up(job.run) {
                steps.push(Step::TasksUp(job.run));
            }
            if self.can_rescale(job.run) {
                steps.push(Step::Rescales(job.run));
            }
            // Flink stops its periodic checkpoints before a savepoint that ends the job.
            let ending = jobmanager.operations.iter().any(|o| {
                let open =
                    matches!(o.state, OperationState::InProgress | OperationState::Written(_));
                o.job == job.id && o.stop != Stop::No && open
            });
            let checkpoints = job
                .checkpoints
                .iter()
                .filter(|c| self.files[c.file.0].kind == FileKind::Checkpoint);
            if runs && !ending && checkpoints.count() < self.settings.checkpoints as usize {
                steps.push(Step::CheckpointCompletes(job.run));
            }
            if runs && program == Some(Program::Finishes) {
                steps.push(Step::Finishes(job.run));
            }
            let too_many = self.run(job.run).parallelism > 1;
            let fails = program == Some(Program::Fails)
                || program == Some(Program::OneTaskOnly) && too_many;
            if runs && fails {
                steps.push(Step::Fails(job.run));
            }
        }
    }

    fn steps_of_taskmanager(&self, pod: &Pod, tm: &TaskManager, steps: &mut Vec<Step>) {
        let alive = tm.registered.is_some_and(|at| self.jobmanager(at).is_some());
        if !alive && !pod.terminating && self.serving(pod.cluster).is_some() {
            steps.push(Step::Registers(pod.uid));
        }
        if !self.orphans(tm).is_empty() {
            steps.push(Step::OrphansStop(pod.uid));
        }
    }

    /// Does a step. One that is not possible does nothing.
    pub fn apply(&mut self, step: Step) {
        match step {
            Step::PodsCreated(deployment) => self.pods_created(deployment),
            Step::PodStarts(pod) => self.pod_starts(pod),
            Step::PodReady(pod) => {
                self.pods.iter_mut().filter(|p| p.uid == pod).for_each(|p| p.ready = true);
            }
            Step::PodEnds(pod) | Step::PodComesLoose(pod) => self.pod_ends(pod),
            Step::Registers(pod) => self.registers(pod),
            Step::OrphansStop(pod) => self.orphans_stop(pod),
            Step::MainReturns(process, job) => self.main_returns(process, job),
            Step::TasksUp(run) => self.tasks_up(run),
            Step::Rescales(run) => self.rescale(run),
            Step::CheckpointCompletes(run) => self.checkpoint_completes(run),
            Step::Finishes(run) => {
                self.end_job(run, Ending { state: JobState::Finished, end: End::Finished }, "");
            }
            Step::Fails(run) => {
                let ending = Ending { state: JobState::Failed, end: End::Failed };
                self.end_job(run, ending, "java.lang.RuntimeException: the job is broken");
            }
            Step::SavepointWritten(process, trigger) => self.savepoint_written(process, trigger),
            Step::StopFinishes(process, trigger) => self.stop_finishes(process, trigger),
            Step::CancelFinishes(run) => self.cancel_finishes(run),
        }
    }

    fn pods_created(&mut self, uid: Uid) {
        let Some(deployment) = self.deployments.iter_mut().find(|d| d.uid == uid) else { return };
        let (cluster, role, wanted) = (deployment.cluster, deployment.role, deployment.replicas);
        let first = !std::mem::replace(&mut deployment.populated, true);
        let mine = |p: &&Pod| p.deployment == uid && !p.terminating;
        for _ in self.pods.iter().filter(mine).count()..wanted as usize {
            let pod = Pod {
                uid: self.new_uid(),
                deployment: uid,
                cluster,
                role,
                restarts: 0,
                first,
                ready: false,
                terminating: false,
                stuck: false,
                trouble: None,
                process: ProcessState::None,
            };
            self.pods.push(pod);
        }
    }

    fn pod_starts(&mut self, uid: Uid) {
        let Some(index) = self.pods.iter().position(|p| p.uid == uid) else { return };
        let found = self.deployment_of(&self.pods[index]);
        let Some((image, slots)) = found.map(|d| (d.spec.image, d.spec.slots)) else { return };
        let has_room = self.has_room();
        let pod = &mut self.pods[index];
        if !has_room && pod.role == Role::TaskManager {
            pod.trouble = Some(Trouble::Unschedulable);
            return;
        }
        pod.trouble = match image {
            Image::Runs => None,
            Image::CannotBePulled => Some(Trouble::ImagePull),
            Image::InvalidName => Some(Trouble::InvalidImage),
            Image::CrashLoops => Some(Trouble::CrashLoop),
            Image::Unschedulable => Some(Trouble::Unschedulable),
        };
        pod.restarts += u32::from(image == Image::CrashLoops);
        if image == Image::Runs {
            pod.process = match pod.role {
                Role::JobManager => ProcessState::JobManager(Shared::default()),
                Role::TaskManager => ProcessState::TaskManager(TaskManager {
                    registered: None,
                    slots,
                    tasks: Vec::new(),
                }),
            };
            pod.ready = pod.role == Role::TaskManager;
        }
    }

    fn pod_ends(&mut self, uid: Uid) {
        self.process_ends(uid, true);
        self.pods.retain(|p| p.uid != uid);
        self.drop_empty_deployments();
    }

    fn registers(&mut self, uid: Uid) {
        let Some(cluster) = self.pod(uid).map(|p| p.cluster) else { return };
        let serving = self.serving(cluster);
        let mut mine = self.taskmanagers_mut().filter(|(pod, _)| *pod == uid);
        if let Some((_, taskmanager)) = mine.next() {
            taskmanager.registered = serving;
        }
    }

    fn orphans_stop(&mut self, uid: Uid) {
        let found = self.taskmanagers().find(|(p, _)| p.uid == uid);
        let orphans = found.map_or_else(Vec::new, |(_, t)| self.orphans(t));
        let mine = self.taskmanagers_mut().filter(|(pod, _)| *pod == uid);
        mine.for_each(|(_, t)| t.tasks.retain(|run| !orphans.contains(run)));
    }

    fn checkpoint_completes(&mut self, run: RunId) {
        let Some(job) = self.job_mut(run) else { return };
        job.newest += 1;
        let id = job.newest;
        let path = format!("file:///checkpoints/{:032x}/chk-{}", self.runs[run.0].job.0, id);
        self.write_checkpoint(run, id, path);
    }

    fn cancel_finishes(&mut self, run: RunId) {
        let Some((_, job)) = self.live_job(run) else { return };
        let newest = job.checkpoints.last().filter(|_| job.saved);
        let saved = newest.is_some_and(|c| {
            let file = &self.files[c.file.0];
            file.kind == FileKind::Savepoint && file.offset + 1 == self.runs[run.0].consumed
        });
        let end = if saved { End::Stopped } else { End::Canceled };
        self.end_job(run, Ending { state: JobState::Canceled, end }, "");
    }
}
