//! The last error, in the words of the one who said so.

use flinkk8soperator_api::project::{Figures, KeptOut, KeptOutBy};
use flinkk8soperator_core::*;
use serde_json::{Value, json};

use crate::scene::*;

fn pod(incarnation: u32, trouble: Option<(TroubleKind, &str)>) -> Pod {
    Pod {
        uid: Uid(1),
        name: format!("app-{incarnation}-jm-xyz"),
        incarnation: Incarnation(incarnation),
        role: Role::JobManager,
        restarts: 0,
        first: true,
        began: None,
        running: false,
        ready: false,
        terminating: false,
        trouble: trouble.map(|(kind, message)| Trouble { kind, message: message.into() }),
    }
}

fn cluster(incarnation: u32, pods: Vec<Pod>) -> ClusterObjects {
    ClusterObjects {
        incarnation: Incarnation(incarnation),
        hash: DeployHash(1),
        label: Some(DeployHash(1)),
        jobmanager: Presence::Present,
        taskmanager: Presence::Present,
        replicas: 1,
        service: Presence::Present,
        aliases: Vec::new(),
        pods,
        trouble: None,
    }
}

fn seen(clusters: Vec<ClusterObjects>) -> Observation {
    let objects = Objects { clusters, ..Objects::default() };
    Observation { objects: Fact::Known(objects), ..Observation::default() }
}

fn said_by_flink(incarnation: u32, flink: Flink) -> Observation {
    let mut seen = seen(Vec::new());
    seen.flink.insert(Incarnation(incarnation), flink);
    seen
}

fn round(
    story: &mut Story,
    seconds: u64,
    state: State,
    reason: Reason,
    seen: &Observation,
) -> Value {
    story.seen(seconds, &decision(state, reason, "so"), seen, &Figures::default());
    story.json()["lastError"].clone()
}

fn starting() -> State {
    state(Some(live(1, Origin::Empty)), cluster_starting(2))
}

#[test]
fn what_a_pod_reports_is_told_in_the_kubelets_words_and_stays_after_it_is_gone() {
    let mut story = Story::default();
    let message = "Back-off pulling image \"counter:9\"";
    let error = |seconds| {
        json!({ "source": "Pod", "object": "Pod/app-2-jm-xyz",
        "reason": "ImagePullBackOff", "message": message, "time": text(seconds) })
    };
    let trouble = seen(vec![
        cluster(1, vec![pod(1, None)]),
        cluster(2, vec![pod(2, None), pod(2, Some((TroubleKind::ImagePull, message)))]),
    ]);
    assert_eq!(round(&mut story, 0, starting(), Reason::PodTrouble, &trouble), error(0));
    assert_eq!(round(&mut story, 5, starting(), Reason::PodTrouble, &trouble), error(5));
    assert_eq!(round(&mut story, 9, starting(), Reason::Deploying, &seen(vec![])), error(5));
}

#[test]
fn the_failure_that_ends_a_deploy_keeps_the_detail_that_was_shown() {
    let mut story = Story::default();
    let trouble =
        seen(vec![cluster(2, vec![pod(2, Some((TroubleKind::ImagePull, "no such image")))])]);
    let before = round(&mut story, 0, starting(), Reason::PodTrouble, &trouble);
    let failure = failure(FailureKind::PodTrouble, "app-2-jm-xyz: no such image");
    let failed = Phase::DeployFailed(DeployFailed { failed: target(2), failure });
    let failed = state(Some(live(1, Origin::Empty)), failed);
    assert_eq!(round(&mut story, 60, failed, Reason::DeployFailed, &seen(vec![])), before);
}

#[test]
fn what_a_deployment_reports_is_kubernetes_word() {
    let trouble =
        Some(Trouble { kind: TroubleKind::Forbidden, message: "exceeded quota: small".into() });
    let quota = ClusterObjects { trouble, ..cluster(2, vec![]) };
    let error = round(&mut Story::default(), 0, starting(), Reason::PodTrouble, &seen(vec![quota]));
    let expected = json!({ "source": "Kubernetes", "reason": "FailedCreate",
        "message": "exceeded quota: small", "time": text(0) });
    assert_eq!(error, expected);
}

#[test]
fn what_is_on_its_way_out_is_no_error() {
    let crash = Some((TroubleKind::CrashLoop, "exit 143"));
    let mut leaving = starting();
    leaving.record.leaving =
        vec![Leaving { incarnation: Incarnation(1), hash: DeployHash(1), may_run: false }];
    let going = Pod { terminating: true, ..pod(2, crash) };
    let seen = seen(vec![cluster(1, vec![pod(1, crash)]), cluster(2, vec![going])]);
    assert_eq!(round(&mut Story::default(), 0, leaving, Reason::Deploying, &seen), Value::Null);
}

#[test]
fn flinks_answers_are_told_in_its_own_words() {
    let check = |flink: Flink, reason: &str, message: &str| {
        let seen = said_by_flink(2, flink);
        let error = round(&mut Story::default(), 0, starting(), Reason::Deploying, &seen);
        let expected =
            json!({ "source": "Flink", "reason": reason, "message": message, "time": text(0) });
        assert_eq!(error, expected);
    };
    check(
        Flink { failure: Fact::Known("NullPointerException".into()), ..Flink::default() },
        "JobFailed",
        "NullPointerException",
    );
    let refused = Post::Refused { retriable: false, message: "main() throws".into(), alone: true };
    check(
        Flink { submission: Fact::Known(refused), ..Flink::default() },
        "SubmissionRefused",
        "main() throws",
    );
    let failed = Operation::Failed { message: "disk full".into() };
    check(
        Flink { operation: Fact::Known(failed), ..Flink::default() },
        "SavepointFailed",
        "disk full",
    );
    let quiet = Flink {
        failure: Fact::Known(String::new()),
        submission: Fact::Known(Post::Accepted),
        ..Flink::default()
    };
    let seen = said_by_flink(2, quiet);
    assert_eq!(round(&mut Story::default(), 0, starting(), Reason::Deploying, &seen), Value::Null);
}

#[test]
fn what_the_state_remembers_is_told_with_the_time_it_was_first_told() {
    let mut story = Story::default();
    let failed = || state(Some(live(1, Origin::Empty)), deploy_failed(2));
    let expected = json!({ "source": "Flink", "reason": "JobFailed", "message": "main() throws", "time": text(3) });
    assert_eq!(round(&mut story, 3, failed(), Reason::DeployFailed, &seen(vec![])), expected);
    assert_eq!(round(&mut story, 9, failed(), Reason::DeployFailed, &seen(vec![])), expected);
}

#[test]
fn every_sort_of_failure_has_someone_whose_words_it_is_told_in() {
    for kind in FailureKind::ALL {
        let failure = failure(*kind, "it failed");
        let failed = Phase::DeployFailed(DeployFailed { failed: target(2), failure });
        let error = round(
            &mut Story::default(),
            0,
            state(None, failed),
            Reason::DeployFailed,
            &seen(vec![]),
        );
        assert_eq!(error["reason"], kind.as_str());
        assert!(
            ["Flink", "Pod", "Kubernetes", "Operator"].contains(&error["source"].as_str().unwrap())
        );
    }
}

#[test]
fn a_recovery_tells_what_happened_to_the_job() {
    let lost = state(Some(live(1, Origin::Empty)), finding(Purpose::Restart(None)));
    let error = round(&mut Story::default(), 0, lost, Reason::Recovering, &seen(vec![]));
    assert_eq!(
        (&error["source"], &error["message"]),
        (&json!("Flink"), &json!("no route to host"))
    );
}

#[test]
fn a_rollback_in_trouble_tells_its_newest_trouble() {
    let Phase::RollingBackJob(mut back) = rolling_back(2, None) else { unreachable!() };
    back.restart.trouble = Some(failure(FailureKind::SubmissionTimeout, "no answer in 5m0s"));
    let state = state(Some(stopped(1)), Phase::RollingBackJob(back));
    let error = round(&mut Story::default(), 0, state, Reason::RollingBack, &seen(vec![]));
    assert_eq!(
        (&error["source"], &error["message"]),
        (&json!("Operator"), &json!("no answer in 5m0s"))
    );
}

#[test]
fn a_version_that_is_well_has_no_error() {
    let mut story = Story::default();
    round(
        &mut story,
        0,
        state(Some(live(1, Origin::Empty)), deploy_failed(2)),
        Reason::DeployFailed,
        &seen(vec![]),
    );
    let well = state(Some(live(3, Origin::Empty)), running());
    assert_eq!(round(&mut story, 9, well, Reason::Running, &seen(vec![])), Value::Null);
}

#[test]
fn what_keeps_the_operator_out_of_flink_is_told_until_it_is_let_in() {
    let mut story = Story::default();
    let silent = seen(vec![cluster(2, vec![pod(2, None)])]);
    let kept_out = |by, secret: Option<&str>| {
        let secret = secret.map(str::to_owned);
        let kept_out = Some(KeptOut { by, secret, message: "in words".to_owned() });
        Figures { kept_out, ..Figures::default() }
    };
    let starting = || state(None, cluster_starting(2));
    let mut told = |seconds, state: State, reason, seen: &Observation, figures: &Figures| {
        story.seen(seconds, &decision(state, reason, "so"), seen, figures);
        story.json()["lastError"].clone()
    };
    let deploying = Reason::Deploying;
    for (by, secret, source, object, reason) in [
        (KeptOutBy::Secret, Some("s"), "Operator", json!("Secret/s"), "FlinkRestSecret"),
        (KeptOutBy::Tls, Some("s"), "Flink", json!("Secret/s"), "FlinkRestTls"),
        (KeptOutBy::Password, None, "Flink", json!(null), "FlinkRestUnauthorized"),
    ] {
        let error = told(1, starting(), deploying, &silent, &kept_out(by, secret));
        assert_eq!(error["source"], source);
        assert_eq!((&error["object"], &error["reason"]), (&object, &json!(reason)));
        assert_eq!(error["message"], "in words");
    }
    // What a pod reports to be wrong goes first: there is nothing to be let in to.
    let crashing = seen(vec![cluster(2, vec![pod(2, Some((TroubleKind::CrashLoop, "exit 1")))])]);
    let out = kept_out(KeptOutBy::Tls, Some("s"));
    assert_eq!(told(2, starting(), deploying, &crashing, &out)["message"], "exit 1");
    // It is the reason why the time for the start was over,
    told(3, starting(), deploying, &silent, &out);
    let timeout = failure(FailureKind::ClusterStartTimeout, "deploy v2 failed: it did not answer");
    let phase =
        || Phase::DeployFailed(DeployFailed { failed: target(2), failure: timeout.clone() });
    let nothing = (seen(Vec::new()), Figures::default());
    let given_up = told(600, state(None, phase()), Reason::DeployFailed, &nothing.0, &nothing.1);
    assert_eq!(given_up["reason"], "FlinkRestTls");
    // and none where Flink has answered since.
    told(601, starting(), deploying, &silent, &out);
    let jobs = Fact::Known(Vec::new());
    let answers = said_by_flink(2, Flink { jobs, ..Flink::default() });
    assert_eq!(told(602, starting(), deploying, &answers, &nothing.1), Value::Null);
    let given_up = told(700, state(None, phase()), Reason::DeployFailed, &nothing.0, &nothing.1);
    assert_eq!(given_up["reason"], "ClusterStartTimeout");
}
