//! The spaces that are explored on every test run.

mod beside;
mod deep;
mod finder;
mod foreign;
mod in_place;
mod late;
mod left;
mod objects;

pub use deep::deep_suites;
pub use finder::finder;

use flinkk8soperator_core::{DeleteMode, Mode};

use super::scenario::{Fault, Suite, Wish};
use crate::world::{FlinkVersion, Image, Program, Retention, Spec};

/// One slot more than the job needs: a second job by mistake would run, and show.
fn version(hash: u32) -> Spec {
    Spec { slots: 2, ..Spec::good(hash) }
}

fn with_image(hash: u32, image: Image) -> Spec {
    Spec { image, ..version(hash) }
}

fn with_program(hash: u32, program: Program) -> Spec {
    Spec { program, ..version(hash) }
}

fn first(name: &'static str, specs: &[Spec]) -> Suite {
    Suite::new(name, specs.to_vec(), 1)
}

/// From a good version 1 on.
fn update(name: &'static str, specs: &[Spec]) -> Suite {
    let mut all = vec![version(1)];
    all.extend_from_slice(specs);
    Suite::new(name, all, 1).from_running()
}

/// All of them, by what the user does.
#[must_use]
pub fn suites() -> Vec<Suite> {
    let mut all = deploys();
    all.extend(failing_deploys());
    all.extend(edits_on_the_way());
    all.extend(deletions());
    all.extend(recoveries());
    all.extend(alone());
    all.extend(beside::suites());
    all.extend(in_place::suites());
    all.extend(foreign::suites());
    all.extend(late::suites());
    all.extend(objects::suites());
    all.extend(without_a_status());
    all.extend(left::suites());
    all.into_iter().map(with_laws_where_quick).map(with_cures).collect()
}

/// The laws ask the machine a dozen times in every state: the largest suites go without.
fn with_laws_where_quick(suite: Suite) -> Suite {
    const LARGE: [&str; 8] = [
        "update",
        "job ends by itself",
        "new spec in an update",
        "new spec in a rollback",
        "savepoint fails in an update",
        "beside: new spec in an update",
        "beside: deleted",
        "beside: savepoint given up, then another",
    ];
    if LARGE.contains(&suite.name) { suite } else { suite.with_laws() }
}

/// A person comes on a quiet day: however long `main()` and the waits are, what is done then is the same.
/// What the largest suites would add to the others is seen by the others.
fn with_cures(suite: Suite) -> Suite {
    const LARGE: [&str; 10] = [
        "new spec in a first deploy",
        "there and back",
        "forceRollback in an update",
        "put back in an update",
        "put back in a rollback",
        "beside: forceRollback",
        "beside: put back in an update",
        "in place: put back",
        "adaptive: forceRollback",
        "a person's job: adopted",
    ];
    let tried = suite.laws && suite.is_quiet() && !LARGE.contains(&suite.name);
    if tried { suite.with_cures() } else { suite }
}

fn deploys() -> Vec<Suite> {
    let bad = with_image(2, Image::CannotBePulled);
    vec![
        first("first deploy", &[version(1)]).with_faults(2),
        first("first deploy, bad image, then cured", &[bad.clone(), version(1)]),
        update("update", &[version(2)]).with_faults(2),
        update("update, time passing", &[version(2)]).with_free_time().with_faults(0),
        update("update, main() taking its time", &[version(2)]).with_slow_main(),
        update("update, each phase for a while", &[version(2)]).dwelling(),
        update("update, cancelled with the savepoint", &[version(2)]).cancelling(),
        update("update on Flink 1.14", &[version(2)]).on_flink(FlinkVersion(1, 14)),
        update("two updates", &[version(2), version(3)]),
        update("there and back", &[version(2), version(1)]),
    ]
}

fn failing_deploys() -> Vec<Suite> {
    vec![
        update("bad image", &[with_image(2, Image::CannotBePulled)]),
        update("invalid image name", &[with_image(2, Image::InvalidName)]),
        update("crash loop", &[with_image(2, Image::CrashLoops)]),
        update("wrong class", &[with_program(2, Program::ClassNotFound)]),
        update("main() throws", &[with_program(2, Program::MainThrows)]),
        update("job fails at once", &[with_program(2, Program::Fails)]),
        update("job never up", &[with_program(2, Program::NeverUp)]),
        update("job ends by itself", &[with_program(2, Program::Finishes), version(3)]),
    ]
}

/// After these a submission is sent again under its own id; and that one is refused.
const SENT_AGAIN: &[Fault] =
    &[Fault::CrashAfterCalls, Fault::LostReply, Fault::RequestTimesOut, Fault::Refused];

fn edits_on_the_way() -> Vec<Suite> {
    let wrong = with_program(2, Program::ClassNotFound);
    vec![
        first("new spec in a first deploy", &[version(1), version(2)]).at_any_time(),
        update("new spec in an update", &[version(2), version(3)]).at_any_time(),
        update("put back in an update", &[version(2), version(1)]).at_any_time(),
        update("new spec in a rollback", &[wrong.clone(), version(3)]).at_any_time().only(FEW),
        update("put back in a rollback", &[wrong.clone(), version(1)]).at_any_time(),
        update("new spec in a rollback, main() taking its time", &[wrong.clone(), version(3)])
            .at_any_time()
            .with_slow_main()
            .only(&[Fault::CrashAfterCalls, Fault::RequestTimesOut]),
        update("new spec in a rollback, then put back", &[wrong.clone(), version(3), version(1)])
            .always_at_any_time()
            .with_faults(0),
        update("two updates, main() sent twice", &[version(2), version(3)])
            .with_slow_main()
            .only(&[Fault::RequestTimesOut])
            .with_faults(2),
        update("two updates without savepoints, main() sent twice", &[version(2), version(3)])
            .with_slow_main()
            .without_savepoints()
            .only(&[Fault::RequestTimesOut])
            .with_faults(2),
        update("main() sent twice, refused once", &[version(2)])
            .with_slow_main()
            .only(SENT_AGAIN)
            .with_faults(2),
        update("main() of a rollback sent twice, refused once", &[wrong])
            .with_slow_main()
            .only(SENT_AGAIN)
            .with_faults(2),
        update("forceRollback in an update", &[version(2), version(2)]).at_any_time().forced_back(),
    ]
}

fn deletions() -> Vec<Suite> {
    let wrong = with_program(2, Program::ClassNotFound);
    vec![
        first("deleted in a first deploy", &[version(1)]).then_deleted().at_any_time(),
        update("deleted in an update", &[version(2)]).then_deleted().at_any_time(),
        update("deleted in a rollback", &[wrong]).then_deleted().at_any_time(),
        first("deleted by force", &[version(1)])
            .then_deleted()
            .at_any_time()
            .deleting(DeleteMode::ForceCancel),
        first("deleted and left alone", &[version(1)])
            .then_deleted()
            .at_any_time()
            .deleting(DeleteMode::None),
    ]
}

/// A job that is lost, or has to go without a savepoint.
fn recoveries() -> Vec<Suite> {
    let losses: &[Fault] = &[Fault::JobFails, Fault::ProcessRestarts, Fault::PodLost];
    let failing: &[Fault] = &[Fault::SavepointFails, Fault::JobFails, Fault::ProcessRestarts];
    vec![
        first("lost twice", &[version(1)]).with_faults(2).only(losses),
        update("savepoint fails in an update", &[version(2)]).with_faults(2).only(failing),
        update("savepoint fails again and again", &[version(2)])
            .with_faults(3)
            .only(&[Fault::SavepointFails, Fault::JobFails]),
        update("update without savepoints", &[version(2)]).without_savepoints(),
        update("rollback without savepoints", &[with_program(2, Program::ClassNotFound)])
            .without_savepoints(),
        update("deleted in an update without savepoints", &[version(2)])
            .without_savepoints()
            .then_deleted()
            .at_any_time(),
        update(
            "savepoints disabled after a rollback",
            &[with_program(2, Program::ClassNotFound), version(3)],
        )
        .without_a_last_savepoint()
        // A person stops the job that was to be cancelled: the cancellation has not reached it yet.
        .only(&[Fault::OperationForgotten, Fault::CrashAfterCalls, Fault::PersonStops])
        .with_faults(2),
        first(
            "savepoint fails without retention, tried again",
            &[not_retained(1), not_retained(2), not_retained(2)],
        )
        .from_running()
        .only(&[Fault::SavepointFails])
        .with_faults(2)
        .at_any_time(),
        update("lost without retention", &[not_retained(2)]).only(losses),
        update(
            "lost without retention, started without state",
            &[not_retained(1), not_retained(1)],
        )
        .only(losses)
        .at_any_time()
        .falling_back(),
        update("last seen", &[version(1)]).only(losses).at_any_time().from_last_seen(),
    ]
}

fn not_retained(hash: u32) -> Spec {
    Spec { retention: Retention::Unset, ..version(hash) }
}

/// In mode Single.
fn alone() -> Vec<Suite> {
    let bad = with_image(2, Image::InvalidName);
    let wrong = with_program(2, Program::ClassNotFound);
    let all = vec![
        update("alone: update", &[version(2)]),
        update("alone: bad image, then cured", &[bad, version(3)]).at_any_time(),
        update("alone: wrong class", std::slice::from_ref(&wrong)),
        update("alone: job ends by itself", &[with_program(2, Program::Finishes), version(3)])
            .only(&[Fault::JobFails, Fault::ProcessRestarts]),
        update("alone: update without savepoints", &[version(2)]).without_savepoints(),
        update("alone: rollback without savepoints", &[with_program(2, Program::ClassNotFound)])
            .without_savepoints(),
        update("alone: put back in an update", &[version(2), version(1)]).at_any_time(),
        update("alone: deleted in a rollback", &[wrong]).then_deleted().at_any_time(),
        Suite::new("alone: in place, down", vec![in_place::sized(1, 3), in_place::sized(2, 1)], 1)
            .from_running()
            .in_place()
            .only(&[Fault::CrashAfterCalls, Fault::JobFails]),
        foreign::in_a_first_deploy("alone: a person's job"),
    ];
    all.into_iter().map(|suite| suite.in_mode(Mode::Single)).collect()
}

/// The faults that every kind of step meets, for suites in which much else varies.
const FEW: &[Fault] = &[
    Fault::CrashAfterCalls,
    Fault::LostReply,
    Fault::StaleCache,
    Fault::ProcessRestarts,
    Fault::SavepointFails,
    Fault::JobFails,
    Fault::Slow,
    Fault::Outage,
];

/// `status.machine` goes, or cannot be read, whatever the application is doing.
fn without_a_status() -> Vec<Suite> {
    let unreadable = |name| update(name, &[version(2)]).then(Wish::StatusUnreadable).at_any_time();
    vec![
        update("status lost in an update", &[version(2)]).then(Wish::StatusLost).at_any_time(),
        update("alone: status lost in an update", &[version(2)])
            .in_mode(Mode::Single)
            .then(Wish::StatusLost)
            .at_any_time()
            .only(&[Fault::CrashAfterCalls, Fault::LostReply]),
        unreadable("status unreadable in an update"),
        unreadable("status unreadable, then deleted by force")
            .then_deleted()
            .deleting(DeleteMode::ForceCancel)
            .only(&[Fault::LostStatusReply, Fault::LostReply, Fault::LateCall, Fault::Conflict]),
        update("status lost in an update, then deleted", &[version(2)])
            .then(Wish::StatusLost)
            .at_any_time()
            .then_deleted()
            .only(&[Fault::CrashAfterCalls]),
    ]
}
