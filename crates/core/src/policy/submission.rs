//! A job on its way into a JobManager: open from its persisted intent until the JobManager names
//! the job, Flink itself refused it and does not know it, or the process that may have received
//! it has ended. A refusal is no word on what was sent before it: where that is not known to have come to
//! nothing, the process has to end. A 404 alone closes nothing: `main()` runs inside the request, for minutes if it
//! likes, and a client's timeout does not stop it (recorded).

use crate::context::Context;
use crate::decision::{Effect, Submit};
use crate::ids::{Ids, Process};
use crate::observation::{
    Fact, FactRequest, Flink, FlinkRequest, FlinkVersion, JobState, Observation, Post,
};
use crate::policy::foreign;
use crate::policy::readiness::{forgotten, job_state};
use crate::state::{Failure, FailureKind, Origin, Submission, Target};
use crate::time::Timestamp;

/// What came of a submission so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing yet: for what it waits, and until when.
    Waiting(String, Timestamp),
    /// The memory of it changed: persist it.
    Remember(Submission),
    /// Every vertex runs, or the job has finished already.
    Up {
        /// When it last restarted.
        restarted_at: Option<Timestamp>,
    },
    /// It did not come to a running job.
    Failed {
        /// Why.
        failure: Failure,
        /// No task of it runs or will run.
        over: bool,
        /// Another attempt with the same input can help.
        retriable: bool,
    },
}

/// A submission that was not sent yet.
pub(crate) fn begin(
    cx: &Context<'_>,
    ids: &mut Ids,
    process: Process,
    from: Origin,
    attempt: u32,
) -> Submission {
    let not_before = cx.now + cx.config.backoff(attempt);
    Submission {
        job: ids.job(cx.desired.uid),
        process,
        from,
        attempt,
        not_before,
        deadline: not_before + cx.desired.timeouts.submit,
        start_deadline: None,
    }
}

/// Job and submission at the one process; its jobs too, so that no foreign one is overlooked.
pub(crate) fn needs(
    target: Target,
    submission: &Submission,
    seen: &Observation,
    ask: &mut FactRequest,
) {
    ask.objects = true;
    if lives(target, submission, seen) {
        let request = FlinkRequest::to(target.incarnation, submission.process);
        let job = Some(submission.job);
        let asked = seen.flink.get(&target.incarnation);
        let failed = asked.and_then(|f| job_state(f, submission.job)) == Some(JobState::Failed);
        ask.flink.push(FlinkRequest {
            cluster: true,
            jobs: true,
            job,
            submission: job,
            failure: failed.then_some(submission.job),
            ..request
        });
    } else if seen.objects.known().is_some() {
        ask.live_pods = true;
    }
}

/// The watches show the process, and it runs.
fn lives(target: Target, submission: &Submission, seen: &Observation) -> bool {
    let pods = seen.cluster(target.incarnation).map(|c| c.pods.as_slice()).unwrap_or_default();
    pods.iter().any(|p| p.process() == submission.process)
}

/// Proof that the process has ended: its container was restarted, or its pod is gone from a live
/// LIST.
fn ended(target: Target, submission: &Submission, seen: &Observation) -> bool {
    let process = submission.process;
    let pods = seen.cluster(target.incarnation).map(|c| c.pods.as_slice()).unwrap_or_default();
    let restarted = pods.iter().any(|p| p.uid == process.pod && p.restarts > process.restarts);
    let listed_gone = || match &seen.live_pods {
        Fact::Known(pods) => {
            pods.iter().all(|p| p.uid != process.pod || p.restarts > process.restarts)
        }
        Fact::Unasked | Fact::Unknown { .. } => false,
    };
    seen.objects.known().is_some()
        && (restarted || (!lives(target, submission, seen) && listed_gone()))
}

/// Follows an open submission.
pub(crate) fn follow(
    cx: &Context<'_>,
    target: Target,
    submission: &Submission,
    seen: &Observation,
) -> Outcome {
    if ended(target, submission, seen) {
        return after_the_process(submission);
    }
    let silent = Flink::default();
    let flink = seen.flink.get(&target.incarnation).unwrap_or(&silent);
    match job_state(flink, submission.job) {
        Some(state) => named(cx, submission, state, flink),
        None => unnamed(cx, submission, flink),
    }
}

/// Whether a task of the job ran, or runs on a TaskManager that outlived the process, cannot be
/// told. The same input may be tried again if the JobManager had not even named the job.
fn after_the_process(submission: &Submission) -> Outcome {
    let failure = Failure {
        kind: FailureKind::JobManagerLost,
        message: "the JobManager ended while it started the job".to_owned(),
    };
    let retriable = submission.start_deadline.is_none();
    Outcome::Failed { failure, over: false, retriable }
}

fn named(cx: &Context<'_>, submission: &Submission, state: JobState, flink: &Flink) -> Outcome {
    let Some(deadline) = submission.start_deadline else {
        let start_deadline = Some(cx.now + cx.desired.timeouts.job_start);
        return Outcome::Remember(Submission { start_deadline, ..submission.clone() });
    };
    let ended = |kind, message: String| Outcome::Failed {
        failure: Failure { kind, message },
        over: true,
        retriable: false,
    };
    match state {
        JobState::Failed => match &flink.failure {
            Fact::Known(message) => ended(FailureKind::JobFailed, message.clone()),
            Fact::Unasked => Outcome::Waiting("the reason of the failure".to_owned(), deadline),
            Fact::Unknown { .. } => ended(FailureKind::JobFailed, "the job failed".to_owned()),
        },
        JobState::Canceled => {
            ended(FailureKind::JobCanceled, "the job was cancelled by someone".to_owned())
        }
        // Whether by itself is found out by whoever watches it from now on.
        JobState::Finished => Outcome::Up { restarted_at: None },
        JobState::Starting
        | JobState::Running
        | JobState::Restarting
        | JobState::Cancelling
        | JobState::Suspended => starting(cx, deadline, flink),
    }
}

fn starting(cx: &Context<'_>, deadline: Timestamp, flink: &Flink) -> Outcome {
    let job = flink.job.known().and_then(Option::as_ref);
    if let Some(job) = job.filter(|j| j.up()) {
        return Outcome::Up { restarted_at: job.restarted_at };
    }
    let grace = cx.config.unreachable_grace;
    if cx.now >= deadline && flink.job.settled(grace) && flink.settled(grace) {
        let (up, all) = job.map_or((0, 0), |j| (j.vertices_up, j.vertices));
        let message =
            format!("{up} of {all} vertices of the job were running after the time limit");
        let failure = Failure { kind: FailureKind::JobStartTimeout, message };
        return Outcome::Failed { failure, over: false, retriable: false };
    }
    Outcome::Waiting("every vertex of the job to run".to_owned(), deadline)
}

fn unnamed(cx: &Context<'_>, submission: &Submission, flink: &Flink) -> Outcome {
    if let (true, Some(Post::Refused { retriable, message, alone })) =
        (forgotten(flink), flink.submission.known())
    {
        let kind = FailureKind::SubmissionRefused;
        let failure = Failure { kind, message: message.clone() };
        return Outcome::Failed { failure, over: *alone, retriable: *retriable && *alone };
    }
    let grace = cx.config.unreachable_grace;
    if cx.now >= submission.deadline && flink.job.settled(grace) && flink.settled(grace) {
        let message = match foreign::beside(submission.job, flink) {
            Some(other) => format!("nothing was submitted beside job {other}, which is not ours"),
            None => "the JobManager did not name the job in time; its main() may hang".to_owned(),
        };
        let failure = Failure { kind: FailureKind::SubmissionTimeout, message };
        return Outcome::Failed { failure, over: false, retriable: false };
    }
    let what = match foreign::beside(submission.job, flink) {
        Some(other) => foreign::in_the_way(other),
        None => "the JobManager to accept the job".to_owned(),
    };
    Outcome::Waiting(what, submission.deadline)
}

/// Sends the job where it is not known to have arrived: only to the process that the id was made
/// for, and only while that process does not know it. A foreign job that is in its way is cancelled
/// first, where the user wants that.
pub(crate) fn effect(
    cx: &Context<'_>,
    target: Target,
    submission: &Submission,
    seen: &Observation,
) -> Option<Effect> {
    let flink = seen.flink.get(&target.incarnation)?;
    let asked_this_one = flink.process == Some(submission.process);
    let unknown_to_flink = matches!(flink.job, Fact::Known(None));
    // Past the deadline it is being given up, even while a silence holds that back.
    let in_time = (submission.not_before..submission.deadline).contains(&cx.now);
    if !(asked_this_one && unknown_to_flink && in_time && may_be_sent(flink)) {
        return None;
    }
    if let Some(other) = foreign::beside(submission.job, flink) {
        return foreign::cancel(cx, target, other, seen);
    }
    Some(Effect::Submit(Submit {
        incarnation: target.incarnation,
        revision: target.revision(),
        process: submission.process,
        job: submission.job,
        from: submission.from.clone(),
    }))
}

/// From 1.15 on a JobManager refuses an id that it has seen; before, it runs a job that has
/// finished a second time (recorded), so there only what was certainly not sent is sent.
fn may_be_sent(flink: &Flink) -> bool {
    let refuses_twice = flink.cluster.known().is_some_and(|c| c.version >= FlinkVersion::V1_15);
    flink.jobs.known().is_some()
        && match flink.submission.known() {
            Some(Post::NotSent) => true,
            Some(Post::MaybeSent | Post::Lost) => refuses_twice,
            Some(Post::InFlight { .. } | Post::Accepted | Post::Refused { .. }) | None => false,
        }
}

#[cfg(test)]
mod tests;
