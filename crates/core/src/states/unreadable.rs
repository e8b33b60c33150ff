//! Unreadable: the persisted state could not be read. Hold still, and say so.

use crate::cure::Cure;
use crate::reason::Reason;
use crate::state::{State, Unreadable};
use crate::states::Next;

pub(crate) fn step(state: &State, phase: &Unreadable) -> Next {
    Next::stay(state, Reason::Unreadable, phase.why.clone()).cured_by([
        Cure::Upgrade,
        Cure::StatusDeleted,
        Cure::ForceCancel,
    ])
}
