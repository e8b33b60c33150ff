//! Shows nothing: for a report that is read by a program.

use std::io;

use super::View;
use crate::chronicle::Entry;

/// Nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl View for Silent {
    fn chapter(&mut self, _: (usize, usize), _: &str, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn say(&mut self, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn told(&mut self, _: &[Entry]) -> io::Result<()> {
        Ok(())
    }
}
