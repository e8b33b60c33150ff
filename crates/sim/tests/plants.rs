//! Defects planted around the machine are found: each by the invariant that it breaks.

use std::collections::BTreeSet;

use flinkk8soperator_sim::explore::{Limits, Plant, What, explore, finder};
use flinkk8soperator_sim::invariants::{
    ADDRESS_STAYS, CLUSTER_STAYS, NEWEST_STATE, NOT_EMPTY, NOTHING_BESIDE, ONE_JOB,
    ROLLBACK_POSSIBLE, RUNS_ON, TASKS_STAY,
};

#[test]
fn every_planted_defect_is_found_and_without_it_nothing_is() {
    let mut clean = BTreeSet::new();
    for plant in Plant::ALL {
        let suite = finder(*plant);
        if clean.insert(format!("{suite:?}")) {
            let without = explore(&suite, None, Limits::default());
            assert!(without.finding.is_none(), "without {plant:?}: {without}");
        }
        let report = explore(&suite, Some(*plant), Limits::default());
        let found = report.finding.as_ref().map(|f| &f.what);
        let Some(What::Invariant(violation)) = found else { panic!("{plant:?}: {report}") };
        assert_eq!(violation.invariant, broken_by(*plant), "{plant:?}: {report}");
    }
}

fn broken_by(plant: Plant) -> &'static str {
    match plant {
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
        | Plant::ForgetsWhatIsLeaving
        | Plant::TerminatingCountsAsGone
        | Plant::SlowMainMeansRefused => ONE_JOB,
        Plant::RestoresFromCheckpoint
        | Plant::RollsBackToACheckpoint
        | Plant::FailedSavepointCounts
        | Plant::StartsFromAnEarlierSavepoint => NEWEST_STATE,
        Plant::StartsEmpty
        | Plant::RollsBackToNothing
        | Plant::RecoversFromNothing
        | Plant::OldStatisticsBelieved
        | Plant::SilenceMeansNotFound
        | Plant::FailedCountsAsFinished
        | Plant::CanceledCountsAsFinished
        | Plant::LostCountsAsFinished => NOT_EMPTY,
        Plant::RevisionGoesEarly => ROLLBACK_POSSIBLE,
        Plant::ScalesDownEarly | Plant::NothingIsLeftInPlace => TASKS_STAY,
        Plant::FirstServiceGoes => ADDRESS_STAYS,
        Plant::ForeignJobIsOverlooked => NOTHING_BESIDE,
    }
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
