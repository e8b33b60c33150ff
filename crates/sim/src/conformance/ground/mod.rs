//! What an adapter works on: the store, Kubernetes and Flink, with one fault somewhere in them, and a
//! record of what it was told and what it did.

mod flink;
mod kubernetes;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::panic::resume_unwind;

use flinkk8soperator_core as machine;
use machine::{
    Fact, Incarnation, JobId, Observation, Process, Silence, State, Timestamp, TriggerId,
};

use super::fault::Fault;
use super::rules;
use super::shelf::{Shelf, Version, WriteEnd};
use super::story::Stage;
use crate::world::{AppId, Cluster, World};

/// The only application of a story.
pub(super) const APP: AppId = AppId(0);
/// How long a silence lasts. Arbitrary, shorter than any grace.
const SILENT_ROUNDS: usize = 5;

/// What a process that ends unwinds with: none of its code goes on.
pub(super) struct Crash;

/// What a cluster is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The JobManager's Deployment.
    JobManager,
    /// The TaskManagers' Deployment.
    TaskManager,
    /// The versioned Service.
    Service,
}

/// A change was not made, or is not known to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallError {
    /// No answer: it may or may not be made.
    NoAnswer,
    /// It is not made: why, in the words of who refused.
    Refused(String),
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallError::NoAnswer => f.write_str("no answer"),
            CallError::Refused(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for CallError {}

/// A call that changes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Call {
    SaveRevision(Incarnation),
    DeleteRevision(Incarnation),
    Create(Incarnation, Part),
    Delete(Incarnation, Part),
    DeletePod(machine::Uid),
    PointService(Incarnation),
    DeleteOwner,
    Submit(JobId),
    Savepoint(TriggerId),
    Cancel(JobId),
}

/// See the module.
pub struct Ground<K> {
    pub(super) world: World,
    pub(super) shelf: Shelf<K>,
    /// Versions by number, with the hash that the adapter names their objects by.
    pub(super) named: BTreeSet<(u32, u32)>,
    /// The stages whose versions the user has wished for so far.
    pub(super) wished: Vec<Stage>,
    /// The state in what is kept, and what is kept without it, as the adapter says.
    pub(super) state: fn(&K) -> Option<State>,
    pub(super) pruned: fn(K) -> K,
    /// Rounds so far.
    pub(super) rounds: usize,
    fault: Option<(Fault, usize)>,
    /// How many places for the fault were passed.
    passed: usize,
    /// In which round it struck.
    pub(super) struck: Option<usize>,
    /// A submission that is still on its way, and until which round.
    pub(super) late: Option<(machine::Submit, usize)>,
    /// What the process was told in this round.
    pub(super) told: Observation,
    pub(super) told_by: BTreeMap<Process, machine::Flink>,
    /// What the process was told ever: revisions that are there, which do not change.
    pub(super) revisions_told: BTreeSet<Incarnation>,
    /// Jobs whose intent the process wrote itself and did not send yet.
    pub(super) unsent: BTreeSet<JobId>,
    /// Jobs whose intent was ever in the store.
    intents: BTreeSet<JobId>,
    /// Whether a decision of the process is stored; none: it may be, and the process may not know.
    pub(super) decided: Option<bool>,
    /// Something was put into the store in this round.
    pub(super) wrote: bool,
    /// When the process began.
    pub(super) began: Timestamp,
    /// Its calls in this round, each with the state that was in the store then.
    pub(super) calls: Vec<(Call, Option<State>)>,
    pub(super) write_end: Option<WriteEnd>,
    /// A call of this round came to nothing: which.
    pub(super) failed: Option<Call>,
    /// A question of this round was not answered.
    pub(super) unanswered: bool,
    /// The first rule that was broken by a call.
    pub(super) breach: Option<(&'static str, String)>,
    pub(super) log: Vec<String>,
}

impl<K: Clone> Ground<K> {
    pub(super) fn new(
        world: World,
        fault: Option<(Fault, usize)>,
        state: fn(&K) -> Option<State>,
        pruned: fn(K) -> K,
    ) -> Ground<K> {
        let began = Timestamp(world.now);
        Ground {
            world,
            shelf: Shelf { kept: None, version: Version(0), behind: None },
            named: BTreeSet::new(),
            wished: Vec::new(),
            state,
            pruned,
            rounds: 0,
            fault,
            passed: 0,
            struck: None,
            late: None,
            told: Observation::default(),
            told_by: BTreeMap::new(),
            revisions_told: BTreeSet::new(),
            unsent: BTreeSet::new(),
            intents: BTreeSet::new(),
            decided: Some(false),
            wrote: false,
            began,
            calls: Vec::new(),
            write_end: None,
            failed: None,
            unanswered: false,
            breach: None,
            log: Vec::new(),
        }
    }

    /// The wall clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp(self.world.now)
    }

    /// A round begins: nothing is told or done in it yet.
    pub(super) fn begin_round(&mut self) {
        self.rounds += 1;
        self.told = Observation::default();
        self.told_by.clear();
        self.calls.clear();
        (self.write_end, self.failed, self.unanswered) = (None, None, false);
        self.wrote = false;
    }

    /// A round ends, with a state to write or none: whether the process is one that decided before.
    pub(super) fn end_round(&mut self, to_write: bool) {
        self.decided = match self.write_end {
            None => Some(true),
            // An effect's write may have failed, after the state's; or an answer is lost.
            Some(_) if self.wrote || !to_write => self.decided.filter(|decided| *decided),
            Some(_) => self.decided,
        };
    }

    /// Another process begins: nobody waits for the answers to the last one's submissions.
    pub(super) fn begin_process(&mut self) {
        self.world.give_up_waiting(None);
        self.unsent.clear();
        self.revisions_told.clear();
        self.decided = Some(false);
        self.began = self.now();
    }

    /// Whether the fault strikes here: at its own place, once.
    pub(super) fn strikes(&mut self, here: Fault) -> bool {
        let Some((fault, place)) = self.fault.filter(|(fault, _)| *fault == here) else {
            return false;
        };
        self.passed += 1;
        let now = self.passed == place && self.struck.is_none();
        if now {
            self.struck = Some(self.rounds);
            self.note(&format!("{fault:?}"));
        }
        now
    }

    /// Whether a fault that lasts holds now.
    pub(super) fn lasts(&self, fault: Fault) -> bool {
        let holds = |since: usize| self.rounds < since + SILENT_ROUNDS;
        self.fault.is_some_and(|(f, _)| f == fault) && self.struck.is_some_and(holds)
    }

    pub(super) fn note(&mut self, what: &str) {
        self.log.push(format!("{:>6}s {what}", self.world.now / 1000));
    }

    /// The state that is in the store.
    pub(super) fn stored(&self) -> Option<State> {
        self.shelf.kept.as_ref().and_then(self.state)
    }

    /// A job that is new in the store was sent by nobody yet, and this process knows.
    pub(super) fn intends(&mut self) {
        let stored = self.stored();
        if let Some(job) = stored.as_ref().and_then(rules::submitted)
            && self.intents.insert(job)
        {
            self.unsent.insert(job);
        }
    }

    pub(super) fn cluster(of: Incarnation) -> Cluster {
        Cluster { app: APP, incarnation: of.0 }
    }

    /// An answer, unless this one is not to come.
    pub(super) fn answer<T>(
        &mut self,
        silent: Fault,
        value: Result<T, Silence>,
    ) -> Result<T, Silence> {
        if self.lasts(silent) || self.strikes(Fault::NoAnswer) {
            self.unanswered = true;
            return Err(Silence::TimedOut);
        }
        value
    }

    /// A call that changes something: recorded, then made, unless the fault is here.
    pub(super) fn change(
        &mut self,
        call: Call,
        silent: Fault,
        make: impl FnOnce(&mut Ground<K>) -> Result<(), CallError>,
    ) -> Result<(), CallError> {
        self.note(&format!("{call:?}"));
        if let Some(rule) = rules::before_a_call(self.write_end, self.failed.as_ref()) {
            self.broken(rule, format!("{call:?} is made all the same"));
        }
        let stored = self.stored();
        self.calls.push((call.clone(), stored));
        if self.lasts(silent) || self.strikes(Fault::CallFails) {
            self.fails(call);
            return Err(CallError::NoAnswer);
        }
        let made = make(self);
        if self.strikes(Fault::CrashAfterCall) {
            resume_unwind(Box::new(Crash));
        }
        if self.strikes(Fault::LostReply) {
            self.fails(call);
            return Err(CallError::NoAnswer);
        }
        if made.is_err() {
            self.fails(call);
        }
        made
    }

    /// What comes of a submission is advice: it does not end a round.
    fn fails(&mut self, call: Call) {
        self.note("  comes to nothing, as far as is known");
        match call {
            Call::Submit(job) => self.world.give_up_waiting(Some(crate::world::JobId(job.0))),
            other => self.failed = Some(other),
        }
    }

    pub(super) fn broken(&mut self, rule: &'static str, what: String) {
        self.breach.get_or_insert((rule, what));
    }
}

/// Keeps what was told: an answer, once there was one in a round, is not made undone by a silence.
fn keep<T: Clone>(told: &mut Fact<T>, answer: &Result<T, Silence>) {
    let silence = std::time::Duration::ZERO;
    match answer {
        Ok(value) => *told = Fact::Known(value.clone()),
        Err(why) if told.known().is_none() => {
            *told = Fact::Unknown { why: *why, for_how_long: silence };
        }
        Err(_) => {}
    }
}
