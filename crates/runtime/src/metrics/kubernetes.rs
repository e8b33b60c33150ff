//! Requests to the API server, and the watches.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::{Durations, Metrics};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    verb: &'static str,
    kind: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Of {
    verb: &'static str,
}

pub(super) struct Kubernetes {
    requests: Family<Request, Counter>,
    seconds: Durations<Of>,
    watch_errors: Counter,
    watch_panics: Counter,
}

impl Kubernetes {
    pub(super) fn in_registry(registry: &mut Registry) -> Kubernetes {
        let of = Kubernetes {
            requests: Family::default(),
            seconds: Family::new_with_constructor(seconds),
            watch_errors: Counter::default(),
            watch_panics: Counter::default(),
        };
        let requests = of.requests.clone();
        registry.register("kubernetes_requests", "Requests without watches", requests);
        let about = "Length of requests without watches, answered or not";
        registry.register("kubernetes_request_duration_seconds", about, of.seconds.clone());
        registry.register("watch_errors", "Watches that broke", of.watch_errors.clone());
        let panics = of.watch_panics.clone();
        registry.register("watch_panics", "Objects whose reading panicked: a defect", panics);
        of
    }
}

/// From a quick answer to the limit of a request, 10 s by default: what is above was not answered.
fn seconds() -> Histogram {
    Histogram::new([0.01, 0.05, 0.25, 1.0, 5.0])
}

impl Metrics {
    pub(crate) fn kube_request(
        &self,
        verb: &'static str,
        kind: &str,
        outcome: &'static str,
        took: Duration,
    ) {
        let of = &self.0.kubernetes;
        let request = Request { verb, kind: kind.to_owned(), outcome };
        of.requests.get_or_create(&request).inc();
        of.seconds.get_or_create(&Of { verb }).observe(took.as_secs_f64());
    }

    pub(crate) fn watch_error(&self) {
        self.0.kubernetes.watch_errors.inc();
    }

    pub(crate) fn watch_panic(&self) {
        self.0.kubernetes.watch_panics.inc();
    }
}
