//! What this API server and a real one must answer alike: a script of requests and answers.
//!
//! The script is `conformance.txt`. It runs in the tests against the simulated server, and with
//! `cargo run -p flinkk8soperator-sim --example conformance -- URL` against any other (a real one
//! behind `kubectl proxy`, say).
//!
//! A step is a request, `----`, and the answer. The expected body is a part of the real one:
//! fields that it does not name are not compared, `null` says that a field is absent, `"*"` that
//! it is there. `"$name"` stands for a value that the first such string records, and `$name` in
//! later requests for its text. Media types have short names: `merge`, `json`, `strategic`,
//! `apply`. A status that begins with `eventually` is waited for. The lines of a watch are
//! compared as an array.

use bytes::Bytes;
use http::{Request, Response, header};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// The script.
pub const SCRIPT: &str = include_str!("conformance.txt");

/// A step that went differently.
#[derive(Debug, thiserror::Error)]
#[error("{title}: {request}\n  expected {expected}\n  found    {found}")]
pub struct Difference {
    /// What the step is about.
    pub title: String,
    /// The request.
    pub request: String,
    /// The answer that was expected.
    pub expected: String,
    /// The answer that came.
    pub found: String,
}

/// Runs the script. `send` performs one request. Returns the number of steps, and the differences.
pub async fn run<S, F>(script: &str, mut send: S) -> (usize, Vec<Difference>)
where
    S: FnMut(Request<Bytes>) -> F,
    F: Future<Output = Response<Bytes>>,
{
    let steps = parse(script);
    let mut variables = BTreeMap::new();
    let mut differences = vec![];
    for step in &steps {
        if let Err(found) = play(step, &mut variables, &mut send).await {
            differences.push(Difference {
                title: step.title.to_owned(),
                request: step.request.to_owned(),
                expected: step.expected.to_owned(),
                found,
            });
        }
    }
    (steps.len(), differences)
}

struct Step<'a> {
    title: &'a str,
    /// Method, path, media type.
    request: &'a str,
    body: String,
    expected: &'a str,
}

fn parse(script: &str) -> Vec<Step<'_>> {
    let mut title = "";
    let mut steps = vec![];
    for block in script.split("\n\n").map(str::trim).filter(|block| !block.is_empty()) {
        if let Some(text) = block.strip_prefix("# ") {
            title = text;
            continue;
        }
        let (request, expected) = block.split_once("----").unwrap_or((block, ""));
        let (request, body) = request.trim().split_once('\n').unwrap_or((request.trim(), ""));
        steps.push(Step {
            title,
            request,
            body: body.trim().to_owned(),
            expected: expected.trim(),
        });
    }
    steps
}

/// How often an answer that comes eventually is asked for, ten times a second.
const ATTEMPTS: usize = 100;

async fn play<S, F>(
    step: &Step<'_>,
    variables: &mut BTreeMap<String, Value>,
    send: &mut S,
) -> Result<(), String>
where
    S: FnMut(Request<Bytes>) -> F,
    F: Future<Output = Response<Bytes>>,
{
    let (expected, attempts) = match step.expected.strip_prefix("eventually ") {
        Some(expected) => (expected, ATTEMPTS),
        None => (step.expected, 1),
    };
    let (status, body) = expected.split_once(char::is_whitespace).unwrap_or((expected, ""));
    let body: Option<Value> = match body.trim() {
        "" => None,
        text => Some(serde_json::from_str(text).map_err(|error| format!("script: {error}"))?),
    };
    let mut outcome = Ok(());
    for attempt in 0..attempts {
        if attempt > 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let response = send(request(step, variables)?).await;
        outcome = compare(&response, status, body.as_ref(), variables);
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

fn request(step: &Step<'_>, variables: &BTreeMap<String, Value>) -> Result<Request<Bytes>, String> {
    let mut words = step.request.split_whitespace();
    let method = words.next().unwrap_or_default();
    let path = substitute(words.next().unwrap_or_default(), variables);
    let media = match words.next() {
        None => "application/json",
        Some("merge") => "application/merge-patch+json",
        Some("json") => "application/json-patch+json",
        Some("strategic") => "application/strategic-merge-patch+json",
        Some("apply") => "application/apply-patch+yaml",
        Some(other) => return Err(format!("script: unknown media type {other}")),
    };
    let mut request = Request::builder().method(method).uri(path);
    if let Some(accept) = words.next() {
        request = request.header(header::ACCEPT, accept);
    }
    request
        .header(header::CONTENT_TYPE, media)
        .header(header::USER_AGENT, "conformance/1")
        .body(Bytes::from(substitute(&step.body, variables)))
        .map_err(|error| format!("script: {error}"))
}

fn substitute(text: &str, variables: &BTreeMap<String, Value>) -> String {
    // Longer names first, so that none is taken for the beginning of another.
    let mut names: Vec<_> = variables.keys().collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    names.into_iter().fold(text.to_owned(), |text, name| {
        let value = &variables[name];
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        text.replace(name, &value)
    })
}

fn compare(
    response: &Response<Bytes>,
    status: &str,
    expected: Option<&Value>,
    variables: &mut BTreeMap<String, Value>,
) -> Result<(), String> {
    let text = String::from_utf8_lossy(response.body());
    let found = || format!("{} {}", response.status().as_u16(), text.trim());
    if response.status().as_str() != status {
        return Err(found());
    }
    let Some(expected) = expected else { return Ok(()) };
    let body = if expected.is_array() {
        serde_json::Deserializer::from_str(&text).into_iter::<Value>().collect()
    } else {
        serde_json::from_str(&text)
    };
    let body: Value = body.map_err(|error| format!("{error}: {}", found()))?;
    match difference(expected, Some(&body), "", variables) {
        None => Ok(()),
        Some(path) => Err(format!("(at {path}) {}", found())),
    }
}

/// Where the found value differs from the expected one.
fn difference(
    expected: &Value,
    found: Option<&Value>,
    path: &str,
    variables: &mut BTreeMap<String, Value>,
) -> Option<String> {
    let here = || Some(if path.is_empty() { "the top".to_owned() } else { path.to_owned() });
    match (expected, found) {
        (Value::Null, None | Some(Value::Null)) => None,
        (Value::Null, _) | (_, None) => here(),
        (Value::String(text), Some(_)) if text == "*" => None,
        (Value::String(text), Some(found)) if text.starts_with('$') => {
            let known = variables.entry(text.clone()).or_insert_with(|| found.clone());
            if known == found { None } else { here() }
        }
        (Value::Object(expected), Some(found)) => expected.iter().find_map(|(name, value)| {
            difference(value, found.get(name), &format!("{path}/{name}"), variables)
        }),
        (Value::Array(expected), Some(Value::Array(found))) if expected.len() == found.len() => {
            expected.iter().zip(found).enumerate().find_map(|(index, (expected, found))| {
                difference(expected, Some(found), &format!("{path}/{index}"), variables)
            })
        }
        (expected, Some(found)) if expected == found => None,
        _ => here(),
    }
}
