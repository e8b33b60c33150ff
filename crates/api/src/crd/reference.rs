//! The reference of all fields for people, as Markdown, made from the CRD: the descriptions in the types
//! are its only source.

use std::fmt::Write;

use serde_json::Value;

use super::fields::is_ours;
use super::rules;

/// The document: one table for each object of `spec` and `status`, then what is refused and why.
pub fn markdown() -> String {
    let crd = serde_json::to_value(super::crd()).expect("a CRD is JSON");
    let schema = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    let mut text = String::from(
        "# FlinkApplication `flink.k8s.io/v1beta1`\n\n\
         Made from the CRD by `cargo xtask crds`; do not edit. Required fields are **bold**. Where the type\n\
         is marked *as in a Pod*, `kubectl explain pod.spec` has the fields. Defaults are applied by the\n\
         operator, not stored.\n",
    );
    for part in ["spec", "status"] {
        tables(&mut text, part, &schema["properties"][part]);
    }
    refusals(&mut text);
    text
}

/// One table for the properties of `schema`, followed by those of the objects below it.
fn tables(text: &mut String, path: &str, schema: &Value) {
    put(text, &format!("\n## `{path}`\n\n{}\n", meaning(schema).0));
    let with_defaults = path.starts_with("spec");
    put(
        text,
        if with_defaults {
            "| field | type | default | meaning |"
        } else {
            "| field | type | meaning |"
        },
    );
    put(text, if with_defaults { "|---|---|---|---|" } else { "|---|---|---|" });
    let Some(properties) = schema["properties"].as_object() else { return };
    let required = |name: &str| {
        schema["required"].as_array().is_some_and(|names| names.iter().any(|other| other == name))
    };
    for (name, property) in properties {
        let shown = if required(name) { format!("**`{name}`**") } else { format!("`{name}`") };
        let (meaning, default) = meaning(property);
        let default = if with_defaults { format!(" {default} |") } else { String::new() };
        put(text, &format!("| {shown} | {} |{default} {meaning} |", kind(property)));
    }
    for (name, property) in properties {
        if is_ours(property) {
            tables(text, &format!("{path}.{name}"), property);
        } else if is_ours(&property["items"]) {
            tables(text, &format!("{path}.{name}[]"), &property["items"]);
        }
    }
}

/// The rules of the CRD, which tell what would be right.
fn refusals(text: &mut String) {
    put(text, "\n## What the API server refuses beyond types and bounds\n");
    put(text, "Only when an application is created or the fields concerned are changed.\n");
    put(text, "| where | what must hold |\n|---|---|");
    for rule in rules::rules() {
        let place = if rule.at.is_empty() { "metadata" } else { &rule.at };
        put(text, &format!("| `{place}` | {} |", rule.message));
    }
}

fn put(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("writing to a String cannot fail");
}

/// The description, split where it begins to speak of the default.
fn meaning(schema: &Value) -> (String, String) {
    let description = schema["description"].as_str().unwrap_or_default().replace('|', "\\|");
    match description.split_once(" Default") {
        Some((meaning, default)) => {
            let default = default.trim_start_matches([':', ',', ' ']).trim_end_matches('.');
            (meaning.to_owned(), default.to_owned())
        }
        None => (description, String::new()),
    }
}

fn kind(schema: &Value) -> String {
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<_> = words.iter().map(|word| word.as_str().unwrap_or_default()).collect();
        return words.join(", ");
    }
    let kind = schema["type"].as_str().unwrap_or("any");
    let bounds = match (schema["minimum"].as_f64(), schema["maximum"].as_f64()) {
        (Some(least), Some(most)) => format!(", {least} to {most}"),
        (Some(least), None) => format!(", at least {least}"),
        _ => String::new(),
    };
    match kind {
        "array" if schema["items"]["properties"].is_object() && !is_ours(&schema["items"]) => {
            "list, *as in a Pod*".into()
        }
        "array" => "list".into(),
        "object" if schema["properties"].is_object() && !is_ours(schema) => {
            "object, *as in a Pod*".into()
        }
        kind => format!("{kind}{bounds}"),
    }
}
