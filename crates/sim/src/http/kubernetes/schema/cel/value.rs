//! Values while a rule is evaluated: JSON, and what JSON cannot say.

use super::CelError;
use serde_json::Value;
use std::cmp::Ordering;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Val {
    Json(Value),
    Optional(Option<Box<Val>>),
    /// A resource quantity. Doubles are exact enough to compare quantities that people write.
    Quantity(f64),
    /// The type of a value.
    Type(&'static str),
}

pub(super) fn failed<T>(message: impl Into<String>) -> Result<T, CelError> {
    Err(CelError::Failed(message.into()))
}

impl Val {
    pub(super) fn json(value: impl Into<Value>) -> Self {
        Self::Json(value.into())
    }

    pub(super) fn into_json(self) -> Result<Value, CelError> {
        match self {
            Self::Json(value) => Ok(value),
            Self::Optional(_) | Self::Quantity(_) | Self::Type(_) => {
                failed("the result is no plain value")
            }
        }
    }

    pub(super) fn boolean(&self) -> Result<bool, CelError> {
        match self {
            Self::Json(Value::Bool(value)) => Ok(*value),
            _ => failed("no such overload: a bool was expected"),
        }
    }

    pub(super) fn text(&self) -> Result<&str, CelError> {
        match self {
            Self::Json(Value::String(text)) => Ok(text),
            _ => failed("no such overload: a string was expected"),
        }
    }

    pub(super) fn number(&self) -> Result<f64, CelError> {
        match self {
            Self::Json(Value::Number(number)) => Ok(number.as_f64().unwrap_or(f64::NAN)),
            _ => failed("no such overload: a number was expected"),
        }
    }

    /// Equality: numbers are equal across their types.
    pub(super) fn equals(&self, other: &Self) -> bool {
        match (self.number(), other.number()) {
            (Ok(one), Ok(two)) => one == two,
            _ => self == other,
        }
    }

    pub(super) fn order(&self, other: &Self) -> Result<Ordering, CelError> {
        if let (Ok(one), Ok(two)) = (self.text(), other.text()) {
            return Ok(one.cmp(two));
        }
        match self.number()?.partial_cmp(&other.number()?) {
            Some(order) => Ok(order),
            None => failed("NaN values cannot be ordered"),
        }
    }

    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Json(Value::Null) => "null_type",
            Self::Json(Value::Bool(_)) => "bool",
            Self::Json(Value::Number(number)) if number.is_f64() => "double",
            Self::Json(Value::Number(_)) => "int",
            Self::Json(Value::String(_)) => "string",
            Self::Json(Value::Array(_)) => "list",
            Self::Json(Value::Object(_)) => "map",
            Self::Optional(_) => "optional_type",
            Self::Quantity(_) => "kubernetes.Quantity",
            Self::Type(_) => "type",
        }
    }

    /// A field of a map or an item of a list; `None` if it is absent.
    pub(super) fn member(&self, key: &Val) -> Result<Option<Val>, CelError> {
        let Self::Json(value) = self else { return failed("no such overload: member") };
        let found = match (value, key) {
            (Value::Object(fields), Val::Json(Value::String(name))) => fields.get(name),
            (Value::Array(items), Val::Json(Value::Number(index))) => index
                .as_u64()
                .and_then(|index| usize::try_from(index).ok())
                .and_then(|index| items.get(index)),
            _ => return failed("no such overload: member"),
        };
        Ok(found.cloned().map(Val::Json))
    }
}
