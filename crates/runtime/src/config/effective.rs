//! What is in force, key by key, and where each value comes from: for `/config` and for people.

use std::collections::BTreeMap;

use flinkk8soperator_api::flink_version::Release;
use serde::Serialize;

use super::{Changed, Scope, Settings, keys};

/// A key, and what holds for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// Its name.
    pub key: String,
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
    /// Every key in the order of the table as it is for all applications; then what releases of Flink and namespaces
    /// have of their own.
    #[must_use]
    pub fn effective(&self) -> Vec<Setting> {
        let own = self.given.iter().filter(|given| given.scope != Scope::Operator);
        let own = own.map(|given| Setting {
            key: given.name(),
            value: given.value.clone(),
            origin: given.from.clone(),
        });
        self.for_scopes(&[]).into_iter().chain(own).collect()
    }

    /// Every key as it is for an application of this namespace and this release of Flink, as far as they are named.
    #[must_use]
    pub fn effective_for(
        &self,
        namespace: Option<Scope>,
        release: Option<Release>,
    ) -> Vec<Setting> {
        let release = release.map(Scope::FlinkVersion);
        let scopes: Vec<Scope> = namespace.into_iter().chain(release).collect();
        self.for_scopes(&scopes)
    }

    /// Every key, from the first of the scopes that has it.
    fn for_scopes(&self, scopes: &[Scope]) -> Vec<Setting> {
        let given = |scope: &Scope, key: &str| {
            self.given.iter().find(|given| given.scope == *scope && given.key == key)
        };
        let common = |key: &str| given(&Scope::Operator, key);
        let setting = |key: &'static keys::Key| {
            let (value, origin) = if let Some(own) = scopes.iter().find_map(|s| given(s, key.name))
            {
                (own.value.clone(), format!("{} ({})", own.name(), own.from))
            } else if let Some(own) = common(key.name) {
                (own.value.clone(), own.from.clone())
            } else if let Some(other) = defaults_of(key.name).iter().find_map(|key| common(key)) {
                (other.value.clone(), format!("{} ({})", other.key, other.from))
            } else {
                (key.default.to_owned(), "default".to_owned())
            };
            Setting { key: key.name.to_owned(), value, origin }
        };
        keys::KEYS.iter().map(setting).collect()
    }
}

/// The keys in force, for `/config`.
#[derive(Serialize)]
pub(crate) struct Shown {
    version: &'static str,
    given: BTreeMap<String, String>,
    defaults: BTreeMap<String, String>,
    /// What is written otherwise by now, and waits for the next start.
    #[serde(rename = "afterRestart")]
    after_restart: BTreeMap<String, Option<String>>,
}

impl Settings {
    /// What `/config` shows, with what waits for the next start.
    #[must_use]
    pub(crate) fn shown(&self, waiting: &[Changed]) -> Shown {
        let is_given =
            |setting: &Setting| self.given.iter().any(|given| given.name() == setting.key);
        let (given, defaults): (Vec<Setting>, _) = self.effective().into_iter().partition(is_given);
        let map = |settings: Vec<Setting>| {
            settings.into_iter().map(|setting| (setting.key, setting.value)).collect()
        };
        let waits = |changed: &Changed| (changed.key.clone(), changed.new.clone());
        Shown {
            version: env!("CARGO_PKG_VERSION"),
            given: map(given),
            defaults: map(defaults),
            after_restart: waiting.iter().map(waits).collect(),
        }
    }
}
