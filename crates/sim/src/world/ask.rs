//! What Flink answers when it is asked. `None`: nobody answers there.
//!
//! Asking leaves traces: job details and statistics are answered from copies up to
//! `web.refresh-interval` old (each with an age of its own), and a job that was named to someone
//! is [`told`](super::Run::told).

use std::sync::Arc;

use super::objects::ProcessState;
use super::{
    Answer, CheckpointEntry, FlinkVersion, Job, JobId, JobManager, JobScheduler, JobState,
    OperationState, Process, Retention, TriggerId, World,
};

/// `/overview` and `/config`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Overview {
    /// The version.
    pub version: FlinkVersion,
    /// Registered TaskManagers.
    pub taskmanagers: u32,
    /// Their slots.
    pub slots: u32,
    /// Those that are free.
    pub free: u32,
}

/// `/jobs/:id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Details {
    /// Its state.
    pub state: JobState,
    /// All vertices run, or ended well.
    pub up: bool,
    /// When it last entered RESTARTING.
    pub restarted_at: Option<u64>,
    /// When it ended.
    pub ended_at: Option<u64>,
    /// How many tasks each vertex has.
    pub parallelism: u32,
}

/// `/jobs/:id/checkpoints`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Statistics {
    /// The highest id given out.
    pub newest: u64,
    /// `counts.restored`.
    pub restored: u32,
    /// `counts.in_progress`.
    pub in_progress: u32,
    /// Completed ones, oldest first.
    pub completed: Vec<CheckpointEntry>,
    /// `latest.restored`: what the job was restored from last.
    pub restored_from: Option<CheckpointEntry>,
}

impl World {
    /// `/config`, `/overview`.
    #[must_use]
    pub fn overview(&self, process: Process) -> Option<Overview> {
        self.answering(process)?;
        let mine = self.taskmanagers().filter(|(_, t)| t.registered == Some(process));
        let mut overview =
            Overview { version: self.settings.flink, taskmanagers: 0, slots: 0, free: 0 };
        for (_, taskmanager) in mine {
            let taken = u32::try_from(taskmanager.tasks.len()).unwrap_or(u32::MAX);
            overview.taskmanagers += 1;
            overview.slots += taskmanager.slots;
            overview.free += taskmanager.slots.saturating_sub(taken);
        }
        Some(overview)
    }

    /// `/jobs`, which no copy stands in for.
    pub fn jobs(&mut self, process: Process) -> Option<Vec<(JobId, JobState)>> {
        let jobmanager = self.answering(process)?;
        let jobs: Vec<_> = jobmanager.jobs.iter().map(|j| (j.id, j.state, j.run)).collect();
        for (_, _, run) in &jobs {
            self.runs[run.0].told = true;
        }
        Some(jobs.into_iter().map(|(id, state, _)| (id, state)).collect())
    }

    /// `/jobs/:id`; inner `None`: 404.
    pub fn job(&mut self, process: Process, id: JobId) -> Option<Option<Details>> {
        let fresh = self.fresh_since();
        let now = self.now;
        let run = self.answering(process)?.job(id).map(|job| job.run);
        let parallelism = run.map_or(0, |run| self.run(run).parallelism);
        let Some(job) = self.asked_job(process, id)? else { return Some(None) };
        if job.details_cache.is_none_or(|(at, _)| at < fresh) {
            let Job { state, up, restarted_at, ended_at, .. } = *job;
            let details = Details { state, up, restarted_at, ended_at, parallelism };
            job.details_cache = Some((now, details));
        }
        Some(job.details_cache.map(|(_, details)| details))
    }

    /// `/jobs/:id/checkpoints`; inner `None`: 404.
    pub fn statistics(&mut self, process: Process, id: JobId) -> Option<Option<Statistics>> {
        self.answering(process)?;
        if self.asked_job(process, id)?.is_none() {
            return Some(None);
        }
        self.copy_statistics(process, id);
        let copy = self.jobmanager(process)?.job(id)?.statistics_cache.clone();
        Some(copy.map(|(_, statistics)| statistics))
    }

    /// Whoever asks for the statistics now is answered from a copy that is made now, unless there is one that is
    /// young enough.
    pub(super) fn copy_statistics(&mut self, process: Process, id: JobId) {
        let (fresh, now) = (self.fresh_since(), self.now);
        let Some(jobmanager) = self.jobmanager_mut(process) else { return };
        let open = |o: &&super::Operation| o.job == id && o.state == OperationState::InProgress;
        let in_progress = jobmanager.operations.iter().filter(open).count();
        let Some(job) = jobmanager.jobs.iter_mut().find(|job| job.id == id) else { return };
        if job.statistics_cache.as_ref().is_none_or(|(at, _)| *at < fresh) {
            let statistics = Statistics {
                newest: job.newest,
                restored: job.restored,
                in_progress: u32::try_from(in_progress).unwrap_or(u32::MAX),
                completed: job.checkpoints.clone(),
                restored_from: job.restored_from,
            };
            job.statistics_cache = Some((now, statistics));
        }
    }

    /// `/jobs/:id/checkpoints/config`; inner `None`: 404.
    #[must_use]
    pub fn retention(&self, process: Process, job: JobId) -> Option<Option<Retention>> {
        let known = self.answering(process)?.job(job).is_some();
        Some(self.spec_of(process).filter(|_| known).map(|spec| spec.retention))
    }

    /// `GET /jobs/:id/resource-requirements`; inner `None`: 404, or not on the adaptive scheduler.
    #[must_use]
    pub fn bounds(&self, process: Process, job: JobId) -> Option<Option<(u32, u32)>> {
        let known = self.answering(process)?.job(job).map(|job| job.bounds);
        Some(known.filter(|_| self.settings.scheduler != JobScheduler::Default))
    }

    /// The state of a savepoint operation; inner `None`: 404.
    pub fn operation(
        &mut self,
        process: Process,
        job: JobId,
        trigger: TriggerId,
    ) -> Option<Option<OperationState>> {
        let found = self.answering(process)?.operation(trigger).filter(|o| o.job == job);
        let state = found.map(|o| o.state.clone());
        if let Some(OperationState::Completed(file)) = state {
            self.files[file.0].told_by_operation = true;
        }
        Some(state)
    }

    /// Why a job failed (`/jobs/:id/exceptions`).
    #[must_use]
    pub fn failure(&self, process: Process, id: JobId) -> Option<Option<Arc<str>>> {
        let jobmanager = self.answering(process)?;
        Some(jobmanager.job(id).and_then(|j| j.failure.clone()))
    }

    /// The answer to a submission, read by the client that sent it: it is told once.
    pub fn take_answer(&mut self, process: Process, job: JobId) -> Option<Answer> {
        let answers = &mut self.jobmanager_mut(process)?.answers;
        let found = answers.iter().position(|(id, _)| *id == job)?;
        Some(answers.remove(found).1)
    }

    /// Nobody waits for the answer to a submission any more; its `main()` does not mind.
    pub fn give_up_waiting(&mut self, job: Option<JobId>) {
        for pod in self.pods.iter_mut() {
            let his = |id: JobId| job.is_none_or(|job| job == id);
            // Another one is not touched: worlds that came from one another have it in common.
            let concerned = |m: &JobManager| {
                m.posts.iter().any(|p| his(p.job) && p.client)
                    || m.answers.iter().any(|(id, _)| his(*id))
            };
            if let ProcessState::JobManager(jobmanager) = &mut pod.process
                && concerned(jobmanager)
            {
                jobmanager.posts.iter_mut().filter(|p| his(p.job)).for_each(|p| p.client = false);
                jobmanager.answers.retain(|(id, _)| !his(*id));
            }
        }
    }

    /// Copies made before this instant are too old to answer from.
    fn fresh_since(&self) -> u64 {
        (self.now + 1).saturating_sub(self.settings.refresh_interval)
    }

    fn answering(&self, process: Process) -> Option<&JobManager> {
        let ready = self.pod(process.pod).is_some_and(|p| p.ready);
        self.jobmanager(process).filter(|_| ready)
    }

    fn asked_job(&mut self, process: Process, id: JobId) -> Option<Option<&mut Job>> {
        let run = self.answering(process)?.job(id).map(|j| j.run);
        let Some(run) = run else { return Some(None) };
        self.runs[run.0].told = true;
        let jobmanager = self.jobmanager_mut(process)?;
        Some(jobmanager.jobs.iter_mut().find(|j| j.run == run))
    }
}
