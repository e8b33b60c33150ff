//! Each way in which a submission is closed, or is not, and when the job is sent.

use super::*;
use crate::policy::fixture::{
    JOB, NOW, PROCESS, about, at, cluster, job, jobs, pod, seen, target, unknown,
};
use crate::{ClusterObjects, Job, JobId, Role};

fn open() -> Submission {
    Submission {
        job: JOB,
        process: PROCESS,
        from: Origin::Empty,
        attempt: 1,
        not_before: NOW,
        deadline: Timestamp(NOW.0 + 1),
        start_deadline: None,
    }
}

fn named() -> Submission {
    Submission { start_deadline: Some(Timestamp(NOW.0 + 1)), ..open() }
}

/// The JobManager answers and does not know the job.
fn asked(post: Post) -> Flink {
    Flink {
        cluster: Fact::Known(about()),
        jobs: jobs(&[]),
        job: Fact::Known(None),
        submission: Fact::Known(post),
        ..Flink::default()
    }
}

fn knows(state: JobState, vertices_up: u32) -> Flink {
    let failure = Fact::Known("no such class".to_owned());
    let job = job(state, vertices_up);
    Flink { jobs: jobs(&[(JOB, state)]), job, failure, ..asked(Post::Accepted) }
}

const IN_FLIGHT: Post = Post::InFlight { alone: true };

fn refused(retriable: bool) -> Post {
    Post::Refused { retriable, message: "no".to_owned(), alone: true }
}

/// The same, after another POST that may still run.
fn refused_beside(retriable: bool) -> Post {
    Post::Refused { retriable, message: "no".to_owned(), alone: false }
}

/// In words: what came of it; of a failure its sort, whether it is over and can be tried again.
fn outcome(submission: &Submission, seen: &Observation) -> String {
    match at(NOW, |cx| follow(cx, target(), submission, seen)) {
        Outcome::Waiting(..) => "open".to_owned(),
        Outcome::Remember(next) => format!("named, until {:?}", next.start_deadline),
        Outcome::Up { .. } => "up".to_owned(),
        Outcome::Failed { failure, over, retriable } => {
            let over = if over { ", over" } else { "" };
            let again = if retriable { ", again" } else { "" };
            format!("{}{over}{again}", failure.kind.as_str())
        }
    }
}

#[test]
fn it_is_open_until_named_refused_and_unknown_or_timed_out() {
    let late = Submission { deadline: NOW, ..open() };
    let silent = |seconds| Flink { job: unknown(seconds), ..asked(Post::Lost) };
    let refused_unlisted = Flink { jobs: unknown(600), ..asked(refused(false)) };
    let refused_unasked = Flink { job: unknown(600), ..asked(refused(false)) };
    let rows = [
        ("not sent", open(), asked(Post::NotSent), "open"),
        ("a 404 alone", open(), asked(Post::Lost), "open"),
        ("a 404 after it was accepted", open(), asked(Post::Accepted), "open"),
        ("refused and unknown", open(), asked(refused(false)), "SubmissionRefused, over"),
        ("refused for now", open(), asked(refused(true)), "SubmissionRefused, over, again"),
        ("refused beside another", open(), asked(refused_beside(false)), "SubmissionRefused"),
        ("for now, beside another", open(), asked(refused_beside(true)), "SubmissionRefused"),
        ("refused, jobs not read", open(), refused_unlisted, "open"),
        ("refused, job not read", open(), refused_unasked, "open"),
        ("in time", late.clone(), asked(IN_FLIGHT), "SubmissionTimeout"),
        ("late, short silence", late.clone(), silent(59), "open"),
        ("late, long silence", late, silent(60), "SubmissionTimeout"),
    ];
    for (name, submission, flink, expected) in rows {
        assert_eq!(outcome(&submission, &seen(vec![cluster()], flink)), expected, "{name}");
    }
    let named = seen(vec![cluster()], knows(JobState::Starting, 0));
    let until = NOW + crate::Timeouts::default().job_start;
    assert_eq!(outcome(&open(), &named), format!("named, until {:?}", Some(until)));
}

#[test]
fn a_named_job_comes_up_or_fails_in_flinks_words() {
    let late = Submission { start_deadline: Some(NOW), ..named() };
    let silent = |seconds| Flink { job: unknown(seconds), ..knows(JobState::Running, 0) };
    let unexplained = Flink { failure: Fact::Unasked, ..knows(JobState::Failed, 0) };
    let no_vertices = Job {
        state: JobState::Running,
        vertices: 0,
        vertices_up: 0,
        restarted_at: None,
        ended_at: None,
        clock: NOW,
    };
    let no_vertices = Flink { job: Fact::Known(Some(no_vertices)), ..knows(JobState::Running, 0) };
    let rows = [
        (named(), knows(JobState::Running, 2), "up"),
        (named(), knows(JobState::Running, 1), "open"),
        (named(), no_vertices, "open"),
        (named(), knows(JobState::Restarting, 0), "open"),
        (named(), knows(JobState::Suspended, 0), "open"),
        (named(), knows(JobState::Finished, 2), "up"),
        (named(), knows(JobState::Canceled, 0), "JobCanceled, over"),
        (named(), knows(JobState::Failed, 0), "JobFailed, over"),
        (named(), unexplained, "open"),
        // Looked at long after its deadline: what is up by then is up.
        (late.clone(), knows(JobState::Running, 2), "up"),
        (late.clone(), knows(JobState::Finished, 2), "up"),
        (late.clone(), knows(JobState::Running, 1), "JobStartTimeout"),
        (late.clone(), silent(59), "open"),
        (late, silent(60), "JobStartTimeout"),
    ];
    for (submission, flink, expected) in rows {
        let context = format!("{flink:?}");
        assert_eq!(outcome(&submission, &seen(vec![cluster()], flink)), expected, "{context}");
    }
}

#[test]
fn the_end_of_its_process_closes_it_and_only_proof_is_proof() {
    let jobmanager = |uid, restarts| ClusterObjects {
        pods: vec![crate::Pod { restarts, ..pod(uid, Role::JobManager) }],
        ..cluster()
    };
    let there = Fact::Known(vec![pod(1, Role::JobManager)]);
    let gone = || Fact::Known(vec![pod(9, Role::JobManager)]);
    let anew = Fact::Known(vec![crate::Pod { restarts: 1, ..pod(1, Role::JobManager) }]);
    let rows = [
        ("restarted", open(), jobmanager(1, 1), Fact::Unasked, "JobManagerLost, again"),
        ("restarted, named", named(), jobmanager(1, 1), Fact::Unasked, "JobManagerLost"),
        ("not in the watch", open(), jobmanager(9, 0), Fact::Unasked, "open"),
        ("list silent", open(), jobmanager(9, 0), unknown(600), "open"),
        ("still listed", open(), jobmanager(9, 0), there.clone(), "open"),
        ("gone", open(), jobmanager(9, 0), gone(), "JobManagerLost, again"),
        ("listed anew", open(), jobmanager(9, 0), anew, "JobManagerLost, again"),
    ];
    for (name, submission, cluster, live_pods, expected) in rows {
        let seen = Observation { live_pods, ..seen(vec![cluster], asked(IN_FLIGHT)) };
        assert_eq!(outcome(&submission, &seen), expected, "{name}");
    }
    let unseen = Observation { live_pods: gone(), ..Observation::default() };
    assert_eq!(outcome(&open(), &unseen), "open", "the watches are silent");
}

#[test]
fn what_may_have_been_sent_is_sent_again_only_where_flink_refuses_twice() {
    let rows = [
        (Post::NotSent, true, true),
        (Post::MaybeSent, false, true),
        (Post::Lost, false, true),
        (IN_FLIGHT, false, false),
        (Post::Accepted, false, false),
        (refused(true), false, false),
    ];
    for (post, before_1_15, from_1_15_on) in rows {
        for (minor, expected) in [(13, before_1_15), (14, before_1_15), (15, from_1_15_on)] {
            let version = FlinkVersion { major: 1, minor };
            let cluster_facts = Fact::Known(crate::FlinkCluster { version, ..about() });
            let flink = Flink { cluster: cluster_facts, ..asked(post.clone()) };
            let sent = sent(NOW, &open(), vec![cluster()], flink);
            assert_eq!(sent, expected, "{post:?} to Flink 1.{minor}");
        }
    }
}

fn sent(now: Timestamp, submission: &Submission, c: Vec<ClusterObjects>, flink: Flink) -> bool {
    let effect = at(now, |cx| effect(cx, target(), submission, &seen(c, flink)));
    matches!(effect, Some(Effect::Submit(_)))
}

#[test]
fn nothing_is_sent_beside_a_foreign_job_too_early_or_unasked() {
    let beside = |state| Flink { jobs: jobs(&[(JobId(99), state)]), ..asked(Post::NotSent) };
    let rows = [
        ("a foreign job runs", NOW, beside(JobState::Running), false),
        ("a foreign job is suspended", NOW, beside(JobState::Suspended), false),
        ("a foreign job has ended", NOW, beside(JobState::Canceled), true),
        ("jobs not read", NOW, Flink { jobs: unknown(9), ..asked(Post::NotSent) }, false),
        ("job not read", NOW, Flink { job: unknown(9), ..asked(Post::NotSent) }, false),
        ("known", NOW, knows(JobState::Starting, 0), false),
        ("too early", Timestamp(NOW.0 - 1), asked(Post::NotSent), false),
    ];
    for (name, now, flink, expected) in rows {
        assert_eq!(sent(now, &open(), vec![cluster()], flink), expected, "{name}");
    }
    let other = Submission { process: Process { restarts: 1, ..PROCESS }, ..open() };
    assert!(!sent(NOW, &other, vec![cluster()], asked(Post::NotSent)), "another process");
}

#[test]
fn a_refusal_says_nothing_of_what_was_sent_before() {
    for (known, alone) in [(Post::NotSent, true), (Post::MaybeSent, false), (Post::Lost, false)] {
        let sent = known.sent().expect("it is sent");
        assert_eq!(sent, Post::InFlight { alone });
        assert_eq!(sent.sent(), None, "once");
        let or_lost = |closed: Post| if alone { closed } else { Post::Lost };
        assert_eq!(sent.answered(Post::NotSent), or_lost(Post::NotSent));
        assert_eq!(sent.answered(refused(true)), or_lost(refused(true)));
        let for_good = if alone { refused(false) } else { refused_beside(false) };
        assert_eq!(sent.answered(refused(false)), for_good);
        for certain in [Post::Accepted, Post::Lost] {
            assert_eq!(sent.answered(certain.clone()), certain);
        }
        for closed in [Post::Accepted, for_good, refused(true)] {
            assert_eq!(closed.sent(), None, "{closed:?}");
        }
    }
}
