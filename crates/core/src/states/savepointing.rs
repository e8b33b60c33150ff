//! Savepointing: the deployed job is being stopped with a savepoint. From here on the outcome is
//! awaited, whatever the user edits: a stop cannot be taken back.

use crate::context::Context;
use crate::decision::{Effect, EventReason};
use crate::ids::Incarnation;
use crate::observation::{FactRequest, Observation};
use crate::policy::readiness;
use crate::policy::stop::{self, Outcome};
use crate::state::{
    ClusterStarting, Failure, FailureKind, Origin, Phase, Savepointing, State, Stop, Work,
};
use crate::states::cluster_starting::submit;
use crate::states::{Next, deploy};

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
            let from = Origin::Restored(point.clone());
            go_on(cx, state, phase, Work::Stopped(point), from, seen)
                .tells_first(EventReason::CanceledJob, message)
        }
        Outcome::EndedByItself => {
            let message = "the deployed job ended by itself: the new one starts without state";
            go_on(cx, state, phase, Work::Finished, Origin::Empty, seen)
                .tells_first(EventReason::JobFinished, message)
        }
        Outcome::Failed(message) => failed(cx, state, phase, message, seen),
        Outcome::Unproven(message) => {
            let message = format!(
                "{message}; recovery from a checkpoint is not yet supported: delete the \
                 application and create it with savepointPath"
            );
            let failure = Failure { kind: FailureKind::SavepointFailed, message };
            deploy::give_up(state, phase.target, failure, false)
        }
    }
}

fn remember(state: &State, phase: &Savepointing, stop: Stop) -> Next {
    let phase = Savepointing { stop, ..phase.clone() };
    let deadline = phase.deadline;
    let next = State { record: state.record.clone(), phase: Phase::Savepointing(phase) };
    Next::waiting(&next, stop::AWAITED, deadline)
}

/// The deployed job is over: on to the target's, if its cluster is still ready at this moment,
/// else by way of ClusterStarting. The restore point is persisted either way.
fn go_on(
    cx: &Context<'_>,
    state: &State,
    phase: &Savepointing,
    work: Work,
    from: Origin,
    seen: &Observation,
) -> Next {
    let mut state = state.clone();
    if let Some(deployed) = &mut state.record.deployed {
        deployed.work = work;
    }
    let target = phase.target;
    let starting = ClusterStarting {
        target,
        deadline: cx.now + cx.desired.timeouts.cluster_start,
        troubled: None,
        attempt: 1,
    };
    let process = seen.cluster(phase.target.incarnation).and_then(|c| c.jobmanager_process(None));
    match process {
        Some(process) => submit(cx, &state, &starting, process, from),
        None => {
            let deadline = starting.deadline;
            let phase = Phase::ClusterStarting(starting);
            Next::waiting(&State { phase, ..state }, readiness::awaited(target), deadline)
        }
    }
}

/// The savepoint failed and the old job runs: again, with backoff, up to the limit; then the
/// deploy is given up and the old job goes on.
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
        let failure = Failure { kind: FailureKind::SavepointFailed, message: told.clone() };
        return deploy::give_up(state, phase.target, failure, false)
            .warns(EventReason::SavepointFailed, told);
    }
    let flink = deployed(state).and_then(|old| seen.flink.get(&old));
    let Some(statistics) = flink.and_then(|f| f.statistics.known()) else {
        return Next::waiting(state, "the job's checkpoint statistics", phase.deadline)
            .polls_busily(cx);
    };
    let mut record = state.record.clone();
    let stop = stop::again(cx, &mut record.ids, &phase.stop, statistics.as_ref());
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
