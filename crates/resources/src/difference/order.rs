//! Lists whose order says nothing: the same items in another order are no change.
//!
//! A closed set. All other lists count in their order: of two entries of `envFrom` that have one name, the
//! last one wins.

use std::collections::BTreeSet;

use serde_json::Value;

/// Kubernetes tells the items apart by a key of theirs, or takes any that fits. (Mounts below one another:
/// container runtimes mount the outer one first.)
const UNORDERED: [&str; 5] = [
    "spec.imagePullSecrets",
    "spec.volumes",
    "spec.volumeMounts",
    "spec.jobManagerConfig.tolerations",
    "spec.taskManagerConfig.tolerations",
];
const ENVIRONMENTS: [&str; 2] =
    ["spec.jobManagerConfig.envConfig.env", "spec.taskManagerConfig.envConfig.env"];

/// Whether the list at `path` only had its items put into another order, and that says nothing.
pub(super) fn is_all_that_differs(path: &str, a: &[Value], b: &[Value]) -> bool {
    let says_nothing =
        UNORDERED.contains(&path) || ENVIRONMENTS.contains(&path) && is_independent(a);
    says_nothing && sorted(a) == sorted(b)
}

/// No variable is made from one before it, or takes the place of one.
fn is_independent(variables: &[Value]) -> bool {
    let text = |variable: &Value, member: &str| variable[member].as_str().map(str::to_owned);
    let names: BTreeSet<_> = variables.iter().map(|variable| text(variable, "name")).collect();
    let refers = |variable: &Value| text(variable, "value").is_some_and(|text| text.contains("$("));
    names.len() == variables.len() && !variables.iter().any(refers)
}

fn sorted(items: &[Value]) -> Vec<String> {
    let mut texts: Vec<String> = items.iter().map(Value::to_string).collect();
    texts.sort();
    texts
}
