//! What the round needs from outside and tests replace: the time.

use flinkk8soperator_core::Timestamp;
use jiff::Timestamp as Wall;

/// The wall clock. Waiting is tokio's business, not this one's.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp(u64::try_from(Wall::now().as_millisecond()).unwrap_or_default())
    }
}

/// Now, as Kubernetes' objects have it.
pub(crate) fn time(clock: &dyn Clock) -> Wall {
    let millis = i64::try_from(clock.now().0).unwrap_or_default();
    Wall::from_millisecond(millis).unwrap_or_default()
}
