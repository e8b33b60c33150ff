//! Taken over as the reference operator has left it.

use flinkk8soperator_core::{DeleteMode, Mode};

use super::{FEW, first, in_place, update, version, with_program};
use crate::explore::scenario::{Fault, Suite, Told, Wish};
use crate::world::{Program, Spec};

/// All of them.
pub(super) fn suites() -> Vec<Suite> {
    [at_rest(), ended(), in_an_update(), in_another_deploy(), in_a_deletion(), scaled(), beside()]
        .concat()
}

fn wrong() -> Spec {
    with_program(2, Program::ClassNotFound)
}

fn finishes() -> Spec {
    with_program(2, Program::Finishes)
}

/// Where nothing was under way.
fn at_rest() -> Vec<Suite> {
    vec![
        update("left, then updated", &[version(2)]).left_before(0, Told::Jobs),
        update("left without an id, then updated", &[version(2)])
            .left_before(0, Told::Versions)
            .only(FEW),
        update("left without a status, then updated", &[version(2)]).left_before(0, Told::Nothing),
        update("left with Deployments changed by hand, then edited", &[version(2)])
            .left_before(0, Told::Jobs)
            .changed_by_hand()
            .at_any_time()
            .only(FEW),
        update("left, then rolled back onto its cluster", &[wrong()])
            .left_before(0, Told::Jobs)
            .only(FEW),
        update("alone: left, then updated", &[version(2)])
            .left_before(0, Told::Jobs)
            .in_mode(Mode::Single)
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
    ]
}

/// Where a deploy, or a job, has come to its end.
fn ended() -> Vec<Suite> {
    vec![
        update("left after a rollback, then cured", &[wrong(), version(3)])
            .left_before(1, Told::Jobs)
            .only(FEW),
        update("left after its job has ended", &[finishes(), version(3)])
            .left_before(1, Told::Versions)
            .only(&[Fault::CrashAfterCalls, Fault::JobFails, Fault::ProcessRestarts]),
        // While a job may be on its way one that a person submits is taken for that, as by the reference operator.
        update("left after its job has ended, beside a person's job", &[finishes(), version(3)])
            .left_before(1, Told::Jobs)
            .only(&[Fault::PersonSubmits]),
    ]
}

/// In the middle of an update.
fn in_an_update() -> Vec<Suite> {
    let left = |name, specs: &[Spec]| update(name, specs).left_at_any_time(1, Told::Jobs);
    vec![
        left("left in an update", &[version(2)]),
        update("left in an update, without ids", &[version(2)])
            .left_at_any_time(1, Told::Versions)
            .only(FEW),
        left("left in an update, then edited", &[version(2), version(3)]).only(FEW),
        left("left in an update, then put back", &[version(2), version(1)]).only(FEW),
        left("left in an update to a job that ends", &[finishes()]).only(FEW),
        left("left in an update without savepoints", &[version(2)]).without_savepoints().only(FEW),
        left("left in an update, main() taking its time", &[version(2)])
            .with_slow_main()
            .only(&[Fault::RequestTimesOut, Fault::Refused]),
        left("left in an update that fails", &[wrong()]).only(FEW),
        left("left in a rollback, then edited", &[wrong(), version(3)])
            .only(&[Fault::CrashAfterCalls, Fault::ProcessRestarts]),
        left("left in a rollback, then put back", &[wrong(), version(1)])
            .only(&[Fault::CrashAfterCalls]),
        left("left in an update of what it was given", &[version(2)]).given_back().only(FEW),
    ]
}

fn in_another_deploy() -> Vec<Suite> {
    vec![
        first("left in a first deploy", &[version(1)]).left_at_any_time(0, Told::Jobs),
        first("left in a first deploy, without an id", &[version(1)])
            .left_at_any_time(0, Told::Versions)
            .only(FEW),
    ]
}

fn in_a_deletion() -> Vec<Suite> {
    let deleted = |suite: Suite| suite.then(Wish::Deleted).at_any_time();
    vec![
        update("left in a deletion", &[])
            .then(Wish::Deleted)
            .left_at_any_time(1, Told::Jobs)
            .only(FEW),
        first("left in a deletion of a first deploy", &[version(1)])
            .then(Wish::Deleted)
            .at_any_time()
            .left_at_any_time(1, Told::Jobs)
            .only(FEW),
        deleted(update("left, then deleted", &[]).left_before(0, Told::Jobs)),
        deleted(update("left, then deleted, and objects go", &[]).left_before(0, Told::Jobs))
            .only(&[Fault::ObjectDeleted, Fault::NamespaceDeleted]),
        deleted(update("left without a status, then deleted", &[]).left_before(0, Told::Nothing))
            .only(FEW),
        deleted(
            update("left without an id, then deleted by force", &[]).left_before(0, Told::Versions),
        )
        .deleting(DeleteMode::ForceCancel),
    ]
}

/// With `scaleMode: InPlace`.
fn scaled() -> Vec<Suite> {
    let one = |hash| in_place::sized(hash, 1);
    let two = |hash| in_place::sized(hash, 3);
    let scaled = |name, specs: &[Spec]| {
        Suite::new(name, specs.to_vec(), 1)
            .from_running()
            .in_place()
            .only(&[Fault::CrashAfterCalls])
    };
    vec![
        scaled("left, then scaled", &[one(1), two(2)])
            .left_before(0, Told::Jobs)
            .only(&[Fault::CrashAfterCalls, Fault::JobFails]),
        scaled("left, then scaled twice", &[one(1), two(2), one(3)]).left_before(0, Told::Jobs),
        scaled("left in a scaling in place", &[one(1), two(2)])
            .left_at_any_time(1, Told::Jobs)
            .only(FEW),
        scaled("left in a scaling in place, then put back", &[one(1), two(2), one(1)])
            .cancelling()
            .at_any_time()
            .left_at_any_time(1, Told::Jobs),
    ]
}

/// In mode BlueGreen.
fn beside() -> Vec<Suite> {
    let left = |suite: Suite| suite.in_mode(Mode::BlueGreen).left_at_any_time(1, Told::Jobs);
    vec![
        update("beside: left with two, then one goes", &[version(2), version(2)])
            .tearing_down(1)
            .in_mode(Mode::BlueGreen)
            .left_before(1, Told::Jobs)
            .only(FEW),
        first("beside: left in a first deploy", &[version(1)])
            .in_mode(Mode::BlueGreen)
            .left_at_any_time(0, Told::Jobs)
            .only(FEW),
        left(update("beside: left in an update", &[version(2)])).only(FEW),
        update("beside: left in an update, without ids", &[version(2)])
            .in_mode(Mode::BlueGreen)
            .left_at_any_time(1, Told::Versions)
            .only(FEW),
        left(update("beside: left in an update that fails", &[wrong()])).only(FEW),
        update("beside: left in a deletion", &[version(2)])
            .then(Wish::Deleted)
            .in_mode(Mode::BlueGreen)
            .left_at_any_time(2, Told::Jobs)
            .only(&[Fault::CrashAfterCalls, Fault::JobFails]),
    ]
}
