//! What another reading of the settings comes to: what takes effect at once, and what waits for the next start.

use std::collections::{BTreeMap, BTreeSet};

use super::keys::{Holds, KEYS};
use super::{Given, Logger, Settings};

/// A key that has another value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Changed {
    /// Its name.
    pub(crate) key: String,
    /// As it was; none: a namespace or a version of Flink had none of its own.
    pub(crate) old: Option<String>,
    /// As it is; none as above.
    pub(crate) new: Option<String>,
}

impl Settings {
    /// These, with what of the new ones takes effect while the operator runs.
    #[must_use]
    pub(crate) fn with_live(&self, new: &Settings) -> Settings {
        let at_start = |given: &&Given| {
            let mut keys = KEYS.iter().filter(|key| key.holds() == Holds::FromStart);
            keys.any(|key| key.name == given.key)
        };
        let kept = self.given.iter().filter(at_start);
        let taken = new.given.iter().filter(|given| !at_start(given));
        Settings {
            applications: new.applications.clone(),
            logger: Logger { level: new.logger.level, ..self.logger },
            given: kept.chain(taken).cloned().collect(),
            ..self.clone()
        }
    }

    /// What is otherwise in the new ones.
    #[must_use]
    pub(crate) fn changes(&self, new: &Settings) -> Vec<Changed> {
        let values = |settings: &Settings| -> BTreeMap<String, String> {
            settings.effective().into_iter().map(|setting| (setting.key, setting.value)).collect()
        };
        let (old, new) = (values(self), values(new));
        let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        let differ = keys.into_iter().filter(|key| old.get(*key) != new.get(*key));
        let changed = |key: &String| Changed {
            key: key.clone(),
            old: old.get(key).cloned(),
            new: new.get(key).cloned(),
        };
        differ.map(changed).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::other_values::with_other;
    use super::super::tests::{flags, shape};
    use super::*;

    #[test]
    fn what_the_table_says_holds_at_once_is_taken_and_nothing_else() {
        let default = flags(&[]).unwrap().settings;
        let mut told = (0, 0);
        for key in KEYS {
            let pairs = with_other(key.name);
            let new = flags(&pairs).unwrap().settings;
            let merged = default.with_live(&new);
            let (taken, waiting) = (default.changes(&merged), merged.changes(&new));
            match key.holds() {
                Holds::FromStart => {
                    assert_eq!(shape(&merged), shape(&default), "{}", key.name);
                    assert_eq!((taken.len(), waiting.len()), (0, pairs.len()), "{}", key.name);
                    told.0 += 1;
                }
                Holds::AtOnce | Holds::PerApplication => {
                    assert_eq!(shape(&merged), shape(&new), "{}", key.name);
                    assert!(!taken.is_empty() && waiting.is_empty(), "{}", key.name);
                    told.1 += 1;
                }
            }
            // What is told is what a start with it would tell.
            assert_eq!(merged.with_live(&default).changes(&default), [], "{}", key.name);
        }
        assert!(told.0 > 15 && told.1 > 20, "{told:?}");
    }

    #[test]
    fn a_value_of_a_namespace_comes_and_goes() {
        let with = |value: &str| flags(&[("operator.namespaces.a.confirmAfter", value)]).unwrap();
        let (none, one) = (flags(&[]).unwrap().settings, with("1m").settings);
        let key = "operator.namespaces.a.confirmAfter".to_owned();
        let come = Changed { key: key.clone(), old: None, new: Some("1m".to_owned()) };
        assert_eq!(none.changes(&none.with_live(&one)), [come]);
        let gone = Changed { key, old: Some("1m".to_owned()), new: None };
        assert_eq!(one.changes(&one.with_live(&none)), [gone]);
        assert_eq!(one.with_live(&none).applications, none.applications);
    }

    #[test]
    fn what_is_in_force_is_shown_with_what_waits() {
        let set = |pairs: &[(&str, &str)]| flags(pairs).unwrap().settings;
        let old = set(&[("operator.workers", "5"), ("operator.confirmAfter", "1m")]);
        let new = set(&[("operator.workers", "6"), ("operator.namespaces.a.confirmAfter", "2m")]);
        let merged = old.with_live(&new);
        let shown = serde_json::to_value(merged.shown(&merged.changes(&new))).unwrap();
        let given = serde_json::json!({
            "operator.workers": "5", "operator.namespaces.a.confirmAfter": "2m",
        });
        assert_eq!(shown["given"], given);
        assert_eq!(shown["defaults"]["operator.confirmAfter"], "30s");
        assert_eq!(shown["afterRestart"], serde_json::json!({ "operator.workers": "6" }));
    }
}
