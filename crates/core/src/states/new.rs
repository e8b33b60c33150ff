//! New: nothing was done for the application yet, as far as is known.

use crate::context::Context;
use crate::cure::Cure;
use crate::desired::Goal;
use crate::ids::{DeployHash, Incarnation};
use crate::observation::{FactRequest, Observation};
use crate::policy::restore_point;
use crate::reason::Reason;
use crate::state::{DeletingStep, New, Phase, State};
use crate::states::{Next, deleting, deploy, left};

/// The objects: a version of it may run already, though the status does not know. And which numbers were
/// given out, where something was done before.
pub(crate) fn needs(cx: &Context<'_>, phase: New) -> FactRequest {
    let newest_revision = cx.desired.finalizer && !phase.lost;
    FactRequest { objects: true, newest_revision, ..FactRequest::default() }
}

pub(crate) fn step(cx: &Context<'_>, state: &State, phase: New, seen: &Observation) -> Next {
    let Some(objects) = seen.objects.known() else {
        return Next::stay(state, Reason::Deploying, "waiting for the view of the cluster")
            .polls_busily(cx);
    };
    // A state without a memory beside objects of its own is a lost status, or another operator's
    // work: a second job is the one thing that must not come of it.
    if let Some(cluster) = objects.clusters.first() {
        let message = format!(
            "objects of this application exist (cluster {} of version {}), but its status does \
             not know them; taking them over is not yet supported",
            cluster.incarnation, cluster.hash
        );
        return not_supported(cx, state, message);
    }
    if let [first, ..] = objects.unnumbered.as_slice() {
        return match left::without_a_status(cx, &objects.unnumbered) {
            Some(found) => Next::new(
                state.record.clone(),
                Phase::Left(found),
                Reason::Deploying,
                "taking over what the reference operator has left, whose status is lost",
            ),
            None => not_told(cx, state, first.names),
        };
    }
    if let Goal::Delete(_) = cx.desired.goal {
        return deleting::begin(cx, state, DeletingStep::Look, "nothing of it stands");
    }
    if phase.lost {
        return lost(cx, state);
    }
    if !cx.desired.finalizer {
        return deploy::begin(cx, state, "first deploy".to_owned());
    }
    match seen.newest_revision.known() {
        Some(newest) => noticed(cx, state, *newest),
        None => Next::stay(state, Reason::Deploying, "waiting for the list of stored revisions")
            .polls_busily(cx),
    }
}

/// More than the one version that the spec asks for: what was going on is not known.
fn not_told(cx: &Context<'_>, state: &State, version: DeployHash) -> Next {
    let message = format!(
        "objects that the reference operator has made for this application exist (of version {version}), but its \
         status, which says what it was doing with them, is lost"
    );
    not_supported(cx, state, message)
}

fn not_supported(cx: &Context<'_>, state: &State, message: String) -> Next {
    let message = match cx.desired.goal {
        Goal::Run => format!(
            "{message}; once they are deleted, restore or fallbackWithoutState says what a job starts from"
        ),
        Goal::Delete(_) => message,
    };
    let cures = vec![Cure::StatusRestored, Cure::ObjectsDeleted];
    *left::stalled(cx, state, Reason::NotYetSupported, message, cures)
}

const LOST: &str = "an operator has worked on this application before (its finalizer is there), but \
                    the status that says what its job goes on from is lost";

/// No number comes twice. Whether the `restore` of the spec was used before is not known: only another one
/// is the user's answer to this.
fn noticed(cx: &Context<'_>, state: &State, newest: Option<Incarnation>) -> Next {
    let mut record = state.record.clone();
    record.incarnations = record.incarnations.max(newest.map_or(0, |number| number.0));
    record.restored = cx.desired.restore.as_ref().map(|restore| restore.nonce.clone());
    let state = State { record, phase: Phase::New(New { lost: true }) };
    lost(cx, &state)
}

/// A job starts only from what the user names, or from nothing where the user allows it.
fn lost(cx: &Context<'_>, state: &State) -> Next {
    if restore_point::allowed_by_the_user(cx, &state.record).is_some() {
        return deploy::begin(cx, state, "first deploy after the status was lost".to_owned());
    }
    Next::stay(state, Reason::RestorePointUnproven, LOST)
        .cured_by([Cure::StatusRestored, Cure::Restore, Cure::FallbackWithoutState])
        .polls_seldom(cx)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, DeployHash, Desired, Digest, Timestamp, Uid};

    #[test]
    fn the_numbers_given_out_are_asked_for_once_and_only_where_something_was_done() {
        let asks = |finalizer, lost| {
            let plain = Desired::new(Uid(1), 1, DeployHash(1), Digest(1));
            let (config, desired) = (Config::default(), Desired { finalizer, ..plain });
            let now = Timestamp(0);
            let cx = Context { config: &config, desired: &desired, now, resumed: false };
            needs(&cx, New { lost }).newest_revision
        };
        assert_eq!(
            [asks(false, false), asks(true, false), asks(true, true), asks(false, true)],
            [false, true, false, false]
        );
    }
}
