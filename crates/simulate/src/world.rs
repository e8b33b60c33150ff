//! A recorded world: one application with everything around it, as an operator left it when it ended, and
//! what Flink answered then. `docs/user/simulate.md` tells the format.
//!
//! Reading it finds everything that is wrong with it; opening a simulated cluster with what was read cannot
//! fail any more. Nothing is made up but the truth behind what is told (`sim::world::Standing`).

mod flink;
mod member;
mod objects;
mod verdict;

use std::io;
use std::path::Path;

use flinkk8soperator_sim::http::cluster::StandingObjects;
use flinkk8soperator_sim::world::Settings;
use serde_json::Value;

pub use member::{Fault, Wrong};

/// A world as it was recorded.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The situation, in the words of whoever recorded it.
    pub what: String,
    /// When it was recorded: milliseconds since 1970.
    pub at: u64,
    /// The configuration of the operator that left it, by key.
    pub configuration: Vec<(String, String)>,
    /// What all its Flink clusters have in common.
    pub settings: Settings,
    /// What stands in it.
    pub objects: StandingObjects,
}

/// Why a recorded world cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// The file cannot be read.
    #[error("cannot read {file}")]
    Read {
        /// Which.
        file: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// It is not JSON.
    #[error("{file} is not JSON")]
    Json {
        /// Which.
        file: String,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// A member of it is missing or wrong.
    #[error("{file}: {fault}")]
    Member {
        /// Which file.
        file: String,
        /// Which member, and what is wrong with it.
        fault: Fault,
    },
}

impl Recorded {
    /// Reads a file.
    ///
    /// # Errors
    /// See [`WorldError`].
    pub fn read(path: &Path) -> Result<Recorded, WorldError> {
        let file = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Recorded::parse(&file, &text),
            Err(source) => Err(WorldError::Read { file, source }),
        }
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// See [`WorldError`].
    pub fn parse(file: &str, text: &str) -> Result<Recorded, WorldError> {
        let file = file.to_owned();
        let document: Value = match serde_json::from_str(text) {
            Ok(document) => document,
            Err(source) => return Err(WorldError::Json { file, source }),
        };
        recorded(&document).map_err(|fault| WorldError::Member { file, fault })
    }
}

fn recorded(document: &Value) -> Result<Recorded, Fault> {
    let root = member::Member::root(document);
    let at = root.member(&["recorded_at"])?.instant()?;
    let what = root.maybe("what").map(|what| what.text()).transpose()?.unwrap_or_default();
    let mut configuration = Vec::new();
    if let Some(config) = root.maybe("operator_config") {
        collect("operator", &config, &mut configuration)?;
    }
    let mut objects = objects::read(&root)?;
    let settings = flink::read(&root, &mut objects)?;
    Ok(Recorded { what: what.to_owned(), at, configuration, settings, objects })
}

/// The keys of a section of the configuration, and of those within it.
fn collect(
    prefix: &str,
    section: &member::Member<'_>,
    into: &mut Vec<(String, String)>,
) -> Result<(), Fault> {
    for (name, member) in section.entries()? {
        let key = format!("{prefix}.{name}");
        match member.value {
            Value::Object(_) => collect(&key, &member, into)?,
            Value::String(text) => into.push((key, text.clone())),
            other => into.push((key, other.to_string())),
        }
    }
    Ok(())
}
