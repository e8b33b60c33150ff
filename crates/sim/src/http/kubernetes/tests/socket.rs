//! The server on a real socket.

use super::super::faults::Fault;
use super::super::log::RequestInfo;
use super::super::server::{Server, ServerConfig};
use super::*;
use futures::AsyncReadExt;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

async fn start() -> (Server, Client) {
    let definitions = vec![widget_definition()];
    let server = Server::start(ServerConfig { definitions, ..ServerConfig::default() });
    let server = server.await.expect("a free port");
    let kubeconfig = Kubeconfig::from_yaml(&server.kubeconfig()).expect("a kubeconfig");
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
    let client = Client::try_from(config.expect("complete")).expect("a client");
    (server, client)
}

async fn get(client: &Client, path: &str) -> Result<Value, kube::Error> {
    let request = Request::get(path).body(vec![]).expect("well-formed");
    client.request::<Value>(request).await
}

#[tokio::test]
async fn a_client_with_the_kubeconfig_reaches_the_server() {
    let (server, client) = start().await;
    server.api().store().put(&WIDGETS, widget("a", "i"));
    let found = get(&client, &format!("{WIDGETS_PATH}/a")).await.expect("an answer");
    assert_eq!(found["spec"]["image"], "i");
    let version = client.apiserver_version().await.expect("an answer");
    assert_eq!((version.major.as_str(), version.minor.as_str()), ("1", "34"));
    let log = server.api().log().counts(|entry| entry.request.resource == "widgets");
    assert_eq!(log, [(("get", "widgets".to_owned()), 1)].into());
}

#[tokio::test]
async fn a_dropped_reply_is_a_broken_connection() {
    let (server, client) = start().await;
    server.api().set_faults(|_: &RequestInfo| Fault::DropReply);
    let error = get(&client, WIDGETS_PATH).await;
    assert!(
        matches!(error, Err(kube::Error::HyperError(_) | kube::Error::Service(_))),
        "{error:?}"
    );
    server.api().set_faults(|_: &RequestInfo| Fault::Pass);
    get(&client, WIDGETS_PATH).await.expect("an answer");
}

#[tokio::test]
async fn garbage_is_collected_while_the_server_runs() {
    let (server, client) = start().await;
    let api = server.api();
    let mut orphan = widget("a", "i");
    orphan["metadata"]["ownerReferences"] = json!([
        { "apiVersion": "v1", "kind": "ConfigMap", "name": "gone", "uid": "gone" }]);
    let mut versions = api.store().subscribe();
    api.store().put(&WIDGETS, orphan);
    versions.wait_for(|_| api.store().get(&WIDGETS, "default", "a").is_none()).await.expect("open");
    assert!(get(&client, &format!("{WIDGETS_PATH}/a")).await.is_err());
}

#[tokio::test]
async fn a_dropped_server_is_gone_with_its_connections() {
    let (server, client) = start().await;
    let request =
        Request::get(format!("{WIDGETS_PATH}?watch=1")).body(vec![]).expect("well-formed");
    let stream = client.request_stream(request).await.expect("a watch");
    drop(server);
    let mut rest = vec![];
    // Whether the end is clean is the connection's affair; that it comes is what counts.
    let _ = std::pin::pin!(stream).read_to_end(&mut rest).await;
    assert!(rest.is_empty());
    assert!(get(&client, WIDGETS_PATH).await.is_err());
}
