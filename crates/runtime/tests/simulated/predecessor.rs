//! The reference operator in our namespace: nothing is written or sent before it is gone, and all ends when it comes.

use std::time::Duration;

use flinkk8soperator_sim::http::kubernetes::faults::Fault;
use flinkk8soperator_sim::http::kubernetes::kinds::PODS;
use flinkk8soperator_sim::http::kubernetes::log::RequestInfo;
use flinkk8soperator_sim::http::kubernetes::meta;
use flinkk8soperator_sim::http::kubernetes::route::Verb;
use flinkk8soperator_sim::http::kubernetes::store::DeleteOptions;
use http::Method;
use serde_json::{Value, json};

use crate::bench::{Bench, NAMESPACE, application, confirmed, with_image};

const POD: &str = "flinkoperator-6d8f9c7b5-x2x4z";

/// How long a pod has to end before it is killed; the reference operator always takes all of it.
const GRACE: Duration = Duration::from_secs(30);

/// A pod of an operator, as its Deployment makes it.
fn pod(labels: &Value, phase: &str) -> Value {
    json!({
        "metadata": { "name": POD, "namespace": NAMESPACE, "labels": labels },
        "spec": {
            "nodeName": "node", "terminationGracePeriodSeconds": GRACE.as_secs(),
            "containers": [{ "name": "operator", "image": "registry.example.com/operator:1" }],
        },
        "status": { "phase": phase },
    })
}

/// One of the reference operator.
fn of_the_reference() -> Value {
    let labels = json!({ "app": "flinkoperator", "app.kubernetes.io/version": "0.5.0" });
    pod(&labels, "Running")
}

fn put(bench: &Bench, pod: Value) {
    bench.session.cluster().server().api().store().put(&PODS, pod);
}

/// Tells the pod to end, as its Deployment's controller does, and kills it when its grace is over, as the kubelet
/// does.
fn told_to_end(bench: &Bench) {
    let api = bench.session.cluster().server().api().clone();
    let kind = api.store().kinds().stored(&PODS).unwrap().clone();
    api.store().delete(&kind, NAMESPACE, POD, &DeleteOptions::default()).unwrap();
    let marked = api.store().get(&PODS, NAMESPACE, POD).expect("it has time to end");
    assert!(meta::is_deleting(&marked));
    tokio::spawn(async move {
        tokio::time::sleep(GRACE).await;
        api.store().remove(&PODS, NAMESPACE, POD);
    });
}

/// A cluster with an application to be deployed and this pod in it, and an operator that has just been started.
async fn started_beside(pod: Value) -> Bench {
    let mut bench = Bench::start().await;
    bench.session.kill_operator().await.unwrap();
    put(&bench, pod);
    bench.apply(&application()).await;
    bench.session.cluster().server().api().log().clear();
    bench.session.start_operator().unwrap();
    bench
}

/// Only the question after the reference operator's pods.
pub(crate) fn the_look(request: &RequestInfo) -> bool {
    let of_its_pods = request.query.contains("flinkoperator");
    request.verb == Verb::List && request.resource == "pods" && of_its_pods
}

/// What the operator asked for since the last time, besides that question. The test itself asks for nothing.
fn asked(bench: &Bench) -> Vec<String> {
    let entries = bench.session.cluster().server().api().log().take();
    let others = entries.iter().map(|entry| &entry.request).filter(|request| !the_look(request));
    others.map(|request| format!("{} {}", request.method, request.path)).collect()
}

/// What of it changes something.
fn written(bench: &Bench) -> Vec<String> {
    let entries = bench.session.cluster().server().api().log().take();
    let writes = entries.iter().filter(|entry| entry.request.method != Method::GET);
    writes.map(|entry| format!("{} {}", entry.request.method, entry.request.path)).collect()
}

#[tokio::test(start_paused = true)]
async fn nothing_is_asked_or_written_before_a_reference_operator_that_ignores_sigterm_is_killed() {
    let mut bench = started_beside(of_the_reference()).await;
    bench.rest(Duration::from_secs(90)).await;
    assert_eq!(asked(&bench), [""; 0], "beside a reference operator");
    told_to_end(&bench);
    bench.rest(GRACE - Duration::from_secs(1)).await;
    assert_eq!(asked(&bench), [""; 0], "beside a reference operator that does not end");
    bench.rest(Duration::from_secs(3)).await;
    assert_ne!(written(&bench), [""; 0], "it is gone");
    bench.until("it is deployed", confirmed).await;
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn only_a_pod_of_the_reference_operator_that_runs_is_waited_for() {
    let ours = json!({ "app": "flinkoperator", "app.kubernetes.io/name": "flinkk8soperator" });
    let theirs = json!({ "app": "flinkk8soperator" });
    for (labels, phase, waits) in [
        (&ours, "Running", false),
        (&json!({ "app": "flink" }), "Running", false),
        (&theirs, "Failed", false),
        (&theirs, "Succeeded", false),
        (&theirs, "Pending", true),
        (&theirs, "Running", true),
    ] {
        let bench = started_beside(pod(labels, phase)).await;
        bench.rest(Duration::from_secs(20)).await;
        assert_eq!(written(&bench).is_empty(), waits, "{labels} {phase}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_in_another_namespace_is_not_waited_for() {
    let mut pod = of_the_reference();
    pod["metadata"]["namespace"] = json!("elsewhere");
    let bench = started_beside(pod).await;
    bench.rest(Duration::from_secs(20)).await;
    assert_ne!(written(&bench), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_reference_operator_that_comes_ends_this_one_and_the_next_one_waits() {
    let (mut bench, _) = Bench::deployed().await;
    // In the middle of an update.
    bench.apply(&with_image("1.1.0")).await;
    bench.rest(Duration::from_secs(1)).await;
    put(&bench, of_the_reference());
    bench.rest(Duration::from_secs(11)).await;
    bench.session.cluster().server().api().log().clear();
    bench.rest(Duration::from_secs(60)).await;
    assert_eq!(asked(&bench), [""; 0], "after its end");
    let ended = bench.session.stop_operator().await.unwrap_err();
    let why = std::error::Error::source(&ended).expect("why it ended").to_string();
    assert!(why.contains(&format!("pod {POD}")), "{why}");

    bench.session.start_operator().unwrap();
    bench.rest(Duration::from_secs(60)).await;
    assert_eq!(asked(&bench), [""; 0], "started again");
    told_to_end(&bench);
    bench.rest(GRACE).await;
    bench.until("the update goes on", confirmed).await;
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn where_it_cannot_be_known_whether_one_runs_nothing_begins() {
    for fault in [Fault::RespondWith(403), Fault::RespondWith(503), Fault::DropReply] {
        let mut bench = Bench::start().await;
        bench.session.kill_operator().await.unwrap();
        bench.apply(&application()).await;
        let api = bench.session.cluster().server().api().clone();
        let told = fault.clone();
        api.set_faults(
            move |request: &RequestInfo| {
                if the_look(request) { fault.clone() } else { Fault::Pass }
            },
        );
        api.log().clear();
        bench.session.start_operator().unwrap();
        bench.rest(Duration::from_secs(120)).await;
        assert_eq!(asked(&bench), [""; 0], "{told:?}");
        api.set_faults(|_: &RequestInfo| Fault::Pass);
        bench.until("it is deployed", confirmed).await;
        bench.sound();
    }
}

#[tokio::test(start_paused = true)]
async fn while_it_works_a_question_without_an_answer_does_not_end_it() {
    let (mut bench, _) = Bench::deployed().await;
    let api = bench.session.cluster().server().api().clone();
    api.set_faults(
        |request: &RequestInfo| {
            if the_look(request) { Fault::RespondWith(403) } else { Fault::Pass }
        },
    );
    bench.rest(Duration::from_secs(120)).await;
    bench.apply(&with_image("1.1.0")).await;
    bench.until("the update is confirmed", confirmed).await;
    bench.session.stop_operator().await.unwrap();
    bench.sound();
}
