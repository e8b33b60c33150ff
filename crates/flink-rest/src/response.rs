//! What an answer means: a status and a body in, a typed answer or an [`Error`] out.

use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::{Cause, Denied, Error, Intermediary, Refusal};
use crate::reason::Chain;

/// Bytes of a foreign error page that are kept: arbitrary, a line or two.
const LONGEST_FOREIGN: usize = 200;

/// What tells the causes apart, as parts of Flink's error bodies from 1.13 to 2.3; the first that
/// fits counts. Statuses do not tell: a missing jar is 500, a `main` that throws 400.
const SIGNS: [(&str, Cause); 25] = [
    ("unavailable due to an ongoing leader election", Cause::NoLeader),
    ("DuplicateJobSubmissionException", Cause::DuplicateJob),
    ("DuplicateApplicationSubmissionException", Cause::DuplicateJob),
    // Flink's own remote calls. A job's TimeoutException in `main` is not meant.
    ("AskTimeoutException", Cause::TimedOut),
    ("TimeoutException: Invocation of [", Cause::TimedOut),
    ("checkpoint/savepoint", Cause::RestoreRefused),
    ("Cannot find checkpoint or savepoint", Cause::RestoreRefused),
    ("Cannot find meta data file", Cause::RestoreRefused),
    ("The program's entry point class", Cause::EntryClassMissing),
    ("Could not find or load class", Cause::EntryClassMissing),
    ("Neither a 'Main-Class', nor a 'program-class'", Cause::EntryClassMissing),
    ("RestHandlerException: Jar file ", Cause::JarMissing),
    ("JobInitializationException", Cause::JobNotStarted),
    ("JobSubmissionException", Cause::JobNotStarted),
    ("ProgramInvocationException", Cause::MainFailed),
    ("UnavailableDispatcherOperationException", Cause::NotReady),
    ("heckpointing has not been enabled", Cause::CheckpointingDisabled),
    ("heckpointing is not enabled", Cause::CheckpointingDisabled),
    ("There is no savepoint operation with triggerId", Cause::OperationUnknown),
    ("There is no checkpoint operation with triggerId", Cause::OperationUnknown),
    ("Operation not found under key", Cause::OperationUnknown),
    ("already reached another terminal state", Cause::AlreadyEnded),
    ("FlinkJobNotFoundException", Cause::JobUnknown),
    ("Job could not be found", Cause::JobUnknown),
    ("does not support changing the parallelism", Cause::SchedulerUnsuited),
];

/// Reads the answer to a call that is answered with an `A`.
///
/// # Errors
/// Every answer that is not a 2xx with an `A`: [`Error::Refused`] if Flink itself sent it,
/// [`Error::Denied`] if it lets nobody in, [`Error::Intermediary`] if it was something before it, [`Error::Answer`] for a 2xx that is
/// something else.
pub fn parse<A: DeserializeOwned>(status: StatusCode, body: &[u8]) -> Result<A, Error> {
    if status.is_success() {
        return serde_json::from_slice(body).map_err(Error::Answer);
    }
    match serde_json::from_slice(body) {
        // Flink itself knows no users: what was added to it does, and may answer in its form.
        Ok(Body::Flink { errors }) if status == StatusCode::UNAUTHORIZED => {
            Err(Denied { status, message: errors.join("; ") }.into())
        }
        Ok(Body::Flink { errors }) => Err(refusal(status, &errors).into()),
        Ok(Body::Kubernetes { message, .. }) => {
            Err(Intermediary { who: "the API server", status, message }.into())
        }
        Err(_) if [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&status) => {
            Err(Denied { status, message: first_line(body) }.into())
        }
        Err(_) => {
            let message = first_line(body);
            Err(Intermediary { who: "a proxy", status, message }.into())
        }
    }
}

/// Who answered is told by the body alone: statuses and headers pass through proxies.
#[derive(Deserialize)]
#[serde(untagged)]
enum Body {
    Flink {
        errors: Vec<String>,
    },
    Kubernetes {
        #[serde(rename = "kind")]
        _kind: StatusKind,
        #[serde(default)]
        message: String,
    },
}

#[derive(Deserialize)]
enum StatusKind {
    Status,
}

fn refusal(status: StatusCode, errors: &[String]) -> Refusal {
    let text = errors.join("\n");
    let sign = SIGNS.iter().find(|(sign, _)| text.contains(sign));
    let cause = sign.map_or_else(|| by_status(status), |(_, cause)| *cause);
    let message = Chain::read(&text).reason().unwrap_or_else(|| status.to_string());
    Refusal { status, cause, message }
}

fn by_status(status: StatusCode) -> Cause {
    match status {
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => Cause::CallUnknown,
        _ if status.is_client_error() => Cause::RequestInvalid,
        _ => Cause::Internal,
    }
}

fn first_line(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(LONGEST_FOREIGN)]);
    text.lines().next().unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Fault, Reached, Retry};
    use crate::model::{Accepted, Jobs};

    fn error(status: u16, body: &str) -> Error {
        let status = StatusCode::from_u16(status).unwrap();
        parse::<Jobs>(status, body.as_bytes()).unwrap_err()
    }

    #[test]
    fn no_leader_is_not_a_dead_proxy() {
        let words = "Service temporarily unavailable due to an ongoing leader election. \
            Please refresh.";
        let no_leader = error(503, &format!(r#"{{"errors":["{words}"]}}"#));
        assert_eq!(no_leader.cause(), Some(Cause::NoLeader));
        assert_eq!((no_leader.retry(), no_leader.to_string()), (Retry::Later, words.to_owned()));

        let status = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",
            "message":"error trying to reach service: dial tcp 10.1.2.3:8081: connect: refused",
            "reason":"ServiceUnavailable","code":503}"#;
        let unreachable = error(503, status);
        assert_eq!((unreachable.cause(), unreachable.reached()), (None, Reached::Perhaps));
        assert!(unreachable.to_string().starts_with("the API server answered 503"));
    }

    #[test]
    fn only_flinks_own_404_is_an_answer() {
        let flink = r#"{"errors":["org.apache.flink.runtime.rest.NotFoundException: Job 1 not found\n\tat a.b.C(D.java:1)\nCaused by: org.apache.flink.runtime.messages.FlinkJobNotFoundException: Could not find Flink job (1)"]}"#;
        let unknown = error(404, flink);
        assert_eq!(unknown.cause(), Some(Cause::JobUnknown));
        assert_eq!(unknown.reached(), Reached::Answered);
        let pod = r#"{"kind":"Status","status":"Failure","message":"pods \"jm\" not found"}"#;
        for foreign in [pod, "", "404 page not found", "<html>", r#"{"error":"x"}"#, "[]"] {
            let error = error(404, foreign);
            assert!(matches!(error, Error::Intermediary(_)), "{foreign}");
            assert_eq!((error.reached(), error.fault()), (Reached::Perhaps, Fault::Transport));
        }
    }

    #[test]
    fn missing_rights_are_ours() {
        let body = r#"{"kind":"Status","message":"pods \"jm\" is forbidden"}"#;
        assert_eq!(error(403, body).fault(), Fault::Us);
    }

    #[test]
    fn who_is_not_let_in_is_told_from_what_flink_refuses() {
        let flink = r#"{"errors":["Invalid credentials"]}"#;
        for (status, body, words) in [
            (401, "", "401 Unauthorized"),
            (401, "<html>Login</html>", "401 Unauthorized: <html>Login</html>"),
            (401, flink, "401 Unauthorized: Invalid credentials"),
            (403, "denied by policy", "403 Forbidden: denied by policy"),
        ] {
            let denied = error(status, body);
            assert!(matches!(denied, Error::Denied(_)), "{denied:?}");
            assert_eq!(denied.to_string(), words);
            let sorted = (denied.reached(), denied.retry(), denied.fault());
            assert_eq!(sorted, (Reached::No, Retry::AfterChange, Fault::User));
        }
        assert_eq!(error(403, flink).cause(), Some(Cause::RequestInvalid));
    }

    #[test]
    fn a_timeout_inside_flink_proves_nothing() {
        let body = r#"{"errors":["org.apache.flink.runtime.rest.handler.RestHandlerException: Could not execute application.\nCaused by: org.apache.flink.client.program.ProgramInvocationException: The main method caused an error: Failed to execute job 'x'.\nCaused by: java.util.concurrent.TimeoutException: Invocation of [RemoteRpcInvocation(submitJob)] at recipient [x] timed out."]}"#;
        let error = error(400, body);
        assert_eq!((error.cause(), error.reached()), (Some(Cause::TimedOut), Reached::Perhaps));
    }

    #[test]
    fn what_was_not_recorded_is_told_apart_by_flinks_sources() {
        for (status, text, cause) in [
            (
                404,
                "x.RestHandlerException: Checkpointing has not been enabled.",
                Cause::CheckpointingDisabled,
            ),
            (404, "Checkpointing is not enabled for this job (1).", Cause::CheckpointingDisabled),
            (500, "x.UnavailableDispatcherOperationException: Unable to get it", Cause::NotReady),
            (
                500,
                "java.lang.IllegalStateException: Failed to rollback to checkpoint/savepoint x",
                Cause::RestoreRefused,
            ),
            (500, "java.lang.NullPointerException", Cause::Internal),
            (413, "too large", Cause::RequestInvalid),
        ] {
            let body = format!(r#"{{"errors":["{text}"]}}"#);
            assert_eq!(error(status, &body).cause(), Some(cause), "{text}");
        }
    }

    #[test]
    fn a_success_that_is_not_flinks_is_no_answer() {
        for body in ["<html>welcome</html>", "", "{}"] {
            let error = parse::<Jobs>(StatusCode::OK, body.as_bytes()).unwrap_err();
            assert!(matches!(error, Error::Answer(_)), "{body}");
            assert_eq!(error.reached(), Reached::Perhaps);
        }
        assert!(parse::<Accepted>(StatusCode::ACCEPTED, b"{}").is_ok());
    }
}
