//! The Deployment of a role, in two steps as the reference operator builds it: the template, which is
//! the hash input, and what is added when it is created.
//!
//! Everything is JSON as Go writes it; `created` turns it into typed objects.

use flinkk8soperator_core::ids::{DeployHash, Incarnation, Role};
use serde_json::{Map, Value, json};

use crate::application::Application;
use crate::config::RenderConfig;
use crate::labels;
use crate::properties::Rendering;

/// What is added on creation, and is not in the hash input.
pub(crate) struct Birth<'a> {
    pub(crate) hash: DeployHash,
    /// The owner reference.
    pub(crate) owner: Value,
    /// The role's `pod-deployment-selector`.
    pub(crate) selector: &'a str,
    /// Lines that are appended to `FLINK_PROPERTIES`.
    pub(crate) properties: &'a str,
    /// The incarnation label; the reference operator has none.
    pub(crate) incarnation: Option<Incarnation>,
}

/// The variable with the Flink configuration.
pub(crate) const PROPERTIES: &str = "FLINK_PROPERTIES";
/// The variable with the role: the last one that the operator sets, the user's come behind it.
pub(crate) const DEPLOYMENT_TYPE: &str = "FLINK_DEPLOYMENT_TYPE";
/// What images of the reference operator's first versions read.
const LEGACY_PROPERTIES: &str = "OPERATOR_FLINK_CONFIG";

/// The Deployment without what is added on creation. `properties` is the base of
/// `FLINK_PROPERTIES`; without it the containers lack everything that the reference operator sets
/// along with it.
pub(crate) fn template(
    app: &Application,
    config: &RenderConfig,
    role: Role,
    rendering: Rendering,
    properties: Option<&str>,
) -> Value {
    let labels = labels::deployment(app, role, rendering);
    let mut metadata = metadata(app, json!(labels));
    metadata.insert("annotations".into(), json!(annotations(app)));
    let mut pod_metadata = self::metadata(app, json!(labels));
    if !app.annotations().is_empty() {
        pod_metadata.insert("annotations".into(), json!(app.annotations()));
    }
    json!({
        "kind": "Deployment",
        "apiVersion": "apps/v1",
        "metadata": metadata,
        "spec": {
            "replicas": app.replicas(role),
            "selector": { "matchLabels": labels },
            "template": {
                "metadata": pod_metadata,
                "spec": pod_spec(app, config, role, properties),
            },
            "strategy": { "type": "Recreate" },
        },
        "status": {},
    })
}

/// The Deployment as it is created.
pub(crate) fn create(
    app: &Application,
    role: Role,
    mut template: Value,
    birth: &Birth<'_>,
) -> Value {
    let name = labels::deployment_name(app, birth.hash, role);
    let hash = json!(birth.hash.to_string());
    let incarnation = birth.incarnation.map(|incarnation| json!(incarnation.to_string()));
    let metadata = &mut template["metadata"];
    metadata["name"] = json!(name);
    metadata["ownerReferences"] = json!([birth.owner]);
    metadata["labels"][labels::HASH] = hash.clone();
    let spec = &mut template["spec"];
    spec["selector"]["matchLabels"][labels::SELECTOR] = json!(birth.selector);
    let pod = &mut spec["template"];
    // Without the colour; the API server ignores it.
    let versioned = labels::versioned_name(app, birth.hash);
    pod["metadata"]["name"] = json!(format!("{versioned}-{}-pod", labels::short(role)));
    pod["metadata"]["labels"][labels::SELECTOR] = json!(birth.selector);
    pod["metadata"]["annotations"][labels::HASH] = hash;
    if let Some(incarnation) = incarnation {
        pod["metadata"]["labels"][labels::INCARNATION] = incarnation.clone();
        template["metadata"]["labels"][labels::INCARNATION] = incarnation;
    }
    let container = &mut template["spec"]["template"]["spec"]["containers"][0];
    if let Some(environment) = container["env"].as_array_mut() {
        *environment = complete(environment, birth.properties);
    }
    template
}

/// The environment with the appended properties, each with its copy under the legacy name. A user's
/// variable of the same name gets them as well.
fn complete(environment: &[Value], appended: &str) -> Vec<Value> {
    let mut completed = Vec::with_capacity(environment.len() + 1);
    for variable in environment {
        let mut variable = variable.clone();
        if variable["name"] == PROPERTIES {
            let base = variable.get("value").and_then(Value::as_str).unwrap_or_default();
            variable["value"] = json!(format!("{base}{appended}"));
            completed.push(json!({"name": LEGACY_PROPERTIES, "value": variable["value"]}));
        }
        completed.push(variable);
    }
    completed
}

/// Namespace, labels, and the null that Go writes for a time that was never set.
pub(crate) fn metadata(app: &Application, labels: Value) -> Map<String, Value> {
    let mut metadata = Map::new();
    metadata.insert("creationTimestamp".into(), Value::Null);
    metadata.insert("labels".into(), labels);
    if !app.namespace().is_empty() {
        metadata.insert("namespace".into(), json!(app.namespace()));
    }
    metadata
}

/// The reference to the application, which makes Kubernetes collect the objects after it.
pub(crate) fn owner(app: &Application, uid: &str) -> Value {
    json!({
        "apiVersion": "flink.k8s.io/v1beta1",
        "kind": "FlinkApplication",
        "name": app.name(),
        "uid": uid,
        "controller": true,
        "blockOwnerDeletion": true,
    })
}

fn annotations(app: &Application) -> labels::Labels {
    let mut annotations = app.annotations().clone();
    annotations.insert(labels::JOB_PROPERTIES.to_owned(), job_properties(app));
    if !app.text("restartNonce").is_empty() {
        annotations.insert(labels::RESTART_NONCE.to_owned(), app.text("restartNonce").to_owned());
    }
    if let Some(colour) = app.colour() {
        annotations.insert(labels::COLOUR.to_owned(), colour.to_owned());
    }
    annotations
}

/// Jar, parallelism, class and arguments of the job.
pub(crate) fn job_properties(app: &Application) -> String {
    format!(
        "jarName: {}\nparallelism: {}\nentryClass:{}\nprogramArgs:\"{}\"",
        app.text("jarName"),
        app.parallelism(),
        app.text("entryClass"),
        app.text("programArgs"),
    )
}

fn pod_spec(
    app: &Application,
    config: &RenderConfig,
    role: Role,
    properties: Option<&str>,
) -> Map<String, Value> {
    let mut pod = Map::new();
    pod.insert("containers".into(), json!([container(app, config, role, properties)]));
    for name in ["volumes", "imagePullSecrets", "serviceAccountName", "securityContext"] {
        insert(&mut pod, name, app.member(name));
    }
    for name in ["nodeSelector", "tolerations", "affinity"] {
        insert(&mut pod, name, app.role_config(role).get(name));
    }
    if !config.scheduler_name.is_empty() {
        pod.insert("schedulerName".into(), json!(config.scheduler_name));
    }
    pod
}

fn container(
    app: &Application,
    config: &RenderConfig,
    role: Role,
    properties: Option<&str>,
) -> Map<String, Value> {
    let mut container = Map::new();
    container.insert("name".into(), json!(config.container_name(&role.to_string())));
    insert(&mut container, "image", app.member("image"));
    container.insert("imagePullPolicy".into(), json!(app.image_pull_policy()));
    container.insert("args".into(), json!([role.to_string()]));
    container.insert("ports".into(), container_ports(app, role));
    container.insert("resources".into(), app.resources(role));
    let environment = &app.role_config(role)["envConfig"];
    insert(&mut container, "envFrom", environment.get("envFrom"));
    let user = environment.get("env").and_then(Value::as_array);
    container.insert("env".into(), env(app, role, properties, user));
    insert(&mut container, "volumeMounts", app.member("volumeMounts"));
    if role == Role::JobManager {
        container.insert("readinessProbe".into(), readiness_probe(app.ports().ui));
    }
    container
}

fn insert(object: &mut Map<String, Value>, name: &str, value: Option<&Value>) {
    if let Some(value) = value {
        object.insert(name.to_owned(), value.clone());
    }
}

fn container_ports(app: &Application, role: Role) -> Value {
    let named =
        port_names(app).into_iter().filter(|(name, _)| role == Role::JobManager || *name != "ui");
    named.map(|(name, port)| json!({"name": name, "containerPort": port})).collect()
}

/// The JobManager's ports in the reference operator's order.
pub(crate) fn port_names(app: &Application) -> [(&'static str, i64); 5] {
    let ports = app.ports();
    [
        ("rpc", ports.rpc),
        ("blob", ports.blob),
        ("query", ports.query),
        ("ui", ports.ui),
        ("metrics", ports.metrics),
    ]
}

fn env(
    app: &Application,
    role: Role,
    properties: Option<&str>,
    user: Option<&Vec<Value>>,
) -> Value {
    let mut env = vec![
        variable("AWS_METADATA_SERVICE_TIMEOUT", "5"),
        variable("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "20"),
    ];
    if let Some(properties) = properties {
        env.push(variable("APP_NAME", app.name()));
        env.push(variable(PROPERTIES, properties));
        env.push(pod_field("HOST_NAME", "metadata.name"));
        env.push(pod_field("HOST_IP", "status.podIP"));
    }
    if let Some(colour) = app.colour() {
        env.push(variable("FLINK_APPLICATION_VERSION", colour));
    }
    env.push(variable(DEPLOYMENT_TYPE, &role.to_string()));
    env.extend(user.into_iter().flatten().cloned());
    Value::Array(env)
}

/// An environment variable; Go leaves out an empty value.
fn variable(name: &str, value: &str) -> Value {
    if value.is_empty() { json!({"name": name}) } else { json!({"name": name, "value": value}) }
}

fn pod_field(name: &str, path: &str) -> Value {
    json!({"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}})
}

fn readiness_probe(port: i64) -> Value {
    json!({
        "httpGet": { "path": "/overview", "port": port },
        "initialDelaySeconds": 10,
        "timeoutSeconds": 1,
        "periodSeconds": 5,
        "successThreshold": 1,
        "failureThreshold": 2,
    })
}
