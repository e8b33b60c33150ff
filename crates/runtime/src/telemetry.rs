//! The log: set up once, by the process that runs the operator.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

use crate::config::Logger;

/// Starts logging to standard error. `RUST_LOG` wins over the level of the settings. Does nothing
/// where a log is set up already.
pub fn init(logger: &Logger) {
    if logger.mute {
        return;
    }
    // The libraries below say much at debug level that is of use only to their authors.
    // The client below calls each 503 of a pod that is starting an error.
    let quiet = "kube_client::client::builder=off,kube=info,hyper=info,hyper_util=info,tower=info,rustls=info";
    let level = level(logger.level);
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new(format!("{level},{quiet}")));
    let lines = fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_file(logger.show_source)
        .with_line_number(logger.show_source);
    let done = if logger.json {
        lines.json().flatten_event(true).with_current_span(false).try_init()
    } else {
        lines.try_init()
    };
    if let Err(error) = done {
        tracing::debug!(%error, "the log is set up already");
    }
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
