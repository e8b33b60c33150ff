//! The job's scheduler brings it to another parallelism, where it can.

use crate::context::Context;
use crate::decision::EventReason;
use crate::observation::{Fact, Flink, JobState, Observation};
use crate::policy::adapt;
use crate::policy::readiness::{forgotten, job_state};
use crate::state::{
    Bounds, Confirming, Failure, FailureKind, LiveJob, Phase, Record, Rescaling, RescalingStep,
    Running, State, Target, Version, Work,
};
use crate::states::handover::{self};
use crate::states::{Next, running};
use crate::time::Timestamp;

use super::{back, edited, recover, wait};

/// What the deployed job's scheduler can do.
pub(super) enum Scheduler {
    /// It has not said so yet.
    Silent,
    /// It can change the parallelism: the bounds of the vertices that go along.
    Adaptive(Vec<Bounds>),
    /// It cannot, or no vertex would go along, or the job does not run.
    Other,
}

pub(super) fn of_the_scheduler(state: &State, target: Target, seen: &Observation) -> Scheduler {
    let Some((deployed, job)) = handover::live(&state.record) else { return Scheduler::Other };
    let Some(flink) = seen.flink.get(&target.incarnation) else { return Scheduler::Silent };
    let over = job_state(flink, job.id).is_none_or(JobState::over);
    let runs = job_state(flink, job.id) == Some(JobState::Running);
    match &flink.requirements {
        // A job that is lost is looked after first.
        _ if over => Scheduler::Other,
        Fact::Unasked | Fact::Unknown { .. } => Scheduler::Silent,
        Fact::Known(None) => Scheduler::Other,
        Fact::Known(Some(_)) if !runs => Scheduler::Silent,
        Fact::Known(Some(vertices)) => {
            let (from, to) = (deployed.target.parallelism, target.parallelism);
            let bounds = adapt::before(vertices, from, to);
            if bounds.is_empty() { Scheduler::Other } else { Scheduler::Adaptive(bounds) }
        }
    }
}

const ADAPTED: &str = "the job to run with the other parallelism";

/// A rescaling by the scheduler waits for a checkpoint, as a stop does for its savepoint: it is given
/// the same time.
pub(super) fn ask_the_scheduler(
    cx: &Context<'_>,
    state: &State,
    target: Target,
    bounds: Vec<Bounds>,
) -> Next {
    let deadline = cx.now + cx.desired.timeouts.savepoint;
    let record = Record { bounds, ..state.record.clone() };
    let phase = Phase::Rescaling(Rescaling { target, step: RescalingStep::Adapt, deadline });
    Next::waiting(&State { record, phase }, ADAPTED, deadline)
}

pub(super) fn adapting(
    cx: &Context<'_>,
    state: &State,
    phase: &Rescaling,
    seen: &Observation,
) -> Next {
    let target = phase.target;
    if let Some(next) = edited(cx, state, phase, seen) {
        return next;
    }
    let Some((_, job)) = handover::live(&state.record) else {
        return back(cx, state, target, None);
    };
    let lost = |kind, message: &str| {
        let why = Failure { kind, message: message.to_owned() };
        recover(cx, state, target, why)
    };
    let silent = Flink::default();
    let flink = seen.flink.get(&target.incarnation).unwrap_or(&silent);
    match job_state(flink, job.id) {
        Some(ended) if ended.over() => {
            return lost(FailureKind::JobFailed, "the job ended while it was being rescaled");
        }
        None if forgotten(flink) => {
            return lost(
                FailureKind::JobManagerLost,
                "the JobManager does not know the job any more",
            );
        }
        Some(_) | None => {}
    }
    let (before, to) = (&state.record.bounds, target.parallelism);
    let up = flink.job.known().and_then(Option::as_ref).filter(|job| job.up());
    let vertices = adapt::known(flink).unwrap_or_default();
    if let Some(details) = up
        && adapt::known(flink).is_some_and(|vertices| adapt::is_done(vertices, before, to))
    {
        return adapted(cx, state, target, job.clone(), details.restarted_at);
    }
    if cx.now >= phase.deadline && seen.settled(cx.config.unreachable_grace) {
        let (running, all) = adapt::count(vertices, before, to);
        let message = format!(
            "the scheduler did not bring the job to parallelism {to} in time: {running} of {all} tasks run"
        );
        let failure = Failure { kind: FailureKind::JobStartTimeout, message };
        return back(cx, state, target, Some(failure));
    }
    wait(cx, state, phase, ADAPTED)
}

/// The same job is the target's now; the version before stands by until that is confirmed.
fn adapted(
    cx: &Context<'_>,
    state: &State,
    target: Target,
    job: LiveJob,
    restarted_at: Option<Timestamp>,
) -> Next {
    let told = format!("Job {} runs with parallelism {}", job.id, target.parallelism);
    let mut record = state.record.clone();
    let version = Version { target, removed: false, work: Work::Live(job) };
    record.previous = record.deployed.replace(version);
    let deadline = cx.now + cx.desired.timeouts.confirm;
    let confirming = Confirming { since: cx.now, restarted_at, deadline };
    let phase = Phase::Running(Running { confirming: Some(confirming) });
    running::watched(cx, State { record, phase }, confirming).tells(EventReason::JobRunning, told)
}
