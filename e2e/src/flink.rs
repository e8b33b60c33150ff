//! Real Flink, asked through the API server's proxy to one JobManager pod.
//!
//! Only answers that Flink does not keep in a cache are used (`/jobs`, `/jobs/overview`, `/overview`).

use std::time::Duration;

use anyhow::{Context, Result};
use flinkk8soperator_resources::flink_rest::TLS_SECRET;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::ListParams;
use serde_json::{Value, json};

use crate::application;
use crate::kubernetes::Kubernetes;

/// States of a job that has not ended.
const LIVE: [&str; 9] = [
    "INITIALIZING",
    "CREATED",
    "RUNNING",
    "FAILING",
    "CANCELLING",
    "RESTARTING",
    "SUSPENDED",
    "RECONCILING",
    "UNKNOWN",
];

/// Before the name of a pod to which the proxy is to speak TLS.
const TLS: &str = "https:";

/// How long a JobManager is waited for that has opened its port and does not answer yet.
const PATIENCE: Duration = Duration::from_secs(2);

/// A job that has not ended, and the pod that says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LiveJob {
    /// Flink's id of it.
    pub(crate) id: String,
    /// Its state, in Flink's word.
    pub(crate) state: String,
    /// The JobManager that runs it.
    pub(crate) pod: String,
    /// Tasks that run, and all there are.
    pub(crate) tasks: (u64, u64),
}

/// Jobs that have not ended, on all JobManagers of the application that answer.
pub(crate) async fn live_jobs(kubernetes: &Kubernetes) -> Result<Vec<LiveJob>> {
    let mut jobs = Vec::new();
    for pod in job_managers(kubernetes).await? {
        // A JobManager that starts or ends does not answer; what it runs is seen by its journal.
        let Ok(answer) = get(kubernetes, &pod, "/jobs/overview").await else { continue };
        let listed = answer["jobs"].as_array().context("jobs of /jobs/overview")?;
        jobs.extend(listed.iter().filter_map(|job| live(job, &pod)));
    }
    Ok(jobs)
}

/// Free and all slots of the JobManager that answers, if one does.
pub(crate) async fn slots(kubernetes: &Kubernetes) -> Result<Option<(u64, u64)>> {
    slots_by(kubernetes, &job_managers(kubernetes).await?).await
}

async fn slots_by(kubernetes: &Kubernetes, pods: &[String]) -> Result<Option<(u64, u64)>> {
    for pod in pods {
        if let Ok(answer) = get(kubernetes, pod, "/overview").await {
            let number = |key: &str| answer[key].as_u64().unwrap_or_default();
            return Ok(Some((number("slots-available"), number("slots-total"))));
        }
    }
    Ok(None)
}

fn live(job: &Value, pod: &str) -> Option<LiveJob> {
    let text = |key: &str| job[key].as_str().unwrap_or("UNKNOWN").to_owned();
    let tasks = |key: &str| job["tasks"][key].as_u64().unwrap_or_default();
    let (id, state) = (text("jid"), text("state"));
    let tasks = (tasks("running"), tasks("total"));
    LIVE.contains(&state.as_str()).then(|| LiveJob { id, state, pod: pod.to_owned(), tasks })
}

/// Free and all slots of one version's cluster, if its JobManager answers.
pub(crate) async fn slots_of(kubernetes: &Kubernetes, hash: &str) -> Result<Option<(u64, u64)>> {
    slots_by(kubernetes, &job_managers_of(kubernetes, hash).await?).await
}

/// As the proxy takes them: `NAME`, or `https:NAME` of one that speaks TLS.
async fn job_managers(kubernetes: &Kubernetes) -> Result<Vec<String>> {
    let labels = format!("flink-app={},flink-deployment-type=jobmanager", application::NAME);
    let pods = kubernetes.all::<Pod>().list(&ListParams::default().labels(&labels)).await?;
    let address = |pod: &Pod| {
        let tls = pod.annotations().contains_key(TLS_SECRET);
        format!("{}{}", if tls { TLS } else { "" }, pod.name_any())
    };
    Ok(pods.items.iter().map(address).collect())
}

/// Those of one version: their Deployment is named by it. (The reference operator's pods have no label of it.)
async fn job_managers_of(kubernetes: &Kubernetes, hash: &str) -> Result<Vec<String>> {
    let mut pods = job_managers(kubernetes).await?;
    let prefix = format!("{}-{hash}-", application::NAME);
    pods.retain(|pod| pod.trim_start_matches(TLS).starts_with(&prefix));
    Ok(pods)
}

/// Stops a job with a savepoint in Flink's default directory, as `flink stop` does.
pub(crate) async fn stop(kubernetes: &Kubernetes, job: &LiveJob) -> Result<()> {
    let path = format!("/jobs/{}/stop", job.id);
    let answer = post(kubernetes, &job.pod, &path, &json!({ "drain": false })).await;
    answer.map(drop).context("the stop is refused")
}

/// Submits the job of a spec to a version's cluster, with what the reference operator sends; gives its id.
pub(crate) async fn submit(kubernetes: &Kubernetes, hash: &str, spec: &Value) -> Result<String> {
    let jar = spec["jarName"].as_str().context("the spec names a jar")?;
    let body = json!({
        "entryClass": spec["entryClass"],
        "parallelism": spec["parallelism"],
        "programArgs": spec["programArgs"],
    });
    let pod = job_manager_of(kubernetes, hash).await?;
    let answer = post(kubernetes, &pod, &format!("/jars/{jar}/run"), &body).await;
    word(&answer.context("the submission is refused")?, "jobid")
}

/// Cancels a job with a savepoint, as the reference operator does; gives the savepoint's trigger id.
pub(crate) async fn cancel_with_savepoint(
    kubernetes: &Kubernetes,
    hash: &str,
    job: &str,
) -> Result<String> {
    let pod = job_manager_of(kubernetes, hash).await?;
    let path = format!("/jobs/{job}/savepoints");
    let answer = post(kubernetes, &pod, &path, &json!({ "cancel-job": true })).await;
    word(&answer.context("the savepoint is refused")?, "request-id")
}

fn word(answer: &Value, member: &str) -> Result<String> {
    let word = answer[member].as_str().with_context(|| format!("no {member} in {answer}"))?;
    Ok(word.to_owned())
}

async fn job_manager_of(kubernetes: &Kubernetes, hash: &str) -> Result<String> {
    let pod = job_managers_of(kubernetes, hash).await?.pop();
    pod.with_context(|| format!("{hash} has no JobManager"))
}

async fn post(kubernetes: &Kubernetes, pod: &str, path: &str, body: &Value) -> Result<Value> {
    let request = http::Request::post(uri(kubernetes, pod, path));
    let request =
        request.header("content-type", "application/json").body(serde_json::to_vec(body)?)?;
    Ok(kubernetes.client.request(request).await?)
}

async fn get(kubernetes: &Kubernetes, pod: &str, path: &str) -> Result<Value> {
    let request = http::Request::get(uri(kubernetes, pod, path)).body(Vec::new())?;
    let answer = tokio::time::timeout(PATIENCE, kubernetes.client.request(request)).await;
    Ok(answer.with_context(|| format!("{pod} does not answer"))??)
}

fn uri(kubernetes: &Kubernetes, pod: &str, path: &str) -> String {
    format!("/api/v1/namespaces/{}/pods/{pod}:8081/proxy{path}", kubernetes.namespace)
}
