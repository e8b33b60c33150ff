//! One telling of a story: the world lives by itself, the adapter has a round whenever something
//! happened or its machine wants to be woken, and at one place something goes wrong.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use flinkk8soperator_core as machine;
use machine::{Config, Context, Phase, Plan, Running, State, Work, plan};

use super::fault::Fault;
use super::ground::{APP, Crash, Ground};
use super::rules;
use super::story::{Stage, Story};
use super::{Adapter, Breach, Round, Summary};
use crate::explore::translate;
use crate::invariants::{NEWEST_STATE, NOT_EMPTY, broken};
use crate::world::{Latencies, Mishap, Role, Scheduler, Settings, World};

/// Longer than any stage takes with every deadline that may fire in it, in milliseconds.
const LIMIT: u64 = 45 * 60 * 1_000;
/// After so long the user wishes something else where the world took what the last wish needs, in
/// milliseconds: a rollback whose restore point is gone is tried for ever, and only `restore`, which no
/// story has, names another. That the resource can be deleted then is still asked of it.
const PATIENCE: u64 = 10 * 60 * 1_000;
/// Between a round that did something and the next, in milliseconds; more than a call takes.
const SOON: u64 = 20;
/// A process that ended is started again after so many milliseconds.
const RESTART: u64 = 1_000;
/// More steps than any plan has.
const STEPS: usize = 30;

/// A telling under way.
struct Telling<'a, A: Adapter> {
    ground: Ground<A::Kept>,
    adapter: A,
    start: &'a dyn Fn(&Config) -> A,
    config: Config,
    scheduler: Scheduler,
    lenient: bool,
}

type Told = Result<(), (&'static str, String)>;

/// Tells a story once. Whether the fault's place was reached.
pub(super) fn tell<A: Adapter>(
    story: &Story,
    fault: Option<(Fault, usize)>,
    start: &dyn Fn(&Config) -> A,
    summary: &mut Summary,
) -> Result<bool, Box<Breach>> {
    let config = Config::default();
    let mut world = World::new(Settings { checkpoints: 1, ..Settings::default() });
    world.wait_until(1_000_000);
    let mut telling = Telling {
        ground: Ground::new(world, fault, A::state, A::pruned),
        adapter: start(&config),
        start,
        config,
        scheduler: Scheduler::new(Latencies::default()),
        lenient: story.lenient,
    };
    for stage in &story.stages {
        let told = telling.stage(stage, fault.map(|(fault, _)| fault));
        if let Err((rule, what)) = told {
            let mut log = telling.ground.log;
            log.insert(0, format!("{}, {fault:?}", story.name));
            return Err(Box::new(Breach { rule, what, log }));
        }
    }
    summary.rounds += telling.ground.rounds;
    if fault.is_none() {
        summary.told.push((None, 1));
    }
    Ok(telling.ground.struck.is_some())
}

impl<A: Adapter> Telling<'_, A> {
    fn stage(&mut self, stage: &Stage, fault: Option<Fault>) -> Told {
        self.wish(stage);
        let begun = self.ground.world.now;
        let end = begun + LIMIT;
        let curable = fault.is_some_and(Fault::in_the_world) && !stage.wish.deleted;
        let mut tale = Tale::default();
        loop {
            let before = self.ground.world.clone();
            self.disturb();
            let (round, at_rest) = self.round()?;
            self.sound(&before)?;
            if let Some(round) = &round {
                tale.note(&self.config, round);
            }
            let over = if stage.wish.deleted { self.gone() } else { at_rest };
            if over {
                return self.ended(stage, fault, &tale);
            }
            if curable && self.ground.world.now >= begun + PATIENCE {
                return Ok(());
            }
            if self.ground.world.now >= end {
                let message = round.map(|r| r.decision.verdict.message).unwrap_or_default();
                return Err((rules::STORY_ENDS, format!("not in 45 minutes: {message}")));
            }
        }
    }

    /// The user writes the wish.
    fn wish(&mut self, stage: &Stage) {
        let ground = &mut self.ground;
        ground.note(&format!("--- {:?}", stage.wish));
        ground.wished.push(*stage);
        // The world's application stands for the user's wish and for what owns the objects.
        let spec = stage.spec(0);
        if ground.world.applications.is_empty() {
            ground.world.create_application("resource", spec);
            ground.world.add_finalizer(APP);
        } else {
            ground.world.edit_application(APP, spec);
        }
        if stage.wish.deleted {
            ground.world.delete_application(APP);
        }
        let uid = translate::uid(ground.world.applications[APP.0].uid);
        let kept = A::wished(ground.shelf.kept.clone(), uid, &stage.wish);
        ground.shelf.put(Some(kept));
    }

    /// What goes wrong in the world before a round, and what arrives late.
    fn disturb(&mut self) {
        let ground = &mut self.ground;
        for lasting in [Fault::FlinkSilent, Fault::KubernetesSilent] {
            ground.strikes(lasting);
        }
        if let Some((submit, _)) = ground.late.take_if(|(_, at)| *at <= ground.rounds) {
            ground.note("a submission of the process before arrives");
            let arrived = ground.arrives(&submit);
            if arrived.is_ok() {
                ground.world.give_up_waiting(Some(translate::job_back(submit.job)));
            }
        }
        // Which of them, where there are two: now the older, now the newer one.
        let jobmanagers = ground.world.pods.iter().filter(|p| p.role == Role::JobManager);
        let running: Vec<_> = jobmanagers.filter(|p| p.running()).map(|p| p.uid).collect();
        if running.is_empty() {
            return;
        }
        let one = running[ground.rounds % running.len()];
        if ground.strikes(Fault::JobManagerRestarts) {
            ground.world.befall(Mishap::ProcessRestarts(one));
        }
        if ground.strikes(Fault::JobManagerLost) {
            ground.world.befall(Mishap::PodLost(one));
        }
    }

    /// A round, and time until the next. Whether the machine is at rest.
    fn round(&mut self) -> Result<(Option<Round>, bool), (&'static str, String)> {
        self.ground.begin_round();
        let (adapter, ground) = (&mut self.adapter, &mut self.ground);
        let before = ground.world.clone();
        let ended = catch_unwind(AssertUnwindSafe(|| adapter.round(ground)));
        let round = match ended {
            Ok(round) => round,
            Err(payload) if payload.is::<Crash>() => {
                self.tell_the_user();
                self.adapter = (self.start)(&self.config);
                self.ground.begin_process();
                self.live_until(self.ground.world.now + RESTART)?;
                return Ok((None, false));
            }
            Err(payload) => resume_unwind(payload),
        };
        if let Some(breach) = self.ground.breach.take() {
            return Err(breach);
        }
        let Some(round) = round else {
            self.live_until(self.ground.world.now + RESTART)?;
            return Ok((None, false));
        };
        if let Some(breach) = rules::of_round(&self.config, &round, &self.ground) {
            return Err(breach);
        }
        self.ground.end_round(round.decision.state != round.before);
        self.tell_the_user();
        self.sound(&before)?;
        let now = self.ground.world.now;
        let still = round.decision.state == round.before && self.ground.calls.is_empty();
        let event = self.scheduler_next();
        let wake = round.decision.wake.map(|at| at.0).filter(|_| still);
        let next = if still { wake.into_iter().chain(event).min() } else { Some(now + SOON) };
        let rests = still && self.rests(&round);
        self.live_until(next.unwrap_or(now + RESTART).max(now + SOON))?;
        Ok((Some(round), rests))
    }

    /// Nothing is left to do, and nothing is on its way out or late.
    fn rests(&self, round: &Round) -> bool {
        let record = &round.decision.state.record;
        let done = !round.decision.verdict.reason.reconciling();
        let ground = &self.ground;
        done && record.leaving.is_empty()
            && record.obsolete.is_empty()
            && ground.late.is_none()
            && ground.world.pods.iter().all(|p| !p.terminating)
    }

    fn gone(&self) -> bool {
        let world = &self.ground.world;
        world.applications[APP.0].gone && world.pods.is_empty() && self.ground.shelf.kept.is_none()
    }

    fn scheduler_next(&mut self) -> Option<u64> {
        let now = self.ground.world.now;
        self.scheduler.run_until(&mut self.ground.world, now);
        self.scheduler.next_at()
    }

    /// The world lives by itself until then, one step at a time.
    fn live_until(&mut self, instant: u64) -> Told {
        while let Some(at) = self.scheduler_next().filter(|at| *at <= instant) {
            let before = self.ground.world.clone();
            self.scheduler.run_until(&mut self.ground.world, at);
            self.sound(&before)?;
        }
        self.scheduler.run_until(&mut self.ground.world, instant);
        Ok(())
    }

    /// The invariants of the world. A lenient user has said that an older state, or none, will do.
    fn sound(&self, before: &World) -> Told {
        let allowed = |rule| self.lenient && [NEWEST_STATE, NOT_EMPTY].contains(&rule);
        match broken(before, &self.ground.world).filter(|v| !allowed(v.invariant)) {
            Some(violation) => Err((violation.invariant, violation.what)),
            None => Ok(()),
        }
    }

    /// What the store says is what the user is told: this job is the deployed one, and good.
    fn tell_the_user(&mut self) {
        if let Some(job) = self.ground.stored().as_ref().and_then(announced) {
            let (job, world) = (translate::job_back(job), &mut self.ground.world);
            let run = world.runs.iter().rfind(|run| run.job == job);
            let parallelism = run.map_or(1, |run| run.parallelism);
            world.announce(job, parallelism);
        }
    }

    fn ended(&self, stage: &Stage, fault: Option<Fault>, tale: &Tale) -> Told {
        if stage.wish.deleted {
            return self.as_planned(fault, tale);
        }
        let Some(last) = &tale.last else { return Ok(()) };
        let verdict = &last.decision.verdict;
        let deployed = last.decision.state.record.deployed.as_ref();
        let wished = deployed.map(|d| d.target.digest) == Some(last.desired.digest);
        // What goes wrong in the world may cost the deploy, not the way on.
        let as_it_should = match fault {
            Some(fault) if fault.in_the_world() => true,
            Some(_) | None => verdict.reason == stage.ends && wished != stage.refused,
        };
        if !as_it_should {
            let what =
                format!("{:?} instead of {:?}: {}", verdict.reason, stage.ends, verdict.message);
            return Err((rules::STORY_ENDS, what));
        }
        // A version that is refused is one thing that goes wrong.
        if stage.refused { Ok(()) } else { self.as_planned(fault, tale) }
    }

    fn as_planned(&self, fault: Option<Fault>, tale: &Tale) -> Told {
        let Some(foretold) = tale.foretold.as_ref().filter(|_| fault.is_none()) else {
            return Ok(());
        };
        let steps = foretold.steps.iter().map(|step| {
            let effects = step.effects().map(ToString::to_string).collect();
            (step.phase, effects)
        });
        let steps: Vec<(&str, Vec<String>)> = steps.collect();
        if steps == tale.steps {
            return Ok(());
        }
        Err((rules::AS_PLANNED, format!("foretold: {steps:?}\n  happened: {:?}", tale.steps)))
    }
}

/// What happened in a stage.
#[derive(Default)]
struct Tale {
    /// What would happen, as the first round after the wish could tell.
    foretold: Option<Plan>,
    /// What happened: phases, and what was done in each.
    steps: Vec<(&'static str, Vec<String>)>,
    last: Option<Round>,
}

impl Tale {
    fn note(&mut self, config: &Config, round: &Round) {
        let phase = round.decision.state.phase.name().unwrap_or("Unreadable");
        let was = match &self.last {
            Some(last) => last.decision.state.phase.name(),
            None => {
                let cx = Context {
                    config,
                    desired: &round.desired,
                    now: round.now,
                    resumed: round.resumed,
                };
                self.foretold = Some(plan(&cx, &round.before, &round.seen, STEPS));
                round.before.phase.name()
            }
        };
        let effects = &round.decision.effects;
        if Some(phase) != was || (self.steps.is_empty() && !effects.is_empty()) {
            self.steps.push((phase, Vec::new()));
        }
        if let Some((_, done)) = self.steps.last_mut() {
            for told in effects.iter().map(ToString::to_string) {
                if !done.contains(&told) {
                    done.push(told);
                }
            }
        }
        self.last = Some(round.clone());
    }
}

/// The job that a state tells the user to be the deployed one, and good.
fn announced(state: &State) -> Option<machine::JobId> {
    let at_rest = matches!(
        state.phase,
        Phase::Running(Running { confirming: None }) | Phase::DeployFailed(_)
    );
    match &state.record.deployed.as_ref().filter(|_| at_rest)?.work {
        Work::Live(job) => Some(job.id),
        Work::Stopped(_) | Work::Finished => None,
    }
}
