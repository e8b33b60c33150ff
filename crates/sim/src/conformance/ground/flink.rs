//! The calls of a client for Flink, each to one JobManager process (on Flink 1.20).

use std::panic::resume_unwind;

use flinkk8soperator_core as machine;
use machine::{
    Checkpointing, FlinkCluster, Job, JobId, JobSummary, Operation, Post, Process, Savepoint,
    SavepointStop, Silence, Statistics, Submit, TriggerId,
};

use super::super::fault::Fault;
use super::{Call, CallError, Crash, Ground, keep};
use crate::explore::translate;
use crate::world::{Answer, OperateError, Stop};

const SILENT: Fault = Fault::FlinkSilent;
/// When a late submission arrives. Arbitrary, late enough that another process has begun its work.
const ROUNDS_LATE: usize = 4;

impl From<OperateError> for CallError {
    fn from(error: OperateError) -> CallError {
        match error {
            OperateError::NoAnswer => CallError::NoAnswer,
            OperateError::UnknownJob | OperateError::JobIsOver => {
                CallError::Refused(error.to_string())
            }
        }
    }
}

impl<K: Clone> Ground<K> {
    /// `/config` and `/overview`.
    ///
    /// # Errors
    /// No answer.
    pub fn overview(&mut self, at: Process) -> Result<FlinkCluster, Silence> {
        let interval = self.world.settings.refresh_interval;
        let found = self.world.overview(translate::process_back(at));
        let answer = found.map(|overview| translate::overview(overview, interval));
        let answer = self.flinks(answer);
        keep(&mut self.told_by.entry(at).or_default().cluster, &answer);
        answer
    }

    /// `/jobs`.
    ///
    /// # Errors
    /// No answer.
    pub fn jobs(&mut self, at: Process) -> Result<Vec<JobSummary>, Silence> {
        let found = self.world.jobs(translate::process_back(at));
        let answer = self.flinks(found.map(|jobs| translate::jobs(&jobs)));
        keep(&mut self.told_by.entry(at).or_default().jobs, &answer);
        answer
    }

    /// `/jobs/:id`; none: 404 from Flink itself.
    ///
    /// # Errors
    /// No answer.
    pub fn job(&mut self, at: Process, job: JobId) -> Result<Option<Job>, Silence> {
        let found = self.world.job(translate::process_back(at), translate::job_back(job));
        let now = self.world.now;
        let answer = self.flinks(found.map(|job| job.map(|d| translate::details(d, now))));
        keep(&mut self.told_by.entry(at).or_default().job, &answer);
        answer
    }

    /// `/jobs/:id/checkpoints`; none: 404 from Flink itself.
    ///
    /// # Errors
    /// No answer.
    pub fn statistics(&mut self, at: Process, job: JobId) -> Result<Option<Statistics>, Silence> {
        let found = self.world.statistics(translate::process_back(at), translate::job_back(job));
        let files = &self.world.files;
        let found = found.map(|s| s.map(|s| translate::statistics(&s, files)));
        let answer = self.flinks(found);
        keep(&mut self.told_by.entry(at).or_default().statistics, &answer);
        answer
    }

    /// `/jobs/:id/checkpoints/config`; none: 404 from Flink itself.
    ///
    /// # Errors
    /// No answer.
    pub fn checkpointing(
        &mut self,
        at: Process,
        job: JobId,
    ) -> Result<Option<Checkpointing>, Silence> {
        let found = self.world.retention(translate::process_back(at), translate::job_back(job));
        let answer = self.flinks(found.map(|r| r.map(translate::checkpointing)));
        keep(&mut self.told_by.entry(at).or_default().checkpointing, &answer);
        answer
    }

    /// A savepoint operation.
    ///
    /// # Errors
    /// No answer.
    pub fn operation(
        &mut self,
        at: Process,
        job: JobId,
        trigger: TriggerId,
    ) -> Result<Operation, Silence> {
        let (process, job) = (translate::process_back(at), translate::job_back(job));
        let found = self.world.operation(process, job, translate::trigger_back(trigger));
        let files = &self.world.files;
        let found = found.map(|state| translate::operation(state, files));
        let answer = self.flinks(found);
        keep(&mut self.told_by.entry(at).or_default().operation, &answer);
        answer
    }

    /// Why a job failed, in Flink's own words.
    ///
    /// # Errors
    /// No answer.
    pub fn failure(&mut self, at: Process, job: JobId) -> Result<String, Silence> {
        let found = self.world.failure(translate::process_back(at), translate::job_back(job));
        let answer = self.flinks(found.map(|words| words.unwrap_or_default().to_string()));
        keep(&mut self.told_by.entry(at).or_default().failure, &answer);
        answer
    }

    fn flinks<T>(&mut self, found: Option<T>) -> Result<T, Silence> {
        self.answer(SILENT, found.ok_or(Silence::Unreachable))
    }

    /// Sends a job, and does not wait: `main()` runs inside the request.
    ///
    /// # Errors
    /// It is not known to have been sent.
    pub fn submit(&mut self, submit: &Submit) -> Result<(), CallError> {
        self.unsent.remove(&submit.job);
        self.change(Call::Submit(submit.job), SILENT, |ground| {
            if ground.strikes(Fault::LateSubmission) {
                ground.late = Some((submit.clone(), ground.rounds + ROUNDS_LATE));
                resume_unwind(Box::new(Crash));
            }
            Ok(ground.arrives(submit)?)
        })
    }

    /// A submission reaches its process, if that is still there.
    pub(in super::super) fn arrives(&mut self, submit: &Submit) -> Result<(), OperateError> {
        let (process, job) =
            (translate::process_back(submit.process), translate::job_back(submit.job));
        // No story changes the parallelism: it is the cluster's.
        let parallelism = self.world.spec_of(process).map_or(1, |spec| spec.parallelism);
        self.world.submit(process, job, submit.from.path(), parallelism)
    }

    /// What came back of a job that this process sent; none: nothing yet. Told once.
    pub fn submitted(&mut self, at: Process, job: JobId) -> Option<Post> {
        let process = translate::process_back(at);
        match self.world.take_answer(process, translate::job_back(job)) {
            Some(Answer::Accepted | Answer::Duplicate) => Some(Post::Accepted),
            Some(Answer::Refused(words)) => {
                let message = words.to_string();
                Some(Post::Refused { retriable: false, message, alone: true })
            }
            None => self.world.jobmanager(process).is_none().then_some(Post::Lost),
        }
    }

    /// Triggers a savepoint that ends the job.
    ///
    /// # Errors
    /// It is not known to have been triggered.
    pub fn savepoint(&mut self, savepoint: &Savepoint) -> Result<(), CallError> {
        self.change(Call::Savepoint(savepoint.trigger), SILENT, |ground| {
            let directory = format!("file:///savepoints/{}", savepoint.trigger);
            let stop = match savepoint.stop {
                None => Stop::No,
                Some(SavepointStop::Stop) => Stop::Stop,
                Some(SavepointStop::Cancel) => Stop::Cancel,
            };
            let process = translate::process_back(savepoint.process);
            let job = translate::job_back(savepoint.job);
            let trigger = translate::trigger_back(savepoint.trigger);
            ground.world.savepoint(process, job, trigger, stop, &directory)?;
            Ok(())
        })
    }

    /// Cancels a job.
    ///
    /// # Errors
    /// It is not known to have been cancelled.
    pub fn cancel(&mut self, at: Process, job: JobId) -> Result<(), CallError> {
        self.change(Call::Cancel(job), SILENT, |ground| {
            let process = translate::process_back(at);
            Ok(ground.world.cancel(process, translate::job_back(job))?)
        })
    }
}
