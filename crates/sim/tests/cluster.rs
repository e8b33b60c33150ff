//! The simulated cluster as an operator meets it: Deployments get pods, pods have a Flink in them,
//! the Flink runs a job and stops it with a savepoint. Virtual time, no sockets.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use flinkk8soperator_sim::http::cluster::{Cluster, ClusterConfig};
use flinkk8soperator_sim::http::kubernetes::server::ServerConfig;
use flinkk8soperator_sim::http::kubernetes::store::{DEFAULT_HISTORY, StoreConfig};
use flinkk8soperator_sim::invariants::NOT_EMPTY;
use flinkk8soperator_sim::world::JobId;
use http::{Method, Request};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::time::Instant;

const JOB: &str = "0000000000000000000000000000a001";
const OTHER: &str = "0000000000000000000000000000a002";
const TRIGGER: &str = "0000000000000000000000000000b001";

async fn cluster() -> Cluster {
    let start = Instant::now();
    let clock = Arc::new(move || 1_000_000 + i64::try_from(start.elapsed().as_millis()).unwrap());
    let store = StoreConfig { clock, seed: 1, history: DEFAULT_HISTORY };
    let server = ServerConfig { store, ..ServerConfig::default() };
    Cluster::start(ClusterConfig { server, ..ClusterConfig::default() }).await.unwrap()
}

async fn call(cluster: &Cluster, method: Method, path: &str, body: Value) -> (u16, Value) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json")
        .body(Bytes::from(body.to_string()))
        .unwrap();
    let response = cluster.server().api().handle(request).await.unwrap();
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

async fn get(cluster: &Cluster, path: &str) -> Value {
    call(cluster, Method::GET, path, Value::Null).await.1
}

const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";
const PODS: &str = "/api/v1/namespaces/default/pods";

fn deployment(role: &str, image: &str, class: &str) -> Value {
    let labels = json!({
        "flink-app": "app", "flink-app-hash": "00c0ffee", "flink-app-incarnation": "1",
        "flink-deployment-type": role,
    });
    let properties = "taskmanager.numberOfTaskSlots: 2\n\
                      execution.checkpointing.externalized-checkpoint-retention: RETAIN_ON_CANCELLATION\n\
                      flinkk8soperator.cluster: marker\n";
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {
            "name": format!("app-00c0ffee-{role}"), "labels": labels,
            "annotations": { "flink-job-properties": format!("parallelism: 4\nentryClass:{class}") },
        },
        "spec": {
            "replicas": if role == "taskmanager" { 2 } else { 1 },
            "selector": { "matchLabels": labels },
            "template": { "metadata": { "labels": labels }, "spec": { "containers": [{
                "name": role, "image": image,
                "env": [{ "name": "FLINK_PROPERTIES", "value": properties }],
            }] } },
        },
    })
}

async fn deploy(cluster: &Cluster, image: &str, class: &str) {
    for role in ["jobmanager", "taskmanager"] {
        let (status, _) =
            call(cluster, Method::POST, DEPLOYMENTS, deployment(role, image, class)).await;
        assert_eq!(status, 201);
    }
}

async fn jobmanager(cluster: &Cluster) -> String {
    let pods = get(cluster, PODS).await;
    let mut pods = pods["items"].as_array().unwrap().iter();
    let found = pods.find(|p| p["metadata"]["labels"]["flink-deployment-type"] == "jobmanager");
    found.unwrap()["metadata"]["name"].as_str().unwrap().to_owned()
}

fn flink(pod: &str, path: &str) -> String {
    format!("{PODS}/{pod}:8081/proxy{path}")
}

async fn until<F, Fut>(what: &str, mut holds: F)
where
    F: FnMut() -> Fut,
    Fut: Future<Output = bool>,
{
    let limit = Instant::now() + Duration::from_secs(300);
    while !holds().await {
        assert!(Instant::now() < limit, "{what}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_is_submitted_runs_and_stops_with_a_savepoint() {
    let cluster = cluster().await;
    deploy(&cluster, "app:v1", "com.example.Job").await;
    until("four slots", async || {
        let pods = get(&cluster, PODS).await;
        if pods["items"].as_array().unwrap().len() < 3 {
            return false;
        }
        let pod = jobmanager(&cluster).await;
        get(&cluster, &flink(&pod, "/overview")).await["slots-total"] == 4
    })
    .await;

    let pod = jobmanager(&cluster).await;
    let (_, config) =
        call(&cluster, Method::GET, &flink(&pod, "/jobmanager/config"), json!({})).await;
    assert!(config.as_array().unwrap().contains(&json!({
        "key": "flinkk8soperator.cluster", "value": "marker"
    })));

    let run = flink(&pod, "/jars/app.jar/run");
    let (status, answer) = call(&cluster, Method::POST, &run, json!({ "jobId": JOB })).await;
    assert_eq!((status, &answer["jobid"]), (200, &json!(JOB)));
    until("all vertices", async || {
        let job = get(&cluster, &flink(&pod, &format!("/jobs/{JOB}"))).await;
        job["vertices"].as_array().unwrap().iter().all(|v| v["status"] == "RUNNING")
    })
    .await;

    let stop = flink(&pod, &format!("/jobs/{JOB}/stop"));
    let body = json!({ "triggerId": TRIGGER, "targetDirectory": "file:///savepoints/own" });
    assert_eq!(call(&cluster, Method::POST, &stop, body).await.0, 202);
    until("the savepoint", async || {
        let path = flink(&pod, &format!("/jobs/{JOB}/savepoints/{TRIGGER}"));
        let location = get(&cluster, &path).await["operation"]["location"].clone();
        location.as_str().is_some_and(|l| l.starts_with("file:///savepoints/own/"))
    })
    .await;
    let jobs = get(&cluster, &flink(&pod, "/jobs")).await;
    assert_eq!(jobs["jobs"], json!([{ "id": JOB, "status": "FINISHED" }]));
    assert_eq!(cluster.violations(), []);

    // An operator that told its user that all is well, and lost the savepoint, begins from nothing.
    cluster.with_world(|world| world.announce(JobId(0xa001), 1));
    call(&cluster, Method::POST, &run, json!({ "jobId": OTHER })).await;
    until("the broken invariant", async || {
        cluster.violations().iter().any(|broken| broken.invariant == NOT_EMPTY)
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_image_that_is_missing_is_reported_in_the_kubelets_words() {
    let cluster = cluster().await;
    deploy(&cluster, "app:missing", "com.example.Job").await;
    until("the kubelet's report", async || {
        let pods = get(&cluster, PODS).await;
        let mut pods = pods["items"].as_array().unwrap().iter();
        let reason = "/status/containerStatuses/0/state/waiting/reason";
        pods.any(|p| p.pointer(reason) == Some(&json!("ImagePullBackOff")))
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_class_that_is_not_found_is_refused() {
    let cluster = cluster().await;
    deploy(&cluster, "app:v1", "com.example.NoSuch").await;
    until("a JobManager", async || {
        let pods = get(&cluster, PODS).await;
        if pods["items"].as_array().unwrap().is_empty() {
            return false;
        }
        let pod = jobmanager(&cluster).await;
        call(&cluster, Method::GET, &flink(&pod, "/overview"), json!({})).await.0 == 200
    })
    .await;
    let pod = jobmanager(&cluster).await;
    let run = flink(&pod, "/jars/app.jar/run");
    let (status, answer) = call(&cluster, Method::POST, &run, json!({ "jobId": JOB })).await;
    assert_eq!(status, 500);
    assert!(answer["errors"][1].as_str().unwrap().contains("ClassNotFound"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_deployment_deleted_in_the_foreground_goes_after_its_pods() {
    let cluster = cluster().await;
    deploy(&cluster, "app:v1", "com.example.Job").await;
    until("three pods", async || get(&cluster, PODS).await["items"].as_array().unwrap().len() == 3)
        .await;
    let path = format!("{DEPLOYMENTS}/app-00c0ffee-taskmanager");
    let options = json!({ "propagationPolicy": "Foreground" });
    call(&cluster, Method::DELETE, &path, options).await;
    assert_eq!(call(&cluster, Method::GET, &path, json!({})).await.0, 200);
    until("the Deployment to be gone", async || {
        call(&cluster, Method::GET, &path, json!({})).await.0 == 404
    })
    .await;
    assert_eq!(get(&cluster, PODS).await["items"].as_array().unwrap().len(), 1);
}
