//! Running jars: accepted, refused by Flink, refused for what the user gave.

use flinkk8soperator_flink_rest::model::Submitted;
use flinkk8soperator_flink_rest::{Cause, Fault, Reached, Retry};

use crate::exchange::{Exchange, Recording, job};

pub(crate) fn check(recording: &Recording, exchange: &Exchange) -> bool {
    let version = &recording.version;
    match exchange.name.as_str() {
        "run_duplicate_job_id" => duplicate(recording, exchange),
        "run_same_id_after_finished" if version.at_least((1, 15)) => duplicate(recording, exchange),
        "run_same_id_after_finished" => assert_eq!(exchange.submitted(), job(0xa001)),
        "run_entry_class_missing" => users_fault(
            exchange,
            Cause::EntryClassMissing,
            "The program's entry point class 'NoSuch' was not found in the jar file.",
        ),
        "run_main_throws" => users_fault(
            exchange,
            Cause::MainFailed,
            "The main method caused an error: IllegalStateException: main failed as asked",
        ),
        "run_jar_missing" => users_fault(
            exchange,
            Cause::JarMissing,
            "Jar file /flink/web/flink-web-upload/none.jar does not exist",
        ),
        // The adaptive scheduler accepts the job and lets it fail.
        "run_bad_savepoint" if recording.is_adaptive() => {
            assert_eq!(exchange.submitted(), job(0xa003));
        }
        "run_bad_savepoint" => users_fault(
            exchange,
            Cause::RestoreRefused,
            "FileNotFoundException: Cannot find checkpoint or savepoint file/directory \
             'file:///nope' on file system 'file'.",
        ),
        "run_unknown_field" => unknown_field(recording, exchange),
        _ => return accepted(exchange),
    }
    true
}

fn accepted(exchange: &Exchange) -> bool {
    match exchange.name.as_str() {
        "run_with_job_id" => assert_eq!(exchange.submitted(), job(0xa001)),
        "run_program_args_string" => assert_eq!(exchange.submitted(), job(0xa0ff)),
        "run_from_savepoint" => assert_eq!(exchange.submitted(), job(0xa002)),
        "run_too_parallel" => assert_eq!(exchange.submitted(), job(0xa004)),
        "run_failing_job" => assert_eq!(exchange.submitted(), job(0xa005)),
        "run_bounded_job" => assert_eq!(exchange.submitted(), job(0xa006)),
        "run_for_taskmanager_loss" => assert_eq!(exchange.submitted(), job(0xa007)),
        _ => return false,
    }
    true
}

fn users_fault(exchange: &Exchange, cause: Cause, message: &str) {
    let error = exchange.parse::<Submitted>().unwrap_err();
    assert_eq!((error.cause(), error.to_string().as_str()), (Some(cause), message));
    assert_eq!((error.fault(), error.retry()), (Fault::User, Retry::AfterChange));
    assert_eq!(error.reached(), Reached::Answered);
}

fn duplicate(recording: &Recording, exchange: &Exchange) {
    let what = if recording.version.at_least((2, 3)) { "Application" } else { "Job" };
    let error = exchange.parse::<Submitted>().unwrap_err();
    assert_eq!(error.cause(), Some(Cause::DuplicateJob));
    assert_eq!(error.to_string(), format!("{what} has already been submitted."));
    assert_eq!(error.retry(), Retry::Never);
}

fn unknown_field(recording: &Recording, exchange: &Exchange) {
    if recording.version.at_least((1, 20)) {
        assert_eq!(exchange.submitted(), job(0xa0fe));
        return;
    }
    let refusal = exchange.refusal::<Submitted>();
    assert_eq!(refusal.cause, Cause::RequestInvalid);
    assert!(refusal.message.starts_with("Unrecognized field \"noSuchField\""), "{refusal}");
}
