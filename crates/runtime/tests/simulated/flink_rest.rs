//! Flink that is not open to everyone: TLS and passwords, each cluster reached as its own version says, and what is told
//! where the operator is kept out.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use flinkk8soperator_sim::http::kubernetes::faults::Fault;
use flinkk8soperator_sim::http::kubernetes::kinds::{EVENTS, PODS, Resource};
use flinkk8soperator_sim::http::kubernetes::log::RequestInfo;
use flinkk8soperator_sim::http::kubernetes::meta::text;
use flinkk8soperator_simulate::scene::Scene;
use serde_json::{Value, json};

use crate::authority::Authority;
use crate::bench::{
    Bench, NAME, NAMESPACE, alone, application, confirmed, failed, the_one_job, went_on, with_image,
};
use crate::front::Front;

const SERVER: &str = "wordcount.default.svc";
const SECRETS: Resource = Resource::new("", "secrets");

/// A bench whose operator goes to the pods' own addresses.
pub(crate) async fn at_the_pods(authority: &Authority) -> (Bench, Front) {
    let mut bench = Bench::start().await;
    bench.session.stop_operator().await.unwrap();
    let api = bench.session.cluster().server().api().clone();
    let front = Front::new(api, authority, SERVER);
    bench.session.reach_pods(front.open());
    bench.session.start_operator().unwrap();
    (bench, front)
}

/// The application with a Flink that speaks TLS.
pub(crate) fn secured(mut application: Value) -> Value {
    let spec = &mut application["spec"];
    spec["flinkConfig"]["security.ssl.rest.enabled"] = json!("true");
    spec["flinkRest"]["tls"] = json!({ "secretName": "rest-tls" });
    application
}

/// The same, and asks for a user.
pub(crate) fn with_a_user(mut application: Value) -> Value {
    application["spec"]["flinkRest"]["basicAuth"] = json!({ "secretName": "rest-auth" });
    application
}

/// What `Authorization` says of a user.
pub(crate) fn header(name: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{name}:{password}")))
}

/// Creates or replaces a Secret.
pub(crate) fn put(bench: &Bench, name: &str, data: &[(&str, &str)]) {
    let data: Value = data
        .iter()
        .map(|(key, value)| ((*key).to_owned(), json!(BASE64_STANDARD.encode(value))))
        .collect();
    let mut store = bench.session.cluster().server().api().store();
    if store.get(&SECRETS, NAMESPACE, name).is_some() {
        store.modify(&SECRETS, NAMESPACE, name, |secret| secret["data"] = data).unwrap();
        return;
    }
    let metadata = json!({ "name": name, "namespace": NAMESPACE });
    let secret =
        json!({ "apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data });
    store.put(&SECRETS, secret);
}

/// The last error has these words.
fn told(words: &str) -> impl Fn(&Scene) -> bool {
    move |scene| {
        let error = scene.application(NAME).and_then(|app| app.last_error.clone());
        error.is_some_and(|error| error.contains(words))
    }
}

fn well(scene: &Scene) -> bool {
    confirmed(scene) && scene.application(NAME).is_some_and(|app| app.last_error.is_none())
}

/// Messages of the events under a reason, one for each time it was told.
fn events(bench: &Bench, reason: &str) -> Vec<String> {
    let all = bench.session.cluster().server().api().store().list(&EVENTS, Some(NAMESPACE));
    let of = all.iter().filter(|event| text(event, "/reason") == reason);
    of.flat_map(|event| {
        let count = event["count"].as_u64().unwrap_or(1);
        (0..count).map(|_| text(event, "/message").to_owned())
    })
    .collect()
}

/// How often the operator asked for Secrets since the last time.
fn reads(bench: &Bench) -> usize {
    let log = bench.session.cluster().server().api().log();
    let reads = log.entries().iter().filter(|e| e.request.resource == "secrets").count();
    log.clear();
    reads
}

fn updated(before: &Scene) -> impl Fn(&Scene) -> bool + use<> {
    let before = before.versions().concat();
    move |scene| confirmed(scene) && alone(scene) && scene.versions().concat() != before
}

#[tokio::test(start_paused = true)]
async fn each_cluster_is_reached_in_the_way_of_its_own_version() {
    let authority = Authority::new("authority");
    let (mut bench, _) = at_the_pods(&authority).await;
    bench.apply(&application()).await;
    let open = bench.until("the open one is confirmed", confirmed).await;
    assert_eq!(reads(&bench), 0, "there is nothing to be read for it");
    put(&bench, "rest-tls", &[("ca.crt", &authority.pem())]);
    bench.apply(&secured(with_image("1.1.0"))).await;
    let scene = bench.until("it speaks TLS", updated(&open)).await;
    went_on(&scene, the_one_job(&open));
    // And back.
    bench.apply(&with_image("1.2.0")).await;
    let back = bench.until("it is open again", updated(&scene)).await;
    went_on(&back, the_one_job(&scene));
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn so_it_is_through_the_api_server_which_asks_for_no_secret() {
    let (mut bench, job) = Bench::deployed().await;
    let open = Scene::of(bench.session.cluster());
    reads(&bench);
    bench.apply(&secured(with_image("1.1.0"))).await;
    let scene = bench.until("it speaks TLS", updated(&open)).await;
    went_on(&scene, &job);
    assert_eq!(reads(&bench), 0);
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn another_secret_alone_is_another_version_beside_the_one_before() {
    let authority = Authority::new("authority");
    let (mut bench, _) = at_the_pods(&authority).await;
    for name in ["rest-tls", "another"] {
        put(&bench, name, &[("ca.crt", &authority.pem())]);
    }
    bench.apply(&secured(application())).await;
    let before = bench.until("it is confirmed", confirmed).await;
    let mut another = secured(application());
    another["spec"]["flinkRest"]["tls"]["secretName"] = json!("another");
    bench.apply(&another).await;
    let scene = bench.until("the other Secret is used", updated(&before)).await;
    went_on(&scene, the_one_job(&before));
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_is_missing_or_incomplete_is_told_and_cured_by_a_good_one() {
    let authority = Authority::new("authority");
    let (mut bench, _) = at_the_pods(&authority).await;
    bench.apply(&secured(application())).await;
    let missing = "Secret/rest-tls FlinkRestSecret: the Secret default/rest-tls (spec.flinkRest.tls.secretName) does not \
                   exist: create it";
    let scene = bench.until("that it is missing", told(missing)).await;
    assert_eq!(scene.application(NAME).unwrap().phase, "ClusterStarting");
    reads(&bench);
    bench.rest(Duration::from_secs(60)).await;
    assert!((1..=7).contains(&reads(&bench)), "neither never nor with every look");
    for (data, words) in [
        (vec![("tls.crt", "x")], "has no ca.crt: it must have the authorities"),
        (vec![("ca.crt", "x")], "cannot be used: ca.crt has no certificate in PEM form"),
        (vec![("ca.crt", "x"), ("tls.crt", "x")], "has tls.crt and no tls.key"),
    ] {
        put(&bench, "rest-tls", &data);
        bench.until(words, told(words)).await;
    }
    put(&bench, "rest-tls", &[("ca.crt", &Authority::new("another").pem())]);
    let words = "FlinkRestTls: no TLS to the JobManager by the Secret default/rest-tls: Flink's certificate is from none of \
                 the authorities in ca.crt";
    bench.until("that it is the wrong authority", told(words)).await;
    put(&bench, "rest-tls", &[("ca.crt", &authority.pem())]);
    bench.until("it is confirmed, and nothing is wrong", well).await;
    assert_eq!(events(&bench, "FlinkRestSecret").len(), 4, "each once");
    assert_eq!(events(&bench, "FlinkRestTls").len(), 1);
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn why_a_cluster_was_never_reached_stays_once_it_is_given_up() {
    let authority = Authority::new("authority");
    let (mut bench, _) = at_the_pods(&authority).await;
    bench.apply(&application()).await;
    bench.until("the open one is confirmed", confirmed).await;
    bench.apply(&secured(with_image("1.1.0"))).await;
    let scene = bench.until("it is given up", |s| failed(s) && alone(s)).await;
    assert!(told("does not exist: create it")(&scene), "{scene:#?}");
    assert_eq!(scene.running().count(), 1);
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_may_not_be_read_is_told() {
    let authority = Authority::new("authority");
    let (mut bench, _) = at_the_pods(&authority).await;
    put(&bench, "rest-tls", &[("ca.crt", &authority.pem())]);
    let refuse = |code| {
        move |request: &RequestInfo| match request.resource == "secrets" {
            true => Fault::RespondWith(code),
            false => Fault::Pass,
        }
    };
    let api = bench.session.cluster().server().api().clone();
    api.set_faults(refuse(403));
    bench.apply(&secured(application())).await;
    let words = "may not be read by the operator, whose account needs the right to get it \
                 (docs/operations/permissions.md)";
    bench.until("that it may not be read", told(words)).await;
    api.set_faults(|_: &RequestInfo| Fault::Pass);
    bench.until("it is confirmed", well).await;
    // Nobody says that it is not good any more.
    api.set_faults(refuse(500));
    bench.rest(Duration::from_secs(300)).await;
    assert!(well(&Scene::of(bench.session.cluster())));
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn what_secrets_hold_may_change_while_the_job_runs() {
    let authority = Authority::new("authority");
    let (mut bench, front) = at_the_pods(&authority).await;
    front.demand(&header("operator", "first"));
    put(&bench, "rest-tls", &[("ca.crt", &authority.pem())]);
    put(&bench, "rest-auth", &[("username", "operator"), ("password", "first")]);
    bench.apply(&with_a_user(secured(application()))).await;
    let scene = bench.until("it is confirmed", confirmed).await;
    let job = the_one_job(&scene).clone();
    reads(&bench);
    bench.rest(Duration::from_secs(600)).await;
    assert!((16..=24).contains(&reads(&bench)), "two Secrets about once a minute");
    front.demand(&header("operator", "second"));
    let words = "FlinkRestUnauthorized: the user of the Secret default/rest-auth is not let in to Flink: 401";
    bench.until("that it is not let in", told(words)).await;
    put(&bench, "rest-auth", &[("username", "operator"), ("password", "second")]);
    bench.until("it is let in", well).await;
    let another = Authority::new("another");
    put(&bench, "rest-tls", &[("ca.crt", &another.pem())]);
    front.certify(&another, SERVER);
    bench.rest(Duration::from_secs(120)).await;
    let scene = bench.until("it is believed", well).await;
    assert_eq!(the_one_job(&scene).id, job.id, "nothing was deployed");
    // The next version is reached with what is there by then.
    bench.apply(&with_a_user(secured(with_image("1.1.0")))).await;
    let scene = bench.until("the update is confirmed", updated(&scene)).await;
    went_on(&scene, &job);
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn a_password_that_nothing_names_or_that_cannot_get_there_is_told() {
    let authority = Authority::new("authority");
    let (mut bench, front) = at_the_pods(&authority).await;
    front.demand(&header("operator", "first"));
    bench.apply(&application()).await;
    let words = "FlinkRestUnauthorized: Flink asks for a user and a password, which \
                 spec.flinkRest.basicAuth.secretName names the Secret of: 401";
    bench.until("that there is none", told(words)).await;
    put(&bench, "rest-auth", &[("username", "operator"), ("password", "first")]);
    bench.apply(&with_a_user(application())).await;
    bench.until("it is confirmed", well).await;
    bench.sound();

    let mut bench = Bench::start().await;
    bench.apply(&with_a_user(application())).await;
    let words = "spec.flinkRest.basicAuth cannot be used through the API server, which keeps the header Authorization \
                 for itself: set operator.flinkAccess to pod";
    bench.until("that it cannot get there", told(words)).await;
    assert_eq!(reads(&bench), 0);
}

#[tokio::test(start_paused = true)]
async fn the_jobmanagers_pods_alone_say_how_they_are_reached() {
    let authority = Authority::new("authority");
    let (mut bench, _) = at_the_pods(&authority).await;
    put(&bench, "rest-tls", &[("ca.crt", &authority.pem())]);
    bench.apply(&secured(application())).await;
    bench.until("it is confirmed", confirmed).await;
    let pods = bench.session.cluster().server().api().store().list(&PODS, Some(NAMESPACE));
    let said = |pod: &Value| {
        let role = text(pod, "/metadata/labels/flink-deployment-type").to_owned();
        let annotation =
            |name: &str| text(pod, &format!("/metadata/annotations/{name}")).to_owned();
        (role, annotation("flink-app-rest-tls-secret"), annotation("flink-app-rest-server-name"))
    };
    let mut all: Vec<_> = pods.iter().map(|pod| said(pod)).collect();
    all.sort();
    let words = |role: &str, secret: &str, name: &str| {
        (role.to_owned(), secret.to_owned(), name.to_owned())
    };
    assert_eq!(all, [words("jobmanager", "rest-tls", SERVER), words("taskmanager", "", "")]);
}
