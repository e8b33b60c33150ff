//! JobManagers that die and come back with ZooKeeper's or Kubernetes' high availability.

use std::collections::BTreeMap;

use flinkk8soperator_flink_rest::Cause;
use flinkk8soperator_flink_rest::model::{
    CheckpointKind, Checkpoints, Job, JobState, Jobs, Operation, Overview, SavepointLocation,
    Submitted,
};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::recording::{Recording, Run, Seen, Timeline};

const RECORDINGS: [(&str, &str); 4] = [
    ("ha-zookeeper", "1.20.5"),
    ("ha-zookeeper", "2.3.0"),
    ("ha-kubernetes", "1.20.5"),
    ("ha-kubernetes", "2.3.0"),
];

#[derive(Deserialize)]
struct Case {
    name: String,
    #[serde(default)]
    files_after_exit: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    savepoint_files: Vec<String>,
    #[serde(default)]
    runs: Runs,
    #[serde(default)]
    seen: Timeline,
    #[serde(default)]
    ha_data: Vec<String>,
}

/// Of several jobs, or of the one that the case is about.
#[derive(Deserialize)]
#[serde(untagged)]
enum Runs {
    Of(BTreeMap<String, Vec<Run>>),
    One(IgnoredAny),
}

impl Default for Runs {
    fn default() -> Self {
        Self::One(IgnoredAny)
    }
}

type HighAvailability = Recording<Case>;

fn all() -> impl Iterator<Item = HighAvailability> {
    RECORDINGS.into_iter().map(|(kind, version)| Recording::read(kind, version))
}

impl HighAvailability {
    fn case(&self, name: &str) -> &Case {
        let found = self.cases.iter().find(|case| case.name == name);
        found.unwrap_or_else(|| panic!("{}: no case {name:?}", self.file))
    }
}

/// The number in `chk-7`.
fn newest(files: &[String]) -> u64 {
    files.iter().map(|file| file.strip_prefix("chk-").unwrap().parse().unwrap()).max().unwrap()
}

fn statuses(seen: &[Seen]) -> Vec<u16> {
    let mut statuses: Vec<u16> = seen.iter().map(|seen| seen.http).collect();
    statuses.dedup();
    statuses
}

#[test]
fn what_becomes_of_checkpoints_is_the_same_as_without_high_availability() {
    for recording in all() {
        assert_eq!(recording.fates.len(), 9);
        for fate in &recording.fates {
            let left = !fate.checkpoint_files_left.is_empty();
            let (state, expected) = match (fate.ended_by.as_str(), fate.retention.as_str()) {
                ("cancel", retention) => {
                    (JobState::Canceled, retention == "RETAIN_ON_CANCELLATION")
                }
                ("failure", retention) => (JobState::Failed, retention != "unset"),
                (_, _) => (JobState::Finished, false),
            };
            assert_eq!((&fate.state, left), (&state, expected), "{fate:?}");
            // Nothing of an ended job stays in ZooKeeper, ConfigMaps or the storage directory.
            assert!(fate.ha_data_left.is_empty() && fate.ha_files_left.is_empty(), "{fate:?}");
        }
    }
}

#[test]
fn a_running_job_comes_back_under_its_id_from_its_newest_checkpoint_whatever_the_retention() {
    for recording in all() {
        for signal in ["SIGKILL", "SIGTERM"] {
            let case = recording.case(signal);
            for retention in ["unset", "DELETE_ON_CANCELLATION", "RETAIN_ON_CANCELLATION"] {
                let files = &case.files_after_exit[retention];
                let statistics: Checkpoints =
                    recording.exchange(&format!("{signal}: checkpoints {retention}")).answer();
                let restored = statistics.latest.restored.unwrap();
                assert_eq!(restored.id, newest(files), "{signal} {retention}");
                assert!(!restored.is_savepoint, "{signal} {retention}");
                let job = recording.exchange(&format!("{signal}: job {retention}"));
                assert_eq!(job.state(), JobState::Running, "{signal} {retention}");
            }
        }
    }
}

#[test]
fn restored_counts_within_one_jobmanager_and_begins_anew_with_the_next() {
    for recording in all() {
        for signal in ["SIGKILL", "SIGTERM"] {
            let seen = &recording.case(signal).seen["checkpoints RETAIN_ON_CANCELLATION"];
            let last = seen.last().unwrap();
            assert_eq!(last.restored_count, Some(1), "{signal}: {last:?}");
        }
        // Before the second restart it had been 1 already: the count alone shows no restart.
        let seen = &recording.case("SIGTERM").seen["checkpoints RETAIN_ON_CANCELLATION"];
        let known: Vec<&Seen> = seen.iter().filter(|seen| seen.restored_count.is_some()).collect();
        let (first, last) = (known[0], known[known.len() - 1]);
        assert_eq!((first.restored_count, last.restored_count), (Some(1), Some(1)));
        let id = |seen: &Seen| seen.restored.as_ref().unwrap().id;
        assert!(id(first) < id(last), "what it was restored from does");
    }
}

#[test]
fn until_there_is_a_leader_all_is_503_and_a_living_job_is_never_404() {
    for recording in all() {
        for signal in ["SIGKILL", "SIGTERM"] {
            let seen = &recording.case(signal).seen;
            for (asked, seen) in seen {
                let statuses = statuses(seen);
                assert!(statuses.contains(&503), "{signal} {asked}: {statuses:?}");
                let living = asked.ends_with("unset") || asked.ends_with("CANCELLATION");
                assert_eq!(statuses.contains(&404), !living && asked != "jobs", "{signal} {asked}");
                assert_ne!(statuses.last(), Some(&503), "{signal} {asked}: {statuses:?}");
            }
            // The list is complete with the leader's first answer: recovered jobs are in it.
            let first = seen["jobs"].iter().rev().take_while(|seen| seen.http == 200).last();
            assert_eq!(first.unwrap().jobs.as_ref().unwrap().len(), 3, "{signal}");
        }
    }
}

#[test]
fn an_ended_job_and_its_savepoint_operation_are_unknown_after_a_restart() {
    for recording in all() {
        for signal in ["SIGKILL", "SIGTERM"] {
            for ended in ["cancelled", "failed", "stopped"] {
                let job = recording.exchange(&format!("{signal}: job {ended}")).error::<Job>();
                assert_eq!(job.cause(), Some(Cause::JobUnknown), "{signal} {ended}");
                let statistics = recording.exchange(&format!("{signal}: checkpoints {ended}"));
                assert_eq!(statistics.error::<Checkpoints>().cause(), Some(Cause::JobUnknown));
            }
            let operation = recording.exchange(&format!("{signal}: operation stop"));
            let error = operation.error::<Operation<SavepointLocation>>();
            assert_eq!(error.cause(), Some(Cause::OperationUnknown));
        }
    }
}

#[test]
fn the_id_of_an_ended_job_runs_again_from_nothing_after_a_restart() {
    for recording in all() {
        for ended in ["cancelled", "failed", "stopped"] {
            let again = recording.exchange(&format!("run again the id that was {ended}"));
            let _: Submitted = again.answer();
            let statistics = recording.exchange(&format!("checkpoints of the id that was {ended}"));
            let statistics: Checkpoints = statistics.answer();
            assert_eq!((statistics.counts.restored, statistics.latest.restored), (0, None));
        }
    }
}

#[test]
fn a_jobmanager_that_dies_while_stopping_lets_the_job_go_on_from_before_the_savepoint() {
    for recording in all() {
        let name = "SIGKILL while stopping, savepoint complete";
        let case = recording.case(name);
        let before: Checkpoints = recording.exchange("stopping: checkpoints").answer();
        let savepoint = before.latest.savepoint.unwrap();
        assert_eq!(savepoint.kind, CheckpointKind::SyncSavepoint);
        assert_eq!(case.savepoint_files.len(), 1, "and its files are there");

        let after: Checkpoints =
            recording.exchange(&format!("{name}: checkpoints stopping")).answer();
        let restored = after.latest.restored.unwrap();
        assert!(restored.id < savepoint.id && !restored.is_savepoint, "{restored:?}");
        assert_eq!(restored.id, newest(&case.files_after_exit["stopping"]));
        assert_eq!(after.latest.savepoint, None, "nothing names the savepoint any more");
        assert!(after.history.iter().all(|entry| entry.id > savepoint.id), "ids go on above it");
        let operation = recording.exchange(&format!("{name}: operation stop"));
        let error = operation.error::<Operation<SavepointLocation>>();
        assert_eq!(error.cause(), Some(Cause::OperationUnknown));
        assert_eq!(recording.exchange(&format!("{name}: job stopping")).state(), JobState::Running);

        let Runs::Of(runs) = &case.runs else { panic!("{name}") };
        let [old, new] = runs["stopping"].as_slice() else { panic!("{:?}", runs["stopping"]) };
        assert!(!old.restored && new.restored && new.first_total <= old.last_total);
        assert!(new.last_total > old.last_total, "it goes on consuming: {runs:?}");

        let case = recording.case("SIGKILL while stopping, savepoint under way");
        assert!(case.savepoint_files.is_empty(), "half a savepoint is none");
    }
}

#[test]
fn a_new_cluster_with_the_old_cluster_id_runs_the_old_job_and_one_with_another_id_does_not() {
    for recording in all() {
        let jobs = |name: &str| recording.exchange(name).answer::<Jobs>().jobs;
        assert_eq!(jobs("another cluster-id: jobs"), []);
        assert_eq!(jobs("another cluster-id, later: jobs"), []);
        let [job] = jobs("same cluster-id: jobs").try_into().unwrap();
        assert_eq!(job.status, JobState::Running);
        let statistics: Checkpoints = recording.exchange("same cluster-id: checkpoints").answer();
        assert_eq!(statistics.counts.restored, 1);
        assert!(!statistics.latest.restored.unwrap().is_savepoint);
    }
}

#[test]
fn jobmanagers_of_one_cluster_id_are_one_cluster() {
    for recording in all() {
        let jobs = |name: &str| {
            let mut jobs = recording.exchange(name).answer::<Jobs>().jobs;
            jobs.sort_by_key(|job| job.id);
            jobs
        };
        // The second answers for the first, takes submissions for it, and shares TaskManagers.
        assert_eq!(jobs("twin with the same cluster-id: jobs").len(), 1);
        assert_eq!(jobs("first after run at the twin: jobs").len(), 2);
        for side in ["twin with the same cluster-id", "first beside its twin"] {
            let overview: Overview = recording.exchange(&format!("{side}: overview")).answer();
            assert_eq!((overview.taskmanagers, overview.slots_total), (2, 12), "{side}");
        }
        assert_eq!(jobs("twin after the first was killed: jobs").len(), 2);
    }
}

#[test]
fn nothing_of_a_job_that_was_cancelled_stays_behind() {
    for recording in all() {
        let of_a_job = |entry: &&String| entry.contains(&"0".repeat(28));
        let killed = &recording.case("cluster killed, its job not ended").ha_data;
        assert!(killed.iter().any(|entry| of_a_job(&entry)), "{killed:?}");
        let ended = &recording.case("all jobs cancelled").ha_data;
        assert_eq!(ended.iter().find(of_a_job), None);
    }
}
