//! RollingBackJob: the deployed version's job is started again on its own cluster, from the
//! restore point taken for the deploy that failed. What it put out since then is repeated.

use crate::context::Context;
use crate::decision::{Effect, EventReason};
use crate::observation::{FactRequest, Observation};
use crate::policy::change::{self, Edit};
use crate::policy::readiness::{self, Readiness};
use crate::policy::submission::{self, Outcome};
use crate::policy::{aftermath, leaving};
use crate::reason::Reason;
use crate::state::{
    Aftermath, DeployFailed, Failure, LiveJob, Origin, Phase, RollingBackJob, State, Submission,
    Version, Work,
};
use crate::states::{Next, deploy, deploy_failed};

pub(crate) fn needs(
    cx: &Context<'_>,
    state: &State,
    phase: &RollingBackJob,
    seen: &Observation,
) -> FactRequest {
    let mut ask = FactRequest { objects: true, ..FactRequest::default() };
    let Some(deployed) = &state.record.deployed else { return ask };
    match (&phase.aftermath, &phase.submission) {
        (Some(left), _) => aftermath::needs(left, seen, &mut ask),
        (None, Some(submission)) => {
            submission::needs(deployed.target, submission, seen, &mut ask);
        }
        (None, None) => {
            change::needs(cx, &state.record, phase.failed, &mut ask);
            readiness::needs(deployed.target, seen, &mut ask);
        }
    }
    ask
}

pub(crate) fn step(
    cx: &Context<'_>,
    state: &State,
    phase: &RollingBackJob,
    seen: &Observation,
) -> Next {
    let Some(deployed) = &state.record.deployed else {
        return deploy::give_up(state, phase.failed, phase.failure.clone(), true);
    };
    if let Some(left) = &phase.aftermath {
        return clean_up(cx, state, phase, left, deployed, seen);
    }
    match (&phase.submission, &deployed.work) {
        (Some(submission), _) => follow(cx, state, phase, deployed, submission, seen),
        (None, Work::Stopped(point)) => {
            let from = Origin::Restored(point.clone());
            prepare(cx, state, phase, deployed, from, seen)
        }
        (None, Work::Live(_) | Work::Finished) => back(state, phase, deployed.work.clone()),
    }
}

/// Nothing is sent yet: a newer spec cures; else wait until the failed job is over and the old
/// cluster ready.
fn prepare(
    cx: &Context<'_>,
    state: &State,
    phase: &RollingBackJob,
    deployed: &Version,
    from: Origin,
    seen: &Observation,
) -> Next {
    match change::in_mid_deploy(cx, &state.record, phase.failed, seen) {
        Edit::Redeploy if !deploy::wants_the_deployed(cx, state) => {
            return deploy::begin(cx, state, "a new spec replaces the failed one".to_owned());
        }
        Edit::Harmless => {
            let record = deploy::settle(cx, &state.record);
            return waiting(cx, &State { record, ..state.clone() }, phase, "the old cluster");
        }
        Edit::Redeploy | Edit::Unknown | Edit::None => {}
    }
    if leaving::may_run(&state.record) {
        return waiting(cx, state, phase, "the failed version's cluster to be gone");
    }
    match readiness::of(deployed.target, seen) {
        Readiness::Waiting(_) => waiting(cx, state, phase, &readiness::awaited(deployed.target)),
        Readiness::TooOld(_) => waiting(cx, state, phase, "a Flink that can be driven"),
        Readiness::Foreign(job) => {
            let message = format!("job {job} runs on the old cluster and is not ours");
            Next::stay(state, Reason::ForeignJob, message)
                .unblocked_by("cancel that job, or deploy a new spec")
                .polls_busily(cx)
        }
        Readiness::Ready(process) => {
            let mut record = state.record.clone();
            let submission = submission::begin(cx, &mut record.ids, process, from, phase.attempt);
            let message = format!("Submitting job {} to roll back", submission.job);
            let rolling = RollingBackJob { submission: Some(submission), ..phase.clone() };
            let next = State { record, phase: Phase::RollingBackJob(rolling) };
            waiting(cx, &next, phase, "the old cluster to accept the job")
                .tells(EventReason::JobSubmitted, message)
        }
    }
}

fn waiting(cx: &Context<'_>, state: &State, phase: &RollingBackJob, what: &str) -> Next {
    let trouble = phase.trouble.as_ref().map(|t| format!("; the last attempt failed: {t}"));
    let message = format!(
        "deploy {} failed, rolling back: {}{}",
        phase.failed.hash,
        phase.failure,
        trouble.unwrap_or_default()
    );
    Next::stay(state, Reason::RollingBack, message).waits(what, None).polls_busily(cx)
}

/// What may still run of the attempt before is ended: until then nothing else is started, here or,
/// for a new spec, elsewhere.
fn clean_up(
    cx: &Context<'_>,
    state: &State,
    phase: &RollingBackJob,
    before: &Aftermath,
    deployed: &Version,
    seen: &Observation,
) -> Next {
    let left = aftermath::left(before, deployed.target.incarnation, seen);
    let next = with(state, RollingBackJob { aftermath: left, ..phase.clone() });
    waiting(cx, &next, phase, "what may still run of the last attempt to be gone")
}

fn follow(
    cx: &Context<'_>,
    state: &State,
    phase: &RollingBackJob,
    deployed: &Version,
    submission: &Submission,
    seen: &Observation,
) -> Next {
    match submission::follow(cx, deployed.target, submission, seen) {
        Outcome::Waiting(what, until) => waiting(cx, state, phase, &what)
            .also_wakes(cx, until)
            .also_wakes(cx, submission.not_before),
        Outcome::Remember(submission) => {
            let next =
                with(state, RollingBackJob { submission: Some(submission), ..phase.clone() });
            waiting(cx, &next, phase, "every vertex of the old job to run")
        }
        Outcome::Up { finished, .. } => {
            let Submission { job: id, from, .. } = submission.clone();
            let live = Work::Live(LiveJob { id, from });
            back(state, phase, if finished { Work::Finished } else { live }).tells(
                EventReason::RollbackSucceeded,
                "Successfully rolled back to previous deploy",
            )
        }
        Outcome::Failed { failure, over, .. } => {
            failed(cx, state, phase, submission, failure, over)
        }
    }
}

fn with(state: &State, phase: RollingBackJob) -> State {
    State { record: state.record.clone(), phase: Phase::RollingBackJob(phase) }
}

/// The next attempt comes once nothing of this one can run any more.
fn failed(
    cx: &Context<'_>,
    state: &State,
    phase: &RollingBackJob,
    submission: &Submission,
    failure: Failure,
    over: bool,
) -> Next {
    let told = format!("Failed to roll back to the previous deploy: {failure}");
    let rolling = RollingBackJob {
        submission: None,
        aftermath: (!over).then_some(Aftermath::JobManager(submission.process)),
        attempt: submission.attempt + 1,
        trouble: Some(failure),
        ..phase.clone()
    };
    let next = with(state, rolling.clone());
    waiting(cx, &next, &rolling, "the old cluster to be ready again")
        .warns(EventReason::RollbackFailed, told)
}

/// The old version runs again, or has nothing left to run.
fn back(state: &State, phase: &RollingBackJob, work: Work) -> Next {
    let mut record = state.record.clone();
    if let Some(deployed) = &mut record.deployed {
        deployed.work = work;
    }
    let failed = DeployFailed { failed: phase.failed, failure: phase.failure.clone() };
    deploy_failed::rest(record, failed)
}

pub(crate) fn effects(
    cx: &Context<'_>,
    state: &State,
    phase: &RollingBackJob,
    seen: &Observation,
) -> Vec<Effect> {
    let Some(deployed) = &state.record.deployed else { return Vec::new() };
    let mut effects = Vec::new();
    effects.extend(readiness::create_missing(deployed.target, seen));
    effects.extend(readiness::point_service(deployed.target, seen));
    if let Some(left) = &phase.aftermath {
        effects.extend(aftermath::effects(left, seen));
    } else if let Some(submission) = &phase.submission {
        effects.extend(submission::effect(cx, deployed.target, submission, seen));
    }
    effects
}
