//! The store beneath an adapter: one place, with a compare-and-swap on its version.

use std::panic::resume_unwind;

use super::fault::Fault;
use super::ground::{Crash, Ground};

/// Changes with every write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u64);

/// Why a write is not known to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotWritten {
    /// Somebody wrote since that version was read. Nothing has happened.
    Conflict,
    /// No answer: it may or may not be written.
    Lost,
}

/// What is kept of the one resource.
#[derive(Clone, Debug)]
pub(super) struct Shelf<K> {
    pub(super) kept: Option<K>,
    pub(super) version: Version,
    /// What a cache that is behind shows, and until which round.
    pub(super) behind: Option<(Option<K>, Version, usize)>,
}

/// How the last write of a round ended, where nothing may be done after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WriteEnd {
    Conflict,
    Lost,
    Pruned,
}

impl<K: Clone> Shelf<K> {
    pub(super) fn put(&mut self, kept: Option<K>) {
        self.version.0 += 1;
        self.kept = kept;
    }
}

impl<K: Clone> Ground<K> {
    /// What is in the store now; none: the resource is gone.
    pub fn read(&mut self) -> Option<(K, Version)> {
        let Ground { shelf, .. } = self;
        Some((shelf.kept.clone()?, shelf.version))
    }

    /// What a cache of the store shows, for those who have one: it can be behind what was written last.
    pub fn cached(&mut self) -> Option<(K, Version)> {
        let rounds = self.rounds;
        match self.shelf.behind.as_ref().filter(|(.., until)| rounds < *until) {
            Some((kept, version, _)) => Some((kept.clone()?, *version)),
            None => self.read(),
        }
    }

    /// Writes, if nobody wrote since that version was read; none removes the resource. Returns what is
    /// there then.
    ///
    /// # Errors
    /// It is not, or not known to be, written.
    pub fn swap(
        &mut self,
        read: Version,
        kept: Option<K>,
    ) -> Result<Option<(K, Version)>, NotWritten> {
        if self.strikes(Fault::CrashBeforeWrite) {
            self.note("the process ends before a write");
            resume_unwind(Box::new(Crash));
        }
        if self.strikes(Fault::Conflict) {
            self.note("somebody writes meanwhile");
            let same = self.shelf.kept.clone();
            self.shelf.put(same);
        }
        if read != self.shelf.version {
            self.write_end = Some(WriteEnd::Conflict);
            return Err(NotWritten::Conflict);
        }
        let before = (self.shelf.kept.clone(), self.shelf.version);
        let pruned = kept.is_some() && self.strikes(Fault::Pruned);
        let written = if pruned { kept.map(self.pruned) } else { kept };
        self.shelf.put(written);
        self.wrote = true;
        self.note("the store is written");
        if pruned {
            self.note("without the machine's state");
            self.write_end = Some(WriteEnd::Pruned);
        }
        if self.strikes(Fault::CacheBehind) {
            self.note("the process ends after a write that the next one's cache does not show");
            self.shelf.behind = Some((before.0, before.1, self.rounds + ROUNDS_BEHIND));
            resume_unwind(Box::new(Crash));
        }
        if self.strikes(Fault::CrashAfterWrite) {
            self.note("the process ends after a write");
            resume_unwind(Box::new(Crash));
        }
        if self.strikes(Fault::LostWrite) {
            self.note("the reply to a write is lost");
            self.write_end = Some(WriteEnd::Lost);
            return Err(NotWritten::Lost);
        }
        if !pruned {
            self.intends();
        }
        Ok(self.read())
    }
}

/// How long a cache stays behind. Arbitrary, longer than a state takes to be acted on.
const ROUNDS_BEHIND: usize = 5;
