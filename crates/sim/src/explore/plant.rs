//! Defects planted around the machine on purpose: an exploration that does not find them proves
//! nothing by finding none.

use flinkk8soperator_core as machine;
use machine::{Decision, Fact, Observation, Origin, Phase, Post};

use super::calls::Call;
use super::node::Node;
use crate::world::FileKind;

/// A planted defect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Plant {
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
}

impl Plant {
    /// All of them.
    pub const ALL: &'static [Plant] = &[
        Plant::EffectsBeforeWrite,
        Plant::NotFoundClosesSubmission,
        Plant::SubmitsBesideALeavingCluster,
        Plant::RestoresFromCheckpoint,
        Plant::NewJobIdEachTime,
        Plant::StartsEmpty,
    ];

    pub(super) fn on_facts(self, seen: &mut Observation) {
        if self != Plant::NotFoundClosesSubmission {
            return;
        }
        for flink in seen.flink.values_mut() {
            let lost = matches!(flink.submission, Fact::Known(Post::Lost | Post::MaybeSent));
            if lost && flink.job == Fact::Known(None) {
                let message = "not found".to_owned();
                flink.submission = Fact::Known(Post::Refused { retriable: true, message });
            }
        }
    }

    pub(super) fn on_decision(self, node: &Node, decision: &mut Decision) {
        match self {
            Plant::SubmitsBesideALeavingCluster => {
                decision.state.record.leaving.iter_mut().for_each(|l| l.may_run = false);
            }
            Plant::RestoresFromCheckpoint => {
                let newest = node
                    .world
                    .files
                    .iter()
                    .rev()
                    .find(|f| f.kind == FileKind::Checkpoint && f.deleted.is_none());
                let Some(newest) = newest else { return };
                if let Some(Origin::Restored(point)) = origin(decision) {
                    point.path = newest.path.to_string();
                }
            }
            Plant::StartsEmpty => {
                if let Some(origin) = origin(decision) {
                    *origin = Origin::Empty;
                }
            }
            Plant::EffectsBeforeWrite
            | Plant::NotFoundClosesSubmission
            | Plant::NewJobIdEachTime => {}
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

fn origin(decision: &mut Decision) -> Option<&mut Origin> {
    match &mut decision.state.phase {
        Phase::SubmittingJob(phase) => Some(&mut phase.submission.from),
        Phase::RollingBackJob(phase) => phase.submission.as_mut().map(|s| &mut s.from),
        Phase::New(_)
        | Phase::Updating(_)
        | Phase::ClusterStarting(_)
        | Phase::Savepointing(_)
        | Phase::Running(_)
        | Phase::DeployFailed(_)
        | Phase::Deleting(_)
        | Phase::Unreadable(_) => None,
    }
}
