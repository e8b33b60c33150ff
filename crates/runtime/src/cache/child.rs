//! A Deployment, a Service or an Ingress of an application, cut down to what is used of it.
//!
//! From the watch and from replies to our own writes; read by `observe` and `execute`.

use flinkk8soperator_core::{DeployHash, Incarnation, Role, Trouble, TroubleKind, Uid};
use flinkk8soperator_resources::{high_availability, labels};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::networking::v1::Ingress;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::front::{Port, Route};
use super::kind::Item;
use crate::application::Key;

/// A Deployment, a Service or an Ingress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Child {
    /// Its UID.
    pub(crate) uid: Uid,
    /// Its name.
    pub(crate) name: String,
    /// For preconditions of a change.
    pub(crate) resource_version: Option<String>,
    /// The controller's UID.
    pub(crate) owner: Option<Uid>,
    /// Of which cluster; none where it is not one of ours, and for an Ingress.
    pub(crate) incarnation: Option<Incarnation>,
    /// The version that it is labelled with.
    pub(crate) hash: Option<DeployHash>,
    /// Of a Deployment: of which pods.
    pub(crate) role: Option<Role>,
    /// Of a Service: the `pod-deployment-selector` that it selects.
    pub(crate) selector: Option<String>,
    /// Of a Service: its ports.
    pub(crate) ports: Vec<Port>,
    /// Of a Service: Flink keeps data of its cluster in ConfigMaps, for high availability.
    pub(crate) keeps_data: bool,
    /// Of an Ingress: where its rules lead.
    pub(crate) routes: Vec<Route>,
    /// It has a deletion timestamp.
    pub(crate) going: bool,
    /// When it was created, in seconds since 1970.
    pub(crate) born: i64,
    /// Of a Deployment: what it reports that no pod does.
    pub(crate) trouble: Option<Trouble>,
    /// Of a Deployment: how many of its pods are available.
    pub(crate) available: u32,
    /// Of a Deployment: how many it asks for.
    pub(crate) wanted: u32,
}

impl Child {
    /// Cuts a Deployment down. None where the object has no UID.
    #[must_use]
    pub(crate) fn deployment(object: &Deployment) -> Option<Child> {
        let status = object.status.as_ref();
        let child = Child::of(&object.metadata)?;
        Some(Child {
            trouble: status.and_then(|s| {
                let conditions = s.conditions.iter().flatten();
                let failed = |c: &&k8s_openapi::api::apps::v1::DeploymentCondition| {
                    c.type_ == "ReplicaFailure" && c.status == "True"
                };
                let message = conditions.clone().find(failed)?.message.clone();
                Some(Trouble { kind: TroubleKind::Forbidden, message: message.unwrap_or_default() })
            }),
            available: count(status.and_then(|s| s.available_replicas)),
            wanted: count(object.spec.as_ref().and_then(|spec| spec.replicas)),
            ..child
        })
    }

    /// Cuts a Service down. None where the object has no UID.
    #[must_use]
    pub(crate) fn service(object: &Service) -> Option<Child> {
        let spec = object.spec.as_ref();
        let selector = spec.and_then(|spec| spec.selector.as_ref());
        let selector = selector.and_then(|s| s.get(labels::SELECTOR)).cloned();
        let ports = spec.map(Port::all).unwrap_or_default();
        let kept = label(&object.metadata, labels::HIGH_AVAILABILITY);
        let keeps_data = kept == Some(high_availability::KUBERNETES);
        Some(Child { selector, ports, keeps_data, ..Child::of(&object.metadata)? })
    }

    /// Cuts an Ingress down. None where the object has no UID.
    #[must_use]
    pub(crate) fn ingress(object: &Ingress) -> Option<Child> {
        let routes = object.spec.as_ref().map(Route::all).unwrap_or_default();
        Some(Child { routes, ..Child::of(&object.metadata)? })
    }

    fn of(meta: &ObjectMeta) -> Option<Child> {
        let owners = meta.owner_references.iter().flatten();
        let owner = owners.clone().find(|owner| owner.controller == Some(true));
        Some(Child {
            uid: uid_of(meta)?,
            name: meta.name.clone()?,
            resource_version: meta.resource_version.clone(),
            owner: owner.and_then(|owner| owner.uid.parse().ok()),
            incarnation: incarnation(meta),
            hash: label(meta, labels::HASH).and_then(|hash| hash.parse().ok()),
            role: role(meta),
            selector: None,
            ports: Vec::new(),
            keeps_data: false,
            routes: Vec::new(),
            going: meta.deletion_timestamp.is_some(),
            born: born(meta),
            trouble: None,
            available: 0,
            wanted: 0,
        })
    }
}

impl Item for Child {
    fn uid(&self) -> Uid {
        self.uid
    }

    fn going(&mut self) {
        self.going = true;
    }

    fn is_going(&self) -> bool {
        self.going
    }

    fn matters(&self, other: &Child) -> bool {
        let comparable = |child: &Child| Child { resource_version: None, ..child.clone() };
        comparable(self) != comparable(other)
    }
}

/// Which application an object belongs to, by its label.
#[must_use]
pub(crate) fn application_of(meta: &ObjectMeta) -> Option<Key> {
    let name = label(meta, labels::APP)?;
    Some(Key::new(meta.namespace.as_deref().unwrap_or_default(), name))
}

/// An object's UID.
#[must_use]
pub(crate) fn uid_of(meta: &ObjectMeta) -> Option<Uid> {
    meta.uid.as_deref()?.parse().ok()
}

/// A label's value.
pub(super) fn label<'a>(meta: &'a ObjectMeta, name: &str) -> Option<&'a str> {
    meta.labels.as_ref().and_then(|all| all.get(name)).map(String::as_str)
}

/// The incarnation's label.
pub(super) fn incarnation(meta: &ObjectMeta) -> Option<Incarnation> {
    let number = label(meta, labels::INCARNATION)?.parse().ok()?;
    Some(Incarnation(number))
}

/// The role's label.
pub(super) fn role(meta: &ObjectMeta) -> Option<Role> {
    let text = label(meta, labels::DEPLOYMENT_TYPE)?;
    [Role::JobManager, Role::TaskManager].into_iter().find(|role| role.to_string() == text)
}

/// Kubernetes' counts are signed; none of ours is below zero.
/// When an object was created, in seconds since 1970.
pub(super) fn born(meta: &ObjectMeta) -> i64 {
    meta.creation_timestamp.as_ref().map_or(0, |time| time.0.as_second())
}

pub(super) fn count(number: Option<i32>) -> u32 {
    u32::try_from(number.unwrap_or_default()).unwrap_or_default()
}
