//! Phase, hashes, savepoint, conditions, waiting: the fields that stand for the state itself.

use flinkk8soperator_api::machine;
use flinkk8soperator_api::project::{Figures, differs_beyond_figures, status};
use flinkk8soperator_api::v1beta1::FlinkApplicationStatus;
use flinkk8soperator_core::*;
use serde_json::{Value, json};

use crate::scene::*;

/// The status of an application's very first round that leads to this state.
fn first(state: State) -> FlinkApplicationStatus {
    let mut story = Story::default();
    story.round(0, state).clone()
}

fn restored() -> Origin {
    Origin::Restored(point(1))
}

#[test]
fn the_phase_is_the_reference_operators_word() {
    for (phase, word) in [
        (Phase::New(New::default()), ""),
        (updating(1), "Updating"),
        (cluster_starting(1), "ClusterStarting"),
        (savepointing(2), "Savepointing"),
        (submitting(2, Origin::Empty, false), "SubmittingJob"),
        (running(), "Running"),
        (cancelling(2), "Cancelling"),
        (finding(Purpose::Restart(None)), "Recovering"),
        (rolling_back(2, None), "RollingBackJob"),
        (deploy_failed(2), "DeployFailed"),
        (deleting(DeletingStep::Look), "Deleting"),
    ] {
        assert_eq!(first(state(None, phase)).phase.as_str(), word);
    }
}

#[test]
fn the_machine_holds_the_state_and_nothing_else_does() {
    let state = state(Some(live(1, restored())), savepointing(2));
    let status = first(state.clone());
    assert_eq!(machine::read(status.machine.as_ref().unwrap()), Ok(state));
}

#[test]
fn what_cannot_be_read_stays_as_it_is_and_only_the_conditions_say_so() {
    let previous: FlinkApplicationStatus = serde_json::from_value(json!({
        "phase": "Running", "deployHash": "00c0ffee", "rollbackHash": "00000001",
        "machine": { "format": 9, "anything": [1] }, "savepointPath": "s3://sp",
        "jobStatus": { "jobID": "abc", "jarName": "a.jar", "parallelism": 3 },
    }))
    .unwrap();
    let state = State::unreadable(at(0), "status.machine has format 9".into());
    let decision = decision(state, Reason::Unreadable, "status.machine has format 9");
    let seen = Observation::default();
    let status = status(Some(&previous), &desired(), &decision, &seen, &Figures::default(), at(0));
    let kept = FlinkApplicationStatus {
        conditions: Vec::new(),
        observed_generation: None,
        last_updated_at: None,
        reason: None,
        ..status.clone()
    };
    assert_eq!(kept, previous);
    assert_eq!(status.conditions[2].status, "True");
    assert_eq!(status.conditions[2].message, "status.machine has format 9");
}

#[test]
fn hashes_and_savepoint_stand_as_the_reference_operator_would_have_them() {
    let check = |state: State, expected: Value| {
        let status = serde_json::to_value(first(state)).unwrap();
        let names = [
            "deployHash",
            "failedDeployHash",
            "rollbackHash",
            "savepointPath",
            "savepointTriggerId",
        ];
        let found: Vec<&Value> = names.iter().map(|name| &status[*name]).collect();
        assert_eq!(json!(found), expected);
    };
    let (one, two) = ("aaaaaaa1", "aaaaaaa2");
    let (path, trigger) = ("s3://bucket/sp-1", "00000000000000000000000000000f00");
    let old = || Some(live(1, Origin::Empty));
    check(state(None, updating(1)), json!(["", null, null, null, null]));
    check(
        state(None, submitting(1, Origin::Given("s3://g".into()), false)),
        json!(["", null, null, null, null]),
    );
    check(state(None, deploy_failed(1)), json!(["", "aaaaaaa1", null, null, null]));
    check(state(old(), running()), json!([one, null, null, null, null]));
    check(state(old(), cluster_starting(2)), json!([one, null, null, null, null]));
    check(state(old(), savepointing(2)), json!([one, null, null, null, trigger]));
    check(
        state(Some(stopped(1)), submitting(2, restored(), false)),
        json!([one, null, null, path, null]),
    );
    check(state(Some(stopped(1)), rolling_back(2, None)), json!([one, null, null, path, null]));
    let again = submission(3, restored(), true);
    check(
        state(Some(stopped(1)), rolling_back(2, Some(again))),
        json!([one, null, one, path, null]),
    );
    check(state(old(), deploy_failed(2)), json!([one, two, one, null, null]));
    check(
        state(old(), deleting(DeletingStep::Stop(stop(1, 1)))),
        json!([one, null, null, null, trigger]),
    );
}

#[test]
fn the_last_failed_hash_and_the_last_rollback_stay() {
    let mut story = Story::default();
    story.round(0, state(Some(live(1, Origin::Empty)), deploy_failed(2)));
    let later = story.round(9, state(Some(live(3, Origin::Empty)), running()));
    assert_eq!(later.failed_deploy_hash.as_deref(), Some("aaaaaaa2"));
    assert_eq!(later.rollback_hash.as_deref(), Some("aaaaaaa1"));
}

#[test]
fn a_hash_that_runs_is_not_told_as_the_one_that_failed() {
    let mut story = Story::default();
    story.round(0, state(Some(live(1, Origin::Empty)), deploy_failed(2)));
    let deployed = story.round(9, state(Some(live(2, Origin::Empty)), running()));
    assert_eq!(deployed.failed_deploy_hash, None);
}

#[test]
fn a_cluster_that_was_scaled_in_place_tells_the_hash_that_it_was_made_with() {
    let told = |names: u32| {
        let mut version = live(2, Origin::Empty);
        let (names, revision) = (DeployHash(names), Incarnation(9));
        version.target.scaled = Some(Scaled { names, revision });
        first(state(Some(version), running())).in_place_updated_from_hash
    };
    assert_eq!(told(0xaaaa_aaa1).as_deref(), Some("aaaaaaa1"));
    assert_eq!(told(0xaaaa_aaa2), None, "scaled back to what it was made for");
    assert_eq!(
        first(state(Some(live(2, Origin::Empty)), running())).in_place_updated_from_hash,
        None
    );
}

#[test]
fn retries_are_the_attempts_after_the_first() {
    let check = |phase: Phase, retries: Option<i32>| {
        assert_eq!(first(state(Some(stopped(1)), phase)).retry_count, retries);
    };
    let submitting = |attempt| {
        let submission = Submission { attempt, ..submission(2, restored(), false) };
        Phase::SubmittingJob(SubmittingJob { target: target(2), submission })
    };
    check(submitting(1), None);
    check(submitting(3), Some(2));
    check(deleting(DeletingStep::Stop(stop(1, 2))), Some(1));
    let again = |attempt| {
        restarting(Some(Submission { attempt, ..submission(1, restored(), false) }), attempt)
    };
    check(again(4), Some(3));
    check(running(), None);
}

#[test]
fn the_job_shown_is_the_deployed_one_and_from_its_naming_on_the_new_one() {
    let check = |state: State, expected: Option<u32>| {
        let expected = expected.map(|number| job(number).to_string());
        assert_eq!(first(state).job_status.job_id, expected);
    };
    let old = || Some(live(1, Origin::Empty));
    check(state(None, updating(1)), None);
    check(state(None, submitting(1, Origin::Empty, false)), None);
    check(state(None, submitting(1, Origin::Empty, true)), Some(1));
    check(state(old(), cluster_starting(2)), Some(1));
    check(state(old(), savepointing(2)), Some(1));
    check(state(Some(stopped(1)), submitting(2, restored(), false)), None);
    check(state(Some(stopped(1)), submitting(2, restored(), true)), Some(2));
    check(state(Some(stopped(1)), rolling_back(2, None)), None);
    let submission = |named| Some(submission(3, restored(), named));
    check(state(Some(stopped(1)), rolling_back(2, submission(false))), None);
    check(state(Some(stopped(1)), rolling_back(2, submission(true))), Some(3));
    check(state(None, deleting(DeletingStep::Cancel(job(4)))), Some(4));
    check(state(old(), deleting(DeletingStep::Finalize)), Some(1));
}

/// Status of Ready, Reconciling and Stalled.
fn conditions(reason: Reason) -> [bool; 3] {
    let decision = decision(state(Some(live(1, Origin::Empty)), running()), reason, "because");
    let mut story = Story::default();
    let conditions = &story.told(0, &decision).conditions;
    let names: Vec<&str> = conditions.iter().map(|condition| condition.type_.as_str()).collect();
    assert_eq!(names, ["Ready", "Reconciling", "Stalled"]);
    for condition in conditions {
        assert_eq!(condition.reason, reason.as_str());
        assert_eq!(condition.observed_generation, Some(20));
        assert!(["True", "False"].contains(&condition.status.as_str()));
    }
    assert_eq!(conditions[0].message, "because");
    [0, 1, 2].map(|index| conditions[index].status == "True")
}

#[test]
fn conditions_say_well_on_its_way_or_stuck() {
    for (reason, expected) in [
        (Reason::Running, [true, false, false]),
        (Reason::JobFinished, [true, false, false]),
        (Reason::Deploying, [false, true, false]),
        (Reason::NotYetSupported, [false, false, true]),
        (Reason::DeployFailed, [false, false, false]),
    ] {
        assert_eq!(conditions(reason), expected, "{}", reason.as_str());
    }
    for reason in Reason::ALL {
        assert!(
            conditions(*reason).iter().filter(|holds| **holds).count() <= 1,
            "{}",
            reason.as_str()
        );
    }
}

#[test]
fn a_conditions_time_is_that_of_its_last_turn() {
    let mut story = Story::default();
    let mut times = |seconds, reason, message: &str| {
        let decision = decision(state(None, updating(1)), reason, message);
        let status = story.told(seconds, &decision);
        let time = |index: usize| status.conditions[index].last_transition_time.0.to_string();
        [0, 1, 2].map(time)
    };
    assert_eq!(times(0, Reason::Deploying, "a"), [text(0), text(0), text(0)]);
    assert_eq!(times(5, Reason::PodTrouble, "b"), [text(0), text(0), text(0)]);
    assert_eq!(times(9, Reason::InvalidSpec, "c"), [text(0), text(9), text(9)]);
    assert_eq!(times(12, Reason::Running, "d"), [text(12), text(9), text(12)]);
}

#[test]
fn conditions_of_others_are_left_alone() {
    let mut story = Story::default();
    story.round(0, state(None, updating(1)));
    let mut foreign = story.status.as_ref().unwrap().conditions[0].clone();
    foreign.type_ = "example.com/Approved".into();
    story.status.as_mut().unwrap().conditions.insert(0, foreign.clone());
    let conditions = &story.round(5, state(None, cluster_starting(1))).conditions;
    assert_eq!(conditions.len(), 4);
    assert_eq!(conditions[3], foreign);
}

#[test]
fn a_very_long_message_is_cut_between_characters() {
    let message = "ä".repeat(40_000);
    let mut story = Story::default();
    let decision = decision(state(None, updating(1)), Reason::Deploying, &message);
    let cut = &story.told(0, &decision).conditions[0].message;
    assert_eq!(cut.chars().count(), 2049);
    assert!(cut.ends_with('…'));
}

#[test]
fn a_wait_keeps_its_beginning_as_long_as_it_is_the_same() {
    let mut story = Story::default();
    let mut wait = |seconds, what: Option<&str>, until, cures: &[Cure]| {
        let mut decision =
            decision(state(None, cluster_starting(1)), Reason::Deploying, "on its way");
        decision.verdict.waiting =
            what.map(|what| Waiting { what: what.into(), until, cures: cures.to_vec() });
        story.told(seconds, &decision);
        story.json()["waitingFor"].clone()
    };
    assert_eq!(wait(0, Some("slots"), None, &[]), json!({ "what": "slots", "since": text(0) }));
    assert_eq!(
        wait(5, Some("slots"), Some(at(600)), &[Cure::Pods, Cure::NewSpec]),
        json!({ "what": "slots", "since": text(0), "until": text(600), "unblockedBy": "a correction of what the pods report, or a new spec" })
    );
    assert_eq!(wait(9, Some("the job"), None, &[]), json!({ "what": "the job", "since": text(9) }));
    assert_eq!(wait(12, None, None, &[]), Value::Null);
    assert_eq!(wait(15, Some("the job"), None, &[])["since"], text(15));
}

#[test]
fn the_reference_operators_client_finds_what_it_always_finds() {
    let mut story = Story::default();
    story.round(7, state(None, updating(1)));
    let status = story.json();
    assert_eq!(status["lastUpdatedAt"], "2025-11-01T12:26:47Z");
    assert_eq!(status["deployHash"], "");
    assert_eq!(status["clusterStatus"], json!({ "availableTaskSlots": 0 }));
    assert_eq!(status["jobStatus"], json!({ "jarName": "", "parallelism": 0 }));
    assert_eq!(
        (&status["observedGeneration"], &status["reason"]),
        (&json!(20), &json!("Deploying"))
    );
    assert_eq!(status.get("lastSeenError"), None);
    assert_eq!(status.get("deploymentMode"), None);
}

#[test]
fn the_mode_that_the_reference_operator_noted_stays() {
    let noted = json!({ "phase": "", "deploymentMode": "Dual" });
    let mut story = Story { status: Some(serde_json::from_value(noted).unwrap()) };
    story.round(0, state(None, updating(1)));
    assert_eq!(story.json()["deploymentMode"], "Dual");
}

#[test]
fn whatever_is_decided_or_told_has_to_be_written_at_once() {
    let before = first(state(Some(live(1, Origin::Empty)), running()));
    let check = |edit: fn(&mut FlinkApplicationStatus), expected: bool| {
        let mut after = before.clone();
        edit(&mut after);
        assert_eq!(differs_beyond_figures(&before, &after), expected);
        assert_eq!(differs_beyond_figures(&after, &before), expected);
    };
    check(|_| {}, false);
    check(|s| s.last_updated_at = None, false);
    check(|s| s.machine = Some(json!({})), true);
    check(|s| s.conditions[0].message = "x".into(), true);
    check(|s| s.observed_generation = Some(21), true);
    check(|s| s.reason = None, true);
    check(|s| s.deploy_hash = "x".into(), true);
    check(|s| s.job_status.job_id = None, true);
    check(|s| s.job_status.job_overview_url = Some("x".into()), true);
    check(|s| s.cluster_status.cluster_overview_url = Some("x".into()), true);
}
