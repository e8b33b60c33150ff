//! Tests of the API server from the outside.

mod clients;
mod faults;
mod socket;
mod versions;

use super::api::Api;
use super::conformance;
use super::kinds::{CUSTOM_RESOURCE_DEFINITIONS, Resource};
use super::store::StoreConfig;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::sync::Arc;

/// 2026-01-01T00:00:00Z
const EPOCH: i64 = 1_767_225_600_000;

const WIDGETS: Resource = Resource::new("example.org", "widgets");
const WIDGETS_PATH: &str = "/apis/example.org/v1beta1/namespaces/default/widgets";

fn widget_definition() -> Value {
    serde_json::from_str(include_str!("widgets.crd.json")).expect("a document")
}

/// A server whose wall clock follows tokio's, so that it stands still with it.
fn api() -> Api {
    let start = tokio::time::Instant::now();
    let clock = move || EPOCH + i64::try_from(start.elapsed().as_millis()).expect("fits");
    Api::new(StoreConfig { clock: Arc::new(clock), seed: 1, history: 1000 })
}

/// The same with the kind Widget.
fn api_with_widgets() -> Api {
    let api = api();
    api.store().put(&CUSTOM_RESOURCE_DEFINITIONS, widget_definition());
    api
}

fn widget(name: &str, image: &str) -> Value {
    json!({ "apiVersion": "example.org/v1beta1", "kind": "Widget",
            "metadata": { "name": name, "namespace": "default" }, "spec": { "image": image } })
}

async fn send(api: &Api, request: Request<Bytes>) -> Response<Bytes> {
    let (parts, body) = api.handle(request).await.expect("an answer").into_parts();
    Response::from_parts(parts, body.collect().await.expect("infallible").to_bytes())
}

fn request(method: &str, path: &str, body: Option<&Value>) -> Request<Bytes> {
    let body = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
    let request = Request::builder().method(method).uri(path).header("user-agent", "test/1");
    request.header("content-type", "application/json").body(body).expect("well-formed")
}

/// Status and body of the answer to a request.
async fn call(api: &Api, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
    let response = send(api, request(method, path, body)).await;
    let body = serde_json::from_slice(response.body()).unwrap_or_default();
    (response.status().as_u16(), body)
}

/// The next event of a watch.
async fn next(body: &mut super::api::Body) -> Option<Value> {
    let frame = body.frame().await?.expect("infallible");
    Some(serde_json::from_slice(frame.data_ref().expect("data")).expect("a line of JSON"))
}

async fn watch(api: &Api, query: &str) -> super::api::Body {
    let path = format!("{WIDGETS_PATH}?watch=1&{query}");
    api.handle(request("GET", &path, None)).await.expect("an answer").into_body()
}

#[tokio::test(start_paused = true)]
async fn answers_are_those_of_a_real_api_server() {
    let api = api();
    let collector = tokio::spawn(api.clone().run_garbage_collector());
    let (steps, differences) = conformance::run(conformance::SCRIPT, |request| {
        let api = api.clone();
        async move { send(&api, request).await }
    })
    .await;
    let report: Vec<_> = differences.iter().map(ToString::to_string).collect();
    assert!(report.is_empty(), "{}", report.join("\n"));
    assert_eq!(steps, conformance::SCRIPT.matches("----").count());
    collector.abort();
}

#[tokio::test(start_paused = true)]
async fn the_conformance_script_notices_a_wrong_answer() {
    let api = api();
    let script = "# It is there\n\nGET /api/v1/namespaces/none\n----\n200\n\n\
                  GET /api/v1/namespaces/default\n----\n200 {\"metadata\": {\"name\": \"other\"}}";
    let (steps, differences) = conformance::run(script, |request| {
        let api = api.clone();
        async move { send(&api, request).await }
    })
    .await;
    assert_eq!((steps, differences.len()), (2, 2));
    assert!(differences[0].found.starts_with("404"), "{}", differences[0]);
    assert!(differences[1].found.starts_with("(at /metadata/name)"), "{}", differences[1]);
}
