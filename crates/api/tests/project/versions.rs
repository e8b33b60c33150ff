//! BlueGreen: what is told of two versions that run.

use flinkk8soperator_api::project::{Beside, ClusterFigures, Figures};
use flinkk8soperator_core::*;
use serde_json::{Value, json};

use crate::scene::*;

fn in_colour(mut version: Version, colour: Colour) -> Version {
    version.target.mode = Mode::BlueGreen;
    version.target.colour = Some(colour);
    version
}

/// Version 2 in green beside version 1.
fn two_running(older: Version) -> State {
    let rests = Phase::DualRunning(DualRunning { confirming: None, teardown: None });
    let mut state = state(Some(in_colour(live(2, Origin::Empty), Colour::Green)), rests);
    state.record.previous = Some(older);
    state
}

fn figures(number: u32, slots: u32) -> Figures {
    let cluster =
        Some(ClusterFigures { task_slots: Some(slots), ..ClusterFigures::of(Incarnation(number)) });
    Figures { cluster, ..Figures::default() }
}

fn told(story: &mut Story, seconds: u64, state: State, figures: &Figures) -> Value {
    let decision = decision(state, Reason::Running, "so");
    story.seen(seconds, &decision, &Observation::default(), figures);
    story.json()
}

fn slots(status: &Value) -> Vec<Value> {
    let versions = status["versionStatuses"].as_array().into_iter().flatten();
    versions.map(|v| v["clusterStatus"]["numberOfTaskSlots"].clone()).collect()
}

#[test]
fn each_version_keeps_its_own_numbers_also_where_none_were_seen() {
    let mut story = Story::default();
    let older = in_colour(live(1, Origin::Empty), Colour::Blue);
    let beside = figures(1, 4).cluster;
    let beside = Some(Beside { cluster: beside, ..Beside::default() });
    let seen = Figures { beside, ..figures(2, 8) };
    let status = told(&mut story, 0, two_running(older.clone()), &seen);
    assert_eq!(slots(&status), [json!(4), json!(8)]);
    let status = told(&mut story, 10, two_running(older), &Figures::default());
    assert_eq!(slots(&status), [json!(4), json!(8)]);
}

#[test]
fn the_older_version_does_not_inherit_the_numbers_of_the_newer_one() {
    let mut story = Story::default();
    // Without a colour it had no entry; and from the submission on the newer one is at the top.
    let older = live(1, Origin::Empty);
    told(&mut story, 0, state(Some(older.clone()), running()), &figures(1, 4));
    let submitting = state(Some(older.clone()), submitting(2, Origin::Empty, true));
    told(&mut story, 10, submitting, &figures(2, 8));
    let status = told(&mut story, 20, two_running(older), &Figures::default());
    assert_eq!(slots(&status), [Value::Null, json!(8)]);
}

#[test]
fn one_version_without_a_colour_has_no_entry_and_one_with_a_colour_has() {
    let mut story = Story::default();
    let status =
        told(&mut story, 0, state(Some(live(1, Origin::Empty)), running()), &figures(1, 4));
    assert_eq!((slots(&status), &status["deployVersion"]), (Vec::new(), &Value::Null));
    let green = in_colour(live(1, Origin::Empty), Colour::Green);
    let status = told(&mut story, 0, state(Some(green), running()), &figures(1, 4));
    assert_eq!(slots(&status), [json!(4), Value::Null], "the second entry is blank");
    let words = [&status["deployVersion"], &status["updatingVersion"], &status["deploymentMode"]];
    assert_eq!(words, [&json!("green"), &json!("green"), &json!("BlueGreen")]);
}

#[test]
fn a_spec_that_was_there_when_its_version_was_torn_down_is_told_by_its_hash() {
    let told = |colour: Option<Colour>, settled: Option<u64>, phase: Phase| {
        let mut version = live(1, Origin::Empty);
        version.target.colour = colour;
        let mut state = state(Some(version), phase);
        state.record.settled = settled.map(Digest);
        told(&mut Story::default(), 0, state, &Figures::default())["teardownHash"].clone()
    };
    let green = Some(Colour::Green);
    assert_eq!(told(green, Some(1), running()), json!("00000001"));
    assert_eq!(told(green, Some(7), running()), Value::Null, "another spec was looked at");
    assert_eq!(told(green, None, running()), Value::Null);
    assert_eq!(told(None, Some(1), running()), Value::Null);
    assert_eq!(told(green, Some(1), deploy_failed(2)), Value::Null);
}

#[test]
fn the_newest_colour_is_that_of_the_version_that_failed_last() {
    let green = in_colour(live(1, Origin::Empty), Colour::Green);
    let mut failed = deploy_failed(2);
    if let Phase::DeployFailed(phase) = &mut failed {
        phase.failed.colour = Some(Colour::Blue);
    }
    let status = told(&mut Story::default(), 0, state(Some(green), failed), &Figures::default());
    let words = [&status["deployVersion"], &status["updatingVersion"], &status["updatingHash"]];
    assert_eq!(words, [&json!("green"), &json!("blue"), &json!("aaaaaaa2")]);
}
