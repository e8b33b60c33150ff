//! The certificate and the key of the metrics port: read at the start, and again at each connection.
//!
//! Files change under a process that runs: cert-manager renews, and the kubelet then swaps the mounted Secret. A pair
//! that is broken, or half written, leaves the one before in use. To read two small files costs less than a handshake,
//! and needs neither a watch on a file system nor a clock. Whether a certificate has run out is for clients to judge.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};

/// The key of the setting with the certificate.
pub(crate) const CERT_FILE: &str = "operator.metricsTls.certFile";
/// The key of the setting with the private key.
pub(crate) const KEY_FILE: &str = "operator.metricsTls.keyFile";

/// Where certificate and key are, in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate of the port, and those that lead from it to an authority that clients know.
    pub cert: PathBuf,
    /// Its private key, not encrypted.
    pub key: PathBuf,
}

/// Why nothing can be served with a pair.
#[derive(Debug, thiserror::Error)]
pub enum PairError {
    /// A file cannot be read.
    #[error("{setting}: cannot read {}", path.display())]
    Read {
        /// The key of the setting that names it.
        setting: &'static str,
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file has nothing of what it is for, or something that is cut off.
    #[error("{setting}: {} has no {what} in PEM", path.display())]
    Pem {
        /// The key of the setting that names it.
        setting: &'static str,
        /// Which.
        path: PathBuf,
        /// What should be in it.
        what: &'static str,
        /// How it was not found.
        #[source]
        source: pem::Error,
    },
    /// Both are there, and are no pair.
    #[error(
        "{KEY_FILE}: the key in {} does not go with the certificate in {} ({CERT_FILE})",
        .0.key.display(), .0.cert.display()
    )]
    Pair(TlsFiles, #[source] rustls::Error),
}

/// What was in the files.
#[derive(PartialEq, Eq)]
struct Contents {
    cert: Vec<u8>,
    key: Vec<u8>,
}

impl TlsFiles {
    fn read(&self) -> Result<Contents, PairError> {
        let read = |setting, path: &Path| {
            let failed = |source| PairError::Read { setting, path: path.to_owned(), source };
            std::fs::read(path).map_err(failed)
        };
        Ok(Contents { cert: read(CERT_FILE, &self.cert)?, key: read(KEY_FILE, &self.key)? })
    }

    /// TLS 1.2 and 1.3 with this pair.
    fn config(&self, contents: &Contents) -> Result<ServerConfig, PairError> {
        let wrong = |setting, path: &Path, what| {
            let path = path.to_owned();
            move |source| PairError::Pem { setting, path, what, source }
        };
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&contents.cert).collect();
        let chain = chain.and_then(|chain| match chain.is_empty() {
            true => Err(pem::Error::NoItemsFound),
            false => Ok(chain),
        });
        let chain = chain.map_err(wrong(CERT_FILE, &self.cert, "certificate"))?;
        let key = PrivateKeyDer::from_pem_slice(&contents.key);
        let key = key.map_err(wrong(KEY_FILE, &self.key, "private key that is not encrypted"))?;
        let no_pair = |source| PairError::Pair(self.clone(), source);
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(no_pair)?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(no_pair)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}

/// The pair in use.
pub struct Pair {
    files: TlsFiles,
    used: Mutex<Used>,
}

struct Used {
    contents: Contents,
    config: Arc<ServerConfig>,
    /// What was last found wrong with the files and told; empty: nothing.
    wrong: String,
}

impl Pair {
    /// Reads the pair.
    ///
    /// # Errors
    /// See [`PairError`].
    pub fn read(files: TlsFiles) -> Result<Pair, PairError> {
        let contents = files.read()?;
        let config = Arc::new(files.config(&contents)?);
        let used = Mutex::new(Used { contents, config, wrong: String::new() });
        Ok(Pair { files, used })
    }

    /// The pair that the files have now, or else the last one that was whole. What is wrong with them is told once.
    pub(super) fn current(&self) -> Arc<ServerConfig> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        match self.renewed(&used.contents) {
            Ok(None) => used.wrong.clear(),
            Ok(Some((contents, config))) => {
                tracing::info!("the metrics port has another certificate");
                *used = Used { contents, config: Arc::new(config), wrong: String::new() };
            }
            Err(error) => {
                let wrong = error.to_string();
                if used.wrong != wrong {
                    let error: &dyn std::error::Error = &error;
                    tracing::warn!(error, "the metrics port keeps its certificate");
                    used.wrong = wrong;
                }
            }
        }
        Arc::clone(&used.config)
    }

    /// None: the files are as they were.
    fn renewed(&self, before: &Contents) -> Result<Option<(Contents, ServerConfig)>, PairError> {
        let contents = self.files.read()?;
        if contents == *before {
            return Ok(None);
        }
        let config = self.files.config(&contents)?;
        Ok(Some((contents, config)))
    }
}

#[cfg(test)]
pub(super) mod tests;
