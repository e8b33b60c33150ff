//! What the operator needs from outside and tests replace: the time, and its configuration.

use flinkk8soperator_core::Timestamp;
use jiff::Timestamp as Wall;

use crate::config::{ConfigError, Loaded};

/// The wall clock. Waiting is tokio's business, not this one's.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// Where the settings came from, and may change.
pub trait Configuration: Send + Sync + 'static {
    /// The settings as they stand there now.
    ///
    /// # Errors
    /// See [`ConfigError`].
    fn read(&self) -> Result<Loaded, ConfigError>;

    /// From now on the log is of this level (`logger.level`).
    fn log_at(&self, level: u8);
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
