//! Stops with a savepoint in which the savepoint succeeded and the job did not end as it should.

use flinkk8soperator_flink_rest::model::{CheckpointKind, Checkpoints, JobState};
use serde::Deserialize;

use crate::recording::{Recording, Run, Seen, Timeline};

const FROM_1_15: [&str; 5] = ["1.17.2", "1.20.5", "1.20.5-adaptive", "2.3.0", "2.3.0-adaptive"];

#[derive(Deserialize)]
struct Case {
    name: String,
    runs: Vec<Run>,
    savepoint_files: Vec<String>,
    seen: Timeline,
}

type HalfStops = Recording<Case>;

fn read(version: &str) -> HalfStops {
    Recording::read("half-stop", version)
}

impl HalfStops {
    fn case(&self, name: &str) -> &Case {
        self.cases.iter().find(|case| case.name == name).unwrap()
    }
}

impl Case {
    fn first(&self, asked: &str, wanted: impl Fn(&Seen) -> bool) -> f64 {
        self.seen[asked].iter().find(|seen| wanted(seen)).expect(asked).after
    }

    fn last(&self, asked: &str) -> &Seen {
        self.seen[asked].last().unwrap()
    }

    /// The statistics name the stop's savepoint, and it is there.
    fn assert_savepoint(&self) {
        let savepoint = self.last("statistics").savepoint.clone().unwrap();
        assert_eq!(savepoint.kind, Some(CheckpointKind::SyncSavepoint));
        let [file] = self.savepoint_files.as_slice() else { panic!("{:?}", self.savepoint_files) };
        let folder = file.strip_suffix("/_metadata").unwrap();
        assert!(savepoint.external_path.ends_with(folder), "{savepoint:?} {file}");
    }
}

#[test]
fn the_operation_ends_with_the_job_and_the_statistics_name_the_savepoint_long_before() {
    for version in ["1.13.6"].into_iter().chain(FROM_1_15) {
        let recording = read(version);
        let case = recording.case("slow_close");
        case.assert_savepoint();
        let named = case.first("statistics", |seen| seen.savepoint.is_some());
        let located = case.first("operation", |seen| seen.location.is_some());
        let finished = case.first("details", |seen| seen.state == Some(JobState::Finished));
        assert!(named < 4.0 && located > 16.0 && finished > 16.0, "{named} {located} {finished}");
        let [run] = case.runs.as_slice() else { panic!("{:?}", case.runs) };
        assert!(!run.restored);
    }
}

#[test]
fn a_job_that_fails_behind_its_savepoint_has_failed_for_good() {
    for version in FROM_1_15 {
        let recording = read(version);
        for name in ["fails_to_close", "taskmanager_killed"] {
            let case = recording.case(name);
            case.assert_savepoint();
            assert_eq!(case.last("details").state, Some(JobState::Failed), "{name}");
            // A restart strategy with a thousand attempts changed nothing.
            assert_eq!(case.last("statistics").restored_count, Some(0), "{name}");
            assert_eq!(case.runs.len(), 1, "{name}: {:?}", case.runs);
            let failure = recording.exchange(&format!("operation_{name}")).failure().unwrap();
            let path = &case.last("statistics").savepoint.as_ref().unwrap().external_path;
            let told =
                format!("A savepoint has been created at: {path}, but the corresponding job ");
            assert!(failure.starts_with(&told), "{name}: {failure}");
        }
    }
}

#[test]
fn before_1_15_the_job_goes_on_from_the_savepoint_that_was_to_stop_it() {
    let recording = read("1.13.6");
    for name in ["fails_to_close", "taskmanager_killed"] {
        let case = recording.case(name);
        case.assert_savepoint();
        let statistics = case.last("statistics");
        assert_eq!(case.last("details").state, Some(JobState::Running), "{name}");
        let (restored, savepoint) = (statistics.restored.as_ref(), statistics.savepoint.as_ref());
        assert_eq!(restored.unwrap().id, savepoint.unwrap().id, "{name}");
        assert!(statistics.restored_count >= Some(1), "{name}: {statistics:?}");
        let [old, new] = case.runs.as_slice() else { panic!("{name}: {:?}", case.runs) };
        // It writes a line a second, and counts 50 a second.
        assert!(new.restored && new.first_total <= old.last_total + 50, "{name}: {:?}", case.runs);
        assert!(
            new.last_total > old.last_total + 100,
            "{name}: it goes on consuming: {:?}",
            case.runs
        );
    }
}

#[test]
fn a_stop_that_is_cancelled_is_a_failed_operation_with_a_good_savepoint() {
    for version in ["1.13.6"].into_iter().chain(FROM_1_15) {
        let recording = read(version);
        let case = recording.case("slow_close_then_cancelled");
        case.assert_savepoint();
        assert_eq!(case.last("details").state, Some(JobState::Canceled));
        let failure = recording.exchange("operation_slow_close_then_cancelled").failure().unwrap();
        let names_it = failure.starts_with("A savepoint has been created at: ");
        let default_from_1_15 = !recording.is_adaptive() && recording.version.at_least((1, 15));
        assert_eq!(names_it, default_from_1_15, "only the statistics always name it: {failure}");
        // The adaptive scheduler gives the operation up at once, the default one when the job ends.
        let given_up = case.first("operation", |seen| seen.failure.is_some());
        let ended = case.first("details", |seen| seen.state == Some(JobState::Canceled));
        assert!(ended > 16.0);
        assert_eq!(given_up < 7.0, recording.is_adaptive(), "{given_up}");
        assert_eq!(case.last("operation").status.as_deref(), Some("COMPLETED"));
    }
}

#[test]
fn a_stop_whose_savepoint_fails_restarts_the_job() {
    for version in ["1.13.6"].into_iter().chain(FROM_1_15) {
        let recording = read(version);
        let case = recording.case("savepoint_fails");
        assert!(recording.exchange("operation_savepoint_fails").failure().is_some());
        assert!(case.savepoint_files.is_empty());
        // Nothing but the statistics shows it: the details never said RESTARTING.
        let statistics = case.last("statistics");
        assert_eq!(statistics.restored_count, Some(1), "{version}");
        assert!(!statistics.restored.as_ref().unwrap().is_savepoint, "{version}");
        assert_eq!(statistics.savepoint, None, "{version}");
        assert_eq!(case.last("details").state, Some(JobState::Running), "{version}");
        let [old, new] = case.runs.as_slice() else { panic!("{version}: {:?}", case.runs) };
        assert!(new.restored && new.first_total < old.last_total, "it repeats: {:?}", case.runs);

        let latest =
            recording.exchange("checkpoints_savepoint_fails").answer::<Checkpoints>().latest;
        assert_eq!(latest.failed.unwrap().kind, CheckpointKind::SyncSavepoint, "{version}");
    }
}

#[test]
fn without_a_restart_strategy_a_stop_whose_savepoint_fails_ends_the_job() {
    for version in ["1.20.5", "1.20.5-adaptive", "2.3.0", "2.3.0-adaptive"] {
        let recording = read(version);
        let case = recording.case("savepoint_fails_without_restarts");
        assert_eq!(case.last("details").state, Some(JobState::Failed), "{version}");
        assert!(case.savepoint_files.is_empty());
        assert_eq!(case.runs.len(), 1, "{version}: {:?}", case.runs);

        let case = recording.case("cancel_with_savepoint_fails");
        assert_eq!(case.last("details").state, Some(JobState::Running), "{version}");
        assert_eq!(case.last("statistics").restored_count, Some(0), "a failed one does no harm");
        assert!(case.last("operation").failure.is_some() && case.runs.len() == 1, "{version}");
    }
}
