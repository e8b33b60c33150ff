//! The JSON paths of printer columns: fields, indexes, and a filter for equality, e.g.
//! `.status.conditions[?(@.type=="Ready")].status`.

use serde_json::Value;

/// The first value that a path selects.
pub(super) fn find<'a>(object: &'a Value, path: &str) -> Option<&'a Value> {
    let mut value = object;
    let mut rest = path.trim();
    while !rest.is_empty() {
        rest = if let Some(inner) = rest.strip_prefix('[') {
            let (subscript, after) = inner.split_once(']')?;
            value = select(value, subscript)?;
            after
        } else {
            let field = rest.trim_start_matches('.');
            let end = field_end(field);
            value = value.get(field[..end].replace("\\.", "."))?;
            &field[end..]
        };
    }
    Some(value)
}

/// Where a field name ends; a dot can be escaped.
fn field_end(text: &str) -> usize {
    let mut is_escaped = false;
    text.find(|c| {
        let ends = !is_escaped && (c == '.' || c == '[');
        is_escaped = c == '\\';
        ends
    })
    .unwrap_or(text.len())
}

fn select<'a>(value: &'a Value, subscript: &str) -> Option<&'a Value> {
    let condition = subscript.strip_prefix("?(").and_then(|s| s.strip_suffix(')'));
    if let Some(condition) = condition {
        let (path, wanted) = condition.split_once("==")?;
        let path = path.trim().strip_prefix('@')?;
        let wanted = wanted.trim().trim_matches(['"', '\'']);
        return value.as_array()?.iter().find(|item| match find(item, path) {
            Some(Value::String(text)) => text == wanted,
            Some(other) => serde_json::from_str::<Value>(wanted).is_ok_and(|w| w == *other),
            None => false,
        });
    }
    if let Ok(index) = subscript.parse::<usize>() {
        return value.get(index);
    }
    value.get(subscript.trim_matches(['"', '\'']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_of_printer_columns_are_followed() {
        let object = json!({ "a": { "b.c": [1, 2] },
            "conditions": [{ "type": "X", "status": "False" }, { "type": "Ready", "status": "True" }] });
        let cases = [
            (".a.b\\.c[1]", Some(json!(2))),
            (".a['b.c'][0]", Some(json!(1))),
            (".conditions[?(@.type==\"Ready\")].status", Some(json!("True"))),
            (".conditions[?(@.type=='None')].status", None),
            (".a['b.c'][2]", None),
            (".absent.x", None),
        ];
        for (path, expect) in cases {
            assert_eq!(find(&object, path), expect.as_ref(), "{path}");
        }
    }
}
