//! What the API has and this version of the operator cannot do yet: refused before any effect,
//! never passed over in silence.

use flinkk8soperator_core::{Obstacle, ObstacleKind};

use crate::v1beta1::FlinkApplicationSpec;

/// The fields of the spec that ask for it.
pub(super) fn find(spec: &FlinkApplicationSpec) -> Vec<Obstacle> {
    let text = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    let set = [(text(&spec.accept_pending_edit), "spec.acceptPendingEdit", "leave it out")];
    let refused = set.into_iter().filter(|(asked_for, _, _)| *asked_for);
    refused.map(|(_, field, cure)| refusal(field, cure)).collect()
}

fn refusal(field: &str, cure: &str) -> Obstacle {
    Obstacle {
        field: field.to_owned(),
        message: format!("is not yet supported by this version of the operator: {cure}"),
        kind: ObstacleKind::NotYetSupported,
    }
}
