//! What the reference operator makes of an application, compared with what it was recorded to make.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;

use common::vectors;
use flinkk8soperator_resources::{
    Application, RenderConfig, deploy_hash, hash_after_finalizer_write, reference,
};
use serde_json::{Value, json};

#[test]
fn the_deploy_hash_is_the_reference_operators() {
    for vector in vectors() {
        let hash = deploy_hash(&vector.app(), &vector.config).to_string();
        assert_eq!(json!(hash), vector.line["hash"], "{}", vector.name);
    }
}

#[test]
fn the_hash_after_the_finalizer_write_is_the_reference_operators() {
    let mut changed = 0;
    for vector in vectors() {
        let Some(recorded) = vector.line.get("hash_after_finalizer_write") else { continue };
        let recorded = recorded.as_str().unwrap();
        let hash = hash_after_finalizer_write(&vector.app(), &vector.config);
        let refused = recorded.starts_with("write rejected: ");
        let expected = (!refused).then(|| recorded.to_owned());
        assert_eq!(hash.map(|hash| hash.to_string()), expected, "{}", vector.name);
        changed += usize::from(!refused && vector.line["hash"] != *recorded);
    }
    assert_eq!(changed, 1, "one application is known by two hashes");
}

#[test]
fn the_objects_are_the_reference_operators() {
    for vector in vectors() {
        let objects = reference::render(&vector.app(), &vector.config);
        let recorded = &vector.line;
        let same = |what: &str, ours: &Value, theirs: &Value| {
            assert_eq!(ours, theirs, "{what} of {}", vector.name);
        };
        same("JobManager", &objects.job_manager, &recorded["jobmanager_deployment"]);
        same("TaskManager", &objects.task_manager, &recorded["taskmanager_deployment"]);
        same("generic Service", &objects.generic_service, &recorded["services"][0]);
        same("versioned Service", &objects.versioned_service, &recorded["services"][1]);
        same("Ingress", &objects.ingress.unwrap_or_default(), &recorded["ingress"]);
    }
}

/// The applications of the reference operator's own unit tests: what they have in common, changed.
fn published(change: impl FnOnce(&mut Value)) -> String {
    let mut object = json!({
        "metadata": {"name": "app-name", "namespace": "ns"},
        "spec": {
            "image": "123.xyz.com/xx:11ae1218924428faabd9b64423fa0c332efba6b2",
            "flinkVersion": "1.7",
            "parallelism": 8,
        },
    });
    change(&mut object);
    let app = Application::parse(&object).unwrap();
    deploy_hash(&app, &RenderConfig::default()).to_string()
}

fn test_jar(object: &mut Value) {
    object["spec"]["jarName"] = json!("test.jar");
    object["spec"]["entryClass"] = json!("com.test.MainClass");
    object["spec"]["programArgs"] = json!("--test");
}

fn annotated(object: &mut Value) {
    test_jar(object);
    object["metadata"]["annotations"] = json!({
        "key": "annotation",
        "flink-job-properties":
            "jarName: test.jar\nparallelism: 8\nentryClass:com.test.MainClass\nprogramArgs:\"--test\"",
    });
}

fn blue_green(colour: &'static str) -> impl FnOnce(&mut Value) {
    move |object| {
        *object = json!({
            "metadata": {"name": "test-app", "namespace": "flink"},
            "spec": {
                "jarName": "job.jar",
                "entryClass": "com.my.Class",
                "programArgs": "--test",
                "parallelism": 5,
                "deploymentMode": "BlueGreen",
            },
            "status": {"deploymentMode": "BlueGreen", "updatingVersion": colour},
        });
    }
}

#[test]
fn the_hashes_of_the_reference_operators_unit_tests_are_met() {
    let tolerations =
        || json!([{"key": "key", "operator": "Equal", "value": "Value", "effect": "NoSchedule"}]);
    assert_eq!(published(|_| {}), "752c76d3", "V1");
    let v2 = published(|app| {
        annotated(app);
        app["spec"]["jobManagerConfig"] = json!({"tolerations": tolerations()});
    });
    assert_eq!(v2, "5e7c7283", "V2");
    let v3 = published(|app| {
        annotated(app);
        app["spec"]["taskManagerConfig"] = json!({"tolerations": tolerations()});
    });
    assert_eq!(v3, "6b5e9b61", "V3");
    let v4 = published(|app| {
        annotated(app);
        app["spec"]["flinkConfig"] = json!({"high-availability": "zookeeper"});
    });
    assert_eq!(v4, "52623ded", "V4");
    let v5 = published(|app| {
        test_jar(app);
        app["spec"]["securityContext"] =
            json!({"fsGroup": 2000, "runAsUser": 1000, "runAsGroup": 3000, "runAsNonRoot": true});
    });
    assert_eq!(v5, "c06b960b", "V5");
    let v6 = published(|app| {
        annotated(app);
        app["metadata"]["annotations"]["flink-application-version"] = json!("version");
        app["status"] = json!({"deploymentMode": "BlueGreen", "updatingVersion": "version"});
    });
    assert_eq!(v6, "5cb5943e", "V6");
    assert_eq!(published(blue_green("")), "9dc7d91b", "V7");
    assert_eq!(published(blue_green("blue")), "2845d780", "V8");
    assert_eq!(published(blue_green("green")), "9890c612", "V8, the other colour");
}

#[test]
fn what_is_rendered_changes_the_hash_and_a_spelling_does_not() {
    let plain = published(|_| {});
    for (pointer, value) in [
        ("/metadata/name", json!("other")),
        ("/metadata/labels", json!({"a": "b"})),
        ("/metadata/annotations", json!({"a": "b"})),
        ("/spec/image", json!("other")),
        ("/spec/parallelism", json!(9)),
    ] {
        let changed = published(|app| {
            let (parent, member) = pointer.rsplit_once('/').unwrap();
            app.pointer_mut(parent).unwrap()[member] = value.clone();
        });
        assert_ne!(changed, plain, "{pointer}");
    }
    let cpu = |amount| {
        published(|app| {
            let requests = json!({"requests": {"cpu": amount, "memory": "1Gi"}});
            app["spec"]["jobManagerConfig"] = json!({"resources": requests});
        })
    };
    assert_eq!(cpu("0.5"), cpu("500m"));
}

fn rendered(object: &Value) -> reference::ReferenceObjects {
    let config =
        RenderConfig { ingress_url_format: "{{$jobCluster}}.x".into(), ..RenderConfig::default() };
    reference::render(&Application::parse(object).unwrap(), &config)
}

#[test]
fn the_address_of_the_job_manager_is_not_the_users_to_set() {
    let configured = published(|app| {
        app["spec"]["flinkConfig"] = json!({"jobmanager.rpc.address": "elsewhere"});
    });
    assert_eq!(configured, published(|_| {}));
}

#[test]
fn a_users_own_properties_are_appended_to_as_well() {
    let env = json!([{"name": "FLINK_PROPERTIES", "value": "a: 1"}]);
    let objects = rendered(&json!({
        "metadata": {"name": "app"},
        "spec": {"parallelism": 1, "taskManagerConfig": {"envConfig": {"env": env}}},
    }));
    let container = &objects.task_manager["spec"]["template"]["spec"]["containers"][0];
    let name = objects.versioned_service["metadata"]["name"].as_str().unwrap();
    let value = format!("a: 1\njobmanager.rpc.address: {name}\ntaskmanager.host: $HOST_IP\n");
    let last = container["env"].as_array().unwrap().last_chunk::<2>().unwrap();
    let expected = [
        json!({"name": "OPERATOR_FLINK_CONFIG", "value": value}),
        json!({"name": "FLINK_PROPERTIES", "value": value}),
    ];
    assert_eq!(*last, expected);
}

#[test]
fn the_ingress_is_named_by_the_mode_in_the_status_and_its_host_by_the_mode_in_the_spec() {
    let ingress = rendered(&json!({
        "metadata": {"name": "app"},
        "spec": {"parallelism": 1, "deploymentMode": "BlueGreen"},
        "status": {"deploymentMode": "Dual", "updatingVersion": "green"},
    }))
    .ingress
    .unwrap();
    assert_eq!(ingress["metadata"]["name"], "app");
    assert_eq!(ingress["spec"]["rules"][0]["host"], "app-green.x");
}
