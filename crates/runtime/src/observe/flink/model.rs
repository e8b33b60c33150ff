//! Flink's answers as the machine's facts.

use flinkk8soperator_core::{self as core, Checkpoint, CheckpointKind, Statistics, Timestamp};
use flinkk8soperator_flink_rest as rest;
use flinkk8soperator_flink_rest::model::{CheckpointStatus, Checkpoints, Job, JobState, TaskState};

pub(super) fn state(state: &JobState) -> core::JobState {
    match state {
        JobState::Initializing | JobState::Created | JobState::Reconciling => {
            core::JobState::Starting
        }
        JobState::Running => core::JobState::Running,
        JobState::Failing | JobState::Restarting => core::JobState::Restarting,
        JobState::Cancelling => core::JobState::Cancelling,
        JobState::Finished => core::JobState::Finished,
        JobState::Canceled => core::JobState::Canceled,
        JobState::Failed => core::JobState::Failed,
        JobState::Suspended | JobState::Other(_) => core::JobState::Suspended,
    }
}

pub(super) fn job_fact(job: &Job) -> core::Job {
    let up = |state: &TaskState| matches!(state, TaskState::Running | TaskState::Finished);
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    core::Job {
        state: state(&job.state),
        vertices: count(job.vertices.len()),
        vertices_up: count(job.vertices.iter().filter(|vertex| up(&vertex.status)).count()),
        restarted_at: job.entered(&JobState::Restarting).map(Timestamp),
        ended_at: job.end_time.map(Timestamp),
        clock: Timestamp(job.now),
    }
}

pub(super) fn statistics_fact(found: &Checkpoints) -> Statistics {
    let latest = [&found.latest.completed, &found.latest.savepoint, &found.latest.failed];
    let latest = latest.into_iter().flatten();
    let newest = found.history.iter().chain(latest.clone()).map(|c| c.id).max();
    let done = |c: &&rest::model::Checkpoint| c.status == CheckpointStatus::Completed;
    let mut completed: Vec<Checkpoint> =
        found.history.iter().chain(latest).filter(done).map(checkpoint).collect();
    completed.sort();
    completed.dedup_by_key(|checkpoint| checkpoint.id);
    Statistics {
        newest_id: newest.unwrap_or_default(),
        restored: found.counts.restored,
        in_progress: found.counts.in_progress,
        completed,
        restored_from: found.latest.restored.as_ref().map(restored),
    }
}

pub(super) fn checkpoint(found: &rest::model::Checkpoint) -> Checkpoint {
    Checkpoint {
        id: found.id,
        kind: kind(found),
        path: found.external_path.clone(),
        discarded: found.discarded,
        taken: Timestamp(found.triggered_at),
    }
}

fn restored(found: &rest::model::Restored) -> Checkpoint {
    Checkpoint {
        id: found.id,
        kind: restored_kind(found.is_savepoint),
        path: found.external_path.clone(),
        discarded: false,
        taken: Timestamp(found.at),
    }
}

fn kind(found: &rest::model::Checkpoint) -> CheckpointKind {
    match found.kind {
        rest::model::CheckpointKind::SyncSavepoint => CheckpointKind::SyncSavepoint,
        _ => restored_kind(found.is_savepoint),
    }
}

/// Which kind of savepoint a job was restored from Flink does not say.
fn restored_kind(is_savepoint: bool) -> CheckpointKind {
    if is_savepoint { CheckpointKind::Savepoint } else { CheckpointKind::Checkpoint }
}
