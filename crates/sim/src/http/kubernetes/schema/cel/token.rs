//! The words of a rule.

use super::CelError;
use serde_json::{Value, json};

/// One word.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name, or `true`, `false`, `null`, `in`.
    Word(String),
    /// A number or a string.
    Literal(Value),
    /// An operator or a bracket.
    Sign(&'static str),
}

/// Longer ones first, so that none is taken for two.
const SIGNS: &[&str] = &[
    "&&", "||", "==", "!=", "<=", ">=", ".?", "[?", "<", ">", "!", "+", "-", "*", "/", "%", "?",
    ":", ".", ",", "(", ")", "[", "]", "{", "}",
];

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, CelError> {
    let mut tokens = vec![];
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (token, behind) = next(rest)?;
        tokens.push(token);
        rest = behind.trim_start();
    }
    Ok(tokens)
}

fn next(text: &str) -> Result<(Token, &str), CelError> {
    if let Some(raw) = text.strip_prefix("r'").or_else(|| text.strip_prefix("r\"")) {
        let quote = if text.starts_with("r'") { '\'' } else { '"' };
        let (inner, behind) = raw.split_once(quote).ok_or_else(|| unsupported(text))?;
        return Ok((Token::Literal(json!(inner)), behind));
    }
    if text.starts_with(['\'', '"']) {
        return string(text);
    }
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return number(text);
    }
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    if end > 0 {
        return Ok((Token::Word(text[..end].to_owned()), &text[end..]));
    }
    let sign = SIGNS.iter().find(|sign| text.starts_with(**sign));
    let sign = sign.ok_or_else(|| unsupported(text))?;
    Ok((Token::Sign(sign), &text[sign.len()..]))
}

fn string(text: &str) -> Result<(Token, &str), CelError> {
    let mut characters = text.char_indices();
    let quote = characters.next().map(|(_, c)| c);
    let mut value = String::new();
    while let Some((at, character)) = characters.next() {
        if Some(character) == quote {
            return Ok((Token::Literal(json!(value)), &text[at + 1..]));
        }
        if character != '\\' {
            value.push(character);
            continue;
        }
        value.push(match characters.next().map(|(_, c)| c) {
            Some('n') => '\n',
            Some('t') => '\t',
            Some('r') => '\r',
            Some(same @ ('\\' | '\'' | '"' | '`' | '?')) => same,
            _ => return Err(unsupported(text)),
        });
    }
    Err(unsupported(text))
}

fn number(text: &str) -> Result<(Token, &str), CelError> {
    if let Some(hex) = text.strip_prefix("0x") {
        let end = hex.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(hex.len());
        let value = i64::from_str_radix(&hex[..end], 16).map_err(|_| unsupported(text))?;
        return Ok((Token::Literal(json!(value)), &hex[end..]));
    }
    let mut end = digits(text, 0);
    let mut is_float = false;
    if text[end..].starts_with('.') && digits(text, end + 1) > end + 1 {
        end = digits(text, end + 1);
        is_float = true;
    }
    if text[end..].starts_with(['e', 'E']) {
        let sign = usize::from(text[end + 1..].starts_with(['+', '-']));
        end = digits(text, end + 1 + sign);
        is_float = true;
    }
    let literal = &text[..end];
    let value = if is_float {
        literal.parse::<f64>().map(|n| json!(n)).map_err(|_| unsupported(text))?
    } else {
        literal.parse::<i64>().map(|n| json!(n)).map_err(|_| unsupported(text))?
    };
    Ok((Token::Literal(value), &text[end..]))
}

/// Where the digits that begin at `from` end.
fn digits(text: &str, from: usize) -> usize {
    text[from..].find(|c: char| !c.is_ascii_digit()).map_or(text.len(), |length| from + length)
}

fn unsupported(text: &str) -> CelError {
    CelError::Unsupported(format!("at {text:?}"))
}
