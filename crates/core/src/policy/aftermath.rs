//! After a submission that was given up on a cluster that stays: whatever may still run of it is
//! ended and awaited gone. First the JobManager, which could put tasks on any TaskManager; then
//! the TaskManagers, which outlive it with the tasks that they have (for up to 50 s, recorded).

use crate::decision::Effect;
use crate::ids::{Incarnation, Role, Uid};
use crate::observation::{FactRequest, Observation, Pod};
use crate::state::Aftermath;

/// The live pods, once the watches show none of those that are awaited.
pub(crate) fn needs(aftermath: &Aftermath, seen: &Observation, ask: &mut FactRequest) {
    ask.objects = true;
    ask.live_pods |= seen.objects.known().is_some() && awaited(aftermath, seen).next().is_none();
}

/// What is left of it, by a live LIST; none: nothing of it runs any more.
pub(crate) fn left(
    aftermath: &Aftermath,
    incarnation: Incarnation,
    seen: &Observation,
) -> Option<Aftermath> {
    // While the watches show one of them, the list was not asked for.
    let listed = seen.live_pods.known().filter(|_| awaited(aftermath, seen).next().is_none());
    let Some(live) = listed else { return Some(aftermath.clone()) };
    if live.iter().any(|pod| is_awaited(aftermath, pod)) {
        return Some(aftermath.clone());
    }
    match aftermath {
        Aftermath::TaskManagers(_) => None,
        Aftermath::JobManager(_) => {
            let mine = |p: &&Pod| p.incarnation == incarnation && p.role == Role::TaskManager;
            let pods: Vec<Uid> = live.iter().filter(mine).map(|p| p.uid).collect();
            (!pods.is_empty()).then_some(Aftermath::TaskManagers(pods))
        }
    }
}

/// Deletes the pods that are awaited and that nobody told to end yet.
pub(crate) fn effects<'s>(
    aftermath: &'s Aftermath,
    seen: &'s Observation,
) -> impl Iterator<Item = Effect> + 's {
    let due = awaited(aftermath, seen).filter(|p| !p.terminating);
    due.map(|p| Effect::DeletePod { pod: p.uid })
}

fn awaited<'s>(aftermath: &'s Aftermath, seen: &'s Observation) -> impl Iterator<Item = &'s Pod> {
    let clusters = seen.objects.known().map(|o| o.clusters.as_slice()).unwrap_or_default();
    clusters.iter().flat_map(|c| &c.pods).filter(|pod| is_awaited(aftermath, pod))
}

fn is_awaited(aftermath: &Aftermath, pod: &Pod) -> bool {
    match aftermath {
        Aftermath::JobManager(process) => pod.process() == *process,
        Aftermath::TaskManagers(pods) => pods.contains(&pod.uid),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Process;
    use crate::observation::Fact;

    fn pod(uid: u128, role: Role, restarts: u32) -> Pod {
        Pod {
            uid: Uid(uid),
            name: String::new(),
            incarnation: Incarnation(1),
            role,
            restarts,
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
            left(before, Incarnation(1), &seen)
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
}
