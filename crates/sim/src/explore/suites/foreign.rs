//! With jobs that a person submits.

use flinkk8soperator_core::ForeignJobAction;

use super::{first, update, version, with_program};
use crate::explore::scenario::{Fault, Suite, Wish};
use crate::world::{Program, Spec};

/// A person submits a job to a cluster that is to take one, and the user decides about it.
pub(super) fn suites() -> Vec<Suite> {
    let with = |name, specs: &[Spec]| Suite::new(name, specs.to_vec(), 2).at_any_time();
    let same = [version(1), version(1)];
    let next = [version(1), version(2), version(2)];
    let class_not_found = with_program(2, Program::ClassNotFound);
    let wrong = [version(1), class_not_found.clone(), class_not_found];
    let alone = |name, specs: &[Spec]| {
        with(name, specs).from_running().with_faults(1).only(&[Fault::PersonSubmits])
    };
    let kinds: &[Fault] = &[
        Fault::PersonSubmits,
        Fault::CrashAfterCalls,
        Fault::LostReply,
        Fault::ProcessRestarts,
        Fault::JobFails,
    ];
    vec![
        with("a person's job: cancelled", &same).deciding(ForeignJobAction::Cancel).only(kinds),
        with("a person's job: adopted", &same).deciding(ForeignJobAction::Adopt).only(kinds),
        alone("a person's job in an update: cancelled", &next).deciding(ForeignJobAction::Cancel),
        alone("a person's job in an update: adopted", &next).deciding(ForeignJobAction::Adopt),
        alone("a person's job in a rollback: cancelled", &wrong).deciding(ForeignJobAction::Cancel),
        alone("a person's job in a rollback: adopted", &wrong).deciding(ForeignJobAction::Adopt),
        update("a person's job in an update without savepoints", &[version(2)])
            .without_savepoints()
            .only(&[Fault::PersonSubmits]),
        on_the_way("a person's job, then deleted", Wish::Deleted),
        on_the_way("a person's job, status lost", Wish::StatusLost),
        on_the_way("a person's job, status unreadable", Wish::StatusUnreadable),
    ]
}

/// A person's job in a first deploy, in which the user does something else besides.
fn on_the_way(name: &'static str, what: Wish) -> Suite {
    first(name, &[version(1)]).then(what).at_any_time().only(&[Fault::PersonSubmits])
}

/// A person's job is in the way of the first one, and the user wants it cancelled.
pub(super) fn in_a_first_deploy(name: &'static str) -> Suite {
    first(name, &[version(1), version(1)])
        .at_any_time()
        .deciding(ForeignJobAction::Cancel)
        .only(&[Fault::PersonSubmits])
}
