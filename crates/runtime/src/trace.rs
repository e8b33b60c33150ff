//! Records rounds: context, state, observation, decision, as they were. Of a round, everything that
//! its decision depended on, and nothing of the application's spec but what the machine is told of it.
//!
//! At debug level in the log, and in a file where the settings name one: a line of JSON a round, which
//! [`replay`](crate::replay) decides again.

use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use flinkk8soperator_core::{Config, Context, Decision, Desired, Observation, State, Timestamp};
use serde::{Deserialize, Serialize};

use crate::application::Key;

/// Number of the form in which rounds are written. The next one is due when a line of this form would
/// be read as something that it does not say; what is new, or gone, is told by the reader.
pub(crate) const FORMAT: u32 = 1;

/// A round, as it is written down.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Round<'a> {
    /// See [`FORMAT`].
    pub(crate) format: u32,
    /// `namespace/name`.
    pub(crate) application: String,
    /// What was given besides state and facts.
    pub(crate) context: Given<'a>,
    /// What was persisted when it began.
    pub(crate) state: Cow<'a, State>,
    /// What was seen.
    pub(crate) observation: Cow<'a, Observation>,
    /// What it came to.
    pub(crate) decision: Cow<'a, Decision>,
}

/// A [`Context`], as it is written down.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Given<'a> {
    /// The wall clock when the round began.
    pub(crate) now: Timestamp,
    /// Whether it was this process's first round with the application.
    #[serde(default)]
    pub(crate) resumed: bool,
    /// The operator's knobs.
    pub(crate) config: Cow<'a, Config>,
    /// What the user wants.
    pub(crate) desired: Cow<'a, Desired>,
}

impl Given<'_> {
    /// As the machine takes it.
    pub(crate) fn context(&self) -> Context<'_> {
        let (now, resumed) = (self.now, self.resumed);
        Context { config: &self.config, desired: &self.desired, now, resumed }
    }
}

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
        let round = Round {
            format: FORMAT,
            application: key.to_string(),
            context: Given {
                now: cx.now,
                resumed: cx.resumed,
                config: Cow::Borrowed(cx.config),
                desired: Cow::Borrowed(cx.desired),
            },
            state: Cow::Borrowed(state),
            observation: Cow::Borrowed(seen),
            decision: Cow::Borrowed(decision),
        };
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = write(&mut file, &round) {
            tracing::warn!(%error, "a round could not be recorded");
        }
    }
}

/// In one piece, so that whoever reads along, or reads after a crash, sees whole lines.
fn write(file: &mut File, round: &Round<'_>) -> io::Result<()> {
    let mut line = serde_json::to_vec(round)?;
    line.push(b'\n');
    file.write_all(&line)
}
