//! What Flink answered in a recorded world, as far as the simulated one keeps it.

use std::collections::BTreeSet;

use flinkk8soperator_sim::http::kubernetes::meta;
use serde_json::{Value, json};

/// The JobManager's pod behind a Service.
fn behind(document: &Value, service: &str) -> Value {
    let mut services = document["services"].as_array().unwrap().iter();
    let service = services.find(|s| s["metadata"]["name"] == service).unwrap();
    let selector = service["spec"]["selector"].as_object().unwrap();
    let selected = |pod: &&Value| {
        let labels = &pod["metadata"]["labels"];
        selector.iter().all(|(name, value)| labels[name] == *value)
    };
    document["pods"].as_array().unwrap().iter().find(selected).unwrap().clone()
}

/// Of the Services that reach one cluster the one that was asked last.
pub(crate) fn asked_last(document: &Value) -> Vec<(&String, Value, &Value)> {
    let now = |answers: &Value| {
        let all = answers.as_object().unwrap().values();
        all.filter_map(|answer| answer["body"]["now"].as_u64()).max()
    };
    let all = document["flink"].as_object().unwrap().iter();
    let all: Vec<_> = all.map(|(name, a)| (name, behind(document, name), a)).collect();
    let later = |one: &&(&String, Value, &Value)| {
        all.iter().all(|other| other.1 != one.1 || now(other.2) <= now(one.2))
    };
    all.iter().filter(later).cloned().collect()
}

/// What is compared of an answer.
pub(crate) fn essence(request: &str, body: &Value) -> Value {
    let parts: Vec<&str> = request.trim_start_matches('/').split('/').collect();
    let pick = |value: &Value, names: &[&str]| -> Value {
        names.iter().map(|name| value.pointer(&format!("/{name}")).cloned()).collect()
    };
    match parts.as_slice() {
        ["overview"] => pick(body, &["taskmanagers", "slots-total", "slots-available"]),
        ["config"] => {
            let version = meta::text(body, "/flink-version");
            let (version, _) = version.rsplit_once('.').unwrap();
            json!([body["refresh-interval"], version, body["features"]["web-rescale"]])
        }
        ["taskmanagers"] => {
            let all = body["taskmanagers"].as_array().unwrap().iter();
            all.map(|t| pick(t, &["slotsNumber", "freeSlots"])).collect()
        }
        ["jobs"] => {
            let jobs = body["jobs"].as_array().unwrap().iter();
            let jobs: BTreeSet<String> = jobs.map(ToString::to_string).collect();
            jobs.into_iter().collect()
        }
        ["jobs", _] => {
            let tasks = body["vertices"].as_array().unwrap().iter();
            let tasks = tasks.filter_map(|vertex| vertex["parallelism"].as_u64()).max();
            json!([pick(body, &["jid", "state", "end-time"]), tasks])
        }
        ["jobs", _, "checkpoints", "config"] => {
            pick(body, &["externalization/enabled", "externalization/delete_on_cancellation"])
        }
        ["jobs", _, "checkpoints"] => {
            let told = ["id", "checkpoint_type", "is_savepoint", "external_path", "discarded"];
            let restored = ["id", "is_savepoint", "external_path", "restore_timestamp"];
            let latest = |name: &str, of: &[&str]| match &body["latest"][name] {
                Value::Null => Value::Null,
                entry => pick(entry, of),
            };
            json!([
                body["counts"]["restored"],
                latest("completed", &told),
                latest("savepoint", &told),
                latest("restored", &restored),
            ])
        }
        ["jobs", _, "savepoints", _] => {
            let failed = body.pointer("/operation/failure-cause").is_some();
            let location = body.pointer("/operation/location");
            json!([body["status"]["id"], location, failed])
        }
        _ => panic!("{request} is not compared"),
    }
}

/// Entries of the history that are completed, whether one is there besides or not.
pub(crate) fn completed(body: &Value) -> BTreeSet<String> {
    let all = body["history"].as_array().into_iter().flatten();
    let completed = all.filter(|entry| entry["status"] == "COMPLETED");
    completed.map(|e| json!([e["id"], e["external_path"], e["discarded"]]).to_string()).collect()
}

/// Where the world does otherwise, and why.
pub(crate) fn excepted(world: &str, request: &str) -> bool {
    // Tasks that are still being brought up hold no slot yet in the simulated Flink.
    world == "first-deploy-job-opening" && ["/overview", "/taskmanagers"].contains(&request)
}
