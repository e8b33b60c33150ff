//! Kubernetes quantities ("1.5Gi", "200m") as Go reads and writes them: apimachinery v0.24.2, in
//! the reference operator's memory arithmetic and in its hash input, oddities included.
//!
//! Not a general quantity type: nothing is added or scaled. Text comes from the application, and
//! goes to `go_json` (as Go would write it), `properties` (bytes) and `difference` (exact value).

/// A quantity: `mantissa * 10^exponent`.
#[derive(Clone, Debug)]
pub(crate) struct Quantity {
    mantissa: i128,
    exponent: i64,
    format: Format,
    /// The text as it was read, where Go keeps it.
    kept: Option<String>,
    /// Whether Go holds it as a scaled int64, which is what the reference operator can read as bytes.
    fast: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    DecimalSi,
    DecimalExponent,
    BinarySi,
}

/// Go caps what it holds with arbitrary precision and a binary suffix at the largest int64.
const BINARY_MAX: i128 = i64::MAX as i128;
/// The smallest unit Go tells apart, as a power of ten.
const NANO: i64 = -9;
/// Digits that surely fit an int64 (`maxInt64Factors` in apimachinery).
const FAST_DIGITS: i64 = 18;
const DECIMAL_SUFFIXES: [(&str, i64); 10] = [
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("", 0),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
];
const BINARY_SUFFIXES: [&str; 6] = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

impl Quantity {
    /// Reads a quantity; `None` if Go would refuse it, or if it does not fit 128 bits (from some 20
    /// digits on, with a binary suffix; nobody has written one).
    pub(crate) fn parse(text: &str) -> Option<Quantity> {
        let text = text.trim();
        if text == "0" {
            return Some(Quantity { kept: Some(text.to_owned()), ..Quantity::zero() });
        }
        let parts = Parts::split(text)?;
        let (format, suffix_exponent) = interpret(parts.suffix)?;
        match fast(&parts, format, suffix_exponent, text) {
            Some(quantity) => Some(quantity),
            None => slow(&parts, format, suffix_exponent),
        }
    }

    /// The quantity of a field that was left out.
    pub(crate) fn zero() -> Quantity {
        let format = Format::DecimalSi;
        Quantity { mantissa: 0, exponent: 0, format, kept: None, fast: true }
    }

    /// The text that Go writes: the one it read where it takes that for canonical by a cheap test
    /// ("1.500" stays, "1.50" becomes "1500m"), else the canonical form.
    pub(crate) fn go_text(&self) -> String {
        self.kept.clone().unwrap_or_else(|| self.canonical())
    }

    /// The bytes that the reference operator reads: 0 for what Go does not hold as an int64 or what
    /// is written with a fraction (its defect: "1.5Gi", "100Ti" and "500m" read as 0).
    pub(crate) fn reference_bytes(&self) -> i64 {
        if self.fast && self.exponent >= 0 { self.integer().unwrap_or(0) } else { 0 }
    }

    /// The bytes, rounded up; `None` below zero and beyond an int64.
    pub(crate) fn bytes(&self) -> Option<i64> {
        self.integer().filter(|bytes| *bytes >= 0)
    }

    /// The value in a form that is equal for equal quantities ("1Gi", "1073741824").
    pub(crate) fn exact(&self) -> String {
        let (mantissa, exponent) = strip_tens(self.mantissa, self.exponent);
        if mantissa == 0 { "0".to_owned() } else { format!("{mantissa}e{exponent}") }
    }

    fn integer(&self) -> Option<i64> {
        if self.mantissa == 0 {
            return Some(0);
        }
        let value = if self.exponent >= 0 {
            let factor = 10_i128.checked_pow(u32::try_from(self.exponent).ok()?)?;
            self.mantissa.checked_mul(factor)?
        } else {
            shift_up(self.mantissa, -self.exponent)
        };
        i64::try_from(value).ok()
    }

    fn canonical(&self) -> String {
        if self.mantissa == 0 {
            return "0".to_owned();
        }
        let whole = strip_tens(self.mantissa, self.exponent).1 >= 0;
        match self.integer() {
            Some(bytes) if self.format == Format::BinarySi && whole && bytes.abs() >= 1024 => {
                canonical_binary(bytes)
            }
            Some(_) | None => self.canonical_decimal(),
        }
    }

    fn canonical_decimal(&self) -> String {
        let (mut mantissa, mut exponent) = strip_tens(self.mantissa, self.exponent);
        while exponent % 3 != 0 {
            mantissa *= 10;
            exponent -= 1;
        }
        if self.format == Format::DecimalExponent {
            return match exponent {
                0 => mantissa.to_string(),
                _ => format!("{mantissa}e{exponent}"),
            };
        }
        // Beyond the last suffix Go writes none, and with it loses the value.
        let suffix = DECIMAL_SUFFIXES.iter().find(|(_, e)| *e == exponent).map_or("", |(s, _)| s);
        format!("{mantissa}{suffix}")
    }
}

/// A quantity's text, taken apart: sign, digits before (leading zeros stripped) and after the
/// point, suffix.
struct Parts<'a> {
    negative: bool,
    /// Whether there is a digit at all: Go's short way reads none as zero, its long way refuses.
    empty: bool,
    whole: &'a str,
    fraction: &'a str,
    suffix: &'a str,
}

impl<'a> Parts<'a> {
    fn split(text: &'a str) -> Option<Parts<'a>> {
        if text.is_empty() {
            return None;
        }
        let negative = text.starts_with('-');
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (whole, rest) = digits(unsigned.trim_start_matches('0'));
        let (fraction, suffix) = rest.strip_prefix('.').map_or(("", rest), digits);
        let exponent = suffix.trim_start_matches(|c| "eEinumkKMGTP".contains(c));
        let tail = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        if !digits(tail).1.is_empty() {
            return None;
        }
        Some(Parts {
            negative,
            empty: !unsigned.starts_with('0') && whole.is_empty() && fraction.is_empty(),
            whole: if whole.is_empty() { "0" } else { whole },
            fraction,
            suffix,
        })
    }

    fn mantissa(&self) -> Option<i128> {
        let value: i128 = format!("{}{}", self.whole, self.fraction).parse().ok()?;
        Some(if self.negative { -value } else { value })
    }
}

fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

/// The format of a suffix and its exponent: of 2 in the binary format, else of 10.
fn interpret(suffix: &str) -> Option<(Format, i64)> {
    if let Some((_, exponent)) = DECIMAL_SUFFIXES.iter().find(|(s, _)| *s == suffix) {
        return Some((Format::DecimalSi, *exponent));
    }
    if let Some(index) = BINARY_SUFFIXES.iter().position(|s| *s == suffix) {
        return Some((Format::BinarySi, (index as i64 + 1) * 10));
    }
    let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    Some((Format::DecimalExponent, i64::from(exponent)))
}

/// What Go's short way holds: a few digits, scaled by a power of ten not below nano.
fn fast(parts: &Parts<'_>, format: Format, suffix_exponent: i64, text: &str) -> Option<Quantity> {
    let (whole, fraction) = (parts.whole.len() as i64, parts.fraction.len() as i64);
    let (factor, scale, precision) = match format {
        Format::BinarySi if fraction > 0 => return None,
        Format::BinarySi => {
            (1_i128 << suffix_exponent, 0, 15 - whole - suffix_exponent * 3 / 10 - 1)
        }
        Format::DecimalSi | Format::DecimalExponent => {
            (1, suffix_exponent - fraction, FAST_DIGITS - whole - fraction)
        }
    };
    if precision < 0 || scale < NANO {
        return None;
    }
    let mantissa = parts.mantissa()?;
    let shifted = format!("{}{}", parts.whole, parts.fraction);
    let canonical = match format {
        Format::BinarySi => mantissa & 7 != 0,
        Format::DecimalSi | Format::DecimalExponent => {
            scale % 3 == 0 && !shifted.ends_with("000") && !shifted.starts_with('0')
        }
    };
    let kept = canonical.then(|| text.to_owned());
    Some(Quantity { mantissa: mantissa * factor, exponent: scale, format, kept, fast: true })
}

/// What Go's arbitrary precision makes of it: rounded up to nano, capped if binary.
fn slow(parts: &Parts<'_>, format: Format, suffix_exponent: i64) -> Option<Quantity> {
    if parts.empty {
        return None;
    }
    let (mut mantissa, mut exponent) = (parts.mantissa()?, -(parts.fraction.len() as i64));
    match format {
        Format::BinarySi => mantissa = mantissa.checked_mul(1_i128 << suffix_exponent)?,
        Format::DecimalSi | Format::DecimalExponent => exponent += suffix_exponent,
    }
    if exponent < NANO {
        mantissa = shift_up(mantissa, NANO - exponent);
        exponent = NANO;
    }
    let mut quantity = Quantity { mantissa, exponent, format, kept: None, fast: false };
    if format == Format::BinarySi {
        // The exponent is not positive here: only fractions move it.
        let one = 10_i128.pow(u32::try_from(-exponent).ok()?);
        if mantissa.abs() > BINARY_MAX.checked_mul(one)? {
            (quantity.mantissa, quantity.exponent) = (BINARY_MAX * mantissa.signum(), 0);
        }
    }
    Some(quantity)
}

/// Divides by `10^places`, rounding away from zero.
fn shift_up(mantissa: i128, places: i64) -> i128 {
    match u32::try_from(places).ok().and_then(|places| 10_i128.checked_pow(places)) {
        Some(divisor) => {
            let exact = mantissa % divisor == 0;
            mantissa / divisor + if exact { 0 } else { mantissa.signum() }
        }
        None => mantissa.signum(),
    }
}

fn strip_tens(mut mantissa: i128, mut exponent: i64) -> (i128, i64) {
    while mantissa != 0 && mantissa % 10 == 0 {
        mantissa /= 10;
        exponent += 1;
    }
    (mantissa, exponent)
}

fn canonical_binary(bytes: i64) -> String {
    let (mut value, mut power) = (bytes, 0);
    while value.abs() >= 1024 && value % 1024 == 0 {
        value /= 1024;
        power += 1;
    }
    let suffix = if power == 0 { "" } else { BINARY_SUFFIXES[power - 1] };
    format!("{value}{suffix}")
}

#[cfg(test)]
mod tests {
    use super::Quantity;

    fn text(input: &str) -> String {
        Quantity::parse(input).unwrap_or_else(|| panic!("{input} is a quantity")).go_text()
    }

    #[test]
    fn quantities_are_written_as_go_writes_them() {
        // One line each: what was read, what Go writes, the int64 that Go's own reading gives, or
        // "-". Written by a program over apimachinery v0.24.2.
        let lines = include_str!("../tests/vectors/quantities.tsv");
        for line in lines.lines().filter(|line| !line.starts_with('#')) {
            let [input, written, bytes] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("three columns: {line}");
            };
            match Quantity::parse(input) {
                None => assert_eq!(written, "refused", "{input}"),
                Some(quantity) => {
                    assert_eq!(quantity.go_text(), written, "{input}");
                    let expected = if bytes == "-" { 0 } else { bytes.parse().unwrap() };
                    assert_eq!(quantity.reference_bytes(), expected, "bytes of {input}");
                }
            }
        }
        assert!(lines.lines().count() > 200, "the file has its lines");
    }

    #[test]
    fn equal_quantities_have_one_exact_value() {
        let exact = |input| Quantity::parse(input).unwrap().exact();
        for (a, b) in [
            ("1Gi", "1073741824"),
            ("1024Mi", "1Gi"),
            ("1.5Gi", "1536Mi"),
            ("1.500", "1500m"),
            ("0", "0.0"),
            ("+1Gi", "01Gi"),
            ("1e3", "1k"),
            ("8000M", "8G"),
        ] {
            assert_eq!(exact(a), exact(b), "{a} and {b}");
        }
        assert_ne!(exact("1G"), exact("1Gi"));
        assert_ne!(exact("100m"), exact("1"));
    }

    #[test]
    fn every_quantity_has_its_bytes_where_the_reference_reads_zero() {
        let bytes = |input| Quantity::parse(input).unwrap();
        for (input, expected) in
            [("1.5Gi", 1_610_612_736), ("100Ti", 109_951_162_777_600), ("1500m", 2)]
        {
            assert_eq!(bytes(input).reference_bytes(), 0, "{input}");
            assert_eq!(bytes(input).bytes(), Some(expected), "{input}");
        }
        assert_eq!(bytes("-1").bytes(), None);
        assert_eq!(bytes("10E").bytes(), None);
        assert_eq!(text(" 1Gi "), "1Gi", "Go trims");
    }
}
