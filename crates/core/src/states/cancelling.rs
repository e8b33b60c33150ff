//! Cancelling: the deployed job is cancelled without a savepoint, since `savepointDisabled` says that
//! its state is not wanted. The next job starts from nothing; a rollback starts the old one from the
//! checkpoint that stays, if one does.

use crate::context::Context;
use crate::decision::{Effect, EventReason};
use crate::observation::{Fact, FactRequest, Flink, FlinkRequest, JobState, Observation};
use crate::policy::cancel;
use crate::policy::readiness::{self, Readiness, job_state};
use crate::policy::restore_point::{self, Newest};
use crate::state::{
    Aftermath, Cancelling, Failure, FailureKind, LiveJob, Origin, Phase, State, Version, Work,
};
use crate::states::{Next, deploy, handover};
use crate::time::Timestamp;

/// What is waited for once the job is over.
const FINAL: &str = "the job's final checkpoint statistics";

pub(crate) fn needs(state: &State, phase: &Cancelling, seen: &Observation) -> FactRequest {
    let last_seen = Some(phase.job);
    let mut ask = FactRequest { objects: true, last_seen, ..FactRequest::default() };
    let Some(deployed) = &state.record.deployed else { return ask };
    let incarnation = deployed.target.incarnation;
    let process = seen.cluster(incarnation).and_then(|c| c.jobmanager_process(None));
    ask.flink.extend(process.map(|process| FlinkRequest {
        cluster: true,
        jobs: true,
        job: Some(phase.job),
        statistics: Some(phase.job),
        checkpointing: Some(phase.job),
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
    let Some((deployed, job)) = handover::live(&state.record) else {
        return handover::over(cx, state, phase.target, Work::Finished, seen);
    };
    let flink = seen.flink.get(&deployed.target.incarnation);
    let due = cx.now >= phase.deadline && seen.settled(cx.config.unreachable_grace);
    match flink.and_then(|f| job_state(f, phase.job).map(|state| (f, state))) {
        Some((_, JobState::Finished)) => {
            handover::over(cx, state, phase.target, Work::Finished, seen)
                .tells_first(EventReason::JobFinished, "the deployed job ended by itself")
        }
        Some((flink, how)) if how.over() => {
            match restore_point::left_of(cx, job, how, phase.over_since, flink) {
                Some(left) => ended(cx, state, phase, &left, seen),
                None if due => ended(cx, state, phase, &untold(), seen),
                None => {
                    let over_since = phase.over_since.or(Some(cx.now));
                    let phase = Cancelling { over_since, ..phase.clone() };
                    waiting(cx, state, phase, FINAL)
                }
            }
        }
        None if forgotten_and_over(deployed, phase, seen) => {
            let last_seen = seen.last_seen.known().and_then(Option::as_ref);
            let left = restore_point::from_memory(cx, job, last_seen);
            ended(cx, state, phase, &left, seen)
        }
        found if due => hangs(cx, state, phase, &left_when_it_hangs(cx, job, found), seen),
        Some(_) | None => waiting(cx, state, phase.clone(), "the job to be cancelled"),
    }
}

fn waiting(cx: &Context<'_>, state: &State, phase: Cancelling, what: &str) -> Next {
    let deadline = phase.deadline;
    let next = State { record: state.record.clone(), phase: Phase::Cancelling(phase) };
    Next::waiting(&next, what, deadline).polls_busily(cx)
}

/// The target's job starts from nothing, the deployed one, after a rollback, from what is left.
fn ended(
    cx: &Context<'_>,
    state: &State,
    phase: &Cancelling,
    left: &Newest,
    seen: &Observation,
) -> Next {
    let (origin, told) = kept(left);
    let message = format!("Canceled job {} without a savepoint; {told}", phase.job);
    handover::over_without_state(cx, state, phase.target, origin, seen)
        .tells_first(EventReason::CanceledJob, message)
}

/// What a rollback starts from, and in words.
fn kept(left: &Newest) -> (Origin, String) {
    let why = match left {
        Newest::Proven(origin) => {
            let told = match origin.path() {
                Some(path) => format!("a rollback starts from {path}"),
                None => "a rollback starts without state, as it did".to_owned(),
            };
            return (origin.clone(), told);
        }
        Newest::NotRetained(why) | Newest::Unproven { why, .. } => why,
    };
    (Origin::Empty, format!("a rollback starts without state: {why}"))
}

fn untold() -> Newest {
    Newest::Unproven { why: "its JobManager did not say what is left".to_owned(), cure: None }
}

/// Cancelled long ago, it completes no checkpoint any more; it ends with its cluster.
fn left_when_it_hangs(
    cx: &Context<'_>,
    job: &LiveJob,
    found: Option<(&Flink, JobState)>,
) -> Newest {
    let cancelled = found.filter(|(_, state)| *state == JobState::Cancelling);
    let left = cancelled.and_then(|(flink, _)| {
        restore_point::left_of(cx, job, JobState::Canceled, Some(Timestamp::default()), flink)
    });
    left.unwrap_or_else(untold)
}

/// Its cluster goes; or, if that is the one that stays, the processes in it are ended, and the deployed
/// version's job is started anew on it.
fn hangs(
    cx: &Context<'_>,
    state: &State,
    phase: &Cancelling,
    left: &Newest,
    seen: &Observation,
) -> Next {
    let (origin, told) = kept(left);
    let in_place = state.record.shares_cluster(phase.target);
    let goes = if in_place { "the processes of its cluster go" } else { "its cluster goes" };
    let message = format!("job {} did not end in time: {goes}; {told}", phase.job);
    let mut state = state.clone();
    if in_place {
        let failure = Failure { kind: FailureKind::JobCanceled, message: message.clone() };
        let aftermath = Aftermath::Job { job: phase.job, until: cx.now };
        if let Some(deployed) = &mut state.record.deployed {
            deployed.work = Work::Stopped(origin);
        }
        return deploy::roll_back_in_place(&state, phase.target, failure, Some(aftermath))
            .warns_first(EventReason::CancelFailed, message);
    }
    handover::clear_away(&mut state.record, true);
    handover::over_without_state(cx, &state, phase.target, origin, seen)
        .warns(EventReason::CancelFailed, message)
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
