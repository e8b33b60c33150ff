//! The table of outcomes of a stop, row by row, and when the trigger is sent.

use super::*;
use crate::policy::fixture::{
    JOB, NOW, PROCESS, TRIGGER, about, at, cluster, ended_at, job, jobs, pod, seen, unknown,
};
use crate::{ClusterObjects, Fact, FlinkCluster, Pod, Process, Role, Timestamp};

fn stop() -> Stop {
    Stop {
        job: JOB,
        trigger: TRIGGER,
        process: PROCESS,
        baseline: Baseline { checkpoint: 3, restored: 0 },
        attempt: 1,
        not_before: NOW,
        cancel: false,
    }
}

fn checkpoint(id: u64, kind: CheckpointKind, path: &str) -> Checkpoint {
    Checkpoint { id, kind, path: Some(path.to_owned()), discarded: false, taken: NOW }
}

fn ours_of(path: &str) -> Statistics {
    let before = checkpoint(3, CheckpointKind::Checkpoint, "chk-3");
    let ours = checkpoint(4, CheckpointKind::Savepoint, path);
    Statistics { newest_id: 4, completed: vec![before, ours], ..Statistics::default() }
}

fn stopped_with(path: &str) -> Statistics {
    let mut statistics = ours_of(path);
    statistics.completed[1].kind = CheckpointKind::SyncSavepoint;
    statistics
}

fn own_directory() -> String {
    format!("sp/app-{TRIGGER}")
}

fn ours() -> Statistics {
    ours_of(&own_directory())
}

fn none() -> Statistics {
    let before = checkpoint(3, CheckpointKind::Checkpoint, "chk-3");
    Statistics { newest_id: 3, completed: vec![before], ..Statistics::default() }
}

fn flink(state: JobState, operation: Operation, statistics: Statistics) -> Flink {
    Flink {
        process: Some(PROCESS),
        cluster: Fact::Known(about()),
        jobs: jobs(&[(JOB, state)]),
        job: job(state, 2),
        statistics: Fact::Known(Some(statistics)),
        operation: Fact::Known(operation),
        ..Flink::default()
    }
}

fn failed() -> Operation {
    Operation::Failed { message: "expired".to_owned() }
}

fn completed() -> Operation {
    Operation::Completed { path: "sp/told".to_owned() }
}

/// In one word what came of it, with the path or Flink's words.
fn outcome(stop: &Stop, deadline: Timestamp, flink: &Flink) -> String {
    match at(NOW, |cx| follow(cx, stop, deadline, flink)) {
        Outcome::Waiting(what) => format!("waiting for {what}"),
        Outcome::Remember(next) if next.cancel && !stop.cancel => "cancel".to_owned(),
        Outcome::Remember(next) => format!("remember {next:?}"),
        Outcome::Stopped(point) => format!("stopped at {}", point.path),
        Outcome::EndedByItself => "ended by itself".to_owned(),
        Outcome::Failed(message) => format!("failed: {message}"),
        Outcome::WithoutSavepoint { forgotten: true, .. } => "forgotten".to_owned(),
        Outcome::WithoutSavepoint { forgotten: false, .. } => "unproven".to_owned(),
    }
}

#[test]
fn every_row_of_the_table_of_outcomes_is_followed() {
    use JobState::{Canceled, Failed, Finished, Running};
    let restored = |statistics: Statistics| Statistics { restored: 1, ..statistics };
    let newer = {
        let mut newer = ours();
        newer.completed.push(checkpoint(5, CheckpointKind::Checkpoint, "chk-5"));
        newer
    };
    let (ahead, passed) = (Timestamp(NOW.0 + 1), NOW);
    let at_own = format!("stopped at {}", own_directory());
    let again = "failed: the job was restarted after the savepoint and went on";
    let to_end = "waiting for the job to end";
    let rows = [
        (Finished, Operation::Unknown, ours(), ahead, at_own.as_str()),
        (Finished, completed(), none(), ahead, "stopped at sp/told"),
        (Finished, Operation::Unknown, none(), ahead, "ended by itself"),
        (Finished, failed(), none(), ahead, "ended by itself"),
        (Failed, Operation::Unknown, ours(), ahead, &at_own),
        (Canceled, Operation::InProgress, ours(), ahead, &at_own),
        (Canceled, completed(), none(), ahead, "stopped at sp/told"),
        (Failed, Operation::Unknown, none(), ahead, "unproven"),
        (Canceled, Operation::Unknown, none(), ahead, "unproven"),
        (Failed, completed(), newer.clone(), ahead, "unproven"),
        (Canceled, Operation::Unknown, newer, ahead, "unproven"),
        (Running, Operation::Unknown, restored(ours()), ahead, again),
        (Running, completed(), restored(ours()), passed, again),
        (Running, Operation::InProgress, ours(), passed, "cancel"),
        (Running, Operation::InProgress, ours(), ahead, "waiting for the savepoint to be written"),
        (Running, completed(), ours(), ahead, to_end),
        (Running, completed(), ours(), passed, "cancel"),
        (Running, Operation::Unknown, ours(), ahead, to_end),
        (Running, Operation::Unknown, ours(), passed, "cancel"),
        (Running, failed(), none(), ahead, "failed: expired"),
        (Running, failed(), none(), passed, "failed: expired"),
        (Running, Operation::Unknown, none(), ahead, "waiting for the savepoint to be accepted"),
    ];
    for (state, operation, statistics, deadline, expected) in rows {
        let flink = flink(state, operation, statistics);
        assert_eq!(outcome(&stop(), deadline, &flink), expected, "{flink:?}");
    }
}

#[test]
fn a_savepoint_is_ours_above_the_baseline_and_in_its_own_directory() {
    let over = |statistics| flink(JobState::Finished, Operation::Unknown, statistics);
    let with =
        |baseline| Stop { baseline: Baseline { checkpoint: baseline, restored: 0 }, ..stop() };
    let cases = [
        (with(3), ours(), format!("stopped at {}", own_directory())),
        (with(4), ours(), "ended by itself".to_owned()),
        (with(3), ours_of("sp/by-hand"), "ended by itself".to_owned()),
        // Someone has stopped it: after ours was begun, or before that.
        (with(3), stopped_with("sp/by-hand"), "stopped at sp/by-hand".to_owned()),
        (with(4), stopped_with("sp/by-hand"), "stopped at sp/by-hand".to_owned()),
    ];
    for (stop, statistics, expected) in cases {
        assert_eq!(outcome(&stop, NOW, &over(statistics)), expected, "{:?}", stop.baseline);
    }
}

#[test]
fn statistics_count_from_a_caches_age_after_the_end_on() {
    let over = || flink(JobState::Finished, Operation::Unknown, none());
    let ended = |ago| ended_at(Some(Timestamp(NOW.0 - ago)), over());
    let waiting = "waiting for the job's final checkpoint statistics";
    assert_eq!(outcome(&stop(), NOW, &ended(2999)), waiting);
    assert_eq!(outcome(&stop(), NOW, &ended(3000)), "ended by itself");
    // The list is ahead of the details.
    assert_eq!(outcome(&stop(), NOW, &ended_at(None, over())), waiting);
    let none = Flink { statistics: Fact::Known(None), ..over() };
    assert_eq!(outcome(&stop(), NOW, &none), "ended by itself", "it made no checkpoints");
    let silent = Flink { statistics: unknown(600), ..over() };
    assert_eq!(outcome(&stop(), NOW, &silent), waiting);
}

#[test]
fn the_list_of_jobs_is_believed_before_the_cached_details() {
    let listed =
        Flink { job: job(JobState::Running, 2), ..flink(JobState::Finished, completed(), none()) };
    assert_eq!(outcome(&stop(), NOW, &listed), "stopped at sp/told");
    let lost = Flink { jobs: jobs(&[]), job: Fact::Known(None), ..listed };
    assert_eq!(outcome(&stop(), NOW, &lost), "forgotten");
}

#[test]
fn a_trigger_is_sent_only_where_nothing_shows_it() {
    let running = |operation, statistics| flink(JobState::Running, operation, statistics);
    let plain = running(Operation::Unknown, none());
    let statistics = unknown(600);
    let operation = unknown(600);
    let cases = [
        ("nothing shows it", NOW, plain.clone(), true),
        ("no checkpointing", NOW, Flink { statistics: Fact::Known(None), ..plain.clone() }, true),
        ("before its backoff", Timestamp(NOW.0 - 1), plain.clone(), false),
        ("the operation runs", NOW, running(Operation::InProgress, none()), false),
        ("the operation failed", NOW, running(failed(), none()), false),
        ("it is written", NOW, running(Operation::Unknown, ours()), false),
        ("statistics not read", NOW, Flink { statistics, ..plain.clone() }, false),
        ("operation not read", NOW, Flink { operation, ..plain.clone() }, false),
        ("over", NOW, flink(JobState::Finished, Operation::Unknown, none()), false),
    ];
    for (name, now, flink, expected) in cases {
        let seen = seen(vec![cluster()], flink);
        let sent = at(now, |cx| effect(cx, Incarnation(1), &stop(), &seen));
        assert_eq!(sent.is_some(), expected, "{name}");
    }
    let mut another = seen(vec![cluster()], plain);
    let process = Some(Process { restarts: 1, ..crate::policy::fixture::PROCESS });
    another.flink.values_mut().for_each(|f| f.process = process);
    assert_eq!(at(NOW, |cx| effect(cx, Incarnation(1), &stop(), &another)), None);
}

#[test]
fn a_decided_cancellation_is_sent_until_the_job_is_over() {
    let stop = Stop { cancel: true, ..stop() };
    for (state, expected) in [(JobState::Running, true), (JobState::Canceled, false)] {
        let seen = seen(vec![cluster()], flink(state, Operation::InProgress, ours()));
        let sent = at(NOW, |cx| effect(cx, Incarnation(1), &stop, &seen));
        assert_eq!(matches!(sent, Some(Effect::Cancel { job: JOB, .. })), expected, "{state:?}");
    }
}

#[test]
fn the_next_attempt_has_a_new_id_a_new_baseline_and_a_backoff() {
    let mut ids = Ids { epoch: 1, issued: 0 };
    let running = flink(JobState::Running, failed(), ours());
    let next = at(NOW, |cx| again(cx, &mut ids, &stop(), &running)).unwrap();
    assert_ne!(next.trigger, TRIGGER);
    assert_eq!(next.baseline, Baseline { checkpoint: 4, restored: 0 });
    assert_eq!((next.attempt, next.not_before), (2, Timestamp(NOW.0 + 100)));
    let silent = Flink { statistics: unknown(1), ..running };
    assert_eq!(at(NOW, |cx| again(cx, &mut ids, &stop(), &silent)), None, "without a baseline");
}

#[test]
fn what_another_job_manager_was_told_is_void_once_one_took_over() {
    let other = Process { restarts: 1, ..PROCESS };
    let taken_over = |flink: Flink| Flink { process: Some(other), ..flink };
    let running = taken_over(flink(JobState::Running, Operation::Unknown, ours()));
    assert_eq!(
        outcome(&stop(), NOW, &running),
        "failed: another JobManager took over, and the job goes on"
    );
    let restarted =
        ClusterObjects { pods: vec![Pod { restarts: 1, ..pod(1, Role::JobManager) }], ..cluster() };
    let mut seen = seen(vec![restarted], running);
    seen.flink.values_mut().for_each(|f| f.process = Some(other));
    assert_eq!(at(NOW, |cx| effect(cx, Incarnation(1), &stop(), &seen)), None);
}

#[test]
fn statistics_are_asked_for_where_they_decide() {
    use JobState::{Finished, Running};
    let (ahead, passed) = (Timestamp(NOW.0 + 1), NOW);
    let cancel = Stop { cancel: true, ..stop() };
    let under_way = || flink(Running, Operation::InProgress, none());
    let elsewhere = Process { restarts: 1, ..PROCESS };
    let rows = [
        (stop(), ahead, under_way(), false),
        (stop(), passed, under_way(), true),
        (cancel.clone(), ahead, under_way(), true),
        (stop(), ahead, flink(Finished, Operation::InProgress, none()), true),
        (stop(), ahead, Flink { operation: unknown(1), ..under_way() }, false),
        (cancel, passed, Flink { operation: unknown(1), ..under_way() }, false),
        (stop(), ahead, Flink { process: Some(elsewhere), ..under_way() }, true),
        (stop(), ahead, flink(Running, failed(), none()), true),
        (stop(), ahead, flink(Running, completed(), none()), true),
        (stop(), ahead, flink(Running, Operation::Unknown, none()), true),
    ];
    for (stop, deadline, flink, matter) in rows {
        let found = at(NOW, |cx| statistics_matter(&stop, deadline, cx, &flink));
        assert_eq!(found, matter, "{stop:?} {flink:?}");
    }
}

#[test]
fn a_failed_operation_is_believed_once_the_statistics_are_known() {
    let (ahead, told) = (Timestamp(NOW.0 + 1), flink(JobState::Running, failed(), none()));
    let untold = Flink { statistics: unknown(1), ..told.clone() };
    let statistics = "waiting for the job's checkpoint statistics";
    assert_eq!(outcome(&stop(), ahead, &untold), statistics);
    assert_eq!(outcome(&stop(), ahead, &told), "failed: expired");
}

/// Of a job that ended without the savepoint, what may be newer is named.
#[test]
fn an_unproven_end_names_the_newest_checkpoint() {
    let flink = flink(JobState::Failed, Operation::Unknown, none());
    let why = at(NOW, |cx| match follow(cx, &stop(), Timestamp(NOW.0 + 1), &flink) {
        Outcome::WithoutSavepoint { why, .. } => why,
        Outcome::Waiting(_)
        | Outcome::Remember(_)
        | Outcome::Stopped(_)
        | Outcome::EndedByItself
        | Outcome::Failed(_) => String::new(),
    });
    assert!(why.contains("chk-3"), "{why}");
}

/// It was told to end without delay, and has failed over: what it was told is void.
#[test]
fn a_cancelled_job_that_came_back_is_not_waited_for() {
    let stop = Stop { cancel: true, ..stop() };
    let back = Statistics { restored: 1, ..ours() };
    let ended = |statistics| flink(JobState::Running, completed(), statistics);
    assert_eq!(outcome(&stop, NOW, &ended(ours())), "waiting for the job to end");
    let again = "failed: the job was restarted after the savepoint and went on";
    assert_eq!(outcome(&stop, NOW, &ended(back.clone())), again);
    let sent = |statistics| {
        let seen = seen(vec![cluster()], ended(statistics));
        at(NOW, |cx| effect(cx, Incarnation(1), &stop, &seen)).is_some()
    };
    assert!(sent(ours()));
    assert!(!sent(back));
}

/// Before 1.15 Flink gives its operations ids of its own.
#[test]
fn before_1_15_a_trigger_waits_for_whatever_is_being_written() {
    let sent = |minor, in_progress| {
        let version = FlinkVersion { major: 1, minor };
        let statistics = Statistics { in_progress, ..none() };
        let flink = flink(JobState::Running, Operation::Unknown, statistics);
        let flink = Flink { cluster: Fact::Known(FlinkCluster { version, ..about() }), ..flink };
        let seen = seen(vec![cluster()], flink);
        at(NOW, |cx| effect(cx, Incarnation(1), &stop(), &seen)).is_some()
    };
    let all = [sent(14, 0), sent(14, 1), sent(15, 0), sent(15, 1)];
    assert_eq!(all, [true, false, true, true]);
}

#[test]
fn a_restore_point_says_where_it_is_known_from() {
    let told = flink(JobState::Finished, completed(), none());
    let listed = flink(JobState::Finished, Operation::Unknown, ours());
    let point = |flink: &Flink| match at(NOW, |cx| follow(cx, &stop(), NOW, flink)) {
        Outcome::Stopped(RestorePoint { job, checkpoint, taken, source, at, .. }) => {
            Some((job, checkpoint, taken, source, at))
        }
        Outcome::Waiting(_)
        | Outcome::Remember(_)
        | Outcome::EndedByItself
        | Outcome::Failed(_)
        | Outcome::WithoutSavepoint { .. } => None,
    };
    assert_eq!(point(&told), Some((JOB, None, None, Source::Operation, NOW)));
    assert_eq!(point(&listed), Some((JOB, Some(4), Some(NOW), Source::Statistics, NOW)));
}
