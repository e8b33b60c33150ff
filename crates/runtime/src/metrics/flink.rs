//! What Flink was asked, and asked to do.

use std::time::Duration;

use flinkk8soperator_core::Silence;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::{Durations, Metrics};

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
struct Call {
    call: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Question {
    question: &'static str,
}

pub(super) struct Flink {
    answers: Family<Told, Counter>,
    answer_seconds: Durations<Question>,
    requests: Family<Asked, Counter>,
    request_seconds: Durations<Call>,
}

impl Flink {
    pub(super) fn in_registry(registry: &mut Registry) -> Flink {
        let of = Flink {
            answers: Family::default(),
            answer_seconds: Family::new_with_constructor(seconds),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(seconds),
        };
        let answers = of.answers.clone();
        registry.register("flink_answers", "Questions to Flink by what came back", answers);
        let about = "Time until a question to Flink was answered, or given up";
        registry.register("flink_answer_duration_seconds", about, of.answer_seconds.clone());
        let requests = of.requests.clone();
        registry.register("flink_requests", "What Flink was asked to do, by outcome", requests);
        let about = "Time until Flink had answered what it was asked to do, or not in time";
        registry.register("flink_request_duration_seconds", about, of.request_seconds.clone());
        of
    }
}

/// From a quick answer to a submission whose program takes its time.
fn seconds() -> Histogram {
    Histogram::new([0.01, 0.05, 0.25, 1.0, 5.0, 30.0])
}

impl Metrics {
    pub(crate) fn flink_answers(
        &self,
        outcomes: impl Iterator<Item = (&'static str, Option<Silence>)>,
    ) {
        for (question, silence) in outcomes {
            let outcome = silence.map_or("ok", word);
            self.0.flink.answers.get_or_create(&Told { question, outcome }).inc();
        }
    }

    pub(crate) fn flink_answered(&self, question: &'static str, took: Duration) {
        let seconds = self.0.flink.answer_seconds.get_or_create_owned(&Question { question });
        seconds.observe(took.as_secs_f64());
    }

    pub(crate) fn flink_request(&self, call: &'static str, outcome: &'static str, took: Duration) {
        self.0.flink.requests.get_or_create(&Asked { call, outcome }).inc();
        let seconds = self.0.flink.request_seconds.get_or_create_owned(&Call { call });
        seconds.observe(took.as_secs_f64());
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
