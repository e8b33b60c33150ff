//! The canonical form of the world.

use super::canon::{Canon, trigger_of};
use super::node::APP;
use crate::world::{
    Answer, CheckpointEntry, Cluster, Details, Job, JobManager, OperationState, Pod, ProcessState,
    Role, Statistics, Stop, World,
};

pub(super) fn world(canon: &mut Canon<'_>, world: &World) {
    let application = &world.applications[APP.0];
    canon.flags(&[application.finalizer, application.deleting, application.gone]);
    canon.flags(&[world.terminating]);
    canon.numbers(&[world.revisions.len() as u64, world.deleted_revisions.len() as u64]);
    for revision in world.revisions.iter().chain(&world.deleted_revisions) {
        cluster(canon, revision.cluster);
        canon.numbers(&[revision.spec.hash, revision.spec.parallelism].map(u64::from));
    }
    objects(canon, world);
    for pod in &world.pods {
        match &pod.process {
            ProcessState::None => canon.number(0),
            ProcessState::JobManager(jobmanager) => self::jobmanager(canon, jobmanager),
            ProcessState::TaskManager(taskmanager) => {
                canon.number(2);
                canon.flags(&[taskmanager.registered.is_some()]);
                if let Some(at) = taskmanager.registered {
                    let alive = world.jobmanager(at).is_some();
                    canon.flags(&[alive]);
                    if alive {
                        canon.pod(at.pod.0);
                    }
                }
                canon.number(taskmanager.tasks.len() as u64);
                taskmanager.tasks.iter().for_each(|run| canon.run(*run));
            }
        }
    }
}

/// What the watches can see of a world.
pub(super) fn objects(canon: &mut Canon<'_>, world: &World) {
    canon.numbers(&[world.deployments.len() as u64, world.pods.len() as u64]);
    for deployment in &world.deployments {
        cluster(canon, deployment.cluster);
        let [hash, label] = [deployment.spec.hash, deployment.label].map(u64::from);
        canon.numbers(&[hash, label, deployment.role as u64, u64::from(deployment.replicas)]);
        // Nobody asks it of TaskManagers.
        let populated = deployment.populated && deployment.role == Role::JobManager;
        canon.flags(&[deployment.terminating, populated]);
    }
    canon.number(world.services.len() as u64);
    for service in &world.services {
        cluster(canon, service.cluster);
        canon.number(u64::from(service.hash));
    }
    canon.flags(&[world.applications[APP.0].service.is_some()]);
    if let Some(service) = world.applications[APP.0].service {
        canon.incarnation(service);
    }
    for service in world.applications[APP.0].coloured {
        canon.incarnation(service.unwrap_or(0));
    }
    world.pods.iter().for_each(|p| pod(canon, p));
}

fn cluster(canon: &mut Canon<'_>, cluster: Cluster) {
    canon.incarnation(cluster.incarnation);
}

fn pod(canon: &mut Canon<'_>, pod: &Pod) {
    cluster(canon, pod.cluster);
    canon.pod(pod.uid.0);
    canon.numbers(&[pod.role as u64, u64::from(pod.restarts)]);
    let first = pod.first && pod.role == Role::JobManager;
    canon.flags(&[pod.running(), pod.ready, pod.terminating, pod.stuck, first]);
    canon.number(pod.trouble.map_or(0, |t| 1 + t as u64));
}

/// Ended jobs and operations that nobody asks for any more make no difference.
fn jobmanager(canon: &mut Canon<'_>, jobmanager: &JobManager) {
    canon.number(1);
    for job in &jobmanager.jobs {
        if !job.state.over() || canon.knows_job(job.id.0) {
            self::job(canon, job);
        }
    }
    for operation in &jobmanager.operations {
        let done =
            matches!(operation.state, OperationState::Completed(_) | OperationState::Failed(_));
        if done && !canon.knows_trigger(trigger_of(operation.trigger)) {
            continue;
        }
        canon.trigger(trigger_of(operation.trigger));
        canon.job(operation.job.0);
        canon.numbers(&[operation.checkpoint, stop(operation.stop)]);
        let run = jobmanager.job(operation.job).map(|j| canon.world.run(j.run).base);
        canon.number(operation.offset.saturating_sub(run.unwrap_or(operation.offset)));
        match operation.state {
            OperationState::InProgress => canon.number(1),
            OperationState::Written(file) => {
                canon.number(2);
                canon.file(file);
            }
            OperationState::Completed(file) => {
                canon.number(3);
                canon.file(file);
            }
            OperationState::Failed(_) => canon.number(4),
        }
    }
    for post in &jobmanager.posts {
        canon.job(post.job.0);
        canon.flags(&[post.client, post.foreign, post.from.is_some()]);
        canon.number(u64::from(post.parallelism));
        if let Some(path) = &post.from {
            canon.path(path);
        }
    }
    for (job, answer) in &jobmanager.answers {
        canon.job(job.0);
        canon.flags(&[matches!(answer, Answer::Refused(_))]);
    }
}

fn stop(stop: Stop) -> u64 {
    stop as u64
}

fn job(canon: &mut Canon<'_>, job: &Job) {
    canon.job(job.id.0);
    canon.run(job.run);
    canon.numbers(&[job.state as u64, job.newest, u64::from(job.restored)]);
    canon.flags(&[job.up, job.saved]);
    canon.numbers(&[job.bounds.0, job.bounds.1].map(u64::from));
    canon.same(job.restarted_at);
    for entry in &job.checkpoints {
        canon.number(entry.id);
        canon.file(entry.file);
        canon.flags(&[entry.sync, entry.discarded]);
    }
    restored_from(canon, job.restored_from.as_ref());
    // Copies too old to answer from are as good as none, and so is an end that none is older than.
    let interval = canon.world.settings.refresh_interval;
    let fresh = |at: u64, now: u64| now < at + interval;
    let now = canon.world.now;
    canon.maybe_since(job.ended_at.filter(|at| fresh(*at, now)));
    if let Some((at, copy)) = job.details_cache.filter(|(at, _)| fresh(*at, now)) {
        canon.since(at);
        details(canon, copy);
    }
    canon.number(0);
    if let Some((at, copy)) = job.statistics_cache.as_ref().filter(|(at, _)| fresh(*at, now)) {
        canon.since(*at);
        statistics(canon, copy);
    }
    canon.number(0);
}

fn details(canon: &mut Canon<'_>, details: Details) {
    canon.number(1 + details.state as u64);
    canon.flags(&[details.up]);
    canon.number(u64::from(details.parallelism));
    canon.same(details.restarted_at);
    canon.flags(&[details.ended_at.is_some()]);
}

fn statistics(canon: &mut Canon<'_>, statistics: &Statistics) {
    canon.numbers(&[1 + statistics.newest, u64::from(statistics.restored)]);
    canon.number(u64::from(statistics.in_progress));
    for entry in &statistics.completed {
        canon.number(entry.id);
        canon.file(entry.file);
        canon.flags(&[entry.sync, entry.discarded]);
    }
    restored_from(canon, statistics.restored_from.as_ref());
}

fn restored_from(canon: &mut Canon<'_>, entry: Option<&CheckpointEntry>) {
    canon.flags(&[entry.is_some()]);
    if let Some(entry) = entry {
        canon.number(entry.id);
        canon.file(entry.file);
    }
}
