//! The right to act: of several processes of the operator one has it, the holder of a `Lease`
//! (`coordination.k8s.io/v1`). The others stand by.
//!
//! The rules are client-go's (`tools/leaderelection`), so that its tools can read the object: nobody compares the clocks
//! of two machines, a holder is given up once its Lease has stood unchanged for its duration, as the one who
//! waits has seen it; and a holder gives up earlier by itself, `renewDeadline` after the last renewal that was
//! answered. What is stricter here: that end is looked at right before each effect and ends the process
//! ([`RunError::LeaseLost`](crate::RunError::LeaseLost)), a wall clock that has gone on further than the monotonic one counts, too (a machine
//! that slept), and a Lease that someone deletes does not free what its holder may still be doing, as far as the
//! others have seen that holder.
//!
//! It saves work and waiting. That there are never two jobs does not hang on it: each process acts only on a state
//! that it wrote or read itself, under ids that stand in it.

mod elector;
mod object;
mod sight;
mod term;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use elector::{Elector, Lost};
use object::Object;
pub(crate) use term::Term;

use crate::operator::Operator;

/// How several processes of the operator agree on which of them acts. Names and meanings are client-go's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaderElection {
    /// The name of the Lease. It lies in the operator's own namespace.
    pub lease_name: String,
    /// For how long a holder that is not heard of is waited for, in whole seconds.
    pub lease_duration: Duration,
    /// For how long a holder acts after the last renewal that was answered. Less than `lease_duration`.
    pub renew_deadline: Duration,
    /// How often the Lease is renewed, and looked at by those who wait. Less than half of `renew_deadline`.
    pub retry_period: Duration,
}

impl Default for LeaderElection {
    /// Those of client-go's users, but for the period: a hand-over takes that long.
    fn default() -> LeaderElection {
        LeaderElection {
            lease_name: "flinkk8soperator".to_owned(),
            lease_duration: Duration::from_secs(15),
            renew_deadline: Duration::from_secs(10),
            retry_period: Duration::from_secs(1),
        }
    }
}

impl LeaderElection {
    /// What is wrong with it: the field in the words of the configuration, and what would be right.
    #[must_use]
    pub fn wrong(&self) -> Option<(&'static str, &'static str)> {
        if self.lease_name.is_empty() {
            return Some(("leaseName", "the Lease needs a name"));
        }
        if self.lease_duration.is_zero() || self.lease_duration.subsec_nanos() != 0 {
            return Some(("leaseDuration", "has to be whole seconds, at least 1s"));
        }
        if self.renew_deadline >= self.lease_duration {
            return Some(("renewDeadline", "has to be shorter than leaseDuration"));
        }
        if self.retry_period < Duration::from_millis(100) {
            return Some(("retryPeriod", "has to be at least 100ms"));
        }
        if self.retry_period * 2 >= self.renew_deadline {
            return Some(("retryPeriod", "has to be less than half of renewDeadline"));
        }
        None
    }
}

/// Who gets the right to act for this process; none where there is no other process.
#[must_use]
pub(crate) fn elector(operator: &Operator) -> Option<Elector<Object>> {
    let settings = operator.settings.leader_election.clone()?;
    let object = Object::new(operator.kubernetes.clone(), settings.lease_name.clone());
    Some(Elector::new(object, settings, Arc::clone(&operator.lease)))
}

/// Runs it until the right is lost. Where there is no other process it never is.
pub(crate) async fn lost(elector: &mut Option<Elector<Object>>) -> Lost {
    match elector {
        Some(elector) => elector.run().await,
        None => std::future::pending().await,
    }
}
