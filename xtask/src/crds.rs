//! `cargo xtask crds`: writes the CRD and the reference of its fields from the types of the api crate, and
//! what an edit of each field comes to, or with `--check` tells whether the committed files are what would
//! be written.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use flinkk8soperator_api::crd;
use serde_json::{Value, json};

use crate::{generated, spec_changes};

/// Writes the generated files, or compares them.
///
/// # Errors
/// Where a file cannot be read or written, and with `check` where one differs; the message names the
/// command that writes them.
pub(crate) fn run(check: bool) -> Result<()> {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask lies in the workspace")?;
    let files = [
        (root.join("charts/flinkk8soperator-crds/templates/flinkapplications.yaml"), manifest()?),
        (root.join("docs/generated/crd-reference.md"), crd::reference::markdown()),
        (root.join("docs/generated/spec-changes.md"), spec_changes::markdown()?),
    ];
    if check { generated::compare(&files, "cargo xtask crds") } else { generated::write(&files) }
}

/// The CRD as a manifest for `kubectl apply` and as a template of the chart.
fn manifest() -> Result<String> {
    let mut crd = serde_json::to_value(crd::crd()).context("the CRD as JSON")?;
    whole_numbers(&mut crd);
    // Without it, `helm uninstall` of the chart would delete every application of the cluster.
    crd["metadata"]["annotations"]["helm.sh/resource-policy"] = json!("keep");
    let yaml = serde_saphyr::to_string(&crd).context("the CRD as YAML")?;
    ensure!(!yaml.contains("{{"), "the CRD's text would be read as a Helm template");
    Ok(format!("# Made by `cargo xtask crds` from crates/api; do not edit.\n{yaml}"))
}

/// Bounds are floats in the CRD's type; as 1.0 they would look odd and differ in GitOps tools.
fn whole_numbers(value: &mut Value) {
    match value {
        Value::Object(members) => members.values_mut().for_each(whole_numbers),
        Value::Array(items) => items.iter_mut().for_each(whole_numbers),
        Value::Number(number) => {
            // 2^53 bounds the whole numbers that a float holds exactly; ours are far below.
            if let Some(float) = number.as_f64().filter(|float| float.fract() == 0.0) {
                *value = json!(float as i64);
            }
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}
