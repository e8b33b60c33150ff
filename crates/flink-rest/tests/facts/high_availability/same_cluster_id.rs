//! Clusters that find what another of their cluster id left behind, or that share one.

use flinkk8soperator_flink_rest::model::{Checkpoints, JobState, Jobs, Overview};

use super::all;

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
