//! Where two values differ, member by member, as they are written down.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value};

/// One place at which two values differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Difference {
    /// Which: `state.record.leaving[0].may_run`. Empty: all of it.
    pub(super) path: String,
    /// What the first value has there, if anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) was: Option<Value>,
    /// What the second has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) is: Option<Value>,
}

/// Compares two values of a type.
pub(super) fn between<T: Serialize>(was: &T, is: &T) -> Vec<Difference> {
    of(&value(was), &value(is))
}

/// As it is written down.
pub(super) fn value<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).expect("the machine's maps have numbers for keys")
}

/// Compares what was written down.
pub(super) fn of(was: &Value, is: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", was, is, &mut found);
    found
}

fn compare(path: &str, was: &Value, is: &Value, found: &mut Vec<Difference>) {
    match (was, is) {
        (was, is) if was == is => {}
        (Value::Object(was), Value::Object(is)) if comparable(was, is) => {
            members(path, was, is, found);
        }
        (Value::Array(was), Value::Array(is)) => elements(path, was, is, found),
        (was, is) => found.push(Difference {
            path: path.to_owned(),
            was: Some(was.clone()),
            is: Some(is.clone()),
        }),
    }
}

/// Two variants of an enum have no member in common: each is shown as a whole.
fn comparable(was: &Map<String, Value>, is: &Map<String, Value>) -> bool {
    was.keys().any(|name| is.contains_key(name))
}

fn members(
    path: &str,
    was: &Map<String, Value>,
    is: &Map<String, Value>,
    found: &mut Vec<Difference>,
) {
    let names: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    for name in names {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        both(path, was.get(name), is.get(name), found);
    }
}

/// What is equal at the beginning and at the end is passed over, so that an element more or less shows
/// as that and not as a change of all behind it.
fn elements(path: &str, was: &[Value], is: &[Value], found: &mut Vec<Difference>) {
    let equal = |(was, is): &(&Value, &Value)| was == is;
    let start = was.iter().zip(is).take_while(equal).count();
    let (was, is) = (&was[start..], &is[start..]);
    let end = was.iter().rev().zip(is.iter().rev()).take_while(equal).count();
    let (was, is) = (&was[..was.len() - end], &is[..is.len() - end]);
    for nth in 0..was.len().max(is.len()) {
        both(format!("{path}[{}]", start + nth), was.get(nth), is.get(nth), found);
    }
}

fn both(path: String, was: Option<&Value>, is: Option<&Value>, found: &mut Vec<Difference>) {
    match (was, is) {
        (Some(was), Some(is)) => compare(&path, was, is, found),
        (was, is) => found.push(Difference { path, was: was.cloned(), is: is.cloned() }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// As `path: was > is`.
    fn found(was: Value, is: Value) -> Vec<String> {
        let text = |value: Option<Value>| value.map_or("-".to_owned(), |value| value.to_string());
        let line = |one: Difference| format!("{}: {} > {}", one.path, text(one.was), text(one.is));
        of(&was, &is).into_iter().map(line).collect()
    }

    #[test]
    fn members_are_named_by_their_path_and_equal_ones_are_passed_over() {
        let was = json!({ "a": { "b": 1, "c": [1, 2] }, "old": null, "same": 3 });
        let is = json!({ "a": { "b": 2, "c": [1, 3] }, "new": 4, "same": 3 });
        let expected = ["a.b: 1 > 2", "a.c[1]: 2 > 3", "new: - > 4", "old: null > -"];
        assert_eq!(found(was.clone(), is), expected);
        assert!(found(was.clone(), was).is_empty());
    }

    #[test]
    fn another_variant_is_shown_as_a_whole_and_the_same_one_is_not() {
        let (is, same) = (json!({ "Running": {} }), json!({ "Stop": { "attempt": 2 } }));
        let was = json!({ "Stop": { "attempt": 1 } });
        assert_eq!(found(was.clone(), is), [r#": {"Stop":{"attempt":1}} > {"Running":{}}"#]);
        assert_eq!(found(was.clone(), json!("Look")), [r#": {"Stop":{"attempt":1}} > "Look""#]);
        assert_eq!(found(was, same), ["Stop.attempt: 1 > 2"]);
    }

    #[test]
    fn an_element_more_is_one_difference_wherever_it_stands() {
        assert_eq!(found(json!([1, 3]), json!([1, 2, 3])), ["[1]: - > 2"]);
        assert_eq!(found(json!([2, 3]), json!([3])), ["[0]: 2 > -"]);
        assert_eq!(found(json!([1, 1]), json!([1])), ["[1]: 1 > -"]);
        assert_eq!(found(json!([1, 2]), json!([2, 1])), ["[0]: 1 > 2", "[1]: 2 > 1"]);
    }
}
