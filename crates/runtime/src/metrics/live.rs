//! What stands at this instant: who leads, applications, the queue, the caches. Read from the operator when it is
//! asked for; zero where none runs.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use flinkk8soperator_api::v1beta1::Phase;
use flinkk8soperator_core::Reason;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::metrics::MetricType;

use super::{Metrics, gauge};
use crate::operator::Operator;

/// Who knows what stands.
pub(crate) trait Shown: Send + Sync {
    /// Now.
    fn now(&self) -> Now;
}

/// What stands at an instant.
#[derive(Debug, Default)]
pub(crate) struct Now {
    /// Whether this process acts.
    pub(crate) leads: bool,
    /// Applications by the reason in their status.
    pub(crate) reasons: BTreeMap<Reason, usize>,
    /// Applications by the phase in their status.
    pub(crate) phases: BTreeMap<&'static str, usize>,
    /// Objects that are kept of what the watches showed, in the order of [`KINDS`].
    pub(crate) cached: [usize; KINDS.len()],
    /// Applications that are due and wait for a worker.
    pub(crate) due: usize,
    /// How long the one of them that waits longest has been due.
    pub(crate) waits: Duration,
    /// Rounds under way.
    pub(crate) rounds: usize,
    /// How long the longest of them has run.
    pub(crate) longest: Duration,
}

/// What is watched.
const KINDS: [&str; 5] = ["FlinkApplication", "Deployment", "Service", "Ingress", "Pod"];

/// The word of a phase: the reference operator's, which has none for what is not begun.
pub(super) fn phase_word(phase: &'static str) -> &'static str {
    if phase.is_empty() { "New" } else { phase }
}

/// Reads what stands when it is asked for.
#[derive(Clone, Default)]
pub(super) struct Live(Arc<Mutex<Option<Weak<dyn Shown>>>>);

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Live")
    }
}

impl Metrics {
    /// From now on what stands is `of` it: the process has one operator at a time.
    pub(crate) fn show(&self, of: Weak<dyn Shown>) {
        *self.0.live.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(of);
    }
}

impl Shown for Operator {
    fn now(&self) -> Now {
        let load = self.queue.load();
        // Where no worker was started, what is due waits for none.
        let worked_on = load.idle + load.running > 0;
        let since = |of: Option<(_, Duration)>| of.map(|(_, time)| time).unwrap_or_default();
        let watched = self.cache.lock();
        let (mut reasons, mut phases) = (BTreeMap::new(), BTreeMap::new());
        for status in watched.applications.values().filter_map(|app| app.typed.status.as_ref()) {
            let word = |reason: &&Reason| Some(reason.as_str()) == status.reason.as_deref();
            if let Some(reason) = Reason::ALL.iter().find(word) {
                *reasons.entry(*reason).or_default() += 1;
            }
            let word = Phase::WORDS.iter().find(|word| **word == status.phase.as_str());
            if let Some(word) = word {
                *phases.entry(phase_word(word)).or_default() += 1;
            }
        }
        let cached = [
            watched.applications.len(),
            watched.deployments.len(),
            watched.services.len(),
            watched.ingresses.len(),
            watched.pods.len(),
        ];
        Now {
            leads: self.lease.held(),
            reasons,
            phases,
            cached,
            due: if worked_on { load.due } else { 0 },
            waits: since(load.waits.filter(|_| worked_on)),
            rounds: load.running,
            longest: since(load.longest),
        }
    }
}

impl Collector for Live {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let shown = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let now = shown.and_then(|shown| shown.upgrade()).map(|shown| shown.now());
        let now = now.unwrap_or_default();
        let count = |counted: Option<&usize>| counted.copied().unwrap_or_default();
        let about = "1 on the replica that acts, 0 on those that stand by";
        gauge(&mut encoder, "leader", about, &i64::from(now.leads))?;
        let reasons =
            Reason::ALL.iter().map(|reason| (reason.as_str(), count(now.reasons.get(reason))));
        let about = "Applications by how they stand, in their status";
        by(&mut encoder, "applications", about, "reason", reasons)?;
        let phases = Phase::WORDS.iter().map(|phase| phase_word(phase));
        let phases = phases.map(|phase| (phase, count(now.phases.get(phase))));
        let about = "Applications by their phase, in their status";
        by(&mut encoder, "applications_by_phase", about, "phase", phases)?;
        let about = "Objects that are kept of what the watches showed";
        by(&mut encoder, "cache_objects", about, "kind", KINDS.into_iter().zip(now.cached))?;
        let about = "Applications that are due and wait for a worker";
        gauge(&mut encoder, "queue_depth", about, &whole(now.due))?;
        let about = "How long the application that waits longest for a worker has been due";
        gauge(&mut encoder, "queue_wait_seconds", about, &now.waits.as_secs_f64())?;
        gauge(&mut encoder, "rounds_under_way", "Rounds under way", &whole(now.rounds))?;
        let about = "How long the longest round under way has run";
        gauge(&mut encoder, "longest_round_seconds", about, &now.longest.as_secs_f64())
    }
}

fn whole(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn by(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    about: &str,
    label: &'static str,
    counts: impl Iterator<Item = (&'static str, usize)>,
) -> fmt::Result {
    let mut gauge = encoder.encode_descriptor(name, about, None, MetricType::Gauge)?;
    for (word, count) in counts {
        gauge.encode_family(&[(label, word)])?.encode_gauge(&whole(count))?;
    }
    Ok(())
}
