//! `docs/operations/from-the-reference.md` has a row for each metric of the reference operator, and names of ours
//! only what is served.

use std::collections::BTreeSet;

use super::{WORDS, served, text};

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

/// A series in the document: the metric's name, and its labels with their words.
fn parts(series: &str) -> (&str, Vec<(&str, &str)>) {
    let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
    let labels = labels.trim_end_matches('}').split(',').filter(|label| !label.is_empty());
    (name, labels.map(|label| label.split_once('=').unwrap()).collect())
}

#[test]
fn every_metric_of_the_reference_operator_has_a_row_and_ours_that_are_named_exist() {
    let document = text("../docs/operations/from-the-reference.md");
    let code: BTreeSet<&str> = document.split('`').skip(1).step_by(2).collect();
    for (scope, names) in THEIRS {
        for name in names {
            let name = format!("{scope}:{name}");
            assert!(document.contains(&format!("\n| `{name}` | ")), "{name} has no row");
        }
    }
    let (served, words) = (served(), WORDS.map(text).concat());
    // Not the name of a file.
    let is_a_metric =
        |span: &&str| span.starts_with("flinkk8soperator_") && !span.ends_with(".yaml");
    for (name, labels) in code.into_iter().filter(is_a_metric).map(parts) {
        let of = served.iter().find(|of| of.name == name);
        let of = of.unwrap_or_else(|| panic!("there is no {name}"));
        for (label, word) in labels {
            assert!(of.labels.contains(label), "{name} has no label {label}");
            let is_one = label == "kind" || words.contains(word);
            assert!(is_one, "{word} of {label} in {name} is nowhere in the code");
        }
    }
}
