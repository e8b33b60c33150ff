//! JobManagers that die and come back with ZooKeeper's or Kubernetes' high availability.

mod same_cluster_id;
mod stopping;

use std::collections::BTreeMap;

use flinkk8soperator_flink_rest::Cause;
use flinkk8soperator_flink_rest::model::{
    Checkpoints, Job, JobState, Operation, SavepointLocation, Submitted,
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

/// Recorded less of: their restart strategy cannot be set for one job.
const OLD: [(&str, &str); 2] = [("ha-kubernetes", "1.13.6"), ("ha-zookeeper", "1.17.2")];

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
    /// Of the job that lived the longest.
    #[serde(default)]
    files: Vec<String>,
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
fn what_a_killed_jobmanager_did_not_discard_stays_for_ever() {
    for version in ["1.20.5", "2.3.0"] {
        let recording = HighAvailability::read("ha-kubernetes", version);
        // One checkpoint is retained; the JobManager was killed before it had discarded the other.
        let [older, _newer] =
            recording.case("SIGKILL").files_after_exit["RETAIN_ON_CANCELLATION"].as_slice()
        else {
            panic!("{}", recording.file)
        };
        let left = &recording.case("all jobs cancelled").files;
        assert!(left.contains(older), "{left:?}");
        assert!(newest(left) > newest(std::slice::from_ref(older)) + 90, "{left:?}");
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
fn old_versions_recover_and_forget_the_same() {
    for (kind, version) in OLD {
        let recording = HighAvailability::read(kind, version);
        for signal in ["SIGKILL", "SIGTERM"] {
            let retention = "RETAIN_ON_CANCELLATION";
            let statistics: Checkpoints =
                recording.exchange(&format!("{signal}: checkpoints {retention}")).answer();
            let files = &recording.case(signal).files_after_exit[retention];
            assert_eq!(statistics.latest.restored.unwrap().id, newest(files), "{signal}");
            for ended in ["cancelled", "stopped"] {
                let job = recording.exchange(&format!("{signal}: job {ended}")).error::<Job>();
                assert_eq!(job.cause(), Some(Cause::JobUnknown), "{signal} {ended}");
            }
            // The statistics of a job that is not yet recovered are empty, and that is cached.
            let seen = &recording.case(signal).seen[&format!("checkpoints {retention}")];
            let mut recovering = seen.iter().skip_while(|seen| seen.http != 503);
            let first = recovering.find(|seen| seen.http == 200).unwrap();
            assert_eq!((first.restored_count, &first.restored), (Some(0), &None), "{signal}");
        }
    }
}
