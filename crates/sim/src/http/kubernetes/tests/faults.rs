//! What tests of the runtime make go wrong, and what they count.

use super::super::api::ConnectionClosed;
use super::super::faults::Fault;
use super::super::kinds::{PODS, SERVICES};
use super::super::log::RequestInfo;
use super::super::proxy::{PodProxy, Refused};
use super::super::route::Verb;
use super::*;
use futures::future::BoxFuture;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// The fault hits creations.
fn on_create(fault: Fault) -> impl Fn(&RequestInfo) -> Fault {
    move |request| if request.verb == Verb::Create { fault.clone() } else { Fault::Pass }
}

async fn create(api: &Api) -> Result<u16, ConnectionClosed> {
    let request = request("POST", WIDGETS_PATH, Some(&widget("a", "i")));
    Ok(api.handle(request).await?.status().as_u16())
}

fn exists(api: &Api) -> bool {
    api.store().get(&WIDGETS, "default", "a").is_some()
}

#[tokio::test(start_paused = true)]
async fn a_refused_request_is_not_performed() {
    let api = api_with_widgets();
    for status in [429, 500, 503] {
        api.set_faults(on_create(Fault::RespondWith(status)));
        assert_eq!(create(&api).await, Ok(status));
    }
    api.set_faults(on_create(Fault::AnswerWith(409, "words".to_owned())));
    assert_eq!(create(&api).await, Ok(409));
    api.set_faults(on_create(Fault::DropRequest));
    assert_eq!(create(&api).await, Err(ConnectionClosed));
    assert!(!exists(&api));
    assert_eq!(call(&api, "GET", WIDGETS_PATH, None).await.0, 200);
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_is_that_of_a_request_that_was_performed() {
    let api = api_with_widgets();
    api.set_faults(on_create(Fault::DropReply));
    assert_eq!(create(&api).await, Err(ConnectionClosed));
    assert!(exists(&api));
}

#[tokio::test(start_paused = true)]
async fn requests_wait_as_long_as_the_plan_says() {
    let api = api_with_widgets();
    let at = Instant::now() + Duration::from_secs(7);
    api.set_faults(on_create(Fault::DelayUntil(at)));
    assert_eq!(create(&api).await, Ok(201));
    assert_eq!(Instant::now(), at);
}

#[tokio::test(start_paused = true)]
async fn a_held_request_is_performed_later_and_a_held_reply_is_of_one_performed_now() {
    for (is_reply, done_before) in [(false, false), (true, true)] {
        let api = api_with_widgets();
        let gate = Arc::new(Notify::new());
        let fault =
            if is_reply { Fault::HoldReply(gate.clone()) } else { Fault::Hold(gate.clone()) };
        api.set_faults(on_create(fault));
        let creating = tokio::spawn({
            let api = api.clone();
            async move { create(&api).await }
        });
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!creating.is_finished());
        assert_eq!(exists(&api), done_before);
        gate.notify_one();
        assert_eq!(creating.await.expect("no panic"), Ok(201));
        assert!(exists(&api));
    }
}

#[tokio::test(start_paused = true)]
async fn a_stale_read_shows_the_past() {
    let api = api_with_widgets();
    let before = api.store().put(&WIDGETS, widget("a", "old"));
    let then = api.store().version();
    api.store().put(&WIDGETS, widget("a", "new"));
    api.store().put(&WIDGETS, widget("b", "new"));
    api.set_faults(move |_: &RequestInfo| Fault::Stale(then));
    let (_, one) = call(&api, "GET", &format!("{WIDGETS_PATH}/a"), None).await;
    assert_eq!(one, *before);
    let (_, list) = call(&api, "GET", WIDGETS_PATH, None).await;
    assert_eq!(list["items"], json!([*before]));
    assert_eq!(list["metadata"]["resourceVersion"], then.to_string());
    assert_eq!(call(&api, "GET", &format!("{WIDGETS_PATH}/b"), None).await.0, 404);
}

#[tokio::test(start_paused = true)]
async fn watches_can_be_held_and_cut() {
    let api = api_with_widgets();
    let mut stream = watch(&api, "resourceVersion=0&timeoutSeconds=100000").await;
    api.hold_watches(true);
    api.store().put(&WIDGETS, widget("a", "i"));
    let quiet = tokio::time::timeout(Duration::from_secs(3600), next(&mut stream)).await;
    assert!(quiet.is_err(), "{quiet:?}");
    api.hold_watches(false);
    assert_eq!(next(&mut stream).await.expect("an event")["type"], "ADDED");
    let start = Instant::now();
    api.cut_watches();
    assert!(next(&mut stream).await.is_none());
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn requests_are_counted_by_verb_and_resource() {
    let api = api_with_widgets();
    create(&api).await.expect("an answer");
    create(&api).await.expect("an answer");
    let object = format!("{WIDGETS_PATH}/a");
    call(&api, "GET", &object, None).await;
    call(&api, "GET", &format!("{object}/status"), None).await;
    call(&api, "GET", WIDGETS_PATH, None).await;
    drop(watch(&api, "").await);
    call(&api, "DELETE", &object, None).await;
    call(&api, "GET", "/version", None).await;
    let count = |verb, resource: &str, count: usize| ((verb, resource.to_owned()), count);
    let expect = [
        count("create", "widgets", 2),
        count("delete", "widgets", 1),
        count("get", "", 1),
        count("get", "widgets", 1),
        count("get", "widgets/status", 1),
        count("list", "widgets", 1),
        count("watch", "widgets", 1),
    ];
    assert_eq!(api.log().counts(|_| true), expect.into());
    let refused = api.log().counts(|entry| entry.status == Some(409));
    assert_eq!(refused, [count("create", "widgets", 1)].into());
    api.log().clear();
    assert!(api.log().entries().is_empty());
}

/// Answers with what it was asked; nothing listens on port 1.
struct Echo;

impl PodProxy for Echo {
    fn call(
        &self,
        namespace: String,
        pod: String,
        port: u16,
        _tls: bool,
        request: Request<Bytes>,
    ) -> BoxFuture<'static, Result<Response<Bytes>, Refused>> {
        Box::pin(async move {
            if port == 1 {
                return Err(Refused("dial tcp: connection refused".to_owned()));
            }
            let body = String::from_utf8_lossy(request.body());
            let text =
                format!("{namespace} {pod} {port} {} {} {body}", request.method(), request.uri());
            Ok(Response::builder().status(202).body(Bytes::from(text)).expect("well-formed"))
        })
    }
}

#[tokio::test(start_paused = true)]
async fn requests_for_a_pod_reach_what_runs_in_it() {
    let api = api();
    api.store().put(&PODS, json!({ "metadata": { "name": "p", "namespace": "default" } }));
    let path = |rest: &str| format!("/api/v1/namespaces/default/pods/{rest}");
    let nobody = call(&api, "GET", &path("p:8081/proxy/jobs"), None).await;
    assert_eq!((nobody.0, &nobody.1["reason"]), (503, &json!("ServiceUnavailable")));

    api.set_pod_proxy(Arc::new(Echo));
    let body = json!({ "x": 1 });
    let response =
        send(&api, request("POST", &path("p:8081/proxy/jobs?a=b%20c"), Some(&body))).await;
    assert_eq!(response.status(), 202);
    assert_eq!(response.body(), "default p 8081 POST /jobs?a=b%20c {\"x\":1}");
    assert_eq!(call(&api, "GET", &path("p:1/proxy/"), None).await.0, 503);
    assert_eq!(call(&api, "GET", &path("absent:8081/proxy/"), None).await.0, 404);
    assert_eq!(call(&api, "GET", &path("p:port/proxy/"), None).await.0, 400);
}

#[tokio::test(start_paused = true)]
async fn requests_for_a_service_reach_a_pod_behind_it_that_is_ready() {
    let api = api();
    api.set_pod_proxy(Arc::new(Echo));
    let pod = |name: &str, app: &str, ready: &str| {
        let condition = json!({ "type": "Ready", "status": ready });
        api.store().put(
            &PODS,
            json!({
                "metadata": { "name": name, "namespace": "default", "labels": { "app": app } },
                "status": { "conditions": [condition] },
            }),
        );
    };
    let service = json!({
        "metadata": { "name": "s", "namespace": "default" },
        "spec": {
            "selector": { "app": "a" },
            "ports": [{ "name": "ui", "port": 80, "targetPort": 8081 }],
        },
    });
    api.store().put(&SERVICES, service);
    let get = async |asked: &str| {
        let path = format!("/api/v1/namespaces/default/services/{asked}/proxy/jobs?a=b");
        let response = send(&api, request("GET", &path, None)).await;
        (response.status().as_u16(), String::from_utf8_lossy(response.body()).into_owned())
    };
    pod("p1", "a", "False");
    pod("p2", "other", "True");
    let (status, body) = get("s:80").await;
    assert!(
        status == 503 && body.contains(r#"no endpoints available for service \"s:80\""#),
        "{body}"
    );
    pod("p3", "a", "True");
    let answered = (202, "default p3 8081 GET /jobs?a=b ".to_owned());
    assert_eq!(get("s:80").await, answered);
    assert_eq!(get("http:s:ui").await, answered);
    let (status, body) = get("s:81").await;
    assert!(status == 503 && body.contains("no service port 81"), "{status} {body}");
    assert_eq!(get("absent:80").await.0, 404);
}
