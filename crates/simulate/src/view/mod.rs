//! How it is shown: line by line ([`lines`]), and with a picture below that is redrawn in place where
//! there is a terminal ([`terminal`]). Both tell the same facts in the same words.

use std::io::{self, IsTerminal};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::chronicle::Entry;
use crate::scene::Scene;

pub mod lines;
pub mod silent;
pub mod terminal;

/// Rows where the terminal does not say how many it has.
const ROWS: usize = 24;

/// What suits the standard output: a picture on a terminal, else lines.
#[must_use]
pub fn suitable() -> Box<dyn View> {
    let out = io::stdout();
    if out.is_terminal() {
        Box::new(terminal::Terminal::new(out, rows().unwrap_or(ROWS)))
    } else {
        Box::new(lines::Lines::new(out))
    }
}

/// As `stty` tells it: `ROWS COLUMNS`.
fn rows() -> Option<usize> {
    let size = Command::new("stty").arg("size").stdin(Stdio::inherit()).output().ok()?;
    let text = String::from_utf8(size.stdout).ok()?;
    text.split_whitespace().next()?.parse().ok().filter(|rows| *rows > 0)
}

/// Something that shows a session to a person.
pub trait View {
    /// A chapter begins: its number of how many, its title, and what is about to be seen.
    ///
    /// # Errors
    /// Of the output.
    fn chapter(&mut self, number: (usize, usize), title: &str, text: &str) -> io::Result<()>;

    /// Words between the facts.
    ///
    /// # Errors
    /// Of the output.
    fn say(&mut self, text: &str) -> io::Result<()>;

    /// Facts that are new.
    ///
    /// # Errors
    /// Of the output.
    fn told(&mut self, entries: &[Entry]) -> io::Result<()>;

    /// How everything stands now, `at` seconds after the beginning. Views without a picture have no
    /// use for it.
    ///
    /// # Errors
    /// Of the output.
    fn stands(&mut self, at: f64, scene: &Scene) -> io::Result<()> {
        let _ = (at, scene);
        Ok(())
    }

    /// How often it wants to be told how everything stands, though nothing happens.
    fn frame(&self) -> Option<Duration> {
        None
    }
}
