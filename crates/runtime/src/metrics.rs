//! What the operator measures of itself, in OpenMetrics.
//!
//! Labels are words of closed lists, never names of applications: a fleet must not make series that
//! nobody removes.

use std::sync::Arc;
use std::time::Duration;

use flinkk8soperator_core::{Reason, Silence};
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    verb: &'static str,
    kind: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Performed {
    effect: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    call: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Told {
    question: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct By {
    reason: &'static str,
}

/// All metrics. Cheap to clone.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    rounds: Family<Outcome, Counter>,
    round_seconds: Histogram,
    effects: Family<Performed, Counter>,
    kube_requests: Family<Request, Counter>,
    flink_answers: Family<Told, Counter>,
    status_writes: Family<Outcome, Counter>,
    applications: Family<By, Gauge>,
    watch_errors: Counter,
    watch_panics: Counter,
    flink_requests: Family<Asked, Counter>,
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
    fn label(self) -> &'static str {
        match self {
            RoundEnd::Done => "done",
            RoundEnd::Skipped => "skipped",
            RoundEnd::Failed => "failed",
            RoundEnd::Panicked => "panicked",
        }
    }
}

impl Metrics {
    /// Metrics whose names begin with `prefix`.
    #[must_use]
    pub fn new(prefix: &str) -> Metrics {
        let mut inner = Inner {
            registry: Registry::with_prefix(prefix),
            rounds: Family::default(),
            // 1 ms to 16 s: a round is some requests.
            round_seconds: Histogram::new(exponential_buckets(0.001, 2.0, 15)),
            effects: Family::default(),
            kube_requests: Family::default(),
            flink_answers: Family::default(),
            status_writes: Family::default(),
            applications: Family::default(),
            watch_errors: Counter::default(),
            watch_panics: Counter::default(),
            flink_requests: Family::default(),
        };
        let registry = &mut inner.registry;
        registry.register("rounds", "Rounds by how they ended", inner.rounds.clone());
        let seconds = inner.round_seconds.clone();
        registry.register("round_duration_seconds", "Length of rounds", seconds);
        registry.register("effects", "Effects by how they ended", inner.effects.clone());
        let requests = inner.kube_requests.clone();
        registry.register("kubernetes_requests", "Requests without watches", requests);
        let answers = inner.flink_answers.clone();
        registry.register("flink_answers", "Questions to Flink by what came back", answers);
        let writes = inner.status_writes.clone();
        registry.register("status_writes", "Writes of statuses by outcome", writes);
        let applications = inner.applications.clone();
        registry.register("applications", "Applications by how they stand", applications);
        let errors = inner.watch_errors.clone();
        registry.register("watch_errors", "Watches that broke", errors);
        let panics = inner.watch_panics.clone();
        registry.register("watch_panics", "Objects whose reading panicked: a defect", panics);
        let asked = inner.flink_requests.clone();
        registry.register("flink_requests", "What Flink was asked to do, by outcome", asked);
        Metrics(Arc::new(inner))
    }

    /// All of them, as text.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut encoded = String::new();
        // Writing to a String does not fail.
        let _ = text::encode(&mut encoded, &self.0.registry);
        encoded
    }

    pub(crate) fn round(&self, end: RoundEnd, took: Duration) {
        self.0.rounds.get_or_create(&Outcome { outcome: end.label() }).inc();
        self.0.round_seconds.observe(took.as_secs_f64());
    }

    pub(crate) fn effect(&self, effect: &'static str, ok: bool) {
        let outcome = if ok { "ok" } else { "failed" };
        self.0.effects.get_or_create(&Performed { effect, outcome }).inc();
    }

    pub(crate) fn kube_request(&self, verb: &'static str, kind: &str, outcome: &'static str) {
        let request = Request { verb, kind: kind.to_owned(), outcome };
        self.0.kube_requests.get_or_create(&request).inc();
    }

    pub(crate) fn flink_answers(
        &self,
        outcomes: impl Iterator<Item = (&'static str, Option<Silence>)>,
    ) {
        for (question, silence) in outcomes {
            let outcome = silence.map_or("ok", word);
            self.0.flink_answers.get_or_create(&Told { question, outcome }).inc();
        }
    }

    pub(crate) fn status_write(&self, outcome: &'static str) {
        self.0.status_writes.get_or_create(&Outcome { outcome }).inc();
    }

    /// An application stands otherwise than before.
    pub(crate) fn standing(&self, before: Option<Reason>, after: Option<Reason>) {
        if before == after {
            return;
        }
        let gauge = |reason: Reason| {
            self.0.applications.get_or_create_owned(&By { reason: reason.as_str() })
        };
        if let Some(before) = before {
            gauge(before).dec();
        }
        if let Some(after) = after {
            gauge(after).inc();
        }
    }

    pub(crate) fn watch_error(&self) {
        self.0.watch_errors.inc();
    }

    pub(crate) fn flink_request(&self, call: &'static str, outcome: &'static str) {
        self.0.flink_requests.get_or_create(&Asked { call, outcome }).inc();
    }

    pub(crate) fn watch_panic(&self) {
        self.0.watch_panics.inc();
    }
}

fn word(silence: Silence) -> &'static str {
    match silence {
        Silence::Unreachable => "unreachable",
        Silence::TimedOut => "timed_out",
        Silence::NotReady => "not_ready",
        Silence::NotOurs => "not_ours",
        Silence::Stale => "stale",
        Silence::Unreadable => "unreadable",
        Silence::Failed => "failed",
    }
}

#[cfg(test)]
mod tests;
