//! What a JobManager of the assumed world knows: what the caller was told of it, and what it would
//! say later.

use std::collections::{BTreeMap, BTreeSet};

use crate::decision::{Requirements, Savepoint};
use crate::desired::SavepointStop;
use crate::ids::{JobId, TriggerId, Uid};
use crate::observation::{
    Checkpoint, CheckpointKind, Checkpointing, Fact, Flink, FlinkCluster, FlinkRequest, Job,
    JobState, JobSummary, Operation, Post, Retention, Statistics, Vertex,
};
use crate::time::Timestamp;

/// A fact of the caller that was asked for in vain stays unknown; else the value.
pub(super) fn told<T, U>(fact: &Fact<U>, value: T) -> Fact<T> {
    match fact {
        Fact::Unknown { why, for_how_long } => {
            Fact::Unknown { why: *why, for_how_long: *for_how_long }
        }
        Fact::Unasked | Fact::Known(_) => Fact::Known(value),
    }
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct JobManager {
    /// What the caller was told; only its silences are read from here.
    heard: Flink,
    about: FlinkCluster,
    jobs: BTreeMap<JobId, Known>,
    posts: BTreeMap<JobId, Post>,
    /// The TaskManagers that run nothing, as long as it is as the caller was told.
    idle: Option<BTreeSet<Uid>>,
}

/// A job that it knows.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Known {
    details: Job,
    statistics: Option<Statistics>,
    checkpointing: Option<Checkpointing>,
    operations: BTreeMap<TriggerId, Operation>,
    failure: String,
    /// None: its scheduler cannot change its parallelism.
    requirements: Option<Vec<Vertex>>,
}

impl JobManager {
    /// From what it told (to which question), where it did; else it is up, and runs `expected`.
    pub(super) fn new(
        about: FlinkCluster,
        heard: Option<(&Flink, &FlinkRequest)>,
        expected: Option<JobId>,
    ) -> JobManager {
        let mut jobs: BTreeMap<JobId, Known> = BTreeMap::new();
        let mut posts = BTreeMap::new();
        let Some((flink, question)) = heard else {
            jobs.extend(expected.map(|id| (id, running(Timestamp::default()))));
            return JobManager { heard: Flink::default(), about, jobs, posts, idle: None };
        };
        if let (Some(id), Fact::Known(Some(details))) = (question.job, &flink.job) {
            jobs.insert(id, Known { details: *details, ..running(details.clock) });
        }
        // The list is never cached: where the two differ it is the newer one.
        for listed in flink.jobs.known().into_iter().flatten() {
            let job = jobs.entry(listed.id).or_insert_with(|| running(Timestamp::default()));
            job.is_in(listed.state, job.details.clock);
        }
        let untold = flink.job.known().is_none() && flink.jobs.known().is_none();
        jobs.extend(expected.filter(|_| untold).map(|id| (id, running(Timestamp::default()))));
        if let Some(job) = question.statistics.and_then(|id| jobs.get_mut(&id))
            && let Fact::Known(statistics) = &flink.statistics
        {
            job.statistics.clone_from(statistics);
        }
        if let Some(job) = question.checkpointing.and_then(|id| jobs.get_mut(&id))
            && let Fact::Known(checkpointing) = &flink.checkpointing
        {
            job.checkpointing = *checkpointing;
        }
        if let Some(job) = question.failure.and_then(|id| jobs.get_mut(&id))
            && let Fact::Known(failure) = &flink.failure
        {
            job.failure.clone_from(failure);
        }
        if let Some((id, trigger)) = question.operation
            && let (Some(job), Fact::Known(operation)) = (jobs.get_mut(&id), &flink.operation)
        {
            job.operations.insert(trigger, operation.clone());
        }
        if let (Some(id), Fact::Known(post)) = (question.submission, &flink.submission) {
            posts.insert(id, post.clone());
        }
        if let Some(job) = question.requirements.and_then(|id| jobs.get_mut(&id))
            && let Fact::Known(requirements) = &flink.requirements
        {
            job.requirements.clone_from(requirements);
        }
        let about = flink.cluster.known().copied().unwrap_or(about);
        let idle = flink.idle.known().filter(|_| question.idle).cloned();
        JobManager { heard: flink.clone(), about, jobs, posts, idle }
    }

    pub(super) fn answer(&self, question: &FlinkRequest, now: Timestamp) -> Flink {
        let heard = &self.heard;
        let of = |id: JobId| self.jobs.get(&id);
        let mut flink = Flink { process: Some(question.process), ..Flink::default() };
        if question.cluster {
            flink.cluster = told(&heard.cluster, self.about);
        }
        if question.jobs {
            let line =
                |(id, job): (&JobId, &Known)| JobSummary { id: *id, state: job.details.state };
            flink.jobs = told(&heard.jobs, self.jobs.iter().map(line).collect());
        }
        if let Some(id) = question.job {
            let details =
                of(id).map(|job| Job { clock: job.details.clock.max(now), ..job.details });
            flink.job = told(&heard.job, details);
        }
        if let Some(id) = question.statistics {
            flink.statistics = told(&heard.statistics, of(id).and_then(|j| j.statistics.clone()));
        }
        if let Some(id) = question.checkpointing {
            flink.checkpointing = told(&heard.checkpointing, of(id).and_then(|j| j.checkpointing));
        }
        if let Some((id, trigger)) = question.operation {
            let operation = of(id).and_then(|job| job.operations.get(&trigger)).cloned();
            flink.operation = told(&heard.operation, operation.unwrap_or(Operation::Unknown));
        }
        if let Some(id) = question.failure {
            let failure = of(id).map(|job| job.failure.clone());
            flink.failure = told(&heard.failure, failure.unwrap_or_default());
        }
        if let Some(id) = question.submission {
            let post = self.posts.get(&id).cloned();
            flink.submission = told(&heard.submission, post.unwrap_or(Post::NotSent));
        }
        if let Some(id) = question.requirements {
            let requirements = of(id).and_then(|job| job.requirements.clone());
            flink.requirements = told(&heard.requirements, requirements);
        }
        flink
    }

    /// Which TaskManagers run nothing; where nobody said so, one has all the work.
    pub(super) fn idle(&self, taskmanagers: impl Iterator<Item = Uid>) -> Fact<BTreeSet<Uid>> {
        let idle = self.idle.clone().unwrap_or_else(|| taskmanagers.skip(1).collect());
        told(&self.heard.idle, idle)
    }

    /// Every TaskManager that is there is registered, and no other.
    pub(super) fn registers(&mut self, taskmanagers: u32) {
        if self.about.taskmanagers != taskmanagers {
            self.about.taskmanagers = taskmanagers;
            self.idle = None;
        }
    }

    /// The vertices run as many tasks as they may.
    pub(super) fn rescale(&mut self, wanted: &Requirements) {
        let Some(job) = self.jobs.get_mut(&wanted.job) else { return };
        for vertex in job.requirements.iter_mut().flatten() {
            let bounds = wanted.bounds.iter().find(|b| b.vertex == vertex.bounds.vertex);
            bounds.into_iter().for_each(|bounds| vertex.bounds = *bounds);
        }
        job.all_tasks_run();
        self.idle = None;
    }

    /// A submission arrives, and all tasks come up.
    pub(super) fn accept(&mut self, job: JobId, now: Timestamp) {
        self.jobs.entry(job).or_insert_with(|| running(now));
        self.posts.insert(job, Post::Accepted);
    }

    /// A savepoint of a job, which may end with it: its path.
    pub(super) fn stop(&mut self, savepoint: &Savepoint, now: Timestamp) -> Option<String> {
        let job = self.jobs.get_mut(&savepoint.job)?;
        Some(job.takes_savepoint(savepoint.trigger, savepoint.stop, now))
    }

    pub(super) fn cancel(&mut self, job: JobId) {
        let job = self.jobs.get_mut(&job).filter(|job| !job.details.state.over());
        if let Some(job) = job {
            job.is_in(JobState::Canceled, job.details.clock);
        }
    }

    /// What is under way gets there; the paths of savepoints that were.
    pub(super) fn goes_on(
        &mut self,
        now: Timestamp,
        stop: Option<SavepointStop>,
        up: FlinkCluster,
    ) -> Vec<String> {
        let on_their_way = |post: &Post| match post {
            Post::InFlight { .. } | Post::Accepted | Post::MaybeSent | Post::Lost => true,
            Post::NotSent | Post::Refused { .. } => false,
        };
        let arrive = self.posts.iter().filter(|(_, post)| on_their_way(post));
        let arrive: Vec<JobId> = arrive.map(|(id, _)| *id).collect();
        arrive.into_iter().for_each(|id| self.accept(id, now));
        let paths = self.jobs.values_mut().filter_map(|job| job.goes_on(now, stop)).collect();
        self.about.slots = self.about.slots.max(up.slots);
        if self.jobs.values().all(|job| job.details.state.over()) {
            self.about.slots_free = self.about.slots;
        }
        paths
    }

    pub(super) fn runs(&self) -> bool {
        let runs = |job: &Known| job.details.state == JobState::Running && job.details.up();
        self.jobs.values().any(runs)
    }
}

impl Known {
    fn takes_savepoint(
        &mut self,
        trigger: TriggerId,
        stop: Option<SavepointStop>,
        now: Timestamp,
    ) -> String {
        // No real path: the ids make it unlike any other.
        let path = format!("(the savepoint {trigger}, once it is taken)");
        self.operations.insert(trigger, Operation::Completed { path: path.clone() });
        let (kind, state) = match stop {
            None => (CheckpointKind::Savepoint, self.details.state),
            Some(SavepointStop::Stop) => (CheckpointKind::SyncSavepoint, JobState::Finished),
            Some(SavepointStop::Cancel) => (CheckpointKind::Savepoint, JobState::Canceled),
        };
        self.is_in(state, now);
        let statistics = self.statistics.get_or_insert_default();
        statistics.newest_id += 1;
        let id = statistics.newest_id;
        let listed = Some(path.clone());
        statistics.completed.push(Checkpoint {
            id,
            kind,
            path: listed,
            discarded: false,
            taken: now,
        });
        path
    }

    fn is_in(&mut self, state: JobState, now: Timestamp) {
        self.details.state = state;
        self.details.ended_at = self.details.ended_at.or(state.over().then_some(now));
    }

    fn all_tasks_run(&mut self) {
        for vertex in self.requirements.iter_mut().flatten() {
            (vertex.parallelism, vertex.running) = (vertex.bounds.upper, vertex.bounds.upper);
        }
    }

    fn goes_on(&mut self, now: Timestamp, stop: Option<SavepointStop>) -> Option<String> {
        match self.details.state {
            JobState::Starting | JobState::Running | JobState::Restarting => {
                self.details.state = JobState::Running;
                self.details.vertices = self.details.vertices.max(1);
                self.details.vertices_up = self.details.vertices;
                self.all_tasks_run();
            }
            JobState::Cancelling => self.is_in(JobState::Canceled, now),
            JobState::Finished | JobState::Canceled | JobState::Failed | JobState::Suspended => {}
        }
        let open = |(trigger, operation): (&TriggerId, &Operation)| {
            (*operation == Operation::InProgress).then_some(*trigger)
        };
        let trigger = self.operations.iter().find_map(open)?;
        Some(self.takes_savepoint(trigger, stop, now))
    }
}

/// A job of which nothing is known but that it runs.
fn running(clock: Timestamp) -> Known {
    let state = JobState::Running;
    Known {
        details: Job {
            state,
            vertices: 1,
            vertices_up: 1,
            restarted_at: None,
            ended_at: None,
            clock,
        },
        statistics: Some(Statistics::default()),
        checkpointing: Some(Checkpointing { interval: None, retention: Retention::OnCancellation }),
        operations: BTreeMap::new(),
        failure: String::new(),
        requirements: None,
    }
}

#[cfg(test)]
mod tests;
