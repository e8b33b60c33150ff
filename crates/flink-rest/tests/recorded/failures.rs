//! Jobs and operations that Flink does not know, and operations that failed.

use flinkk8soperator_flink_rest::model::{
    Accepted, Checkpoints, Job, Operation, SavepointLocation,
};
use flinkk8soperator_flink_rest::{Cause, Error, Fault, Reached, Retry};

use crate::exchange::{Exchange, Recording};

pub(crate) fn check(recording: &Recording, exchange: &Exchange) -> bool {
    match exchange.name.as_str() {
        "job_not_found" => unknown_job(&exchange.parse::<Job>().unwrap_err()),
        "checkpoints_job_not_found" => unknown_job(&exchange.parse::<Checkpoints>().unwrap_err()),
        "cancel_not_found" => {
            let error = exchange.parse::<Accepted>().unwrap_err();
            assert_eq!((error.cause(), error.retry()), (Some(Cause::JobUnknown), Retry::Later));
            assert_eq!(error.to_string(), "Job could not be found.");
        }
        "job_bad_id" => {
            let error = exchange.parse::<Job>().unwrap_err();
            assert_eq!((error.cause(), error.fault()), (Some(Cause::RequestInvalid), Fault::Us));
            assert!(error.to_string().contains("from value \"xyz\""), "{error}");
        }
        "rescale_bad_vertex" => {
            let refusal = exchange.refusal::<Accepted>();
            assert_eq!(refusal.cause, Cause::RequestInvalid);
            let told = "Job vertex [0000000000000000000000000000dead] was not found in the \
                JobGraph. The request is incomplete, missing job vertex [";
            assert!(refusal.message.starts_with(told), "{refusal}");
        }
        "savepoint_unknown_trigger" => unknown_operation(exchange),
        "savepoint_status_job_not_found" => {
            let failure = exchange.failed::<SavepointLocation>();
            assert!(failure.job_unknown);
            let told = "Could not find Flink job (0000000000000000000000000000ffff)";
            assert_eq!(failure.message, told);
        }
        "savepoint_failed" => {
            let failure = exchange.failed::<SavepointLocation>();
            let told = "Could not find a file system implementation for scheme 'nosuchfs'.";
            assert!(!failure.job_unknown && failure.message.starts_with(told), "{failure:?}");
        }
        "savepoint_while_restarting" => while_restarting(recording, exchange),
        _ => return false,
    }
    true
}

fn unknown_job(error: &Error) {
    assert_eq!((error.cause(), error.retry()), (Some(Cause::JobUnknown), Retry::Later));
    assert_eq!((error.fault(), error.reached()), (Fault::Flink, Reached::Answered));
    assert_eq!(error.to_string(), "Job 0000000000000000000000000000ffff not found");
}

fn unknown_operation(exchange: &Exchange) {
    let error = exchange.parse::<Operation<SavepointLocation>>().unwrap_err();
    let expected = (Some(Cause::OperationUnknown), Retry::Never);
    assert_eq!((error.cause(), error.retry()), expected, "{error}");
}

fn while_restarting(recording: &Recording, exchange: &Exchange) {
    if !recording.version.honours_trigger_id() {
        // The request with our trigger id was refused, so nothing goes by it.
        return unknown_operation(exchange);
    }
    let failure = exchange.failed::<SavepointLocation>();
    let told = match (recording.is_adaptive(), recording.version.at_least((2, 3))) {
        (false, _) => "Not all required tasks are currently running.",
        (true, false) => "The Flink job is currently not executing.",
        (true, true) => {
            "IllegalStateException: Job 0000000000000000000000000000a007 is not a \
            streaming job."
        }
    };
    assert!(failure.message.contains(told), "{failure:?}");
}
