//! Reads a quantity of Kubernetes' (`1.5Gi`, `200m`, `1e3`), to say that it is none and to compare
//! two. Floats do for that; what is rendered from the text is the business of the crate that renders.

const SUFFIXES: [(&str, f64); 16] = [
    ("n", 1e-9),
    ("u", 1e-6),
    ("m", 1e-3),
    ("", 1.0),
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
    ("P", 1e15),
    ("E", 1e18),
    ("Ki", (1_u64 << 10) as f64),
    ("Mi", (1_u64 << 20) as f64),
    ("Gi", (1_u64 << 30) as f64),
    ("Ti", (1_u64 << 40) as f64),
    ("Pi", (1_u64 << 50) as f64),
    ("Ei", (1_u64 << 60) as f64),
];

/// The value; `None`: Kubernetes would refuse the text.
pub(super) fn parse(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
    let (number, suffix) = unsigned.split_at(end);
    let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
    let number: f64 = number.parse().ok()?;
    Some(sign * number * factor(suffix)?)
}

fn factor(suffix: &str) -> Option<f64> {
    if let Some((_, factor)) = SUFFIXES.iter().find(|(name, _)| *name == suffix) {
        return Some(*factor);
    }
    let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    Some(10_f64.powi(exponent))
}

/// Whether one value is above another by more than what floats lose: `1.1Gi` is not above `1.1Gi`
/// written in another way.
pub(super) fn above(value: f64, limit: f64) -> bool {
    value > limit + limit.abs() * 1e-12
}

#[cfg(test)]
mod tests {
    use super::{above, parse};

    #[test]
    fn quantities_are_read_with_every_suffix() {
        for (text, value) in [
            ("0", 0.0),
            ("1", 1.0),
            ("-1", -1.0),
            ("+1.5", 1.5),
            (".5", 0.5),
            ("100m", 0.1),
            ("1k", 1e3),
            ("1e3", 1e3),
            ("1E3", 1e3),
            ("12E", 12e18),
            ("2.5e-1", 0.25),
            ("1.5Gi", 1_610_612_736.0),
            ("100Ti", 109_951_162_777_600.0),
        ] {
            assert_eq!(parse(text), Some(value), "{text}");
        }
        for text in
            ["", ".", "1..2", "Gi", "1 Gi", "1gi", "1GB", "1Ki2", "0x1", "e3", "NaN", "inf", "--1"]
        {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn equal_quantities_in_other_words_are_not_above_each_other() {
        let above = |a: &str, b: &str| above(parse(a).unwrap(), parse(b).unwrap());
        for (a, b) in
            [("1Gi", "1024Mi"), ("1500m", "1.5"), ("0.1", "100m"), ("3e-1", "300m"), ("0", "0")]
        {
            assert!(!above(a, b) && !above(b, a), "{a} {b}");
        }
        for (more, less) in [("1G", "999M"), ("1Gi", "1G"), ("1001m", "1"), ("1", "0"), ("1", "-1")]
        {
            assert!(above(more, less) && !above(less, more), "{more} {less}");
        }
    }
}
