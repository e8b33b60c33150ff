//! What can go wrong in the world itself. What can go wrong between it and the operator (crashes,
//! lost replies, silence) is up to whoever stands between the two.

use super::kubernetes::ProcessState;
use super::tasks::Ending;
use super::{
    End, JobId, JobManager, JobState, OperationState, Post, Process, RunId, TaskManager, TriggerId,
    Uid, World,
};

/// The id of the job that a person submits.
pub const PERSONS_JOB: JobId = JobId(0xbad);

/// One thing that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mishap {
    /// A container's process ends and is started again, with nothing in memory.
    ProcessRestarts(Uid),
    /// A pod is gone at once, with its node.
    PodLost(Uid),
    /// A savepoint cannot be written.
    SavepointFails(Process, TriggerId),
    /// A JobManager forgets an operation that is done.
    OperationForgotten(Process, TriggerId),
    /// A job's tasks fail, and Flink starts them again.
    FailsOver(RunId),
    /// A job fails for good.
    JobFails(RunId),
    /// A person cancels a job.
    PersonCancels(RunId),
    /// A person submits a job, [`PERSONS_JOB`], which starts from nothing.
    PersonSubmits(Process),
}

impl World {
    /// Everything that can go wrong now, in a fixed order.
    #[must_use]
    pub fn mishaps(&self) -> Vec<Mishap> {
        let mut mishaps = Vec::new();
        for pod in self.pods.iter().filter(|p| p.running()) {
            mishaps.push(Mishap::ProcessRestarts(pod.uid));
            mishaps.push(Mishap::PodLost(pod.uid));
        }
        for (pod, jobmanager) in self.jobmanagers() {
            for operation in &jobmanager.operations {
                let (process, trigger) = (pod.process(), operation.trigger);
                mishaps.push(match operation.state {
                    OperationState::InProgress => Mishap::SavepointFails(process, trigger),
                    OperationState::Written(_)
                    | OperationState::Completed(_)
                    | OperationState::Failed(_) => Mishap::OperationForgotten(process, trigger),
                });
            }
            for job in jobmanager.jobs.iter().filter(|j| j.up && !j.state.over()) {
                mishaps.push(Mishap::FailsOver(job.run));
                mishaps.push(Mishap::JobFails(job.run));
                mishaps.push(Mishap::PersonCancels(job.run));
            }
            if self.can_take_a_persons_job(pod.process(), jobmanager) {
                mishaps.push(Mishap::PersonSubmits(pod.process()));
            }
        }
        mishaps
    }

    /// Lets something go wrong. What is not possible does nothing.
    pub fn befall(&mut self, mishap: Mishap) {
        match mishap {
            Mishap::ProcessRestarts(pod) => self.process_restarts(pod),
            Mishap::PodLost(pod) => {
                self.process_ends(pod, false);
                self.pods.retain(|p| p.uid != pod);
                self.drop_empty_deployments();
            }
            Mishap::SavepointFails(process, trigger) => self.savepoint_fails(process, trigger),
            Mishap::OperationForgotten(process, trigger) => {
                if let Some(jobmanager) = self.jobmanager_mut(process) {
                    jobmanager.operations.retain(|o| o.trigger != trigger);
                }
            }
            Mishap::FailsOver(run) => self.fail_over(run),
            Mishap::JobFails(run) => {
                let ending = Ending { state: JobState::Failed, end: End::Failed };
                self.end_job(run, ending, "java.io.IOException: connection to the broker lost");
            }
            Mishap::PersonCancels(run) => {
                if let Some(job) = self.job_mut(run) {
                    job.state = JobState::Cancelling;
                }
            }
            Mishap::PersonSubmits(process) => {
                let parallelism = self.spec_of(process).map_or(1, |spec| spec.parallelism);
                let post = Post {
                    job: PERSONS_JOB,
                    from: None,
                    parallelism,
                    client: false,
                    foreign: true,
                };
                self.job_arrives(process, &post);
            }
        }
    }

    /// A cluster that runs no job yet; there is only one such person, who does it once.
    fn can_take_a_persons_job(&self, process: Process, jobmanager: &JobManager) -> bool {
        let free = jobmanager.jobs.iter().all(|job| job.state.over());
        let first = self.runs.iter().all(|run| !run.foreign);
        free && first && self.overview(process).is_some()
    }

    fn process_restarts(&mut self, uid: Uid) {
        let was = self.pod(uid).map(|p| p.process.clone());
        self.process_ends(uid, false);
        let Some(pod) = self.pods.iter_mut().find(|p| p.uid == uid) else { return };
        pod.restarts += 1;
        pod.process = match was {
            Some(ProcessState::JobManager(_)) => {
                pod.ready = false;
                ProcessState::JobManager(JobManager::default())
            }
            Some(ProcessState::TaskManager(TaskManager { slots, .. })) => {
                ProcessState::TaskManager(TaskManager {
                    registered: None,
                    slots,
                    tasks: Vec::new(),
                })
            }
            Some(ProcessState::None) | None => ProcessState::None,
        };
    }
}
