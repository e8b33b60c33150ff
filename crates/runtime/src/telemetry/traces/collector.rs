//! How spans reach the collector: over the connections of the operator's own runtime. The exporter has a thread of its own,
//! without a runtime, and only waits there.
//!
//! Of our own, because the clients that the exporter brings need either its thread to have a runtime, or a second
//! library for HTTP. TLS is the one that the client of the API server has.

use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use kube::client::ConfigExt;
use opentelemetry_http::{HttpClient, HttpError};
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, ServiceExt};

use super::environment::{Environment, Wrong};

/// For one attempt. The exporter's own limit for all attempts of a batch is 10 s.
const LIMIT: Duration = Duration::from_secs(5);

/// Bytes of an answer, which is empty or says how many spans were refused.
const LARGEST: usize = 64 << 10;

/// How often it is told that spans do not arrive.
const TOLD_EVERY: Duration = Duration::from_secs(5 * 60);

/// What sends a request, with the whole answer.
type Sending = BoxCloneSyncService<Request<Bytes>, Response<Bytes>, BoxError>;

/// The way to the collector.
#[derive(Debug)]
pub(super) struct Collector {
    sending: Sending,
    runtime: Handle,
    /// When it was last told that spans do not arrive; none: they do.
    told: Mutex<Option<Instant>>,
}

impl Collector {
    /// Connects only when there is something to send.
    ///
    /// # Errors
    /// Where there is no authority that a certificate could be of.
    pub(super) fn new(environment: &Environment, runtime: Handle) -> Result<Collector, Wrong> {
        let mut config = kube::Config::new(environment.endpoint.clone());
        let tls = environment.endpoint.scheme_str() == Some("https");
        config.root_cert = match &environment.certificate {
            _ if !tls => Some(Vec::new()),
            None => None,
            Some(path) => Some(certificates(path)?),
        };
        let connector = config.rustls_https_connector();
        let connector = connector.map_err(|error| Wrong::Authority(error.to_string()))?;
        let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build(connector);
        let sending = tower::service_fn(move |request: Request<Bytes>| {
            let client = client.clone();
            async move {
                let (head, body) = client.request(request.map(Full::new)).await?.into_parts();
                let body = Limited::new(body, LARGEST).collect().await?.to_bytes();
                Ok::<_, BoxError>(Response::from_parts(head, body))
            }
        });
        Ok(Collector { sending: Sending::new(sending), runtime, told: Mutex::default() })
    }

    /// Says that spans do not arrive, but not each time: they are sent every few seconds.
    fn tell(&self, outcome: Result<&Response<Bytes>, &HttpError>) {
        let mut told = self.told.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let why = match outcome {
            Ok(answer) if answer.status().is_success() => {
                *told = None;
                return;
            }
            Ok(answer) => format!("it answers {}", answer.status()),
            Err(error) => in_full(error.as_ref()),
        };
        if told.is_none_or(|at| at.elapsed() >= TOLD_EVERY) {
            tracing::warn!(error = why, "spans do not reach the collector, and are lost");
            *told = Some(Instant::now());
        }
    }
}

#[async_trait::async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let exchange = self.sending.clone().oneshot(request);
        let sending = self.runtime.spawn(async { timeout(LIMIT, exchange).await });
        let outcome = match sending.await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(format!("no answer within {LIMIT:?}").into()),
            // At the end of the process.
            Err(error) => Err(error.into()),
        };
        self.tell(outcome.as_ref());
        outcome
    }
}

fn certificates(path: &std::path::Path) -> Result<Vec<Vec<u8>>, Wrong> {
    let wrong = |why: String| Wrong::Certificate { path: path.to_owned(), why };
    let found = CertificateDer::pem_file_iter(path).map_err(|error| wrong(error.to_string()))?;
    let found: Result<Vec<_>, _> = found.map(|one| one.map(|one| one.to_vec())).collect();
    let found = found.map_err(|error| wrong(error.to_string()))?;
    if found.is_empty() { Err(wrong("nothing was found".to_owned())) } else { Ok(found) }
}

/// With what it came from.
fn in_full(error: &(dyn std::error::Error + 'static)) -> String {
    let (mut words, mut source) = (error.to_string(), error.source());
    while let Some(error) = source {
        words = format!("{words}: {error}");
        source = error.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::Arc;

    use rcgen::generate_simple_self_signed;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;
    use tokio_rustls::rustls::ServerConfig;
    use tokio_rustls::rustls::pki_types::PrivateKeyDer;

    use super::*;
    use crate::config::Logger;
    use crate::telemetry::dispatch;

    fn to(endpoint: &str, certificate: Option<&std::path::Path>) -> Result<Collector, Wrong> {
        let (endpoint, certificate) = (endpoint.parse().unwrap(), certificate.map(Into::into));
        Collector::new(&Environment { endpoint, certificate }, Handle::current())
    }

    /// What was logged.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            Write::write(&mut *self.0.lock().unwrap(), bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_collector_that_is_not_reached_is_told_of_now_and_then() {
        let (written, collector) = (Written::default(), to("http://collector:4318", None).unwrap());
        let writer = written.clone();
        let logger = Logger { level: 3, json: true, show_source: false, mute: false };
        let (log, _) = dispatch(&logger, move || writer.clone());
        let _another = dispatch(&logger, std::io::sink);
        let _logging = tracing::dispatcher::set_default(&log);
        let lines = || {
            let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
            assert!(text.lines().all(|line| line.contains("spans do not reach the collector")));
            text.lines().count()
        };
        let broken: HttpError = "refused".into();
        let of = |status: u16| Response::builder().status(status).body(Bytes::new()).unwrap();
        for _ in 0..3 {
            collector.tell(Err(&broken));
            collector.tell(Ok(&of(503)));
        }
        assert_eq!(lines(), 1);
        tokio::time::advance(TOLD_EVERY).await;
        collector.tell(Err(&broken));
        assert_eq!(lines(), 2);
        collector.tell(Ok(&of(200)));
        collector.tell(Err(&broken));
        assert_eq!(lines(), 3, "it had been reached in between");
    }

    #[tokio::test]
    async fn over_https_the_collector_has_to_be_of_the_authority_that_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let [pair, other] =
            [(), ()].map(|()| generate_simple_self_signed(["localhost".to_owned()]).unwrap());
        let [right, wrong, none] = ["right", "wrong", "none"].map(|name| folder.path().join(name));
        std::fs::write(&right, pair.cert.pem()).unwrap();
        std::fs::write(&wrong, other.cert.pem()).unwrap();
        std::fs::write(&none, "").unwrap();
        let key = PrivateKeyDer::try_from(pair.signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder().with_no_client_auth();
        let config = config.with_single_cert(vec![pair.cert.der().clone()], key).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint =
            format!("https://localhost:{}/v1/traces", listener.local_addr().unwrap().port());
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let mut request = [0; 4096];
                assert!(stream.read(&mut request).await.unwrap() > 0);
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
            }
        });
        let sent = async |authority: &std::path::Path| {
            let request = Request::post(&endpoint).body(Bytes::from_static(b"spans")).unwrap();
            to(&endpoint, Some(authority)).unwrap().send_bytes(request).await
        };
        assert_eq!(sent(&right).await.unwrap().status(), 200);
        let refused = in_full(sent(&wrong).await.unwrap_err().as_ref());
        assert!(refused.contains("certificate"), "{refused}");
        let told = to(&endpoint, Some(&none)).unwrap_err().to_string();
        assert!(told.starts_with("OTEL_EXPORTER_OTLP_CERTIFICATE: "), "{told}");
    }
}
