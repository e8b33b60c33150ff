//! Tasks: where they come up, and how jobs, and the processes beneath them, end.

use std::sync::Arc;

use super::objects::ProcessState;
use super::{
    CheckpointEntry, Deleter, End, FileId, FileKind, JobManager, JobScheduler, JobState,
    OperationState, Pod, Process, Retention, RunId, TaskManager, Uid, World,
};

/// How a job ends: for its JobManager, and in truth.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ending {
    pub(super) state: JobState,
    pub(super) end: End,
}

impl World {
    /// Whether a job's tasks can come up: it wants to run, and enough slots are free.
    pub(super) fn can_come_up(&self, run: RunId) -> bool {
        let Some((process, job)) = self.live_job(run) else { return false };
        let wants = match job.state {
            JobState::Running => !job.up,
            JobState::Restarting => true,
            JobState::Cancelling | JobState::Finished | JobState::Canceled | JobState::Failed => {
                false
            }
        };
        wants && self.slots_for(run, process).is_some()
    }

    /// How many slots a job that holds none takes now; none: it waits.
    fn slots_for(&self, run: RunId, process: Process) -> Option<u32> {
        let free = self.overview(process)?.free;
        let (lower, upper) = self.live_job(run)?.1.bounds;
        match self.settings.scheduler {
            JobScheduler::Default => (free >= upper).then_some(upper),
            JobScheduler::Adaptive | JobScheduler::AdaptiveInVain => {
                (free >= lower).then_some(free.min(upper))
            }
        }
    }

    /// Whether the scheduler would have a job that runs take other slots than it holds.
    pub(super) fn can_rescale(&self, run: RunId) -> bool {
        let Some((process, job)) = self.live_job(run) else { return false };
        let held = self.runs[run.0].parallelism;
        let free = self.overview(process).map_or(0, |o| o.free);
        let runs = job.up && job.state == JobState::Running;
        let adapts = self.settings.scheduler == JobScheduler::Adaptive;
        adapts && runs && (held + free).min(job.bounds.1) != held
    }

    /// The scheduler takes a job down and starts it with as many tasks as it may have.
    pub(super) fn rescale(&mut self, run: RunId) {
        if !self.can_rescale(run) {
            return;
        }
        self.clear_tasks(run);
        let id = self.runs[run.0].job;
        let process = self.live_job(run).map(|(process, _)| process);
        if let Some(jobmanager) = process.and_then(|p| self.jobmanager_mut(p)) {
            fail_operations(jobmanager, id, "the job was rescaled");
        }
        if let Some(job) = self.job_mut(run) {
            job.state = JobState::Restarting;
            job.up = false;
        }
        self.tasks_up(run);
    }

    /// A job's tasks come up, from its newest checkpoint if it failed over.
    pub(super) fn tasks_up(&mut self, run: RunId) {
        let Some((process, job)) = self.live_job(run) else { return };
        let restarting = job.state == JobState::Restarting;
        let newest = job.checkpoints.iter().rev().find(|c| !c.discarded).copied();
        let resumed = newest.map(|c| c.file);
        let mut needed = self.slots_for(run, process).unwrap_or(0);
        self.runs[run.0].parallelism = needed;
        for (_, taskmanager) in self.taskmanagers_mut() {
            if taskmanager.registered != Some(process) {
                continue;
            }
            while needed > 0 && taskmanager.tasks.len() < taskmanager.slots as usize {
                taskmanager.tasks.push(run);
                needed -= 1;
            }
        }
        let offset = resumed.map_or(self.runs[run.0].base, |file| self.files[file.0].offset);
        // One step beyond what is saved: a job that runs has always consumed something.
        self.runs[run.0].consumed = offset + 1;
        self.runs[run.0].started = true;
        if let Some(job) = self.job_mut(run) {
            job.state = JobState::Running;
            job.up = true;
            if restarting && newest.is_some() {
                job.restored += 1;
                job.restored_from = newest;
            }
        }
    }

    /// Adds a completed checkpoint to a run; an older one goes (one is kept).
    pub(super) fn write_checkpoint(&mut self, run: RunId, id: u64, path: String) {
        let offset = self.runs[run.0].consumed;
        self.runs[run.0].consumed += 1;
        self.discard_checkpoints(run);
        let file = self.write_file(run, FileKind::Checkpoint, offset, path);
        self.list_checkpoint(run, id, file, false);
    }

    /// Adds a completed savepoint to a run; `sync`: it is of a stop. Someone has just looked at the statistics, so
    /// that for a while they are told without it: the copies of them and of the details are not of one age.
    pub(super) fn write_savepoint(
        &mut self,
        run: RunId,
        id: u64,
        offset: u64,
        path: String,
        sync: bool,
    ) -> FileId {
        if let Some((process, job)) = self.live_job(run).map(|(process, job)| (process, job.id)) {
            self.copy_statistics(process, job);
        }
        let file = self.write_file(run, FileKind::Savepoint, offset, path);
        self.list_checkpoint(run, id, file, sync);
        file
    }

    fn list_checkpoint(&mut self, run: RunId, id: u64, file: FileId, sync: bool) {
        let taken = self.now;
        if let Some(job) = self.job_mut(run) {
            job.checkpoints.push(CheckpointEntry { id, file, sync, discarded: false, taken });
            job.checkpoints.sort_by_key(|c| c.id);
        }
    }

    /// A job ends, for its JobManager; its checkpoints go as its retention says (recorded).
    pub(super) fn end_job(&mut self, run: RunId, ending: Ending, words: &str) {
        let id = self.runs[run.0].job;
        let jobmanager = self.live_job(run).map(|(process, _)| process);
        let retention = jobmanager.and_then(|p| self.spec_of(p)).map(|s| s.retention);
        self.runs[run.0].end = Some(ending.end);
        let now = self.now;
        if let Some(job) = self.job_mut(run) {
            job.ended_at = Some(now);
            job.up &= ending.state == JobState::Finished;
            job.state = ending.state;
            job.failure = (!words.is_empty()).then(|| Arc::from(words));
        }
        self.clear_tasks(run);
        let keeps = match ending.state {
            JobState::Canceled => retention == Some(Retention::RetainOnCancellation),
            JobState::Failed => retention != Some(Retention::Unset),
            JobState::Finished => false,
            JobState::Running | JobState::Restarting | JobState::Cancelling => true,
        };
        if !keeps {
            self.discard_checkpoints(run);
        }
        if let Some(jobmanager) = jobmanager.and_then(|p| self.jobmanager_mut(p)) {
            fail_operations(jobmanager, id, "the job has ended");
        }
    }

    /// The tasks of a job failed, and Flink starts them again by itself.
    pub(super) fn fail_over(&mut self, run: RunId) {
        let now = self.now;
        self.clear_tasks(run);
        let Some((process, _)) = self.live_job(run) else { return };
        let id = self.runs[run.0].job;
        if let Some(job) = self.job_mut(run).filter(|j| j.state == JobState::Running) {
            job.state = JobState::Restarting;
            job.up = false;
            job.restarted_at = Some(now);
        }
        if let Some(jobmanager) = self.jobmanager_mut(process) {
            // Of a stop whose savepoint is written, too: Flink says that the job failed over.
            fail_operations(jobmanager, id, "the job failed over");
        }
    }

    pub(super) fn clear_tasks(&mut self, run: RunId) {
        self.taskmanagers_mut().for_each(|(_, t)| t.tasks.retain(|r| *r != run));
    }

    fn discard_checkpoints(&mut self, run: RunId) {
        let listed = self.job_mut(run).map(|job| job.checkpoints.iter().map(|c| c.file).collect());
        let files: Vec<FileId> = listed.unwrap_or_default();
        files.into_iter().for_each(|file| self.discard_checkpoint(run, file));
    }

    /// Flink removes a checkpoint; savepoints are never its own to remove.
    fn discard_checkpoint(&mut self, run: RunId, file: FileId) {
        if self.files[file.0].kind == FileKind::Savepoint {
            return;
        }
        self.files[file.0].deleted = Some(Deleter::Flink);
        if let Some(job) = self.job_mut(run) {
            let entries = job.checkpoints.iter_mut().filter(|c| c.file == file);
            entries.for_each(|c| c.discarded = true);
        }
    }

    /// What a pod's process leaves behind when it ends. `told`: it was asked to (SIGTERM).
    pub(super) fn process_ends(&mut self, pod: Uid, told: bool) {
        let found = self.pods.iter().find(|p| p.uid == pod).map(Pod::process);
        let Some(process) = found else { return };
        if let Some(jobmanager) = self.jobmanager(process) {
            let retention = self.spec_of(process).map(|s| s.retention);
            let keeps = !told || retention == Some(Retention::RetainOnCancellation);
            let live = jobmanager.jobs.iter().filter(|j| !j.state.over());
            let runs: Vec<RunId> = live.map(|j| j.run).collect();
            for run in runs {
                self.runs[run.0].end = Some(End::Lost);
                if !keeps {
                    self.discard_checkpoints(run);
                }
            }
        }
        let pods = self.pods.iter_mut().find(|p| p.uid == pod);
        let taken = pods.map(|p| std::mem::replace(&mut p.process, ProcessState::None));
        if let Some(ProcessState::TaskManager(TaskManager { mut tasks, .. })) = taken {
            tasks.dedup();
            tasks.into_iter().for_each(|run| self.fail_over(run));
        }
    }

    /// Tasks on a TaskManager whose JobManager process is gone, or does not know them (any more).
    pub(super) fn orphans(&self, taskmanager: &TaskManager) -> Vec<RunId> {
        let known =
            |run: RunId, at: Process| self.live_job(run).is_some_and(|(process, _)| process == at);
        let orphaned = |run: &RunId| !taskmanager.registered.is_some_and(|at| known(*run, at));
        taskmanager.tasks.iter().copied().filter(orphaned).collect()
    }
}

fn fail_operations(jobmanager: &mut JobManager, id: super::JobId, words: &str) {
    for operation in jobmanager.operations.iter_mut().filter(|o| o.job == id) {
        if matches!(operation.state, OperationState::InProgress | OperationState::Written(_)) {
            operation.state = OperationState::Failed(Arc::from(words));
        }
    }
}
