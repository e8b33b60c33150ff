//! Between the world's words and the machine's. The two were written apart on purpose.

use std::time::Duration;

use flinkk8soperator_core as machine;
use machine::{
    Checkpoint, CheckpointKind, Checkpointing, FlinkCluster, FlinkVersion, Job, JobState,
    JobSummary, Operation, Retention, Timestamp, TroubleKind,
};

use crate::world::{self, File, FileKind, OperationState};

pub(crate) fn uid(uid: world::Uid) -> machine::Uid {
    machine::Uid(u128::from(uid.0))
}

pub(crate) fn uid_back(uid: machine::Uid) -> world::Uid {
    world::Uid(u64::try_from(uid.0).unwrap_or(u64::MAX))
}

pub(crate) fn process_back(process: machine::Process) -> world::Process {
    world::Process { pod: uid_back(process.pod), restarts: process.restarts }
}

pub(crate) fn job_back(job: machine::JobId) -> world::JobId {
    world::JobId(job.0)
}

pub(crate) fn trigger_back(trigger: machine::TriggerId) -> world::TriggerId {
    world::TriggerId(trigger.0)
}

pub(crate) fn pod(pod: &world::Pod) -> machine::Pod {
    let stuck = (pod.stuck && pod.terminating).then(|| machine::Trouble {
        kind: TroubleKind::DoesNotEnd,
        message: "it was to be gone a while ago".to_owned(),
    });
    let trouble = pod.trouble.map(|trouble| machine::Trouble {
        kind: match trouble {
            world::Trouble::ImagePull => TroubleKind::ImagePull,
            world::Trouble::InvalidImage => TroubleKind::InvalidImage,
            world::Trouble::CrashLoop => TroubleKind::CrashLoop,
            world::Trouble::Unschedulable => TroubleKind::Unschedulable,
        },
        message: trouble.to_string(),
    });
    let trouble = stuck.or(trouble);
    machine::Pod {
        uid: uid(pod.uid),
        name: format!("pod-{}", pod.uid.0),
        incarnation: machine::Incarnation(pod.cluster.incarnation),
        role: match pod.role {
            world::Role::JobManager => machine::Role::JobManager,
            world::Role::TaskManager => machine::Role::TaskManager,
        },
        restarts: pod.restarts,
        first: pod.first,
        // What is not part of the world's state (but see `left::tell_age`).
        began: None,
        running: pod.running(),
        ready: pod.ready,
        terminating: pod.terminating,
        trouble,
    }
}

pub(crate) fn overview(overview: world::Overview, refresh_interval: u64) -> FlinkCluster {
    FlinkCluster {
        version: FlinkVersion { major: overview.version.0, minor: overview.version.1 },
        slots: overview.slots,
        slots_free: overview.free,
        taskmanagers: overview.taskmanagers,
        refresh_interval: Duration::from_millis(refresh_interval),
        high_availability: false,
    }
}

fn job_state(state: world::JobState) -> JobState {
    match state {
        world::JobState::Running => JobState::Running,
        world::JobState::Restarting => JobState::Restarting,
        world::JobState::Cancelling => JobState::Cancelling,
        world::JobState::Finished => JobState::Finished,
        world::JobState::Canceled => JobState::Canceled,
        world::JobState::Failed => JobState::Failed,
    }
}

pub(crate) fn jobs(jobs: &[(world::JobId, world::JobState)]) -> Vec<JobSummary> {
    let line = |(id, state): &(world::JobId, world::JobState)| JobSummary {
        id: machine::JobId(id.0),
        state: job_state(*state),
    };
    jobs.iter().map(line).collect()
}

pub(crate) fn details(details: world::Details, now: u64) -> Job {
    Job {
        clock: Timestamp(now),
        state: job_state(details.state),
        vertices: 1,
        vertices_up: u32::from(details.up),
        restarted_at: details.restarted_at.map(Timestamp),
        ended_at: details.ended_at.map(Timestamp),
    }
}

/// The only vertex of every job.
pub(super) fn vertex((lower, upper): (u32, u32), details: world::Details) -> machine::Vertex {
    let vertex = machine::VertexId(1);
    machine::Vertex {
        bounds: machine::Bounds { vertex, lower, upper },
        max_parallelism: None,
        parallelism: details.parallelism,
        running: if details.up { details.parallelism } else { 0 },
    }
}

pub(crate) fn statistics(statistics: &world::Statistics, files: &[File]) -> machine::Statistics {
    let checkpoint = |entry: &world::CheckpointEntry| {
        let file = &files[entry.file.0];
        Checkpoint {
            id: entry.id,
            kind: match (file.kind, entry.sync) {
                (FileKind::Savepoint, false) => CheckpointKind::Savepoint,
                (FileKind::Savepoint, true) => CheckpointKind::SyncSavepoint,
                (FileKind::Checkpoint, _) => CheckpointKind::Checkpoint,
            },
            path: Some(file.path.to_string()),
            discarded: entry.discarded,
            taken: Timestamp(entry.taken),
        }
    };
    machine::Statistics {
        newest_id: statistics.newest,
        restored: u64::from(statistics.restored),
        in_progress: u64::from(statistics.in_progress),
        completed: statistics.completed.iter().map(checkpoint).collect(),
        restored_from: statistics.restored_from.as_ref().map(checkpoint),
    }
}

pub(crate) fn checkpointing(retention: world::Retention) -> Checkpointing {
    let retention = match retention {
        world::Retention::Unset => Retention::None,
        world::Retention::DeleteOnCancellation => Retention::OnFailure,
        world::Retention::RetainOnCancellation => Retention::OnCancellation,
    };
    Checkpointing { interval: Some(Duration::from_secs(10)), retention }
}

pub(crate) fn operation(state: Option<OperationState>, files: &[File]) -> Operation {
    match state {
        None => Operation::Unknown,
        Some(OperationState::InProgress | OperationState::Written(_)) => Operation::InProgress,
        Some(OperationState::Completed(file)) => {
            Operation::Completed { path: files[file.0].path.to_string() }
        }
        Some(OperationState::Failed(words)) => Operation::Failed { message: words.to_string() },
    }
}
