//! Versions read back from the Deployments that the reference operator made for them.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;

use common::vectors;
use flinkk8soperator_core::ChangeClass;
use flinkk8soperator_resources::{Application, Deployments, RenderConfig, difference, rebuild};
use serde_json::{Value, json};

/// An application of the same name about which everything else is another.
fn another(stored: &Value) -> Value {
    let mut app = json!({
        "metadata": {"labels": {"other": "label"}, "annotations": {"other": "annotation"}},
        "spec": {
            "image": "other", "jarName": "other.jar", "entryClass": "Other", "programArgs": "--other",
            "parallelism": 77, "flinkVersion": "1.15", "restartNonce": "other", "uiPort": 1,
            "flinkConfig": {"other": 1},
            "jobManagerConfig": {"replicas": 7, "systemMemoryFraction": 0.9, "nodeSelector": {"other": "x"}},
            "taskManagerConfig": {
                "taskSlots": 5, "resources": {}, "envConfig": {"env": [{"name": "OTHER", "value": "x"}]},
            },
            "volumes": [{"name": "other", "emptyDir": {}}],
            "volumeMounts": [{"name": "other", "mountPath": "/other"}],
            "securityContext": {"runAsUser": 1},
            "deleteMode": "None",
            "flinkRest": {"tls": {"secretName": "other"}},
        },
    });
    for name in ["name", "namespace", "uid"] {
        app["metadata"][name] = stored["metadata"][name].clone();
    }
    app
}

#[test]
fn a_version_is_read_back_though_everything_is_another_now() {
    let mut lost = Vec::new();
    for vector in vectors() {
        let deployments = Deployments {
            job_manager: &vector.line["jobmanager_deployment"],
            task_manager: &vector.line["taskmanager_deployment"],
        };
        let hash = vector.line["hash"].as_str().unwrap().parse().unwrap();
        let other = RenderConfig { scheduler_name: "other".into(), ..vector.config.clone() };
        let now = another(&vector.stored());
        let Some(rebuilt) = rebuild(&now, deployments, &other, hash) else {
            lost.push(vector.name);
            continue;
        };
        let read = Application::parse(&rebuilt.application).unwrap();
        let config = &vector.config;
        let change = difference(&vector.app(), &read, config, config, &[]);
        let class = match &*vector.name {
            // A value with a line break reads as two lines, as it does for Flink.
            "config-multiline" => ChangeClass::Redeploy,
            // A label that the operator overwrites leaves no trace.
            "labels-override" => ChangeClass::Redeploy,
            _ => ChangeClass::StatusOnly,
        };
        assert_eq!(change.class, class, "{}: {:?}", vector.name, change.fields);
        assert_eq!(rebuilt.application["spec"]["deleteMode"], "None", "{}", vector.name);
        assert_eq!(rebuilt.application["spec"]["flinkRest"], json!(null), "{}", vector.name);
        let scheduler = &rebuilt.rendering.scheduler_name;
        assert_eq!(*scheduler, config.scheduler_name, "{}", vector.name);
    }
    // It has no configuration at all, and so nothing to read it from.
    assert_eq!(lost, ["offheap-on-new-flink"]);
}

/// The worlds that the reference operator left behind (`crates/simulate/tests/worlds`).
fn worlds() -> Vec<Value> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../simulate/tests/worlds");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|ending| ending == "json"));
    let read = |path| serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    files.map(read).collect()
}

#[test]
fn every_version_that_runs_in_a_recorded_world_is_read_back() {
    let mut read = [0, 0];
    for world in worlds() {
        let rendering: RenderConfig =
            serde_json::from_value(world["operator_config"].clone()).unwrap();
        let all = world["deployments"].as_array().unwrap();
        for job_manager in all {
            let name = job_manager["metadata"]["name"].as_str().unwrap();
            let Some(version) = name.strip_suffix("-jm") else { continue };
            let named = format!("{version}-tm");
            let task_manager = all.iter().find(|d| d["metadata"]["name"] == *named).unwrap();
            let deployments = Deployments { job_manager, task_manager };
            let app = &world["application"];
            let hash = job_manager["metadata"]["labels"]["flink-app-hash"].as_str().unwrap();
            let rebuilt = rebuild(app, deployments, &rendering, hash.parse().unwrap());
            let rebuilt = rebuilt.unwrap_or_else(|| panic!("{} {hash}", world["name"]));
            read[usize::from(rebuilt.application["spec"] == app["spec"])] += 1;
        }
    }
    let [changed, unchanged] = read;
    assert!(changed > 10 && unchanged > 10, "of both: {changed}, {unchanged}");
}

#[test]
fn what_someone_changed_is_not_taken_for_a_version() {
    let world = worlds().into_iter().find(|world| world["name"] == "update-rolling-back").unwrap();
    let [job_manager, task_manager] = [&world["deployments"][0], &world["deployments"][1]];
    let hash = job_manager["metadata"]["labels"]["flink-app-hash"].as_str().unwrap();
    let rebuilt = |job_manager: &Value| {
        let deployments = Deployments { job_manager, task_manager };
        let rendering = RenderConfig::default();
        rebuild(&world["application"], deployments, &rendering, hash.parse().unwrap())
    };
    assert!(rebuilt(job_manager).is_some());
    let mut changed = job_manager.clone();
    changed["spec"]["template"]["spec"]["containers"][0]["image"] = json!("flink-test:mine");
    assert_eq!(rebuilt(&changed), None, "kubectl set image");
    let mut restarted = job_manager.clone();
    let annotations = &mut restarted["spec"]["template"]["metadata"]["annotations"];
    annotations["kubectl.kubernetes.io/restartedAt"] = json!("2026-11-22T12:00:00Z");
    assert!(rebuilt(&restarted).is_some(), "kubectl rollout restart");
}
