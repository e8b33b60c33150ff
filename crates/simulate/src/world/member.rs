//! Members of a JSON document that know where they stand: whatever is missing or wrong is named.

use flinkk8soperator_sim::http::kubernetes::meta;
use serde_json::Value;

/// What is wrong with a member.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{member} {wrong}")]
pub struct Fault {
    /// Which, as a path from the root.
    pub member: String,
    /// What.
    pub wrong: Wrong,
}

/// Kinds of what is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// It is not there.
    #[error("is missing")]
    Missing,
    /// It is of another type.
    #[error("is not a {0}")]
    Type(&'static str),
    /// No word for a state of a job that can be simulated.
    #[error("is not a state of a job that can be simulated: {0}")]
    State(String),
    /// The name is not one that the reference operator gives.
    #[error("is not of the form APPLICATION-HASH-...-jm or -tm: {0}")]
    Name(String),
    /// It says neither `jobmanager` nor `taskmanager`.
    #[error("is neither jobmanager nor taskmanager: {0}")]
    Role(String),
    /// A pod that none of the Deployments selects.
    #[error("is a pod of an unknown Deployment: {0}")]
    UnknownDeployment(String),
    /// Answers of a Service that is not recorded.
    #[error("are the answers behind an unknown Service")]
    UnknownService,
    /// Answers though no pod could give them.
    #[error("are the answers behind a Service that leads to no JobManager that runs")]
    NoJobManager,
}

/// A member, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Member<'v> {
    pub(super) value: &'v Value,
    at: String,
}

impl<'v> Member<'v> {
    pub(super) fn root(value: &'v Value) -> Member<'v> {
        Member { value, at: String::new() }
    }

    /// What is wrong with it.
    pub(super) fn fault(&self, wrong: Wrong) -> Fault {
        let member = if self.at.is_empty() { "the document".to_owned() } else { self.at.clone() };
        Fault { member, wrong }
    }

    fn below(&self, name: &str) -> String {
        let simple = name.chars().all(|c| c.is_alphanumeric() || "_-".contains(c));
        match (simple, self.at.is_empty()) {
            (true, true) => name.to_owned(),
            (true, false) => format!("{}.{name}", self.at),
            (false, _) => format!("{}[{name:?}]", self.at),
        }
    }

    /// A member of it; absent and null are the same.
    pub(super) fn maybe(&self, name: &str) -> Option<Member<'v>> {
        let value = self.value.get(name).filter(|value| !value.is_null())?;
        Some(Member { value, at: self.below(name) })
    }

    /// A member of it, through others.
    pub(super) fn member(&self, path: &[&str]) -> Result<Member<'v>, Fault> {
        path.iter().try_fold(self.clone(), |member, name| {
            let missing = || Fault { member: member.below(name), wrong: Wrong::Missing };
            member.maybe(name).ok_or_else(missing)
        })
    }

    /// Its members, if it is a list.
    pub(super) fn items(&self) -> Result<Vec<Member<'v>>, Fault> {
        let list = self.value.as_array().ok_or_else(|| self.fault(Wrong::Type("list")))?;
        let item = |(n, value)| Member { value, at: format!("{}[{n}]", self.at) };
        Ok(list.iter().enumerate().map(item).collect())
    }

    /// Its members with their names, if it is a map.
    pub(super) fn entries(&self) -> Result<Vec<(&'v str, Member<'v>)>, Fault> {
        let map = self.value.as_object().ok_or_else(|| self.fault(Wrong::Type("map")))?;
        let entry = |(name, value): (&'v String, &'v Value)| {
            (name.as_str(), Member { value, at: self.below(name) })
        };
        Ok(map.iter().map(entry).collect())
    }

    pub(super) fn text(&self) -> Result<&'v str, Fault> {
        self.value.as_str().ok_or_else(|| self.fault(Wrong::Type("text")))
    }

    pub(super) fn number(&self) -> Result<u64, Fault> {
        self.value.as_u64().ok_or_else(|| self.fault(Wrong::Type("number")))
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.maybe(name).is_some_and(|member| member.value == &Value::Bool(true))
    }

    /// Flink's ids: 128 bits.
    pub(super) fn id(&self) -> Result<u128, Fault> {
        let id = u128::from_str_radix(self.text()?, 16);
        id.map_err(|_| self.fault(Wrong::Type("hexadecimal number")))
    }

    /// Deploy hashes: 32 bits.
    pub(super) fn hash(&self) -> Result<u32, Fault> {
        let hash = u32::from_str_radix(self.text()?, 16);
        hash.map_err(|_| self.fault(Wrong::Type("hexadecimal number")))
    }

    /// An instant, in milliseconds since 1970.
    pub(super) fn instant(&self) -> Result<u64, Fault> {
        let instant = meta::milliseconds(self.text()?).and_then(|at| u64::try_from(at).ok());
        instant.ok_or_else(|| self.fault(Wrong::Type("time (RFC 3339)")))
    }

    /// A small number.
    pub(super) fn count(&self) -> Result<u32, Fault> {
        u32::try_from(self.number()?).map_err(|_| self.fault(Wrong::Type("number of 32 bits")))
    }
}
