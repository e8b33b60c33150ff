//! Label and field selectors: parsing the query's text and matching objects.

use super::error::ApiError;
use super::meta;
use serde_json::Value;

/// What a list, a watch or a deletion is restricted to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selector {
    labels: Vec<LabelTerm>,
    fields: Vec<FieldTerm>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum LabelTerm {
    Exists(String),
    Absent(String),
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct FieldTerm {
    pointer: String,
    equal: bool,
    value: String,
}

impl Selector {
    /// Parses `labelSelector` and `fieldSelector`. `fields` names the fields of the kind that can
    /// be selected by, besides name and namespace.
    ///
    /// # Errors
    /// `BadRequest` for a text that is no selector or a field that cannot be selected by.
    pub fn parse(labels: &str, fields: &str, selectable: &[String]) -> Result<Self, ApiError> {
        let labels = split_terms(labels).into_iter().map(label_term).collect::<Result<_, _>>()?;
        let fields = fields
            .split(',')
            .filter(|term| !term.is_empty())
            .map(|term| field_term(term, selectable))
            .collect::<Result<_, _>>()?;
        Ok(Self { labels, fields })
    }

    /// Restricts it to one name, as a watch of a single object does.
    pub fn restrict_to_name(&mut self, name: &str) {
        let pointer = "/metadata/name".to_owned();
        self.fields.push(FieldTerm { pointer, equal: true, value: name.to_owned() });
    }

    /// Whether nothing is restricted.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    /// Whether an object is selected.
    pub fn matches(&self, object: &Value) -> bool {
        let labels = object.pointer("/metadata/labels");
        let label = |key: &str| labels.and_then(|l| l.get(key)).and_then(Value::as_str);
        self.labels.iter().all(|term| match term {
            LabelTerm::Exists(key) => label(key).is_some(),
            LabelTerm::Absent(key) => label(key).is_none(),
            LabelTerm::In(key, values) => label(key).is_some_and(|l| values.iter().any(|v| v == l)),
            LabelTerm::NotIn(key, values) => {
                !label(key).is_some_and(|l| values.iter().any(|v| v == l))
            }
        }) && self
            .fields
            .iter()
            .all(|term| (field_text(object, &term.pointer) == term.value) == term.equal)
    }
}

fn field_text(object: &Value, pointer: &str) -> String {
    match object.pointer(pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

/// Splits at commas that are not inside parentheses.
fn split_terms(text: &str) -> Vec<&str> {
    let mut depth = 0;
    let terms = text.split(|c: char| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    });
    terms.map(str::trim).filter(|term| !term.is_empty()).collect()
}

fn label_term(term: &str) -> Result<LabelTerm, ApiError> {
    let bad = || ApiError::BadRequest(format!("unable to parse requirement: {term}"));
    if let Some((head, list)) = term.split_once('(') {
        let list = list.strip_suffix(')').ok_or_else(bad)?;
        let values = list.split(',').map(|v| v.trim().to_owned()).collect();
        let (key, operator) = head.trim().rsplit_once(' ').ok_or_else(bad)?;
        return match operator {
            "in" => Ok(LabelTerm::In(key.trim().to_owned(), values)),
            "notin" => Ok(LabelTerm::NotIn(key.trim().to_owned(), values)),
            _ => Err(bad()),
        };
    }
    if let Some((key, value)) = term.split_once("!=") {
        return Ok(LabelTerm::NotIn(key.trim().to_owned(), vec![value.trim().to_owned()]));
    }
    if let Some((key, value)) = term.split_once("==").or_else(|| term.split_once('=')) {
        return Ok(LabelTerm::In(key.trim().to_owned(), vec![value.trim().to_owned()]));
    }
    match term.strip_prefix('!') {
        Some(key) => Ok(LabelTerm::Absent(key.trim().to_owned())),
        None if term.contains(char::is_whitespace) => Err(bad()),
        None => Ok(LabelTerm::Exists(term.to_owned())),
    }
}

fn field_term(term: &str, selectable: &[String]) -> Result<FieldTerm, ApiError> {
    let (field, equal, value) = if let Some((field, value)) = term.split_once("!=") {
        (field, false, value)
    } else if let Some((field, value)) = term.split_once("==").or_else(|| term.split_once('=')) {
        (field, true, value)
    } else {
        return Err(ApiError::BadRequest(format!("invalid field selector: {term:?}")));
    };
    let known = ["metadata.name", "metadata.namespace"].contains(&field)
        || selectable.iter().any(|s| s == field);
    if !known {
        return Err(ApiError::BadRequest(format!("field label not supported: {field}")));
    }
    let pointer = format!("/{}", field.replace('.', "/"));
    Ok(FieldTerm { pointer, equal, value: value.to_owned() })
}

/// Whether the labels of `object` satisfy a `metav1.LabelSelector`, as Deployments carry it.
pub fn label_selector_matches(selector: &Value, object: &Value) -> bool {
    let labels = object.pointer("/metadata/labels");
    let equal = |key: &str, value: &Value| labels.and_then(|l| l.get(key)) == Some(value);
    let exact = selector["matchLabels"]
        .as_object()
        .is_none_or(|pairs| pairs.iter().all(|(key, value)| equal(key, value)));
    exact && meta::array(selector, "/matchExpressions").iter().all(|e| expression(e, labels))
}

fn expression(expression: &Value, labels: Option<&Value>) -> bool {
    let label = labels.and_then(|l| l.get(meta::text(expression, "/key")));
    let listed = || label.is_some_and(|l| meta::array(expression, "/values").contains(l));
    match meta::text(expression, "/operator") {
        "In" => listed(),
        "NotIn" => !listed(),
        "Exists" => label.is_some(),
        "DoesNotExist" => label.is_none(),
        _ => false,
    }
}
