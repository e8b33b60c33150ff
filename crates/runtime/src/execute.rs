//! Performs effects, in order; the first failure ends the round, they will be asked for again.
//!
//! From `reconcile`, only for a state that is persisted and known to be; each effect is idempotent
//! by an id or a UID. What comes back goes into the memory and the overlay: it is advice, the next
//! observation tells.

pub(crate) mod events;

mod cluster;
mod flink;
mod high_availability;
mod ingress;
mod revision;
mod scale;
mod service;

use std::sync::Arc;

use flinkk8soperator_core::{Desired, Effect, State};
use flinkk8soperator_flink_rest as rest;
use flinkk8soperator_resources::created::RenderError;
use tracing::{Instrument, Span};

use crate::application::{Application, UnreadableApplication};
use crate::kubernetes::KubeError;
use crate::memory::Memory;
use crate::operator::Operator;
use crate::span;

/// Why an effect was not performed, or is not known to be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EffectError {
    /// Another process may hold the lease by now.
    #[error("the lease is not held")]
    LeaseLost,
    /// Kubernetes.
    #[error("{what}")]
    Kubernetes {
        /// What was being done.
        what: String,
        /// What came of it.
        #[source]
        source: KubeError,
    },
    /// Flink.
    #[error("{what}")]
    Flink {
        /// What was being done.
        what: &'static str,
        /// What came of it.
        #[source]
        source: Box<rest::Error>,
    },
    /// Flink does not say who it is.
    #[error("the JobManager of cluster {incarnation} cannot be reached as itself: {why:?}")]
    Unidentified {
        /// Which cluster.
        incarnation: flinkk8soperator_core::Incarnation,
        /// Why not.
        why: flinkk8soperator_core::Silence,
    },
    /// The revision to work from is not there or cannot be read.
    #[error("the revision of cluster {0} is not to be had")]
    NoRevision(flinkk8soperator_core::Incarnation),
    /// What a version was made from cannot be read back from its Deployments.
    #[error("version {0} cannot be read back from its Deployments")]
    NotReadBack(flinkk8soperator_core::DeployHash),
    /// The revision cannot be rendered.
    #[error("the cluster cannot be rendered")]
    Render(#[from] RenderError),
    /// An older object of ours has the name and is on its way out.
    #[error("{0} is still on its way out")]
    OnItsWayOut(String),
    /// An object that is not ours has the name.
    #[error("{0} belongs to something else")]
    NameTaken(String),
    /// The application came back unreadable.
    #[error("the application that came back cannot be read")]
    Unreadable(#[from] UnreadableApplication),
}

impl EffectError {
    /// What a person should be told in an event: refusals, in the words of who refused. The rest
    /// passes, or the machine tells it.
    pub(crate) fn refusal(&self) -> Option<String> {
        match self {
            EffectError::Kubernetes { what, source: source @ KubeError::Refused { .. } } => {
                Some(format!("{what}: {source}"))
            }
            EffectError::Render(error) => Some(error.to_string()),
            EffectError::NameTaken(_) | EffectError::NotReadBack(_) => Some(self.to_string()),
            EffectError::Flink { what, source } if flink::final_refusal(source) => {
                Some(format!("{what}: {source}"))
            }
            EffectError::Kubernetes { .. }
            | EffectError::LeaseLost
            | EffectError::Flink { .. }
            | EffectError::Unidentified { .. }
            | EffectError::NoRevision(_)
            | EffectError::OnItsWayOut(_)
            | EffectError::Unreadable(_) => None,
        }
    }

    /// The same, if asking again does not cure it.
    pub(crate) fn lasting_refusal(&self) -> Option<String> {
        match self {
            EffectError::Kubernetes { source, .. } if !source.lasting() => None,
            EffectError::Kubernetes { .. }
            | EffectError::Render(_)
            | EffectError::NameTaken(_)
            | EffectError::LeaseLost
            | EffectError::Flink { .. }
            | EffectError::Unidentified { .. }
            | EffectError::NoRevision(_)
            | EffectError::NotReadBack(_)
            | EffectError::OnItsWayOut(_)
            | EffectError::Unreadable(_) => self.refusal(),
        }
    }
}

/// What effects are performed from.
pub(crate) struct Ground<'a> {
    pub(crate) operator: &'a Arc<Operator>,
    pub(crate) desired: &'a Desired,
    pub(crate) state: &'a State,
    pub(crate) memory: &'a mut Memory,
    /// The application as this process last wrote or read it; an effect may replace it.
    pub(crate) app: Arc<Application>,
    /// The span of the round, for what outlives it.
    pub(crate) round: Span,
    /// What failed of the effect at hand without holding back those after it.
    pub(crate) late: Option<EffectError>,
}

/// Performs all of them, or stops at the first that fails. A job is not kept waiting for an Ingress:
/// what fails there ends the round after the effects behind it.
pub(crate) async fn execute(
    ground: &mut Ground<'_>,
    effects: &[Effect],
) -> Result<(), (Effect, EffectError)> {
    let mut late = None;
    for effect in effects {
        let name = effect.name();
        let span = span::step(name);
        #[cfg(feature = "crash-points")]
        crate::crash::before(ground.operator.crash.as_ref(), name);
        let outcome = match ground.operator.lease.held() {
            true => perform(ground, effect).instrument(span.clone()).await,
            false => Err(EffectError::LeaseLost),
        };
        let ok = outcome.is_ok() && ground.late.is_none();
        ground.operator.metrics.effect(name, ok);
        if !ok {
            span::failed(&span);
        }
        tracing::debug!(app = %ground.app.key, effect = name, ok, "effect");
        outcome.map_err(|error| (effect.clone(), error))?;
        late = late.or(ground.late.take().map(|error| (effect.clone(), error)));
        #[cfg(feature = "crash-points")]
        crate::crash::after(ground.operator.crash.as_ref(), name);
    }
    late.map_or(Ok(()), Err)
}

async fn perform(ground: &mut Ground<'_>, effect: &Effect) -> Result<(), EffectError> {
    match effect {
        Effect::AddFinalizer => cluster::finalizer(ground, true).await,
        Effect::RemoveFinalizer => cluster::finalizer(ground, false).await,
        Effect::SaveRevision(target) => revision::save(ground, target).await,
        Effect::CopyRevision { from, to } => revision::copy(ground, *from, to).await,
        Effect::RebuildRevision(target) => revision::rebuild(ground, target).await,
        Effect::RemoveRevision(obsolete) => revision::remove(ground, *obsolete).await,
        Effect::CreateCluster(target) => cluster::create(ground, *target).await,
        Effect::ScaleTaskManagers { incarnation, replicas, idle } => {
            scale::task_managers(ground, *incarnation, *replicas, idle).await
        }
        Effect::LabelCluster(target) => scale::label(ground, *target).await,
        Effect::SetRequirements(wanted) => flink::requirements(ground, wanted).await,
        Effect::PointService { incarnation, colour } => {
            service::point(ground, *incarnation, *colour).await?;
            ground.late = ingress::point(ground, *incarnation, *colour).await.err();
            Ok(())
        }
        Effect::RemoveCluster { incarnation } => cluster::remove(ground, *incarnation).await,
        Effect::DeletePod { pod } => cluster::delete_pod(ground, *pod).await,
        Effect::Submit(submit) => flink::submit(ground, submit).await,
        Effect::Savepoint(savepoint) => flink::savepoint(ground, savepoint).await,
        Effect::Cancel { incarnation, process, job } => {
            flink::cancel(ground, *incarnation, *process, *job).await
        }
    }
}
