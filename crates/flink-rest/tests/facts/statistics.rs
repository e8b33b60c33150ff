//! The checkpoint statistics, and what a JobManager tells of its configuration.

use flinkk8soperator_flink_rest::model::{
    CheckpointConfig, CheckpointKind, CheckpointStatus, Checkpoints, JobManagerConfig, JobState,
};
use serde_json::Value;

use crate::recording::Recording;

const VERSIONS: [&str; 4] = ["1.13.6", "1.17.2", "1.20.5", "2.3.0"];

fn read(version: &str) -> Recording<Value> {
    Recording::read("statistics", version)
}

#[test]
fn cancel_with_savepoint_leaves_a_savepoint_entry_above_all_others() {
    for version in VERSIONS {
        let recording = read(version);
        let before: Checkpoints = recording.exchange("checkpoints_after_savepoint").answer();
        let after: Checkpoints =
            recording.exchange("checkpoints_after_cancel_with_savepoint").answer();
        let job = recording.exchange("job_after_cancel_with_savepoint");
        assert_eq!(job.state(), JobState::Canceled);

        // Not SYNC_SAVEPOINT: by its kind it cannot be told from one beside which the job goes on.
        let savepoint = after.latest.savepoint.unwrap();
        assert_eq!(savepoint.kind, CheckpointKind::Savepoint);
        assert!(savepoint.is_savepoint && !savepoint.discarded);
        assert!(savepoint.external_path.unwrap().starts_with("file:/flink/savepoints/of-its-own/"));

        let ids = before.history.iter().map(|entry| entry.id);
        assert!(savepoint.id > ids.max().unwrap());
        assert!(savepoint.id > before.latest.savepoint.unwrap().id);
        assert!(after.counts.completed > before.counts.completed);
        assert_eq!(after.counts.restored, before.counts.restored);
    }
}

#[test]
fn a_savepoint_is_never_the_latest_completed_checkpoint() {
    for version in VERSIONS {
        let recording = read(version);
        for name in ["checkpoints_after_savepoint", "checkpoints_after_cancel_with_savepoint"] {
            let statistics: Checkpoints = recording.exchange(name).answer();
            assert!(!statistics.latest.completed.unwrap().is_savepoint, "{name}");
        }
    }
}

#[test]
fn the_format_of_a_savepoint_is_told_by_newer_versions() {
    for (version, format) in [
        ("1.13.6", None),
        ("1.17.2", Some("CANONICAL")),
        ("1.20.5", Some("CANONICAL")),
        ("2.3.0", Some("CANONICAL")),
    ] {
        let answer: Value = read(version).exchange("checkpoints_after_savepoint").answer();
        assert_eq!(answer["latest"]["savepoint"]["savepointFormat"].as_str(), format, "{version}");
        assert!(answer["latest"]["completed"]["savepointFormat"].is_null(), "{version}");
    }
}

#[test]
fn entries_tell_their_age_and_whether_they_still_exist() {
    for version in VERSIONS {
        let statistics: Checkpoints = read(version).exchange("checkpoints_before").answer();
        let newest = statistics.latest.completed.as_ref().unwrap();
        assert!(!newest.discarded && newest.status == CheckpointStatus::Completed);
        let completed =
            statistics.history.iter().filter(|entry| entry.status == CheckpointStatus::Completed);
        for entry in completed {
            assert_eq!(entry.kind, CheckpointKind::Checkpoint);
            assert!(entry.acknowledged_at.unwrap() >= entry.triggered_at);
            // One checkpoint is retained. The others go on telling where they were.
            assert_eq!(entry.discarded, entry.id != newest.id, "{entry:?}");
            assert!(entry.external_path.as_ref().unwrap().ends_with(&format!("/chk-{}", entry.id)));
        }
        let newest_first = statistics.history.windows(2).all(|pair| pair[0].id > pair[1].id);
        assert!(newest_first);
    }
}

#[test]
fn the_interval_and_the_retention_are_told() {
    for version in VERSIONS {
        let config: CheckpointConfig = read(version).exchange("checkpoints_config").answer();
        assert_eq!((config.interval, config.timeout, config.min_pause), (1000, 600_000, 0));
        assert!(config.externalization.is_retained());
    }
}

#[test]
fn a_jobmanager_tells_every_key_that_it_was_given_in_the_words_that_were_given() {
    for version in VERSIONS {
        let config: JobManagerConfig = read(version).exchange("jobmanager_config").answer();
        for (key, value) in [
            // A key that Flink does not know.
            ("flinkk8soperator.cluster", "app-11111111-1"),
            ("state.checkpoints.num-retained", "1"),
            ("high-availability", "NONE"),
            ("execution.checkpointing.externalized-checkpoint-retention", "RETAIN_ON_CANCELLATION"),
        ] {
            assert_eq!(config.value(key), Some(value), "{version}");
        }
        // No key stands for another: the newer name of a key is told only if it was given.
        let newer = config.value("execution.checkpointing.num-retained");
        assert_eq!(newer.is_some(), ["1.20.5", "2.3.0"].contains(&version), "{version}");
    }
}

#[test]
fn secrets_are_hidden_by_their_keys_and_which_keys_are_secret_depends_on_the_version() {
    let hidden = |config: &JobManagerConfig, key: &str| match config.value(key).unwrap() {
        "******" => true,
        value => {
            assert!(value.starts_with("SEEN-"), "{key}: {value}");
            false
        }
    };
    for version in VERSIONS {
        let config: JobManagerConfig = read(version).exchange("jobmanager_config").answer();
        let from = |first: &str| {
            VERSIONS.iter().position(|v| *v == version) >= VERSIONS.iter().position(|v| *v == first)
        };
        for (key, is_hidden) in [
            ("some.password", true),
            ("s3.secret-key", true),
            ("fs.azure.account.key.store", true),
            ("some.apikey", true),
            ("some.token", from("1.17.2")),
            ("some.auth-params", from("1.17.2")),
            ("some.service-key", from("1.17.2")),
            ("some.basic-auth", from("1.17.2")),
            ("some.jaas.config", from("1.17.2")),
            ("some.http-headers", from("1.20.5")),
            ("some.api-key", from("2.3.0")),
            ("s3.access-key", false),
            ("some.credential", false),
        ] {
            assert_eq!(hidden(&config, key), is_hidden, "{version} {key}");
        }
    }
}
