//! DualRunning: in mode BlueGreen the deployed version's job runs, and that of the version before
//! beside it. Both go on until the user names the one that is to be torn down: it is stopped with a
//! savepoint, then its cluster goes.

use crate::context::Context;
use crate::cure::Cure;
use crate::decision::{Effect, EventReason};
use crate::ids::Incarnation;
use crate::observation::{FactRequest, FlinkRequest, JobState, Observation};
use crate::policy::change::{self, Edit};
use crate::policy::readiness::{self, forgotten, job_state};
use crate::policy::stop::{self, Outcome};
use crate::policy::watch::{self, Sight};
use crate::policy::{learn, leaving};
use crate::reason::Reason;
use crate::state::{DualRunning, LiveJob, Phase, Record, Running, State, Stop, TearDown, Version};
use crate::states::{Next, deploy, running};

pub(crate) fn needs(
    cx: &Context<'_>,
    state: &State,
    phase: &DualRunning,
    seen: &Observation,
) -> FactRequest {
    let mut ask = FactRequest { objects: true, ..FactRequest::default() };
    let record = &state.record;
    if let Some(teardown) = &phase.teardown {
        about(cx, record, teardown, seen, &mut ask);
    }
    // Whatever the one that goes is asked, its details come with that.
    let goes = phase.teardown.as_ref().map(|t| t.incarnation);
    for version in record.deployed.iter().chain(&record.previous) {
        if Some(version.target.incarnation) != goes {
            watch::needs(version, seen, &mut ask);
        }
    }
    ask.last_seen = record.deployed.as_ref().and_then(Version::live).map(|job| job.id);
    if let Some(deployed) = &record.deployed {
        change::needs(cx, record, deployed.target, &mut ask);
    }
    ask
}

/// What the version that goes is asked.
fn about(
    cx: &Context<'_>,
    record: &Record,
    teardown: &TearDown,
    seen: &Observation,
    ask: &mut FactRequest,
) {
    let incarnation = teardown.incarnation;
    let Some((_, job)) = going(record, teardown) else { return };
    match &teardown.stop {
        Some(stop) => ask.flink.extend(stop::needs(incarnation, stop, teardown.deadline, cx, seen)),
        None => {
            let process = seen.cluster(incarnation).and_then(|c| c.jobmanager_process(None));
            ask.flink.extend(process.map(|process| FlinkRequest {
                jobs: true,
                job: Some(job.id),
                statistics: Some(job.id),
                ..FlinkRequest::to(incarnation, process)
            }));
        }
    }
}

fn going<'r>(record: &'r Record, teardown: &TearDown) -> Option<(&'r Version, &'r LiveJob)> {
    let version = version(record, teardown.incarnation)?;
    Some((version, version.live()?))
}

fn version(record: &Record, incarnation: Incarnation) -> Option<&Version> {
    let mut both = record.deployed.iter().chain(&record.previous);
    both.find(|version| version.target.incarnation == incarnation)
}

pub(crate) fn step(
    cx: &Context<'_>,
    state: &State,
    phase: &DualRunning,
    seen: &Observation,
) -> Next {
    let (Some(deployed), Some(before)) = (&state.record.deployed, state.record.beside()) else {
        let rests = Phase::Running(Running { confirming: phase.confirming });
        return Next::new(state.record.clone(), rests, Reason::Running, "one version runs");
    };
    if let Some(teardown) = &phase.teardown {
        return tears_down(cx, state, phase, teardown, seen);
    }
    if let Some(named) = named(cx, deployed, before)
        && (phase.confirming.is_none() || named == deployed.target.incarnation)
    {
        return begin(cx, state, phase, named);
    }
    match phase.confirming {
        Some(confirming) => {
            let sight = watch::look(cx, deployed, seen);
            running::confirm(cx, state, deployed, confirming, &sight, seen)
        }
        None => both_run(cx, state, deployed, before, seen),
    }
}

/// Which one the user wants torn down. The newer one only by a word that came after its deploy began: it
/// may stand in the spec from the time before.
pub(crate) fn named(cx: &Context<'_>, deployed: &Version, before: &Version) -> Option<Incarnation> {
    let wish = cx.desired.tear_down?;
    let since = cx.desired.generation > deployed.target.generation;
    if wish == before.target.hash {
        Some(before.target.incarnation)
    } else {
        (wish == deployed.target.hash && since).then_some(deployed.target.incarnation)
    }
}

/// Both versions are good: an edit waits until one of them is gone.
fn both_run(
    cx: &Context<'_>,
    state: &State,
    deployed: &Version,
    before: &Version,
    seen: &Observation,
) -> Next {
    if change::rollback_forced(cx, &state.record, deployed.target) {
        let (state, failure) = deploy::forced(cx, state);
        return running::undo(cx, &state, deployed, failure, false);
    }
    let sight = watch::look(cx, deployed, seen);
    let (state, later) = learn::write_down(cx, state, seen);
    if matches!(sight, Sight::Failed(_) | Sight::Lost) {
        return running::watched_on(cx, &state, deployed, &sight, None);
    }
    let [older, newer] = [before.target.hash, deployed.target.hash];
    let next = match change::since(cx, &state.record, deployed.target, seen) {
        Edit::Unknown => {
            let message = "the edited spec is being compared with the deployed one";
            Next::stay(&state, Reason::Deploying, message).polls_busily(cx)
        }
        Edit::Harmless => {
            let record = deploy::settle(cx, &state.record);
            let settled = State { record, ..state.clone() };
            Next::stay(&settled, Reason::Running, "the edit needs no deploy")
        }
        Edit::Rescale | Edit::Redeploy => {
            let message = "two versions run; the edited spec is deployed once one is torn down";
            Next::stay(&state, Reason::TearDownFirst, message).cured_by([
                Cure::TearDown { goes: older, stays: newer },
                Cure::TearDown { goes: newer, stays: older },
            ])
        }
        Edit::None => {
            let older = watch::look(cx, before, seen);
            let next = rest(&state, &sight, deployed, before, &older);
            next.may_wake(cx, older.soon(cx))
        }
    };
    next.polls(cx).may_wake(cx, later).may_wake(cx, sight.soon(cx))
}

/// Nothing to do: how the two are, the newer one first.
fn rest(state: &State, sight: &Sight, deployed: &Version, before: &Version, older: &Sight) -> Next {
    let [newer, older_hash] = [deployed.target.hash, before.target.hash];
    // An older version that has finished is no trouble, nor what there is to tell of a newer one that runs.
    let trouble = sight.reason().or(older.reason().filter(|reason| !reason.ready()));
    let message = format!(
        "two versions run: {newer}: {}; {older_hash}: {}; tearDownVersionHash names the one that goes",
        sight.message(),
        older.message()
    );
    let next = Next::stay(state, trouble.unwrap_or(Reason::Running), message);
    // The one that does not run any more can only go.
    let ended = |sight: &Sight| sight.reason().is_some_and(|r| !r.ready() && !r.reconciling());
    match (ended(sight), ended(older)) {
        (true, _) => next.cured_by([Cure::TearDown { goes: newer, stays: older_hash }]),
        (false, true) => next.cured_by([Cure::TearDown { goes: older_hash, stays: newer }]),
        (false, false) => next,
    }
}

fn begin(cx: &Context<'_>, state: &State, phase: &DualRunning, named: Incarnation) -> Next {
    let deadline = cx.now + cx.desired.timeouts.savepoint;
    let teardown = Some(TearDown { incarnation: named, stop: None, deadline });
    let hash = version(&state.record, named).map(|v| v.target.hash.to_string()).unwrap_or_default();
    let phase = DualRunning { teardown, ..phase.clone() };
    let next = State { record: state.record.clone(), phase: Phase::DualRunning(phase) };
    let told = format!("Tearing down version {hash}");
    waiting(cx, &next, deadline).tells(EventReason::TeardownInitiated, told)
}

fn waiting(cx: &Context<'_>, state: &State, deadline: crate::time::Timestamp) -> Next {
    let what = "the job of the version that is torn down to end with a savepoint";
    Next::waiting(state, what, deadline).polls_busily(cx)
}

fn tears_down(
    cx: &Context<'_>,
    state: &State,
    phase: &DualRunning,
    teardown: &TearDown,
    seen: &Observation,
) -> Next {
    let scene = Scene { cx, state, phase, teardown, seen };
    let Some((_, job)) = going(&state.record, teardown) else {
        return scene.done(false, "no job ran in it");
    };
    match &teardown.stop {
        None => scene.look(job),
        Some(stop) => scene.stopping(stop),
    }
}

/// A teardown under way, and what is seen of it.
struct Scene<'a> {
    cx: &'a Context<'a>,
    state: &'a State,
    phase: &'a DualRunning,
    teardown: &'a TearDown,
    seen: &'a Observation,
}

impl Scene<'_> {
    /// Finds out what there is to end.
    fn look(&self, job: &LiveJob) -> Next {
        let flink = self.seen.flink.get(&self.teardown.incarnation);
        match flink.and_then(|f| job_state(f, job.id)).map(JobState::end) {
            Some(Some(end)) => return self.done(false, &format!("its job {end}")),
            Some(None) if self.cx.desired.savepoint_disabled => {
                return self.done(true, "its job ends with its cluster: savepointDisabled");
            }
            Some(None) => {}
            None if flink.is_some_and(forgotten) => {
                return self.done(true, "its JobManager does not know its job any more");
            }
            None => return self.in_time("its JobManager does not answer"),
        }
        let mut record = self.state.record.clone();
        let begun = flink.and_then(|f| stop::begin(self.cx, &mut record.ids, job.id, f));
        match begun {
            Some(stop) => self.with(&record, stop),
            None => self.in_time("its job's checkpoint statistics are not known"),
        }
    }

    fn stopping(&self, stop: &Stop) -> Next {
        let Some(flink) = self.seen.flink.get(&self.teardown.incarnation) else {
            return self.in_time("its JobManager does not answer");
        };
        match stop::follow(self.cx, stop, self.teardown.deadline, flink) {
            Outcome::Stopped(point) => {
                self.done(false, &format!("its job was stopped with savepoint {}", point.path))
            }
            Outcome::EndedByItself => self.done(false, "its job ended by itself"),
            Outcome::WithoutSavepoint { why, forgotten } => self.done(forgotten, &why),
            Outcome::Remember(stop) => self.with(&self.state.record, stop),
            Outcome::Waiting(what) => {
                let why = format!("its job could not be stopped in time: waiting for {what}");
                self.in_time(&why).also_wakes(self.cx, stop.not_before)
            }
            Outcome::Failed(message) => self.again(stop, message),
        }
    }

    /// The savepoint failed and the job runs: again, with backoff, up to the limit.
    fn again(&self, stop: &Stop, message: String) -> Next {
        if stop.attempt >= self.cx.config.retries.savepoint {
            return self.done(true, &format!("no savepoint could be taken: {message}"));
        }
        let mut record = self.state.record.clone();
        let flink = self.seen.flink.get(&self.teardown.incarnation);
        match flink.and_then(|f| stop::again(self.cx, &mut record.ids, stop, f)) {
            Some(stop) => {
                let told = format!("Failed to take savepoint for job {}: {message}", stop.job);
                self.with(&record, stop).warns(EventReason::SavepointFailed, told)
            }
            None => self.in_time("its job's checkpoint statistics are not known"),
        }
    }

    fn with(&self, record: &Record, stop: Stop) -> Next {
        let teardown = TearDown { stop: Some(stop), ..self.teardown.clone() };
        let phase = DualRunning { teardown: Some(teardown), ..self.phase.clone() };
        let next = State { record: record.clone(), phase: Phase::DualRunning(phase) };
        waiting(self.cx, &next, self.teardown.deadline)
    }

    /// Waits, up to the deadline: then its job ends with its cluster.
    fn in_time(&self, what: &str) -> Next {
        let settled = self.seen.settled(self.cx.config.unreachable_grace);
        if self.cx.now >= self.teardown.deadline && settled {
            return self.done(true, what);
        }
        waiting(self.cx, self.state, self.teardown.deadline)
    }

    /// Its cluster goes, and one version is left. `may_run`: its job is over only with its last pod.
    fn done(&self, may_run: bool, survives: &str) -> Next {
        let Scene { cx, state, teardown, seen, .. } = *self;
        let mut record = state.record.clone();
        let newest = record.deployed.as_ref().map(|d| d.target);
        let goes = match newest.filter(|t| t.incarnation == teardown.incarnation) {
            Some(newest) => {
                match change::since(cx, &record, newest, seen) {
                    Edit::Unknown => return waiting(cx, state, teardown.deadline),
                    // The spec still says what was torn down: that is not deployed again.
                    Edit::None | Edit::Harmless => record.settled = Some(cx.desired.digest),
                    Edit::Rescale | Edit::Redeploy => {}
                }
                record.recovered = None;
                std::mem::replace(&mut record.deployed, record.previous.take())
            }
            None => record.previous.take(),
        };
        let Some(goes) = goes else {
            return Next::stay(state, Reason::Running, "no version is left to be torn down");
        };
        let kept = record.deployed.as_ref().map(|d| d.target.hash.to_string()).unwrap_or_default();
        leaving::send_away(&mut record, goes.target, may_run);
        let confirming = self.phase.confirming.filter(|_| newest != Some(goes.target));
        let phase = Phase::Running(Running { confirming });
        let told =
            format!("Tore down version {}: {survives}; version {kept} stays", goes.target.hash);
        let next = Next::new(record, phase, Reason::Running, told.clone());
        let as_wanted = !may_run || cx.desired.savepoint_disabled;
        let next = if as_wanted {
            next
        } else {
            next.warns(EventReason::TeardownFailed, survives.to_owned())
        };
        next.tells(EventReason::TeardownCompleted, told)
    }
}

pub(crate) fn effects(
    cx: &Context<'_>,
    state: &State,
    phase: &DualRunning,
    seen: &Observation,
) -> Vec<Effect> {
    let mut effects = Vec::new();
    let record = &state.record;
    let goes = phase.teardown.as_ref().map(|t| t.incarnation);
    for version in record.deployed.iter().chain(&record.previous) {
        if Some(version.target.incarnation) != goes {
            effects.extend(readiness::point_service(version.target, seen));
        }
    }
    let stop = phase.teardown.as_ref().and_then(|t| t.stop.as_ref().map(|stop| (t, stop)));
    if let Some((teardown, stop)) = stop.filter(|(t, _)| cx.now < t.deadline) {
        effects.extend(stop::effect(cx, teardown.incarnation, stop, seen));
    }
    effects
}
