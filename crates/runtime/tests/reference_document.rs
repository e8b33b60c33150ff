//! `docs/operations/from-the-reference.md` has a row for everything that the reference operator has, and names only
//! what is there. Its metrics are checked where ours are (`src/metrics.rs`), for all else here.

#![expect(clippy::unwrap_used, reason = "helpers fail as the test itself would")]

use std::collections::BTreeSet;
use std::path::Path;

use flinkk8soperator_core::EventReason;
use flinkk8soperator_runtime::config::keys::KEYS;

/// The reference operator's keys.
const THEIR_KEYS: [&str; 18] = [
    "operator.resyncPeriod",
    "operator.limitNamespace",
    "operator.metricsPrefix",
    "operator.profilerPort",
    "operator.ingressUrlFormat",
    "operator.useKubectlProxy",
    "operator.proxyPort",
    "operator.containerNameFormat",
    "operator.workers",
    "operator.baseBackoffDuration",
    "operator.maxBackoffDuration",
    "operator.maxErrDuration",
    "operator.flinkJobVertexTimeout",
    "operator.schedulerName",
    "logger.level",
    "logger.formatter.type",
    "logger.show-source",
    "logger.mute",
];

/// The reference operator's event reasons, as it spells them.
const THEIR_REASONS: [&str; 29] = [
    "HandleFailed",
    "CreatingCluster",
    "CreateClusterFailed",
    "ClusterCreationFailed",
    "ClusterScaleUp",
    "ClusterScaleUpFailed",
    "CancellingJob",
    "SavepointingJob",
    "CanceledJob",
    "SavepointCompleted",
    "SavepointFailed",
    "CancelFailed",
    "RecoveryFailed",
    "RestoringExternalizedCheckpoint",
    "RestoringWithoutExternalizedCheckpoint",
    "JobSubmitted",
    "JobSubmissionFailed",
    "JobFinished",
    "JobMonitoringFailed",
    "DeployFailed",
    "RollbackSucceeded",
    "RollbackFailed",
    "UnsupportedChange",
    "NotScalingInPlace",
    "ToreDownCluster",
    "TeardownInitated",
    "ForceCanceling",
    "TeardownFailed",
    "TeardownCompleted",
];

fn document() -> String {
    let path = "../../docs/operations/from-the-reference.md";
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The cells of a section's table in this column, without its head.
fn column(section: &str, number: usize) -> Vec<String> {
    let document = document();
    let (_, rest) = document.split_once(&format!("\n## {section}\n")).expect("the section");
    let section = rest.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with('|')).skip(2);
    rows.map(|row| row.trim_matches('|').split(" | ").nth(number).unwrap().trim().to_owned())
        .collect()
}

/// What stands in `code`.
fn code(cells: &[String]) -> BTreeSet<&str> {
    cells.iter().flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect()
}

#[test]
fn every_key_has_a_row_and_every_key_that_is_named_exists() {
    let rows = column("Configuration", 0);
    assert_eq!(code(&rows), THEIR_KEYS.into_iter().collect());
    assert_eq!(rows.len(), THEIR_KEYS.len());
    let known = |name: &str| KEYS.iter().any(|key| key.name == name);
    let is_a_key = |word: &&str| {
        let begins = word.starts_with("operator.") || word.starts_with("logger.");
        begins && *word != "operator.timeouts"
    };
    let document = [document()];
    let named: Vec<&str> = code(&document).into_iter().filter(is_a_key).collect();
    assert!(named.len() >= THEIR_KEYS.len());
    let unknown: Vec<&str> = named.into_iter().filter(|word| !known(word)).collect();
    assert_eq!(unknown, [""; 0]);
}

#[test]
fn every_event_reason_of_both_has_its_place() {
    let (theirs, ours) = (column("Events", 0), column("Events", 1));
    assert_eq!(code(&theirs), THEIR_REASONS.into_iter().collect());
    assert_eq!(code(&ours), EventReason::ALL.iter().map(|reason| reason.as_str()).collect());
}
