//! Walking a JSON schema: the one place which knows where a schema holds other schemas.
//!
//! A property may be called `description` or `default` like a keyword; whoever changes keywords has to
//! walk from schema to schema, not from member to member.

use serde_json::{Map, Value};

/// The members of one schema.
pub(crate) type Members = Map<String, Value>;

/// Calls `change` for a schema and for every schema below it, outermost first.
pub(crate) fn walk(schema: &mut Value, change: &mut impl FnMut(&mut Members)) {
    let Value::Object(members) = schema else { return };
    change(members);
    for keyword in ["properties", "patternProperties"] {
        if let Some(Value::Object(children)) = members.get_mut(keyword) {
            children.values_mut().for_each(|child| walk(child, change));
        }
    }
    for keyword in ["items", "additionalProperties", "not"] {
        if let Some(child) = members.get_mut(keyword) {
            walk(child, change);
        }
    }
    for keyword in ["allOf", "anyOf", "oneOf"] {
        if let Some(Value::Array(children)) = members.get_mut(keyword) {
            children.iter_mut().for_each(|child| walk(child, change));
        }
    }
}

/// The schema that the dotted path names, seen from `schema`: a segment is a property's name, `[]` the
/// items of a list, `{}` the values of a map; the empty path is the schema itself.
pub(crate) fn at<'a>(schema: &'a mut Value, path: &str) -> Option<&'a mut Members> {
    path.split('.')
        .filter(|segment| !segment.is_empty())
        .try_fold(schema, |schema, segment| match segment {
            "[]" => schema.get_mut("items"),
            "{}" => schema.get_mut("additionalProperties"),
            name => schema.get_mut("properties")?.get_mut(name),
        })?
        .as_object_mut()
}
