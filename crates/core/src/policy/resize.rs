//! How many TaskManagers a cluster has, and how that number is changed: up at any time, down only by
//! TaskManagers that run nothing. Kubernetes chooses by itself which pods of a Deployment go, unless
//! it is told.

use std::collections::BTreeSet;

use crate::decision::Effect;
use crate::ids::Role;
use crate::observation::{ClusterObjects, FactRequest, FlinkRequest, Observation, Pod};
use crate::state::{Record, Target};

/// Asks for more where a version takes more than there are.
pub(crate) fn grow(target: Target, seen: &Observation) -> Option<Effect> {
    let cluster = standing(target, seen)?;
    (cluster.replicas < target.taskmanagers).then(|| scale(target, target.taskmanagers))
}

/// No job of ours runs in the cluster: as many as the version takes. Fewer only once its JobManager lists
/// no other one: a person's may run.
pub(crate) fn fit(target: Target, seen: &Observation) -> Option<Effect> {
    let cluster = standing(target, seen)?;
    let due = cluster.replicas < target.taskmanagers
        || cluster.replicas > target.taskmanagers && nothing_runs(cluster, seen);
    due.then(|| scale(target, target.taskmanagers))
}

fn nothing_runs(cluster: &ClusterObjects, seen: &Observation) -> bool {
    let process = cluster.jobmanager_process(None);
    let flink = seen.flink.get(&cluster.incarnation).filter(|f| f.process == process);
    let jobs = flink.and_then(|flink| flink.jobs.known());
    jobs.is_some_and(|jobs| jobs.iter().all(|job| job.state.over()))
}

/// Whether there are as many as the version takes: asked for, no more left, and none registered that is
/// gone: its JobManager would still give its slots away (for up to 50 s after it was killed, recorded).
pub(crate) fn fits(target: Target, seen: &Observation) -> bool {
    let Some(cluster) = seen.cluster(target.incarnation) else { return false };
    let count = u32::try_from(cluster.taskmanagers().count()).unwrap_or(u32::MAX);
    let about = seen.flink.get(&target.incarnation).and_then(|f| f.cluster.known());
    let registered = about.map_or(0, |about| about.taskmanagers);
    cluster.replicas == target.taskmanagers && count <= target.taskmanagers && registered <= count
}

/// A job may run in the cluster: which TaskManagers run nothing, if there are more than it takes; and
/// which there are, by a live LIST: one that the watches do not show yet could stay in place of one that
/// runs tasks.
pub(crate) fn shrink_needs(target: Target, seen: &Observation, ask: &mut FactRequest) {
    ask.objects = true;
    if !too_many(target, seen) {
        return;
    }
    ask.live_pods = true;
    let cluster = seen.cluster(target.incarnation);
    if let Some(process) = cluster.and_then(|c| c.jobmanager_process(None)) {
        match ask.flink.iter_mut().find(|f| f.incarnation == target.incarnation) {
            Some(request) => request.idle = true,
            None => ask
                .flink
                .push(FlinkRequest { idle: true, ..FlinkRequest::to(target.incarnation, process) }),
        }
    }
}

/// The version's Deployment asks for more than it takes.
pub(crate) fn too_many(target: Target, seen: &Observation) -> bool {
    standing(target, seen).is_some_and(|c| c.replicas > target.taskmanagers)
}

/// A job may run in the cluster: as many fewer as run nothing.
pub(crate) fn shrink(target: Target, seen: &Observation) -> Option<Effect> {
    let cluster = standing(target, seen)?;
    let surplus = cluster.replicas.checked_sub(target.taskmanagers)?;
    let process = cluster.jobmanager_process(None);
    let flink = seen.flink.get(&target.incarnation).filter(|f| f.process == process)?;
    let registered = flink.idle.known()?;
    let live = seen.live_pods.known()?;
    let Target { incarnation, .. } = target;
    let mine = |p: &&Pod| p.incarnation == incarnation && p.role == Role::TaskManager;
    // One that does not run yet runs no task, and is the first to go in any case.
    let staying = || live.iter().filter(mine).filter(|p| !p.terminating);
    let idle: BTreeSet<_> =
        staying().filter(|p| !p.running || registered.contains(&p.uid)).map(|p| p.uid).collect();
    // Pods that are still to be created run nothing either.
    let there = u32::try_from(staying().count()).unwrap_or(u32::MAX);
    let spare = u32::try_from(idle.len()).unwrap_or(u32::MAX);
    let spare = spare + cluster.replicas.saturating_sub(there);
    let fewer = surplus.min(spare);
    let replicas = cluster.replicas - fewer;
    (fewer > 0).then_some(Effect::ScaleTaskManagers { incarnation, replicas, idle })
}

/// What is left of scaling the deployed version's cluster in place, where the application rests.
pub(crate) fn surplus_needs(record: &Record, seen: &Observation, ask: &mut FactRequest) {
    if let Some(deployed) = with_surplus(record) {
        shrink_needs(deployed, seen, ask);
    }
}

/// See [`surplus_needs`].
pub(crate) fn surplus(record: &Record, seen: &Observation) -> Option<Effect> {
    shrink(with_surplus(record)?, seen)
}

/// The deployed version, while its cluster stands and may have too many TaskManagers by our own doing.
fn with_surplus(record: &Record) -> Option<Target> {
    let deployed = record.deployed.as_ref().filter(|d| record.surplus && !d.removed);
    deployed.map(|d| d.target)
}

/// Forgets the surplus once there is none.
pub(crate) fn forget_the_gone(record: &mut Record, seen: &Observation) {
    if !record.surplus || seen.objects.known().is_none() {
        return;
    }
    let of = |target: Target| too_many(target, seen);
    record.surplus = record.deployed.as_ref().is_some_and(|d| of(d.target));
}

/// The cluster, while its TaskManager Deployment is there to stay.
fn standing(target: Target, seen: &Observation) -> Option<&ClusterObjects> {
    seen.cluster(target.incarnation).filter(|c| c.taskmanager == crate::Presence::Present)
}

fn scale(target: Target, replicas: u32) -> Effect {
    let Target { incarnation, .. } = target;
    Effect::ScaleTaskManagers { incarnation, replicas, idle: BTreeSet::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::fixture::{JOB, cluster, jobs, pod, seen, target, unknown};
    use crate::{Fact, Flink, Incarnation, JobState, Uid};

    /// As many TaskManagers as asked for, of which these run nothing.
    fn check(asked: u32, pods: &[u128], idle: Fact<BTreeSet<Uid>>) -> Option<(u32, usize)> {
        let live: Vec<Pod> = pods.iter().map(|uid| pod(*uid, Role::TaskManager)).collect();
        let cluster = ClusterObjects { replicas: asked, ..cluster() };
        let mut seen = seen(vec![cluster], Flink { idle, ..Flink::default() });
        assert_eq!(shrink(target(), &seen), None, "without a live LIST");
        seen.live_pods = Fact::Known(live);
        let Effect::ScaleTaskManagers { replicas, idle, .. } = shrink(target(), &seen)? else {
            panic!("nothing else is asked for");
        };
        Some((replicas, idle.len()))
    }

    #[test]
    fn only_as_many_go_as_run_nothing() {
        let idle = |uids: &[u128]| Fact::Known(uids.iter().map(|uid| Uid(*uid)).collect());
        let rows = [
            (3, &[2, 3, 4][..], idle(&[3, 4]), Some((1, 2))),
            (3, &[2, 3, 4], idle(&[4]), Some((2, 1))),
            (3, &[2, 3, 4], idle(&[2, 3, 4]), Some((1, 3))),
            (3, &[2, 3, 4], idle(&[]), None),
            (3, &[2, 3], idle(&[]), Some((2, 0))),
            (3, &[2, 3, 4], unknown(600), None),
            (3, &[2, 3, 4], Fact::Unasked, None),
            (1, &[2], idle(&[2]), None),
        ];
        for (asked, pods, idle, expected) in rows {
            assert_eq!(check(asked, pods, idle.clone()), expected, "{asked} {pods:?} {idle:?}");
        }
    }

    #[test]
    fn while_another_job_may_run_in_the_cluster_none_of_its_task_managers_goes() {
        let two = ClusterObjects { replicas: 2, ..cluster() };
        let check = |jobs| {
            let flink = Flink { jobs, ..Flink::default() };
            fit(target(), &seen(vec![two.clone()], flink)).is_some()
        };
        assert!(check(jobs(&[(JOB, JobState::Failed)])));
        assert!(!check(jobs(&[(JOB, JobState::Failed), (crate::JobId(99), JobState::Running)])));
        assert!(!check(unknown(600)));
        assert!(!check(Fact::Unasked));
    }

    #[test]
    fn a_pod_that_does_not_run_and_one_on_its_way_out_run_nothing() {
        let starting = Pod { running: false, ..pod(3, Role::TaskManager) };
        let going = Pod { terminating: true, ..pod(4, Role::TaskManager) };
        // Neither is one of this cluster's TaskManagers.
        let jobmanager = Pod { running: false, ..pod(1, Role::JobManager) };
        let elsewhere = Pod { incarnation: Incarnation(2), running: false, ..starting.clone() };
        let elsewhere = Pod { uid: Uid(5), ..elsewhere };
        let pods = vec![jobmanager, pod(2, Role::TaskManager), starting, going, elsewhere];
        let cluster = ClusterObjects { replicas: 2, ..cluster() };
        let flink = Flink { idle: Fact::Known(BTreeSet::new()), ..Flink::default() };
        let mut seen = seen(vec![cluster], flink);
        seen.live_pods = Fact::Known(pods);
        let effect = shrink(target(), &seen);
        let idle = [Uid(3)].into();
        let incarnation = target().incarnation;
        assert_eq!(effect, Some(Effect::ScaleTaskManagers { incarnation, replicas: 1, idle }));
    }

    #[test]
    fn without_a_job_the_number_is_set_at_once_and_awaited() {
        let with = |replicas, uids: &[u128]| {
            let taskmanagers = uids.iter().map(|uid| pod(*uid, Role::TaskManager));
            let pods = [pod(1, Role::JobManager)].into_iter().chain(taskmanagers).collect();
            seen(vec![ClusterObjects { replicas, pods, ..cluster() }], Flink::default())
        };
        let rows = [
            (with(1, &[2]), false, false, true),
            (with(2, &[2, 3]), false, true, false),
            (with(1, &[2, 3]), false, false, false),
            (with(0, &[]), true, true, false),
            (seen(Vec::new(), Flink::default()), false, false, false),
        ];
        for (mut seen, grows, changed, fits_now) in rows {
            assert_eq!(grow(target(), &seen).is_some(), grows, "{seen:?}");
            assert_eq!(fits(target(), &seen), fits_now, "{seen:?}");
            for flink in seen.flink.values_mut() {
                flink.jobs = jobs(&[(JOB, JobState::Finished)]);
            }
            assert_eq!(fit(target(), &seen).is_some(), changed, "{seen:?}");
        }
        let about = crate::FlinkCluster { taskmanagers: 2, ..crate::policy::fixture::about() };
        let flink = Flink { cluster: Fact::Known(about), ..Flink::default() };
        assert!(!fits(target(), &seen(vec![cluster()], flink)), "one that is gone is registered");
    }
}
