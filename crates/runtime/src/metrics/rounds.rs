//! Rounds: how they ended, how long they took, what they did and wrote.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use super::Metrics;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Performed {
    effect: &'static str,
    outcome: &'static str,
}

pub(super) struct Rounds {
    rounds: Family<Outcome, Counter>,
    seconds: Histogram,
    effects: Family<Performed, Counter>,
    status_writes: Family<Outcome, Counter>,
}

/// How a round ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoundEnd {
    /// Everything that it decided was done.
    Done,
    /// Nothing had changed, nothing was asked.
    Skipped,
    /// It could not be completed, and will be repeated.
    Failed,
    /// It panicked: a defect.
    Panicked,
}

impl RoundEnd {
    /// For metrics and traces.
    pub(crate) fn label(self) -> &'static str {
        match self {
            RoundEnd::Done => "done",
            RoundEnd::Skipped => "skipped",
            RoundEnd::Failed => "failed",
            RoundEnd::Panicked => "panicked",
        }
    }
}

impl Rounds {
    pub(super) fn in_registry(registry: &mut Registry) -> Rounds {
        let of = Rounds {
            rounds: Family::default(),
            // 1 ms to 16 s: a round is some requests.
            seconds: Histogram::new(exponential_buckets(0.001, 2.0, 15)),
            effects: Family::default(),
            status_writes: Family::default(),
        };
        // There from the start, so that the first panic is an increase.
        for end in [RoundEnd::Done, RoundEnd::Skipped, RoundEnd::Failed, RoundEnd::Panicked] {
            drop(of.rounds.get_or_create(&Outcome { outcome: end.label() }));
        }
        registry.register("rounds", "Rounds by how they ended", of.rounds.clone());
        registry.register("round_duration_seconds", "Length of rounds", of.seconds.clone());
        registry.register("effects", "Effects by how they ended", of.effects.clone());
        let writes = of.status_writes.clone();
        registry.register("status_writes", "Writes of statuses by outcome", writes);
        of
    }
}

impl Metrics {
    pub(crate) fn round(&self, end: RoundEnd, took: Duration) {
        let of = &self.0.rounds;
        of.rounds.get_or_create(&Outcome { outcome: end.label() }).inc();
        of.seconds.observe(took.as_secs_f64());
    }

    pub(crate) fn effect(&self, effect: &'static str, ok: bool) {
        let outcome = if ok { "ok" } else { "failed" };
        self.0.rounds.effects.get_or_create(&Performed { effect, outcome }).inc();
    }

    pub(crate) fn status_write(&self, outcome: &'static str) {
        self.0.rounds.status_writes.get_or_create(&Outcome { outcome }).inc();
    }
}
