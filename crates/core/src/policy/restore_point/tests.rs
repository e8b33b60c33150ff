//! What may be started from, situation by situation.

use super::*;
use crate::observation::Fact;
use crate::policy::fixture::{self, JOB, NOW, desired};
use crate::state::Learnt;
use crate::{Config, Desired, JobId, Restore};

fn job(from: Origin) -> LiveJob {
    LiveJob { id: JOB, from, learnt: None }
}

fn checkpoint(id: u64) -> Checkpoint {
    let (path, taken) = (Some(format!("chk-{id}")), Timestamp(NOW.0 - 60_000));
    Checkpoint { id, kind: CheckpointKind::Checkpoint, path, discarded: false, taken }
}

fn discarded(id: u64) -> Checkpoint {
    Checkpoint { discarded: true, ..checkpoint(id) }
}

fn statistics(completed: Vec<Checkpoint>) -> Statistics {
    Statistics { newest_id: 9, completed, ..Statistics::default() }
}

/// In a word: the path to start from, or which sort of refusal.
fn word(newest: &Newest) -> String {
    match newest {
        Newest::Proven(origin) => origin.path().unwrap_or("empty").to_owned(),
        Newest::NotRetained(_) => "not retained".to_owned(),
        Newest::Unproven { cure: None, .. } => "unproven".to_owned(),
        Newest::Unproven { cure: Some(cure), .. } => format!("unproven, but for {cure}"),
    }
}

fn at<T>(desired: &Desired, check: impl FnOnce(&Context<'_>) -> T) -> T {
    let config = Config::default();
    check(&Context { config: &config, desired, now: NOW, resumed: false })
}

fn older() -> Origin {
    Origin::Restored(RestorePoint {
        path: "sp-1".to_owned(),
        kind: CheckpointKind::Savepoint,
        job: JobId(1),
        checkpoint: Some(1),
        taken: None,
        source: Source::Operation,
        at: NOW,
    })
}

fn ended(statistics: Option<&Statistics>) -> Ended<'_> {
    Ended { statistics, high_availability: false, clock: NOW }
}

#[test]
fn of_a_job_that_ended_the_highest_completed_checkpoint_counts_if_it_still_exists() {
    let given = || Origin::Given("given".to_owned());
    let rows = [
        (Origin::Empty, Some(statistics(vec![discarded(1), checkpoint(2)])), "chk-2"),
        (Origin::Empty, Some(statistics(vec![checkpoint(2), checkpoint(1)])), "chk-2"),
        // An older one that is left is not the newest: a person has to choose it.
        (Origin::Empty, Some(statistics(vec![checkpoint(1), discarded(2)])), "not retained"),
        // None was completed: what it started from; from nothing only if it never makes any.
        (older(), Some(statistics(Vec::new())), "sp-1"),
        (given(), Some(statistics(Vec::new())), "given"),
        (Origin::Empty, Some(statistics(Vec::new())), "unproven"),
        (older(), None, "sp-1"),
        (Origin::Empty, None, "empty"),
    ];
    for (from, statistics, expected) in rows {
        let newest = at(&desired(), |cx| of_ended(cx, &job(from), &ended(statistics.as_ref())));
        assert_eq!(word(&newest), expected, "{statistics:?}");
    }
}

#[test]
fn what_a_job_was_restored_from_counts_where_it_completed_nothing_since() {
    let restored =
        |id, completed| Statistics { restored_from: Some(checkpoint(id)), ..statistics(completed) };
    let own = |path: &str| Checkpoint { path: Some(path.to_owned()), ..checkpoint(1) };
    let its_own = Statistics { restored_from: Some(own("sp-1")), ..statistics(Vec::new()) };
    let rows = [
        // Another JobManager took over, and the job went on from what the one before had made.
        (older(), restored(5, Vec::new()), "chk-5"),
        (older(), restored(5, vec![checkpoint(6)]), "chk-6"),
        (older(), its_own, "sp-1"),
    ];
    for (from, statistics, expected) in rows {
        let newest = at(&desired(), |cx| of_ended(cx, &job(from), &ended(Some(&statistics))));
        assert_eq!(word(&newest), expected, "{statistics:?}");
    }
}

#[test]
fn empty_statistics_prove_nothing_with_high_availability() {
    let none = statistics(Vec::new());
    let ended = Ended { high_availability: true, ..ended(Some(&none)) };
    let newest = at(&desired(), |cx| of_ended(cx, &job(older()), &ended));
    assert_eq!(word(&newest), "unproven");
}

#[test]
fn a_checkpoint_grows_too_old_by_the_job_managers_clock_and_a_savepoint_does_not() {
    let limit = Duration::from_secs(60);
    let desired = Desired { max_checkpoint_age: limit, ..desired() };
    let savepoint = Checkpoint { kind: CheckpointKind::Savepoint, ..checkpoint(2) };
    let rows = [
        (checkpoint(2), NOW, "chk-2"),
        (
            checkpoint(2),
            Timestamp(NOW.0 + 1_000),
            "unproven, but for a larger maxCheckpointRestoreAgeSeconds",
        ),
        (savepoint, Timestamp(NOW.0 + 1_000_000), "chk-2"),
    ];
    for (newest, clock, expected) in rows {
        let statistics = statistics(vec![newest]);
        let ended = Ended { clock, ..ended(Some(&statistics)) };
        let newest = at(&desired, |cx| of_ended(cx, &job(Origin::Empty), &ended));
        assert_eq!(word(&newest), expected, "at {clock}");
    }
}

#[test]
fn a_job_may_be_cancelled_only_if_a_checkpoint_of_it_stays() {
    let kept = statistics(vec![checkpoint(2)]);
    let none = statistics(vec![discarded(2)]);
    let of = |retention| Some(Checkpointing { interval: None, retention });
    let rows = [
        (Some(&kept), of(Retention::OnCancellation), true),
        (Some(&none), of(Retention::OnCancellation), false),
        (Some(&kept), of(Retention::OnFailure), false),
        (Some(&kept), of(Retention::None), false),
        (None, None, false),
    ];
    for (statistics, checkpointing, expected) in rows {
        let verdict = of_cancelled(&job(Origin::Empty), statistics, checkpointing.as_ref());
        assert_eq!(verdict.is_ok(), expected, "{checkpointing:?}");
    }
}

fn learnt(newest: Option<u64>) -> Option<Learnt> {
    let point = |id| RestorePoint {
        path: format!("chk-{id}"),
        kind: CheckpointKind::Checkpoint,
        job: JOB,
        checkpoint: Some(id),
        taken: Some(NOW),
        source: Source::Memory,
        at: NOW,
    };
    Some(Learnt { checkpoints: true, newest: newest.map(point), at: NOW })
}

#[test]
fn from_memory_nothing_is_proven_and_the_last_seen_is_used_if_the_user_allows_it() {
    let rows = [
        (learnt(Some(4)), None, "chk-4"),
        (learnt(Some(4)), Some(checkpoint(5)), "chk-5"),
        (learnt(Some(4)), Some(checkpoint(3)), "chk-4"),
        (learnt(None), None, "unproven"),
        (None, Some(checkpoint(5)), "chk-5"),
        (None, None, "unproven"),
    ];
    for (learnt, last_seen, last) in rows {
        let check = |recovery| {
            let desired = Desired { recovery, ..desired() };
            let job = LiveJob { learnt: learnt.clone(), ..job(Origin::Empty) };
            word(&at(&desired, |cx| from_memory(cx, &job, last_seen.as_ref())))
        };
        // LastSeen is named where it does something.
        let allowed = ["unproven", "unproven, but for recovery: LastSeen"];
        let named = allowed[usize::from(last != "unproven")];
        assert_eq!(check(Recovery::Proven), named, "{learnt:?} {last_seen:?}");
        assert_eq!(check(Recovery::LastSeen), last, "{learnt:?} {last_seen:?}");
    }
}

#[test]
fn a_job_that_was_seen_to_make_no_checkpoints_begins_where_it_began() {
    let none = learnt(None).map(|l| Learnt { checkpoints: false, ..l });
    for (from, expected) in [(Origin::Empty, "empty"), (older(), "sp-1")] {
        let job = LiveJob { learnt: none.clone(), ..job(from) };
        let newest = at(&desired(), |cx| from_memory(cx, &job, None));
        assert_eq!(word(&newest), expected);
    }
}

#[test]
fn restore_is_used_once_per_nonce() {
    let wish = |nonce: &str| Restore { path: "named".to_owned(), nonce: nonce.to_owned() };
    let mut record = crate::State::new(NOW).record;
    let first = Desired { restore: Some(wish("a")), ..desired() };
    let used = at(&first, |cx| use_restore(cx, &mut record, older()));
    assert_eq!(used.path(), Some("named"));
    let again = at(&first, |cx| use_restore(cx, &mut record, older()));
    assert_eq!(again.path(), Some("sp-1"));
    let second = Desired { restore: Some(wish("b")), ..desired() };
    assert!(at(&second, |cx| named_by_the_user(cx, &record)).is_some());
}

#[test]
fn of_a_cancelled_job_its_last_checkpoint_is_left_where_it_is_retained_and_it_makes_some() {
    use JobState::{Canceled, Failed};
    use Retention::{None as Never, OnCancellation, OnFailure};
    let since = Some(Timestamp(NOW.0 - 3000));
    let rows = [
        (Some(OnCancellation), Canceled, since, Some("chk-2")),
        (Some(OnCancellation), Failed, since, Some("chk-2")),
        (Some(OnFailure), Failed, since, Some("chk-2")),
        (Some(OnFailure), Canceled, since, Some("not retained")),
        (Some(Never), Failed, since, Some("not retained")),
        // The statistics may be a copy from before its end.
        (Some(OnCancellation), Canceled, Some(Timestamp(NOW.0 - 2999)), None),
        (Some(OnCancellation), Canceled, None, None),
        // Where nothing stays there is nothing to wait for.
        (Some(Never), Canceled, None, Some("not retained")),
        (None, Canceled, None, Some("sp-1")),
    ];
    for (retention, how, ended_at, left) in rows {
        let checkpointing = retention.map(|retention| Checkpointing { interval: None, retention });
        let flink = Flink {
            cluster: Fact::Known(fixture::about()),
            checkpointing: Fact::Known(checkpointing),
            statistics: Fact::Known(Some(statistics(vec![discarded(1), checkpoint(2)]))),
            job: fixture::job(how, 0),
            ..Flink::default()
        };
        let flink = fixture::ended_at(ended_at, flink);
        let ended = Ended::told(NOW, &flink);
        let found = at(&desired(), |cx| left_of(cx, &job(older()), how, &flink, ended));
        assert_eq!(found.as_ref().map(word).as_deref(), left, "{retention:?} {how:?} {ended_at:?}");
    }
    let silent = Flink::default();
    assert_eq!(at(&desired(), |cx| left_of(cx, &job(older()), Canceled, &silent, None)), None);
}

#[test]
fn a_job_was_stopped_by_someone_if_a_savepoint_of_a_stop_is_the_last_thing_that_it_completed() {
    let of = |id, kind| Checkpoint { kind, ..checkpoint(id) };
    let sync = || of(3, CheckpointKind::SyncSavepoint);
    let all = |completed| statistics(completed);
    let resumed = Statistics { restored_from: Some(sync()), ..all(vec![checkpoint(2), sync()]) };
    let rows = [
        ("the last", all(vec![checkpoint(2), sync()]), true),
        ("in whatever order", all(vec![sync(), checkpoint(2)]), true),
        ("of one beside it", all(vec![of(3, CheckpointKind::Savepoint)]), false),
        ("another came after it", all(vec![sync(), checkpoint(4)]), false),
        ("it was restored from it", resumed, false),
        ("it is gone", all(vec![Checkpoint { discarded: true, ..sync() }]), false),
        ("it has no address", all(vec![Checkpoint { path: None, ..sync() }]), false),
        ("none", all(Vec::new()), false),
    ];
    for (name, statistics, expected) in rows {
        let found = at(&desired(), |cx| stopped_with(cx, JOB, &statistics));
        assert_eq!(found.is_some(), expected, "{name}");
        let checkpoint = found.and_then(|point| point.checkpoint);
        assert_eq!(checkpoint, expected.then_some(3), "{name}");
    }
}

#[test]
fn a_job_that_made_checkpoints_did_not_make_none() {
    let of = |checkpoints| {
        let learnt = Some(Learnt { checkpoints, newest: None, at: NOW });
        let job = LiveJob { learnt, ..job(older()) };
        let none = Flink { checkpointing: Fact::Known(None), ..Flink::default() };
        let left = |cx: &Context<'_>| left_of(cx, &job, JobState::Canceled, &none, None);
        let left = at(&desired(), left).expect("it is known");
        (word(&at(&desired(), |cx| of_ended(cx, &job, &ended(None)))), word(&left))
    };
    assert_eq!(of(false), ("sp-1".to_owned(), "sp-1".to_owned()));
    assert_eq!(of(true), ("unproven".to_owned(), "unproven".to_owned()));
}
