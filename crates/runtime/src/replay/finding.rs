//! What there is to say of a round that was decided again, for people and for machines.

use std::fmt;

use flinkk8soperator_core::{Phase, Timestamp};
use serde::Serialize;
use serde_json::Value;

use super::difference::Difference;
use crate::trace::Round;

/// Something to say of a round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// Its line in the recording, from 1 on.
    pub(super) line: usize,
    /// `namespace/name`.
    pub(super) application: String,
    /// When it began.
    pub(super) at: Timestamp,
    /// The phase in which it began.
    pub(super) phase: &'static str,
    /// What there is to say.
    #[serde(flatten)]
    pub(super) what: What,
}

/// What there is to say of a round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "camelCase")]
pub(super) enum What {
    /// It is decided otherwise now.
    DecidedOtherwise {
        /// From the recorded decision to this version's.
        differences: Vec<Difference>,
    },
    /// It did not begin with the state that the application's last round decided.
    Gap {
        /// The last round's line.
        since: usize,
        /// From the decided state to the one it began with.
        differences: Vec<Difference>,
    },
    /// Facts are wanted now that were not asked for then.
    Lacks {
        /// Their paths.
        facts: Vec<String>,
    },
    /// This version has other fields than the recording.
    ReadOtherwise {
        /// From what is written to what it is read as.
        differences: Vec<Difference>,
    },
}

impl Finding {
    pub(super) fn of(line: usize, round: &Round<'_>, what: What) -> Finding {
        Finding {
            line,
            application: round.application.clone(),
            at: round.context.now,
            phase: name(&round.state.phase),
            what,
        }
    }
}

/// The phase's word, also where the status has none.
fn name(phase: &Phase) -> &'static str {
    match phase.name() {
        Some("") => "New",
        Some(name) => name,
        None => "Unreadable",
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { line, application, at, phase, what } = self;
        write!(f, "line {line}, {application}, {}, {phase}: ", instant(*at))?;
        match what {
            What::DecidedOtherwise { differences } => {
                writeln!(f, "decided otherwise")?;
                list(f, differences, ["recorded", "now"])
            }
            What::Gap { since, differences } => {
                writeln!(f, "did not begin with what line {since} decided")?;
                list(f, differences, ["decided", "began with"])
            }
            What::Lacks { facts } => {
                writeln!(f, "needs now what was not asked for then")?;
                facts.iter().try_for_each(|fact| writeln!(f, "  {fact}"))
            }
            What::ReadOtherwise { differences } => {
                writeln!(f, "recorded by a version with other fields (said once)")?;
                list(f, differences, ["recorded", "read as"])
            }
        }
    }
}

/// With the machine's own number: the differences have such numbers.
fn instant(at: Timestamp) -> String {
    let time = i64::try_from(at.0).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    time.map_or_else(|| at.to_string(), |time| format!("{time:.3} ({})", at.0))
}

fn list(f: &mut fmt::Formatter<'_>, all: &[Difference], sides: [&str; 2]) -> fmt::Result {
    let width = sides.iter().map(|side| side.len()).max().unwrap_or_default();
    for Difference { path, was, is } in all {
        writeln!(f, "  {}", if path.is_empty() { "all of it" } else { path })?;
        for (side, value) in sides.iter().zip([was, is]) {
            let value = value.as_ref().map_or_else(|| "nothing".to_owned(), Value::to_string);
            writeln!(f, "    {side:width$}  {value}")?;
        }
    }
    Ok(())
}
