//! Words of the spec's enumerations. The CRD refuses unknown ones; the types keep them, so that an
//! application which has one stays in sight. An empty word is absence, as in the reference operator.

use flinkk8soperator_core::Obstacle;

use super::rule::invalid;
use crate::v1beta1::{
    DeleteMode, DeploymentMode, FlinkApplicationSpec, ForeignJobAction, ImagePullPolicy, Recovery,
    SavepointStop, ScaleMode,
};

/// Words that this version does not know.
pub(super) fn unknown(spec: &FlinkApplicationSpec) -> Vec<Obstacle> {
    macro_rules! word {
        ($type:ident, $field:ident, $path:literal) => {
            check($path, spec.$field.as_ref().map($type::as_str), $type::WORDS)
        };
    }
    let foreign = spec.foreign_job.as_ref();
    let found = [
        word!(ImagePullPolicy, image_pull_policy, "spec.imagePullPolicy"),
        word!(DeploymentMode, deployment_mode, "spec.deploymentMode"),
        word!(ScaleMode, scale_mode, "spec.scaleMode"),
        word!(DeleteMode, delete_mode, "spec.deleteMode"),
        word!(SavepointStop, savepoint_stop, "spec.savepointStop"),
        word!(Recovery, recovery, "spec.recovery"),
        check(
            "spec.foreignJob.action",
            foreign.map(|f| f.action.as_str()),
            ForeignJobAction::WORDS,
        ),
    ];
    found.into_iter().flatten().collect()
}

fn check(field: &str, word: Option<&str>, words: &[&str]) -> Option<Obstacle> {
    let word = word.filter(|word| !word.is_empty() && !words.contains(word))?;
    Some(invalid(field, format!("is {word:?}; it must be one of {}", words.join(", "))))
}
