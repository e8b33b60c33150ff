//! Records rounds: context, state, observation, decision, as they were. Of a round, everything that
//! its decision depended on.
//!
//! At debug level in the log, and in a file where the settings name one: a line of JSON a round.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use flinkk8soperator_core::{Context, Decision, Observation, State};
use serde_json::json;

use crate::application::Key;

/// The recorder.
#[derive(Debug, Default)]
pub(crate) struct Trace(Option<Mutex<File>>);

impl Trace {
    /// Records into `path`, behind what is there.
    ///
    /// # Errors
    /// Where the file cannot be opened.
    pub(crate) fn open(path: Option<&Path>) -> io::Result<Trace> {
        let open = |path| OpenOptions::new().create(true).append(true).open(path);
        Ok(Trace(path.map(open).transpose()?.map(Mutex::new)))
    }

    /// Records a round.
    pub(crate) fn round(
        &self,
        key: &Key,
        cx: &Context<'_>,
        state: &State,
        seen: &Observation,
        decision: &Decision,
    ) {
        let verdict = decision.verdict.reason.as_str();
        let phase = decision.state.phase.name();
        let effects = decision.effects.len();
        tracing::debug!(app = %key, phase, verdict, effects, "{}", decision.verdict.message);
        tracing::trace!(app = %key, ?cx, ?state, ?seen, ?decision, "round");
        let Some(file) = &self.0 else { return };
        let line = json!({
            "at": cx.now.0,
            "application": key.to_string(),
            "context": format!("{cx:?}"),
            "state": format!("{state:?}"),
            "observation": format!("{seen:?}"),
            "decision": format!("{decision:?}"),
        });
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = writeln!(file, "{line}") {
            tracing::warn!(%error, "a round could not be recorded");
        }
    }
}
