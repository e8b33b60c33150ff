//! What we create, compared with what the reference operator creates: for every recorded application
//! the differences are printed and held to a closed list.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{OWNER, vectors};
use flinkk8soperator_api::parse::{Hashes, OperatorSettings, desired};
use flinkk8soperator_api::v1beta1::FlinkApplication;
use flinkk8soperator_core::Digest;
use flinkk8soperator_core::ids::{DeployHash, Incarnation, Role, Uid, selector};
use flinkk8soperator_resources::created::{self, CreatedObjects, Identity, RenderError};
use flinkk8soperator_resources::{
    Application, FlinkRest, PropertiesError, RenderConfig, deploy_hash, reference, reference_hash,
};
use serde_json::{Map, Value, json};

/// Everything in which the two may differ.
const DIFFERENCES: [&str; 11] = [
    "memory that the reference reads as 0",
    "no configuration, refused",
    "labels of the application over the operator's",
    "Go's zero members",
    "HA ids",
    "REST port keys",
    "cluster marker",
    "derived selector",
    "high-availability label",
    "incarnation label",
    "retention line",
];
const INCARNATION: Incarnation = Incarnation(3);

fn uid() -> Uid {
    OWNER.parse().unwrap()
}

fn render(app: &Application, config: &RenderConfig) -> Result<CreatedObjects, RenderError> {
    let hash = deploy_hash(app, config);
    created::render(app, config, &Identity { uid: uid(), hash, incarnation: INCARNATION })
}

fn in_order(objects: &CreatedObjects) -> Vec<Value> {
    fn value(object: &impl serde::Serialize) -> Value {
        serde_json::to_value(object).unwrap()
    }
    let mut values = vec![
        value(&objects.job_manager),
        value(&objects.generic_service),
        value(&objects.versioned_service),
    ];
    values.extend(objects.ingress.as_ref().map(value));
    values.push(value(&objects.task_manager));
    values
}

/// The leaves of an object by path. Environments are taken by name and configurations by key, the last
/// one counts, as it does for Kubernetes and for Flink.
fn leaves(path: &str, value: &Value, into: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (key, value) in members {
                leaves(&format!("{path}/{key}"), value, into);
            }
        }
        Value::Array(items) if path.ends_with("/env") => {
            let names: Vec<&Value> = items.iter().map(|item| &item["name"]).collect();
            into.insert(format!("{path}/order"), json!(names));
            for item in items {
                leaves(&format!("{path}/{}", item["name"].as_str().unwrap()), item, into);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, value) in items.iter().enumerate() {
                leaves(&format!("{path}/{index}"), value, into);
            }
        }
        Value::String(text)
            if path.ends_with("FLINK_PROPERTIES/value")
                || path.ends_with("OPERATOR_FLINK_CONFIG/value") =>
        {
            for line in text.lines().filter(|line| !line.is_empty()) {
                let (key, value) = line.split_once(": ").unwrap();
                into.insert(format!("{path}/{key}"), json!(value));
            }
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => {
            into.insert(path.to_owned(), value.clone());
        }
    }
}

/// Which of the allowed differences one is.
fn name(path: &str, theirs: Option<&Value>, ours: Option<&Value>) -> Option<&'static str> {
    let last = path.rsplit('/').next().unwrap();
    let zero = |value: &Value| [json!(null), json!(0), json!({})].contains(value);
    match last {
        "creationTimestamp" | "targetPort" | "status" | "loadBalancer"
            if theirs.is_some_and(zero) && ours.is_none() =>
        {
            Some("Go's zero members")
        }
        // What is left of an embedded object's metadata without its null time.
        "metadata" if theirs.is_none() && ours.is_some_and(zero) => Some("Go's zero members"),
        "flink-app-incarnation" if theirs.is_none() => Some("incarnation label"),
        "flink-app-high-availability" if theirs.is_none() => Some("high-availability label"),
        "pod-deployment-selector" => Some("derived selector"),
        "flinkk8soperator.cluster" if theirs.is_none() => Some("cluster marker"),
        "execution.checkpointing.externalized-checkpoint-retention" if theirs.is_none() => {
            Some("retention line")
        }
        "kubernetes.cluster-id" | "high-availability.cluster-id" => Some("HA ids"),
        "rest.port" | "rest.bind-port" if theirs.is_none() => Some("REST port keys"),
        "jobmanager.memory.process.size" | "taskmanager.memory.process.size"
            if theirs == Some(&json!("0k")) =>
        {
            Some("memory that the reference reads as 0")
        }
        "flink-app" => Some("labels of the application over the operator's"),
        _ => None,
    }
}

/// The names of the differences of two renderings, each difference printed.
fn compare(theirs: &Value, ours: &Value) -> BTreeSet<&'static str> {
    let (mut a, mut b) = (BTreeMap::new(), BTreeMap::new());
    leaves("", theirs, &mut a);
    leaves("", ours, &mut b);
    let paths: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    let mut names = BTreeSet::new();
    for path in paths {
        let (theirs, ours) = (a.get(path), b.get(path));
        if theirs != ours {
            let named = name(path, theirs, ours);
            println!("  {path}: {theirs:?} -> {ours:?} ({})", named.unwrap_or("NOT ALLOWED"));
            names.insert(named.unwrap_or_else(|| panic!("{path}: {theirs:?} -> {ours:?}")));
        }
    }
    names
}

#[test]
fn created_objects_differ_from_the_references_only_as_listed() {
    let mut seen = BTreeSet::new();
    for vector in vectors() {
        let app = vector.app();
        let ours = match render(&app, &vector.config) {
            Ok(objects) => in_order(&objects),
            Err(error) => {
                println!("{}: refused, {error}", vector.name);
                assert_eq!(vector.name, "offheap-on-new-flink");
                assert!(matches!(
                    error,
                    RenderError::Properties(PropertiesError::OffHeapFraction("taskManagerConfig"))
                ));
                seen.insert("no configuration, refused");
                continue;
            }
        };
        let theirs = reference::render(&app, &vector.config).in_order();
        assert_eq!(theirs.len(), ours.len(), "{}", vector.name);
        for (theirs, ours) in theirs.iter().zip(&ours) {
            println!("{}: {} {}", vector.name, ours["kind"], ours["metadata"]["name"]);
            seen.extend(compare(theirs, ours));
        }
    }
    assert_eq!(seen, BTreeSet::from(DIFFERENCES), "each allowed difference occurs");
}

#[test]
fn the_comparison_finds_a_difference_that_is_not_listed() {
    let theirs = json!({"spec": {"containers": [{"env": [{"name": "FLINK_PROPERTIES", "value": "a: 1\n"}]}]}});
    let mut ours = theirs.clone();
    assert!(compare(&theirs, &ours).is_empty());
    ours["spec"]["containers"][0]["env"][0]["value"] = json!("a: 2\n");
    assert!(std::panic::catch_unwind(|| compare(&theirs, &ours)).is_err());
}

fn application(spec: Value) -> Application {
    let mut object = json!({
        "metadata": {"name": "app", "namespace": "ns"},
        "spec": {"image": "i", "jarName": "j", "entryClass": "C", "parallelism": 1, "flinkVersion": "1.20"},
    });
    object["spec"].as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
    Application::parse(&object).unwrap()
}

/// The lines of a role's `FLINK_PROPERTIES`; a key twice fails.
fn properties(spec: Value, role: Role) -> Map<String, Value> {
    let identity = Identity { uid: uid(), hash: DeployHash(0xabcd), incarnation: INCARNATION };
    let objects = created::render(&application(spec), &RenderConfig::default(), &identity).unwrap();
    let deployment = match role {
        Role::JobManager => objects.job_manager,
        Role::TaskManager => objects.task_manager,
    };
    let container = &deployment.spec.unwrap().template.spec.unwrap().containers[0];
    let env = container.env.as_ref().unwrap();
    let value = env.iter().find(|variable| variable.name == "FLINK_PROPERTIES").unwrap();
    let mut lines = Map::new();
    for line in value.value.as_ref().unwrap().lines().filter(|line| !line.is_empty()) {
        let (key, value) = line.split_once(": ").unwrap();
        assert_eq!(lines.insert(key.to_owned(), json!(value)), None, "{key} twice");
    }
    lines
}

#[test]
fn a_plain_cluster_is_told_its_addresses_its_retention_and_its_name() {
    for (role, host) in [(Role::JobManager, None), (Role::TaskManager, Some(json!("$HOST_IP")))] {
        let lines = properties(json!({}), role);
        assert_eq!(lines["jobmanager.rpc.address"], "app-0000abcd");
        assert_eq!(lines.get("taskmanager.host").cloned(), host);
        assert_eq!(
            lines["execution.checkpointing.externalized-checkpoint-retention"],
            "RETAIN_ON_CANCELLATION"
        );
        assert_eq!(lines["flinkk8soperator.cluster"], format!("{OWNER}-3"));
        assert!(!lines.contains_key("kubernetes.cluster-id") && !lines.contains_key("rest.port"));
    }
}

#[test]
fn retention_is_the_users_where_they_set_it_and_none_without_savepoints() {
    let key = "execution.checkpointing.externalized-checkpoint-retention";
    let own = properties(json!({"flinkConfig": {key: "DELETE_ON_CANCELLATION"}}), Role::JobManager);
    assert_eq!(own[key], "DELETE_ON_CANCELLATION");
    assert!(!properties(json!({"savepointDisabled": true}), Role::JobManager).contains_key(key));
}

#[test]
fn both_names_of_ha_mean_ha_and_its_ids_are_the_incarnations() {
    for (key, value) in [
        ("high-availability", "zookeeper"),
        ("high-availability", " Kubernetes "),
        ("high-availability.type", "kubernetes"),
    ] {
        let spec = || json!({"flinkConfig": {key: value, "kubernetes.cluster-id": "mine"}});
        for role in [Role::JobManager, Role::TaskManager] {
            let lines = properties(spec(), role);
            assert_eq!(lines["kubernetes.cluster-id"], "app-0000abcd-3", "{key}");
            assert_eq!(lines["high-availability.cluster-id"], "app-0000abcd-3", "{key}");
        }
        assert_eq!(properties(spec(), Role::JobManager)["jobmanager.rpc.address"], "$HOST_IP");
        assert!(!properties(spec(), Role::TaskManager).contains_key("jobmanager.rpc.address"));
    }
    for key in ["high-availability", "high-availability.type"] {
        let lines = properties(json!({"flinkConfig": {key: "NONE"}}), Role::JobManager);
        assert!(!lines.contains_key("kubernetes.cluster-id"), "{key}: none");
    }
}

#[test]
fn the_service_of_a_cluster_says_that_flink_keeps_its_data_in_config_maps() {
    let label = "flink-app-high-availability";
    let labelled = |spec: Value| {
        let objects = render(&application(spec), &RenderConfig::default()).unwrap();
        let generic = objects.generic_service.metadata.labels.unwrap_or_default();
        assert!(!generic.contains_key(label), "it leads to another cluster one day");
        objects.versioned_service.metadata.labels.and_then(|labels| labels.get(label).cloned())
    };
    let class = "org.apache.flink.kubernetes.highavailability.KubernetesHaServicesFactory";
    for (key, value, expected) in [
        ("high-availability", "Kubernetes ", Some("kubernetes")),
        ("high-availability.type", "kubernetes", Some("kubernetes")),
        ("high-availability.type", class, Some("kubernetes")),
        ("high-availability.type", "zookeeper", None),
        ("high-availability.type", "NONE", None),
    ] {
        let found = labelled(json!({"flinkConfig": {key: value}}));
        assert_eq!(found.as_deref(), expected, "{key}: {value}");
    }
    assert_eq!(labelled(json!({})), None);
}

#[test]
fn another_web_port_is_given_under_the_names_of_every_flink() {
    let spec = json!({"uiPort": 8082, "flinkConfig": {"rest.port": "1"}});
    let lines = properties(spec, Role::JobManager);
    for key in ["rest.port", "rest.bind-port", "jobmanager.web.port"] {
        assert_eq!(lines[key], "8082", "{key}");
    }
}

#[test]
fn memory_is_the_request_else_the_limit_else_the_default() {
    let size = |resources: Value| {
        let spec =
            json!({"taskManagerConfig": {"resources": resources, "systemMemoryFraction": 0}});
        properties(spec, Role::TaskManager)["taskmanager.memory.process.size"].clone()
    };
    let gibi = |count: f64| json!(format!("{}k", count * 1024.0 * 1024.0));
    assert_eq!(
        size(json!({"requests": {"memory": "1.5Gi"}, "limits": {"memory": "4Gi"}})),
        gibi(1.5)
    );
    assert_eq!(size(json!({"limits": {"memory": "4Gi"}})), gibi(4.0));
    assert_eq!(size(json!({"requests": {"memory": "100Ti"}})), gibi(102_400.0));
    assert_eq!(size(json!({})), gibi(1.0));
}

#[test]
fn an_application_without_a_valid_configuration_is_refused_with_the_field() {
    let error =
        |spec| render(&application(spec), &RenderConfig::default()).unwrap_err().to_string();
    for (spec, field) in [
        (
            json!({"jobManagerConfig": {"offHeapMemoryFraction": 0.5}}),
            "spec.jobManagerConfig.offHeapMemoryFraction",
        ),
        (
            json!({"flinkVersion": "1.9", "taskManagerConfig": {"systemMemoryFraction": 0.5}}),
            "spec.taskManagerConfig.systemMemoryFraction",
        ),
        (json!({"flinkConfig": {"a.b": ["x"]}}), "spec.flinkConfig[a.b]"),
        (
            json!({"jobManagerConfig": {"resources": {"requests": {"memory": "-1"}}}}),
            "spec.jobManagerConfig.resources",
        ),
    ] {
        let message = error(spec);
        assert!(message.starts_with(&format!("{field}: ")), "{message}");
    }
    let message = error(json!({"uiPort": 3_000_000_000_i64}));
    assert!(message.contains("app-"), "{message}");
}

#[test]
fn labels_of_the_application_do_not_stand_in_for_the_operators() {
    let object = json!({
        "metadata": {
            "name": "app",
            "labels": {
                "team": "a",
                "flink-app": "other",
                "flink-app-hash": "x",
                "flink-app-incarnation": "x",
                "pod-deployment-selector": "x",
                "flink-deployment-type": "x",
            },
        },
        "spec": {"parallelism": 1},
    });
    let app = Application::parse(&object).unwrap();
    let job_manager = render(&app, &RenderConfig::default()).unwrap().job_manager;
    let spec = job_manager.spec.unwrap();
    let labels = spec.template.metadata.unwrap().labels.unwrap();
    let expected = json!({
        "team": "a",
        "flink-app": "app",
        "flink-app-incarnation": "3",
        "flink-deployment-type": "jobmanager",
        "pod-deployment-selector": selector(uid(), INCARNATION, Role::JobManager),
    });
    assert_eq!(json!(labels), expected);
    let selected = spec.selector.match_labels.unwrap();
    assert!(selected.iter().all(|(key, value)| labels.get(key) == Some(value)), "{selected:?}");
}

#[test]
fn a_cluster_keeps_the_hash_it_was_deployed_with_and_selects_only_its_own_pods() {
    let identity = Identity { uid: uid(), hash: DeployHash(0xabcd), incarnation: INCARNATION };
    let objects =
        created::render(&application(json!({})), &RenderConfig::default(), &identity).unwrap();
    assert_eq!(objects.job_manager.metadata.name.as_deref(), Some("app-0000abcd-jm"));
    assert_eq!(objects.task_manager.metadata.name.as_deref(), Some("app-0000abcd-tm"));
    assert_eq!(objects.versioned_service.metadata.name.as_deref(), Some("app-0000abcd"));
    assert_eq!(objects.generic_service.metadata.name.as_deref(), Some("app"));
    let pods = selector(uid(), INCARNATION, Role::JobManager);
    for service in [&objects.generic_service, &objects.versioned_service] {
        let selected = service.spec.as_ref().unwrap().selector.as_ref().unwrap();
        let template = &objects.job_manager.spec.as_ref().unwrap().template;
        let labels = template.metadata.as_ref().unwrap().labels.as_ref().unwrap();
        assert_eq!(selected["pod-deployment-selector"], pods);
        assert!(selected.iter().all(|(key, value)| labels.get(key) == Some(value)));
    }
}

#[test]
fn the_service_of_a_version_that_was_scaled_to_differs_from_the_first_in_the_name_alone() {
    for vector in vectors() {
        let app = vector.app();
        let hash = DeployHash(0xc0_ffee);
        let identity = Identity { uid: uid(), hash, incarnation: INCARNATION };
        let Ok(mut objects) = created::render(&app, &vector.config, &identity) else { continue };
        // The cluster's data is found by the first one.
        let first = objects.versioned_service.metadata.labels.as_mut().unwrap();
        first.remove("flink-app-high-availability");
        let mut alias = created::alias(&app, &identity, DeployHash(2)).unwrap();
        assert_eq!(alias.metadata.name, Some(format!("{}-00000002", app.name())));
        let labels = alias.metadata.labels.as_mut().unwrap();
        assert_eq!(labels.insert("flink-app-hash".into(), hash.to_string()).unwrap(), "00000002");
        alias.metadata.name.clone_from(&objects.versioned_service.metadata.name);
        assert_eq!(alias, objects.versioned_service);
    }
}

/// The machine counts TaskManagers by what `parse` reads from the typed spec, and scales to that number
/// what is rendered here from the stored one.
#[test]
fn the_machine_and_what_is_created_count_task_managers_alike() {
    let check = |parallelism: u32, slots: Value, expected: u32| {
        let vector = vectors().swap_remove(0);
        let mut stored = vector.stored();
        stored["spec"]["parallelism"] = json!(parallelism);
        stored["spec"]["taskManagerConfig"]["taskSlots"] = slots;
        let app: FlinkApplication = serde_json::from_value(stored.clone()).unwrap();
        let hashes = Hashes::colourless(DeployHash(0));
        let desired = desired(&app, hashes, Digest(0), &OperatorSettings::default());
        let objects = render(&Application::parse(&stored).unwrap(), &vector.config).unwrap();
        let replicas = objects.task_manager.spec.unwrap().replicas.unwrap();
        let counted = (desired.taskmanagers, u32::try_from(replicas).unwrap());
        assert_eq!(counted, (expected, expected), "{stored}");
    };
    check(1, json!(1), 1);
    check(5, json!(2), 3);
    check(6, json!(2), 3);
    check(16, json!(null), 1);
    check(17, json!(null), 2);
}

#[test]
fn devices_and_the_security_context_reach_the_pods() {
    let resources = json!({
        "requests": { "memory": "2Gi", "nvidia.com/gpu": 1 },
        "limits": { "nvidia.com/gpu": 1 },
    });
    let seccomp = json!({ "type": "RuntimeDefault" });
    let object = json!({
        "metadata": { "name": "a", "namespace": "n" },
        "spec": {
            "image": "i", "jarName": "j.jar", "parallelism": 1,
            "securityContext": { "runAsUser": 1_000_660_000, "seccompProfile": seccomp },
            "jobManagerConfig": { "resources": resources },
            "taskManagerConfig": { "resources": resources },
        },
    });
    let app = Application::parse(&object).unwrap();
    let objects = render(&app, &RenderConfig::default()).unwrap();
    for deployment in [&objects.job_manager, &objects.task_manager] {
        let pod = serde_json::to_value(deployment).unwrap()["spec"]["template"]["spec"].clone();
        let given = &pod["containers"][0]["resources"];
        assert_eq!(given["limits"]["nvidia.com/gpu"], "1", "{pod}");
        assert_eq!(given["requests"]["nvidia.com/gpu"], "1", "{pod}");
        assert_eq!(pod["securityContext"]["seccompProfile"], seccomp, "{pod}");
        assert_eq!(pod["securityContext"]["runAsUser"], 1_000_660_000, "{pod}");
    }
}

/// With what an application's pods say of how Flink is reached, and the JobManager's probe.
fn reached(rest: Value, config: Value) -> (FlinkRest, Value) {
    let app = Application::parse(&json!({
        "metadata": {
            "name": "a", "namespace": "n",
            "annotations": {"flink-app-rest-tls-secret": "not-ours", "mine": "kept"},
        },
        "spec": {"image": "i", "jarName": "j.jar", "parallelism": 1, "uiPort": 9000, "flinkConfig": config,
            "flinkRest": rest},
    }))
    .unwrap();
    let objects = render(&app, &RenderConfig::default()).unwrap();
    let pod = |deployment| {
        let template = serde_json::to_value(deployment).unwrap()["spec"]["template"].clone();
        let annotations = template["metadata"]["annotations"].clone();
        assert_eq!(annotations["mine"], "kept");
        (serde_json::from_value(annotations).unwrap(), template)
    };
    let (annotations, _) = pod(&objects.task_manager);
    assert!(FlinkRest::read(&annotations).is_open(), "nobody asks a TaskManager");
    let (annotations, template) = pod(&objects.job_manager);
    let rest = FlinkRest::read(&annotations);
    (rest, template["spec"]["containers"][0]["readinessProbe"].clone())
}

#[test]
fn a_jobmanagers_pod_says_how_it_is_reached_and_is_probed_so() {
    let http = |scheme: Value| json!({"path": "/overview", "port": 9000, "scheme": scheme});
    let (rest, probe) = reached(json!(null), json!({}));
    assert!(rest.is_open(), "an annotation of the application is not ours");
    assert_eq!(probe["httpGet"], json!({"path": "/overview", "port": 9000}));
    let (rest, probe) = reached(json!({"tls": {"secretName": "t"}}), json!({}));
    let tls = rest.tls.unwrap();
    assert_eq!((&*tls.secret, &*tls.server_name, rest.auth_secret), ("t", "a.n.svc", None));
    assert_eq!(probe["httpGet"], http(json!("HTTPS")));
    assert_eq!(probe["periodSeconds"], 5);
    let named = json!({"tls": {"secretName": "t", "serverName": "x"}});
    assert_eq!(reached(named.clone(), json!({})).0.tls.unwrap().server_name, "x");
    // The kubelet has no certificate and no password.
    for on in [json!(true), json!("true"), json!(" TRUE")] {
        let both_ways = json!({"security.ssl.rest.authentication-enabled": on});
        let (_, probe) = reached(named.clone(), both_ways);
        assert_eq!(
            (&probe["httpGet"], &probe["tcpSocket"]),
            (&json!(null), &json!({"port": 9000}))
        );
    }
    let (rest, probe) = reached(json!({"basicAuth": {"secretName": "u"}}), json!({}));
    assert_eq!((rest.tls, rest.auth_secret.as_deref()), (None, Some("u")));
    assert_eq!((&probe["httpGet"], &probe["tcpSocket"]), (&json!(null), &json!({"port": 9000})));
    assert_eq!(probe["failureThreshold"], 2);
}

/// Two versions that differ in nothing else stand beside each other during an update.
#[test]
fn how_it_is_reached_is_in_the_names_of_a_versions_objects() {
    let vector = vectors().swap_remove(0);
    let with = |rest: Value| {
        let mut stored = vector.stored();
        stored["spec"]["flinkRest"] = rest;
        let app = Application::parse(&stored).unwrap();
        assert_eq!(
            reference_hash(&app, &vector.config),
            deploy_hash(&vector.app(), &vector.config)
        );
        deploy_hash(&app, &vector.config)
    };
    let tls = |secret: &str| json!({"tls": {"secretName": secret}});
    let open = [with(json!(null)), with(json!({}))];
    assert_eq!(open, [deploy_hash(&vector.app(), &vector.config); 2]);
    let user = json!({"basicAuth": {"secretName": "a"}});
    let all: BTreeSet<_> = [json!(null), tls("a"), tls("b"), user].map(with).into();
    assert_eq!(all.len(), 4);
}
