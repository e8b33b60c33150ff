//! JobManagers that die while they stop a job.

use flinkk8soperator_flink_rest::Cause;
use flinkk8soperator_flink_rest::model::{
    CheckpointKind, Checkpoints, JobState, Operation, SavepointLocation,
};

use super::{HighAvailability, OLD, Runs, all, newest};

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
fn a_jobmanager_told_to_end_while_stopping_does_as_one_that_is_killed() {
    for version in ["1.20.5", "2.3.0"] {
        let recording = HighAvailability::read("ha-kubernetes", version);
        let name = "SIGTERM while stopping, savepoint complete";
        let before: Checkpoints =
            recording.exchange("stopping, then SIGTERM: checkpoints").answer();
        let after: Checkpoints =
            recording.exchange(&format!("{name}: checkpoints stopping")).answer();
        let restored = after.latest.restored.unwrap();
        assert!(restored.id < before.latest.savepoint.unwrap().id && !restored.is_savepoint);
        assert_eq!(after.latest.savepoint, None);
        assert_eq!(recording.case(name).savepoint_files.len(), 1);
        // The cluster's own ConfigMap outlives all of its jobs and the JobManager.
        assert_eq!(recording.case("SIGTERM without jobs").ha_data.len(), 1);
    }
}

#[test]
fn before_1_15_the_job_is_recovered_from_the_savepoint_that_was_to_stop_it() {
    for ((kind, version), is_savepoint) in OLD.into_iter().zip([true, false]) {
        let recording = HighAvailability::read(kind, version);
        let name = "SIGKILL while stopping, savepoint complete";
        let before: Checkpoints = recording.exchange("stopping: checkpoints").answer();
        let after: Checkpoints =
            recording.exchange(&format!("{name}: checkpoints stopping")).answer();
        let restored = after.latest.restored.unwrap();
        assert_eq!(restored.is_savepoint, is_savepoint, "{version}");
        let savepoint = before.latest.savepoint.unwrap().id;
        assert_eq!(restored.id == savepoint, is_savepoint, "{version}");
    }
}
