//! Where values come from: files, environment, flags, a recording; later ones win.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::scope::Name;
use super::{ConfigError, glob, keys};

/// The places to read settings from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// `--config`: a path or a pattern. None, or no match: the reference operator's places.
    pub file: Option<PathBuf>,
    /// The environment.
    pub environment: Vec<(String, String)>,
    /// Flags, by key.
    pub flags: Vec<(String, String)>,
    /// What an operator was configured with whose place is taken in a simulation, by key: wins over all else.
    pub recorded: Vec<(String, String)>,
}

/// Where a value came from, for messages.
pub type Source = String;

/// Values by name: those for every application first, then those of releases of Flink, then those of namespaces.
pub(super) type Values = BTreeMap<Name, (Source, Value)>;

/// Tried where `--config` names no file.
const PLACES: [&str; 2] = ["config.yaml", "/etc/flyte/config/config.yaml"];

/// What the sources say.
pub(super) struct Collected {
    pub(super) values: Values,
    /// What was odd.
    pub(super) warnings: Vec<String>,
    /// The files that were read.
    pub(super) files: Vec<PathBuf>,
}

/// All values.
pub(super) fn collect(sources: &Sources) -> Result<Collected, ConfigError> {
    let mut warnings = Vec::new();
    let named = sources.file.as_deref().map(glob::matches).unwrap_or_default();
    if let (Some(path), true) = (&sources.file, named.is_empty()) {
        warnings.push(format!("no file matches --config {}", path.display()));
    }
    let places = || PLACES.iter().map(PathBuf::from).filter(|p| p.is_file()).take(1).collect();
    let files = if named.is_empty() { places() } else { named };
    let mut values = Values::new();
    for path in &files {
        values.extend(file(path)?);
    }
    values.extend(environment(&sources.environment)?);
    values.extend(pairs(&sources.flags, |key| format!("flag --{key}"))?);
    values.extend(pairs(&sources.recorded, |_| "the recorded operator_config".to_owned())?);
    Ok(Collected { values, warnings, files })
}

fn pairs(all: &[(String, String)], from: fn(&str) -> Source) -> Result<Values, ConfigError> {
    let value = |(key, value): &(String, String)| {
        let from = from(key);
        Ok((named(&[key], &from)?, (from, Value::String(value.clone()))))
    };
    all.iter().map(value).collect()
}

/// The name that these members lead to.
fn named(path: &[&str], from: &str) -> Result<Name, ConfigError> {
    let wrong =
        |message| ConfigError::Value { key: path.join("."), from: from.to_owned(), message };
    Name::of(path).map_err(wrong)
}

fn file(path: &Path) -> Result<Values, ConfigError> {
    let read = |source| ConfigError::Read { path: path.to_owned(), source };
    let wrong = |message| ConfigError::Parse { path: path.to_owned(), message };
    let text = fs::read_to_string(path).map_err(read)?;
    if text.trim().is_empty() {
        return Ok(Values::new());
    }
    let parsed: Value = serde_saphyr::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    let mut values = Values::new();
    match &parsed {
        Value::Null => {}
        Value::Object(_) => {
            flatten(&mut Vec::new(), &parsed, &path.display().to_string(), &mut values)?;
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            return Err(wrong("it has no sections (operator:, logger:)".to_owned()));
        }
    }
    Ok(values)
}

fn flatten<'v>(
    path: &mut Vec<&'v str>,
    value: &'v Value,
    from: &str,
    values: &mut Values,
) -> Result<(), ConfigError> {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                path.push(name);
                flatten(path, value, from, values)?;
                path.pop();
            }
        }
        // `key:` without a value leaves the default.
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            values.insert(named(path, from)?, (from.to_owned(), value.clone()));
        }
    }
    Ok(())
}

/// `OPERATOR.RESYNCPERIOD`, the reference operator's, and `OPERATOR_RESYNCPERIOD`, which a shell can
/// set. What is for a namespace or a release of Flink has the first form alone: in the second one nobody could tell where
/// a name ends.
fn environment(all: &[(String, String)]) -> Result<Values, ConfigError> {
    let mut values = Values::new();
    for key in keys::KEYS {
        let dotted = key.name.to_uppercase();
        let names = [dotted.clone(), dotted.replace('.', "_")];
        let found = all.iter().find(|(name, _)| names.contains(name));
        if let Some((name, value)) = found {
            let from = format!("environment {name}");
            values.insert(named(&[key.name], &from)?, (from, Value::String(value.clone())));
        }
    }
    let sections = ["OPERATOR.NAMESPACES.", "OPERATOR.FLINKVERSIONS."];
    for (name, value) in all {
        if sections.iter().any(|section| name.starts_with(section)) {
            let from = format!("environment {name}");
            // The name of a namespace has small letters.
            let place = named(&[&name.to_lowercase()], &from)?;
            values.insert(place, (from, Value::String(value.clone())));
        }
    }
    Ok(values)
}
