//! Flink's refusals, word for word as recorded on 1.20 (without the frames of their stack traces):
//! what an operator concludes from them hangs on class names and sentences in the middle of them.

use bytes::Bytes;
use http::header::LOCATION;
use http::{HeaderValue, Response, StatusCode, Uri};
use serde_json::json;

use super::answers::{hex, with};
use crate::world::{JobId, TriggerId};

const HANDLER: &str = "org.apache.flink.runtime.rest.handler.RestHandlerException";

fn errors(status: StatusCode, errors: &[String]) -> Response<Bytes> {
    with(status, &json!({ "errors": errors }))
}

/// A Flink that speaks TLS sends who does not to the same address with it (from the sources, `RedirectingSslHandler`).
pub(super) fn redirected(to: &Uri) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::MOVED_PERMANENTLY;
    let location = format!("https://localhost:8081{to}");
    let location = HeaderValue::try_from(location).expect("a URI has only what a header may have");
    response.headers_mut().insert(LOCATION, location);
    response
}

/// A job that this JobManager does not know.
pub(super) fn job_unknown(job: JobId) -> Response<Bytes> {
    let id = hex(job.0);
    let text = format!(
        "org.apache.flink.runtime.rest.NotFoundException: Job {id} not found\n\
         Caused by: org.apache.flink.runtime.messages.FlinkJobNotFoundException: \
         Could not find Flink job ({id})\n"
    );
    errors(StatusCode::NOT_FOUND, &[text])
}

/// A savepoint operation that it does not know, or not any more.
pub(super) fn operation_unknown(job: JobId, trigger: TriggerId) -> Response<Bytes> {
    let (job, trigger) = (hex(job.0), hex(trigger.0));
    let text = format!(
        "{HANDLER}: There is no savepoint operation with triggerId={trigger} for job {job}.\n"
    );
    errors(StatusCode::NOT_FOUND, &[text])
}

/// A call that this version does not have.
pub(super) fn call_unknown(path: &str) -> Response<Bytes> {
    errors(StatusCode::NOT_FOUND, &[format!("Not found: {path}")])
}

/// Only the adaptive scheduler changes a job's parallelism.
pub(super) fn default_scheduler() -> Response<Bytes> {
    let text = "<Exception on server side:\njava.lang.UnsupportedOperationException: The \
                DefaultScheduler does not support changing the parallelism without a job restart. \
                This feature is currently only expected to work with the AdaptiveScheduler.\n\n\
                End of exception on server side>";
    let all = ["Internal server error.".to_owned(), text.to_owned()];
    errors(StatusCode::INTERNAL_SERVER_ERROR, &all)
}

/// A savepoint of which nobody said where to: neither the request nor the configuration (from the
/// sources, `SavepointHandlers`).
pub(super) fn no_savepoint_directory(property: &str) -> Response<Bytes> {
    let text = format!(
        "{HANDLER}: Config key [execution.checkpointing.savepoint-dir] is not set. Property \
         [{property}] must be provided.\n"
    );
    errors(StatusCode::BAD_REQUEST, &[text])
}

/// A job that has ended cannot be cancelled.
pub(super) fn ended_already() -> Response<Bytes> {
    let text = format!(
        "{HANDLER}: Job cancellation failed because the job has already reached another terminal \
         state (FINISHED).\n"
    );
    errors(StatusCode::CONFLICT, &[text])
}

/// A submission that came to nothing, by the world's words for it.
pub(super) fn submission(words: &str, class: &str, path: &str) -> Response<Bytes> {
    if words.contains("class not found") {
        return class_missing(class);
    }
    let cause = if words.contains("checkpoint or savepoint") {
        format!(
            "The main method caused an error: Failed to execute job.\n\
             Caused by: org.apache.flink.util.FlinkException: Failed to execute job.\n\
             Caused by: org.apache.flink.runtime.client.JobInitializationException: \
             Could not start the JobMaster.\n\
             Caused by: java.io.FileNotFoundException: Cannot find checkpoint or savepoint \
             file/directory '{path}' on file system 'file'."
        )
    } else {
        words.to_owned()
    };
    not_executed(&cause)
}

/// A submission of an id that the JobManager has seen.
pub(super) fn duplicate() -> Response<Bytes> {
    not_executed(
        "The main method caused an error: Failed to execute job.\n\
         Caused by: org.apache.flink.util.FlinkException: Failed to execute job.\n\
         Caused by: org.apache.flink.runtime.client.DuplicateJobSubmissionException: \
         Job has already been submitted.",
    )
}

fn not_executed(cause: &str) -> Response<Bytes> {
    let wrapped = "org.apache.flink.util.FlinkRuntimeException: Could not execute application.";
    let text = format!(
        "{HANDLER}: Could not execute application.\n\
         Caused by: java.util.concurrent.CompletionException: {wrapped}\nCaused by: {wrapped}\n\
         Caused by: org.apache.flink.client.program.ProgramInvocationException: {cause}\n"
    );
    errors(StatusCode::BAD_REQUEST, &[text])
}

fn class_missing(class: &str) -> Response<Bytes> {
    let invocation = format!(
        "org.apache.flink.client.program.ProgramInvocationException: The program's entry point \
         class '{class}' was not found in the jar file."
    );
    let text = format!(
        "<Exception on server side:\njava.util.concurrent.CompletionException: {invocation}\n\
         Caused by: {invocation}\nCaused by: java.lang.ClassNotFoundException: {class}\n\n\
         End of exception on server side>"
    );
    errors(StatusCode::INTERNAL_SERVER_ERROR, &["Internal server error.".to_owned(), text])
}
