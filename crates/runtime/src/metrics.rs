//! What the operator measures of itself, in OpenMetrics: a file below for each subject.
//!
//! Labels are words of closed lists, never names of applications: a fleet must not make series that
//! nobody removes. What stands at an instant is not counted up and down but read when it is asked for
//! (`live.rs`), so that nothing is left of what is gone.

mod config;
mod deploys;
mod flink;
mod kubernetes;
mod live;
mod process;
mod rounds;

use std::fmt;
use std::sync::Arc;

use prometheus_client::encoding::{DescriptorEncoder, EncodeGaugeValue, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

pub(crate) use deploys::UnderWay;
pub(crate) use live::Shown;
pub use rounds::RoundEnd;

/// All metrics. Cheap to clone.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    rounds: rounds::Rounds,
    kubernetes: kubernetes::Kubernetes,
    flink: flink::Flink,
    deploys: deploys::Deploys,
    live: live::Live,
    config: config::Config,
}

/// A histogram for each set of labels.
type Durations<L> = Family<L, Histogram, fn() -> Histogram>;

impl Metrics {
    /// Metrics whose names begin with `prefix`; those of the process and of tokio have none.
    #[must_use]
    pub fn new(prefix: &str) -> Metrics {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(process::Process));
        let ours = registry.sub_registry_with_prefix(prefix);
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        ours.register("build", "The operator's version", version);
        let rounds = rounds::Rounds::in_registry(ours);
        let kubernetes = kubernetes::Kubernetes::in_registry(ours);
        let flink = flink::Flink::in_registry(ours);
        let deploys = deploys::Deploys::in_registry(ours);
        let config = config::Config::in_registry(ours);
        let live = live::Live::default();
        ours.register_collector(Box::new(live.clone()));
        Metrics(Arc::new(Inner { registry, rounds, kubernetes, flink, deploys, live, config }))
    }

    /// All of them, as text.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut encoded = String::new();
        // Writing to a String does not fail.
        let _ = text::encode(&mut encoded, &self.0.registry);
        encoded
    }
}

/// What stands when it is asked for.
fn gauge(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    about: &str,
    number: &impl EncodeGaugeValue,
) -> fmt::Result {
    encoder.encode_descriptor(name, about, None, MetricType::Gauge)?.encode_gauge(number)
}

#[cfg(test)]
mod tests;
