//! What of a round people are told by events.

use flinkk8soperator_api::project;
use flinkk8soperator_core::{Decision, Effect, EventReason};

use crate::application::Application;
use crate::execute::EffectError;
use crate::execute::events::News;
use crate::operator::Operator;

/// Tells what was decided, what was refused, and what keeps us out of Flink.
pub(crate) async fn publish(
    operator: &Operator,
    app: &Application,
    decision: &Decision,
    failed: Option<&(Effect, EffectError)>,
    kept_out: Option<project::KeptOut>,
) {
    let told = decision.events.iter().map(|event| News {
        warning: event.warning,
        reason: event.reason.as_str(),
        message: event.message.clone(),
    });
    let refused = failed.and_then(|(effect, error)| {
        Some(News { warning: true, reason: reason_of(effect).as_str(), message: error.refusal()? })
    });
    let kept_out = kept_out.map(|kept_out| News {
        warning: true,
        reason: kept_out.by.as_str(),
        message: kept_out.message,
    });
    for news in told.chain(refused).chain(kept_out).collect::<Vec<_>>() {
        let clock = operator.clock.as_ref();
        operator.events.publish(&operator.kubernetes, clock, app, &news).await;
    }
}

/// Under which reason the refusal of an effect is told.
fn reason_of(effect: &Effect) -> EventReason {
    match effect {
        Effect::AddFinalizer
        | Effect::SaveRevision(_)
        | Effect::CopyRevision { .. }
        | Effect::RebuildRevision(_)
        | Effect::CreateCluster(_)
        | Effect::PointService { .. } => EventReason::ClusterCreationFailed,
        Effect::ScaleTaskManagers { .. } | Effect::LabelCluster(_) | Effect::SetRequirements(_) => {
            EventReason::ClusterScaleUpFailed
        }
        Effect::Submit(_) => EventReason::JobSubmissionFailed,
        Effect::Savepoint(_) => EventReason::SavepointFailed,
        Effect::Cancel { .. } => EventReason::ForceCanceling,
        Effect::DeletePod { .. }
        | Effect::RemoveCluster { .. }
        | Effect::RemoveRevision(_)
        | Effect::RemoveFinalizer => EventReason::ToreDownCluster,
    }
}
