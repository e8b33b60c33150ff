//! The 128-bit ids of Flink, written as 32 hexadecimal digits. Nothing is generated here: ids come
//! from the caller or from Flink's answers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A text that is not a Flink id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a Flink id has 32 hexadecimal digits, not {0:?}")]
pub struct InvalidId(String);

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(pub [u8; 16]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:032x}", u128::from_be_bytes(self.0))
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                digits(text).map(|value| Self(value.to_be_bytes()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.to_string()
            }
        }
    };
}

id!(
    /// Names a job. Every version from Flink 1.13 on runs a jar under the id that the caller chose.
    JobId
);
id!(
    /// Names an asynchronous operation (savepoint, stop, checkpoint). Chosen by the caller from
    /// Flink 1.15 on (FLINK-24208), by Flink before.
    TriggerId
);
id!(
    /// Names a vertex of a job's graph.
    VertexId
);

fn digits(text: &str) -> Result<u128, InvalidId> {
    // The check comes first because `from_str_radix` also takes a leading `+`.
    let hexadecimal = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let value = hexadecimal.then(|| u128::from_str_radix(text, 16).ok()).flatten();
    value.ok_or_else(|| InvalidId(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_every_digit() {
        let text = "00a0000000000000000000000000b0ff";
        let id: JobId = text.parse().unwrap();
        assert_eq!((id.0[1], id.0[15]), (0xa0, 0xff));
        assert_eq!(id.to_string(), text);
    }

    #[test]
    fn refuses_what_flink_refuses() {
        for text in
            ["", "xyz", "+0a0000000000000000000000000b0ff", "00a0000000000000000000000000b0f"]
        {
            assert_eq!(text.parse::<JobId>(), Err(InvalidId(text.to_owned())), "{text}");
        }
    }
}
