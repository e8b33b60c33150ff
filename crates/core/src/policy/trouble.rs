//! What the pods of a cluster that comes up report: told at once, the end of the wait after a grace
//! where waiting may cure it, at once where it cannot.

use crate::context::Context;
use crate::observation::{Observation, TroubleKind};
use crate::policy::readiness;
use crate::state::{Failure, FailureKind, Target};
use crate::time::Timestamp;

/// What follows from what the pods report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// They report nothing.
    Nothing,
    /// It may pass: since when it is so, until when it is waited out, and what it is.
    Waiting {
        /// To be remembered.
        since: Timestamp,
        /// Then it is over.
        until: Timestamp,
        /// In their own words.
        message: String,
    },
    /// It will not pass.
    Failed(Failure),
}

/// `since`: since when they have reported something.
pub(crate) fn told(
    cx: &Context<'_>,
    target: Target,
    since: Option<Timestamp>,
    seen: &Observation,
) -> Told {
    let Some(trouble) = readiness::trouble(target, seen) else { return Told::Nothing };
    let message = trouble.message.clone();
    let since = since.unwrap_or(cx.now);
    let until = since + cx.config.pod_trouble_grace;
    if trouble.kind == TroubleKind::InvalidImage || cx.now >= until {
        return Told::Failed(Failure { kind: FailureKind::PodTrouble, message });
    }
    Told::Waiting { since, until, message }
}
