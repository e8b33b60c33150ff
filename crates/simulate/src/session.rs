//! A simulated cluster with the operator in it, from start to end.
//!
//! The operator is started in process by the runtime's own entry, over a client of the simulated API
//! server: through a socket, as on a real cluster ([`Reach::Loopback`]), or without one
//! ([`Reach::InProcess`]), which is what virtual time needs.

mod running;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use flinkk8soperator_api::v1beta1::FlinkApplication;
use flinkk8soperator_runtime::config::FlinkAccess;
use flinkk8soperator_runtime::metrics::Metrics;
use flinkk8soperator_runtime::ports::Configuration;
use flinkk8soperator_runtime::{Open, Ports, RunError, Settings, run_with};
use flinkk8soperator_sim::http::cluster::{Cluster, ClusterConfig, StandingObjects};
use flinkk8soperator_sim::http::kubernetes::api::ConnectionClosed;
use flinkk8soperator_sim::http::kubernetes::kinds::NAMESPACES;
use flinkk8soperator_sim::http::kubernetes::meta;
use flinkk8soperator_sim::http::kubernetes::server::ServerConfig;
use flinkk8soperator_sim::http::kubernetes::store::{DEFAULT_HISTORY, StoreConfig};
use flinkk8soperator_sim::world::{self, Latencies};
use http::header::USER_AGENT;
use kube::api::{ApiResource, DeleteParams, DynamicObject, Patch, PatchParams};
use kube::{Api, Client};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tower::Service;

use crate::clock::Clock;
use crate::ledger::USER;

pub use running::Running;

/// How the operator reaches the simulated API server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Over HTTP on loopback.
    Loopback,
    /// By calls: the only way under virtual time, which does not wait for sockets.
    InProcess,
}

/// How a session is made.
pub struct SessionConfig {
    /// The operator's settings. Its port and its way to Flink are set by the session, and that it is alone.
    pub settings: Settings,
    /// How long things take in the simulated cluster.
    pub latencies: Latencies,
    /// What does not change in the simulated cluster.
    pub world: world::Settings,
    /// How the operator reaches it.
    pub reach: Reach,
    /// The time of all of them.
    pub clock: Clock,
}

/// Why a session could not begin, or do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The simulated API server has no address.
    #[error("the simulated API server cannot listen")]
    Listen(#[source] io::Error),
    /// The CRD of this build is no JSON: a defect.
    #[error("the CRD cannot be written as JSON")]
    Definition(#[source] serde_json::Error),
    /// There is no client, or no answer for it.
    #[error("the simulated API server cannot be asked")]
    Client(#[source] kube::Error),
    /// The API server's own words.
    #[error("{0}")]
    Refused(String),
    /// The operator ended by itself.
    #[error("the operator ended")]
    Operator(#[source] RunError),
    /// The operator ended by itself, and not in order.
    #[error("the operator broke down")]
    Panicked(#[source] tokio::task::JoinError),
}

/// The simulated cluster with the operator in it. Both end when it is dropped.
pub struct Session {
    cluster: Cluster,
    client: Client,
    reach: Reach,
    settings: Settings,
    clock: Clock,
    metrics: Metrics,
    configuration: Option<Arc<dyn Configuration>>,
    operator: Option<Running>,
    /// What listens at the pods' own addresses.
    pods: Option<Open>,
    /// How many operators were started.
    started: AtomicU32,
}

impl Session {
    /// Starts the cluster and the operator.
    ///
    /// # Errors
    /// See [`SessionError`].
    pub async fn start(config: SessionConfig) -> Result<Session, SessionError> {
        Session::open(config, None).await
    }

    /// Starts both with what is to stand in the cluster from the beginning.
    ///
    /// # Errors
    /// See [`SessionError`].
    pub async fn open(
        config: SessionConfig,
        standing: Option<&StandingObjects>,
    ) -> Result<Session, SessionError> {
        let definition = serde_json::to_value(flinkk8soperator_api::crd());
        let clock = config.clock;
        let store = StoreConfig { clock: clock.of_the_store(), seed: 1, history: DEFAULT_HISTORY };
        let definitions = vec![definition.map_err(SessionError::Definition)?];
        let server = ServerConfig { store, definitions, ..ServerConfig::default() };
        let cluster = ClusterConfig { server, settings: config.world, latencies: config.latencies };
        let cluster = Cluster::open(cluster, standing).await.map_err(SessionError::Listen)?;
        let client = client(&cluster, config.reach, USER, &CancellationToken::new())?;
        let mut settings = config.settings;
        settings.port = 0;
        settings.flink_access = FlinkAccess::ApiServer;
        settings.leader_election = None;
        let reach = config.reach;
        let metrics = Metrics::new(&settings.metrics_prefix);
        let mut session = Session {
            cluster,
            client,
            reach,
            settings,
            clock,
            metrics,
            configuration: None,
            operator: None,
            pods: None,
            started: AtomicU32::new(1),
        };
        session.start_operator()?;
        Ok(session)
    }

    /// Starts the operator, if it does not run.
    ///
    /// # Errors
    /// If there is no client for it.
    pub fn start_operator(&mut self) -> Result<(), SessionError> {
        if self.operator.is_none() {
            self.operator = Some(self.another_operator()?);
        }
        Ok(())
    }

    /// Starts one more operator beside the one that there may be, as an installation with two replicas or
    /// a rolling update of the operator does.
    ///
    /// # Errors
    /// If there is no client for it.
    pub fn another_operator(&self) -> Result<Running, SessionError> {
        let (shutdown, cut) = (CancellationToken::new(), CancellationToken::new());
        let name = format!("operator-{}", self.started.fetch_add(1, Ordering::Relaxed));
        let client = client(&self.cluster, self.reach, &name, &cut)?;
        let ports = Ports {
            clock: Arc::new(self.clock),
            metrics: Some(self.metrics.clone()),
            configuration: self.configuration.clone(),
            flink: self.pods.clone(),
        };
        let running = run_with(client, self.settings.clone(), ports, shutdown.clone());
        Ok(Running { name, task: tokio::spawn(running), shutdown, cut })
    }

    /// Ends the operator in order.
    ///
    /// # Errors
    /// If it had ended by itself, or does not end in time.
    pub async fn stop_operator(&mut self) -> Result<(), SessionError> {
        match self.operator.take() {
            Some(running) => running.stop().await,
            None => Ok(()),
        }
    }

    /// Ends the operator wherever it is: from now on nothing that it asks for happens, and no answer
    /// reaches it. (Only [`Reach::InProcess`]; otherwise it is ended in order.)
    ///
    /// # Errors
    /// As [`Session::stop_operator`].
    pub async fn kill_operator(&mut self) -> Result<(), SessionError> {
        if let Some(running) = &self.operator {
            running.cut_off();
        }
        self.stop_operator().await
    }

    /// The operator, if it was started and not ended by the session.
    #[must_use]
    pub fn operator(&self) -> Option<&Running> {
        self.operator.as_ref()
    }

    /// Waits until the operator ends by itself.
    ///
    /// # Errors
    /// Why it ended.
    pub async fn operator_ended(&mut self) -> Result<(), SessionError> {
        let Some(running) = &mut self.operator else { return Ok(()) };
        let ended = running.ended().await;
        self.operator = None;
        ended
    }

    /// The operator that is started next goes to the pods' own addresses, where `pods` listens, as inside a cluster.
    pub fn reach_pods(&mut self, pods: Open) {
        self.settings.flink_access = FlinkAccess::Pod;
        self.pods = Some(pods);
    }

    /// What the operator is started with next.
    pub fn settings(&mut self) -> &mut Settings {
        &mut self.settings
    }

    /// Where the operator that is started next looks at its settings again.
    pub fn look_at(&mut self, configuration: Arc<dyn Configuration>) {
        self.configuration = Some(configuration);
    }

    /// The simulated cluster.
    #[must_use]
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// What the operators of this session have counted.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// The time.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// Applies an application, as `kubectl apply --server-side` does: creates it, or changes it to
    /// what is given. Its namespace is created where it is missing.
    ///
    /// # Errors
    /// The API server's refusal.
    pub async fn apply(&self, application: &Value) -> Result<DynamicObject, SessionError> {
        let namespace = namespace(meta::namespace(application));
        let present = self.cluster.server().api().store().get(&NAMESPACES, "", namespace);
        if present.is_none() {
            let object = json!({ "metadata": { "name": namespace } });
            self.cluster.server().api().store().put(&NAMESPACES, object);
        }
        let params = PatchParams::apply(USER).force().validation_strict();
        let patch = Patch::Apply(application);
        let api = self.applications(namespace);
        api.patch(meta::name(application), &params, &patch).await.map_err(refused)
    }

    /// Changes an application by a merge patch.
    ///
    /// # Errors
    /// The API server's refusal.
    pub async fn patch(
        &self,
        namespace: &str,
        name: &str,
        patch: &Value,
    ) -> Result<DynamicObject, SessionError> {
        let api = self.applications(namespace);
        let params = PatchParams::default();
        api.patch(name, &params, &Patch::Merge(patch)).await.map_err(refused)
    }

    /// Deletes an application.
    ///
    /// # Errors
    /// The API server's refusal.
    pub async fn delete(&self, namespace: &str, name: &str) -> Result<(), SessionError> {
        let api = self.applications(namespace);
        api.delete(name, &DeleteParams::default()).await.map(drop).map_err(refused)
    }

    fn applications(&self, namespace: &str) -> Api<DynamicObject> {
        let resource = ApiResource::erase::<FlinkApplication>(&());
        Api::namespaced_with(self.client.clone(), namespace, &resource)
    }

    /// Waits until something has changed on either side, at the longest for `limit`. Nothing between a
    /// look and this call is missed where all run on one thread, as they do here.
    pub async fn changed(&self, limit: Duration) {
        let mut objects = self.cluster.server().api().store().subscribe();
        let mut world = self.cluster.changes();
        tokio::select! {
            _ = objects.changed() => {}
            _ = world.changed() => {}
            () = tokio::time::sleep(limit) => {}
        }
    }
}

/// Where kubectl puts what names no namespace.
fn namespace(given: &str) -> &str {
    if given.is_empty() { "default" } else { given }
}

fn refused(error: kube::Error) -> SessionError {
    match error {
        kube::Error::Api(status) => SessionError::Refused(status.message),
        other => SessionError::Client(other),
    }
}

/// A client of the cluster's API server. In process it says who it is, and breaks when `cut` says so.
fn client(
    cluster: &Cluster,
    reach: Reach,
    agent: &str,
    cut: &CancellationToken,
) -> Result<Client, SessionError> {
    match reach {
        Reach::InProcess => {
            let (server, cut) = (cluster.server().api().clone(), cut.clone());
            let agent = http::HeaderValue::from_str(agent).ok();
            let service =
                tower::service_fn(move |mut request: http::Request<kube::client::Body>| {
                    request.headers_mut().extend(agent.clone().map(|agent| (USER_AGENT, agent)));
                    let answer = server.clone().call(request);
                    let alive = cut.clone();
                    async move {
                        alive
                            .run_until_cancelled_owned(answer)
                            .await
                            .unwrap_or(Err(ConnectionClosed))
                    }
                });
            Ok(Client::new(service, "default"))
        }
        Reach::Loopback => {
            let mut config = kube::Config::new(cluster.server().uri());
            // As the operator's own connection: what is repeated is decided above.
            config.default_retry = false;
            Client::try_from(config).map_err(SessionError::Client)
        }
    }
}
