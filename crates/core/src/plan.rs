//! Running the machine forward on assumed outcomes: what would be done with this spec, if all went
//! well? Nothing is done, and no rule stands here: each step is what [`needs`] asks for and
//! [`decide`] comes to, on facts that are the caller's at first and are then advanced as if every
//! effect had succeeded at once.

mod assumed;
mod jobmanager;
mod words;

use std::time::Duration;

use crate::config::Config;
use crate::context::Context;
use crate::decide::decide;
use crate::decision::{Decision, Effect, Verdict, Waiting};
use crate::desired::Mode;
use crate::ids::{DeployHash, Incarnation, JobId};
use crate::needs::needs;
use crate::observation::{FactRequest, Observation};
use crate::reason::Reason;
use crate::state::{Origin, Phase, RestorePoint, State, Target};
use crate::time::Timestamp;

use assumed::Assumed;

/// How often `needs` is asked: the objects, the JobManager among them, what its answers bring up.
const QUESTIONS: usize = 3;

/// What would happen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Plan {
    /// In this order. Empty: nothing would be done.
    pub steps: Vec<PlannedStep>,
    /// How it would end.
    pub end: PlanEnd,
}

/// A stay in one phase.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PlannedStep {
    /// The phase, in the reference operator's word.
    pub phase: &'static str,
    /// What would happen in it, in this order.
    pub acts: Vec<PlannedAct>,
}

/// One thing that would happen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PlannedAct {
    /// This would be done. Its `Display` is a few words. Processes and UIDs of pods in it are made up
    /// where they do not exist yet.
    Do(Effect),
    /// A job would be started, by the effect before.
    Start(PlannedStart),
    /// From here on no job runs.
    DowntimeBegins,
    /// This would be waited for, in the words of the status.
    WaitFor(String),
    /// From here on one runs (again).
    DowntimeEnds,
}

impl PlannedStep {
    /// What would be done.
    pub fn effects(&self) -> impl Iterator<Item = &Effect> {
        self.acts.iter().filter_map(|act| match act {
            PlannedAct::Do(effect) => Some(effect),
            PlannedAct::Start(_)
            | PlannedAct::DowntimeBegins
            | PlannedAct::WaitFor(_)
            | PlannedAct::DowntimeEnds => None,
        })
    }

    /// The jobs that would be started, and from what.
    pub fn starts(&self) -> impl Iterator<Item = &PlannedStart> {
        self.acts.iter().filter_map(|act| match act {
            PlannedAct::Start(start) => Some(start),
            PlannedAct::Do(_)
            | PlannedAct::DowntimeBegins
            | PlannedAct::WaitFor(_)
            | PlannedAct::DowntimeEnds => None,
        })
    }

    /// The jobs that would be stopped with a savepoint.
    pub fn savepoints(&self) -> impl Iterator<Item = JobId> {
        self.effects().filter_map(|effect| match effect {
            Effect::Savepoint(savepoint) => Some(savepoint.job),
            Effect::AddFinalizer
            | Effect::SaveRevision(_)
            | Effect::CopyRevision { .. }
            | Effect::RebuildRevision(_)
            | Effect::CreateCluster(_)
            | Effect::ScaleTaskManagers { .. }
            | Effect::SetRequirements(_)
            | Effect::LabelCluster(_)
            | Effect::PointService { .. }
            | Effect::Submit(_)
            | Effect::Cancel { .. }
            | Effect::DeletePod { .. }
            | Effect::RemoveCluster { .. }
            | Effect::RemoveRevision(_)
            | Effect::RemoveFinalizer => None,
        })
    }

    /// What would be removed: clusters, revisions, pods, the finalizer.
    pub fn removals(&self) -> impl Iterator<Item = &Effect> {
        self.effects().filter(|effect| match effect {
            Effect::DeletePod { .. }
            | Effect::RemoveCluster { .. }
            | Effect::RemoveRevision(_)
            | Effect::RemoveFinalizer => true,
            Effect::AddFinalizer
            | Effect::SaveRevision(_)
            | Effect::CopyRevision { .. }
            | Effect::RebuildRevision(_)
            | Effect::CreateCluster(_)
            | Effect::ScaleTaskManagers { .. }
            | Effect::SetRequirements(_)
            | Effect::LabelCluster(_)
            | Effect::PointService { .. }
            | Effect::Submit(_)
            | Effect::Savepoint(_)
            | Effect::Cancel { .. } => false,
        })
    }
}

/// A job that would be started.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PlannedStart {
    /// In which cluster.
    pub incarnation: Incarnation,
    /// Its version, where the cluster is known by then.
    pub hash: Option<DeployHash>,
    /// From what.
    pub from: PlannedOrigin,
}

/// Where the state of a job would come from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PlannedOrigin {
    /// From nowhere: it starts empty.
    Empty,
    /// From what the user named.
    Given(String),
    /// From a savepoint of this job that does not exist yet: it is taken on the way.
    Savepoint(JobId),
    /// From a point that is known already. Of a job that still runs it is the newest as it was last
    /// seen; by then there may be a newer one, which would be used.
    Restored(RestorePoint),
}

/// How a plan ends.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PlanEnd {
    /// At rest, with nothing left to do.
    Rests(Verdict),
    /// No progress without a person; the cures are in `waiting.cures`.
    Stalled(Verdict),
    /// At something that is not assumed to come: what is unknown, or in trouble, now.
    Waits(Verdict),
    /// The application is gone.
    Gone,
    /// With more steps than were asked for.
    Limit,
}

/// What would be done from here on: at most `limit` steps.
///
/// `cx` holds the spec that is asked about, deployed or not; `state` is the state now, and `seen` what
/// a round with both would see (the answers to [`needs`]). The first step is what the next round
/// decides from exactly these facts.
///
/// **Assumed** is that everything goes well, at once: what is created comes up, pods that start or end
/// get there, TaskManagers register with free slots, savepoints succeed, jobs that are submitted run
/// and stay, what is removed is gone. A fact that was not asked for is taken as the state has it: a
/// deployed job runs. **Not assumed** is that the answer to a question changes by itself: what is
/// [`Unknown`](crate::Fact::Unknown) stays so, a pod in trouble stays in trouble, a refusal stays one,
/// a stranger stays in the way, clusters that have no number are not seen under one, and how the spec
/// differs from a revision is known only if it was seen. A plan that comes to such a wait ends with it
/// ([`PlanEnd::Waits`]); it never lets a deadline pass.
///
/// So it tells what the machine would do, not that it will: between now and then facts can differ.
#[must_use]
pub fn plan(cx: &Context<'_>, state: &State, seen: &Observation, limit: usize) -> Plan {
    let mut world = Assumed::new(cx, state, seen);
    let mut state = state.clone();
    let mut steps = Steps { steps: Vec::new(), phase: name(&state.phase) };
    let mut still_since = world.now;
    loop {
        let decision = round(cx.config, &world, &state);
        let ran = world.runs();
        let changed = world.perform(&decision.effects);
        steps.note(&decision, &world, (ran, world.runs()));
        if steps.steps.len() > limit {
            steps.steps.truncate(limit);
            return Plan { steps: steps.steps, end: PlanEnd::Limit };
        }
        if world.gone {
            return Plan { steps: steps.steps, end: PlanEnd::Gone };
        }
        let moved = decision.state != state;
        state = decision.state;
        if moved || changed || world.goes_on(runs_on(&state)) {
            still_since = world.now;
            continue;
        }
        let passed = world.now.since(still_since);
        let wake = decision.wake.filter(|at| *at > world.now);
        match wake.filter(|_| may_pass(&world, cx.config, &decision.verdict, passed)) {
            Some(at) if !is_a_limit(&decision.verdict, at) => world.now = at,
            Some(_) | None => return Plan { steps: steps.steps, end: ended(decision.verdict) },
        }
    }
}

/// In mode BlueGreen the deployed job runs on while a savepoint of it is taken.
fn runs_on(state: &State) -> bool {
    let beside = |target: Target| target.mode == Mode::BlueGreen;
    matches!(&state.phase, Phase::Savepointing(phase) if beside(phase.target))
}

/// A round up to its decision, in the assumed world.
fn round(config: &Config, world: &Assumed, state: &State) -> Decision {
    let cx = Context { config, desired: &world.desired, now: world.now, resumed: false };
    let mut seen = Observation::default();
    let mut asked = FactRequest::default();
    for _ in 0..QUESTIONS {
        let wanted = needs(&cx, state, &seen);
        if wanted == asked {
            break;
        }
        asked = wanted;
        seen = world.answer(&asked);
    }
    decide(&cx, state, &seen)
}

/// Whether more time may pass with nothing happening: only as long as something is under way, and as
/// anything waits for time alone where all goes well: a cache's age, a delay between two attempts, the
/// confirmation.
fn may_pass(world: &Assumed, config: &Config, verdict: &Verdict, passed: Duration) -> bool {
    let longest = world.refresh_interval() + config.max_backoff + world.desired.confirm_after;
    verdict.reason.reconciling() && passed <= longest
}

/// Whether a deadline would pass at this instant. (The confirmation is waited for, it limits nothing.)
fn is_a_limit(verdict: &Verdict, at: Timestamp) -> bool {
    let until = verdict.waiting.as_ref().and_then(|w| w.until);
    verdict.reason != Reason::Confirming && until.is_some_and(|until| at >= until)
}

fn ended(verdict: Verdict) -> PlanEnd {
    match verdict.reason {
        reason if reason.stalled() => PlanEnd::Stalled(verdict),
        reason if reason.reconciling() => PlanEnd::Waits(verdict),
        _ => PlanEnd::Rests(verdict),
    }
}

/// The phase as a step tells it. (What is being taken over keeps the reference operator's word in its status.)
fn name(phase: &Phase) -> Option<&'static str> {
    if let Phase::Left(_) = phase { Some("Left") } else { phase.name() }
}

/// The steps so far, and the phase that the last round was in.
struct Steps {
    steps: Vec<PlannedStep>,
    phase: Option<&'static str>,
}

impl Steps {
    /// What a round adds; `runs`: whether a job ran before its effects, and after them.
    fn note(&mut self, decision: &Decision, world: &Assumed, (before, after): (bool, bool)) {
        let phase = name(&decision.state.phase);
        let Decision { effects, verdict, .. } = decision;
        let waits = verdict.waiting.as_ref().filter(|_| verdict.reason.reconciling());
        let entered = phase != self.phase;
        if entered || (self.steps.is_empty() && (!effects.is_empty() || waits.is_some())) {
            self.steps.extend(phase.map(|phase| PlannedStep { phase, acts: Vec::new() }));
        }
        self.phase = phase;
        let Some(PlannedStep { acts, .. }) = self.steps.last_mut() else { return };
        // What runs again runs once all is waited for.
        let ended = acts.pop_if(|act| *act == PlannedAct::DowntimeEnds).is_some();
        let mut news = Vec::new();
        for effect in effects {
            let act = PlannedAct::Do(effect.clone());
            if !acts.contains(&act) {
                news.push(act);
                news.extend(start(effect, world).map(PlannedAct::Start));
            }
        }
        if before && !after {
            news.push(PlannedAct::DowntimeBegins);
        }
        if let Some(Waiting { what, .. }) = waits {
            let wait = PlannedAct::WaitFor(what.clone());
            // It is waited for until what is done now has come about, too.
            if !news.is_empty() {
                acts.retain(|act| *act != wait);
            }
            if !acts.contains(&wait) {
                news.push(wait);
            }
        }
        acts.append(&mut news);
        if ended || (!before && after) {
            acts.push(PlannedAct::DowntimeEnds);
        }
    }
}

fn start(effect: &Effect, world: &Assumed) -> Option<PlannedStart> {
    let Effect::Submit(submit) = effect else { return None };
    let from = match &submit.from {
        Origin::Empty => PlannedOrigin::Empty,
        Origin::Given(path) => PlannedOrigin::Given(path.clone()),
        Origin::Restored(point) if world.took(point) => PlannedOrigin::Savepoint(point.job),
        Origin::Restored(point) => PlannedOrigin::Restored(point.clone()),
    };
    let incarnation = submit.incarnation;
    Some(PlannedStart { incarnation, hash: world.hash(incarnation), from })
}
