//! The connection to the API server.
//!
//! No retries below us: a POST that is repeated behind our back is one that we did not decide on.
//! And no silence without end: a connection that says nothing is given up.

use std::path::Path;
use std::time::Duration;

use kube::client::ClientBuilder;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

use crate::patience::Patience;
use crate::retry_after::Heard;

/// An answer comes within some seconds, each piece of it. A watch has a bookmark each minute and ends after
/// five.
const PATIENCE: Patience =
    Patience { answer: Duration::from_secs(30), watch: Duration::from_secs(6 * 60) };

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No configuration that can be used.
    #[error("the kubeconfig cannot be used")]
    Kubeconfig(#[source] kube::config::KubeconfigError),
    /// Neither a cluster around this process nor a kubeconfig.
    #[error("neither a cluster around this process nor a kubeconfig was found")]
    Infer(#[source] kube::config::InferConfigError),
    /// The configuration does not make a client.
    #[error("the configuration does not make a client")]
    Client(#[source] kube::Error),
}

/// A client, and whether this process runs inside the cluster.
pub struct Connection {
    /// The client.
    pub client: Client,
    /// Whether pods can be reached at their addresses.
    pub inside: bool,
}

/// Connects as the reference operator does: `--kubeconfig`, then `KUBECONFIG`, then the cluster
/// around this process, then `~/.kube/config`.
///
/// # Errors
/// See [`ClientError`].
pub async fn connect(kubeconfig: Option<&Path>) -> Result<Connection, ClientError> {
    let (mut config, inside) = match kubeconfig {
        Some(path) => (from_file(path).await?, false),
        None if std::env::var_os("KUBECONFIG").is_some() => {
            let options = KubeConfigOptions::default();
            let config = Config::from_kubeconfig(&options).await;
            (config.map_err(ClientError::Kubeconfig)?, false)
        }
        None => match Config::incluster() {
            Ok(config) => (config, true),
            Err(_) => (Config::infer().await.map_err(ClientError::Infer)?, false),
        },
    };
    config.default_retry = false;
    let builder = ClientBuilder::try_from(config).map_err(ClientError::Client)?;
    let builder = builder.with_layer(&PATIENCE).with_layer(&Heard);
    Ok(Connection { client: builder.build(), inside })
}

async fn from_file(path: &Path) -> Result<Config, ClientError> {
    let file = Kubeconfig::read_from(path).map_err(ClientError::Kubeconfig)?;
    let options = KubeConfigOptions::default();
    Config::from_custom_kubeconfig(file, &options).await.map_err(ClientError::Kubeconfig)
}
