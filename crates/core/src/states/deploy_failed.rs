//! DeployFailed: the last deploy was given up. The deployed version, if there is one, runs and is
//! watched; any spec that differs from the failed one is tried.

use crate::context::Context;
use crate::cure::Cure;
use crate::observation::{FactRequest, Observation};
use crate::policy::watch::Sight;
use crate::policy::{learn, naming, resize, watch};
use crate::reason::Reason;
use crate::state::{DeployFailed, FailureKind, Phase, Record, Running, State, Version, Work};
use crate::states::{Next, deploy, running};

pub(crate) fn needs(
    cx: &Context<'_>,
    state: &State,
    phase: &DeployFailed,
    seen: &Observation,
) -> FactRequest {
    let mut ask = FactRequest { objects: true, ..FactRequest::default() };
    if let Some(deployed) = &state.record.deployed {
        watch::needs(deployed, seen, &mut ask);
        if is_newer(cx, state, phase) && cx.desired.digest != deployed.target.digest {
            ask.change = Some(deployed.target.revision());
        }
    }
    resize::surplus_needs(&state.record, seen, &mut ask);
    ask
}

/// The spec is neither the failed one nor one that asked for the same.
fn is_newer(cx: &Context<'_>, state: &State, phase: &DeployFailed) -> bool {
    let digest = cx.desired.digest;
    let another = digest != phase.failed.digest || is_asked_for_again(cx, state, phase);
    another && Some(digest) != state.record.settled
}

/// `forceRollback` gave the deploy up and was taken back since: without it the spec is the one that
/// was given up, bit for bit, and wanted again.
fn is_asked_for_again(cx: &Context<'_>, state: &State, phase: &DeployFailed) -> bool {
    phase.failure.kind == FailureKind::ForcedRollback
        && !cx.desired.force_rollback
        && state.record.forced.is_some_and(|forced| cx.desired.generation > forced)
}

pub(crate) fn step(
    cx: &Context<'_>,
    state: &State,
    phase: &DeployFailed,
    seen: &Observation,
) -> Next {
    let Some(deployed) = &state.record.deployed else {
        if is_newer(cx, state, phase) {
            return deploy::begin(cx, state, "a new spec replaces the failed one".to_owned());
        }
        return rest(state.record.clone(), phase.clone());
    };
    if is_newer(cx, state, phase) {
        return newer(cx, state, deployed, seen);
    }
    let sight = watch::look(cx, deployed, seen);
    let (mut state, later) = learn::write_down(cx, state, seen);
    resize::forget_the_gone(&mut state.record, seen);
    naming::forget_others(&mut state.record, seen);
    let next = running::watched_on(cx, &state, deployed, &sight, Some(phase));
    next.may_wake(cx, later).may_wake(cx, sight.soon(cx))
}

/// In DeployFailed, with nothing more to do: what failed, what runs, and what would change it.
pub(crate) fn rest(record: Record, phase: DeployFailed) -> Next {
    let runs = match record.deployed.as_ref().map(|d| &d.work) {
        None => "nothing is deployed",
        Some(Work::Live(_)) => "the version before stays deployed",
        Some(Work::Stopped(_)) => "the version before is stopped",
        Some(Work::Finished) => "the job of the version before has finished",
    };
    let DeployFailed { failed, failure } = &phase;
    let message = format!("deploy {} failed: {failure}; {runs}", failed.hash);
    Next::new(record, Phase::DeployFailed(phase), Reason::DeployFailed, message)
        .cured_by([Cure::NewSpec, Cure::NewRestartNonce])
}

/// In DeployFailed, and the deployed version does not run as it should: both are told.
pub(crate) fn in_trouble(
    cx: &Context<'_>,
    state: &State,
    sight: &Sight,
    phase: &DeployFailed,
) -> Next {
    let mut next = running::tell(cx, state, sight, Reason::DeployFailed);
    let DeployFailed { failed, failure } = phase;
    next.verdict.message += &format!("; deploy {} failed: {failure}", failed.hash);
    next
}

/// The spec was put back to the deployed version, or wants yet another.
fn newer(cx: &Context<'_>, state: &State, deployed: &Version, seen: &Observation) -> Next {
    let back = cx.desired.digest == deployed.target.digest;
    let next = if back { None } else { running::edited(cx, state, deployed, seen) };
    let settled = match next {
        None => state.record.clone(),
        Some(next) if next.state.record.settled == Some(cx.desired.digest) => next.state.record,
        Some(next) => return next,
    };
    let phase = Phase::Running(Running { confirming: None });
    let message = "the spec was put back to the running version";
    Next::new(settled, phase, Reason::Running, message)
}
