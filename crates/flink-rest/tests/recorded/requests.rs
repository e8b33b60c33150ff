//! What this crate builds is what the probe sent: real Flink answered it.

use std::collections::BTreeMap;

use flinkk8soperator_flink_rest::model::Parallelism;
use flinkk8soperator_flink_rest::request::{self, Request, Run, Savepoint};
use serde_json::{Value, json};

use crate::exchange::{Exchange, Recording, job, trigger};
use crate::snapshots::location;

/// Exchanges in which the probe sent what this crate never does.
pub(crate) const ASKED_WRONGLY_ON_PURPOSE: [&str; 4] = [
    "job_bad_id",
    "run_program_args_string",
    "run_unknown_field",
    "savepoint_trigger_job_not_found",
];

pub(crate) fn check(recording: &Recording, exchange: &Exchange) {
    let Some(built) = built(recording, exchange) else { return };
    let sent = (exchange.method.clone(), exchange.path.clone(), as_we_send(exchange));
    assert_eq!(built, sent);
}

pub(crate) fn is_built(recording: &Recording, exchange: &Exchange) -> bool {
    built(recording, exchange).is_some() || refused_before_sending(recording, exchange)
}

type Sent = (String, String, Value);

fn sent<A>(request: Request<A>) -> Sent {
    let body = match request.body.is_empty() {
        true => Value::Null,
        false => serde_json::from_slice(&request.body).unwrap(),
    };
    (request.method.to_string(), request.path, body)
}

/// The probe spelled out some defaults; it had no ids of its own in a few runs.
fn as_we_send(exchange: &Exchange) -> Value {
    let mut body = exchange.request.clone();
    if let Some(fields) = body.as_object_mut() {
        fields.retain(|key, value| *value != json!(false) || key == "cancel-job" || key == "drain");
        fields.remove("checkpointType");
        if exchange.path.ends_with("/run") {
            fields.entry("jobId").or_insert(json!(job(1).to_string()));
        }
    }
    body
}

fn built(recording: &Recording, exchange: &Exchange) -> Option<Sent> {
    let segments: Vec<&str> = exchange.path.trim_start_matches('/').split(['/', '?']).collect();
    let id = |text: &str| text.parse().ok();
    Some(match (exchange.method.as_str(), segments.as_slice()) {
        ("GET", ["overview"]) => sent(request::overview()),
        ("GET", ["config"]) => sent(request::config()),
        ("GET", ["taskmanagers"]) => sent(request::task_managers()),
        ("GET", ["jars"]) => sent(request::jars()),
        ("GET", ["jobs"]) => sent(request::jobs()),
        ("GET", ["jobs", job]) => sent(request::job(id(job)?)),
        ("GET", ["jobs", job, "config"]) => sent(request::job_config(id(job)?)),
        ("GET", ["jobs", job, "checkpoints"]) => sent(request::checkpoints(id(job)?)),
        ("GET", ["jobs", job, "checkpoints", "config"]) => {
            sent(request::checkpoint_config(id(job)?))
        }
        ("GET", ["jobs", job, "exceptions"]) => sent(request::exceptions(id(job)?)),
        ("GET", ["jobs", job, "savepoints", trigger]) => {
            sent(request::savepoint_status(id(job)?, trigger.parse().ok()?))
        }
        ("PATCH", ["jobs", job, "mode=cancel"]) => sent(request::cancel(id(job)?)),
        ("POST", ["jars", jar, "run"]) => run(recording, exchange, jar)?,
        _ => return built_for_a_version(recording, exchange),
    })
}

fn run(recording: &Recording, exchange: &Exchange, jar: &str) -> Option<Sent> {
    let fields = &exchange.request;
    if fields.get("programArgs").is_some() || fields.get("noSuchField").is_some() {
        return None;
    }
    let text = |key: &str| fields[key].as_str().unwrap_or_default().to_owned();
    let arguments = fields["programArgsList"].as_array().cloned().unwrap_or_default();
    let run = Run {
        entry_class: text("entryClass"),
        parallelism: fields["parallelism"].as_u64().unwrap().try_into().unwrap(),
        arguments: arguments.iter().map(|word| word.as_str().unwrap().to_owned()).collect(),
        savepoint_path: match exchange.name.as_str() {
            "run_from_savepoint" => location(recording.exchange("stop_completed")),
            _ => text("savepointPath"),
        },
        ..Run::new(jar, text("jobId").parse().unwrap_or(job(1)))
    };
    Some(sent(request::run(&recording.version, &run).unwrap()))
}

fn built_for_a_version(recording: &Recording, exchange: &Exchange) -> Option<Sent> {
    let (version, job) = (&recording.version, job(0xa001));
    match exchange.name.as_str() {
        "checkpoint_trigger" => request::checkpoint(version, job, trigger(0xb003)).ok().map(sent),
        "checkpoint_trigger_status" => {
            request::checkpoint_status(version, job, trigger(0xb003)).ok().map(sent)
        }
        "resource_requirements" | "resource_requirements_after" => {
            request::resource_requirements(version, job).ok().map(sent)
        }
        "rescale_up" => rescale(recording, exchange, 4),
        "rescale_too_many" => rescale(recording, exchange, 64),
        "rescale_bad_vertex" => rescale(recording, exchange, 2),
        name => match name.strip_suffix("_without_trigger_id") {
            // Before 1.15 the probe's second try, without the field, is what we send.
            Some(name) => snapshot(recording, exchange, name),
            None if version.honours_trigger_id() => snapshot(recording, exchange, name),
            None => None,
        },
    }
}

fn snapshot(recording: &Recording, exchange: &Exchange, name: &str) -> Option<Sent> {
    let job = exchange.path.split('/').nth(2)?.parse().ok()?;
    let savepoint = |number, directory: &str| Savepoint {
        job,
        trigger: trigger(number),
        target_directory: directory.to_owned(),
    };
    let take = |savepoint, cancel| sent(request::savepoint(&recording.version, &savepoint, cancel));
    Some(match name {
        "savepoint_trigger" | "savepoint_trigger_same_id" => take(savepoint(0xb001, ""), false),
        "savepoint_trigger_bad_dir" => take(savepoint(0xb002, "nosuchfs://x/y"), false),
        "cancel_with_savepoint" => take(savepoint(0xb005, ""), true),
        "savepoint_trigger_while_restarting" => take(savepoint(0xb006, ""), true),
        "stop_with_savepoint" => {
            sent(request::stop(&recording.version, &savepoint(0xb004, ""), false))
        }
        _ => return None,
    })
}

fn rescale(recording: &Recording, exchange: &Exchange, upper_bound: u32) -> Option<Sent> {
    let wanted = requirements(exchange, upper_bound);
    let built = request::set_resource_requirements(&recording.version, job(0xa001), &wanted);
    built.ok().map(sent)
}

fn requirements(
    exchange: &Exchange,
    upper_bound: u32,
) -> BTreeMap<flinkk8soperator_flink_rest::VertexId, Parallelism> {
    let bounds = Parallelism { lower_bound: 1, upper_bound };
    let vertices = exchange.request.as_object().unwrap().keys();
    vertices.map(|id| (id.parse().unwrap(), bounds)).collect()
}

/// What the running version lacks, or refuses, is not sent.
fn refused_before_sending(recording: &Recording, exchange: &Exchange) -> bool {
    let version = &recording.version;
    match exchange.name.as_str() {
        "checkpoint_trigger" => request::checkpoint(version, job(0xa001), trigger(0xb003)).is_err(),
        "checkpoint_trigger_status" => {
            request::checkpoint_status(version, job(0xa001), trigger(0xb003)).is_err()
        }
        "resource_requirements" => request::resource_requirements(version, job(0xa001)).is_err(),
        // Sent with our trigger id by the probe, without it by us.
        _ => exchange.request.get("triggerId").is_some() && !version.honours_trigger_id(),
    }
}
