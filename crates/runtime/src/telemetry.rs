//! The log, and with the feature `opentelemetry` the traces: set up once, by the process that runs the operator.
//!
//! What a line of a round has: `docs/operations/logs.md`. Nothing of an application's environment, arguments or
//! configuration of Flink is in any, at any level (`tests/simulated/logs.rs`), nor in a trace (`tests/simulated/traces.rs`).

mod flat;
#[cfg(feature = "opentelemetry")]
pub mod traces;

use std::sync::Arc;

use flinkk8soperator_flink_rest::TRACES;
use tracing::Dispatch;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, reload};

use crate::config::Logger;

/// The level of a log, which can change.
#[derive(Clone)]
pub struct Level(Option<Arc<dyn Fn(u8) + Send + Sync>>);

impl Level {
    /// From now on the log is of this level (`logger.level`).
    pub fn set(&self, level: u8) {
        if let Some(set) = &self.0 {
            set(level);
        }
    }
}

/// Starts logging to standard error. `RUST_LOG` wins over the level of the settings. Does nothing
/// where a log is set up already.
pub fn init(logger: &Logger) -> Level {
    if logger.mute {
        return Level(None);
    }
    let (log, level) = dispatch(logger, std::io::stderr);
    set(log);
    level
}

fn set(dispatch: Dispatch) {
    if tracing::dispatcher::set_global_default(dispatch).is_err() {
        tracing::debug!("the log is set up already");
    }
}

/// The log, into `writer`, and its level.
#[must_use]
pub fn dispatch<W>(logger: &Logger, writer: W) -> (Dispatch, Level)
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let (lines, level) = lines(logger, writer);
    (Registry::default().with(lines).into(), level)
}

fn lines<S, W>(logger: &Logger, writer: W) -> (impl Layer<S> + Send + Sync, Level)
where
    S: tracing::Subscriber + for<'l> LookupSpan<'l>,
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let place = logger.show_source;
    let lines = fmt::layer().with_writer(writer);
    let lines = if logger.json {
        lines.fmt_fields(JsonFields::new()).event_format(flat::Flat { place }).boxed()
    } else {
        lines.with_file(place).with_line_number(place).boxed()
    };
    if logger.mute {
        return (lines.with_filter(EnvFilter::new("off")).boxed(), Level(None));
    }
    let (filtered, handle) = reload::Layer::new(filter(logger.level));
    let set = move |level| reloaded(handle.reload(filter(level)));
    (lines.with_filter(filtered).boxed(), Level(Some(Arc::new(set))))
}

fn reloaded(outcome: Result<(), reload::Error>) {
    match outcome {
        Ok(()) if std::env::var_os(EnvFilter::DEFAULT_ENV).is_some() => {
            tracing::warn!("logger.level has no effect while RUST_LOG is set");
        }
        Ok(()) => {}
        Err(error) => tracing::error!(%error, "the level of the log stays"),
    }
}

fn filter(number: u8) -> EnvFilter {
    // The libraries below say much at debug level that is of use only to their authors.
    // The client below calls each 503 of a pod that is starting an error.
    let quiet = "kube_client::client::builder=off,kube=info,hyper=info,hyper_util=info,tower=info,rustls=info";
    let level = level(number);
    let given = EnvFilter::try_from_default_env();
    let filter = given.unwrap_or_else(|_| EnvFilter::new(format!("{level},{quiet}")));
    // Else a line would have what the spans around it say to traces.
    let none = format!("{TRACES}=off").parse();
    filter.add_directive(none.expect("a target and a level are a directive"))
}

fn level(number: u8) -> LevelFilter {
    match number {
        0..=2 => LevelFilter::ERROR,
        3 => LevelFilter::WARN,
        4 => LevelFilter::INFO,
        5 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    }
}
