//! kube's own client and watcher against this server.

use super::*;
use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Event as CoreEvent;
use kube::api::{
    Api as KubeApi, ApiResource, DeleteParams, DynamicObject, ListParams, Patch, PatchParams,
    PostParams, Preconditions,
};
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use kube::runtime::watcher;
use kube::{Client, Resource as _, ResourceExt};

fn client(api: &Api) -> Client {
    Client::new(api.clone(), "default")
}

fn widgets(client: Client) -> KubeApi<DynamicObject> {
    let resource = ApiResource {
        group: "example.org".to_owned(),
        version: "v1beta1".to_owned(),
        api_version: "example.org/v1beta1".to_owned(),
        kind: "Widget".to_owned(),
        plural: "widgets".to_owned(),
    };
    KubeApi::default_namespaced_with(client, &resource)
}

fn dynamic(object: &Value) -> DynamicObject {
    serde_json::from_value(object.clone()).expect("an object")
}

#[tokio::test(start_paused = true)]
async fn kubes_client_creates_replaces_patches_and_deletes() {
    let api = api_with_widgets();
    let widgets = widgets(client(&api));
    let made = widgets.create(&PostParams::default(), &dynamic(&widget("a", "i"))).await;
    let made = made.expect("created");
    let status = json!({ "status": { "phase": "Running" } });
    let patched = widgets
        .patch_status("a", &PatchParams::default(), &Patch::Merge(status))
        .await
        .expect("patched");
    assert_eq!(patched.data["status"]["phase"], "Running");

    let error = widgets.replace("a", &PostParams::default(), &made).await;
    assert!(matches!(error, Err(kube::Error::Api(status)) if status.code == 409));
    let apply = widget("a", "j");
    let params = PatchParams::apply("me").force();
    let applied = widgets.patch("a", &params, &Patch::Apply(&apply)).await.expect("applied");
    assert_eq!(applied.data["spec"]["image"], "j");

    let wrong = Preconditions { uid: Some("other".to_owned()), resource_version: None };
    let right = Preconditions { uid: applied.uid(), resource_version: applied.resource_version() };
    let error = widgets.delete("a", &DeleteParams::default().preconditions(wrong)).await;
    assert!(matches!(error, Err(kube::Error::Api(status)) if status.code == 409));
    let deleted = widgets.delete("a", &DeleteParams::default().preconditions(right)).await;
    assert!(deleted.expect("deleted").is_right());
    assert!(widgets.get_opt("a").await.expect("an answer").is_none());
}

#[tokio::test(start_paused = true)]
async fn kubes_watcher_follows_over_cuts_and_a_forgotten_history() {
    for config in [watcher::Config::default(), watcher::Config::default().streaming_lists()] {
        let api = api_with_widgets();
        api.store().put(&WIDGETS, widget("a", "i"));
        let stream = watcher::watcher(widgets(client(&api)), config);
        let names = stream.filter_map(|event| async {
            match event.ok()? {
                watcher::Event::Apply(object) => Some(format!("+{}", object.name_any())),
                watcher::Event::InitApply(object) => Some(format!("={}", object.name_any())),
                watcher::Event::Delete(object) => Some(format!("-{}", object.name_any())),
                watcher::Event::Init | watcher::Event::InitDone => None,
            }
        });
        let mut names = std::pin::pin!(names);
        assert_eq!(names.next().await.as_deref(), Some("=a"));
        api.store().put(&WIDGETS, widget("b", "i"));
        assert_eq!(names.next().await.as_deref(), Some("+b"));
        api.cut_watches();
        api.store().remove(&WIDGETS, "default", "a");
        assert_eq!(names.next().await.as_deref(), Some("-a"));
        api.cut_watches();
        api.store().put(&WIDGETS, widget("c", "i"));
        api.store().forget_history();
        // It lists again.
        assert_eq!(names.next().await.as_deref(), Some("=b"));
        assert_eq!(names.next().await.as_deref(), Some("=c"));
    }
}

#[tokio::test(start_paused = true)]
async fn pages_add_up_in_kubes_client() {
    let api = api_with_widgets();
    for number in 0..7 {
        api.store().put(&WIDGETS, widget(&format!("w{number}"), "i"));
    }
    let widgets = widgets(client(&api));
    let mut names = vec![];
    let mut params = ListParams::default().limit(3);
    loop {
        let page = widgets.list(&params).await.expect("a page");
        names.extend(page.items.iter().map(ResourceExt::name_any));
        match page.metadata.continue_ {
            Some(token) if !token.is_empty() => params = params.continue_token(&token),
            _ => break,
        }
    }
    assert_eq!(names, ["w0", "w1", "w2", "w3", "w4", "w5", "w6"]);
}

#[tokio::test(start_paused = true)]
async fn an_event_of_kubes_recorder_is_found_in_the_core_api() {
    let api = api_with_widgets();
    let client = client(&api);
    let object = dynamic(&api.store().put(&WIDGETS, widget("a", "i")));
    let resource = ApiResource::erase::<Deployment>(&());
    let recorder = Recorder::new(client.clone(), Reporter::from("operator"));
    let event = Event {
        type_: EventType::Normal,
        reason: "Deploying".to_owned(),
        note: Some("it deploys".to_owned()),
        action: "Deploy".to_owned(),
        secondary: None,
    };
    // Twice: the second one makes a series of the first.
    for _ in 0..2 {
        recorder.publish(&event, &object.object_ref(&resource)).await.expect("published");
    }
    let events: KubeApi<CoreEvent> = KubeApi::default_namespaced(client);
    let about = ListParams::default().fields("involvedObject.name=a,reason=Deploying");
    let found = events.list(&about).await.expect("a list").items;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].message.as_deref(), Some("it deploys"));
    assert_eq!(found[0].series.as_ref().and_then(|series| series.count), Some(2));
}

#[tokio::test(start_paused = true)]
async fn typed_objects_survive_the_round() {
    let api = api();
    let deployments: KubeApi<Deployment> = KubeApi::default_namespaced(client(&api));
    let deployment: Deployment = serde_json::from_value(json!({
        "metadata": { "name": "d" },
        "spec": { "selector": { "matchLabels": { "a": "b" } }, "template": {
            "metadata": { "labels": { "a": "b" } },
            "spec": { "containers": [{ "name": "c", "image": "i:1" }] } } },
    }))
    .expect("a Deployment");
    deployments.create(&PostParams::default(), &deployment).await.expect("created");
    let stream = deployments.watch(&Default::default(), "0").await.expect("a watch");
    let first = std::pin::pin!(stream).try_next().await.expect("no error").expect("an event");
    assert!(matches!(first, kube::api::WatchEvent::Added(d) if d.metadata.generation == Some(1)));
}
