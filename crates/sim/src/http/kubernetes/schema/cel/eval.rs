//! The value of an expression.

use super::CelError;
use super::functions;
use super::parser::Expr;
use super::value::{Val, failed};
use serde_json::{Map, Value, json};
use std::cmp::Ordering;

/// Names that are bound, the innermost last.
pub(super) type Variables = Vec<(String, Val)>;

type Outcome = Result<Val, CelError>;

pub(super) fn eval(expression: &Expr, variables: &mut Variables) -> Outcome {
    match expression {
        Expr::Literal(value) => Ok(Val::Json(value.clone())),
        Expr::Name(name) => named(name, variables),
        Expr::List(items) => {
            let items: Result<Vec<_>, _> =
                items.iter().map(|item| eval(item, variables)?.into_json()).collect();
            Ok(Val::json(items?))
        }
        Expr::Map(entries) => map(entries, variables),
        Expr::Select { of, field, is_optional } => {
            let of = eval(of, variables)?;
            member(&of, &Val::json(field.as_str()), *is_optional)
        }
        Expr::Index { of, key, is_optional } => {
            let of = eval(of, variables)?;
            member(&of, &eval(key, variables)?, *is_optional)
        }
        Expr::Call { receiver, name, arguments } => {
            call(receiver.as_deref(), name, arguments, variables)
        }
        Expr::Unary("!", inner) => Ok(Val::json(!eval(inner, variables)?.boolean()?)),
        Expr::Unary(_, inner) => arithmetic("-", &Val::json(0), &eval(inner, variables)?),
        Expr::Binary("&&", left, right) => decide(false, left, right, variables),
        Expr::Binary("||", left, right) => decide(true, left, right, variables),
        Expr::Binary(operator, left, right) => {
            let left = eval(left, variables)?;
            binary(operator, &left, &eval(right, variables)?)
        }
        Expr::Ternary(condition, then, otherwise) => {
            let chosen = if eval(condition, variables)?.boolean()? { then } else { otherwise };
            eval(chosen, variables)
        }
    }
}

fn named(name: &str, variables: &Variables) -> Outcome {
    if let Some((_, value)) = variables.iter().rev().find(|(bound, _)| bound == name) {
        return Ok(value.clone());
    }
    let types = ["null_type", "bool", "double", "int", "string", "list", "map"];
    match types.into_iter().find(|known| *known == name) {
        Some(known) => Ok(Val::Type(known)),
        None => Err(CelError::Unsupported(format!("the name {name}"))),
    }
}

fn map(entries: &[(Expr, Expr)], variables: &mut Variables) -> Outcome {
    let mut fields = Map::new();
    for (key, value) in entries {
        let key = eval(key, variables)?.text()?.to_owned();
        fields.insert(key, eval(value, variables)?.into_json()?);
    }
    Ok(Val::json(fields))
}

/// A member, as an optional if it was asked for so, or of an optional.
fn member(of: &Val, key: &Val, is_optional: bool) -> Outcome {
    let inner = match of {
        Val::Optional(None) => return Ok(Val::Optional(None)),
        Val::Optional(Some(inner)) => inner,
        other => other,
    };
    let found = match inner.member(key) {
        // What has no members has not this one, either.
        Err(_) if is_optional => None,
        found => found?,
    };
    if is_optional || matches!(of, Val::Optional(_)) {
        return Ok(Val::Optional(found.map(Box::new)));
    }
    match (found, key) {
        (Some(found), _) => Ok(found),
        (None, Val::Json(Value::String(name))) => failed(format!("no such key: {name}")),
        (None, _) => failed("index out of bounds"),
    }
}

/// `&&` and `||`: a side that decides makes an error on the other side meaningless.
fn decide(decisive: bool, left: &Expr, right: &Expr, variables: &mut Variables) -> Outcome {
    let left = eval(left, variables).and_then(|value| value.boolean());
    if left == Ok(decisive) {
        return Ok(Val::json(decisive));
    }
    let right = eval(right, variables)?.boolean()?;
    if right == decisive { Ok(Val::json(decisive)) } else { left.map(Val::json) }
}

fn binary(operator: &str, left: &Val, right: &Val) -> Outcome {
    let value = match operator {
        "==" => left.equals(right),
        "!=" => !left.equals(right),
        "<" => left.order(right)? == Ordering::Less,
        "<=" => left.order(right)? != Ordering::Greater,
        ">" => left.order(right)? == Ordering::Greater,
        ">=" => left.order(right)? != Ordering::Less,
        "in" => match right {
            Val::Json(Value::Array(items)) => {
                items.iter().any(|item| Val::Json(item.clone()).equals(left))
            }
            Val::Json(Value::Object(fields)) => fields.contains_key(left.text()?),
            _ => return failed("no such overload: in"),
        },
        _ => return arithmetic(operator, left, right),
    };
    Ok(Val::json(value))
}

fn arithmetic(operator: &str, left: &Val, right: &Val) -> Outcome {
    match (operator, left, right) {
        ("+", Val::Json(Value::String(one)), Val::Json(Value::String(two))) => {
            return Ok(Val::json(format!("{one}{two}")));
        }
        ("+", Val::Json(Value::Array(one)), Val::Json(Value::Array(two))) => {
            return Ok(Val::json([one.as_slice(), two.as_slice()].concat()));
        }
        (_, Val::Json(Value::Number(one)), Val::Json(Value::Number(two))) => {
            if let (Some(one), Some(two)) = (one.as_i64(), two.as_i64()) {
                return integers(operator, one, two);
            }
        }
        _ => {}
    }
    let (one, two) = (left.number()?, right.number()?);
    Ok(Val::json(json!(match operator {
        "+" => one + two,
        "-" => one - two,
        "*" => one * two,
        "/" => one / two,
        _ => return failed(format!("no such overload: {operator}")),
    })))
}

fn integers(operator: &str, one: i64, two: i64) -> Outcome {
    let result = match operator {
        "+" => one.checked_add(two),
        "-" => one.checked_sub(two),
        "*" => one.checked_mul(two),
        "/" => one.checked_div(two),
        _ => one.checked_rem(two),
    };
    match result {
        Some(result) => Ok(Val::json(result)),
        None => failed("integer overflow, or division by zero"),
    }
}

fn call(
    receiver: Option<&Expr>,
    name: &str,
    arguments: &[Expr],
    variables: &mut Variables,
) -> Outcome {
    match (receiver, name, arguments) {
        (None, "has", [Expr::Select { of, field, .. }]) => {
            let of = eval(of, variables)?;
            let found = member(&of, &Val::json(field.as_str()), true)?;
            Ok(Val::json(found != Val::Optional(None)))
        }
        (
            Some(of),
            "all" | "exists" | "exists_one" | "filter" | "map",
            [Expr::Name(bound), body],
        ) => {
            let items = items(eval(of, variables)?)?;
            comprehension(name, items, bound, body, variables)
        }
        (receiver, name, arguments) => {
            let receiver = receiver.map(|of| eval(of, variables)).transpose()?;
            let arguments: Result<Vec<_>, _> =
                arguments.iter().map(|argument| eval(argument, variables)).collect();
            functions::call(receiver.as_ref(), name, &arguments?)
        }
    }
}

/// The items of a list, or the keys of a map.
fn items(of: Val) -> Result<Vec<Value>, CelError> {
    match of {
        Val::Json(Value::Array(items)) => Ok(items),
        Val::Json(Value::Object(fields)) => {
            Ok(fields.into_iter().map(|(key, _)| json!(key)).collect())
        }
        _ => failed("no such overload: neither list nor map"),
    }
}

fn comprehension(
    name: &str,
    items: Vec<Value>,
    bound: &str,
    body: &Expr,
    variables: &mut Variables,
) -> Outcome {
    let mut results = vec![];
    for item in &items {
        variables.push((bound.to_owned(), Val::Json(item.clone())));
        let result = eval(body, variables);
        variables.pop();
        results.push(result?);
    }
    if name == "map" {
        let mapped: Result<Vec<_>, _> = results.into_iter().map(Val::into_json).collect();
        return Ok(Val::json(mapped?));
    }
    let holds: Vec<bool> = results.iter().map(Val::boolean).collect::<Result<_, _>>()?;
    let count = holds.iter().filter(|holds| **holds).count();
    Ok(match name {
        "all" => Val::json(count == items.len()),
        "exists" => Val::json(count > 0),
        "exists_one" => Val::json(count == 1),
        _ => {
            let kept = items.into_iter().zip(holds).filter(|(_, holds)| *holds);
            Val::json(kept.map(|(item, _)| item).collect::<Vec<_>>())
        }
    })
}
