//! The operator's stories against the simulated cluster, in virtual time: what becomes of the job is
//! read from the simulated world, not from what the operator says.

use std::time::Duration;

use flinkk8soperator_sim::http::kubernetes::faults::Fault;
use flinkk8soperator_sim::http::kubernetes::kinds::DEPLOYMENTS;
use flinkk8soperator_sim::http::kubernetes::log::RequestInfo;
use flinkk8soperator_sim::http::kubernetes::route::Verb;
use flinkk8soperator_simulate::scene::Scene;
use serde_json::json;

use crate::bench::{
    Bench, NAME, NAMESPACE, alone, application, confirmed, failed, gone, stood, the_one_job,
    went_on, with_class, with_image,
};

#[tokio::test(start_paused = true)]
async fn an_application_is_deployed() {
    let (mut bench, job) = Bench::deployed().await;
    assert_eq!(job.restored_from, None);
    let scene = bench.until("it runs", confirmed).await;
    assert_eq!(scene.application(NAME).unwrap().job_id, job.id);
    assert_eq!(scene.versions().len(), 1);
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn a_job_whose_class_the_jar_names_asks_for_a_device_and_gets_it() {
    let mut bench = Bench::start().await;
    let mut wanted = application();
    wanted["spec"].as_object_mut().unwrap().remove("entryClass");
    wanted["spec"]["securityContext"] = json!({ "seccompProfile": { "type": "RuntimeDefault" } });
    wanted["spec"]["taskManagerConfig"]["resources"] =
        json!({ "requests": { "nvidia.com/gpu": 1 }, "limits": { "nvidia.com/gpu": 1 } });
    bench.apply(&wanted).await;
    let scene = bench.until("it is confirmed", confirmed).await;
    assert_eq!(scene.running().count(), 1);
    let name = format!("{NAME}-{}-tm", scene.versions()[0]);
    let api = bench.session.cluster().server().api().clone();
    let deployment = api.store().get(&DEPLOYMENTS, NAMESPACE, &name).unwrap();
    let pod = &deployment["spec"]["template"]["spec"];
    assert_eq!(pod["containers"][0]["resources"]["limits"]["nvidia.com/gpu"], "1", "{pod}");
    assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault", "{pod}");
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn an_update_goes_on_from_the_savepoint_on_a_new_cluster_and_the_old_one_goes() {
    let (mut bench, old) = Bench::deployed().await;
    bench.apply(&with_image("1.1.0")).await;
    let scene = bench.until("the update is confirmed", |s| updated(s, &old.hash)).await;
    went_on(&scene, &old);
    assert_eq!(scene.versions(), [the_one_job(&scene).hash.as_str()]);
    let service =
        scene.objects.iter().find(|o| (o.kind.as_str(), o.name.as_str()) == ("Service", NAME));
    let leads_to = format!("leads to {NAME}-{}-jm", the_one_job(&scene).hash);
    assert_eq!(service.unwrap().state, leads_to, "the Service was not switched");
    bench.sound();
}

/// Confirmed, on another version than `before`, which has no objects any more.
fn updated(scene: &Scene, before: &str) -> bool {
    confirmed(scene) && alone(scene) && scene.versions() != [before]
}

#[tokio::test(start_paused = true)]
async fn an_image_that_is_missing_never_stops_the_job_and_a_good_spec_cures_it() {
    let (mut bench, old) = Bench::deployed().await;
    bench.apply(&with_image("missing")).await;
    let words = |s: &Scene| {
        let error = s.application(NAME).and_then(|app| app.last_error.clone());
        error.is_some_and(|error| error.contains("ImagePullBackOff: Back-off pulling image"))
    };
    let scene = bench.until("the status has the kubelet's words", words).await;
    assert_eq!(scene.application(NAME).unwrap().phase, "ClusterStarting", "told only at the end");
    let scene = bench.until("the deploy has failed", |s| failed(s) && alone(s)).await;
    assert!(words(&scene));
    assert_eq!(the_one_job(&scene).id, old.id);
    assert_eq!(scene.jobs.len(), 1, "something else was submitted");
    bench.apply(&with_image("1.2.0")).await;
    let scene = bench.until("the cure is confirmed", |s| updated(s, &old.hash)).await;
    went_on(&scene, &old);
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn a_creation_that_is_refused_for_good_stands_in_the_status_and_ends_the_deploy() {
    for (code, words) in [(403, "answered 403"), (422, "answered 422")] {
        let (mut bench, old) = Bench::deployed().await;
        let refused = move |request: &RequestInfo| {
            let creation = request.verb == Verb::Create && request.resource == "deployments";
            if creation { Fault::RespondWith(code) } else { Fault::Pass }
        };
        bench.session.cluster().server().api().set_faults(refused);
        bench.apply(&with_image("1.1.0")).await;
        let begun = bench.session.clock().elapsed();
        let told = |scene: &Scene| {
            let app = scene.application(NAME);
            app.is_some_and(|app| app.last_error.clone().is_some_and(|e| e.contains(words)))
        };
        let scene = bench.until("the status has the API server's words", told).await;
        let app = scene.application(NAME).unwrap();
        assert_eq!((app.phase.as_str(), app.reason.as_str()), ("ClusterStarting", "PodTrouble"));
        assert!(app.message.contains(words), "{}", app.message);
        let scene = bench.until("the deploy has failed", |s| failed(s) && alone(s)).await;
        let took = bench.session.clock().elapsed() - begun;
        assert!(took < Duration::from_secs(120), "it took {took:?}, not the grace of 60 s");
        assert!(told(&scene));
        assert_eq!(the_one_job(&scene).id, old.id);
        bench.session.cluster().server().api().set_faults(|_: &RequestInfo| Fault::Pass);
        bench.apply(&with_image("1.2.0")).await;
        let scene = bench.until("the cure is confirmed", |s| updated(s, &old.hash)).await;
        went_on(&scene, &old);
        bench.sound();
    }
}

#[tokio::test(start_paused = true)]
async fn a_class_that_is_missing_is_rolled_back_through_the_savepoint() {
    let (mut bench, old) = Bench::deployed().await;
    bench.apply(&with_class("1.1.0", "com.example.NoSuchClass")).await;
    let back = |s: &Scene| failed(s) && alone(s) && s.running().count() == 1;
    let scene = bench.until("the old version runs again", back).await;
    went_on(&scene, &old);
    assert_eq!(the_one_job(&scene).hash, old.hash);
    let error = scene.application(NAME).unwrap().last_error.clone().unwrap();
    assert!(error.contains("com.example.NoSuchClass"), "{error}");
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn a_deletion_takes_a_last_savepoint_and_leaves_nothing() {
    let (mut bench, old) = Bench::deployed().await;
    bench.delete().await;
    let scene = bench.until("everything is gone", gone).await;
    assert_eq!(stood(&scene, &old).state, "stopped with a savepoint");
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn an_application_that_is_deleted_before_it_runs_goes_too() {
    let mut bench = Bench::start().await;
    bench.apply(&application()).await;
    bench.until("it has begun", |s| !s.versions().is_empty()).await;
    bench.delete().await;
    bench.until("everything is gone", gone).await;
    bench.sound();
}
