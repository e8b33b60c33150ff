//! The job and its size: image, jar, parallelism, numbers of slots and JobManagers.

use flinkk8soperator_core::{DeployHash, JobId, Obstacle};

use super::rule::invalid;
use crate::v1beta1::FlinkApplicationSpec;

/// Flink's highest parallelism (`Transformation.UPPER_BOUND_MAX_PARALLELISM`, 2^15).
const HIGHEST_PARALLELISM: i32 = 1 << 15;

/// Slots of a TaskManager that does not say how many (as in the reference operator).
const DEFAULT_TASK_SLOTS: u32 = 16;

/// How many slots the job takes; 0 where a rule refuses the parallelism.
pub(super) fn slots(spec: &FlinkApplicationSpec) -> u32 {
    u32::try_from(spec.parallelism).unwrap_or(0)
}

/// How many TaskManagers have that many slots.
pub(super) fn taskmanagers(spec: &FlinkApplicationSpec) -> u32 {
    let each = spec.task_manager_config.task_slots.and_then(|slots| u32::try_from(slots).ok());
    slots(spec).div_ceil(each.unwrap_or(DEFAULT_TASK_SLOTS).max(1))
}

/// An image that no kubelet can parse.
pub(super) fn image(spec: &FlinkApplicationSpec) -> Vec<Obstacle> {
    let wrong = spec.image.is_empty() || spec.image.contains(char::is_whitespace);
    let message = "must be the name of a container image, not empty and without blanks";
    wrong.then(|| invalid("spec.image", message)).into_iter().collect()
}

/// A jar that Flink refuses: it takes a file name only (`JarIdPathParameter`).
pub(super) fn jar(spec: &FlinkApplicationSpec) -> Vec<Obstacle> {
    let wrong = spec.jar_name.is_empty() || spec.jar_name.contains('/');
    let message = "must be the file name of the job's jar, without its directory";
    wrong.then(|| invalid("spec.jarName", message)).into_iter().collect()
}

/// A parallelism that Flink refuses.
pub(super) fn parallelism(spec: &FlinkApplicationSpec) -> Vec<Obstacle> {
    let wrong = !(1..=HIGHEST_PARALLELISM).contains(&spec.parallelism);
    let message = format!("is {}; it must be from 1 to {HIGHEST_PARALLELISM}", spec.parallelism);
    wrong.then(|| invalid("spec.parallelism", message)).into_iter().collect()
}

/// A version to be torn down that can be none.
pub(super) fn tear_down(spec: &FlinkApplicationSpec) -> Vec<Obstacle> {
    let wish = spec.tear_down_version_hash.as_deref().filter(|hash| !hash.is_empty());
    let wrong = wish.filter(|hash| hash.parse::<DeployHash>().is_err());
    let right = "8 hex digits, the versionHash of one of status.versionStatuses";
    let message = |hash: &str| format!("is {hash:?}; it must be {right}");
    wrong.map(|hash| invalid("spec.tearDownVersionHash", message(hash))).into_iter().collect()
}

/// A choice about a job that Flink cannot have.
pub(super) fn foreign(spec: &FlinkApplicationSpec) -> Vec<Obstacle> {
    let id = spec.foreign_job.as_ref().map(|foreign| &foreign.id);
    let wrong = id.filter(|id| id.parse::<JobId>().is_err());
    let right = "32 hex digits, the id of the job that the status names";
    let message = |id: &String| format!("is {id:?}; it must be {right}");
    wrong.map(|id| invalid("spec.foreignJob.id", message(id))).into_iter().collect()
}

/// Numbers below one of what there has to be.
pub(super) fn counts(spec: &FlinkApplicationSpec) -> Vec<Obstacle> {
    let counts = [
        ("spec.taskManagerConfig.taskSlots", spec.task_manager_config.task_slots),
        ("spec.jobManagerConfig.replicas", spec.job_manager_config.replicas),
    ];
    let wrong = |(field, count): (&str, Option<i32>)| {
        let count = count.filter(|count| *count < 1)?;
        Some(invalid(field, format!("is {count}; it must be at least 1")))
    };
    counts.into_iter().filter_map(wrong).collect()
}
