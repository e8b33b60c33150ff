//! Decides recorded rounds again, and tells where it comes to something else.
//!
//! Reads what [`Settings::trace`](crate::Settings::trace) recorded: with this version's machine, a
//! recording of an older one shows what an update of the operator would change, and that of a bug
//! whether it is still there. Nothing of the world is needed or touched.

mod difference;
mod finding;
mod lacking;
mod read;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, Write};

use flinkk8soperator_core::{State, Uid, decide, needs};
use serde::Serialize;

pub use read::Unreadable;

use crate::trace::Round;
use difference::Difference;
use finding::{Finding, What};

/// How many rounds there were, and how many are decided otherwise now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// All rounds.
    pub rounds: usize,
    /// Those whose decision differs.
    pub differ: usize,
}

/// Why recorded rounds were not all decided again.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The input cannot be read.
    #[error("line {line} cannot be read")]
    Read {
        /// From 1 on.
        line: usize,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A line is no round.
    #[error("line {line} is no recorded round")]
    Line {
        /// From 1 on.
        line: usize,
        /// Why.
        #[source]
        source: Unreadable,
    },
    /// That nothing differs would say nothing.
    #[error("there is no round in it")]
    Empty,
    /// The outcome cannot be told.
    #[error("cannot write what was found")]
    Write(#[source] io::Error),
}

/// Decides the rounds of `input` again; writes what is found as it is found, and a summary.
///
/// # Errors
/// See [`ReplayError`].
pub fn text(input: impl BufRead, to: &mut impl Write) -> Result<Summary, ReplayError> {
    let summary = replay(input, |finding| write!(to, "{finding}"))?;
    let Summary { rounds, differ } = summary;
    writeln!(to, "{rounds} rounds, {differ} differ").map_err(ReplayError::Write)?;
    Ok(summary)
}

/// Decides the rounds of `input` again, and writes a report in JSON.
///
/// # Errors
/// See [`ReplayError`].
pub fn json(input: impl BufRead, to: &mut impl Write) -> Result<Summary, ReplayError> {
    #[derive(Serialize)]
    struct Report {
        #[serde(flatten)]
        summary: Summary,
        findings: Vec<Finding>,
    }
    let mut findings = Vec::new();
    let found = |finding| {
        findings.push(finding);
        Ok(())
    };
    let summary = replay(input, found)?;
    let report = serde_json::to_string_pretty(&Report { summary, findings });
    let written = report.map_err(io::Error::from).and_then(|report| writeln!(to, "{report}"));
    written.map_err(ReplayError::Write)?;
    Ok(summary)
}

/// Decides the rounds of `input` again. `told` gets what is found, as it is found.
fn replay(
    input: impl BufRead,
    mut told: impl FnMut(Finding) -> io::Result<()>,
) -> Result<Summary, ReplayError> {
    let mut so_far = SoFar::default();
    for (line, text) in (1..).zip(input.lines()) {
        let text = text.map_err(|source| ReplayError::Read { line, source })?;
        if text.trim().is_empty() {
            continue;
        }
        let read = read::round(&text).map_err(|source| ReplayError::Line { line, source })?;
        for what in so_far.round(line, &read.round, read.otherwise) {
            told(Finding::of(line, &read.round, what)).map_err(ReplayError::Write)?;
        }
    }
    if so_far.summary.rounds == 0 {
        return Err(ReplayError::Empty);
    }
    Ok(so_far.summary)
}

/// What is remembered from one round to the next.
#[derive(Default)]
struct SoFar {
    summary: Summary,
    /// Of each application what its last round decided, and in which line. One that was created anew
    /// under its name is another.
    decided: BTreeMap<(String, Uid), (usize, State)>,
    /// What was read otherwise than it was recorded: said once, since every round has it.
    otherwise: BTreeSet<String>,
}

impl SoFar {
    /// What there is to say of a round.
    fn round(&mut self, line: usize, round: &Round<'_>, otherwise: Vec<Difference>) -> Vec<What> {
        self.summary.rounds += 1;
        let news = otherwise.into_iter().filter(|one| self.otherwise.insert(one.path.clone()));
        let news: Vec<Difference> = news.collect();
        let otherwise = (!news.is_empty()).then_some(What::ReadOtherwise { differences: news });
        let gap = self.gap(line, round);

        let cx = round.context.context();
        let want = needs(&cx, &round.state, &round.observation);
        let facts = lacking::facts(&want, &round.observation);
        let lacks = (!facts.is_empty()).then_some(What::Lacks { facts });

        let now = decide(&cx, &round.state, &round.observation);
        let decided = (now != *round.decision).then(|| {
            let differences = difference::between(&*round.decision, &now);
            What::DecidedOtherwise { differences }
        });
        self.summary.differ += usize::from(decided.is_some());
        [otherwise, gap, lacks, decided].into_iter().flatten().collect()
    }

    /// Where the round did not begin with what the one before decided: that was not written, or
    /// rounds in between are missing.
    fn gap(&mut self, line: usize, round: &Round<'_>) -> Option<What> {
        let application = (round.application.clone(), round.context.desired.uid);
        let decided = (line, round.decision.state.clone());
        let (since, before) = self.decided.insert(application, decided)?;
        let gap = || What::Gap { since, differences: difference::between(&before, &*round.state) };
        (before != *round.state).then(gap)
    }
}

#[cfg(test)]
mod tests;
