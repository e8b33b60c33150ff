//! The lease of a process that is alone.
//!
//! Leader election will be another implementation of [`Lease`]; the checks before each effect are in
//! place for it.

use crate::ports::Lease;

/// Held always: one replica, replaced by `Recreate`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alone;

impl Lease for Alone {
    fn held(&self) -> bool {
        true
    }
}
