//! The addresses that users know, the generic Service and the Ingress: they follow the deployed version
//! and the operator's settings, come back when someone removes them, and hold nothing back.

use std::time::Duration;

use flinkk8soperator_sim::http::kubernetes::faults::Fault;
use flinkk8soperator_sim::http::kubernetes::kinds::{INGRESSES, Resource, SERVICES};
use flinkk8soperator_sim::http::kubernetes::log::RequestInfo;
use serde_json::{Value, json};

use crate::bench::{
    Bench, NAME, NAMESPACE, alone, application, confirmed, the_one_job, with_image,
};

pub(crate) const HOSTS: &str = "{{$jobCluster}}.flink.example.com";

/// With the application deployed, under an Ingress.
pub(crate) async fn deployed() -> Bench {
    let format = HOSTS.to_owned();
    let mut bench =
        Bench::with(|settings| settings.rendering.config.ingress_url_format = format).await;
    bench.apply(&application()).await;
    bench.until("it is confirmed", confirmed).await;
    bench
}

fn object(bench: &Bench, kind: &Resource) -> Option<Value> {
    bench.session.cluster().server().api().store().get(kind, NAMESPACE, NAME).map(|o| (*o).clone())
}

/// Host, Service and port of the first path of the Ingress.
fn route(bench: &Bench) -> Option<(String, String, u64)> {
    let ingress = object(bench, &INGRESSES)?;
    let text = |at: &str| ingress.pointer(at).and_then(Value::as_str).unwrap().to_owned();
    let service = "/spec/rules/0/http/paths/0/backend/service";
    let port = ingress.pointer(&format!("{service}/port/number")).and_then(Value::as_u64).unwrap();
    Some((text("/spec/rules/0/host"), text(&format!("{service}/name")), port))
}

fn leads_to(port: u64) -> Option<(String, String, u64)> {
    Some(("wordcount.flink.example.com".to_owned(), NAME.to_owned(), port))
}

/// The port of the web interface at the generic Service, and the one it leads to.
fn ui(bench: &Bench) -> (u64, u64) {
    let service = object(bench, &SERVICES).unwrap();
    let ports = service["spec"]["ports"].as_array().unwrap();
    let ui = ports.iter().find(|port| port["name"] == "ui").unwrap();
    (ui["port"].as_u64().unwrap(), ui["targetPort"].as_u64().unwrap())
}

fn with_port(port: u16) -> Value {
    let mut application = application();
    application["spec"]["uiPort"] = json!(port);
    application
}

/// Waits for an update to `application`, and for the addresses to be looked at after it.
async fn updated(bench: &mut Bench, application: &Value) {
    let before = the_one_job(&bench.until("a job runs", confirmed).await).hash.clone();
    bench.apply(application).await;
    let done = |scene: &_| confirmed(scene) && alone(scene) && the_one_job(scene).hash != before;
    bench.until("the update is confirmed", done).await;
}

fn delete(bench: &Bench, kind: &Resource) {
    bench.session.cluster().server().api().store().remove(kind, NAMESPACE, NAME).unwrap();
    assert_eq!(object(bench, kind), None);
}

#[tokio::test(start_paused = true)]
async fn service_and_ingress_get_the_ports_of_the_version_that_is_deployed() {
    let mut bench = deployed().await;
    assert_eq!((ui(&bench), route(&bench)), ((8081, 8081), leads_to(8081)));
    updated(&mut bench, &with_port(9091)).await;
    assert_eq!((ui(&bench), route(&bench)), ((9091, 9091), leads_to(9091)));
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn what_someone_removed_comes_back_without_a_deploy() {
    let mut bench = deployed().await;
    let job = the_one_job(&bench.until("a job runs", confirmed).await).clone();
    for kind in [&INGRESSES, &SERVICES] {
        delete(&bench, kind);
        bench.rest(Duration::from_secs(2)).await;
        assert!(object(&bench, kind).is_some(), "{kind:?}");
        assert_eq!((ui(&bench), route(&bench)), ((8081, 8081), leads_to(8081)));
    }
    let scene = bench.until("nothing else happened", confirmed).await;
    assert_eq!(the_one_job(&scene).id, job.id);
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn another_host_format_changes_the_rules_and_deploys_nothing() {
    let mut bench = deployed().await;
    let job = the_one_job(&bench.until("a job runs", confirmed).await).clone();
    let mut ingress = object(&bench, &INGRESSES).unwrap();
    ingress["metadata"]["annotations"]["example.com/mine"] = json!("kept");
    ingress["spec"]["tls"] = json!([{ "secretName": "certificate" }]);
    bench.session.cluster().server().api().store().put(&INGRESSES, ingress);

    bench.session.stop_operator().await.unwrap();
    let format = "flink.example.com/{{$jobCluster}}".replace('/', "-");
    bench.session.settings().rendering.config.ingress_url_format = format;
    bench.session.start_operator().unwrap();
    bench.rest(Duration::from_secs(5)).await;

    let (host, ..) = route(&bench).unwrap();
    assert_eq!(host, "flink.example.com-wordcount");
    let ingress = object(&bench, &INGRESSES).unwrap();
    assert_eq!(ingress["metadata"]["annotations"]["example.com/mine"], "kept");
    assert_eq!(ingress["spec"]["tls"][0]["secretName"], "certificate");
    let scene = bench.until("it rests", confirmed).await;
    assert_eq!(the_one_job(&scene).id, job.id);
    assert_eq!(scene.jobs.len(), 1);
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn paths_that_others_add_to_the_ingress_stay() {
    let mut bench = deployed().await;
    let mut ingress = object(&bench, &INGRESSES).unwrap();
    let service = json!({ "name": "solver", "port": { "number": 8089 } });
    let challenge = json!({
        "path": "/.well-known/acme-challenge/x", "pathType": "Exact",
        "backend": { "service": service },
    });
    let paths = ingress.pointer_mut("/spec/rules/0/http/paths").and_then(Value::as_array_mut);
    paths.unwrap().push(challenge);
    bench.session.cluster().server().api().store().put(&INGRESSES, ingress);
    bench.rest(Duration::from_secs(60)).await;
    let ingress = object(&bench, &INGRESSES).unwrap();
    assert_eq!(ingress.pointer("/spec/rules/0/http/paths").unwrap().as_array().unwrap().len(), 2);
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn an_ingress_of_somebody_else_is_never_adopted() {
    let mut bench = deployed().await;
    let mut theirs = object(&bench, &INGRESSES).unwrap();
    delete(&bench, &INGRESSES);
    let meta = theirs["metadata"].as_object_mut().unwrap();
    meta.remove("uid");
    meta.insert("ownerReferences".to_owned(), json!([]));
    theirs["spec"]["rules"][0]["host"] = json!("theirs.example.com");
    bench.session.cluster().server().api().store().put(&INGRESSES, theirs);
    bench.rest(Duration::from_secs(60)).await;
    assert_eq!(route(&bench).unwrap().0, "theirs.example.com");
    delete(&bench, &INGRESSES);
    bench.rest(Duration::from_secs(60)).await;
    assert_eq!(route(&bench), leads_to(8081), "the name is free again");
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn an_ingress_that_cannot_be_made_holds_no_deploy_back() {
    let format = HOSTS.to_owned();
    let mut bench =
        Bench::with(|settings| settings.rendering.config.ingress_url_format = format).await;
    let theirs = json!({ "metadata": { "name": NAME, "namespace": NAMESPACE }, "spec": {} });
    bench.session.cluster().server().api().store().put(&INGRESSES, theirs);
    for tag in ["1.0.0", "1.1.0"] {
        bench.apply(&with_image(tag)).await;
        bench.rest(Duration::from_secs(1)).await;
        bench.until("it is deployed all the same", |scene| confirmed(scene) && alone(scene)).await;
    }
    let told = bench.told();
    assert!(told.contains("Ingress wordcount belongs to something else"), "{told}");
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn an_ingress_that_is_refused_holds_no_update_back() {
    let mut bench = deployed().await;
    let refused = |request: &RequestInfo| match request.resource.as_str() {
        "ingresses" => Fault::RespondWith(403),
        _ => Fault::Pass,
    };
    bench.session.cluster().server().api().set_faults(refused);
    updated(&mut bench, &with_port(9091)).await;
    assert_eq!((ui(&bench), route(&bench)), ((9091, 9091), leads_to(8081)));
    let told = bench.told();
    assert!(told.contains("changing the Ingress: the API server answered 403"), "{told}");
    bench.session.cluster().server().api().set_faults(|_: &RequestInfo| Fault::Pass);
    bench.rest(Duration::from_secs(60)).await;
    assert_eq!(route(&bench), leads_to(9091));
    bench.sound();
}
