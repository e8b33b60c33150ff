//! Connections to pods, on loopback: reused, kept apart by pod, dropped when the pod changes.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::net::SocketAddr;
use std::time::Duration;

use flinkk8soperator_flink_rest::request::Run;
use flinkk8soperator_flink_rest::{
    Client, Error, Failure, JobId, Reached, Retry, Security, Settings, Target, Transport,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A server without a will of its own: each test accepts and answers by hand.
struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        Self { listener, address }
    }

    fn target(&self, pod: &str) -> Target {
        Target::new(self.address, pod)
    }

    async fn accept(&self) -> TcpStream {
        self.listener.accept().await.unwrap().0
    }
}

/// Reads one request without a body and answers it.
async fn serve(connection: &mut TcpStream) -> String {
    let request = read_head(connection).await;
    let body = r#"{"jobs":[]}"#;
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    connection.write_all(answer.as_bytes()).await.unwrap();
    request
}

async fn read_head(connection: &mut TcpStream) -> String {
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n") {
        read.push(connection.read_u8().await.unwrap());
    }
    String::from_utf8(read).unwrap()
}

/// Everything that still comes until the other side closes.
async fn rest(connection: &mut TcpStream) -> Vec<u8> {
    let mut read = Vec::new();
    connection.read_to_end(&mut read).await.unwrap();
    read
}

fn is_forgotten(error: &Error) -> bool {
    matches!(error, Error::Transport(Failure::Forgotten))
}

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let server = Server::start().await;
    let transport = Transport::new(Settings::default());
    let client = Client::direct(&transport, &server.target("a"), &Security::default());
    let again = Client::direct(&transport, &server.target("a"), &Security::default());
    let serving = async {
        let mut connection = server.accept().await;
        let first = serve(&mut connection).await;
        assert!(first.starts_with("GET /jobs HTTP/1.1\r\n"), "{first}");
        assert!(first.contains(&format!("host: {}\r\n", server.address)), "{first}");
        serve(&mut connection).await
    };
    let asking = async {
        client.jobs().await.unwrap();
        again.jobs().await.unwrap()
    };
    tokio::join!(serving, asking);
}

#[tokio::test]
async fn after_forget_no_byte_goes_over_the_old_connection() {
    let server = Server::start().await;
    let transport = Transport::new(Settings::default());
    let old = Client::direct(&transport, &server.target("old"), &Security::default());
    let (mut connection, answer) = tokio::join!(
        async {
            let mut connection = server.accept().await;
            serve(&mut connection).await;
            connection
        },
        old.jobs()
    );
    answer.unwrap();

    transport.forget(&server.target("old"));
    let error = old.jobs().await.unwrap_err();
    assert!(is_forgotten(&error), "{error:?}");
    assert_eq!(error.retry(), Retry::Never);
    assert_eq!(rest(&mut connection).await, b"", "closed, and nothing was sent before");

    // The new pod has the address of the old one.
    let new = Client::direct(&transport, &server.target("new"), &Security::default());
    let serving = async { serve(&mut server.accept().await).await };
    let (_, answer) = tokio::join!(serving, new.jobs());
    answer.unwrap();
}

#[tokio::test]
async fn pods_with_one_address_share_no_connection() {
    let server = Server::start().await;
    let transport = Transport::new(Settings::default());
    let [a, b] =
        ["a", "b"].map(|pod| Client::direct(&transport, &server.target(pod), &Security::default()));
    let serving = async {
        let mut first = server.accept().await;
        serve(&mut first).await;
        let mut second = server.accept().await;
        serve(&mut second).await;
        (first, second)
    };
    let asking = async {
        a.jobs().await.unwrap();
        b.jobs().await.unwrap();
    };
    let ((first, mut second), ()) = tokio::join!(serving, asking);
    drop((first, b));
    transport.forget(&server.target("b"));
    assert_eq!(rest(&mut second).await, b"");
}

#[tokio::test]
async fn what_is_under_way_ends_when_the_pod_is_forgotten() {
    let server = Server::start().await;
    let transport = Transport::new(Settings::default());
    let client = Client::direct(&transport, &server.target("a"), &Security::default());
    let version = "1.20.5".parse().unwrap();
    let run = Run::new("my app/1.jar", JobId([7; 16]));
    let hour = Duration::from_secs(3600);
    let (mut connection, answer) = tokio::join!(
        async {
            let mut connection = server.accept().await;
            let head = read_head(&mut connection).await;
            assert!(head.starts_with("POST /jars/my%20app%2F1.jar/run HTTP/1.1\r\n"), "{head}");
            assert!(head.contains("content-type: application/json\r\n"), "{head}");
            transport.forget(&server.target("a"));
            connection
        },
        client.run(&version, &run, hour)
    );
    let error = answer.unwrap_err();
    assert!(is_forgotten(&error), "{error:?}");
    assert_eq!(error.reached(), Reached::Perhaps, "main may be running");
    let body = r#"{"jobId":"07070707070707070707070707070707"}"#;
    assert_eq!(String::from_utf8(rest(&mut connection).await).unwrap(), body);
}

#[tokio::test]
async fn where_nobody_listens_nothing_was_sent() {
    let server = Server::start().await;
    let target = server.target("a");
    drop(server);
    let settings = Settings { repeats: 0, ..Settings::default() };
    let error = Client::direct(&Transport::new(settings), &target, &Security::default())
        .jobs()
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Transport(Failure::Connect(_))), "{error:?}");
    assert_eq!((error.reached(), error.retry()), (Reached::No, Retry::Later));
}

#[tokio::test]
async fn a_connection_that_closes_without_an_answer_may_have_done_it() {
    let server = Server::start().await;
    let transport = Transport::new(Settings::default());
    let client = Client::direct(&transport, &server.target("a"), &Security::default());
    let (_, answer) = tokio::join!(
        async { read_head(&mut server.accept().await).await },
        client.cancel(JobId([7; 16]))
    );
    let error = answer.unwrap_err();
    assert!(matches!(error, Error::Transport(Failure::Broken(_))), "{error:?}");
    assert_eq!(error.reached(), Reached::Perhaps);
}
