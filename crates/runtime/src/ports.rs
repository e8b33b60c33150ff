//! What the round needs from outside and tests replace: the time, and the right to act.

use flinkk8soperator_core::Timestamp;
use jiff::Timestamp as Wall;

/// The wall clock. Waiting is tokio's business, not this one's.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// The right to act, of which one process holds the whole at a time.
pub trait Lease: Send + Sync + 'static {
    /// Whether it is held now, as far as can be told without a request: a process that could not
    /// renew in time does not hold it. Asked right before each effect.
    fn held(&self) -> bool;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp(u64::try_from(Wall::now().as_millisecond()).unwrap_or_default())
    }
}
