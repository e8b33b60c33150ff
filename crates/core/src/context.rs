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
    /// This process has not decided about the application before: another one, or none, was there
    /// until now. A deadline that has passed meanwhile is given its time anew.
    pub resumed: bool,
}
