//! Savepointing: the deployed job is being stopped with a savepoint. From here on the outcome is
//! awaited, whatever the user edits: a stop cannot be taken back. In mode BlueGreen the
//! job runs on, but no second savepoint is asked for while one is being written: an edit waits, too.

use crate::context::Context;
use crate::decision::{Effect, EventReason};
use crate::desired::Mode;
use crate::ids::Incarnation;
use crate::observation::{FactRequest, Observation};
use crate::policy::snapshot;
use crate::policy::stop::{self, Outcome};
use crate::policy::upkeep;
use crate::state::{Failure, FailureKind, Origin, Phase, Savepointing, State, Stop, Target, Work};
use crate::states::{Next, deploy, handover};

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
    if phase.target.mode == Mode::BlueGreen {
        return runs_on(cx, state, phase, seen);
    }
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
        Outcome::EndedByItself => ended_by_itself(cx, state, phase.target, seen),
        Outcome::Failed(message) => failed(cx, state, phase, message, seen),
        Outcome::WithoutSavepoint { why, .. } => recover(cx, state, phase, why),
    }
}

/// In mode BlueGreen the deployed job runs on, whatever becomes of its savepoint: without one the
/// deploy is given up.
fn runs_on(cx: &Context<'_>, state: &State, phase: &Savepointing, seen: &Observation) -> Next {
    let target = phase.target;
    let flink = deployed(state).and_then(|old| seen.flink.get(&old));
    let outcome =
        flink.map_or(snapshot::Outcome::Waiting, |f| snapshot::follow(cx, &phase.stop, f));
    let late = cx.now >= phase.deadline && seen.settled(cx.config.unreachable_grace);
    match outcome {
        snapshot::Outcome::Taken(point) => {
            let message = format!("Took savepoint {} of job {}", point.path, phase.stop.job);
            handover::beside(cx, state, target, Origin::Restored(point), seen)
                .tells_first(EventReason::SavepointTaken, message)
        }
        snapshot::Outcome::EndedByItself => ended_by_itself(cx, state, target, seen),
        snapshot::Outcome::Lost(why) => recover(cx, state, phase, why),
        snapshot::Outcome::Waiting if late && nobody_to_ask(state, seen) => {
            recover(cx, state, phase, "the deployed job's JobManager did not come back".to_owned())
        }
        snapshot::Outcome::Waiting if late => {
            let message = "no savepoint of the deployed job was complete in time".to_owned();
            in_vain(cx, state, phase, message, seen)
        }
        snapshot::Outcome::Waiting => {
            Next::waiting(state, snapshot::AWAITED, phase.deadline).polls_busily(cx)
        }
        snapshot::Outcome::Failed(message) => failed(cx, state, phase, message, seen),
    }
}

fn ended_by_itself(cx: &Context<'_>, state: &State, target: Target, seen: &Observation) -> Next {
    let message = "the deployed job ended by itself: the new one starts without state";
    handover::over(cx, state, target, Work::Finished, seen)
        .tells_first(EventReason::JobFinished, message)
}

/// The JobManager is gone, and with it what became of the job. One that is merely silent is waited for: it
/// knows what became of the savepoint.
fn nobody_to_ask(state: &State, seen: &Observation) -> bool {
    let Some(old) = deployed(state) else { return false };
    let process = seen.cluster(old).and_then(|c| c.jobmanager_process(None));
    seen.objects.known().is_some() && process.is_none()
}

fn remember(state: &State, phase: &Savepointing, stop: Stop) -> Next {
    let phase = Savepointing { stop, ..phase.clone() };
    let (deadline, mode) = (phase.deadline, phase.target.mode);
    let awaited = if mode == Mode::BlueGreen { snapshot::AWAITED } else { stop::AWAITED };
    let next = State { record: state.record.clone(), phase: Phase::Savepointing(phase) };
    Next::waiting(&next, awaited, deadline)
}

/// On from the newest checkpoint, if that can be proven.
fn recover(cx: &Context<'_>, state: &State, phase: &Savepointing, message: String) -> Next {
    let failure = Failure { kind: FailureKind::SavepointFailed, message: message.clone() };
    handover::recover(cx, state, phase.target, failure).warns(EventReason::SavepointFailed, message)
}

/// No savepoint comes of it: in mode BlueGreen the deploy is given up, unless it would be beside a job that
/// never runs again.
fn in_vain(
    cx: &Context<'_>,
    state: &State,
    phase: &Savepointing,
    message: String,
    seen: &Observation,
) -> Next {
    let beside = state.record.deployed.as_ref().filter(|_| phase.target.mode == Mode::BlueGreen);
    match beside.map_or(Some(true), |deployed| upkeep::is_crippled(deployed.target, seen)) {
        Some(true) => recover(cx, state, phase, message),
        Some(false) => {
            let failure = Failure { kind: FailureKind::SavepointFailed, message };
            deploy::give_up(state, phase.target, failure, false)
        }
        None => Next::waiting(state, upkeep::ASKED, phase.deadline).polls_busily(cx),
    }
}

/// The savepoint failed and the old job runs: again, with backoff, up to the limit.
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
        return in_vain(cx, state, phase, told, seen);
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
    let due = match deployed(state) {
        None => None,
        Some(old) if phase.target.mode != Mode::BlueGreen => {
            stop::effect(cx, old, &phase.stop, seen)
        }
        // Past its deadline it is given up, even while a silence holds that back.
        Some(_) if cx.now >= phase.deadline => None,
        Some(old) => snapshot::effect(cx, old, &phase.stop, seen),
    };
    due.into_iter().collect()
}
