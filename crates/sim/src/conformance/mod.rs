//! Whether a controller that embeds the machine keeps its side: what the machine cannot see to.
//!
//! The machine is pure: that its state is written before anything is done, that silence is told as
//! silence, that effects are done in order, is up to whoever embeds it. [`check`] drives an [`Adapter`]
//! (the embedder's round, on the embedder's own kind of resource) through stories in the simulated
//! [world](crate::world), first undisturbed and then once more for every place where something can go
//! wrong (a crash between the write and an effect, a lost reply, a conflict, a cache that is behind, an
//! ex-leader's late submission, a state that the store drops, silence, a JobManager that is lost). It
//! ends with the first [`Breach`] of a [rule](rules), or of an [invariant](crate::invariants) of the
//! world.
//!
//! The adapter meets the world as [`Ground`]: a store with a compare-and-swap, and the calls that its
//! clients for Kubernetes and Flink would make, answered in the machine's words. What the clients
//! themselves do (HTTP, JSON) is not tried here.

mod fault;
mod ground;
mod run;
mod shelf;
mod story;

pub mod rules;

use std::fmt;

use flinkk8soperator_core as machine;
use machine::{Config, Decision, Desired, Mode, Observation, Recovery, State, Timestamp, Uid};

pub use fault::Fault;
pub use ground::{CallError, Ground, Part};
pub use shelf::{NotWritten, Version};

/// An embedding controller, as one process of it. A crash drops it; [`check`] then makes another.
pub trait Adapter {
    /// What the embedder's store keeps of a resource: the user's wish and the machine's state, written
    /// together.
    type Kept: Clone;

    /// The user writes the wish into the resource; none: makes it, under this UID. The state stays.
    fn wished(kept: Option<Self::Kept>, uid: Uid, wish: &Wish) -> Self::Kept;

    /// The machine's state in what is kept; none: there is none yet.
    fn state(kept: &Self::Kept) -> Option<State>;

    /// What a store that does not know of the machine's state would keep: an older schema, a field
    /// that is dropped on the way.
    fn pruned(kept: Self::Kept) -> Self::Kept;

    /// One round, in the embedder's own order; none: it ended before anything was decided.
    fn round(&mut self, ground: &mut Ground<Self::Kept>) -> Option<Round>;
}

/// What the user wants of the resource, in the embedder's own fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The version; handed on as it is to [`Ground::save_revision`]. Two versions differ by it alone.
    pub version: u32,
    /// Slots that its job needs.
    pub parallelism: u32,
    /// In which order an update goes.
    pub mode: Mode,
    /// Its state is not wanted.
    pub savepoint_disabled: bool,
    /// It may start without state where the newest cannot be proven.
    pub fallback_without_state: bool,
    /// Whether the last checkpoint seen will do.
    pub recovery: Recovery,
    /// It is to go, with a final savepoint.
    pub deleted: bool,
}

/// What a round decided, and from what.
#[derive(Clone, Debug)]
pub struct Round {
    /// The user's wish, in the machine's words.
    pub desired: Desired,
    /// When it began.
    pub now: Timestamp,
    /// Whether this process had stored no decision before.
    pub resumed: bool,
    /// The state that it began with.
    pub before: State,
    /// What was seen.
    pub seen: Observation,
    /// What came of it.
    pub decision: Decision,
}

/// A rule that was not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// Which: one of [`rules`], or of [`crate::invariants`].
    pub rule: &'static str,
    /// How.
    pub what: String,
    /// What happened before, one line a thing.
    pub log: Vec<String>,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "broken: {}\n  {}", self.rule, self.what)?;
        self.log.iter().try_for_each(|line| writeln!(f, "  {line}"))
    }
}

/// How much was tried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Stories told from beginning to end, by the fault in them; none: undisturbed.
    pub told: Vec<(Option<Fault>, usize)>,
    /// Rounds in all of them.
    pub rounds: usize,
}

/// Tells all stories to adapters that `start` makes, undisturbed and with each fault at each place.
/// The adapter decides with the settings that it is given.
///
/// # Errors
/// The first rule that is not kept.
pub fn check<A: Adapter>(start: impl Fn(&Config) -> A) -> Result<Summary, Box<Breach>> {
    let mut summary = Summary::default();
    for story in story::all() {
        run::tell(&story, None, &start, &mut summary)?;
    }
    for fault in Fault::ALL {
        let mut told = 0;
        for story in story::all().iter().filter(|s| fault.is_for(s)) {
            let mut place = 1;
            while run::tell(story, Some((*fault, place)), &start, &mut summary)? {
                place += 1;
                told += 1;
            }
        }
        summary.told.push((Some(*fault), told));
    }
    Ok(summary)
}
