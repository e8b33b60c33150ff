//! Scaling in place against the simulated cluster: the same Deployments from beginning to end, and the
//! job's state goes along.

use std::collections::BTreeSet;

use flinkk8soperator_sim::http::kubernetes::faults::Fault;
use flinkk8soperator_sim::http::kubernetes::kinds::{DEPLOYMENTS, EVENTS};
use flinkk8soperator_sim::http::kubernetes::log::RequestInfo;
use flinkk8soperator_sim::world::{self, JobScheduler};
use flinkk8soperator_simulate::scene::Scene;
use http::Method;
use serde_json::{Value, json};

use crate::bench::{Bench, NAME, application, confirmed, failed, the_one_job, went_on};

/// The application with `scaleMode: InPlace`; TaskManagers have two slots each.
pub(crate) fn sized(parallelism: u32) -> Value {
    let mut application = application();
    application["spec"]["scaleMode"] = json!("InPlace");
    application["spec"]["parallelism"] = json!(parallelism);
    application
}

/// Names of the Deployments or Services that there are.
fn names(scene: &Scene, kind: &str) -> BTreeSet<String> {
    let mine = scene.objects.iter().filter(|object| object.kind == kind);
    mine.map(|object| object.name.clone()).collect()
}

fn taskmanagers(scene: &Scene) -> usize {
    let tm = |name: &String| name.contains("-tm-");
    names(scene, "Pod").iter().filter(|name| tm(name)).count()
}

/// Confirmed, labelled with another version than `before`, with so many TaskManagers.
fn scaled(scene: &Scene, before: &str, pods: usize) -> bool {
    let version = scene.application(NAME).map(|app| app.deploy_hash.clone()).unwrap_or_default();
    let labelled = scene.versions() == [version.as_str()];
    confirmed(scene) && labelled && version != before && taskmanagers(scene) == pods
}

/// What the annotation of a Deployment says of its job's parallelism.
fn annotated(bench: &Bench) -> Vec<String> {
    let store = bench.session.cluster().server().api().store();
    let text = |object: &Value| {
        let annotation = object.pointer("/metadata/annotations/flink-job-properties");
        let lines = annotation.and_then(Value::as_str).unwrap_or_default().lines();
        lines.filter(|line| line.starts_with("parallelism")).collect()
    };
    store.list(&DEPLOYMENTS, None).iter().map(|object| text(object)).collect()
}

fn version(scene: &Scene) -> String {
    scene.application(NAME).unwrap().deploy_hash.clone()
}

#[tokio::test(start_paused = true)]
async fn a_cluster_is_scaled_up_and_down_and_keeps_its_names() {
    let mut bench = Bench::start().await;
    bench.apply(&sized(2)).await;
    let scene = bench.until("it runs", confirmed).await;
    let (first, deployments) = (version(&scene), names(&scene, "Deployment"));
    let of = |hashes: &[&str]| -> BTreeSet<String> {
        let versioned = hashes.iter().map(|hash| format!("{NAME}-{hash}"));
        versioned.chain([NAME.to_owned()]).collect()
    };

    let old = the_one_job(&scene).clone();
    bench.apply(&sized(5)).await;
    let scene = bench.until("it is scaled up", |s| scaled(s, &first, 3)).await;
    went_on(&scene, &old);
    let second = version(&scene);
    assert_eq!(names(&scene, "Deployment"), deployments);
    assert_eq!(names(&scene, "Service"), of(&[&first, &second]));
    assert_eq!(annotated(&bench), ["parallelism: 5", "parallelism: 5"]);

    let old = the_one_job(&scene).clone();
    bench.apply(&sized(3)).await;
    let scene = bench.until("it is scaled down", |s| scaled(s, &second, 2)).await;
    went_on(&scene, &old);
    let third = version(&scene);
    assert_eq!(names(&scene, "Deployment"), deployments);
    assert_eq!(names(&scene, "Service"), of(&[&first, &third]), "what its pods use stays");

    let old = the_one_job(&scene).clone();
    bench.apply(&sized(2)).await;
    let scene = bench.until("it is as it was", |s| scaled(s, &third, 1)).await;
    went_on(&scene, &old);
    assert_eq!(version(&scene), first);
    assert_eq!(names(&scene, "Service"), of(&[&first]));
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn another_version_after_scaling_in_place_has_a_cluster_of_its_own() {
    let mut bench = Bench::start().await;
    bench.apply(&sized(2)).await;
    let scene = bench.until("it runs", confirmed).await;
    let first = version(&scene);
    bench.apply(&sized(4)).await;
    let scene = bench.until("it is scaled up", |s| scaled(s, &first, 2)).await;
    let (second, old) = (version(&scene), the_one_job(&scene).clone());

    let mut wrong = sized(4);
    wrong["spec"]["image"] = json!("registry.example.com/wordcount:1.1.0");
    wrong["spec"]["entryClass"] = json!("com.example.NoSuchClass");
    bench.apply(&wrong).await;
    let back =
        |s: &Scene| failed(s) && s.versions() == [second.as_str()] && s.running().count() == 1;
    let scene = bench.until("the scaled version runs again", back).await;
    went_on(&scene, &old);
    let services = names(&scene, "Service");
    assert!(services.contains(&format!("{NAME}-{first}")), "its pods use it: {services:?}");
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn a_spec_that_is_put_back_at_once_costs_the_job_nothing() {
    let mut bench = Bench::start().await;
    bench.apply(&sized(2)).await;
    let scene = bench.until("it runs", confirmed).await;
    let (first, job) = (version(&scene), the_one_job(&scene).clone());
    bench.apply(&sized(8)).await;
    bench.until("pods are added", |s| taskmanagers(s) > 1).await;
    bench.apply(&sized(2)).await;
    let rests = |s: &Scene| confirmed(s) && taskmanagers(s) == 1;
    let scene = bench.until("it is scaled back", rests).await;
    assert_eq!((version(&scene), the_one_job(&scene).id.clone()), (first, job.id));
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn a_job_on_the_adaptive_scheduler_is_scaled_without_being_stopped() {
    let adaptive = world::Settings { scheduler: JobScheduler::Adaptive, ..Default::default() };
    let mut bench = Bench::in_world(adaptive, |_| {}).await;
    bench.apply(&sized(2)).await;
    let scene = bench.until("it runs", confirmed).await;
    let (first, job) = (version(&scene), the_one_job(&scene).clone());

    bench.apply(&sized(5)).await;
    let scene = bench.until("it is scaled up", |s| scaled(s, &first, 3)).await;
    assert_eq!(the_one_job(&scene).id, job.id, "the job was started anew");
    let second = version(&scene);

    bench.apply(&sized(2)).await;
    let scene = bench.until("it is scaled down", |s| scaled(s, &second, 1)).await;
    assert_eq!((the_one_job(&scene).id.clone(), version(&scene)), (job.id, first));
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn a_scheduler_that_does_not_get_there_is_asked_to_take_it_back() {
    let in_vain = world::Settings { scheduler: JobScheduler::AdaptiveInVain, ..Default::default() };
    let mut bench = Bench::in_world(in_vain, |_| {}).await;
    bench.apply(&sized(2)).await;
    let scene = bench.until("it runs", confirmed).await;
    let (first, job) = (version(&scene), the_one_job(&scene).clone());
    bench.apply(&sized(5)).await;
    let back = |s: &Scene| failed(s) && taskmanagers(s) == 1;
    let scene = bench.until("the deploy has failed", back).await;
    assert_eq!((the_one_job(&scene).id.clone(), version(&scene)), (job.id, first));
    let message = &scene.application(NAME).unwrap().message;
    assert!(message.contains("to parallelism 5 in time: 4 of 10 tasks run"), "{message}");
    let bounds = |world: &world::World| -> Vec<(u32, u32)> {
        let jobs = world.jobmanagers().flat_map(|(_, jobmanager)| &jobmanager.jobs);
        jobs.map(|job| job.bounds).collect()
    };
    assert_eq!(bench.session.cluster().look(bounds), [(1, 2)]);
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_may_not_be_changed_is_told_and_asked_for_again() {
    let mut bench = Bench::start().await;
    bench.apply(&sized(2)).await;
    let scene = bench.until("it runs", confirmed).await;
    let first = version(&scene);
    let forbidden = |request: &RequestInfo| match request.resource.as_str() {
        "deployments" if request.method == Method::PATCH => Fault::RespondWith(403),
        _ => Fault::Pass,
    };
    bench.session.cluster().server().api().set_faults(forbidden);
    bench.apply(&sized(4)).await;
    let api = bench.session.cluster().server().api().clone();
    let is_told = move |_: &Scene| {
        let events = api.store().list(&EVENTS, None);
        events.iter().any(|event| event["reason"] == "ClusterScaleUpFailed")
    };
    let scene = bench.until("the refusal is told", is_told).await;
    assert_eq!(
        (taskmanagers(&scene), scene.application(NAME).unwrap().phase.as_str()),
        (1, "Rescaling")
    );
    bench.session.cluster().server().api().set_faults(|_: &RequestInfo| Fault::Pass);
    bench.until("it is scaled up", |s| scaled(s, &first, 2)).await;
    bench.sound();
}
