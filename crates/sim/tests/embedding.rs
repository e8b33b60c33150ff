//! The conformance suite, on the example of an embedding controller (`crates/core/examples`): it keeps
//! every rule; and each rule is missed where it is broken on purpose.

#[path = "../../core/examples/streaming_job/main.rs"]
#[expect(dead_code, reason = "the example's own main function, story and stand-in for a cluster")]
mod streaming_job;

#[path = "embedding/adapter.rs"]
mod adapter;

use adapter::{Defect, Embedded};
use flinkk8soperator_sim::conformance::{Fault, check, rules};
use flinkk8soperator_sim::invariants::NOT_EMPTY;

#[test]
fn the_example_keeps_every_rule_with_every_fault_at_every_place() {
    let summary = check(|config| Embedded::new(*config, None)).unwrap_or_else(|b| panic!("{b}"));
    println!("{} rounds, {:?}", summary.rounds, summary.told);
    for fault in Fault::ALL {
        let told: usize =
            summary.told.iter().filter(|(f, _)| *f == Some(*fault)).map(|(_, n)| n).sum();
        assert!(told > 0, "{fault:?} never struck");
    }
}

#[test]
fn every_rule_is_missed_where_it_is_broken() {
    for defect in Defect::ALL {
        let found = check(|config| Embedded::new(*config, Some(*defect)));
        let Err(breach) = found else { panic!("{defect:?} is not found") };
        assert_eq!(breach.rule, broken_by(*defect), "{defect:?}: {breach}");
    }
}

fn broken_by(defect: Defect) -> &'static str {
    match defect {
        Defect::WritesAfterwards => rules::STATE_FIRST,
        Defect::ReadsACache => rules::LIVE_STATE,
        Defect::ForcesConflicts => rules::CONFLICT_ENDS,
        Defect::TakesNoAnswerForWritten => rules::LOST_WRITE_ENDS,
        Defect::LooksAtNoReply => rules::PRUNED_ENDS,
        Defect::DeletesByName => rules::UID_PRECONDITION,
        Defect::TakesSilenceForAbsence => rules::HONEST_FACTS,
        Defect::CountsHeldSlotsAsFree => rules::AS_ANSWERED,
        Defect::AsksLess => rules::ALL_ASKED,
        Defect::CallsEveryJobUnsent => rules::MAYBE_SENT,
        Defect::ExaggeratesASilence => rules::OWN_SILENCE,
        Defect::FiresWhatPassedBefore => rules::FIRST_ROUND,
        Defect::DecidesByItself => rules::MACHINE_DECIDES,
        Defect::LeavesAnEffectOut => rules::AS_DECIDED,
        Defect::GoesOnAfterAFailure => rules::FIRST_FAILURE_ENDS,
        Defect::GivesUpAfterAConflict => rules::STORY_ENDS,
        Defect::LooksTooLate => rules::AS_PLANNED,
        Defect::MistakesTheWish => NOT_EMPTY,
    }
}
