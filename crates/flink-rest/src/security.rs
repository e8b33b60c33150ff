//! How a Flink that is not open to everyone is spoken to: TLS, a user name and a password. Made from what
//! Kubernetes' Secrets hold; nothing here is ever printed.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::HeaderValue;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// The key of a Secret that has the authorities, as cert-manager writes it.
pub const CA: &str = "ca.crt";
/// The key of a Secret that has a certificate (`kubernetes.io/tls`).
pub const CERTIFICATE: &str = "tls.crt";
/// The key of a Secret that has a certificate's private key (`kubernetes.io/tls`).
pub const PRIVATE_KEY: &str = "tls.key";
/// The key of a Secret that has a user's name (`kubernetes.io/basic-auth`).
pub const USERNAME: &str = "username";
/// The key of a Secret that has a user's password (`kubernetes.io/basic-auth`).
pub const PASSWORD: &str = "password";

/// How one Flink is spoken to. Empty: plain HTTP, as anyone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Security {
    /// TLS, and who may answer.
    pub tls: Option<Tls>,
    /// Who asks.
    pub basic_auth: Option<BasicAuth>,
}

/// Verified TLS: only these authorities, and only this name. Clones are equal, two that were made apart are not.
#[derive(Clone)]
pub struct Tls {
    pub(crate) config: Arc<ClientConfig>,
    pub(crate) server_name: ServerName<'static>,
}

/// The header of a user name and a password.
#[derive(Clone, PartialEq)]
pub struct BasicAuth(pub(crate) HeaderValue);

/// What cannot be used, and why. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key} {why}")]
pub struct Unusable {
    /// Which of the keys above, or `serverName`.
    pub key: &'static str,
    /// What is wrong with it, and what would be right.
    pub why: String,
}

impl Unusable {
    fn new(key: &'static str, why: impl Into<String>) -> Self {
        Self { key, why: why.into() }
    }
}

impl Tls {
    /// From PEM texts: the certificates of the authorities, and the client's own chain with its key, where
    /// Flink demands one. `server_name` is what the server's certificate has to be made out to.
    ///
    /// # Errors
    /// What of it cannot be used.
    pub fn new(
        ca: &[u8],
        client: Option<(&[u8], &[u8])>,
        server_name: &str,
    ) -> Result<Self, Unusable> {
        let name = ServerName::try_from(server_name.to_owned())
            .map_err(|_| Unusable::new("serverName", "is neither a DNS name nor an address"))?;
        let mut roots = RootCertStore::empty();
        for certificate in certificates(CA, ca)? {
            let added = roots.add(certificate);
            added.map_err(|error| Unusable::new(CA, format!("has no certificate: {error}")))?;
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring can do every version of TLS that this library can")
            .with_root_certificates(roots);
        let config = match client {
            None => config.with_no_client_auth(),
            Some((certificate, key)) => {
                let chain = certificates(CERTIFICATE, certificate)?;
                let key = PrivateKeyDer::from_pem_slice(key)
                    .map_err(|_| Unusable::new(PRIVATE_KEY, "has no private key in PEM form"))?;
                let told = |error| Unusable::new(PRIVATE_KEY, format!("cannot be used: {error}"));
                config.with_client_auth_cert(chain, key).map_err(told)?
            }
        };
        Ok(Self { config: Arc::new(config), server_name: name })
    }
}

fn certificates(key: &'static str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Unusable> {
    let wrong = || Unusable::new(key, "has no certificate in PEM form");
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    read.ok().filter(|read| !read.is_empty()).ok_or_else(wrong)
}

impl PartialEq for Tls {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.config, &other.config) && self.server_name == other.server_name
    }
}

impl BasicAuth {
    /// Of a user.
    ///
    /// # Errors
    /// Where HTTP has no place for it (RFC 7617): a colon in the name, control characters in either.
    pub fn new(username: &[u8], password: &[u8]) -> Result<Self, Unusable> {
        if username.contains(&b':') {
            return Err(Unusable::new(USERNAME, "must not have a colon"));
        }
        for (key, text) in [(USERNAME, username), (PASSWORD, password)] {
            if text.iter().any(u8::is_ascii_control) {
                let why = "must not have control characters, as a line break at its end is one";
                return Err(Unusable::new(key, why));
            }
        }
        let encoded = BASE64_STANDARD.encode([username, b":", password].concat());
        let mut header = HeaderValue::try_from(format!("Basic {encoded}"))
            .expect("base64 has only characters that a header may have");
        header.set_sensitive(true);
        Ok(Self(header))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tls").field(&self.server_name).finish()
    }
}

impl fmt::Debug for BasicAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BasicAuth")
    }
}
