//! A cluster that is opened with a recorded world is that world: nothing in it is wrong by itself, and its
//! Flink answers what was recorded. No operator runs here, and time stands still.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

#[path = "recordings/answers.rs"]
mod answers;
#[path = "recordings/opened.rs"]
mod opened;
mod recordings;

use std::collections::BTreeSet;

use answers::{asked_last, completed, essence, excepted};
use flinkk8soperator_sim::http::cluster::Cluster;
use flinkk8soperator_sim::http::kubernetes::kinds::{
    CONFIG_MAPS, CONTROLLER_REVISIONS, DEPLOYMENTS, INGRESSES, PODS, Resource, SERVICES,
};
use flinkk8soperator_sim::http::kubernetes::meta;
use flinkk8soperator_simulate::scene::APPLICATIONS;
use opened::{open, settle};
use recordings::{WORLDS, document};
use serde_json::{Value, json};

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
