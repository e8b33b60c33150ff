//! What the reference operator reads of an application before it decides.

use flinkk8soperator_resources::{
    self as resources, RenderConfig, WrongType, high_availability, labels,
};
use serde_json::{Value, json};

use crate::text;

/// What it decides from. Hashes and modes that are not there are empty, as they are to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// `metadata.name`.
    pub name: String,
    /// `status.phase`.
    pub phase: String,
    /// Whether it is being deleted.
    pub deleted: bool,
    /// The deploy hash of the spec, in the colour that the status names.
    pub computed: String,
    /// `status.deployHash`.
    pub deployed: String,
    /// `status.failedDeployHash`.
    pub failed: String,
    /// `status.teardownHash`.
    pub torn_down: String,
    /// `status.inPlaceUpdatedFromHash`.
    pub scaled_from: String,
    /// `spec.deploymentMode`.
    pub mode: String,
    /// `status.deploymentMode`, which it fills in from the spec where it is empty.
    pub mode_before: String,
    /// Whether it would scale the running cluster: `scaleMode` says so, and a greater parallelism is the only
    /// change.
    pub scales_up: bool,
    /// Whether `tearDownVersionHash` names a version whose job the status knows.
    pub tears_down: bool,
    /// Whether Flink finds its JobManager by the name of a Service: not with high availability.
    pub by_service: bool,
    /// The Deployments that carry its label.
    pub deployments: Vec<Object>,
    /// The Services that carry its label.
    pub services: Vec<Object>,
}

/// An object of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object {
    /// `metadata.name`.
    pub name: String,
    /// Its label `flink-app-hash`.
    pub hash: String,
    /// Its label `flink-deployment-type`.
    pub role: String,
}

impl Standing {
    /// Reads it from the application and the objects with its label.
    ///
    /// # Errors
    /// Where the spec is none that the reference operator could read.
    pub fn of(
        app: &Value,
        deployments: &[Value],
        services: &[Value],
        config: &RenderConfig,
    ) -> Result<Standing, WrongType> {
        let member = |pointer: &str| text(app, pointer).to_owned();
        let mode = member("/spec/deploymentMode");
        let before = member("/status/deploymentMode");
        let (deployed, failed) = (member("/status/deployHash"), member("/status/failedDeployHash"));
        let read = resources::Application::parse(app)?;
        let in_place = text(app, "/spec/scaleMode") == "InPlace";
        let smaller = in_place.then(|| smaller_hash(app, config)).transpose()?.flatten();
        let is_known = |hash: String| hash == deployed || hash == failed;
        Ok(Standing {
            name: member("/metadata/name"),
            phase: member("/status/phase"),
            deleted: app.pointer("/metadata/deletionTimestamp").is_some(),
            computed: resources::reference_hash(&read, config).to_string(),
            scales_up: smaller.is_some_and(is_known),
            torn_down: member("/status/teardownHash"),
            scaled_from: member("/status/inPlaceUpdatedFromHash"),
            mode_before: if before.is_empty() { mode.clone() } else { before },
            tears_down: tears_down(app),
            by_service: !high_availability::by_the_reference(&read),
            deployments: deployments.iter().map(Object::of).collect(),
            services: services.iter().map(Object::of).collect(),
            mode,
            deployed,
            failed,
        })
    }
}

impl Object {
    fn of(object: &Value) -> Object {
        let label = |name: &str| object["metadata"]["labels"][name].as_str().unwrap_or_default();
        Object {
            name: text(object, "/metadata/name").to_owned(),
            hash: label(labels::HASH).to_owned(),
            role: label(labels::DEPLOYMENT_TYPE).to_owned(),
        }
    }
}

/// The hash with the parallelism that the job was submitted with, if that is smaller than the spec's.
fn smaller_hash(app: &Value, config: &RenderConfig) -> Result<Option<String>, WrongType> {
    let number = |pointer: &str| app.pointer(pointer).and_then(Value::as_i64).unwrap_or(0);
    let before = number("/status/jobStatus/parallelism");
    if number("/spec/parallelism") <= before {
        return Ok(None);
    }
    let mut app = app.clone();
    app["spec"]["parallelism"] = json!(before);
    let app = resources::Application::parse(&app)?;
    Ok(Some(resources::reference_hash(&app, config).to_string()))
}

fn tears_down(app: &Value) -> bool {
    let named = text(app, "/spec/tearDownVersionHash");
    let versions = app.pointer("/status/versionStatuses").and_then(Value::as_array);
    let with_job = |version: &&Value| !text(version, "/jobStatus/jobID").is_empty();
    let mut versions = versions.into_iter().flatten().filter(with_job);
    !named.is_empty() && versions.any(|version| text(version, "/versionHash") == named)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An application of which this is so, beside what every one has.
    fn read(spec: Value, status: Value) -> Standing {
        let mut app = json!({
            "metadata": { "name": "app", "namespace": "ns" },
            "spec": { "image": "i", "jarName": "j", "entryClass": "c", "parallelism": 4 },
            "status": status,
        });
        app["spec"].as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
        Standing::of(&app, &[], &[], &RenderConfig::default()).unwrap()
    }

    #[test]
    fn the_running_cluster_is_scaled_where_a_greater_parallelism_is_the_only_change() {
        let smaller = read(json!({ "parallelism": 2 }), json!({})).computed;
        let scales = |mode: &str, parallelism: u32, known: [&str; 2]| {
            let status = json!({
                "deployHash": known[0], "failedDeployHash": known[1],
                "jobStatus": { "parallelism": parallelism },
            });
            read(json!({ "scaleMode": mode }), status).scales_up
        };
        assert!(scales("InPlace", 2, [&smaller, ""]));
        assert!(scales("InPlace", 2, ["x", &smaller]));
        assert!(!scales("InPlace", 2, ["x", "y"]), "something else has changed, too");
        assert!(!scales("InPlace", 4, [&smaller, ""]));
        assert!(!scales("NewCluster", 2, [&smaller, ""]));
    }

    #[test]
    fn a_mode_that_the_status_does_not_tell_is_the_specs() {
        let before = |status| read(json!({ "deploymentMode": "Dual" }), status).mode_before;
        assert_eq!(before(json!({})), "Dual");
        assert_eq!(before(json!({ "deploymentMode": "BlueGreen" })), "BlueGreen");
    }

    #[test]
    fn a_version_is_torn_down_only_with_a_job() {
        let tears = |hash: &str, job: &str| {
            let version = json!({ "versionHash": "1", "jobStatus": { "jobID": job } });
            let status = json!({ "versionStatuses": [version] });
            read(json!({ "tearDownVersionHash": hash }), status).tears_down
        };
        assert!(tears("1", "a"));
        assert!(!tears("1", "") && !tears("2", "a") && !tears("", "a"));
    }

    #[test]
    fn with_high_availability_no_service_names_the_jobmanager() {
        let named = |config| read(json!({ "flinkConfig": config }), json!({})).by_service;
        assert!(named(json!({})) && named(json!({ "high-availability": " NONE" })));
        assert!(!named(json!({ "high-availability": "zookeeper" })));
    }
}
