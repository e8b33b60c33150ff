//! The objects that we create for a cluster: the reference operator's, so that everything that knows
//! them goes on working, with these differences and no others:
//!
//! - memory that the reference operator reads as 0 is read, and an application without a valid Flink
//!   configuration is refused instead of started unconfigured;
//! - the application's labels do not overwrite the operator's, which selectors need;
//! - the incarnation label, and a selector derived from the incarnation;
//! - the JobManager's pods say how Flink's REST API is reached, and are probed accordingly, where the application
//!   has `flinkRest`;
//! - lines appended to `FLINK_PROPERTIES`, outside the hash input: the marker by which a JobManager
//!   names its cluster, checkpoint retention, HA ids of the incarnation, REST port keys. A key that is
//!   appended is not in the lines before, because a YAML configuration must not have it twice.

use flinkk8soperator_core::ids::{DeployHash, Incarnation, Role, Uid, selector};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::networking::v1::Ingress;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::application::{Application, DEFAULT_UI_PORT};
use crate::config::RenderConfig;
use crate::deployment::{self, Birth};
use crate::properties::{self, PropertiesError, Rendering};
use crate::{flink_rest, high_availability, ingress, labels, service};

/// Which cluster is rendered. The hash is not computed here: a cluster keeps the one it was deployed
/// with, although the stored application may by now have another (an annotation of a tool is enough).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The application's UID.
    pub uid: Uid,
    /// The hash that its objects are named by: the deploy hash of the version that it was made for.
    pub hash: DeployHash,
    /// The cluster's incarnation.
    pub incarnation: Incarnation,
}

/// One cluster's objects, ready to be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct CreatedObjects {
    /// `<app>-<hash>-jm`.
    pub job_manager: Deployment,
    /// `<app>-<hash>-tm`.
    pub task_manager: Deployment,
    /// The Service `<app>`, which moves from version to version: where it exists already, only its
    /// selector and its incarnation label are to be changed.
    pub generic_service: Service,
    /// The Service `<app>-<hash>`.
    pub versioned_service: Service,
    /// Where a host format is configured. It stays from version to version.
    pub ingress: Option<Ingress>,
}

/// Why an application cannot be rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The user's fault: names the field and what would be right.
    #[error(transparent)]
    Properties(#[from] PropertiesError),
    /// A member that Go's types take and Kubernetes' do not, such as a port beyond 2^31.
    #[error("{object} is not valid")]
    NotKubernetes {
        /// The object's kind and name.
        object: String,
        /// Which member.
        #[source]
        source: serde_json::Error,
    },
}

/// The line by which a JobManager names its cluster, seen at `/jobmanager/config`.
pub const MARKER: &str = "flinkk8soperator.cluster";
/// What becomes of checkpoints when a job is cancelled or fails: one spelling in Flink 1.11 to 2.3.
const RETENTION: &str = "execution.checkpointing.externalized-checkpoint-retention";

/// The value of the marker line.
#[must_use]
pub fn marker(uid: Uid, incarnation: Incarnation) -> String {
    format!("{uid}-{incarnation}")
}

/// Renders a cluster of an application.
///
/// # Errors
/// See [`RenderError`].
pub fn render(
    app: &Application,
    config: &RenderConfig,
    identity: &Identity,
) -> Result<CreatedObjects, RenderError> {
    let owner = deployment::owner(app, &identity.uid.to_string());
    let pods = selector(identity.uid, identity.incarnation, Role::JobManager);
    let deployment = |role| deployment(app, config, identity, role, owner.clone());
    Ok(CreatedObjects {
        job_manager: deployment(Role::JobManager)?,
        task_manager: deployment(Role::TaskManager)?,
        generic_service: typed_service(service::generic(app, &owner, &pods), identity)?,
        versioned_service: {
            let service = service::versioned(app, &owner, &pods, identity.hash);
            marked(typed_service(service, identity)?, app)
        },
        ingress: ingress::ingress(app, config, &owner)
            .map(typed)
            .transpose()?
            .map(|ingress: Ingress| Ingress { status: None, ..ingress }),
    })
}

/// The further Service `<app>-<version>` of a cluster that was scaled in place to another version.
///
/// # Errors
/// See [`RenderError`].
pub fn alias(
    app: &Application,
    identity: &Identity,
    version: DeployHash,
) -> Result<Service, RenderError> {
    let owner = deployment::owner(app, &identity.uid.to_string());
    let pods = selector(identity.uid, identity.incarnation, Role::JobManager);
    typed_service(service::versioned(app, &owner, &pods, version), identity)
}

/// What the annotation [`labels::JOB_PROPERTIES`] of a version's Deployments says.
#[must_use]
pub fn job_properties(app: &Application) -> String {
    deployment::job_properties(app)
}

fn deployment(
    app: &Application,
    config: &RenderConfig,
    identity: &Identity,
    role: Role,
    owner: Value,
) -> Result<Deployment, RenderError> {
    let mut base = properties::base(app, Rendering::Created)?;
    let appended = appended(app, identity, role);
    base.retain(|key, _| appended.iter().all(|(name, _)| name != key));
    let birth = Birth {
        hash: identity.hash,
        owner,
        selector: &selector(identity.uid, identity.incarnation, role),
        properties: &appended
            .iter()
            .fold("\n".to_owned(), |text, (key, value)| format!("{text}{key}: {value}\n")),
        incarnation: Some(identity.incarnation),
    };
    let base = properties::lines(&base);
    let template = deployment::template(app, config, role, Rendering::Created, Some(&base));
    let mut deployment = deployment::create(app, role, template, &birth);
    flink_rest::tell(&mut deployment["spec"]["template"], app, role);
    let deployment: Deployment = typed(deployment)?;
    Ok(Deployment { status: None, ..deployment })
}

/// What is appended to `FLINK_PROPERTIES`, outside the hash input.
fn appended(app: &Application, identity: &Identity, role: Role) -> Vec<(&'static str, String)> {
    let host_ip = || "$HOST_IP".to_owned();
    let versioned = labels::versioned_name(app, identity.hash);
    let mut lines = Vec::new();
    if high_availability::by_flink(app) {
        let cluster = high_availability::cluster_id(&versioned, identity.incarnation);
        lines.push((high_availability::CLUSTER_ID, cluster.clone()));
        lines.push(("high-availability.cluster-id", cluster));
        if role == Role::JobManager {
            lines.push((properties::RPC_ADDRESS, host_ip()));
        }
    } else {
        lines.push((properties::RPC_ADDRESS, versioned));
    }
    if role == Role::TaskManager {
        lines.push(("taskmanager.host", host_ip()));
    }
    let ui = app.ports().ui;
    if ui != DEFAULT_UI_PORT {
        // Flink 2 does not know jobmanager.web.port any more.
        lines.extend([("rest.port", ui.to_string()), ("rest.bind-port", ui.to_string())]);
    }
    if !app.flag("savepointDisabled") && !app.flink_config().contains_key(RETENTION) {
        // Flink's default deletes the checkpoints of a job that is cancelled or fails for good.
        lines.push((RETENTION, "RETAIN_ON_CANCELLATION".to_owned()));
    }
    lines.push((MARKER, marker(identity.uid, identity.incarnation)));
    lines
}

fn typed_service(service: Value, identity: &Identity) -> Result<Service, RenderError> {
    let mut service: Service = typed(service)?;
    service.status = None;
    let labels = service.metadata.labels.get_or_insert_default();
    labels.insert(labels::INCARNATION.to_owned(), identity.incarnation.to_string());
    let ports = service.spec.iter_mut().flat_map(|spec| spec.ports.iter_mut().flatten());
    ports.for_each(|port| port.target_port = None);
    Ok(service)
}

/// With the label by which its cluster's high-availability data is found once that is to go.
fn marked(mut service: Service, app: &Application) -> Service {
    if high_availability::on_kubernetes(app) {
        let (label, kind) = (labels::HIGH_AVAILABILITY, high_availability::KUBERNETES);
        let labels = service.metadata.labels.get_or_insert_default();
        labels.insert(label.to_owned(), kind.to_owned());
    }
    service
}

fn typed<T: DeserializeOwned>(object: Value) -> Result<T, RenderError> {
    let text = |pointer| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let name = format!("{} {}", text("/kind"), text("/metadata/name"));
    serde_json::from_value(object)
        .map_err(|source| RenderError::NotKubernetes { object: name, source })
}
