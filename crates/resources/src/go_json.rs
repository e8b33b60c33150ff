//! How Go's encoding/json reads a JSON value into a struct and writes it again: which members
//! appear, which vanish, how quantities are spelled.
//!
//! The structs are tables (`go_shapes`); this module only walks them. Values come from the
//! application as it is stored, and go into the hash input and the rendered objects.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::quantity::Quantity;

/// A Go type, as far as JSON can tell.
pub(crate) enum Shape {
    Bool,
    /// int32 or int64; the difference is the API server's to check.
    Integer,
    Float,
    Text,
    /// `resource.Quantity`, written as text.
    Quantity,
    /// `metav1.Time`, null when zero.
    Time,
    /// Raw JSON.
    Any,
    List(&'static Shape),
    /// A map with string keys.
    Map(&'static Shape),
    /// The members in Go's order, those of embedded structs in their place.
    Struct(&'static [Field]),
}

/// A member of a Go struct.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) shape: &'static Shape,
    presence: Presence,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Presence {
    /// Written even when zero: no `omitempty`, or a struct value.
    Always,
    /// `omitempty`: not written when zero or empty.
    Optional,
    /// A pointer with `omitempty`: not written when absent or null, but written when zero.
    Pointer,
    /// A pointer without `omitempty`: null when absent.
    Nullable,
}

pub(crate) const fn always(name: &'static str, shape: &'static Shape) -> Field {
    Field { name, shape, presence: Presence::Always }
}

pub(crate) const fn optional(name: &'static str, shape: &'static Shape) -> Field {
    Field { name, shape, presence: Presence::Optional }
}

pub(crate) const fn pointer(name: &'static str, shape: &'static Shape) -> Field {
    Field { name, shape, presence: Presence::Pointer }
}

pub(crate) const fn nullable(name: &'static str, shape: &'static Shape) -> Field {
    Field { name, shape, presence: Presence::Nullable }
}

/// A value of the wrong type: Go could not have read the object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: expected {expected}, found {found}")]
pub struct WrongType {
    /// Where, from the root of the object: `spec.volumes[0].name`.
    pub path: String,
    /// What Go's type wants.
    pub expected: &'static str,
    /// What is there, as JSON.
    pub found: String,
}

/// How quantities are to be written.
#[derive(Clone, Copy)]
pub(crate) enum Quantities {
    /// As Go writes them: equal quantities may differ.
    GoText,
    /// By value: equal quantities are equal text.
    Exact,
}

/// Walks a value along a shape.
pub(crate) struct Walk {
    quantities: Quantities,
    /// Members the Go structs do not have, by path: they are lost on the way.
    pub(crate) lost: BTreeMap<String, Value>,
}

impl Walk {
    pub(crate) fn new(quantities: Quantities) -> Walk {
        Walk { quantities, lost: BTreeMap::new() }
    }

    /// The value as Go would write it after having read it. `path` is for messages and for `lost`.
    pub(crate) fn walk(
        &mut self,
        shape: &Shape,
        value: &Value,
        path: &str,
    ) -> Result<Value, WrongType> {
        let wrong =
            |expected| Err(WrongType { path: path.to_owned(), expected, found: value.to_string() });
        match (shape, value) {
            (_, Value::Null) => self.zero(shape, path),
            (Shape::Any, any) => Ok(any.clone()),
            (Shape::Bool, Value::Bool(_))
            | (Shape::Float, Value::Number(_))
            | (Shape::Text | Shape::Time, Value::String(_)) => Ok(value.clone()),
            (Shape::Integer, Value::Number(number)) if number.is_i64() => Ok(value.clone()),
            (Shape::Quantity, Value::String(text)) => self.quantity(text, path),
            (Shape::Quantity, Value::Number(number)) => self.quantity(&number.to_string(), path),
            (Shape::List(item), Value::Array(items)) => self.list(item, items, path),
            (Shape::Map(item), Value::Object(members)) => self.map(item, members, path),
            (Shape::Struct(fields), Value::Object(members)) => self.members(fields, members, path),
            (Shape::Bool, _) => wrong("true or false"),
            (Shape::Integer, _) => wrong("an integer"),
            (Shape::Float, _) => wrong("a number"),
            (Shape::Text, _) => wrong("a string"),
            (Shape::Time, _) => wrong("a time"),
            (Shape::Quantity, _) => wrong("a quantity"),
            (Shape::List(_), _) => wrong("a list"),
            (Shape::Map(_) | Shape::Struct(_), _) => wrong("an object"),
        }
    }

    /// What Go writes for a value that was never set.
    fn zero(&mut self, shape: &Shape, path: &str) -> Result<Value, WrongType> {
        match shape {
            Shape::Bool => Ok(Value::Bool(false)),
            Shape::Integer | Shape::Float => Ok(Value::from(0)),
            Shape::Text => Ok(Value::from("")),
            Shape::Quantity => Ok(Value::from("0")),
            Shape::Time | Shape::Any | Shape::List(_) | Shape::Map(_) => Ok(Value::Null),
            Shape::Struct(fields) => self.members(fields, &Map::new(), path),
        }
    }

    fn quantity(&self, text: &str, path: &str) -> Result<Value, WrongType> {
        let quantity = Quantity::parse(text).ok_or_else(|| WrongType {
            path: path.to_owned(),
            expected: "a quantity",
            found: format!("{text:?}"),
        })?;
        Ok(Value::from(match self.quantities {
            Quantities::GoText => quantity.go_text(),
            Quantities::Exact => quantity.exact(),
        }))
    }

    fn list(&mut self, item: &Shape, items: &[Value], path: &str) -> Result<Value, WrongType> {
        let walked = items.iter().enumerate();
        walked.map(|(index, value)| self.walk(item, value, &format!("{path}[{index}]"))).collect()
    }

    fn map(
        &mut self,
        item: &Shape,
        members: &Map<String, Value>,
        path: &str,
    ) -> Result<Value, WrongType> {
        let mut written = Map::new();
        for (key, value) in members {
            written.insert(key.clone(), self.walk(item, value, &member_path(path, key))?);
        }
        Ok(Value::Object(written))
    }

    fn members(
        &mut self,
        fields: &[Field],
        members: &Map<String, Value>,
        path: &str,
    ) -> Result<Value, WrongType> {
        let mut written = Map::new();
        for field in fields {
            let path = member_path(path, field.name);
            let found = members.get(field.name).filter(|value| !value.is_null());
            let value = match (found, field.presence) {
                (None, Presence::Pointer | Presence::Optional) => continue,
                (None, Presence::Nullable) => Value::Null,
                (None, Presence::Always) => self.zero(field.shape, &path)?,
                (Some(found), _) => self.walk(field.shape, found, &path)?,
            };
            if field.presence == Presence::Optional && is_empty(&value) {
                continue;
            }
            written.insert(field.name.to_owned(), value);
        }
        for (key, value) in members {
            if !fields.iter().any(|field| field.name == key) {
                self.lost.insert(member_path(path, key), value.clone());
            }
        }
        Ok(Value::Object(written))
    }
}

/// `spec.image`; a key that is no plain word is bracketed: `spec.flinkConfig[state.backend]`.
pub(crate) fn member_path(path: &str, key: &str) -> String {
    let plain = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    match (path, plain) {
        ("", _) => key.to_owned(),
        (_, true) => format!("{path}.{key}"),
        (_, false) => format!("{path}[{key}]"),
    }
}

/// What `omitempty` omits.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
    }
}

#[cfg(test)]
mod tests;
