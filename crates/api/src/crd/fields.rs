//! Which fields the CRD's `spec` has, for whoever has to say something of each.

use serde_json::Value;

/// The dotted paths of all fields of `spec` that are not objects of ours (`spec.taskManagerConfig.taskSlots`):
/// Kubernetes' own types count as one field.
pub fn of_spec() -> Vec<String> {
    let crd = serde_json::to_value(super::crd()).expect("a CRD is JSON");
    let schema = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
    let mut paths = Vec::new();
    collect("spec", schema, &mut paths);
    paths
}

fn collect(path: &str, schema: &Value, paths: &mut Vec<String>) {
    match schema["properties"].as_object() {
        Some(fields) if is_ours(schema) => {
            for (name, field) in fields {
                collect(&format!("{path}.{name}"), field, paths);
            }
        }
        Some(_) | None => paths.push(path.to_owned()),
    }
}

/// Our own objects have descriptions on their fields; those of Kubernetes' types were taken out.
pub(super) fn is_ours(schema: &Value) -> bool {
    schema["properties"]
        .as_object()
        .is_some_and(|fields| fields.values().any(|field| field["description"].is_string()))
}

#[cfg(test)]
mod tests {
    use super::of_spec;

    #[test]
    fn our_objects_are_entered_and_those_of_kubernetes_are_not() {
        let paths = of_spec();
        let has = |path: &str| paths.iter().any(|other| other == path);
        for path in ["spec.image", "spec.volumes", "spec.timeouts.submit", "spec.flinkConfig"] {
            assert!(has(path), "{path}");
        }
        assert!(has("spec.jobManagerConfig.envConfig.env"));
        assert!(has("spec.jobManagerConfig.resources"));
        assert!(!has("spec.jobManagerConfig"));
    }
}
