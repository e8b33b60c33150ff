//! How a connection is opened: TCP, and TLS over it where that is asked for.

use std::error::Error as StdError;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::{self, AlertDescription, CertificateError};
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Service, ServiceExt};

use crate::security::Tls;

/// Bytes both ways.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl Connection for Box<dyn Stream> {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

/// Opens a stream to the address in a URI.
pub type Open = BoxCloneSyncService<Uri, Box<dyn Stream>, BoxError>;

/// TCP.
pub(super) fn tcp(limit: Duration) -> Open {
    let mut connector = HttpConnector::new();
    connector.set_connect_timeout(Some(limit));
    connector.set_nodelay(true);
    // What speaks TLS has another scheme.
    connector.enforce_http(false);
    let boxed = |stream: TokioIo<_>| Box::new(stream.into_inner()) as Box<dyn Stream>;
    Open::new(connector.map_response(boxed).map_err(BoxError::from))
}

/// See the module.
#[derive(Clone)]
pub(super) struct Dial {
    pub(super) open: Open,
    pub(super) tls: Option<Tls>,
    /// For the handshake.
    pub(super) limit: Duration,
}

impl Service<Uri> for Dial {
    type Response = TokioIo<Box<dyn Stream>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.open.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let (opening, tls, limit) = (self.open.call(uri), self.tls.clone(), self.limit);
        Box::pin(async move {
            let stream = opening.await?;
            let Some(Tls { config, server_name }) = tls else { return Ok(TokioIo::new(stream)) };
            let shaking = TlsConnector::from(config).connect(server_name, stream);
            let shaken = tokio::time::timeout(limit, shaking).await?;
            let secured = shaken.map_err(|error| Handshake(words(&error)))?;
            Ok(TokioIo::new(Box::new(secured) as Box<dyn Stream>))
        })
    }
}

/// A TLS handshake that came to nothing, in words.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Handshake(pub(super) String);

/// In TLS 1.3 the server's word on the client's certificate comes after the handshake is over for the client,
/// and before the server has read anything else.
pub(super) fn late_refusal(error: &(dyn StdError + 'static)) -> Option<String> {
    let error = error.downcast_ref::<io::Error>()?;
    matches!(of_tls(error)?, rustls::Error::AlertReceived(_)).then(|| words(error))
}

fn of_tls(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

fn words(error: &io::Error) -> String {
    match of_tls(error) {
        None => {
            format!("the handshake was cut off, as by something that does not speak TLS ({error})")
        }
        Some(rustls::Error::InvalidMessage(_)) => "what answers does not speak TLS".to_owned(),
        Some(rustls::Error::AlertReceived(alert)) => refusal(*alert),
        Some(rustls::Error::InvalidCertificate(why)) => untrusted(why),
        Some(other) => other.to_string(),
    }
}

fn refusal(alert: AlertDescription) -> String {
    let client = "the client's certificate (tls.crt and tls.key of the Secret)";
    match alert {
        AlertDescription::CertificateRequired => format!("Flink demands {client}"),
        // Java's word for a certificate that is missing, too (recorded on Flink 2.3.0).
        AlertDescription::BadCertificate => {
            format!("Flink demands {client}, or does not accept the one that is there: {alert:?}")
        }
        AlertDescription::CertificateUnknown
        | AlertDescription::CertificateExpired
        | AlertDescription::UnknownCA => format!("Flink does not accept {client}: {alert:?}"),
        // With authentication-enabled Flink's default is RSA only, which no other key fits (recorded on 2.3.0).
        AlertDescription::HandshakeFailure => {
            format!(
                "Flink refused the handshake, as where its security.ssl.algorithms do not fit its key: {alert:?}"
            )
        }
        _ => format!("Flink refused the handshake: {alert:?}"),
    }
}

fn untrusted(why: &CertificateError) -> String {
    match why {
        CertificateError::UnknownIssuer => {
            "Flink's certificate is from none of the authorities in ca.crt (unknown issuer)".to_owned()
        }
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            "Flink's certificate is an authority's own (CA:TRUE): it has to be one that is issued by it"
                .to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "Flink's certificate has expired".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "Flink's certificate is not valid yet".to_owned()
        }
        other => format!("Flink's {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_javas_alerts_mean_is_said() {
        let says = |alert, words: &str| {
            let told = refusal(alert);
            assert!(told.contains(words), "{told}");
        };
        says(AlertDescription::CertificateRequired, "Flink demands the client's certificate");
        says(AlertDescription::BadCertificate, "or does not accept the one that is there");
        says(AlertDescription::UnknownCA, "Flink does not accept the client's certificate");
        says(AlertDescription::HandshakeFailure, "security.ssl.algorithms do not fit its key");
        says(AlertDescription::InternalError, "Flink refused the handshake: InternalError");
    }
}
