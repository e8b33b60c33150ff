//! Recordings of two rounds, as they were and tampered with.

use std::borrow::Cow;
use std::time::Duration;

use flinkk8soperator_core::*;
use serde_json::{Value, json};

use super::*;
use crate::trace::{FORMAT, Given};

/// When the first round began.
const BEGAN: Timestamp = Timestamp(1_700_000_000_123);

fn desired(uid: u128) -> Desired {
    Desired::new(Uid(uid), 1, DeployHash(1), Digest(1))
}

/// A round at `now` on an application of which nothing exists, as a line; and what it decided.
fn round(application: &str, desired: &Desired, state: &State, now: Timestamp) -> (Value, State) {
    let config = Config::default();
    let cx = Context { config: &config, desired, now, resumed: false };
    let nothing = Fact::Known(Objects::default());
    let mut seen = Observation { objects: nothing, ..Observation::default() };
    for incarnation in needs(&cx, state, &seen).revisions {
        seen.revisions.insert(incarnation, Fact::Known(false));
    }
    let decision = decide(&cx, state, &seen);
    let after = decision.state.clone();
    let round = Round {
        format: FORMAT,
        application: application.to_owned(),
        context: Given {
            now,
            resumed: false,
            config: Cow::Owned(config),
            desired: Cow::Borrowed(desired),
        },
        state: Cow::Borrowed(state),
        observation: Cow::Owned(seen),
        decision: Cow::Owned(decision),
    };
    (difference::value(&round), after)
}

/// The first two rounds of an application: it is new, it is being deployed.
fn deploy(application: &str, uid: u128) -> [Value; 2] {
    let desired = desired(uid);
    let (first, state) = round(application, &desired, &State::new(BEGAN), BEGAN);
    let (second, _) = round(application, &desired, &state, BEGAN + Duration::from_secs(1));
    [first, second]
}

fn lines<'a>(rounds: impl IntoIterator<Item = &'a Value>) -> String {
    rounds.into_iter().map(|round| format!("{round}\n")).collect()
}

/// The outcome, and what is written of it.
fn told(input: &str) -> (Summary, String) {
    let mut written = Vec::new();
    let summary = text(input.as_bytes(), &mut written).unwrap();
    (summary, String::from_utf8(written).unwrap())
}

fn found(input: &str) -> Vec<Finding> {
    let mut all = Vec::new();
    replay(input.as_bytes(), |finding| {
        all.push(finding);
        Ok(())
    })
    .unwrap();
    all
}

/// The whole chain of words.
fn refused(input: &str) -> String {
    let error = text(input.as_bytes(), &mut Vec::new()).unwrap_err();
    let mut words = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        words += &format!(": {cause}");
        source = cause.source();
    }
    words
}

#[test]
fn rounds_as_they_were_recorded_are_decided_the_same() {
    let (summary, written) = told(&lines(&deploy("ns/app", 1)));
    assert_eq!(summary, Summary { rounds: 2, differ: 0 });
    assert_eq!(written, "2 rounds, 0 differ\n");
}

#[test]
fn a_round_that_is_decided_otherwise_is_told_with_what_differs() {
    let [first, mut second] = deploy("ns/app", 1);
    let decided = second["decision"].clone();
    second["decision"]["effects"].as_array_mut().unwrap().push(json!("RemoveFinalizer"));
    second["decision"]["verdict"]["message"] = json!("other words");
    second["decision"]["wake"] = Value::Null;
    let (summary, written) = told(&lines([&first, &second]));
    assert_eq!(summary, Summary { rounds: 2, differ: 1 });
    let (message, wake) = (&decided["verdict"]["message"], &decided["wake"]);
    let effects = decided["effects"].as_array().unwrap().len();
    let expected = format!(
        r#"line 2, ns/app, 2023-11-14T22:13:21.123Z (1700000001123), Updating: decided otherwise
  effects[{effects}]
    recorded  "RemoveFinalizer"
    now       nothing
  verdict.message
    recorded  "other words"
    now       {message}
  wake
    recorded  null
    now       {wake}
2 rounds, 1 differ
"#
    );
    assert_eq!(written, expected);
}

#[test]
fn a_round_that_begins_elsewhere_than_the_last_one_ended_is_a_gap_and_no_difference() {
    let [first, second] = deploy("ns/app", 1);
    // Side by side with another, and then created anew under its name.
    let [other, other_second] = deploy("ns/other", 2);
    let [anew, anew_second] = deploy("ns/app", 3);
    let whole = [&first, &other, &second, &other_second, &anew, &anew_second];
    assert_eq!(told(&lines(whole)).1, "6 rounds, 0 differ\n");

    let (summary, written) = told(&lines([&first, &other, &second, &first]));
    assert_eq!(summary, Summary { rounds: 4, differ: 0 });
    let header = "line 4, ns/app, 2023-11-14T22:13:20.123Z (1700000000123), New: \
                  did not begin with what line 3 decided\n";
    assert!(written.starts_with(header), "{written}");
    let place = "  phase\n    decided     {\"Updating\":";
    assert!(written.contains(place), "{written}");
    assert!(written.contains("    began with  {\"New\":{\"lost\":false}}\n"), "{written}");
}

#[test]
fn facts_that_are_wanted_and_were_not_asked_for_are_told() {
    let [_, mut second] = deploy("ns/app", 1);
    second["observation"]["revisions"] = json!({});
    let facts = vec!["observation.revisions.1".to_owned()];
    let all = found(&lines([&second]));
    assert!(all.iter().any(|one| one.what == What::Lacks { facts: facts.clone() }), "{all:?}");
    let heard = told(&lines([&second])).1;
    let words = "Updating: needs now what was not asked for then\n  observation.revisions.1\n";
    assert!(heard.contains(words), "{heard}");
}

#[test]
fn fields_that_only_one_side_has_are_told_once() {
    let [mut first, mut second] = deploy("ns/app", 1);
    for round in [&mut first, &mut second] {
        round["state"]["record"]["colour"] = json!("blue");
        round["observation"].as_object_mut().unwrap().remove("change");
        round["context"]["desired"].as_object_mut().unwrap().remove("initial_savepoint");
    }
    let all = found(&lines([&first, &second]));
    let [Finding { line: 1, what: What::ReadOtherwise { differences }, .. }] = &all[..] else {
        panic!("{all:?}");
    };
    let of = |path: &str, was, is| Difference { path: path.to_owned(), was, is };
    let expected = [
        of("context.desired.initial_savepoint", None, Some(Value::Null)),
        of("observation.change", None, Some(json!("Unasked"))),
        of("state.record.colour", Some(json!("blue")), None),
    ];
    assert_eq!(differences[..], expected);
}

#[test]
fn what_is_no_round_is_refused_with_its_line_and_field() {
    let [first, second] = deploy("ns/app", 1);
    let with = |change: fn(&mut Value)| {
        let mut wrong = second.clone();
        change(&mut wrong);
        refused(&lines([&first, &wrong]))
    };
    let beginning = "line 2 is no recorded round: ";
    let cases = [
        (
            with(|round| round["state"]["phase"]["Updating"]["target"]["hash"] = json!("c0ffee")),
            r#"state.phase.Updating.target.hash: expected 8 hex digits, found "c0ffee""#,
        ),
        (
            with(|round| round["context"]["config"]["max_backoff"] = json!("30ms")),
            r#"context.config.max_backoff: expected seconds, as in "0.1s", found "30ms""#,
        ),
        (
            with(|round| round["decision"]["effects"] = json!(["Explode"])),
            "decision.effects[0]: unknown variant `Explode`",
        ),
        (
            with(|round| drop(round["state"]["record"].as_object_mut().unwrap().remove("ids"))),
            "state.record: missing field `ids`",
        ),
        (
            with(|round| drop(round.as_object_mut().unwrap().remove("state"))),
            "missing field `state`",
        ),
        (with(|round| round["format"] = json!(2)), "format: found 2; this version reads 1"),
        // As recorded before there was a format.
        (
            with(|round| *round = json!({ "at": 1, "state": "State { .. }" })),
            "format: found null; this version reads 1",
        ),
        (with(|round| *round = json!(5)), "format: found null; this version reads 1"),
    ];
    for (told, expected) in cases {
        let rest = told.strip_prefix(beginning).unwrap_or_else(|| panic!("{told}"));
        assert!(rest.starts_with(expected), "{told}");
    }
    let torn = format!("{first}\n\n{}", &second.to_string()[..20]);
    let told = refused(&torn);
    assert!(told.starts_with("line 3 is no recorded round: not JSON: EOF"), "{told}");
    let told = refused("\n");
    assert_eq!(told, "there is no round in it");
}

#[test]
fn the_report_for_machines_has_the_same() {
    let [first, mut second] = deploy("ns/app", 1);
    let wake = second["decision"]["wake"].take();
    let mut written = Vec::new();
    let summary = json(lines([&first, &second, &first]).as_bytes(), &mut written).unwrap();
    assert_eq!(summary, Summary { rounds: 3, differ: 1 });
    let report: Value = serde_json::from_slice(&written).unwrap();
    let gap = &report["findings"][1];
    assert_eq!((&gap["line"], &gap["what"], &gap["since"]), (&json!(3), &json!("gap"), &json!(2)));
    let expected = json!({
        "line": 2,
        "application": "ns/app",
        "at": 1_700_000_001_123_u64,
        "phase": "Updating",
        "what": "decidedOtherwise",
        "differences": [{ "path": "wake", "was": null, "is": wake }],
    });
    assert_eq!(report["findings"][0], expected);
    assert_eq!((&report["rounds"], &report["differ"]), (&json!(3), &json!(1)));
}
