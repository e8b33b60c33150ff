//! A Flink that refuses for good to take a savepoint, or to cancel. Whatever was begun comes to its end,
//! and asks no more often than its limits allow.

use std::time::Duration;

use flinkk8soperator_sim::http::kubernetes::faults::Fault;
use flinkk8soperator_sim::http::kubernetes::log::{Entry, RequestInfo};
use flinkk8soperator_simulate::scene::{Job, Scene};
use serde_json::{Value, json};

use crate::bench::{
    Bench, NAME, alone, application, confirmed, gone, stood, the_one_job, with_image,
};

/// Flink does not know where to write a savepoint to.
fn without_directory(mut application: Value) -> Value {
    application["spec"]["flinkConfig"] = json!({});
    application
}

/// The application, deployed, with its job.
async fn deployed(application: &Value) -> (Bench, Job) {
    let mut bench = Bench::start().await;
    bench.apply(application).await;
    let scene = bench.until("the first version is confirmed", confirmed).await;
    (bench, the_one_job(&scene).clone())
}

/// Requests to a Flink by this method, whose path ends so.
fn asked(bench: &Bench, method: http::Method, end: &str) -> usize {
    let log = bench.session.cluster().server().api().log();
    let these =
        |entry: &&Entry| entry.request.method == method && entry.request.path.ends_with(end);
    log.entries().iter().filter(these).count()
}

const WORDS: &str = "Config key [execution.checkpointing.savepoint-dir] is not set";

#[tokio::test(start_paused = true)]
async fn an_update_without_a_savepoint_directory_goes_on_from_a_checkpoint_after_five_triggers() {
    let (mut bench, old) = deployed(&without_directory(application())).await;
    let begun = bench.session.clock().elapsed();
    bench.apply(&without_directory(with_image("1.1.0"))).await;
    let recovering = |scene: &Scene| {
        let app = scene.application(NAME);
        let error = app.and_then(|app| app.last_error.clone());
        error.is_some_and(|error| error.contains(WORDS))
    };
    bench.until("the status has Flink's words", recovering).await;
    let over = |s: &Scene| confirmed(s) && alone(s) && s.versions() != [old.hash.as_str()];
    let scene = bench.until("the update is confirmed", over).await;
    let took = bench.session.clock().elapsed() - begun;
    assert!(took < Duration::from_secs(300), "it took {took:?}");
    assert_eq!(asked(&bench, http::Method::POST, "/stop"), 5, "retries.savepoint");
    let (old, new) = (stood(&scene, &old), the_one_job(&scene));
    assert_eq!(old.state, "cancelled");
    assert!(new.restored_from.as_ref().is_some_and(|path| path.contains("chk-")), "{new:?}");
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn a_deletion_without_a_savepoint_directory_ends_with_its_deadline() {
    let mut application = without_directory(application());
    application["spec"]["timeouts"] = json!({ "delete": "2m" });
    let (mut bench, _) = deployed(&application).await;
    let begun = bench.session.clock().elapsed();
    bench.delete().await;
    bench.until("everything is gone", gone).await;
    let took = bench.session.clock().elapsed() - begun;
    assert!(took > Duration::from_secs(119) && took < Duration::from_secs(180), "it took {took:?}");
    let triggers = asked(&bench, http::Method::POST, "/stop");
    assert!((5..15).contains(&triggers), "{triggers} triggers in two minutes");
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_that_is_refused_is_told_and_ends_with_its_deadline() {
    let mut application = application();
    application["spec"]["deleteMode"] = json!("ForceCancel");
    application["spec"]["timeouts"] = json!({ "delete": "2m" });
    let (mut bench, _) = deployed(&application).await;
    let refuses = |request: &RequestInfo| {
        let cancels = request.method == http::Method::PATCH && request.path.contains("/jobs/");
        let body = r#"{"errors":["x.RestHandlerException: Nobody cancels here."]}"#;
        if cancels { Fault::AnswerWith(400, body.to_owned()) } else { Fault::Pass }
    };
    bench.session.cluster().server().api().set_faults(refuses);
    let begun = bench.session.clock().elapsed();
    bench.delete().await;
    bench.until("everything is gone", gone).await;
    let took = bench.session.clock().elapsed() - begun;
    assert!(took > Duration::from_secs(119) && took < Duration::from_secs(180), "it took {took:?}");
    let log = bench.session.cluster().server().api().log().entries();
    let refused = |entry: &Entry| matches!(refuses(&entry.request), Fault::AnswerWith(..));
    let cancels = log.iter().filter(|entry| refused(entry)).count();
    assert!((5..15).contains(&cancels), "{cancels} cancellations in two minutes");
    let told = bench.told();
    assert!(told.contains("Nobody cancels here."), "{told}");
    bench.sound();
}
