//! Stopping a job with a savepoint, and finding out what came of it.
//!
//! The outcome is read from three places that can each be lost: the operation (forgotten after
//! minutes, and with the process), the job's state, and the checkpoint statistics (cached). A
//! trigger is sent again only where none of them shows it.

use crate::context::Context;
use crate::decision::{Effect, Savepoint};
use crate::ids::{Ids, Incarnation, JobId};
use crate::observation::{
    Checkpoint, CheckpointKind, Flink, FlinkRequest, FlinkVersion, JobEnd, JobState, Observation,
    Operation, Statistics,
};
use crate::policy::readiness::job_state;
use crate::policy::restore_point;
use crate::state::{Baseline, RestorePoint, Source, Stop};
use crate::time::Timestamp;

/// What is waited for while a job is being stopped, as the user is told.
pub(crate) const AWAITED: &str = "the job to end with a savepoint";

/// What came of a stop so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing yet; what is missing.
    Waiting(&'static str),
    /// The memory of it changed: persist it.
    Remember(Stop),
    /// The job is over, this is its newest state.
    Stopped(RestorePoint),
    /// The job ended by itself, without our savepoint.
    EndedByItself,
    /// No savepoint came of the last attempt, the job goes on; Flink's own words.
    Failed(String),
    /// The job is over or unknown, and its newest state is not known to be one of our savepoints.
    WithoutSavepoint {
        /// In words.
        why: String,
        /// The JobManager does not know the job any more: a savepoint may have been completed.
        forgotten: bool,
    },
}

/// A stop of `job` that was not sent yet; none while the statistics for its baseline are not known.
pub(crate) fn begin(cx: &Context<'_>, ids: &mut Ids, job: JobId, flink: &Flink) -> Option<Stop> {
    let (process, statistics) = flink.process.zip(flink.statistics.known())?;
    Some(Stop {
        job,
        trigger: ids.trigger(cx.desired.uid),
        process,
        baseline: baseline(statistics.as_ref()),
        attempt: 1,
        not_before: cx.now,
        cancel: false,
    })
}

/// The next attempt, under a new id, with backoff.
pub(crate) fn again(cx: &Context<'_>, ids: &mut Ids, stop: &Stop, flink: &Flink) -> Option<Stop> {
    let attempt = stop.attempt + 1;
    let not_before = cx.now + cx.config.backoff(attempt);
    Some(Stop { attempt, not_before, ..begin(cx, ids, stop.job, flink)? })
}

/// A job without checkpoints has no statistics: anything is above zero.
fn baseline(statistics: Option<&Statistics>) -> Baseline {
    statistics.map_or(Baseline { checkpoint: 0, restored: 0 }, |s| Baseline {
        checkpoint: s.newest_id,
        restored: s.restored,
    })
}

/// Job and operation; the statistics where those two do not settle it.
pub(crate) fn needs(
    incarnation: Incarnation,
    stop: &Stop,
    deadline: Timestamp,
    cx: &Context<'_>,
    seen: &Observation,
) -> Option<FlinkRequest> {
    let process = seen.cluster(incarnation)?.jobmanager_process(None)?;
    let mut request = FlinkRequest::to(incarnation, process);
    request.jobs = true;
    request.job = Some(stop.job);
    request.operation = Some((stop.job, stop.trigger));
    if let Some(flink) = seen.flink.get(&incarnation)
        && statistics_matter(stop, deadline, cx, flink)
    {
        request.statistics = Some(stop.job);
        request.cluster = true;
    }
    Some(request)
}

fn statistics_matter(stop: &Stop, deadline: Timestamp, cx: &Context<'_>, flink: &Flink) -> bool {
    if flink.process != Some(stop.process) {
        return true;
    }
    match flink.operation.known() {
        None => false,
        Some(Operation::InProgress) => {
            stop.cancel
                || cx.now >= deadline
                || job_state(flink, stop.job).is_some_and(JobState::over)
        }
        Some(Operation::Completed { .. } | Operation::Failed { .. } | Operation::Unknown) => true,
    }
}

/// Follows the table of outcomes. `deadline`: when a savepoint that is there, of a job that hangs,
/// is enough to cancel the job.
pub(crate) fn follow(cx: &Context<'_>, stop: &Stop, deadline: Timestamp, flink: &Flink) -> Outcome {
    let state = job_state(flink, stop.job);
    match (state.map(JobState::end), flink.job.known()) {
        (Some(Some(end)), _) => after_the_end(cx, stop, end, flink),
        (Some(None), _) => while_it_runs(cx, stop, deadline, flink),
        (None, Some(None)) => {
            let why = format!(
                "the JobManager does not know job {} any more: it was restarted before the \
                 outcome of the savepoint could be read",
                stop.job
            );
            Outcome::WithoutSavepoint { why, forgotten: true }
        }
        (None, Some(Some(_)) | None) => Outcome::Waiting("the JobManager to answer"),
    }
}

fn after_the_end(cx: &Context<'_>, stop: &Stop, end: JobEnd, flink: &Flink) -> Outcome {
    // A job that ended the way we asked, and an operation that names the savepoint, agree: nothing
    // is newer. (Flink completes the operation of a stop only after the job has finished.)
    if let Some(Operation::Completed { path }) = flink.operation.known()
        && end != JobEnd::Failed
    {
        return Outcome::Stopped(named(cx, stop, path.clone()));
    }
    if flink.operation.known().is_none() {
        return Outcome::Waiting("the savepoint's outcome");
    }
    let Some(ended) = restore_point::Ended::told(cx.now, flink) else {
        return Outcome::Waiting("the job's final checkpoint statistics");
    };
    let none = Statistics::default();
    let statistics = ended.statistics.unwrap_or(&none);
    // Another's may be newer than ours.
    if end == JobEnd::Finished
        && let Some(point) = restore_point::stopped_with(cx, stop.job, statistics)
    {
        return Outcome::Stopped(point);
    }
    match (ours(cx, stop, statistics), end) {
        (Some(found), end) if end == JobEnd::Finished || is_newest(found, statistics) => {
            Outcome::Stopped(listed(cx, stop, found))
        }
        (_, JobEnd::Finished) => Outcome::EndedByItself,
        (_, end) => {
            let why = format!(
                "job {} {end} without a final savepoint; its newest checkpoint is {}",
                stop.job,
                newest_path(statistics),
            );
            Outcome::WithoutSavepoint { why, forgotten: false }
        }
    }
}

fn while_it_runs(cx: &Context<'_>, stop: &Stop, deadline: Timestamp, flink: &Flink) -> Outcome {
    // With high availability the job was restored from the checkpoint before: even a savepoint that
    // was completed is older than what it has come to by now (recorded).
    if flink.process != Some(stop.process) {
        return Outcome::Failed("another JobManager took over, and the job goes on".to_owned());
    }
    let statistics = flink.statistics.known().and_then(Option::as_ref);
    let failed_over = statistics.is_some_and(|s| s.restored > stop.baseline.restored);
    let written = statistics.is_some_and(|s| ours(cx, stop, s).is_some());
    // The job was told to end without delay: until it has, the operation tells nothing.
    if stop.cancel && flink.operation.known().is_some() && !failed_over {
        return Outcome::Waiting("the job to end");
    }
    let hangs = written && !failed_over && !stop.cancel && cx.now >= deadline;
    match flink.operation.known() {
        None => Outcome::Waiting("the savepoint's outcome"),
        Some(_) if hangs => Outcome::Remember(Stop { cancel: true, ..stop.clone() }),
        Some(Operation::InProgress) => Outcome::Waiting("the savepoint to be written"),
        Some(Operation::Failed { .. }) if flink.statistics.known().is_none() => {
            Outcome::Waiting("the job's checkpoint statistics")
        }
        Some(Operation::Failed { message }) => Outcome::Failed(message.clone()),
        Some(Operation::Completed { .. } | Operation::Unknown) if written && failed_over => {
            Outcome::Failed("the job was restarted after the savepoint and went on".to_owned())
        }
        Some(Operation::Completed { .. }) => Outcome::Waiting("the job to end"),
        Some(Operation::Unknown) if written => Outcome::Waiting("the job to end"),
        Some(Operation::Unknown) => Outcome::Waiting("the savepoint to be accepted"),
    }
}

/// The trigger where it is not known to have arrived; the cancellation where that was decided.
pub(crate) fn effect(
    cx: &Context<'_>,
    incarnation: Incarnation,
    stop: &Stop,
    seen: &Observation,
) -> Option<Effect> {
    trigger(cx, incarnation, stop, seen, true)
}

/// The same of a savepoint; `ends`: the job with it.
pub(super) fn trigger(
    cx: &Context<'_>,
    incarnation: Incarnation,
    stop: &Stop,
    seen: &Observation,
    ends: bool,
) -> Option<Effect> {
    let process = seen.cluster(incarnation)?.jobmanager_process(None)?;
    let flink = seen.flink.get(&incarnation).filter(|f| f.process == Some(process))?;
    if process != stop.process {
        return None;
    }
    // The list of jobs is never cached: without it, details may show an ended job running.
    flink.jobs.known()?;
    let state = job_state(flink, stop.job)?;
    if state.over() {
        return None;
    }
    if stop.cancel {
        flink.operation.known()?;
        let statistics = flink.statistics.known()?.as_ref()?;
        let goes_on = statistics.restored > stop.baseline.restored;
        return (!goes_on).then_some(Effect::Cancel { incarnation, process, job: stop.job });
    }
    let unseen = flink.operation.known() == Some(&Operation::Unknown);
    let statistics = flink.statistics.known()?.as_ref();
    let written = statistics.is_some_and(|s| ours(cx, stop, s).is_some());
    // Before 1.15 Flink does not know our id for the operation: one under way may be ours.
    let ids_are_ours = flink.cluster.known()?.version >= FlinkVersion::V1_15;
    let under_way = statistics.is_some_and(|s| s.in_progress > 0) && !ids_are_ours;
    let due = unseen && cx.now >= stop.not_before && !written && !under_way;
    due.then_some({
        Effect::Savepoint(Savepoint {
            incarnation,
            process,
            job: stop.job,
            trigger: stop.trigger,
            stop: ends.then_some(cx.desired.savepoint_stop),
            own_directory: cx.config.savepoint_subdirectory,
        })
    })
}

/// Our savepoint in the statistics: above the baseline, and, where it was given a directory of its
/// own, in that.
pub(super) fn ours<'s>(
    cx: &Context<'_>,
    stop: &Stop,
    statistics: &'s Statistics,
) -> Option<&'s Checkpoint> {
    let directory = stop.trigger.to_string();
    let mine = |c: &&Checkpoint| {
        c.kind.is_savepoint()
            && c.id > stop.baseline.checkpoint
            && c.path
                .as_ref()
                .is_some_and(|path| !cx.config.savepoint_subdirectory || path.contains(&directory))
    };
    statistics.completed.iter().rev().find(mine)
}

fn is_newest(found: &Checkpoint, statistics: &Statistics) -> bool {
    statistics.completed.iter().all(|c| c.discarded || c.id <= found.id)
}

fn newest_path(statistics: &Statistics) -> &str {
    let kept = statistics.completed.iter().rev().find(|c| !c.discarded);
    kept.and_then(|c| c.path.as_deref()).unwrap_or("not known")
}

/// The savepoint that the operation named.
pub(super) fn named(cx: &Context<'_>, stop: &Stop, path: String) -> RestorePoint {
    RestorePoint {
        path,
        kind: CheckpointKind::Savepoint,
        job: stop.job,
        checkpoint: None,
        taken: None,
        source: Source::Operation,
        at: cx.now,
    }
}

/// The savepoint that the statistics list.
pub(super) fn listed(cx: &Context<'_>, stop: &Stop, found: &Checkpoint) -> RestorePoint {
    RestorePoint {
        path: found.path.clone().unwrap_or_default(),
        checkpoint: Some(found.id),
        taken: Some(found.taken),
        source: Source::Statistics,
        ..named(cx, stop, String::new())
    }
}

#[cfg(test)]
mod tests;
