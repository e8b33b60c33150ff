//! The history of deploys, told from the phases as they come by.

use flinkk8soperator_core::*;
use serde_json::{Value, json};

use crate::scene::*;

/// A round per state, ten seconds apart; then the history as `hash result: step@begin-end ...`.
fn history(states: Vec<State>) -> Vec<String> {
    let mut story = Story::default();
    for (index, state) in states.into_iter().enumerate() {
        story.round(index as u64 * 10, state);
    }
    let json = story.json();
    json["deployHistory"]
        .as_array()
        .map(|records| records.iter().map(line).collect())
        .unwrap_or_default()
}

fn line(record: &Value) -> String {
    let seconds = |time: &Value| match time.as_str() {
        Some(time) => {
            let time: jiff::Timestamp = time.parse().expect("RFC 3339");
            (time.as_second() - START.0 as i64 / 1000).to_string()
        }
        None => "?".to_owned(),
    };
    let word = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let span = |of: &Value| format!("{}-{}", seconds(&of["startedAt"]), seconds(&of["finishedAt"]));
    let steps = record["steps"].as_array().into_iter().flatten();
    let steps: String =
        steps.map(|step| format!(" {}@{}", word(&step["name"]), span(step))).collect();
    format!("{} {} {}:{steps}", word(&record["versionHash"]), word(&record["result"]), span(record))
}

fn old() -> Option<Version> {
    Some(live(1, Origin::Empty))
}

fn restored() -> Origin {
    Origin::Restored(point(1))
}

fn first_deploy() -> Vec<State> {
    vec![
        state(None, Phase::New(New::default())),
        state(None, updating(1)),
        state(None, cluster_starting(1)),
        state(None, submitting(1, Origin::Empty, false)),
        state(None, submitting(1, Origin::Empty, true)),
        state(old(), confirming()),
        state(old(), running()),
    ]
}

#[test]
fn a_deploy_that_succeeds_has_its_phases_with_their_times() {
    let expected = "aaaaaaa1 Succeeded 10-60: Updating@10-20 ClusterStarting@20-30 SubmittingJob@30-50 Running@50-60";
    assert_eq!(history(first_deploy()), [expected]);
}

#[test]
fn a_deploy_into_the_cluster_of_the_one_before_is_another_one() {
    let scaled = Some(Scaled { names: target(1).hash, revision: Incarnation(2) });
    let target = Target { incarnation: Incarnation(1), scaled, ..target(2) };
    let rescaling = |step| {
        let phase = Rescaling { target, step, deadline: at(600) };
        state(old(), Phase::Rescaling(phase))
    };
    let deployed = Some(Version { target, ..live(2, restored()) });
    let mut states = first_deploy();
    states.extend([
        rescaling(RescalingStep::Grow { troubled: None }),
        state(deployed.clone(), confirming()),
        state(deployed, running()),
    ]);
    let lines = history(states);
    assert_eq!(lines[0], "aaaaaaa2 Succeeded 70-90: Rescaling@70-80 Running@80-90");
    assert_eq!(lines.len(), 2);

    let failure = failure(FailureKind::PodTrouble, "no node takes the pod");
    let failed = DeployFailed { failed: target, failure: failure.clone() };
    let mut states = first_deploy();
    states.extend([
        rescaling(RescalingStep::Return { failure: Some(failure) }),
        state(old(), Phase::DeployFailed(failed)),
    ]);
    assert_eq!(history(states)[0], "aaaaaaa2 Failed 70-80: Rescaling@70-80");
}

#[test]
fn a_deploy_under_way_has_an_open_step() {
    let states = first_deploy().into_iter().take(3).collect();
    assert_eq!(history(states), ["aaaaaaa1 InProgress 10-?: Updating@10-20 ClusterStarting@20-?"]);
}

#[test]
fn a_deploy_that_is_rolled_back_says_so_and_the_newest_comes_first() {
    let mut states = first_deploy();
    states.extend([
        state(old(), updating(2)),
        state(old(), savepointing(2)),
        state(Some(stopped(1)), submitting(2, restored(), false)),
        state(Some(stopped(1)), rolling_back(2, None)),
        state(old(), deploy_failed(2)),
        state(old(), deploy_failed(2)),
    ]);
    let history = history(states);
    assert_eq!(
        history[0],
        "aaaaaaa2 RolledBack 70-110: Updating@70-80 Savepointing@80-90 SubmittingJob@90-100 RollingBackJob@100-110"
    );
    assert_eq!((history.len(), &history[1][..18]), (2, "aaaaaaa1 Succeeded"));
}

#[test]
fn a_recovery_is_a_step_of_the_deploy_that_it_is_for_and_else_of_none() {
    let mut states = first_deploy();
    states.extend([
        state(old(), finding(Purpose::Restart(None))),
        state(old(), running()),
        state(old(), updating(2)),
        state(old(), finding(Purpose::Deploy(target(2)))),
        state(Some(stopped(1)), submitting(2, restored(), false)),
    ]);
    let history = history(states);
    assert_eq!(
        history[0],
        "aaaaaaa2 InProgress 90-?: Updating@90-100 Recovering@100-110 SubmittingJob@110-?"
    );
    assert_eq!((history.len(), &history[1][..18]), (2, "aaaaaaa1 Succeeded"));
}

#[test]
fn a_deploy_that_never_touched_the_old_job_failed() {
    let states = vec![
        state(old(), cluster_starting(2)),
        state(old(), deploy_failed(2)),
        state(old(), deploy_failed(2)),
    ];
    assert_eq!(history(states), ["aaaaaaa2 Failed 0-10: ClusterStarting@0-10"]);
}

#[test]
fn a_deploy_whose_place_another_one_takes_is_superseded() {
    let states = vec![state(old(), cluster_starting(2)), state(old(), updating(3))];
    assert_eq!(
        history(states),
        [
            "aaaaaaa3 InProgress 10-?: Updating@10-?",
            "aaaaaaa2 Superseded 0-10: ClusterStarting@0-10"
        ]
    );
    let put_back = vec![state(old(), cluster_starting(2)), state(old(), running())];
    assert_eq!(history(put_back), ["aaaaaaa2 Superseded 0-10: ClusterStarting@0-10"]);
    let deleted = vec![state(old(), savepointing(2)), state(old(), deleting(DeletingStep::Look))];
    assert_eq!(history(deleted), ["aaaaaaa2 Superseded 0-10: Savepointing@0-10"]);
}

#[test]
fn a_version_that_runs_without_a_record_gets_none() {
    assert!(history(vec![state(old(), running())]).is_empty());
}

#[test]
fn a_record_holds_what_a_person_asks_about_a_deploy() {
    let mut story = Story::default();
    story.round(0, state(Some(stopped(1)), submitting(2, restored(), false)));
    story.round(5, state(Some(stopped(1)), rolling_back(2, None)));
    story.round(9, state(old(), deploy_failed(2)));
    let mut record = story.json()["deployHistory"][0].clone();
    record["steps"].take();
    assert_eq!(
        record,
        json!({
            "versionHash": "aaaaaaa2", "incarnation": 2, "generation": 20, "result": "RolledBack",
            "reason": "DeployFailed", "message": "main() throws", "restoredFrom": "s3://bucket/sp-1",
            "startedAt": text(0), "finishedAt": text(9), "steps": null,
        })
    );
}

#[test]
fn ten_deploys_are_kept_and_the_oldest_goes_first() {
    let states = (1..=12).map(|number| state(None, updating(number))).collect();
    let history = history(states);
    assert_eq!(history.len(), 10);
    assert!(history[0].starts_with(&target(12).hash.to_string()));
    assert!(history[9].starts_with(&target(3).hash.to_string()));
}

#[test]
fn a_deploy_that_goes_back_and_forth_keeps_its_last_steps() {
    let mut story = Story::default();
    for round in 0..40 {
        let phase =
            if round % 2 == 0 { cluster_starting(1) } else { submitting(1, Origin::Empty, false) };
        story.round(round, state(None, phase));
    }
    let steps = story.json()["deployHistory"][0]["steps"].clone();
    assert_eq!(steps.as_array().unwrap().len(), 20);
    assert_eq!(steps[19], json!({ "name": "SubmittingJob", "startedAt": text(39) }));
}
