//! What is served, and that the documents, the dashboard and the alerts name what is in it.

mod reference;
mod shipped;
mod table;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use flinkk8soperator_api::v1beta1::DeployRecord;
use flinkk8soperator_core::{
    DeployFailed, DeployHash, Digest, Failure, FailureKind, Incarnation, Mode, Observation, Phase,
    Reason, Running, State, Target, Timestamp, TriggerId,
};
use serde_json::json;

use super::live::Now;
use super::*;

/// What a process could show.
struct Fleet;

impl Shown for Fleet {
    fn now(&self) -> Now {
        Now {
            leads: true,
            reasons: [(Reason::Running, 3)].into(),
            phases: [("Running", 2), ("New", 1)].into(),
            cached: [3, 6, 9, 0, 12],
            due: 2,
            waits: Duration::from_millis(1500),
            rounds: 4,
            longest: Duration::from_secs(2),
        }
    }
}

/// One of each.
fn all() -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _inside = runtime.enter();
    let metrics = Metrics::new("flinkk8soperator");
    metrics.round(RoundEnd::Done, Duration::ZERO);
    metrics.effect("submit", true);
    metrics.kube_request("get", "Pod", "ok", Duration::ZERO);
    metrics.flink_answers([("jobs", None)].into_iter());
    metrics.flink_answered("jobs", Duration::ZERO);
    metrics.status_write("ok");
    metrics.config_reload(true);
    metrics.flink_request("submit", "accepted", Duration::ZERO);
    metrics.deploys(&[record("InProgress")], &[record("Succeeded")], &running());
    let mut under_way = UnderWay::default();
    under_way.written(&metrics, &State::new(Timestamp(0)), &running(), &Observation::default());
    under_way.triggered(TriggerId(1));
    under_way.written(&metrics, &running(), &running(), &Observation::default());
    under_way.ended(&metrics);
    let shown: Arc<dyn Shown> = Arc::new(Fleet);
    metrics.show(Arc::downgrade(&shown));
    metrics.encode()
}

fn record(result: &str) -> DeployRecord {
    let reason = if result == "Superseded" { "Deleting" } else { "Running" };
    let record = json!({
        "incarnation": 1, "result": result, "reason": reason,
        "startedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:01:40Z",
    });
    serde_json::from_value(record).unwrap()
}

fn state(phase: Phase) -> State {
    State { phase, ..State::new(Timestamp(0)) }
}

fn running() -> State {
    state(Phase::Running(Running { confirming: None }))
}

fn failed() -> State {
    let failed = Target {
        hash: DeployHash(1),
        incarnation: Incarnation(1),
        generation: 1,
        digest: Digest(1),
        parallelism: 1,
        taskmanagers: 1,
        mode: Mode::Single,
        colour: None,
        scaled: None,
    };
    let failure = Failure { kind: FailureKind::PodTrouble, message: String::new() };
    state(Phase::DeployFailed(DeployFailed { failed, failure }))
}

/// A metric that is served.
struct Served {
    /// As it is asked for, without what a histogram adds.
    name: String,
    kind: String,
    about: String,
    labels: BTreeSet<String>,
}

fn served() -> Vec<Served> {
    let text = all();
    let head = |word: &str| -> Vec<(String, String)> {
        let lines = text.lines().filter_map(|line| line.strip_prefix(&format!("# {word} ")));
        lines.map(|line| line.split_once(' ').unwrap()).map(|(a, b)| (a.into(), b.into())).collect()
    };
    let of = |((base, kind), (_, about)): ((String, String), (String, String))| {
        let ending = match kind.as_str() {
            "counter" => "_total",
            "info" => "_info",
            "histogram" => "_bucket",
            _ => "",
        };
        let series = format!("{base}{ending}");
        let line = |line: &&str| {
            line.strip_prefix(&series).is_some_and(|rest| rest.starts_with(['{', ' ']))
        };
        let line = text.lines().find(line).unwrap_or_else(|| panic!("no {series} in\n{text}"));
        let labels = line.split_once('{').map_or("", |(_, rest)| rest.split_once('}').unwrap().0);
        let labels = labels.split(',').filter_map(|label| Some(label.split_once('=')?.0));
        let labels = labels.filter(|label| *label != "le").map(str::to_owned).collect();
        let name = if kind == "histogram" { base } else { series };
        let about = about.trim_end_matches('.').to_owned();
        Served { name, kind, about, labels }
    };
    head("TYPE").into_iter().zip(head("HELP")).map(|(t, h)| of((t, h))).collect()
}

/// Where the words stand that labels have.
const WORDS: [&str; 13] = [
    "runtime/src/metrics/rounds.rs",
    "runtime/src/metrics/flink.rs",
    "runtime/src/metrics/deploys.rs",
    "runtime/src/metrics/live.rs",
    "runtime/src/kubernetes.rs",
    "runtime/src/persist.rs",
    "runtime/src/reconcile.rs",
    "runtime/src/execute/flink.rs",
    "runtime/src/observe/flink/answers.rs",
    "core/src/decision.rs",
    "core/src/reason.rs",
    "core/src/state.rs",
    "core/src/state/operation.rs",
];

/// A file of the workspace, seen from the folder of its crates.
fn text(path: &str) -> String {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    std::fs::read_to_string(crates.join(path)).unwrap()
}

fn check(metrics: &Metrics, lines: &[&str]) {
    let text = metrics.encode();
    for line in lines {
        assert!(text.contains(&format!("{line}\n")), "{line} is not in\n{text}");
    }
}

#[test]
fn metrics_are_text_under_the_configured_prefix() {
    let metrics = Metrics::new("prefix");
    metrics.round(RoundEnd::Done, Duration::from_millis(3));
    check(
        &metrics,
        &[
            "prefix_rounds_total{outcome=\"done\"} 1",
            "prefix_rounds_total{outcome=\"panicked\"} 0",
            concat!("prefix_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1"),
        ],
    );
    let text = metrics.encode();
    assert!(text.contains("\nprocess_cpu_seconds_total "), "{text}");
    assert!(text.ends_with("# EOF\n"), "{text}");
}

#[test]
fn there_are_few_series_before_anything_has_happened() {
    let text = Metrics::new("x").encode();
    let series = text.lines().filter(|line| !line.starts_with('#')).count();
    assert!((100..=140).contains(&series), "{series} series, other than the document says");
}

#[test]
fn what_stands_is_read_when_it_is_asked_for_and_falls_with_what_is_gone() {
    let metrics = Metrics::new("x");
    let none = ["x_applications{reason=\"Running\"} 0", "x_queue_depth 0"];
    check(&metrics, &none);
    let shown: Arc<dyn Shown> = Arc::new(Fleet);
    metrics.show(Arc::downgrade(&shown));
    check(
        &metrics,
        &[
            "x_applications{reason=\"Running\"} 3",
            "x_applications{reason=\"Deploying\"} 0",
            "x_applications_by_phase{phase=\"New\"} 1",
            "x_applications_by_phase{phase=\"DualRunning\"} 0",
            "x_cache_objects{kind=\"Pod\"} 12",
            "x_queue_depth 2",
            "x_queue_wait_seconds 1.5",
            "x_rounds_under_way 4",
            "x_longest_round_seconds 2.0",
        ],
    );
    drop(shown);
    check(&metrics, &none);
}

#[test]
fn a_deploy_counts_once_when_it_is_over_and_by_its_own_times() {
    let metrics = Metrics::new("x");
    let (began, ended) = ([record("InProgress")], [record("Succeeded")]);
    metrics.deploys(&[], &began, &running());
    // One that was over before there was a record of it, or that this write does not end.
    metrics.deploys(&[], &ended, &running());
    metrics.deploys(&ended, &ended, &running());
    check(&metrics, &["x_deploys_total{outcome=\"succeeded\",reason=\"Running\"} 0"]);
    metrics.deploys(&began, &ended, &running());
    metrics.deploys(&began, &[record("RolledBack")], &failed());
    metrics.deploys(&began, &[record("Superseded")], &running());
    check(
        &metrics,
        &[
            "x_deploys_total{outcome=\"succeeded\",reason=\"Running\"} 1",
            "x_deploys_total{outcome=\"rolled_back\",reason=\"PodTrouble\"} 1",
            "x_deploys_total{outcome=\"failed\",reason=\"PodTrouble\"} 0",
            "x_deploys_total{outcome=\"superseded\",reason=\"Deleting\"} 1",
            "x_deploy_duration_seconds_sum{outcome=\"succeeded\"} 100.0",
        ],
    );
}

#[tokio::test(start_paused = true)]
async fn a_phase_is_measured_where_it_was_seen_to_begin_and_to_end() {
    let (metrics, mut under_way) = (Metrics::new("x"), UnderWay::default());
    let (seen, minute) = (Observation::default(), Duration::from_secs(60));
    tokio::time::advance(minute).await;
    under_way.written(&metrics, &State::new(Timestamp(0)), &running(), &seen);
    assert!(!metrics.encode().contains("phase=\"New\"} 60"), "its begin was not seen");
    tokio::time::advance(minute).await;
    under_way.written(&metrics, &running(), &running(), &seen);
    tokio::time::advance(minute).await;
    under_way.written(&metrics, &running(), &failed(), &seen);
    check(
        &metrics,
        &[
            "x_phase_duration_seconds_sum{phase=\"Running\"} 120.0",
            "x_phase_duration_seconds_count{phase=\"Running\"} 1",
        ],
    );
    tokio::time::advance(minute).await;
    under_way.ended(&metrics);
    under_way.ended(&metrics);
    check(
        &metrics,
        &[
            "x_phase_duration_seconds_sum{phase=\"DeployFailed\"} 60.0",
            "x_phase_duration_seconds_count{phase=\"DeployFailed\"} 1",
        ],
    );
}

#[test]
fn every_way_in_which_a_deploy_ends_is_there_from_the_start() {
    let (metrics, began) = (Metrics::new("x"), [record("InProgress")]);
    let series = |metrics: &Metrics| metrics.encode().matches("\nx_deploys_total{").count();
    let before = series(&metrics);
    for result in ["Succeeded", "Superseded"] {
        metrics.deploys(&began, &[record(result)], &running());
    }
    for result in ["RolledBack", "Failed"] {
        metrics.deploys(&began, &[record(result)], &failed());
    }
    assert_eq!(series(&metrics), before);
}
