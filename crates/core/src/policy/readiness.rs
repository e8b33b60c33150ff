//! Whether a cluster can take a job: its objects stand, its JobManager answers, enough slots are
//! registered and free, and nothing runs on it that is not ours.

use crate::decision::Effect;
use crate::ids::{JobId, Process, Role};
use crate::observation::{
    ClusterObjects, Fact, FactRequest, Flink, FlinkRequest, FlinkVersion, JobState, Observation,
    Presence, Trouble,
};
use crate::state::Target;

/// What a cluster that is to take a job is waited for, as the user is told: the same words until
/// it is ready, whichever part is missing.
pub(crate) fn awaited(target: Target) -> String {
    format!(
        "the cluster: a JobManager that answers, {} task slots registered and free",
        target.parallelism
    )
}

/// How far a cluster is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Readiness {
    /// Not yet; what is missing.
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
    let due = seen.cluster(target.incarnation).is_none_or(|c| {
        let parts = [c.jobmanager, c.taskmanager, c.service];
        parts.contains(&Presence::Absent) && !parts.contains(&Presence::Terminating)
    });
    due.then_some(Effect::CreateCluster(target))
}

/// Points the generic Service, or that of its colour, at the cluster if it points elsewhere, or is not as
/// it should be.
pub(crate) fn point_service(target: Target, seen: &Observation) -> Option<Effect> {
    let Target { incarnation, colour, .. } = target;
    let points_at = seen.objects.known()?.service_of(colour);
    (points_at != Some(incarnation)).then_some(Effect::PointService { incarnation, colour })
}

/// A job's state: from the list of jobs, which is never cached, else from its details.
pub(crate) fn job_state(flink: &Flink, job: JobId) -> Option<JobState> {
    let detailed = || flink.job.known().and_then(Option::as_ref).map(|j| j.state);
    match &flink.jobs {
        Fact::Known(jobs) => jobs.iter().find(|j| j.id == job).map(|j| j.state).or_else(detailed),
        Fact::Unasked => detailed(),
        // The details alone may be older than the end of the job.
        Fact::Unknown { .. } => None,
    }
}

/// Whether the JobManager answers and does not know the job that it was asked about.
pub(crate) fn forgotten(flink: &Flink) -> bool {
    flink.job == Fact::Known(None) && flink.jobs.known().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::fixture::{JOB, PROCESS, about, cluster, jobs, pod, seen, target, unknown};
    use crate::{FlinkCluster, Pod, TroubleKind, Uid};

    fn answers(about: FlinkCluster, list: &[(JobId, JobState)]) -> Flink {
        Flink { cluster: Fact::Known(about), jobs: jobs(list), ..Flink::default() }
    }

    #[test]
    fn of_two_jobmanagers_the_one_that_was_asked_before_is_asked_again() {
        let starts = Pod { ready: false, ..pod(5, Role::JobManager) };
        let mut both = ClusterObjects { pods: vec![starts, pod(6, Role::JobManager)], ..cluster() };
        let asked = |both: &ClusterObjects, preferred: Option<u128>| {
            let preferred = preferred.map(|uid| Process { pod: Uid(uid), restarts: 0 });
            both.jobmanager_process(preferred).map(|p| p.pod)
        };
        assert_eq!(asked(&both, Some(5)), Some(Uid(5)));
        assert_eq!(asked(&both, Some(6)), Some(Uid(6)));
        assert_eq!(asked(&both, None), Some(Uid(6)), "one that is ready, else");
        assert_eq!(asked(&both, Some(7)), Some(Uid(6)));
        both.pods.pop();
        assert_eq!(asked(&both, None), Some(Uid(5)), "or any that runs");
    }

    #[test]
    fn a_cluster_is_ready_when_all_its_slots_are_free_and_nothing_runs_on_it() {
        let version = FlinkVersion { major: 1, minor: 12 };
        let waiting = |what: &str| Readiness::Waiting(what.to_owned());
        let all_free = waiting("every TaskManager to be registered with all its slots free");
        let two = ClusterObjects {
            pods: [cluster().pods, vec![pod(3, Role::TaskManager)]].concat(),
            ..cluster()
        };
        let down = Pod { running: false, ..pod(1, Role::JobManager) };
        let going = Pod { terminating: true, ..pod(1, Role::JobManager) };
        let with = |pod| ClusterObjects { pods: vec![pod], ..cluster() };
        let silent = Flink { jobs: unknown(600), ..answers(about(), &[]) };
        let busy = FlinkCluster { slots_free: 1, ..about() };
        let few = FlinkCluster { slots: 1, slots_free: 1, ..about() };
        let pod_to_start = || waiting("the JobManager's pod to start");
        let rows = [
            (cluster(), answers(about(), &[]), Readiness::Ready(PROCESS)),
            (cluster(), answers(about(), &[(JOB, JobState::Failed)]), Readiness::Ready(PROCESS)),
            (cluster(), answers(about(), &[(JOB, JobState::Suspended)]), Readiness::Foreign(JOB)),
            (
                cluster(),
                answers(FlinkCluster { version, ..about() }, &[]),
                Readiness::TooOld(version),
            ),
            (cluster(), answers(few, &[]), waiting("2 task slots to be registered")),
            (cluster(), answers(busy, &[]), all_free.clone()),
            (two, answers(about(), &[]), all_free),
            (cluster(), silent, waiting("the JobManager to answer")),
            (with(down), answers(about(), &[]), pod_to_start()),
            (with(going), answers(about(), &[]), pod_to_start()),
        ];
        for (cluster, flink, expected) in rows {
            let seen = seen(vec![cluster], flink);
            assert_eq!(of(target(), &seen), expected, "{seen:?}");
        }
        let oldest = FlinkCluster { version: FlinkVersion::OLDEST, ..about() };
        let oldest = seen(vec![cluster()], answers(oldest, &[]));
        assert_eq!(of(target(), &oldest), Readiness::Ready(PROCESS));
        let none = seen(Vec::new(), Flink::default());
        assert_eq!(of(target(), &none), waiting("the cluster's objects to be created"));
    }

    #[test]
    fn the_answer_of_another_process_is_no_answer() {
        let replaced = ClusterObjects { pods: vec![pod(9, Role::JobManager)], ..cluster() };
        let seen = seen(vec![replaced], answers(about(), &[]));
        let expected = Readiness::Waiting("the JobManager to answer".to_owned());
        assert_eq!(of(target(), &seen), expected);
    }

    #[test]
    fn what_is_missing_is_created_unless_something_is_on_its_way_out() {
        use Presence::{Absent, Present, Terminating};
        let rows = [
            ([Present, Present, Present], false),
            ([Absent, Present, Present], true),
            ([Present, Present, Absent], true),
            ([Absent, Terminating, Present], false),
            ([Terminating, Terminating, Terminating], false),
        ];
        for ([jobmanager, taskmanager, service], expected) in rows {
            let cluster = ClusterObjects { jobmanager, taskmanager, service, ..cluster() };
            let seen = seen(vec![cluster], Flink::default());
            assert_eq!(create_missing(target(), &seen).is_some(), expected, "{seen:?}");
        }
        assert!(create_missing(target(), &seen(Vec::new(), Flink::default())).is_some());
        let silent = Observation { objects: unknown(600), ..Observation::default() };
        assert_eq!(create_missing(target(), &silent), None, "silence is not absence");
        assert_eq!(point_service(target(), &silent), None, "silence is not absence");
    }

    #[test]
    fn the_worst_trouble_of_pods_that_stay_is_told() {
        let with = |kind, uid, terminating| {
            let trouble = Some(Trouble { kind, message: String::new() });
            Pod { trouble, terminating, uid: Uid(uid), ..pod(1, Role::TaskManager) }
        };
        let pods = vec![
            with(TroubleKind::InvalidImage, 1, true),
            with(TroubleKind::CrashLoop, 2, false),
            with(TroubleKind::ImagePull, 3, false),
        ];
        let seen = seen(vec![ClusterObjects { pods, ..cluster() }], Flink::default());
        assert_eq!(trouble(target(), &seen).map(|t| t.kind), Some(TroubleKind::ImagePull));
    }
}
