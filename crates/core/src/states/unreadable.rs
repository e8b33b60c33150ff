//! Unreadable: the persisted state could not be read. Hold still, and say so.

use crate::reason::Reason;
use crate::state::{State, Unreadable};
use crate::states::Next;

pub(crate) fn step(state: &State, phase: &Unreadable) -> Next {
    Next::stay(state, Reason::Unreadable, phase.why.clone()).unblocked_by(
        "upgrade the operator, or delete status.machine; to delete the application without a \
             savepoint, set deleteMode to ForceCancel",
    )
}
