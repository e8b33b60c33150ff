//! `simulate --world`: what becomes of what the reference operator has left behind.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod recordings;

use std::time::Duration;

use flinkk8soperator_runtime::config::{Sources, load};
use flinkk8soperator_simulate::trial::{self, Report, Trial};
use flinkk8soperator_simulate::view::silent::Silent;
use flinkk8soperator_simulate::world::Recorded;
use recordings::{WORLDS, document, world};
use serde_json::{Value, json};

/// Ten minutes of the operator in a world.
fn simulate(recorded: Recorded) -> Report {
    let configuration = recorded.configuration.clone();
    let sources = Sources { recorded: configuration, ..Sources::default() };
    let settings = load(&sources).unwrap().settings;
    let lasts = Some(Duration::from_secs(600));
    let trial = Trial { files: Vec::new(), world: Some(recorded), settings, lasts, hold: false };
    trial::run(&trial, &mut Silent).unwrap()
}

#[test]
fn today_the_operator_writes_the_status_and_nothing_else() {
    for name in WORLDS {
        let report = simulate(world(name));
        assert!(report.good, "{name}: {:#?}", report.broken);
        assert!(report.simulated_seconds >= 600.0, "{name}");
        assert_eq!(report.flink_requests, [], "{name}");
        let wrote = |resource: &str| report.writes.iter().any(|w| w.resource == resource);
        assert!(wrote("flinkapplications/status"), "{name}: {:#?}", report.writes);
        let others = report.writes.iter().filter(|write| {
            !["flinkapplications/status", "events"].contains(&write.resource.as_str())
        });
        assert_eq!(others.collect::<Vec<_>>(), Vec::<&_>::new(), "{name}");
    }
}

#[test]
fn what_runs_runs_on_and_what_ends_ends() {
    let state = |name: &str| {
        let report = simulate(world(name));
        let states: Vec<&str> = report.end.jobs.iter().map(|job| job.state).collect();
        let last = report.end.jobs.last().map(|job| job.consumed);
        (states, last.unwrap_or(0))
    };
    // 106 checkpoints were told, and another one comes every ten seconds.
    let (states, consumed) = state("update-cancelling");
    assert_eq!((states, consumed > 160), (vec!["running"], true));
    // The reference operator cancels with a savepoint; it was number 127, and covers what came before.
    let (states, consumed) = state("update-savepoint-in-progress");
    assert_eq!((states, consumed), (vec!["stopped with a savepoint"], 127));
    // But not where another version is to run beside it.
    assert_eq!(state("bluegreen-savepoint-in-progress").0, ["running"]);
    assert_eq!(state("bounded-job-finished-in-submitting").0, ["finished by itself"]);
    assert_eq!(state("first-deploy-job-opening").0, ["running"]);
    // The one that was restored came later, though Flink lists it first.
    assert_eq!(state("deploy-failed-rolled-back").0, ["stopped with a savepoint", "running"]);
}

#[test]
fn the_report_tells_what_a_job_was_restored_from() {
    let report = simulate(world("running-after-in-place-scale-up"));
    let from = |n: usize| report.end.jobs[n].restored_from.as_deref();
    assert_eq!(from(0), None);
    assert_eq!(from(1), Some("file:/state/savepoints/savepoint-eba71b-7fb36131d3fa"));
    assert_eq!(report.end.jobs[1].begins_at, report.end.jobs[0].consumed);
    let phases: Vec<&str> = report.history.iter().map(|entry| entry.text.as_str()).collect();
    assert!(phases.contains(&"Running"), "{phases:#?}");
}

#[test]
fn a_world_in_which_something_is_wrong_is_no_good() {
    let mut document = document("bluegreen-dual-running");
    document["application"]["spec"]["deploymentMode"] = json!("Dual");
    let report = simulate(Recorded::parse("it", &document.to_string()).unwrap());
    assert!(!report.good);
    assert!(report.broken[0].starts_with("at most one job"), "{:#?}", report.broken);
}

/// The words for a file in which this was done to a recorded world.
fn refused(change: impl FnOnce(&mut Value)) -> String {
    let mut document = document("update-cancelling");
    change(&mut document);
    Recorded::parse("w.json", &document.to_string()).unwrap_err().to_string()
}

fn remove(document: &mut Value, parent: &str, member: &str) {
    let parent = document.pointer_mut(parent).unwrap();
    parent.as_object_mut().unwrap().remove(member).unwrap();
}

#[test]
fn a_file_that_is_wrong_is_refused_by_the_name_of_what_is_wrong() {
    let error = Recorded::parse("w.json", "{").unwrap_err();
    assert_eq!(error.to_string(), "w.json is not JSON");
    let missing = |parent: &str, member: &str| refused(|world| remove(world, parent, member));
    for member in ["recorded_at", "application", "deployments", "services", "pods", "flink"] {
        assert_eq!(missing("", member), format!("w.json: {member} is missing"));
    }
    assert_eq!(missing("/pods/2/metadata", "uid"), "w.json: pods[2].metadata.uid is missing");
    let answers = "/flink/nosave-e91d1bdf";
    let overview = "w.json: flink.nosave-e91d1bdf[\"GET /overview\"] is missing";
    assert_eq!(missing(answers, "GET /overview"), overview);
    let job = "GET /jobs/4cc1bc0dc5bea19cd7a880c0b4ec0f1c";
    let details = format!("w.json: flink.nosave-e91d1bdf[{job:?}] is missing");
    assert_eq!(missing(answers, job), details);
}

#[test]
fn a_file_that_does_not_fit_together_is_refused() {
    let wrong = |at: &str, value: Value| refused(|world| *world.pointer_mut(at).unwrap() = value);
    assert_eq!(wrong("/recorded_at", json!("now")), "w.json: recorded_at is not a time (RFC 3339)");
    let unknown = "w.json: pods[1] is a pod of an unknown Deployment: ";
    let labels = wrong("/pods/1/metadata/labels", json!({ "flink-app": "nosave" }));
    assert!(labels.starts_with(unknown), "{labels}");
    let name = wrong("/deployments/0/metadata/name", json!("stranger"));
    assert!(name.contains("deployments[0].metadata.name is not of the form"), "{name}");
    let services = wrong("/services", json!([]));
    let unknown = "w.json: flink.nosave-a5ac081b are the answers behind an unknown Service";
    assert_eq!(services, unknown);
    let jobs = json!([{ "id": "1", "status": "SUSPENDED" }]);
    let state = wrong("/flink/nosave-a5ac081b/GET ~1jobs/body/jobs", jobs);
    assert!(state.ends_with("is not a state of a job that can be simulated: SUSPENDED"), "{state}");
}
