//! What the API server may do to the operator: refuse a write, do it and not say so, lose it, prune
//! it; and a restart in the middle. An application still ends with one job that has all of its
//! state.

#![expect(clippy::unwrap_used, reason = "helpers fail as the test itself would")]

mod in_process;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flinkk8soperator_sim::http::kubernetes::faults::Fault;
use flinkk8soperator_sim::http::kubernetes::log::RequestInfo;
use http::Method;
use in_process::{OPERATOR, Scene, app, definition, ready};
use serde_json::{Value, json};

/// Strikes the operator's write number `nth` (from 0 on) with `fault`, while an application is
/// deployed and updated. Says what was struck; none where there are not as many writes.
async fn strike(nth: usize, fault: Fault) -> Option<String> {
    let scene = Scene::start().await;
    let (count, struck) = (AtomicUsize::new(0), Arc::new(Mutex::new(None)));
    let told = Arc::clone(&struck);
    scene.cluster.server().api().set_faults(move |request: &RequestInfo| {
        let write = request.method != Method::GET && request.subresource != "proxy";
        let counted = request.user_agent == OPERATOR && write && request.resource != "events";
        if !counted || count.fetch_add(1, Ordering::Relaxed) != nth {
            return Fault::Pass;
        }
        *told.lock().unwrap() = Some(format!("{} {}", request.method, request.path));
        fault.clone()
    });
    scene.create(&app("app:v1")).await;
    scene.until("the first version is confirmed", ready).await;
    scene.patch(json!({ "image": "app:v2" })).await;
    scene.until("the second version is confirmed", ready).await;
    scene.until_objects(3).await;
    assert_eq!(scene.cluster.violations(), []);
    struck.lock().unwrap().take()
}

/// `STRIKE_ALL=1` strikes every write there is: some minutes.
async fn strike_some(fault: Fault) {
    let all = std::env::var_os("STRIKE_ALL").is_some();
    // The state before anything is created; a Deployment; the submission's state; the update's.
    let numbers = if all { (0..40).collect() } else { vec![0, 4, 7, 14] };
    for nth in numbers {
        let struck = strike(nth, fault.clone()).await;
        println!("==== {nth}: {fault:?} at {struck:?}");
        assert!(all || struck.is_some(), "there is no write number {nth}");
        if struck.is_none() {
            return;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_that_was_done_and_not_answered_is_found_done() {
    strike_some(Fault::DropReply).await;
}

#[tokio::test(start_paused = true)]
async fn a_write_that_was_lost_is_repeated() {
    strike_some(Fault::DropRequest).await;
}

#[tokio::test(start_paused = true)]
async fn a_conflict_changes_nothing() {
    strike_some(Fault::RespondWith(409)).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_overloaded_is_asked_again() {
    strike_some(Fault::RespondWith(503)).await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_round_stays_in_that_round() {
    let scene = Scene::start().await;
    let struck = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&struck);
    // Once at each: while the finalizer is put on, while a Deployment is made.
    let mut left = vec!["/deployments", "/flinkapplications/app"];
    scene.plant(move |method, path| {
        let hit = left.iter().position(|end| method != "GET" && path.ends_with(end));
        let hit = hit.map(|at| left.remove(at));
        count.fetch_add(usize::from(hit.is_some()), Ordering::Relaxed);
        hit.is_some()
    });
    scene.create(&app("app:v1")).await;
    scene.until("it is confirmed all the same", ready).await;
    assert_eq!(struck.load(Ordering::Relaxed), 2);
    assert_eq!(scene.cluster.violations(), []);
}

/// Whether the last word on it is that its rounds panic.
fn panics(app: Option<&Value>) -> bool {
    app.is_some_and(|app| app["status"]["reason"] == "InternalError")
}

/// Waits until the application tells that its rounds panic, checks that it tells it well, and that the status is not
/// written more than `writes` times while an hour goes by. Returns it.
async fn told_once(scene: &Scene, writes: usize) -> Value {
    scene.until("the panic is told", panics).await;
    // One that remembers nothing may ask for something else first.
    tokio::time::sleep(Duration::from_secs(120)).await;
    let app = scene.until("the panic is told", panics).await.unwrap();
    let stalled = |c: &&Value| c["type"] == "Stalled" && c["status"] == "True";
    let stalled = app["status"]["conditions"].as_array().unwrap().iter().find(stalled).unwrap();
    let message = stalled["message"].as_str().unwrap();
    assert!(message.contains("a planted defect at"), "{message}");
    assert!(message.contains("please report it"), "{message}");
    scene.writes();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let events = |write: &String| write.contains("/events");
    let (events, others): (Vec<_>, Vec<_>) = scene.writes().into_iter().partition(events);
    let others: Vec<_> = others.iter().filter(|w| w.contains("/flinkapplications/")).collect();
    assert!(others.len() <= writes, "what is told already is written again: {others:?}");
    // One for each round, of which there are two a minute.
    assert!((60..=120).contains(&events.len()), "{} events", events.len());
    let made = events.iter().filter(|write| write.starts_with("POST")).count();
    assert!(made <= 6, "{made} events instead of one that is counted");
    app
}

#[tokio::test(start_paused = true)]
async fn a_defect_is_shown_on_its_application_and_gone_with_the_first_round_that_succeeds() {
    let scene = Scene::start().await;
    scene.create(&app("app:v1")).await;
    let well = scene.until("it is confirmed", ready).await.unwrap();
    // While it is observed.
    scene.plant(|_, path| path.contains("/proxy/"));
    let ill = told_once(&scene, 0).await;
    for kept in ["machine", "phase", "deployHash", "jobStatus", "clusterStatus", "deployHistory"] {
        assert_eq!(ill["status"][kept], well["status"][kept], "{kept}");
    }
    assert!(scene.warnings("InternalError").await > 0);
    scene.plant(|_, _| false);
    let cured = scene.until("it is well again", ready).await.unwrap();
    assert_eq!(cured["status"]["machine"], well["status"]["machine"]);
    assert!(cured["status"].get("waitingFor").is_none() && !panics(Some(&cured)));
    assert_eq!(scene.cluster.violations(), []);
}

#[tokio::test(start_paused = true)]
async fn a_defect_that_comes_before_any_state_leaves_the_application_new() {
    let scene = Scene::start().await;
    // Once a finalizer is to be put on; what tells it is a write of the status.
    scene.plant(|method, path| method == "PATCH" && path.ends_with("/flinkapplications/app"));
    scene.create(&app("app:v1")).await;
    // A deadline of ten minutes that passes begins anew: that is written, and told again after it.
    told_once(&scene, 12).await;
    scene.plant(|_, _| false);
    scene.until("it is confirmed", ready).await;
    assert_eq!(scene.cluster.violations(), []);
}

#[tokio::test(start_paused = true)]
async fn a_panic_where_it_is_told_stays_there() {
    let scene = Scene::start().await;
    scene.plant(|method, path| method == "PUT" && path.ends_with("/app/status"));
    scene.create(&app("app:v1")).await;
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(scene.writes(), Vec::<String>::new());
    scene.plant(|_, _| false);
    scene.until("it is confirmed", ready).await;
    assert_eq!(scene.cluster.violations(), []);
}

#[tokio::test(start_paused = true)]
async fn a_submission_that_panics_is_one_whose_answer_was_lost() {
    let scene = Scene::start().await;
    let mut left = 1;
    scene.plant(move |method, path| {
        let hit = left > 0 && method == "POST" && path.ends_with("/run");
        left -= usize::from(hit);
        hit
    });
    scene.create(&app("app:v1")).await;
    scene.until("it is confirmed all the same", ready).await;
    assert_eq!(scene.cluster.violations(), []);
}

#[tokio::test(start_paused = true)]
async fn an_operator_that_lost_a_watch_ends_and_says_so() {
    let mut scene = Scene::start().await;
    scene.create(&app("app:v1")).await;
    scene.until("it is confirmed", ready).await;
    scene.plant(|_, path| path == "/api/v1/services");
    scene.cluster.server().api().cut_watches();
    let ended = scene.ended().await.unwrap_err();
    assert_eq!(ended.to_string(), "a watch ended by itself: a defect, please report it");
}

/// The CRD without the machine's memory, and without a place for what it does not know.
fn older() -> Value {
    let mut crd = definition();
    let path = "/spec/versions/0/schema/openAPIV3Schema/properties/status";
    let status = crd.pointer_mut(path).and_then(Value::as_object_mut).unwrap();
    status.remove("x-kubernetes-preserve-unknown-fields");
    status["properties"].as_object_mut().unwrap().remove("machine").unwrap();
    crd
}

#[tokio::test(start_paused = true)]
async fn nothing_is_done_under_a_crd_that_prunes_the_state_and_the_status_says_so() {
    let scene = Scene::start_with(older()).await;
    scene.create(&app("app:v1")).await;
    let outdated =
        |app: Option<&Value>| app.is_some_and(|app| app["status"]["reason"] == "CrdOutdated");
    let app = scene.until("the operator says so", outdated).await.unwrap();
    let conditions = app["status"]["conditions"].as_array().unwrap();
    assert!(conditions.iter().any(|c| c["type"] == "Stalled" && c["status"] == "True"));
    assert_eq!(app["status"]["phase"], "");
    let cure = &app["status"]["waitingFor"]["unblockedBy"];
    assert_eq!(cure, "the CRD of this version of the operator");
    let writes = scene.writes();
    let told = |write: &String| write.contains("/app/status") || write.contains("/events");
    assert!(!writes.is_empty() && writes.iter().all(told), "{writes:?}");
    scene.replace_definition(definition()).await;
    scene.until("it is cured by the CRD", ready).await;
}

#[tokio::test(start_paused = true)]
async fn an_operator_that_starts_anew_goes_on_where_the_last_one_stopped() {
    let mut scene = Scene::start().await;
    scene.create(&app("app:v1")).await;
    scene.until("the first version is confirmed", ready).await;
    scene.patch(json!({ "image": "app:v2" })).await;
    for phase in ["ClusterStarting", "Savepointing", "SubmittingJob", "Running"] {
        let there = |app: Option<&Value>| app.is_some_and(|app| app["status"]["phase"] == phase);
        scene.until(phase, there).await;
        scene.stop_operator().await;
        // Long enough for what it had begun to come to its end without it.
        tokio::time::sleep(Duration::from_secs(20)).await;
        scene.start_operator();
    }
    scene.until("the second version is confirmed", ready).await;
    scene.delete().await;
    scene.until("it is gone", |app| app.is_none()).await;
    assert_eq!(scene.cluster.violations(), []);
}
