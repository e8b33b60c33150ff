//! What an exploration comes to.

use std::fmt;
use std::time::Duration;

use super::story::Story;
use super::survey::Survey;

/// The outcome of one suite.
#[derive(Clone, Debug)]
pub struct Report {
    /// Which suite.
    pub suite: &'static str,
    /// Different states.
    pub states: usize,
    /// Moves between them.
    pub edges: usize,
    /// How long it took.
    pub took: Duration,
    /// What came to be seen.
    pub survey: Survey,
    /// What was found to be wrong.
    pub finding: Option<Finding>,
}

/// Something wrong, with the shortest way to it.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What.
    pub what: What,
    /// A line for each move from the beginning on.
    pub trace: Vec<String>,
    /// The same, from the creation of the application on, as a scenario for core's tests.
    pub story: Story,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// An invariant of the world is broken.
    Invariant(crate::invariants::Violation),
    /// A law of the machine is broken.
    Law {
        /// Which.
        law: &'static str,
        /// How.
        how: String,
    },
    /// No goal can be reached any more, although nothing else goes wrong.
    Trap,
    /// Rounds follow one another without an end, and without anything happening.
    Livelock,
    /// The exploration was cut short by its limit: it shows nothing.
    CutShort,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { suite, states, edges, took, .. } = self;
        let seconds = took.as_secs_f64();
        write!(f, "{suite}: {states} states, {edges} edges, {seconds:.1} s")?;
        match &self.finding {
            None => Ok(()),
            Some(finding) => write!(f, "\n{finding}"),
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Invariant(violation) => {
                write!(f, "broken: {} ({})", violation.invariant, violation.what)
            }
            What::Law { law, how } => write!(f, "broken law: {law} ({how})"),
            What::Trap => write!(f, "a trap: no way from here to a goal"),
            What::Livelock => write!(f, "a livelock: rounds without an end"),
            What::CutShort => write!(f, "cut short: more states than the limit"),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.what)?;
        for (n, line) in self.trace.iter().enumerate() {
            writeln!(f, "{:>3}  {line}", n + 1)?;
        }
        Ok(())
    }
}
