//! The spaces that are explored on every test run.

mod finder;

pub use finder::finder;

use flinkk8soperator_core::{DeleteMode, ForeignJobAction, Mode};

use super::scenario::{Fault, Suite, Wish};
use crate::world::{FlinkVersion, Image, JobScheduler, Program, Retention, Spec};

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
    all.extend(beside());
    all.extend(in_place());
    all.extend(foreign());
    all.extend(without_a_status());
    all.into_iter().map(with_laws_where_quick).collect()
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

fn deploys() -> Vec<Suite> {
    let bad = with_image(2, Image::CannotBePulled);
    vec![
        first("first deploy", &[version(1)]).with_faults(2),
        first("first deploy, bad image, then cured", &[bad.clone(), version(1)]),
        update("update", &[version(2)]).with_faults(2),
        update("update, time passing", &[version(2)]).with_free_time().with_faults(0),
        update("update, main() taking its time", &[version(2)]).with_slow_main(),
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
        update("deleted in an update without savepoints", &[version(2)])
            .without_savepoints()
            .then_deleted()
            .at_any_time(),
        update(
            "savepoints disabled after a rollback",
            &[with_program(2, Program::ClassNotFound), version(3)],
        )
        .without_a_last_savepoint()
        .only(&[Fault::OperationForgotten]),
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
        update("alone: put back in an update", &[version(2), version(1)]).at_any_time(),
        update("alone: deleted in a rollback", &[wrong]).then_deleted().at_any_time(),
        Suite::new("alone: in place, down", vec![sized(1, 3), sized(2, 1)], 1)
            .from_running()
            .in_place()
            .only(&[Fault::CrashAfterCalls, Fault::JobFails]),
        a_persons("alone: a person's job"),
    ];
    all.into_iter().map(|suite| suite.in_mode(Mode::Single)).collect()
}

/// In mode BlueGreen.
fn beside() -> Vec<Suite> {
    let wrong = with_program(2, Program::ClassNotFound);
    let fails = with_program(2, Program::Fails);
    let all = vec![
        update("beside: update, the older one goes", &[version(2), version(2)]).tearing_down(1),
        update("beside: update, the newer one goes", &[version(2), version(2)])
            .tearing_down(2)
            .only(FEW),
        update("beside: wrong class", &[wrong]),
        update("beside: job fails at once, then cured", &[fails, version(3)]).only(FEW),
        update("beside: job ends by itself", &[with_program(2, Program::Finishes), version(3)])
            .only(&[Fault::JobFails, Fault::PersonSubmits]),
        update("beside: new spec in an update", &[version(2), version(3)]).at_any_time().only(&[
            Fault::CrashAfterCalls,
            Fault::StaleCache,
            Fault::JobFails,
        ]),
        update("beside: put back in an update", &[version(2), version(1)]).at_any_time().only(FEW),
        update("beside: forceRollback", &[version(2), version(2)])
            .at_any_time()
            .forced_back()
            .only(FEW),
        update("beside: deleted", &[version(2)]).then_deleted().at_any_time().only(&[
            Fault::CrashAfterCalls,
            Fault::SavepointFails,
            Fault::JobFails,
            Fault::Outage,
        ]),
        beside_twice().with_faults(1).only(&[
            Fault::CrashAfterCalls,
            Fault::StaleCache,
            Fault::JobFails,
        ]),
        update("beside: without savepoints", &[version(2)]).without_savepoints(),
        update("beside: main() sent twice", &[version(2)])
            .with_slow_main()
            .only(&[Fault::RequestTimesOut])
            .with_faults(2),
        given_up("beside: savepoint given up, then another", version(3)),
        given_up("beside: savepoint given up, then put back", version(1)),
        a_persons("beside: a person's job"),
    ];
    all.into_iter().map(|suite| suite.in_mode(Mode::BlueGreen)).collect()
}

/// The savepoint for the next version is not complete in time, and goes on nevertheless.
fn given_up(name: &'static str, then: Spec) -> Suite {
    update(name, &[version(2), then]).in_order(&[Fault::Slow, Fault::SavepointFails])
}

/// A person's job is in the way of the first one, and the user wants it cancelled.
fn a_persons(name: &'static str) -> Suite {
    first(name, &[version(1), version(1)])
        .at_any_time()
        .deciding(ForeignJobAction::Cancel)
        .only(&[Fault::PersonSubmits])
}

/// The first version makes way for the second, then the third comes up beside that.
fn beside_twice() -> Suite {
    update("beside: two updates", &[version(2), version(2), version(3)])
        .with_faults(0)
        .tearing_down_in(2, 1)
}

/// A person submits a job to a cluster that is to take one, and the user decides about it.
fn foreign() -> Vec<Suite> {
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

/// With `scaleMode: InPlace`, first of all from one TaskManager to two and back.
fn in_place() -> Vec<Suite> {
    let one = |hash| sized(hash, 1);
    let two = |hash| sized(hash, 3);
    let scaled = |name, specs: &[Spec]| Suite::new(name, specs.to_vec(), 1).from_running();
    let fragile = |spec: Spec| Spec { program: Program::OneTaskOnly, ..spec };
    let other = Spec { family: 3, ..two(3) };
    let up = [one(1), two(2)];
    let gone: &[Fault] =
        &[Fault::CrashAfterCalls, Fault::StaleCache, Fault::ProcessRestarts, Fault::JobFails];
    let all = vec![
        scaled("in place: up", &up),
        scaled("in place: down", &[two(1), one(2)]),
        scaled("in place: up and back", &[one(1), two(2), one(1)])
            .only(&[Fault::OperationForgotten]),
        scaled("in place: main() sent twice", &[two(1), one(2), two(1)])
            .with_slow_main()
            .only(&[Fault::RequestTimesOut])
            .with_faults(2),
        scaled("in place: a person's job", &[one(1), sized(2, 2)])
            .only(&[Fault::JobFails, Fault::PersonSubmits])
            .with_faults(2),
        scaled("in place: job fails", &[fragile(one(1)), fragile(two(2))]),
        scaled("in place: no room", &up).with_room_for(1),
        scaled("in place: put back", &[one(1), two(2), one(1)]).at_any_time().only(FEW),
        scaled("in place: another version on the way", &[one(1), two(2), other.clone()])
            .at_any_time()
            .only(&[Fault::CrashAfterCalls, Fault::StaleCache]),
        scaled("in place: then another version", &[one(1), two(2), other]).only(gone),
        scaled("in place: then back by a new cluster", &[one(1), two(2), one(1)])
            .then_anew()
            .only(gone),
        scaled("in place: forceRollback", &[one(1), two(2), two(2)])
            .at_any_time()
            .forced_back()
            .only(&[Fault::CrashAfterCalls, Fault::StaleCache, Fault::JobFails]),
        scaled("in place: forceRollback, main() taking its time", &[one(1), two(2), two(2)])
            .at_any_time()
            .forced_back()
            .with_slow_main()
            .only(&[Fault::CrashAfterCalls, Fault::RequestTimesOut]),
        scaled("in place: deleted", &up).then_deleted().at_any_time().only(FEW),
        scaled("in place: without savepoints", &up).without_savepoints().only(FEW),
    ];
    all.into_iter().map(Suite::in_place).chain(adaptive()).collect()
}

/// The same with jobs on the adaptive scheduler.
fn adaptive() -> Vec<Suite> {
    let (one, two) = (|hash| sized(hash, 1), |hash| sized(hash, 3));
    let scaled = |name, specs: &[Spec]| Suite::new(name, specs.to_vec(), 1).from_running();
    let fragile = |spec: Spec| Spec { program: Program::OneTaskOnly, ..spec };
    let up = [one(1), two(2)];
    let (works, in_vain) = (JobScheduler::Adaptive, JobScheduler::AdaptiveInVain);
    let all = vec![
        scaled("adaptive: up", &up).scheduled(works),
        scaled("adaptive: down", &[two(1), one(2)]).scheduled(works),
        scaled("adaptive: up and back", &[one(1), two(2), one(1)]).scheduled(works).with_faults(0),
        scaled("adaptive: in vain", &up).scheduled(in_vain),
        scaled("adaptive: job fails", &[fragile(one(1)), fragile(two(2))])
            .scheduled(works)
            .only(FEW),
        scaled("adaptive: forceRollback", &[one(1), two(2), two(2)])
            .scheduled(works)
            .at_any_time()
            .forced_back()
            .only(FEW),
        scaled("adaptive: deleted", &up).scheduled(works).then_deleted().at_any_time().only(FEW),
    ];
    all.into_iter().map(Suite::in_place).collect()
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

/// Of one family, and of as many TaskManagers of two slots as it takes.
fn sized(hash: u32, parallelism: u32) -> Spec {
    let taskmanagers = parallelism.div_ceil(2);
    Spec { family: 1, parallelism, taskmanagers, ..version(hash) }
}

/// `status.machine` goes, or cannot be read, whatever the application is doing.
fn without_a_status() -> Vec<Suite> {
    let unreadable = |name| update(name, &[version(2)]).then(Wish::StatusUnreadable).at_any_time();
    vec![
        update("status lost in an update", &[version(2)]).then(Wish::StatusLost).at_any_time(),
        unreadable("status unreadable in an update"),
        unreadable("status unreadable, then deleted by force")
            .then_deleted()
            .deleting(DeleteMode::ForceCancel)
            .only(&[Fault::LostStatusReply, Fault::LostReply, Fault::Conflict]),
        update("status lost in an update, then deleted", &[version(2)])
            .then(Wish::StatusLost)
            .at_any_time()
            .then_deleted()
            .only(&[Fault::CrashAfterCalls]),
    ]
}
