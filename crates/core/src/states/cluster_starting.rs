//! ClusterStarting: the target's cluster comes up. In mode Dual the deployed job was not touched yet,
//! so a newer spec or a failure costs nothing.

use crate::context::Context;
use crate::cure::Cure;
use crate::decision::{Effect, EventReason};
use crate::desired::Mode;
use crate::ids::{JobId, Process};
use crate::observation::{FactRequest, Observation};
use crate::policy::change::{self, Edit};
use crate::policy::foreign::{self, Fate};
use crate::policy::readiness::{self, Readiness};
use crate::policy::trouble::{self, Told};
use crate::policy::{dwell, leaving, resize};
use crate::reason::Reason;
use crate::state::{ClusterStarting, Failure, FailureKind, Origin, Phase, State, SubmittingJob};
use crate::states::handover::{self, Asked};
use crate::states::{Next, deploy};

pub(crate) fn needs(
    cx: &Context<'_>,
    state: &State,
    phase: &ClusterStarting,
    seen: &Observation,
) -> FactRequest {
    let mut ask = FactRequest::default();
    if not_stopped_yet(state) {
        change::needs(cx, &state.record, phase.target, &mut ask);
    }
    readiness::needs(phase.target, seen, &mut ask);
    foreign::needs(cx, phase.target, seen, &mut ask);
    if matches!(readiness::of(phase.target, seen), Readiness::Ready(_)) {
        handover::needs(&state.record, seen, &mut ask);
    }
    ask
}

/// The deployed job runs, or there is none: a newer spec may replace the target.
fn not_stopped_yet(state: &State) -> bool {
    state.record.deployed.as_ref().is_none_or(|d| d.stopped().is_none())
}

pub(crate) fn step(
    cx: &Context<'_>,
    state: &State,
    phase: &ClusterStarting,
    seen: &Observation,
) -> Next {
    if change::rollback_forced(cx, &state.record, phase.target) {
        let (state, failure) = deploy::forced(cx, state);
        return fail(&state, phase, failure);
    }
    if not_stopped_yet(state) {
        match change::in_mid_deploy(cx, &state.record, phase.target, seen) {
            Edit::Redeploy | Edit::Rescale => {
                return deploy::retarget(cx, state, phase.target, phase.attempt > 1);
            }
            Edit::Harmless => {
                return settled(cx, state, phase);
            }
            Edit::Unknown => {
                return wait(cx, state, phase, "the edited spec to be compared");
            }
            Edit::None => {}
        }
    }
    if let Some(next) = troubled(cx, state, phase, seen) {
        return next;
    }
    match readiness::of(phase.target, seen) {
        Readiness::Waiting(what) => start_deadline(cx, state, phase, seen, &what),
        Readiness::TooOld(version) => {
            let message = format!(
                "the image runs Flink {}.{}; deploy Flink 1.13 or newer",
                version.major, version.minor
            );
            let failure = Failure { kind: FailureKind::SubmissionRefused, message };
            fail(state, phase, failure)
        }
        Readiness::Foreign(job) => foreign_job(cx, state, phase, job, seen),
        // A job is put on no TaskManager that is on its way out.
        Readiness::Ready(_) if !resize::fits(phase.target, seen) => {
            start_deadline(cx, state, phase, seen, &readiness::awaited(phase.target))
        }
        Readiness::Ready(process) => ready(cx, state, phase, process, seen),
    }
}

/// Gives the deploy up: back to the deployed version, which may have to be started again.
fn fail(state: &State, phase: &ClusterStarting, failure: Failure) -> Next {
    // From the second attempt on the cluster had a job sent to it. In the deployed version's own one
    // there is a second attempt only after a refusal.
    let over = phase.attempt == 1 || state.record.shares_cluster(phase.target);
    deploy::roll_back(state, phase.target, failure, over)
}

/// The edit asks for no other version. A first deploy starts from what `savepointPath` names now.
fn settled(cx: &Context<'_>, state: &State, phase: &ClusterStarting) -> Next {
    let record = deploy::settle(cx, &state.record);
    let from = phase.from.clone().filter(|_| record.deployed.is_some());
    let phase = ClusterStarting { from, ..phase.clone() };
    let (awaited, deadline) = (readiness::awaited(phase.target), phase.deadline);
    let next = State { record, phase: Phase::ClusterStarting(phase) };
    Next::waiting(&next, awaited, deadline)
}

fn wait(cx: &Context<'_>, state: &State, phase: &ClusterStarting, what: &str) -> Next {
    Next::waiting(state, what, phase.deadline).polls_busily(cx)
}

/// What the pods say: told at once, ends the wait after a grace where waiting may cure it, at once
/// where it cannot.
fn troubled(
    cx: &Context<'_>,
    state: &State,
    phase: &ClusterStarting,
    seen: &Observation,
) -> Option<Next> {
    seen.objects.known()?;
    let with = |troubled| State {
        record: state.record.clone(),
        phase: Phase::ClusterStarting(ClusterStarting { troubled, ..phase.clone() }),
    };
    match trouble::told(cx, phase.target, phase.troubled, seen) {
        Told::Failed(failure) => Some(fail(state, phase, failure)),
        Told::Waiting { since, until, message } => {
            Some(Next::troubled(cx, &with(Some(since)), until, message))
        }
        Told::Nothing => {
            phase.troubled?;
            Some(wait(cx, &with(None), phase, &readiness::awaited(phase.target)))
        }
    }
}

fn start_deadline(
    cx: &Context<'_>,
    state: &State,
    phase: &ClusterStarting,
    seen: &Observation,
    what: &str,
) -> Next {
    too_late(cx, state, phase, seen, what)
        .unwrap_or_else(|| wait(cx, state, phase, &readiness::awaited(phase.target)))
}

/// The cluster had its time.
fn too_late(
    cx: &Context<'_>,
    state: &State,
    phase: &ClusterStarting,
    seen: &Observation,
    what: &str,
) -> Option<Next> {
    let due = cx.now >= phase.deadline && seen.settled(cx.config.unreachable_grace);
    due.then(|| {
        let message = format!("the cluster did not start in time: still waiting for {what}");
        fail(state, phase, Failure { kind: FailureKind::ClusterStartTimeout, message })
    })
}

/// A job of ours was sent to the cluster before: its slots alone would show whether it left tasks.
fn had_a_job(state: &State, phase: &ClusterStarting) -> bool {
    phase.attempt > 1 || state.record.shares_cluster(phase.target)
}

/// A job that is not ours runs on the new cluster. It can take the place of the target's only where the
/// deployed one does not run any more.
fn foreign_job(
    cx: &Context<'_>,
    state: &State,
    phase: &ClusterStarting,
    job: JobId,
    seen: &Observation,
) -> Next {
    let target = phase.target;
    // Once the deployed job was asked to end, this version comes first.
    let another = not_stopped_yet(state).then_some(Cure::NewSpec);
    let stalled = |message: String, adopted: Option<Cure>| {
        let others = adopted.into_iter().chain(another.clone());
        let cures: Vec<Cure> = foreign::cures(job).into_iter().chain(others).collect();
        Next::stay(state, Reason::ForeignJob, message).cured_by(cures).polls_busily(cx)
    };
    let waiting = |what: String| {
        too_late(cx, state, phase, seen, &what).unwrap_or_else(|| wait(cx, state, phase, &what))
    };
    match foreign::fate(cx, target, job, seen) {
        Fate::Undecided => {
            let message = format!("job {job} runs on the new cluster and is not ours");
            let adoptable = handover::live(&state.record).is_none() && !had_a_job(state, phase);
            stalled(message, adoptable.then_some(Cure::AdoptJob(job)))
        }
        Fate::Cancelled => waiting(foreign::cancelled(job)),
        Fate::Asked | Fate::Adopted(_) if handover::live(&state.record).is_some() => {
            let message = format!("job {job} cannot be adopted: the deployed job runs, too");
            stalled(message, None)
        }
        Fate::Asked | Fate::Adopted(_) if had_a_job(state, phase) => {
            let message = format!(
                "job {job} cannot be adopted: tasks of another job may still run on the cluster"
            );
            stalled(message, None)
        }
        Fate::Asked => waiting(foreign::asked(job)),
        Fate::Adopted(_) if leaving::may_run(&state.record) => {
            wait(cx, state, phase, "a cluster that may still run a job to be gone")
        }
        Fate::Adopted(submission) => {
            let told = foreign::told(&submission);
            let until = submission.start_deadline.unwrap_or(submission.deadline);
            let phase = Phase::SubmittingJob(SubmittingJob { target, submission });
            let next = State { record: state.record.clone(), phase };
            Next::waiting(&next, "every vertex of the job to run", until)
                .tells(EventReason::JobAdopted, told)
        }
    }
}

/// The cluster can take a job: stop the deployed one first, or submit at once if none runs.
fn ready(
    cx: &Context<'_>,
    state: &State,
    phase: &ClusterStarting,
    process: Process,
    seen: &Observation,
) -> Next {
    if dwell::dwells(cx, state) {
        return wait(cx, state, phase, &readiness::awaited(phase.target));
    }
    if leaving::may_run(&state.record) {
        return wait(cx, state, phase, "a cluster that may still run a job to be gone");
    }
    if handover::live(&state.record).is_none() || phase.from.is_some() {
        return handover::submit(cx, state.record.clone(), phase, process);
    }
    if phase.target.mode == Mode::BlueGreen && cx.desired.savepoint_disabled {
        return handover::beside(cx, state, phase.target, Origin::Empty, seen);
    }
    match handover::begin(cx, state, phase.target, seen) {
        Asked::Ends(next) => *next,
        Asked::Silent(what) => start_deadline(cx, state, phase, seen, what),
        Asked::Nobody if cx.now >= phase.deadline && seen.settled(cx.config.unreachable_grace) => {
            handover::recover(cx, state, phase.target, handover::no_jobmanager())
        }
        Asked::Nobody => wait(cx, state, phase, "the deployed job's JobManager to come up"),
    }
}

/// In mode Single nothing is created before the old cluster is gone: its resources are needed.
pub(crate) fn effects(
    cx: &Context<'_>,
    state: &State,
    phase: &ClusterStarting,
    seen: &Observation,
) -> Vec<Effect> {
    if phase.target.mode == Mode::Single && !state.record.leaving.is_empty() {
        return Vec::new();
    }
    let mut effects = Vec::new();
    effects.extend(readiness::create_missing(phase.target, seen));
    effects.extend(resize::fit(phase.target, seen));
    effects.extend(foreign::effect(cx, phase.target, seen));
    effects
}
