//! A `FlinkApplication` as rendering sees it: read from the object as it is stored, because the
//! deploy hash depends on members and spellings that a typed struct would drop or change.
//!
//! Holds the spec twice where that matters: as Go would write it again (hash input, objects) and, for
//! the memory requests, as it was stored. Nothing is judged here but types.

use std::collections::BTreeMap;

use flinkk8soperator_core::ids::{Role, Uid};
use serde_json::{Map, Value};

pub use crate::go_json::WrongType;
use crate::go_json::{Quantities, Shape, Walk, member_path};
use crate::go_shapes::FLINK_APPLICATION_SPEC;
use crate::quantity::Quantity;

/// A parsed application.
#[derive(Clone, Debug)]
pub struct Application {
    name: String,
    namespace: String,
    uid: Option<Uid>,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    /// The spec as it is stored.
    stored: Value,
    /// The spec as Go would write it again.
    spec: Map<String, Value>,
    lost: BTreeMap<String, Value>,
    /// `status.deploymentMode`, which the reference operator copies from the spec on first sight.
    mode: String,
    colour: String,
}

/// The ports of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ports {
    pub(crate) rpc: i64,
    pub(crate) blob: i64,
    pub(crate) query: i64,
    pub(crate) ui: i64,
    pub(crate) metrics: i64,
}

/// The web port of Flink's own default, and the one that the reference operator calls.
pub(crate) const DEFAULT_UI_PORT: i64 = 8081;
const DEFAULT_TASK_SLOTS: i64 = 16;
static MAP_OF_TEXT: Shape = Shape::Map(&Shape::Text);

impl Application {
    /// Reads an application from its JSON.
    ///
    /// # Errors
    /// Where a member has a type that Go could not have read, or a quantity cannot be parsed.
    pub fn parse(object: &Value) -> Result<Application, WrongType> {
        let stored = object.get("spec").cloned().unwrap_or(Value::Null);
        let mut walk = Walk::new(Quantities::GoText);
        let mut spec = object_of(walk.walk(&FLINK_APPLICATION_SPEC, &stored, "spec")?);
        if spec["flinkConfig"].is_null() {
            spec["flinkConfig"] = Value::Object(Map::new());
        }
        let metadata = object.get("metadata").unwrap_or(&Value::Null);
        let text = |path| text_at(object, path);
        let [status_mode, spec_mode] =
            [text("/status/deploymentMode"), text("/spec/deploymentMode")];
        Ok(Application {
            name: text("/metadata/name"),
            namespace: text("/metadata/namespace"),
            uid: text("/metadata/uid").parse().ok(),
            labels: texts(metadata, "labels")?,
            annotations: texts(metadata, "annotations")?,
            spec,
            stored,
            lost: walk.lost,
            mode: if status_mode.is_empty() { spec_mode } else { status_mode },
            colour: text("/status/updatingVersion"),
        })
    }

    /// The application after the reference operator's first full write of it (it adds its finalizer
    /// just before the first submission, and so writes the whole spec anew): quantities are in Go's
    /// spelling, the values are the same. `None` where the API server refuses that write, because Go
    /// leaves out an empty `entryClass` or `image`, which are required.
    pub(crate) fn after_finalizer_write(&self) -> Option<Application> {
        let written = ["entryClass", "image"].iter().all(|field| self.spec.contains_key(*field));
        written.then(|| Application {
            stored: Value::Object(self.spec.clone()),
            lost: BTreeMap::new(),
            ..self.clone()
        })
    }

    /// `metadata.name`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `metadata.namespace`.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// `metadata.uid`; none before the object was created.
    #[must_use]
    pub fn uid(&self) -> Option<Uid> {
        self.uid
    }

    /// Fields below listed members of the spec that Kubernetes 1.24 did not have, and so neither the
    /// reference operator nor the rendered objects: what a user sets there has no effect.
    #[must_use]
    pub fn fields_without_effect(&self) -> Vec<&str> {
        // A new member of the spec itself is ours to judge, it is not meant for an object.
        let own: Vec<String> = self
            .stored
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| member_path("spec", name))
            .collect();
        self.lost.keys().filter(|path| !own.contains(path)).map(String::as_str).collect()
    }

    /// The spec as it is stored.
    pub(crate) fn stored(&self) -> &Value {
        &self.stored
    }

    /// All members of the spec that the reference operator's struct does not have, by path.
    pub(crate) fn lost(&self) -> &BTreeMap<String, Value> {
        &self.lost
    }

    pub(crate) fn labels(&self) -> &BTreeMap<String, String> {
        &self.labels
    }

    pub(crate) fn annotations(&self) -> &BTreeMap<String, String> {
        &self.annotations
    }

    /// The same application as a version of that colour, or without one.
    #[must_use]
    pub fn in_colour(&self, colour: Option<&str>) -> Application {
        let mode = match colour {
            Some(_) => "BlueGreen",
            None if self.mode == "BlueGreen" => "Dual",
            None => &self.mode,
        };
        let colour = colour.unwrap_or_default().to_owned();
        Application { mode: mode.to_owned(), colour, ..self.clone() }
    }

    /// The colour, where the application is deployed in blue and green.
    pub(crate) fn colour(&self) -> Option<&str> {
        (self.mode == "BlueGreen").then_some(&self.colour)
    }

    /// The colour as the reference operator's Ingress host sees it: by the mode in the spec.
    pub(crate) fn spec_colour(&self) -> Option<&str> {
        (self.text("deploymentMode") == "BlueGreen").then_some(&self.colour)
    }

    /// `<app>`, or `<app>-<colour>`: the name of the generic Service and of the Ingress.
    pub(crate) fn generic_name(&self) -> String {
        coloured(&self.name, self.colour())
    }

    /// A member of the spec as Go writes it; none where it would leave it out.
    pub(crate) fn member(&self, name: &str) -> Option<&Value> {
        self.spec.get(name)
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.spec.get(name).and_then(Value::as_str).unwrap_or("")
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.spec.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    pub(crate) fn image_pull_policy(&self) -> &str {
        match self.text("imagePullPolicy") {
            "" => "IfNotPresent",
            policy => policy,
        }
    }

    pub(crate) fn flink_version(&self) -> &str {
        self.text("flinkVersion")
    }

    pub(crate) fn parallelism(&self) -> i64 {
        self.spec.get("parallelism").and_then(Value::as_i64).unwrap_or(0)
    }

    pub(crate) fn task_slots(&self) -> i64 {
        self.integer(Role::TaskManager, "taskSlots").unwrap_or(DEFAULT_TASK_SLOTS)
    }

    /// How many pods a role has: for TaskManagers as many as it takes for one slot per subtask.
    pub(crate) fn replicas(&self, role: Role) -> i64 {
        match role {
            Role::JobManager => self.integer(role, "replicas").unwrap_or(1),
            // At least one slot: the CRD refuses less, and there is no number to go on with.
            Role::TaskManager => {
                self.parallelism().div_euclid(self.task_slots().max(1))
                    + i64::from(self.parallelism().rem_euclid(self.task_slots().max(1)) > 0)
            }
        }
    }

    pub(crate) fn ports(&self) -> Ports {
        let port = |name, default| self.spec.get(name).and_then(Value::as_i64).unwrap_or(default);
        Ports {
            rpc: port("rpcPort", 6123),
            blob: port("blobPort", 6125),
            query: port("queryPort", 6124),
            ui: port("uiPort", DEFAULT_UI_PORT),
            metrics: port("metricsQueryPort", 50101),
        }
    }

    pub(crate) fn flink_config(&self) -> &Map<String, Value> {
        let config = self.spec.get("flinkConfig").and_then(Value::as_object);
        config.expect("parse puts an empty object where the application has none")
    }

    /// The name of a role's member of the spec.
    pub(crate) fn config_name(role: Role) -> &'static str {
        match role {
            Role::JobManager => "jobManagerConfig",
            Role::TaskManager => "taskManagerConfig",
        }
    }

    pub(crate) fn role_config(&self, role: Role) -> &Map<String, Value> {
        let config = self.spec.get(Self::config_name(role)).and_then(Value::as_object);
        config.expect("the shape of the spec writes both roles' configurations always")
    }

    /// A role's `resources` as Go writes them. The defaults stand in only where the member is
    /// absent, not for parts of it.
    pub(crate) fn resources(&self, role: Role) -> Value {
        self.role_config(role).get("resources").cloned().unwrap_or_else(|| default_resources(role))
    }

    /// The spec with the default resources where there are none, and every quantity written by value:
    /// what `difference` compares.
    pub(crate) fn exact(&self) -> Map<String, Value> {
        let mut spec = self.spec.clone();
        for role in [Role::JobManager, Role::TaskManager] {
            spec[Self::config_name(role)]["resources"] = self.resources(role);
        }
        let spec = Value::Object(spec);
        let walked = Walk::new(Quantities::Exact).walk(&FLINK_APPLICATION_SPEC, &spec, "spec");
        object_of(walked.expect("what Go wrote, it can read"))
    }

    /// The bytes of memory that the reference operator reads from a role's request.
    pub(crate) fn reference_memory(&self, role: Role) -> i64 {
        self.stored_memory(role, "requests").unwrap_or_else(Quantity::zero).reference_bytes()
    }

    /// A role's bytes of memory: what it requests, else its limit (which Kubernetes then takes for
    /// the request, too), else the default. `None` where that is no sensible number.
    pub(crate) fn memory(&self, role: Role) -> Option<i64> {
        let given =
            self.stored_memory(role, "requests").or_else(|| self.stored_memory(role, "limits"));
        given.or_else(|| memory_of(&default_resources(role), "requests"))?.bytes()
    }

    fn stored_memory(&self, role: Role, kind: &str) -> Option<Quantity> {
        let stored = self.stored.get(Self::config_name(role)).and_then(|c| c.get("resources"));
        match stored.filter(|resources| !resources.is_null()) {
            Some(resources) => memory_of(resources, kind),
            None => memory_of(&default_resources(role), kind),
        }
    }

    fn integer(&self, role: Role, name: &str) -> Option<i64> {
        self.role_config(role).get(name).and_then(Value::as_i64)
    }
}

/// `name`, or `name-colour`: what users reach a cluster by.
#[must_use]
pub fn coloured(name: &str, colour: Option<&str>) -> String {
    colour.map_or_else(|| name.to_owned(), |colour| format!("{name}-{colour}"))
}

pub(crate) fn default_resources(role: Role) -> Value {
    let amounts = match role {
        Role::JobManager => serde_json::json!({"cpu": "4", "memory": "3Gi"}),
        Role::TaskManager => serde_json::json!({"cpu": "2", "memory": "1Gi"}),
    };
    serde_json::json!({"limits": amounts, "requests": amounts})
}

fn memory_of(resources: &Value, kind: &str) -> Option<Quantity> {
    match resources.get(kind)?.get("memory")? {
        Value::String(text) => Quantity::parse(text),
        Value::Number(number) => Quantity::parse(&number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn text_at(object: &Value, pointer: &str) -> String {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn texts(metadata: &Value, name: &str) -> Result<BTreeMap<String, String>, WrongType> {
    let path = member_path("metadata", name);
    let found = metadata.get(name).unwrap_or(&Value::Null);
    let written = Walk::new(Quantities::GoText).walk(&MAP_OF_TEXT, found, &path)?;
    let text = |(key, value): (String, Value)| (key, value.as_str().unwrap_or_default().to_owned());
    Ok(object_of(written).into_iter().map(text).collect())
}

fn object_of(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use flinkk8soperator_core::ids::Role;
    use serde_json::json;

    use super::Application;

    fn parse(spec: serde_json::Value) -> Application {
        Application::parse(&json!({"metadata": {"name": "app"}, "spec": spec})).unwrap()
    }

    #[test]
    fn there_are_as_many_task_managers_as_the_parallelism_takes() {
        let replicas = |parallelism, slots| {
            let spec =
                json!({"parallelism": parallelism, "taskManagerConfig": {"taskSlots": slots}});
            parse(spec).replicas(Role::TaskManager)
        };
        assert_eq!(replicas(8, json!(null)), 1, "16 slots by default");
        assert_eq!(replicas(16, json!(16)), 1);
        assert_eq!(replicas(17, json!(16)), 2);
        assert_eq!(replicas(3, json!(1)), 3);
        assert_eq!(replicas(3, json!(0)), 3, "no slots at all is refused elsewhere");
    }

    #[test]
    fn members_that_no_object_has_are_named_but_not_our_own() {
        let app = parse(json!({
            "timeouts": {"submit": "1m"},
            "a.b": 1,
            "volumes": [{"name": "v", "image": {"reference": "r"}}],
            "jobManagerConfig": {"resources": {"claims": [{"name": "gpu"}]}},
        }));
        assert_eq!(
            app.fields_without_effect(),
            ["spec.jobManagerConfig.resources.claims", "spec.volumes[0].image"]
        );
    }

    #[test]
    fn the_mode_is_the_statuss_and_before_that_the_specs() {
        let colour = |status: serde_json::Value| {
            let object = json!({"spec": {"deploymentMode": "BlueGreen"}, "status": status});
            Application::parse(&object).unwrap().colour().map(str::to_owned)
        };
        assert_eq!(colour(json!({"updatingVersion": "blue"})).as_deref(), Some("blue"));
        assert_eq!(colour(json!({})).as_deref(), Some(""));
        assert_eq!(colour(json!({"deploymentMode": "Dual", "updatingVersion": "blue"})), None);
    }

    #[test]
    fn labels_must_be_text() {
        let error = Application::parse(&json!({"metadata": {"labels": {"a": 1}}})).unwrap_err();
        assert_eq!(error.to_string(), "metadata.labels.a: expected a string, found 1");
    }
}
