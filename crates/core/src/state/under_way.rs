//! What a state has on its way in Flink, whichever phase holds it.

use crate::state::{DeletingStep, Phase, RecoveringStep, State, Stop, Submission};

impl State {
    /// The submission that is open, if there is one.
    #[must_use]
    pub fn submission(&self) -> Option<&Submission> {
        match &self.phase {
            Phase::SubmittingJob(phase) => Some(&phase.submission),
            Phase::RollingBackJob(phase) => phase.restart.submission.as_ref(),
            Phase::Recovering(phase) => match &phase.step {
                RecoveringStep::Start(restart) => restart.submission.as_ref(),
                RecoveringStep::Find(_) => None,
            },
            Phase::New(_)
            | Phase::Updating(_)
            | Phase::ClusterStarting(_)
            | Phase::Savepointing(_)
            | Phase::Cancelling(_)
            | Phase::Running(_)
            | Phase::DualRunning(_)
            | Phase::DeployFailed(_)
            | Phase::Deleting(_)
            | Phase::Unreadable(_) => None,
        }
    }

    /// The savepoint that is being taken, if there is one.
    #[must_use]
    pub fn stop(&self) -> Option<&Stop> {
        match &self.phase {
            Phase::Savepointing(phase) => Some(&phase.stop),
            Phase::DualRunning(phase) => phase.teardown.as_ref()?.stop.as_ref(),
            Phase::Deleting(phase) => match &phase.step {
                DeletingStep::Stop(stop) => Some(stop),
                DeletingStep::Look
                | DeletingStep::Cancel(_)
                | DeletingStep::RemoveClusters { .. }
                | DeletingStep::Finalize => None,
            },
            Phase::New(_)
            | Phase::Updating(_)
            | Phase::ClusterStarting(_)
            | Phase::SubmittingJob(_)
            | Phase::Cancelling(_)
            | Phase::Recovering(_)
            | Phase::Running(_)
            | Phase::RollingBackJob(_)
            | Phase::DeployFailed(_)
            | Phase::Unreadable(_) => None,
        }
    }
}
