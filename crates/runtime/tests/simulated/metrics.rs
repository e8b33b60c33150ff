//! What the operator counts, against what the API server and the Flink behind it were really asked: each
//! request under its own name, as often as it was made, and nothing else.

use std::collections::BTreeMap;
use std::time::Duration;

use flinkk8soperator_sim::http::kubernetes::log::{Entry, RequestInfo};
use flinkk8soperator_sim::http::kubernetes::route::Verb;
use http::Method;

use crate::bench::{Bench, alone, application, confirmed, failed, gone, with_class, with_image};

/// Numbers by the labels of their series, in words.
type Counts = BTreeMap<String, usize>;

/// The series of a counter: the values of their labels, without that of `outcome`, and how often.
fn counted(text: &str, counter: &str) -> Counts {
    let mut counts = Counts::new();
    let prefix = format!("flinkk8soperator_{counter}_total{{");
    let of_it = text.lines().filter_map(|line| line.strip_prefix(&prefix));
    // A JobManager that does not say yet who it is, is not asked what the question was.
    for line in of_it.filter(|line| !line.contains("outcome=\"not_ours\"")) {
        let (labels, number) = line.split_once("} ").unwrap();
        let kept = labels.split(',').filter(|label| !label.starts_with("outcome="));
        let value = |label: &str| label.split('"').nth(1).unwrap().to_owned();
        let name = kept.map(value).collect::<Vec<_>>().join(" ");
        *counts.entry(name).or_default() += number.parse::<usize>().unwrap();
    }
    counts
}

/// The series of a metric that are not 0, by the values of their labels.
fn happened(text: &str, name: &str) -> Counts {
    let prefix = format!("flinkk8soperator_{name}{{");
    let series = text.lines().filter_map(|line| line.strip_prefix(&prefix)?.split_once("} "));
    let words = |labels: &str| labels.split('"').skip(1).step_by(2).collect::<Vec<_>>().join(" ");
    let counts = series.map(|(labels, count)| (words(labels), count.parse().unwrap()));
    counts.filter(|(_, count)| *count > 0).collect()
}

fn asked(log: &[Entry], name: impl Fn(&RequestInfo) -> Option<String>) -> Counts {
    let mut counts = Counts::new();
    for name in log.iter().filter_map(|entry| name(&entry.request)) {
        *counts.entry(name).or_default() += 1;
    }
    counts
}

/// The operator's requests to the API server without its watches, as a metric names them.
fn of_kubernetes(request: &RequestInfo) -> Option<String> {
    let the_tests = request.query.contains("fieldManager=simulate")
        || (request.verb == Verb::Delete && request.resource == "flinkapplications");
    if the_tests || matches!(request.verb, Verb::Watch | Verb::Proxy) {
        return None;
    }
    let kind = match request.resource.as_str() {
        "flinkapplications" => "FlinkApplication",
        "deployments" => "Deployment",
        "services" => "Service",
        "pods" => "Pod",
        "controllerrevisions" => "ControllerRevision",
        "events" => "Event",
        other => panic!("not a kind of the operator: {other}"),
    };
    Some(format!("{} {kind}", request.verb.as_str()))
}

/// The segments behind Flink's port.
fn flinks_path(request: &RequestInfo) -> Vec<&str> {
    let behind = request.path.split_once("/proxy/").map_or("", |(_, path)| path);
    behind.split('/').filter(|segment| *segment != "v1").collect()
}

/// What a Flink was asked to do, as a metric names it.
fn of_flink(request: &RequestInfo) -> Option<String> {
    if request.verb != Verb::Proxy || request.method == Method::GET {
        return None;
    }
    let name = match (request.method.as_str(), flinks_path(request).as_slice()) {
        ("POST", ["jars", _, "run"]) => "submit",
        ("POST", ["jobs", _, "stop" | "savepoints"]) => "savepoint",
        ("PATCH", ["jobs", _]) => "cancel",
        (method, path) => panic!("not a request of this story: {method} {path:?}"),
    };
    Some(name.to_owned())
}

/// What a Flink was asked, as a metric names it. Who it is, it is asked before the questions.
fn of_flinks_answers(request: &RequestInfo) -> Option<String> {
    if request.verb != Verb::Proxy || request.method != Method::GET {
        return None;
    }
    let name = match flinks_path(request).as_slice() {
        ["config"] | ["jobmanager", "config"] => return None,
        ["overview"] => "cluster",
        ["jobs"] => "jobs",
        ["jobs", _] => "job",
        ["jobs", _, "checkpoints"] => "statistics",
        ["jobs", _, "checkpoints", "config"] => "checkpointing",
        ["jobs", _, "savepoints", _] => "operation",
        ["jobs", _, "exceptions"] => "failure",
        ["taskmanagers"] => "idle",
        path => panic!("not a question of this story: {path:?}"),
    };
    Some(name.to_owned())
}

#[tokio::test(start_paused = true)]
async fn a_whole_life_is_counted_as_it_was_asked() {
    let mut bench = Bench::start().await;
    // The first lists are the watches' own.
    bench.rest(Duration::from_secs(1)).await;
    bench.session.cluster().server().api().log().clear();
    let before = counted(&bench.session.metrics().encode(), "kubernetes_requests");
    assert_eq!(
        before,
        Counts::from([("list Pod".to_owned(), 1)]),
        "is there a reference operator?"
    );
    bench.apply(&application()).await;
    let first = bench.until("it is confirmed", confirmed).await;
    let versions = first.versions().into_iter().map(str::to_owned).collect::<Vec<_>>();
    bench.apply(&with_image("1.1.0")).await;
    let updated = |s: &_| confirmed(s) && alone(s) && s.versions() != versions;
    bench.until("the update is confirmed", updated).await;
    bench.apply(&with_class("1.2.0", "com.example.NoSuchClass")).await;
    let back = |s: &_| failed(s) && alone(s) && s.running().count() == 1;
    bench.until("the old version runs again", back).await;
    let mut forced = application();
    forced["spec"]["deleteMode"] = "ForceCancel".into();
    bench.apply(&forced).await;
    let back = |s: &_| confirmed(s) && alone(s) && s.versions() == versions;
    bench.until("the first version is back", back).await;
    bench.delete().await;
    bench.until("it is gone", gone).await;
    bench.rest(Duration::from_secs(10)).await;

    let log = bench.session.cluster().server().api().log().entries();
    let text = bench.session.metrics().encode();
    let mut requests = asked(&log, of_kubernetes);
    before.into_iter().for_each(|(name, n)| *requests.entry(name).or_default() += n);
    assert_eq!(counted(&text, "kubernetes_requests"), requests);
    let requests = counted(&text, "flink_requests");
    assert_eq!(requests.keys().collect::<Vec<_>>(), ["cancel", "savepoint", "submit"]);
    assert_eq!(requests, asked(&log, of_flink));
    assert_eq!(counted(&text, "flink_answers"), asked(&log, of_flinks_answers));
    let timed = happened(&text, "flink_answer_duration_seconds_count");
    assert_eq!(timed, asked(&log, of_flinks_answers));
    let ended = [("succeeded Running", 3), ("rolled_back SubmissionRefused", 1)];
    let counts = ended.map(|(name, count)| (name.to_owned(), count));
    assert_eq!(happened(&text, "deploys_total"), Counts::from(counts));
    // Each deploy has a length, each savepoint too, and what was gone through is a phase.
    let lengths = happened(&text, "deploy_duration_seconds_count");
    assert_eq!(lengths, Counts::from([("succeeded".to_owned(), 3), ("rolled_back".to_owned(), 1)]));
    let savepoints = happened(&text, "savepoint_duration_seconds_count");
    assert_eq!(savepoints, Counts::from([("completed".to_owned(), 3)]));
    let phases = happened(&text, "phase_duration_seconds_count");
    assert_eq!(phases["Savepointing"], 3, "{phases:?}");
    assert_eq!(phases["Deleting"], 1, "{phases:?}");
    // Nothing is left of what is gone.
    assert_eq!(happened(&text, "applications"), Counts::new());
    assert_eq!(happened(&text, "applications_by_phase"), Counts::new());
    assert_eq!(happened(&text, "cache_objects"), Counts::new());
    let series = text.lines().filter(|line| !line.starts_with('#')).count();
    assert!(series < 700, "{series} series");
    bench.sound();
}
