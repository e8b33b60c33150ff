//! What takes longer than a test may: more faults at a time, and all kinds of them.

use flinkk8soperator_core::Mode;

use super::{FEW, first, in_place, suites, update, version, with_program};
use crate::explore::scenario::{Fault, Suite, Wish};
use crate::world::{JobScheduler, Program, Spec};

/// The larger ones, and those of every test run that go without the laws or the cures there, with both.
#[must_use]
pub fn deep_suites() -> Vec<Suite> {
    let mut all = pairs();
    all.extend(triples());
    all.extend(rollbacks());
    all.extend(deletions());
    all.extend(takeovers());
    let whole = |suite: &Suite| suite.laws && (suite.cures || !suite.is_quiet());
    all.extend(suites().into_iter().filter(|suite| !whole(suite)));
    all.into_iter()
        .map(Suite::with_laws)
        .map(|s| if s.is_quiet() { s.with_cures() } else { s })
        .collect()
}

/// All kinds but a person's job, which has suites of its own: the call of an operator that has lost its place may
/// reach a JobManager after it, and nobody can help that.
const EVERY: &[Fault] = {
    let [every @ .., Fault::PersonSubmits] = Fault::ALL else { panic!("it is the last one") };
    every
};

/// Names of one suite in each mode: Dual, Single, BlueGreen, in place, and in place on the adaptive scheduler.
type Names = [&'static str; 5];

/// Versions one after the other, or sizes.
fn in_each_mode(names: Names, versions: &[Spec], sizes: &[Spec]) -> [Suite; 5] {
    let [dual, alone, beside, in_place, adaptive] = names;
    let scaled = |name| Suite::new(name, sizes.to_vec(), 1).from_running().in_place();
    [
        update(dual, versions),
        update(alone, versions).in_mode(Mode::Single),
        update(beside, versions).in_mode(Mode::BlueGreen),
        scaled(in_place),
        scaled(adaptive).scheduled(JobScheduler::Adaptive),
    ]
}

/// One update, and any fault after any other.
fn pairs() -> Vec<Suite> {
    let names = [
        "deep: two faults in an update",
        "deep: alone: two faults in an update",
        "deep: beside: two faults in an update",
        "deep: in place: two faults",
        "deep: adaptive: two faults",
    ];
    let all = in_each_mode(names, &[version(2)], &[in_place::sized(1, 1), in_place::sized(2, 3)]);
    all.map(|suite| suite.with_faults(2).only(EVERY)).into()
}

/// One update, and three of the worst faults.
fn triples() -> Vec<Suite> {
    let names = [
        "deep: three faults in an update",
        "deep: alone: three faults in an update",
        "deep: beside: three faults in an update",
        "deep: in place: three faults",
        "deep: adaptive: three faults",
    ];
    let all = in_each_mode(names, &[version(2)], &[in_place::sized(1, 1), in_place::sized(2, 3)]);
    all.map(|suite| suite.with_faults(3).only(FEW)).into()
}

/// A version that fails, and any fault after any other; on the adaptive scheduler of the usual ones: with all these
/// are more than 40 million states, the limit of a suite.
fn rollbacks() -> Vec<Suite> {
    let fragile = |spec: Spec| Spec { program: Program::OneTaskOnly, ..spec };
    let names = [
        "deep: two faults in a rollback",
        "deep: alone: two faults in a rollback",
        "deep: beside: two faults in a rollback",
        "deep: in place: two faults in a rollback",
        "deep: adaptive: two faults in a rollback",
    ];
    let wrong = with_program(2, Program::ClassNotFound);
    let sizes = [in_place::sized(1, 1), in_place::sized(2, 3)].map(fragile);
    let all = in_each_mode(names, &[wrong], &sizes).map(|suite| suite.with_faults(2).only(EVERY));
    let [rest @ .., adaptive] = all;
    rest.into_iter().chain([adaptive.only(Fault::USUAL)]).collect()
}

/// Two updates, a deletion at any moment, and any fault.
fn deletions() -> Vec<Suite> {
    let names = [
        "deep: two updates, deleted",
        "deep: alone: two updates, deleted",
        "deep: beside: two updates, deleted",
        "deep: in place: up and down, deleted",
        "deep: adaptive: up and down, deleted",
    ];
    let sizes = [in_place::sized(1, 1), in_place::sized(2, 3), in_place::sized(3, 1)];
    let [dual, alone, _, up_and_down, adaptive] =
        in_each_mode(names, &[version(2), version(3)], &sizes);
    // The second one comes up once the first one has taken the older one's place.
    let beside = update(names[2], &[version(2), version(2), version(3)])
        .tearing_down_in(2, 1)
        .in_mode(Mode::BlueGreen);
    let all = [dual, alone, beside, up_and_down, adaptive];
    all.map(|suite| suite.then_deleted().at_any_time().only(EVERY)).into()
}

/// Whatever is going on, `status.machine` is lost, or cannot be read; and any fault.
fn takeovers() -> Vec<Suite> {
    let wrong = with_program(2, Program::ClassNotFound);
    let next = [version(2)];
    let torn_down = [version(2), version(2)];
    let scaled = [in_place::sized(1, 1), in_place::sized(2, 3)];
    let all = vec![
        first("deep: status lost in a first deploy", &[version(1)]).then(Wish::StatusLost),
        update("deep: status lost in an update", &next).then(Wish::StatusLost),
        update("deep: status lost in a rollback", std::slice::from_ref(&wrong))
            .then(Wish::StatusLost),
        update("deep: alone: status lost in an update", &next)
            .in_mode(Mode::Single)
            .then(Wish::StatusLost),
        update("deep: beside: status lost", &torn_down)
            .tearing_down(1)
            .in_mode(Mode::BlueGreen)
            .then(Wish::StatusLost),
        Suite::new("deep: in place: status lost", scaled.to_vec(), 1)
            .from_running()
            .in_place()
            .then(Wish::StatusLost),
        first("deep: status lost in a deletion", &[version(1)])
            .then_deleted()
            .then(Wish::StatusLost),
        update("deep: status unreadable in a rollback", &[wrong]).then(Wish::StatusUnreadable),
        update("deep: beside: status unreadable", &torn_down)
            .tearing_down(1)
            .in_mode(Mode::BlueGreen)
            .then(Wish::StatusUnreadable),
        Suite::new("deep: in place: status unreadable", scaled.to_vec(), 1)
            .from_running()
            .in_place()
            .then(Wish::StatusUnreadable),
    ];
    all.into_iter().map(|suite| suite.at_any_time().only(EVERY)).collect()
}
