//! The subcommands `render` and `hash`, from text to text: what a file of applications is rendered to,
//! and their deploy hashes. No file is opened here and nothing is printed.
//!
//! The text is a stream of YAML documents, a JSON document, or one JSON document a line; lists (`kubectl
//! get -o yaml`) are taken apart, objects of other kinds are passed over.

use std::fmt::Write as _;

use flinkk8soperator_core::ids::{Incarnation, Uid};
use serde::Serialize;
use serde_json::Value;

use crate::application::{Application, WrongType};
use crate::config::RenderConfig;
use crate::created::{self, Identity, RenderError};
use crate::deploy_hash::deploy_hash;
use crate::reference;

/// Which objects are rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Ours, for a cluster of this number.
    Created(Incarnation),
    /// The reference operator's.
    Reference,
}

/// Why a file cannot be rendered.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    /// Neither YAML nor, where it begins with a brace, JSON.
    #[error("not a YAML stream")]
    Yaml(#[source] Box<serde_saphyr::Error>),
    /// Begins like JSON.
    #[error("not JSON")]
    Json(#[from] serde_json::Error),
    /// There is no FlinkApplication in it.
    #[error("no FlinkApplication (flink.k8s.io) in the file")]
    NoApplication,
    /// A member of the wrong type.
    #[error("FlinkApplication {name:?} cannot be read")]
    WrongType {
        /// `metadata.name`.
        name: String,
        /// Where, and what is wrong.
        #[source]
        source: WrongType,
    },
    /// An application that no cluster can be made of.
    #[error("FlinkApplication {name:?} cannot be rendered")]
    Render {
        /// `metadata.name`.
        name: String,
        /// Why.
        #[source]
        source: RenderError,
    },
    /// An object that cannot be written as YAML.
    #[error("cannot write YAML")]
    Write(#[from] serde_saphyr::SerializeError),
}

/// The objects of every application in `text`, as a YAML stream in the order of creation.
///
/// # Errors
/// See [`TextError`].
pub fn render(text: &str, config: &RenderConfig, which: Which) -> Result<String, TextError> {
    let mut stream = String::new();
    for app in applications(text)? {
        match which {
            Which::Reference => {
                for object in reference::render(&app, config).in_order() {
                    append(&mut stream, &object)?;
                }
            }
            Which::Created(incarnation) => append_created(&mut stream, &app, config, incarnation)?,
        }
    }
    Ok(stream)
}

/// A line `namespace/name hash` for every application in `text`.
///
/// # Errors
/// See [`TextError`].
pub fn hash(text: &str, config: &RenderConfig) -> Result<String, TextError> {
    let mut lines = String::new();
    for app in applications(text)? {
        // Writing to a String cannot fail.
        let _ = writeln!(lines, "{}/{} {}", app.namespace(), app.name(), deploy_hash(&app, config));
    }
    Ok(lines)
}

fn append_created(
    stream: &mut String,
    app: &Application,
    config: &RenderConfig,
    incarnation: Incarnation,
) -> Result<(), TextError> {
    // An application that was not created yet has no UID: nobody else's is used.
    let uid = app.uid().unwrap_or(Uid(0));
    let identity = Identity { uid, hash: deploy_hash(app, config), incarnation };
    let objects = created::render(app, config, &identity)
        .map_err(|source| TextError::Render { name: app.name().to_owned(), source })?;
    append(stream, &objects.job_manager)?;
    append(stream, &objects.generic_service)?;
    append(stream, &objects.versioned_service)?;
    if let Some(ingress) = &objects.ingress {
        append(stream, ingress)?;
    }
    append(stream, &objects.task_manager)
}

fn append(stream: &mut String, object: &impl Serialize) -> Result<(), TextError> {
    // By way of a value: members in alphabetical order, kind and apiVersion among them.
    let value = serde_json::to_value(object)?;
    stream.push_str("---\n");
    stream.push_str(&serde_saphyr::to_string(&value)?);
    Ok(())
}

/// The applications in a text, as they stand there.
///
/// # Errors
/// See [`TextError`]; none is one.
pub fn objects(text: &str) -> Result<Vec<Value>, TextError> {
    let mut found = Vec::new();
    for document in documents(text)? {
        collect(document, &mut found);
    }
    if found.is_empty() {
        return Err(TextError::NoApplication);
    }
    Ok(found)
}

fn applications(text: &str) -> Result<Vec<Application>, TextError> {
    objects(text)?.iter().map(parse).collect()
}

fn documents(text: &str) -> Result<Vec<Value>, TextError> {
    if text.trim_start().starts_with(['{', '[']) {
        let stream = serde_json::Deserializer::from_str(text).into_iter();
        return stream.collect::<Result<_, _>>().map_err(TextError::from);
    }
    serde_saphyr::from_multiple(text).map_err(|error| TextError::Yaml(Box::new(error)))
}

/// Applications, also those in lists.
fn collect(document: Value, found: &mut Vec<Value>) {
    let text = |name| document.get(name).and_then(Value::as_str).unwrap_or_default();
    if text("kind") == "FlinkApplication" && text("apiVersion").starts_with("flink.k8s.io/") {
        found.push(document);
        return;
    }
    let items = match document {
        Value::Array(items) => items,
        Value::Object(mut members) => match members.remove("items") {
            Some(Value::Array(items)) => items,
            Some(_) | None => return,
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return,
    };
    items.into_iter().for_each(|item| collect(item, found));
}

fn parse(object: &Value) -> Result<Application, TextError> {
    let mut object = object.clone();
    let metadata = &mut object["metadata"];
    // Where kubectl would put it; the namespace is part of the hash.
    if metadata.is_object() && metadata["namespace"].is_null() {
        metadata["namespace"] = Value::from("default");
    }
    Application::parse(&object).map_err(|source| {
        let name = object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
        TextError::WrongType { name: name.to_owned(), source }
    })
}

#[cfg(test)]
mod tests {
    use flinkk8soperator_core::ids::Incarnation;

    use super::{TextError, Which, hash, render};
    use crate::RenderConfig;

    const YAML: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: other}
---
apiVersion: flink.k8s.io/v1beta1
kind: FlinkApplication
metadata: {name: wordcount, namespace: bench}
spec:
  image: registry.test/wordcount:1
  jarName: wordcount.jar
  entryClass: org.example.WordCount
  flinkVersion: \"1.18\"
  parallelism: 4
";
    const JSON: &str = r#"{"apiVersion":"flink.k8s.io/v1beta1","kind":"FlinkApplication","metadata":{"name":"wordcount","namespace":"bench"},"spec":{"image":"registry.test/wordcount:1","jarName":"wordcount.jar","entryClass":"org.example.WordCount","flinkVersion":"1.18","parallelism":4}}"#;

    fn hashes(text: &str) -> String {
        hash(text, &RenderConfig::default()).unwrap()
    }

    #[test]
    fn yaml_json_and_lists_have_the_same_hashes() {
        let line = "bench/wordcount 71643bb0\n";
        assert_eq!(hashes(YAML), line);
        assert_eq!(hashes(JSON), line);
        assert_eq!(hashes(&format!("{JSON}\n{JSON}\n")), line.repeat(2), "one JSON a line");
        assert_eq!(
            hashes(&format!(r#"{{"kind":"List","items":[{JSON},{JSON}]}}"#)),
            line.repeat(2)
        );
        assert_eq!(hashes(&format!("kind: List\nitems: [{JSON}]\n")), line);
    }

    #[test]
    fn the_hash_does_not_depend_on_the_order_of_members() {
        let reordered = r#"{"spec":{"parallelism":4,"flinkVersion":"1.18","entryClass":"org.example.WordCount","jarName":"wordcount.jar","image":"registry.test/wordcount:1"},"metadata":{"namespace":"bench","name":"wordcount"},"kind":"FlinkApplication","apiVersion":"flink.k8s.io/v1beta1"}"#;
        assert_eq!(hashes(reordered), hashes(JSON));
    }

    #[test]
    fn an_application_without_a_namespace_is_in_default() {
        let text = JSON.replace(r#","namespace":"bench""#, "");
        let stored = JSON.replace("bench", "default");
        assert_eq!(hashes(&text), hashes(&stored));
        assert!(hashes(&text).starts_with("default/wordcount "));
    }

    #[test]
    fn the_colour_is_that_of_the_status() {
        let coloured = |status: &str| {
            let spec = r#""spec":{"deploymentMode":"BlueGreen","#;
            hashes(&JSON.replace(r#""spec":{"#, &format!("{status}{spec}")))
        };
        let green = coloured(r#""status":{"updatingVersion":"green"},"#);
        assert_ne!(green, coloured(r#""status":{"updatingVersion":"blue"},"#));
        assert_eq!(coloured(""), coloured(r#""status":{"updatingVersion":""},"#));
    }

    #[test]
    fn a_rendered_stream_can_be_read_again() {
        for which in [Which::Created(Incarnation(2)), Which::Reference] {
            let stream = render(YAML, &RenderConfig::default(), which).unwrap();
            let objects: Vec<serde_json::Value> = serde_saphyr::from_multiple(&stream).unwrap();
            let kinds: Vec<_> =
                objects.iter().map(|object| object["kind"].as_str().unwrap()).collect();
            assert_eq!(kinds, ["Deployment", "Service", "Service", "Deployment"]);
        }
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let error = |text: &str| hash(text, &RenderConfig::default()).unwrap_err();
        assert!(matches!(error(""), TextError::NoApplication));
        assert!(matches!(error("kind: ConfigMap"), TextError::NoApplication));
        assert!(matches!(error("a: b: c"), TextError::Yaml(_)));
        assert!(matches!(error("{\"a\""), TextError::Json(_)));
        let TextError::WrongType { name, source } = error(&YAML.replace("\"1.18\"", "1.18")) else {
            panic!("a number is no version");
        };
        assert_eq!(name, "wordcount");
        assert_eq!(source.to_string(), "spec.flinkVersion: expected a string, found 1.18");
    }
}
