//! What is looked at before an operator takes the place of another one: what there is, written down
//! ([`dump`]), what our operator would do with it ([`takeover`]), and what the reference operator would
//! ([`back`]).
//!
//! Everything here only reads: [`read`] has no other request than GET. Nothing is decided here for the
//! operator itself.

pub mod back;
pub mod dump;
pub mod read;
pub mod report;
pub mod takeover;

use serde_json::Value;

/// A text in an object; empty where there is none.
fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
