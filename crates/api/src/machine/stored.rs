//! How single values are persisted, and how reading them names the place of what is wrong.

use std::str::FromStr;

use flinkk8soperator_core::{
    CheckpointKind, Colour, DeployHash, Digest, FailureKind, Incarnation, JobId, Mode, Source,
    Timestamp, TriggerId, Uid, VertexId,
};
use serde_json::{Map, Value};

use super::MachineError;
use crate::instant;

/// Longest piece of a wrong value that is shown: enough to recognise it.
const SHOWN: usize = 80;

/// Something with a persisted form.
pub(super) trait Stored: Sized {
    /// Its form; `None`: the member is left out.
    fn store(&self) -> Option<Value>;
    /// Reads it.
    fn load(from: &Entry<'_>) -> Result<Self, MachineError>;
}

/// A place in the persisted form, and what is there.
pub(super) struct Entry<'a> {
    path: String,
    value: Option<&'a Value>,
}

impl<'a> Entry<'a> {
    pub(super) fn root(name: &str, value: &'a Value) -> Entry<'a> {
        Entry { path: name.to_owned(), value: Some(value) }
    }

    /// What is here.
    pub(super) fn present(&self) -> Result<&'a Value, MachineError> {
        self.value.ok_or_else(|| MachineError::Missing { path: self.path.clone() })
    }

    /// The place of a member, which need not be there; `null` is absence.
    pub(super) fn member(&self, name: &str) -> Result<Entry<'a>, MachineError> {
        let members = self.present()?.as_object().ok_or_else(|| self.wrong("an object"))?;
        let value = members.get(name).filter(|value| !value.is_null());
        Ok(Entry { path: format!("{}.{name}", self.path), value })
    }

    /// A member.
    pub(super) fn get<T: Stored>(&self, name: &str) -> Result<T, MachineError> {
        T::load(&self.member(name)?)
    }

    /// A member that was added later: where it is not there it is empty.
    pub(super) fn later<T: Stored + Default>(&self, name: &str) -> Result<T, MachineError> {
        let member = self.member(name)?;
        if member.value.is_none() { Ok(T::default()) } else { T::load(&member) }
    }

    /// The text that is here.
    pub(super) fn text(&self) -> Result<&'a str, MachineError> {
        self.present()?.as_str().ok_or_else(|| self.wrong("a text"))
    }

    /// The error of a value that is here and cannot be read.
    pub(super) fn wrong(&self, expected: &'static str) -> MachineError {
        let found = self.value.map(Value::to_string).unwrap_or_default();
        let found = found.chars().take(SHOWN).collect();
        MachineError::Wrong { path: self.path.clone(), expected, found }
    }
}

/// An object of the members that have a value.
pub(super) fn object(members: impl IntoIterator<Item = (&'static str, Option<Value>)>) -> Value {
    let present = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(present.collect::<Map<_, _>>())
}

/// Gives a struct its persisted form: a list of all its fields with their members' names. Those after
/// `later` came after others had been written without them: they are left out where they are empty.
macro_rules! record {
    ($type:ident {
        $($field:ident: $name:literal),+ $(,)?
        $(; later $($added:ident: $word:literal),+ $(,)?)?
    }) => {
        impl Stored for $type {
            fn store(&self) -> Option<Value> {
                let $type { $($field,)+ $($($added),+)? } = self;
                Some(object([$(($name, $field.store()),)+ $($(($word, unless_empty($added))),+)?]))
            }

            fn load(from: &Entry<'_>) -> Result<$type, MachineError> {
                Ok($type { $($field: from.get($name)?,)+ $($($added: from.later($word)?),+)? })
            }
        }
    };
}
pub(super) use record;

/// The form of a member that older ones do not have.
pub(super) fn unless_empty<T: Stored + Default + PartialEq>(member: &T) -> Option<Value> {
    member.store().filter(|_| *member != T::default())
}

impl<T: Stored> Stored for Option<T> {
    fn store(&self) -> Option<Value> {
        self.as_ref().and_then(T::store)
    }

    fn load(from: &Entry<'_>) -> Result<Option<T>, MachineError> {
        from.value.map(|_| T::load(from)).transpose()
    }
}

impl<T: Stored> Stored for Vec<T> {
    fn store(&self) -> Option<Value> {
        Some(Value::Array(self.iter().filter_map(T::store).collect()))
    }

    fn load(from: &Entry<'_>) -> Result<Vec<T>, MachineError> {
        let items = from.present()?.as_array().ok_or_else(|| from.wrong("a list"))?;
        let entry =
            |(index, value)| Entry { path: format!("{}[{index}]", from.path), value: Some(value) };
        items.iter().enumerate().map(entry).map(|entry| T::load(&entry)).collect()
    }
}

impl Stored for bool {
    fn store(&self) -> Option<Value> {
        Some(Value::Bool(*self))
    }

    fn load(from: &Entry<'_>) -> Result<bool, MachineError> {
        from.present()?.as_bool().ok_or_else(|| from.wrong("true or false"))
    }
}

impl Stored for String {
    fn store(&self) -> Option<Value> {
        Some(Value::String(self.clone()))
    }

    fn load(from: &Entry<'_>) -> Result<String, MachineError> {
        from.text().map(str::to_owned)
    }
}

impl Stored for u64 {
    fn store(&self) -> Option<Value> {
        Some(Value::from(*self))
    }

    fn load(from: &Entry<'_>) -> Result<u64, MachineError> {
        from.present()?.as_u64().ok_or_else(|| from.wrong("a whole number from 0 on"))
    }
}

impl Stored for u32 {
    fn store(&self) -> Option<Value> {
        Some(Value::from(*self))
    }

    fn load(from: &Entry<'_>) -> Result<u32, MachineError> {
        u32::try_from(u64::load(from)?).map_err(|_| from.wrong("a whole number below 2^32"))
    }
}

impl Stored for i64 {
    fn store(&self) -> Option<Value> {
        Some(Value::from(*self))
    }

    fn load(from: &Entry<'_>) -> Result<i64, MachineError> {
        from.present()?.as_i64().ok_or_else(|| from.wrong("a whole number"))
    }
}

impl Stored for Timestamp {
    fn store(&self) -> Option<Value> {
        Some(Value::String(instant::text(*self)))
    }

    fn load(from: &Entry<'_>) -> Result<Timestamp, MachineError> {
        instant::from_text(from.text()?).ok_or_else(|| from.wrong("a time in RFC 3339"))
    }
}

impl Stored for Incarnation {
    fn store(&self) -> Option<Value> {
        self.0.store()
    }

    fn load(from: &Entry<'_>) -> Result<Incarnation, MachineError> {
        u32::load(from).map(Incarnation)
    }
}

impl Stored for Digest {
    fn store(&self) -> Option<Value> {
        Some(Value::String(self.to_string()))
    }

    fn load(from: &Entry<'_>) -> Result<Digest, MachineError> {
        let text = Some(from.text()?).filter(|text| text.len() == 16);
        let digest = text.and_then(|text| u64::from_str_radix(text, 16).ok());
        digest.map(Digest).ok_or_else(|| from.wrong("16 hex digits"))
    }
}

macro_rules! word {
    ($($type:ident: $expected:literal),+) => { $(
        impl Stored for $type {
            fn store(&self) -> Option<Value> {
                Some(Value::from(self.as_str()))
            }

            fn load(from: &Entry<'_>) -> Result<$type, MachineError> {
                let word = from.text()?;
                let found = $type::ALL.iter().find(|known| known.as_str() == word);
                found.copied().ok_or_else(|| from.wrong($expected))
            }
        }
    )+ };
}

word!(
    FailureKind: "a sort of failure", CheckpointKind: "Checkpoint or Savepoint",
    Mode: "Dual, Single or BlueGreen", Colour: "Blue or Green", Source: "Operation, Statistics or Memory"
);

macro_rules! id {
    ($($type:ident: $expected:literal),+) => { $(
        impl Stored for $type {
            fn store(&self) -> Option<Value> {
                Some(Value::String(self.to_string()))
            }

            fn load(from: &Entry<'_>) -> Result<$type, MachineError> {
                $type::from_str(from.text()?).map_err(|_| from.wrong($expected))
            }
        }
    )+ };
}

id!(
    DeployHash: "8 hex digits", JobId: "32 hex digits", TriggerId: "32 hex digits",
    VertexId: "32 hex digits", Uid: "a UUID"
);
