//! One clock for the simulated cluster, the operator in it, and whoever watches both.
//!
//! It runs with tokio's: where that is paused, days pass in a moment, and always in the same way.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flinkk8soperator_core::Timestamp;
use flinkk8soperator_runtime::ports;
use flinkk8soperator_sim::http::kubernetes::store;
use tokio::time::Instant;

/// A wall clock that is set once and then goes with tokio's.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    began: Instant,
    epoch: u64,
}

impl Clock {
    /// Begins now, at `epoch` milliseconds since 1970.
    #[must_use]
    pub fn at(epoch: u64) -> Clock {
        Clock { began: Instant::now(), epoch }
    }

    /// Begins now, at the machine's time.
    #[must_use]
    pub fn of_the_machine() -> Clock {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Clock::at(u64::try_from(since.as_millis()).unwrap_or_default())
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub fn milliseconds(&self) -> u64 {
        self.epoch + u64::try_from(self.elapsed().as_millis()).unwrap_or_default()
    }

    /// Since it began.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// The same clock for the simulated API server.
    #[must_use]
    pub(crate) fn of_the_store(self) -> store::Clock {
        Arc::new(move || i64::try_from(self.milliseconds()).unwrap_or(i64::MAX))
    }
}

impl ports::Clock for Clock {
    fn now(&self) -> Timestamp {
        Timestamp(self.milliseconds())
    }
}
