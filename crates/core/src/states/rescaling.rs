//! Rescaling: the deployed version's cluster is brought to another size. TaskManagers are added while
//! the deployed job runs; then it is stopped with a savepoint, and the target's job is submitted to the
//! same cluster. A job on the adaptive scheduler is not stopped: its scheduler is asked for the other
//! parallelism, and it goes on as the target's. TaskManagers are removed only while no job runs, or where
//! they run nothing. What does not come to that leads back: the cluster gets its size again before
//! anything else begins.

mod adapting;

use crate::context::Context;
use crate::decision::{Effect, EventReason};
use crate::ids::Incarnation;
use crate::observation::{FactRequest, FlinkRequest, Observation};
use crate::policy::change::{self, Edit};
use crate::policy::readiness::{forgotten, job_state};
use crate::policy::trouble::{self, Told};
use crate::policy::{adapt, dwell, leaving, naming, obsolete, resize};
use crate::reason::Reason;
use crate::state::{
    Failure, FailureKind, LiveJob, Phase, Record, Rescaling, RescalingStep, Running, Scaled, State,
    Target, Updating, Version,
};
use crate::states::handover::{self, Asked};
use crate::states::{Next, deploy, recovering};
use crate::time::Timestamp;

use self::adapting::{Scheduler, adapting, ask_the_scheduler, of_the_scheduler};

/// A deploy in the deployed version's own cluster, from its job's state.
pub(crate) fn begin(cx: &Context<'_>, state: &State, deployed: &Version) -> Next {
    let mut record = state.record.clone();
    record.incarnations += 1;
    record.settled = None;
    let before = deployed.target;
    let revision = Incarnation(record.incarnations);
    let target = Target {
        incarnation: before.incarnation,
        scaled: Some(Scaled { names: before.names(), revision }),
        ..deploy::target(cx, &record)
    };
    naming::know_by(&mut record, target);
    let deadline = cx.now + cx.desired.timeouts.cluster_start;
    let message = format!(
        "Scaling in place from parallelism {} to {} ({} to {} TaskManagers)",
        before.parallelism, target.parallelism, before.taskmanagers, target.taskmanagers
    );
    let up = target.parallelism > before.parallelism;
    let reason = if up { EventReason::ClusterScaleUp } else { EventReason::ClusterScaleDown };
    let phase = Phase::Updating(Updating { target, deadline });
    Next::new(record, phase, Reason::Deploying, message.clone()).tells(reason, message)
}

/// The target's revision is stored: TaskManagers are added.
pub(crate) fn start(cx: &Context<'_>, state: &State, target: Target) -> Next {
    let deadline = cx.now + cx.desired.timeouts.cluster_start;
    let step = RescalingStep::Grow { troubled: None };
    let record = Record { surplus: true, ..state.record.clone() };
    let phase = Phase::Rescaling(Rescaling { target, step, deadline });
    Next::waiting(&State { record, phase }, awaited(target), deadline)
}

/// The target is not deployed: its cluster gets the deployed version's size again. `failure`: why, if
/// the deploy failed.
pub(crate) fn back(
    cx: &Context<'_>,
    state: &State,
    target: Target,
    failure: Option<Failure>,
) -> Next {
    let mut record = state.record.clone();
    obsolete::discard(&mut record, target);
    let deadline = cx.now + cx.desired.timeouts.cluster_start;
    let told = failure.as_ref().map(|failure| format!("Could not scale in place: {failure}"));
    let step = RescalingStep::Return { failure };
    let phase = Phase::Rescaling(Rescaling { target, step, deadline });
    let next = Next::waiting(&State { record, phase }, RETURNING, deadline);
    match told {
        Some(told) => next.warns(EventReason::ClusterScaleUpFailed, told),
        None => next,
    }
}

/// The deployed job cannot be stopped in order: it is recovered, and then the spec is deployed like
/// any other edit.
pub(crate) fn recover(cx: &Context<'_>, state: &State, target: Target, why: Failure) -> Next {
    let mut state = state.clone();
    obsolete::discard(&mut state.record, target);
    state.record.bounds.clear();
    let Some((_, job)) = handover::live(&state.record) else {
        return back(cx, &state, target, Some(why));
    };
    let job: LiveJob = job.clone();
    let told = format!("Not scaling in place: {why}");
    recovering::begin(cx, &state, &job, why, None).warns(EventReason::NotScalingInPlace, told)
}

const RETURNING: &str = "the cluster to be scaled back";

fn awaited(target: Target) -> String {
    format!(
        "{} task slots of {} TaskManagers to be registered",
        target.parallelism, target.taskmanagers
    )
}

pub(crate) fn needs(
    cx: &Context<'_>,
    state: &State,
    phase: &Rescaling,
    seen: &Observation,
) -> FactRequest {
    let mut ask = FactRequest { objects: true, ..FactRequest::default() };
    let Some(deployed) = &state.record.deployed else { return ask };
    match &phase.step {
        RescalingStep::Grow { .. } => {
            change::needs(cx, &state.record, phase.target, &mut ask);
            let incarnation = phase.target.incarnation;
            let process = seen.cluster(incarnation).and_then(|c| c.jobmanager_process(None));
            if grown(phase.target, seen) {
                handover::needs(&state.record, seen, &mut ask);
                if let Some(job) = deployed.live() {
                    adapt::needs(phase.target, job, &mut ask);
                }
                ask.flink.iter_mut().for_each(|request| request.cluster = true);
            } else {
                ask.flink.extend(process.map(|process| FlinkRequest {
                    cluster: true,
                    ..FlinkRequest::to(incarnation, process)
                }));
            }
        }
        RescalingStep::Adapt => {
            change::needs(cx, &state.record, phase.target, &mut ask);
            requirements_needs(state, phase.target, seen, &mut ask);
        }
        RescalingStep::Return { .. } => {
            if !state.record.bounds.is_empty() {
                requirements_needs(state, phase.target, seen, &mut ask);
            }
            resize::shrink_needs(deployed.target, seen, &mut ask);
        }
    }
    ask
}

/// The job, and what its vertices may have and have.
fn requirements_needs(state: &State, target: Target, seen: &Observation, ask: &mut FactRequest) {
    let cluster = seen.cluster(target.incarnation);
    let process = cluster.and_then(|c| c.jobmanager_process(None));
    if let Some((process, (_, job))) = process.zip(handover::live(&state.record)) {
        ask.flink.push(FlinkRequest::to(target.incarnation, process));
        adapt::needs(target, job, ask);
    }
}

/// As many slots are registered as the target takes.
fn grown(target: Target, seen: &Observation) -> bool {
    let Some(cluster) = seen.cluster(target.incarnation) else { return false };
    let process = cluster.jobmanager_process(None);
    let flink = seen.flink.get(&target.incarnation).filter(|f| f.process == process);
    let about = flink.and_then(|f| f.cluster.known());
    cluster.replicas >= target.taskmanagers
        && about.is_some_and(|about| about.slots >= target.parallelism)
}

pub(crate) fn step(cx: &Context<'_>, state: &State, phase: &Rescaling, seen: &Observation) -> Next {
    match &phase.step {
        RescalingStep::Grow { troubled } => grow(cx, state, phase, *troubled, seen),
        RescalingStep::Adapt => adapting(cx, state, phase, seen),
        RescalingStep::Return { failure } => returning(cx, state, phase, failure.as_ref(), seen),
    }
}

fn grow(
    cx: &Context<'_>,
    state: &State,
    phase: &Rescaling,
    troubled: Option<Timestamp>,
    seen: &Observation,
) -> Next {
    let target = phase.target;
    if let Some(next) = edited(cx, state, phase, seen) {
        return next;
    }
    if seen.objects.known().is_none() {
        return wait(cx, state, phase, "the view of the cluster");
    }
    let with = |troubled| State {
        record: state.record.clone(),
        phase: Phase::Rescaling(Rescaling {
            step: RescalingStep::Grow { troubled },
            ..phase.clone()
        }),
    };
    match trouble::told(cx, target, troubled, seen) {
        Told::Failed(failure) => return back(cx, state, target, Some(failure)),
        Told::Waiting { since, until, message } => {
            return Next::troubled(cx, &with(Some(since)), until, message);
        }
        Told::Nothing if troubled.is_some() => {
            return wait(cx, &with(None), phase, &awaited(target));
        }
        Told::Nothing => {}
    }
    if !grown(target, seen) {
        return within_the_deadline(cx, state, phase, &awaited(target), seen);
    }
    if dwell::dwells(cx, state) {
        return wait(cx, state, phase, &awaited(target));
    }
    if leaving::may_run(&state.record) {
        return wait(cx, state, phase, "a cluster that may still run a job to be gone");
    }
    match of_the_scheduler(state, target, seen) {
        Scheduler::Silent => {
            let what = "the job's scheduler to say what it can";
            return within_the_deadline(cx, state, phase, what, seen);
        }
        Scheduler::Adaptive(bounds) => return ask_the_scheduler(cx, state, target, bounds),
        Scheduler::Other => {}
    }
    match handover::begin(cx, state, target, seen) {
        Asked::Ends(next) => *next,
        Asked::Silent(what) => within_the_deadline(cx, state, phase, what, seen),
        Asked::Nobody => {
            let what = "the deployed job's JobManager to come up";
            within_the_deadline(cx, state, phase, what, seen)
        }
    }
}

/// What the user wants now, as long as the job was not asked to stop; none: nothing new.
fn edited(cx: &Context<'_>, state: &State, phase: &Rescaling, seen: &Observation) -> Option<Next> {
    let target = phase.target;
    if change::rollback_forced(cx, &state.record, target) {
        let (state, failure) = deploy::forced(cx, state);
        return Some(back(cx, &state, target, Some(failure)));
    }
    match change::in_mid_deploy(cx, &state.record, target, seen) {
        Edit::Redeploy | Edit::Rescale => Some(back(cx, state, target, None)),
        Edit::Harmless => {
            let record = deploy::settle(cx, &state.record);
            Some(wait(cx, &State { record, ..state.clone() }, phase, &awaited(target)))
        }
        Edit::Unknown => Some(wait(cx, state, phase, "the edited spec to be compared")),
        Edit::None => None,
    }
}

fn within_the_deadline(
    cx: &Context<'_>,
    state: &State,
    phase: &Rescaling,
    what: &str,
    seen: &Observation,
) -> Next {
    if cx.now >= phase.deadline && seen.settled(cx.config.unreachable_grace) {
        let message = format!("the cluster was not ready in time: still waiting for {what}");
        let failure = Failure { kind: FailureKind::ClusterStartTimeout, message };
        return back(cx, state, phase.target, Some(failure));
    }
    wait(cx, state, phase, what)
}

fn wait(cx: &Context<'_>, state: &State, phase: &Rescaling, what: &str) -> Next {
    Next::waiting(state, what, phase.deadline).polls_busily(cx)
}

/// Once the cluster has its size again, or past the deadline: what is too much then goes while the
/// application rests.
fn returning(
    cx: &Context<'_>,
    state: &State,
    phase: &Rescaling,
    failure: Option<&Failure>,
    seen: &Observation,
) -> Next {
    let Some(deployed) = &state.record.deployed else {
        return rest(state, phase.target, failure);
    };
    let known = seen.objects.known().is_some();
    let fits = known && !resize::too_many(deployed.target, seen) && is_undone(state, phase, seen);
    let due = cx.now >= phase.deadline && seen.settled(cx.config.unreachable_grace);
    if fits || due { rest(state, phase.target, failure) } else { wait(cx, state, phase, RETURNING) }
}

/// The old bounds are in force again, or there is no job any more that has any.
fn is_undone(state: &State, phase: &Rescaling, seen: &Observation) -> bool {
    let Some((_, job)) = handover::live(&state.record) else { return true };
    if state.record.bounds.is_empty() {
        return true;
    }
    let Some(flink) = seen.flink.get(&phase.target.incarnation) else { return false };
    let gone = match job_state(flink, job.id) {
        Some(state) => state.over(),
        None => forgotten(flink),
    };
    gone || adapt::known(flink).is_some_and(|v| adapt::is_undone(v, &state.record.bounds))
}

fn rest(state: &State, target: Target, failure: Option<&Failure>) -> Next {
    let state = &State {
        record: Record { bounds: Vec::new(), ..state.record.clone() },
        phase: state.phase.clone(),
    };
    match failure {
        Some(failure) => deploy::give_up(state, target, failure.clone(), false),
        None => {
            let phase = Phase::Running(Running { confirming: None });
            let message = "the cluster has the deployed version's size";
            Next::new(state.record.clone(), phase, Reason::Running, message)
        }
    }
}

pub(crate) fn effects(state: &State, phase: &Rescaling, seen: &Observation) -> Vec<Effect> {
    let Some(deployed) = &state.record.deployed else { return Vec::new() };
    let mut effects = Vec::new();
    let requirements = |to| {
        let (bounds, job) = (&state.record.bounds, deployed.live()?);
        adapt::effect(phase.target, job, bounds, to, seen).filter(|_| !bounds.is_empty())
    };
    match &phase.step {
        RescalingStep::Grow { .. } => effects.extend(resize::grow(phase.target, seen)),
        RescalingStep::Adapt => effects.extend(requirements(Some(phase.target.parallelism))),
        RescalingStep::Return { .. } => {
            effects.extend(requirements(None));
            let shrink = || resize::shrink(deployed.target, seen);
            effects.extend(is_undone(state, phase, seen).then(shrink).flatten());
        }
    }
    effects
}
