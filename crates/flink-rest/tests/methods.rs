//! Every method of the client makes its own call, below the base it was given, and reads its answer:
//! against what a Flink 1.18 with the adaptive scheduler answered, which has all of the calls.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::time::Duration;

use bytes::Bytes;
use flinkk8soperator_flink_rest::model::{JobState, Operation, Parallelism, SavepointLocation};
use flinkk8soperator_flink_rest::request::{Run, Savepoint};
use flinkk8soperator_flink_rest::{
    Client, Error, FlinkVersion, JobId, Settings, Transport, TriggerId,
};
use http_body_util::Full;
use serde_json::Value;
use tower::BoxError;

const BASE: &str = "/api/v1/namespaces/ns/pods/jm:8081/proxy";

/// Answers as recorded: the first exchange of that method and path.
fn recorded() -> Client {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recordings/1.18.1-adaptive.json");
    let recording: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let exchanges = recording["exchanges"].as_array().unwrap().clone();
    let service = tower::service_fn(move |request: http::Request<Bytes>| {
        let answer = answer(&exchanges, &request);
        async move { Ok::<_, BoxError>(answer) }
    });
    Client::new(Transport::new(Settings::default()).over(service), BASE)
}

fn answer(exchanges: &[Value], request: &http::Request<Bytes>) -> http::Response<Full<Bytes>> {
    let uri = request.uri().to_string();
    let path = uri.strip_prefix(BASE).expect("below the proxy's path");
    let asked = |exchange: &&Value| {
        exchange["method"] == request.method().as_str() && exchange["path"] == path
    };
    let (status, body) = match exchanges.iter().find(asked) {
        Some(exchange) => (exchange["status"].as_u64().unwrap(), exchange["response"].to_string()),
        None if path == "/jobmanager/config" => {
            (200, r#"[{"key":"rest.port","value":"8081"}]"#.to_owned())
        }
        None => panic!("{} {path} was not recorded", request.method()),
    };
    let status = u16::try_from(status).unwrap();
    http::Response::builder().status(status).body(Full::from(body)).unwrap()
}

fn id(number: u16) -> [u8; 16] {
    u128::from(number).to_be_bytes()
}

const fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

#[tokio::test]
async fn reading() {
    let (flink, job) = (recorded(), JobId(id(0xa001)));
    assert_eq!(flink.overview().await.unwrap().slots_total, 0);
    let version = flink.config().await.unwrap().flink_version;
    assert_eq!(version.to_string(), "1.18.1");
    assert_eq!(flink.job_manager_config().await.unwrap().value("rest.port"), Some("8081"));
    assert_eq!(flink.task_managers().await.unwrap().taskmanagers.len(), 1);
    assert_eq!(flink.jobs().await.unwrap().jobs, []);
    assert_eq!(flink.job(job).await.unwrap().state, JobState::Created);
    assert_eq!(flink.job_config(job).await.unwrap().id, job);
    assert_eq!(flink.checkpoints(job).await.unwrap().counts.completed, 5);
    assert!(flink.checkpoint_config(job).await.unwrap().externalization.is_retained());
    assert_eq!(flink.exceptions(job).await.unwrap().root, None);
    assert_eq!(flink.jars().await.unwrap().files, []);
    assert_eq!(flink.resource_requirements(&version, job).await.unwrap().0.len(), 2);
    let savepoint = flink.savepoint_status(job, TriggerId(id(0xb004))).await.unwrap();
    assert!(matches!(savepoint, Operation::Completed(SavepointLocation(_))));
    let checkpoint = flink.checkpoint_status(&version, job, TriggerId(id(0xb003))).await.unwrap();
    assert!(matches!(checkpoint, Operation::Completed(checkpoint) if checkpoint.id == 16));
}

#[tokio::test]
async fn acting() {
    let (flink, job) = (recorded(), JobId(id(0xa001)));
    let version: FlinkVersion = "1.18.1".parse().unwrap();
    let savepoint = |job, trigger| Savepoint {
        job: JobId(id(job)),
        trigger: TriggerId(id(trigger)),
        target_directory: String::new(),
    };
    let submitted = flink.run(&version, &Run::new("app.jar", job), seconds(60)).await;
    assert_eq!(submitted.unwrap().job, job);
    let taken = flink.savepoint(&version, &savepoint(0xa001, 0xb001), false).await;
    assert_eq!(taken.unwrap().trigger, TriggerId(id(0xb001)));
    let cancelled = flink.savepoint(&version, &savepoint(0xa002, 0xb005), true).await;
    assert_eq!(cancelled.unwrap().trigger, TriggerId(id(0xb005)));
    let stopped = flink.stop(&version, &savepoint(0xa001, 0xb004), false).await;
    assert_eq!(stopped.unwrap().trigger, TriggerId(id(0xb004)));
    let checkpoint = flink.checkpoint(&version, job, TriggerId(id(0xb003))).await;
    assert_eq!(checkpoint.unwrap().trigger, TriggerId(id(0xb003)));
    flink.cancel(JobId(id(0xa0ff))).await.unwrap();
    let both = flink.resource_requirements(&version, job).await.unwrap().0;
    let wanted = both.keys().map(|id| (*id, Parallelism { lower_bound: 1, upper_bound: 4 }));
    flink.set_resource_requirements(&version, job, &wanted.collect()).await.unwrap();
}

#[tokio::test]
async fn what_a_version_lacks_is_not_sent() {
    let nobody = tower::service_fn(|request: http::Request<Bytes>| async move {
        panic!("{} was sent", request.uri());
        #[expect(unreachable_code, reason = "tells the type of the answer")]
        Ok::<http::Response<Full<Bytes>>, BoxError>(http::Response::default())
    });
    let flink = Client::new(Transport::new(Settings::default()).over(nobody), BASE);
    let (job, trigger) = (JobId(id(1)), TriggerId(id(2)));
    let version = |text: &str| text.parse::<FlinkVersion>().unwrap();
    let told = |error: Error| {
        assert!(matches!(error, Error::Unsupported(_)), "{error:?}");
        error.to_string()
    };
    let run = Run::new("app.jar", job);
    let error = flink.run(&version("1.12.7"), &run, seconds(1)).await.unwrap_err();
    let expected = "running a jar under an id of our own needs Flink 1.13 or newer, \
        this is Flink 1.12.7";
    assert_eq!(told(error), expected);
    let error = flink.checkpoint(&version("1.16.3"), job, trigger).await.unwrap_err();
    assert!(told(error).contains("1.17"));
    let error = flink.checkpoint_status(&version("1.16.3"), job, trigger).await.unwrap_err();
    assert!(told(error).contains("1.17"));
    let error = flink.resource_requirements(&version("1.17.2"), job).await.unwrap_err();
    assert!(told(error).contains("1.18"));
    let none = [].into();
    let error = flink.set_resource_requirements(&version("1.17.2"), job, &none).await.unwrap_err();
    assert!(told(error).contains("1.18"));
}

#[tokio::test]
async fn an_address_that_makes_no_uri_is_ours() {
    let service = tower::service_fn(|_: http::Request<Bytes>| async {
        Ok::<_, BoxError>(http::Response::new(Full::<Bytes>::default()))
    });
    let client = Client::new(Transport::new(Settings::default()).over(service), "no base");
    assert!(matches!(client.jobs().await.unwrap_err(), Error::Address(_)));
}
