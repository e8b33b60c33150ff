//! Jobs in every state, their lists, configurations and cancellations.

use flinkk8soperator_flink_rest::model::{
    Accepted, Exceptions, Job, JobConfig, JobState, Jobs, Parallelism, ResourceRequirements,
    TaskState,
};
use flinkk8soperator_flink_rest::{Cause, Retry};

use crate::exchange::{Exchange, Recording, job};

pub(crate) fn check(recording: &Recording, exchange: &Exchange) -> bool {
    match exchange.name.as_str() {
        "jobs_empty" => assert_eq!(exchange.answer::<Jobs>().jobs, []),
        "jobs_running" => list(exchange),
        "job_config" => config(exchange),
        "job_exceptions_none" => {
            let none: Exceptions = exchange.answer();
            assert_eq!((none.root, none.history), (None, vec![]));
        }
        "job_failed_exceptions" => failed(recording, exchange),
        "job_bad_savepoint_exceptions" => bad_savepoint(recording, exchange),
        "cancel_running" => assert_eq!(exchange.answer::<Accepted>(), Accepted {}),
        "cancel_finished" => cancel_finished(recording, exchange),
        _ => {
            return living(recording, exchange)
                || ended(recording, exchange)
                || rescaled(recording, exchange);
        }
    }
    true
}

/// Jobs that are not over.
fn living(recording: &Recording, exchange: &Exchange) -> bool {
    let adaptive = recording.is_adaptive();
    match exchange.name.as_str() {
        "job_just_submitted" => {
            let early = if adaptive { JobState::Created } else { JobState::Running };
            let read = state(exchange, 0xa001, &early);
            assert_eq!(read.tasks_in(&TaskState::Running), 0, "RUNNING says nothing of tasks");
        }
        "job_running" => running(exchange),
        "job_cancelling" => {
            let read: Job = exchange.answer();
            assert!(matches!(read.state, JobState::Canceled | JobState::Cancelling));
        }
        "job_too_parallel" => {
            let wait = if adaptive { JobState::Created } else { JobState::Running };
            let read = state(exchange, 0xa004, &wait);
            assert_eq!((read.tasks(), read.tasks_in(&TaskState::Running)), (128, 0));
        }
        "job_restarting" => {
            let read = state(exchange, 0xa005, &JobState::Restarting);
            assert!(!read.state.is_over() && read.end_time.is_none());
        }
        "job_taskmanager_lost" => {
            let read: Job = exchange.answer();
            assert!(matches!(read.state, JobState::Created | JobState::Restarting));
            assert_eq!(read.tasks_in(&TaskState::Running), 0);
        }
        _ => return false,
    }
    true
}

/// Jobs that are over.
fn ended(recording: &Recording, exchange: &Exchange) -> bool {
    let adaptive = recording.is_adaptive();
    match exchange.name.as_str() {
        "job_finished_by_stop" => {
            let read = state(exchange, 0xa001, &JobState::Finished);
            assert!(read.state.is_over());
            assert_eq!(read.entered(&JobState::Finished), read.end_time);
            assert_eq!(read.tasks_in(&TaskState::Finished), if adaptive { 8 } else { 4 });
        }
        "job_canceled" => {
            let read = state(exchange, 0xa002, &JobState::Canceled);
            assert!(read.state.is_over() && read.end_time.is_some());
        }
        "job_bad_savepoint" => {
            let read = state(exchange, 0xa003, &JobState::Failed);
            assert_eq!(read.vertices.len(), if adaptive { 2 } else { 0 });
        }
        "job_failed" => {
            let read = state(exchange, 0xa005, &JobState::Failed);
            assert!(read.entered(&JobState::Failing).is_some() && read.state.is_over());
            assert_eq!(read.tasks_in(&TaskState::Failed), 1);
        }
        "job_finished_bounded" => {
            let read = state(exchange, 0xa006, &JobState::Finished);
            assert!(read.vertices.iter().all(|vertex| vertex.status == TaskState::Finished));
        }
        _ => return false,
    }
    true
}

/// Only with the adaptive scheduler, from 1.18 on.
fn rescaled(recording: &Recording, exchange: &Exchange) -> bool {
    match exchange.name.as_str() {
        "resource_requirements" => requirements(recording, exchange),
        "resource_requirements_after" => assert_eq!(upper_bounds(exchange), [4, 4]),
        "rescale_up" | "rescale_too_many" => {
            assert_eq!(exchange.answer::<Accepted>(), Accepted {});
        }
        "rescale_immediately_after" => {
            assert_eq!(state(exchange, 0xa001, &JobState::Running).tasks(), 4);
        }
        "rescale_done" | "rescale_too_many_state" => {
            let read = state(exchange, 0xa001, &JobState::Running);
            assert_eq!((read.tasks(), read.tasks_in(&TaskState::Running)), (8, 6));
            assert_eq!(read.tasks_in(&TaskState::Finished), 2, "sources without a partition end");
        }
        _ => return false,
    }
    true
}

fn state(exchange: &Exchange, number: u16, expected: &JobState) -> Job {
    let read: Job = exchange.answer();
    assert_eq!((read.id, &read.state), (job(number), expected));
    assert_eq!(read.name, "probe");
    assert!(read.start_time.is_some_and(|start| start <= read.now));
    read
}

fn list(exchange: &Exchange) {
    let jobs = exchange.answer::<Jobs>().jobs;
    assert!(jobs.len() >= 2);
    for listed in jobs {
        let ours = listed.id == job(0xa001);
        assert_eq!(listed.status == JobState::Running, ours, "{listed:?}");
        assert_eq!(listed.status == JobState::Canceled, !ours, "{listed:?}");
    }
}

fn running(exchange: &Exchange) {
    let read = state(exchange, 0xa001, &JobState::Running);
    assert!(read.entered(&JobState::Running).is_some());
    assert_eq!((read.entered(&JobState::Failed), read.end_time), (None, None));
    assert_eq!((read.tasks(), read.tasks_in(&TaskState::Running)), (4, 4));
    let [source, sink] = read.vertices.as_slice() else { panic!("{read:?}") };
    assert!(source.name.starts_with("Source: "));
    for vertex in [source, sink] {
        assert_eq!((vertex.parallelism, vertex.max_parallelism), (2, Some(128)));
        assert_eq!(vertex.status, TaskState::Running);
        assert_eq!(vertex.tasks.get(&TaskState::Running), Some(&2));
    }
}

fn config(exchange: &Exchange) {
    let read: JobConfig = exchange.answer();
    assert_eq!(read.id, job(0xa001));
    let execution = read.execution_config.expect("a running job has one");
    assert_eq!(execution.job_parallelism, Some(2));
    assert!(execution.restart_strategy.contains("restart"), "{execution:?}");
}

fn failed(recording: &Recording, exchange: &Exchange) {
    let told: Exceptions = exchange.answer();
    let root = told.root.expect("the job failed");
    assert_eq!(root.message, "RuntimeException: failing as asked at 400");
    assert!(root.at.is_some());
    assert_eq!(told.history.len(), 3);
    assert!(told.history.iter().all(|entry| entry.message == root.message));
    let task = told.history[1].task.as_deref();
    let named = "Source: Sequence Source -> Map (1/1) - execution #1";
    assert_eq!(task, (!recording.is_adaptive()).then_some(named));
}

fn bad_savepoint(recording: &Recording, exchange: &Exchange) {
    let told: Exceptions = exchange.answer();
    if recording.file == "2.3.0-adaptive" {
        // Here Flink tells nobody why the job failed.
        assert_eq!(told.root, None);
        return;
    }
    let expected = "FileNotFoundException: Cannot find checkpoint or savepoint file/directory \
        'file:///nope' on file system 'file'.";
    assert_eq!(told.root.expect("the job failed").message, expected);
}

fn cancel_finished(recording: &Recording, exchange: &Exchange) {
    let refusal = exchange.refusal::<Accepted>();
    if recording.version.at_least((1, 15)) {
        let expected = "Job cancellation failed because the job has already reached another \
            terminal state (FINISHED).";
        assert_eq!((refusal.cause, refusal.message.as_str()), (Cause::AlreadyEnded, expected));
    } else {
        assert_eq!(refusal.cause, Cause::JobUnknown);
    }
}

fn requirements(recording: &Recording, exchange: &Exchange) {
    if recording.is_adaptive() {
        assert_eq!(upper_bounds(exchange), [2, 2]);
        return;
    }
    let error = exchange.parse::<ResourceRequirements>().unwrap_err();
    let (cause, retry) = if recording.version.has_resource_requirements() {
        (Cause::SchedulerUnsuited, Retry::AfterChange)
    } else {
        (Cause::CallUnknown, Retry::Never)
    };
    assert_eq!((error.cause(), error.retry()), (Some(cause), retry));
}

fn upper_bounds(exchange: &Exchange) -> Vec<u32> {
    let bounds = exchange.answer::<ResourceRequirements>().0;
    let each = |parallelism: Parallelism| {
        assert_eq!(parallelism.lower_bound, 1);
        parallelism.upper_bound
    };
    bounds.into_values().map(each).collect()
}
