//! An application as the operator holds it: the object as stored, and what is read from it once.
//!
//! Comes from a watch, a live GET or the reply to a write; is given to `api` (parse, project) and to
//! `resources` (hash, rendering), which both read it. Decides nothing.

use std::fmt;
use std::sync::Arc;

use flinkk8soperator_api::machine;
use flinkk8soperator_api::parse::{Hashes, OperatorSettings};
use flinkk8soperator_api::v1beta1::FlinkApplication;
use flinkk8soperator_core::{Colour, Coloured, Digest, Obstacle, ObstacleKind, Target, Uid, ids};
use flinkk8soperator_resources as resources;
use kube::core::{ApiResource, DynamicObject};
use kube::{Resource, ResourceExt};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::config::{Applications, Rendering};

/// Namespace and name of an application. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    /// Its namespace.
    pub(crate) namespace: Arc<str>,
    /// Its name.
    pub(crate) name: Arc<str>,
}

impl Key {
    /// The application `namespace/name`.
    #[must_use]
    pub(crate) fn new(namespace: &str, name: &str) -> Key {
        Key { namespace: namespace.into(), name: name.into() }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// `flinkapplications.flink.k8s.io/v1beta1` for the untyped API.
#[must_use]
pub(crate) fn api_resource() -> ApiResource {
    ApiResource::erase::<FlinkApplication>(&())
}

/// Why an object cannot be taken for an application.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnreadableApplication {
    /// No UID: not an object of an API server.
    #[error("the object has no UID")]
    Uid,
    /// Not JSON, or not what the types admit.
    #[error("the object does not fit its types")]
    Typed(#[source] serde_json::Error),
    /// Not what the rendering can read.
    #[error(transparent)]
    Rendered(#[from] resources::WrongType),
}

/// An application, read.
#[derive(Debug)]
pub(crate) struct Application {
    /// Where it is.
    pub(crate) key: Key,
    /// `metadata.uid`.
    pub(crate) uid: Uid,
    /// The object as stored, without `metadata.managedFields`.
    pub(crate) raw: Value,
    /// The same, typed.
    pub(crate) typed: FlinkApplication,
    /// What is computed from the spec.
    pub(crate) version: Version,
    /// The versions in clusters of the reference operator's, by its status.
    pub(crate) adopted: Vec<Target>,
}

/// What a version is known by: computed once for each spec.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    /// What hash and digest are computed from.
    pub(crate) rendered: resources::Application,
    /// Name it, in each colour.
    pub(crate) hashes: Hashes,
    /// Its fingerprint.
    pub(crate) digest: Digest,
    /// What no type admits, although the schema did: nothing can be deployed, and the status says
    /// why. All else is then that of an empty spec.
    pub(crate) wrong: Option<Obstacle>,
}

impl Application {
    /// What the machine decides by for it.
    #[must_use]
    pub(crate) fn settings<'s>(&self, all: &'s Applications) -> &'s OperatorSettings {
        all.of(&self.key.namespace, self.typed.spec.flink_version.as_deref())
    }

    /// Reads an object. `before`, an older copy of the same object, spares the hashing where
    /// nothing that is hashed has changed: most writes are to the status.
    ///
    /// # Errors
    /// Where the object is none that this operator can read.
    pub(crate) fn read(
        object: DynamicObject,
        rendering: &Rendering,
        before: Option<&Application>,
    ) -> Result<Application, UnreadableApplication> {
        let mut object = object;
        object.meta_mut().managed_fields = None;
        let key = Key::new(&object.namespace().unwrap_or_default(), &object.name_any());
        let uid = object.meta().uid.as_deref().and_then(|uid| uid.parse().ok());
        let uid = uid.ok_or(UnreadableApplication::Uid)?;
        let raw = serde_json::to_value(&object).map_err(UnreadableApplication::Typed)?;
        let (typed, wrong) = typed(&raw)?;
        let same = before.filter(|before| hashed_parts(&before.raw) == hashed_parts(&raw));
        let version = match same {
            Some(before) => before.version.clone(),
            None => Version::of(&raw, rendering, wrong)?,
        };
        let adopted = raw.pointer("/status/machine").map(machine::adopted).unwrap_or_default();
        Ok(Application { key, uid, raw, typed, version, adopted })
    }

    /// `metadata.resourceVersion`.
    #[must_use]
    pub(crate) fn resource_version(&self) -> ResourceVersion {
        ResourceVersion::of(self.typed.metadata.resource_version.as_deref())
    }

    /// `status.machine`.
    #[must_use]
    pub(crate) fn machine(&self) -> Option<&Value> {
        self.raw.pointer("/status/machine")
    }

    /// Nothing was ever done for it: no status that an operator wrote.
    #[must_use]
    pub(crate) fn untouched(&self) -> bool {
        let phase = self.raw.pointer("/status/phase").and_then(Value::as_str).unwrap_or_default();
        self.machine().is_none() && phase.is_empty()
    }
}

impl Version {
    fn of(
        raw: &Value,
        rendering: &Rendering,
        wrong: Option<Obstacle>,
    ) -> Result<Version, UnreadableApplication> {
        let (rendered, wrong) = match (resources::Application::parse(raw), wrong) {
            (Ok(rendered), None) => (rendered, None),
            (Ok(_), wrong) => (resources::Application::parse(&without_spec(raw))?, wrong),
            (Err(error), _) => {
                let wanted = format!("expected {}, found {}", error.expected, error.found);
                let wrong = obstacle(error.path, wanted);
                (resources::Application::parse(&without_spec(raw))?, Some(wrong))
            }
        };
        let hash = |colour| resources::deploy_hash(&rendered.in_colour(colour), &rendering.config);
        let mut hashes = Hashes::colourless(hash(None));
        if raw.pointer("/spec/deploymentMode").and_then(Value::as_str) == Some("BlueGreen") {
            let [blue, green] = [Colour::Blue, Colour::Green].map(colour_name);
            hashes.coloured = Coloured { blue: hash(Some(blue)), green: hash(Some(green)) };
        }
        let digest = match &wrong {
            None => resources::digest(&rendered, &rendering.ignored_metadata),
            Some(_) => digest_of_text(raw),
        };
        Ok(Version { rendered, hashes, digest, wrong })
    }
}

/// A colour as objects and the status have it.
#[must_use]
pub(crate) fn colour_name(colour: Colour) -> &'static str {
    match colour {
        Colour::Blue => "blue",
        Colour::Green => "green",
    }
}

/// What users reach the clusters of a colour by, or those without one: the name of the Service and of the
/// Ingress.
#[must_use]
pub(crate) fn address(app: &str, colour: Option<Colour>) -> String {
    resources::coloured(app, colour.map(colour_name))
}

/// Every colour, and none.
pub(crate) const COLOURS: [Option<Colour>; 3] = [None, Some(Colour::Blue), Some(Colour::Green)];

/// Of a spec that cannot be read: it differs from those that can.
fn digest_of_text(raw: &Value) -> Digest {
    let text = raw.get("spec").map(Value::to_string).unwrap_or_default();
    let low = ids::derive(&text) & u128::from(u64::MAX);
    Digest(u64::try_from(low).expect("64 bits are left"))
}

fn typed(raw: &Value) -> Result<(FlinkApplication, Option<Obstacle>), UnreadableApplication> {
    match FlinkApplication::deserialize(raw) {
        Ok(typed) => Ok((typed, None)),
        Err(error) => {
            let typed = FlinkApplication::deserialize(&without_spec(raw));
            let wrong = obstacle("spec".to_owned(), error.to_string());
            Ok((typed.map_err(UnreadableApplication::Typed)?, Some(wrong)))
        }
    }
}

fn obstacle(field: String, message: String) -> Obstacle {
    Obstacle { field, message, kind: ObstacleKind::Invalid }
}

fn without_spec(raw: &Value) -> Value {
    let mut raw = raw.clone();
    raw["spec"] = json!({});
    raw
}

/// Everything that hash and digest are made from.
fn hashed_parts(raw: &Value) -> [Option<&Value>; 6] {
    [
        "/metadata/uid",
        "/metadata/labels",
        "/metadata/annotations",
        "/spec",
        "/status/deploymentMode",
        "/status/updatingVersion",
    ]
    .map(|pointer| raw.pointer(pointer))
}

/// A resource version, comparable: Kubernetes writes them as ascending integers (documented as
/// comparable from 1.35 on, in fact so in every etcd-backed API server before).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct ResourceVersion(u64);

impl ResourceVersion {
    /// Reads one; none, or one that is no integer, is older than all others.
    #[must_use]
    pub(crate) fn of(text: Option<&str>) -> ResourceVersion {
        ResourceVersion(text.and_then(|text| text.parse().ok()).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(spec: Value) -> Application {
        let object = json!({
            "apiVersion": "flink.k8s.io/v1beta1", "kind": "FlinkApplication",
            "metadata": {
                "name": "app", "namespace": "ns", "resourceVersion": "12", "generation": 1,
                "uid": "01234567-89ab-cdef-0123-456789abcdef",
                "managedFields": [{ "manager": "kubectl" }],
            },
            "spec": spec,
        });
        let object = serde_json::from_value(object).unwrap();
        Application::read(object, &Rendering::default(), None).unwrap()
    }

    #[test]
    fn an_application_is_read_without_what_nobody_uses() {
        let app = read(json!({ "image": "x", "parallelism": 2, "jarName": "a.jar" }));
        assert_eq!(app.key, Key::new("ns", "app"));
        assert_eq!(app.resource_version(), ResourceVersion(12));
        assert_eq!(app.raw.pointer("/metadata/managedFields"), None);
        assert!(app.untouched() && app.version.wrong.is_none());
    }

    #[test]
    fn a_spec_of_the_wrong_type_is_an_obstacle_that_names_the_field() {
        let check = |spec: Value, field: &str| {
            let app = read(spec.clone());
            let wrong = app.version.wrong.clone().unwrap();
            assert!(wrong.field.starts_with(field), "{wrong:?}");
            assert_eq!(app.raw["spec"], spec, "what is written back is the object as stored");
        };
        let memory = json!({ "resources": { "requests": { "memory": "lots" } } });
        check(json!({ "image": "x", "jobManagerConfig": memory }), "spec.jobManagerConfig");
        check(json!({ "image": 3 }), "spec");
    }

    #[test]
    fn two_specs_that_cannot_be_read_are_two() {
        let digest = |image: i32| read(json!({ "image": image })).version.digest;
        assert_ne!(digest(3), digest(4));
    }
}
