//! Running: the deployed version's job runs. Until it is confirmed the version before stands by.

use crate::context::Context;
use crate::cure::Cure;
use crate::decision::{Effect, EventReason};
use crate::observation::{FactRequest, Job, Observation};
use crate::policy::change::{self, Edit};
use crate::policy::watch::{self, Sight};
use crate::policy::{learn, leaving, naming, obsolete, readiness, resize};
use crate::reason::Reason;
use crate::state::{
    Aftermath, Confirming, DeployFailed, DualRunning, Failure, FailureKind, Phase, Record, Running,
    State, Version, Work,
};
use crate::states::{Next, deploy, deploy_failed, recovering, rescaling};

pub(crate) fn needs(
    cx: &Context<'_>,
    state: &State,
    phase: &Running,
    seen: &Observation,
) -> FactRequest {
    let mut ask = FactRequest { objects: true, ..FactRequest::default() };
    if let Some(deployed) = &state.record.deployed {
        watch::needs(deployed, seen, &mut ask);
        change::needs(cx, &state.record, deployed.target, &mut ask);
    }
    if phase.confirming.is_none() {
        resize::surplus_needs(&state.record, seen, &mut ask);
    }
    ask
}

pub(crate) fn step(cx: &Context<'_>, state: &State, phase: &Running, seen: &Observation) -> Next {
    let Some(deployed) = &state.record.deployed else {
        let message = "status.machine says Running without a deployed version";
        return Next::stay(state, Reason::Unreadable, message)
            .cured_by([Cure::StatusDeleted, Cure::Upgrade]);
    };
    let sight = watch::look(cx, deployed, seen);
    match &phase.confirming {
        // Nothing is recovered from a version before it is confirmed: it is rolled back.
        Some(confirming) => confirm(cx, state, deployed, *confirming, &sight, seen),
        None => {
            let (mut state, later) = learn::write_down(cx, state, seen);
            resize::forget_the_gone(&mut state.record, seen);
            naming::forget_others(&mut state.record, seen);
            let next = confirmed(cx, &state, deployed, &sight, seen);
            next.may_wake(cx, later).may_wake(cx, sight.soon(cx))
        }
    }
}

/// Where a version runs: with the one before beside it, in mode BlueGreen.
pub(crate) fn under_watch(record: &Record, confirming: Option<Confirming>) -> Phase {
    match record.beside() {
        Some(_) => Phase::DualRunning(DualRunning { confirming, teardown: None }),
        None => Phase::Running(Running { confirming }),
    }
}

/// Watches the version until it has run for `confirm_after` without a restart.
pub(crate) fn confirm(
    cx: &Context<'_>,
    state: &State,
    deployed: &Version,
    confirming: Confirming,
    sight: &Sight,
    seen: &Observation,
) -> Next {
    if change::rollback_forced(cx, &state.record, deployed.target) {
        let (state, failure) = deploy::forced(cx, state);
        return undo(cx, &state, deployed, failure, false);
    }
    let failed = |kind, over| {
        let failure = Failure { kind, message: sight.message() };
        undo(cx, state, deployed, failure, over)
    };
    match sight {
        Sight::Finished => now_confirmed(cx, state, deployed, Some(Work::Finished), seen),
        Sight::Failed(why) => {
            let failure = Failure { kind: FailureKind::JobFailed, message: why.clone() };
            undo(cx, state, deployed, failure, true)
        }
        Sight::Canceled | Sight::StoppedWith(_) => failed(FailureKind::JobCanceled, true),
        Sight::Lost => failed(FailureKind::JobManagerLost, false),
        Sight::Runs(Some(job)) => counts(cx, state, deployed, confirming, *job, seen),
        // A short silence: no deadline fires on it.
        Sight::Runs(None) | Sight::Ending => {
            watching(cx, state, &sight.message(), Reason::Confirming)
        }
        Sight::Silent(_) | Sight::Stopped => {
            looped(cx, state, deployed, confirming, &sight.message(), seen)
        }
    }
}

/// The job runs: confirmed after long enough without a restart, else counted from the last one.
fn counts(
    cx: &Context<'_>,
    state: &State,
    deployed: &Version,
    confirming: Confirming,
    job: Job,
    seen: &Observation,
) -> Next {
    if !job.up() {
        let message = "not every vertex of the job runs";
        return looped(cx, state, deployed, confirming, message, seen);
    }
    if job.restarted_at != confirming.restarted_at {
        let restarted_at = job.restarted_at;
        let counted = Confirming { since: cx.now, restarted_at, ..confirming };
        let phase = under_watch(&state.record, Some(counted));
        let next = State { record: state.record.clone(), phase };
        let told = "The job was restarted before it was confirmed";
        return watched(cx, next, counted).warns(EventReason::JobMonitoringFailed, told);
    }
    if cx.now.since(confirming.since) >= cx.desired.confirm_after {
        return now_confirmed(cx, state, deployed, None, seen);
    }
    watched(cx, state.clone(), confirming)
}

/// In Running, counting towards the confirmation.
pub(crate) fn watched(cx: &Context<'_>, state: State, confirming: Confirming) -> Next {
    let until = confirming.since + cx.desired.confirm_after;
    let message = "the job runs; it is watched until it is confirmed";
    watching(cx, &state, message, Reason::Confirming)
        .waits("the job to run for a while without a restart", Some(until))
}

fn watching(cx: &Context<'_>, state: &State, message: &str, reason: Reason) -> Next {
    Next::stay(state, reason, message).polls_busily(cx)
}

/// Not up: past the deadline that is a loop, and a new spec then goes on from where this version
/// started, by way of a rollback.
fn looped(
    cx: &Context<'_>,
    state: &State,
    deployed: &Version,
    confirming: Confirming,
    message: &str,
    seen: &Observation,
) -> Next {
    if cx.now < confirming.deadline {
        return watching(cx, state, message, Reason::Confirming)
            .waits("every vertex of the job to run", Some(confirming.deadline));
    }
    let edit = change::in_mid_deploy(cx, &state.record, deployed.target, seen);
    if matches!(edit, Edit::Redeploy | Edit::Rescale) && state.record.previous.is_some() {
        let failure = Failure { kind: FailureKind::RestartLoop, message: message.to_owned() };
        return undo(cx, state, deployed, failure, false);
    }
    watching(cx, state, message, Reason::RestartLoop).cured_by([Cure::NewSpec, Cure::ForceRollback])
}

/// The version before is the deployed one again. `over`: no task of this one's job runs or will run.
pub(crate) fn undo(
    cx: &Context<'_>,
    state: &State,
    deployed: &Version,
    failure: Failure,
    over: bool,
) -> Next {
    let mut state = state.clone();
    state.record.deployed = state.record.previous.take();
    if !state.record.shares_cluster(deployed.target) {
        return deploy::roll_back(&state, deployed.target, failure, over);
    }
    // The same job, that its scheduler runs with another parallelism: it is asked to take that back.
    if !state.record.bounds.is_empty() {
        return rescaling::back(cx, &state, deployed.target, Some(failure));
    }
    let until = cx.now + cx.desired.timeouts.savepoint;
    let left = deployed.live().map(|job| Aftermath::Job { job: job.id, until });
    deploy::roll_back_in_place(&state, deployed.target, failure, left.filter(|_| !over))
}

/// `ended`: what became of its job in the meantime.
fn now_confirmed(
    cx: &Context<'_>,
    state: &State,
    deployed: &Version,
    ended: Option<Work>,
    seen: &Observation,
) -> Next {
    let (State { mut record, .. }, _) = learn::write_down(cx, state, seen);
    let two_run = record.beside().is_some();
    match record.previous.take_if(|_| !two_run) {
        Some(previous) if previous.removed => obsolete::discard(&mut record, previous.target),
        Some(previous) => leaving::send_away(&mut record, previous.target, false),
        None => {}
    }
    record.recovered = None;
    record.bounds.clear();
    let finished = ended == Some(Work::Finished);
    let hash = deployed.target.hash;
    if let (Some(deployed), Some(work)) = (&mut record.deployed, ended) {
        deployed.work = work;
    }
    let phase = under_watch(&record, None);
    let (reason, message) = if finished {
        (Reason::JobFinished, Sight::Finished.message())
    } else {
        (Reason::Running, Sight::Runs(None).message())
    };
    Next::new(record, phase, reason, message)
        .tells(EventReason::DeployConfirmed, format!("deploy {hash} is confirmed"))
}

/// The version is confirmed: wait for an edit, and tell what the job does.
pub(crate) fn confirmed(
    cx: &Context<'_>,
    state: &State,
    deployed: &Version,
    sight: &Sight,
    seen: &Observation,
) -> Next {
    match edited(cx, state, deployed, seen) {
        Some(next) if next.state != *state => return next,
        // An edit that is not deployed (yet) does not hide a job that is in trouble.
        Some(next) if matches!(sight, Sight::Runs(_)) => return next.polls(cx),
        Some(_) | None => {}
    }
    watched_on(cx, state, deployed, sight, None)
}

/// What follows from what the deployed job does while nothing else is under way: one that is lost is
/// started again. `failed`: the deploy that failed before, if one did.
pub(crate) fn watched_on(
    cx: &Context<'_>,
    state: &State,
    deployed: &Version,
    sight: &Sight,
    failed: Option<&DeployFailed>,
) -> Next {
    let lost = |kind, message: &str| Failure { kind, message: message.to_owned() };
    match (sight, deployed.live()) {
        (Sight::Finished, Some(_)) => now_finished(state, deployed),
        (Sight::Failed(_), Some(job)) => {
            let why = lost(FailureKind::JobFailed, &sight.message());
            recovering::begin(cx, state, job, why, failed.cloned())
        }
        (Sight::Lost, Some(job)) => {
            let why = lost(FailureKind::JobManagerLost, &sight.message());
            recovering::begin(cx, state, job, why, failed.cloned())
        }
        (
            Sight::Finished
            | Sight::Failed(_)
            | Sight::Lost
            | Sight::Runs(_)
            | Sight::Ending
            | Sight::Stopped
            | Sight::Canceled
            | Sight::StoppedWith(_)
            | Sight::Silent(_),
            _,
        ) => match failed {
            Some(failed) if matches!(sight.reason(), None | Some(Reason::JobFinished)) => {
                deploy_failed::rest(state.record.clone(), failed.clone()).polls(cx)
            }
            Some(failed) => deploy_failed::in_trouble(cx, state, sight, failed),
            None => tell(cx, state, sight, Reason::Running),
        },
    }
}

/// A deploy, if the spec asks for one.
pub(crate) fn edited(
    cx: &Context<'_>,
    state: &State,
    deployed: &Version,
    seen: &Observation,
) -> Option<Next> {
    match change::since(cx, &state.record, deployed.target, seen) {
        Edit::None => None,
        Edit::Unknown => {
            let message = "the edited spec is being compared with the deployed one";
            Some(Next::stay(state, Reason::Deploying, message).polls_busily(cx))
        }
        Edit::Harmless => {
            let record = deploy::settle(cx, &state.record);
            let next = State { record, ..state.clone() };
            Some(Next::stay(&next, Reason::Running, "the edit needs no deploy"))
        }
        Edit::Rescale => Some(deploy::rescale(cx, state, deployed)),
        Edit::Redeploy => Some(deploy::begin(cx, state, "the spec was changed".to_owned())),
    }
}

pub(crate) fn now_finished(state: &State, deployed: &Version) -> Next {
    let mut record = state.record.clone();
    record.deployed = Some(Version { work: Work::Finished, ..deployed.clone() });
    let next = State { record, ..state.clone() };
    Next::stay(&next, Reason::JobFinished, "the job has finished")
        .tells(EventReason::JobFinished, "Job finished")
}

/// How the deployed job does, in a phase that otherwise rests; `at_rest`: when it runs.
pub(crate) fn tell(cx: &Context<'_>, state: &State, sight: &Sight, at_rest: Reason) -> Next {
    let reason = sight.reason().unwrap_or(at_rest);
    Next::stay(state, reason, sight.message()).cured_by(sight.cures()).polls(cx)
}

/// The generic Service points at the deployed version.
/// `confirmed`: its cluster is named by it, and has no TaskManagers more than it takes.
pub(crate) fn effects(
    cx: &Context<'_>,
    state: &State,
    confirmed: bool,
    seen: &Observation,
) -> Vec<Effect> {
    let Some(deployed) = state.record.deployed.as_ref().filter(|d| !d.removed) else {
        return Vec::new();
    };
    let mut effects = Vec::new();
    effects.extend(readiness::point_service(deployed.target, seen));
    if confirmed {
        effects.extend(naming::label_at_rest(cx, &state.record, deployed.target, seen));
        effects.extend(resize::surplus(&state.record, seen));
    }
    effects
}
