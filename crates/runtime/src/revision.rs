//! What a version was made from, stored as a `ControllerRevision` before anything of it is created.
//!
//! A cluster is created, compared and put back from here, never from the live spec: that may be
//! another one by then. Immutable, so that a copy once read is good for as long as it exists.

use std::collections::BTreeMap;

use flinkk8soperator_api::v1beta1::{API_VERSION, KIND};
use flinkk8soperator_core::{DeployHash, Digest, Incarnation, Target, Uid};
use flinkk8soperator_resources::{self as resources, RenderConfig, labels};
use k8s_openapi::api::apps::v1::ControllerRevision;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use k8s_openapi::apimachinery::pkg::runtime::RawExtension;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::application::{Application, colour_name};

/// A version's stored description.
#[derive(Clone, Debug)]
pub(crate) struct Revision {
    /// Of the `ControllerRevision`.
    pub(crate) uid: Uid,
    /// Fingerprint of the spec it holds.
    pub(crate) digest: Digest,
    /// The application as it was.
    pub(crate) application: resources::Application,
    /// What it is rendered under.
    pub(crate) rendering: RenderConfig,
    /// The arguments of its job, as the spec has them.
    pub(crate) program_args: Option<String>,
}

/// Why a stored revision is of no use.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RevisionError {
    /// It is not this application's.
    #[error("the revision {0} belongs to something else")]
    Stranger(String),
    /// It has no data, or of a form that this version does not know.
    #[error("the data of the revision {0} cannot be read")]
    Unreadable(String),
    /// The application in it cannot be read.
    #[error("the application in the revision cannot be read")]
    Application(#[from] resources::WrongType),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    format: u32,
    digest: String,
    rendering: RenderConfig,
    application: Value,
}

const FORMAT: u32 = 1;

/// `<app>-<hash>-<number>`: the number is the incarnation of the version's cluster, unless that was scaled
/// in place.
#[must_use]
pub(crate) fn name(application: &str, hash: DeployHash, number: Incarnation) -> String {
    format!("{application}-{hash}-{number}")
}

/// The revision of `target`, of the application as it is now.
#[must_use]
pub(crate) fn encode(
    app: &Application,
    target: &Target,
    rendering: &RenderConfig,
) -> ControllerRevision {
    let part = |pointer| app.raw.pointer(pointer).cloned().unwrap_or(Value::Null);
    let application = json!({
        "metadata": {
            "name": *app.key.name,
            "namespace": *app.key.namespace,
            "uid": app.uid.to_string(),
            "labels": part("/metadata/labels"),
            "annotations": part("/metadata/annotations"),
        },
        "spec": part("/spec"),
        // The colour is part of the objects' names in blue and green.
        "status": match target.colour {
            Some(colour) => json!({
                "deploymentMode": "BlueGreen",
                "updatingVersion": colour_name(colour),
            }),
            None => json!({ "deploymentMode": colourless(app) }),
        },
    });
    of(app, target, Some(data(target, rendering, &application)))
}

/// The revision of `target`, which was read back.
#[must_use]
pub(crate) fn rebuilt(
    app: &Application,
    target: &Target,
    version: &resources::Rebuilt,
) -> ControllerRevision {
    of(app, target, Some(data(target, &version.rendering, &version.application)))
}

fn data(target: &Target, rendering: &RenderConfig, application: &Value) -> RawExtension {
    RawExtension(json!({
        "format": FORMAT,
        "digest": target.digest.to_string(),
        "rendering": rendering,
        "application": application,
    }))
}

/// The mode in which no object has a colour.
fn colourless(app: &Application) -> &str {
    let stored = app.raw.pointer("/status/deploymentMode").and_then(Value::as_str);
    stored.filter(|mode| !mode.is_empty() && *mode != "BlueGreen").unwrap_or("Dual")
}

/// The same revision under the number of `target`, for another cluster of its version.
#[must_use]
pub(crate) fn renumbered(
    app: &Application,
    before: ControllerRevision,
    target: &Target,
) -> ControllerRevision {
    of(app, target, before.data)
}

fn of(app: &Application, target: &Target, data: Option<RawExtension>) -> ControllerRevision {
    let labels = BTreeMap::from([
        (labels::APP.to_owned(), app.key.name.to_string()),
        (labels::HASH.to_owned(), target.hash.to_string()),
        (labels::INCARNATION.to_owned(), target.revision().to_string()),
    ]);
    ControllerRevision {
        metadata: ObjectMeta {
            name: Some(name(&app.key.name, target.hash, target.revision())),
            namespace: Some(app.key.namespace.to_string()),
            labels: Some(labels),
            owner_references: Some(vec![owner(app)]),
            ..ObjectMeta::default()
        },
        data,
        revision: i64::from(target.revision().0),
    }
}

/// Reads a stored revision of the application `owner`.
///
/// # Errors
/// See [`RevisionError`].
pub(crate) fn decode(stored: &ControllerRevision, owner: Uid) -> Result<Revision, RevisionError> {
    let meta = &stored.metadata;
    let name = || meta.name.clone().unwrap_or_default();
    let owners = meta.owner_references.iter().flatten();
    let ours = owners.clone().any(|reference| reference.uid.parse() == Ok(owner));
    if !ours {
        return Err(RevisionError::Stranger(name()));
    }
    let unreadable = || RevisionError::Unreadable(name());
    let data = stored.data.as_ref().ok_or_else(unreadable)?;
    let data: Data = serde_json::from_value(data.0.clone()).map_err(|_| unreadable())?;
    let uid = meta.uid.as_deref().and_then(|uid| uid.parse().ok()).ok_or_else(unreadable)?;
    let digest = u64::from_str_radix(&data.digest, 16).map_err(|_| unreadable())?;
    if data.format != FORMAT {
        return Err(unreadable());
    }
    let arguments = data.application.pointer("/spec/programArgs").and_then(Value::as_str);
    Ok(Revision {
        program_args: arguments.map(str::to_owned),
        uid,
        digest: Digest(digest),
        application: resources::Application::parse(&data.application)?,
        rendering: data.rendering,
    })
}

/// The application as the controller of what is made for it.
fn owner(app: &Application) -> OwnerReference {
    OwnerReference {
        api_version: API_VERSION.to_owned(),
        kind: KIND.to_owned(),
        name: app.key.name.to_string(),
        uid: app.uid.to_string(),
        controller: Some(true),
        block_owner_deletion: Some(true),
    }
}
