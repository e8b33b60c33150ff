//! TLS and passwords, against a real TLS server on loopback: who is believed, who is let in, and what is told
//! where it comes to neither.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod support {
    pub(crate) mod authority;
}

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use flinkk8soperator_flink_rest::security::Unusable;
use flinkk8soperator_flink_rest::{
    BasicAuth, Client, Error, Failure, Fault, Reached, Retry, Security, Settings, Target, Tls,
    Transport,
};
use support::authority::{Authority, Signed, self_signed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::server::WebPkiClientVerifier;

const NAME: &str = "app.team-a.svc";
const JOBS: &str = r#"{"jobs":[]}"#;

/// Answers every request with an empty list of jobs, or with 401 where the header is not the one wanted.
struct Server {
    address: SocketAddr,
    /// Connections over which something was asked.
    connections: Arc<AtomicUsize>,
}

impl Server {
    async fn start(tls: ServerConfig, authorization: Option<&'static str>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (acceptor, connections) = (TlsAcceptor::from(Arc::new(tls)), Arc::default());
        let counted = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, counted) = (acceptor.clone(), Arc::clone(&counted));
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    serve(stream, authorization, &counted).await;
                });
            }
        });
        Server { address, connections }
    }

    fn target(&self) -> Target {
        Target::new(self.address, "pod")
    }

    fn client(&self, security: &Security) -> Client {
        Client::direct(&Transport::new(Settings::default()), &self.target(), security)
    }
}

async fn serve(
    mut stream: impl AsyncReadExt + AsyncWriteExt + Unpin,
    authorization: Option<&str>,
    connections: &AtomicUsize,
) {
    let mut read = Vec::new();
    let mut first = true;
    while let Ok(byte) = stream.read_u8().await {
        read.push(byte);
        if !read.ends_with(b"\r\n\r\n") {
            continue;
        }
        if std::mem::take(&mut first) {
            connections.fetch_add(1, Ordering::SeqCst);
        }
        let head = String::from_utf8(std::mem::take(&mut read)).unwrap();
        let header = head.lines().find_map(|line| line.strip_prefix("authorization: "));
        let answer = match header == authorization {
            true => format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{JOBS}", JOBS.len()),
            false => "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n".to_owned(),
        };
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
}

fn open_to_all(certificate: &Signed) -> ServerConfig {
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    config.with_single_cert(certificate.chain(), certificate.private_key()).unwrap()
}

fn with_client_certificates(certificate: &Signed, clients: &Authority) -> ServerConfig {
    let provider = Arc::new(ring::default_provider());
    let roots = Arc::new(clients.roots());
    let verifier = WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(&provider));
    let config = ServerConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions().unwrap();
    let config = config.with_client_cert_verifier(verifier.build().unwrap());
    config.with_single_cert(certificate.chain(), certificate.private_key()).unwrap()
}

fn trusting(authority: &Authority) -> Security {
    let tls = Tls::new(authority.pem().as_bytes(), None, NAME).unwrap();
    Security { tls: Some(tls), basic_auth: None }
}

fn as_user(password: &str) -> Security {
    let basic_auth = BasicAuth::new(b"operator", password.as_bytes()).unwrap();
    Security { tls: None, basic_auth: Some(basic_auth) }
}

/// What is told where no TLS connection comes about.
async fn refused(server: &Server, security: &Security) -> String {
    let error = server.client(security).jobs().await.unwrap_err();
    let sorted = (error.reached(), error.retry(), error.fault());
    assert_eq!(sorted, (Reached::No, Retry::AfterChange, Fault::Transport), "{error:?}");
    match error {
        Error::Transport(Failure::Tls(words)) => words,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn who_has_a_certificate_for_the_name_from_the_authority_is_believed_at_any_address() {
    let authority = Authority::new("one");
    let server = Server::start(open_to_all(&authority.sign(NAME)), None).await;
    let client = server.client(&trusting(&authority));
    for _ in 0..3 {
        client.jobs().await.unwrap();
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), 1, "connections are kept");
}

#[tokio::test]
async fn a_certificate_that_stands_for_itself_is_believed_where_it_is_named() {
    let own = self_signed(NAME);
    let server = Server::start(open_to_all(&own), None).await;
    let tls = Tls::new(own.pem().as_bytes(), None, NAME).unwrap();
    let security = Security { tls: Some(tls), basic_auth: None };
    server.client(&security).jobs().await.unwrap();
}

#[tokio::test]
async fn who_cannot_be_believed_is_told_why() {
    let (authority, another) = (Authority::new("one"), Authority::new("another"));
    let rows = [
        (authority.sign(NAME), &another, "from none of the authorities in ca.crt"),
        (authority.sign("web.example.org"), &authority, "not valid for name \"app.team-a.svc\""),
        (
            authority.sign("web.example.org"),
            &authority,
            "only valid for DnsName(\"web.example.org\")",
        ),
        (authority.sign_until(NAME, 2020), &authority, "has expired"),
        (authority.itself(), &authority, "is an authority's own (CA:TRUE)"),
    ];
    for (certificate, trusted, words) in rows {
        let server = Server::start(open_to_all(&certificate), None).await;
        let told = refused(&server, &trusting(trusted)).await;
        assert!(told.contains(words), "{told}");
        assert_eq!(server.connections.load(Ordering::SeqCst), 0, "nothing was asked");
    }
}

#[tokio::test]
async fn a_client_has_the_certificate_that_is_demanded_or_is_told_so() {
    let (authority, another) = (Authority::new("one"), Authority::new("another"));
    let demanding = with_client_certificates(&authority.sign(NAME), &authority);
    let server = Server::start(demanding, None).await;
    let with = |certificate: &Signed| {
        let (chain, key) = (certificate.pem(), certificate.key());
        let client = Some((chain.as_bytes(), key.as_bytes()));
        let tls = Tls::new(authority.pem().as_bytes(), client, NAME).unwrap();
        Security { tls: Some(tls), basic_auth: None }
    };
    server.client(&with(&authority.sign("operator"))).jobs().await.unwrap();
    let told = refused(&server, &trusting(&authority)).await;
    assert!(told.starts_with("Flink demands the client's certificate"), "{told}");
    let told = refused(&server, &with(&another.sign("operator"))).await;
    assert!(told.starts_with("Flink does not accept the client's certificate"), "{told}");
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn what_does_not_speak_tls_is_told() {
    for answer in ["HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n", ""] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                stream.read_u8().await.unwrap();
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        let server = Server { address, connections: Arc::default() };
        let told = refused(&server, &trusting(&Authority::new("one"))).await;
        assert!(told.contains("not speak TLS"), "{told}");
    }
}

#[tokio::test]
async fn a_password_lets_in_and_a_wrong_one_is_told() {
    let authority = Authority::new("one");
    // printf operator:right | base64
    let header = Some("Basic b3BlcmF0b3I6cmlnaHQ=");
    let server = Server::start(open_to_all(&authority.sign(NAME)), header).await;
    let with = |user: Security| server.client(&Security { tls: trusting(&authority).tls, ..user });
    with(as_user("right")).jobs().await.unwrap();
    for security in [as_user("wrong"), Security::default()] {
        let error = with(security).jobs().await.unwrap_err();
        assert!(matches!(error, Error::Denied(_)), "{error:?}");
        assert_eq!(error.reached(), Reached::No);
    }
}

#[tokio::test]
async fn another_authority_takes_the_place_of_the_one_before_on_new_connections() {
    let [old, new] = ["old", "new"].map(Authority::new);
    let server = Server::start(open_to_all(&old.sign(NAME)), None).await;
    let transport = Transport::new(Settings::default());
    let before = trusting(&old);
    let asked = async |security: &Security| {
        Client::direct(&transport, &server.target(), security).jobs().await
    };
    asked(&before).await.unwrap();
    asked(&before.clone()).await.unwrap();
    assert_eq!(server.connections.load(Ordering::SeqCst), 1, "the same is kept");
    // The open connection would still do, and is not used.
    let error = asked(&trusting(&new)).await.unwrap_err();
    assert!(matches!(error, Error::Transport(Failure::Tls(_))), "{error:?}");
    asked(&before).await.unwrap();
    assert_eq!(server.connections.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn every_outcome_is_told_to_who_listens() {
    let authority = Authority::new("one");
    let server = Server::start(open_to_all(&authority.sign(NAME)), Some("Basic eA==")).await;
    let told = Arc::new(std::sync::Mutex::new(Vec::new()));
    let listening = Arc::clone(&told);
    let client = server.client(&trusting(&authority)).telling(move |error| {
        listening.lock().unwrap().push(error.map(ToString::to_string));
    });
    client.jobs().await.unwrap_err();
    assert_eq!(*told.lock().unwrap(), [Some("401 Unauthorized".to_owned())]);
}

#[test]
fn what_cannot_be_used_names_its_key_and_what_would_be_right() {
    let authority = Authority::new("one");
    let own = authority.sign("operator");
    let other = authority.sign("operator");
    let (ca, chain, key) = (authority.pem(), own.pem(), own.key());
    let tls = |ca: &str, client: Option<(&str, &str)>, name: &str| {
        let client = client.map(|(chain, key)| (chain.as_bytes(), key.as_bytes()));
        Tls::new(ca.as_bytes(), client, name).unwrap_err()
    };
    let user = |name: &[u8], password: &[u8]| BasicAuth::new(name, password).unwrap_err();
    let broken = "-----BEGIN CERTIFICATE-----\neA==\n-----END CERTIFICATE-----\n";
    let rows: [(Unusable, &str, &str); 8] = [
        (tls("", None, NAME), "ca.crt", "has no certificate in PEM form"),
        (tls(&key, None, NAME), "ca.crt", "has no certificate in PEM form"),
        (tls(broken, None, NAME), "ca.crt", "has no certificate: "),
        (tls(&ca, None, "not a name"), "serverName", "is neither a DNS name nor an address"),
        (tls(&ca, Some(("", &key)), NAME), "tls.crt", "has no certificate in PEM form"),
        (tls(&ca, Some((&chain, &chain)), NAME), "tls.key", "has no private key in PEM form"),
        (user(b"a:b", b"c"), "username", "must not have a colon"),
        (user(b"a", b"secret\n"), "password", "must not have control characters"),
    ];
    for (error, key, words) in rows {
        assert_eq!(error.key, key);
        assert!(error.why.starts_with(words) && !error.why.contains("secret"), "{error}");
    }
    let mixed = tls(&ca, Some((&chain, &other.key())), NAME);
    assert_eq!(mixed.key, "tls.key");
}

#[test]
fn nothing_of_a_secret_is_printed() {
    let authority = Authority::new("one");
    let own = authority.sign("operator");
    let (chain, key) = (own.pem(), own.key());
    let client = Some((chain.as_bytes(), key.as_bytes()));
    let tls = Tls::new(authority.pem().as_bytes(), client, NAME).unwrap();
    let security = Security { tls: Some(tls), ..as_user("right") };
    assert_eq!(
        format!("{security:?}"),
        "Security { tls: Some(Tls(DnsName(\"app.team-a.svc\"))), basic_auth: Some(BasicAuth) }"
    );
}
