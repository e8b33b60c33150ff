//! What the lines of `FLINK_PROPERTIES` say of a version: `flinkConfig`, and the members that become lines.

use flinkk8soperator_core::ids::Role;
use serde_json::{Map, Value, json};

use super::{Deployments, environment};
use crate::application::Application;
use crate::deployment;
use crate::properties::{self, Properties};

/// The members that become a line each.
const PORTS: [(&str, &str); 5] = [
    ("rpcPort", "jobmanager.rpc.port"),
    ("uiPort", "jobmanager.web.port"),
    ("queryPort", "query.server.port"),
    ("blobPort", "blob.server.port"),
    ("metricsQueryPort", "metrics.internal.query-service.port"),
];
const TASK_SLOTS: (&str, &str) = ("taskSlots", "taskmanager.numberOfTaskSlots");

/// The spec of `read`, with what the lines say. Without lines (the reference operator leaves them out where it
/// cannot render them) it stays as it is.
pub(super) fn read(found: &Deployments<'_>, mut read: Value, like: &Application) -> Value {
    let env = found.container(Role::JobManager, "env");
    let lines = environment::of_the_operator(env, deployment::PROPERTIES).and_then(lines);
    let Some(lines) = lines else { return read["spec"].take() };
    let spec = &mut read["spec"];
    let said = properties::managed(like);
    for member in PORTS {
        number(spec, &lines, &said, member);
    }
    let task_managers = &mut spec[Application::config_name(Role::TaskManager)];
    number(task_managers, &lines, &said, TASK_SLOTS);
    memory_model(spec, &lines, like);
    // The amounts of memory are read from here on.
    let sized = Application::parse(&read).ok();
    let spec = &mut read["spec"];
    if let Some(sized) = sized {
        for role in [Role::JobManager, Role::TaskManager] {
            fraction(spec, &lines, &sized, role);
        }
        let managed = properties::managed(&sized);
        spec["flinkConfig"] = Value::Object(flink_config(&lines, &managed, like));
    }
    spec.take()
}

/// The lines that are in the hash input: what was appended on creation comes behind an empty line.
fn lines(text: &str) -> Option<Properties> {
    let end = text.rfind("\n\n")? + 1;
    let mut lines = Properties::new();
    let mut last: Option<String> = None;
    for line in text[..end].lines() {
        match (line.split_once(": "), &last) {
            (Some((key, value)), _) => {
                lines.insert(key.to_owned(), value.to_owned());
                last = Some(key.to_owned());
            }
            // A value of several lines.
            (None, Some(key)) => {
                let value = lines.get_mut(key)?;
                value.push('\n');
                value.push_str(line);
            }
            (None, None) => return None,
        }
    }
    Some(lines)
}

/// One that is said, or left to its default, so that it gives the same line stays as it is.
fn number(members: &mut Value, lines: &Properties, said: &Properties, (name, key): (&str, &str)) {
    let found = lines.get(key).filter(|found| said.get(key) != Some(*found));
    if let Some(found) = found.and_then(|value| value.parse::<i64>().ok()) {
        members[name] = json!(found);
    }
}

/// Flink's version decides which lines there are for memory, and nothing else of what is rendered.
fn memory_model(spec: &mut Value, lines: &Properties, like: &Application) {
    let process = lines.contains_key("jobmanager.memory.process.size");
    let said = properties::fraction_name(like) == "systemMemoryFraction";
    if process != said {
        spec["flinkVersion"] = json!(if process { "1.11" } else { "1.10" });
        let wrong = if process { "offHeapMemoryFraction" } else { "systemMemoryFraction" };
        for role in [Role::JobManager, Role::TaskManager] {
            if let Some(members) = spec[Application::config_name(role)].as_object_mut() {
                members.remove(wrong);
            }
        }
    }
}

/// The fraction of memory that is not Flink's: the one that is said, or the default, or the shortest that
/// gives what was found.
#[expect(clippy::cast_precision_loss, reason = "the reference operator computes in floats")]
fn fraction(spec: &mut Value, lines: &Properties, sized: &Application, role: Role) {
    let [job_manager, task_manager] = properties::memory_keys(sized);
    let key = if role == Role::JobManager { job_manager } else { task_manager };
    let Some(found) = lines.get(key) else { return };
    let bytes = sized.reference_memory(role);
    let gives = |fraction: &f64| properties::memory(bytes, *fraction) == *found;
    let said = properties::fraction(sized, role);
    if gives(&said) {
        return;
    }
    let name = properties::fraction_name(sized);
    let members = &mut spec[Application::config_name(role)];
    let default = properties::default_fraction(sized);
    if gives(&default) {
        members.as_object_mut().map(|members| members.remove(name));
        return;
    }
    if found == "0k" {
        members["resources"]["requests"]["memory"] = json!(unread(bytes));
        return;
    }
    let kibibytes: f64 = found.trim_end_matches('k').parse().unwrap_or(0.0);
    let exact = 1.0 - kibibytes * 1024.0 / bytes as f64;
    let rounded = (1..=9).map(|digits| {
        let unit = 10_f64.powi(digits);
        (exact * unit).round() / unit
    });
    if let Some(fraction) = rounded.into_iter().find(gives) {
        members[name] = json!(fraction);
    }
}

/// An amount of memory in a spelling that the reference operator reads as nothing (defect G1): with a decimal
/// point before a binary unit. The API server keeps the value alone.
fn unread(bytes: i64) -> String {
    let gibibytes = (bytes as f64 / f64::from(1 << 30)).to_string();
    let point = if gibibytes.contains('.') { "" } else { ".0" };
    format!("{gibibytes}{point}Gi")
}

/// The user's lines: as they are said now where they say the same.
fn flink_config(
    lines: &Properties,
    managed: &Properties,
    like: &Application,
) -> Map<String, Value> {
    let said = like.flink_config();
    let theirs = lines.iter().filter(|(key, _)| !managed.contains_key(*key));
    let mut config: Map<String, Value> = theirs
        .map(|(key, found)| {
            let same = |said: &&Value| properties::scalar(key, said).as_ref() == Ok(found);
            let value = said.get(key).filter(same).cloned().unwrap_or_else(|| json!(found));
            (key.clone(), value)
        })
        .collect();
    // What the operator overwrites leaves no trace.
    let overwritten = |key: &str| managed.contains_key(key) || key == properties::RPC_ADDRESS;
    let kept = said.iter().filter(|(key, _)| overwritten(key));
    config.extend(kept.map(|(key, value)| (key.clone(), value.clone())));
    config
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn the_lines_end_at_the_last_empty_one() {
        let text = "a: 1\nb: x: y\nc\nd: \n\njobmanager.rpc.address: app\n";
        let read = lines(text).unwrap();
        let read: Vec<_> = read.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(read, [("a", "1"), ("b", "x: y\nc"), ("d", "")]);
        assert_eq!(lines("a: 1\n"), None, "nothing was appended");
        assert_eq!(lines("x\n\ny: 1\n"), None, "the first line is none");
    }
}
