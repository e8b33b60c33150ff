//! The machine in the simulated world, exhaustively: nothing that must never be is ever reached,
//! what has to be seen is seen, from everywhere a goal can be reached, and the laws of the machine
//! hold in every state.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use flinkk8soperator_core::Mode;
use flinkk8soperator_sim::explore::{
    Fault, IMPOSSIBLE, Impossible, Limits, Place, Report, Suite, What, check_form, document,
    explore, followers, suites,
};
use flinkk8soperator_sim::invariants::{
    ADAPTED, ADDRESS_STAYS, ADOPTED, AFTER_THE_END, ALWAYS, BESIDE, CLEARED, CLUSTER_STAYS, CURED,
    DELETED, DISCARDED, FAILED_BESIDE, FILES_STAY, FIRST_DEPLOYED, FOUND_BY_STATISTICS,
    KEPT_FOR_ROLLBACK, LOST, NEWER_TORN_DOWN, NEWEST_STATE, NOT_EMPTY, NOTHING_BESIDE,
    OLDER_TORN_DOWN, ONE_JOB, RECOVERED, REPLACED, ROLLBACK_POSSIBLE, ROLLED_BACK, RUNS_ON,
    SCALED_ANEW, SCALED_BACK, SCALED_DOWN, SCALED_UP, SOMETIMES, STOPPED_BY_A_PERSON, TASKS_STAY,
    TOLD_TRULY, UPDATED, WITHOUT_STATE,
};
use mimalloc::MiMalloc;

/// An exploration is millions of small copies, and much of its time went into allocating them.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// The suites by name, with what has to be seen in each: an exploration that never sees an update
/// succeed has shown nothing about updates. One test each, so that they run side by side.
macro_rules! explorations {
    ($($test:ident: $name:literal sees $seen:expr;)+) => {
        $(
            #[test]
            fn $test() {
                check($name, &$seen);
            }
        )+

        const EXPLORED: &[(&str, &[&str])] = &[$(($name, &$seen)),+];
    };
}

explorations! {
    update: "update" sees [
        UPDATED, ROLLED_BACK, FOUND_BY_STATISTICS, DISCARDED, REPLACED, STOPPED_BY_A_PERSON
    ];
    new_spec_in_an_update: "new spec in an update" sees [UPDATED, ROLLED_BACK];
    new_spec_in_a_rollback: "new spec in a rollback" sees [UPDATED, ROLLED_BACK];
    job_ends_by_itself: "job ends by itself" sees [AFTER_THE_END];
    first_deploy: "first deploy" sees [FIRST_DEPLOYED];
    cured: "first deploy, bad image, then cured" sees [CURED];
    time_passing: "update, time passing" sees [UPDATED, ROLLED_BACK];
    slow_main: "update, main() taking its time" sees [UPDATED, ROLLED_BACK];
    dwelling: "update, each phase for a while" sees [UPDATED, ROLLED_BACK];
    cancelled: "update, cancelled with the savepoint" sees [UPDATED, FOUND_BY_STATISTICS];
    flink_1_14: "update on Flink 1.14" sees [UPDATED, FOUND_BY_STATISTICS];
    two_updates: "two updates" sees [UPDATED];
    there_and_back: "there and back" sees [UPDATED];
    bad_image: "bad image" sees [FIRST_DEPLOYED];
    invalid_image: "invalid image name" sees [FIRST_DEPLOYED];
    crash_loop: "crash loop" sees [FIRST_DEPLOYED];
    wrong_class: "wrong class" sees [ROLLED_BACK];
    main_throws: "main() throws" sees [ROLLED_BACK];
    fails_at_once: "job fails at once" sees [ROLLED_BACK];
    never_up: "job never up" sees [ROLLED_BACK];
    new_spec_in_a_first_deploy: "new spec in a first deploy" sees [FIRST_DEPLOYED, CURED];
    put_back_in_an_update: "put back in an update" sees [ROLLED_BACK];
    put_back_in_a_rollback: "put back in a rollback" sees [ROLLED_BACK];
    put_back_after_a_rollback: "new spec in a rollback, then put back" sees [ROLLED_BACK];
    sent_twice: "two updates, main() sent twice" sees [UPDATED];
    refused_once: "main() sent twice, refused once" sees [UPDATED, ROLLED_BACK];
    refused_once_in_a_rollback: "main() of a rollback sent twice, refused once" sees [ROLLED_BACK];
    sent_twice_without_savepoints: "two updates without savepoints, main() sent twice"
        sees [WITHOUT_STATE];
    slow_main_in_a_rollback: "new spec in a rollback, main() taking its time" sees [ROLLED_BACK];
    forced_back: "forceRollback in an update" sees [ROLLED_BACK];
    deleted_in_a_first_deploy: "deleted in a first deploy" sees [DELETED];
    deleted_in_an_update: "deleted in an update" sees [DELETED, UPDATED];
    deleted_in_a_rollback: "deleted in a rollback" sees [DELETED, ROLLED_BACK];
    deleted_by_force: "deleted by force" sees [FIRST_DEPLOYED];
    lost_twice: "lost twice" sees [LOST, FIRST_DEPLOYED, RECOVERED];
    savepoint_fails: "savepoint fails in an update" sees [UPDATED, RECOVERED];
    savepoint_fails_again: "savepoint fails again and again" sees [UPDATED, RECOVERED];
    without_savepoints: "update without savepoints" sees [WITHOUT_STATE];
    rollback_without_savepoints: "rollback without savepoints" sees [KEPT_FOR_ROLLBACK];
    deleted_without_savepoints: "deleted in an update without savepoints" sees [WITHOUT_STATE];
    savepoints_disabled_later: "savepoints disabled after a rollback" sees [WITHOUT_STATE];
    tried_again: "savepoint fails without retention, tried again" sees [UPDATED];
    not_retained: "lost without retention" sees [UPDATED];
    not_retained_then_anew: "lost without retention, started without state" sees [WITHOUT_STATE];
    last_seen: "last seen" sees [RECOVERED];
    alone: "alone: update" sees [UPDATED, ROLLED_BACK];
    alone_bad_image: "alone: bad image, then cured" sees [UPDATED, ROLLED_BACK];
    alone_wrong_class: "alone: wrong class" sees [ROLLED_BACK];
    alone_ends_by_itself: "alone: job ends by itself" sees [AFTER_THE_END];
    alone_without_savepoints: "alone: update without savepoints" sees [WITHOUT_STATE];
    alone_rollback_without_savepoints: "alone: rollback without savepoints" sees [KEPT_FOR_ROLLBACK];
    left: "left, then updated" sees [UPDATED];
    left_given_back: "left in an update of what it was given" sees [UPDATED];
    left_changed_by_hand: "left with Deployments changed by hand, then edited" sees [UPDATED];
    left_in_a_first_deploy: "left in a first deploy" sees [FIRST_DEPLOYED];
    left_in_a_first_deploy_untold: "left in a first deploy, without an id" sees [FIRST_DEPLOYED];
    left_in_an_update: "left in an update" sees [UPDATED];
    left_in_an_update_untold: "left in an update, without ids" sees [UPDATED];
    left_in_an_update_edited: "left in an update, then edited" sees [UPDATED];
    left_in_an_update_put_back: "left in an update, then put back" sees [UPDATED];
    left_in_an_update_that_fails: "left in an update that fails" sees [ROLLED_BACK];
    left_in_a_rollback_edited: "left in a rollback, then edited" sees [ROLLED_BACK, UPDATED];
    left_in_a_rollback_put_back: "left in a rollback, then put back" sees [ROLLED_BACK];
    beside_left_in_a_first_deploy: "beside: left in a first deploy" sees [FIRST_DEPLOYED];
    beside_left_in_an_update: "beside: left in an update" sees [BESIDE];
    beside_left_in_an_update_untold: "beside: left in an update, without ids" sees [BESIDE];
    beside_left_in_an_update_that_fails: "beside: left in an update that fails"
        sees [FIRST_DEPLOYED];
    left_in_an_update_that_ends: "left in an update to a job that ends" sees [UPDATED];
    left_without_savepoints: "left in an update without savepoints" sees [WITHOUT_STATE];
    left_and_objects_go: "left, and objects go" sees [UPDATED];
    left_with_late_calls: "left, with calls that come late" sees [UPDATED];
    left_beside_a_persons_job: "left after its job has ended, beside a person's job"
        sees [AFTER_THE_END];
    left_with_slow_main: "left in an update, main() taking its time" sees [UPDATED];
    left_in_a_deletion: "left in a deletion" sees [DELETED];
    left_in_a_first_deletion: "left in a deletion of a first deploy" sees [DELETED];
    left_then_deleted_and_objects_go: "left, then deleted, and objects go" sees [DELETED];
    beside_left_in_a_deletion: "beside: left in a deletion" sees [BESIDE, DELETED];
    left_without_an_id: "left without an id, then updated" sees [UPDATED];
    left_without_a_status: "left without a status, then updated" sees [UPDATED];
    left_without_a_status_deleted: "left without a status, then deleted" sees [FIRST_DEPLOYED];
    left_then_deleted: "left, then deleted" sees [FIRST_DEPLOYED];
    left_then_deleted_by_force: "left without an id, then deleted by force" sees [FIRST_DEPLOYED];
    left_after_a_rollback: "left after a rollback, then cured" sees [ROLLED_BACK];
    left_after_the_end: "left after its job has ended" sees [AFTER_THE_END];
    left_then_rolled_back: "left, then rolled back onto its cluster" sees [ROLLED_BACK];
    alone_left: "alone: left, then updated" sees [UPDATED];
    left_in_a_scaling: "left in a scaling in place" sees [SCALED_UP];
    left_in_a_scaling_put_back: "left in a scaling in place, then put back"
        sees [SCALED_UP, SCALED_DOWN];
    left_then_scaled_twice: "left, then scaled twice" sees [SCALED_UP, SCALED_DOWN];
    left_then_scaled: "left, then scaled" sees [UPDATED];
    beside_left: "beside: left with two, then one goes" sees [FIRST_DEPLOYED];
    status_lost: "status lost in an update" sees [UPDATED];
    status_lost_then_deleted: "status lost in an update, then deleted" sees [UPDATED];
    alone_status_lost: "alone: status lost in an update" sees [UPDATED, WITHOUT_STATE];
    status_unreadable: "status unreadable in an update" sees [UPDATED];
    status_unreadable_then_deleted: "status unreadable, then deleted by force" sees [UPDATED];
    alone_put_back: "alone: put back in an update" sees [ROLLED_BACK];
    alone_deleted: "alone: deleted in a rollback" sees [DELETED];
    beside_older_goes: "beside: update, the older one goes" sees [BESIDE, OLDER_TORN_DOWN];
    beside_newer_goes: "beside: update, the newer one goes" sees [BESIDE, NEWER_TORN_DOWN];
    beside_ends_by_itself: "beside: job ends by itself" sees [AFTER_THE_END];
    beside_given_up: "beside: savepoint given up, then another" sees [BESIDE];
    beside_given_up_then_back: "beside: savepoint given up, then put back" sees [FIRST_DEPLOYED];
    beside_sent_twice: "beside: main() sent twice" sees [BESIDE];
    beside_a_person: "beside: a person's job" sees [CLEARED];
    alone_taken_down: "alone: in place, down" sees [SCALED_DOWN];
    alone_a_person: "alone: a person's job" sees [CLEARED];
    beside_wrong_class: "beside: wrong class" sees [FIRST_DEPLOYED];
    beside_fails: "beside: job fails at once, then cured" sees [FAILED_BESIDE, BESIDE];
    beside_new_spec: "beside: new spec in an update" sees [BESIDE];
    beside_put_back: "beside: put back in an update" sees [FIRST_DEPLOYED];
    beside_twice: "beside: two updates" sees [BESIDE, OLDER_TORN_DOWN];
    beside_forced_back: "beside: forceRollback" sees [BESIDE];
    beside_deleted: "beside: deleted" sees [BESIDE, DELETED];
    beside_without_savepoints: "beside: without savepoints" sees [BESIDE, WITHOUT_STATE];
    in_place_up: "in place: up" sees [SCALED_UP, SCALED_BACK];
    in_place_down: "in place: down" sees [SCALED_DOWN];
    in_place_and_back: "in place: up and back" sees [SCALED_UP, SCALED_DOWN];
    in_place_fails: "in place: job fails" sees [SCALED_BACK];
    in_place_no_room: "in place: no room" sees [FIRST_DEPLOYED];
    in_place_put_back: "in place: put back" sees [SCALED_UP, SCALED_DOWN];
    in_place_another_on_the_way: "in place: another version on the way" sees [SCALED_UP, UPDATED];
    in_place_then_another: "in place: then another version" sees [SCALED_UP, UPDATED];
    in_place_then_anew: "in place: then back by a new cluster" sees [SCALED_UP, SCALED_ANEW];
    in_place_forced_back: "in place: forceRollback" sees [SCALED_BACK];
    in_place_dwelling: "in place: down, each phase for a while" sees [SCALED_DOWN, SCALED_BACK];
    in_place_forced_back_slowly: "in place: forceRollback, main() taking its time" sees [SCALED_BACK];
    in_place_deleted: "in place: deleted" sees [SCALED_UP, DELETED];
    in_place_without_savepoints: "in place: without savepoints" sees [WITHOUT_STATE];
    adaptive_up: "adaptive: up" sees [ADAPTED];
    adaptive_down: "adaptive: down" sees [ADAPTED];
    adaptive_and_back: "adaptive: up and back" sees [ADAPTED];
    adaptive_in_vain: "adaptive: in vain" sees [FIRST_DEPLOYED];
    adaptive_fails: "adaptive: job fails" sees [FIRST_DEPLOYED];
    adaptive_forced_back: "adaptive: forceRollback" sees [ADAPTED];
    adaptive_deleted: "adaptive: deleted" sees [ADAPTED, DELETED];
    foreign_cancelled: "a person's job: cancelled" sees [CLEARED];
    foreign_adopted: "a person's job: adopted" sees [ADOPTED];
    foreign_in_an_update: "a person's job in an update: cancelled" sees [CLEARED, UPDATED];
    foreign_without_savepoints: "a person's job in an update without savepoints" sees [WITHOUT_STATE];
    foreign_then_deleted: "a person's job, then deleted" sees [FIRST_DEPLOYED];
    foreign_status_lost: "a person's job, status lost" sees [FIRST_DEPLOYED];
    foreign_status_unreadable: "a person's job, status unreadable" sees [FIRST_DEPLOYED];
    foreign_in_place: "in place: a person's job" sees [SCALED_UP];
    in_place_sent_twice: "in place: main() sent twice" sees [SCALED_DOWN, SCALED_UP];
    foreign_not_adopted: "a person's job in an update: adopted" sees [UPDATED];
    foreign_in_a_rollback: "a person's job in a rollback: cancelled" sees [CLEARED, ROLLED_BACK];
    foreign_then_rolled_back: "a person's job in a rollback: adopted" sees [ROLLED_BACK];
    objects_in_a_first_deploy: "objects deleted in a first deploy" sees [FIRST_DEPLOYED];
    objects_in_an_update: "objects deleted in an update" sees [UPDATED];
    objects_in_a_rollback: "objects deleted in a rollback" sees [ROLLED_BACK];
    objects_without_savepoints: "objects deleted without savepoints" sees [WITHOUT_STATE];
    objects_then_deleted: "objects deleted, then the application" sees [FIRST_DEPLOYED, DELETED];
    objects_then_deleted_by_force: "objects deleted, then the application by force"
        sees [FIRST_DEPLOYED];
    objects_alone: "alone: objects deleted" sees [UPDATED];
    objects_alone_in_a_rollback: "alone: objects deleted in a rollback" sees [ROLLED_BACK];
    objects_beside: "beside: objects deleted" sees [BESIDE, OLDER_TORN_DOWN];
    objects_in_place: "in place: objects deleted" sees [SCALED_UP];
    objects_adaptive: "adaptive: objects deleted" sees [ADAPTED];
    objects_in_a_recovery: "objects deleted in a recovery" sees [RECOVERED];
    objects_status_lost: "objects deleted, status lost" sees [FIRST_DEPLOYED];
    objects_status_unreadable: "objects deleted, status unreadable" sees [FIRST_DEPLOYED];
    hangs_in_a_first_deploy: "a pod hangs in a first deploy" sees [FIRST_DEPLOYED];
    hangs_in_an_update: "a pod hangs in an update" sees [UPDATED];
    hangs_in_a_rollback: "a pod hangs in a rollback" sees [ROLLED_BACK];
    hangs_without_savepoints: "a pod hangs without savepoints" sees [WITHOUT_STATE];
    hangs_then_deleted: "a pod hangs, then deleted" sees [UPDATED, DELETED];
    hangs_status_lost: "a pod hangs, status lost" sees [FIRST_DEPLOYED];
    hangs_status_unreadable: "a pod hangs, status unreadable" sees [FIRST_DEPLOYED];
    hangs_alone: "alone: a pod hangs" sees [UPDATED];
    hangs_alone_in_a_rollback: "alone: a pod hangs in a rollback" sees [ROLLED_BACK];
    hangs_beside: "beside: a pod hangs" sees [BESIDE, OLDER_TORN_DOWN];
    hangs_in_place: "in place: a pod hangs" sees [SCALED_UP];
    hangs_in_a_recovery: "a pod hangs in a recovery" sees [RECOVERED];
    late_in_a_first_deploy: "a late call in a first deploy" sees [FIRST_DEPLOYED];
    late_in_a_recovery: "a late call in a recovery" sees [RECOVERED];
    late_adaptive: "adaptive: a late call" sees [ADAPTED];
    late_in_an_update: "a late call in an update" sees [UPDATED];
    late_in_a_rollback: "a late call in a rollback" sees [ROLLED_BACK];
    late_without_savepoints: "a late call without savepoints" sees [WITHOUT_STATE];
    late_then_deleted: "a late call, then deleted" sees [UPDATED, DELETED];
    late_in_two_updates: "a late call in two updates" sees [UPDATED];
    late_alone: "alone: a late call" sees [UPDATED];
    late_alone_in_a_rollback: "alone: a late call in a rollback" sees [ROLLED_BACK];
    late_beside: "beside: a late call" sees [BESIDE, OLDER_TORN_DOWN];
    late_in_place: "in place: a late call" sees [SCALED_UP, SCALED_DOWN];
    deleted_and_left_alone: "deleted and left alone" sees [FIRST_DEPLOYED];
}

fn suite(name: &str) -> Suite {
    suites().into_iter().find(|s| s.name == name).expect("there is a suite of that name")
}

/// The report of a suite: explored by the first test that asks for it, one at a time.
fn report(name: &str) -> &'static Report {
    static REPORTS: OnceLock<BTreeMap<&str, OnceLock<Report>>> = OnceLock::new();
    let all = || suites().into_iter().map(|s| (s.name, OnceLock::new())).collect();
    let slot = &REPORTS.get_or_init(all)[name];
    slot.get_or_init(|| explore(&suite(name), None, Limits::default()))
}

/// All of them. Whoever waits for all explores what nobody has begun, so that no thread waits for another
/// while there is something left to do.
fn reports() -> Vec<&'static Report> {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let suites = suites();
    while let Some(suite) = suites.get(NEXT.fetch_add(1, Ordering::Relaxed)) {
        report(suite.name);
    }
    suites.iter().map(|suite| report(suite.name)).collect()
}

fn check(name: &str, sees: &[&str]) {
    let report = report(name);
    println!("{report}");
    assert!(report.finding.is_none(), "{report}");
    let seen = &report.survey.seen;
    let missing: Vec<&&str> = sees.iter().filter(|s| !seen.contains(**s)).collect();
    assert!(missing.is_empty(), "{name}: never seen: {missing:?}");
}

#[test]
fn every_transition_of_the_machine_is_seen_and_no_other() {
    let reports = reports();
    let seen: BTreeSet<(Place, Place)> =
        reports.iter().flat_map(|r| r.survey.transitions.keys().copied()).collect();
    let known = Place::ALL.iter().flat_map(|p| followers(*p).iter().map(|next| (*p, *next)));
    let known: BTreeSet<(Place, Place)> = known.collect();
    let (unknown, unseen) = (seen.difference(&known), known.difference(&seen));
    assert!(seen == known, "not known: {:?}; not seen: {:?}", debug(unknown), debug(unseen));
}

fn debug<T: std::fmt::Debug>(all: impl Iterator<Item = T>) -> Vec<String> {
    all.map(|one| format!("{one:?}")).collect()
}

#[test]
fn every_effect_is_asked_for() {
    let asked: BTreeSet<&str> =
        reports().iter().flat_map(|r| r.survey.effects.iter().copied()).collect();
    let all = [
        "add-finalizer",
        "save-revision",
        "copy-revision",
        "rebuild-revision",
        "create-cluster",
        "scale-task-managers",
        "set-requirements",
        "label-cluster",
        "point-service",
        "submit",
        "savepoint",
        "cancel",
        "delete-pod",
        "remove-cluster",
        "remove-revision",
        "remove-finalizer",
    ];
    assert_eq!(asked, all.into());
}

/// Every cure that a person can try without another operator, an older object, or a spec that cannot be
/// deployed (`cures.rs`) was tried: where it is named, it works. Each mode has those of its own.
#[test]
fn every_cure_that_is_named_works() {
    reports();
    let tried = |suites: &[Suite]| -> BTreeSet<&str> {
        suites.iter().flat_map(|suite| report(suite.name).survey.cured.iter().copied()).collect()
    };
    let always = [
        "CancelJob",
        "EndJob",
        "FallbackWithoutState",
        "LastSeen",
        "NewRestartNonce",
        "NewSpec",
        "Restore",
    ];
    for mode in Mode::ALL {
        let of = |suite: &Suite| suite.editions.iter().all(|e| e.mode == *mode);
        let mine: Vec<Suite> = suites().into_iter().filter(of).collect();
        let missing: Vec<&str> =
            always.into_iter().filter(|cure| !tried(&mine).contains(cure)).collect();
        assert!(missing.is_empty(), "{mode:?}: never tried: {missing:?}");
    }
    let others = [
        "AdoptJob",
        "DeployedSpec",
        "ForceCancel",
        "ForceRollback",
        "Remove",
        "SavepointAgain",
        "TearDown",
    ];
    assert_eq!(tried(&suites()), always.into_iter().chain(others).collect());
}

#[test]
fn every_fault_strikes_in_every_phase_but_where_it_is_listed_as_impossible() {
    let reports = reports();
    let struck: BTreeSet<(Place, Fault)> =
        reports.iter().flat_map(|r| r.survey.struck.iter().copied()).collect();
    // Nothing befalls an application that is gone.
    let phases = Place::ALL.iter().filter(|place| **place != Place::Gone);
    let all: BTreeSet<(Place, Fault)> =
        phases.flat_map(|place| Fault::ALL.iter().map(|fault| (*place, *fault))).collect();
    let in_each = |i: &'static Impossible| i.places.iter().map(|place| (*place, i.fault));
    let listed: BTreeSet<(Place, Fault)> = IMPOSSIBLE.iter().flat_map(in_each).collect();
    let not_struck: BTreeSet<(Place, Fault)> = all.difference(&struck).copied().collect();
    let (more, fewer) = (not_struck.difference(&listed), listed.difference(&not_struck));
    assert!(not_struck == listed, "struck nowhere: {:?}; struck: {:?}", debug(more), debug(fewer));
    assert!(listed.len() * 10 <= all.len(), "{} of {}", listed.len(), all.len());
}

/// The cases without which an invariant would say nothing in a mode.
fn twins(invariant: &str, mode: Mode) -> Vec<&'static str> {
    // What comes up beside another version that runs is not rolled back, it goes.
    let rolled_back = match mode {
        Mode::Dual | Mode::Single => ROLLED_BACK,
        Mode::BlueGreen => FAILED_BESIDE,
    };
    match invariant {
        ONE_JOB => vec![UPDATED],
        NEWEST_STATE => vec![UPDATED, rolled_back, RECOVERED, STOPPED_BY_A_PERSON],
        NOT_EMPTY => vec![UPDATED, WITHOUT_STATE, AFTER_THE_END, STOPPED_BY_A_PERSON],
        FILES_STAY => vec![DISCARDED],
        ROLLBACK_POSSIBLE => vec![rolled_back],
        TASKS_STAY | ADDRESS_STAYS => vec![SCALED_DOWN],
        CLUSTER_STAYS => vec![REPLACED],
        RUNS_ON => vec![BESIDE, OLDER_TORN_DOWN, NEWER_TORN_DOWN],
        NOTHING_BESIDE => vec![CLEARED],
        TOLD_TRULY => vec![UPDATED, AFTER_THE_END, LOST, STOPPED_BY_A_PERSON],
        _ => Vec::new(),
    }
}

/// Whether an invariant speaks of a mode at all.
fn speaks_of(invariant: &str, mode: Mode) -> bool {
    match invariant {
        // In mode Single the old cluster goes before its successor is good.
        CLUSTER_STAYS => mode != Mode::Single,
        // In mode BlueGreen nothing is scaled in place.
        TASKS_STAY | ADDRESS_STAYS => mode != Mode::BlueGreen,
        RUNS_ON => mode == Mode::BlueGreen,
        _ => true,
    }
}

#[test]
fn every_invariant_has_its_cases_in_every_mode() {
    reports();
    let suites = suites();
    for mode in Mode::ALL {
        let mine = suites.iter().filter(|suite| suite.editions.iter().all(|e| e.mode == *mode));
        let seen: BTreeSet<&str> =
            mine.flat_map(|suite| report(suite.name).survey.seen.iter().copied()).collect();
        for invariant in ALWAYS.iter().filter(|invariant| speaks_of(invariant, *mode)) {
            let twins = twins(invariant, *mode);
            assert!(!twins.is_empty(), "{invariant}: no case is named");
            let missing: Vec<&&str> = twins.iter().filter(|twin| !seen.contains(**twin)).collect();
            assert!(missing.is_empty(), "{mode:?}: {invariant}: never seen: {missing:?}");
        }
    }
}

#[test]
fn the_diagram_and_the_table_in_the_documents_are_what_is_seen() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/generated/phases.md");
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(written, document(&reports()), "cargo xtask explore --write-docs writes it anew");
}

#[test]
fn every_suite_is_explored_and_everything_that_has_to_be_seen_is_asked_for() {
    let explored: BTreeSet<&str> = EXPLORED.iter().map(|(name, _)| *name).collect();
    let all = suites();
    assert_eq!(explored, all.iter().map(|s| s.name).collect());
    let asked: BTreeSet<&str> =
        EXPLORED.iter().flat_map(|(_, sees)| sees.iter().copied()).collect();
    assert_eq!(asked, SOMETIMES.iter().map(|(name, _)| *name).collect());
}

#[test]
fn an_exploration_that_is_cut_short_has_failed() {
    let report = explore(&suite("first deploy"), None, Limits { states: 10, ..Limits::default() });
    assert_eq!(report.finding.map(|f| f.what), Some(What::CutShort));
}

#[test]
fn states_that_are_taken_for_one_have_the_same_future() {
    let suites = [
        ("update", 1),
        ("deleted in a rollback", 0),
        ("wrong class", 1),
        ("in place: job fails", 1),
    ];
    for (name, faults) in suites {
        let compared = check_form(&suite(name).with_faults(faults));
        assert!(compared.as_ref().is_ok_and(|n| *n > 1_000), "{name}: {compared:?}");
    }
}

/// A phase that lasts is seen to last: else the suites of `minPhaseDuration` would be those without it.
#[test]
fn a_phase_that_lasts_for_a_while_is_held_up() {
    let lasting = suites().into_iter().filter(|suite| suite.dwells);
    let states = |suite: &Suite| explore(suite, None, Limits::default()).states;
    let pairs: Vec<_> = lasting
        .map(|suite| {
            let at_once = Suite { dwells: false, ..suite.clone() };
            (suite.name, states(&at_once), states(&suite))
        })
        .collect();
    assert!(!pairs.is_empty());
    assert!(pairs.iter().all(|(_, at_once, lasting)| at_once != lasting), "{pairs:?}");
}
