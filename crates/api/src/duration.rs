//! Go's text for durations ("1h30m", "500ms", "1.5h"), in which the API and the operator's
//! configuration are written: `time.ParseDuration` and `Duration.String`.
//!
//! Only what a wait can be: nothing below zero, and nothing that Go's 64 bits of nanoseconds
//! (292 years) do not hold.

use std::time::Duration;

/// Why a text is no duration. The message says what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// The text is not one.
    #[error("{0:?} is no duration: write numbers with units, such as 30s, 10m or 1h30m")]
    Syntax(String),
    /// A number without a unit.
    #[error("{0:?} has no unit: write it with ns, us, ms, s, m or h, such as 30s, 10m or 1h30m")]
    NoUnit(String),
    /// Below zero.
    #[error("{0:?} is negative: a duration here is zero or longer")]
    Negative(String),
    /// More than 2^63 - 1 nanoseconds.
    #[error("{0:?} is too long: at most 292 years")]
    TooLong(String),
}

const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Reads a duration as Go's `time.ParseDuration` does, but for negative ones.
///
/// # Errors
/// What is wrong with the text.
pub fn parse(text: &str) -> Result<Duration, DurationError> {
    if let Some(rest) = text.strip_prefix('-') {
        let error =
            if parse(rest).is_ok() { DurationError::Negative } else { DurationError::Syntax };
        return Err(error(text.to_owned()));
    }
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    let mut nanoseconds = 0_u128;
    loop {
        let (part, behind) = part(rest, text)?;
        nanoseconds += part;
        if nanoseconds > i64::MAX as u128 {
            return Err(DurationError::TooLong(text.to_owned()));
        }
        if behind.is_empty() {
            return Ok(nanos(nanoseconds));
        }
        rest = behind;
    }
}

/// One number with its unit, in nanoseconds, and what is behind it.
fn part<'a>(text: &'a str, whole: &str) -> Result<(u128, &'a str), DurationError> {
    let syntax = || DurationError::Syntax(whole.to_owned());
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, behind) = text.split_at(end);
    let (integer, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (integer.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return Err(syntax());
    }
    let end = behind.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(behind.len());
    let (unit, behind) = behind.split_at(end);
    if unit.is_empty() {
        return Err(DurationError::NoUnit(whole.to_owned()));
    }
    let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(syntax)?;
    let too_long = |_| DurationError::TooLong(whole.to_owned());
    let integer: u64 = if integer.is_empty() { 0 } else { integer.parse().map_err(too_long)? };
    Ok((u128::from(integer) * u128::from(*factor) + below_one(fraction, *factor), behind))
}

/// The digits behind the point, times the unit: in floats, as Go computes it, which takes as many
/// digits as fit 63 bits.
fn below_one(digits: &str, factor: u64) -> u128 {
    const FULL: u64 = i64::MAX as u64 / 10;
    let (mut value, mut scale) = (0_u64, 1.0_f64);
    for digit in digits.bytes().map(|digit| u64::from(digit - b'0')) {
        if value > FULL - 1 {
            break;
        }
        value = value * 10 + digit;
        scale *= 10.0;
    }
    (value as f64 * (factor as f64 / scale)) as u128
}

fn nanos(nanoseconds: u128) -> Duration {
    let seconds = u64::try_from(nanoseconds / 1_000_000_000).unwrap_or(u64::MAX);
    let below = u32::try_from(nanoseconds % 1_000_000_000).unwrap_or(0);
    Duration::new(seconds, below)
}

/// Writes a duration as Go's `Duration.String` does: `5m0s`, `1.5s`, `500ms`.
#[must_use]
pub fn text(duration: Duration) -> String {
    let nanoseconds = duration.as_nanos();
    match nanoseconds {
        0 => "0s".to_owned(),
        1..1_000 => format!("{nanoseconds}ns"),
        1_000..1_000_000 => decimal(nanoseconds, 1_000, "\u{b5}s"),
        1_000_000..1_000_000_000 => decimal(nanoseconds, 1_000_000, "ms"),
        _ => {
            let minutes = nanoseconds / 60_000_000_000;
            let seconds = decimal(nanoseconds % 60_000_000_000, 1_000_000_000, "s");
            match (minutes / 60, minutes % 60) {
                (0, 0) => seconds,
                (0, minutes) => format!("{minutes}m{seconds}"),
                (hours, minutes) => format!("{hours}h{minutes}m{seconds}"),
            }
        }
    }
}

/// A number with as many decimals as it has.
fn decimal(nanoseconds: u128, unit: u128, name: &str) -> String {
    let width = unit.ilog10() as usize;
    let fraction = format!("{:0width$}", nanoseconds % unit);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{}{point}{fraction}{name}", nanoseconds / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_reads_them() {
        let check = |text: &str, nanoseconds: u64| {
            assert_eq!(parse(text), Ok(Duration::from_nanos(nanoseconds)), "{text}");
        };
        check("0", 0);
        check("0s", 0);
        check("30s", 30_000_000_000);
        check("+5m", 300_000_000_000);
        check("1h30m", 5_400_000_000_000);
        check("500ms", 500_000_000);
        check("1.5h", 5_400_000_000_000);
        check(".5s", 500_000_000);
        check("1.s", 1_000_000_000);
        check("100us100\u{b5}s100\u{3bc}s7ns", 300_007);
        check("0.1ns", 0);
        check("0.3333333333333333333h", 1_200_000_000_000);
        check("30s1m", 90_000_000_000);
        check("9223372036854775807ns", i64::MAX as u64);
    }

    #[test]
    fn what_is_no_duration_is_refused_with_what_would_be_right() {
        for text in
            ["", "+", "s", ".", ".s", "1d", "10 m", "ten minutes", "1..5s", "1s ", "--1s", "-"]
        {
            assert_eq!(parse(text), Err(DurationError::Syntax(text.to_owned())), "{text:?}");
        }
        for text in ["5", "1h5", "3.4"] {
            assert_eq!(parse(text), Err(DurationError::NoUnit(text.to_owned())), "{text}");
        }
        for text in ["-5s", "-1h30m", "-0"] {
            assert_eq!(parse(text), Err(DurationError::Negative(text.to_owned())), "{text}");
        }
        for text in ["9223372036854775808ns", "3000000h", "99999999999999999999s"] {
            assert_eq!(parse(text), Err(DurationError::TooLong(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn durations_are_written_as_go_writes_them() {
        for text in [
            "0s",
            "1ns",
            "1.1\u{b5}s",
            "500ms",
            "2.25ms",
            "1s",
            "1.5s",
            "5m0s",
            "1m0.000000001s",
            "1h0m0s",
            "100h30m1s",
        ] {
            assert_eq!(super::text(parse(text).unwrap()), text);
        }
    }
}
