//! The operator's process: watches, rounds, effects.
//!
//! Decides nothing: what should happen is `core`'s, what objects look like is `resources`'. All use
//! of Kubernetes' API is here. One round, in the order of the modules below:
//!
//! ```text
//! controller -> reconcile: parse -> needs -> observe -> decide -> persist -> execute -> publish -> wake
//! ```

pub mod config;

mod controller;
mod execute;
mod newest;
mod observe;
mod persist;
mod publish;
mod queue;
mod reconcile;

mod adopted;
mod application;
mod cache;
mod flink;
mod kubernetes;
mod memory;
mod operator;
mod posts;
mod predecessor;
mod revision;
mod silence;
mod span;
mod status;

pub mod client;
pub mod health;
pub mod lease;
pub mod metrics;
pub mod ports;
pub mod reload;
pub mod telemetry;

mod jitter;
mod patience;
mod retry_after;

pub mod replay;
mod trace;

#[cfg(feature = "crash-points")]
pub mod crash;

use std::sync::Arc;
use std::time::Duration;

pub use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

pub use config::Settings;
pub use flinkk8soperator_flink_rest::transport::Open;

use config::FlinkAccess;
use operator::Operator;

/// How long rounds that are under way at shutdown may take to end. Shorter than the 30 s that
/// Kubernetes leaves a pod by default.
const DRAIN: Duration = Duration::from_secs(20);

/// Why the operator ended.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The port of metrics and health cannot be had.
    #[error("cannot listen on port {port}")]
    Listen {
        /// Which.
        port: u16,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// Metrics and health cannot be served over TLS.
    #[error(transparent)]
    MetricsTls(#[from] health::tls::PairError),
    /// The file for rounds cannot be written.
    #[error("cannot record rounds")]
    Trace(#[source] std::io::Error),
    /// A watch or a worker ended, which none does by itself. Better no operator than one that does not
    /// see: it is started again, and begins by listing everything.
    #[error("a {0} ended by itself: a defect, please report it")]
    Ended(&'static str),
    /// A reference operator came up beside this one, and both write and send. Its rounds are cut off where they
    /// are, which is safe everywhere; started again, it waits until it is alone.
    #[error(
        "a reference operator runs in this namespace too (pod {0}), and two must not drive the same applications"
    )]
    Beside(String),
    /// Another process may act by now: what was under way is cut off where it is, which is safe everywhere. Started
    /// again, it stands by, or acts.
    #[error("this process may not act any more: {0}")]
    LeaseLost(String),
    /// The rounds under way did not end in time.
    #[error("rounds under way did not end within {0:?}")]
    Drain(Duration),
}

/// What tests and the demo replace.
pub struct Ports {
    /// The wall clock.
    pub clock: Arc<dyn ports::Clock>,
    /// Where is counted what the operator does; none: in metrics of its own, under the prefix of the
    /// settings. They are served either way.
    pub metrics: Option<metrics::Metrics>,
    /// Where the settings are looked at again; none: they stay as they are.
    pub configuration: Option<Arc<dyn ports::Configuration>>,
    /// How streams to the pods' own addresses are opened; none: by TCP.
    pub flink: Option<Open>,
}

impl Default for Ports {
    fn default() -> Ports {
        let clock = Arc::new(ports::SystemClock);
        Ports { clock, metrics: None, configuration: None, flink: None }
    }
}

/// Runs the operator until `shutdown`. The client must not repeat requests by itself
/// ([`client::connect`]).
///
/// # Errors
/// See [`RunError`].
pub async fn run(
    client: kube::Client,
    settings: Settings,
    shutdown: CancellationToken,
) -> Result<(), RunError> {
    run_with(client, settings, Ports::default(), shutdown).await
}

/// [`run`] with another clock, or counting elsewhere.
///
/// # Errors
/// See [`RunError`].
pub async fn run_with(
    client: kube::Client,
    settings: Settings,
    ports: Ports,
    shutdown: CancellationToken,
) -> Result<(), RunError> {
    let own = || metrics::Metrics::new(&settings.metrics_prefix);
    let metrics = ports.metrics.clone().unwrap_or_else(own);
    let port = settings.port;
    let pair = settings.metrics_tls.clone().map(health::tls::Pair::read).transpose()?;
    let tls = pair.is_some();
    let listening = health::listen(port, pair).await;
    let listening = listening.map_err(|source| RunError::Listen { port, source })?;
    tracing::info!(address = %listening.address, tls, "serving metrics and health");
    let trace = trace::Trace::open(settings.trace.as_deref()).map_err(RunError::Trace)?;
    let ready = tokio::sync::watch::Sender::new(false);
    let configuration = ports.configuration.clone();
    let (told, listed) = (metrics.clone(), ready.subscribe());
    let operator = Arc::new(Operator::new(client, settings, ports, metrics, trace, ready));
    let shown: Arc<dyn metrics::Shown> = operator.clone();
    told.show(Arc::downgrade(&shown));
    let stuck = health::stuck::watch(Arc::downgrade(&operator));
    let weak = Arc::downgrade(&operator);
    let config =
        Box::new(move || weak.upgrade().map(|operator| operator.shown()).unwrap_or_default());
    let about = health::About { metrics: told, ready: listed, config, stuck };
    let server = tokio::spawn(listening.serve(about));
    let following = async {
        match configuration {
            Some(configuration) => reload::follow(Arc::clone(&operator), configuration).await,
            None => std::future::pending().await,
        }
    };
    let outcome = tokio::select! {
        outcome = alone(Arc::clone(&operator), shutdown) => outcome,
        () = following => Err(RunError::Ended("look at the configuration")),
    };
    server.abort();
    outcome
}

/// Runs while no reference operator does, and acts while no other process of this one may: nothing begins before, all
/// ends when one comes or the right to act is lost.
async fn alone(operator: Arc<Operator>, shutdown: CancellationToken) -> Result<(), RunError> {
    tokio::select! {
        () = predecessor::gone(&operator.kubernetes) => {}
        () = shutdown.cancelled() => return Ok(()),
    }
    let mut elector = lease::elector(&operator);
    let outcome = tokio::select! {
        outcome = drained(Arc::clone(&operator), shutdown) => outcome,
        pods = predecessor::appeared(&operator.kubernetes) => return Err(RunError::Beside(pods)),
        lost = lease::lost(&mut elector) => return Err(RunError::LeaseLost(lost.to_string())),
    };
    // Only where nothing is under way any more: else the others have to wait until the right has run out.
    if let (Ok(()), Some(elector)) = (&outcome, &mut elector) {
        elector.release().await;
    }
    outcome
}

/// Runs until shutdown, and then as long as the rounds under way take, within limits. All of it ends with this
/// future.
async fn drained(operator: Arc<Operator>, shutdown: CancellationToken) -> Result<(), RunError> {
    let running = tokio::spawn(controller::run(operator, shutdown.clone()));
    let mut running = AbortOnDropHandle::new(running);
    let ended = |how: Result<Result<(), controller::Ended>, _>| match how {
        Ok(outcome) => outcome.map_err(|controller::Ended(what)| RunError::Ended(what)),
        Err(_) => Err(RunError::Ended("controller")),
    };
    tokio::select! {
        how = &mut running => return ended(how),
        () = shutdown.cancelled() => {}
    }
    tracing::info!("shutting down: rounds under way are finished");
    match tokio::time::timeout(DRAIN, &mut running).await {
        Ok(how) => ended(how),
        Err(_) => Err(RunError::Drain(DRAIN)),
    }
}

impl Settings {
    /// Settles how Flink is reached, where that was left open.
    pub fn settle_flink_access(&mut self, inside: bool) {
        if self.flink_access == FlinkAccess::Auto {
            self.flink_access = if inside { FlinkAccess::Pod } else { FlinkAccess::ApiServer };
        }
    }
}
