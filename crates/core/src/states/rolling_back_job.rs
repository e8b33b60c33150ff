//! RollingBackJob: the deployed version's job is started again from the restore point taken for the
//! deploy that failed. What it put out since then is repeated. Its cluster still stands in mode Dual;
//! where it was taken away it comes up again first, under a number of its own.

use crate::context::Context;
use crate::decision::{Effect, EventReason};
use crate::desired::Mode;
use crate::ids::Incarnation;
use crate::observation::{FactRequest, Observation};
use crate::policy::change::{self, Edit};
use crate::policy::restart::{self, Progress};
use crate::policy::{foreign, leaving, obsolete, restore_point};
use crate::reason::Reason;
use crate::state::{
    DeployFailed, LiveJob, Origin, Phase, Restart, RollingBackJob, State, Target, Version, Work,
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
    if restart::at_rest(&phase.restart) && phase.revived.is_none() {
        change::needs(cx, &state.record, phase.failed, &mut ask);
    }
    ask.revisions.extend(phase.revived);
    if deployed.removed {
        ask.revisions.insert(deployed.target.revision());
        return ask;
    }
    restart::needs(cx, deployed.target, &phase.restart, seen, &mut ask);
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
    let from = match &deployed.work {
        Work::Stopped(from) => from,
        // What may still run of the failed one is ended first, where that is the same cluster.
        Work::Live(_) | Work::Finished if phase.restart.aftermath.is_some() => &Origin::Empty,
        work @ (Work::Live(_) | Work::Finished) => return back(state, phase, work.clone()),
    };
    if restart::at_rest(&phase.restart)
        && phase.revived.is_none()
        && let Some(next) = before_an_attempt(cx, state, phase, from, seen)
    {
        return next;
    }
    if lacks_its_revision(phase, deployed, seen) {
        return without_a_revision(cx, state, phase, deployed, from, seen);
    }
    if deployed.removed {
        return revive(cx, state, phase, deployed);
    }
    if let Some(before) = phase.revived {
        return copied(cx, state, phase, deployed.target, before, seen);
    }
    follow(cx, state, phase, deployed.target, from, seen)
}

/// Goes on with starting the old job.
fn follow(
    cx: &Context<'_>,
    state: &State,
    phase: &RollingBackJob,
    target: Target,
    from: &Origin,
    seen: &Observation,
) -> Next {
    match restart::follow(cx, &state.record, target, from, &phase.restart, seen) {
        Progress::Waiting(what, wakes) => {
            let next = waiting(cx, state, phase, &what);
            wakes.into_iter().fold(next, |next, at| next.also_wakes(cx, at))
        }
        Progress::Foreign(job) => {
            let message = format!("job {job} runs on the old cluster and is not ours");
            Next::stay(state, Reason::ForeignJob, message)
                .cured_by(foreign::cures(job))
                .polls_busily(cx)
        }
        Progress::Begun(restart, ids) => {
            let id = restart.submission.as_ref().map(|s| s.job.to_string()).unwrap_or_default();
            let message = match from.path() {
                Some(path) => format!("Submitting job {id} to roll back, restored from {path}"),
                None => format!("Submitting job {id} to roll back, without state"),
            };
            let mut next = with(state, RollingBackJob { restart: *restart, ..phase.clone() });
            next.record.ids = ids;
            waiting(cx, &next, phase, "the old cluster to accept the job")
                .tells(EventReason::JobSubmitted, message)
        }
        Progress::Remember(restart) => {
            let what = restart::awaited(&restart, "every vertex of the old job to run");
            let next = with(state, RollingBackJob { restart: *restart, ..phase.clone() });
            waiting(cx, &next, phase, what)
        }
        Progress::Up { job: id, from } => {
            let live = Work::Live(LiveJob { id, from, learnt: None });
            back(state, phase, live).tells(
                EventReason::RollbackSucceeded,
                "Successfully rolled back to previous deploy",
            )
        }
        Progress::Failed { next: restart, failure, .. } => {
            let told = format!("Failed to roll back to the previous deploy: {failure}");
            let rolling = RollingBackJob { restart: *restart, ..phase.clone() };
            let next = with(state, rolling.clone());
            waiting(cx, &next, &rolling, "the old cluster to be ready again")
                .warns(EventReason::RollbackFailed, told)
        }
    }
}

/// Nothing is under way: a newer spec cures, `restore` names what to start from, and there may be a
/// limit.
fn before_an_attempt(
    cx: &Context<'_>,
    state: &State,
    phase: &RollingBackJob,
    from: &Origin,
    seen: &Observation,
) -> Option<Next> {
    match change::in_mid_deploy(cx, &state.record, phase.failed, seen) {
        Edit::Redeploy | Edit::Rescale if !deploy::wants_the_deployed(cx, &state.record) => {
            return Some(deploy::begin(cx, state, "a new spec replaces the failed one".to_owned()));
        }
        Edit::Harmless => {
            let record = deploy::settle(cx, &state.record);
            let restart = Restart { attempt: 1, ..phase.restart.clone() };
            let rolling = RollingBackJob { restart, ..phase.clone() };
            let next = State { record, ..with(state, rolling) };
            return Some(waiting(cx, &next, phase, "the old cluster"));
        }
        Edit::Redeploy | Edit::Rescale | Edit::Unknown | Edit::None => {}
    }
    if phase.restart.trouble.is_some()
        && let Some(other) = restore_point::instead_of(cx, &state.record, from)
    {
        return Some(from_another(cx, state, phase, other));
    }
    let limit = cx.config.retries.rollback?;
    let trouble = phase.restart.trouble.as_ref()?;
    (phase.restart.attempt > limit).then(|| {
        let message = format!("the version before could not be started again: {trouble}");
        Next::stay(state, Reason::RollbackFailed, message)
            .cured_by(restore_point::cures(from))
            .polls_seldom(cx)
    })
}

/// Neither the revision of the old version is there, nor the one that it is to be a copy of.
fn lacks_its_revision(phase: &RollingBackJob, deployed: &Version, seen: &Observation) -> bool {
    let none_to_copy = phase.revived.is_none_or(|before| seen.revision(before) == Some(false));
    restart::lacks_its_revision(deployed.target, seen) && none_to_copy
}

/// Only another version can be started, once nothing of the last attempt is left.
fn without_a_revision(
    cx: &Context<'_>,
    state: &State,
    phase: &RollingBackJob,
    deployed: &Version,
    from: &Origin,
    seen: &Observation,
) -> Next {
    if phase.revived.is_some() {
        let mut next = with(state, RollingBackJob { revived: None, ..phase.clone() });
        next.record.deployed = Some(Version { removed: true, ..deployed.clone() });
        return waiting(cx, &next, phase, "the revision of the version before");
    }
    let cures = restart::cures_without_revision(from);
    if restart::at_rest(&phase.restart) {
        if let Some(other) = restore_point::instead_of(cx, &state.record, from) {
            return from_another(cx, state, phase, other);
        }
        let told = restart::without_revision(deployed.target);
        let message = format!("deploy {} failed: {}; {told}", phase.failed.hash, phase.failure);
        return Next::stay(state, Reason::RollbackFailed, message).cured_by(cures).polls_seldom(cx);
    }
    let next = follow(cx, state, phase, deployed.target, from, seen);
    let goes_on = matches!(next.state.phase, Phase::RollingBackJob(_));
    if goes_on { next.cured_by(cures) } else { next }
}

/// The user's word on what the old job starts from.
fn from_another(cx: &Context<'_>, state: &State, phase: &RollingBackJob, other: Origin) -> Next {
    let mut record = state.record.clone();
    let other = restore_point::starts_from(cx, &mut record, other);
    let phase = RollingBackJob { restart: restart::attempt(1), ..phase.clone() };
    let state = State { record, ..with(state, phase.clone()) };
    let next = waiting(cx, &state, &phase, "the old cluster");
    match other.path() {
        Some(path) => next.tells(
            EventReason::RestoringExternalizedCheckpoint,
            format!("the old job is restored from {path}, as named"),
        ),
        None => next.warns(
            EventReason::RestoringWithoutExternalizedCheckpoint,
            "the old job starts without state, as fallbackWithoutState allows",
        ),
    }
}

/// The old cluster was taken away: once nothing of it is left it comes up under a new number.
fn revive(cx: &Context<'_>, state: &State, phase: &RollingBackJob, deployed: &Version) -> Next {
    let Target { incarnation: cluster, .. } = deployed.target;
    let before = deployed.target.revision();
    // In mode Single there may be no room for another cluster beside one that is on its way out.
    let alone = phase.failed.mode == Mode::Single && !state.record.leaving.is_empty();
    if alone || leaving::leaves(&state.record, cluster) {
        return waiting(cx, state, phase, "the old cluster to be gone before it comes up again");
    }
    let mut next = with(state, RollingBackJob { revived: Some(before), ..phase.clone() });
    next.record.incarnations += 1;
    let incarnation = Incarnation(next.record.incarnations);
    if let Some(deployed) = &mut next.record.deployed {
        deployed.target.incarnation = incarnation;
        deployed.target.scaled = None;
        deployed.removed = false;
    }
    waiting(cx, &next, phase, "the revision of the version before to be stored")
}

/// The revision is stored under the new number: the one before is not needed any more.
fn copied(
    cx: &Context<'_>,
    state: &State,
    phase: &RollingBackJob,
    target: Target,
    before: Incarnation,
    seen: &Observation,
) -> Next {
    if seen.revision(target.revision()) != Some(true) {
        return waiting(cx, state, phase, "the revision of the version before to be stored");
    }
    let mut next = with(state, RollingBackJob { revived: None, ..phase.clone() });
    obsolete::discard(&mut next.record, Target { incarnation: before, ..target });
    waiting(cx, &next, phase, "the old cluster to come up again")
}

fn waiting(cx: &Context<'_>, state: &State, phase: &RollingBackJob, what: &str) -> Next {
    let trouble = phase.restart.trouble.as_ref();
    let trouble = trouble.map(|t| format!("; the last attempt failed: {t}"));
    let message = format!(
        "deploy {} failed, rolling back: {}{}",
        phase.failed.hash,
        phase.failure,
        trouble.unwrap_or_default()
    );
    // It goes on by itself, and may go on for ever.
    let from = state.record.deployed.as_ref().and_then(Version::stopped);
    let from = from.filter(|_| phase.restart.trouble.is_some());
    Next::stay(state, Reason::RollingBack, message)
        .waits(what, None)
        .cured_by(from.map(restore_point::cures).unwrap_or_default())
        .polls_busily(cx)
}

fn with(state: &State, phase: RollingBackJob) -> State {
    State { record: state.record.clone(), phase: Phase::RollingBackJob(phase) }
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
    let Some(deployed) = state.record.deployed.as_ref().filter(|d| !d.removed) else {
        return Vec::new();
    };
    match phase.revived {
        Some(from) => {
            let stored = seen.revision(deployed.target.revision()) == Some(true);
            let copy = Effect::CopyRevision { from, to: deployed.target };
            if stored { Vec::new() } else { vec![copy] }
        }
        None => restart::effects(cx, deployed.target, &phase.restart, seen),
    }
}
