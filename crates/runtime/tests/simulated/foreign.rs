//! A person submits a job to a cluster of an application: nothing is submitted beside it, and what
//! becomes of it is the user's choice.

use std::time::Duration;

use flinkk8soperator_sim::world::{Mishap, PERSONS_JOB, World};
use flinkk8soperator_simulate::scene::Scene;
use serde_json::{Value, json};

use crate::bench::{
    Bench, NAME, alone, application, confirmed, stood, the_one_job, went_on, with_class, with_image,
};

/// With the operator not there, in this phase, the person submits the job to the oldest cluster.
async fn submitted_by_hand(bench: &mut Bench, phase: &str) {
    bench.until(phase, |scene| scene.application(NAME).is_some_and(|a| a.phase == phase)).await;
    bench.session.kill_operator().await.unwrap();
    bench.rest(Duration::from_secs(60)).await;
    bench.session.cluster().with_world(|world: &mut World| {
        let oldest = world.jobmanagers().next().map(|(pod, _)| pod.process()).unwrap();
        world.befall(Mishap::PersonSubmits(oldest));
    });
    bench.session.start_operator().unwrap();
    let what = "it is stalled by the job";
    let stalled = |scene: &Scene| {
        scene.application(NAME).is_some_and(|a| a.stalled && a.message.contains(&id()))
    };
    bench.until(what, stalled).await;
}

fn id() -> String {
    format!("{:032x}", PERSONS_JOB.0)
}

fn deciding(mut application: Value, action: &str) -> Value {
    application["spec"]["foreignJob"] = json!({ "id": id(), "action": action });
    application
}

#[tokio::test(start_paused = true)]
async fn a_job_submitted_by_hand_is_adopted_if_the_user_says_so() {
    let mut bench = Bench::start().await;
    bench.apply(&application()).await;
    submitted_by_hand(&mut bench, "ClusterStarting").await;
    bench.apply(&deciding(application(), "Adopt")).await;
    let scene = bench.until("it is the application's", confirmed).await;
    let adopted = the_one_job(&scene).clone();
    assert_eq!(adopted.id, id());

    bench.apply(&with_image("1.1.0")).await;
    let over = |scene: &Scene| confirmed(scene) && the_one_job(scene).id != id() && alone(scene);
    let scene = bench.until("the next version goes on from it", over).await;
    went_on(&scene, &adopted);
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn a_job_submitted_by_hand_is_cancelled_if_the_user_says_so() {
    let mut bench = Bench::start().await;
    bench.apply(&application()).await;
    submitted_by_hand(&mut bench, "ClusterStarting").await;
    bench.apply(&deciding(application(), "Cancel")).await;
    let scene = bench.until("the application's own runs", confirmed).await;
    assert_ne!(the_one_job(&scene).id, id());
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn a_rollback_that_such_a_job_is_in_the_way_of_is_cured_by_a_new_spec() {
    let (mut bench, old) = Bench::deployed().await;
    bench.apply(&with_class("1.1.0", "com.example.NoSuchClass")).await;
    submitted_by_hand(&mut bench, "SubmittingJob").await;
    bench.apply(&with_image("1.2.0")).await;
    let over = |scene: &Scene| confirmed(scene) && alone(scene) && !stood(scene, &old).runs;
    let scene = bench.until("the new spec is deployed", over).await;
    went_on(&scene, &old);
    assert_ne!(the_one_job(&scene).hash, old.hash);
    bench.sound();
}
