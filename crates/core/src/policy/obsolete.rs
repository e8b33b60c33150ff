//! Revisions that nothing is made from any more: removed, then forgotten.

use crate::decision::Effect;
use crate::observation::{FactRequest, Observation};
use crate::state::{Obsolete, Phase, Record, State, Target};

/// Nothing will be made from a version's revision any more.
pub(crate) fn discard(record: &mut Record, target: Target) {
    let obsolete = Obsolete { incarnation: target.revision(), hash: target.hash };
    if !record.obsolete.contains(&obsolete) {
        record.obsolete.push(obsolete);
    }
}

/// Whether each is still stored.
pub(crate) fn needs(record: &Record, ask: &mut FactRequest) {
    ask.revisions.extend(record.obsolete.iter().map(|o| o.incarnation));
}

/// Drops from the record what is not stored any more; together with its cluster, where that goes too:
/// one write for both.
pub(crate) fn forget_the_gone(record: &mut Record, seen: &Observation) {
    let Record { leaving, obsolete, .. } = record;
    let leaves = |o: &Obsolete| leaving.iter().any(|l| l.incarnation == o.incarnation);
    obsolete.retain(|o| seen.revision(o.incarnation) != Some(false) || leaves(o));
}

/// Removal of those that are stored. While a rollback goes on, edits are compared with the version that
/// failed.
pub(crate) fn effects(state: &State, seen: &Observation) -> impl Iterator<Item = Effect> {
    let rolling_back = matches!(state.phase, Phase::RollingBackJob(_));
    let compared = state.failed().filter(|_| rolling_back).map(|failed| failed.revision());
    let due = move |o: &&Obsolete| {
        seen.revision(o.incarnation) == Some(true) && Some(o.incarnation) != compared
    };
    state.record.obsolete.iter().filter(due).copied().map(Effect::RemoveRevision)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::fixture::{target, unknown};
    use crate::policy::{leaving, restart};
    use crate::{DeployFailed, Fact, Failure, FailureKind, RollingBackJob, Timestamp};

    #[test]
    fn a_revision_is_removed_while_it_is_stored_and_forgotten_once_it_is_not() {
        let rows = [
            (Fact::Known(true), 1, true),
            (Fact::Known(false), 0, false),
            (unknown(600), 1, false),
            (Fact::Unasked, 1, false),
        ];
        for (fact, left, removed) in rows {
            let mut state = State::new(Timestamp(0));
            discard(&mut state.record, target());
            discard(&mut state.record, target());
            let seen = Observation {
                revisions: [(target().incarnation, fact.clone())].into(),
                ..Observation::default()
            };
            assert_eq!(effects(&state, &seen).next().is_some(), removed, "{fact:?}");
            forget_the_gone(&mut state.record, &seen);
            assert_eq!(state.record.obsolete.len(), left, "{fact:?}");
        }
    }

    #[test]
    fn what_failed_is_kept_to_compare_edits_with_until_it_is_rolled_back() {
        let mut state = State::new(Timestamp(0));
        discard(&mut state.record, target());
        let revisions = [(target().incarnation, Fact::Known(true))].into();
        let seen = Observation { revisions, ..Observation::default() };
        let failure = Failure { kind: FailureKind::JobFailed, message: String::new() };
        let (failed, revived) = (target(), None);
        let restart = restart::attempt(1);
        let rolling = RollingBackJob { failed, failure: failure.clone(), revived, restart };
        state.phase = Phase::RollingBackJob(rolling);
        assert_eq!(effects(&state, &seen).next(), None);
        state.phase = Phase::DeployFailed(DeployFailed { failed, failure });
        assert!(effects(&state, &seen).next().is_some());
    }

    #[test]
    fn a_revision_is_forgotten_together_with_its_cluster() {
        let mut record = State::new(Timestamp(0)).record;
        leaving::send_away(&mut record, target(), false);
        let revisions = [(target().incarnation, Fact::Known(false))].into();
        let seen = Observation { revisions, ..Observation::default() };
        forget_the_gone(&mut record, &seen);
        assert_eq!(record.obsolete.len(), 1);
        record.leaving.clear();
        forget_the_gone(&mut record, &seen);
        assert_eq!(record.obsolete.len(), 0);
    }
}
