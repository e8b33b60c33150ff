//! What the operator tells about itself over HTTP: metrics, health, version, settings.
//!
//! | path | answer |
//! |---|---|
//! | `/metrics` | OpenMetrics |
//! | `/healthz`, `/livez`, `/healthcheck` | `OK` while the process gets on, 503 where it is stuck (`stuck.rs`) |
//! | `/readyz` | `OK` once everything was listed and it is known which replica acts; 503 before, while a reference operator is waited for, and during shutdown |
//! | `/version`, `/config` | JSON |
//!
//! Without authentication, so nothing secret is in it; there is no profiler.

pub(crate) mod stuck;

mod server;
pub mod tls;

use bytes::Bytes;
use http::{Response, StatusCode, header};
use http_body_util::Full;
use tokio::sync::watch;

use crate::metrics::Metrics;

pub use server::{Listening, listen};

/// What is told.
pub struct About {
    /// The metrics.
    pub metrics: Metrics,
    /// Whether everything was listed.
    pub ready: watch::Receiver<bool>,
    /// The settings in force, as JSON.
    pub config: Box<dyn Fn() -> String + Send + Sync>,
    /// Why the process does not get on; none: it does.
    pub stuck: Box<dyn Fn() -> Option<String> + Send + Sync>,
}

fn answer(about: &About, path: &str) -> Response<Full<Bytes>> {
    let text = "text/plain; charset=utf-8";
    let json = "application/json";
    let metrics = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let ok = StatusCode::OK;
    let (status, kind, body) = match path {
        "/metrics" => (ok, metrics, about.metrics.encode()),
        "/healthz" | "/livez" | "/healthcheck" => match (about.stuck)() {
            None => (ok, text, "OK".to_owned()),
            Some(why) => (StatusCode::SERVICE_UNAVAILABLE, text, why),
        },
        "/readyz" if *about.ready.borrow() => (ok, text, "OK".to_owned()),
        "/readyz" => {
            let why = "not everything is listed, another operator is waited for, or it is not known who holds the Lease: see the log";
            (StatusCode::SERVICE_UNAVAILABLE, text, why.to_owned())
        }
        "/version" => (ok, json, format!("{{\"version\":\"{}\"}}", env!("CARGO_PKG_VERSION"))),
        "/config" => (ok, json, (about.config)()),
        _ => (StatusCode::NOT_FOUND, text, "there is no such page".to_owned()),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let kind = header::HeaderValue::from_static(kind);
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn each_path_answers_for_what_it_is() {
        let (ready, receiver) = watch::channel(false);
        let (config, stuck) = (Box::new(|| "{}".to_owned()), Arc::new(AtomicBool::new(false)));
        let why = Arc::clone(&stuck);
        let why = move || why.load(Ordering::Relaxed).then(|| "a round hangs".to_owned());
        let metrics = Metrics::new("x");
        let about = About { metrics, ready: receiver, config, stuck: Box::new(why) };
        let status = |path: &str| answer(&about, path).status().as_u16();
        assert_eq!([status("/healthz"), status("/livez"), status("/healthcheck")], [200; 3]);
        assert_eq!(status("/metrics"), 200);
        assert_eq!(
            [status("/version"), status("/config"), status("/debug/pprof")],
            [200, 200, 404]
        );
        assert_eq!(status("/readyz"), 503);
        ready.send_replace(true);
        assert_eq!(status("/readyz"), 200);
        stuck.store(true, Ordering::Relaxed);
        assert_eq!([status("/healthz"), status("/livez"), status("/healthcheck")], [503; 3]);
        assert_eq!(status("/readyz"), 200);
    }
}
