//! What is in force, key by key, and where each value comes from: for `/config` and for people.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Settings, keys};

/// A key, and what holds for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// Its name.
    pub key: &'static str,
    /// Its value, as it would be written.
    pub value: String,
    /// A flag, a variable of the environment, a file; another key that is its default; or `default`.
    pub origin: String,
}

/// The keys that another one takes its default from, first come first served, where they are set.
fn defaults_of(key: &str) -> &'static [&'static str] {
    match key {
        "operator.timeouts.jobStart" => {
            &["operator.flinkJobVertexTimeout", "operator.maxErrDuration"]
        }
        timeout if timeout.starts_with("operator.timeouts.") => &["operator.maxErrDuration"],
        _ => &[],
    }
}

impl Settings {
    /// Every key in the order of the table.
    #[must_use]
    pub fn effective(&self) -> Vec<Setting> {
        let given = |name: &str| self.given.iter().find(|given| given.key == name);
        let setting = |key: &'static keys::Key| {
            let (name, default) = (key.name, key.default);
            if let Some(given) = given(name) {
                return Setting {
                    key: name,
                    value: given.value.clone(),
                    origin: given.from.clone(),
                };
            }
            let other = defaults_of(name).iter().find_map(|name| given(name));
            match other {
                Some(other) => {
                    let origin = format!("{} ({})", other.key, other.from);
                    Setting { key: name, value: other.value.clone(), origin }
                }
                None => {
                    Setting { key: name, value: default.to_owned(), origin: "default".to_owned() }
                }
            }
        };
        keys::KEYS.iter().map(setting).collect()
    }
}

/// The keys in force, for `/config`.
#[derive(Serialize)]
pub(crate) struct Shown {
    version: &'static str,
    given: BTreeMap<&'static str, String>,
    defaults: BTreeMap<&'static str, String>,
}

impl Settings {
    /// What `/config` shows.
    #[must_use]
    pub(crate) fn shown(&self) -> Shown {
        let is_given = |setting: &Setting| self.given.iter().any(|given| given.key == setting.key);
        let (given, defaults): (Vec<Setting>, _) = self.effective().into_iter().partition(is_given);
        let map = |settings: Vec<Setting>| {
            settings.into_iter().map(|setting| (setting.key, setting.value)).collect()
        };
        Shown { version: env!("CARGO_PKG_VERSION"), given: map(given), defaults: map(defaults) }
    }
}
