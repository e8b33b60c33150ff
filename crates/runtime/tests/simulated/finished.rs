//! A job that comes to its end by itself: it is not run again, and what is told of its cluster stays true. One that
//! a person stops is not over and done with.

use std::time::Duration;

use flinkk8soperator_sim::http::kubernetes::kinds::Resource;
use flinkk8soperator_sim::world::{self, Latencies, Mishap, RunId, World};
use flinkk8soperator_simulate::scene::Scene;
use serde_json::{Value, json};

use crate::bench::{Bench, NAME, NAMESPACE, alone, application, confirmed, with_class, with_image};

fn finished(scene: &Scene) -> bool {
    let app = scene.application(NAME);
    confirmed(scene) && app.is_some_and(|app| app.message == "the job has finished")
}

/// A member of the status.
fn status(bench: &Bench, pointer: &str) -> Value {
    let api = bench.session.cluster().server().api();
    let applications = Resource::new("flink.k8s.io", "flinkapplications");
    let object = api.store().get(&applications, NAMESPACE, NAME).unwrap();
    object["status"].pointer(pointer).cloned().unwrap_or_default()
}

/// `status.clusterStatus.health`.
fn cluster_health(bench: &Bench) -> Value {
    status(bench, "/clusterStatus/health")
}

/// Waits until the cluster's health is told as this.
async fn becomes(bench: &Bench, health: &str) {
    for _ in 0..120 {
        if cluster_health(bench) == health {
            return;
        }
        bench.rest(Duration::from_secs(1)).await;
    }
    panic!("never told {health}, but {}", cluster_health(bench));
}

#[tokio::test(start_paused = true)]
async fn a_finished_job_is_not_run_again_and_its_cluster_is_looked_at() {
    let mut bench = Bench::start().await;
    bench.apply(&with_class("1.0.0", "com.example.Bounded")).await;
    let scene = bench.until("the job has finished", finished).await;
    assert_eq!(cluster_health(&bench), json!("Green"));
    let first = scene.jobs.clone();
    assert_eq!(first.len(), 1);

    bench.session.cluster().with_world(|world: &mut World| {
        let (pod, _) = world.jobmanagers().next().unwrap();
        let uid = pod.uid;
        world.befall(Mishap::PodLost(uid));
    });
    for health in ["Red", "Green"] {
        becomes(&bench, health).await;
    }
    let scene = Scene::of(bench.session.cluster());
    assert!(finished(&scene), "{scene:#?}");
    assert_eq!(scene.jobs.len(), 1, "it ran again: {:#?}", scene.jobs);
    bench.sound();
}

/// That it has ended is read from `GET /jobs`. Its details come from a cache, in which it still runs, and
/// nobody asks for them again.
#[tokio::test(start_paused = true)]
async fn a_job_that_finishes_soon_is_not_told_as_running() {
    for finishes in [500, 1500, 2500, 3500, 4500] {
        let latencies = Latencies { finishes, ..Latencies::default() };
        let mut bench = Bench::in_time(latencies, world::Settings::default(), |_| {}).await;
        bench.apply(&with_class("1.0.0", "com.example.Bounded")).await;
        bench.until("the job has finished", finished).await;
        bench.rest(Duration::from_secs(60)).await;
        assert_eq!(status(&bench, "/jobStatus/state"), json!("FINISHED"), "{finishes} ms");
        assert_eq!(status(&bench, "/jobStatus/runningTasks"), json!(0), "{finishes} ms");
        bench.sound();
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_spec_after_a_finished_job_starts_without_state() {
    let mut bench = Bench::start().await;
    bench.apply(&with_class("1.0.0", "com.example.Bounded")).await;
    bench.until("the job has finished", finished).await;
    bench.apply(&with_image("1.1.0")).await;
    let over = |scene: &Scene| confirmed(scene) && alone(scene) && scene.running().count() == 1;
    let scene = bench.until("the new spec runs", over).await;
    assert_eq!(scene.jobs.len(), 2);
    assert_eq!(scene.jobs[1].restored_from, None);
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn a_job_that_a_person_stops_has_not_finished_and_the_next_version_goes_on_from_it() {
    let mut bench = Bench::start().await;
    bench.apply(&application()).await;
    bench.until("it runs", |scene| confirmed(scene) && scene.running().count() == 1).await;
    bench.session.cluster().with_world(|world: &mut World| {
        world.befall(Mishap::PersonStops(RunId(0)));
    });
    let told = |scene: &Scene| {
        let app = scene.application(NAME);
        app.is_some_and(|app| app.message.starts_with("the job was stopped by someone, with"))
    };
    bench.until("it is told", told).await;
    bench.rest(Duration::from_secs(60)).await;
    let scene = Scene::of(bench.session.cluster());
    assert!(told(&scene) && scene.jobs.len() == 1, "it is left as the person wanted: {scene:#?}");

    bench.apply(&with_image("1.1.0")).await;
    let over = |scene: &Scene| confirmed(scene) && alone(scene) && scene.running().count() == 1;
    let scene = bench.until("the next version runs", over).await;
    let from = scene.jobs[1].restored_from.as_deref().unwrap_or_default();
    assert!(from.starts_with("file:///a-persons/"), "{scene:#?}");
    bench.sound();
}
