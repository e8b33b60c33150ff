//! What every step is given besides the state and the facts.

use crate::config::Config;
use crate::desired::Desired;
use crate::time::Timestamp;

/// What a decision depends on besides state and facts. Passed on every call, stored nowhere.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The operator's knobs.
    pub config: &'a Config,
    /// What the user wants.
    pub desired: &'a Desired,
    /// The wall clock when the round began, before anything was asked.
    pub now: Timestamp,
}
