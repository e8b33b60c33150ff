//! From the deployed job to the target's: how the old job is asked to end, and how the deploy goes on
//! once it is over. What the next job starts from is persisted before anything else happens.

use crate::context::Context;
use crate::decision::EventReason;
use crate::desired::Mode;
use crate::ids::Process;
use crate::observation::{FactRequest, Flink, FlinkRequest, JobState, Observation};
use crate::policy::readiness::{self, job_state};
use crate::policy::{leaving, restore_point, snapshot, stop, submission};
use crate::state::{
    Cancelling, ClusterStarting, Failure, FailureKind, Find, LiveJob, Origin, Phase, Purpose,
    Record, Recovering, RecoveringStep, Savepointing, State, SubmittingJob, Target, Version, Work,
};
use crate::states::{Next, rescaling};

/// What is asked about the deployed job before it is asked to end.
pub(crate) fn needs(record: &Record, seen: &Observation, ask: &mut FactRequest) {
    let Some((deployed, job)) = live(record) else { return };
    let incarnation = deployed.target.incarnation;
    let process = seen.cluster(incarnation).and_then(|c| c.jobmanager_process(None));
    ask.flink.extend(process.map(|process| FlinkRequest {
        jobs: true,
        job: Some(job.id),
        statistics: Some(job.id),
        ..FlinkRequest::to(incarnation, process)
    }));
}

/// The deployed version, while its job runs as far as is known.
pub(crate) fn live(record: &Record) -> Option<(&Version, &LiveJob)> {
    record.deployed.as_ref().and_then(|d| d.live().map(|job| (d, job)))
}

/// What came of asking the deployed job to end.
pub(crate) enum Asked {
    /// It is being ended, or its newest state is looked for.
    Ends(Box<Next>),
    /// Its JobManager does not say enough yet: what is missing.
    Silent(&'static str),
    /// There is no JobManager that could be asked.
    Nobody,
}

/// Asks the deployed job to end in the way that the spec names. One that has failed, or is not
/// known any more, has to be recovered from instead.
pub(crate) fn begin(cx: &Context<'_>, state: &State, target: Target, seen: &Observation) -> Asked {
    let Some((deployed, job)) = live(&state.record) else { return Asked::Nobody };
    let what = "the deployed job's JobManager to answer";
    let old = deployed.target.incarnation;
    if seen.cluster(old).is_none_or(|c| c.jobmanager_process(None).is_none()) {
        return Asked::Nobody;
    }
    let Some(flink) = seen.flink.get(&old) else { return Asked::Silent(what) };
    let found = job_state(flink, job.id);
    if found.is_none() && !readiness::forgotten(flink) {
        return Asked::Silent(what);
    }
    if cx.desired.savepoint_disabled && target.mode != Mode::BlueGreen {
        return Asked::Ends(Box::new(cancel(cx, state, target, job)));
    }
    match found {
        None => Asked::Ends(Box::new(recover(cx, state, target, forgotten_job()))),
        Some(JobState::Failed) => {
            let why = failure(FailureKind::JobFailed, "the deployed job has failed");
            Asked::Ends(Box::new(recover(cx, state, target, why)))
        }
        Some(JobState::Canceled) => {
            let why = failure(FailureKind::JobCanceled, "the deployed job was cancelled");
            Asked::Ends(Box::new(recover(cx, state, target, why)))
        }
        Some(
            JobState::Starting
            | JobState::Running
            | JobState::Restarting
            | JobState::Cancelling
            | JobState::Finished
            | JobState::Suspended,
        ) => match savepoint(cx, state, target, job, flink) {
            Some(next) => Asked::Ends(Box::new(next)),
            None => Asked::Silent("the deployed job's checkpoint statistics"),
        },
    }
}

fn failure(kind: FailureKind, message: &str) -> Failure {
    Failure { kind, message: message.to_owned() }
}

/// The JobManager was restarted, and knows nothing of the deployed job.
fn forgotten_job() -> Failure {
    failure(FailureKind::JobManagerLost, "the JobManager does not know the deployed job any more")
}

/// There was nobody to ask all the time that the deploy had for it.
pub(crate) fn no_jobmanager() -> Failure {
    failure(FailureKind::JobManagerLost, "no JobManager of the deployed job came up in time")
}

/// Into Savepointing, under a trigger id of its own; none: the baseline is not known yet.
pub(crate) fn savepoint(
    cx: &Context<'_>,
    state: &State,
    target: Target,
    job: &LiveJob,
    flink: &Flink,
) -> Option<Next> {
    let mut record = state.record.clone();
    let stop = stop::begin(cx, &mut record.ids, job.id, flink)?;
    let deadline = cx.now + cx.desired.timeouts.savepoint;
    let phase = Phase::Savepointing(Savepointing { target, stop, deadline });
    let next = State { record, phase };
    if target.mode == Mode::BlueGreen {
        let message = format!("Taking a savepoint of job {}, which runs on", job.id);
        let next = Next::waiting(&next, snapshot::AWAITED, deadline);
        return Some(next.tells(EventReason::TakingSavepoint, message));
    }
    let next = Next::waiting(&next, stop::AWAITED, deadline);
    // One that is over is not stopped any more: what it left is looked for in the same places.
    if job_state(flink, job.id).is_some_and(JobState::over) {
        return Some(next);
    }
    let message = format!("Cancelling job {} with a final savepoint", job.id);
    Some(next.tells(EventReason::CancellingJob, message))
}

fn cancel(cx: &Context<'_>, state: &State, target: Target, job: &LiveJob) -> Next {
    let deadline = cx.now + cx.desired.timeouts.savepoint;
    let message = format!("Cancelling job {} without a savepoint: savepointDisabled", job.id);
    let phase = Phase::Cancelling(Cancelling { target, job: job.id, deadline });
    let next = State { record: state.record.clone(), phase };
    Next::waiting(&next, "the job to be cancelled", deadline)
        .tells(EventReason::CancellingJob, message)
}

/// Into Recovering: the deploy goes on once the newest state of the deployed job is known.
pub(crate) fn recover(cx: &Context<'_>, state: &State, target: Target, why: Failure) -> Next {
    if state.record.shares_cluster(target) {
        return rescaling::recover(cx, state, target, why);
    }
    let Some((_, job)) = live(&state.record) else {
        return over(cx, state, target, Work::Finished, &Observation::default());
    };
    let deadline = cx.now + cx.desired.timeouts.recovery;
    let phase = Phase::Recovering(Recovering {
        purpose: Purpose::Deploy(target),
        job: job.id,
        why,
        step: RecoveringStep::Find(Find { cancel: false, sent: None }),
        deadline,
    });
    let next = State { record: state.record.clone(), phase };
    Next::waiting(&next, "the newest state of the deployed job to be known", deadline)
}

/// The deployed job is over, and `work` says what the next one starts from: on to the target's, at
/// once if its cluster stands at this moment, else by way of ClusterStarting.
pub(crate) fn over(
    cx: &Context<'_>,
    state: &State,
    target: Target,
    work: Work,
    seen: &Observation,
) -> Next {
    goes_on(cx, after(&state.record, target, work), target, None, seen)
}

/// With what came of the deployed job, and in mode Single its cluster on its way out.
fn after(record: &Record, target: Target, work: Work) -> Record {
    let mut record = record.clone();
    if let Some(deployed) = &mut record.deployed {
        deployed.work = work;
    }
    if target.mode == Mode::Single && !record.shares_cluster(target) {
        clear_away(&mut record, false);
    }
    record
}

/// The same where the target's job starts without state; `left`: what a rollback starts from.
pub(crate) fn over_without_state(
    cx: &Context<'_>,
    state: &State,
    target: Target,
    left: Origin,
    seen: &Observation,
) -> Next {
    let record = after(&state.record, target, Work::Stopped(left));
    goes_on(cx, record, target, Some(Origin::Empty), seen)
}

/// The deployed job runs on, in mode BlueGreen: on to the target's, from `from`.
pub(crate) fn beside(
    cx: &Context<'_>,
    state: &State,
    target: Target,
    from: Origin,
    seen: &Observation,
) -> Next {
    goes_on(cx, state.record.clone(), target, Some(from), seen)
}

fn goes_on(
    cx: &Context<'_>,
    record: Record,
    target: Target,
    from: Option<Origin>,
    seen: &Observation,
) -> Next {
    let deadline = cx.now + cx.desired.timeouts.cluster_start;
    let starting = ClusterStarting { target, deadline, troubled: None, attempt: 1, from };
    let stands = seen.cluster(target.incarnation).and_then(|c| c.jobmanager_process(None));
    // The cluster that the old job ran in has to show that all its slots are free again.
    let in_place = record.shares_cluster(target);
    match stands.filter(|_| !in_place && !leaving::may_run(&record)) {
        Some(process) => submit(cx, record, &starting, process),
        None => {
            let next = State { record, phase: Phase::ClusterStarting(starting) };
            Next::waiting(&next, readiness::awaited(target), deadline)
        }
    }
}

/// Takes the deployed version's cluster away; its revision stays for a rollback. `may_run`: its job
/// is not known to be over, and is over only with its last pod.
pub(crate) fn clear_away(record: &mut Record, may_run: bool) {
    let Some(deployed) = record.deployed.as_mut().filter(|d| !d.removed) else { return };
    deployed.removed = true;
    let target = deployed.target;
    leaving::send_away_for_now(record, target, may_run);
}

/// Into SubmittingJob with a new job id: from the predecessor's newest state, or from what the user
/// named.
pub(crate) fn submit(
    cx: &Context<'_>,
    mut record: Record,
    starting: &ClusterStarting,
    process: Process,
) -> Next {
    let from = match record.deployed.as_ref().map(|d| &d.work) {
        _ if starting.from.is_some() => starting.from.clone().unwrap_or(Origin::Empty),
        None => cx.desired.initial_savepoint.clone().map_or(Origin::Empty, Origin::Given),
        Some(Work::Stopped(origin)) => origin.clone(),
        Some(Work::Live(_) | Work::Finished) => Origin::Empty,
    };
    let from = restore_point::use_restore(cx, &mut record, from);
    let submission = submission::begin(cx, &mut record.ids, process, from, starting.attempt);
    let deadline = submission.deadline;
    let started_from = match submission.from.path() {
        Some(path) => format!("Submitting job {} restored from {path}", submission.job),
        None => format!("Submitting job {} without state", submission.job),
    };
    let phase = Phase::SubmittingJob(SubmittingJob { target: starting.target, submission });
    Next::waiting(&State { record, phase }, "the JobManager to accept the job", deadline)
        .tells(EventReason::JobSubmitted, started_from)
}
