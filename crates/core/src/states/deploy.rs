//! Beginning a deploy, changing its target, giving it up: what several phases do alike.

use crate::colour::Colour;
use crate::context::Context;
use crate::cure::Cure;
use crate::decision::EventReason;
use crate::desired::{Mode, Obstacle, ObstacleKind, ScaleMode};
use crate::ids::Incarnation;
use crate::policy::{leaving, restart};
use crate::reason::Reason;
use crate::state::{
    Aftermath, DeployFailed, Failure, FailureKind, Phase, Record, Restart, RollingBackJob, Running,
    State, Target, Updating, Version,
};
use crate::states::{Next, deploy_failed, rescaling};

/// Begins a deploy of the desired spec, or says why that spec cannot be deployed; the state then
/// stays as it is.
pub(crate) fn begin(cx: &Context<'_>, state: &State, message: String) -> Next {
    if !cx.desired.obstacles.is_empty() {
        return refused(state, &cx.desired.obstacles);
    }
    let mut record = state.record.clone();
    record.incarnations += 1;
    record.settled = None;
    let target = target(cx, &record);
    let target = Target { mode: mode(target, &record), ..target };
    let message = if target.mode == cx.desired.mode {
        message
    } else {
        format!("{message}: the running cluster has the names of this version, and goes first")
    };
    let deadline = cx.now + cx.desired.timeouts.cluster_start;
    let told = format!("Creating Flink cluster for deploy {}", target.hash);
    let phase = Phase::Updating(Updating { target, deadline });
    Next::new(record, phase, Reason::Deploying, message).tells(EventReason::CreatingCluster, told)
}

/// In mode BlueGreen the colour that the deployed version does not have.
fn colour(cx: &Context<'_>, record: &Record) -> Option<Colour> {
    let deployed = record.deployed.as_ref().and_then(|d| d.target.colour);
    (cx.desired.mode == Mode::BlueGreen).then(|| Colour::beside(deployed))
}

/// Begins a deploy of a spec that differs from the deployed version in nothing but the parallelism: in
/// its own cluster, if the spec says so and its job runs.
pub(crate) fn rescale(cx: &Context<'_>, state: &State, deployed: &Version) -> Next {
    let begin_anew = || begin(cx, state, "the parallelism was changed".to_owned());
    let (true, ScaleMode::InPlace) = (cx.desired.obstacles.is_empty(), cx.desired.scale_mode)
    else {
        return begin_anew();
    };
    let why_not = match cx.desired.mode {
        Mode::Dual | Mode::Single if deployed.live().is_some() && !deployed.removed => {
            return rescaling::begin(cx, state, deployed);
        }
        Mode::Dual | Mode::Single => "no job of the deployed version runs",
        Mode::BlueGreen => "it is incompatible with BlueGreen deploy mode",
    };
    let told = format!("Not using configured InPlace scaling mode because {why_not}");
    begin_anew().warns_first(EventReason::NotScalingInPlace, told)
}

/// The desired version in the cluster that was numbered last.
pub(crate) fn target(cx: &Context<'_>, record: &Record) -> Target {
    let desired = cx.desired;
    let colour = colour(cx, record);
    Target {
        hash: desired.hash_in(colour),
        incarnation: Incarnation(record.incarnations),
        generation: desired.generation,
        digest: desired.digest,
        parallelism: desired.parallelism,
        taskmanagers: desired.taskmanagers,
        mode: desired.mode,
        colour,
        scaled: None,
    }
}

/// A cluster that was scaled in place away from the desired version still has its names: no other one
/// of that version can stand beside it.
fn mode(target: Target, record: &Record) -> Mode {
    let deployed = record.deployed.as_ref().filter(|d| !d.removed).map(|d| d.target);
    let taken = deployed.is_some_and(|d| d.names() == target.hash && d.hash != target.hash);
    if taken { Mode::Single } else { target.mode }
}

/// Nothing was done: the spec cannot be deployed.
fn refused(state: &State, obstacles: &[Obstacle]) -> Next {
    let kind = obstacles.iter().map(|o| o.kind).min_by_key(|kind| match kind {
        ObstacleKind::Invalid => 0,
        ObstacleKind::NotYetSupported => 1,
    });
    let reason = match kind {
        Some(ObstacleKind::NotYetSupported) => Reason::NotYetSupported,
        Some(ObstacleKind::Invalid) | None => Reason::InvalidSpec,
    };
    let sentences: Vec<String> =
        obstacles.iter().map(|o| format!("{}: {}", o.field, o.message)).collect();
    let fields = obstacles.iter().map(|o| o.field.clone()).collect();
    Next::stay(state, reason, sentences.join("; ")).cured_by([Cure::Fields(fields)])
}

/// A newer spec replaces the target, as long as the deployed job was not asked to stop.
/// `may_run`: a job was sent to the target's cluster before.
pub(crate) fn retarget(cx: &Context<'_>, state: &State, target: Target, may_run: bool) -> Next {
    if state.record.shares_cluster(target) {
        return rescaling::back(cx, state, target, None);
    }
    if wants_the_deployed(cx, &state.record) {
        return put_back(state, target, may_run);
    }
    let mut abandoned = state.clone();
    leaving::send_away(&mut abandoned.record, target, may_run);
    begin(cx, &abandoned, "a newer spec replaces the one being deployed".to_owned())
}

/// The spec names the deployed version again: its cluster stands, it is not deployed anew.
pub(crate) fn wants_the_deployed(cx: &Context<'_>, record: &Record) -> bool {
    let wants = |target: Target| cx.desired.hash_in(target.colour) == target.hash;
    record.deployed.as_ref().is_some_and(|d| wants(d.target))
}

fn put_back(state: &State, target: Target, may_run: bool) -> Next {
    let message = "the spec was put back to the deployed version".to_owned();
    if has_stopped(state) {
        let failure = Failure { kind: FailureKind::PutBack, message };
        return roll_back(state, target, failure, !may_run);
    }
    let mut record = state.record.clone();
    leaving::send_away(&mut record, target, may_run);
    Next::new(record, Phase::Running(Running { confirming: None }), Reason::Running, message)
}

/// No job runs: the deployed version's was stopped for a deploy.
fn has_stopped(state: &State) -> bool {
    state.record.deployed.as_ref().is_some_and(|d| d.stopped().is_some())
}

/// `forceRollback`, honoured once per generation: the edit that set it asks for nothing else.
pub(crate) fn forced(cx: &Context<'_>, state: &State) -> (State, Failure) {
    let mut state = state.clone();
    state.record.forced = Some(cx.desired.generation);
    state.record.settled = Some(cx.desired.digest);
    let message = "forceRollback is set in the resource".to_owned();
    (state, Failure { kind: FailureKind::ForcedRollback, message })
}

/// Gives up a deploy whose job never came to run, or is over; the deployed version was not
/// touched, or there is none. `may_run`: the target's cluster may still bring up a job.
pub(crate) fn give_up(state: &State, target: Target, failure: Failure, may_run: bool) -> Next {
    let mut record = state.record.clone();
    leaving::send_away(&mut record, target, may_run);
    let told = format!("deploy {} failed: {failure}", target.hash);
    deploy_failed::rest(record, DeployFailed { failed: target, failure })
        .warns(EventReason::DeployFailed, told)
}

/// Puts the deployed version's job back after the target's job failed; without a version to go
/// back to, gives up. `over`: no task of the target's job runs or will run.
pub(crate) fn roll_back(state: &State, failed: Target, failure: Failure, over: bool) -> Next {
    if !has_stopped(state) {
        return give_up(state, failed, failure, !over);
    }
    rolling_back(state, failed, failure, !over, restart::attempt(1))
}

/// The same after a target that was scaled to in place: the deployed version's job is put back onto the
/// same cluster, once what is `left` of the target's job is gone.
pub(crate) fn roll_back_in_place(
    state: &State,
    failed: Target,
    failure: Failure,
    left: Option<Aftermath>,
) -> Next {
    if left.is_none() {
        return roll_back(state, failed, failure, true);
    }
    let first = Restart { aftermath: left, ..restart::attempt(1) };
    rolling_back(state, failed, failure, false, first)
}

fn rolling_back(
    state: &State,
    failed: Target,
    failure: Failure,
    may_run: bool,
    restart: Restart,
) -> Next {
    let mut record = state.record.clone();
    leaving::send_away(&mut record, failed, may_run);
    let message = format!("deploy {} failed, rolling back: {failure}", failed.hash);
    let phase = RollingBackJob { failed, failure, revived: None, restart };
    let phase = Phase::RollingBackJob(phase);
    Next::new(record, phase, Reason::RollingBack, message.clone())
        .warns(EventReason::DeployFailed, message)
}

/// In mode BlueGreen the version before runs on beside one that is lost: it is the deployed one again.
pub(crate) fn without_the_newer(record: &mut Record) {
    if record.beside().is_some()
        && let Some(newer) = std::mem::replace(&mut record.deployed, record.previous.take())
    {
        leaving::send_away(record, newer.target, true);
        record.recovered = None;
    }
}

/// Remembers that the desired spec was looked at and asks for nothing.
pub(crate) fn settle(cx: &Context<'_>, record: &Record) -> Record {
    Record { settled: Some(cx.desired.digest), ..record.clone() }
}
