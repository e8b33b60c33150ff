//! Restores that cannot work: what is answered, what becomes of the job, where the reason stands.

use flinkk8soperator_flink_rest::model::{Checkpoints, JobState, Submitted};
use flinkk8soperator_flink_rest::{Cause, Retry};
use serde::Deserialize;

use crate::recording::{Recording, Timeline};

const DEFAULT: [&str; 4] = ["1.13.6", "1.17.2", "1.20.5", "2.3.0"];
const ADAPTIVE: [&str; 3] = ["1.20.5-adaptive", "2.2.1-adaptive", "2.3.0-adaptive"];

/// Restores that are refused, and the beginning of the reason.
const REFUSED: [(&str, &str); 3] = [
    ("no_such_path", "FileNotFoundException: Cannot find checkpoint or savepoint file/directory"),
    ("state_of_another_operator", "IllegalStateException: Failed to rollback to checkpoint/save"),
    ("file_system_unknown", "IOException: Cannot access file system for checkpoint/savepoint path"),
];

#[derive(Deserialize)]
struct Case {
    name: String,
    seen: Timeline,
}

type Restores = Recording<Case>;

impl Restores {
    /// The states of the job as `GET /jobs` told them, which is from no cache.
    fn states(&self, name: &str) -> Vec<JobState> {
        let case = self.cases.iter().find(|case| case.name == name).unwrap();
        case.seen["jobs"].iter().filter_map(|seen| seen.state.clone()).collect()
    }

    /// A restore that was refused leaves a FAILED job of that id, which never made a checkpoint.
    fn assert_failed_job(&self, name: &str) {
        assert_eq!(self.exchange(&format!("job_{name}")).state(), JobState::Failed, "{name}");
        assert_eq!(self.states(name).last(), Some(&JobState::Failed), "{name}");
        let checkpoints: Checkpoints = self.exchange(&format!("checkpoints_{name}")).answer();
        assert_eq!((checkpoints.counts.total, checkpoints.counts.restored), (0, 0), "{name}");
        assert_eq!(checkpoints.latest.restored, None, "{name}");
    }
}

#[test]
fn the_default_scheduler_refuses_a_restore_at_once_and_keeps_a_failed_job() {
    for version in DEFAULT {
        let recording = Restores::read("bad-restore", version);
        for (name, reason) in REFUSED {
            let run = recording.exchange(&format!("run_{name}"));
            let error = run.error::<Submitted>();
            assert_eq!(run.status, 400, "{name}");
            assert_eq!(
                (error.cause(), error.retry()),
                (Some(Cause::RestoreRefused), Retry::AfterChange)
            );
            assert!(error.to_string().starts_with(reason), "{name}: {error}");
            recording.assert_failed_job(name);
            let root = recording.exchange(&format!("exceptions_{name}")).root().unwrap();
            assert!(root.starts_with(reason), "{name}: {root}");
        }
    }
}

#[test]
fn the_adaptive_scheduler_accepts_every_restore_and_the_job_fails_within_a_second() {
    for version in ADAPTIVE {
        let recording = Restores::read("bad-restore", version);
        for (name, reason) in REFUSED {
            let _: Submitted = recording.exchange(&format!("run_{name}")).answer();
            recording.assert_failed_job(name);
            assert!(!recording.states(name).contains(&JobState::Running), "{name}");
            let root = recording.exchange(&format!("exceptions_{name}")).root();
            if !recording.version.at_least((2, 0)) {
                assert!(root.unwrap().contains(reason), "{name}");
                continue;
            }
            // Flink 2 has no `root-exception` any more, and nothing in the history of a job that
            // was never started: the job's own exceptions do not tell why it failed.
            assert_eq!(root, None, "{name}");
            if recording.version.at_least((2, 3)) {
                let application = recording.exchange(&format!("application_exceptions_{name}"));
                assert!(application.root().unwrap().contains(reason), "{name}");
            }
        }
    }
}

#[test]
fn state_that_may_be_left_behind_is_left_behind() {
    for version in DEFAULT.into_iter().chain(ADAPTIVE) {
        let recording = Restores::read("bad-restore", version);
        let name = "state_of_another_operator_allowed";
        let _: Submitted = recording.exchange(&format!("run_{name}")).answer();
        assert_eq!(recording.exchange(&format!("job_{name}")).state(), JobState::Running);
        let checkpoints: Checkpoints = recording.exchange(&format!("checkpoints_{name}")).answer();
        assert_eq!(checkpoints.counts.restored, 1);
        let (restored, newest) = (checkpoints.latest.restored, checkpoints.latest.completed);
        assert!(newest.unwrap().id > restored.unwrap().id, "ids go on from the savepoint's");
    }
}

/// The files of checkpoints that were there in one situation.
#[derive(Deserialize)]
struct Files {
    name: String,
    #[serde(default)]
    files: Vec<String>,
    /// In a minute of one checkpoint a second.
    times_two_were_there: Option<u64>,
}

impl Recording<Files> {
    fn situation(&self, name: &str) -> &Files {
        self.cases.iter().find(|case| case.name == name).unwrap()
    }
}

#[test]
fn a_checkpoint_that_was_discarded_for_a_newer_one_is_no_restore_point() {
    for version in DEFAULT.into_iter().chain(["1.20.5-adaptive", "2.3.0-adaptive"]) {
        let recording: Recording<Files> = Recording::read("lost-checkpoint", version);
        let seen: Checkpoints = recording.exchange("checkpoints_seen_last").answer();
        let path = seen.latest.completed.unwrap().external_path.unwrap();
        let left = &recording.situation("checkpoint files when the JobManager was killed").files;
        assert!(!left.iter().any(|file| path.ends_with(file)), "{path}");

        // The JobManager that was killed had no HA: the new one knows nothing of the job.
        let gone = recording.exchange("job_of_the_killed_jobmanager");
        assert_eq!(gone.error::<Checkpoints>().cause(), Some(Cause::JobUnknown));

        let told = format!(
            "FileNotFoundException: Cannot find checkpoint or savepoint file/directory '{path}' \
             on file system 'file'."
        );
        let run = recording.exchange("run_from_discarded_checkpoint");
        if recording.is_adaptive() {
            let _: Submitted = run.answer();
            assert_ne!(
                recording.exchange("job_from_discarded_checkpoint_at_once").state(),
                JobState::Failed
            );
        } else {
            assert_eq!(run.status, 400);
            let error = run.error::<Submitted>();
            assert_eq!((error.cause(), error.to_string()), (Some(Cause::RestoreRefused), told));
        }
        assert_eq!(recording.exchange("job_from_discarded_checkpoint").state(), JobState::Failed);
        let again = recording.exchange("run_same_id_again").parse::<Submitted>();
        if recording.version.at_least((1, 15)) {
            assert_eq!(again.unwrap_err().cause(), Some(Cause::DuplicateJob));
        } else {
            again.unwrap();
        }
    }
}

#[test]
fn a_checkpoint_given_as_savepoint_path_is_restored_as_a_savepoint() {
    for version in DEFAULT.into_iter().chain(["1.20.5-adaptive", "2.3.0-adaptive"]) {
        let recording: Recording<Files> = Recording::read("lost-checkpoint", version);
        let from = recording.exchange("checkpoints_from_newest_checkpoint");
        let restored = from.answer::<Checkpoints>().latest.restored.unwrap();
        assert!(restored.is_savepoint, "though its files are a checkpoint's: {restored:?}");
        assert!(restored.external_path.unwrap().contains("/chk-"));
    }
}

#[test]
fn a_killed_jobmanager_can_leave_two_checkpoints_and_flink_accepts_the_older_one() {
    for version in ["1.20.5", "2.3.0"] {
        let recording: Recording<Files> = Recording::read("lost-checkpoint", version);
        let beside = recording.situation("a checkpoint beside its successor");
        assert!(beside.times_two_were_there > Some(30), "it is the rule, not the exception");
        let files = &recording.situation("JobManager killed when two were there").files;
        let [older, _newer] = files.as_slice() else { panic!("{files:?}") };

        let _: Submitted = recording.exchange("run_from_the_older_of_two").answer();
        let job = recording.exchange("job_from_the_older_of_two");
        assert_eq!(job.state(), JobState::Running);
        let from = recording.exchange("checkpoints_from_the_older_of_two").answer::<Checkpoints>();
        assert!(from.latest.restored.unwrap().external_path.unwrap().ends_with(older));
    }
}
