//! Which request means what. Submissions stand apart: they are answered later.

use bytes::Bytes;
use http::{Method, Response};
use serde_json::{Value, json};

use super::{answers, refusals};
use crate::http::cluster::intent::property;
use crate::world::{JobId, JobScheduler, OperateError, Process, Spec, Stop, TriggerId, World};

/// By this key a cluster of ours says which one it is.
const MARKER: &str = "flinkk8soperator.cluster";
/// Both names of the directory that savepoints go to by default.
const SAVEPOINT_DIRECTORY: [&str; 2] =
    ["execution.checkpointing.savepoint-dir", "state.savepoints.dir"];

/// A request to a JobManager.
pub(super) struct Asked<'a> {
    pub(super) process: Process,
    /// What its container was configured with.
    pub(super) properties: &'a str,
    pub(super) method: &'a Method,
    pub(super) path: &'a str,
    pub(super) body: &'a Value,
}

impl Asked<'_> {
    fn segments(&self) -> Vec<&str> {
        self.path.trim_matches('/').split('/').filter(|s| *s != "v1").collect()
    }
}

/// `POST /jars/:jar/run`.
pub(super) struct Submission {
    pub(super) job: JobId,
    pub(super) from: Option<String>,
    pub(super) class: String,
    pub(super) parallelism: Option<u32>,
}

impl Submission {
    pub(super) fn of(asked: &Asked<'_>) -> Option<Submission> {
        let segments = asked.segments();
        let ["jars", _, "run"] = segments.as_slice() else { return None };
        let text = |field: &str| asked.body.get(field).and_then(Value::as_str);
        let job = text("jobId").and_then(id).unwrap_or(1);
        let class = text("entryClass").unwrap_or_default().to_owned();
        let parallelism = asked.body.get("parallelism").and_then(Value::as_u64);
        Some(Submission {
            job: JobId(job),
            from: text("savepointPath").map(str::to_owned),
            class,
            parallelism: parallelism.and_then(|n| u32::try_from(n).ok()),
        })
    }
}

fn id(text: &str) -> Option<u128> {
    u128::from_str_radix(text, 16).ok()
}

/// Everything but submissions. `None`: the process is gone.
pub(super) fn perform(world: &mut World, asked: &Asked<'_>) -> Option<Response<Bytes>> {
    let process = asked.process;
    let settings = world.settings;
    let answer = match (asked.method.as_str(), asked.segments().as_slice()) {
        ("GET", ["overview"]) => {
            answers::ok(&answers::overview(&settings, &world.overview(process)?))
        }
        ("GET", ["config"]) => answers::ok(&answers::config(&settings)),
        ("GET", ["jobmanager", "config"]) => {
            answers::ok(&answers::jobmanager_config(asked.properties))
        }
        ("GET", ["taskmanagers"]) => answers::ok(&answers::taskmanagers(world, process)),
        ("GET", ["jobs"]) => answers::ok(&answers::jobs(&world.jobs(process)?)),
        ("GET", ["jars"]) => answers::ok(&json!({ "address": "", "files": [] })),
        (method, ["jobs", job, rest @ ..]) => {
            return of_job(world, asked, method, JobId(id(job)?), rest);
        }
        (_, _) => refusals::call_unknown(asked.path),
    };
    Some(answer)
}

fn of_job(
    world: &mut World,
    asked: &Asked<'_>,
    method: &str,
    job: JobId,
    rest: &[&str],
) -> Option<Response<Bytes>> {
    let process = asked.process;
    let unknown = || refusals::job_unknown(job);
    let settings = world.settings;
    let spec = world.spec_of(process).cloned()?;
    let answer = match (method, rest) {
        ("GET", []) => match world.job(process, job)? {
            Some(details) => answers::ok(&answers::job(world, job, &details)),
            None => unknown(),
        },
        ("GET", ["checkpoints"]) => match world.statistics(process, job)? {
            Some(statistics) => answers::ok(&answers::statistics(world, &statistics)),
            None => unknown(),
        },
        ("GET", ["checkpoints", "config"]) => match world.retention(process, job)? {
            Some(retention) => answers::ok(&answers::checkpoint_config(retention)),
            None => unknown(),
        },
        ("GET", ["resource-requirements"]) => {
            match (settings.scheduler, world.bounds(process, job)?) {
                (JobScheduler::Default, _) => refusals::default_scheduler(),
                (_, Some(bounds)) => answers::ok(&answers::requirements(bounds)),
                (_, None) => unknown(),
            }
        }
        ("PUT", ["resource-requirements"]) => {
            match world.set_bounds(process, job, bounds(asked.body)?) {
                Ok(()) => answers::ok(&json!({})),
                Err(OperateError::NoAnswer) => return None,
                Err(OperateError::UnknownJob | OperateError::JobIsOver) => unknown(),
            }
        }
        ("GET", ["exceptions"]) => {
            answers::ok(&answers::exceptions(world.failure(process, job)?.as_deref()))
        }
        ("GET", ["savepoints", trigger]) => {
            let trigger = TriggerId(id(trigger)?);
            match world.operation(process, job, trigger)? {
                Some(state) => answers::ok(&answers::operation(world, &state)),
                None => refusals::operation_unknown(job, trigger),
            }
        }
        ("POST", ["stop"]) => savepoint(world, asked, job, &spec, "targetDirectory", Stop::Stop)?,
        ("POST", ["savepoints"]) => {
            let cancels = asked.body.get("cancel-job").and_then(Value::as_bool).unwrap_or(false);
            let stop = if cancels { Stop::Cancel } else { Stop::No };
            savepoint(world, asked, job, &spec, "target-directory", stop)?
        }
        ("PATCH", []) => match world.cancel(process, job) {
            Ok(()) => answers::accepted(&json!({})),
            Err(OperateError::JobIsOver) => refusals::ended_already(),
            Err(OperateError::UnknownJob) => unknown(),
            Err(OperateError::NoAnswer) => return None,
        },
        (_, _) => refusals::call_unknown(asked.path),
    };
    Some(answer)
}

/// The bounds of the first vertex; the world's jobs have the same for all.
fn bounds(body: &Value) -> Option<(u32, u32)> {
    let first = body.as_object()?.values().next()?;
    let bound = |name: &str| u32::try_from(first.pointer(name)?.as_u64()?).ok();
    Some((bound("/parallelism/lowerBound")?, bound("/parallelism/upperBound")?))
}

fn savepoint(
    world: &mut World,
    asked: &Asked<'_>,
    job: JobId,
    spec: &Spec,
    directory: &str,
    stop: Stop,
) -> Option<Response<Bytes>> {
    let text = |field: &str| asked.body.get(field).and_then(Value::as_str);
    let trigger = text("triggerId").and_then(id).unwrap_or(job.0 ^ u128::from(world.now));
    let named = |key: &str| property(asked.properties, key).is_some();
    // The reference operator, which marks no cluster, never names one: its images are taken to do that.
    let configured = SAVEPOINT_DIRECTORY.iter().any(|key| named(key)) || !named(MARKER);
    let target = match text(directory) {
        Some(target) => target,
        None if configured => &spec.savepoints,
        None => return Some(refusals::no_savepoint_directory(directory)),
    };
    world.savepoint(asked.process, job, TriggerId(trigger), stop, target).ok()?;
    Some(answers::accepted(&json!({ "request-id": answers::hex(trigger) })))
}
