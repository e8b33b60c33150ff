//! Deleting: the job is ended as `deleteMode` says, then the finalizer goes and Kubernetes removes
//! the objects. Always ends: every wait has a limit.

use crate::context::Context;
use crate::decision::{Effect, EventReason};
use crate::desired::{DeleteMode, Goal};
use crate::ids::{Incarnation, JobId};
use crate::observation::{Fact, FactRequest, Flink, FlinkRequest, Observation};
use crate::policy::readiness::job_state;
use crate::policy::stop::{self, Outcome};
use crate::policy::{cancel, leaving, restart};
use crate::reason::Reason;
use crate::state::{
    Deleting, DeletingStep, LiveJob, Phase, Record, Recovering, RecoveringStep, Restart, State,
    Stop, Version, Work,
};
use crate::states::Next;

/// The state of an application that is to go, from any phase.
pub(crate) fn enter(cx: &Context<'_>, state: &State) -> State {
    let step = match &state.phase {
        Phase::Deleting(_) => return state.clone(),
        // What there is to save is not known: only who does not want it saved gets on.
        Phase::Unreadable(_) if mode(cx) == DeleteMode::Savepoint => return state.clone(),
        Phase::Unreadable(phase) => DeletingStep::RemoveClusters { why: phase.why.clone() },
        Phase::Savepointing(phase) => DeletingStep::Stop(phase.stop.clone()),
        Phase::SubmittingJob(phase) => open(&state.record, phase.submission.job),
        Phase::RollingBackJob(phase) => restarting(&state.record, &phase.restart),
        Phase::Recovering(Recovering { step: RecoveringStep::Start(restart), .. }) => {
            restarting(&state.record, restart)
        }
        Phase::Recovering(Recovering { step: RecoveringStep::Find(_), .. }) => DeletingStep::Look,
        Phase::Cancelling(phase) => DeletingStep::Cancel(phase.job),
        Phase::New(_)
        | Phase::Updating(_)
        | Phase::ClusterStarting(_)
        | Phase::Running(_)
        | Phase::DeployFailed(_) => DeletingStep::Look,
    };
    let deadline = cx.now + cx.desired.timeouts.delete;
    let phase = Phase::Deleting(Deleting { step, deadline });
    State { record: state.record.clone(), phase }
}

/// A job may be on its way, or still run of an attempt before: it is ended with its cluster.
fn restarting(record: &Record, restart: &Restart) -> DeletingStep {
    match (&restart.submission, restart::at_rest(restart)) {
        (Some(submission), _) => open(record, submission.job),
        (None, true) => DeletingStep::Look,
        (None, false) => DeletingStep::RemoveClusters { why: survivor(record) },
    }
}

/// A job is on its way: it is ended with its cluster.
fn open(record: &Record, job: JobId) -> DeletingStep {
    DeletingStep::RemoveClusters {
        why: format!("job {job} was being submitted; {}", survivor(record)),
    }
}

fn mode(cx: &Context<'_>) -> DeleteMode {
    match cx.desired.goal {
        Goal::Delete(mode) => mode,
        Goal::Run => DeleteMode::Savepoint,
    }
}

pub(crate) fn needs(
    cx: &Context<'_>,
    state: &State,
    phase: &Deleting,
    seen: &Observation,
) -> FactRequest {
    let mut ask = FactRequest::default();
    let live = live(&state.record);
    match &phase.step {
        DeletingStep::Finalize => {}
        DeletingStep::RemoveClusters { .. } => {
            ask.objects = true;
            ask.live_pods = seen.objects.known().is_some_and(|o| o.clusters.is_empty());
        }
        DeletingStep::Look => {
            if let Some((version, job)) = live {
                ask.objects = true;
                ask.flink.extend(about(version.target.incarnation, job.id, seen));
            }
        }
        DeletingStep::Cancel(job) => {
            if let Some(version) = &state.record.deployed {
                ask.objects = true;
                ask.flink.extend(about(version.target.incarnation, *job, seen));
            }
        }
        DeletingStep::Stop(stop) => {
            if let Some(version) = &state.record.deployed {
                ask.objects = true;
                let incarnation = version.target.incarnation;
                ask.flink.extend(stop::needs(incarnation, stop, phase.deadline, cx, seen));
            }
        }
    }
    ask
}

fn live(record: &Record) -> Option<(&Version, &LiveJob)> {
    record.deployed.as_ref().and_then(|d| d.live().map(|job| (d, job)))
}

fn about(incarnation: Incarnation, job: JobId, seen: &Observation) -> Option<FlinkRequest> {
    let process = seen.cluster(incarnation)?.jobmanager_process(None)?;
    let mut request = FlinkRequest::to(incarnation, process);
    request.jobs = true;
    request.job = Some(job);
    request.statistics = Some(job);
    Some(request)
}

pub(crate) fn step(cx: &Context<'_>, state: &State, phase: &Deleting, seen: &Observation) -> Next {
    if mode(cx) == DeleteMode::None && phase.step != DeletingStep::Finalize {
        return finalize(state, phase, "deleteMode None: the job ends with its cluster".to_owned());
    }
    match &phase.step {
        DeletingStep::Look => look(cx, state, phase, seen),
        DeletingStep::Stop(stop) if mode(cx) == DeleteMode::ForceCancel && !stop.cancel => {
            goes_to(state, phase, DeletingStep::Cancel(stop.job), "cancelling the job")
        }
        DeletingStep::Stop(stop) => stopping(cx, state, phase, stop, seen),
        DeletingStep::Cancel(job) => cancelling(cx, state, phase, *job, seen),
        DeletingStep::RemoveClusters { why } => removing(cx, state, phase, why, seen),
        DeletingStep::Finalize => Next::stay(state, Reason::Deleting, "removing the finalizer"),
    }
}

fn goes_to(state: &State, phase: &Deleting, step: DeletingStep, message: &str) -> Next {
    let phase = Phase::Deleting(Deleting { step, ..phase.clone() });
    Next::new(state.record.clone(), phase, Reason::Deleting, message)
}

/// The end: says what survives, then the finalizer goes.
fn finalize(state: &State, phase: &Deleting, survives: String) -> Next {
    goes_to(state, phase, DeletingStep::Finalize, &survives)
        .tells(EventReason::LastRestorePoint, survives)
}

/// The deployed version's job is over: the finalizer goes once no other one can run, in a cluster on
/// its way out.
fn end(
    cx: &Context<'_>,
    state: &State,
    phase: &Deleting,
    survives: String,
    seen: &Observation,
) -> Next {
    if leaving::may_run(&state.record) && !due(cx, phase, seen) {
        return waiting(cx, state, phase, "a cluster that may still run a job to be gone");
    }
    finalize(state, phase, survives)
}

/// Without a way to end the job in order: its cluster is taken away.
fn take_away(cx: &Context<'_>, state: &State, why: String) -> Next {
    let deadline = cx.now + cx.desired.timeouts.delete;
    let step = DeletingStep::RemoveClusters { why: why.clone() };
    let phase = Phase::Deleting(Deleting { step, deadline });
    Next::new(state.record.clone(), phase, Reason::Deleting, why.clone())
        .warns(EventReason::SavepointFailed, why)
}

fn flink<'s>(state: &State, seen: &'s Observation) -> Option<&'s Flink> {
    let deployed = state.record.deployed.as_ref()?;
    seen.flink.get(&deployed.target.incarnation)
}

fn look(cx: &Context<'_>, state: &State, phase: &Deleting, seen: &Observation) -> Next {
    let Some((_, job)) = live(&state.record) else {
        return end(cx, state, phase, survivor(&state.record), seen);
    };
    let flink = flink(state, seen);
    match flink.and_then(|f| job_state(f, job.id)) {
        Some(ended) if ended.over() => {
            return end(cx, state, phase, format!("job {} had ended as {ended:?}", job.id), seen);
        }
        Some(_) => {}
        None => return unanswered(cx, state, phase, seen),
    }
    if mode(cx) == DeleteMode::ForceCancel {
        let message = format!("Force-canceling job {}", job.id);
        return goes_to(state, phase, DeletingStep::Cancel(job.id), &message)
            .warns(EventReason::ForceCanceling, message);
    }
    let mut record = state.record.clone();
    let Some(stop) = flink.and_then(|f| stop::begin(cx, &mut record.ids, job.id, f)) else {
        return unanswered(cx, state, phase, seen);
    };
    let message = format!("Cancelling job {} with a final savepoint", job.id);
    let state = State { record, ..state.clone() };
    goes_to(&state, phase, DeletingStep::Stop(stop), &message)
        .tells(EventReason::CancellingJob, message)
}

/// What is known of the newest state when its job cannot be asked for it.
fn survivor(record: &Record) -> String {
    match record.deployed.as_ref().map(|d| &d.work) {
        Some(Work::Stopped(origin)) => match origin.path() {
            Some(path) => format!("the last restore point is {path}"),
            None => "there is no restore point".to_owned(),
        },
        Some(Work::Finished) => "the job had finished".to_owned(),
        Some(Work::Live(job)) => match job.learnt.as_ref().and_then(|l| l.newest.as_ref()) {
            Some(newest) => format!("the last checkpoint seen is {}", newest.path),
            None => "no checkpoint was seen".to_owned(),
        },
        None => "no job was deployed".to_owned(),
    }
}

/// The deadline has passed, and nothing that was asked for is silent for a short while only.
fn due(cx: &Context<'_>, phase: &Deleting, seen: &Observation) -> bool {
    let grace = cx.config.unreachable_grace;
    cx.now >= phase.deadline
        && seen.objects.bearable(grace)
        && seen.flink.values().all(|f| f.settled(grace))
}

fn unanswered(cx: &Context<'_>, state: &State, phase: &Deleting, seen: &Observation) -> Next {
    if flink(state, seen).is_some_and(|f| matches!(f.job, Fact::Known(None))) {
        let why =
            format!("the JobManager does not know the job any more; {}", survivor(&state.record));
        return take_away(cx, state, why);
    }
    if due(cx, phase, seen) {
        let why = format!("the JobManager could not be asked in time; {}", survivor(&state.record));
        return take_away(cx, state, why);
    }
    waiting(cx, state, phase, "the JobManager to answer")
}

fn waiting(cx: &Context<'_>, state: &State, phase: &Deleting, what: &str) -> Next {
    Next::stay(state, Reason::Deleting, format!("waiting for {what}"))
        .waits(what, Some(phase.deadline))
        .polls_busily(cx)
}

fn stopping(
    cx: &Context<'_>,
    state: &State,
    phase: &Deleting,
    stop: &Stop,
    seen: &Observation,
) -> Next {
    let Some(flink) = flink(state, seen) else {
        return unanswered(cx, state, phase, seen);
    };
    match stop::follow(cx, stop, phase.deadline, flink) {
        Outcome::Stopped(point) => {
            let message = format!("Canceled job with savepoint {}", point.path);
            end(cx, state, phase, message, seen)
        }
        Outcome::EndedByItself => end(cx, state, phase, "the job ended by itself".to_owned(), seen),
        Outcome::WithoutSavepoint { why, forgotten: false } => end(cx, state, phase, why, seen),
        Outcome::WithoutSavepoint { why, forgotten: true } => take_away(cx, state, why),
        Outcome::Remember(stop) => {
            goes_to(state, phase, DeletingStep::Stop(stop), "waiting for the savepoint")
        }
        Outcome::Waiting(_) | Outcome::Failed(_) if due(cx, phase, seen) => take_away(
            cx,
            state,
            format!("no savepoint could be taken in time; {}", survivor(&state.record)),
        ),
        Outcome::Waiting(what) => waiting(cx, state, phase, what).also_wakes(cx, stop.not_before),
        Outcome::Failed(message) => {
            let mut record = state.record.clone();
            let Some(next) = stop::again(cx, &mut record.ids, stop, flink) else {
                return waiting(cx, state, phase, "the job's checkpoint statistics");
            };
            let told = format!("Failed to take savepoint for job {}: {message}", stop.job);
            goes_to(&State { record, ..state.clone() }, phase, DeletingStep::Stop(next), &told)
                .warns(EventReason::SavepointFailed, told)
        }
    }
}

fn cancelling(
    cx: &Context<'_>,
    state: &State,
    phase: &Deleting,
    job: JobId,
    seen: &Observation,
) -> Next {
    let flink = flink(state, seen);
    match flink.and_then(|f| job_state(f, job)) {
        Some(ended) if ended.over() => {
            end(cx, state, phase, format!("job {job} was cancelled"), seen)
        }
        Some(_) if due(cx, phase, seen) => {
            take_away(cx, state, format!("job {job} did not end in time after it was cancelled"))
        }
        Some(_) => waiting(cx, state, phase, "the job to be cancelled"),
        None => unanswered(cx, state, phase, seen),
    }
}

fn removing(
    cx: &Context<'_>,
    state: &State,
    phase: &Deleting,
    why: &str,
    seen: &Observation,
) -> Next {
    let none_left = seen.objects.known().is_some_and(|o| o.clusters.is_empty());
    let gone = none_left && seen.live_pods.known().is_some_and(Vec::is_empty);
    let listed = seen.live_pods.bearable(cx.config.unreachable_grace);
    if gone || (listed && due(cx, phase, seen)) {
        return finalize(state, phase, why.to_owned());
    }
    waiting(cx, state, phase, "the cluster's pods to be gone")
}

pub(crate) fn effects(
    cx: &Context<'_>,
    state: &State,
    phase: &Deleting,
    seen: &Observation,
) -> Vec<Effect> {
    let mut effects = leaving::effects(&state.record, seen);
    let due = match &phase.step {
        DeletingStep::Look => None,
        DeletingStep::Finalize => {
            return cx.desired.finalizer.then_some(Effect::RemoveFinalizer).into_iter().collect();
        }
        DeletingStep::Stop(stop) => {
            // Past the deadline the cluster is taken away, even while a silence holds that back.
            let deployed = state.record.deployed.as_ref().filter(|_| cx.now < phase.deadline);
            deployed.and_then(|d| stop::effect(cx, d.target.incarnation, stop, seen))
        }
        DeletingStep::Cancel(job) => {
            let deployed = state.record.deployed.as_ref();
            deployed.and_then(|d| cancel::effect(d.target.incarnation, *job, seen))
        }
        DeletingStep::RemoveClusters { .. } => {
            let clusters = seen.objects.known().map(|o| o.clusters.as_slice()).unwrap_or_default();
            let due = clusters.iter().filter(|c| leaving::to_be_removed(c));
            return due.map(|c| Effect::RemoveCluster { incarnation: c.incarnation }).collect();
        }
    };
    effects.extend(due);
    effects
}
