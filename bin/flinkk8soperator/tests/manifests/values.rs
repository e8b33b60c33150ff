//! The chart's values and their schema have the same keys. That the README has them is told by `cargo xtask test`.

use serde_json::Value;

use super::{root, text};

/// The keys whose shape the schema closes, below `path`: of them it lists every one there may be.
fn closed(schema: &Value, whole: &Value, path: &str, found: &mut Vec<String>) {
    let reference = schema["$ref"].as_str().map(|path| path.trim_start_matches('#'));
    let schema = reference.map_or(schema, |pointer| whole.pointer(pointer).unwrap());
    if schema["additionalProperties"] != false {
        return;
    }
    for (key, inner) in schema["properties"].as_object().unwrap() {
        let path = format!("{path}/{key}");
        closed(inner, whole, &path, found);
        found.push(path);
    }
}

/// Helm itself refuses a default that the schema does not know; the other way round it is told here.
#[test]
fn every_value_that_the_schema_knows_has_a_default() {
    let chart = root().join("charts/flinkk8soperator");
    let schema: Value = serde_json::from_str(&text(&chart.join("values.schema.json"))).unwrap();
    let values: Value = serde_saphyr::from_str(&text(&chart.join("values.yaml"))).unwrap();
    let mut keys = Vec::new();
    closed(&schema, &schema, "", &mut keys);
    keys.retain(|key| values.pointer(key).is_none());
    // Helm's own; and parts of Kubernetes' own shapes.
    assert_eq!(keys, ["/global", "/resources/claims", "/strategy/rollingUpdate"]);
}
