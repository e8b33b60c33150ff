//! Tables: how the server renders objects for `kubectl get`.

mod builtin;
mod json_path;

use super::kinds::{Column, Kind};
use super::meta;
use serde_json::{Value, json};

/// How much of each object a table row carries along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Include {
    /// Nothing.
    None,
    /// Its metadata.
    #[default]
    Metadata,
    /// All of it.
    Object,
}

/// A table of these objects. `metadata` is the list's; `now` in milliseconds since the epoch, for
/// ages.
pub fn render(
    kind: &Kind,
    objects: &[&Value],
    metadata: Value,
    include: Include,
    now: i64,
) -> Value {
    let rows: Vec<_> = objects.iter().map(|object| row(kind, object, include, now)).collect();
    json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
        "columnDefinitions": columns(kind).iter().map(definition).collect::<Vec<_>>(),
        "rows": rows,
    })
}

fn columns(kind: &Kind) -> Vec<Column> {
    if !kind.is_custom() {
        return builtin::columns(&kind.resource);
    }
    let name = Column {
        name: "Name".to_owned(),
        kind: "string".to_owned(),
        format: "name".to_owned(),
        description: "Name must be unique within a namespace.".to_owned(),
        priority: 0,
        path: ".metadata.name".to_owned(),
    };
    if kind.columns.is_empty() {
        return vec![name, builtin::age_column()];
    }
    std::iter::once(name).chain(kind.columns.iter().cloned()).collect()
}

fn definition(column: &Column) -> Value {
    json!({ "name": column.name, "type": column.kind, "format": column.format,
            "description": column.description, "priority": column.priority })
}

fn row(kind: &Kind, object: &Value, include: Include, now: i64) -> Value {
    let cells: Vec<_> = if kind.is_custom() {
        columns(kind).iter().map(|column| cell(column, object, now)).collect()
    } else {
        builtin::cells(&kind.resource, object, now)
    };
    let mut row = json!({ "cells": cells });
    match include {
        Include::None => {}
        Include::Metadata => row["object"] = partial(object),
        Include::Object => row["object"] = object.clone(),
    }
    row
}

/// `PartialObjectMetadata` of an object.
pub fn partial(object: &Value) -> Value {
    json!({ "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
            "metadata": object["metadata"] })
}

fn cell(column: &Column, object: &Value, now: i64) -> Value {
    let found = json_path::find(object, &column.path);
    match (column.kind.as_str(), found) {
        (_, None | Some(Value::Null)) => Value::Null,
        ("date", Some(value)) => match value.as_str().and_then(|text| age_of(text, now)) {
            Some(age) => json!(age),
            None => json!("<invalid>"),
        },
        ("string", Some(value)) if !value.is_string() => json!(value.to_string()),
        ("integer" | "number" | "boolean" | "string", Some(value)) => value.clone(),
        (_, Some(value)) => json!(value.to_string()),
    }
}

/// How long ago a timestamp was, as kubectl words it.
fn age_of(timestamp: &str, now: i64) -> Option<String> {
    let then: jiff::Timestamp = timestamp.parse().ok()?;
    Some(duration(now.div_euclid(1000) - then.as_second()))
}

/// Kubernetes' `HumanDuration`: two units at most, the coarser the longer.
fn duration(seconds: i64) -> String {
    let (minutes, hours, days, years) =
        (seconds / 60, seconds / 3600, seconds / 86_400, seconds / 31_536_000);
    let two = |big: i64, big_unit: &str, small: i64, small_unit: &str| match small {
        0 => format!("{big}{big_unit}"),
        small => format!("{big}{big_unit}{small}{small_unit}"),
    };
    match seconds {
        ..-1 => "<invalid>".to_owned(),
        -1..=0 => "0s".to_owned(),
        1..120 => format!("{seconds}s"),
        120..600 => two(minutes, "m", seconds % 60, "s"),
        600..10_800 => format!("{minutes}m"),
        10_800..28_800 => two(hours, "h", minutes % 60, "m"),
        28_800..172_800 => format!("{hours}h"),
        172_800..691_200 => two(days, "d", hours % 24, "h"),
        691_200..63_072_000 => format!("{days}d"),
        63_072_000..252_288_000 => two(years, "y", days % 365, "d"),
        _ => format!("{years}y"),
    }
}

/// The age of an object.
fn age(object: &Value, now: i64) -> Value {
    let created = meta::text(object, "/metadata/creationTimestamp");
    json!(age_of(created, now).unwrap_or_else(|| "<unknown>".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_worded_as_kubectl_does() {
        let cases = [
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (125, "2m5s"),
            (601, "10m"),
            (10_860, "3h1m"),
            (90_000, "25h"),
            (176_400, "2d1h"),
            (700_000, "8d"),
        ];
        for (seconds, expect) in cases {
            assert_eq!(duration(seconds), expect);
        }
    }
}
