//! Defects planted around the machine on purpose: an exploration that does not find them proves
//! nothing by finding none.

use std::time::Duration;

use flinkk8soperator_core as machine;
use machine::{
    Decision, Effect, Fact, Flink, FlinkCluster, JobState, Mode, Observation, Obsolete, Operation,
    Origin, Phase, Post, RecoveringStep,
};

use super::calls::Call;
use super::node::Node;
use crate::world::FileKind;

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
    /// Clusters on their way out are forgotten.
    ForgetsWhatIsLeaving,
    /// A job that failed counts as one that ended well.
    FailedCountsAsFinished,
    /// Numbers of clusters come again.
    IncarnationsComeAgain,
    /// A failed savepoint counts as written.
    FailedSavepointCounts,
}

impl Plant {
    pub(super) fn on_facts(self, seen: &mut Observation) {
        seen.flink.values_mut().for_each(|flink| self.on_flink(flink));
    }

    fn on_flink(self, flink: &mut Flink) {
        match self {
            Plant::NotFoundClosesSubmission if flink.job == Fact::Known(None) => refuse(flink),
            Plant::LostAnswerMeansRefused => refuse(flink),
            Plant::OldStatisticsBelieved => {
                about(flink, |cluster| cluster.refresh_interval = Duration::ZERO);
            }
            Plant::HeldSlotsCountAsFree => about(flink, |c| c.slots_free = c.slots),
            Plant::SavepointEndsTheJob => {
                if matches!(flink.operation, Fact::Known(Operation::Completed { .. })) {
                    states(flink, |_| JobState::Canceled);
                }
            }
            Plant::CancellingCountsAsOver => states(flink, |state| match state {
                JobState::Cancelling => JobState::Canceled,
                other => other,
            }),
            Plant::FailedCountsAsFinished => states(flink, |state| match state {
                JobState::Failed => JobState::Finished,
                other => other,
            }),
            Plant::SilenceMeansNotFound => {
                if matches!(flink.job, Fact::Unknown { .. }) {
                    flink.job = Fact::Known(None);
                    flink.jobs = Fact::Known(Vec::new());
                }
            }
            Plant::FailedSavepointCounts => {
                let newest = flink.statistics.known().and_then(Option::as_ref);
                let path = newest.and_then(|s| s.completed.last()?.path.clone());
                if let (Fact::Known(Operation::Failed { .. }), Some(path)) =
                    (&flink.operation, path)
                {
                    flink.operation = Fact::Known(Operation::Completed { path });
                }
            }
            _ => {}
        }
    }

    pub(super) fn on_decision(self, node: &Node, decision: &mut Decision) {
        let record = &mut decision.state.record;
        match self {
            Plant::SubmitsBesideALeavingCluster => {
                record.leaving.iter_mut().for_each(|l| l.may_run = false);
            }
            Plant::ForgetsWhatIsLeaving => record.leaving.clear(),
            Plant::IncarnationsComeAgain => record.incarnations = record.incarnations.min(1),
            Plant::RestoresFromCheckpoint => restore_the_newest_checkpoint(node, decision),
            Plant::StartsEmpty => start_empty(decision),
            Plant::RollsBackToNothing
                if matches!(decision.state.phase, Phase::RollingBackJob(_)) =>
            {
                start_empty(decision);
            }
            Plant::RecoversFromNothing if matches!(decision.state.phase, Phase::Recovering(_)) => {
                start_empty(decision);
            }
            Plant::OldClusterGoesEarly => {
                early(decision, |target| Effect::RemoveCluster { incarnation: target.incarnation })
            }
            Plant::RevisionGoesEarly => early(decision, |target| {
                Effect::RemoveRevision(Obsolete {
                    incarnation: target.incarnation,
                    hash: target.hash,
                })
            }),
            _ => {}
        }
    }

    pub(super) fn on_call(self, node: &Node, call: &Call) -> Call {
        match call {
            Call::Submit(submit) if self == Plant::NewJobIdEachTime => {
                let runs = node.world.runs.len() as u128;
                let text = format!("{}/{runs}/{}", submit.job, node.world.now);
                let job = machine::JobId(machine::ids::derive(&text));
                Call::Submit(machine::Submit { job, ..submit.clone() })
            }
            other => other.clone(),
        }
    }
}

fn refuse(flink: &mut Flink) {
    if matches!(flink.submission, Fact::Known(Post::Lost | Post::MaybeSent)) {
        let message = "not found".to_owned();
        flink.submission = Fact::Known(Post::Refused { retriable: true, message });
    }
}

fn about(flink: &mut Flink, change: impl Fn(&mut FlinkCluster)) {
    if let Fact::Known(cluster) = &mut flink.cluster {
        change(cluster);
    }
}

fn states(flink: &mut Flink, change: impl Fn(JobState) -> JobState) {
    if let Fact::Known(jobs) = &mut flink.jobs {
        jobs.iter_mut().for_each(|job| job.state = change(job.state));
    }
    if let Fact::Known(Some(job)) = &mut flink.job {
        job.state = change(job.state);
    }
}

fn restore_the_newest_checkpoint(node: &Node, decision: &mut Decision) {
    let stands = |f: &&crate::world::File| f.kind == FileKind::Checkpoint && f.deleted.is_none();
    let Some(newest) = node.world.files.iter().rev().find(stands) else { return };
    if let Some(Origin::Restored(point)) = origin(decision) {
        point.path = newest.path.to_string();
    }
}

fn start_empty(decision: &mut Decision) {
    if let Some(origin) = origin(decision) {
        *origin = Origin::Empty;
    }
}

/// Something that is done to the deployed version while the next one's job is submitted.
fn early(decision: &mut Decision, effect: impl Fn(machine::Target) -> Effect) {
    let Phase::SubmittingJob(_) = decision.state.phase else { return };
    let deployed = decision.state.record.deployed.as_ref().map(|d| d.target);
    let dual = deployed.filter(|target| target.mode == Mode::Dual);
    decision.effects.extend(dual.map(effect));
}

fn origin(decision: &mut Decision) -> Option<&mut Origin> {
    match &mut decision.state.phase {
        Phase::SubmittingJob(phase) => Some(&mut phase.submission.from),
        Phase::RollingBackJob(phase) => phase.restart.submission.as_mut().map(|s| &mut s.from),
        Phase::Recovering(phase) => match &mut phase.step {
            RecoveringStep::Start(restart) => restart.submission.as_mut().map(|s| &mut s.from),
            RecoveringStep::Find(_) => None,
        },
        Phase::New(_)
        | Phase::Updating(_)
        | Phase::ClusterStarting(_)
        | Phase::Savepointing(_)
        | Phase::Cancelling(_)
        | Phase::Running(_)
        | Phase::DeployFailed(_)
        | Phase::Deleting(_)
        | Phase::Unreadable(_) => None,
    }
}
