//! Certificates for tests.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// One that issues certificates.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate with its key.
pub(crate) struct Signed {
    certificate: CertificateDer<'static>,
    pem: String,
    key: KeyPair,
}

fn to(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

/// One that nobody else stands for.
pub(crate) fn self_signed(name: &str) -> Signed {
    let key = KeyPair::generate().unwrap();
    let signed = to(name).self_signed(&key).unwrap();
    Signed { certificate: signed.der().clone(), pem: signed.pem(), key }
}

impl Authority {
    pub(crate) fn new(name: &str) -> Authority {
        let mut params = to(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Authority(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    pub(crate) fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        roots
    }

    /// A certificate of that name.
    pub(crate) fn sign(&self, name: &str) -> Signed {
        self.sign_until(name, 4000)
    }

    /// One that is valid until the year.
    pub(crate) fn sign_until(&self, name: &str, year: i32) -> Signed {
        let mut params = to(name);
        params.not_after = date_time_ymd(year, 1, 1);
        let key = KeyPair::generate().unwrap();
        let signed = params.signed_by(&key, &self.0).unwrap();
        Signed { certificate: signed.der().clone(), pem: signed.pem(), key }
    }

    /// Its own certificate, as if it were a server's.
    pub(crate) fn itself(&self) -> Signed {
        let key = KeyPair::from_pem(&self.0.key().serialize_pem()).unwrap();
        Signed { certificate: self.0.der().clone(), pem: self.0.pem(), key }
    }
}

impl Signed {
    pub(crate) fn pem(&self) -> String {
        self.pem.clone()
    }

    pub(crate) fn key(&self) -> String {
        self.key.serialize_pem()
    }

    pub(crate) fn chain(&self) -> Vec<CertificateDer<'static>> {
        vec![self.certificate.clone()]
    }

    pub(crate) fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::try_from(self.key.serialize_der()).unwrap()
    }
}
