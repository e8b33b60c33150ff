//! The API server on a loopback port, plain HTTP, and the kubeconfig to reach it.

use super::api::Api;
use super::kinds::CUSTOM_RESOURCE_DEFINITIONS;
use super::store::{DEFAULT_HISTORY, StoreConfig};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use serde_json::Value;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};

/// How to serve.
pub struct ServerConfig {
    /// Where to listen; port 0 takes a free one.
    pub address: SocketAddr,
    /// The store behind it.
    pub store: StoreConfig,
    /// The `CustomResourceDefinition` documents that are there from the beginning.
    pub definitions: Vec<Value>,
}

impl Default for ServerConfig {
    /// A free port, the machine's clock, no custom kinds.
    fn default() -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            store: StoreConfig { clock: Arc::new(wall_clock), seed: 0, history: DEFAULT_HISTORY },
            definitions: vec![],
        }
    }
}

/// Milliseconds since the epoch by the machine's clock.
pub fn wall_clock() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A running server. It stops, with all its connections, when it is dropped.
pub struct Server {
    api: Api,
    address: SocketAddr,
    _running: DropGuard,
}

impl Server {
    /// Starts serving.
    ///
    /// # Errors
    /// If the address cannot be listened on.
    pub async fn start(config: ServerConfig) -> io::Result<Self> {
        let api = Api::new(config.store);
        for definition in config.definitions {
            api.store().put(&CUSTOM_RESOURCE_DEFINITIONS, served_definition(definition));
        }
        let listener = TcpListener::bind(config.address).await?;
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        tokio::spawn(stop.clone().run_until_cancelled_owned(accept(
            listener,
            api.clone(),
            stop.clone(),
        )));
        tokio::spawn(stop.clone().run_until_cancelled_owned(api.clone().run_garbage_collector()));
        Ok(Self { api, address, _running: stop.drop_guard() })
    }

    /// The API behind it: store, faults, log.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The same, to connect to.
    pub fn uri(&self) -> http::Uri {
        let uri = http::Uri::builder().scheme("http").authority(self.address.to_string());
        uri.path_and_query("/").build().expect("a socket address is an authority")
    }

    /// A kubeconfig for this server, as YAML (which JSON is a part of).
    pub fn kubeconfig(&self) -> String {
        let url = self.url();
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: simulated\n\
             clusters:\n- name: simulated\n  cluster:\n    server: {url}\n\
             contexts:\n- name: simulated\n  context:\n    cluster: simulated\n    \
             user: anyone\n    namespace: default\n\
             users:\n- name: anyone\n  user: {{}}\n"
        )
    }
}

fn served_definition(mut definition: Value) -> Value {
    super::builtin::fill_defaults(&CUSTOM_RESOURCE_DEFINITIONS, &mut definition, None);
    definition
}

/// Arbitrary: long enough not to spin while there are no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

async fn accept(listener: TcpListener, api: Api, stop: CancellationToken) {
    loop {
        // An error is one of that connection, or of too many of them: the next one may do.
        if let Ok((stream, _)) = listener.accept().await {
            let connection = serve(stream, api.clone());
            tokio::spawn(stop.clone().run_until_cancelled_owned(connection));
        } else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
        }
    }
}

async fn serve(stream: TcpStream, api: Api) {
    // Watch events are small and must not wait for more.
    let _ = stream.set_nodelay(true);
    let service = TowerToHyperService::new(api);
    // An error is the client's going away, or an answer that a fault plan withheld.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
