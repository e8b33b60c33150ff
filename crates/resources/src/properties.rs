//! The Flink configuration of a cluster: the lines of `FLINK_PROPERTIES`.
//!
//! `base` is the part that is in the hash input, as the reference operator computes it or with its
//! memory defects repaired; `tail` modules append what is known only on creation. Values come from
//! the application, the text goes into the containers' environment.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use flinkk8soperator_api::flink_version::has_process_memory;
use flinkk8soperator_core::ids::Role;
use serde_json::Value;

use crate::application::Application;

/// Whose objects are rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rendering {
    /// The reference operator's, defects included.
    Reference,
    /// Ours.
    Created,
}

/// Why an application has no Flink configuration. The reference operator goes on without one (the
/// containers then lack five variables, and Flink starts unconfigured); we refuse.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PropertiesError {
    /// A fraction of the old memory model, which Flink 1.11 replaced.
    #[error("{}: not with flinkVersion 1.11 or newer, use systemMemoryFraction", self.field())]
    OffHeapFraction(&'static str),
    /// A fraction of the new memory model.
    #[error("{}: only with flinkVersion 1.11 or newer, use offHeapMemoryFraction", self.field())]
    SystemFraction(&'static str),
    /// A value of `flinkConfig` that is no scalar.
    #[error("{}: must be a string, a number or a boolean", self.field())]
    NotScalar(String),
    /// A memory request that is negative or beyond 2^63 bytes.
    #[error("{}: memory must be between 0 and 2^63 - 1 bytes", self.field())]
    Memory(&'static str),
}

impl PropertiesError {
    /// The path of the field that is wrong.
    #[must_use]
    pub fn field(&self) -> String {
        match self {
            PropertiesError::OffHeapFraction(role) => format!("spec.{role}.offHeapMemoryFraction"),
            PropertiesError::SystemFraction(role) => format!("spec.{role}.systemMemoryFraction"),
            PropertiesError::NotScalar(key) => format!("spec.flinkConfig[{key}]"),
            PropertiesError::Memory(role) => format!("spec.{role}.resources"),
        }
    }
}

/// Keys and values of a configuration, in the bytewise order in which they are written.
pub(crate) type Properties = BTreeMap<String, String>;

/// What `flinkConfig` cannot set: the key is dropped, because the versioned service is named later.
pub(crate) const RPC_ADDRESS: &str = "jobmanager.rpc.address";

/// The keys that the operator overwrites, whatever `flinkConfig` says.
pub(crate) fn managed(app: &Application) -> Properties {
    let ports = app.ports();
    let [job_manager, task_manager] = memory_keys(app);
    [
        ("taskmanager.numberOfTaskSlots", app.task_slots().to_string()),
        ("jobmanager.rpc.port", ports.rpc.to_string()),
        ("jobmanager.web.port", ports.ui.to_string()),
        ("query.server.port", ports.query.to_string()),
        ("blob.server.port", ports.blob.to_string()),
        ("metrics.internal.query-service.port", ports.metrics.to_string()),
        (job_manager, String::new()),
        (task_manager, String::new()),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into()
}

/// The configuration that is in the hash input.
pub(crate) fn base(app: &Application, rendering: Rendering) -> Result<Properties, PropertiesError> {
    check_fractions(app)?;
    let mut properties = Properties::new();
    for (key, value) in app.flink_config() {
        properties.insert(key.clone(), scalar(key, value)?);
    }
    properties.remove(RPC_ADDRESS);
    properties.extend(managed(app));
    for (key, role) in memory_keys(app).into_iter().zip([Role::JobManager, Role::TaskManager]) {
        let bytes = match rendering {
            Rendering::Reference => app.reference_memory(role),
            Rendering::Created => {
                app.memory(role).ok_or(PropertiesError::Memory(Application::config_name(role)))?
            }
        };
        properties.insert(key.to_owned(), memory(bytes, fraction(app, role)));
    }
    Ok(properties)
}

/// The lines of a configuration.
pub(crate) fn lines(properties: &Properties) -> String {
    properties.iter().fold(String::new(), |mut text, (key, value)| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{key}: {value}");
        text
    })
}

/// The name of the fraction that the application's Flink version knows.
pub(crate) fn fraction_name(app: &Application) -> &'static str {
    if has_process_memory(app.flink_version()) {
        "systemMemoryFraction"
    } else {
        "offHeapMemoryFraction"
    }
}

/// The part of a container's memory that is not Flink's: what the application says if that is
/// between 0 and 1, else 0.2 (0.5 before Flink 1.11).
pub(crate) fn fraction(app: &Application, role: Role) -> f64 {
    let given = app.role_config(role).get(fraction_name(app)).and_then(Value::as_f64);
    given.filter(|fraction| (0.0..=1.0).contains(fraction)).unwrap_or(default_fraction(app))
}

/// The part where the application says nothing.
pub(crate) fn default_fraction(app: &Application) -> f64 {
    if has_process_memory(app.flink_version()) { 0.2 } else { 0.5 }
}

fn check_fractions(app: &Application) -> Result<(), PropertiesError> {
    for role in [Role::JobManager, Role::TaskManager] {
        let name = Application::config_name(role);
        let given = |fraction| app.role_config(role).get(fraction).is_some();
        match has_process_memory(app.flink_version()) {
            true if given("offHeapMemoryFraction") => {
                return Err(PropertiesError::OffHeapFraction(name));
            }
            false if given("systemMemoryFraction") => {
                return Err(PropertiesError::SystemFraction(name));
            }
            true | false => {}
        }
    }
    Ok(())
}

pub(crate) fn memory_keys(app: &Application) -> [&'static str; 2] {
    if has_process_memory(app.flink_version()) {
        ["jobmanager.memory.process.size", "taskmanager.memory.process.size"]
    } else {
        ["jobmanager.heap.size", "taskmanager.heap.size"]
    }
}

/// Memory without the fraction, in KiB: the reference operator's arithmetic, in floats.
pub(crate) fn memory(bytes: i64, fraction: f64) -> String {
    let bytes = bytes as f64;
    format!("{}k", ((bytes - bytes * fraction).round() / 1024.0) as i64)
}

/// A value of `flinkConfig` as text.
pub(crate) fn scalar(key: &str, value: &Value) -> Result<String, PropertiesError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(flag) => Ok(flag.to_string()),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => Ok(integer.to_string()),
            None => Ok(go_float(number.as_f64().unwrap_or(0.0))),
        },
        Value::Null | Value::Array(_) | Value::Object(_) => {
            Err(PropertiesError::NotScalar(key.to_owned()))
        }
    }
}

/// A float as Go's `%v` writes it: an exponent of at least two digits below 1e-4 and from 1e6 on.
fn go_float(value: f64) -> String {
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return value.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::{go_float, memory};

    #[test]
    fn memory_is_computed_as_the_reference_operator_computes_it() {
        const MEBI: i64 = 1 << 20;
        for (bytes, fraction, text) in [
            (64 * MEBI, 0.37, "41287k"),
            (64 * MEBI, 0.2, "52428k"),
            (512 * MEBI, 0.2, "419430k"),
            (2048 * MEBI, 0.2, "1677721k"),
            (3072 * MEBI, 0.5, "1572864k"),
            (1024 * MEBI, 0.5, "524288k"),
            (400 * MEBI, 0.2, "327680k"),
            (800 * MEBI, 0.5, "409600k"),
            (1500 * MEBI, 0.2, "1228800k"),
        ] {
            assert_eq!(memory(bytes, fraction), text, "{bytes} {fraction}");
        }
    }

    #[test]
    fn floats_are_written_as_go_writes_them() {
        for (value, text) in [
            (1e6, "1e+06"),
            (123_456.0, "123456"),
            (1_234_567.0, "1.234567e+06"),
            (1e21, "1e+21"),
            (0.1, "0.1"),
            (0.0001, "0.0001"),
            (1e-5, "1e-05"),
            (-2.5, "-2.5"),
            (0.0, "0"),
            (1e100, "1e+100"),
        ] {
            assert_eq!(go_float(value), text);
        }
    }
}
