//! What the reference operator would do with each application if it took over now: by its own rules, defects
//! included, from what it would read. Nothing of ours decides here.

mod rule;
mod standing;
mod words;

use std::collections::BTreeMap;

use flinkk8soperator_resources::{RenderConfig, labels};
use serde_json::Value;

use crate::read::{DEPLOYMENTS, FLINK_APPLICATIONS, ReadError, Reader, SERVICES};
use crate::{report, text};

pub use rule::{Outcome, outcome};
pub use standing::{Object, Standing};

/// What was found of each application.
pub type Report = report::Report<Outcome>;
/// What was found of one.
pub type Application = report::Application<Outcome>;

/// Looks at every application of a namespace, or of all. `config` is the reference operator's: it is in the
/// deploy hash.
///
/// # Errors
/// See [`ReadError`].
pub async fn look(
    reader: &Reader,
    namespace: Option<&str>,
    config: &RenderConfig,
) -> Result<Report, ReadError> {
    let applications = reader.list(FLINK_APPLICATIONS, namespace, "").await?;
    let deployments = by_application(reader.list(DEPLOYMENTS, namespace, labels::APP).await?);
    let services = by_application(reader.list(SERVICES, namespace, labels::APP).await?);
    let of = |object: &Value| {
        let key = key(object, text(object, "/metadata/name"));
        let mine = |all: &BTreeMap<_, Vec<Value>>| all.get(&key).cloned().unwrap_or_default();
        found(object, &mine(&deployments), &mine(&services), config)
    };
    Ok(Report { applications: applications.iter().map(of).collect() })
}

fn found(
    app: &Value,
    deployments: &[Value],
    services: &[Value],
    config: &RenderConfig,
) -> Application {
    match Standing::of(app, deployments, services, config) {
        Ok(standing) => Application::of(app, Some(standing.computed.clone()), outcome(&standing)),
        Err(wrong) => Application::of(app, None, Outcome::Unreadable { why: wrong.to_string() }),
    }
}

fn by_application(objects: Vec<Value>) -> BTreeMap<(String, String), Vec<Value>> {
    let mut found: BTreeMap<_, Vec<Value>> = BTreeMap::new();
    for object in objects {
        let app = object["metadata"]["labels"][labels::APP].as_str().unwrap_or_default();
        found.entry(key(&object, app)).or_default().push(object);
    }
    found
}

fn key(object: &Value, name: &str) -> (String, String) {
    (text(object, "/metadata/namespace").to_owned(), name.to_owned())
}
