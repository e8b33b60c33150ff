//! Traces of rounds, by OpenTelemetry: OTLP over HTTP, as the standard variables say. Without the address of a collector
//! in them there are none.
//!
//! What is wrong with them ends no operator: it is told, and there are no traces. A collector that is not reached costs
//! no more either: spans wait in a queue of bounded length, and are lost where that is full.

mod collector;
mod environment;

use std::time::Duration;

use http::Uri;
use opentelemetry::Key;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::Handle;
use tracing::{Dispatch, Metadata};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry};

use super::{Level, TRACES, lines, set};
use crate::config::Logger;
use crate::span::ROUND;
use collector::Collector;
use environment::{Environment, Wrong};

/// How long spans may take to be sent at the end. With the time that rounds may take then it is less than the 30 s
/// that Kubernetes leaves a pod by default.
const FLUSH: Duration = Duration::from_secs(3);

/// What they are called as long as nobody says otherwise.
const SERVICE: &str = "flinkk8soperator";

/// Traces on their way. What is not sent yet is sent when this is dropped, within three seconds; not within a
/// task, which would wait for itself.
#[derive(Debug)]
pub struct Traces(SdkTracerProvider);

/// Starts logging to standard error as [`super::init`] does, and with it the traces that the environment asks for; `runtime`
/// sends them. They end with what is returned. With the level of the log.
#[must_use]
pub fn init(logger: &Logger, runtime: &Handle) -> (Option<Traces>, Level) {
    let lookup = |name: &str| std::env::var(name).ok();
    let traces = Environment::read(&lookup).and_then(|found| {
        found.map(|environment| Traces::start(&environment, runtime)).transpose()
    });
    match traces {
        Ok(Some(traces)) => {
            let (log, level) = dispatch(logger, std::io::stderr, &traces);
            set(log);
            tracing::info!("rounds are traced");
            (Some(traces), level)
        }
        Ok(None) => (None, super::init(logger)),
        Err(error) => {
            let level = super::init(logger);
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, "rounds are not traced");
            (None, level)
        }
    }
}

/// The log, into `writer`, with the traces; and the log's level.
#[must_use]
pub fn dispatch<W>(logger: &Logger, writer: W, traces: &Traces) -> (Dispatch, Level)
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let (lines, level) = lines(logger, writer);
    (Registry::default().with(lines).with(traces.layer()).into(), level)
}

impl Traces {
    /// To the collector at `endpoint`, such as `http://localhost:4318/v1/traces`; all else as the environment of the process
    /// says. `runtime` sends them.
    ///
    /// # Errors
    /// In words, where nothing can be sent to there.
    pub fn to(endpoint: Uri, runtime: &Handle) -> Result<Traces, String> {
        let environment = Environment { endpoint, certificate: None };
        Traces::start(&environment, runtime).map_err(|error| error.to_string())
    }

    fn start(environment: &Environment, runtime: &Handle) -> Result<Traces, Wrong> {
        let collector = Collector::new(environment, runtime.clone())?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(opentelemetry_otlp::Protocol::HttpBinary)
            .with_endpoint(environment.endpoint.to_string())
            .with_http_client(collector)
            .build()
            .map_err(|error: ExporterBuildError| Wrong::Exporter(error.to_string()))?;
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource())
            .build();
        Ok(Traces(provider))
    }

    /// Of all spans those of rounds and what is within them; no lines of the log.
    fn layer<S>(&self) -> impl Layer<S> + Send + Sync
    where
        S: tracing::Subscriber + for<'l> LookupSpan<'l> + Send + Sync,
    {
        let ours =
            |of: &Metadata<'_>| of.is_span() && (of.target() == TRACES || of.name() == ROUND);
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer(SERVICE))
            .with_context_activation(false)
            .with_location(false)
            .with_target(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(filter_fn(ours))
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        if let Err(error) = self.0.shutdown_with_timeout(FLUSH) {
            tracing::warn!(%error, "not all spans were sent");
        }
    }
}

/// What `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` say, and what the operator knows of itself.
fn resource() -> Resource {
    let key = Key::from_static_str("service.name");
    let named = Resource::builder().build().get(&key);
    let named = named.filter(|name| !name.as_str().starts_with("unknown_service"));
    let version = opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let resource = Resource::builder().with_attribute(version);
    match named {
        Some(_) => resource.build(),
        None => resource.with_service_name(SERVICE).build(),
    }
}
