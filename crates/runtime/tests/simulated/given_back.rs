//! An application of ours that the reference operator was given, and that comes back: that operator's client drops
//! what it does not know of the status.

use flinkk8soperator_sim::http::kubernetes::kinds::Resource;
use flinkk8soperator_simulate::scene::Scene;
use serde_json::Value;

use crate::bench::{Bench, NAME, NAMESPACE, alone, confirmed, the_one_job, went_on, with_image};

/// What that operator's Go types have of a status.
const KNOWN: [&str; 13] = [
    "phase",
    "startedAt",
    "lastUpdatedAt",
    "reason",
    "clusterStatus",
    "jobStatus",
    "failedDeployHash",
    "rollbackHash",
    "deployHash",
    "savepointPath",
    "retryCount",
    "deploymentMode",
    "versionStatuses",
];

fn status(bench: &Bench) -> Value {
    let api = bench.session.cluster().server().api();
    let applications = Resource::new("flink.k8s.io", "flinkapplications");
    api.store().get(&applications, NAMESPACE, NAME).unwrap()["status"].clone()
}

/// Writes the status as the reference operator does.
fn written_by_the_reference(bench: &Bench) {
    let api = bench.session.cluster().server().api();
    let applications = Resource::new("flink.k8s.io", "flinkapplications");
    let forget = |application: &mut Value| {
        let status = application["status"].as_object_mut().unwrap();
        status.retain(|member, _| KNOWN.contains(&member.as_str()));
    };
    api.store().modify(&applications, NAMESPACE, NAME, forget).unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_the_reference_operator_was_given_is_known_again() {
    let (mut bench, job) = Bench::deployed().await;
    let machine = |bench: &Bench| status(bench).pointer("/machine/record/deployed").cloned();
    let before = machine(&bench).unwrap();
    written_by_the_reference(&bench);
    let scene = bench.until("it is ours again", |scene| {
        confirmed(scene) && scene.application(NAME).is_some_and(|app| app.job_id == job.id)
    });
    let scene = scene.await;
    assert_eq!(the_one_job(&scene).id, job.id);
    bench.rest(std::time::Duration::from_secs(60)).await;
    let after = machine(&bench).unwrap();
    for known in ["/target/hash", "/target/incarnation", "/target/digest", "/work/job/id"] {
        assert_eq!(after.pointer(known), before.pointer(known), "{known}");
    }
    assert!(bench.told().contains("TakenOver"), "{}", bench.told());

    bench.apply(&with_image("2.0.0")).await;
    let done = |scene: &Scene| confirmed(scene) && alone(scene);
    let scene = bench.until("the next version has taken its place", done).await;
    went_on(&scene, &job);
    bench.sound();
}
