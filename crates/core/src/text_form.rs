//! How ids and durations are written down (feature `serde`): as the text by which a person finds them
//! in logs, objects and Flink. Everything else is derived from the types.
//!
//! What is written is read back as it was, to the nanosecond: a round that is decided again must not
//! fall on the other side of a limit. A fact that is missing was not asked for: one that came with a
//! later version is missing in every older recording.

use std::fmt::Display;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

use crate::ids::{DeployHash, Digest, JobId, TriggerId, Uid, VertexId};

macro_rules! as_text {
    ($($id:ty),+) => {$(
        impl Serialize for $id {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $id {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<$id, D::Error> {
                parsed(from)
            }
        }
    )+};
}

as_text!(Uid, DeployHash, Digest, JobId, TriggerId, VertexId);

fn parsed<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    String::deserialize(from)?.parse().map_err(Error::custom)
}

/// Seconds with as many decimals as it takes: `30s`, `0.1s`.
pub(crate) mod duration {
    use std::time::Duration;

    use serde::de::{Deserialize, Deserializer, Error};
    use serde::ser::Serializer;

    /// Digits of a second's nanoseconds.
    const DIGITS: usize = 9;

    pub(crate) fn serialize<S: Serializer>(span: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&text(*span))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        let text = String::deserialize(from)?;
        let wrong = || Error::custom(format!("expected seconds, as in \"0.1s\", found {text:?}"));
        read(&text).ok_or_else(wrong)
    }

    fn text(span: Duration) -> String {
        let (whole, rest) = (span.as_secs(), span.subsec_nanos());
        if rest == 0 {
            return format!("{whole}s");
        }
        format!("{}s", format!("{whole}.{rest:09}").trim_end_matches('0'))
    }

    fn read(text: &str) -> Option<Duration> {
        let number = text.strip_suffix('s')?;
        let (whole, rest) = number.split_once('.').unwrap_or((number, "0"));
        let only_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !only_digits(whole) || !only_digits(rest) || rest.len() > DIGITS {
            return None;
        }
        let nanoseconds = format!("{rest:0<DIGITS$}").parse().ok()?;
        Some(Duration::new(whole.parse().ok()?, nanoseconds))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_duration_is_read_back_to_the_nanosecond() {
            let spans = [
                (Duration::ZERO, "0s"),
                (Duration::from_secs(600), "600s"),
                (Duration::from_millis(100), "0.1s"),
                (Duration::new(60, 1), "60.000000001s"),
                (Duration::MAX, "18446744073709551615.999999999s"),
            ];
            for (span, written) in spans {
                assert_eq!(text(span), written);
                assert_eq!(read(written), Some(span));
            }
        }

        #[test]
        fn anything_else_is_no_duration() {
            for wrong in ["", "s", "5", "5ms", "-1s", "1.s", ".5s", "1.0000000001s", "+1s"] {
                assert_eq!(read(wrong), None, "{wrong}");
            }
        }
    }
}

/// As [`duration`], or null.
pub(crate) mod optional_duration {
    use std::time::Duration;

    use serde::de::{Deserialize, Deserializer};
    use serde::ser::{Serialize, Serializer};

    struct Text(Duration);

    impl Serialize for Text {
        fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            super::duration::serialize(&self.0, to)
        }
    }

    impl<'de> Deserialize<'de> for Text {
        fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Text, D::Error> {
            super::duration::deserialize(from).map(Text)
        }
    }

    pub(crate) fn serialize<S: Serializer>(
        span: &Option<Duration>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        span.map(Text).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<Text>::deserialize(from)?.map(|text| text.0))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize)]
    struct Spans {
        #[serde(with = "super::duration")]
        always: Duration,
        #[serde(with = "super::optional_duration")]
        sometimes: Option<Duration>,
    }

    #[test]
    fn fields_of_a_duration_are_read_back() {
        for sometimes in [None, Some(Duration::from_secs(2))] {
            let written = Spans { always: Duration::from_secs(1), sometimes };
            let text = serde_json::to_string(&written).expect("it can be written");
            let read: Spans = serde_json::from_str(&text).expect("it can be read");
            assert_eq!(
                (read.always, read.sometimes),
                (Duration::from_secs(1), sometimes),
                "{text}"
            );
        }
    }
}
