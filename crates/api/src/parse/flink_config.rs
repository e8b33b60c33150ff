//! What makes the Flink configuration impossible to render, or a cluster that cannot work. The
//! reference operator drops the whole configuration where rendering fails, and Flink starts without.

use std::collections::BTreeMap;

use flinkk8soperator_core::Obstacle;
use serde_json::Value;

use super::rule::invalid;
use crate::flink_version::has_process_memory;
use crate::v1beta1::FlinkApplicationSpec;

/// Values that are no text, number or boolean.
pub(super) fn scalars(spec: &FlinkApplicationSpec) -> Vec<Obstacle> {
    let wrong = spec.flink_config.iter().filter_map(|(key, value)| {
        let what = match value {
            Value::String(_) | Value::Number(_) | Value::Bool(_) => return None,
            Value::Null => "null",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        };
        let message = format!("is {what}; it must be a text, a number or a boolean");
        Some(invalid(format!("spec.flinkConfig[{key}]"), message))
    });
    wrong.collect()
}

/// Keys and values that would become other lines than their own: Flink reads its configuration line by
/// line, and none of its versions knows an escape that all of them read. A line break at the end of a value
/// (as a YAML block leaves it) becomes an empty line.
pub(super) fn lines(spec: &FlinkApplicationSpec) -> Vec<Obstacle> {
    let breaks = |text: &str| text.contains(['\n', '\r']);
    let key = |key: &String| {
        let wrong = breaks(key) || key.contains(": ");
        let message =
            "must not have a line break or \": \" in its name: Flink would read another key";
        wrong.then(|| invalid(format!("spec.flinkConfig[{}]", key.escape_default()), message))
    };
    let value = |(key, value): (&String, &Value)| {
        let wrong = breaks(value.as_str()?.trim_end_matches(['\n', '\r']));
        let message = "has a line break: Flink would read what is behind it as another key, or not at \
                       all; write it in one line (in YAML: a block that begins with >-)";
        wrong.then(|| invalid(format!("spec.flinkConfig[{key}]"), message))
    };
    let config = &spec.flink_config;
    config.keys().filter_map(key).chain(config.iter().filter_map(value)).collect()
}

/// More than one JobManager without high availability: each takes itself for the only one, and the
/// TaskManagers register with whichever they meet.
pub(super) fn several_job_managers(spec: &FlinkApplicationSpec) -> Vec<Obstacle> {
    let replicas = spec.job_manager_config.replicas.unwrap_or(1);
    if replicas <= 1 || is_ha(&spec.flink_config) {
        return Vec::new();
    }
    let message = format!(
        "is {replicas}; more than one JobManager needs high availability: set high-availability.type \
         (before Flink 1.17: high-availability) in flinkConfig"
    );
    vec![invalid("spec.jobManagerConfig.replicas", message)]
}

/// Both keys mean it: `high-availability.type` is the name since Flink 1.17.
fn is_ha(config: &BTreeMap<String, Value>) -> bool {
    let values = ["high-availability", "high-availability.type"].map(|key| config.get(key));
    let none =
        |value: &Value| value.as_str().is_some_and(|text| text.trim().eq_ignore_ascii_case("none"));
    values.into_iter().flatten().any(|value| !none(value))
}

/// A memory fraction of the memory model that this Flink version does not have, or one that leaves
/// nothing to Flink. (One out of range counts as absent, as in the reference operator.)
pub(super) fn fractions(spec: &FlinkApplicationSpec) -> Vec<Obstacle> {
    let (job_manager, task_manager) = (&spec.job_manager_config, &spec.task_manager_config);
    let newer = has_process_memory(spec.flink_version.as_deref().unwrap_or_default());
    let given = [
        ("jobManagerConfig.systemMemoryFraction", newer, job_manager.system_memory_fraction),
        ("jobManagerConfig.offHeapMemoryFraction", !newer, job_manager.off_heap_memory_fraction),
        ("taskManagerConfig.systemMemoryFraction", newer, task_manager.system_memory_fraction),
        ("taskManagerConfig.offHeapMemoryFraction", !newer, task_manager.off_heap_memory_fraction),
    ];
    let wrong = given.into_iter().filter_map(|(name, fits, fraction)| {
        let message = match (fits, fraction?) {
            (false, _) if newer => "is for Flink older than 1.11: use systemMemoryFraction, or correct flinkVersion",
            (false, _) => "is for Flink 1.11 and newer: set flinkVersion (e.g. 1.20), or use offHeapMemoryFraction",
            (true, 1.0) => "is 1, which leaves no memory to Flink: it must be below 1",
            (true, _) => return None,
        };
        Some(invalid(format!("spec.{name}"), message))
    });
    wrong.collect()
}
