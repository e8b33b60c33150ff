//! What `checkpoints/config` says of a checkpoint's fate is what really became of its files.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use flinkk8soperator_flink_rest::model::Externalization;
use serde::Deserialize;

#[derive(Deserialize)]
struct Fates {
    cases: Vec<Fate>,
}

#[derive(Deserialize)]
struct Fate {
    ended_by: Option<String>,
    #[serde(default)]
    checkpoint_files_left: Vec<String>,
    checkpoints_config_externalization: Option<Externalization>,
}

fn cancelled(version: &str) -> Vec<(Externalization, bool)> {
    let file = format!("{}/tests/recordings/fate-{version}.json", env!("CARGO_MANIFEST_DIR"));
    let fates: Fates = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let cancelled = fates.cases.into_iter().filter(|c| c.ended_by.as_deref() == Some("cancel"));
    let fate = |case: Fate| {
        let said = case.checkpoints_config_externalization?;
        Some((said, !case.checkpoint_files_left.is_empty()))
    };
    cancelled.filter_map(fate).collect()
}

#[test]
fn only_retained_checkpoints_outlive_a_cancellation() {
    for version in ["1.13.6", "1.17.2", "1.20.5", "2.2.1"] {
        let fates = cancelled(version);
        assert!(fates.iter().any(|(said, _)| said.is_retained()), "{version}: {fates:?}");
        assert!(fates.iter().any(|(said, _)| !said.is_retained()), "{version}: {fates:?}");
        for (said, left) in fates {
            assert_eq!(said.is_retained(), left, "{version}: {said:?}");
        }
    }
}
