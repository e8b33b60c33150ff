//! Where values come from: files, environment, flags, a recording; later ones win.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

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

/// Values by lower-case dotted key.
type Values = BTreeMap<String, (Source, Value)>;

/// Tried where `--config` names no file.
const PLACES: [&str; 2] = ["config.yaml", "/etc/flyte/config/config.yaml"];

/// All values, and what was odd.
pub(super) fn collect(sources: &Sources) -> Result<(Values, Vec<String>), ConfigError> {
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
    values.extend(environment(&sources.environment));
    values.extend(pairs(&sources.flags, |key| format!("flag --{key}")));
    values.extend(pairs(&sources.recorded, |_| "the recorded operator_config".to_owned()));
    Ok((values, warnings))
}

fn pairs(all: &[(String, String)], from: fn(&str) -> Source) -> Values {
    let value = |(key, value): &(String, String)| {
        (key.to_lowercase(), (from(key), Value::String(value.clone())))
    };
    all.iter().map(value).collect()
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
    match parsed {
        Value::Null => {}
        Value::Object(sections) => {
            for (name, value) in sections {
                flatten(&name, value, &path.display().to_string(), &mut values);
            }
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            return Err(wrong("it has no sections (operator:, logger:)".to_owned()));
        }
    }
    Ok(values)
}

fn flatten(prefix: &str, value: Value, from: &str, values: &mut Values) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                flatten(&format!("{prefix}.{name}"), value, from, values);
            }
        }
        // `key:` without a value leaves the default.
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            values.insert(prefix.to_lowercase(), (from.to_owned(), value));
        }
    }
}

/// `OPERATOR.RESYNCPERIOD`, the reference operator's, and `OPERATOR_RESYNCPERIOD`, which a shell can
/// set.
fn environment(all: &[(String, String)]) -> Values {
    let mut values = Values::new();
    for key in keys::KEYS {
        let dotted = key.name.to_uppercase();
        let names = [dotted.clone(), dotted.replace('.', "_")];
        let found = all.iter().find(|(name, _)| names.contains(name));
        if let Some((name, value)) = found {
            let from = format!("environment {name}");
            values.insert(key.name.to_lowercase(), (from, Value::String(value.clone())));
        }
    }
    values
}
