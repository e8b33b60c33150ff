//! The conditions, as kstatus reads them: `Ready` is true when all is well, `Reconciling` and
//! `Stalled` are true when it is not.

use flinkk8soperator_core::{Timestamp, Verdict};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use super::clipped;
use crate::instant;

/// Ours, in the order in which they are shown.
const TYPES: [&str; 3] = ["Ready", "Reconciling", "Stalled"];

/// Our conditions, then those of others, which are left alone. The time of one's last transition is
/// kept as long as its status is the same.
pub(super) fn of(
    previous: &[Condition],
    verdict: &Verdict,
    generation: i64,
    now: Timestamp,
) -> Vec<Condition> {
    let reason = verdict.reason;
    let statuses = [reason.ready(), reason.reconciling(), reason.stalled()];
    let ours = TYPES.into_iter().zip(statuses).map(|(name, holds)| {
        let status = if holds { "True" } else { "False" };
        let old = previous.iter().find(|old| old.type_ == name && old.status == status);
        // What does not apply needs no words; that an application is not ready needs them.
        let message =
            if holds || name == "Ready" { clipped(&verdict.message) } else { String::new() };
        Condition {
            type_: name.to_owned(),
            status: status.to_owned(),
            reason: reason.as_str().to_owned(),
            message,
            observed_generation: Some(generation),
            last_transition_time: old
                .map_or_else(|| instant::seconds(now), |old| old.last_transition_time.clone()),
        }
    });
    let others = previous.iter().filter(|old| !TYPES.contains(&old.type_.as_str())).cloned();
    ours.chain(others).collect()
}
