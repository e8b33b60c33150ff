//! With objects that someone deletes, pods that do not end, and a namespace that goes.

use flinkk8soperator_core::{DeleteMode, Mode};

use super::{first, in_place, update, version, with_program};
use crate::explore::scenario::{Fault, Suite, Wish};
use crate::world::{JobScheduler, Program, Spec};

const DELETED: &[Fault] = &[Fault::ObjectDeleted, Fault::NamespaceDeleted];
const HANGS: &[Fault] = &[Fault::PodStuck];
const DELETED_OR_LOST: &[Fault] = &[Fault::JobFails, Fault::ObjectDeleted, Fault::NamespaceDeleted];
const HANGS_OR_LOST: &[Fault] = &[Fault::JobFails, Fault::PodStuck];

/// All of them.
pub(super) fn suites() -> Vec<Suite> {
    let mut all = deleted();
    all.extend(hanging());
    all
}

fn deleted() -> Vec<Suite> {
    let wrong = with_program(2, Program::ClassNotFound);
    let next = [version(2)];
    let lost = first("objects deleted in a recovery", &[version(1)]).from_running();
    let all = vec![
        first("objects deleted in a first deploy", &[version(1)]),
        update("objects deleted in an update", &next),
        update("objects deleted in a rollback", std::slice::from_ref(&wrong)),
        update("objects deleted without savepoints", &next).without_savepoints(),
        first("objects deleted, then the application", &[version(1)]).then_deleted().at_any_time(),
        update("objects deleted, then the application by force", &[])
            .then_deleted()
            .deleting(DeleteMode::ForceCancel),
        first("objects deleted, status lost", &[version(1)]).then(Wish::StatusLost).at_any_time(),
        update("objects deleted, status unreadable", &[]).then(Wish::StatusUnreadable),
        update("alone: objects deleted", &next).in_mode(Mode::Single),
        update("alone: objects deleted in a rollback", &[wrong]).in_mode(Mode::Single),
        update("beside: objects deleted", &[version(2), version(2)])
            .tearing_down(1)
            .in_mode(Mode::BlueGreen),
        Suite::new("in place: objects deleted", scaled(), 1).from_running().in_place(),
        Suite::new("adaptive: objects deleted", scaled(), 1)
            .from_running()
            .in_place()
            .scheduled(JobScheduler::Adaptive),
    ];
    let alone = all.into_iter().map(|suite| suite.with_faults(1).only(DELETED));
    alone.chain([lost.with_faults(2).only(DELETED_OR_LOST)]).collect()
}

fn hanging() -> Vec<Suite> {
    let wrong = with_program(2, Program::ClassNotFound);
    let next = [version(2)];
    let lost = first("a pod hangs in a recovery", &[version(1)]).from_running();
    let all = vec![
        first("a pod hangs in a first deploy", &[version(1)]),
        update("a pod hangs in an update", &next),
        update("a pod hangs in a rollback", std::slice::from_ref(&wrong)),
        update("a pod hangs without savepoints", &next).without_savepoints(),
        update("a pod hangs, then deleted", &next).then_deleted().at_any_time(),
        first("a pod hangs, status lost", &[version(1)]).then(Wish::StatusLost).at_any_time(),
        update("a pod hangs, status unreadable", &[]).then(Wish::StatusUnreadable),
        update("alone: a pod hangs", &next).in_mode(Mode::Single),
        update("alone: a pod hangs in a rollback", &[wrong]).in_mode(Mode::Single),
        update("beside: a pod hangs", &[version(2), version(2)])
            .tearing_down(1)
            .in_mode(Mode::BlueGreen),
        Suite::new("in place: a pod hangs", scaled(), 1).from_running().in_place(),
    ];
    let alone = all.into_iter().map(|suite| suite.with_faults(1).only(HANGS));
    alone.chain([lost.with_faults(2).only(HANGS_OR_LOST)]).collect()
}

fn scaled() -> Vec<Spec> {
    vec![in_place::sized(1, 1), in_place::sized(2, 3)]
}
