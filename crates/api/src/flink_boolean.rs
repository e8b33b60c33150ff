//! A boolean in `flinkConfig`.

use serde_json::Value;

/// Whether Flink takes it for true, which minds neither case nor blanks around it (`ConfigurationUtils`, 1.13 to 2.3).
/// What is no boolean is not: Flink does not start with it.
#[must_use]
pub fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(on) => *on,
        Value::String(text) => text.trim().eq_ignore_ascii_case("true"),
        Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => false,
    }
}
