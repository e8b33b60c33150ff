//! Taking over from a process that was not there when a deadline passed: what is waited for gets its
//! time anew, so that an operator that was down for an hour gives nothing up. What came up, or ended,
//! in the meantime is a fact like any other, and is acted on at once.

use std::time::Duration;

use crate::context::Context;
use crate::state::{
    Cancelling, ClusterStarting, Confirming, Deleting, DualRunning, Phase, Recovering,
    RecoveringStep, Rescaling, RescalingStep, Restart, RollingBackJob, Running, Savepointing,
    Submission, SubmittingJob, TearDown, Updating,
};
use crate::time::Timestamp;

/// The phase with every deadline that has passed begun anew.
pub(crate) fn phase(cx: &Context<'_>, phase: &Phase) -> Phase {
    let timeouts = cx.desired.timeouts;
    let again = |deadline, whole| anew(cx, deadline, whole);
    match phase.clone() {
        Phase::Updating(of) => {
            Phase::Updating(Updating { deadline: again(of.deadline, timeouts.cluster_start), ..of })
        }
        Phase::ClusterStarting(of) => Phase::ClusterStarting(ClusterStarting {
            deadline: again(of.deadline, timeouts.cluster_start),
            troubled: of.troubled.map(|since| troubled(cx, since)),
            ..of
        }),
        Phase::Savepointing(of) => Phase::Savepointing(Savepointing {
            deadline: again(of.deadline, timeouts.savepoint),
            ..of
        }),
        Phase::Cancelling(of) => {
            Phase::Cancelling(Cancelling { deadline: again(of.deadline, timeouts.savepoint), ..of })
        }
        Phase::SubmittingJob(of) => {
            Phase::SubmittingJob(SubmittingJob { submission: submission(cx, of.submission), ..of })
        }
        Phase::Running(of) => {
            Phase::Running(Running { confirming: of.confirming.map(|of| confirming(cx, of)) })
        }
        Phase::Rescaling(of) => Phase::Rescaling(rescaling(cx, of)),
        Phase::DualRunning(of) => Phase::DualRunning(DualRunning {
            confirming: of.confirming.map(|of| confirming(cx, of)),
            teardown: of
                .teardown
                .map(|of| TearDown { deadline: again(of.deadline, timeouts.savepoint), ..of }),
        }),
        Phase::Recovering(of) => Phase::Recovering(Recovering {
            deadline: again(of.deadline, timeouts.recovery),
            step: match of.step {
                RecoveringStep::Start(of) => RecoveringStep::Start(Box::new(restart(cx, *of))),
                step @ RecoveringStep::Find(_) => step,
            },
            ..of
        }),
        Phase::RollingBackJob(of) => {
            Phase::RollingBackJob(RollingBackJob { restart: restart(cx, of.restart), ..of })
        }
        Phase::Deleting(of) => {
            Phase::Deleting(Deleting { deadline: again(of.deadline, timeouts.delete), ..of })
        }
        rests @ (Phase::New(_) | Phase::DeployFailed(_) | Phase::Unreadable(_)) => rests,
    }
}

fn confirming(cx: &Context<'_>, of: Confirming) -> Confirming {
    Confirming { deadline: anew(cx, of.deadline, cx.desired.timeouts.confirm), ..of }
}

fn rescaling(cx: &Context<'_>, of: Rescaling) -> Rescaling {
    let timeouts = cx.desired.timeouts;
    let (step, whole) = match of.step {
        RescalingStep::Grow { troubled: since } => {
            let troubled = since.map(|since| troubled(cx, since));
            (RescalingStep::Grow { troubled }, timeouts.cluster_start)
        }
        step @ RescalingStep::Return { .. } => (step, timeouts.cluster_start),
        // As long as a savepoint.
        RescalingStep::Adapt => (RescalingStep::Adapt, timeouts.savepoint),
    };
    Rescaling { deadline: anew(cx, of.deadline, whole), step, ..of }
}

fn restart(cx: &Context<'_>, of: Restart) -> Restart {
    Restart { submission: of.submission.map(|of| submission(cx, of)), ..of }
}

/// The deadline that counts: until the JobManager names the job, then until its vertices run.
fn submission(cx: &Context<'_>, of: Submission) -> Submission {
    let timeouts = cx.desired.timeouts;
    match of.start_deadline {
        None => Submission { deadline: anew(cx, of.deadline, timeouts.submit), ..of },
        Some(deadline) => {
            Submission { start_deadline: Some(anew(cx, deadline, timeouts.job_start)), ..of }
        }
    }
}

fn anew(cx: &Context<'_>, deadline: Timestamp, whole: Duration) -> Timestamp {
    if deadline <= cx.now { cx.now + whole } else { deadline }
}

/// Since when pods report trouble: the grace is given from now on.
fn troubled(cx: &Context<'_>, since: Timestamp) -> Timestamp {
    if since + cx.config.pod_trouble_grace <= cx.now { cx.now } else { since }
}
