//! A simulated cluster that is opened with a recorded world. No operator runs in it, and time stands still.

use std::sync::Arc;

use flinkk8soperator_sim::http::cluster::{Cluster, ClusterConfig};
use flinkk8soperator_sim::http::kubernetes::server::ServerConfig;
use flinkk8soperator_sim::http::kubernetes::store::{DEFAULT_HISTORY, StoreConfig};
use flinkk8soperator_sim::world::Latencies;
use flinkk8soperator_simulate::world::Recorded;

use crate::recordings::world;

/// At most so many turns of everything that lives in a cluster are waited for.
const TURNS: usize = 100;

/// With the world of that name.
pub(crate) async fn open(name: &str) -> Cluster {
    with(world(name)).await
}

/// With this world.
pub(crate) async fn with(recorded: Recorded) -> Cluster {
    let at = i64::try_from(recorded.at).unwrap();
    let store = StoreConfig { clock: Arc::new(move || at), seed: 1, history: DEFAULT_HISTORY };
    let definitions = vec![serde_json::to_value(flinkk8soperator_api::crd()).unwrap()];
    let server = ServerConfig { store, definitions, ..ServerConfig::default() };
    let (settings, latencies) = (recorded.settings, Latencies::default());
    let config = ClusterConfig { server, settings, latencies };
    let cluster = Cluster::open(config, Some(&recorded.objects)).await.unwrap();
    settle().await;
    cluster
}

/// Lets the garbage collector and the world see what stands there.
pub(crate) async fn settle() {
    for _ in 0..TURNS {
        tokio::task::yield_now().await;
    }
}
