//! Clusters on their way out: removed, awaited gone, then forgotten.
//!
//! Gone is known only from a live LIST of pods, after the objects are gone. A cluster in which a
//! job may still run holds back every submission until then.

use crate::decision::Effect;
use crate::ids::Incarnation;
use crate::observation::{ClusterObjects, Fact, FactRequest, Observation, Presence};
use crate::policy::obsolete;
use crate::state::{Leaving, Phase, Record, State, Target};

/// Sends a version's cluster away, and its revision: it will not come up again. One that the deployed
/// version is in stays.
pub(crate) fn send_away(record: &mut Record, target: Target, may_run: bool) {
    if !record.shares_cluster(target) {
        send_away_for_now(record, target, may_run);
    }
    obsolete::discard(record, target);
}

/// Sends a version's cluster away; its revision stays, so that it can come up again.
pub(crate) fn send_away_for_now(record: &mut Record, target: Target, may_run: bool) {
    let Target { incarnation, hash, .. } = target;
    record.leaving.retain(|l| l.incarnation != incarnation);
    record.leaving.push(Leaving { incarnation, hash, may_run });
}

/// Whether a cluster is on its way out.
pub(crate) fn leaves(record: &Record, incarnation: Incarnation) -> bool {
    record.leaving.iter().any(|l| l.incarnation == incarnation)
}

/// Whether a job may still run in a cluster on its way out.
pub(crate) fn may_run(record: &Record) -> bool {
    record.leaving.iter().any(|l| l.may_run)
}

/// The objects; and the live pods once the watches show nothing of a leaving cluster any more.
pub(crate) fn needs(record: &Record, seen: &Observation, ask: &mut FactRequest) {
    if record.leaving.is_empty() {
        return;
    }
    ask.objects = true;
    let vanished =
        |l: &Leaving| seen.objects.known().is_some() && seen.cluster(l.incarnation).is_none();
    ask.live_pods |= record.leaving.iter().any(vanished);
}

/// Drops from the record what is proven to be gone.
pub(crate) fn forget_the_gone(record: &mut Record, seen: &Observation) {
    let Record { leaving, adopted, .. } = record;
    let gone: Vec<Incarnation> =
        leaving.iter().filter(|l| gone(l, seen)).map(|l| l.incarnation).collect();
    leaving.retain(|l| !gone.contains(&l.incarnation));
    // Nothing bears its names any more.
    adopted.retain(|a| !gone.contains(&a.incarnation));
}

fn gone(leaving: &Leaving, seen: &Observation) -> bool {
    let (Fact::Known(_), Fact::Known(pods)) = (&seen.objects, &seen.live_pods) else {
        return false;
    };
    seen.cluster(leaving.incarnation).is_none()
        && pods.iter().all(|p| p.incarnation != leaving.incarnation)
}

/// Sends clusters away that are ours and have no place in the state any more: a call of an operator that had lost
/// its place has created one again. A number never comes twice, so none of them is another's; and what was
/// numbered after this state was written is not known to be one.
pub(crate) fn send_strays_away(state: &mut State, seen: &Observation) {
    if matches!(
        state.phase,
        Phase::New(_) | Phase::Left(_) | Phase::Unreadable(_) | Phase::Deleting(_)
    ) {
        return;
    }
    let record = &state.record;
    let versions = record.deployed.iter().chain(&record.previous).map(|version| version.target);
    let known: Vec<Incarnation> =
        versions.chain(state.target()).map(|target| target.incarnation).collect();
    let stray = |cluster: &&ClusterObjects| {
        let number = cluster.incarnation;
        number.0 <= record.incarnations && !known.contains(&number) && !leaves(record, number)
    };
    let clusters = seen.objects.known().map(|o| o.clusters.as_slice()).unwrap_or_default();
    let strays = clusters.iter().filter(stray);
    let sent = strays.map(|c| Leaving { incarnation: c.incarnation, hash: c.hash, may_run: true });
    let sent: Vec<Leaving> = sent.collect();
    state.record.leaving.extend(sent);
}

/// Removal of every leaving cluster that still has objects that nobody deleted.
pub(crate) fn effects(record: &Record, seen: &Observation) -> Vec<Effect> {
    let due = |l: &&Leaving| seen.cluster(l.incarnation).is_some_and(to_be_removed);
    let remove = |l: &Leaving| Effect::RemoveCluster { incarnation: l.incarnation };
    record.leaving.iter().filter(due).map(remove).collect()
}

/// Whether a cluster has an object that is not on its way out yet.
pub(crate) fn to_be_removed(cluster: &ClusterObjects) -> bool {
    [cluster.jobmanager, cluster.taskmanager, cluster.service].contains(&Presence::Present)
        || !cluster.aliases.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::fixture::{cluster, pod, seen, target, unknown};
    use crate::{Flink, Incarnation, Objects, Role, Running, Timestamp, Updating, Version, Work};

    fn record(may_run: bool) -> Record {
        let mut record = State::new(Timestamp(0)).record;
        send_away(&mut record, target(), may_run);
        record
    }

    #[test]
    fn a_cluster_is_gone_when_neither_the_watches_nor_a_live_list_show_anything_of_it() {
        let pod_of = |n| {
            let pod = pod(5, Role::TaskManager);
            Fact::Known(vec![crate::Pod { incarnation: Incarnation(n), ..pod }])
        };
        let none = || Fact::Known(Objects::default());
        let there = seen(vec![cluster()], Flink::default()).objects;
        let rows = [
            ("nothing left", none(), Fact::Known(Vec::new()), true),
            ("another cluster's pod", none(), pod_of(2), true),
            ("a pod of it", none(), pod_of(1), false),
            ("not listed", none(), Fact::Unasked, false),
            ("list silent", none(), unknown(600), false),
            ("objects there", there, Fact::Known(Vec::new()), false),
            ("watches silent", unknown(600), Fact::Known(Vec::new()), false),
        ];
        for (name, objects, live_pods, expected) in rows {
            let seen = Observation { objects, live_pods, ..Observation::default() };
            let mut record = record(true);
            forget_the_gone(&mut record, &seen);
            assert_eq!(record.leaving.is_empty(), expected, "{name}");
        }
    }

    #[test]
    fn a_cluster_is_deleted_once() {
        use Presence::{Absent, Present, Terminating};
        let rows = [
            ([Present, Present, Present], true),
            ([Terminating, Absent, Present], true),
            ([Terminating, Terminating, Absent], false),
        ];
        for ([jobmanager, taskmanager, service], expected) in rows {
            let cluster = ClusterObjects { jobmanager, taskmanager, service, ..cluster() };
            let due = |cluster| {
                !effects(&record(false), &seen(vec![cluster], Flink::default())).is_empty()
            };
            let aliases = vec![crate::DeployHash(2)];
            assert!(due(ClusterObjects { aliases, ..cluster.clone() }), "a further Service");
            assert_eq!(due(cluster), expected, "{jobmanager:?}");
        }
    }

    #[test]
    fn a_cluster_of_ours_that_the_state_does_not_speak_of_goes_but_not_one_of_a_later_state() {
        let of = |n| ClusterObjects { incarnation: Incarnation(n), ..cluster() };
        let strays = |phase: Phase| {
            let mut state = State { phase, ..State::new(Timestamp(0)) };
            state.record.incarnations = 4;
            state.record.deployed =
                Some(Version { target: target(), removed: false, work: Work::Finished });
            send_away(&mut state.record, Target { incarnation: Incarnation(2), ..target() }, false);
            let seen = seen([1, 2, 3, 4, 5].map(of).into(), Flink::default());
            send_strays_away(&mut state, &seen);
            send_strays_away(&mut state, &seen);
            let sent = state.record.leaving.iter().filter(|l| l.may_run);
            sent.map(|leaving| leaving.incarnation.0).collect::<Vec<_>>()
        };
        let next = Target { incarnation: Incarnation(4), ..target() };
        let updating = Updating { target: next, deadline: Timestamp(0) };
        assert_eq!(strays(Phase::Updating(updating)), [3]);
        assert_eq!(strays(Phase::Running(Running { confirming: None })), [3, 4]);
        assert_eq!(strays(State::new(Timestamp(0)).phase), [0; 0], "nothing is known of any");
    }

    #[test]
    fn what_was_sent_away_twice_leaves_once_by_the_later_word() {
        let mut record = record(false);
        assert!(!may_run(&record));
        send_away(&mut record, target(), true);
        assert!(may_run(&record));
        assert_eq!(record.leaving.len(), 1);
    }
}
