//! Suites in which the reference operator has left the application, and what its status tells then.

use super::{Edit, Suite, Wish};

/// What the status tells of an application that the reference operator has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Everything.
    Jobs,
    /// The versions, and not the ids of their jobs.
    Versions,
    /// Nothing: it is lost.
    Nothing,
}

impl Suite {
    /// Left by the reference operator before this edit.
    #[must_use]
    pub fn left_before(mut self, edit: usize, told: Told) -> Suite {
        self.edits.insert(edit, Edit { what: Wish::Left(told), any_time: false });
        self
    }

    /// With clusters of ours, which the reference operator was given.
    #[must_use]
    pub fn given_back(self) -> Suite {
        Suite { given_back: true, ..self }
    }

    /// With Deployments that someone has changed.
    #[must_use]
    pub fn changed_by_hand(self) -> Suite {
        Suite { changed_by_hand: true, ..self }
    }

    /// Left by the reference operator at any moment from this edit on.
    #[must_use]
    pub fn left_at_any_time(mut self, edit: usize, told: Told) -> Suite {
        self.edits.insert(edit, Edit { what: Wish::Left(told), any_time: true });
        self
    }
}
