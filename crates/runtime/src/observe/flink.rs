//! Facts from one JobManager process. Only that process may answer, and only as the cluster it
//! should be.

mod answers;
mod model;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use flinkk8soperator_core::{
    self as core, Checkpointing, FlinkCluster, FlinkRequest, JobSummary, Operation, Retention,
    Silence, Vertex,
};
use flinkk8soperator_flink_rest::model::{Externalization, Operation as Answer, TaskState};
use flinkk8soperator_flink_rest::{self as rest, Cause, Client, Error};
use tokio::time::Instant;

use self::answers::{Answers, Asked};
use self::model::state;
use crate::application::Application;
use crate::cache::Pod;
use crate::flink::{Identity, identify, job_id, silence, trigger_id, version};
use crate::memory::{Memory, Trigger};
use crate::metrics::Metrics;
use crate::operator::Operator;

/// A client to the very process, once it has said who it is.
pub(crate) async fn reach(
    operator: &Operator,
    app: &Application,
    incarnation: core::Incarnation,
    process: core::Process,
    memory: &mut Memory,
) -> Result<(Client, Arc<Identity>), Silence> {
    let pods = operator.cache.pods(app);
    let pod = pods.iter().find(|pod| pod.told.process() == process);
    let pod = pod.ok_or(Silence::Unreachable)?;
    let (kubernetes, secrets) = (&operator.kubernetes, &mut memory.secrets);
    let client = operator.flinks.client(kubernetes, &app.key.namespace, pod, secrets).await?;
    if let Some(known) = memory.identities.get(&process) {
        return Ok((client, Arc::clone(known)));
    }
    let identity = identify(&client, app, incarnation).await?;
    let alive = |process: &core::Process| pods.iter().any(|pod| pod.told.process() == *process);
    memory.identities.retain(|process, _| alive(process));
    memory.identities.insert(process, Arc::clone(&identity));
    Ok((client, identity))
}

/// Asks what `request` names and `told` lacks.
pub(super) async fn ask(
    operator: &Operator,
    app: &Application,
    request: &FlinkRequest,
    told: &mut core::Flink,
    memory: &mut Memory,
) {
    if let (Some(job), core::Fact::Unasked) = (request.submission, &told.submission) {
        told.submission = core::Fact::Known(operator.posts.of(&app.key, job));
    }
    let open = open_questions(request, told);
    if open == FlinkRequest::to(request.incarnation, request.process) {
        return;
    }
    told.process = Some(request.process);
    let reached = reach(operator, app, request.incarnation, request.process, memory).await;
    let answers = match reached {
        Ok((client, identity)) => {
            let pods = operator.cache.pods(app);
            let metrics = &operator.metrics;
            let mut answers = answers(&client, &identity, &open, &pods, memory, metrics).await;
            if let (Some(job), Some(Ok(Some(_)))) = (request.statistics, &answers.statistics) {
                let asked = &mut answers.checkpointing_asked;
                show_interval(&client, request.incarnation, job, memory, metrics, asked).await;
            }
            answers
        }
        Err(why) => Answers::none(&open, why),
    };
    operator.metrics.flink_answers(answers.outcomes());
    answers.tell(told, request, memory);
}

/// What is asked and not answered yet in this round. The submission is no question to Flink.
fn open_questions(request: &FlinkRequest, told: &core::Flink) -> FlinkRequest {
    let unasked = core::Fact::Unasked;
    FlinkRequest {
        cluster: request.cluster && told.cluster == unasked,
        jobs: request.jobs && told.jobs == core::Fact::Unasked,
        job: request.job.filter(|_| told.job == core::Fact::Unasked),
        statistics: request.statistics.filter(|_| told.statistics == core::Fact::Unasked),
        checkpointing: request.checkpointing.filter(|_| told.checkpointing == core::Fact::Unasked),
        operation: request.operation.filter(|_| told.operation == core::Fact::Unasked),
        failure: request.failure.filter(|_| told.failure == core::Fact::Unasked),
        idle: request.idle && told.idle == core::Fact::Unasked,
        requirements: request.requirements.filter(|_| told.requirements == core::Fact::Unasked),
        ..FlinkRequest::to(request.incarnation, request.process)
    }
}

/// Asks the open questions at once: their answers are not simultaneous anyway.
async fn answers(
    client: &Client,
    identity: &Identity,
    open: &FlinkRequest,
    pods: &[Pod],
    memory: &mut Memory,
    metrics: &Metrics,
) -> Answers {
    let mut checkpointing_asked = None;
    let checkpointing = match open.checkpointing {
        Some(job) => {
            Some(checkpointing(client, job, memory, metrics, &mut checkpointing_asked).await)
        }
        None => None,
    };
    let memory = &*memory;
    // The statistics after the details: what ended a cache's age before those were told is in these.
    let details_then_statistics = async {
        let details = |id| async move { or_unknown(client.job(job_id(id)).await) };
        let statistics = |id| async move { or_unknown(client.checkpoints(job_id(id)).await) };
        let job = timed(metrics, "job", when(open.job, details)).await;
        (job, timed(metrics, "statistics", when(open.statistics, statistics)).await)
    };
    let some = |wanted: bool| wanted.then_some(());
    let operation = |(job, trigger)| operation(client, job, trigger, memory);
    let requirements = |job| requirements(client, identity, job);
    let (cluster, jobs, (job, statistics), operation, failure, idle, requirements) = tokio::join!(
        timed(metrics, "cluster", when(some(open.cluster), |()| cluster(client, identity))),
        timed(metrics, "jobs", when(some(open.jobs), |()| jobs(client))),
        details_then_statistics,
        timed(metrics, "operation", when(open.operation, operation)),
        timed(metrics, "failure", when(open.failure, |id| failure(client, id))),
        timed(metrics, "idle", when(some(open.idle), |()| idle(client, pods))),
        timed(metrics, "requirements", when(open.requirements, requirements)),
    );
    Answers {
        cluster,
        jobs,
        job,
        statistics,
        checkpointing,
        checkpointing_asked,
        operation,
        failure,
        idle,
        requirements,
    }
}

async fn when<I, T, F: Future<Output = T>>(
    asked: Option<I>,
    ask: impl FnOnce(I) -> F,
) -> Option<T> {
    match asked {
        Some(input) => Some(ask(input).await),
        None => None,
    }
}

/// How long a question took, where it was asked.
async fn timed<T>(
    metrics: &Metrics,
    question: &'static str,
    ask: impl Future<Output = Option<T>>,
) -> Option<T> {
    let began = Instant::now();
    let answer = ask.await;
    if answer.is_some() {
        metrics.flink_answered(question, began.elapsed());
    }
    answer
}

/// How a job makes and keeps checkpoints, asked once: it does not change. `asked`: what came of it,
/// where Flink was asked.
async fn checkpointing(
    client: &Client,
    job: core::JobId,
    memory: &mut Memory,
    metrics: &Metrics,
    asked: &mut Asked<()>,
) -> Result<Option<Checkpointing>, Silence> {
    if let Some(known) = memory.checkpointing.get(&job) {
        return Ok(*known);
    }
    let began = Instant::now();
    let answer = client.checkpoint_config(job_id(job)).await;
    metrics.flink_answered("checkpointing", began.elapsed());
    let found = match answer {
        Ok(config) => Ok(Some(Checkpointing {
            interval: Some(config.interval).filter(|ms| *ms < NEVER).map(Duration::from_millis),
            retention: retention(config.externalization),
        })),
        Err(error) if error.cause() == Some(Cause::CheckpointingDisabled) => Ok(None),
        Err(error) => Err(silence(&error)),
    };
    *asked = Some(found.map(drop));
    memory.checkpointing.insert(job, found?);
    found
}

/// The health depends on how often a job makes checkpoints.
async fn show_interval(
    client: &Client,
    incarnation: core::Incarnation,
    job: core::JobId,
    memory: &mut Memory,
    metrics: &Metrics,
    asked: &mut Asked<()>,
) {
    if let Ok(found) = checkpointing(client, job, memory, metrics, asked).await {
        let interval = found.and_then(|checkpointing| checkpointing.interval);
        memory.figures.interval(incarnation, job, interval);
    }
}

/// What the two words of Flink come to (recorded on 1.13.6 to 2.2.1).
fn retention(of: Externalization) -> Retention {
    match (of.enabled, of.is_retained()) {
        (false, _) => Retention::None,
        (true, false) => Retention::OnFailure,
        (true, true) => Retention::OnCancellation,
    }
}

/// Flink writes Java's largest long for a job without periodic checkpoints.
const NEVER: u64 = i64::MAX as u64;

async fn cluster(client: &Client, identity: &Identity) -> Result<FlinkCluster, Silence> {
    let overview = client.overview().await.map_err(|error| silence(&error))?;
    Ok(FlinkCluster {
        version: version(&identity.version),
        slots: overview.slots_total,
        slots_free: overview.slots_available,
        taskmanagers: overview.taskmanagers,
        refresh_interval: identity.refresh_interval,
        high_availability: identity.high_availability,
    })
}

async fn jobs(client: &Client) -> Result<Vec<JobSummary>, Silence> {
    let answer = client.jobs().await.map_err(|error| silence(&error))?;
    let summary = |job: &rest::model::JobSummary| JobSummary {
        id: core::JobId(u128::from_be_bytes(job.id.0)),
        state: state(&job.status),
    };
    Ok(answer.jobs.iter().map(summary).collect())
}

async fn operation(
    client: &Client,
    job: core::JobId,
    trigger: core::TriggerId,
    memory: &Memory,
) -> Result<Operation, Silence> {
    let theirs = match memory.triggers.get(&trigger) {
        Some(Trigger::Refused(message)) => {
            return Ok(Operation::Failed { message: message.clone() });
        }
        Some(Trigger::Named(theirs)) => *theirs,
        None => trigger_id(trigger),
    };
    match client.savepoint_status(job_id(job), theirs).await {
        Ok(Answer::InProgress) => Ok(Operation::InProgress),
        Ok(Answer::Completed(savepoint)) => Ok(Operation::Completed { path: savepoint.0 }),
        Ok(Answer::Failed(failure)) => Ok(Operation::Failed { message: failure.message }),
        Err(error) => match error.cause() {
            Some(Cause::OperationUnknown | Cause::JobUnknown) => Ok(Operation::Unknown),
            _ => Err(silence(&error)),
        },
    }
}

async fn failure(client: &Client, job: core::JobId) -> Result<String, Silence> {
    let answer = client.exceptions(job_id(job)).await.map_err(|error| silence(&error))?;
    Ok(answer.root.map(|root| root.message).unwrap_or_default())
}

/// The vertices of a job whose scheduler can change them. The details may be a copy from before the
/// bounds were changed: they then show another parallelism than asked for, not less than the truth.
async fn requirements(
    client: &Client,
    identity: &Identity,
    job: core::JobId,
) -> Result<Option<Vec<Vertex>>, Silence> {
    if !identity.version.has_resource_requirements() {
        return Ok(None);
    }
    let bounds = match client.resource_requirements(&identity.version, job_id(job)).await {
        Ok(answer) => answer.0,
        // Of a job that this JobManager does not know the job fact tells.
        Err(error)
            if matches!(error.cause(), Some(Cause::SchedulerUnsuited | Cause::JobUnknown)) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(silence(&error)),
    };
    let details = client.job(job_id(job)).await.map_err(|error| silence(&error))?;
    let vertex = |found: &rest::model::Vertex| {
        let allowed = bounds.get(&found.id)?;
        let tasks = |state: &TaskState| found.tasks.get(state).copied().unwrap_or_default();
        Some(Vertex {
            bounds: core::Bounds {
                vertex: core::VertexId(u128::from_be_bytes(found.id.0)),
                lower: allowed.lower_bound,
                upper: allowed.upper_bound,
            },
            max_parallelism: found.max_parallelism,
            parallelism: found.parallelism,
            running: tasks(&TaskState::Running) + tasks(&TaskState::Finished),
        })
    };
    // Flink refuses a request that does not list every vertex: rather none than some.
    let vertices: Option<Vec<Vertex>> = details.vertices.iter().map(vertex).collect();
    let all = vertices.filter(|vertices| vertices.len() == bounds.len());
    all.map(Some).ok_or(Silence::NotReady)
}

/// The pods of TaskManagers that are registered with all their slots free. A TaskManager is known by its
/// host, which created clusters set to the pod's address.
async fn idle(client: &Client, pods: &[Pod]) -> Result<BTreeSet<core::Uid>, Silence> {
    let answer = client.task_managers().await.map_err(|error| silence(&error))?;
    let free = answer.taskmanagers.iter().filter(|tm| tm.free_slots == tm.slots);
    let hosts: BTreeSet<IpAddr> = free.filter_map(|tm| tm.host()?.parse().ok()).collect();
    let there = |pod: &&Pod| pod.address.is_some_and(|address| hosts.contains(&address));
    let mine = |pod: &&Pod| pod.told.role == core::Role::TaskManager && there(pod);
    Ok(pods.iter().filter(mine).map(|pod| pod.told.uid).collect())
}

/// Flink itself not knowing the job is an answer, too.
fn or_unknown<T>(answer: Result<T, Error>) -> Result<Option<T>, Silence> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.cause() == Some(Cause::JobUnknown) => Ok(None),
        Err(error) => Err(silence(&error)),
    }
}
