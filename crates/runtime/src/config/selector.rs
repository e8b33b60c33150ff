//! A label selector, read from text as `kubectl get -l` takes it: `team=a,tier in (x,y),!legacy`.
//!
//! `kube` has the requirements and what they match, but (5.0) reads no text. Keys and values are held to Kubernetes'
//! rules here: the API server would refuse the watch, again and again.

use flinkk8soperator_api::dns::is_subdomain;
use kube::core::{Expression, Selector};

/// The longest name in a label's key, and the longest value.
const NAME: usize = 63;

/// Reads a selector; an empty text selects everything.
pub(super) fn parse(text: &str) -> Result<Selector, String> {
    if text.trim().is_empty() {
        return Ok(Selector::default());
    }
    requirements(text).into_iter().map(requirement).collect()
}

/// Splits at the commas that are not within parentheses.
fn requirements(text: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    let between = |c: char| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    };
    text.split(between).map(str::trim).collect()
}

fn requirement(text: &str) -> Result<Expression, String> {
    let wrong = || {
        format!(
            "{text:?} is no requirement on labels; right are KEY=VALUE, KEY!=VALUE, KEY in (A,B), KEY notin (A,B), \
             KEY and !KEY, with commas between them"
        )
    };
    if let Some((head, list)) = text.split_once('(') {
        let list = list.strip_suffix(')').ok_or_else(wrong)?;
        let values = list.split(',').map(value).collect::<Result<_, _>>()?;
        let words: Vec<&str> = head.split_whitespace().collect();
        return match words[..] {
            [name, "in"] => Ok(Expression::In(key(name)?, values)),
            [name, "notin"] => Ok(Expression::NotIn(key(name)?, values)),
            _ => Err(wrong()),
        };
    }
    if let Some((name, other)) = text.split_once("!=") {
        return Ok(Expression::NotEqual(key(name)?, value(other)?));
    }
    if let Some((name, same)) = text.split_once("==").or_else(|| text.split_once('=')) {
        return Ok(Expression::Equal(key(name)?, value(same)?));
    }
    match text.strip_prefix('!') {
        Some(name) => Ok(Expression::DoesNotExist(key(name)?)),
        None if text.is_empty() || text.contains(char::is_whitespace) => Err(wrong()),
        None => Ok(Expression::Exists(key(text)?)),
    }
}

fn key(text: &str) -> Result<String, String> {
    let text = text.trim();
    let right = match text.split_once('/') {
        Some((prefix, rest)) => is_subdomain(prefix) && is_name(rest),
        None => is_name(text),
    };
    right.then(|| text.to_owned()).ok_or_else(|| {
        format!(
            "{text:?} cannot be a label's key: up to {NAME} letters, digits, -, _ and ., a letter or digit first and \
             last; a domain and / may stand before it"
        )
    })
}

fn value(text: &str) -> Result<String, String> {
    let text = text.trim();
    (text.is_empty() || is_name(text)).then(|| text.to_owned()).ok_or_else(|| {
        format!(
            "{text:?} cannot be a label's value: up to {NAME} letters, digits, -, _ and ., a letter or digit first and \
             last"
        )
    })
}

fn is_name(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let outer = |c: char| c.is_ascii_alphanumeric();
    text.len() <= NAME
        && text.chars().all(inner)
        && text.starts_with(outer)
        && text.ends_with(outer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_that_kubectl_takes_is_read() {
        for (text, read) in [
            ("", ""),
            (" ", ""),
            ("team=a", "team=a"),
            ("team == a", "team=a"),
            ("team=", "team="),
            ("team!=a", "team!=a"),
            ("team", "team"),
            ("!team", "!team"),
            ("example.com/team in (a, b)", "example.com/team in (a,b)"),
            ("team notin (a),tier=x , !old", "team notin (a),tier=x,!old"),
        ] {
            assert_eq!(parse(text).unwrap().to_string(), read, "{text}");
        }
    }

    #[test]
    fn what_the_api_server_would_refuse_is_refused_with_what_is_right() {
        for (text, right) in [
            ("team=a,", "right are KEY=VALUE"),
            ("team in a", "right are KEY=VALUE"),
            ("team in (a", "right are KEY=VALUE"),
            ("team within (a)", "right are KEY=VALUE"),
            ("size>3", "\"size>3\" cannot be a label's key"),
            ("=a", "\"\" cannot be a label's key"),
            ("Example.com/team=a", "cannot be a label's key"),
            ("a/b/c", "cannot be a label's key"),
            ("team=a b", "\"a b\" cannot be a label's value"),
            ("team=-a", "cannot be a label's value"),
            ("team in (a,b/c)", "\"b/c\" cannot be a label's value"),
        ] {
            let told = parse(text).unwrap_err();
            assert!(told.contains(right), "{text}: {told}");
        }
        assert!(parse(&"x".repeat(NAME)).is_ok() && parse(&"x".repeat(NAME + 1)).is_err());
    }
}
