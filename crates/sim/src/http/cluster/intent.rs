//! What a version of an application is meant to do, read from its Deployment: the simulated
//! registry and the simulated jars know nothing, so names say it.

use std::sync::Arc;

use serde_json::Value;

use super::super::kubernetes::meta::{array, text};
use crate::world::{Image, Program, Retention, Spec};

/// How an image behaves, by its name: `missing` cannot be pulled, `crash` ends again and again,
/// `unschedulable` finds no node, and a name with an upper-case letter or a blank in its
/// repository cannot be parsed.
#[must_use]
pub fn image(name: &str) -> Image {
    let repository = name.rsplit_once(':').map_or(name, |(repository, _)| repository);
    if repository.is_empty() || repository.contains(|c: char| c.is_uppercase() || c == ' ') {
        Image::InvalidName
    } else if name.contains("missing") {
        Image::CannotBePulled
    } else if name.contains("crash") {
        Image::CrashLoops
    } else if name.contains("unschedulable") {
        Image::Unschedulable
    } else {
        Image::Runs
    }
}

/// How a job behaves, by its entry class: `NoSuch` is not found, the `main()` of `Throws` throws,
/// `Fails` fails as soon as it runs, `Bounded` ends by itself, `NeverUp` never gets its tasks.
#[must_use]
pub fn program(entry_class: &str) -> Program {
    let known = [
        ("NoSuch", Program::ClassNotFound),
        ("Throws", Program::MainThrows),
        ("Fails", Program::Fails),
        ("Bounded", Program::Finishes),
        ("NeverUp", Program::NeverUp),
    ];
    let found = known.iter().find(|(word, _)| entry_class.contains(word));
    found.map_or(Program::Runs, |(_, program)| *program)
}

/// The version that a Deployment belongs to. Both Deployments of a cluster give the same.
#[must_use]
pub fn spec(deployment: &Value) -> Option<Spec> {
    let hash = label(deployment, "flink-app-hash");
    let properties = properties(deployment);
    let about = job_properties(deployment);
    let parallelism = about("parallelism").and_then(|n| n.parse().ok()).unwrap_or(1);
    let slots: u32 = property(&properties, "taskmanager.numberOfTaskSlots")
        .and_then(|n| n.parse().ok())
        .unwrap_or(1);
    let retention =
        property(&properties, "execution.checkpointing.externalized-checkpoint-retention");
    let savepoints = property(&properties, "execution.checkpointing.savepoint-dir")
        .or_else(|| property(&properties, "state.savepoints.dir"))
        .unwrap_or("file:///savepoints");
    let hash = u32::from_str_radix(hash, 16).ok()?;
    Some(Spec {
        hash,
        family: hash,
        image: image(text(deployment, "/spec/template/spec/containers/0/image")),
        program: program(about("entryClass").unwrap_or_default()),
        parallelism,
        taskmanagers: parallelism.div_ceil(slots.max(1)),
        slots,
        retention: match retention {
            Some("RETAIN_ON_CANCELLATION") => Retention::RetainOnCancellation,
            Some("DELETE_ON_CANCELLATION") => Retention::DeleteOnCancellation,
            Some(_) | None => Retention::Unset,
        },
        savepoints: Arc::from(savepoints),
        stateless: false,
        last_seen: false,
        restored: None,
        alone: false,
        beside: !label(deployment, "flink-application-version").is_empty(),
        tear_down: None,
    })
}

/// A label of an object, empty if it has none.
#[must_use]
pub fn label<'a>(object: &'a Value, name: &str) -> &'a str {
    text(object, &format!("/metadata/labels/{name}"))
}

/// The Flink configuration that an object's container is given.
#[must_use]
pub fn properties(object: &Value) -> String {
    let of_pod = array(object, "/spec/containers/0/env");
    let of_template = array(object, "/spec/template/spec/containers/0/env");
    let mut variables = of_pod.iter().chain(of_template);
    let found = variables.find(|v| text(v, "/name") == "FLINK_PROPERTIES");
    found.map(|v| text(v, "/value").to_owned()).unwrap_or_default()
}

/// The last value of a key in a Flink configuration.
#[must_use]
pub fn property<'a>(properties: &'a str, key: &str) -> Option<&'a str> {
    let lines = properties.lines().rev().filter_map(|line| line.split_once(':'));
    lines.map(|(k, v)| (k.trim(), v.trim())).find(|(k, _)| *k == key).map(|(_, v)| v)
}

/// The lines of the annotation in which the reference operator describes the job.
fn job_properties<'d>(deployment: &'d Value) -> impl Fn(&str) -> Option<&'d str> {
    let described = text(deployment, "/metadata/annotations/flink-job-properties");
    move |key| property(described, key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_does_not_work() {
        assert_eq!(image("registry/app:v1"), Image::Runs);
        assert_eq!(image("registry/app:missing"), Image::CannotBePulled);
        assert_eq!(image("App:v1"), Image::InvalidName);
        assert_eq!(program("com.example.Job"), Program::Runs);
        assert_eq!(program("com.example.NoSuchJob"), Program::ClassNotFound);
    }

    #[test]
    fn the_last_value_of_a_key_counts() {
        assert_eq!(property("a: 1\nb: 2\na: 3\n", "a"), Some("3"));
        assert_eq!(property("a: 1\n", "c"), None);
    }
}
