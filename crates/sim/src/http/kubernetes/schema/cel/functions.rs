//! The functions that rules use.

use super::CelError;
use super::value::{Val, failed};
use serde_json::{Value, json};
use std::cmp::Ordering;

/// Calls a function, or a method of `receiver`.
pub(super) fn call(receiver: Option<&Val>, name: &str, arguments: &[Val]) -> Result<Val, CelError> {
    match (receiver, arguments) {
        (Some(Val::Optional(inner)), _) => optional(inner.as_deref(), name, arguments),
        (Some(Val::Quantity(one)), [Val::Quantity(two)]) => quantities(*one, name, *two),
        (Some(value), []) | (None, [value]) => of_one(name, value),
        (Some(text), [argument]) => of_text(text.text()?, name, argument.text()?),
        _ => unknown(name),
    }
}

fn unknown(name: &str) -> Result<Val, CelError> {
    Err(CelError::Unsupported(format!("the function {name}")))
}

fn optional(inner: Option<&Val>, name: &str, arguments: &[Val]) -> Result<Val, CelError> {
    match (name, inner, arguments) {
        ("hasValue", inner, []) => Ok(Val::json(inner.is_some())),
        ("value" | "orValue", Some(inner), _) => Ok(inner.clone()),
        ("value", None, []) => failed("optional.none() dereference"),
        ("orValue", None, [other]) => Ok(other.clone()),
        _ => unknown(name),
    }
}

fn quantities(one: f64, name: &str, two: f64) -> Result<Val, CelError> {
    let order = one.total_cmp(&two);
    Ok(match name {
        "isGreaterThan" => Val::json(order == Ordering::Greater),
        "isLessThan" => Val::json(order == Ordering::Less),
        "compareTo" => Val::json(order as i64),
        _ => return unknown(name),
    })
}

fn of_one(name: &str, value: &Val) -> Result<Val, CelError> {
    match name {
        "size" => size(value),
        "type" => Ok(Val::Type(value.type_name())),
        "string" => Ok(match value {
            Val::Json(Value::String(text)) => Val::json(text.as_str()),
            Val::Json(other) => Val::json(other.to_string()),
            _ => return unknown(name),
        }),
        "int" => match value {
            Val::Json(Value::String(text)) => parsed(text.parse::<i64>().ok()),
            other => Ok(Val::json(other.number()?.trunc() as i64)),
        },
        "double" => match value {
            Val::Json(Value::String(text)) => parsed(text.parse::<f64>().ok()),
            other => Ok(Val::json(other.number()?)),
        },
        "isQuantity" => Ok(Val::json(parse_quantity(value.text()?).is_some())),
        "quantity" => match parse_quantity(value.text()?) {
            Some(quantity) => Ok(Val::Quantity(quantity)),
            None => failed("quantities must match the regular expression of quantities"),
        },
        "lowerAscii" => Ok(Val::json(value.text()?.to_ascii_lowercase())),
        "upperAscii" => Ok(Val::json(value.text()?.to_ascii_uppercase())),
        "trim" => Ok(Val::json(value.text()?.trim())),
        _ => unknown(name),
    }
}

fn size(value: &Val) -> Result<Val, CelError> {
    let size = match value {
        Val::Json(Value::String(text)) => text.chars().count(),
        Val::Json(Value::Array(items)) => items.len(),
        Val::Json(Value::Object(fields)) => fields.len(),
        _ => return failed("no such overload: size"),
    };
    Ok(Val::json(size))
}

fn parsed<T: Into<Value>>(number: Option<T>) -> Result<Val, CelError> {
    match number {
        Some(number) => Ok(Val::json(number)),
        None => failed("type conversion error"),
    }
}

fn of_text(text: &str, name: &str, argument: &str) -> Result<Val, CelError> {
    Ok(match name {
        "matches" => match regex::Regex::new(argument) {
            Ok(regex) => Val::json(regex.is_match(text)),
            Err(error) => return Err(CelError::Unsupported(error.to_string())),
        },
        "contains" => Val::json(text.contains(argument)),
        "startsWith" => Val::json(text.starts_with(argument)),
        "endsWith" => Val::json(text.ends_with(argument)),
        "split" => Val::json(text.split(argument).map(|part| json!(part)).collect::<Vec<_>>()),
        _ => return unknown(name),
    })
}

/// Suffixes of quantities and their factors.
const SUFFIXES: &[(&str, f64)] = &[
    ("Ki", 1024.0),
    ("Mi", 1_048_576.0),
    ("Gi", 1_073_741_824.0),
    ("Ti", 1_099_511_627_776.0),
    ("Pi", 1_125_899_906_842_624.0),
    ("Ei", 1_152_921_504_606_846_976.0),
    ("n", 1e-9),
    ("u", 1e-6),
    ("m", 1e-3),
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
    ("P", 1e15),
    ("E", 1e18),
];

fn parse_quantity(text: &str) -> Option<f64> {
    let suffix = SUFFIXES.iter().find(|(suffix, _)| text.ends_with(suffix));
    let (number, factor) = match suffix {
        Some((suffix, factor)) => (&text[..text.len() - suffix.len()], *factor),
        None => (text, 1.0),
    };
    let is_number = number.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c))
        && number.ends_with(|c: char| c.is_ascii_digit() || c == '.');
    number.parse::<f64>().ok().filter(|_| is_number).map(|number| number * factor)
}
