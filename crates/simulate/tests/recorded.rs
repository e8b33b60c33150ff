//! A cluster that is opened with a recorded world is that world: nothing in it is wrong by itself, and its
//! Flink answers what was recorded. No operator runs here, and time stands still.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod recordings;

use std::collections::BTreeSet;
use std::sync::Arc;

use flinkk8soperator_sim::http::cluster::{Cluster, ClusterConfig};
use flinkk8soperator_sim::http::kubernetes::kinds::{
    CONFIG_MAPS, CONTROLLER_REVISIONS, DEPLOYMENTS, INGRESSES, PODS, Resource, SERVICES,
};
use flinkk8soperator_sim::http::kubernetes::meta;
use flinkk8soperator_sim::http::kubernetes::server::ServerConfig;
use flinkk8soperator_sim::http::kubernetes::store::{DEFAULT_HISTORY, StoreConfig};
use flinkk8soperator_sim::world::Latencies;
use flinkk8soperator_simulate::scene::APPLICATIONS;
use recordings::{WORLDS, document, world};
use serde_json::{Value, json};

/// At most so many turns of everything that lives in a cluster are waited for.
const TURNS: usize = 100;

async fn open(name: &str) -> Cluster {
    let recorded = world(name);
    let at = i64::try_from(recorded.at).unwrap();
    let store = StoreConfig { clock: Arc::new(move || at), seed: 1, history: DEFAULT_HISTORY };
    let definitions = vec![serde_json::to_value(flinkk8soperator_api::crd()).unwrap()];
    let server = ServerConfig { store, definitions, ..ServerConfig::default() };
    let (settings, latencies) = (recorded.settings, Latencies::default());
    let config = ClusterConfig { server, settings, latencies };
    let cluster = Cluster::open(config, Some(&recorded.objects)).await.unwrap();
    settle().await;
    cluster
}

/// Lets the garbage collector and the world see what stands there.
async fn settle() {
    for _ in 0..TURNS {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn every_world_opens_with_its_objects_and_without_a_violation() {
    for name in WORLDS {
        let (cluster, document) = (open(name).await, document(name));
        assert_eq!(cluster.violations(), [], "{name}");
        let identity = |object: &Value| {
            ["name", "uid", "creationTimestamp", "deletionTimestamp", "generation"]
                .map(|field| object["metadata"][field].clone())
        };
        let compare = |resource: &Resource, recorded: Vec<&Value>| {
            let stored = cluster.server().api().store().list(resource, None);
            let stored: Vec<_> = stored.iter().map(|object| identity(object)).collect();
            let mut recorded: Vec<_> = recorded.into_iter().map(identity).collect();
            recorded.sort_by_key(|object| object[0].to_string());
            assert_eq!(stored, recorded, "{name}: {}", resource.plural);
        };
        compare(&APPLICATIONS, vec![&document["application"]]);
        for (resource, member) in [
            (DEPLOYMENTS, "deployments"),
            (PODS, "pods"),
            (SERVICES, "services"),
            (INGRESSES, "ingresses"),
            (CONFIG_MAPS, "configmaps"),
        ] {
            let recorded = document[member].as_array().into_iter().flatten();
            compare(&resource, recorded.collect());
        }
    }
}

/// What a pod's Flink answers: the status, and the body of a good answer.
async fn ask(cluster: &Cluster, pod: &Value, path: &str) -> (u64, Value) {
    let client = kube::Client::new(cluster.server().api().clone(), "default");
    let (namespace, name) = (meta::namespace(pod), meta::name(pod));
    let uri = format!("/api/v1/namespaces/{namespace}/pods/{name}:8081/proxy{path}");
    let request = http::Request::get(uri).body(kube::client::Body::empty()).unwrap();
    let answer = client.send(request).await.unwrap();
    let status = u64::from(answer.status().as_u16());
    let body = answer.into_body().collect_bytes().await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

/// The JobManager's pod behind a Service.
fn behind(document: &Value, service: &str) -> Value {
    let mut services = document["services"].as_array().unwrap().iter();
    let service = services.find(|s| s["metadata"]["name"] == service).unwrap();
    let selector = service["spec"]["selector"].as_object().unwrap();
    let selected = |pod: &&Value| {
        let labels = &pod["metadata"]["labels"];
        selector.iter().all(|(name, value)| labels[name] == *value)
    };
    document["pods"].as_array().unwrap().iter().find(selected).unwrap().clone()
}

/// Of the Services that reach one cluster the one that was asked last.
fn asked_last(document: &Value) -> Vec<(&String, Value, &Value)> {
    let now = |answers: &Value| {
        let all = answers.as_object().unwrap().values();
        all.filter_map(|answer| answer["body"]["now"].as_u64()).max()
    };
    let all = document["flink"].as_object().unwrap().iter();
    let all: Vec<_> = all.map(|(name, a)| (name, behind(document, name), a)).collect();
    let later = |one: &&(&String, Value, &Value)| {
        all.iter().all(|other| other.1 != one.1 || now(other.2) <= now(one.2))
    };
    all.iter().filter(later).cloned().collect()
}

/// What is compared of an answer.
fn essence(request: &str, body: &Value) -> Value {
    let parts: Vec<&str> = request.trim_start_matches('/').split('/').collect();
    let pick = |value: &Value, names: &[&str]| -> Value {
        names.iter().map(|name| value.pointer(&format!("/{name}")).cloned()).collect()
    };
    match parts.as_slice() {
        ["overview"] => pick(body, &["taskmanagers", "slots-total", "slots-available"]),
        ["config"] => {
            let version = meta::text(body, "/flink-version");
            let (version, _) = version.rsplit_once('.').unwrap();
            json!([body["refresh-interval"], version, body["features"]["web-rescale"]])
        }
        ["taskmanagers"] => {
            let all = body["taskmanagers"].as_array().unwrap().iter();
            all.map(|t| pick(t, &["slotsNumber", "freeSlots"])).collect()
        }
        ["jobs"] => {
            let jobs = body["jobs"].as_array().unwrap().iter();
            let jobs: BTreeSet<String> = jobs.map(ToString::to_string).collect();
            jobs.into_iter().collect()
        }
        ["jobs", _] => {
            let tasks = body["vertices"].as_array().unwrap().iter();
            let tasks = tasks.filter_map(|vertex| vertex["parallelism"].as_u64()).max();
            json!([pick(body, &["jid", "state", "end-time"]), tasks])
        }
        ["jobs", _, "checkpoints", "config"] => {
            pick(body, &["externalization/enabled", "externalization/delete_on_cancellation"])
        }
        ["jobs", _, "checkpoints"] => {
            let told = ["id", "checkpoint_type", "is_savepoint", "external_path", "discarded"];
            let restored = ["id", "is_savepoint", "external_path", "restore_timestamp"];
            let latest = |name: &str, of: &[&str]| match &body["latest"][name] {
                Value::Null => Value::Null,
                entry => pick(entry, of),
            };
            json!([
                body["counts"]["restored"],
                latest("completed", &told),
                latest("savepoint", &told),
                latest("restored", &restored),
            ])
        }
        ["jobs", _, "savepoints", _] => {
            let failed = body.pointer("/operation/failure-cause").is_some();
            let location = body.pointer("/operation/location");
            json!([body["status"]["id"], location, failed])
        }
        _ => panic!("{request} is not compared"),
    }
}

/// Entries of the history that are completed, whether one is there besides or not.
fn completed(body: &Value) -> BTreeSet<String> {
    let all = body["history"].as_array().into_iter().flatten();
    let completed = all.filter(|entry| entry["status"] == "COMPLETED");
    completed.map(|e| json!([e["id"], e["external_path"], e["discarded"]]).to_string()).collect()
}

/// Where the world does otherwise, and why.
fn excepted(world: &str, request: &str) -> bool {
    // Tasks that are still being brought up hold no slot yet in the simulated Flink.
    world == "first-deploy-job-opening" && ["/overview", "/taskmanagers"].contains(&request)
}

#[tokio::test(start_paused = true)]
async fn flink_answers_what_was_recorded() {
    let mut compared = 0;
    for name in WORLDS {
        let (cluster, document) = (open(name).await, document(name));
        for (_, pod, answers) in asked_last(&document) {
            for (request, recorded) in answers.as_object().unwrap() {
                let path = request.strip_prefix("GET ").unwrap();
                let (status, body) = ask(&cluster, &pod, path).await;
                assert_eq!(json!(status), recorded["status"], "{name}: {request}");
                if status == 200 && !excepted(name, path) {
                    let recorded = &recorded["body"];
                    let told = (essence(path, &body), essence(path, recorded));
                    assert_eq!(told.0, told.1, "{name}: {request}");
                    assert!(
                        completed(&body).is_superset(&completed(recorded)),
                        "{name}: {request}"
                    );
                    compared += 1;
                }
            }
        }
    }
    // Every JobManager that answered was asked for its jobs, and nearly every one has some.
    assert!(compared > 200, "only {compared} answers were compared");
}

#[tokio::test(start_paused = true)]
async fn a_revision_of_the_version_that_stands_claims_its_cluster() {
    let cluster = open("update-cancelling").await;
    let revision = |hash: &str, incarnation: u32| {
        json!({
            "metadata": {
                "name": format!("nosave-{hash}-{incarnation}"), "namespace": "team-b",
                "labels": {
                    "flink-app": "nosave", "flink-app-hash": hash,
                    "flink-app-incarnation": incarnation.to_string(),
                },
            },
            "data": { "application": { "spec": { "parallelism": 2 } } }, "revision": 1,
        })
    };
    let store = |object: Value| {
        cluster.server().api().store().put(&CONTROLLER_REVISIONS, object);
    };
    let numbers = || {
        cluster.look(|world| {
            let revisions = world.revisions.iter();
            revisions.map(|r| (r.cluster.incarnation, r.spec.hash)).collect::<BTreeSet<_>>()
        })
    };
    let (old, new) = ((1, 0xe91d_1bdf), (2, 0xa5ac_081b));
    assert_eq!(numbers(), [old, new].into());
    // Two that stand, by whatever incarnations; and one that does not, numbered after them.
    store(revision("a5ac081b", 1));
    store(revision("e91d1bdf", 2));
    store(revision("00c0ffee", 3));
    settle().await;
    assert_eq!(numbers().len(), 3);
    assert!(numbers().is_superset(&[old, new].into()) && numbers().iter().any(|n| n.0 == 2 + 3));
    cluster.server().api().store().remove(&CONTROLLER_REVISIONS, "team-b", "nosave-a5ac081b-1");
    settle().await;
    assert!(numbers().contains(&old) && !numbers().contains(&new));
}
