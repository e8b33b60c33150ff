//! A generated set of rounds: every phase in many shapes, met by many observations and wishes.
//! Nothing is random: each axis (what the user wants, the objects, either JobManager, …) has a
//! plain value and deviations from it, and every pair of axes takes every pair of values. Not every
//! combination can happen; the laws hold for all of them.
//!
//! Cluster 1 is the deployed version's with job 1, cluster 2 the target's with job 2, cluster 3 is
//! on its way out. Times are around [`NOW`].

mod facts;
mod states;
mod wishes;

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use flinkk8soperator_core::*;

use crate::common::observe;
use facts::Pair;
pub(crate) use facts::{Facts, SHORT};

/// The instant of every round: the past is long enough for any deadline to lie in it.
pub(crate) const NOW: Timestamp = Timestamp(100_000_000);

/// A round that can be had.
pub(crate) struct Case<'a> {
    /// What is persisted.
    pub(crate) state: &'a State,
    /// The settings and what is wanted, at [`NOW`].
    pub(crate) cx: Context<'a>,
    /// What could be seen.
    pub(crate) facts: &'a Facts,
    /// What is seen of it.
    pub(crate) seen: Observation,
}

/// Calls `check` with every round of the vocabulary; once where the same is seen.
pub(crate) fn each(mut check: impl FnMut(&Case<'_>)) {
    let config = Config::default();
    let pairs = facts::pairs();
    for state in &states::all() {
        for (nth, desired) in wishes::all().iter().enumerate() {
            let cx = Context { config: &config, desired, now: NOW, resumed: false };
            // With what is plainly wanted every pair, with other wishes every single deviation.
            let deviations = if nth == 0 { 2 } else { 1 };
            let pairs = pairs.iter().filter(|p| p.deviations.len() <= deviations);
            each_of(state, cx, pairs, &mut check);
        }
    }
}

/// Two deviations that go unseen alone are not tried together.
fn each_of<'a>(
    state: &'a State,
    cx: Context<'a>,
    pairs: impl Iterator<Item = &'a Pair>,
    check: &mut impl FnMut(&Case<'_>),
) {
    let (mut met, mut unseen) = (BTreeSet::new(), BTreeSet::new());
    for Pair { facts, deviations } in pairs {
        if deviations.len() == 2 && deviations.iter().all(|d| unseen.contains(d)) {
            continue;
        }
        let seen = observe(&cx, state, |ask| facts.answer(ask));
        if met.insert(fingerprint(&seen)) {
            check(&Case { state, cx, facts, seen });
        } else if let [one] = deviations.as_slice() {
            unseen.insert(*one);
        }
    }
}

fn fingerprint(seen: &Observation) -> u64 {
    let mut hasher = DefaultHasher::new();
    seen.hash(&mut hasher);
    hasher.finish()
}

pub(crate) fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// So many seconds before [`NOW`].
pub(crate) fn ago(n: u64) -> Timestamp {
    Timestamp(NOW.0 - n * 1000)
}

/// The deployed version's job.
pub(crate) const OLD: JobId = JobId(1);
/// The target's job.
pub(crate) const NEW: JobId = JobId(2);
/// The operation under way.
pub(crate) const TRIGGER: TriggerId = TriggerId(3);

/// The JobManager process of cluster `n` at the beginning.
pub(crate) fn process(n: u32) -> Process {
    Process { pod: Uid(u128::from(n) * 10), restarts: 0 }
}

/// Version `n` in cluster `n`.
pub(crate) fn target(n: u32) -> Target {
    Target {
        hash: DeployHash(n),
        incarnation: Incarnation(n),
        generation: n.into(),
        digest: Digest(n.into()),
        parallelism: 2,
        taskmanagers: 1,
        mode: Mode::Dual,
        colour: None,
        scaled: None,
    }
}
