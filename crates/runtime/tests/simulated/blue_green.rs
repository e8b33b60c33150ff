//! Mode BlueGreen: a new version comes up beside the old one, under an address of its own, and the user
//! names the one that goes.

use flinkk8soperator_sim::http::kubernetes::kinds::{INGRESSES, Resource, SERVICES};
use flinkk8soperator_simulate::scene::Scene;
use serde_json::{Value, json};

use crate::bench::{
    Bench, NAME, NAMESPACE, alone, confirmed, gone, the_one_job, with_class, with_image,
};

fn blue_green(mut application: Value) -> Value {
    application["spec"]["deploymentMode"] = json!("BlueGreen");
    application
}

fn without(mut application: Value, hash: &str) -> Value {
    application["spec"]["tearDownVersionHash"] = json!(hash);
    application
}

/// With two versions running, and their hashes, the older one first.
pub(crate) async fn two_running() -> (Bench, [String; 2]) {
    let format = "{{$jobCluster}}.flink.example.com".to_owned();
    let mut bench =
        Bench::with(|settings| settings.rendering.config.ingress_url_format = format).await;
    bench.apply(&blue_green(with_image("1.0.0"))).await;
    bench.until("the first version is confirmed", confirmed).await;
    bench.apply(&blue_green(with_image("2.0.0"))).await;
    let both = |scene: &Scene| {
        let running = scene.running().count() == 2;
        running
            && scene.application(NAME).is_some_and(|app| app.phase == "DualRunning" && app.ready)
    };
    bench.until("both versions run", both).await;
    let hash = |n: usize| version(&bench, n)["versionHash"].as_str().unwrap().to_owned();
    let hashes = [hash(0), hash(1)];
    (bench, hashes)
}

fn object(bench: &Bench, kind: &Resource, name: &str) -> Option<Value> {
    bench.session.cluster().server().api().store().get(kind, NAMESPACE, name).map(|o| (*o).clone())
}

fn status(bench: &Bench) -> Value {
    object(bench, &Resource::new("flink.k8s.io", "flinkapplications"), NAME).unwrap()["status"]
        .clone()
}

fn version(bench: &Bench, n: usize) -> Value {
    status(bench)["versionStatuses"][n].clone()
}

/// Which of the two colours have a Service, and an Ingress.
fn addresses(bench: &Bench) -> [[bool; 2]; 2] {
    let there =
        |kind: &Resource, colour: &str| object(bench, kind, &format!("{NAME}-{colour}")).is_some();
    ["green", "blue"].map(|colour| [there(&SERVICES, colour), there(&INGRESSES, colour)])
}

#[tokio::test(start_paused = true)]
async fn both_versions_are_told_each_with_its_colour_its_cluster_and_its_job() {
    let (mut bench, [older, newer]) = two_running().await;
    let status = status(&bench);
    assert_eq!(status["deployHash"], json!(older));
    assert_eq!(status["updatingHash"], json!(newer));
    assert_eq!(
        (&status["deployVersion"], &status["updatingVersion"]),
        (&json!("green"), &json!("blue"))
    );
    assert_eq!(status["deploymentMode"], json!("BlueGreen"));
    for (n, colour) in ["green", "blue"].into_iter().enumerate() {
        let version = version(&bench, n);
        assert_eq!(version["appVersion"], json!(colour));
        assert_eq!(version["jobStatus"]["state"], json!("RUNNING"), "{version:#}");
        assert_eq!(version["clusterStatus"]["numberOfTaskSlots"], json!(2), "{version:#}");
        let url = version["clusterStatus"]["clusterOverviewURL"].as_str().unwrap();
        let host = format!("{NAME}-{colour}.flink.example.com");
        assert!(url.starts_with(&host), "{url}");
        let ingress = object(&bench, &INGRESSES, &format!("{NAME}-{colour}")).unwrap();
        assert_eq!(ingress["spec"]["rules"][0]["host"], json!(host));
    }
    let jobs = [0, 1].map(|n| version(&bench, n)["jobStatus"]["jobID"].clone());
    assert_ne!(jobs[0], jobs[1]);
    assert_eq!(addresses(&bench), [[true; 2]; 2]);
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn the_older_one_goes_with_its_address_and_the_next_takes_its_colour() {
    let (mut bench, [older, newer]) = two_running().await;
    bench.apply(&without(blue_green(with_image("2.0.0")), &older)).await;
    let scene = bench.until("one version is left", |s| confirmed(s) && alone(s)).await;
    assert_eq!(the_one_job(&scene).hash, newer);
    assert_eq!(addresses(&bench), [[false; 2], [true; 2]]);
    assert_eq!(status(&bench)["deployVersion"], json!("blue"));
    bench.apply(&without(blue_green(with_image("3.0.0")), &older)).await;
    bench.until("two run again", |s| s.running().count() == 2 && confirmed(s)).await;
    assert_eq!(version(&bench, 1)["appVersion"], json!("green"));
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn the_newer_one_goes_and_is_not_deployed_again() {
    let (mut bench, [older, newer]) = two_running().await;
    bench.apply(&without(blue_green(with_image("2.0.0")), &newer)).await;
    let scene = bench.until("one version is left", |s| confirmed(s) && alone(s)).await;
    assert_eq!(the_one_job(&scene).hash, older);
    assert_eq!(addresses(&bench), [[true; 2], [false; 2]]);
    bench.rest(std::time::Duration::from_secs(600)).await;
    let scene = bench.until("nothing else happened", |s| confirmed(s) && alone(s)).await;
    assert_eq!(the_one_job(&scene).hash, older);
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn a_version_that_fails_leaves_the_running_one_alone() {
    let mut bench = Bench::start().await;
    bench.apply(&blue_green(with_image("1.0.0"))).await;
    let scene = bench.until("the first version is confirmed", confirmed).await;
    let job = the_one_job(&scene).id.clone();
    bench.apply(&blue_green(with_class("2.0.0", "com.example.NoSuchClass"))).await;
    let failed = |scene: &Scene| crate::bench::failed(scene) && alone(scene);
    let scene = bench.until("the deploy failed", failed).await;
    assert_eq!(the_one_job(&scene).id, job, "the running job was never touched");
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn two_running_versions_leave_a_savepoint_each() {
    let (mut bench, _) = two_running().await;
    bench.delete().await;
    let scene = bench.until("it is gone", gone).await;
    let saved = scene.jobs.iter().filter(|job| job.state == "stopped with a savepoint").count();
    assert_eq!(saved, 2, "{:#?}", scene.jobs);
    bench.sound();
}
