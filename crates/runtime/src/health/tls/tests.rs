//! What is a pair, what is none, and which one is in use.

use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use tempfile::TempDir;

use super::*;

/// The pair in files, which last as long as the folder.
pub(in crate::health) fn written(pair: &CertifiedKey<KeyPair>) -> (TempDir, TlsFiles) {
    let folder = TempDir::new().unwrap();
    let files =
        TlsFiles { cert: folder.path().join("tls.crt"), key: folder.path().join("tls.key") };
    write(&files, pair);
    (folder, files)
}

pub(in crate::health) fn write(files: &TlsFiles, pair: &CertifiedKey<KeyPair>) {
    std::fs::write(&files.cert, pair.cert.pem()).unwrap();
    std::fs::write(&files.key, pair.signing_key.serialize_pem()).unwrap();
}

/// A certificate that is its own authority, with its key.
pub(in crate::health) fn new() -> CertifiedKey<KeyPair> {
    generate_simple_self_signed(["localhost".to_owned()]).unwrap()
}

fn refused(files: &TlsFiles) -> String {
    Pair::read(files.clone()).map(drop).expect_err("it is refused").to_string()
}

#[test]
fn a_pair_that_is_broken_is_refused_with_the_key_of_its_setting_and_what_is_wrong() {
    let (pair, other) = (new(), new());
    let (_folder, files) = written(&pair);
    assert!(Pair::read(files.clone()).is_ok());
    let (cert, key) = (files.cert.display(), files.key.display());

    std::fs::write(&files.key, other.signing_key.serialize_pem()).unwrap();
    let no_pair = format!(
        "operator.metricsTls.keyFile: the key in {key} does not go with the certificate in {cert}"
    );
    assert!(refused(&files).starts_with(&no_pair), "{}", refused(&files));

    let no_key = format!(
        "operator.metricsTls.keyFile: {key} has no private key that is not encrypted in PEM"
    );
    let encrypted = other.signing_key.serialize_pem().replace("PRIVATE", "ENCRYPTED PRIVATE");
    let half = &pair.signing_key.serialize_pem()[..60];
    for text in ["", &pair.cert.pem(), &encrypted, half] {
        std::fs::write(&files.key, text).unwrap();
        assert_eq!(refused(&files), no_key);
    }
    std::fs::remove_file(&files.key).unwrap();
    assert_eq!(refused(&files), format!("operator.metricsTls.keyFile: cannot read {key}"));

    write(&files, &pair);
    let no_cert = format!("operator.metricsTls.certFile: {cert} has no certificate in PEM");
    for text in ["", &pair.signing_key.serialize_pem(), &pair.cert.pem()[..60]] {
        std::fs::write(&files.cert, text).unwrap();
        assert_eq!(refused(&files), no_cert);
    }
}

#[test]
fn the_pair_of_the_files_is_used_from_the_next_connection_on_and_a_broken_one_never() {
    let (_folder, files) = written(&new());
    let pair = Pair::read(files.clone()).unwrap();
    let first = pair.current();
    assert!(Arc::ptr_eq(&first, &pair.current()), "nothing has changed");

    let next = new();
    std::fs::write(&files.cert, next.cert.pem()).unwrap();
    assert!(Arc::ptr_eq(&first, &pair.current()), "the certificate of another key is used");
    let wrong = || pair.used.lock().unwrap().wrong.clone();
    assert!(wrong().starts_with(KEY_FILE), "{}", wrong());
    std::fs::write(&files.key, next.signing_key.serialize_pem()).unwrap();
    let second = pair.current();
    assert!(!Arc::ptr_eq(&first, &second), "the new pair is not used");
    assert_eq!(wrong(), "");

    std::fs::remove_file(&files.cert).unwrap();
    assert!(Arc::ptr_eq(&second, &pair.current()));
    assert!(wrong().starts_with(CERT_FILE), "{}", wrong());
}
