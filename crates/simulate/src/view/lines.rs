//! Plain lines, one a fact: for logs, pipes and tests.

use std::io::{self, Write};

use super::View;
use crate::chronicle::Entry;

/// Writes lines.
pub struct Lines<W> {
    out: W,
}

impl<W: Write> Lines<W> {
    /// Into `out`.
    #[must_use]
    pub fn new(out: W) -> Lines<W> {
        Lines { out }
    }
}

/// `   3.2s  phase    wordcount  ClusterStarting (after 0.4 s Updating)`
#[must_use]
pub(super) fn line(entry: &Entry) -> String {
    let Entry { at, about, application, text } = entry;
    format!("{at:7.1}s  {:<8} {application}  {text}", about.word())
}

impl<W: Write> View for Lines<W> {
    fn chapter(&mut self, (number, of): (usize, usize), title: &str, text: &str) -> io::Result<()> {
        writeln!(self.out, "\n[{number}/{of}] {title}\n      {text}")
    }

    fn say(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{text}")
    }

    fn told(&mut self, entries: &[Entry]) -> io::Result<()> {
        entries.iter().try_for_each(|entry| writeln!(self.out, "{}", line(entry)))?;
        self.out.flush()
    }
}
