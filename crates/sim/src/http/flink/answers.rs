//! Bodies in Flink's form, as recorded on real ones (with what an operator reads of them).

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::super::cluster::pod::address;
use crate::world::{
    Details, FileKind, JobId, JobScheduler, JobState, OperationState, Overview, Retention,
    Settings, Statistics, World,
};

/// 128 bits as Flink writes ids.
pub(super) fn hex(id: u128) -> String {
    format!("{id:032x}")
}

pub(super) fn ok(body: &Value) -> Response<Bytes> {
    with(StatusCode::OK, body)
}

pub(super) fn accepted(body: &Value) -> Response<Bytes> {
    with(StatusCode::ACCEPTED, body)
}

/// An answer with this body.
pub(super) fn with(status: StatusCode, body: &Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = status;
    let json = http::HeaderValue::from_static("application/json; charset=UTF-8");
    response.headers_mut().insert(http::header::CONTENT_TYPE, json);
    response
}

fn version(settings: &Settings) -> String {
    format!("{}.{}.0", settings.flink.0, settings.flink.1)
}

pub(super) fn overview(settings: &Settings, overview: &Overview) -> Value {
    json!({
        "taskmanagers": overview.taskmanagers, "slots-total": overview.slots,
        "slots-available": overview.free, "jobs-running": 0, "jobs-finished": 0,
        "jobs-cancelled": 0, "jobs-failed": 0, "flink-version": version(settings),
        "flink-commit": "simulated",
    })
}

pub(super) fn config(settings: &Settings) -> Value {
    json!({
        "refresh-interval": settings.refresh_interval,
        "timezone-name": "Coordinated Universal Time", "timezone-offset": 0,
        "flink-version": version(settings), "flink-revision": "simulated",
        "features": {
            "web-submit": true, "web-cancel": true, "web-history": false,
            "web-rescale": settings.scheduler != JobScheduler::Default,
        },
    })
}

/// `/jobmanager/config`: the effective configuration.
pub(super) fn jobmanager_config(properties: &str) -> Value {
    let lines = properties.lines().filter_map(|line| line.split_once(':'));
    lines.map(|(key, value)| json!({ "key": key.trim(), "value": value.trim() })).collect()
}

pub(super) fn taskmanagers(world: &World, process: crate::world::Process) -> Value {
    let mine = world.taskmanagers().filter(|(_, t)| t.registered == Some(process));
    let list: Vec<Value> = mine
        .map(|(pod, taskmanager)| {
            json!({
                "id": format!("taskmanager-{}", pod.uid.0),
                "path": format!("pekko.tcp://flink@{}:6122/user/rpc/taskmanager_0", address(pod)),
                "dataPort": 6121, "jmxPort": -1, "timeSinceLastHeartbeat": world.now,
                "slotsNumber": taskmanager.slots,
                "freeSlots": (taskmanager.slots as usize).saturating_sub(taskmanager.tasks.len()),
            })
        })
        .collect();
    json!({ "taskmanagers": list })
}

/// Flink's word for a state.
pub(super) fn word(state: JobState) -> &'static str {
    match state {
        JobState::Running => "RUNNING",
        JobState::Restarting => "RESTARTING",
        JobState::Cancelling => "CANCELLING",
        JobState::Finished => "FINISHED",
        JobState::Canceled => "CANCELED",
        JobState::Failed => "FAILED",
    }
}

pub(super) fn jobs(jobs: &[(JobId, JobState)]) -> Value {
    let list: Vec<Value> =
        jobs.iter().map(|(id, state)| json!({ "id": hex(id.0), "status": word(*state) })).collect();
    json!({ "jobs": list })
}

pub(super) fn job(world: &World, id: JobId, details: &Details) -> Value {
    let parallelism = details.parallelism;
    let status = match (details.state, details.up) {
        (JobState::Running, false) | (JobState::Restarting, _) => "CREATED",
        (state, _) => word(state),
    };
    let vertex = |name: &str, number: u32| {
        json!({
            "id": hex(u128::from(number)), "name": name, "maxParallelism": 128,
            "parallelism": parallelism, "status": status, "start-time": -1, "end-time": -1,
            "duration": -1, "tasks": { status: parallelism },
        })
    };
    let restarted = details.restarted_at.unwrap_or(0);
    let ended = details.ended_at.map_or(json!(-1), |at| json!(at));
    json!({
        "jid": hex(id.0), "name": "simulated", "isStoppable": false, "state": word(details.state),
        "job-type": "STREAMING", "start-time": world.now, "end-time": ended, "duration": 0,
        "maxParallelism": -1, "now": world.now,
        "timestamps": { "RUNNING": world.now, "RESTARTING": restarted },
        "vertices": [vertex("Source", 1), vertex("Sink", 2)],
        "status-counts": {}, "plan": {},
    })
}

/// `/jobs/:id/resource-requirements`, of the vertices that `job` tells.
pub(super) fn requirements((lower, upper): (u32, u32)) -> Value {
    let bounds = json!({ "parallelism": { "lowerBound": lower, "upperBound": upper } });
    [1, 2].map(|number| (hex(number), bounds.clone())).into_iter().collect()
}

pub(super) fn statistics(world: &World, statistics: &Statistics) -> Value {
    let entry = |e: &crate::world::CheckpointEntry| {
        let file = &world.files[e.file.0];
        let savepoint = file.kind == FileKind::Savepoint;
        json!({
            "id": e.id, "status": "COMPLETED", "is_savepoint": savepoint,
            "savepointFormat": if savepoint { json!("CANONICAL") } else { Value::Null },
            "checkpoint_type": match (savepoint, e.sync) {
                (true, true) => "SYNC_SAVEPOINT",
                (true, false) => "SAVEPOINT",
                (false, _) => "CHECKPOINT",
            },
            "external_path": &*file.path, "discarded": e.discarded,
            "trigger_timestamp": e.taken, "latest_ack_timestamp": e.taken,
            "state_size": 1, "checkpointed_size": 1, "end_to_end_duration": 1,
            "alignment_buffered": 0, "processed_data": 0, "persisted_data": 0,
            "num_subtasks": 1, "num_acknowledged_subtasks": 1,
            "className": "completed", "tasks": {},
        })
    };
    let newest = |kind: FileKind| {
        let mine = |e: &&crate::world::CheckpointEntry| world.files[e.file.0].kind == kind;
        statistics.completed.iter().rev().find(mine).map(entry)
    };
    let restored = statistics.restored_from.as_ref().map(|e| {
        let file = &world.files[e.file.0];
        json!({
            "id": e.id, "restore_timestamp": e.taken, "external_path": &*file.path,
            "is_savepoint": file.kind == FileKind::Savepoint,
        })
    });
    let completed = statistics.completed.len();
    json!({
        "counts": {
            "restored": statistics.restored, "total": statistics.newest,
            "in_progress": statistics.in_progress, "completed": completed, "failed": 0,
        },
        "latest": {
            "completed": newest(FileKind::Checkpoint), "savepoint": newest(FileKind::Savepoint),
            "failed": null, "restored": restored,
        },
        "history": statistics.completed.iter().rev().map(entry).collect::<Vec<Value>>(),
    })
}

/// What becomes of checkpoints, in the two words that Flink has for it (recorded).
pub(super) fn checkpoint_config(retention: Retention) -> Value {
    let enabled = retention != Retention::Unset;
    let delete_on_cancellation = retention != Retention::RetainOnCancellation;
    json!({
        "mode": "exactly_once", "interval": 10_000, "timeout": 600_000, "min_pause": 0,
        "max_concurrent": 1,
        "externalization": {
            "enabled": enabled, "delete_on_cancellation": delete_on_cancellation,
        },
    })
}

pub(super) fn exceptions(failure: Option<&str>) -> Value {
    let entries: Vec<Value> = failure
        .map(|words| json!({ "exceptionName": "java.lang.RuntimeException", "stacktrace": words, "timestamp": 0 }))
        .into_iter()
        .collect();
    json!({
        "root-exception": failure, "timestamp": null, "all-exceptions": [], "truncated": false,
        "exceptionHistory": { "entries": entries, "truncated": false },
    })
}

pub(super) fn operation(world: &World, state: &OperationState) -> Value {
    match state {
        OperationState::InProgress | OperationState::Written(_) => {
            json!({ "status": { "id": "IN_PROGRESS" }, "operation": null })
        }
        OperationState::Completed(file) => json!({
            "status": { "id": "COMPLETED" },
            "operation": { "location": &*world.files[file.0].path },
        }),
        OperationState::Failed(words) => json!({
            "status": { "id": "COMPLETED" },
            "operation": { "failure-cause": {
                "class": "org.apache.flink.runtime.checkpoint.CheckpointException",
                "stack-trace": format!("org.apache.flink.runtime.checkpoint.CheckpointException: {words}"),
            } },
        }),
    }
}
