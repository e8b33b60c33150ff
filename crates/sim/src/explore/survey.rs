//! What an exploration came to see: which phases follow one another and on what, which faults strike
//! where, which cases of the invariants came up.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use flinkk8soperator_core::{Decision, Effect, Phase};

use super::cures;
use super::moves::Move;
use super::node::Node;
use super::scenario::Fault;
use crate::invariants::Sometimes;
use crate::world::World;

macro_rules! places {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// Where an application is: a phase of the machine, or gone.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Place { $($(#[$doc])* $name),+ }

        impl Place {
            /// All of them.
            pub const ALL: &'static [Place] = &[$(Place::$name),+];
        }
    };
}

places! {
    /// See [`Phase::New`].
    New,
    /// See [`Phase::Left`].
    Left,
    /// See [`Phase::Updating`].
    Updating,
    /// See [`Phase::Rescaling`].
    Rescaling,
    /// See [`Phase::ClusterStarting`].
    ClusterStarting,
    /// See [`Phase::Savepointing`].
    Savepointing,
    /// See [`Phase::Cancelling`].
    Cancelling,
    /// See [`Phase::Recovering`].
    Recovering,
    /// See [`Phase::SubmittingJob`].
    SubmittingJob,
    /// See [`Phase::DualRunning`].
    DualRunning,
    /// See [`Phase::Running`].
    Running,
    /// See [`Phase::RollingBackJob`].
    RollingBackJob,
    /// See [`Phase::DeployFailed`].
    DeployFailed,
    /// See [`Phase::Deleting`].
    Deleting,
    /// See [`Phase::Unreadable`].
    Unreadable,
    /// The application is gone.
    Gone,
}

impl Place {
    pub(super) fn of(node: &Node) -> Place {
        if node.gone() { Place::Gone } else { Place::of_phase(&node.stored.phase) }
    }

    pub(super) fn of_phase(phase: &Phase) -> Place {
        match phase {
            Phase::New(_) => Place::New,
            Phase::Left(_) => Place::Left,
            Phase::Updating(_) => Place::Updating,
            Phase::Rescaling(_) => Place::Rescaling,
            Phase::ClusterStarting(_) => Place::ClusterStarting,
            Phase::Savepointing(_) => Place::Savepointing,
            Phase::Cancelling(_) => Place::Cancelling,
            Phase::Recovering(_) => Place::Recovering,
            Phase::SubmittingJob(_) => Place::SubmittingJob,
            Phase::DualRunning(_) => Place::DualRunning,
            Phase::Running(_) => Place::Running,
            Phase::RollingBackJob(_) => Place::RollingBackJob,
            Phase::DeployFailed(_) => Place::DeployFailed,
            Phase::Deleting(_) => Place::Deleting,
            Phase::Unreadable(_) => Place::Unreadable,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Phases that followed one another by a round, each with what was told, or else how it stood.
pub type Transitions = BTreeMap<(Place, Place), BTreeSet<&'static str>>;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// See [`Transitions`].
    pub transitions: Transitions,
    /// Which faults struck where.
    pub struck: BTreeSet<(Place, Fault)>,
    /// Which effects belonged to a state that was written, by their names.
    pub effects: BTreeSet<&'static str>,
    /// Which cures that a status named were tried.
    pub cured: BTreeSet<&'static str>,
    /// Which of [`SOMETIMES`](crate::invariants::SOMETIMES) were seen.
    pub seen: BTreeSet<&'static str>,
}

impl Survey {
    /// A move was made.
    pub(super) fn note(&mut self, node: &Node, decision: &Decision, chosen: Move, next: &Node) {
        let from = Place::of(node);
        if let Some(fault) = chosen.fault() {
            self.struck.insert((from, fault));
        }
        if chosen.writes() {
            self.effects.extend(decision.effects.iter().map(Effect::name));
            let to = Place::of_phase(&decision.state.phase);
            self.follows(from, to, decision);
            if next.gone() {
                self.follows(to, Place::Gone, decision);
            }
        } else if chosen == Move::Edit && next.gone() {
            let on = self.transitions.entry((from, Place::Gone)).or_default();
            on.insert("deleted before the finalizer was set");
        }
        if let (Move::Cure(_), Some(cured)) = (chosen, &next.cured) {
            self.cured.extend(cures::name(&cured.cure));
        }
    }

    /// A world that was not seen before; `unseen`: the cases that have not come up yet.
    pub(super) fn comes_to(&mut self, world: &World, unseen: &mut Vec<Sometimes>) {
        unseen.retain(|(name, holds)| {
            let seen = holds(world);
            if seen {
                self.seen.insert(name);
            }
            !seen
        });
    }

    fn follows(&mut self, from: Place, to: Place, decision: &Decision) {
        if from == to {
            return;
        }
        let on = self.transitions.entry((from, to)).or_default();
        if decision.events.is_empty() {
            on.insert(decision.verdict.reason.as_str());
        } else {
            on.extend(decision.events.iter().map(|event| event.reason.as_str()));
        }
    }
}
