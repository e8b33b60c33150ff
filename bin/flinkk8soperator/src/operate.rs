//! Runs the operator until it is told to stop.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::ArgMatches;
use flinkk8soperator_runtime::config::load;
use flinkk8soperator_runtime::ports::Configuration;
use flinkk8soperator_runtime::reload::Files;
use flinkk8soperator_runtime::{CancellationToken, Ports, client, run_with, telemetry};
use tokio::signal::unix::{SignalKind, signal};

use crate::arguments::{sources, without_effect};

/// Reads the settings, connects, and runs.
pub(crate) fn run(matches: &ArgMatches) -> Result<()> {
    let sources = sources(matches);
    let loaded = load(&sources)?;
    let mut settings = loaded.settings;
    settings.trace = matches.get_one::<PathBuf>("trace").cloned();
    #[cfg(feature = "crash-points")]
    {
        settings.crash_at = matches.get_one("crash-at").cloned();
    }
    let runtime = tokio::runtime::Runtime::new().context("cannot start")?;
    #[cfg(not(feature = "opentelemetry"))]
    let log = telemetry::init(&settings.logger);
    // Traces end before the runtime, which sends what there is then.
    #[cfg(feature = "opentelemetry")]
    let (_traces, log) = telemetry::traces::init(&settings.logger, runtime.handle());
    tracing::info!(version = env!("CARGO_PKG_VERSION"), given = ?settings.given, "starting");
    loaded.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    for flag in without_effect(matches) {
        tracing::warn!("flag --{flag} has no effect: see logger.level and logger.formatter.type");
    }
    let kubeconfig = matches.get_one::<PathBuf>("kubeconfig").cloned();
    runtime.block_on(async move {
        let connection = client::connect(kubeconfig.as_deref()).await?;
        settings.settle_flink_access(connection.inside);
        let configuration = Some(Arc::new(Files { sources, log }) as Arc<dyn Configuration>);
        let ports = Ports { configuration, ..Ports::default() };
        Ok(run_with(connection.client, settings, ports, stop_signal()?).await?)
    })
}

/// Cancelled at the first SIGTERM or SIGINT.
fn stop_signal() -> Result<CancellationToken> {
    let token = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot wait for SIGINT")?;
    let stop = token.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stop.cancel();
    });
    Ok(token)
}
