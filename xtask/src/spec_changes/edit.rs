//! An edit of one field, made to an application and compared with it.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use flinkk8soperator_api::v1beta1::FlinkApplication;
use flinkk8soperator_core::ChangeClass;
use flinkk8soperator_resources::{Application, RenderConfig, TOOL_METADATA, difference};
use serde::Deserialize;
use serde_json::{Value, json};

/// The edits of each field, by its dotted path.
pub(super) type Edits = BTreeMap<String, Vec<Edit>>;

/// An edit, as `edits.yaml` has it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Edit {
    /// In words, where it is not simply another value.
    edit: Option<String>,
    /// Values of fields, by dotted path, before and after the edit.
    with: BTreeMap<String, Value>,
    /// The field's new value.
    to: Value,
    /// New values of other fields.
    and: BTreeMap<String, Value>,
    /// What happens, where the class does not say it all.
    pub(super) then: Option<String>,
}

impl Edit {
    /// The field gets that value.
    pub(super) fn to(value: Value) -> Edit {
        Edit { to: value, ..Edit::default() }
    }

    /// In words.
    pub(super) fn name(&self) -> String {
        self.edit.clone().unwrap_or_else(|| "another value".to_owned())
    }

    /// What the operator makes of it: the same in either `scaleMode`, which is looked at only when a rescale
    /// begins.
    pub(super) fn class(&self, application: &Value, field: &str) -> Result<ChangeClass> {
        let mut in_place = application.clone();
        set(&mut in_place, "spec.scaleMode", &json!("InPlace"));
        let class = self.compared(application, field)?;
        if field != "spec.scaleMode" {
            ensure!(self.compared(&in_place, field)? == class, "depends on scaleMode");
        }
        Ok(class)
    }

    fn compared(&self, application: &Value, field: &str) -> Result<ChangeClass> {
        let mut before = application.clone();
        self.with.iter().for_each(|(path, value)| set(&mut before, path, value));
        let mut after = before.clone();
        set(&mut after, field, &self.to);
        self.and.iter().for_each(|(path, value)| set(&mut after, path, value));
        let (before, after) = (read(&before)?, read(&after)?);
        let (config, ignored) = (RenderConfig::default(), TOOL_METADATA.map(str::to_owned));
        Ok(difference(&before, &after, &config, &config, &ignored).class)
    }
}

/// As rendering sees it, where the types of the CRD take it as well.
fn read(application: &Value) -> Result<Application> {
    FlinkApplication::deserialize(application).context("not as the CRD's types have it")?;
    Application::parse(application).context("not as the objects' types have it")
}

/// Sets the field at a dotted path, and makes the objects that it lies in.
fn set(object: &mut Value, path: &str, value: &Value) {
    let field = path.split('.').fold(object, |object, name| &mut object[name]);
    *field = value.clone();
}
