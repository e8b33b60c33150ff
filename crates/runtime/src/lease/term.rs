//! For how long this process has the right to act. Knows no Lease: the elector tells when it was renewed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use flinkk8soperator_core::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::ports::{Clock, time};

/// How this process stands to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Not known yet, or the right was lost for good.
    Unknown,
    /// Another one acts, this one stands by.
    Follows,
    /// This one acts.
    Leads,
}

/// An instant, by both clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    at: Instant,
    wall: Timestamp,
}

/// The right to act.
pub(crate) struct Term {
    clock: Arc<dyn Clock>,
    /// How long it lasts from a renewal on; none: for ever, as there is nobody else.
    length: Option<Duration>,
    renewed: Mutex<Option<Moment>>,
    standing: watch::Sender<Standing>,
}

impl Term {
    /// Of a process that is alone: held always.
    #[must_use]
    pub(crate) fn alone(clock: Arc<dyn Clock>) -> Term {
        let standing = watch::Sender::new(Standing::Leads);
        Term { clock, length: None, renewed: Mutex::default(), standing }
    }

    /// Of one among several: not held, until it is renewed for `length` each time.
    #[must_use]
    pub(crate) fn elected(clock: Arc<dyn Clock>, length: Duration) -> Term {
        let standing = watch::Sender::new(Standing::Unknown);
        Term { clock, length: Some(length), renewed: Mutex::default(), standing }
    }

    /// Now.
    #[must_use]
    pub(crate) fn moment(&self) -> Moment {
        Moment { at: Instant::now(), wall: self.clock.now() }
    }

    /// Now, for people.
    #[must_use]
    pub(super) fn wall(&self) -> MicroTime {
        MicroTime(time(self.clock.as_ref()))
    }

    /// Whether the right is held now, as far as can be told without a request. Asked right before each effect.
    ///
    /// The longer of the two times since the renewal counts: the monotonic clock stands still while a machine
    /// sleeps, and the wall clock can be set back.
    #[must_use]
    pub(crate) fn held(&self) -> bool {
        let Some(length) = self.length else { return true };
        let renewed = *self.renewed.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(renewed) = renewed else { return false };
        let by_the_wall = self.clock.now().since(renewed.wall);
        renewed.at.elapsed().max(by_the_wall) < length
    }

    /// Until when it is held at the longest; none where it is not, or for ever.
    #[must_use]
    pub(super) fn ends(&self) -> Option<Instant> {
        let renewed = self.renewed.lock().unwrap_or_else(PoisonError::into_inner);
        Some(renewed.as_ref()?.at + self.length?)
    }

    /// It was renewed by a request that was sent at `since`: the answer may have taken its time.
    pub(super) fn renew(&self, since: Moment) {
        *self.renewed.lock().unwrap_or_else(PoisonError::into_inner) = Some(since);
        self.standing.send_replace(Standing::Leads);
    }

    /// Another one has it.
    pub(super) fn follow(&self) {
        self.standing.send_replace(Standing::Follows);
    }

    /// It is not held any more.
    pub(super) fn end(&self) {
        *self.renewed.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.standing.send_replace(Standing::Unknown);
    }

    /// How this process stands.
    #[must_use]
    pub(crate) fn standing(&self) -> Standing {
        *self.standing.borrow()
    }

    /// Waits until it is known who acts.
    pub(crate) async fn known(&self) {
        self.until(|standing| standing != Standing::Unknown).await;
    }

    /// Waits until this process acts.
    pub(crate) async fn leads(&self) {
        self.until(|standing| standing == Standing::Leads).await;
    }

    async fn until(&self, holds: impl Fn(Standing) -> bool) {
        // The sender is ours, so that there is always one.
        let _ = self.standing.subscribe().wait_for(|standing| holds(*standing)).await;
    }
}
