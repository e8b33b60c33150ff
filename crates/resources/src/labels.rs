//! Names that are part of the operator's contract: label and annotation keys, object names.
//!
//! Those of the reference operator are kept, so that scripts and dashboards go on working.

use std::collections::BTreeMap;

use flinkk8soperator_core::ids::{DeployHash, Role};

use crate::application::{Application, coloured};
use crate::properties::Rendering;

/// Label: the application's name.
pub const APP: &str = "flink-app";
/// Label and pod annotation: the deploy hash. Not a label of pods.
pub const HASH: &str = "flink-app-hash";
/// Label: the cluster's incarnation. Ours, on Deployments, pods and Services.
pub const INCARNATION: &str = "flink-app-incarnation";
/// Label: `jobmanager` or `taskmanager`.
pub const DEPLOYMENT_TYPE: &str = "flink-deployment-type";
/// Label and selector: which Deployment a pod belongs to.
pub const SELECTOR: &str = "pod-deployment-selector";
/// Label and annotation: the colour, in blue/green mode.
pub const COLOUR: &str = "flink-application-version";
/// Label of a cluster's versioned Service, `kubernetes`: Flink keeps what it needs for high availability
/// in ConfigMaps. Ours.
pub const HIGH_AVAILABILITY: &str = "flink-app-high-availability";
/// Annotation: jar, parallelism, class and arguments of the job.
pub const JOB_PROPERTIES: &str = "flink-job-properties";
/// Pod annotation of Kubernetes' own: the lower its number, the earlier the pod goes when its
/// Deployment asks for fewer (documented under "ReplicaSet", "Pod deletion cost").
pub const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";
/// Annotation: `spec.restartNonce`.
pub const RESTART_NONCE: &str = "restart-nonce";

pub(crate) type Labels = BTreeMap<String, String>;

/// `flink-app` and, in blue/green mode, the colour.
pub(crate) fn common(app: &Application) -> Labels {
    let colour = app.colour().map(|colour| (COLOUR.to_owned(), colour.to_owned()));
    [(APP.to_owned(), app.name().to_owned())].into_iter().chain(colour).collect()
}

/// The labels of a role's Deployment, pods and selector. In the reference operator the application's
/// own labels win over `flink-app` and the colour, and the Service then selects nothing; in ours they
/// do not, and cannot stand in for a label that is added on creation.
pub(crate) fn deployment(app: &Application, role: Role, rendering: Rendering) -> Labels {
    let mut labels = common(app);
    labels.extend(app.labels().clone());
    if rendering == Rendering::Created {
        labels.retain(|key, _| ![HASH, INCARNATION, SELECTOR].contains(&key.as_str()));
        labels.extend(common(app));
    }
    labels.insert(DEPLOYMENT_TYPE.to_owned(), role.to_string());
    labels
}

/// `<app>-<hash>[-<colour>]-jm` or `-tm`.
pub(crate) fn deployment_name(app: &Application, hash: DeployHash, role: Role) -> String {
    format!("{}-{}", coloured(&versioned_name(app, hash), app.colour()), short(role))
}

/// A role in names.
pub(crate) fn short(role: Role) -> &'static str {
    match role {
        Role::JobManager => "jm",
        Role::TaskManager => "tm",
    }
}

/// `<app>-<hash>`: the versioned Service.
pub(crate) fn versioned_name(app: &Application, hash: DeployHash) -> String {
    format!("{}-{hash}", app.name())
}
