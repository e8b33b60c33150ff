//! The configuration: how often it was read anew.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use super::Metrics;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

fn outcome(ok: bool) -> Outcome {
    Outcome { outcome: if ok { "ok" } else { "failed" } }
}

pub(super) struct Config {
    reloads: Family<Outcome, Counter>,
}

impl Config {
    pub(super) fn in_registry(registry: &mut Registry) -> Config {
        let of = Config { reloads: Family::default() };
        // There from the start, so that the first failure is an increase.
        [true, false].into_iter().for_each(|ok| drop(of.reloads.get_or_create(&outcome(ok))));
        let about =
            "Changes of the configuration while the operator ran; failed: nothing of it was taken";
        registry.register("config_reloads", about, of.reloads.clone());
        of
    }
}

impl Metrics {
    pub(crate) fn config_reload(&self, ok: bool) {
        self.0.config.reloads.get_or_create(&outcome(ok)).inc();
    }
}
