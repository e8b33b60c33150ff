//! What is known of the Lease, and what is to be written by that. Pure: objects and instants come from outside.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::ResourceExt;
use tokio::time::Instant;

/// What is wanted of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// To have it, for so long from each renewal on.
    Hold(Duration),
    /// To let the next one have it at once.
    Release,
}

/// The Lease as this process, `me`, last saw it.
#[derive(Debug)]
pub(super) struct Sight {
    me: String,
    lease: Option<Lease>,
    /// Until when another one may hold it, as far as was seen. Outlasts the object: one that someone deletes
    /// is no word of its holder's.
    taken_until: Option<Instant>,
}

impl Sight {
    /// Nothing is known yet. `me` is unlike every other process, also an earlier one of the same pod.
    pub(super) fn of(me: String) -> Sight {
        Sight { me, lease: None, taken_until: None }
    }

    /// This was answered, and has arrived `now`. Counted from here a holder has longer than it needs, never less; so
    /// also the last one of a Lease that is gone, who may have renewed it since it was last seen.
    pub(super) fn saw(&mut self, lease: Option<Lease>, now: Instant) {
        let same = |before: &Lease, lease: &Lease| {
            before.uid() == lease.uid() && before.resource_version() == lease.resource_version()
        };
        let holds = match (&self.lease, &lease) {
            (Some(before), Some(lease)) if same(before, lease) => None,
            (_, Some(lease)) => Some(lease),
            (before, None) => before.as_ref(),
        };
        if let Some(lease) = holds {
            let other = holder(lease).is_some_and(|holder| holder != self.me);
            self.taken_until = other.then(|| now + duration(lease));
        }
        self.lease = lease;
    }

    /// Who holds it, by its own word.
    pub(super) fn holder(&self) -> Option<&str> {
        self.lease.as_ref().and_then(holder)
    }

    /// What is to be written, with the resource version that was seen, or without one where there is no object. None:
    /// nothing, now.
    pub(super) fn write(&self, wish: Wish, now: Instant, wall: MicroTime) -> Option<Lease> {
        let mine = self.holder() == Some(self.me.as_str());
        match wish {
            Wish::Hold(_) if self.taken_until.is_some_and(|until| now < until) => return None,
            Wish::Release if !mine => return None,
            Wish::Hold(_) | Wish::Release => {}
        }
        let mut lease = self.lease.clone().unwrap_or_default();
        // Who else wrote it is no business of ours, and the object stays small.
        lease.metadata.managed_fields = None;
        let spec = lease.spec.get_or_insert_with(LeaseSpec::default);
        match wish {
            Wish::Hold(duration) => {
                if !mine {
                    spec.acquire_time = Some(wall.clone());
                    let before = spec.holder_identity.is_some().then_some(spec.lease_transitions);
                    spec.lease_transitions =
                        Some(before.map_or(0, |count| count.unwrap_or_default() + 1));
                }
                spec.holder_identity = Some(self.me.clone());
                spec.lease_duration_seconds = i32::try_from(duration.as_secs()).ok();
            }
            Wish::Release => {
                // As client-go does it: a holder without a name, and a duration that others can read.
                spec.holder_identity = Some(String::new());
                spec.lease_duration_seconds = Some(1);
            }
        }
        spec.renew_time = Some(wall);
        Some(lease)
    }
}

fn holder(lease: &Lease) -> Option<&str> {
    let holder = lease.spec.as_ref()?.holder_identity.as_deref()?;
    (!holder.is_empty()).then_some(holder)
}

/// By its holder's own setting, which need not be ours.
fn duration(lease: &Lease) -> Duration {
    let seconds = lease.spec.as_ref().and_then(|spec| spec.lease_duration_seconds);
    Duration::from_secs(seconds.and_then(|s| u64::try_from(s).ok()).unwrap_or(1).max(1))
}
