//! What is asked again, and what never is.

use std::sync::{Arc, Mutex};

use http::{Method, Request, Response, StatusCode};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::client::Body;
use serde_json::json;
use tower::{BoxError, Layer, service_fn};

use super::*;

/// How each request goes wrong.
#[derive(Clone, Copy, Debug)]
enum Wrong {
    /// The connection breaks.
    Broken,
    /// This answer.
    Answer(u16),
    /// The same, and a request to wait for so many seconds.
    Wait(u16, u32),
    /// No answer.
    Silent,
}

type Asked = Arc<Mutex<Vec<(Method, Instant)>>>;

/// An API server at which every request goes wrong, and what it was asked.
fn server(wrong: Wrong) -> (Kubernetes, Asked) {
    let asked = Asked::default();
    let log = Arc::clone(&asked);
    let service = service_fn(move |request: Request<Body>| {
        log.lock().unwrap().push((request.method().clone(), Instant::now()));
        async move {
            let (code, seconds) = match wrong {
                Wrong::Broken => return Err(BoxError::from("connection closed")),
                Wrong::Answer(code) => (code, None),
                Wrong::Wait(code, seconds) => (code, Some(seconds)),
                Wrong::Silent => std::future::pending().await,
            };
            let mut answer = Response::builder().status(StatusCode::from_u16(code)?);
            if let Some(seconds) = seconds {
                answer = answer.header("retry-after", seconds);
            }
            Ok(answer.body(Body::from(b"wrong".to_vec()))?)
        }
    });
    let client = Client::new(retry_after::Heard.layer(service), "ns");
    let metrics = Metrics::new("test");
    let limit = Duration::from_secs(10);
    (Kubernetes::new(client, limit, metrics, Jitter(false)), asked)
}

/// How long after the first request the second one came, of two that read.
async fn reads(wrong: Wrong) -> Option<Duration> {
    let (kubernetes, asked) = server(wrong);
    assert!(kubernetes.get::<ConfigMap>("ns", "a").await.is_err());
    let gets: Vec<_> = std::mem::take(&mut *asked.lock().unwrap());
    assert!(kubernetes.list::<ConfigMap>("ns", "a=b").await.is_err());
    assert!(kubernetes.application(&Key::new("ns", "a")).await.is_err());
    let others = asked.lock().unwrap().len();
    assert_eq!(others, 2 * gets.len(), "{wrong:?}: each is asked as often");
    match gets.as_slice() {
        [_] => None,
        [(_, first), (_, second)] => Some(*second - *first),
        more => panic!("{wrong:?}: asked {} times", more.len()),
    }
}

#[tokio::test(start_paused = true)]
async fn what_only_reads_is_asked_once_more_where_that_may_help() {
    let soon = Some(PAUSE);
    for passing in [Wrong::Broken, Wrong::Answer(500), Wrong::Answer(503), Wrong::Answer(429)] {
        assert_eq!(reads(passing).await, soon, "{passing:?}");
    }
    for lasting in [
        Wrong::Answer(401),
        Wrong::Answer(403),
        Wrong::Answer(404),
        Wrong::Answer(422),
        Wrong::Silent,
    ] {
        assert_eq!(reads(lasting).await, None, "{lasting:?}");
    }
    assert_eq!(reads(Wrong::Wait(429, 1)).await, Some(Duration::from_secs(1)));
    assert_eq!(reads(Wrong::Wait(503, 2)).await, Some(Duration::from_secs(2)));
    assert_eq!(reads(Wrong::Wait(429, 3)).await, None, "no worker waits for so long");
}

#[tokio::test(start_paused = true)]
async fn what_changes_something_is_never_sent_twice() {
    let (key, map, patch) = (Key::new("ns", "a"), ConfigMap::default(), json!({}));
    for wrong in [
        Wrong::Broken,
        Wrong::Answer(429),
        Wrong::Answer(500),
        Wrong::Answer(503),
        Wrong::Answer(401),
        Wrong::Wait(429, 1),
        Wrong::Wait(503, 1),
        Wrong::Silent,
    ] {
        let (kubernetes, asked) = server(wrong);
        let app = DynamicObject::new("a", &api_resource());
        let outcomes = [
            kubernetes.write_status(&key, &app).await.is_err(),
            kubernetes.patch_application(&key, &patch).await.is_err(),
            kubernetes.create("ns", &map).await.is_err(),
            kubernetes.replace("ns", "a", &map).await.is_err(),
            kubernetes.patch::<ConfigMap>("ns", "a", &patch).await.is_err(),
            kubernetes
                .delete::<ConfigMap>("ns", "a", "uid", PropagationPolicy::Background)
                .await
                .is_err(),
            kubernetes.delete_all::<ConfigMap>("ns", "a=b").await.is_err(),
        ];
        assert_eq!(outcomes, [true; 7], "{wrong:?}");
        let asked: Vec<_> = asked.lock().unwrap().iter().map(|(verb, _)| verb.clone()).collect();
        let (put, patch, post, delete) = (Method::PUT, Method::PATCH, Method::POST, Method::DELETE);
        assert_eq!(
            asked,
            [put.clone(), patch.clone(), post, put, patch, delete.clone(), delete],
            "{wrong:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_for_with_a_429_is_noted_and_nothing_has_happened() {
    let (kubernetes, _) = server(Wrong::Wait(429, 20));
    let map = ConfigMap::default();
    let (outcome, asked) = retry_after::noted(kubernetes.create("ns", &map)).await;
    assert!(outcome.unwrap_err().nothing_happened());
    assert_eq!(asked, Some(Duration::from_secs(20)));
    // What is behind the API server may have done it.
    let (kubernetes, _) = server(Wrong::Wait(503, 20));
    let (outcome, asked) = retry_after::noted(kubernetes.create("ns", &map)).await;
    assert!(!outcome.unwrap_err().nothing_happened());
    assert_eq!(asked, Some(Duration::from_secs(20)));
    let (kubernetes, _) = server(Wrong::Answer(503));
    assert_eq!(retry_after::noted(kubernetes.create("ns", &map)).await.1, None);
}
