//! Whether the user wants something else than what is deployed, or being deployed.

use crate::context::Context;
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
    /// It wants another parallelism, and nothing else.
    Rescale,
    /// It wants another version.
    Redeploy,
}

/// Asks for the comparison with `base`, if there was an edit.
pub(crate) fn needs(cx: &Context<'_>, record: &Record, base: Target, ask: &mut FactRequest) {
    if edited(cx, record, base) {
        ask.change = Some(base.revision());
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
            ChangeClass::Rescale => Edit::Rescale,
            ChangeClass::Redeploy => Edit::Redeploy,
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

/// Whether the spec is neither that of `base` nor one that was found to ask for the same.
pub(crate) fn edited(cx: &Context<'_>, record: &Record, base: Target) -> bool {
    cx.desired.digest != base.digest && Some(cx.desired.digest) != record.settled
}

/// Whether `forceRollback` was set after the deploy of `target` began, and not honoured yet.
pub(crate) fn rollback_forced(cx: &Context<'_>, record: &Record, target: Target) -> bool {
    let desired = cx.desired;
    desired.force_rollback
        && desired.generation > target.generation
        && record.forced != Some(desired.generation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::fixture::{NOW, desired, target, unknown};
    use crate::{Change, Config, Desired, Digest, Obstacle, ObstacleKind, State};

    fn check(desired: &Desired, record: &Record, change: Fact<Change>) -> [Edit; 2] {
        let config = Config::default();
        let cx = Context { config: &config, desired, now: NOW, resumed: false };
        let seen = Observation { change, ..Observation::default() };
        let edit = since(&cx, record, target(), &seen);
        [edit, in_mid_deploy(&cx, record, target(), &seen)]
    }

    fn known(class: ChangeClass) -> Fact<Change> {
        Fact::Known(Change { class, fields: Vec::new() })
    }

    #[test]
    fn an_edit_is_what_the_comparison_says_and_silence_says_nothing() {
        let record = State::new(NOW).record;
        let same = Desired { digest: target().digest, ..desired() };
        let settled = Record { settled: Some(Digest(2)), ..record.clone() };
        let rows = [
            (desired(), &record, known(ChangeClass::Redeploy), Edit::Redeploy),
            (desired(), &record, known(ChangeClass::Rescale), Edit::Rescale),
            (desired(), &record, known(ChangeClass::StatusOnly), Edit::Harmless),
            (desired(), &record, known(ChangeClass::None), Edit::Harmless),
            (desired(), &record, unknown(600), Edit::Unknown),
            (desired(), &record, Fact::Unasked, Edit::Unknown),
            (same, &record, known(ChangeClass::Redeploy), Edit::None),
            (desired(), &settled, known(ChangeClass::Redeploy), Edit::None),
        ];
        for (desired, record, change, expected) in rows {
            let context = format!("{change:?}");
            assert_eq!(check(&desired, record, change), [expected; 2], "{context}");
        }
    }

    #[test]
    fn a_spec_that_cannot_be_deployed_does_not_end_a_deploy() {
        let obstacle = Obstacle {
            field: "spec.parallelism".to_owned(),
            message: "wrong".to_owned(),
            kind: ObstacleKind::Invalid,
        };
        let desired = Desired { obstacles: vec![obstacle], ..desired() };
        let edits = check(&desired, &State::new(NOW).record, known(ChangeClass::Redeploy));
        assert_eq!(edits, [Edit::Redeploy, Edit::None]);
    }

    #[test]
    fn a_rollback_is_forced_once_by_a_generation_after_the_deploys_own() {
        let config = Config::default();
        let rows = [
            (true, 2, None, true),
            (false, 2, None, false),
            (true, 1, None, false),
            (true, 2, Some(2), false),
            (true, 3, Some(2), true),
        ];
        for (force_rollback, generation, forced, expected) in rows {
            let desired = Desired { force_rollback, generation, ..desired() };
            let record = Record { forced, ..State::new(NOW).record };
            let cx = Context { config: &config, desired: &desired, now: NOW, resumed: false };
            let forced_now = rollback_forced(&cx, &record, target());
            assert_eq!(forced_now, expected, "generation {generation}, honoured {forced:?}");
        }
    }
}
