//! The table of what an edit of each field of a FlinkApplication comes to, for the documents.
//!
//! Nothing of it is claimed: the edits (`edits.yaml`) are made to an application (`application.yaml`), and the
//! comparison that the operator uses says what each comes to. Which fields there are, the CRD says.

mod edit;
mod page;

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail, ensure};
use flinkk8soperator_api::crd;
use flinkk8soperator_core::ChangeClass;
use flinkk8soperator_resources::TOOL_METADATA;
use serde_json::{Value, json};

use edit::{Edit, Edits};

/// What users and tools write in `metadata`, besides the fields of the spec.
const METADATA: [&str; 3] = ["metadata.annotations", "metadata.finalizers", "metadata.labels"];

/// An edit and what it comes to.
struct Row {
    field: String,
    edit: String,
    class: ChangeClass,
    then: Option<String>,
}

/// The document.
///
/// # Errors
/// Where a field of the CRD has no edit, an edit is of no field, or one cannot be made.
pub(crate) fn markdown() -> Result<String> {
    let application: Value = serde_saphyr::from_str(include_str!("spec_changes/application.yaml"))?;
    let edits: Edits = serde_saphyr::from_str(include_str!("spec_changes/edits.yaml"))?;
    complete(&edits)?;
    let mut rows = Vec::new();
    for (field, edits) in &edits {
        for edit in edits {
            rows.push(
                row(&application, field, edit).with_context(|| format!("{field}: {edit:?}"))?,
            );
        }
    }
    let tools = TOOL_METADATA.map(|prefix| of_a_tool(&application, prefix));
    Ok(page::markdown(&tools.into_iter().collect::<Result<Vec<_>>>()?, &rows))
}

/// Every field has its edits, and every edit its field.
fn complete(edits: &Edits) -> Result<()> {
    let there: BTreeSet<String> =
        crd::fields::of_spec().into_iter().chain(METADATA.map(str::to_owned)).collect();
    let edited: BTreeSet<String> = edits.keys().cloned().collect();
    let differ: Vec<_> = there.symmetric_difference(&edited).map(String::as_str).collect();
    ensure!(
        differ.is_empty(),
        "fields without an edit in xtask/src/spec_changes/edits.yaml, or edits without a field: {}",
        differ.join(", ")
    );
    Ok(())
}

fn row(application: &Value, field: &str, edit: &Edit) -> Result<Row> {
    let class = edit.class(application, field)?;
    if class == ChangeClass::StatusOnly && edit.then.is_none() {
        bail!("takes effect without a deploy: `then` has to say when");
    }
    Ok(Row { field: field.to_owned(), edit: edit.name(), class, then: edit.then.clone() })
}

/// A label or an annotation of a tool's: both come to the same.
fn of_a_tool(application: &Value, prefix: &str) -> Result<Row> {
    let class = |field: &str| {
        let key = if prefix.ends_with('/') { format!("{prefix}any") } else { prefix.to_owned() };
        let pointer = format!("/{}", field.replace('.', "/"));
        let mut to = application.pointer(&pointer).cloned().unwrap_or_default();
        to[key] = json!("added");
        Edit::to(to).class(application, field)
    };
    let [label, annotation] = [class("metadata.labels")?, class("metadata.annotations")?];
    ensure!(label == annotation, "{prefix}: labels and annotations differ");
    let edit = "one more label or annotation".to_owned();
    Ok(Row { field: format!("{prefix}…"), edit, class: label, then: None })
}

#[cfg(test)]
mod tests {
    use super::{Edits, complete};

    #[test]
    fn a_field_without_an_edit_is_named() {
        let text = include_str!("spec_changes/edits.yaml");
        let mut edits: Edits = serde_saphyr::from_str(text).unwrap();
        complete(&edits).unwrap();
        edits.remove("spec.image");
        assert!(complete(&edits).unwrap_err().to_string().ends_with(": spec.image"));
    }
}
