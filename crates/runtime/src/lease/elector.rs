//! Gets the Lease, keeps it, lets go of it.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::LeaderElection;
use super::object::Place;
use super::sight::{Sight, Wish};
use super::term::{Standing, Term};
use crate::kubernetes::KubeError;

/// How long letting go may take: the process is about to end.
const RELEASE: Duration = Duration::from_secs(2);

/// How the right to act was lost.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Lost {
    /// No renewal was answered in time.
    #[error("its Lease was not renewed in time")]
    Expired,
    /// Another process has it.
    #[error("{0} holds the Lease")]
    To(String),
}

/// One among several processes.
pub(crate) struct Elector<P> {
    place: P,
    settings: LeaderElection,
    pub(super) sight: Sight,
    term: Arc<Term>,
    /// What was last said about a failure: each second the same would bury the rest of the log.
    told: String,
}

impl<P: Place> Elector<P> {
    /// Wants the Lease at `place`; `term` tells the others in this process.
    #[must_use]
    pub(crate) fn new(place: P, settings: LeaderElection, term: Arc<Term>) -> Elector<P> {
        let sight = Sight::of(identity());
        Elector { place, settings, sight, term, told: String::new() }
    }

    /// Waits for the right, and keeps it. Ends when it is lost: the process has to end then, at once.
    pub(crate) async fn run(&mut self) -> Lost {
        let term = Arc::clone(&self.term);
        let lost = loop {
            let turn = match term.ends() {
                Some(end) => timeout_at(end, self.turn()).await,
                None => Ok(self.turn().await),
            };
            match turn {
                Ok(Some(lost)) => break lost,
                Err(_) => break Lost::Expired,
                // The wall clock may have gone on further than the one that the wait goes by.
                Ok(None) if term.standing() == Standing::Leads && !term.held() => {
                    break Lost::Expired;
                }
                Ok(None) => {}
            }
        };
        term.end();
        lost
    }

    /// One attempt, and the pause after it.
    async fn turn(&mut self) -> Option<Lost> {
        let led = self.term.standing() == Standing::Leads;
        let since = self.term.moment();
        // A connection that hangs leaves time for another attempt.
        let limit = self.settings.renew_deadline / 2;
        let wish = Wish::Hold(self.settings.lease_duration);
        match timeout(limit, self.attempt(wish)).await {
            Ok(Ok(true)) => {
                self.term.renew(since);
                self.told.clear();
                if !led {
                    tracing::info!(lease = self.place.name(), "this process acts");
                }
            }
            Ok(Ok(false)) => {
                let holder = self.sight.holder().unwrap_or("nobody known").to_owned();
                if led {
                    return Some(Lost::To(holder));
                }
                self.term.follow();
                self.tell(&holder, "another process acts, this one stands by");
            }
            Ok(Err(error)) => self.fail(&words(&error)),
            Err(_) => self.fail(&format!("no answer within {limit:?}")),
        }
        sleep(self.settings.retry_period).await;
        None
    }

    /// Whether what was wished for came to be. What stands there is looked at first, unless it is our own.
    async fn attempt(&mut self, wish: Wish) -> Result<bool, KubeError> {
        if self.term.standing() != Standing::Leads {
            self.look().await?;
        }
        loop {
            let Some(lease) = self.sight.write(wish, Instant::now(), self.term.wall()) else {
                return Ok(false);
            };
            match self.place.write(&lease).await {
                Ok(written) => {
                    self.sight.saw(Some(written), Instant::now());
                    return Ok(true);
                }
                // Somebody wrote since. It may have been we: an answer that was lost. With what is there now it
                // is tried again, each time only after a look, and within the limit of the whole.
                Err(
                    KubeError::Conflict(_) | KubeError::AlreadyExists(_) | KubeError::NotFound(_),
                ) => self.look().await?,
                Err(error) => return Err(error),
            }
        }
    }

    async fn look(&mut self) -> Result<(), KubeError> {
        let lease = self.place.read().await?;
        self.sight.saw(lease, Instant::now());
        Ok(())
    }

    /// Lets the next one have it at once, if this one holds it. Nothing may be under way any more.
    pub(crate) async fn release(&mut self) {
        if !self.term.held() {
            return;
        }
        // Before it is said: from here on nothing is done by that right.
        self.term.end();
        let lease = self.place.name();
        match timeout(RELEASE, self.attempt(Wish::Release)).await {
            Ok(Ok(released)) => tracing::info!(lease, released, "this process acts no more"),
            Ok(Err(error)) => {
                tracing::warn!(lease, error = words(&error), "not released: it has to run out");
            }
            Err(_) => tracing::warn!(lease, "not released in time: it has to run out"),
        }
    }

    fn fail(&mut self, why: &str) {
        let what = match self.term.standing() {
            Standing::Leads => "the Lease was not renewed",
            Standing::Unknown | Standing::Follows => "the Lease cannot be had: nothing is done",
        };
        if self.told != why {
            tracing::warn!(lease = self.place.name(), why, "{what}");
            why.clone_into(&mut self.told);
        }
    }

    fn tell(&mut self, holder: &str, what: &str) {
        if self.told != holder {
            tracing::info!(lease = self.place.name(), holder, "{what}");
            holder.clone_into(&mut self.told);
        }
    }
}

/// The pod, for people; and a number that no other process has.
fn identity() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    // Each `RandomState` has keys of its own.
    let number = [(); 2].map(|()| format!("{:016x}", RandomState::new().hash_one(0)));
    format!("{}_{}", host.trim(), number.concat())
}

fn words(error: &KubeError) -> String {
    match error {
        KubeError::Refused { code: 403, message, .. } => format!(
            "{message} (the operator's account needs: get, create and update leases.coordination.k8s.io in its namespace)"
        ),
        KubeError::NoAnswer(source) => format!("{error}: {source}"),
        KubeError::NotFound(_)
        | KubeError::AlreadyExists(_)
        | KubeError::Conflict(_)
        | KubeError::Refused { .. }
        | KubeError::TimedOut(_) => error.to_string(),
    }
}
