//! `operator.minPhaseDuration`: scripts that ask for the phase now and then are to see Savepointing,
//! ClusterStarting and Rescaling. The time is spent before the phase does anything, while the job that
//! runs goes on; a rollback and a deletion are not held up.

use crate::context::Context;
use crate::reason::Reason;
use crate::state::{Phase, RescalingStep, State, Version};
use crate::states::Next;
use crate::time::Timestamp;

/// What is waited for.
const AWAITED: &str = "operator.minPhaseDuration to pass";

/// A step's outcome. A phase that was just entered does nothing for a while, and the status says so.
pub(crate) fn told(cx: &Context<'_>, before: &Phase, mut next: Next) -> Next {
    if std::mem::discriminant(before) != std::mem::discriminant(&next.state.phase) {
        next.state.record.dwells_until = end(cx, &next.state);
    }
    match until(cx, &next.state) {
        Some(at) if next.verdict.reason == Reason::Deploying => {
            let wake = next.wake.into_iter().chain([at]).min();
            Next { events: next.events, wake, ..Next::waiting(&next.state, AWAITED, at) }
        }
        Some(_) | None => next,
    }
}

/// Never more than half of the time that the phase has.
fn end(cx: &Context<'_>, state: &State) -> Option<Timestamp> {
    let least = cx.config.min_phase;
    let deadline = deadline(state).filter(|_| !least.is_zero())?;
    Some(cx.now + least.min(deadline.since(cx.now) / 2))
}

/// Until when a phase may last that can begin later without a downtime.
fn deadline(state: &State) -> Option<Timestamp> {
    let runs_on = state.record.deployed.as_ref().and_then(Version::live).is_some();
    match &state.phase {
        Phase::Savepointing(phase) => Some(phase.deadline),
        Phase::ClusterStarting(phase) => {
            // It is known once a job was submitted, or a savepoint was taken for that.
            let begins = phase.from.is_none();
            let first = state.record.deployed.is_none();
            Some(phase.deadline).filter(|_| begins && (first || runs_on))
        }
        Phase::Rescaling(phase) => {
            let grows = matches!(phase.step, RescalingStep::Grow { .. });
            Some(phase.deadline).filter(|_| grows)
        }
        Phase::New(_)
        | Phase::Left(_)
        | Phase::Updating(_)
        | Phase::Cancelling(_)
        | Phase::Recovering(_)
        | Phase::SubmittingJob(_)
        | Phase::Running(_)
        | Phase::DualRunning(_)
        | Phase::RollingBackJob(_)
        | Phase::DeployFailed(_)
        | Phase::Deleting(_)
        | Phase::Unreadable(_) => None,
    }
}

/// Whether the phase does nothing yet.
pub(crate) fn dwells(cx: &Context<'_>, state: &State) -> bool {
    until(cx, state).is_some()
}

fn until(cx: &Context<'_>, state: &State) -> Option<Timestamp> {
    deadline(state)?;
    state.record.dwells_until.filter(|until| cx.now < *until)
}
