//! What the store promises to controllers, and its history.

use super::super::kinds::{DEPLOYMENTS, PODS, Resource};
use super::*;
use std::sync::atomic::{AtomicI64, Ordering};

const CONFIG_MAPS: Resource = Resource::new("", "configmaps");

/// 2026-01-01T00:00:00Z
const EPOCH: i64 = 1_767_225_600_000;

fn store(history: usize) -> (Store, Arc<AtomicI64>) {
    let now = Arc::new(AtomicI64::new(EPOCH));
    let clock = now.clone();
    let config =
        StoreConfig { clock: Arc::new(move || clock.load(Ordering::Relaxed)), seed: 3, history };
    (Store::new(config), now)
}

fn object(name: &str, fields: Value) -> Value {
    let mut object = json!({ "metadata": { "name": name, "namespace": "default" } });
    json_patch::merge(&mut object, &fields);
    object
}

fn names(objects: &[Arc<Value>]) -> Vec<&str> {
    objects.iter().map(|object| meta::name(object)).collect()
}

#[test]
fn a_controller_writes_spec_and_status_at_once_and_the_generation_follows_the_spec() {
    let (mut store, _) = store(100);
    let made = store.put(&DEPLOYMENTS, object("d", json!({ "spec": {}, "status": { "r": 1 } })));
    assert_eq!(meta::generation(&made), 1);
    assert_eq!(made["status"]["r"], 1);
    let status = store.modify(&DEPLOYMENTS, "default", "d", |d| d["status"]["r"] = json!(2));
    assert_eq!(meta::generation(&status.expect("is there")), 1);
    let spec = store.modify(&DEPLOYMENTS, "default", "d", |d| d["spec"]["x"] = json!(1));
    let spec = spec.expect("is there");
    assert_eq!((meta::generation(&spec), meta::uid(&spec)), (2, meta::uid(&made)));
    assert!(store.modify(&DEPLOYMENTS, "default", "absent", |_| ()).is_none());
}

#[test]
fn a_write_without_a_difference_is_no_change() {
    let (mut store, now) = store(100);
    let before = store.put(&CONFIG_MAPS, object("c", json!({ "data": { "a": "1" } })));
    now.fetch_add(5000, Ordering::Relaxed);
    let after = store.put(&CONFIG_MAPS, object("c", json!({ "data": { "a": "1" } })));
    assert_eq!(before, after);
    assert_eq!(store.version().to_string(), meta::resource_version(&before));
}

#[test]
fn a_recreated_object_has_another_uid_and_a_second_run_has_the_same_ones() {
    let run = || {
        let (mut store, _) = store(100);
        let first = store.put(&CONFIG_MAPS, object("c", json!({})));
        store.remove(&CONFIG_MAPS, "default", "c");
        let second = store.put(&CONFIG_MAPS, object("c", json!({})));
        (meta::uid(&first).to_owned(), meta::uid(&second).to_owned())
    };
    let (first, second) = run();
    assert_ne!(first, second);
    assert_eq!(run(), (first, second));
}

#[test]
fn the_past_can_be_read_as_far_as_the_history_goes() {
    let (mut store, _) = store(3);
    store.put(&CONFIG_MAPS, object("a", json!({})));
    store.put(&CONFIG_MAPS, object("b", json!({})));
    let then = store.version();
    store.remove(&CONFIG_MAPS, "default", "a");
    store.put(&CONFIG_MAPS, object("b", json!({ "data": { "x": "1" } })));
    store.put(&CONFIG_MAPS, object("c", json!({})));

    let past = store.list_at(&CONFIG_MAPS, None, then).expect("in the history");
    assert_eq!(names(&past), ["a", "b"]);
    assert!(past[1].get("data").is_none());
    assert_eq!(names(&store.list(&CONFIG_MAPS, None)), ["b", "c"]);
    let kinds: Vec<_> = store.changes_since(then).expect("known").map(|c| c.kind).collect();
    assert_eq!(kinds, [ChangeKind::Deleted, ChangeKind::Modified, ChangeKind::Added]);

    let earlier = store.list_at(&CONFIG_MAPS, None, then - 1);
    assert!(matches!(earlier, Err(ApiError::Expired(_))), "{earlier:?}");
    store.forget_history();
    assert!(store.changes_since(then).is_err());
    assert_eq!(store.changes_since(store.version()).expect("known").count(), 0);
}

fn scheduled_pod() -> Value {
    object("p", json!({ "spec": { "nodeName": "n", "terminationGracePeriodSeconds": 20 } }))
}

#[test]
fn a_pod_that_runs_gets_its_grace_and_goes_when_the_kubelet_says_so() {
    let (mut store, now) = store(100);
    store.put(&PODS, scheduled_pod());
    let kind = store.kinds().stored(&PODS).expect("built in").clone();
    let delete = |store: &mut Store, options: &DeleteOptions| {
        store.delete(&kind, "default", "p", options).expect("no precondition")
    };
    let Deleted::Later(marked) = delete(&mut store, &DeleteOptions::default()) else {
        panic!("gone at once")
    };
    assert_eq!(marked["metadata"]["deletionGracePeriodSeconds"], 20);
    assert_eq!(marked["metadata"]["deletionTimestamp"], "2026-01-01T00:00:20Z");
    now.fetch_add(1000, Ordering::Relaxed);
    let Deleted::Later(again) = delete(&mut store, &DeleteOptions::default()) else {
        panic!("gone by asking twice")
    };
    assert_eq!(again, marked);
    assert!(matches!(store.remove(&PODS, "default", "p"), Some(Deleted::Now(_))));
    assert!(store.get(&PODS, "default", "p").is_none());
}

#[test]
fn a_pod_that_has_ended_or_runs_nowhere_goes_at_once() {
    let (mut store, _) = store(100);
    let kind = store.kinds().stored(&PODS).expect("built in").clone();
    let mut ended = scheduled_pod();
    ended["status"] = json!({ "phase": "Failed" });
    for pod in [ended, object("p", json!({ "spec": {} }))] {
        store.put(&PODS, pod);
        let deleted = store.delete(&kind, "default", "p", &DeleteOptions::default());
        assert!(matches!(deleted, Ok(Deleted::Now(_))), "{deleted:?}");
    }
}

#[test]
fn an_object_with_two_owners_goes_with_the_last() {
    let (mut store, _) = store(100);
    let owner = |store: &mut Store, name: &str| {
        let owner = store.put(&CONFIG_MAPS, object(name, json!({})));
        json!({ "apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": meta::uid(&owner) })
    };
    let owners = json!([owner(&mut store, "o1"), owner(&mut store, "o2")]);
    store.put(&CONFIG_MAPS, object("c", json!({ "metadata": { "ownerReferences": owners } })));
    assert!(!store.collect_garbage());

    store.remove(&CONFIG_MAPS, "default", "o1");
    while store.collect_garbage() {}
    let left = store.get(&CONFIG_MAPS, "default", "c").expect("has an owner left");
    assert_eq!(meta::owners(&left).len(), 1);
    store.remove(&CONFIG_MAPS, "default", "o2");
    while store.collect_garbage() {}
    assert!(store.list(&CONFIG_MAPS, None).is_empty());
}

#[test]
fn kinds_follow_the_definitions_that_are_stored() {
    let (mut store, _) = store(100);
    let crd: Value =
        serde_json::from_str(include_str!("../tests/widgets.crd.json")).expect("a document");
    let served = |store: &Store| {
        let kind = store.kinds().served("example.org", "v1beta1", "widgets")?;
        Some(kind.schema.as_ref()?.pointer("/properties/spec/properties/size").is_some())
    };
    assert_eq!(served(&store), None);
    store.put(&CUSTOM_RESOURCE_DEFINITIONS, crd);
    assert_eq!(served(&store), Some(true));
    store.modify(&CUSTOM_RESOURCE_DEFINITIONS, "", "widgets.example.org", |crd| {
        let properties = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties";
        let properties = crd.pointer_mut(properties).and_then(Value::as_object_mut);
        properties.expect("is in the document").remove("size");
    });
    assert_eq!(served(&store), Some(false));
    store.remove(&CUSTOM_RESOURCE_DEFINITIONS, "", "widgets.example.org");
    assert_eq!(served(&store), None);
}
