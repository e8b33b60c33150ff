//! What the API has and this version of the operator cannot do yet: refused before any effect,
//! never passed over in silence.

use flinkk8soperator_core::{Obstacle, ObstacleKind};

use crate::v1beta1::{DeploymentMode, FlinkApplicationSpec, ScaleMode};

/// The fields of the spec that ask for it.
pub(super) fn find(spec: &FlinkApplicationSpec) -> Vec<Obstacle> {
    let text = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    let set = [
        (deployment_mode(spec), "spec.deploymentMode", "use Dual or Single"),
        (spec.scale_mode == Some(ScaleMode::InPlace), "spec.scaleMode", "use NewCluster"),
        (spec.foreign_job.is_some(), "spec.foreignJob", "end that job by hand and leave it out"),
        (text(&spec.accept_pending_edit), "spec.acceptPendingEdit", "leave it out"),
        (text(&spec.tear_down_version_hash), "spec.tearDownVersionHash", "leave it out"),
    ];
    let refused = set.into_iter().filter(|(asked_for, _, _)| *asked_for);
    refused.map(|(_, field, cure)| refusal(spec, field, cure)).collect()
}

fn deployment_mode(spec: &FlinkApplicationSpec) -> bool {
    matches!(spec.deployment_mode, Some(DeploymentMode::BlueGreen))
}

fn refusal(spec: &FlinkApplicationSpec, field: &str, cure: &str) -> Obstacle {
    let word = match (field, &spec.deployment_mode) {
        ("spec.deploymentMode", Some(mode)) => format!("{mode} is"),
        _ => "is".to_owned(),
    };
    Obstacle {
        field: field.to_owned(),
        message: format!("{word} not yet supported by this version of the operator: {cure}"),
        kind: ObstacleKind::NotYetSupported,
    }
}
