//! Cancelling: the deployed job is cancelled without a savepoint, since `savepointDisabled` says that
//! its state is not wanted. The next job starts from nothing.

use crate::context::Context;
use crate::decision::{Effect, EventReason};
use crate::observation::{Fact, FactRequest, FlinkRequest, JobState, Observation};
use crate::policy::cancel;
use crate::policy::readiness::{self, Readiness, job_state};
use crate::state::{Aftermath, Cancelling, Failure, FailureKind, Origin, State, Version, Work};
use crate::states::{Next, deploy, handover};

pub(crate) fn needs(state: &State, phase: &Cancelling, seen: &Observation) -> FactRequest {
    let mut ask = FactRequest { objects: true, ..FactRequest::default() };
    let Some(deployed) = &state.record.deployed else { return ask };
    let incarnation = deployed.target.incarnation;
    let process = seen.cluster(incarnation).and_then(|c| c.jobmanager_process(None));
    ask.flink.extend(process.map(|process| FlinkRequest {
        cluster: true,
        jobs: true,
        job: Some(phase.job),
        ..FlinkRequest::to(incarnation, process)
    }));
    ask
}

pub(crate) fn step(
    cx: &Context<'_>,
    state: &State,
    phase: &Cancelling,
    seen: &Observation,
) -> Next {
    let Some(deployed) = &state.record.deployed else {
        return handover::over(cx, state, phase.target, Work::Finished, seen);
    };
    let without_state = || Work::Stopped(Origin::Empty);
    let flink = seen.flink.get(&deployed.target.incarnation);
    match flink.and_then(|f| job_state(f, phase.job)) {
        Some(JobState::Finished) => handover::over(cx, state, phase.target, Work::Finished, seen)
            .tells_first(EventReason::JobFinished, "the deployed job ended by itself"),
        Some(ended) if ended.over() => {
            let message = format!("Canceled job {} without a savepoint", phase.job);
            handover::over(cx, state, phase.target, without_state(), seen)
                .tells_first(EventReason::CanceledJob, message)
        }
        None if forgotten_and_over(deployed, phase, seen) => {
            handover::over(cx, state, phase.target, without_state(), seen)
        }
        Some(_) | None if cx.now >= phase.deadline && seen.settled(cx.config.unreachable_grace) => {
            if state.record.shares_cluster(phase.target) {
                return hangs_in_place(cx, state, phase);
            }
            let message = format!("job {} did not end in time: its cluster goes", phase.job);
            let mut state = state.clone();
            handover::clear_away(&mut state.record, true);
            handover::over(cx, &state, phase.target, without_state(), seen)
                .warns(EventReason::CancelFailed, message)
        }
        Some(_) | None => {
            Next::waiting(state, "the job to be cancelled", phase.deadline).polls_busily(cx)
        }
    }
}

/// Its cluster is the one that stays: its processes are ended, and the deployed version's job is
/// started anew on it.
fn hangs_in_place(cx: &Context<'_>, state: &State, phase: &Cancelling) -> Next {
    let message = format!("job {} did not end in time: the processes of its cluster go", phase.job);
    let failure = Failure { kind: FailureKind::JobCanceled, message: message.clone() };
    let left = Aftermath::Job { job: phase.job, until: cx.now };
    let mut state = state.clone();
    if let Some(deployed) = &mut state.record.deployed {
        deployed.work = Work::Stopped(Origin::Empty);
    }
    deploy::roll_back_in_place(&state, phase.target, failure, Some(left))
        .warns_first(EventReason::CancelFailed, message)
}

/// A restarted JobManager does not know the job, and no TaskManager runs a task of it any more.
fn forgotten_and_over(deployed: &Version, phase: &Cancelling, seen: &Observation) -> bool {
    let flink = seen.flink.get(&deployed.target.incarnation);
    let forgotten = flink.is_some_and(|f| {
        f.job == Fact::Known(None)
            && f.jobs.known().is_some_and(|jobs| jobs.iter().all(|j| j.id != phase.job))
    });
    forgotten && matches!(readiness::of(deployed.target, seen), Readiness::Ready(_))
}

pub(crate) fn effects(
    cx: &Context<'_>,
    state: &State,
    phase: &Cancelling,
    seen: &Observation,
) -> Vec<Effect> {
    // Past the deadline the cluster is taken away, even while a silence holds that back.
    let deployed = state.record.deployed.as_ref().filter(|_| cx.now < phase.deadline);
    let due = deployed.and_then(|d| cancel::effect(d.target.incarnation, phase.job, seen));
    due.into_iter().collect()
}
