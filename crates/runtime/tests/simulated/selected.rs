//! Operators that share a namespace by the labels of its applications. One whose application gets other labels lets go
//! of it, wherever it is, and deletes nothing; who selects it then goes on from its status.

use std::time::Duration;

use flinkk8soperator_runtime::Settings;
use flinkk8soperator_sim::http::kubernetes::kinds::Resource;
use flinkk8soperator_sim::http::kubernetes::route::Verb;
use flinkk8soperator_simulate::scene::Scene;
use kube::core::{Expression, Selector};
use serde_json::{Value, json};

use crate::bench::{
    Bench, NAME, NAMESPACE, alone, application, confirmed, gone, stood, the_one_job, went_on,
};

/// A key of which a change is no other version: labels reach the pods otherwise.
const KEY: &str = "fleet.example.com/operator";

fn of(team: &str) -> Selector {
    Expression::Equal(KEY.to_owned(), team.to_owned()).into()
}

fn selecting(team: &str) -> impl FnOnce(&mut Settings) {
    let selector = of(team);
    move |settings| {
        settings.label_selector = selector;
        settings.rendering.ignored_metadata.push("fleet.example.com/".to_owned());
    }
}

fn labelled(team: &str) -> Value {
    let mut application = application();
    application["metadata"]["labels"] = json!({ KEY: team });
    application
}

async fn label(bench: &Bench, team: &str) {
    let labels = json!({ "metadata": { "labels": { KEY: team } } });
    bench.session.patch(NAMESPACE, NAME, &labels).await.unwrap();
}

/// What this operator asked for since the log was last cleared, but for its watches and lists.
fn acts(bench: &Bench, operator: &str) -> Vec<String> {
    let entries = bench.session.cluster().server().api().log().entries();
    let own = |request: &&_| {
        let request: &flinkk8soperator_sim::http::kubernetes::log::RequestInfo = request;
        request.user_agent == operator && !matches!(request.verb, Verb::List | Verb::Watch)
    };
    let all = entries.iter().map(|entry| &entry.request).filter(own);
    all.map(|request| format!("{} {}", request.method, request.path)).collect()
}

fn forget_the_log(bench: &Bench) {
    bench.session.cluster().server().api().log().clear();
}

fn deployments(bench: &Bench) -> Vec<String> {
    let resource = Resource::new("apps", "deployments");
    let listed = bench.session.cluster().server().api().store().list(&resource, Some(NAMESPACE));
    let uid = |object: &Value| object["metadata"]["uid"].as_str().unwrap().to_owned();
    listed.iter().map(|object| uid(object)).collect()
}

#[tokio::test(start_paused = true)]
async fn an_application_goes_from_one_operator_to_another_with_its_label() {
    let mut bench = Bench::with(selecting("a")).await;
    bench.session.settings().label_selector = of("b");
    let other = bench.session.another_operator().unwrap();
    bench.apply(&labelled("a")).await;
    let scene = bench.until("it is deployed", confirmed).await;
    let first = the_one_job(&scene).clone();
    assert_eq!(acts(&bench, other.name()), [] as [String; 0], "it is not the other's");
    assert!(!acts(&bench, "operator-1").is_empty());
    let before = deployments(&bench);

    label(&bench, "b").await;
    bench.rest(Duration::from_secs(5)).await;
    forget_the_log(&bench);
    bench.rest(Duration::from_secs(120)).await;
    assert_eq!(acts(&bench, "operator-1"), [] as [String; 0], "it has let go");
    assert!(!acts(&bench, other.name()).is_empty(), "the other looks after it");
    assert_eq!(deployments(&bench), before, "nothing was made anew");
    let scene = bench.until("it runs on", confirmed).await;
    assert_eq!(the_one_job(&scene).id, first.id);

    let mut update = labelled("b");
    update["spec"]["image"] = json!("registry.example.com/wordcount:1.1.0");
    bench.apply(&update).await;
    let updated = |now: &Scene| confirmed(now) && alone(now) && !stood(now, &first).runs;
    let scene = bench.until("the other deploys", updated).await;
    went_on(&scene, &first);
    assert_eq!(acts(&bench, "operator-1"), [] as [String; 0]);

    // Back again, to a process that knew an older state of it.
    label(&bench, "a").await;
    bench.rest(Duration::from_secs(5)).await;
    forget_the_log(&bench);
    bench.delete().await;
    bench.until("it is gone", gone).await;
    assert_eq!(acts(&bench, other.name()), [] as [String; 0]);
    bench.sound();
}

#[tokio::test(start_paused = true)]
async fn what_nobody_selects_any_more_stands_as_it_is_and_goes_on_when_it_is_selected() {
    for after in [200, 3_300, 6_100, 8_000] {
        let mut bench = Bench::with(selecting("a")).await;
        bench.apply(&labelled("a")).await;
        bench.rest(Duration::from_millis(after)).await;
        label(&bench, "nobody").await;
        // A round that was under way may end, one after it may not begin.
        bench.rest(Duration::from_secs(15)).await;
        forget_the_log(&bench);
        let stands = deployments(&bench);
        bench.rest(Duration::from_secs(30 * 60)).await;
        assert_eq!(acts(&bench, "operator-1"), [] as [String; 0], "let go of after {after} ms");
        assert_eq!(deployments(&bench), stands);

        label(&bench, "a").await;
        bench.until("it is deployed", confirmed).await;
        let scene = Scene::of(bench.session.cluster());
        assert_eq!(scene.jobs.len(), 1, "one job was meant: {}", bench.told());
        bench.sound();
    }
}

#[tokio::test(start_paused = true)]
async fn objects_of_an_application_that_is_not_selected_are_nobodys_business() {
    let mut bench = Bench::with(selecting("a")).await;
    bench.apply(&labelled("a")).await;
    bench.until("it is deployed", confirmed).await;
    label(&bench, "nobody").await;
    bench.rest(Duration::from_secs(5)).await;
    forget_the_log(&bench);

    // The children's watches still show them.
    let resource = Resource::new("apps", "deployments");
    let api = bench.session.cluster().server().api();
    let listed = api.store().list(&resource, Some(NAMESPACE));
    let names = listed.iter().map(|object| object["metadata"]["name"].as_str().unwrap());
    let workers: Vec<&str> = names.filter(|name| name.ends_with("-tm")).collect();
    api.store().remove(&resource, NAMESPACE, workers[0]).unwrap();
    bench.rest(Duration::from_secs(60)).await;
    assert_eq!(acts(&bench, "operator-1"), [] as [String; 0]);
    assert_eq!(deployments(&bench).len(), 1, "nobody brings it back");

    label(&bench, "a").await;
    let whole = |now: &Scene| confirmed(now) && now.running().count() == 1;
    let scene = bench.until("it is whole again", whole).await;
    assert_eq!((deployments(&bench).len(), scene.jobs.len()), (2, 1), "{}", bench.told());
}

#[tokio::test(start_paused = true)]
async fn what_is_read_live_is_let_go_of_before_the_watch_tells() {
    let mut bench = Bench::with(selecting("a")).await;
    bench.apply(&labelled("a")).await;
    bench.rest(Duration::from_secs(8)).await;
    bench.session.cluster().server().api().hold_watches(true);
    label(&bench, "nobody").await;
    bench.rest(Duration::from_secs(30)).await;
    let phase = |bench: &Bench| {
        let scene = Scene::of(bench.session.cluster());
        (scene.applications[0].phase.clone(), scene.running().count())
    };
    assert_eq!(
        phase(&bench),
        ("SubmittingJob".to_owned(), 1),
        "a state was written: {}",
        bench.told()
    );
    forget_the_log(&bench);
    bench.rest(Duration::from_secs(120)).await;
    assert_eq!(acts(&bench, "operator-1"), [] as [String; 0]);

    bench.session.cluster().server().api().hold_watches(false);
    label(&bench, "a").await;
    bench.until("it is deployed", confirmed).await;
    bench.sound();
}
