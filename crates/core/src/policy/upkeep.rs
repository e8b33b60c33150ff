//! What someone removed of a cluster that the application still has comes back, without a redeploy.

use crate::cure::Cure;
use crate::decision::Effect;
use crate::ids::Incarnation;
use crate::observation::{FactRequest, Observation, Presence};
use crate::policy::{leaving, readiness};
use crate::reason::Reason;
use crate::state::{Phase, State, Target, Version};
use crate::states::Next;

/// The revisions that what is missing would be made from.
pub(crate) fn needs(state: &State, seen: &Observation, ask: &mut FactRequest) {
    ask.revisions.extend(torn(state, seen).iter().map(Target::revision));
}

/// What is missing of the clusters of the deployed version, and of the one that runs beside it.
pub(crate) fn effects(state: &State, seen: &Observation) -> Vec<Effect> {
    torn(state, seen).into_iter().map(Effect::CreateCluster).collect()
}

/// Where the revision is gone, too, nothing comes back: a job that waits for that does so for ever, and no
/// savepoint succeeds. `from` is the state that the revisions were asked for.
pub(crate) fn told(next: Next, from: &State, seen: &Observation) -> Next {
    let torn = torn(from, seen);
    let mut revisions = torn.iter().map(Target::revision);
    let Some(revision) = revisions.find(|revision| seen.revision(*revision) == Some(false)) else {
        return next;
    };
    let waits = matches!(next.verdict.reason, Reason::FlinkUnreachable | Reason::JobRestarting);
    let mut next = if waits { next.cured_by([Cure::NewSpec]) } else { next };
    if let Some(waiting) = &mut next.verdict.waiting {
        waiting.cures.retain(|cure| *cure != Cure::SavepointAgain);
    }
    let told = "what someone deleted of its cluster cannot come back";
    next.verdict.message += &format!("; {told}: revision {revision} is gone, too");
    next
}

/// The versions whose clusters are to be whole and are not.
fn torn(state: &State, seen: &Observation) -> Vec<Target> {
    let record = &state.record;
    let stays = |version: &&Version| {
        let incarnation = version.target.incarnation;
        let goes = version.removed || leaving::leaves(record, incarnation);
        !goes && Some(incarnation) != left_to_the_phase(state)
    };
    let standing = record.beside().into_iter().chain(&record.deployed).filter(stays);
    let targets = standing.map(|version| version.target);
    targets.filter(|target| readiness::create_missing(*target, seen).is_some()).collect()
}

/// What is waited for where that is not known.
pub(crate) const ASKED: &str = "the view of the deployed version's cluster and revision";

/// Whether a version's job never runs again: its TaskManagers' Deployment is gone, and what that would be made
/// from; `None`: not known.
pub(crate) fn is_crippled(target: Target, seen: &Observation) -> Option<bool> {
    let objects = seen.objects.known()?;
    let cluster = objects.clusters.iter().find(|c| c.incarnation == target.incarnation);
    if cluster.is_none_or(|cluster| cluster.taskmanager != Presence::Absent) {
        return Some(false);
    }
    seen.revision(target.revision()).map(|stored| !stored)
}

/// The cluster that the phase brings up, or takes down, by itself.
fn left_to_the_phase(state: &State) -> Option<Incarnation> {
    match &state.phase {
        // In place it is the deployed version's, and has become the new one's.
        Phase::SubmittingJob(phase) => Some(phase.target.incarnation),
        Phase::DualRunning(phase) => phase.teardown.as_ref().map(|t| t.incarnation),
        // It comes up again under another number, once the revision has that number.
        Phase::RollingBackJob(phase) => {
            phase.revived.and(state.record.deployed.as_ref()).map(|d| d.target.incarnation)
        }
        Phase::New(_)
        | Phase::Left(_)
        | Phase::Updating(_)
        | Phase::Rescaling(_)
        | Phase::ClusterStarting(_)
        | Phase::Savepointing(_)
        | Phase::Cancelling(_)
        | Phase::Recovering(_)
        | Phase::Running(_)
        | Phase::DeployFailed(_)
        | Phase::Deleting(_)
        | Phase::Unreadable(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::fixture::{JOB, NOW, cluster, seen, target};
    use crate::policy::restart;
    use crate::{
        ClusterObjects, Confirming, DeployHash, DualRunning, Failure, FailureKind, Flink, Leaving,
        LiveJob, Mode, Origin, RollingBackJob, Running, Target, TearDown, Updating, Work,
    };

    fn version(incarnation: u32) -> Version {
        let (hash, incarnation) = (DeployHash(incarnation), Incarnation(incarnation));
        let target = Target { hash, incarnation, mode: Mode::BlueGreen, ..target() };
        let job = LiveJob { id: JOB, from: Origin::Empty, learnt: None };
        Version { target, removed: false, work: Work::Live(job) }
    }

    fn bare(incarnation: u32) -> ClusterObjects {
        let taskmanager = Presence::Absent;
        ClusterObjects { incarnation: Incarnation(incarnation), taskmanager, ..cluster() }
    }

    /// Which clusters are made whole, of 1 and 2, whose TaskManagers someone has deleted.
    fn made_whole(phase: Phase, change: fn(&mut State)) -> Vec<u32> {
        let mut state = State { phase, ..State::new(NOW) };
        state.record.deployed = Some(version(2));
        change(&mut state);
        let seen = seen(vec![bare(1), bare(2)], Flink::default());
        let effects = effects(&state, &seen);
        let created = |effect: &Effect| {
            let Effect::CreateCluster(target) = effect else { panic!("{effect:?}") };
            target.incarnation.0
        };
        effects.iter().map(created).collect()
    }

    fn rolling_back(revived: Option<Incarnation>) -> Phase {
        Phase::RollingBackJob(RollingBackJob {
            failed: version(3).target,
            failure: Failure { kind: FailureKind::JobFailed, message: String::new() },
            revived,
            restart: restart::attempt(1),
        })
    }

    #[test]
    fn what_someone_removed_of_a_cluster_that_stays_comes_back_whatever_goes_on() {
        let none = |_: &mut State| {};
        let target = version(3).target;
        assert_eq!(made_whole(Phase::Running(Running { confirming: None }), none), [2]);
        assert_eq!(made_whole(Phase::Updating(Updating { target, deadline: NOW }), none), [2]);
        assert_eq!(made_whole(rolling_back(None), none), [2]);
        assert_eq!(made_whole(rolling_back(Some(Incarnation(1))), none), [0; 0], "not stored yet");
        let gone = |state: &mut State| {
            state.record.deployed.iter_mut().for_each(|deployed| deployed.removed = true);
        };
        assert_eq!(made_whole(Phase::Running(Running { confirming: None }), gone), [0; 0]);
        let leaves = |state: &mut State| {
            let Target { incarnation, hash, .. } = version(2).target;
            state.record.leaving.push(Leaving { incarnation, hash, may_run: true });
        };
        assert_eq!(made_whole(Phase::Running(Running { confirming: None }), leaves), [0; 0]);
    }

    #[test]
    fn beside_each_other_both_come_back_but_not_one_that_is_torn_down() {
        let beside = |state: &mut State| state.record.previous = Some(version(1));
        let running = |teardown| DualRunning { confirming: None::<Confirming>, teardown };
        assert_eq!(made_whole(Phase::DualRunning(running(None)), beside), [1, 2]);
        let teardown = TearDown { incarnation: Incarnation(1), stop: None, deadline: NOW };
        assert_eq!(made_whole(Phase::DualRunning(running(Some(teardown))), beside), [2]);
    }
}
