//! What kinds of objects there are: the built-in table, and kinds read from CRD documents.

use super::error::Subject;
use super::meta::{array, text};
use serde_json::Value;
use std::borrow::Cow;
use std::sync::Arc;

/// Where objects are stored: group and plural name. Two served kinds may share one (events do).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Resource {
    /// API group, empty for the core group.
    pub group: Cow<'static, str>,
    /// Plural name.
    pub plural: Cow<'static, str>,
}

impl Resource {
    /// A resource known when the program is written.
    pub const fn new(group: &'static str, plural: &'static str) -> Self {
        Self { group: Cow::Borrowed(group), plural: Cow::Borrowed(plural) }
    }
}

/// Pods.
pub const PODS: Resource = Resource::new("", "pods");
/// Services.
pub const SERVICES: Resource = Resource::new("", "services");
/// ConfigMaps.
pub const CONFIG_MAPS: Resource = Resource::new("", "configmaps");
/// Events, whichever API they are read through.
pub const EVENTS: Resource = Resource::new("", "events");
/// Namespaces.
pub const NAMESPACES: Resource = Resource::new("", "namespaces");
/// Deployments.
pub const DEPLOYMENTS: Resource = Resource::new("apps", "deployments");
/// ReplicaSets.
pub const REPLICA_SETS: Resource = Resource::new("apps", "replicasets");
/// ControllerRevisions.
pub const CONTROLLER_REVISIONS: Resource = Resource::new("apps", "controllerrevisions");
/// Ingresses.
pub const INGRESSES: Resource = Resource::new("networking.k8s.io", "ingresses");
/// Leases.
pub const LEASES: Resource = Resource::new("coordination.k8s.io", "leases");
/// CRDs.
pub const CUSTOM_RESOURCE_DEFINITIONS: Resource =
    Resource::new("apiextensions.k8s.io", "customresourcedefinitions");

/// When `metadata.generation` grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// The kind has no generation.
    None,
    /// With every change of `spec`.
    Spec,
    /// With every change outside of `metadata` and `status`: custom kinds.
    AllButMetadataAndStatus,
}

/// Where the scale subresource finds its numbers (JSON paths as in a CRD).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scale {
    /// E.g. `.spec.replicas`.
    pub spec_path: String,
    /// E.g. `.status.replicas`.
    pub status_path: String,
}

/// A printer column of a custom kind, as in the CRD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Heading.
    pub name: String,
    /// `string`, `integer`, `number`, `boolean` or `date`.
    pub kind: String,
    /// `format`, may be empty.
    pub format: String,
    /// Explanation, may be empty.
    pub description: String,
    /// 0 is always shown, more than 0 only with `-o wide`.
    pub priority: i64,
    /// Where the value is.
    pub path: String,
}

/// One kind as it is served.
#[derive(Debug, Clone)]
pub struct Kind {
    /// Where its objects are stored.
    pub resource: Resource,
    /// API group, empty for the core group.
    pub group: String,
    /// Version, e.g. `v1`.
    pub version: String,
    /// Kind, e.g. `Pod`.
    pub kind: String,
    /// Plural name.
    pub plural: String,
    /// Singular name.
    pub singular: String,
    /// Short names.
    pub short_names: Vec<String>,
    /// Categories, e.g. `all`.
    pub categories: Vec<String>,
    /// Whether objects belong to a namespace.
    pub namespaced: bool,
    /// Whether there is a status subresource.
    pub has_status: bool,
    /// The scale subresource.
    pub scale: Option<Scale>,
    /// When the generation grows.
    pub generation: Generation,
    /// Whether PUT may come without a resourceVersion.
    pub unconditional_update: bool,
    /// Whether PUT creates what is absent.
    pub create_on_update: bool,
    /// The OpenAPI schema of a custom kind.
    pub schema: Option<Arc<Value>>,
    /// Fields that can be selected by, e.g. `spec.nodeName`.
    pub selectable: Vec<String>,
    /// Printer columns of a custom kind; built-in ones are known to `table`.
    pub columns: Vec<Column>,
}

impl Kind {
    /// Whether the API server passes requests on to what listens behind an object.
    pub fn has_proxy(&self) -> bool {
        self.group.is_empty() && ["Pod", "Service"].contains(&self.kind.as_str())
    }

    /// `group/version`, or `version` for the core group.
    pub fn api_version(&self) -> String {
        match self.group.as_str() {
            "" => self.version.clone(),
            group => format!("{group}/{}", self.version),
        }
    }

    /// Names an object by the plural, as in 404 and 409.
    pub fn subject(&self, name: &str) -> Subject {
        Subject { group: self.group.clone(), resource: self.plural.clone(), name: name.to_owned() }
    }

    /// Names an object by the kind, as in 422.
    pub fn kind_subject(&self, name: &str) -> Subject {
        Subject { group: self.group.clone(), resource: self.kind.clone(), name: name.to_owned() }
    }

    /// Whether it comes from a CRD.
    pub fn is_custom(&self) -> bool {
        self.schema.is_some()
    }

    fn builtin(row: &Row) -> Self {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let flag = |flag: char| row.flags.contains(flag);
        let group = if row.kind == "Event" { "" } else { row.group };
        Self {
            resource: Resource::new(group, row.plural),
            group: row.group.to_owned(),
            version: "v1".to_owned(),
            kind: row.kind.to_owned(),
            plural: row.plural.to_owned(),
            singular: row.kind.to_lowercase(),
            short_names: words(row.short),
            categories: if flag('a') { words("all") } else { vec![] },
            namespaced: !flag('c'),
            has_status: flag('s'),
            scale: flag('r').then(|| Scale {
                spec_path: ".spec.replicas".to_owned(),
                status_path: ".status.replicas".to_owned(),
            }),
            generation: if flag('g') { Generation::Spec } else { Generation::None },
            unconditional_update: !flag('v'),
            create_on_update: flag('p'),
            schema: None,
            selectable: words(row.selectable),
            columns: vec![],
        }
    }

    /// The served versions of a CRD document (the storage version only: there is no conversion).
    /// `None` if the document is not one that could be served.
    pub fn from_crd(crd: &Value) -> Option<Self> {
        let group = text(crd, "/spec/group").to_owned();
        let plural = text(crd, "/spec/names/plural").to_owned();
        let version = array(crd, "/spec/versions").iter().find(|v| v["storage"] == true)?;
        let schema = version.pointer("/schema/openAPIV3Schema")?.clone();
        let scale = version.pointer("/subresources/scale").map(|scale| Scale {
            spec_path: text(scale, "/specReplicasPath").to_owned(),
            status_path: text(scale, "/statusReplicasPath").to_owned(),
        });
        Some(Self {
            resource: Resource { group: group.clone().into(), plural: plural.clone().into() },
            group,
            plural,
            version: text(version, "/name").to_owned(),
            kind: text(crd, "/spec/names/kind").to_owned(),
            singular: singular(crd),
            short_names: strings(array(crd, "/spec/names/shortNames")),
            categories: strings(array(crd, "/spec/names/categories")),
            namespaced: text(crd, "/spec/scope") == "Namespaced",
            has_status: version.pointer("/subresources/status").is_some(),
            scale,
            generation: Generation::AllButMetadataAndStatus,
            unconditional_update: false,
            create_on_update: false,
            schema: Some(Arc::new(schema)),
            selectable: array(version, "/selectableFields")
                .iter()
                .map(|f| text(f, "/jsonPath").trim_start_matches('.').to_owned())
                .collect(),
            columns: array(version, "/additionalPrinterColumns").iter().map(column).collect(),
        })
    }
}

fn singular(crd: &Value) -> String {
    match text(crd, "/spec/names/singular") {
        "" => text(crd, "/spec/names/kind").to_lowercase(),
        singular => singular.to_owned(),
    }
}

fn strings(list: &[Value]) -> Vec<String> {
    list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn column(column: &Value) -> Column {
    Column {
        name: text(column, "/name").to_owned(),
        kind: text(column, "/type").to_owned(),
        format: text(column, "/format").to_owned(),
        description: text(column, "/description").to_owned(),
        priority: column["priority"].as_i64().unwrap_or_default(),
        path: text(column, "/jsonPath").to_owned(),
    }
}

/// All kinds that are served at a moment.
#[derive(Debug, Clone)]
pub struct Kinds {
    list: Vec<Arc<Kind>>,
}

impl Kinds {
    /// The built-in kinds and those of the CRD documents.
    pub fn new<'a>(crds: impl IntoIterator<Item = &'a Value>) -> Self {
        let custom = crds.into_iter().filter_map(Kind::from_crd);
        let list = BUILTIN.iter().map(Kind::builtin).chain(custom).map(Arc::new).collect();
        Self { list }
    }

    /// Every kind, built-in ones first.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Kind>> {
        self.list.iter()
    }

    /// The kind behind a path.
    pub fn served(&self, group: &str, version: &str, plural: &str) -> Option<&Arc<Kind>> {
        self.iter().find(|k| k.plural == plural && k.group == group && k.version == version)
    }

    /// The kind in whose form a resource is stored.
    pub fn stored(&self, resource: &Resource) -> Option<&Arc<Kind>> {
        self.iter().find(|k| k.resource == *resource && k.group == resource.group)
    }

    /// The kind that an object or an owner reference names.
    pub fn named(&self, api_version: &str, kind: &str) -> Option<&Arc<Kind>> {
        self.iter().find(|k| k.kind == kind && k.api_version() == api_version)
    }
}

/// A row of the built-in table. Flags: `c` of the cluster, `s` status, `r` scale, `g` generation,
/// `a` category all, `v` PUT needs a resourceVersion, `p` PUT creates.
struct Row {
    group: &'static str,
    kind: &'static str,
    plural: &'static str,
    short: &'static str,
    flags: &'static str,
    selectable: &'static str,
}

const fn row(
    group: &'static str,
    kind: &'static str,
    plural: &'static str,
    short: &'static str,
    flags: &'static str,
    selectable: &'static str,
) -> Row {
    Row { group, kind, plural, short, flags, selectable }
}

const EVENT_FIELDS: &str = "involvedObject.kind involvedObject.namespace involvedObject.name \
    involvedObject.uid involvedObject.apiVersion involvedObject.resourceVersion \
    involvedObject.fieldPath reason reportingComponent source type";
const REGARDING_FIELDS: &str = "regarding.kind regarding.namespace regarding.name regarding.uid \
    regarding.apiVersion regarding.resourceVersion regarding.fieldPath reason reportingController \
    type";
const POD_FIELDS: &str = "spec.nodeName spec.restartPolicy spec.schedulerName \
    spec.serviceAccountName spec.hostNetwork status.phase status.podIP status.nominatedNodeName";
const REPLICAS: &str = "status.replicas";

/// What is served of Kubernetes 1.34. The second half is there so that kubectl's describe finds
/// what it asks for, and so that a user's manifests with a ConfigMap beside the application apply.
const BUILTIN: &[Row] = &[
    row("", "Pod", "pods", "po", "sa", POD_FIELDS),
    row("", "Service", "services", "svc", "sa", "spec.clusterIP spec.type"),
    row("", "Event", "events", "ev", "p", EVENT_FIELDS),
    row("", "Namespace", "namespaces", "ns", "cs", "status.phase"),
    row("apps", "Deployment", "deployments", "deploy", "srga", ""),
    row("apps", "ReplicaSet", "replicasets", "rs", "srga", REPLICAS),
    row("apps", "ControllerRevision", "controllerrevisions", "", "", ""),
    row("networking.k8s.io", "Ingress", "ingresses", "ing", "sg", ""),
    row("coordination.k8s.io", "Lease", "leases", "", "vp", ""),
    row("events.k8s.io", "Event", "events", "ev", "p", REGARDING_FIELDS),
    row(
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        "customresourcedefinitions",
        "crd crds",
        "csgv",
        "",
    ),
    row("", "ConfigMap", "configmaps", "cm", "", ""),
    row("", "Secret", "secrets", "", "", "type"),
    row("", "ServiceAccount", "serviceaccounts", "sa", "", ""),
    row("", "Node", "nodes", "no", "cs", "spec.unschedulable"),
    row("", "Endpoints", "endpoints", "ep", "p", ""),
    row("", "PersistentVolumeClaim", "persistentvolumeclaims", "pvc", "s", ""),
    row("", "ResourceQuota", "resourcequotas", "quota", "s", ""),
    row("", "LimitRange", "limitranges", "limits", "", ""),
    row("discovery.k8s.io", "EndpointSlice", "endpointslices", "", "", ""),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_both_apis_are_stored_once() {
        let kinds = Kinds::new([]);
        let core = kinds.served("", "v1", "events").expect("core");
        let new = kinds.served("events.k8s.io", "v1", "events").expect("new");
        assert_eq!(core.resource, new.resource);
        assert_eq!(kinds.stored(&EVENTS).expect("stored").group, "");
    }

    #[test]
    fn every_named_resource_is_in_the_table() {
        let kinds = Kinds::new([]);
        for resource in [
            PODS,
            SERVICES,
            EVENTS,
            NAMESPACES,
            DEPLOYMENTS,
            REPLICA_SETS,
            CONTROLLER_REVISIONS,
            INGRESSES,
            LEASES,
            CUSTOM_RESOURCE_DEFINITIONS,
        ] {
            assert!(kinds.stored(&resource).is_some(), "{resource:?}");
        }
    }
}
