//! After a job that was given up on a cluster that stays: whatever may still run of it is ended and
//! awaited gone. A job that its JobManager named is cancelled. Where that is not known to have ended it,
//! first the JobManager goes, which could put tasks on any TaskManager; then the TaskManagers, which
//! outlive it with the tasks that they have (for up to 50 s, recorded).

use crate::context::Context;
use crate::decision::Effect;
use crate::ids::{Incarnation, JobId, Process, Role, Uid};
use crate::observation::{FactRequest, FlinkRequest, Observation, Pod};
use crate::policy::cancel;
use crate::policy::readiness::{forgotten, job_state};
use crate::state::Aftermath;
use crate::time::Timestamp;

/// The job; else the live pods, once the watches show none of those that are awaited.
pub(crate) fn needs(
    cx: &Context<'_>,
    aftermath: &Aftermath,
    incarnation: Incarnation,
    seen: &Observation,
    ask: &mut FactRequest,
) {
    ask.objects = true;
    let Some(objects) = seen.objects.known() else { return };
    match aftermath {
        Aftermath::Job { job, until } => {
            let cluster = objects.clusters.iter().find(|c| c.incarnation == incarnation);
            match cluster.and_then(|c| c.jobmanager_process(None)) {
                Some(process) => ask.flink.push(FlinkRequest {
                    jobs: true,
                    job: Some(*job),
                    ..FlinkRequest::to(incarnation, process)
                }),
                None => ask.live_pods |= cx.now >= *until,
            }
        }
        Aftermath::JobManager(_) | Aftermath::TaskManagers(_) => {
            ask.live_pods |= awaited(aftermath, seen).next().is_none();
        }
    }
}

/// What is left of it, by its JobManager or a live LIST; none: nothing of it runs any more.
pub(crate) fn left(
    cx: &Context<'_>,
    aftermath: &Aftermath,
    incarnation: Incarnation,
    seen: &Observation,
) -> Option<Aftermath> {
    if let Aftermath::Job { job, until } = aftermath {
        return of_job(cx, (*job, *until), incarnation, seen);
    }
    // While the watches show one of them, the list was not asked for.
    let listed = seen.live_pods.known().filter(|_| awaited(aftermath, seen).next().is_none());
    let Some(live) = listed else { return Some(aftermath.clone()) };
    if live.iter().any(|pod| is_awaited(aftermath, pod)) {
        return Some(aftermath.clone());
    }
    match aftermath {
        Aftermath::TaskManagers(_) => None,
        Aftermath::JobManager(_) | Aftermath::Job { .. } => taskmanagers(live, incarnation),
    }
}

/// The pods that may still run tasks of a JobManager that has ended.
fn taskmanagers(live: &[Pod], incarnation: Incarnation) -> Option<Aftermath> {
    let mine = |p: &&Pod| p.incarnation == incarnation && p.role == Role::TaskManager;
    let pods: Vec<Uid> = live.iter().filter(mine).map(|p| p.uid).collect();
    (!pods.is_empty()).then_some(Aftermath::TaskManagers(pods))
}

fn of_job(
    cx: &Context<'_>,
    (job, until): (JobId, Timestamp),
    incarnation: Incarnation,
    seen: &Observation,
) -> Option<Aftermath> {
    let same = Some(Aftermath::Job { job, until });
    if seen.objects.known().is_none() {
        return same;
    }
    let due = cx.now >= until && seen.settled(cx.config.unreachable_grace);
    let process = seen.cluster(incarnation).and_then(|c| c.jobmanager_process(None));
    let Some(process) = process else {
        // Nobody could put tasks anywhere.
        let live = seen.live_pods.known().filter(|_| due);
        return live.map_or(same, |live| taskmanagers(live, incarnation));
    };
    let flink = seen.flink.get(&incarnation).filter(|f| f.process == Some(process));
    match flink.and_then(|f| job_state(f, job)) {
        Some(state) if state.over() => None,
        // Its JobManager is another process than the one that named it.
        None if flink.is_some_and(forgotten) => Some(Aftermath::JobManager(process)),
        Some(_) | None if due => Some(Aftermath::JobManager(process)),
        Some(_) | None => same,
    }
}

/// What may run of a submission: `process` may have received it, `named` says that it has.
pub(crate) fn of_submission(
    cx: &Context<'_>,
    job: JobId,
    process: Process,
    named: bool,
) -> Aftermath {
    let until = cx.now + cx.desired.timeouts.savepoint;
    if named { Aftermath::Job { job, until } } else { Aftermath::JobManager(process) }
}

/// Cancels the job; or deletes the pods that are awaited and that nobody told to end yet.
pub(crate) fn effects(
    cx: &Context<'_>,
    aftermath: &Aftermath,
    incarnation: Incarnation,
    seen: &Observation,
) -> Vec<Effect> {
    if let Aftermath::Job { job, until } = aftermath {
        // Past the deadline its JobManager is ended, even while a silence holds that back.
        let due = cancel::effect(incarnation, *job, seen).filter(|_| cx.now < *until);
        return due.into_iter().collect();
    }
    let due = awaited(aftermath, seen).filter(|p| !p.terminating);
    due.map(|p| Effect::DeletePod { pod: p.uid }).collect()
}

fn awaited<'s>(aftermath: &'s Aftermath, seen: &'s Observation) -> impl Iterator<Item = &'s Pod> {
    let clusters = seen.objects.known().map(|o| o.clusters.as_slice()).unwrap_or_default();
    clusters.iter().flat_map(|c| &c.pods).filter(|pod| is_awaited(aftermath, pod))
}

fn is_awaited(aftermath: &Aftermath, pod: &Pod) -> bool {
    match aftermath {
        Aftermath::Job { .. } => false,
        Aftermath::JobManager(process) => pod.process() == *process,
        Aftermath::TaskManagers(pods) => pods.contains(&pod.uid),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::fixture::{self, JOB, NOW, PROCESS, at, cluster, job, jobs, seen, unknown};
    use crate::{ClusterObjects, Fact, Flink, JobState};

    fn pod(uid: u128, role: Role, restarts: u32) -> Pod {
        Pod {
            uid: Uid(uid),
            name: String::new(),
            incarnation: Incarnation(1),
            role,
            restarts,
            first: true,
            began: None,
            running: true,
            ready: true,
            terminating: false,
            trouble: None,
        }
    }

    #[test]
    fn the_task_managers_are_counted_only_after_the_job_manager_has_ended() {
        let jobmanager = Aftermath::JobManager(Process { pod: Uid(1), restarts: 0 });
        let taskmanager = pod(2, Role::TaskManager, 0);
        let check = |before: &Aftermath, live: Fact<Vec<Pod>>| {
            let seen = Observation { live_pods: live, ..Observation::default() };
            at(NOW, |cx| left(cx, before, Incarnation(1), &seen))
        };
        let lives = Fact::Known(vec![pod(1, Role::JobManager, 0), taskmanager.clone()]);
        assert_eq!(check(&jobmanager, lives), Some(jobmanager.clone()));
        assert_eq!(check(&jobmanager, Fact::Unasked), Some(jobmanager.clone()));

        let ended = Fact::Known(vec![pod(1, Role::JobManager, 1), taskmanager.clone()]);
        let taskmanagers = Aftermath::TaskManagers(vec![Uid(2)]);
        assert_eq!(check(&jobmanager, ended), Some(taskmanagers.clone()));
        assert_eq!(
            check(&taskmanagers, Fact::Known(vec![taskmanager])),
            Some(taskmanagers.clone())
        );
        assert_eq!(check(&taskmanagers, Fact::Known(vec![pod(3, Role::TaskManager, 0)])), None);
    }

    #[test]
    fn a_named_job_is_cancelled_and_ended_with_its_job_manager_if_that_does_not_help() {
        use JobState::{Canceled, Cancelling, Running};
        let of = |until: u64| Aftermath::Job { job: JOB, until: Timestamp(until) };
        let (later, past) = (of(NOW.0 + 1), of(NOW.0));
        let in_state =
            |state| Flink { jobs: jobs(&[(JOB, state)]), job: job(state, 0), ..Flink::default() };
        let silent = |n| Flink { jobs: unknown(n), job: unknown(n), ..Flink::default() };
        let forgotten = Flink { jobs: jobs(&[]), job: Fact::Known(None), ..Flink::default() };
        let jobmanager = Some(Aftermath::JobManager(PROCESS));
        let rows = [
            (&later, in_state(Running), Some(later.clone()), 1),
            (&later, in_state(Cancelling), Some(later.clone()), 0),
            (&later, in_state(Canceled), None, 0),
            (&past, in_state(Canceled), None, 0),
            (&past, in_state(Cancelling), jobmanager.clone(), 0),
            (&past, in_state(Running), jobmanager.clone(), 0),
            (&later, forgotten, jobmanager.clone(), 0),
            (&later, silent(600), Some(later.clone()), 0),
            (&past, silent(1), Some(past.clone()), 0),
            (&past, silent(600), jobmanager, 0),
        ];
        for (before, flink, expected, cancels) in rows {
            let context = format!("{before:?} {flink:?}");
            let seen = seen(vec![cluster()], flink);
            let (after, effects) = at(NOW, |cx| {
                let effects = effects(cx, before, Incarnation(1), &seen);
                (left(cx, before, Incarnation(1), &seen), effects)
            });
            assert_eq!((after, effects.len()), (expected, cancels), "{context}");
        }
    }

    #[test]
    fn without_a_job_manager_the_task_managers_are_left() {
        let taskmanager = fixture::pod(2, Role::TaskManager);
        let alone = ClusterObjects { pods: vec![taskmanager.clone()], ..cluster() };
        let mut seen = seen(vec![alone], Flink::default());
        seen.flink.clear();
        seen.live_pods = Fact::Known(vec![taskmanager]);
        let before = Aftermath::Job { job: JOB, until: NOW };
        let after = at(NOW, |cx| left(cx, &before, Incarnation(1), &seen));
        assert_eq!(after, Some(Aftermath::TaskManagers(vec![Uid(2)])));
        let early = Aftermath::Job { job: JOB, until: Timestamp(NOW.0 + 1) };
        assert_eq!(at(NOW, |cx| left(cx, &early, Incarnation(1), &seen)), Some(early));
    }
}
