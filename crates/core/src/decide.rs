//! One round's decision: the step of the phase, then the effects of the state that it leads to.

use crate::context::Context;
use crate::decision::{Decision, Effect};
use crate::desired::Goal;
use crate::observation::{Fact, Observation};
use crate::policy::{dwell, hanging, leaving, obsolete, resume, upkeep};
use crate::state::{Phase, State};
use crate::states::{self, Next};
use crate::time::Timestamp;

/// Decides: pure, total, deterministic. Reads only what [`needs`](crate::needs) named.
pub fn decide(cx: &Context<'_>, state: &State, seen: &Observation) -> Decision {
    let mut from = entered(cx, state);
    leaving::forget_the_gone(&mut from.record, seen);
    leaving::send_strays_away(&mut from, seen);
    obsolete::forget_the_gone(&mut from.record, seen);
    let next = dwell::told(cx, &state.phase, step(cx, &from, seen));
    let next = upkeep::told(hanging::told(next, seen), &from, seen);
    let effects = effects(cx, &next.state, seen);
    let wake = if next.state == *state { awake(cx, &next, seen) } else { Some(cx.now) };
    Decision { state: next.state, effects, events: next.events, verdict: next.verdict, wake }
}

/// When to look again: as the step said, and soon where no event would tell. An instant that has
/// passed without consequence (its facts are silent) is asked about again soon, not at once.
fn awake(cx: &Context<'_>, next: &Next, seen: &Observation) -> Option<Timestamp> {
    let soon = cx.now + cx.config.flink_poll.busy;
    let lingers = !next.state.record.leaving.is_empty() && seen.live_pods != Fact::Unasked;
    let wake = next.wake.map(|at| if at > cx.now { at } else { soon });
    if lingers { Some(wake.map_or(soon, |at| at.min(soon))) } else { wake }
}

/// The state as the round begins it: a deletion is entered from any phase, at once; and what passed
/// while nobody looked is no deadline.
pub(crate) fn entered(cx: &Context<'_>, state: &State) -> State {
    let mut state = state.clone();
    if cx.resumed {
        state.phase = resume::phase(cx, &state.phase);
    }
    match cx.desired.goal {
        Goal::Run => state,
        Goal::Delete(_) => states::deleting::enter(cx, &state),
    }
}

fn step(cx: &Context<'_>, state: &State, seen: &Observation) -> Next {
    match &state.phase {
        Phase::New(phase) => states::new::step(cx, state, *phase, seen),
        Phase::Left(phase) => states::left::step(cx, state, phase, seen),
        Phase::Updating(phase) => states::updating::step(cx, state, phase, seen),
        Phase::Rescaling(phase) => states::rescaling::step(cx, state, phase, seen),
        Phase::ClusterStarting(phase) => states::cluster_starting::step(cx, state, phase, seen),
        Phase::Savepointing(phase) => states::savepointing::step(cx, state, phase, seen),
        Phase::Cancelling(phase) => states::cancelling::step(cx, state, phase, seen),
        Phase::Recovering(phase) => states::recovering::step(cx, state, phase, seen),
        Phase::SubmittingJob(phase) => states::submitting_job::step(cx, state, phase, seen),
        Phase::Running(phase) => states::running::step(cx, state, phase, seen),
        Phase::DualRunning(phase) => states::dual_running::step(cx, state, phase, seen),
        Phase::RollingBackJob(phase) => states::rolling_back_job::step(cx, state, phase, seen),
        Phase::DeployFailed(phase) => states::deploy_failed::step(cx, state, phase, seen),
        Phase::Deleting(phase) => states::deleting::step(cx, state, phase, seen),
        Phase::Unreadable(phase) => states::unreadable::step(state, phase),
    }
}

/// The effects that belong to a state, as far as the facts at hand show that they are still due.
fn effects(cx: &Context<'_>, state: &State, seen: &Observation) -> Vec<Effect> {
    let mut effects = match &state.phase {
        _ if dwell::dwells(cx, state) => Vec::new(),
        Phase::New(_) | Phase::Unreadable(_) => return Vec::new(),
        Phase::Left(phase) => return states::left::effects(cx, state, phase, seen),
        Phase::Updating(phase) => states::updating::effects(cx, state, phase, seen),
        Phase::Rescaling(phase) => states::rescaling::effects(state, phase, seen),
        Phase::ClusterStarting(phase) => states::cluster_starting::effects(cx, state, phase, seen),
        Phase::Savepointing(phase) => states::savepointing::effects(cx, state, phase, seen),
        Phase::Cancelling(phase) => states::cancelling::effects(cx, state, phase, seen),
        Phase::Recovering(phase) => states::recovering::effects(cx, state, phase, seen),
        Phase::SubmittingJob(phase) => states::submitting_job::effects(cx, state, phase, seen),
        Phase::Running(phase) => {
            states::running::effects(cx, state, phase.confirming.is_none(), seen)
        }
        Phase::DualRunning(phase) => states::dual_running::effects(cx, state, phase, seen),
        Phase::RollingBackJob(phase) => states::rolling_back_job::effects(cx, state, phase, seen),
        Phase::DeployFailed(_) => states::running::effects(cx, state, true, seen),
        Phase::Deleting(phase) => return states::deleting::effects(cx, state, phase, seen),
    };
    effects.extend(leaving::effects(&state.record, seen));
    effects.extend(obsolete::effects(state, seen));
    // At the end: one that fails, as its revision is gone, holds nothing else up.
    effects.extend(upkeep::effects(state, seen));
    effects
}
