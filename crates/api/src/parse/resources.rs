//! Resources and placement of the two kinds of pods, as far as the API server or Flink is sure to
//! refuse them.

use std::collections::BTreeMap;

use flinkk8soperator_core::Obstacle;
use k8s_openapi::api::core::v1::ResourceRequirements;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use serde_json::Value;

use super::quantity::{above, parse};
use super::rule::invalid;
use crate::flink_version::has_process_memory;
use crate::v1beta1::FlinkApplicationSpec;

type Quantities = BTreeMap<String, Quantity>;

/// The resources that the spec names, with their path.
fn named(spec: &FlinkApplicationSpec) -> Vec<(&'static str, &ResourceRequirements)> {
    let both = [
        ("spec.jobManagerConfig.resources", &spec.job_manager_config.resources),
        ("spec.taskManagerConfig.resources", &spec.task_manager_config.resources),
    ];
    both.into_iter().filter_map(|(path, resources)| Some((path, resources.as_ref()?))).collect()
}

/// What is no quantity, or a negative one.
pub(super) fn quantities(spec: &FlinkApplicationSpec) -> Vec<Obstacle> {
    let mut found = Vec::new();
    for (path, resources) in named(spec) {
        for (part, quantities) in [("requests", &resources.requests), ("limits", &resources.limits)]
        {
            let wrong = |(name, quantity): (&String, &Quantity)| {
                let message = match parse(&quantity.0) {
                    None => "is no quantity: write e.g. 500m, 2, 1536Mi or 2Gi",
                    Some(value) if value < 0.0 => "must not be negative",
                    Some(_) => return None,
                };
                let field = format!("{path}.{part}.{name}");
                Some(invalid(field, format!("{:?} {message}", quantity.0)))
            };
            found.extend(quantities.iter().flatten().filter_map(wrong));
        }
    }
    found
}

/// Memory of which Flink would be given less than the smallest unit that it is given in: `0k`, with which
/// it does not start.
pub(super) fn memory(spec: &FlinkApplicationSpec) -> Vec<Obstacle> {
    const KIBI: f64 = 1024.0;
    let (jm, tm) = (&spec.job_manager_config, &spec.task_manager_config);
    let newer = has_process_memory(spec.flink_version.as_deref().unwrap_or_default());
    let fractions = match newer {
        true => [jm.system_memory_fraction, tm.system_memory_fraction],
        false => [jm.off_heap_memory_fraction, tm.off_heap_memory_fraction],
    };
    // As rendered: one out of range counts as absent. One that leaves nothing is refused by its own rule.
    let default = if newer { 0.2 } else { 0.5 };
    let fraction = |given: Option<f64>| given.filter(|f| (0.0..1.0).contains(f)).unwrap_or(default);
    let roles = [("jobManagerConfig", &jm.resources), ("taskManagerConfig", &tm.resources)];
    let wrong = roles.into_iter().zip(fractions).filter_map(|((role, resources), given)| {
        let resources = resources.as_ref()?;
        let of = |quantities: &Option<Quantities>| quantities.as_ref()?.get("memory").cloned();
        let (part, quantity) = match of(&resources.requests) {
            Some(quantity) => ("requests", quantity),
            None => ("limits", of(&resources.limits)?),
        };
        let bytes = parse(&quantity.0).filter(|bytes| *bytes >= 0.0)?;
        let message =
            format!("{} leaves Flink less than 1Ki: write e.g. 1536Mi or 2Gi", quantity.0);
        let field = format!("spec.{role}.resources.{part}.memory");
        (bytes * (1.0 - fraction(given)) < KIBI).then(|| invalid(field, message))
    });
    wrong.collect()
}

/// Requests above their limits: no pod is created from them.
pub(super) fn limits(spec: &FlinkApplicationSpec) -> Vec<Obstacle> {
    let wrong = |(path, resources): (&str, &ResourceRequirements)| {
        let empty = Quantities::new();
        let limits = resources.limits.as_ref().unwrap_or(&empty);
        let requests = resources.requests.iter().flatten();
        let compared = requests.filter_map(|(name, request)| {
            let limit = limits.get(name)?;
            let too_much = above(parse(&request.0)?, parse(&limit.0)?);
            let message = format!("{} must not be above limits.{name}, {}", request.0, limit.0);
            too_much.then(|| invalid(format!("{path}.requests.{name}"), message))
        });
        compared.collect::<Vec<_>>()
    };
    named(spec).into_iter().flat_map(wrong).collect()
}

/// Node labels that are no text: the schema admits them, a pod does not.
pub(super) fn node_selectors(spec: &FlinkApplicationSpec) -> Vec<Obstacle> {
    let both = [
        ("spec.jobManagerConfig", &spec.job_manager_config.node_selector),
        ("spec.taskManagerConfig", &spec.task_manager_config.node_selector),
    ];
    let mut found = Vec::new();
    for (path, labels) in both {
        let wrong = labels.iter().filter(|(_, value)| !matches!(value, Value::String(_)));
        found.extend(wrong.map(|(label, value)| {
            let message = format!("is {value}; a node's label is a text: put it in quotes");
            invalid(format!("{path}.nodeSelector[{label}]"), message)
        }));
    }
    found
}
