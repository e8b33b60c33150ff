//! What every earlier version has written is read: `tests/data/machine/VERSION.jsonl` has states as that version stores
//! them, a line each. The file of this version is written with `UPDATE_GOLDEN=1` until it is released, and
//! kept as it is from then on.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use flinkk8soperator_api::machine::{read, write};
use serde_json::Value;

use crate::generator::states;

/// Enough for every member of every phase to be there and to be absent.
const LINES: usize = 84;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/machine")
}

fn file(version: &str) -> PathBuf {
    folder().join(format!("{version}.jsonl"))
}

fn written_now() -> String {
    states().iter().take(LINES).map(|state| format!("{}\n", write(state))).collect()
}

/// What is in `old` and not, or otherwise, in `new`.
fn lost(old: &Value, new: &Value, at: &str, found: &mut Vec<String>) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            for (name, old) in old {
                let at = format!("{at}.{name}");
                match new.get(name) {
                    Some(new) => lost(old, new, &at, found),
                    None => found.push(at),
                }
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            let pairs = old.iter().zip(new).enumerate();
            pairs.for_each(|(i, (old, new))| lost(old, new, &format!("{at}[{i}]"), found));
        }
        (old, new) if old == new => {}
        (old, new) => found.push(format!("{at}: {old} became {new}")),
    }
}

#[test]
fn states_of_every_version_are_read_and_nothing_of_them_is_lost() {
    let mut phases = BTreeSet::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        for (number, line) in std::fs::read_to_string(&path).unwrap().lines().enumerate() {
            let place = format!("{}:{}", path.display(), number + 1);
            let old: Value = serde_json::from_str(line).unwrap();
            let state = read(&old).unwrap_or_else(|error| panic!("{place}: {error}"));
            let mut found = Vec::new();
            lost(&old, &write(&state), "machine", &mut found);
            assert!(found.is_empty(), "{place}: {found:?}");
            phases.insert(state.phase.name());
        }
    }
    assert_eq!(phases.len(), 14, "{phases:?}");
}

#[test]
fn there_are_states_of_this_version_as_it_writes_them() {
    let path = file(env!("CARGO_PKG_VERSION"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, written_now()).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        stored == written_now(),
        "{} is not what this version writes: a state that lies in a cluster is then read otherwise or not at all. Where \
         that is meant, and this version is not released, write it anew with UPDATE_GOLDEN=1",
        path.display()
    );
}
