//! What Flink's high availability on Kubernetes keeps in ConfigMaps: nobody else removes it.

use std::sync::Arc;

use flinkk8soperator_sim::http::kubernetes::faults::Fault;
use flinkk8soperator_sim::http::kubernetes::kinds::Resource;
use flinkk8soperator_sim::http::kubernetes::log::{Entry, RequestInfo};
use flinkk8soperator_sim::http::kubernetes::meta;
use flinkk8soperator_simulate::scene::Scene;
use serde_json::{Value, json};

use crate::bench::{
    Bench, NAMESPACE, alone, application, confirmed, gone, the_one_job, went_on, with_image,
};

pub(crate) fn available(mut application: Value) -> Value {
    let config = &mut application["spec"]["flinkConfig"];
    config["high-availability.type"] = json!("kubernetes");
    config["high-availability.storageDir"] = json!("file:///ha");
    application
}

fn objects(bench: &Bench, group: &'static str, plural: &'static str) -> Vec<Arc<Value>> {
    let api = bench.session.cluster().server().api();
    api.store().list(&Resource::new(group, plural), Some(NAMESPACE))
}

/// Names of ConfigMaps.
fn kept(bench: &Bench) -> Vec<String> {
    let maps = objects(bench, "", "configmaps");
    maps.iter().map(|map| meta::name(map).to_owned()).collect()
}

/// Does what the JobManager of the one cluster that there is does in the beginning, under the id that it is
/// given; gives that.
pub(crate) fn keep(bench: &Bench) -> String {
    let managers: Vec<Arc<Value>> = objects(bench, "apps", "deployments")
        .into_iter()
        .filter(|deployment| meta::name(deployment).ends_with("-jm"))
        .collect();
    assert_eq!(managers.len(), 1);
    let line = |text: &str| Some(text.split_once("kubernetes.cluster-id: ")?.1.to_owned());
    let id = line(&managers[0].to_string()).expect("the id of a cluster");
    let id = id.split("\\n").next().expect("a line").to_owned();
    for name in ["cluster", "job"] {
        let labels = json!({ "app": id, "type": "flink-native-kubernetes" });
        let map = json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": format!("{id}-{name}-config-map"), "namespace": NAMESPACE, "labels": labels,
            },
        });
        let api = bench.session.cluster().server().api();
        api.store().put(&Resource::new("", "configmaps"), map);
    }
    id
}

fn asked(bench: &Bench) -> usize {
    let log = bench.session.cluster().server().api().log();
    let about = |entry: &&Entry| entry.request.path.contains("/configmaps");
    log.entries().iter().filter(about).count()
}

/// Deployed, with what its JobManager keeps; and the id of the cluster.
pub(crate) async fn deployed() -> (Bench, String) {
    let mut bench = Bench::start().await;
    bench.apply(&available(application())).await;
    bench.until("the first version is confirmed", confirmed).await;
    let id = keep(&bench);
    (bench, id)
}

fn refuses(request: &RequestInfo) -> Fault {
    let about = request.path.contains("/configmaps");
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403,
        "message": "configmaps is forbidden: nobody may delete these",
    });
    if about { Fault::AnswerWith(403, status.to_string()) } else { Fault::Pass }
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_of_a_cluster_goes_with_its_last_pod() {
    let (mut bench, old) = deployed().await;
    let scene = Scene::of(bench.session.cluster());
    let job = the_one_job(&scene).clone();
    bench.apply(&available(with_image("2.0.0"))).await;
    let other = |s: &Scene| confirmed(s) && s.versions().iter().any(|hash| *hash != job.hash);
    bench.until("the other version is confirmed", other).await;
    assert_eq!(kept(&bench).len(), 2, "while its pods end: {}", bench.told());
    // Another process knows what is to go by what is there.
    bench.session.kill_operator().await.unwrap();
    bench.session.start_operator().unwrap();
    let scene = bench.until("the old cluster is gone", |s| other(s) && alone(s)).await;
    went_on(&scene, &job);
    assert_eq!(kept(&bench), [""; 0], "{}", bench.told());

    let new = keep(&bench);
    assert_ne!(new, old);
    bench.apply(&available(with_image("3.0.0"))).await;
    let third = |s: &Scene| other(s) && alone(s) && the_one_job(s).id != the_one_job(&scene).id;
    bench.until("the third version is confirmed", third).await;
    assert_eq!(kept(&bench), [""; 0]);
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn what_another_cluster_keeps_stays() {
    let (mut bench, old) = deployed().await;
    let map = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {
            "name": "another", "namespace": NAMESPACE,
            "labels": { "app": format!("{old}0"), "type": "flink-native-kubernetes" },
        },
    });
    bench.session.cluster().server().api().store().put(&Resource::new("", "configmaps"), map);
    bench.delete().await;
    bench.until("the application is about to go", |s| s.applications.is_empty()).await;
    assert_eq!(kept(&bench).len(), 3, "the JobManager still runs");
    bench.until("the application is gone", gone).await;
    bench.rest(std::time::Duration::from_secs(5)).await;
    assert_eq!(kept(&bench), ["another"]);
}

#[tokio::test(start_paused = true)]
async fn without_the_right_to_remove_it_it_stays_which_is_told() {
    let (mut bench, _) = deployed().await;
    let scene = Scene::of(bench.session.cluster());
    let job = the_one_job(&scene).clone();
    bench.session.cluster().server().api().set_faults(refuses);
    bench.apply(&available(with_image("2.0.0"))).await;
    let replaced = |s: &Scene| confirmed(s) && alone(s) && s.versions() != [job.hash.as_str()];
    bench.until("the other version is confirmed, the first is gone", replaced).await;
    assert_eq!(asked(&bench), 1, "{}", bench.told());
    assert!(bench.told().contains("nobody may delete these"), "{}", bench.told());
    bench.delete().await;
    bench.until("the application is gone", gone).await;
    assert_eq!(kept(&bench).len(), 2);
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn without_high_availability_nobody_asks_for_config_maps() {
    let (mut bench, job) = Bench::deployed().await;
    bench.apply(&with_image("2.0.0")).await;
    let replaced = |s: &Scene| confirmed(s) && alone(s) && s.versions() != [job.hash.as_str()];
    bench.until("the other version is confirmed, the first is gone", replaced).await;
    bench.delete().await;
    bench.until("the application is gone", gone).await;
    assert_eq!(asked(&bench), 0);
}
