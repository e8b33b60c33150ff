//! `preflight --dump`: what was recorded behind the reference operator, opened in the simulated cluster, is
//! read from it as it was recorded; and what was read can be opened again.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

#[path = "../../simulate/tests/recordings/answers.rs"]
mod answers;
#[path = "../../simulate/tests/recordings/opened.rs"]
mod opened;
#[path = "../../simulate/tests/recordings/mod.rs"]
mod recordings;

use std::error::Error;
use std::fs;

use answers::{asked_last, completed, essence, excepted};
use flinkk8soperator_preflight::dump;
use flinkk8soperator_preflight::read::{ReadError, Reader};
use flinkk8soperator_sim::http::cluster::Cluster;
use flinkk8soperator_sim::http::kubernetes::faults::Fault;
use flinkk8soperator_sim::http::kubernetes::kinds::PODS;
use flinkk8soperator_sim::http::kubernetes::log::RequestInfo;
use flinkk8soperator_sim::http::kubernetes::meta;
use flinkk8soperator_simulate::world::Recorded;
use http::Method;
use opened::open;
use recordings::{WORLDS, document};
use serde_json::{Value, json};

fn reader(cluster: &Cluster) -> Reader {
    Reader::new(kube::Client::new(cluster.server().api().clone(), "default"))
}

async fn read(cluster: &Cluster, recorded: &Value) -> Result<dump::World, ReadError> {
    let application = &recorded["application"];
    let config = recorded["operator_config"].clone();
    let (namespace, name) = (meta::namespace(application), meta::name(application));
    dump::read(&reader(cluster), namespace, name, config).await
}

async fn dumped(cluster: &Cluster, recorded: &Value) -> Value {
    serde_json::to_value(read(cluster, recorded).await.unwrap()).unwrap()
}

/// An object as far as the simulated API server keeps it: versions count anew.
fn kept(object: &Value) -> Value {
    let mut object = object.clone();
    object["metadata"].as_object_mut().unwrap().remove("resourceVersion");
    // Status and owner of what lives are the simulated cluster's.
    if ["Pod", "Deployment"].contains(&meta::text(&object, "/kind")) {
        object.as_object_mut().unwrap().remove("status");
        object["metadata"].as_object_mut().unwrap().remove("ownerReferences");
    }
    object
}

fn all_kept(objects: &Value) -> Vec<Value> {
    let mut objects: Vec<Value> = objects.as_array().into_iter().flatten().map(kept).collect();
    objects.sort_by_key(|object| meta::name(object).to_owned());
    objects
}

#[tokio::test(start_paused = true)]
async fn objects_are_dumped_as_they_were_recorded() {
    for name in WORLDS {
        let (cluster, recorded) = (open(name).await, document(name));
        let dump = dumped(&cluster, &recorded).await;
        assert_eq!(kept(&dump["application"]), kept(&recorded["application"]), "{name}");
        assert_eq!(dump["operator_config"], recorded["operator_config"], "{name}");
        for kind in ["deployments", "services", "ingresses", "pods", "configmaps"] {
            assert_eq!(all_kept(&dump[kind]), all_kept(&recorded[kind]), "{name}: {kind}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn flinks_answers_are_dumped_as_they_were_recorded() {
    let mut compared = 0;
    for name in WORLDS {
        let (cluster, recorded) = (open(name).await, document(name));
        let dump = dumped(&cluster, &recorded).await;
        let services = |world: &Value| -> Vec<String> {
            world["flink"].as_object().unwrap().keys().cloned().collect()
        };
        assert_eq!(services(&dump), services(&recorded), "{name}");
        for (service, _, answers) in asked_last(&recorded) {
            let found = &dump["flink"][service];
            for (request, answer) in answers.as_object().unwrap() {
                assert_eq!(found[request]["status"], answer["status"], "{name}: {request}");
                let path = request.strip_prefix("GET ").unwrap();
                if answer["status"] == 200 && !excepted(name, path) {
                    let (found, answer) = (&found[request]["body"], &answer["body"]);
                    assert_eq!(essence(path, found), essence(path, answer), "{name}: {request}");
                    assert!(completed(found).is_superset(&completed(answer)), "{name}: {request}");
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 200, "only {compared} answers were compared");
}

#[tokio::test(start_paused = true)]
async fn a_dump_can_be_opened_and_dumped_again() {
    for name in WORLDS {
        let (cluster, recorded) = (open(name).await, document(name));
        let mut first = dumped(&cluster, &recorded).await;
        // The simulated cluster's time is that of the recording.
        first["recorded_at"] = recorded["recorded_at"].clone();
        let world = Recorded::parse(name, &first.to_string()).unwrap_or_else(|e| panic!("{e}"));
        let cluster = opened::with(world).await;
        assert_eq!(cluster.violations(), [], "{name}");
        let second = dumped(&cluster, &recorded).await;
        for kind in ["deployments", "services", "ingresses", "pods", "configmaps"] {
            assert_eq!(all_kept(&second[kind]), all_kept(&first[kind]), "{name}: {kind}");
        }
        for (service, answers) in first["flink"].as_object().unwrap() {
            for (request, answer) in answers.as_object().unwrap() {
                let found = &second["flink"][service][request];
                assert_eq!(found["status"], answer["status"], "{name}: {request}");
                let path = request.strip_prefix("GET ").unwrap();
                if answer["status"] == 200 && !excepted(name, path) {
                    let of = |answer: &Value| essence(path, &answer["body"]);
                    assert_eq!(of(found), of(answer), "{name}: {request}");
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_asked_for_but_by_get() {
    let cluster = open("ha-kubernetes-running").await;
    cluster.server().api().log().clear();
    dumped(&cluster, &document("ha-kubernetes-running")).await;
    let entries = cluster.server().api().log().entries();
    assert!(entries.len() > 10 && entries.iter().all(|e| e.request.method == Method::GET));
}

#[tokio::test(start_paused = true)]
async fn of_a_pod_nothing_is_told_that_the_format_does_not_name() {
    let (cluster, recorded) =
        (open("first-deploy-running").await, document("first-deploy-running"));
    let stored = cluster.server().api().store().list(&PODS, None);
    let mut pod = Value::clone(&stored[0]);
    pod["spec"]["volumes"] = json!([{ "name": "secret" }]);
    cluster.server().api().store().put(&PODS, pod);
    let dump = dumped(&cluster, &recorded).await;
    let specs = |world: &Value| -> Vec<Value> {
        all_kept(&world["pods"]).iter().map(|pod| pod["spec"].clone()).collect()
    };
    assert_eq!(specs(&dump), specs(&recorded));
}

/// The words for a world of which this cannot be read.
async fn without(resource: &'static str, status: u16) -> String {
    let cluster = open("ha-kubernetes-running").await;
    cluster.server().api().set_faults(move |request: &RequestInfo| {
        let struck = request.qualified_resource() == resource;
        if struck { Fault::RespondWith(status) } else { Fault::Pass }
    });
    let error = read(&cluster, &document("ha-kubernetes-running")).await.unwrap_err();
    assert!(error.source().is_some(), "{error:?}");
    error.to_string()
}

#[tokio::test(start_paused = true)]
async fn a_right_that_is_missing_is_named() {
    let rows = [
        ("flinkapplications", "get flinkapplications.flink.k8s.io"),
        ("deployments", "list deployments.apps"),
        ("services", "list services"),
        ("ingresses", "list ingresses.networking.k8s.io"),
        ("pods", "list pods"),
        ("configmaps", "list configmaps"),
        ("services/proxy", "get services/proxy"),
    ];
    for (resource, right) in rows {
        let words = without(resource, 403).await;
        let right = format!("the right to {right} in namespace team-a is missing");
        assert!(words.ends_with(&right), "{words}");
    }
    assert_eq!(without("pods", 500).await, "cannot read pods in namespace team-a");
    let proxied = without("services/proxy", 429).await;
    assert!(proxied.starts_with("cannot read /overview of Service ha-running-"), "{proxied}");
}

#[tokio::test(start_paused = true)]
async fn a_flink_that_does_not_answer_is_told_and_asked_for_nothing_else() {
    let cluster = open("first-deploy-running").await;
    cluster.server().api().set_faults(|request: &RequestInfo| match request.subresource {
        "proxy" => Fault::AnswerWith(502, "words".to_owned()),
        _ => Fault::Pass,
    });
    let dump = dumped(&cluster, &document("first-deploy-running")).await;
    let told = json!({ "GET /overview": { "status": 502, "body": "words" } });
    assert_eq!(dump["flink"], json!({ "first-running-4c871267": told }));
    // One that takes for ever has given no answer, either.
    cluster.server().api().set_faults(|request: &RequestInfo| match request.subresource {
        "proxy" => Fault::Hold(Default::default()),
        _ => Fault::Pass,
    });
    let dump = dumped(&cluster, &document("first-deploy-running")).await;
    let overview = &dump["flink"]["first-running-4c871267"]["GET /overview"];
    assert_eq!(overview["status"], json!(504));
}

#[tokio::test(start_paused = true)]
async fn a_file_is_there_whole_or_as_it_was() {
    let cluster = open("first-deploy-running").await;
    let world = read(&cluster, &document("first-deploy-running")).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("world.json");
    fs::write(&path, "before").unwrap();
    dump::write(&path, &world).unwrap();
    Recorded::read(&path).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    let nowhere = folder.path().join("nowhere/world.json");
    let error = dump::write(&nowhere, &world).unwrap_err();
    assert!(error.to_string().starts_with("cannot write "), "{error}");
}
