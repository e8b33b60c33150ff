//! The port as clients see it: over TLS and without, many of them, slow ones, and those that speak something else.

use rcgen::{CertifiedKey, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};

use super::*;
use crate::health::tls::tests::{new, write, written};
use crate::metrics::Metrics;

const REQUEST: &[u8] = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";

fn about() -> About {
    let ready = watch::channel(true).1;
    let (metrics, config) = (Metrics::new("x"), Box::new(|| "{}".to_owned()));
    About { metrics, ready, config, stuck: Box::new(|| None) }
}

/// A port, which is served as long as the task is there.
async fn served(pair: Option<Pair>) -> (SocketAddr, AbortOnDropHandle<()>) {
    let listening = listen(0, pair).await.unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], listening.address.port()));
    (address, AbortOnDropHandle::new(tokio::spawn(listening.serve(about()))))
}

/// What a client gets that trusts this certificate alone.
async fn https(
    address: SocketAddr,
    trusted: &CertifiedKey<KeyPair>,
    version: &'static SupportedProtocolVersion,
) -> io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.cert.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    asked(stream).await
}

/// The whole answer, until the other side closes.
async fn asked<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) -> io::Result<String> {
    stream.write_all(REQUEST).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

fn is_ok(answer: &str) -> bool {
    answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nOK")
}

#[tokio::test]
async fn without_a_pair_the_port_speaks_http_and_closes_after_the_answer() {
    let (address, _served) = served(None).await;
    let answer = asked(TcpStream::connect(address).await.unwrap()).await.unwrap();
    assert!(is_ok(&answer), "{answer}");
}

#[tokio::test]
async fn with_a_pair_it_speaks_https_and_changes_its_certificate_with_the_files() {
    let (first, second) = (new(), new());
    let (_folder, files) = written(&first);
    let (address, _served) = served(Some(Pair::read(files.clone()).unwrap())).await;
    for version in [&TLS13, &TLS12] {
        let answer = https(address, &first, version).await.unwrap();
        assert!(is_ok(&answer), "{answer}");
    }
    https(address, &second, &TLS13).await.expect_err("that is not its certificate yet");
    write(&files, &second);
    let answer = https(address, &second, &TLS13).await.unwrap();
    assert!(is_ok(&answer), "{answer}");
    https(address, &first, &TLS13).await.expect_err("that was its certificate");
    std::fs::write(&files.key, "half").unwrap();
    let answer = https(address, &second, &TLS13).await.unwrap();
    assert!(is_ok(&answer), "{answer}");
}

#[tokio::test]
async fn a_plain_request_gets_no_answer_there_and_harms_nobody() {
    let pair = new();
    let (_folder, files) = written(&pair);
    let (address, _served) = served(Some(Pair::read(files).unwrap())).await;
    let mut plain = TcpStream::connect(address).await.unwrap();
    plain.write_all(REQUEST).await.unwrap();
    let mut answer = Vec::new();
    // An alert, and then the end; or the end alone, where the rest of the request was not read.
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    assert!(is_ok(&https(address, &pair, &TLS13).await.unwrap()));
}

#[tokio::test]
async fn of_more_connections_than_there_may_be_the_oldest_gives_way() {
    let (address, _served) = served(None).await;
    let mut silent = Vec::new();
    for _ in 0..AT_ONCE {
        silent.push(TcpStream::connect(address).await.unwrap());
    }
    // Accepted in their order: the answer comes after the others were.
    let answer = asked(TcpStream::connect(address).await.unwrap()).await.unwrap();
    assert!(is_ok(&answer), "{answer}");
    let second = silent.remove(1);
    let mut oldest = silent.swap_remove(0);
    let mut byte = [0];
    let end = timeout(LIMIT / 3, oldest.read(&mut byte)).await.expect("the oldest is still there");
    assert_eq!(end.unwrap_or(0), 0);
    let answer = asked(second).await.unwrap();
    assert!(is_ok(&answer), "the second oldest went, too: {answer}");
}

/// A connection on which these bytes are sent, and nothing more; both run in virtual time.
async fn held(sent: &[u8], pair: Option<Pair>) -> Duration {
    let (mut client, server): (DuplexStream, DuplexStream) = duplex(1 << 16);
    client.write_all(sent).await.unwrap();
    let began = tokio::time::Instant::now();
    let connection = connection(server, pair.map(Arc::new), Arc::new(about()));
    timeout(2 * LIMIT, connection).await.expect("it never ends");
    began.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_connection_on_which_nothing_more_comes_ends_in_time() {
    let (_folder, files) = written(&new());
    let pair = || Some(Pair::read(files.clone()).unwrap());
    for (sent, pair) in
        [(&b""[..], None), (b"GET /metrics HTTP", None), (b"", pair()), (b"\x16\x03\x01", pair())]
    {
        assert_eq!(held(sent, pair).await, LIMIT);
    }
    assert_eq!(held(REQUEST, None).await, Duration::ZERO);
}
