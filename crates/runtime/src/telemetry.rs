//! The log: set up once, by the process that runs the operator.
//!
//! What a line of a round has: `docs/operations/logs.md`. Nothing of an application's environment, arguments or
//! configuration of Flink is in any, at any level (`tests/simulated/logs.rs`).

mod flat;

use tracing::Dispatch;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::JsonFields;

use crate::config::Logger;

/// Starts logging to standard error. `RUST_LOG` wins over the level of the settings. Does nothing
/// where a log is set up already.
pub fn init(logger: &Logger) {
    if logger.mute {
        return;
    }
    if tracing::dispatcher::set_global_default(dispatch(logger, std::io::stderr)).is_err() {
        tracing::debug!("the log is set up already");
    }
}

/// The log, into `writer`.
#[must_use]
pub fn dispatch<W>(logger: &Logger, writer: W) -> Dispatch
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    // The libraries below say much at debug level that is of use only to their authors.
    // The client below calls each 503 of a pod that is starting an error.
    let quiet = "kube_client::client::builder=off,kube=info,hyper=info,hyper_util=info,tower=info,rustls=info";
    let level = level(logger.level);
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new(format!("{level},{quiet}")));
    let place = logger.show_source;
    let lines = fmt().with_env_filter(filter).with_writer(writer);
    if logger.json {
        lines.fmt_fields(JsonFields::new()).event_format(flat::Flat { place }).finish().into()
    } else {
        lines.with_file(place).with_line_number(place).finish().into()
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
