//! Whether a cluster can take a job: its objects stand, its JobManager answers, enough slots are
//! registered and free, and nothing runs on it that is not ours.

use crate::decision::Effect;
use crate::ids::{JobId, Process, Role};
use crate::observation::{
    ClusterObjects, FactRequest, Flink, FlinkRequest, FlinkVersion, JobState, Observation,
    Presence, Trouble,
};
use crate::state::Target;

/// How far a cluster is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Readiness {
    /// Not yet; for what it waits.
    Waiting(String),
    /// A live job that is not ours is on it.
    Foreign(JobId),
    /// Its Flink is too old to be driven.
    TooOld(FlinkVersion),
    /// Ready; the process to submit to.
    Ready(Process),
}

/// The objects, then what the JobManager among them says about slots and jobs.
pub(crate) fn needs(target: Target, seen: &Observation, ask: &mut FactRequest) {
    ask.objects = true;
    let cluster = seen.cluster(target.incarnation);
    if let Some(process) = cluster.and_then(|c| c.jobmanager_process(None)) {
        let request = FlinkRequest::to(target.incarnation, process);
        ask.flink.push(FlinkRequest { cluster: true, jobs: true, ..request });
    }
}

/// See [`Readiness`].
pub(crate) fn of(target: Target, seen: &Observation) -> Readiness {
    let waiting = |what: &str| Readiness::Waiting(what.to_owned());
    let Some(cluster) = seen.cluster(target.incarnation) else {
        return waiting("the cluster's objects to be created");
    };
    let Some(process) = cluster.jobmanager_process(None) else {
        return waiting("the JobManager's pod to start");
    };
    let flink = seen.flink.get(&target.incarnation).filter(|f| f.process == Some(process));
    let Some(facts) = flink.and_then(|f| f.cluster.known().zip(f.jobs.known())) else {
        return waiting("the JobManager to answer");
    };
    let (about, jobs) = facts;
    if about.version < FlinkVersion::OLDEST {
        return Readiness::TooOld(about.version);
    }
    if let Some(job) = jobs.iter().find(|j| !j.state.over()) {
        return Readiness::Foreign(job.id);
    }
    if about.slots < target.parallelism {
        return Readiness::Waiting(format!("{} task slots to be registered", target.parallelism));
    }
    // A TaskManager that is not registered, or holds a slot, may still run tasks of a job that this
    // JobManager has never heard of: for up to 50 s after its own JobManager died (recorded).
    if about.slots_free < about.slots || about.taskmanagers < taskmanagers(cluster) {
        return waiting("every TaskManager to be registered with all its slots free");
    }
    Readiness::Ready(process)
}

fn taskmanagers(cluster: &ClusterObjects) -> u32 {
    let count = cluster.pods.iter().filter(|p| p.role == Role::TaskManager && p.running).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// What the cluster's pods and Deployments report; the worst first.
pub(crate) fn trouble(target: Target, seen: &Observation) -> Option<&Trouble> {
    let cluster = seen.cluster(target.incarnation)?;
    let pods = cluster.pods.iter().filter(|p| !p.terminating);
    pods.filter_map(|p| p.trouble.as_ref()).chain(&cluster.trouble).min()
}

/// Creates what is missing, unless something of the cluster is still on its way out.
pub(crate) fn create_missing(target: Target, seen: &Observation) -> Option<Effect> {
    seen.objects.known()?;
    let Target { incarnation, hash, .. } = target;
    let due = seen.cluster(incarnation).is_none_or(|c| {
        let parts = [c.jobmanager, c.taskmanager, c.service];
        parts.contains(&Presence::Absent) && !parts.contains(&Presence::Terminating)
    });
    due.then_some(Effect::CreateCluster { incarnation, hash })
}

/// Points the generic Service at the cluster if it points elsewhere.
pub(crate) fn point_service(target: Target, seen: &Observation) -> Option<Effect> {
    let points_at = seen.objects.known()?.service;
    let incarnation = target.incarnation;
    (points_at != Some(incarnation)).then_some(Effect::PointService { incarnation })
}

/// A job's state: from the list of jobs, which is never cached, else from its details.
pub(crate) fn job_state(flink: &Flink, job: JobId) -> Option<JobState> {
    let listed = flink.jobs.known().and_then(|jobs| jobs.iter().find(|j| j.id == job));
    let detailed = || flink.job.known().and_then(Option::as_ref).map(|j| j.state);
    listed.map(|j| j.state).or_else(detailed)
}
