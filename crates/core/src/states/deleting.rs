//! Deleting: the job is ended as `deleteMode` says, then the finalizer goes and Kubernetes removes
//! the objects. Always ends: every wait has a limit.

mod enter;
mod survivor;

use survivor::{survives, survivor};

pub(crate) use enter::enter;

use crate::context::Context;
use crate::decision::{Effect, EventReason};
use crate::desired::{DeleteMode, Goal};
use crate::ids::{Incarnation, JobId};
use crate::observation::{
    Fact, FactRequest, Flink, FlinkRequest, JobEnd, JobState, Observation, Pod, Presence,
};
use crate::policy::readiness::job_state;
use crate::policy::stop::{self, Outcome};
use crate::policy::{cancel, leaving, restore_point};
use crate::reason::Reason;
use crate::state::{Deleting, DeletingStep, LiveJob, Phase, Record, State, Stop, Version};
use crate::states::Next;

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
    let ending = ending(&state.record, &phase.step);
    match &phase.step {
        DeletingStep::Finalize => {}
        DeletingStep::RemoveClusters { .. } => {
            ask.objects = true;
            ask.live_pods = seen.objects.known().is_some_and(|o| o.clusters.is_empty());
        }
        DeletingStep::Look | DeletingStep::Cancel(_) | DeletingStep::Stop(_) => {
            let Some((version, job)) = ending else { return ask };
            let incarnation = version.target.incarnation;
            ask.objects = true;
            ask.live_pods = is_taken_down(incarnation, seen);
            ask.flink.extend(if let DeletingStep::Stop(stop) = &phase.step {
                stop::needs(incarnation, stop, phase.deadline, cx, seen)
            } else {
                about(incarnation, job.id, seen)
            });
        }
    }
    ask
}

/// The version whose job is being ended: in mode BlueGreen there may be two, the older one goes first.
fn ending<'r>(record: &'r Record, step: &DeletingStep) -> Option<(&'r Version, &'r LiveJob)> {
    let asked = match step {
        DeletingStep::Stop(stop) => Some(stop.job),
        DeletingStep::Cancel(job) => Some(*job),
        DeletingStep::Look | DeletingStep::RemoveClusters { .. } | DeletingStep::Finalize => None,
    };
    let both = record.previous.iter().chain(&record.deployed);
    let mut live = both.filter_map(|version| version.live().map(|job| (version, job)));
    live.find(|(_, job)| asked.is_none_or(|asked| asked == job.id))
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

/// From a state that had to be looked at first.
pub(crate) fn begin(
    cx: &Context<'_>,
    state: &State,
    step: DeletingStep,
    message: impl Into<String>,
) -> Next {
    let phase = Deleting { step, deadline: cx.now + cx.desired.timeouts.delete };
    Next::new(state.record.clone(), Phase::Deleting(phase), Reason::Deleting, message)
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

/// A job is over. In mode BlueGreen another may run beside it. The finalizer goes once none can run, in a
/// cluster on its way out.
fn end(
    cx: &Context<'_>,
    state: &State,
    phase: &Deleting,
    survives: String,
    seen: &Observation,
) -> Next {
    if let Some(next) = the_other_one(cx, state, phase, false) {
        return next.tells(EventReason::LastRestorePoint, survives);
    }
    if leaving::may_run(&state.record) && !due(cx, phase, seen) {
        return waiting(cx, state, phase, "a cluster that may still run a job to be gone");
    }
    finalize(state, phase, survives)
}

/// In mode BlueGreen: the older of two jobs is done with, the other one is ended next, in a time of its
/// own. `may_run`: the older one is over only with its last pod.
fn the_other_one(cx: &Context<'_>, state: &State, phase: &Deleting, may_run: bool) -> Option<Next> {
    let (version, _) = ending(&state.record, &phase.step)?;
    state.record.beside().filter(|older| *older == version)?;
    let mut record = state.record.clone();
    let older = record.previous.take()?.target;
    leaving::send_away(&mut record, older, may_run);
    let deadline = cx.now + cx.desired.timeouts.delete;
    let state = State { record, ..state.clone() };
    let phase = Deleting { deadline, ..phase.clone() };
    let message = format!("version {} is done with, the other one is ended", older.hash);
    Some(goes_to(&state, &phase, DeletingStep::Look, &message))
}

/// Without a way to end the job in order: its cluster is taken away.
fn take_away(cx: &Context<'_>, state: &State, phase: &Deleting, why: String) -> Next {
    let failed = match mode(cx) {
        DeleteMode::ForceCancel => EventReason::CancelFailed,
        DeleteMode::Savepoint | DeleteMode::None => EventReason::SavepointFailed,
    };
    if let Some(next) = the_other_one(cx, state, phase, true) {
        return next.warns(failed, why);
    }
    let deadline = cx.now + cx.desired.timeouts.delete;
    let step = DeletingStep::RemoveClusters { why: why.clone() };
    let phase = Phase::Deleting(Deleting { step, deadline });
    Next::new(state.record.clone(), phase, Reason::Deleting, why.clone()).warns(failed, why)
}

fn flink<'s>(state: &State, phase: &Deleting, seen: &'s Observation) -> Option<&'s Flink> {
    let (version, _) = ending(&state.record, &phase.step)?;
    seen.flink.get(&version.target.incarnation)
}

fn look(cx: &Context<'_>, state: &State, phase: &Deleting, seen: &Observation) -> Next {
    let Some((_, job)) = ending(&state.record, &phase.step) else {
        return end(cx, state, phase, survivor(&state.record), seen);
    };
    let flink = flink(state, phase, seen);
    match flink.and_then(|f| job_state(f, job.id)).map(JobState::end) {
        Some(Some(how)) => return ended(cx, state, phase, job.id, how, seen),
        Some(None) => {}
        None => return unanswered(cx, state, phase, seen),
    }
    if mode(cx) == DeleteMode::ForceCancel {
        let message = format!("Force-canceling job {}", job.id);
        return goes_to(state, phase, DeletingStep::Cancel(job.id), &message)
            .warns(EventReason::ForceCanceling, message);
    }
    // Flink takes a savepoint only of a job whose tasks all run.
    let job_of = flink.and_then(|f| f.job.known()).and_then(Option::as_ref);
    if job_of.is_some_and(|job| !job.up()) {
        if !due(cx, phase, seen) {
            return waiting(cx, state, phase, "every vertex of the job to run");
        }
        let why = format!("the job did not come up in time; {}", survivor(&state.record));
        return take_away(cx, state, phase, why);
    }
    let mut record = state.record.clone();
    let Some(stop) = flink.and_then(|f| stop::begin(cx, &mut record.ids, job.id, f)) else {
        return unanswered(cx, state, phase, seen);
    };
    let message = format!("Cancelling job {} with a final savepoint", job.id);
    let state = State { record, ..state.clone() };
    // What it waited for to come up is not taken off the savepoint's time.
    let phase = Deleting { deadline: cx.now + cx.desired.timeouts.delete, ..phase.clone() };
    goes_to(&state, &phase, DeletingStep::Stop(stop), &message)
        .tells(EventReason::CancellingJob, message)
}

/// Of a job that did not come to its own end a checkpoint may be left; of one that someone stopped the
/// savepoint is, where its statistics show that already.
fn ended(
    cx: &Context<'_>,
    state: &State,
    phase: &Deleting,
    job: JobId,
    how: JobEnd,
    seen: &Observation,
) -> Next {
    let why = match ending(&state.record, &phase.step) {
        Some((version, _)) if how != JobEnd::Finished => {
            format!("job {job} {how}; {}", survives(&version.work))
        }
        Some(_) | None => {
            let statistics = flink(state, phase, seen).and_then(|f| f.statistics.known()?.as_ref());
            match statistics.and_then(|s| restore_point::stopped_with(cx, job, s)) {
                Some(point) => format!("job {job} was stopped with savepoint {}", point.path),
                None => format!("job {job} {how}"),
            }
        }
    };
    end(cx, state, phase, why, seen)
}

/// The deadline has passed, and nothing that was asked for is silent for a short while only.
fn due(cx: &Context<'_>, phase: &Deleting, seen: &Observation) -> bool {
    let grace = cx.config.unreachable_grace;
    cx.now >= phase.deadline
        && seen.objects.bearable(grace)
        && seen.live_pods.bearable(grace)
        && seen.flink.values().all(|f| f.settled(grace))
}

/// Someone has deleted the cluster's Deployments, as whoever deletes a namespace does, and the watches show
/// no pod of it any more.
fn is_taken_down(incarnation: Incarnation, seen: &Observation) -> bool {
    seen.objects.known().is_some()
        && seen.cluster(incarnation).is_none_or(|cluster| {
            let parts = [cluster.jobmanager, cluster.taskmanager];
            cluster.pods.is_empty() && !parts.contains(&Presence::Present)
        })
}

fn unanswered(cx: &Context<'_>, state: &State, phase: &Deleting, seen: &Observation) -> Next {
    let cluster = ending(&state.record, &phase.step).map(|(v, _)| v.target.incarnation);
    if let Some(cluster) = cluster.filter(|cluster| is_taken_down(*cluster, seen)) {
        let none = |pods: &Vec<Pod>| pods.iter().all(|pod| pod.incarnation != cluster);
        if seen.live_pods.known().is_some_and(none) {
            let why = format!("someone has deleted its cluster; {}", survivor(&state.record));
            return end(cx, state, phase, why, seen);
        }
        if !due(cx, phase, seen) {
            return waiting(cx, state, phase, "the last pods of its cluster to be gone");
        }
    }
    if flink(state, phase, seen).is_some_and(|f| matches!(f.job, Fact::Known(None))) {
        let why =
            format!("the JobManager does not know the job any more; {}", survivor(&state.record));
        return take_away(cx, state, phase, why);
    }
    if due(cx, phase, seen) {
        let why = format!("the JobManager could not be asked in time; {}", survivor(&state.record));
        return take_away(cx, state, phase, why);
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
    let Some(flink) = flink(state, phase, seen) else {
        return unanswered(cx, state, phase, seen);
    };
    match stop::follow(cx, stop, phase.deadline, flink) {
        Outcome::Stopped(point) => {
            let message = format!("Canceled job with savepoint {}", point.path);
            end(cx, state, phase, message, seen)
        }
        Outcome::EndedByItself => end(cx, state, phase, "the job ended by itself".to_owned(), seen),
        Outcome::WithoutSavepoint { why, forgotten: false } => end(cx, state, phase, why, seen),
        Outcome::WithoutSavepoint { why, forgotten: true } => take_away(cx, state, phase, why),
        Outcome::Remember(stop) => {
            goes_to(state, phase, DeletingStep::Stop(stop), "waiting for the savepoint")
        }
        Outcome::Waiting(_) | Outcome::Failed(_) if due(cx, phase, seen) => take_away(
            cx,
            state,
            phase,
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
    let flink = flink(state, phase, seen);
    match flink.and_then(|f| job_state(f, job)).map(JobState::end) {
        Some(Some(how)) => ended(cx, state, phase, job, how, seen),
        Some(None) if due(cx, phase, seen) => take_away(
            cx,
            state,
            phase,
            format!("job {job} did not end in time after it was cancelled"),
        ),
        Some(None) => waiting(cx, state, phase, "the job to be cancelled"),
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
    if gone || due(cx, phase, seen) {
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
            let ending = ending(&state.record, &phase.step).filter(|_| cx.now < phase.deadline);
            ending.and_then(|(v, _)| stop::effect(cx, v.target.incarnation, stop, seen))
        }
        DeletingStep::Cancel(job) => {
            let ending = ending(&state.record, &phase.step);
            ending.and_then(|(v, _)| cancel::effect(v.target.incarnation, *job, seen))
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
