//! Points in time between the core (milliseconds since 1970) and the objects (RFC 3339).
//!
//! Kubernetes' own times have whole seconds; the machine's have milliseconds, since it compares them.
//! What lies beyond the year 9999 (a deadline that was added to without end) stays representable.

use flinkk8soperator_core::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

/// A time of Kubernetes', whole seconds. Beyond its range: the last second that it has.
pub(crate) fn seconds(at: Timestamp) -> Time {
    let second = i64::try_from(at.0 / 1000).unwrap_or(i64::MAX);
    let last = jiff::Timestamp::MAX.as_second();
    let time = jiff::Timestamp::from_second(second.min(last));
    Time(time.expect("no second after 1970 and up to the last one is out of range"))
}

/// The instant that Kubernetes means; one before 1970 is that.
pub(crate) fn of(time: &Time) -> Timestamp {
    Timestamp(u64::try_from(time.0.as_millisecond()).unwrap_or_default())
}

/// The machine's text for an instant: RFC 3339 with milliseconds; beyond its range the milliseconds
/// since 1970, so that nothing is lost.
pub(crate) fn text(at: Timestamp) -> String {
    let milliseconds = i64::try_from(at.0).ok();
    match milliseconds.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok()) {
        Some(time) => format!("{time:.3}"),
        None => at.to_string(),
    }
}

/// Reads what [`text`] wrote; `None`: it is neither, or before 1970.
pub(crate) fn from_text(text: &str) -> Option<Timestamp> {
    if let Some(milliseconds) = text.strip_suffix("ms") {
        return milliseconds.parse().ok().map(Timestamp);
    }
    let time: jiff::Timestamp = text.parse().ok()?;
    u64::try_from(time.as_millisecond()).ok().map(Timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_survives_being_written_whatever_it_is() {
        for (milliseconds, written) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_762_000_000_123, "2025-11-01T12:26:40.123Z"),
            (u64::MAX, "18446744073709551615ms"),
        ] {
            assert_eq!(text(Timestamp(milliseconds)), written);
            assert_eq!(from_text(written), Some(Timestamp(milliseconds)));
        }
    }

    #[test]
    fn what_is_no_instant_is_not_read() {
        for text in ["", "ms", "-5ms", "yesterday", "1969-12-31T23:59:59.000Z", "5"] {
            assert_eq!(from_text(text), None, "{text}");
        }
    }

    #[test]
    fn kubernetes_gets_whole_seconds() {
        assert_eq!(seconds(Timestamp(1_999)).0.to_string(), "1970-01-01T00:00:01Z");
        assert_eq!(seconds(Timestamp(u64::MAX)).0.to_string(), "9999-12-30T22:00:00Z");
    }
}
