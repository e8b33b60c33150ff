//! How two versions of an application differ, field by field, and what has to be done about it.
//!
//! The deploy hash is no change detector: the annotations of every tool, two spellings of one amount
//! and the operator's own settings are in it. Compared is what is rendered, defaults filled in, amounts
//! by value, lists in their order where that says anything ([`order`]). Both sides come from the application
//! as stored (the deployed one from its revision).

use std::collections::{BTreeMap, BTreeSet};

use flinkk8soperator_core::ids::{Digest, Role};
use flinkk8soperator_core::{Change, ChangeClass};
use serde_json::{Map, Value, json};

use crate::application::Application;
use crate::config::RenderConfig;
use crate::flink_rest::FlinkRest;
use crate::go_json::member_path;
use crate::object_hash::object_hash;
use crate::properties;

mod order;

/// Prefixes of the label and annotation keys that tools write for themselves: kubectl, Argo CD,
/// Flux, Helm. The default of the operator's setting `ignoredMetadata`.
pub const TOOL_METADATA: [&str; 7] = [
    "kubectl.kubernetes.io/",
    "argocd.argoproj.io/",
    "app.kubernetes.io/managed-by",
    "kustomize.toolkit.fluxcd.io/",
    "helm.toolkit.fluxcd.io/",
    "meta.helm.sh/",
    "helm.sh/",
];

/// Members of the spec that are rendered as they are.
const RENDERED: [&str; 11] = [
    "image",
    "imagePullSecrets",
    "serviceAccountName",
    "securityContext",
    "volumes",
    "volumeMounts",
    "restartNonce",
    "jarName",
    "entryClass",
    "programArgs",
    "parallelism",
];
/// Members of a role's configuration that are rendered as they are.
const RENDERED_OF_ROLE: [&str; 5] =
    ["resources", "envConfig", "nodeSelector", "tolerations", "affinity"];
/// Members of the spec that no object is made of.
const NEUTRAL: [&str; 12] = [
    "flinkVersion",
    "savepointInfo",
    "savepointPath",
    "savepointDisabled",
    "deploymentMode",
    "deleteMode",
    "scaleMode",
    "allowNonRestoredState",
    "forceRollback",
    "maxCheckpointRestoreAgeSeconds",
    "tearDownVersionHash",
    "fallbackWithoutState",
];
const PARALLELISM: &str = "spec.parallelism";

/// Compares two versions. `ignored` are prefixes of label and annotation keys. The configurations are
/// those under which each is to be rendered: with the deployed one on both sides, a changed setting of
/// the operator does not redeploy a fleet.
///
/// [`ChangeClass::Rescale`] says that nothing but the parallelism changes what is rendered. The colour
/// is not compared: the operator chooses it.
#[must_use]
pub fn difference(
    deployed: &Application,
    desired: &Application,
    deployed_config: &RenderConfig,
    desired_config: &RenderConfig,
    ignored: &[String],
) -> Change {
    let rendered = fields(
        &rendered(deployed, deployed_config, ignored),
        &rendered(desired, desired_config, ignored),
    );
    let neutral = fields(&neutral(deployed, deployed_config), &neutral(desired, desired_config));
    let class = if rendered.is_empty() {
        if neutral.is_empty() { ChangeClass::None } else { ChangeClass::StatusOnly }
    } else if rendered.iter().all(|field| field == PARALLELISM) {
        ChangeClass::Rescale
    } else {
        ChangeClass::Redeploy
    };
    Change { class, fields: rendered.union(&neutral).cloned().collect() }
}

/// Fingerprint of everything that `difference` looks at in an application. Equal digests: nothing to
/// compare; different ones may still turn out equal (two spellings of one amount, another order).
#[must_use]
pub fn digest(app: &Application, ignored: &[String]) -> Digest {
    let hash = object_hash(&json!({
        "labels": kept(app.labels(), ignored),
        "annotations": kept(app.annotations(), ignored),
        "spec": app.stored(),
    }));
    Digest(hash[..8].iter().fold(0, |digest, byte| digest << 8 | u64::from(*byte)))
}

/// What the objects are made of.
fn rendered(app: &Application, config: &RenderConfig, ignored: &[String]) -> Value {
    let exact = app.exact();
    let mut spec = pick(&exact, &RENDERED);
    spec.insert("imagePullPolicy".into(), json!(app.image_pull_policy()));
    let ports = app.ports();
    spec.insert("rpcPort".into(), json!(ports.rpc));
    spec.insert("blobPort".into(), json!(ports.blob));
    spec.insert("queryPort".into(), json!(ports.query));
    spec.insert("uiPort".into(), json!(ports.ui));
    spec.insert("metricsQueryPort".into(), json!(ports.metrics));
    // Of the version only the memory model is rendered.
    spec.insert("flinkVersion".into(), json!(properties::fraction_name(app)));
    spec.insert("flinkConfig".into(), Value::Object(flink_config(app, false)));
    spec.extend(flink_rest(app));
    for role in [Role::JobManager, Role::TaskManager] {
        spec.insert(
            Application::config_name(role).into(),
            Value::Object(of_role(app, &exact, role)),
        );
    }
    json!({
        "metadata": {
            "labels": kept(app.labels(), ignored),
            "annotations": kept(app.annotations(), ignored),
        },
        "spec": spec,
        "operator": {
            "containerNameFormat": config.container_name_format,
            "schedulerName": config.scheduler_name,
        },
    })
}

fn of_role(app: &Application, exact: &Map<String, Value>, role: Role) -> Map<String, Value> {
    let config = app.role_config(role);
    let exact = exact[Application::config_name(role)].as_object();
    let mut picked = exact.map(|exact| pick(exact, &RENDERED_OF_ROLE)).unwrap_or_default();
    // A fraction of the wrong memory model is an error, with or without its value.
    for name in ["offHeapMemoryFraction", "systemMemoryFraction"] {
        picked.extend(config.get(name).map(|value| (name.to_owned(), value.clone())));
    }
    picked.insert(properties::fraction_name(app).into(), json!(properties::fraction(app, role)));
    match role {
        Role::JobManager => picked.insert("replicas".into(), json!(app.replicas(role))),
        Role::TaskManager => picked.insert("taskSlots".into(), json!(app.task_slots())),
    };
    picked
}

/// What no object is made of, unknown members of the spec included.
fn neutral(app: &Application, config: &RenderConfig) -> Value {
    let exact = app.exact();
    let mut spec = pick(&exact, &NEUTRAL);
    spec.insert("flinkConfig".into(), Value::Object(flink_config(app, true)));
    let mut neutral = json!({
        "spec": spec,
        "operator": { "ingressUrlFormat": config.ingress_url_format },
    });
    for (path, value) in app.lost().iter().filter(|(path, _)| *path != "spec.flinkRest") {
        neutral[path] = value.clone();
    }
    neutral
}

/// How the JobManager is reached, with its default.
fn flink_rest(app: &Application) -> Option<(String, Value)> {
    let rest = FlinkRest::of(app);
    let tls = rest.tls.as_ref();
    let tls = tls.map(|tls| json!({"secretName": tls.secret, "serverName": tls.server_name}));
    let user = rest.auth_secret.as_ref().map(|secret| json!({ "secretName": secret }));
    let value = json!({ "tls": tls, "basicAuth": user });
    (!rest.is_open()).then(|| ("flinkRest".to_owned(), value))
}

/// The entries of `flinkConfig` that have no effect (the operator overwrites them), or the others.
fn flink_config(app: &Application, without_effect: bool) -> Map<String, Value> {
    let managed = properties::managed(app);
    let overwritten = |key: &str| managed.contains_key(key) || key == properties::RPC_ADDRESS;
    let entries = app.flink_config().iter().filter(|(key, _)| overwritten(key) == without_effect);
    entries
        .map(|(key, value)| {
            (
                key.clone(),
                properties::scalar(key, value).map_or_else(|_| value.clone(), Value::from),
            )
        })
        .collect()
}

fn pick(members: &Map<String, Value>, names: &[&str]) -> Map<String, Value> {
    let chosen = names.iter().filter_map(|name| members.get_key_value(*name));
    chosen.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn kept<'a>(
    metadata: &'a BTreeMap<String, String>,
    ignored: &[String],
) -> BTreeMap<&'a String, &'a String> {
    let is_ignored = |key: &str| ignored.iter().any(|prefix| key.starts_with(prefix.as_str()));
    metadata.iter().filter(|(key, _)| !is_ignored(key)).collect()
}

/// The paths at which two JSON values differ.
fn fields(a: &Value, b: &Value) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    compare("", a, b, &mut paths);
    paths
}

fn compare(path: &str, a: &Value, b: &Value, paths: &mut BTreeSet<String>) {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let of =
                    |members: &Map<String, Value>| members.get(key).cloned().unwrap_or_default();
                compare(&member_path(path, key), &of(a), &of(b), paths);
            }
        }
        (Value::Array(a), Value::Array(b)) if order::is_all_that_differs(path, a, b) => {}
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                compare(&format!("{path}[{index}]"), a, b, paths);
            }
        }
        _ if a == b => {}
        _ => {
            paths.insert(path.to_owned());
        }
    }
}

#[cfg(test)]
mod tests;
