//! The round: read, needs, observe, decide, persist, execute. It is the order that matters.

use flinkk8soperator_core::{
    Config, Context, Decision, Desired, FactRequest, Observation, State, Timestamp, decide, needs,
};

use super::execute::execute;
use super::memory::Memory;
use super::observe::observe;
use super::outside::{Failed, Outside};
use super::resource::StreamingJob;
use super::store::{NotWritten, Store, Version};

/// How often `needs` is asked at most.
const QUESTIONS: usize = 3;

/// Drives one job. It holds nothing that may not be lost.
pub(crate) struct Controller {
    pub(crate) config: Config,
    memory: Memory,
}

/// What a round decided, and from what.
#[derive(Clone, Debug)]
pub(crate) struct Round {
    pub(crate) desired: Desired,
    pub(crate) now: Timestamp,
    pub(crate) resumed: bool,
    pub(crate) before: State,
    pub(crate) seen: Observation,
    pub(crate) decision: Decision,
    /// What ended the round before everything was done; the next one begins anew.
    pub(crate) cut_short: Option<Failed>,
}

impl Round {
    pub(crate) fn context<'a>(&'a self, config: &'a Config) -> Context<'a> {
        Context { config, desired: &self.desired, now: self.now, resumed: self.resumed }
    }
}

/// What the effects of a round work on.
pub(crate) struct Ground<'a, S, O> {
    pub(crate) store: &'a mut S,
    pub(crate) outside: &'a mut O,
    pub(crate) memory: &'a mut Memory,
    pub(crate) job: StreamingJob,
    pub(crate) version: Version,
}

impl<S: Store, O> Ground<'_, S, O> {
    /// Writes the job as it is here; from then on it is as the store has it. A store that does not keep the
    /// machine's state gets the one of before: without any beside its objects, or its mark, nobody could
    /// tell what is under way.
    pub(crate) fn write(&mut self, before: Option<State>) -> Result<(), NotWritten> {
        let wanted = self.job.machine.clone();
        self.swap()?;
        if self.job.machine == wanted {
            return Ok(());
        }
        self.job.machine = before;
        self.swap()?;
        Err(NotWritten::Pruned)
    }

    fn swap(&mut self) -> Result<(), NotWritten> {
        let written = self.store.swap(self.version, Some(self.job.clone()))?;
        (self.job, self.version) = written.ok_or(NotWritten::Pruned)?;
        Ok(())
    }
}

impl Controller {
    /// Of a process that has just begun.
    pub(crate) fn new(config: Config) -> Controller {
        Controller { config, memory: Memory::default() }
    }

    /// One round; none: there is no job, or it cannot be read.
    pub(crate) fn round(
        &mut self,
        store: &mut impl Store,
        outside: &mut impl Outside,
    ) -> Option<Round> {
        // Read live in every round: effects belong to the state that is in the store now.
        let (job, version) = store.read().ok()??;
        let mut round = self.think(&job, outside);
        let memory = &mut self.memory;
        let mut ground = Ground { store, outside, memory, job, version };
        let written = persist(&mut ground, &round).map_err(Failed::from);
        ground.memory.decided |= written.is_ok();
        let done = written.and_then(|()| execute(&round.decision.effects, &mut ground));
        round.cut_short = done.err();
        Some(round)
    }

    /// A round that ends with its decision: nothing is written, nothing done.
    pub(crate) fn foresee(
        &mut self,
        store: &mut impl Store,
        outside: &mut impl Outside,
    ) -> Option<Round> {
        let (job, _) = store.read().ok()??;
        Some(self.think(&job, outside))
    }

    fn think(&mut self, job: &StreamingJob, outside: &mut impl Outside) -> Round {
        let now = outside.now();
        let desired = job.desired();
        let before = job.machine.clone().unwrap_or_else(|| State::new(now));
        // Deadlines that passed before this process came are nobody's fault.
        let resumed = !self.memory.decided;
        let cx = Context { config: &self.config, desired: &desired, now, resumed };
        let mut seen = Observation::default();
        let mut asked = FactRequest::default();
        for _ in 0..QUESTIONS {
            let wanted = needs(&cx, &before, &seen);
            if wanted == asked {
                break;
            }
            asked = wanted;
            observe(job, &before, &asked, &mut seen, outside, &mut self.memory);
        }
        let decision = decide(&cx, &before, &seen);
        Round { desired, now, resumed, before, seen, decision, cut_short: None }
    }
}

/// The state is in the store before anything is done. Whatever else comes of the write (a conflict,
/// no answer, a state that is not in what came back): nothing is done in this round.
fn persist(
    ground: &mut Ground<'_, impl Store, impl Outside>,
    round: &Round,
) -> Result<(), NotWritten> {
    let after = &round.decision.state;
    if *after == round.before {
        return Ok(());
    }
    let before = ground.job.machine.replace(after.clone());
    ground.write(before)?;
    ground.memory.written(&round.before, after);
    Ok(())
}
