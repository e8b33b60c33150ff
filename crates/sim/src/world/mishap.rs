//! What can go wrong in the world itself. What can go wrong between it and the operator (crashes,
//! lost replies, silence) is up to whoever stands between the two.

use super::objects::ProcessState;
use super::tasks::Ending;
use super::{
    AppId, End, JobId, JobManager, JobState, OperationState, Pod, Post, Process, Run, RunId,
    Shared, TaskManager, TriggerId, Uid, World,
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
    /// A pod does not end once it is told to: its node is silent, or something holds it.
    PodStuck(Uid),
    /// Someone deletes an object in the background, as `kubectl delete` does: a Deployment, whose pods are
    /// told to end, a Service, a revision, or a pod, which its Deployment replaces.
    ObjectDeleted(Uid),
    /// Someone deletes the Services by which users know an application, with or without a colour.
    AddressesDeleted(AppId),
    /// Someone deletes the namespace.
    NamespaceDeleted,
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
    /// A person stops a job with a savepoint.
    PersonStops(RunId),
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
        let ends = self.pods.iter().filter(|p: &&Pod| !p.stuck);
        mishaps.extend(ends.map(|p| Mishap::PodStuck(p.uid)));
        mishaps.extend(self.deletable().map(Mishap::ObjectDeleted));
        for (n, app) in self.applications.iter().enumerate() {
            if app.service.is_some() || app.coloured.iter().any(Option::is_some) {
                mishaps.push(Mishap::AddressesDeleted(AppId(n)));
            }
        }
        if !self.terminating {
            mishaps.push(Mishap::NamespaceDeleted);
        }
        for (pod, jobmanager) in self.jobmanagers() {
            for operation in &jobmanager.operations {
                let (process, trigger) = (pod.process(), operation.trigger);
                mishaps.push(match operation.state {
                    // Nobody can tell any more.
                    OperationState::InProgress if pod.terminating => continue,
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
                if job.state == JobState::Running {
                    mishaps.push(Mishap::PersonStops(job.run));
                }
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
            Mishap::PodStuck(pod) => {
                self.pods.iter_mut().filter(|p| p.uid == pod).for_each(|p| p.stuck = true);
            }
            Mishap::ObjectDeleted(uid) => self.delete_in_the_background(uid),
            Mishap::AddressesDeleted(app) => self.delete_addresses(app),
            Mishap::NamespaceDeleted => self.delete_namespace(),
            Mishap::SavepointFails(process, trigger) => self.savepoint_fails(process, trigger),
            Mishap::OperationForgotten(process, trigger) => {
                if let Some(jobmanager) = self.jobmanager_mut(process) {
                    jobmanager.operations.retain(|o| o.trigger != trigger);
                    // That takes minutes: what was cached before is too old to answer from.
                    for job in &mut jobmanager.jobs {
                        job.details_cache = None;
                        job.statistics_cache = None;
                    }
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
            Mishap::PersonStops(run) => self.person_stops(run),
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

    /// How the savepoint and the end come about is as with any other stop.
    fn person_stops(&mut self, run: RunId) {
        let Some(job) = self.job_mut(run) else { return };
        job.newest += 1;
        let id = job.newest;
        let Run { job, consumed: offset, .. } = self.runs[run.0];
        self.runs[run.0].consumed += 1;
        let path = format!("file:///a-persons/{:032x}/{id}", job.0);
        self.write_savepoint(run, id, offset, path, true);
        self.end_job(run, Ending { state: JobState::Finished, end: End::StoppedByAPerson }, "");
    }

    /// A cluster that runs no job yet; there is only one such person, who does it once.
    fn can_take_a_persons_job(&self, process: Process, jobmanager: &JobManager) -> bool {
        let free = jobmanager.jobs.iter().all(|job| job.state.over());
        let first = self.runs.iter().all(|run| !run.foreign);
        free && first && self.overview(process).is_some()
    }

    /// What someone can delete and has not been deleted yet.
    fn deletable(&self) -> impl Iterator<Item = Uid> {
        let deployments = self.deployments.iter().filter(|d| !d.terminating).map(|d| d.uid);
        let others =
            self.services.iter().map(|s| s.uid).chain(self.revisions.iter().map(|r| r.uid));
        let pods = self.pods.iter().filter(|p| !p.terminating).map(|p| p.uid);
        deployments.chain(others).chain(pods)
    }

    fn delete_in_the_background(&mut self, uid: Uid) {
        self.orphaned.extend(self.deployments.extract_if(.., |d| d.uid == uid));
        let mut pods = self.pods.iter_mut();
        pods.by_ref().filter(|p| p.deployment == uid).for_each(|p| p.terminating = true);
        self.drop_empty_deployments();
        self.delete_service(uid);
        self.deleted_revisions.extend(self.revisions.extract_if(.., |r| r.uid == uid));
        self.delete_pod(uid);
    }

    /// Everything in it is deleted at once, each thing as by a person.
    fn delete_namespace(&mut self) {
        self.terminating = true;
        self.deletable().collect::<Vec<_>>().into_iter().for_each(|uid| {
            self.delete_in_the_background(uid);
        });
        for app in (0..self.applications.len()).map(AppId) {
            self.delete_addresses(app);
            self.delete_application(app);
        }
    }

    fn process_restarts(&mut self, uid: Uid) {
        let was = self.pod(uid).map(|p| p.process.clone());
        self.process_ends(uid, false);
        let Some(pod) = self.pods.iter_mut().find(|p| p.uid == uid) else { return };
        pod.restarts += 1;
        pod.process = match was {
            Some(ProcessState::JobManager(_)) => {
                pod.ready = false;
                ProcessState::JobManager(Shared::default())
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
