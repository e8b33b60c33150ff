//! Defects planted around the machine are found: each by the invariant that it breaks.

use std::collections::BTreeSet;
use std::num::NonZero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use flinkk8soperator_sim::explore::{Limits, Plant, What, explore, finder};
use flinkk8soperator_sim::invariants::{
    ADDRESS_STAYS, CLUSTER_STAYS, NEWEST_STATE, NOT_EMPTY, NOTHING_BESIDE, ONE_JOB,
    ROLLBACK_POSSIBLE, RUNS_ON, TASKS_STAY, TOLD_TRULY,
};
use mimalloc::MiMalloc;

/// As in the exploration.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[test]
fn every_planted_defect_is_found_and_without_it_nothing_is() {
    let (next, clean) = (AtomicUsize::new(0), Mutex::default());
    // Side by side, as the suites of the exploration are.
    let work = || {
        while let Some(plant) = Plant::ALL.get(next.fetch_add(1, Ordering::Relaxed)) {
            is_found(*plant, &clean);
        }
    };
    thread::scope(|scope| {
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        (0..threads).for_each(|_| drop(scope.spawn(work)));
    });
}

/// `clean`: suites that were explored without a defect.
fn is_found(plant: Plant, clean: &Mutex<BTreeSet<String>>) {
    let suite = finder(plant);
    if clean.lock().expect("no test has failed").insert(format!("{suite:?}")) {
        let without = explore(&suite, None, Limits::default());
        assert!(without.finding.is_none(), "without {plant:?}: {without}");
    }
    let report = explore(&suite, Some(plant), Limits::default());
    let found = report.finding.as_ref().map(|f| &f.what);
    let broken = if let Some(What::Invariant(violation)) = found {
        Some(violation.invariant)
    } else {
        assert_eq!(found, Some(&What::Trap), "{plant:?}: {report}");
        None
    };
    assert_eq!(broken, broken_by(plant), "{plant:?}: {report}");
}

/// The invariant; `None`: there is a state that nothing leads on from.
fn broken_by(plant: Plant) -> Option<&'static str> {
    Some(match plant {
        Plant::NamesWhatDoesNotHelp | Plant::DeletedStaysAway | Plant::HangingPodsAreNotTold => {
            return None;
        }
        Plant::LostCountsAsRunning
        | Plant::FailedCountsAsFinished
        | Plant::CanceledCountsAsFinished
        | Plant::StoppedCountsAsFinished
        | Plant::LostCountsAsFinished => TOLD_TRULY,
        Plant::EffectsBeforeWrite
        | Plant::IncarnationsComeAgain
        | Plant::OldClusterGoesEarly
        | Plant::OlderGoesUnasked
        | Plant::NewerGoesUnasked
        | Plant::RollbackRemovesTheOldCluster => CLUSTER_STAYS,
        Plant::StopsWhatRunsOn => RUNS_ON,
        Plant::NotFoundClosesSubmission
        | Plant::SubmitsBesideALeavingCluster
        | Plant::NewJobIdEachTime
        | Plant::HeldSlotsCountAsFree
        | Plant::SavepointEndsTheJob
        | Plant::CancellingCountsAsOver
        | Plant::LostAnswerMeansRefused
        | Plant::RefusalClosesWhatWasSentBefore
        | Plant::TerminatingCountsAsGone
        | Plant::SlowMainMeansRefused => ONE_JOB,
        Plant::RestoresFromCheckpoint
        | Plant::RollsBackToACheckpoint
        | Plant::FailedSavepointCounts
        | Plant::SilenceMeansNotFound
        | Plant::StartsFromAnEarlierSavepoint => NEWEST_STATE,
        Plant::StartsEmpty
        | Plant::RollsBackToNothing
        | Plant::RecoversFromNothing
        | Plant::OldStatisticsBelieved => NOT_EMPTY,
        Plant::RevisionGoesEarly => ROLLBACK_POSSIBLE,
        Plant::ScalesDownEarly | Plant::NothingIsLeftInPlace => TASKS_STAY,
        Plant::FirstServiceGoes => ADDRESS_STAYS,
        Plant::ForeignJobIsOverlooked => NOTHING_BESIDE,
    })
}

#[test]
fn a_finding_is_told_as_the_shortest_way_to_it() {
    let plant = Plant::NewJobIdEachTime;
    let report = explore(&finder(plant), Some(plant), Limits::default());
    let finding = report.finding.expect("the defect is found");
    let told = finding.to_string();
    assert!(told.starts_with("broken: at most one job of an application consumes at a time"));
    assert!(finding.trace[0].contains("Edit"), "{told}");
    assert!(finding.trace.iter().any(|line| line.contains("Submit ")), "{told}");
}

#[test]
fn depth_first_sees_the_same_and_tells_a_finding_by_the_same_way() {
    let depth_first = Limits { depth_first: true, ..Limits::default() };
    let plant = Plant::NewJobIdEachTime;
    let both = |planted| {
        let suite = finder(plant);
        [Limits::default(), depth_first].map(|limits| explore(&suite, planted, limits))
    };
    let [breadth, depth] = both(None);
    assert_eq!((breadth.states, breadth.edges), (depth.states, depth.edges));
    assert_eq!(breadth.survey, depth.survey);
    let [breadth, depth] = both(Some(plant)).map(|report| report.finding.expect("it is found"));
    assert_eq!(breadth.trace, depth.trace);
}
