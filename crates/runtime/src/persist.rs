//! The state is written before anything is done: status, compare-and-swap on the resource version.
//!
//! From `reconcile` to the API server; what comes back is the application as this process knows it
//! from then on. Performs no effect, and none may be performed unless this succeeds.

use std::sync::Arc;

use flinkk8soperator_api::v1beta1::FlinkApplicationStatus;
use kube::core::DynamicObject;
use serde_json::Value;

use crate::application::{Application, UnreadableApplication};
use crate::config::Rendering;
use crate::kubernetes::{KubeError, Kubernetes};

/// Why the state is not known to be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PersistError {
    /// Somebody wrote the object since it was read. Nothing has happened.
    #[error("the application was changed meanwhile")]
    Conflict(#[source] KubeError),
    /// The object is gone. Nothing has happened.
    #[error("the application is gone")]
    Gone(#[source] KubeError),
    /// The API server refused. Nothing has happened.
    #[error("the status was refused")]
    Refused(#[source] KubeError),
    /// It may or may not be written.
    #[error("the status may or may not be written")]
    Lost(#[source] KubeError),
    /// The state is not in the object that came back: the CRD is older than this operator.
    #[error("the CRD prunes status.machine: apply the CRD of this version of the operator")]
    Pruned(Arc<Application>),
    /// What came back cannot be read.
    #[error("the answer cannot be read")]
    Unreadable(#[source] UnreadableApplication),
    /// The status cannot be serialised.
    #[error("the status cannot be written as JSON")]
    Serialise(#[source] serde_json::Error),
}

impl PersistError {
    /// For metrics.
    #[must_use]
    pub(crate) fn label(&self) -> &'static str {
        match self {
            PersistError::Conflict(_) => "conflict",
            PersistError::Gone(_) => "gone",
            PersistError::Refused(_) => "refused",
            PersistError::Lost(_) => "lost",
            PersistError::Pruned(_) => "pruned",
            PersistError::Unreadable(_) | PersistError::Serialise(_) => "unreadable",
        }
    }
}

/// Writes `status` into `app`, of the resource version that it was read with.
///
/// # Errors
/// See [`PersistError`]; unless it is `Lost`, `Pruned` or `Unreadable`, nothing has happened.
pub(crate) async fn persist(
    kubernetes: &Kubernetes,
    rendering: &Rendering,
    app: &Application,
    status: &FlinkApplicationStatus,
) -> Result<Arc<Application>, PersistError> {
    let status = serde_json::to_value(status).map_err(PersistError::Serialise)?;
    let machine = status.get("machine").cloned();
    let object = with_status(app, status).map_err(PersistError::Serialise)?;
    let answer = kubernetes.write_status(&app.key, &object).await.map_err(sorted)?;
    let written = Application::read(answer, rendering, Some(app));
    let written = Arc::new(written.map_err(PersistError::Unreadable)?);
    if written.machine() == machine.as_ref() {
        Ok(written)
    } else {
        Err(PersistError::Pruned(written))
    }
}

fn with_status(app: &Application, status: Value) -> serde_json::Result<DynamicObject> {
    let mut raw = app.raw.clone();
    raw["status"] = status;
    serde_json::from_value(raw)
}

fn sorted(error: KubeError) -> PersistError {
    match error {
        KubeError::Conflict(_) | KubeError::AlreadyExists(_) => PersistError::Conflict(error),
        KubeError::NotFound(_) => PersistError::Gone(error),
        KubeError::Refused { .. } => PersistError::Refused(error),
        KubeError::NoAnswer(_) | KubeError::TimedOut(_) => PersistError::Lost(error),
    }
}
