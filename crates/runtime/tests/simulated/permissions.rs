//! The roles in `docs/operations/permissions.md`: every story stays within them ([`missing`], asked at the end of each),
//! and none of their rights is unused.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use flinkk8soperator_runtime::Settings;
use flinkk8soperator_runtime::lease::LeaderElection;
use flinkk8soperator_sim::http::kubernetes::faults::Fault;
use flinkk8soperator_sim::http::kubernetes::log::{Entry, RequestInfo};
use flinkk8soperator_sim::http::kubernetes::route::Verb;
use flinkk8soperator_sim::world::{self, JobScheduler, Mishap, Role, World};
use flinkk8soperator_simulate::scene::Scene;
use serde_json::json;

use crate::authority::Authority;
use crate::bench::{
    Bench, NAME, NAMESPACE, alone, application, confirmed, failed, with_class, with_image,
};
use crate::granted::{Right, in_its_own_namespace, on_applications, on_secrets};
use crate::{
    addresses, blue_green, deleted, flink_rest, high_availability, in_place, leader_election,
};

fn verb(request: &RequestInfo) -> Option<&'static str> {
    match request.verb {
        Verb::Get => Some("get"),
        Verb::List => Some("list"),
        Verb::Watch => Some("watch"),
        Verb::Create => Some("create"),
        Verb::Update => Some("update"),
        Verb::Patch => Some("patch"),
        Verb::Delete => Some("delete"),
        Verb::DeleteCollection => Some("deletecollection"),
        // Inside a cluster the operator goes to the pods themselves.
        Verb::Proxy => None,
    }
}

/// Not what a test does itself in a user's place.
fn is_the_operators(request: &RequestInfo) -> bool {
    let of_a_user = request.resource == "flinkapplications"
        && (request.verb == Verb::Delete || request.query.contains("fieldManager=simulate"));
    !of_a_user && !request.resource.is_empty()
}

/// What was used.
fn used(entries: &[Entry]) -> BTreeSet<Right> {
    let requests = entries.iter().map(|entry| &entry.request).filter(|r| is_the_operators(r));
    let right = |r: &RequestInfo| Some((r.group.clone(), r.qualified_resource(), verb(r)?));
    requests.filter_map(right).collect()
}

/// What was used and is not granted.
pub(crate) fn missing(entries: &[Entry]) -> BTreeSet<Right> {
    used(entries).difference(&granted()).cloned().collect()
}

/// What the operator is granted somewhere.
fn granted() -> BTreeSet<Right> {
    &(&on_applications() | &in_its_own_namespace(true)) | &on_secrets()
}

/// What was used, once it has come to that and nothing more happens.
async fn until(mut bench: Bench, what: &str, holds: impl Fn(&Scene) -> bool) -> BTreeSet<Right> {
    bench.until(what, holds).await;
    bench.rest(Duration::from_secs(60)).await;
    bench.sound();
    used(&bench.session.cluster().server().api().log().entries())
}

/// Another version than `before`, by itself.
fn replaced(scene: &Scene, before: &str) -> bool {
    confirmed(scene) && alone(scene) && scene.versions().concat() != before
}

/// Two versions under addresses of their own, of which one goes.
async fn colours() -> BTreeSet<Right> {
    let (bench, [older, _]) = blue_green::two_running().await;
    let torn_down = json!({ "spec": { "tearDownVersionHash": older } });
    bench.session.patch(NAMESPACE, NAME, &torn_down).await.unwrap();
    until(bench, "one version is left", |s| replaced(s, &older)).await
}

/// What is created is not heard of, neither by the reply nor by the watch: it is come upon.
async fn come_upon() -> BTreeSet<Right> {
    let host = addresses::HOSTS.to_owned();
    let bench = Bench::with(|settings| settings.rendering.config.ingress_url_format = host).await;
    let api = bench.session.cluster().server().api().clone();
    let (held, once) = (api.clone(), Mutex::new(BTreeSet::new()));
    api.set_faults(move |request: &RequestInfo| {
        let watched = ["deployments", "services", "ingresses"].contains(&request.resource.as_str());
        let creates = watched && request.verb == Verb::Create;
        if !creates || !once.lock().unwrap().insert(request.resource.clone()) {
            return Fault::Pass;
        }
        held.hold_watches(true);
        Fault::DropReply
    });
    bench.apply(&application()).await;
    for _ in 0..20 {
        bench.rest(Duration::from_secs(3)).await;
        api.hold_watches(false);
    }
    until(bench, "it runs", confirmed).await
}

/// An update, then a deletion, of what keeps data in ConfigMaps.
async fn data_in_config_maps() -> BTreeSet<Right> {
    let (mut bench, _) = high_availability::deployed().await;
    let before = Scene::of(bench.session.cluster()).versions().concat();
    bench.apply(&high_availability::available(with_image("2.0.0"))).await;
    bench.until("it is updated", |s| replaced(s, &before)).await;
    high_availability::keep(&bench);
    bench.delete().await;
    until(bench, "it is about to go", |scene| scene.applications.is_empty()).await
}

/// Another host for the Ingress, and twice the same error.
async fn another_host() -> BTreeSet<Right> {
    let mut bench = addresses::deployed().await;
    bench.session.kill_operator().await.unwrap();
    let host = "{{$jobCluster}}.flink.example.org".to_owned();
    bench.session.settings().rendering.config.ingress_url_format = host;
    bench.session.start_operator().unwrap();
    for tag in ["2.0.0", "3.0.0"] {
        bench.apply(&with_class(tag, "com.example.NoSuchClass")).await;
        bench.rest(Duration::from_secs(120)).await;
    }
    until(bench, "it went back", |scene| failed(scene) && alone(scene)).await
}

/// Fewer TaskManagers under a job that runs on.
async fn fewer_pods() -> BTreeSet<Right> {
    let adaptive = world::Settings { scheduler: JobScheduler::Adaptive, ..Default::default() };
    let mut bench = Bench::in_world(adaptive, |_| {}).await;
    bench.apply(&in_place::sized(5)).await;
    let before = bench.until("it runs", confirmed).await.versions().concat();
    bench.apply(&in_place::sized(2)).await;
    until(bench, "it is scaled down", |s| replaced(s, &before)).await
}

/// A JobManager that ends while a job is started in the running version's own cluster: TaskManagers that may have
/// tasks of that one go before the next.
async fn unsure_of_the_tasks() -> BTreeSet<Right> {
    let mut bench = Bench::start().await;
    bench.apply(&in_place::sized(2)).await;
    bench.until("it runs", confirmed).await;
    bench.apply(&in_place::sized(5)).await;
    let sends = |s: &Scene| s.application(NAME).is_some_and(|app| app.phase == "SubmittingJob");
    bench.until("the job is sent", sends).await;
    bench.session.cluster().with_world(|world: &mut World| {
        let jobmanagers = world.pods.iter().filter(|pod| pod.role == Role::JobManager);
        let jobmanagers: Vec<_> = jobmanagers.map(|pod| pod.uid).collect();
        jobmanagers.into_iter().for_each(|uid| world.befall(Mishap::ProcessRestarts(uid)));
    });
    until(bench, "it went back", |scene| failed(scene) && scene.running().count() == 1).await
}

/// A Flink that is not open to everyone.
async fn secured() -> BTreeSet<Right> {
    let authority = Authority::new("authority");
    let (bench, _) = flink_rest::at_the_pods(&authority).await;
    flink_rest::put(&bench, "rest-tls", &[("ca.crt", &authority.pem())]);
    bench.apply(&flink_rest::secured(application())).await;
    until(bench, "it runs", confirmed).await
}

/// An application without its status.
async fn forgotten() -> BTreeSet<Right> {
    let told = |scene: &Scene| scene.application(NAME).is_some_and(|app| app.rests());
    until(deleted::deployed_and_forgotten().await, "it is told", told).await
}

#[tokio::test(start_paused = true)]
async fn no_right_of_the_role_is_unused() {
    let mut used = colours().await;
    used.append(&mut come_upon().await);
    used.append(&mut data_in_config_maps().await);
    used.append(&mut another_host().await);
    used.append(&mut fewer_pods().await);
    used.append(&mut unsure_of_the_tasks().await);
    used.append(&mut forgotten().await);
    used.append(&mut secured().await);
    used.append(&mut until(leader_election::handed_over().await, "it runs", confirmed).await);
    let unused: Vec<Right> = granted().difference(&used).cloned().collect();
    assert_eq!(unused, []);
}

#[tokio::test(start_paused = true)]
async fn with_limited_namespaces_its_own_one_is_asked_only_for_a_reference_operator_and_the_lease()
{
    let team = "team-a";
    let limit = |settings: &mut Settings| settings.namespaces = vec![team.to_owned()];
    let mut bench = Bench::with(limit).await;
    bench.session.stop_operator().await.unwrap();
    bench.session.settings().leader_election = Some(LeaderElection::default());
    bench.session.start_operator().unwrap();
    let mut there = application();
    there["metadata"]["namespace"] = json!(team);
    bench.apply(&there).await;
    bench.until("it runs", confirmed).await;
    bench.sound();
    let mut entries = bench.session.cluster().server().api().log().entries();
    let all = used(&entries);
    entries.retain(|entry| entry.request.namespace != team);
    assert!(entries.iter().all(|entry| entry.request.namespace == NAMESPACE), "{entries:#?}");
    assert_eq!(used(&entries), in_its_own_namespace(true));
    assert!(all.is_subset(&granted()) && all.len() > 10, "{all:?}");
}
