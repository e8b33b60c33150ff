//! How fast a session goes: the operator's settings and the simulated cluster's delays that belong
//! together.

use std::time::Duration;

use flinkk8soperator_runtime::Settings;
use flinkk8soperator_sim::world::{self, Latencies};

/// The demo's own settings: a story of five deploys within a minute.
#[must_use]
pub fn quick() -> (Settings, Latencies, world::Settings) {
    let mut settings = Settings::default();
    settings.applications.common.confirm_after = Duration::from_secs(2);
    settings.applications.common.core.pod_trouble_grace = Duration::from_secs(3);
    settings.applications.common.core.flink_poll.busy = Duration::from_millis(200);
    settings.applications.common.core.flink_poll.running = Duration::from_secs(1);
    settings.applications.common.core.record_checkpoints = Some(Duration::from_secs(5));
    settings.jitter = false;
    let latencies = Latencies {
        pods_created: 50,
        pod_starts: 800,
        pod_ready: 1_000,
        pod_ends: 600,
        registers: 500,
        main_returns: 600,
        tasks_up: 400,
        checkpoint: 1_000,
        savepoint: 600,
        stop: 200,
        ..Latencies::default()
    };
    let world = world::Settings { refresh_interval: 500, ..world::Settings::default() };
    (settings, latencies, world)
}

/// What of the quick settings is quicker than the default, for a person.
pub const QUICK: &str = "confirmAfter 2s, podTroubleGrace 3s, flinkPoll 200ms/1s, statusRefresh 5s; \
                         Flink's web.refresh-interval 500ms";
