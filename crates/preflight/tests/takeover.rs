//! `preflight`: what our operator would do with what the reference operator left, and with what is new or its own.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

#[path = "../../simulate/tests/recordings/opened.rs"]
mod opened;
#[path = "../../simulate/tests/recordings/mod.rs"]
mod recordings;

use flinkk8soperator_preflight::dump::{self, World};
use flinkk8soperator_preflight::read::Reader;
use flinkk8soperator_preflight::takeover::{self, Application, Outcome};
use flinkk8soperator_runtime::Settings;
use flinkk8soperator_sim::http::cluster::Cluster;
use flinkk8soperator_simulate::world::Recorded;
use opened::{open, with};
use recordings::{WORLDS, document};
use serde_json::{Value, json};

/// What is read of the only application of a cluster.
fn read(cluster: impl Future<Output = Cluster>) -> World {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let cluster = cluster.await;
        let reader = Reader::new(kube::Client::new(cluster.server().api().clone(), "default"));
        let listed = takeover::applications(&reader, None).await.unwrap();
        let [(namespace, name)] = listed.as_slice() else { panic!("{listed:?}") };
        dump::read(&reader, namespace, name, json!({})).await.unwrap()
    })
}

fn tried(cluster: impl Future<Output = Cluster>) -> Application {
    takeover::tried(&read(cluster), &Settings::default())
}

#[test]
fn of_what_the_reference_operator_left_is_told_what_becomes_of_it() {
    let outcome = |name: &str| match name {
        "running-edited-while-operator-dead" => "Redeployed",
        "bluegreen-after-teardown"
        | "bluegreen-dual-running"
        | "bluegreen-first-running"
        | "deploy-failed-no-checkpoint"
        | "deploy-failed-rolled-back"
        | "first-deploy-running"
        | "ha-kubernetes-running"
        | "running-after-in-place-scale-up"
        | "running-after-update"
        | "running-last-applied-changed" => "Unchanged",
        // Something is under way, or, without a status, may be.
        _ => "Continued",
    };
    for name in WORLDS {
        // As long after what the reference operator last wrote as when it was recorded.
        let recorded_at = document(name)["recorded_at"].as_str().unwrap().to_owned();
        let world = World { recorded_at, ..read(open(name)) };
        let app = takeover::tried(&world, &Settings::default());
        let told = match &app.outcome {
            Outcome::Unchanged => "Unchanged",
            Outcome::Redeployed { .. } => "Redeployed",
            Outcome::Continued { .. } => "Continued",
            _ => panic!("{name}: {app:#?}"),
        };
        assert_eq!(told, outcome(name), "{name}: {app:#?}");
        assert!(app.computed_hash.is_some(), "{name}: {app:#?}");
        let deployed = document(name)["application"]["status"]["deployHash"].clone();
        assert_eq!(app.deployed_hash, deployed.as_str().unwrap_or_default(), "{name}");
    }
}

#[test]
fn what_waits_for_a_person_is_told_with_its_cure() {
    let mut document = document("update-submit-not-sent");
    document["application"]["status"]["lastSeenError"] = json!({ "appError": "SubmitJob failed" });
    let app = tried(with(Recorded::parse("it", &document.to_string()).unwrap()));
    let Outcome::Stalled { reason, cure, .. } = &app.outcome else { panic!("{app:#?}") };
    assert_eq!(reason, "RestorePointUnproven");
    assert!(cure.as_ref().is_some_and(|cure| cure.contains("restore")), "{app:#?}");
}

/// Nothing of it stands.
fn of_an_application(edit: impl FnOnce(&mut Value)) -> impl Future<Output = Cluster> {
    let mut document = document("first-deploy-running");
    let application = document["application"].as_object_mut().unwrap();
    application.remove("status");
    for kind in ["deployments", "services", "ingresses", "pods"] {
        document[kind] = json!([]);
    }
    document["application"]["metadata"].as_object_mut().unwrap().remove("finalizers");
    document["flink"] = json!({});
    edit(&mut document["application"]);
    with(Recorded::parse("the world", &document.to_string()).unwrap())
}

#[test]
fn a_new_application_is_deployed() {
    let app = tried(of_an_application(|_| ()));
    assert_eq!(app.outcome, Outcome::Continued { to: "Running".to_owned() }, "{app:#?}");
    assert_eq!((app.phase.as_str(), app.deployed_hash.as_str()), ("", ""));
}

#[test]
fn one_of_our_own_is_left_alone() {
    let app = tried(of_an_application(|app| {
        app["status"] = json!({ "phase": "Running", "machine": { "format": 1 } });
    }));
    assert_eq!(app.outcome, Outcome::Ours);
}
