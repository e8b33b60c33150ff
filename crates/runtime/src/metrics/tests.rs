//! The text that is served, and that the document which compares it with the reference operator's names what is in it.

use std::collections::BTreeSet;
use std::path::Path;

use super::*;

#[test]
fn metrics_are_text_under_the_configured_prefix() {
    let metrics = Metrics::new("flinkk8soperator");
    metrics.round(RoundEnd::Done, Duration::from_millis(3));
    metrics.standing(None, Some(Reason::Running));
    metrics.standing(Some(Reason::Running), Some(Reason::Deploying));
    let text = metrics.encode();
    for line in [
        "flinkk8soperator_rounds_total{outcome=\"done\"} 1",
        "flinkk8soperator_applications{reason=\"Running\"} 0",
        "flinkk8soperator_applications{reason=\"Deploying\"} 1",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}

/// The reference operator's metrics, by scope; P is a phase.
const THEIRS: [(&str, &[&str]); 7] = [
    ("state_machine", &["P_handle_time_ms", "P_handle_time_success_ms", "P_error"]),
    ("reconciler", &["cache_hit", "cache_miss", "reconcile_error"]),
    (
        "flink_controller",
        &["delete_resource_success", "delete_resource_failure", "app_changed_counter"],
    ),
    (
        "job_manager_controller",
        &[
            "deployment_create_success",
            "deployment_create_failure",
            "service_create_success",
            "service_create_failure",
            "ingress_create_success",
            "ingress_create_failure",
        ],
    ),
    ("task_manager_controller", &["deployment_create_success", "deployment_create_failure"]),
    (
        "k8_cluster",
        &[
            "create_success",
            "create_failure",
            "update_success",
            "update_failure",
            "update_conflict",
            "update_invalide_version",
            "delete_success",
            "delete_failure",
            "get_deployment_cache_hit",
            "get_deployment_cache_miss",
            "get_deployment_failure",
        ],
    ),
    (
        "flink_jm_client",
        &[
            "submit_job_success",
            "submit_job_failure",
            "cancel_job_success",
            "cancel_job_failure",
            "force_cancel_job_success",
            "force_cancel_job_failure",
            "check_savepoint_status_success",
            "check_savepoint_status_failure",
            "get_jobs_success",
            "get_jobs_failure",
            "get_job_config_success",
            "get_job_config_failure",
            "get_cluster_success",
            "get_cluster_failure",
            "get_checkpoints_success",
            "get_checkpoints_failed",
            "savepoint_job_success",
            "savepoint_job_failed",
        ],
    ),
];

/// Where the words stand that labels have.
const WORDS: [&str; 7] = [
    "runtime/src/metrics.rs",
    "runtime/src/kubernetes.rs",
    "runtime/src/persist.rs",
    "runtime/src/reconcile.rs",
    "runtime/src/execute/flink.rs",
    "runtime/src/observe/flink/answers.rs",
    "core/src/decision.rs",
];

/// A file of the workspace, seen from the folder of its crates.
fn text(path: &str) -> String {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    std::fs::read_to_string(crates.join(path)).unwrap()
}

/// One of each.
fn all() -> String {
    let metrics = Metrics::new("flinkk8soperator");
    metrics.round(RoundEnd::Done, Duration::ZERO);
    metrics.effect("submit", true);
    metrics.kube_request("get", "Pod", "ok");
    metrics.flink_answers([("jobs", None)].into_iter());
    metrics.status_write("ok");
    metrics.standing(None, Some(Reason::Running));
    metrics.flink_request("submit", "accepted");
    metrics.encode()
}

/// A series in the document: the metric's name, and its labels with their words.
fn parts(series: &str) -> (&str, Vec<(&str, &str)>) {
    let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
    let labels = labels.trim_end_matches('}').split(',').filter(|label| !label.is_empty());
    (name, labels.map(|label| label.split_once('=').unwrap()).collect())
}

#[test]
fn the_document_has_every_metric_of_both_and_no_other() {
    let document = text("../docs/operations/from-the-reference.md");
    let code: BTreeSet<&str> = document.split('`').skip(1).step_by(2).collect();
    for (scope, names) in THEIRS {
        for name in names {
            let name = format!("{scope}:{name}");
            assert!(document.contains(&format!("\n| `{name}` | ")), "{name} has no row");
        }
    }
    let (served, words) = (all(), WORDS.map(text).concat());
    // Not the name of a file.
    let is_a_metric =
        |span: &&str| span.starts_with("flinkk8soperator_") && !span.ends_with(".yaml");
    let ours: Vec<_> = code.into_iter().filter(is_a_metric).map(parts).collect();
    for (name, labels) in &ours {
        let series = |line: &&str| {
            line.starts_with(&format!("{name}{{")) || line.starts_with(&format!("{name} "))
        };
        let histogram = format!("# TYPE {name} histogram");
        let line = served.lines().find(series).or(served.lines().find(|line| *line == histogram));
        let line = line.unwrap_or_else(|| panic!("there is no {name} in\n{served}"));
        for (label, word) in labels {
            assert!(line.contains(&format!("{label}=\"")), "{name} has no label {label}");
            let is_one = *label == "kind" || words.contains(*word);
            assert!(is_one, "{word} of {label} in {name} is nowhere in the code");
        }
    }
    let named: BTreeSet<&str> =
        ours.iter().map(|(name, _)| name.trim_end_matches("_total")).collect();
    let types = served.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let served: BTreeSet<&str> = types.filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(named, served);
}
