//! SubmittingJob: the target's job is on its way into its JobManager, then its vertices come up.

use crate::context::Context;
use crate::decision::{Effect, EventReason};
use crate::observation::{FactRequest, Observation};
use crate::policy::change::{self, Edit};
use crate::policy::submission::{self, Outcome};
use crate::policy::{aftermath, readiness};
use crate::state::{
    ClusterStarting, Confirming, Failure, FailureKind, LiveJob, Phase, State, Submission,
    SubmittingJob, Version, Work,
};
use crate::states::{Next, deploy, handover, running};
use crate::time::Timestamp;

pub(crate) fn needs(
    cx: &Context<'_>,
    state: &State,
    phase: &SubmittingJob,
    seen: &Observation,
) -> FactRequest {
    let mut ask = FactRequest::default();
    if handover::live(&state.record).is_some() {
        change::needs(cx, &state.record, phase.target, &mut ask);
    }
    submission::needs(phase.target, &phase.submission, seen, &mut ask);
    ask
}

pub(crate) fn step(
    cx: &Context<'_>,
    state: &State,
    phase: &SubmittingJob,
    seen: &Observation,
) -> Next {
    if change::rollback_forced(cx, &state.record, phase.target) {
        let (state, failure) = deploy::forced(cx, state);
        return roll_back(cx, &state, phase, failure, false);
    }
    if let Some(next) = edited(cx, state, phase, seen) {
        return next;
    }
    match submission::follow(cx, phase.target, &phase.submission, seen) {
        Outcome::Waiting(what, until) => Next::waiting(state, what, until)
            .polls_busily(cx)
            .also_wakes(cx, phase.submission.not_before),
        Outcome::Remember(submission) => remember(state, phase, submission),
        Outcome::Up { restarted_at } => up(cx, state, phase, restarted_at),
        Outcome::Failed { failure, over, retriable } => {
            failed(cx, state, phase, failure, over, retriable)
        }
    }
}

/// In mode BlueGreen the deployed job runs on, so that a newer spec can still take the target's place.
fn edited(
    cx: &Context<'_>,
    state: &State,
    phase: &SubmittingJob,
    seen: &Observation,
) -> Option<Next> {
    let (target, until) = (phase.target, phase.submission.deadline);
    let waits = |state: &State| {
        Some(Next::waiting(state, "the edited spec to be compared", until).polls_busily(cx))
    };
    handover::live(&state.record)?;
    match change::in_mid_deploy(cx, &state.record, target, seen) {
        Edit::None => None,
        Edit::Unknown => waits(state),
        Edit::Harmless => {
            let record = deploy::settle(cx, &state.record);
            waits(&State { record, ..state.clone() })
        }
        Edit::Redeploy | Edit::Rescale => Some(deploy::retarget(cx, state, target, true)),
    }
}

fn remember(state: &State, phase: &SubmittingJob, submission: Submission) -> Next {
    let until = submission.start_deadline.unwrap_or(submission.deadline);
    let phase = SubmittingJob { submission, ..phase.clone() };
    let next = State { record: state.record.clone(), phase: Phase::SubmittingJob(phase) };
    Next::waiting(&next, "every vertex of the job to run", until)
}

/// The target is the deployed version now; the one before stays until this one is confirmed.
fn up(
    cx: &Context<'_>,
    state: &State,
    phase: &SubmittingJob,
    restarted_at: Option<Timestamp>,
) -> Next {
    let Submission { job: id, from, .. } = phase.submission.clone();
    let work = Work::Live(LiveJob { id, from, learnt: None });
    let mut record = state.record.clone();
    record.previous =
        record.deployed.replace(Version { target: phase.target, removed: false, work });
    let deadline = cx.now + cx.desired.timeouts.confirm;
    let confirming = Confirming { since: cx.now, restarted_at, deadline };
    let told = format!("Job {id} of deploy {} is running", phase.target.hash);
    let running = running::under_watch(&record, Some(confirming));
    running::watched(cx, State { record, phase: running }, confirming)
        .tells(EventReason::JobRunning, told)
}

/// Again on the same cluster where that can help and nothing can be running twice, else back.
fn failed(
    cx: &Context<'_>,
    state: &State,
    phase: &SubmittingJob,
    failure: Failure,
    over: bool,
    retriable: bool,
) -> Next {
    let attempt = phase.submission.attempt;
    let reason = match failure.kind {
        FailureKind::JobFailed | FailureKind::JobStartTimeout | FailureKind::JobCanceled => {
            EventReason::JobMonitoringFailed
        }
        FailureKind::ClusterStartTimeout
        | FailureKind::PodTrouble
        | FailureKind::NameTaken
        | FailureKind::SavepointFailed
        | FailureKind::SubmissionRefused
        | FailureKind::SubmissionTimeout
        | FailureKind::JobManagerLost
        | FailureKind::ForcedRollback
        | FailureKind::RestartLoop
        | FailureKind::PutBack
        | FailureKind::GivenUpBefore => EventReason::JobSubmissionFailed,
    };
    let told = failure.message.clone();
    // What may run of an attempt in the deployed version's own cluster is ended before the next one.
    let unsafe_again = !over && state.record.shares_cluster(phase.target);
    if !retriable || unsafe_again || attempt >= cx.config.retries.submit {
        return roll_back(cx, state, phase, failure, over).warns(reason, told);
    }
    let deadline = cx.now + cx.desired.timeouts.cluster_start;
    let starting = ClusterStarting {
        target: phase.target,
        deadline,
        troubled: None,
        attempt: attempt + 1,
        from: Some(phase.submission.from.clone()),
    };
    let next = State { record: state.record.clone(), phase: Phase::ClusterStarting(starting) };
    Next::waiting(&next, readiness::awaited(phase.target), deadline).warns(reason, told)
}

fn roll_back(
    cx: &Context<'_>,
    state: &State,
    phase: &SubmittingJob,
    failure: Failure,
    over: bool,
) -> Next {
    if !state.record.shares_cluster(phase.target) {
        return deploy::roll_back(state, phase.target, failure, over);
    }
    let Submission { job, process, start_deadline, .. } = phase.submission;
    let named = start_deadline.is_some() && failure.kind != FailureKind::JobManagerLost;
    let left = (!over).then(|| aftermath::of_submission(cx, job, process, named));
    deploy::roll_back_in_place(state, phase.target, failure, left)
}

pub(crate) fn effects(
    cx: &Context<'_>,
    state: &State,
    phase: &SubmittingJob,
    seen: &Observation,
) -> Vec<Effect> {
    let mut effects = Vec::new();
    effects.extend(readiness::create_missing(phase.target, seen));
    effects.extend(readiness::point_service(phase.target, seen));
    // Nothing is sent before it is known whether another version is wanted.
    let replaceable = handover::live(&state.record).is_some();
    let edit = change::in_mid_deploy(cx, &state.record, phase.target, seen);
    if replaceable && edit == Edit::Unknown {
        return effects;
    }
    effects.extend(submission::effect(cx, phase.target, &phase.submission, seen));
    effects
}
