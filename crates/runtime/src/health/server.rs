//! The port of metrics and health: one request a connection, over TLS where there is a certificate for it.
//!
//! Whoever reaches the port can open connections and say nothing. So each has a limit of time, and they are limited in
//! number; where there are more, the oldest goes: those that hold on would else keep out the kubelet, which then
//! restarts the pod.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::task::AbortOnDropHandle;

use super::tls::Pair;
use super::{About, answer};

/// Connections at once. Arbitrary: a kubelet and some Prometheus have a handful.
const AT_ONCE: usize = 64;

/// For a connection, from the handshake to the end of the answer. More than the 10 s that Prometheus waits by default.
const LIMIT: Duration = Duration::from_secs(30);

/// How long after a connection that could not be accepted: most often files are lacking, which others have to close.
const PAUSE: Duration = Duration::from_millis(100);

/// The server, listening.
pub struct Listening {
    listener: TcpListener,
    pair: Option<Arc<Pair>>,
    /// Where.
    pub address: SocketAddr,
}

/// Listens on `port` of all addresses; 0: an arbitrary one. With a pair there is TLS, and nothing without it.
///
/// # Errors
/// Where the port is taken.
pub async fn listen(port: u16, pair: Option<Pair>) -> io::Result<Listening> {
    let listener = TcpListener::bind(SocketAddr::from(([0, 0, 0, 0], port))).await?;
    let address = listener.local_addr()?;
    Ok(Listening { listener, pair: pair.map(Arc::new), address })
}

impl Listening {
    /// Serves for ever.
    pub async fn serve(self, about: About) {
        let about = Arc::new(about);
        let mut connections: VecDeque<AbortOnDropHandle<()>> = VecDeque::new();
        loop {
            let stream = match self.listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "a connection to the metrics port was not accepted");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            connections.retain(|connection| !connection.is_finished());
            if connections.len() == AT_ONCE {
                connections.pop_front();
            }
            let (pair, about) = (self.pair.clone(), Arc::clone(&about));
            let connection = tokio::spawn(connection(stream, pair, about));
            connections.push_back(AbortOnDropHandle::new(connection));
        }
    }
}

/// One connection, from its begin to its end.
async fn connection<S>(stream: S, pair: Option<Arc<Pair>>, about: Arc<About>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let exchange = async {
        match pair {
            Some(pair) => {
                let stream = TlsAcceptor::from(pair.current()).accept(stream).await?;
                request(stream, &about).await
            }
            None => request(stream, &about).await,
        }
    };
    match timeout(LIMIT, exchange).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a connection to the metrics port broke"),
        Err(_) => tracing::debug!("a connection to the metrics port took longer than {LIMIT:?}"),
    }
}

async fn request<S>(stream: S, about: &About) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let service = service_fn(|request: Request<Incoming>| {
        let answer = answer(about, request.uri().path());
        async move { Ok::<_, Infallible>(answer) }
    });
    let http =
        http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(stream), service);
    http.await.map_err(io::Error::other)
}

#[cfg(test)]
mod tests;
