//! For each planted defect the space in which it is found.

use flinkk8soperator_core::Mode;

use super::beside::two_updates;
use super::in_place::sized;
use super::{first, update, version, with_program};
use crate::explore::plant::Plant;
use crate::explore::scenario::{Fault, Suite};
use crate::world::Program;

/// What finds a planted defect: without the laws, which most of them break, too.
#[must_use]
pub fn finder(plant: Plant) -> Suite {
    let another = update("update", &[version(2)]);
    let wrong = update("wrong class", &[with_program(2, Program::ClassNotFound)]);
    let losses = &[Fault::JobFails, Fault::ProcessRestarts, Fault::PodLost];
    match plant {
        Plant::EffectsBeforeWrite
        | Plant::StartsEmpty
        | Plant::NewJobIdEachTime
        | Plant::OldClusterGoesEarly
        | Plant::SubmitsBesideALeavingCluster
        | Plant::TerminatingCountsAsGone => another,
        Plant::LostCountsAsFinished => another.only(losses),
        Plant::CanceledCountsAsFinished => another.only(&[Fault::PersonCancels]),
        Plant::StoppedCountsAsFinished => another.only(&[Fault::PersonStops]),
        // A submission that was never seen to arrive, and arrives later.
        Plant::LostAnswerMeansRefused => another.only(&[Fault::LateCall]),
        Plant::RefusalClosesWhatWasSentBefore => {
            another.with_slow_main().with_faults(2).only(&[Fault::CrashAfterCalls, Fault::Refused])
        }
        Plant::NotFoundClosesSubmission | Plant::SlowMainMeansRefused => another.with_slow_main(),
        Plant::RollsBackToACheckpoint => wrong.cancelling(),
        Plant::RestoresFromCheckpoint | Plant::SavepointEndsTheJob => another.cancelling(),
        Plant::CancellingCountsAsOver => another.without_savepoints(),
        Plant::FailedCountsAsFinished
        | Plant::FailedSavepointCounts
        | Plant::OldStatisticsBelieved => another.in_mode(Mode::Single),
        Plant::SilenceMeansNotFound => {
            another.with_faults(2).only(&[Fault::Unreachable, Fault::Slow])
        }
        Plant::RollsBackToNothing | Plant::RollbackRemovesTheOldCluster => wrong,
        Plant::DeletedStaysAway => another.in_mode(Mode::Single).only(&[Fault::ObjectDeleted]),
        Plant::HangingPodsAreNotTold => another.in_mode(Mode::Single).only(&[Fault::PodStuck]),
        Plant::LostCountsAsRunning => first("lost", &[version(1)]).only(losses),
        Plant::NamesWhatDoesNotHelp => another.only(&[Fault::PersonSubmits]).with_cures(),
        Plant::HeldSlotsCountAsFree | Plant::RecoversFromNothing => {
            first("lost", &[version(1)]).only(losses)
        }
        Plant::StopsWhatRunsOn | Plant::OlderGoesUnasked | Plant::NewerGoesUnasked => {
            another.in_mode(Mode::BlueGreen)
        }
        Plant::StartsFromAnEarlierSavepoint => two_updates().in_mode(Mode::BlueGreen),
        Plant::ForeignJobIsOverlooked => {
            first("a person's job", &[version(1)]).only(&[Fault::PersonSubmits])
        }
        Plant::ScalesDownEarly => Suite::new("in place: down", vec![sized(1, 3), sized(2, 1)], 0)
            .from_running()
            .in_place(),
        Plant::FirstServiceGoes => {
            Suite::new("in place: up", vec![sized(1, 1), sized(2, 3)], 0).from_running().in_place()
        }
        Plant::NothingIsLeftInPlace => {
            Suite::new("in place: up", vec![sized(1, 1), sized(2, 3), sized(2, 3)], 1)
                .from_running()
                .in_place()
                .at_any_time()
                .forced_back()
                .with_slow_main()
                .only(&[Fault::CrashAfterCalls, Fault::RequestTimesOut])
        }
        Plant::IncarnationsComeAgain | Plant::RevisionGoesEarly => {
            update("job ends by itself", &[with_program(2, Program::Finishes), version(3)])
        }
    }
}
