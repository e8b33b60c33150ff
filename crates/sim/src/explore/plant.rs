//! Defects planted around the machine on purpose: an exploration that does not find them proves
//! nothing by finding none.

mod distort;

use std::time::Duration;

use flinkk8soperator_core as machine;
use machine::{
    Decision, Effect, Fact, Flink, JobState, Observation, Obsolete, Operation, Phase, Target,
};

use self::distort::{
    about, call_what_is_lost_running, complete_a_failed_savepoint, delete_the_first_service, early,
    forget_what_is_ending, goes_unasked, leave_alone_in_place, leave_deleted_what_was,
    lost_is_finished, name_what_does_not_help, not_found_in_a_silence, overlook_a_persons_job,
    refuse, refuse_alone, refuse_what_takes_its_time, remove_the_old_cluster,
    restore_an_earlier_savepoint, restore_the_newest_checkpoint, scale_down_early, start_empty,
    states, stop_what_runs_on, stopped_is_finished, tell_of_no_pods, with_a_new_id,
};
use super::calls::Call;
use super::node::Node;

macro_rules! plants {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// A planted defect.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Plant { $($(#[$doc])* $name),+ }

        impl Plant {
            /// All of them.
            pub const ALL: &'static [Plant] = &[$(Plant::$name),+];
        }
    };
}

plants! {
    /// The calls are made before the state that they belong to is written.
    EffectsBeforeWrite,
    /// A submission whose id is unknown counts as refused, though its `main()` may still run.
    NotFoundClosesSubmission,
    /// A cluster on its way out holds back nothing.
    SubmitsBesideALeavingCluster,
    /// The newest checkpoint is used instead of the savepoint.
    RestoresFromCheckpoint,
    /// Every submission carries a new id.
    NewJobIdEachTime,
    /// The new job starts from nothing.
    StartsEmpty,
    /// A rollback starts from nothing.
    RollsBackToNothing,
    /// A recovery starts from nothing.
    RecoversFromNothing,
    /// Statistics from a cache count as new.
    OldStatisticsBelieved,
    /// Slots that the tasks of a lost job hold count as free.
    HeldSlotsCountAsFree,
    /// The old cluster is removed when the new job is submitted.
    OldClusterGoesEarly,
    /// The old version's revision is removed when the new job is submitted.
    RevisionGoesEarly,
    /// A job counts as over once its savepoint is written.
    SavepointEndsTheJob,
    /// A job counts as over once it is being cancelled.
    CancellingCountsAsOver,
    /// Silence counts as "not known".
    SilenceMeansNotFound,
    /// A submission whose answer was lost counts as refused.
    LostAnswerMeansRefused,
    /// A refusal counts as a word on what was sent before, too.
    RefusalClosesWhatWasSentBefore,
    /// A job that failed counts as one that ended well.
    FailedCountsAsFinished,
    /// Numbers of clusters come again.
    IncarnationsComeAgain,
    /// A failed savepoint counts as written.
    FailedSavepointCounts,
    /// A savepoint that is to let the job run on ends it.
    StopsWhatRunsOn,
    /// The older of two good versions is removed without being named.
    OlderGoesUnasked,
    /// The newer of two good versions is removed without being named.
    NewerGoesUnasked,
    /// A version is started from the savepoint that was taken for the one before.
    StartsFromAnEarlierSavepoint,
    /// A cluster is scaled down before its job is stopped.
    ScalesDownEarly,
    /// A cluster that was scaled in place loses the Service that its pods use.
    FirstServiceGoes,
    /// What may still run of a job that was given up in place is left alone.
    NothingIsLeftInPlace,
    /// A job that is not the operator's is overlooked.
    ForeignJobIsOverlooked,
    /// What is on its way out counts as gone.
    TerminatingCountsAsGone,
    /// A job that a person cancelled counts as one that ended well.
    CanceledCountsAsFinished,
    /// A job that a person stopped with a savepoint counts as one that ended well.
    StoppedCountsAsFinished,
    /// A job that is lost counts as one that ended well.
    LostCountsAsFinished,
    /// A rollback removes the cluster that it goes back to.
    RollbackRemovesTheOldCluster,
    /// A `main()` that runs counts as refused.
    SlowMainMeansRefused,
    /// A rollback starts from a checkpoint instead of the savepoint.
    RollsBackToACheckpoint,
    /// A job that is not there counts as one that runs.
    LostCountsAsRunning,
    /// A cure is named that does nothing.
    NamesWhatDoesNotHelp,
    /// What someone deletes of the deployed version's cluster does not come back.
    DeletedStaysAway,
    /// Pods that do not end are not told of.
    HangingPodsAreNotTold,
}

/// Where a defect sits.
enum Place {
    /// In what the machine sees of each JobManager.
    Facts(fn(&mut Flink)),
    /// In all that it sees.
    Seen(fn(&mut Observation)),
    /// In what it decides.
    Decision(fn(&Node, &mut Decision)),
    /// In the calls.
    Calls(fn(&Node, &Call) -> Option<Call>),
    /// In the order of the round.
    Order,
}

impl Plant {
    fn place(self) -> Place {
        match self {
            Plant::EffectsBeforeWrite => Place::Order,
            Plant::NewJobIdEachTime => Place::Calls(with_a_new_id),
            Plant::NotFoundClosesSubmission => Place::Facts(|flink| {
                if flink.job == Fact::Known(None) {
                    refuse(flink);
                }
            }),
            Plant::LostAnswerMeansRefused => Place::Facts(refuse),
            Plant::RefusalClosesWhatWasSentBefore => Place::Facts(refuse_alone),
            Plant::OldStatisticsBelieved => Place::Facts(|flink| {
                about(flink, |cluster| cluster.refresh_interval = Duration::ZERO);
            }),
            Plant::HeldSlotsCountAsFree => {
                Place::Facts(|flink| about(flink, |cluster| cluster.slots_free = cluster.slots))
            }
            Plant::SavepointEndsTheJob => Place::Facts(|flink| {
                if matches!(flink.operation, Fact::Known(Operation::Completed { .. })) {
                    states(flink, |_| JobState::Canceled);
                }
            }),
            Plant::CancellingCountsAsOver => Place::Facts(|flink| {
                states(flink, |s| if s == JobState::Cancelling { JobState::Canceled } else { s });
            }),
            Plant::FailedCountsAsFinished => Place::Facts(|flink| {
                states(flink, |s| if s == JobState::Failed { JobState::Finished } else { s });
            }),
            Plant::SilenceMeansNotFound => Place::Facts(not_found_in_a_silence),
            Plant::TerminatingCountsAsGone => Place::Seen(forget_what_is_ending),
            Plant::CanceledCountsAsFinished => Place::Facts(|flink| {
                states(flink, |s| if s == JobState::Canceled { JobState::Finished } else { s });
            }),
            Plant::StoppedCountsAsFinished => Place::Facts(stopped_is_finished),
            Plant::LostCountsAsFinished => Place::Decision(lost_is_finished),
            Plant::RollbackRemovesTheOldCluster => Place::Decision(remove_the_old_cluster),
            Plant::SlowMainMeansRefused => Place::Facts(refuse_what_takes_its_time),
            Plant::RollsBackToACheckpoint => Place::Decision(|node, decision| {
                if matches!(decision.state.phase, Phase::RollingBackJob(_)) {
                    restore_the_newest_checkpoint(node, decision);
                }
            }),
            Plant::FailedSavepointCounts => Place::Facts(complete_a_failed_savepoint),
            Plant::SubmitsBesideALeavingCluster => Place::Decision(|_, decision| {
                decision.state.record.leaving.iter_mut().for_each(|l| l.may_run = false);
            }),
            Plant::IncarnationsComeAgain => Place::Decision(|_, decision| {
                let incarnations = &mut decision.state.record.incarnations;
                *incarnations = 1.min(*incarnations);
            }),
            Plant::RestoresFromCheckpoint => Place::Decision(restore_the_newest_checkpoint),
            Plant::StartsEmpty => Place::Decision(|_, decision| start_empty(decision)),
            Plant::RollsBackToNothing => Place::Decision(|_, decision| {
                if matches!(decision.state.phase, Phase::RollingBackJob(_)) {
                    start_empty(decision);
                }
            }),
            Plant::RecoversFromNothing => Place::Decision(|_, decision| {
                if matches!(decision.state.phase, Phase::Recovering(_)) {
                    start_empty(decision);
                }
            }),
            Plant::StopsWhatRunsOn => Place::Calls(stop_what_runs_on),
            Plant::OlderGoesUnasked => Place::Decision(|_, decision| {
                let older = decision.state.record.beside().map(|version| version.target);
                goes_unasked(decision, older);
            }),
            Plant::NewerGoesUnasked => Place::Decision(|_, decision| {
                let newer = decision.state.record.deployed.as_ref().map(|version| version.target);
                goes_unasked(decision, newer);
            }),
            Plant::StartsFromAnEarlierSavepoint => Place::Decision(restore_an_earlier_savepoint),
            Plant::FirstServiceGoes => Place::Calls(delete_the_first_service),
            Plant::ScalesDownEarly => Place::Decision(scale_down_early),
            Plant::NothingIsLeftInPlace => Place::Decision(leave_alone_in_place),
            Plant::ForeignJobIsOverlooked => Place::Facts(overlook_a_persons_job),
            Plant::LostCountsAsRunning => Place::Decision(call_what_is_lost_running),
            Plant::NamesWhatDoesNotHelp => Place::Decision(name_what_does_not_help),
            Plant::DeletedStaysAway => Place::Decision(leave_deleted_what_was),
            Plant::HangingPodsAreNotTold => Place::Decision(tell_of_no_pods),
            Plant::OldClusterGoesEarly => Place::Decision(|_, decision| {
                early(decision, |Target { incarnation, .. }| Effect::RemoveCluster { incarnation });
            }),
            Plant::RevisionGoesEarly => Place::Decision(|_, decision| {
                early(decision, |Target { incarnation, hash, .. }| {
                    Effect::RemoveRevision(Obsolete { incarnation, hash })
                });
            }),
        }
    }

    pub(super) fn on_facts(self, seen: &mut Observation) {
        if let Place::Facts(distort) = self.place() {
            seen.flink.values_mut().for_each(distort);
        }
    }

    /// Before the machine is asked what else it needs.
    pub(super) fn on_each_pass(self, seen: &mut Observation) {
        if let Place::Seen(distort) = self.place() {
            distort(seen);
        }
    }

    pub(super) fn on_decision(self, node: &Node, decision: &mut Decision) {
        if let Place::Decision(distort) = self.place() {
            distort(node, decision);
        }
    }

    pub(super) fn on_call(self, node: &Node, call: &Call) -> Option<Call> {
        match self.place() {
            Place::Calls(distort) => distort(node, call),
            Place::Facts(_) | Place::Seen(_) | Place::Decision(_) | Place::Order => None,
        }
    }

    /// Whether the calls come before the write.
    pub(super) fn calls_first(self) -> bool {
        matches!(self.place(), Place::Order)
    }
}
