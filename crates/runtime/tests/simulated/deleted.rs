//! Objects of an application that someone deletes.

use std::time::Duration;

use flinkk8soperator_sim::http::kubernetes::kinds::Resource;
use flinkk8soperator_sim::world::{Mishap, World};
use flinkk8soperator_simulate::scene::Scene;
use serde_json::{Value, json};

use crate::bench::{
    Bench, NAME, NAMESPACE, alone, application, confirmed, gone, the_one_job, went_on, with_image,
};

/// Someone deletes every object of a kind in the application's namespace. How many there were.
fn delete_all(bench: &Bench, resource: &Resource) -> usize {
    let api = bench.session.cluster().server().api();
    let mut store = api.store();
    let names: Vec<String> = store
        .list(resource, Some(NAMESPACE))
        .iter()
        .filter_map(|object| Some(object["metadata"]["name"].as_str()?.to_owned()))
        .collect();
    names.iter().filter(|name| store.remove(resource, NAMESPACE, name).is_some()).count()
}

fn deployments() -> Resource {
    Resource::new("apps", "deployments")
}

#[tokio::test(start_paused = true)]
async fn a_version_whose_revision_is_gone_is_replaced_all_the_same() {
    let (mut bench, old) = Bench::deployed().await;
    // A process that has read it before remembers it.
    bench.session.kill_operator().await.unwrap();
    assert_eq!(delete_all(&bench, &Resource::new("apps", "controllerrevisions")), 1);
    // The world is to know that it was not the operator.
    bench.session.cluster().with_world(|world: &mut World| {
        let revision = world.revisions[0].uid;
        world.befall(Mishap::ObjectDeleted(revision));
    });
    bench.session.start_operator().unwrap();
    bench.apply(&with_image("2.0.0")).await;
    let replaced =
        |scene: &Scene| confirmed(scene) && alone(scene) && scene.versions() != [old.hash.as_str()];
    let scene = bench.until("another version is confirmed", replaced).await;
    went_on(&scene, &old);
    assert_ne!(the_one_job(&scene).hash, old.hash);
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn a_deletion_whose_cluster_goes_with_it_does_not_wait_for_its_deadline() {
    let (mut bench, _) = Bench::deployed().await;
    let begun = bench.session.clock().elapsed();
    // As the deletion of a namespace does: everything at once.
    bench.delete().await;
    assert_eq!(delete_all(&bench, &deployments()), 2);
    bench.until("the application is gone", gone).await;
    let took = bench.session.clock().elapsed() - begun;
    assert!(took < Duration::from_secs(60), "it took {took:?}\n{}", bench.told());
}

#[tokio::test(start_paused = true)]
async fn deployments_that_someone_deletes_come_back() {
    let (mut bench, _) = Bench::deployed().await;
    assert_eq!(delete_all(&bench, &deployments()), 2);
    let there = |bench: &Bench| {
        bench.session.cluster().server().api().store().list(&deployments(), Some(NAMESPACE)).len()
    };
    assert_eq!(there(&bench), 0);
    bench.rest(Duration::from_secs(30)).await;
    assert_eq!(there(&bench), 2, "{}", bench.told());
}

/// Someone deletes the objects of the clusters, and the status is gone: as from a backup of the namespace.
pub(crate) async fn deployed_and_forgotten() -> Bench {
    let (mut bench, _) = Bench::deployed().await;
    bench.session.kill_operator().await.unwrap();
    // The world is to know that it was not the operator.
    bench.session.cluster().with_world(|world: &mut World| {
        let deployments: Vec<_> = world.deployments.iter().map(|d| d.uid).collect();
        deployments.into_iter().for_each(|uid| world.befall(Mishap::ObjectDeleted(uid)));
    });
    assert_eq!(delete_all(&bench, &deployments()), 2);
    assert_eq!(delete_all(&bench, &Resource::new("", "services")), 2);
    bench.until("its pods are gone", |scene: &Scene| scene.running().next().is_none()).await;
    let applications = Resource::new("flink.k8s.io", "flinkapplications");
    let forget =
        |application: &mut Value| _ = application.as_object_mut().unwrap().remove("status");
    let api = bench.session.cluster().server().api();
    api.store().modify(&applications, NAMESPACE, NAME, forget).unwrap();
    bench.session.start_operator().unwrap();
    bench
}

#[tokio::test(start_paused = true)]
async fn an_application_whose_status_is_gone_is_not_started_from_nothing_by_itself() {
    let mut bench = deployed_and_forgotten().await;
    let stalled = |scene: &Scene| {
        scene.application(NAME).is_some_and(|app| app.reason == "RestorePointUnproven")
    };
    bench.until("it is told", stalled).await;
    bench.rest(Duration::from_secs(600)).await;
    let scene = bench.until("it is told still", stalled).await;
    assert!(scene.running().next().is_none());

    let mut allowed = application();
    allowed["spec"]["fallbackWithoutState"] = json!(true);
    bench.apply(&allowed).await;
    let scene = bench.until("the user's word is taken", confirmed).await;
    assert_eq!(the_one_job(&scene).restored_from, None);
    let told = bench.told();
    assert!(told.contains("first deploy after the status was lost"), "{told}");
    // The number of before is not given out again: its revision is there still.
    let api = bench.session.cluster().server().api();
    let revisions =
        api.store().list(&Resource::new("apps", "controllerrevisions"), Some(NAMESPACE));
    let numbers: Vec<_> = revisions.iter().map(|revision| revision["revision"].as_i64()).collect();
    assert_eq!(numbers, [Some(1), Some(2)]);
    bench.sound();
}
