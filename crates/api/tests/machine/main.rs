//! The persisted state: every state survives being written and read, and what cannot be read is named.

use std::collections::BTreeSet;

use flinkk8soperator_api::machine::{MachineError, adopted, read, write};
use flinkk8soperator_core::*;
use serde_json::{Value, json};

mod generator;
mod releases;

use generator::{Generator, states};

#[test]
fn what_clusters_of_the_reference_operator_have_numbers_is_read_alone() {
    let mut some = 0;
    for state in states() {
        assert_eq!(adopted(&write(&state)), state.record.adopted);
        some += state.record.adopted.len();
    }
    assert!(some > 0);
    for none in [json!({}), json!({ "record": { "adopted": [{ "hash": 5 }] } }), json!("none")] {
        assert_eq!(adopted(&none), [], "{none}");
    }
}

#[test]
fn every_state_survives_being_written_as_text_and_read() {
    for state in states() {
        let text = write(&state).to_string();
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read(&value), Ok(state), "{text}");
    }
}

/// All places of members below `value`, as the errors write them.
fn members(value: &Value, found: &mut Vec<Vec<String>>, at: &[String]) {
    let mut visit = |key: String, value: &Value| {
        let at: Vec<String> = at.iter().cloned().chain([key]).collect();
        members(value, found, &at);
        found.push(at);
    };
    match value {
        Value::Object(object) => object.iter().for_each(|(key, value)| visit(key.clone(), value)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| visit(index.to_string(), value));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn pointer(at: &[String]) -> String {
    at.iter().map(|key| format!("/{key}")).collect()
}

fn named(at: &[String]) -> String {
    at.iter().fold("status.machine".to_owned(), |path, key| match key.parse::<u32>() {
        Ok(_) => format!("{path}[{key}]"),
        Err(_) => format!("{path}.{key}"),
    })
}

#[test]
fn a_missing_member_is_an_error_that_names_its_path_or_one_that_may_be_absent() {
    let optional: BTreeSet<&str> = [
        "deployed",
        "previous",
        "settled",
        "forced",
        "checkpoint",
        "startDeadline",
        "aftermath",
        "troubled",
        "confirming",
        "restartedAt",
        "submission",
        "trouble",
        "restored",
        "dwellsUntil",
        "recovered",
        "learnt",
        "newest",
        "taken",
        "revived",
        "failed",
        "colour",
        "from",
        "teardown",
        "stop",
        "failure",
        "scaled",
        "adopted",
        "beside",
        "job",
        "underWay",
        "target",
        "cluster",
        "sent",
    ]
    .into();
    let (mut refused, mut absent) = (BTreeSet::new(), BTreeSet::new());
    for state in states().iter().take(300) {
        let written = write(state);
        let mut all = Vec::new();
        members(&written, &mut all, &[]);
        for at in all {
            let (key, parent) = at.split_last().unwrap();
            let mut cut = written.clone();
            let Some(object) = cut.pointer_mut(&pointer(parent)).unwrap().as_object_mut() else {
                continue;
            };
            object.remove(key);
            match read(&cut) {
                Err(error) => {
                    assert_eq!(error, MachineError::Missing { path: named(&at) });
                    refused.insert(key.clone());
                }
                Ok(read) => {
                    assert_ne!(read, *state, "{} says nothing", named(&at));
                    assert!(optional.contains(key.as_str()), "{} may not be absent", named(&at));
                    absent.insert(key.clone());
                }
            }
        }
    }
    assert_eq!(absent.iter().map(String::as_str).collect::<BTreeSet<_>>(), optional);
    assert!(refused.contains("deadline") && refused.contains("kind") && refused.contains("format"));
}

#[test]
fn a_member_of_the_wrong_kind_is_an_error_that_names_its_path() {
    let mut wrong = 0;
    for state in states().iter().take(100) {
        let written = write(state);
        let mut all = Vec::new();
        members(&written, &mut all, &[]);
        for at in all.iter().filter(|at| at.as_slice() != ["format"]) {
            let mut bent = written.clone();
            *bent.pointer_mut(&pointer(at)).unwrap() = json!(-1.5);
            let Err(MachineError::Wrong { path, found, .. }) = read(&bent) else {
                panic!("{} was read from -1.5", named(at));
            };
            assert_eq!((path, found.as_str()), (named(at), "-1.5"));
            wrong += 1;
        }
    }
    assert!(wrong > 1000);
}

#[test]
fn unknown_members_are_passed_over_wherever_they_are() {
    for state in states().iter().take(300) {
        let mut value = write(state);
        add_unknown(&mut value);
        assert_eq!(read(&value).as_ref(), Ok(state));
    }
}

fn add_unknown(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(add_unknown);
            members.insert("addedLater".to_owned(), json!({ "x": [1] }));
        }
        Value::Array(items) => items.iter_mut().for_each(add_unknown),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn the_form_is_what_a_person_can_read_and_does_not_change() {
    let target = Target {
        hash: DeployHash(0x00c0_ffee),
        incarnation: Incarnation(3),
        generation: 7,
        digest: Digest(0xabc),
        parallelism: 2,
        taskmanagers: 1,
        mode: Mode::Dual,
        colour: None,
        scaled: None,
    };
    let point = RestorePoint {
        path: "s3://bucket/sp".to_owned(),
        kind: CheckpointKind::Savepoint,
        job: JobId(1),
        checkpoint: Some(17),
        taken: None,
        source: Source::Operation,
        at: Timestamp(1_762_000_000_123),
    };
    let mut state = State::new(Timestamp(1_762_000_000_000));
    state.record.incarnations = 3;
    state.record.deployed =
        Some(Version { target, removed: false, work: Work::Stopped(Origin::Restored(point)) });
    let deadline = Timestamp(1_762_000_600_000);
    state.phase = Phase::Updating(Updating { target, deadline });
    let target = json!({ "hash": "00c0ffee", "incarnation": 3, "generation": 7,
        "digest": "0000000000000abc", "parallelism": 2,
        "taskManagers": 1, "mode": "Dual" });
    let expected = json!({
        "format": 1,
        "record": {
            "ids": { "epoch": 1_762_000_000_000_u64, "issued": 0 },
            "incarnations": 3,
            "deployed": {
                "target": target,
                "removed": false,
                "work": {
                    "kind": "Stopped",
                    "next": {
                        "kind": "Restored",
                        "restorePoint": {
                            "path": "s3://bucket/sp",
                            "kind": "Savepoint",
                            "job": "00000000000000000000000000000001",
                            "checkpoint": 17,
                            "source": "Operation",
                            "at": "2025-11-01T12:26:40.123Z",
                        },
                    },
                },
            },
            "leaving": [],
            "obsolete": [],
            "surplus": false,
            "bounds": [],
        },
        "phase": { "name": "Updating", "target": target, "deadline": "2025-11-01T12:36:40.000Z" },
    });
    assert_eq!(write(&state), expected);
}

#[test]
fn another_format_is_refused_by_its_name_whatever_else_is_in_it() {
    for (value, message) in [
        (
            json!({ "format": 2, "new": {} }),
            "status.machine has format 2, this operator reads format 1",
        ),
        (json!({ "format": "1" }), "status.machine has format \"1\", this operator reads format 1"),
        (json!({}), "status.machine.format is missing"),
        (json!([]), "status.machine should be an object, it is []"),
        (json!({ "format": 1 }), "status.machine.record is missing"),
    ] {
        assert_eq!(read(&value).unwrap_err().to_string(), message);
    }
}

#[test]
fn a_word_or_an_id_that_is_none_is_named_with_what_was_found() {
    let mut state = State::new(Timestamp(0));
    state.phase = Generator(5).phase(4);
    let check = |at: &str, value: Value, message: &str| {
        let mut bent = write(&state);
        *bent.pointer_mut(at).unwrap() = value;
        assert_eq!(read(&bent).unwrap_err().to_string(), format!("status.machine{message}"));
    };
    check(
        "/phase/name",
        json!("Resting"),
        ".phase.name should be the name of a phase, it is \"Resting\"",
    );
    check(
        "/phase/target/hash",
        json!("c0ffee"),
        ".phase.target.hash should be 8 hex digits, it is \"c0ffee\"",
    );
    check(
        "/phase/submission/job",
        json!("x"),
        ".phase.submission.job should be 32 hex digits, it is \"x\"",
    );
    check(
        "/phase/submission/from/kind",
        json!("Air"),
        ".phase.submission.from.kind should be Empty, Given or Restored, it is \"Air\"",
    );
    check(
        "/phase/submission/deadline",
        json!("soon"),
        ".phase.submission.deadline should be a time in RFC 3339, it is \"soon\"",
    );
    check(
        "/record/incarnations",
        json!(4_294_967_296_u64),
        ".record.incarnations should be a whole number below 2^32, it is 4294967296",
    );
}
