//! Which facts a state decides from. Asked again with what was seen, until it wants nothing more:
//! first the objects, then the JobManager found among them, then what its answer makes necessary.

use crate::context::Context;
use crate::decide::entered;
use crate::observation::{FactRequest, Observation};
use crate::policy::{leaving, obsolete, upkeep};
use crate::state::{Phase, State};
use crate::states;

/// The facts that the next [`decide`](crate::decide) will read. Repeat with the answers filled in
/// until the request does not grow any more (at most three times).
#[must_use]
pub fn needs(cx: &Context<'_>, state: &State, seen: &Observation) -> FactRequest {
    let state = &entered(cx, state);
    let mut ask = match &state.phase {
        Phase::New(phase) => states::new::needs(cx, *phase),
        Phase::Left(phase) => states::left::needs(cx, state, phase, seen),
        Phase::Updating(phase) => states::updating::needs(cx, state, phase, seen),
        Phase::Rescaling(phase) => states::rescaling::needs(cx, state, phase, seen),
        Phase::ClusterStarting(phase) => states::cluster_starting::needs(cx, state, phase, seen),
        Phase::Savepointing(phase) => states::savepointing::needs(cx, state, phase, seen),
        Phase::Cancelling(phase) => states::cancelling::needs(state, phase, seen),
        Phase::Recovering(phase) => states::recovering::needs(cx, state, phase, seen),
        Phase::SubmittingJob(phase) => states::submitting_job::needs(cx, state, phase, seen),
        Phase::Running(phase) => states::running::needs(cx, state, phase, seen),
        Phase::DualRunning(phase) => states::dual_running::needs(cx, state, phase, seen),
        Phase::RollingBackJob(phase) => states::rolling_back_job::needs(cx, state, phase, seen),
        Phase::DeployFailed(phase) => states::deploy_failed::needs(cx, state, phase, seen),
        Phase::Deleting(phase) => states::deleting::needs(cx, state, phase, seen),
        Phase::Unreadable(_) => FactRequest::default(),
    };
    leaving::needs(&state.record, seen, &mut ask);
    obsolete::needs(&state.record, &mut ask);
    upkeep::needs(state, seen, &mut ask);
    ask
}
