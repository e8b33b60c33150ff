//! The variables of a container that are the user's.

use serde_json::Value;

use crate::deployment::DEPLOYMENT_TYPE as LAST;

/// The user's variables; none where there are none. (The operator also completes a user's
/// `FLINK_PROPERTIES`: that one is not read back.)
pub(super) fn of_the_user(all: Option<&Value>) -> Option<Value> {
    let all = all?.as_array()?;
    let own = all.iter().position(|variable| variable["name"] == LAST)? + 1;
    let theirs = &all[own..];
    (!theirs.is_empty()).then(|| Value::Array(theirs.to_vec()))
}

/// The value of one of the operator's variables.
pub(super) fn of_the_operator<'a>(all: Option<&'a Value>, name: &str) -> Option<&'a str> {
    let own = all?.as_array()?.iter().take_while(|variable| variable["name"] != LAST);
    own.into_iter().find(|variable| variable["name"] == name)?["value"].as_str()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{of_the_operator, of_the_user};

    #[test]
    fn the_users_variables_come_behind_the_operators() {
        let all = json!([
            {"name": "FLINK_PROPERTIES", "value": "a"},
            {"name": "FLINK_DEPLOYMENT_TYPE", "value": "jobmanager"},
            {"name": "FLINK_PROPERTIES", "value": "b"},
        ]);
        assert_eq!(of_the_operator(Some(&all), "FLINK_PROPERTIES"), Some("a"));
        assert_eq!(
            of_the_user(Some(&all)),
            Some(json!([{"name": "FLINK_PROPERTIES", "value": "b"}]))
        );
        assert_eq!(of_the_user(Some(&json!([all[1]]))), None);
        assert_eq!(of_the_user(None), None);
    }
}
