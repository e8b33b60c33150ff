//! What can be asked of a JobManager that changes something: submit, savepoint, cancel.

use std::fmt;
use std::sync::Arc;

use super::tasks::Ending;
use super::{
    Answer, CheckpointEntry, End, FlinkVersion, Image, Job, JobId, JobState, Operation,
    OperationState, Origin, Post, Process, Program, Run, RunId, Spec, TriggerId, World,
};

/// Whether a savepoint ends its job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stop {
    /// It does not.
    No,
    /// Stop-with-savepoint: the sources end, the job is FINISHED.
    Stop,
    /// Cancel-with-savepoint: the job is CANCELED.
    Cancel,
}

/// Why a request came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperateError {
    /// Nobody answers there.
    NoAnswer,
    /// 404.
    UnknownJob,
    /// 409: it ended (404 before 1.15).
    JobIsOver,
}

impl fmt::Display for OperateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            OperateError::NoAnswer => "no answer",
            OperateError::UnknownJob => "the job is not known",
            OperateError::JobIsOver => "the job has ended",
        })
    }
}

impl std::error::Error for OperateError {}

impl World {
    /// `POST /jars/:jar/run`: `main()` begins, inside the request.
    ///
    /// # Errors
    /// Nobody answers.
    pub fn submit(
        &mut self,
        process: Process,
        job: JobId,
        from: Option<&str>,
        parallelism: u32,
    ) -> Result<(), OperateError> {
        let program = self.spec_of(process).ok_or(OperateError::NoAnswer)?.program;
        self.overview(process).ok_or(OperateError::NoAnswer)?;
        let jobmanager = self.jobmanager_mut(process).ok_or(OperateError::NoAnswer)?;
        if program == Program::ClassNotFound {
            let words = "Could not find a file system, jar or class: entry point class not found";
            jobmanager.answers.push((job, Answer::Refused(Arc::from(words))));
        } else {
            let from = from.map(Arc::from);
            jobmanager.posts.push(Post { job, from, parallelism, client: true, foreign: false });
        }
        Ok(())
    }

    /// `POST /jobs/:id/savepoints` or `/stop`. Posting a trigger id again starts nothing new from
    /// Flink 1.15 on; before, every post starts an operation under an id of Flink's own. Answers
    /// with the id to ask for.
    ///
    /// # Errors
    /// Nobody answers. A savepoint of a job that is not known fails as an operation.
    pub fn savepoint(
        &mut self,
        process: Process,
        job: JobId,
        trigger: TriggerId,
        stop: Stop,
        directory: &str,
    ) -> Result<TriggerId, OperateError> {
        let version = self.overview(process).ok_or(OperateError::NoAnswer)?.version;
        let jobmanager = self.jobmanager_mut(process).ok_or(OperateError::NoAnswer)?;
        if jobmanager.operation(trigger).is_some() {
            return Ok(trigger);
        }
        let trigger = if version < FlinkVersion::V1_15 {
            // The caller's id is refused, so it leaves it out and Flink chooses one of its own.
            TriggerId(trigger.0.wrapping_add(1 + jobmanager.operations.len() as u128))
        } else {
            trigger
        };
        let (checkpoint, offset, state) = self.begin_savepoint(process, job);
        let directory = Arc::from(directory);
        let jobmanager = self.jobmanager_mut(process).ok_or(OperateError::NoAnswer)?;
        jobmanager.operations.push(Operation {
            trigger,
            job,
            stop,
            directory,
            checkpoint,
            offset,
            state,
        });
        Ok(trigger)
    }

    /// Checkpoint id, what it covers, and whether it is under way: only of a job whose tasks run.
    fn begin_savepoint(&mut self, process: Process, job: JobId) -> (u64, u64, OperationState) {
        let failed = |words: &str| (0, 0, OperationState::Failed(Arc::from(words)));
        let jobmanager = self.jobmanager_mut(process);
        let found = jobmanager.and_then(|m| m.jobs.iter_mut().find(|j| j.id == job));
        let Some(running) = found else { return failed("Flink job not found") };
        if !running.up || running.state != JobState::Running {
            return failed("Checkpoint triggering task is not being executed at the moment");
        }
        running.newest += 1;
        let (checkpoint, run) = (running.newest, running.run);
        let offset = self.runs[run.0].consumed;
        self.runs[run.0].consumed += 1;
        (checkpoint, offset, OperationState::InProgress)
    }

    /// `PATCH /jobs/:id`: cancels a job.
    ///
    /// # Errors
    /// Nobody answers, the job is not known, or over.
    pub fn cancel(&mut self, process: Process, job: JobId) -> Result<(), OperateError> {
        self.overview(process).ok_or(OperateError::NoAnswer)?;
        let jobmanager = self.jobmanager_mut(process).ok_or(OperateError::NoAnswer)?;
        let found = jobmanager.jobs.iter_mut().find(|j| j.id == job);
        let job = found.ok_or(OperateError::UnknownJob)?;
        if job.state.over() {
            return Err(OperateError::JobIsOver);
        }
        job.state = JobState::Cancelling;
        Ok(())
    }

    /// `PUT /jobs/:id/resource-requirements`.
    ///
    /// # Errors
    /// Nobody answers, or the job is not known.
    pub fn set_bounds(
        &mut self,
        process: Process,
        job: JobId,
        bounds: (u32, u32),
    ) -> Result<(), OperateError> {
        self.overview(process).ok_or(OperateError::NoAnswer)?;
        let jobmanager = self.jobmanager_mut(process).ok_or(OperateError::NoAnswer)?;
        let found = jobmanager.jobs.iter_mut().find(|j| j.id == job);
        found.ok_or(OperateError::UnknownJob)?.bounds = bounds;
        Ok(())
    }

    /// The version that a process runs.
    #[must_use]
    pub fn spec_of(&self, process: Process) -> Option<&Spec> {
        self.deployment_of(self.pod(process.pod)?).map(|d| &*d.spec)
    }

    /// `main()` is through: the job is the JobManager's, or the request is refused.
    pub(super) fn main_returns(&mut self, process: Process, id: JobId) {
        let Some(jobmanager) = self.jobmanager_mut(process) else { return };
        let Some(index) = jobmanager.posts.iter().position(|p| p.job == id) else { return };
        let post = jobmanager.posts.remove(index);
        let answer = self.job_arrives(process, &post);
        if let (true, Some(jobmanager)) = (post.client, self.jobmanager_mut(process)) {
            jobmanager.answers.push((id, answer));
        }
    }

    pub(super) fn job_arrives(&mut self, process: Process, post: &Post) -> Answer {
        let refused = |words: &str| Answer::Refused(Arc::from(words));
        let Some(spec) = self.spec_of(process).cloned() else { return refused("shutting down") };
        debug_assert_eq!(spec.image, Image::Runs, "only an image that runs has processes");
        if spec.program == Program::MainThrows {
            return refused("The main method caused an error: no such topic");
        }
        let there = self.jobmanager(process).and_then(|m| m.job(post.job));
        let ended = there.is_some_and(|j| j.state.over());
        let runs_again = ended && self.settings.flink < FlinkVersion::V1_15;
        if there.is_some() && !runs_again {
            return Answer::Duplicate;
        }
        let file = post.from.as_ref().map(|path| self.file_at(path));
        let origin = match file {
            None => Origin::Empty,
            Some(file) => file.map_or(Origin::Empty, Origin::File),
        };
        let run = self.begin_run(process, post, &spec, origin);
        if file == Some(None) {
            let words = "Cannot find checkpoint or savepoint file/directory";
            self.end_job(run, Ending { state: JobState::Failed, end: End::Failed }, words);
            return refused(words);
        }
        Answer::Accepted
    }

    fn begin_run(&mut self, process: Process, post: &Post, spec: &Spec, origin: Origin) -> RunId {
        let Post { job: id, parallelism, foreign, .. } = *post;
        let base = match origin {
            Origin::Empty => 0,
            Origin::File(file) => self.files[file.0].offset,
        };
        let run = RunId(self.runs.len());
        let cluster = self.pod(process.pod).map(|p| p.cluster);
        let Some(cluster) = cluster else { return run };
        self.runs.push(Run {
            app: cluster.app,
            job: id,
            foreign,
            hash: spec.family,
            parallelism,
            submitted: parallelism,
            incarnation: cluster.incarnation,
            origin,
            base,
            consumed: base,
            started: false,
            told: false,
            announced: false,
            announced_with: 0,
            end: None,
        });
        let now = self.now;
        if let Some(jobmanager) = self.jobmanager_mut(process) {
            jobmanager.jobs.retain(|j| j.id != id);
            jobmanager.jobs.push(Job {
                id,
                run,
                state: JobState::Running,
                up: false,
                saved: false,
                bounds: (1, parallelism),
                newest: 0,
                restored: u32::from(origin != Origin::Empty),
                restored_from: match origin {
                    Origin::Empty => None,
                    Origin::File(file) => {
                        let (id, taken) = (0, now);
                        Some(CheckpointEntry { id, file, sync: false, discarded: false, taken })
                    }
                },
                restarted_at: None,
                ended_at: None,
                checkpoints: Vec::new(),
                failure: None,
                details_cache: None,
                statistics_cache: None,
            });
        }
        run
    }

    /// The savepoint of an operation is written; a job that is to end with it begins to.
    pub(super) fn savepoint_written(&mut self, process: Process, trigger: TriggerId) {
        let Some((operation, run)) = self.open_operation(process, trigger) else { return };
        let path = format!("{}/savepoint-{}", operation.directory, self.files.len());
        let Operation { checkpoint, offset, .. } = operation;
        let sync = operation.stop == Stop::Stop;
        let file = self.write_savepoint(run, checkpoint, offset, path, sync);
        let state = match operation.stop {
            Stop::Stop => OperationState::Written(file),
            Stop::No | Stop::Cancel => OperationState::Completed(file),
        };
        self.set_operation(process, trigger, state);
        if let (Stop::Cancel, Some(job)) = (operation.stop, self.job_mut(run)) {
            job.saved = true;
            job.state = JobState::Cancelling;
        }
    }

    /// The sources of a job that was stopped are through.
    pub(super) fn stop_finishes(&mut self, process: Process, trigger: TriggerId) {
        let found = self.jobmanager(process).and_then(|m| m.operation(trigger)).cloned();
        let Some(operation) = found else { return };
        let OperationState::Written(file) = operation.state else { return };
        let run = self.jobmanager(process).and_then(|m| m.job(operation.job)).map(|j| j.run);
        self.set_operation(process, trigger, OperationState::Completed(file));
        if let Some(run) = run {
            self.end_job(run, Ending { state: JobState::Finished, end: End::Stopped }, "");
        }
    }

    /// The savepoint of an operation could not be written; the job goes on.
    pub(super) fn savepoint_fails(&mut self, process: Process, trigger: TriggerId) {
        let words = Arc::from("Checkpoint was declined: No space left on device");
        self.set_operation(process, trigger, OperationState::Failed(words));
    }

    fn open_operation(&self, process: Process, trigger: TriggerId) -> Option<(Operation, RunId)> {
        let jobmanager = self.jobmanager(process)?;
        let operation = jobmanager.operation(trigger)?;
        let job = jobmanager.job(operation.job)?;
        (operation.state == OperationState::InProgress).then(|| (operation.clone(), job.run))
    }

    fn set_operation(&mut self, process: Process, trigger: TriggerId, state: OperationState) {
        let Some(jobmanager) = self.jobmanager_mut(process) else { return };
        if let Some(operation) = jobmanager.operations.iter_mut().find(|o| o.trigger == trigger) {
            operation.state = state;
        }
    }
}
