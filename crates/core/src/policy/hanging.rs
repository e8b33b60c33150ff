//! Pods that were told to end and do not: what goes on by itself may wait for them, and only a person, or
//! the return of their node, ends them.

use crate::desired::Mode;
use crate::ids::Incarnation;
use crate::observation::{Observation, Pod};
use crate::reason::Reason;
use crate::state::{Phase, State};
use crate::states::Next;

/// Names those that are in the way.
pub(crate) fn told(next: Next, seen: &Observation) -> Next {
    let on_its_way = [Reason::Deploying, Reason::RollingBack, Reason::Recovering, Reason::Deleting];
    if !on_its_way.contains(&next.verdict.reason) {
        return next;
    }
    let names: Vec<String> = in_the_way(&next.state, seen).map(|pod| pod.name.clone()).collect();
    next.held_up_by(&names)
}

fn in_the_way<'s>(state: &'s State, seen: &'s Observation) -> impl Iterator<Item = &'s Pod> {
    let clusters = seen.objects.known().map(|o| o.clusters.as_slice()).unwrap_or_default();
    let awaited = clusters.iter().filter(|cluster| is_awaited(state, cluster.incarnation));
    awaited.flat_map(|cluster| &cluster.pods).filter(|pod| pod.hangs())
}

/// Whether the last pod of a cluster, or every one that was told to end, is waited for.
fn is_awaited(state: &State, cluster: Incarnation) -> bool {
    let record = &state.record;
    // A job may run there, its names are wanted, or its room is.
    let awaited = |may_run: bool| {
        let mode = state.target().or(state.failed()).map(|target| target.mode);
        may_run || matches!(state.phase, Phase::Updating(_)) || mode == Some(Mode::Single)
    };
    let goes = record.leaving.iter().any(|l| l.incarnation == cluster && awaited(l.may_run));
    // A job is to start there once nothing of the one before can run any more.
    let again = matches!(state.phase, Phase::RollingBackJob(_) | Phase::Recovering(_));
    let deployed = record.deployed.as_ref().map(|deployed| deployed.target);
    let starts = if again { deployed } else { state.target() };
    let all_go = matches!(state.phase, Phase::Deleting(_));
    all_go || goes || starts.is_some_and(|target| target.incarnation == cluster)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::fixture::{NOW, cluster, pod, seen, target};
    use crate::{
        Cure, Deleting, DeletingStep, Flink, Leaving, Role, Running, Trouble, TroubleKind, Updating,
    };

    /// The cures named where a pod of cluster 1 hangs.
    fn named(reason: Reason, change: impl FnOnce(&mut State)) -> Vec<Cure> {
        let kind = TroubleKind::DoesNotEnd;
        let trouble = Some(Trouble { kind, message: String::new() });
        let hanging = Pod { terminating: true, trouble, ..pod(3, Role::TaskManager) };
        let cluster =
            crate::ClusterObjects { pods: vec![pod(1, Role::JobManager), hanging], ..cluster() };
        let mut state =
            State { phase: Phase::Running(Running { confirming: None }), ..State::new(NOW) };
        change(&mut state);
        let next = Next::stay(&state, reason, "m").waits("something", None);
        let told = told(next, &seen(vec![cluster], Flink::default()));
        let waiting = told.verdict.waiting.expect("it waits");
        assert_eq!(told.verdict.message.contains("do not end"), !waiting.cures.is_empty());
        waiting.cures
    }

    #[test]
    fn a_pod_that_hangs_is_named_where_it_is_waited_for() {
        let the_pod = [Cure::Remove("pod taskmanager-3".to_owned())];
        let leaving = |may_run| {
            move |state: &mut State| {
                let (incarnation, hash) = (Incarnation(1), target().hash);
                state.record.leaving.push(Leaving { incarnation, hash, may_run });
            }
        };
        let updating = |target| Phase::Updating(Updating { target, deadline: NOW });
        assert_eq!(named(Reason::Deploying, leaving(true)), the_pod, "a job may run there");
        assert_eq!(named(Reason::Deploying, leaving(false)), [], "nothing waits for it");
        assert_eq!(named(Reason::Running, leaving(true)), [], "all is well");
        let starts = |state: &mut State| state.phase = updating(target());
        assert_eq!(named(Reason::Deploying, starts), the_pod, "a job is to start there");
        let wanted = |state: &mut State| {
            leaving(false)(state);
            state.phase = updating(crate::Target { incarnation: Incarnation(2), ..target() });
        };
        assert_eq!(named(Reason::Deploying, wanted), the_pod, "its names may be wanted");
        let deleted = |state: &mut State| {
            let (step, deadline) = (DeletingStep::Look, NOW);
            state.phase = Phase::Deleting(Deleting { step, deadline });
        };
        assert_eq!(named(Reason::Deleting, deleted), the_pod, "every cluster is to be gone");
    }
}
