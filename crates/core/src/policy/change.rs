//! Whether the user wants something else than what is deployed, or being deployed.

use crate::decide::Context;
use crate::observation::{ChangeClass, Fact, FactRequest, Observation};
use crate::state::{Record, Target};

/// What an edit comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edit {
    /// Nothing was edited since it was last looked at.
    None,
    /// Something was, and what it comes to is not known yet.
    Unknown,
    /// It makes no difference to objects or job: remember that it was looked at.
    Harmless,
    /// It wants another version.
    Redeploy,
}

/// Asks for the comparison with `base`, if there was an edit.
pub(crate) fn needs(cx: &Context<'_>, record: &Record, base: Target, ask: &mut FactRequest) {
    if edited(cx, record, base) {
        ask.change = Some(base.incarnation);
    }
}

/// What the desired spec is, seen from `base`.
pub(crate) fn since(cx: &Context<'_>, record: &Record, base: Target, seen: &Observation) -> Edit {
    if !edited(cx, record, base) {
        return Edit::None;
    }
    match &seen.change {
        Fact::Unasked | Fact::Unknown { .. } => Edit::Unknown,
        Fact::Known(change) => match change.class {
            ChangeClass::None | ChangeClass::StatusOnly => Edit::Harmless,
            ChangeClass::Rescale | ChangeClass::Redeploy => Edit::Redeploy,
        },
    }
}

/// The same while a deploy is under way: a spec that cannot be deployed does not end it.
pub(crate) fn in_mid_deploy(
    cx: &Context<'_>,
    record: &Record,
    base: Target,
    seen: &Observation,
) -> Edit {
    if cx.desired.obstacles.is_empty() { since(cx, record, base, seen) } else { Edit::None }
}

fn edited(cx: &Context<'_>, record: &Record, base: Target) -> bool {
    cx.desired.digest != base.digest && Some(cx.desired.digest) != record.settled
}

/// Whether `forceRollback` was set after the deploy of `target` began, and not honoured yet.
pub(crate) fn rollback_forced(cx: &Context<'_>, record: &Record, target: Target) -> bool {
    let desired = cx.desired;
    desired.force_rollback
        && desired.generation > target.generation
        && record.forced != Some(desired.generation)
}
