//! Savepointing: the deployed job is being stopped with a savepoint. From here on the outcome is
//! awaited, whatever the user edits: a stop cannot be taken back.

use crate::context::Context;
use crate::decision::{Effect, EventReason};
use crate::ids::Incarnation;
use crate::observation::{FactRequest, Observation};
use crate::policy::stop::{self, Outcome};
use crate::state::{Failure, FailureKind, Origin, Phase, Savepointing, State, Stop, Work};
use crate::states::{Next, handover};

pub(crate) fn needs(
    cx: &Context<'_>,
    state: &State,
    phase: &Savepointing,
    seen: &Observation,
) -> FactRequest {
    let mut ask = FactRequest { objects: true, ..FactRequest::default() };
    if let Some(old) = deployed(state) {
        ask.flink.extend(stop::needs(old, &phase.stop, phase.deadline, cx, seen));
    }
    ask
}

fn deployed(state: &State) -> Option<Incarnation> {
    state.record.deployed.as_ref().map(|d| d.target.incarnation)
}

pub(crate) fn step(
    cx: &Context<'_>,
    state: &State,
    phase: &Savepointing,
    seen: &Observation,
) -> Next {
    if cx.now >= phase.deadline && nobody_to_ask(state, seen) {
        let why = "no JobManager tells what became of the job and its savepoint".to_owned();
        return recover(cx, state, phase, why);
    }
    let flink = deployed(state).and_then(|old| seen.flink.get(&old));
    let outcome = match flink {
        Some(flink) => stop::follow(cx, &phase.stop, phase.deadline, flink),
        None => Outcome::Waiting("the deployed job's JobManager to answer"),
    };
    match outcome {
        Outcome::Waiting(_) => Next::waiting(state, stop::AWAITED, phase.deadline)
            .polls_busily(cx)
            .also_wakes(cx, phase.stop.not_before),
        Outcome::Remember(stop) => remember(state, phase, stop),
        Outcome::Stopped(point) => {
            let message = format!("Canceled job with savepoint {}", point.path);
            let work = Work::Stopped(Origin::Restored(point));
            handover::over(cx, state, phase.target, work, seen)
                .tells_first(EventReason::CanceledJob, message)
        }
        Outcome::EndedByItself => {
            let message = "the deployed job ended by itself: the new one starts without state";
            handover::over(cx, state, phase.target, Work::Finished, seen)
                .tells_first(EventReason::JobFinished, message)
        }
        Outcome::Failed(message) => failed(cx, state, phase, message, seen),
        Outcome::WithoutSavepoint { why, .. } => recover(cx, state, phase, why),
    }
}

/// The JobManager is gone, and with it what became of the job. One that is merely silent is waited for:
/// it knows whether the job ended with our savepoint or by itself, and Recovering could not tell.
fn nobody_to_ask(state: &State, seen: &Observation) -> bool {
    let Some(old) = deployed(state) else { return false };
    let process = seen.cluster(old).and_then(|c| c.jobmanager_process(None));
    seen.objects.known().is_some() && process.is_none()
}

fn remember(state: &State, phase: &Savepointing, stop: Stop) -> Next {
    let phase = Savepointing { stop, ..phase.clone() };
    let deadline = phase.deadline;
    let next = State { record: state.record.clone(), phase: Phase::Savepointing(phase) };
    Next::waiting(&next, stop::AWAITED, deadline)
}

/// No savepoint comes of it: on from the newest checkpoint, if that can be proven.
fn recover(cx: &Context<'_>, state: &State, phase: &Savepointing, message: String) -> Next {
    let failure = Failure { kind: FailureKind::SavepointFailed, message: message.clone() };
    handover::recover(cx, state, phase.target, failure).warns(EventReason::SavepointFailed, message)
}

/// The savepoint failed and the old job runs: again, with backoff, up to the limit; then the job is
/// recovered from.
fn failed(
    cx: &Context<'_>,
    state: &State,
    phase: &Savepointing,
    message: String,
    seen: &Observation,
) -> Next {
    let told = format!("Failed to take savepoint for job {}: {message}", phase.stop.job);
    let exhausted = phase.stop.attempt >= cx.config.retries.savepoint || cx.now >= phase.deadline;
    if exhausted {
        return recover(cx, state, phase, told);
    }
    let flink = deployed(state).and_then(|old| seen.flink.get(&old));
    let mut record = state.record.clone();
    let next = flink.and_then(|f| stop::again(cx, &mut record.ids, &phase.stop, f));
    let Some(stop) = next else {
        return Next::waiting(state, "the job's checkpoint statistics", phase.deadline)
            .polls_busily(cx);
    };
    remember(&State { record, ..state.clone() }, phase, stop)
        .warns(EventReason::SavepointFailed, told)
}

pub(crate) fn effects(
    cx: &Context<'_>,
    state: &State,
    phase: &Savepointing,
    seen: &Observation,
) -> Vec<Effect> {
    let due = deployed(state).and_then(|old| stop::effect(cx, old, &phase.stop, seen));
    due.into_iter().collect()
}
