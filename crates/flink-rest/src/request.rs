//! What to ask Flink, as plain data: one function for each call. Nothing is sent here.
//!
//! Ids, directories and arguments come from the caller. What a version lacks is refused before
//! anything is sent; what a version would refuse (an unknown field is 400 up to 1.19) is left out.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::marker::PhantomData;

use bytes::Bytes;
use http::{Method, header};
use serde::Serialize;

use crate::ids::{JobId, TriggerId, VertexId};
use crate::model::{
    Accepted, CheckpointConfig, Checkpoints, Exceptions, Jars, Job, JobConfig, JobManagerConfig,
    Jobs, Operation, Overview, Parallelism, ResourceRequirements, SavepointLocation, ServerConfig,
    Submitted, TaskManagers, Triggered, TriggeredCheckpoint,
};
use crate::version::{CHECKPOINT_TRIGGER, FlinkVersion, OLDEST, RESOURCE_REQUIREMENTS, TRIGGER_ID};

/// One call whose answer is an `A`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request<A> {
    /// GET, POST, PATCH or PUT. Only a GET may be repeated.
    pub method: Method,
    /// Path and query, below whatever leads to this Flink.
    pub path: String,
    /// JSON, or empty.
    pub body: Bytes,
    answer: PhantomData<fn() -> A>,
}

/// A call that the running Flink does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{call} needs Flink {}.{} or newer, this is Flink {running}", since.0, since.1)]
pub struct Unsupported {
    /// What was wanted.
    pub call: &'static str,
    /// The first version that has it.
    pub since: (u32, u32),
    /// The version that runs.
    pub running: FlinkVersion,
}

/// Slots and jobs of the cluster.
#[must_use]
pub fn overview() -> Request<Overview> {
    get("/overview".to_owned())
}

/// What the REST server says of itself: its version, how old its answers may be.
#[must_use]
pub fn config() -> Request<ServerConfig> {
    get("/config".to_owned())
}

/// The JobManager's configuration, key by key.
#[must_use]
pub fn job_manager_config() -> Request<JobManagerConfig> {
    get("/jobmanager/config".to_owned())
}

/// The TaskManagers registered at this JobManager.
#[must_use]
pub fn task_managers() -> Request<TaskManagers> {
    get("/taskmanagers".to_owned())
}

/// Every job that this JobManager knows, ended ones included.
#[must_use]
pub fn jobs() -> Request<Jobs> {
    get("/jobs".to_owned())
}

/// One job with its vertices.
#[must_use]
pub fn job(job: JobId) -> Request<Job> {
    get(format!("/jobs/{job}"))
}

/// The execution configuration of one job.
#[must_use]
pub fn job_config(job: JobId) -> Request<JobConfig> {
    get(format!("/jobs/{job}/config"))
}

/// Checkpoint statistics of one job.
#[must_use]
pub fn checkpoints(job: JobId) -> Request<Checkpoints> {
    get(format!("/jobs/{job}/checkpoints"))
}

/// How one job makes its checkpoints, and what becomes of them when it is cancelled.
#[must_use]
pub fn checkpoint_config(job: JobId) -> Request<CheckpointConfig> {
    get(format!("/jobs/{job}/checkpoints/config"))
}

/// Why one job failed.
#[must_use]
pub fn exceptions(job: JobId) -> Request<Exceptions> {
    get(format!("/jobs/{job}/exceptions"))
}

/// The jars in the upload directory whose name has an underscore. Flink runs the others, too: only
/// the answer to [`run`] tells that a jar is missing.
#[must_use]
pub fn jars() -> Request<Jars> {
    get("/jars".to_owned())
}

/// How to run a jar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// The file's name in the upload directory.
    #[serde(skip)]
    pub jar: String,
    /// The id that the job shall have.
    pub job_id: JobId,
    /// The class whose `main` runs; empty: the one that the jar's manifest names.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub entry_class: String,
    /// The job's default parallelism; 0: Flink's own default.
    #[serde(skip_serializing_if = "is_zero")]
    pub parallelism: u32,
    /// The arguments of `main`, already split: Flink 2 drops `programArgs`, the unsplit form,
    /// without a word.
    #[serde(rename = "programArgsList", skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
    /// The savepoint or checkpoint to start from; empty: none. An empty path is never sent, newer
    /// versions fail on it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub savepoint_path: String,
    /// Whether state that no operator claims may be dropped.
    #[serde(skip_serializing_if = "is_false")]
    pub allow_non_restored_state: bool,
}

impl Run {
    /// `jar` from nothing, with the defaults of Flink and of the jar.
    #[must_use]
    pub fn new(jar: impl Into<String>, job_id: JobId) -> Self {
        Self {
            jar: jar.into(),
            job_id,
            entry_class: String::new(),
            parallelism: 0,
            arguments: Vec::new(),
            savepoint_path: String::new(),
            allow_non_restored_state: false,
        }
    }
}

/// Runs a jar. Its `main` runs inside this request, for minutes if it likes, and goes on when the
/// client has given up.
///
/// # Errors
/// Flink older than 1.13: what it does with a caller's job id is not known.
pub fn run(version: &FlinkVersion, run: &Run) -> Result<Request<Submitted>, Unsupported> {
    since(OLDEST, version, "running a jar under an id of our own")?;
    Ok(with_body(Method::POST, format!("/jars/{}/run", escaped(&run.jar)), run))
}

/// A savepoint to take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Savepoint {
    /// Of which job.
    pub job: JobId,
    /// The operation's id. Flink older than 1.15 refuses the field: there it is not sent, and the
    /// operation goes by the id in the answer.
    pub trigger: TriggerId,
    /// The directory to write below; empty: the one in Flink's configuration.
    pub target_directory: String,
}

/// Takes a savepoint; with `cancel_job` the job is cancelled once it is complete.
#[must_use]
pub fn savepoint(
    version: &FlinkVersion,
    savepoint: &Savepoint,
    cancel_job: bool,
) -> Request<Triggered> {
    #[derive(Serialize)]
    struct Body<'a> {
        #[serde(rename = "cancel-job")]
        cancel_job: bool,
        #[serde(rename = "target-directory", skip_serializing_if = "str::is_empty")]
        target_directory: &'a str,
        #[serde(rename = "triggerId", skip_serializing_if = "Option::is_none")]
        trigger: Option<TriggerId>,
    }
    let body = Body {
        cancel_job,
        target_directory: &savepoint.target_directory,
        trigger: trigger_id(version, savepoint),
    };
    with_body(Method::POST, format!("/jobs/{}/savepoints", savepoint.job), &body)
}

/// Stops a job with a savepoint; with `drain` its sources end first, as if their input had ended:
/// such a job must not be continued.
#[must_use]
pub fn stop(version: &FlinkVersion, savepoint: &Savepoint, drain: bool) -> Request<Triggered> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Body<'a> {
        drain: bool,
        #[serde(skip_serializing_if = "str::is_empty")]
        target_directory: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        trigger_id: Option<TriggerId>,
    }
    let body = Body {
        drain,
        target_directory: &savepoint.target_directory,
        trigger_id: trigger_id(version, savepoint),
    };
    with_body(Method::POST, format!("/jobs/{}/stop", savepoint.job), &body)
}

/// What became of a savepoint or stop. Flink forgets it after some minutes and at a restart.
#[must_use]
pub fn savepoint_status(job: JobId, trigger: TriggerId) -> Request<Operation<SavepointLocation>> {
    get(format!("/jobs/{job}/savepoints/{trigger}"))
}

/// Cancels a job. 404 before 1.15, and 409 from then on, say that it has ended.
#[must_use]
pub fn cancel(job: JobId) -> Request<Accepted> {
    request(Method::PATCH, format!("/jobs/{job}?mode=cancel"), Bytes::new())
}

/// Makes a checkpoint now.
///
/// # Errors
/// Flink older than 1.17 has no such call.
pub fn checkpoint(
    version: &FlinkVersion,
    job: JobId,
    trigger: TriggerId,
) -> Result<Request<Triggered>, Unsupported> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Body {
        trigger_id: TriggerId,
    }
    since(CHECKPOINT_TRIGGER, version, "triggering a checkpoint")?;
    let body = Body { trigger_id: trigger };
    Ok(with_body(Method::POST, format!("/jobs/{job}/checkpoints"), &body))
}

/// What became of a checkpoint that was asked for.
///
/// # Errors
/// Flink older than 1.17 has no such call.
pub fn checkpoint_status(
    version: &FlinkVersion,
    job: JobId,
    trigger: TriggerId,
) -> Result<Request<Operation<TriggeredCheckpoint>>, Unsupported> {
    since(CHECKPOINT_TRIGGER, version, "the status of a triggered checkpoint")?;
    Ok(get(format!("/jobs/{job}/checkpoints/{trigger}")))
}

/// The parallelism that each vertex of a job may have.
///
/// # Errors
/// Flink older than 1.18 has no such call. (Newer ones answer 500 without the adaptive scheduler.)
pub fn resource_requirements(
    version: &FlinkVersion,
    job: JobId,
) -> Result<Request<ResourceRequirements>, Unsupported> {
    since(RESOURCE_REQUIREMENTS, version, "reading resource requirements")?;
    Ok(get(format!("/jobs/{job}/resource-requirements")))
}

/// Gives every vertex of a job its parallelism; a vertex left out is refused.
///
/// # Errors
/// Flink older than 1.18 has no such call. (Newer ones answer 500 without the adaptive scheduler.)
pub fn set_resource_requirements(
    version: &FlinkVersion,
    job: JobId,
    wanted: &BTreeMap<VertexId, Parallelism>,
) -> Result<Request<Accepted>, Unsupported> {
    #[derive(Serialize)]
    struct Vertex {
        parallelism: Parallelism,
    }
    since(RESOURCE_REQUIREMENTS, version, "changing resource requirements")?;
    let body: BTreeMap<_, _> =
        wanted.iter().map(|(id, parallelism)| (id, Vertex { parallelism: *parallelism })).collect();
    Ok(with_body(Method::PUT, format!("/jobs/{job}/resource-requirements"), &body))
}

impl<A> Request<A> {
    /// As an HTTP request to whatever `base` leads to: `http://10.1.2.3:8081`, or the path of a
    /// proxy.
    ///
    /// # Errors
    /// `base` is no beginning of a URI.
    pub fn to_http(&self, base: &str) -> Result<http::Request<Bytes>, http::Error> {
        let mut builder = http::Request::builder()
            .method(self.method.clone())
            .uri(format!("{}{}", base.trim_end_matches('/'), self.path))
            .header(header::ACCEPT, "application/json");
        if !self.body.is_empty() {
            builder = builder.header(header::CONTENT_TYPE, "application/json");
        }
        builder.body(self.body.clone())
    }
}

fn get<A>(path: String) -> Request<A> {
    request(Method::GET, path, Bytes::new())
}

fn with_body<A>(method: Method, path: String, body: &impl Serialize) -> Request<A> {
    let json = serde_json::to_vec(body).expect("structs of strings, numbers and ids have a JSON");
    request(method, path, json.into())
}

fn request<A>(method: Method, path: String, body: Bytes) -> Request<A> {
    Request { method, path, body, answer: PhantomData }
}

fn since(since: (u32, u32), running: &FlinkVersion, call: &'static str) -> Result<(), Unsupported> {
    if running.at_least(since) {
        return Ok(());
    }
    Err(Unsupported { call, since, running: running.clone() })
}

fn trigger_id(version: &FlinkVersion, savepoint: &Savepoint) -> Option<TriggerId> {
    version.at_least(TRIGGER_ID).then_some(savepoint.trigger)
}

/// A jar's name comes from the user: without this a `/` or `?` in it would name another call.
fn escaped(segment: &str) -> String {
    let mut path = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            write!(path, "%{byte:02X}").expect("a String takes every write");
        }
    }
    path
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOB: JobId = JobId([0x11; 16]);
    const TRIGGER: TriggerId = TriggerId([0x22; 16]);

    fn body<A>(request: &Request<A>) -> &str {
        std::str::from_utf8(&request.body).unwrap()
    }

    fn version(text: &str) -> FlinkVersion {
        text.parse().unwrap()
    }

    #[test]
    fn a_run_sends_only_what_is_set() {
        let bare = run(&version("2.3.0"), &Run::new("app.jar", JOB)).unwrap();
        assert_eq!(body(&bare), r#"{"jobId":"11111111111111111111111111111111"}"#);
        let all = Run {
            entry_class: "a.B".to_owned(),
            parallelism: 3,
            arguments: vec!["--x".to_owned(), String::new()],
            savepoint_path: "s3://b/sp".to_owned(),
            allow_non_restored_state: true,
            ..Run::new("app.jar", JOB)
        };
        let expected = r#"{"jobId":"11111111111111111111111111111111","entryClass":"a.B","parallelism":3,"programArgsList":["--x",""],"savepointPath":"s3://b/sp","allowNonRestoredState":true}"#;
        assert_eq!(body(&run(&version("1.13.6"), &all).unwrap()), expected);
    }

    #[test]
    fn a_directory_goes_by_another_name_in_each_call() {
        let into = Savepoint { job: JOB, trigger: TRIGGER, target_directory: "s3://b".to_owned() };
        let old = version("1.14.6");
        let expected = r#"{"drain":true,"targetDirectory":"s3://b"}"#;
        assert_eq!(body(&stop(&old, &into, true)), expected);
        let expected = r#"{"cancel-job":false,"target-directory":"s3://b"}"#;
        assert_eq!(body(&savepoint(&old, &into, false)), expected);
        let new = stop(&version("1.15.0"), &into, false);
        assert!(body(&new).contains(r#""triggerId":"22222222222222222222222222222222""#));
    }
}
