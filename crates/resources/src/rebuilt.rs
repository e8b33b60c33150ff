//! The version that a cluster of the reference operator's was made for, read back from its Deployments.
//!
//! The reverse of `deployment`. Nothing stored says what a running version was made from once the spec is
//! another one; what is needed of it (to compare the spec with, to put an object back) is in its
//! Deployments. The deploy hash covers all of that: what was read is good if, rendered again, it gives
//! the hash that the version is named by, and no good otherwise.

use std::collections::BTreeMap;

use flinkk8soperator_core::ids::{DeployHash, Role};
use serde_json::{Map, Value, json};

use crate::application::Application;
use crate::config::RenderConfig;
use crate::deploy_hash::deploy_hash;
use crate::labels;

mod configuration;
mod environment;
mod program;
mod spelling;
mod wanted;

use self::wanted::{Defaults, Wanted};

/// The two Deployments of a cluster, as the API server has them.
#[derive(Clone, Copy, Debug)]
pub struct Deployments<'a> {
    /// `<app>-<hash>-jm`.
    pub job_manager: &'a Value,
    /// `<app>-<hash>-tm`.
    pub task_manager: &'a Value,
}

/// A version, read back.
#[derive(Clone, Debug, PartialEq)]
pub struct Rebuilt {
    /// The application as it would be stored: metadata, spec, and of the status the mode and the colour.
    pub application: Value,
    /// The settings that it was rendered under.
    pub rendering: RenderConfig,
}

/// The version `hash` of the application whose stored form is now `app`, from the cluster that it runs in.
/// None where what can be read does not give that hash: a Deployment was changed by someone, or was made from
/// something that it does not show.
///
/// What no object is made of (`deleteMode` and the like) is as it is in `app`, and so is the spelling of what
/// did not change. `rendering` is what is configured now: tried first. A version that was scaled in place
/// shows another parallelism than its Deployments: those in `app` are tried as well.
#[must_use]
pub fn rebuild(
    app: &Value,
    deployments: Deployments<'_>,
    rendering: &RenderConfig,
    hash: DeployHash,
) -> Option<Rebuilt> {
    let app = &without_flink_rest(app);
    let colour = deployments.colour();
    let renderings = [rendering.clone(), deployments.rendering(rendering)];
    let like = Application::parse(app).ok()?;
    let read = deployments.parallelisms(app).into_iter().flat_map(|parallelism| {
        [Defaults::FilledIn, Defaults::Said]
            .map(|defaults| deployments.read(app, &like, parallelism, defaults))
    });
    let unchanged = json!({ "metadata": identity(app), "spec": app["spec"] });
    let candidates = std::iter::once(unchanged).chain(read);
    candidates
        .map(|mut application| {
            application["status"] = match colour {
                Some(colour) => json!({"deploymentMode": "BlueGreen", "updatingVersion": colour}),
                None => json!({"deploymentMode": "Dual"}),
            };
            application
        })
        .flat_map(|application| {
            renderings
                .clone()
                .map(|rendering| Rebuilt { application: application.clone(), rendering })
        })
        .find(|rebuilt| rebuilt.hash() == Some(hash))
}

impl Rebuilt {
    fn hash(&self) -> Option<DeployHash> {
        Some(deploy_hash(&Application::parse(&self.application).ok()?, &self.rendering))
    }
}

/// What that operator has made is open to everyone.
fn without_flink_rest(app: &Value) -> Value {
    let mut app = app.clone();
    if let Some(spec) = app["spec"].as_object_mut() {
        spec.remove("flinkRest");
    }
    app
}

/// Name, namespace, UID, labels and annotations.
fn identity(app: &Value) -> Value {
    let names = ["name", "namespace", "uid", "labels", "annotations"];
    let members = names.map(|name| (name.to_owned(), app["metadata"][name].clone()));
    Value::Object(members.into_iter().filter(|(_, value)| !value.is_null()).collect())
}

impl<'a> Deployments<'a> {
    fn of(&self, role: Role) -> &'a Value {
        match role {
            Role::JobManager => self.job_manager,
            Role::TaskManager => self.task_manager,
        }
    }

    /// A member of the pods that a Deployment makes.
    fn pod(&self, role: Role, pointer: &str) -> Option<&'a Value> {
        self.of(role).pointer(&format!("/spec/template{pointer}"))
    }

    fn container(&self, role: Role, member: &str) -> Option<&'a Value> {
        self.pod(role, "/spec/containers/0")?.get(member)
    }

    fn colour(&self) -> Option<&'a str> {
        self.job_manager["metadata"]["labels"][labels::COLOUR].as_str()
    }

    /// The settings that can be read from the Deployment; the rest as configured now.
    fn rendering(&self, now: &RenderConfig) -> RenderConfig {
        let text = |value: Option<&'a Value>| value.and_then(Value::as_str).unwrap_or_default();
        let role = Role::JobManager.to_string();
        let container = text(self.container(Role::JobManager, "name"));
        let format = container.replace('%', "%%").replacen(&role, "%s", 1);
        let scheduler = text(self.pod(Role::JobManager, "/spec/schedulerName"));
        // What the API server writes where nothing was said.
        let scheduler = if scheduler == "default-scheduler" { "" } else { scheduler };
        RenderConfig {
            container_name_format: if container == role { String::new() } else { format },
            scheduler_name: scheduler.to_owned(),
            ..now.clone()
        }
    }

    /// The parallelism that the Deployments were made for, and those that their cluster may have been scaled
    /// to since.
    fn parallelisms(&self, app: &Value) -> Vec<i64> {
        let scaled = [&app["status"]["jobStatus"], &app["spec"]];
        let scaled = scaled.map(|known| known["parallelism"].as_i64());
        let made = program::of(self.job_manager).map(|program| program.parallelism);
        let mut all: Vec<i64> = [made].into_iter().chain(scaled).flatten().collect();
        all.dedup();
        all
    }

    /// The application as far as the Deployments show it, the rest as in `app`.
    fn read(&self, app: &Value, like: &Application, parallelism: i64, defaults: Defaults) -> Value {
        let mut metadata = identity(app);
        metadata["labels"] = self.labels(like);
        metadata["annotations"] = self.annotations(like);
        let mut wanted = Wanted::new(app, like);
        self.read_spec(&mut wanted, parallelism, defaults);
        let spec = wanted.spec();
        let spec = configuration::read(self, json!({ "metadata": metadata, "spec": spec }), like);
        json!({ "metadata": metadata, "spec": spec })
    }

    fn read_spec(&self, wanted: &mut Wanted<'_>, parallelism: i64, defaults: Defaults) {
        let role = Role::JobManager;
        wanted.member("image", self.container(role, "image"));
        wanted.or_default(
            "imagePullPolicy",
            self.container(role, "imagePullPolicy"),
            &json!("IfNotPresent"),
        );
        wanted.member("volumeMounts", self.container(role, "volumeMounts"));
        for name in ["imagePullSecrets", "serviceAccountName"] {
            wanted.member(name, self.pod(role, &format!("/spec/{name}")));
        }
        wanted.volumes(self.pod(role, "/spec/volumes"), defaults);
        // The API server writes an empty one where there is none.
        let security = self.pod(role, "/spec/securityContext").filter(|value| **value != json!({}));
        wanted.member("securityContext", security);
        let nonce = self.job_manager["metadata"]["annotations"].get(labels::RESTART_NONCE);
        wanted.member("restartNonce", nonce);
        if let Some(program) = program::of(self.job_manager) {
            wanted.member("jarName", Some(&json!(program.jar)));
            wanted.member("entryClass", Some(&json!(program.class)));
            wanted.member("programArgs", Some(&json!(program.arguments)));
        }
        wanted.member("parallelism", Some(&json!(parallelism)));
        for role in [Role::JobManager, Role::TaskManager] {
            wanted.resources(role, self.container(role, "resources"));
            for name in ["nodeSelector", "tolerations", "affinity"] {
                wanted.of_role(role, name, self.pod(role, &format!("/spec/{name}")));
            }
            let env = environment::of_the_user(self.container(role, "env"));
            wanted.environment(role, "env", env.as_ref());
            wanted.environment(role, "envFrom", self.container(role, "envFrom"));
        }
        let replicas = self.job_manager["spec"].get("replicas");
        wanted.replicas(replicas);
    }

    /// The application's own labels: those of the pods without what the operator adds.
    fn labels(&self, like: &Application) -> Value {
        let all = self.pod(Role::JobManager, "/metadata/labels").and_then(Value::as_object);
        let overwritten = |key: &str| [labels::DEPLOYMENT_TYPE, labels::SELECTOR].contains(&key);
        own(all, like.labels(), overwritten, |key, value| match key {
            labels::APP => value == like.name(),
            labels::COLOUR => value.as_str() == self.colour(),
            _ => false,
        })
    }

    /// The application's own annotations: those of the pods, since others write on Deployments, too.
    fn annotations(&self, like: &Application) -> Value {
        let all = self.pod(Role::JobManager, "/metadata/annotations").and_then(Value::as_object);
        // Written on the pods alone by `kubectl rollout restart`.
        let restarted = |key: &str, _: &Value| key == "kubectl.kubernetes.io/restartedAt";
        own(all, like.annotations(), |key| key == labels::HASH, restarted)
    }
}

/// Metadata without what was added. What the operator overwrites leaves no trace, and is as it is now.
fn own(
    all: Option<&Map<String, Value>>,
    now: &BTreeMap<String, String>,
    overwritten: impl Fn(&str) -> bool,
    added: impl Fn(&str, &Value) -> bool,
) -> Value {
    let read =
        all.into_iter().flatten().filter(|(key, value)| !overwritten(key) && !added(key, value));
    let read = read.map(|(key, value)| (key.clone(), value.clone()));
    let now = now.iter().filter(|(key, _)| overwritten(key));
    let now = now.map(|(key, value)| (key.clone(), json!(value)));
    Value::Object(read.chain(now).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_are_read_from_the_pods() {
        let read = |container: &str, scheduler: &str| {
            let pod = json!({"containers": [{"name": container}], "schedulerName": scheduler});
            let made = json!({"spec": {"template": {"spec": pod}}});
            let deployments = Deployments { job_manager: &made, task_manager: &made };
            let now = RenderConfig { ingress_url_format: "x".into(), ..RenderConfig::default() };
            let RenderConfig { ingress_url_format, container_name_format, scheduler_name } =
                deployments.rendering(&now);
            assert_eq!(ingress_url_format, "x", "no Deployment shows it");
            [container_name_format, scheduler_name]
        };
        assert_eq!(read("jobmanager", "default-scheduler"), ["", ""]);
        assert_eq!(
            read("100%-jobmanager", "my-default-scheduler"),
            ["100%%-%s", "my-default-scheduler"]
        );
    }
}
