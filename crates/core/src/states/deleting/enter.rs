//! How a deletion begins, from any phase.

use super::mode;
use super::survivor::survivor;
use crate::context::Context;
use crate::desired::{DeleteMode, Mode};
use crate::ids::JobId;
use crate::policy::{leaving, restart};
use crate::state::{
    Deleting, DeletingStep, DualRunning, LiveJob, Phase, Record, Recovering, RecoveringStep,
    Restart, State, Submission, SubmittingJob, Version, Work,
};
use crate::states::{deploy, handover};

/// The state of an application that is to go, from any phase.
pub(crate) fn enter(cx: &Context<'_>, state: &State) -> State {
    let mut record = state.record.clone();
    let mut deadline = cx.now + cx.desired.timeouts.delete;
    let step = match &state.phase {
        Phase::Deleting(_) => return state.clone(),
        // The deployed job runs on beside the one on its way: the new cluster goes, and that is ended.
        Phase::SubmittingJob(phase) if handover::live(&state.record).is_some() => {
            leaving::send_away(&mut record, phase.target, true);
            DeletingStep::Look
        }
        Phase::Savepointing(phase) if phase.target.mode == Mode::BlueGreen => DeletingStep::Look,
        Phase::DualRunning(DualRunning { teardown: Some(teardown), .. }) => match &teardown.stop {
            Some(stop) => DeletingStep::Stop(stop.clone()),
            None => DeletingStep::Look,
        },
        // It is taken over first, where it can be.
        Phase::Left(_) if mode(cx) != DeleteMode::None => return state.clone(),
        // Something may stand whose status was lost.
        Phase::New(_) if mode(cx) != DeleteMode::None => return state.clone(),
        // What there is to save is not known: only who does not want it saved gets on.
        Phase::Unreadable(_) if mode(cx) == DeleteMode::Savepoint => return state.clone(),
        Phase::Unreadable(phase) => DeletingStep::RemoveClusters {
            why: format!("{}; the last restore point is not known", phase.why),
        },
        Phase::Savepointing(phase) => DeletingStep::Stop(phase.stop.clone()),
        Phase::SubmittingJob(phase) => match phase.submission.start_deadline {
            // The JobManager named the job: it has the rest of its time to start to come up, and is then
            // ended like any other.
            Some(start) => {
                deadline = deadline.min(start);
                named(&mut record, phase);
                DeletingStep::Look
            }
            None => open(&state.record, phase.submission.job),
        },
        Phase::RollingBackJob(phase) => restarting(&state.record, &phase.restart),
        // The version before runs on beside the one that was lost: that is given up, and this is ended.
        Phase::Recovering(_) if state.record.beside().is_some() => {
            deploy::without_the_newer(&mut record);
            DeletingStep::Look
        }
        Phase::Recovering(Recovering { step: RecoveringStep::Start(restart), .. }) => {
            restarting(&state.record, restart)
        }
        Phase::Recovering(Recovering { step: RecoveringStep::Find(_), .. }) => DeletingStep::Look,
        Phase::Cancelling(phase) => DeletingStep::Cancel(phase.job),
        Phase::New(_)
        | Phase::Left(_)
        | Phase::Updating(_)
        | Phase::Rescaling(_)
        | Phase::ClusterStarting(_)
        | Phase::Running(_)
        | Phase::DualRunning(_)
        | Phase::DeployFailed(_) => DeletingStep::Look,
    };
    let phase = Phase::Deleting(Deleting { step, deadline });
    State { record, phase }
}

/// The job that is on its way is the deployed one's, as it would be once all its vertices run.
fn named(record: &mut Record, phase: &SubmittingJob) {
    let Submission { job: id, from, .. } = phase.submission.clone();
    let work = Work::Live(LiveJob { id, from, learnt: None });
    let version = Version { target: phase.target, removed: false, work };
    record.previous = record.deployed.replace(version);
}

/// A job may be on its way, or still run of an attempt before: it is ended with its cluster.
fn restarting(record: &Record, restart: &Restart) -> DeletingStep {
    match (&restart.submission, restart::at_rest(restart)) {
        (Some(submission), _) => open(record, submission.job),
        (None, true) => DeletingStep::Look,
        (None, false) => DeletingStep::RemoveClusters { why: survivor(record) },
    }
}

/// A job is on its way: it is ended with its cluster.
fn open(record: &Record, job: JobId) -> DeletingStep {
    DeletingStep::RemoveClusters {
        why: format!("job {job} was being submitted; {}", survivor(record)),
    }
}
