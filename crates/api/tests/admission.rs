//! The cases of `data/admission.json` cover every rule of the CRD, and what they hold can be read.
//! A real API server judges them end to end (`e2e/src/crd.rs`); here is what can be said without one.

use flinkk8soperator_api::crd::rules::{NAME_LIMIT, Rule, rules};
use flinkk8soperator_api::v1beta1::FlinkApplication;
use serde_json::{Value, json};

fn cases() -> Value {
    serde_json::from_str(include_str!("data/admission.json")).expect("the cases are JSON")
}

fn list<'a>(cases: &'a Value, name: &str) -> &'a Vec<Value> {
    cases[name].as_array().expect("the cases are lists")
}

/// JSON merge patch, RFC 7386.
fn merge(target: &mut Value, patch: &Value) {
    let Some(patch) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (key, value) in patch {
        if value.is_null() {
            target.as_object_mut().expect("made one above").remove(key);
        } else {
            merge(&mut target[key], value);
        }
    }
}

#[test]
fn every_rule_has_a_case_and_every_case_its_rule() {
    let cases = cases();
    let cases = list(&cases, "rules");
    let refuses = |rule: &Rule, case: &Value| {
        let message = case["message"].as_str().unwrap();
        // A message that fits two rules is told apart by the field that the case sets.
        rule.message.contains(message)
            && (rule.at.is_empty()
                || case["set"].pointer(&format!("/{}", rule.at.replace('.', "/"))).is_some())
    };
    for rule in rules() {
        assert!(cases.iter().any(|case| refuses(&rule, case)), "no case for {rule:?}");
    }
    for case in cases {
        assert!(rules().iter().any(|rule| refuses(rule, case)), "no rule for {case}");
    }
}

/// The fields of `schema` that a rule's list names, whether or not they are in quotes and brackets.
fn path_of(rule: &Rule, field: &str) -> Vec<String> {
    let field = field.replace("['", ".").replace("']", "");
    let whole = format!("{}.{field}", rule.at);
    whole.split('.').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

#[test]
fn rules_read_only_fields_that_the_reference_lists() {
    let cases = cases();
    for rule in rules() {
        let mut fields = rule.fields.clone();
        if fields.is_empty() {
            fields.push(String::new());
        }
        for field in fields {
            let path = path_of(&rule, &field);
            assert!(path[0] == "metadata" || path[0] == "spec", "{rule:?}");
            let unlisted = list(&cases["unlisted"], "spec");
            assert!(path[0] == "metadata" || !unlisted.contains(&json!(path[1])), "{rule:?}");
        }
        for field in list(&cases["unlisted"], "spec") {
            assert!(!rule.condition.contains(field.as_str().unwrap()), "{rule:?}");
        }
    }
}

#[test]
fn unlisted_fields_are_in_the_schema() {
    let crd = serde_json::to_value(flinkk8soperator_api::crd()).unwrap();
    let schema = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"];
    for (part, fields) in cases()["unlisted"].as_object().unwrap() {
        for field in fields.as_array().unwrap() {
            let property = &schema[part]["properties"][field.as_str().unwrap()];
            assert!(property.is_object(), "{part}.{field}");
        }
    }
}

#[test]
fn every_rule_is_in_the_crd_and_looks_back() {
    fn collect(schema: &Value, found: &mut Vec<Value>) {
        match schema {
            Value::Object(members) => {
                if let Some(Value::Array(rules)) = members.get("x-kubernetes-validations") {
                    found.extend(rules.iter().cloned());
                }
                members.values().for_each(|member| collect(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut found = Vec::new();
    collect(&serde_json::to_value(flinkk8soperator_api::crd()).unwrap(), &mut found);
    assert_eq!(found.len(), rules().len());
    for rule in found {
        assert_eq!(rule["optionalOldSelf"], true, "{rule}");
        assert!(rule["rule"].as_str().unwrap().starts_with("oldSelf.hasValue() && "), "{rule}");
    }
}

#[test]
fn the_longest_name_makes_a_dns_label() {
    let name = "a".repeat(NAME_LIMIT);
    let longest = format!("{name}-12345678-green-jm");
    assert!(longest.len() <= 63, "{}", longest.len());
}

#[test]
fn what_is_accepted_or_was_stored_can_be_read() {
    let cases = cases();
    for case in list(&cases, "accepted").iter().chain(list(&cases, "rules")) {
        let mut application = cases["base"].clone();
        merge(&mut application, &case["set"]);
        if application["spec"].is_null() {
            continue;
        }
        let read = serde_json::from_value::<FlinkApplication>(application);
        assert!(read.is_ok(), "{}: {:?}", case["about"], read.err());
    }
}
