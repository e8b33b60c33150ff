//! Updating: a target was chosen. The finalizer and the target's revision are stored before
//! anything is created, and what bears the target's name without being it is waited out.

use crate::context::Context;
use crate::cure::Cure;
use crate::decision::Effect;
use crate::desired::Mode;
use crate::observation::{ClusterObjects, FactRequest, Observation};
use crate::policy::change::{self, Edit};
use crate::policy::{leaving, naming, readiness};
use crate::reason::Reason;
use crate::state::{ClusterStarting, Failure, FailureKind, Phase, State, Target, Updating, Work};
use crate::states::handover::{self, Asked};
use crate::states::{Next, deploy, rescaling};

pub(crate) fn needs(
    cx: &Context<'_>,
    state: &State,
    phase: &Updating,
    seen: &Observation,
) -> FactRequest {
    let mut ask = FactRequest {
        objects: true,
        revisions: [phase.target.revision()].into(),
        ..FactRequest::default()
    };
    change::needs(cx, &state.record, phase.target, &mut ask);
    if phase.target.mode == Mode::Single && !state.record.shares_cluster(phase.target) {
        handover::needs(&state.record, seen, &mut ask);
    }
    ask
}

pub(crate) fn step(cx: &Context<'_>, state: &State, phase: &Updating, seen: &Observation) -> Next {
    let target = phase.target;
    let stored = seen.revision(target.revision()) == Some(true);
    match change::in_mid_deploy(cx, &state.record, target, seen) {
        // Before the revision is stored, the edited spec is the only one there is to store.
        Edit::Harmless | Edit::Unknown if seen.revision(target.revision()) == Some(false) => {
            return deploy::retarget(cx, state, target, false);
        }
        Edit::Redeploy | Edit::Rescale => return deploy::retarget(cx, state, target, false),
        Edit::Harmless if stored => {
            let record = deploy::settle(cx, &state.record);
            return Next {
                state: State { record, ..state.clone() },
                ..wait(cx, state, phase, &readiness::awaited(target))
            };
        }
        Edit::Harmless | Edit::Unknown => {
            return wait(cx, state, phase, "the edited spec to be compared");
        }
        Edit::None => {}
    }
    let Some(objects) = seen.objects.known() else {
        return wait(cx, state, phase, "the view of the cluster");
    };
    // In mode Single the deployed version's cluster goes before anything is created.
    let deployed = state.record.deployed.as_ref().map(|d| d.target.incarnation);
    let makes_way =
        |c: &ClusterObjects| target.mode == Mode::Single && Some(c.incarnation) == deployed;
    let namesake = |c: &&ClusterObjects| {
        let other = c.incarnation != target.incarnation && !makes_way(c);
        c.is_named(target.hash) && other && c.has_objects()
    };
    if let Some(stranger) =
        objects.strangers.iter().find(|s| s.hash.is_none_or(|h| h == target.hash))
    {
        return blocked(cx, state, phase, &stranger.name, Reason::NameTaken);
    }
    if let Some(before) = objects.clusters.iter().find(namesake) {
        let name = format!("cluster {} of the same version", before.incarnation);
        return blocked(cx, state, phase, &name, Reason::Deploying);
    }
    if !(cx.desired.finalizer && stored) {
        return wait(cx, state, phase, "finalizer and revision to be stored");
    }
    if state.record.shares_cluster(target) {
        return rescaling::start(cx, state, target);
    }
    match target.mode {
        Mode::Dual | Mode::BlueGreen => start_cluster(cx, state, target),
        Mode::Single => make_way(cx, state, phase, seen),
    }
}

fn start_cluster(cx: &Context<'_>, state: &State, target: Target) -> Next {
    let deadline = cx.now + cx.desired.timeouts.cluster_start;
    let starting = ClusterStarting { target, deadline, troubled: None, attempt: 1, from: None };
    let next = State { record: state.record.clone(), phase: Phase::ClusterStarting(starting) };
    Next::waiting(&next, readiness::awaited(target), deadline)
}

/// The old job ends, then its cluster goes, before anything of the new version is created.
fn make_way(cx: &Context<'_>, state: &State, phase: &Updating, seen: &Observation) -> Next {
    let target = phase.target;
    if leaving::may_run(&state.record) {
        return wait(cx, state, phase, "a cluster that may still run a job to be gone");
    }
    match state.record.deployed.as_ref().map(|d| &d.work) {
        None => start_cluster(cx, state, target),
        Some(work @ (Work::Stopped(_) | Work::Finished)) => {
            handover::over(cx, state, target, work.clone(), seen)
        }
        Some(Work::Live(_)) => match handover::begin(cx, state, target, seen) {
            Asked::Ends(next) => *next,
            Asked::Nobody
                if cx.now >= phase.deadline && seen.settled(cx.config.unreachable_grace) =>
            {
                handover::recover(cx, state, target, handover::no_jobmanager())
            }
            Asked::Nobody => wait(cx, state, phase, "the deployed job's JobManager to come up"),
            Asked::Silent(what)
                if cx.now >= phase.deadline && seen.settled(cx.config.unreachable_grace) =>
            {
                let message = format!("the deployed job could not be stopped: waiting for {what}");
                let failure = Failure { kind: FailureKind::SavepointFailed, message };
                deploy::give_up(state, target, failure, false)
            }
            Asked::Silent(what) => wait(cx, state, phase, what),
        },
    }
}

/// Something bears the target's name: waited out, up to the deadline.
fn blocked(cx: &Context<'_>, state: &State, phase: &Updating, name: &str, reason: Reason) -> Next {
    let message = format!("{name} is in the way of version {}", phase.target.hash);
    if cx.now >= phase.deadline {
        let failure = Failure { kind: FailureKind::NameTaken, message };
        return deploy::give_up(state, phase.target, failure, false);
    }
    let next = Next::stay(state, reason, message)
        .waits(format!("{name} to be removed"), Some(phase.deadline))
        .polls_busily(cx);
    if reason.stalled() { next.cured_by([Cure::Remove(name.to_owned())]) } else { next }
}

fn wait(cx: &Context<'_>, state: &State, phase: &Updating, what: &str) -> Next {
    Next::waiting(state, what, phase.deadline).polls_busily(cx)
}

pub(crate) fn effects(
    cx: &Context<'_>,
    state: &State,
    phase: &Updating,
    seen: &Observation,
) -> Vec<Effect> {
    let mut effects = Vec::new();
    let deployed = state.record.deployed.as_ref().filter(|d| !d.removed).map(|d| d.target);
    // Since the reference operator was about to scale it to this version, it bears that name, too.
    if let Some(deployed) = deployed.filter(|d| state.record.is_adopted(d.incarnation))
        && deployed.incarnation != phase.target.incarnation
    {
        effects.extend(naming::label(&state.record, deployed, seen));
    }
    if !cx.desired.finalizer {
        effects.push(Effect::AddFinalizer);
    }
    if is_what_is_desired(cx, phase.target) && seen.revision(phase.target.revision()) != Some(true)
    {
        effects.push(Effect::SaveRevision(phase.target));
    }
    effects
}

/// A revision is stored from the spec of the round: it has to be the target's.
fn is_what_is_desired(cx: &Context<'_>, target: Target) -> bool {
    cx.desired.digest == target.digest
}
