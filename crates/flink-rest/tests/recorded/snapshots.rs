//! Checkpoint statistics, savepoints, stops, checkpoints that were asked for.

use flinkk8soperator_flink_rest::model::{
    CheckpointConfig, CheckpointKind, CheckpointStatus, Checkpoints, Operation, SavepointLocation,
    Triggered, TriggeredCheckpoint,
};
use flinkk8soperator_flink_rest::{Cause, Fault, Retry, TriggerId};

use crate::exchange::{Exchange, Recording, trigger};

pub(crate) fn check(recording: &Recording, exchange: &Exchange) -> bool {
    match exchange.name.as_str() {
        "job_checkpoints_config" => {
            let config: CheckpointConfig = exchange.answer();
            assert_eq!((config.interval, config.timeout), (1000, 600_000));
            assert!(config.externalization.is_retained());
        }
        "job_checkpoints" => running(exchange),
        "job_checkpoints_finished" => stopped(recording, exchange),
        "job_checkpoints_restored" => restored(recording, exchange),
        "job_failed_checkpoints" => {
            let read: Checkpoints = exchange.answer();
            assert_eq!(read.counts.restored, 2, "two restarts");
            let newest = read.latest.completed.expect("it made some");
            assert!(!newest.discarded && newest.external_path.is_some());
        }
        "rescale_checkpoints" => {
            let read: Checkpoints = exchange.answer();
            let restored = read.latest.restored.expect("rescaled from a checkpoint");
            assert_eq!((read.counts.restored, restored.is_savepoint), (1, false));
        }
        "savepoint_status_first_poll" => {
            assert_eq!(exchange.answer::<Operation<SavepointLocation>>(), Operation::InProgress);
        }
        "savepoint_completed" | "stop_completed" | "cancel_with_savepoint_completed" => {
            assert!(location(exchange).starts_with("file:/flink/sp/savepoint-"));
        }
        "checkpoint_trigger" => checkpoint(recording, exchange),
        "checkpoint_trigger_status" => checkpoint_status(recording, exchange),
        _ => return triggered(recording, exchange),
    }
    true
}

/// Snapshots that were asked for; what became of them is another question.
fn triggered(recording: &Recording, exchange: &Exchange) -> bool {
    match exchange.name.as_str() {
        "savepoint_trigger" => accepted_from_1_15(recording, exchange, trigger(0xb001)),
        "savepoint_trigger_same_id" => assert_eq!(exchange.triggered(), trigger(0xb001)),
        "savepoint_trigger_bad_dir" => accepted_from_1_15(recording, exchange, trigger(0xb002)),
        "stop_with_savepoint" => accepted_from_1_15(recording, exchange, trigger(0xb004)),
        "cancel_with_savepoint" => accepted_from_1_15(recording, exchange, trigger(0xb005)),
        "savepoint_trigger_while_restarting" => {
            accepted_from_1_15(recording, exchange, trigger(0xb006));
        }
        "savepoint_trigger_without_trigger_id"
        | "savepoint_trigger_bad_dir_without_trigger_id"
        | "stop_with_savepoint_without_trigger_id"
        | "cancel_with_savepoint_without_trigger_id"
        | "savepoint_trigger_while_restarting_without_trigger_id"
        | "savepoint_trigger_job_not_found" => {
            assert_ne!(exchange.triggered(), TriggerId([0; 16]), "an id of Flink's choice");
        }
        _ => return false,
    }
    true
}

pub(crate) fn location(exchange: &Exchange) -> String {
    match exchange.answer() {
        Operation::Completed(SavepointLocation(path)) => path,
        other => panic!("{}: {other:?}", exchange.name),
    }
}

fn running(exchange: &Exchange) {
    let read: Checkpoints = exchange.answer();
    let newest = read.latest.completed.expect("checkpoints every second");
    assert_eq!(newest.id, read.counts.completed, "numbered from 1");
    assert_eq!(
        (newest.status, newest.kind),
        (CheckpointStatus::Completed, CheckpointKind::Checkpoint)
    );
    assert!(newest.acknowledged_at.is_some_and(|at| at >= newest.triggered_at));
    assert!(!newest.discarded && !newest.is_savepoint);
    let path = format!("file:/flink/cp/0000000000000000000000000000a001/chk-{}", newest.id);
    assert_eq!(newest.external_path, Some(path));
    assert_eq!((read.counts.restored, read.latest.restored), (0, None));
    assert_eq!(read.latest.savepoint, None);
    assert!(read.history.windows(2).all(|pair| pair[0].id > pair[1].id), "newest first");
    let in_progress = |checkpoint: &&_| is_in_progress(checkpoint);
    let open = read.history.iter().filter(in_progress).count();
    assert_eq!(open as u64, read.counts.in_progress);
}

fn is_in_progress(checkpoint: &flinkk8soperator_flink_rest::model::Checkpoint) -> bool {
    let open = checkpoint.status == CheckpointStatus::InProgress;
    assert!(!open || checkpoint.external_path.is_none());
    open
}

/// After a stop the statistics name the savepoint, and a checkpoint that is no longer there.
fn stopped(recording: &Recording, exchange: &Exchange) {
    let read: Checkpoints = exchange.answer();
    let savepoint = read.latest.savepoint.expect("a stop takes one");
    let checkpoint = read.latest.completed.expect("it made some");
    assert_eq!(savepoint.kind, CheckpointKind::SyncSavepoint);
    assert_eq!(savepoint.status, CheckpointStatus::Completed);
    assert!(savepoint.is_savepoint && !savepoint.discarded && savepoint.id > checkpoint.id);
    assert_eq!(savepoint.external_path, Some(location(recording.exchange("stop_completed"))));
    assert!(checkpoint.discarded && checkpoint.external_path.is_some());
    if let Some(failed) = read.latest.failed {
        assert_eq!((failed.status, failed.external_path), (CheckpointStatus::Failed, None));
        assert!(failed.failure_message.is_some_and(|told| !told.is_empty()));
    }
}

fn restored(recording: &Recording, exchange: &Exchange) {
    let read: Checkpoints = exchange.answer();
    let from = read.latest.restored.expect("started from a savepoint");
    assert_eq!((read.counts.restored, from.is_savepoint), (1, true));
    assert_eq!(from.external_path, Some(location(recording.exchange("stop_completed"))));
    assert!(read.latest.completed.is_some_and(|newest| newest.id > from.id));
}

fn accepted_from_1_15(recording: &Recording, exchange: &Exchange, expected: TriggerId) {
    if recording.version.honours_trigger_id() {
        assert_eq!(exchange.triggered(), expected);
        return;
    }
    let error = exchange.parse::<Triggered>().unwrap_err();
    assert_eq!((error.cause(), error.fault()), (Some(Cause::RequestInvalid), Fault::Us));
    assert!(error.to_string().starts_with("Unrecognized field \"triggerId\""), "{error}");
}

fn checkpoint(recording: &Recording, exchange: &Exchange) {
    if recording.version.triggers_checkpoints() {
        assert_eq!(exchange.triggered(), trigger(0xb003));
    } else {
        let error = exchange.parse::<Triggered>().unwrap_err();
        assert_eq!((error.cause(), error.retry()), (Some(Cause::CallUnknown), Retry::Never));
    }
}

fn checkpoint_status(recording: &Recording, exchange: &Exchange) {
    let answer = exchange.parse::<Operation<TriggeredCheckpoint>>();
    if recording.version.triggers_checkpoints() {
        let Ok(Operation::Completed(TriggeredCheckpoint { id })) = answer else {
            panic!("{answer:?}")
        };
        let statistics: Checkpoints = recording.exchange("job_checkpoints_finished").answer();
        assert!(id > 0 && id <= statistics.counts.total);
    } else {
        assert_eq!(answer.unwrap_err().cause(), Some(Cause::CallUnknown));
    }
}
