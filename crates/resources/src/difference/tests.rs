//! What differs between two applications, and what has to be done about it.

use flinkk8soperator_core::ChangeClass;
use serde_json::{Value, json};

use super::{TOOL_METADATA, difference, digest};
use crate::{Application, RenderConfig};

fn application() -> Value {
    json!({
        "metadata": {
            "name": "app",
            "namespace": "ns",
            "labels": {"team": "a"},
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"},
        },
        "spec": {
            "image": "i:1",
            "jarName": "j.jar",
            "entryClass": "C",
            "parallelism": 4,
            "flinkVersion": "1.18",
            "flinkConfig": {"state.backend": "rocksdb", "blob.server.port": "1"},
            "taskManagerConfig": {"resources": {"requests": {"cpu": "0.5", "memory": "1.5Gi"}}},
            "volumes": [{"name": "v", "emptyDir": {}}],
        },
    })
}

fn changed(edit: impl FnOnce(&mut Value)) -> (ChangeClass, Vec<String>) {
    let mut edited = application();
    edit(&mut edited);
    let parse = |object| Application::parse(object).unwrap();
    let ignored = TOOL_METADATA.map(str::to_owned);
    let config = RenderConfig::default();
    let (a, b) = (parse(&application()), parse(&edited));
    let change = difference(&a, &b, &config, &config, &ignored);
    if digest(&a, &ignored) == digest(&b, &ignored) {
        assert_eq!(change.class, ChangeClass::None, "equal digests have nothing to compare");
    }
    (change.class, change.fields)
}

fn check(class: ChangeClass, fields: &[&str], edit: impl FnOnce(&mut Value)) {
    let expected = fields.iter().map(|field| (*field).to_owned()).collect();
    assert_eq!(changed(edit), (class, expected));
}

#[test]
fn equal_amounts_and_defaults_written_out_are_no_change() {
    check(ChangeClass::None, &[], |_| {});
    check(ChangeClass::None, &[], |app| {
        app["spec"]["taskManagerConfig"]["resources"]["requests"] =
            json!({"cpu": "500m", "memory": "1536Mi"});
        app["spec"]["taskManagerConfig"]["taskSlots"] = json!(16);
        app["spec"]["taskManagerConfig"]["systemMemoryFraction"] = json!(0.2);
        app["spec"]["jobManagerConfig"] = json!({
            "replicas": 1,
            "resources": {"limits": {"cpu": "4000m", "memory": "3072Mi"}, "requests": {"cpu": 4, "memory": "3Gi"}},
        });
        app["spec"]["imagePullPolicy"] = json!("IfNotPresent");
        app["spec"]["uiPort"] = json!(8081);
        app["spec"]["restartNonce"] = json!("");
        app["spec"]["forceRollback"] = json!(false);
        app["spec"]["imagePullSecrets"] = json!([]);
    });
}

#[test]
fn metadata_that_tools_own_is_no_change() {
    for key in [
        "kubectl.kubernetes.io/last-applied-configuration",
        "kubectl.kubernetes.io/restartedAt",
        "argocd.argoproj.io/tracking-id",
        "argocd.argoproj.io/sync-wave",
        "app.kubernetes.io/managed-by",
        "kustomize.toolkit.fluxcd.io/name",
        "kustomize.toolkit.fluxcd.io/checksum",
        "helm.toolkit.fluxcd.io/namespace",
        "meta.helm.sh/release-name",
        "helm.sh/chart",
    ] {
        for place in ["labels", "annotations"] {
            check(ChangeClass::None, &[], |app| app["metadata"][place][key] = json!("other"));
        }
    }
    // What it wrote before is taken out.
    check(ChangeClass::None, &[], |app| app["metadata"]["annotations"] = json!({}));
    check(ChangeClass::None, &[], |app| {
        app["metadata"]["generation"] = json!(7);
        app["metadata"]["finalizers"] = json!(["f"]);
    });
}

#[test]
fn what_no_object_is_made_of_is_status_only() {
    for (name, value) in [
        ("savepointDisabled", json!(true)),
        ("savepointPath", json!("s3://x")),
        ("deleteMode", json!("None")),
        ("scaleMode", json!("InPlace")),
        ("deploymentMode", json!("Dual")),
        ("forceRollback", json!(true)),
        ("allowNonRestoredState", json!(true)),
        ("fallbackWithoutState", json!(true)),
        ("tearDownVersionHash", json!("x")),
        ("maxCheckpointRestoreAgeSeconds", json!(1)),
        ("flinkVersion", json!("2.0")),
        ("timeouts", json!({"submit": "1m"})),
        ("savepointStop", json!("Cancel")),
        ("restore", json!({"path": "s3://x", "nonce": "1"})),
        ("recovery", json!("LastSeen")),
        ("foreignJob", json!({"id": "0123456789abcdef0123456789abcdef", "action": "Adopt"})),
        ("acceptPendingEdit", json!("00c0ffee")),
        ("confirmAfterSeconds", json!(0)),
        ("fieldOfTomorrow", json!(1)),
    ] {
        check(ChangeClass::StatusOnly, &[&format!("spec.{name}")], |app| app["spec"][name] = value);
    }
    check(ChangeClass::StatusOnly, &["spec.savepointInfo.savepointLocation"], |app| {
        app["spec"]["savepointInfo"] = json!({"savepointLocation": "s3://x"});
    });
    check(ChangeClass::StatusOnly, &["spec.flinkConfig[blob.server.port]"], |app| {
        app["spec"]["flinkConfig"]["blob.server.port"] = json!("2");
    });
    // Kubernetes 1.24 did not have the field: it is not rendered.
    check(ChangeClass::StatusOnly, &["spec.volumes[0].image"], |app| {
        app["spec"]["volumes"][0]["image"] = json!({"reference": "r"});
    });
}

#[test]
fn another_way_to_flinks_rest_api_is_another_version() {
    let tls = |secret: &str| json!({"tls": {"secretName": secret}});
    check(ChangeClass::None, &[], |app| app["spec"]["flinkRest"] = json!({}));
    check(ChangeClass::Redeploy, &["spec.flinkRest"], |app| app["spec"]["flinkRest"] = tls("a"));
    check(ChangeClass::Redeploy, &["spec.flinkRest", "spec.parallelism"], |app| {
        app["spec"]["flinkRest"] = json!({"basicAuth": {"secretName": "a"}});
        app["spec"]["parallelism"] = json!(8);
    });
    let between = |before: Value, after: Value| {
        let with = |rest| {
            let mut app = application();
            app["spec"]["flinkRest"] = rest;
            Application::parse(&app).unwrap()
        };
        let config = RenderConfig::default();
        let change = difference(&with(before), &with(after), &config, &config, &[]);
        (change.class, change.fields)
    };
    let named = |name: &str| json!({"tls": {"secretName": "a", "serverName": name}});
    assert_eq!(between(tls("a"), named("app.ns.svc")), (ChangeClass::None, vec![]));
    let field = |name: &str| (ChangeClass::Redeploy, vec![format!("spec.flinkRest.{name}")]);
    assert_eq!(between(tls("a"), tls("b")), field("tls.secretName"));
    assert_eq!(between(tls("a"), named("other")), field("tls.serverName"));
    let user = json!({"tls": {"secretName": "a"}, "basicAuth": {"secretName": "u"}});
    assert_eq!(between(tls("a"), user), field("basicAuth"));
}

#[test]
fn the_parallelism_alone_can_be_rescaled() {
    check(ChangeClass::Rescale, &["spec.parallelism"], |app| app["spec"]["parallelism"] = json!(8));
    check(ChangeClass::Rescale, &["spec.deleteMode", "spec.parallelism"], |app| {
        app["spec"]["parallelism"] = json!(8);
        app["spec"]["deleteMode"] = json!("None");
    });
    check(ChangeClass::Redeploy, &["spec.image", "spec.parallelism"], |app| {
        app["spec"]["parallelism"] = json!(8);
        app["spec"]["image"] = json!("i:2");
    });
}

#[test]
fn what_is_rendered_is_redeployed_and_named() {
    check(ChangeClass::Redeploy, &["metadata.labels.team"], |app| {
        app["metadata"]["labels"]["team"] = json!("b");
    });
    check(ChangeClass::Redeploy, &["metadata.annotations[example.com/x]"], |app| {
        app["metadata"]["annotations"]["example.com/x"] = json!("y");
    });
    check(ChangeClass::Redeploy, &["spec.flinkConfig[state.backend]"], |app| {
        app["spec"]["flinkConfig"]["state.backend"] = json!("hashmap");
    });
    check(ChangeClass::Redeploy, &["spec.taskManagerConfig.resources.requests.memory"], |app| {
        app["spec"]["taskManagerConfig"]["resources"]["requests"]["memory"] = json!("2Gi");
    });
    check(ChangeClass::Redeploy, &["spec.volumes[0].emptyDir.medium"], |app| {
        app["spec"]["volumes"][0]["emptyDir"]["medium"] = json!("Memory");
    });
    check(ChangeClass::Redeploy, &["spec.volumes"], |app| app["spec"]["volumes"] = json!([]));
    check(ChangeClass::Redeploy, &["spec.uiPort"], |app| app["spec"]["uiPort"] = json!(8082));
    check(
        ChangeClass::Redeploy,
        &[
            "spec.flinkVersion",
            "spec.jobManagerConfig.offHeapMemoryFraction",
            "spec.jobManagerConfig.systemMemoryFraction",
            "spec.taskManagerConfig.offHeapMemoryFraction",
            "spec.taskManagerConfig.systemMemoryFraction",
        ],
        |app| app["spec"]["flinkVersion"] = json!("1.10"),
    );
}

#[test]
fn every_member_that_is_rendered_is_compared() {
    let node = || json!({"nodeAffinity": {}});
    let toleration = || json!([{"operator": "Exists"}]);
    for (pointer, field, value) in [
        ("/spec/image", "spec.image", json!("x")),
        ("/spec/imagePullPolicy", "spec.imagePullPolicy", json!("Always")),
        ("/spec/imagePullSecrets", "spec.imagePullSecrets", json!([{"name": "x"}])),
        ("/spec/serviceAccountName", "spec.serviceAccountName", json!("x")),
        ("/spec/securityContext", "spec.securityContext", json!({"runAsUser": 1})),
        ("/spec/volumeMounts", "spec.volumeMounts", json!([{"name": "v", "mountPath": "/v"}])),
        ("/spec/restartNonce", "spec.restartNonce", json!("x")),
        ("/spec/jarName", "spec.jarName", json!("x")),
        ("/spec/entryClass", "spec.entryClass", json!("x")),
        ("/spec/programArgs", "spec.programArgs", json!("x")),
        ("/spec/rpcPort", "spec.rpcPort", json!(1)),
        ("/spec/blobPort", "spec.blobPort", json!(1)),
        ("/spec/queryPort", "spec.queryPort", json!(1)),
        ("/spec/metricsQueryPort", "spec.metricsQueryPort", json!(1)),
        ("/spec/jobManagerConfig", "spec.jobManagerConfig.replicas", json!({"replicas": 2})),
        ("/spec/jobManagerConfig", "spec.jobManagerConfig.affinity", json!({"affinity": node()})),
        (
            "/spec/jobManagerConfig",
            "spec.jobManagerConfig.tolerations",
            json!({"tolerations": toleration()}),
        ),
        (
            "/spec/jobManagerConfig",
            "spec.jobManagerConfig.nodeSelector",
            json!({"nodeSelector": {"a": "b"}}),
        ),
        (
            "/spec/jobManagerConfig",
            "spec.jobManagerConfig.systemMemoryFraction",
            json!({"systemMemoryFraction": 0.3}),
        ),
        (
            "/spec/jobManagerConfig",
            "spec.jobManagerConfig.envConfig.env",
            json!({"envConfig": {"env": [{"name": "A"}]}}),
        ),
        ("/spec/taskManagerConfig/taskSlots", "spec.taskManagerConfig.taskSlots", json!(2)),
        (
            "/spec/taskManagerConfig/nodeSelector",
            "spec.taskManagerConfig.nodeSelector",
            json!({"a": "b"}),
        ),
    ] {
        check(ChangeClass::Redeploy, &[field], |app| {
            let (parent, member) = pointer.rsplit_once('/').unwrap();
            app.pointer_mut(parent).unwrap()[member] = value.clone();
        });
    }
}

#[test]
fn a_setting_of_the_operator_counts_only_where_the_caller_renders_under_it() {
    let app = Application::parse(&application()).unwrap();
    let old = RenderConfig::default();
    let new = RenderConfig { scheduler_name: "yunikorn".into(), ..RenderConfig::default() };
    let host =
        RenderConfig { ingress_url_format: "{{$jobCluster}}.x".into(), ..RenderConfig::default() };
    assert_eq!(difference(&app, &app, &old, &old, &[]).class, ChangeClass::None);
    let change = difference(&app, &app, &old, &new, &[]);
    assert_eq!(
        (change.class, change.fields),
        (ChangeClass::Redeploy, vec!["operator.schedulerName".into()])
    );
    assert_eq!(difference(&app, &app, &old, &host, &[]).class, ChangeClass::StatusOnly);
    let name = RenderConfig { container_name_format: "flink-%s".into(), ..old.clone() };
    assert_eq!(difference(&app, &app, &old, &name, &[]).fields, ["operator.containerNameFormat"]);
}

#[test]
fn another_order_is_no_change_where_it_says_nothing() {
    let edited = |pointer: &str, before: &str, after: &str| {
        let ignored = TOOL_METADATA.map(str::to_owned);
        let config = RenderConfig::default();
        let [a, b] = [before, after].map(|text| {
            let mut app = application();
            let (parent, member) = pointer.rsplit_once('/').unwrap();
            app["spec"]["jobManagerConfig"] = json!({"envConfig": {}});
            app.pointer_mut(parent).unwrap()[member] = serde_json::from_str(text).unwrap();
            Application::parse(&app).unwrap()
        });
        difference(&a, &b, &config, &config, &ignored).class
    };
    for (pointer, a, b) in [
        ("/spec/flinkConfig", r#""a": "1""#, r#""b": "2""#),
        ("/metadata/labels", r#""a": "1""#, r#""b": "2""#),
        ("/spec/jobManagerConfig/nodeSelector", r#""a": "1""#, r#""b": "2""#),
    ] {
        let [before, after] = [format!("{{{a}, {b}}}"), format!("{{{b}, {a}}}")];
        assert_eq!(edited(pointer, &before, &after), ChangeClass::None, "{pointer}");
    }
    for (class, pointer, a, b) in [
        (ChangeClass::None, "/spec/imagePullSecrets", json!({"name": "a"}), json!({"name": "b"})),
        (ChangeClass::None, "/spec/volumes", json!({"name": "a"}), json!({"name": "b"})),
        (
            ChangeClass::None,
            "/spec/volumeMounts",
            json!({"name": "v", "mountPath": "/a"}),
            json!({"name": "v", "mountPath": "/b"}),
        ),
        (
            ChangeClass::None,
            "/spec/taskManagerConfig/tolerations",
            json!({"key": "a"}),
            json!({"key": "b"}),
        ),
        (
            ChangeClass::None,
            "/spec/jobManagerConfig/envConfig/env",
            json!({"name": "A", "value": "1"}),
            json!({"name": "B", "value": "2"}),
        ),
        // Made from the one before it.
        (
            ChangeClass::Redeploy,
            "/spec/jobManagerConfig/envConfig/env",
            json!({"name": "A", "value": "1"}),
            json!({"name": "B", "value": "$(A)"}),
        ),
        // The last one wins.
        (
            ChangeClass::Redeploy,
            "/spec/jobManagerConfig/envConfig/env",
            json!({"name": "A", "value": "1"}),
            json!({"name": "A", "value": "2"}),
        ),
        (
            ChangeClass::Redeploy,
            "/spec/jobManagerConfig/envConfig/envFrom",
            json!({"configMapRef": {"name": "a"}}),
            json!({"configMapRef": {"name": "b"}}),
        ),
    ] {
        let [before, after] = [format!("[{a}, {b}]"), format!("[{b}, {a}]")];
        assert_eq!(edited(pointer, &before, &after), class, "{pointer} {before}");
        let one_more = format!("[{a}, {b}, {b}]");
        assert_eq!(edited(pointer, &before, &one_more), ChangeClass::Redeploy, "{pointer}");
    }
}
