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

/// What the operator wrote besides statuses and events: the verb and the resource.
fn written(report: &Report) -> Vec<String> {
    let told = ["flinkapplications/status", "events"];
    let others = report.writes.iter().filter(|write| !told.contains(&write.resource.as_str()));
    others.map(|write| format!("{} {}", write.verb, write.resource)).collect()
}

/// The worlds in which nothing was under way, as far as can be told: the phase that each comes to, and how many versions are kept.
const AT_REST: [(&str, &str, usize); 11] = [
    ("bluegreen-after-teardown", "Running", 1),
    ("bluegreen-dual-running", "DualRunning", 2),
    ("bluegreen-first-running", "Running", 1),
    ("deploy-failed-no-checkpoint", "DeployFailed", 1),
    ("deploy-failed-rolled-back", "DeployFailed", 1),
    ("first-deploy-running", "Running", 1),
    ("ha-kubernetes-running", "Running", 1),
    ("running-after-in-place-scale-up", "Running", 1),
    ("running-after-update", "Running", 1),
    ("running-last-applied-changed", "Running", 1),
    ("running-status-lost", "Running", 1),
];

#[test]
fn what_was_at_rest_is_taken_over_and_not_touched() {
    for (name, phase, versions) in AT_REST {
        let report = simulate(world(name));
        assert!(report.good, "{name}: {:#?}", report.broken);
        assert_eq!(report.flink_requests, [], "{name}");
        let revisions = vec!["create controllerrevisions".to_owned(); versions];
        assert_eq!(written(&report), revisions, "{name}");
        let told = &report.end.applications[0];
        assert_eq!(told.phase, phase, "{name}: {} {}", told.reason, told.message);
        assert_eq!(told.reason, if phase == "DeployFailed" { phase } else { "Running" }, "{name}");
    }
}

/// Untidy statuses: what earlier deploys and errors have left in them, and what the reference operator had not come to
/// write. (`null` takes a member away.)
#[test]
fn what_is_left_over_in_a_status_at_rest_means_nothing() {
    let savepoint = json!({
        "savepointPath": "s3://state/of-an-earlier-deploy",
        "savepointTriggerId": "e8f62e0470261a35da8d85290cf01d9f",
    });
    // Its CRD prunes the time (defect A1).
    let error = json!({ "retryCount": 3, "lastSeenError": { "appError": "GetJobs call failed", "isRetryable": true } });
    let hashes = json!({ "updatingHash": "0badcafe", "rollbackHash": "0badcafe", "teardownHash": "0badcafe" });
    let no_mode = json!({ "deploymentMode": null });
    let empty_mode = json!({ "deploymentMode": "" });
    let half = [
        json!({ "deployVersion": null }),
        json!({ "updatingVersion": null }),
        json!({ "deployVersion": "", "updatingVersion": "" }),
    ];
    let [green, blue, none] = &half;
    for (name, untidy) in [
        ("running-after-update", &savepoint),
        ("running-after-update", &error),
        ("running-after-update", &hashes),
        ("running-after-update", &empty_mode),
        ("running-after-in-place-scale-up", &savepoint),
        ("deploy-failed-rolled-back", &savepoint),
        ("deploy-failed-rolled-back", &error),
        ("bluegreen-first-running", &no_mode),
        ("bluegreen-first-running", &empty_mode),
        ("bluegreen-first-running", green),
        ("bluegreen-first-running", blue),
        ("bluegreen-first-running", none),
        ("bluegreen-first-running", &savepoint),
        ("bluegreen-after-teardown", none),
        ("bluegreen-dual-running", &savepoint),
        ("bluegreen-dual-running", green),
        ("bluegreen-dual-running", blue),
        ("bluegreen-dual-running", none),
    ] {
        let report = changed(name, |app| {
            for (member, value) in untidy.as_object().unwrap() {
                app["status"][member] = value.clone();
            }
            app["status"].as_object_mut().unwrap().retain(|_, value| !value.is_null());
        });
        assert_eq!(report.flink_requests, [], "{name} {untidy}");
        let at_rest = AT_REST.iter().find(|(of, ..)| *of == name).unwrap();
        let revisions = vec!["create controllerrevisions".to_owned(); at_rest.2];
        assert_eq!(written(&report), revisions, "{name} {untidy}");
        let told = &report.end.applications[0];
        assert_eq!(told.phase, at_rest.1, "{name} {untidy}: {} {}", told.reason, told.message);
    }
}

/// An edit that nobody has seen is deployed like any other.
#[test]
fn an_edit_made_while_no_operator_ran_is_deployed() {
    let name = "running-edited-while-operator-dead";
    let report = simulate(world(name));
    assert!(report.good, "{name}: {:#?}", report.broken);
    let created = |what: &str| written(&report).iter().filter(|w| *w == what).count();
    let objects = ["create controllerrevisions", "create deployments", "create services"];
    assert_eq!(objects.map(created), [2, 2, 1], "{:#?}", written(&report));
    let [before, after] = report.end.jobs.as_slice() else { panic!("{:#?}", report.end.jobs) };
    assert_eq!([before.state, after.state], ["stopped with a savepoint", "running"]);
    assert_eq!(after.begins_at, before.consumed, "from its very end");
    let asked: Vec<&str> = report.flink_requests.iter().map(|r| r.path.as_str()).collect();
    assert_eq!(asked.iter().filter(|path| path.ends_with("/stop")).count(), 1, "{asked:?}");
}

/// A recorded world in which this was done to the application.
fn changed(name: &str, change: impl FnOnce(&mut Value)) -> Report {
    let mut document = document(name);
    change(&mut document["application"]);
    let report = simulate(Recorded::parse("it", &document.to_string()).unwrap());
    assert!(report.good, "{name}: {:#?}", report.broken);
    report
}

#[test]
fn a_deploy_that_fails_goes_back_onto_the_cluster_that_was_taken_over() {
    let report = changed("first-deploy-running", |app| app["spec"]["entryClass"] = json!("NoSuch"));
    let told = &report.end.applications[0];
    assert_eq!(told.phase, "DeployFailed", "{}: {}", told.reason, told.message);
    let [before, after] = report.end.jobs.as_slice() else { panic!("{:#?}", report.end.jobs) };
    assert_eq!([before.state, after.state], ["stopped with a savepoint", "running"]);
    assert_eq!((&before.hash, before.incarnation), (&after.hash, after.incarnation));
    assert_eq!(after.begins_at, before.consumed, "from its very end");
}

#[test]
fn an_application_that_was_taken_over_is_deleted_with_a_final_savepoint() {
    let report = changed("first-deploy-running", |app| {
        app["metadata"]["deletionTimestamp"] = json!("2026-11-22T12:20:00Z");
    });
    let states: Vec<&str> = report.end.jobs.iter().map(|job| job.state).collect();
    assert_eq!(states, ["stopped with a savepoint"]);
    assert!(report.end.applications.is_empty(), "{:#?}", report.end.applications);
}

#[test]
fn a_job_whose_id_the_status_has_lost_is_the_one_that_runs() {
    for id in [json!(null), json!(""), json!("0123456789abcdef0123456789abcdef")] {
        let report = changed("first-deploy-running", |app| {
            app["status"]["jobStatus"]["jobID"] = id.clone();
        });
        let told = &report.end.applications[0];
        assert_eq!((told.phase.as_str(), told.reason.as_str()), ("Running", "Running"), "{id}");
        assert_eq!(told.job_id, "869b41838d406b45ef825a0e938dd463", "{id}");
        assert_eq!(report.flink_requests, [], "{id}");
    }
}

#[test]
fn what_cannot_be_told_waits_until_the_spec_is_put_back() {
    let mut document = document("first-deploy-running");
    document["application"]["spec"]["entryClass"] = json!("Another");
    let image = "/deployments/0/spec/template/spec/containers/0/image";
    *document.pointer_mut(image).unwrap() = json!("patched:by-hand");
    let report = simulate(Recorded::parse("it", &document.to_string()).unwrap());
    let told = &report.end.applications[0];
    assert_eq!(told.reason, "AdoptionHashMismatch", "{}", told.message);
    assert_eq!((written(&report), report.flink_requests), (vec![], vec![]));
    assert_eq!(told.phase, "Running", "as the reference operator wrote it");
}

/// The worlds in which something was under way that goes on: the phase that each comes to (none: it is gone), what
/// is asked of Flink on the way, and the jobs in the end.
const GOES_ON: [(&str, &str, &[&str], &[&str]); 15] = [
    ("bluegreen-savepoint-in-progress", "DualRunning", &["run"], &["running", "running"]),
    ("bounded-job-finished-in-submitting", "Running", &[], &["finished by itself"]),
    ("deleting-finished-job", "", &[], &["finished by itself"]),
    ("deleting-savepoint-in-progress", "", &[], &["stopped with a savepoint"]),
    ("first-deploy-cluster-starting", "Running", &["run"], &["running"]),
    ("first-deploy-job-opening", "Running", &[], &["running"]),
    ("first-deploy-submit-answer-lost", "Running", &[], &["running"]),
    ("rescaling-in-place", "Running", &["stop", "run"], STOPPED_AND_STARTED),
    ("update-cancelling", "Running", &["cancel", "run"], &["cancelled", "running"]),
    ("update-cluster-starting", "Running", &["stop", "run"], STOPPED_AND_STARTED),
    ("update-recovering", "Running", &["stop", "run"], STOPPED_AND_STARTED),
    ("update-rolling-back", "DeployFailed", &["run"], STOPPED_AND_STARTED),
    ("update-savepoint-in-progress", "Running", &["run"], STOPPED_AND_STARTED),
    ("update-savepoint-not-triggered", "Running", &["stop", "run"], STOPPED_AND_STARTED),
    ("update-savepoint-trigger-lost", "Running", &["run"], STOPPED_AND_STARTED),
];

const STOPPED_AND_STARTED: &[&str] = &["stopped with a savepoint", "running"];

/// What was asked of Flink, in a word each.
fn asked(report: &Report) -> Vec<&str> {
    let word = |request: &'static str, path: &str| path.contains(request).then_some(request);
    let requests = report.flink_requests.iter();
    requests
        .map(|r| {
            let known = ["stop", "run", "savepoints"].into_iter().find_map(|w| word(w, &r.path));
            known.unwrap_or(if r.method == "PATCH" { "cancel" } else { r.path.as_str() })
        })
        .collect()
}

#[test]
fn what_was_under_way_goes_on() {
    for (name, phase, requests, states) in GOES_ON {
        let report = simulate(world(name));
        assert!(report.good, "{name}: {:#?}", report.broken);
        let told = report.end.applications.first();
        assert_eq!(told.map_or("", |told| told.phase.as_str()), phase, "{name}: {told:#?}");
        assert_eq!(asked(&report), requests, "{name}");
        let jobs: Vec<&str> = report.end.jobs.iter().map(|job| job.state).collect();
        assert_eq!(jobs, states, "{name}");
        if let [before, after] = report.end.jobs.as_slice()
            && before.state == "stopped with a savepoint"
        {
            assert_eq!(after.begins_at, before.consumed, "{name}: from its very end");
        }
        let made = written(&report).iter().filter(|w| *w == "create deployments").count();
        assert_eq!(made, 0, "{name}: {:#?}", written(&report));
    }
}

/// The TaskManagers were asked for, and the cluster bears both names already.
#[test]
fn what_was_being_scaled_in_place_stays_in_its_cluster() {
    let report = simulate(world("rescaling-in-place"));
    let revisions =
        ["create", "create", "delete"].map(|verb| format!("{verb} controllerrevisions"));
    assert_eq!(written(&report), revisions);
    let [before, after] = report.end.jobs.as_slice() else { panic!("{:#?}", report.end.jobs) };
    assert_eq!([before.incarnation, after.incarnation], [1, 1]);
    let told = &report.end.applications[0];
    assert_eq!(told.reason, "Running", "{}", told.message);
}

/// Under its names, and with a Service more whose pods are those that the reference operator's Service has.
#[test]
fn a_cluster_that_was_taken_over_is_scaled_in_place() {
    let report = changed("first-deploy-running", |app| {
        app["spec"]["scaleMode"] = json!("InPlace");
        app["spec"]["parallelism"] = json!(4);
    });
    let [before, after] = report.end.jobs.as_slice() else { panic!("{:#?}", report.end.jobs) };
    assert_eq!([before.incarnation, after.incarnation], [1, 1]);
    assert_eq!(after.begins_at, before.consumed, "from its very end");
    let told = &report.end.applications[0];
    assert_eq!((told.phase.as_str(), told.reason.as_str()), ("Running", "Running"), "{told:#?}");
    let count = |what: &str| written(&report).iter().filter(|w| *w == what).count();
    let objects =
        ["create deployments", "create services", "delete deployments", "delete services"];
    assert_eq!(objects.map(count), [0, 1, 0, 0], "{:#?}", written(&report));
    // The TaskManagers, then both Deployments' label.
    assert_eq!(count("patch deployments"), 3, "{:#?}", written(&report));
}

/// What runs is taken over first, and what it has come to is saved.
#[test]
fn a_deletion_saves_the_job_of_an_application_whose_status_is_lost() {
    let report = changed("running-status-lost", |app| {
        app["metadata"]["deletionTimestamp"] = json!("2026-11-22T12:30:00Z");
    });
    assert_eq!(asked(&report), ["stop"]);
    let states: Vec<&str> = report.end.jobs.iter().map(|job| job.state).collect();
    assert_eq!(states, ["stopped with a savepoint"]);
    assert_eq!(report.end.applications.len(), 0);
}

/// The savepoint of the deployed job serves the third version.
#[test]
fn an_edit_made_in_the_middle_of_a_deploy_goes_on_from_the_savepoint_of_that() {
    let report = simulate(world("update-edited-while-savepointing"));
    assert!(report.good, "{:#?}", report.broken);
    assert_eq!(asked(&report), ["run"]);
    let [before, after] = report.end.jobs.as_slice() else { panic!("{:#?}", report.end.jobs) };
    assert_eq!([before.state, after.state], ["stopped with a savepoint", "running"]);
    assert_eq!(after.begins_at, before.consumed, "from its very end");
}

/// No job runs and none has ever run in the new cluster: its JobManager was restarted, but before anything could be
/// sent to it. A submission may still be on its way there, so that it gives way to another one.
#[test]
fn a_submission_that_never_came_is_made_from_the_savepoint_of_the_deploy() {
    let report = simulate(world("update-submit-not-sent"));
    assert!(report.good, "{:#?}", report.broken);
    assert_eq!(asked(&report), ["run"]);
    let [before, after] = report.end.jobs.as_slice() else { panic!("{:#?}", report.end.jobs) };
    assert_eq!([before.state, after.state], ["stopped with a savepoint", "running"]);
    assert_eq!(after.begins_at, before.consumed, "from its very end");
    let told = &report.end.applications[0];
    assert_eq!((told.phase.as_str(), told.reason.as_str()), ("Running", "Running"), "{told:#?}");
}

const FAILING: &str = "/application/status/lastSeenError";
const BEGAN: &str = "/pods/0/status/containerStatuses/0/state/running/startedAt";
const RESTARTS: &str = "/pods/0/status/containerStatuses/0/restartCount";
const CREATED: &str = "/pods/0/metadata/creationTimestamp";

/// The world of a submission that was not sent, with something else in it.
fn not_sent(changes: &[(&str, Value)]) -> Report {
    let mut document = document("update-submit-not-sent");
    for (what, value) in changes {
        let (within, member) = what.rsplit_once('/').unwrap();
        document.pointer_mut(within).unwrap()[member] = value.clone();
    }
    let report = simulate(Recorded::parse("it", &document.to_string()).unwrap());
    assert!(report.good, "{changes:?}: {:#?}", report.broken);
    report
}

/// The JobManager is the one that was made with the cluster, and was never restarted: whatever has failed, a job
/// would be there.
#[test]
fn a_submission_to_the_first_process_of_a_cluster_never_came_if_that_knows_none() {
    let report = not_sent(&[(FAILING, failure()), (RESTARTS, json!(0))]);
    assert_eq!(asked(&report), ["run"]);
    assert_eq!(report.end.applications[0].reason, "Running");
}

fn failure() -> Value {
    json!({ "appError": "SubmitJob failed" })
}

/// Where nothing tells whether a job has run in the new cluster, a person says what the next one starts from.
#[test]
fn a_submission_that_may_have_come_is_not_made_again() {
    let in_anothers_place =
        [(FAILING, failure()), (RESTARTS, json!(0)), (CREATED, json!("2026-11-22T12:20:40Z"))];
    let restarted_since = [(BEGAN, json!("2026-11-22T12:27:00Z"))];
    let earlier_attempts = [(FAILING, failure())];
    for what in [&in_anothers_place[..], &restarted_since, &earlier_attempts] {
        let report = not_sent(what);
        assert!(report.simulated_seconds >= 600.0, "{what:?}");
        assert_eq!(report.flink_requests, [], "{what:?}");
        let told = &report.end.applications[0];
        assert_eq!(told.reason, "RestorePointUnproven", "{what:?}: {}", told.message);
        assert!(told.unblocked_by.is_some(), "{what:?}: {}", told.message);
        let revision = |what: &String| what == "create controllerrevisions";
        assert!(written(&report).iter().all(revision), "{what:?}: {:#?}", written(&report));
    }
}

#[test]
fn every_recorded_world_is_tried() {
    let mut tried = vec![
        "running-edited-while-operator-dead",
        "update-edited-while-savepointing",
        "update-submit-not-sent",
    ];
    tried.extend(AT_REST.map(|(name, ..)| name));
    tried.extend(GOES_ON.map(|(name, ..)| name));
    tried.sort_unstable();
    assert_eq!(tried, WORLDS);
}

#[test]
fn what_runs_runs_on_and_what_ends_ends() {
    // In a phase that the operator does not know it does nothing.
    let state = |name: &str| {
        let report = changed(name, |app| app["status"]["phase"] = json!("Invented"));
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
