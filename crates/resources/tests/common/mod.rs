//! The vectors that were recorded from the reference operator (see `vectors/README.md`).

use flinkk8soperator_resources::{Application, RenderConfig};
use serde_json::{Value, json};

/// The owner's UID in all of them.
pub(crate) const OWNER: &str = "00000000-0000-0000-0000-000000000001";

/// One application and what the reference operator makes of it.
pub(crate) struct Vector {
    pub(crate) name: String,
    pub(crate) line: Value,
    pub(crate) config: RenderConfig,
}

impl Vector {
    /// The object as it was stored when the operator looked at it.
    pub(crate) fn stored(&self) -> Value {
        let mut object = self.line["app"].clone();
        if let Some(spec) = self.line.get("stored_spec") {
            object["spec"] = spec.clone();
        }
        object["metadata"]["uid"] = json!(OWNER);
        object["status"] = self.line["status"].clone();
        object
    }

    pub(crate) fn app(&self) -> Application {
        Application::parse(&self.stored()).unwrap_or_else(|e| panic!("{}: {e}", self.name))
    }
}

/// All vectors.
pub(crate) fn vectors() -> Vec<Vector> {
    let lines = include_str!("../vectors/lyft-v1beta1.jsonl").lines();
    let vectors: Vec<Vector> = lines
        .map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            let config = serde_json::from_value(line["operator_config"].clone()).unwrap();
            Vector { name: line["name"].as_str().unwrap().to_owned(), line, config }
        })
        .collect();
    assert_eq!(vectors.len(), 30);
    vectors
}
