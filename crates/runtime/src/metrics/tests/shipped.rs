//! The dashboard and the alerts of the chart ask for metrics that are served, by labels that these have, with
//! words that the code has; and each alert has its section in the runbooks, and each section its alert.

use std::collections::BTreeSet;

use flinkk8soperator_core::Reason;
use serde_json::Value;

use super::{Served, WORDS, served, text};

const DASHBOARD: &str = "../charts/flinkk8soperator/files/dashboard.json";
const ALERTS: &str = "../charts/flinkk8soperator/files/alerts.yaml";
/// Series on which each alert fires once.
const TESTS: &str = "../charts/flinkk8soperator/files/alerts-test.yaml";
const RUNBOOKS: &str = "docs/operations/runbooks.md";

/// What a scrape, and the target that is scraped, add.
const ADDED: [&str; 5] = ["le", "job", "instance", "namespace", "pod"];

/// All that expressions may consist of besides metrics and labels.
const LANGUAGE: [&str; 16] = [
    "absent",
    "and",
    "by",
    "clamp_min",
    "histogram_quantile",
    "increase",
    "max",
    "min",
    "on",
    "or",
    "rate",
    "sum",
    "time",
    "unless",
    "vector",
    "group_left",
];

fn dashboard() -> Value {
    serde_json::from_str(&text(DASHBOARD)).unwrap()
}

/// The rules, each an object.
fn alerts() -> Vec<Value> {
    let file: Value = serde_saphyr::from_str(&text(ALERTS)).unwrap();
    let groups = file["groups"].as_array().unwrap();
    groups.iter().flat_map(|group| group["rules"].as_array().unwrap().clone()).collect()
}

/// What stands under this key, at any depth.
fn all_under(value: &Value, key: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            found.extend(map.get(key).and_then(Value::as_str).map(str::to_owned));
            map.values().for_each(|value| all_under(value, key, found));
        }
        Value::Array(items) => items.iter().for_each(|item| all_under(item, key, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The words of an expression that are no text in quotes, and no durations or numbers.
fn words(expression: &str) -> Vec<&str> {
    let bare = expression.split('"').step_by(2);
    let is_one = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':' || c == '$';
    let words = bare.flat_map(move |part| part.split(move |c| !is_one(c)));
    words.filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic())).collect()
}

/// What is wrong with an expression; none: nothing.
fn wrong(expression: &str, served: &[Served], code: &str) -> Option<String> {
    let ours = |word: &&str| {
        let prefixes = ["flinkk8soperator_", "process_", "tokio_"];
        prefixes.iter().any(|prefix| word.starts_with(prefix))
    };
    let (names, others): (Vec<&str>, Vec<&str>) = words(expression).into_iter().partition(ours);
    let mut labels: BTreeSet<&str> = ADDED.into();
    for name in names {
        let is_it = |metric: &&Served| match metric.kind.as_str() {
            "histogram" => ["_bucket", "_sum", "_count"]
                .iter()
                .any(|ending| name.strip_suffix(ending) == Some(metric.name.as_str())),
            _ => metric.name == name,
        };
        match served.iter().find(is_it) {
            Some(metric) => labels.extend(metric.labels.iter().map(String::as_str)),
            None => return Some(format!("nothing serves {name}")),
        }
    }
    let strange = others.iter().find(|w| !LANGUAGE.contains(w) && !labels.contains(*w));
    if let Some(word) = strange {
        return Some(format!("{word} is no label of these metrics"));
    }
    let mut texts = expression.split('"').skip(1).step_by(2).flat_map(|text| text.split('|'));
    let unknown = texts.find(|word| !word.starts_with('$') && !code.contains(word));
    unknown.map(|word| format!("{word} is nowhere in the code"))
}

#[test]
fn every_expression_asks_for_what_is_served() {
    let (served, code) = (served(), WORDS.map(text).concat());
    let mut expressions = Vec::new();
    all_under(&dashboard(), "expr", &mut expressions);
    assert!(expressions.len() > 10);
    alerts().iter().for_each(|rule| all_under(rule, "expr", &mut expressions));
    for expression in expressions {
        assert_eq!(wrong(&expression, &served, &code), None, "in {expression}");
    }
    for (expression, fault) in [
        ("rate(flinkk8soperator_roundz_total[5m])", "nothing serves flinkk8soperator_roundz_total"),
        (
            "flinkk8soperator_round_duration_seconds",
            "nothing serves flinkk8soperator_round_duration_seconds",
        ),
        ("sum by (phase) (flinkk8soperator_applications)", "phase is no label of these metrics"),
        ("flinkk8soperator_rounds_total{reason=\"done\"}", "reason is no label of these metrics"),
        ("flinkk8soperator_rounds_total{outcome=~\"done|dome\"}", "dome is nowhere in the code"),
        ("kube_pod_info", "kube_pod_info is no label of these metrics"),
    ] {
        assert_eq!(wrong(expression, &served, &code).as_deref(), Some(fault));
    }
}

#[test]
fn the_alert_of_stalled_applications_names_every_reason_without_progress() {
    let rules = alerts();
    let rule = rules.iter().find(|rule| rule["alert"] == "FlinkApplicationsStalled").unwrap();
    let named: BTreeSet<&str> =
        rule["expr"].as_str().unwrap().split('"').nth(1).unwrap().split('|').collect();
    let stalled = Reason::ALL.iter().filter(|reason| reason.stalled());
    assert_eq!(named, stalled.map(|reason| reason.as_str()).collect());
}

#[test]
fn the_runbooks_say_what_to_do_for_every_reason_that_an_alert_names() {
    let document = text(&format!("../{RUNBOOKS}"));
    let rows =
        document.lines().filter_map(|line| Some(line.strip_prefix("| ")?.split_once(" |")?.0));
    let rows: BTreeSet<&str> = rows.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    let mut named = Vec::new();
    alerts().iter().for_each(|rule| all_under(rule, "expr", &mut named));
    let of_reasons = named.iter().filter_map(|expression| expression.split_once("{reason=~\""));
    let reasons: Vec<&str> =
        of_reasons.flat_map(|(_, rest)| rest.split('"').next().unwrap().split('|')).collect();
    assert!(reasons.len() > 15, "{reasons:?}");
    let missing: Vec<_> = reasons.iter().filter(|reason| !rows.contains(**reason)).collect();
    assert_eq!(missing, [] as [&&str; 0]);
}

#[test]
fn every_alert_says_what_it_is_and_has_its_runbook() {
    let document = text(&format!("../{RUNBOOKS}"));
    let sections = document.lines().filter_map(|line| line.strip_prefix("## "));
    let sections: BTreeSet<&str> = sections.collect();
    let (rules, tests) = (alerts(), text(TESTS));
    let names: BTreeSet<&str> = rules.iter().map(|rule| rule["alert"].as_str().unwrap()).collect();
    assert_eq!(names, sections);
    for rule in &rules {
        let name = rule["alert"].as_str().unwrap();
        assert!(tests.contains(name), "{name} is not tried");
        let severity = rule["labels"]["severity"].as_str().unwrap();
        assert!(["critical", "warning"].contains(&severity), "{name} is {severity}");
        for annotation in ["summary", "description"] {
            assert!(rule["annotations"][annotation].is_string(), "{name} has no {annotation}");
        }
        let link = format!("{RUNBOOKS}#{}", name.to_lowercase());
        assert_eq!(rule["annotations"]["runbook_url"], link.as_str(), "{name}");
    }
}
