//! Taken over as the reference operator has left it.

use flinkk8soperator_core::Mode;

use super::{FEW, first, in_place, update, version, with_program};
use crate::explore::scenario::{Fault, Suite, Told, Wish};
use crate::world::Program;

/// All of them.
pub(super) fn suites() -> Vec<Suite> {
    let wrong = with_program(2, Program::ClassNotFound);
    let finishes = with_program(2, Program::Finishes);
    let sized = |hash, parallelism| in_place::sized(hash, parallelism);
    let mut all = under_way();
    all.extend(vec![
        update("left, then updated", &[version(2)]).left_before(0, Told::Jobs),
        update("left without an id, then updated", &[version(2)])
            .left_before(0, Told::Versions)
            .only(FEW),
        update("left without a status, then updated", &[version(2)]).left_before(0, Told::Nothing),
        update("left without a status, then deleted", &[])
            .left_before(0, Told::Nothing)
            .then(Wish::Deleted)
            .at_any_time()
            .only(FEW),
        update("left in an update of what it was given", &[version(2)])
            .left_at_any_time(1, Told::Jobs)
            .given_back()
            .only(FEW),
        update("left with Deployments changed by hand, then edited", &[version(2)])
            .left_before(0, Told::Jobs)
            .changed_by_hand()
            .at_any_time()
            .only(FEW),
        update("left, then deleted", &[])
            .left_before(0, Told::Jobs)
            .then(Wish::Deleted)
            .at_any_time(),
        update("left without an id, then deleted by force", &[])
            .left_before(0, Told::Versions)
            .then(Wish::Deleted)
            .at_any_time()
            .deleting(flinkk8soperator_core::DeleteMode::ForceCancel),
        update("left after a rollback, then cured", &[wrong.clone(), version(3)])
            .left_before(1, Told::Jobs)
            .only(FEW),
        update("left after its job has ended", &[finishes, version(3)])
            .left_before(1, Told::Versions)
            .only(&[Fault::CrashAfterCalls, Fault::JobFails, Fault::ProcessRestarts]),
        update("left, then rolled back onto its cluster", &[wrong])
            .left_before(0, Told::Jobs)
            .only(FEW),
        update("alone: left, then updated", &[version(2)])
            .left_before(0, Told::Jobs)
            .in_mode(Mode::Single)
            .only(FEW),
        Suite::new("left, then scaled", vec![sized(1, 1), sized(2, 3)], 1)
            .from_running()
            .in_place()
            .left_before(0, Told::Jobs)
            .only(&[Fault::CrashAfterCalls, Fault::JobFails]),
        Suite::new("left in a scaling in place", vec![sized(1, 1), sized(2, 3)], 1)
            .from_running()
            .in_place()
            .left_at_any_time(1, Told::Jobs)
            .only(FEW),
        Suite::new(
            "left in a scaling in place, then put back",
            vec![sized(1, 1), sized(2, 3), sized(1, 1)],
            1,
        )
        .from_running()
        .in_place()
        .cancelling()
        .at_any_time()
        .left_at_any_time(1, Told::Jobs)
        .only(&[Fault::CrashAfterCalls]),
        Suite::new("left, then scaled twice", vec![sized(1, 1), sized(2, 3), sized(3, 1)], 1)
            .from_running()
            .in_place()
            .left_before(0, Told::Jobs)
            .only(&[Fault::CrashAfterCalls]),
        update("beside: left with two, then one goes", &[version(2), version(2)])
            .tearing_down(1)
            .in_mode(Mode::BlueGreen)
            .left_before(1, Told::Jobs)
            .only(FEW),
    ]);
    all
}

/// In the middle of something.
fn under_way() -> Vec<Suite> {
    let wrong = with_program(2, Program::ClassNotFound);
    let finishes = with_program(2, Program::Finishes);
    vec![
        first("left in a first deploy", &[version(1)]).left_at_any_time(0, Told::Jobs),
        first("left in a first deploy, without an id", &[version(1)])
            .left_at_any_time(0, Told::Versions)
            .only(FEW),
        update("left in an update", &[version(2)]).left_at_any_time(1, Told::Jobs),
        update("left in an update, without ids", &[version(2)])
            .left_at_any_time(1, Told::Versions)
            .only(FEW),
        update("left in an update, then edited", &[version(2), version(3)])
            .left_at_any_time(1, Told::Jobs)
            .only(FEW),
        update("left in an update, then put back", &[version(2), version(1)])
            .left_at_any_time(1, Told::Jobs)
            .only(FEW),
        update("left in an update that fails", std::slice::from_ref(&wrong))
            .left_at_any_time(1, Told::Jobs)
            .only(FEW),
        update("left in a rollback, then edited", &[wrong.clone(), version(3)])
            .left_at_any_time(1, Told::Jobs)
            .only(&[Fault::CrashAfterCalls, Fault::ProcessRestarts]),
        update("left in a rollback, then put back", &[wrong.clone(), version(1)])
            .left_at_any_time(1, Told::Jobs)
            .only(&[Fault::CrashAfterCalls]),
        first("beside: left in a first deploy", &[version(1)])
            .in_mode(Mode::BlueGreen)
            .left_at_any_time(0, Told::Jobs)
            .only(FEW),
        update("beside: left in an update", &[version(2)])
            .in_mode(Mode::BlueGreen)
            .left_at_any_time(1, Told::Jobs)
            .only(FEW),
        update("beside: left in an update, without ids", &[version(2)])
            .in_mode(Mode::BlueGreen)
            .left_at_any_time(1, Told::Versions)
            .only(FEW),
        update("beside: left in an update that fails", &[wrong])
            .in_mode(Mode::BlueGreen)
            .left_at_any_time(1, Told::Jobs)
            .only(FEW),
        update("left in an update to a job that ends", std::slice::from_ref(&finishes))
            .left_at_any_time(1, Told::Jobs)
            .only(FEW),
        update("left in an update without savepoints", &[version(2)])
            .without_savepoints()
            .left_at_any_time(1, Told::Jobs)
            .only(FEW),
        update("left, and objects go", &[version(2)]).left_before(0, Told::Jobs).only(&[
            Fault::ObjectDeleted,
            Fault::NamespaceDeleted,
            Fault::PodStuck,
        ]),
        // Calls of the reference operator's have come: it has ended before this one begins.
        update("left, with calls that come late", &[version(2)])
            .left_before(0, Told::Jobs)
            .only(&[Fault::LateCall, Fault::OperationForgotten]),
        // While a job may be on its way one that a person submits is taken for that, as by the reference operator.
        update(
            "left after its job has ended, beside a person's job",
            &[finishes.clone(), version(3)],
        )
        .left_before(1, Told::Jobs)
        .only(&[Fault::PersonSubmits]),
        update("left in an update, main() taking its time", &[version(2)])
            .with_slow_main()
            .left_at_any_time(1, Told::Jobs)
            .only(&[Fault::RequestTimesOut, Fault::Refused]),
        update("left in a deletion", &[])
            .then(Wish::Deleted)
            .left_at_any_time(1, Told::Jobs)
            .only(FEW),
    ]
}
