//! For which applications a value is, and what a value is called in a file, in a flag and in the environment.

use std::fmt;

use flinkk8soperator_api::dns::{LONGEST_LABEL, is_label};
use flinkk8soperator_api::flink_version::Release;

/// For which applications a value is. Later ones win.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// All of them.
    Operator,
    /// Those of a release of Flink, by their `spec.flinkVersion`.
    FlinkVersion(Release),
    /// Those of a namespace.
    Namespace(String),
}

/// The sections whose members are no keys but releases and namespaces.
const VERSIONS: &str = "operator.flinkVersions";
const NAMESPACES: &str = "operator.namespaces";

impl Scope {
    /// The namespace of this name; or what would be right.
    ///
    /// # Errors
    /// Where no namespace can have that name.
    pub fn namespace(name: &str) -> Result<Scope, String> {
        match is_label(name) {
            true => Ok(Scope::Namespace(name.to_owned())),
            false => Err(format!(
                "{name:?} cannot be the name of a namespace: up to {LONGEST_LABEL} small letters, digits and -"
            )),
        }
    }

    /// What a key of the section `operator` is called here.
    #[must_use]
    pub(super) fn name(&self, key: &str) -> String {
        let within = key.strip_prefix("operator.").unwrap_or(key);
        match self {
            Scope::Operator => key.to_owned(),
            Scope::FlinkVersion(release) => format!("{VERSIONS}.{release}.{within}"),
            Scope::Namespace(name) => format!("{NAMESPACES}.{name}.{within}"),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::Operator => f.write_str("every application"),
            Scope::FlinkVersion(release) => write!(f, "Flink {release}"),
            Scope::Namespace(name) => write!(f, "namespace {name}"),
        }
    }
}

/// What a value is called.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    /// For which applications it is.
    pub(super) scope: Scope,
    /// The key in small letters, with its section, as if it were for all of them.
    pub(super) key: String,
}

impl Name {
    /// The name that these members lead to: those of a file one by one, or a flag's all in one; or what would be
    /// right. In a file a member below `namespaces` or `flinkVersions` is taken as it is, whatever points are in it.
    pub(super) fn of(path: &[&str]) -> Result<Name, String> {
        let text = path.join(".");
        if let Some((name, key)) = below(NAMESPACES, "team-a", path, &text)? {
            return Ok(Name { scope: Scope::namespace(name)?, key });
        }
        if let Some((name, key)) = below(VERSIONS, "1.20", path, &text)? {
            let release = name.parse::<Release>().map_err(|error| error.to_string())?;
            return Ok(Name { scope: Scope::FlinkVersion(release), key });
        }
        Ok(Name { scope: Scope::Operator, key: text.to_lowercase() })
    }
}

/// The member of `section` that leads to the value, and the key below it. Where it is not a member of its own it has
/// as many words as the example.
fn below<'t>(
    section: &str,
    example: &str,
    path: &[&'t str],
    text: &'t str,
) -> Result<Option<(&'t str, String)>, String> {
    let within = text.get(..section.len()).is_some_and(|head| head.eq_ignore_ascii_case(section));
    let rest = &text[if within { section.len() } else { text.len() }..];
    if !within || !(rest.is_empty() || rest.starts_with('.')) {
        return Ok(None);
    }
    let keys = || format!("it takes keys, such as {section}.{example}.confirmAfter");
    let rest = rest.strip_prefix('.').ok_or_else(keys)?;
    let mut at = 0;
    let member = path.iter().find(|member| {
        let begins = at == section.len() + 1;
        at += member.len() + 1;
        begins
    });
    let ends = rest
        .match_indices('.')
        .map(|(at, _)| at)
        .nth(example.matches('.').count())
        .unwrap_or(rest.len());
    let name = member.filter(|_| path.len() > 1).map_or(&rest[..ends], |member| member);
    let key = rest[name.len()..].strip_prefix('.').ok_or_else(keys)?;
    Ok(Some((name, format!("operator.{}", key.to_lowercase()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &[&str]) -> Result<(String, String), String> {
        Name::of(path).map(|name| (name.scope.to_string(), name.key))
    }

    #[test]
    fn a_name_is_read_alike_from_a_file_and_from_a_flag() {
        let right = |scope: &str, key: &str| Ok((scope.to_owned(), key.to_owned()));
        for (path, name) in [
            (&["operator.Workers"][..], right("every application", "operator.workers")),
            (
                &["Operator", "timeouts", "submit"],
                right("every application", "operator.timeouts.submit"),
            ),
            (&["operator.namespaced"], right("every application", "operator.namespaced")),
            (&["operator", "Namespaces", "a", "workers"], right("namespace a", "operator.workers")),
            (
                &["operator.namespaces.team-a.Timeouts.submit"],
                right("namespace team-a", "operator.timeouts.submit"),
            ),
            (
                &["operator.namespaces", "a", "confirmAfter"],
                right("namespace a", "operator.confirmafter"),
            ),
            (
                &["operator", "flinkversions", "1.13", "flinkPoll", "busy"],
                right("Flink 1.13", "operator.flinkpoll.busy"),
            ),
            (
                &["operator.flinkVersions.1.13.confirmAfter"],
                right("Flink 1.13", "operator.confirmafter"),
            ),
        ] {
            assert_eq!(read(path), name, "{path:?}");
        }
    }

    #[test]
    fn what_names_no_namespace_and_no_release_is_told() {
        for (path, right) in [
            (
                &["operator", "namespaces", "Team_A", "confirmAfter"][..],
                "\"Team_A\" cannot be the name",
            ),
            (
                &["operator", "namespaces", "team.a", "confirmAfter"],
                "\"team.a\" cannot be the name",
            ),
            (&["operator", "namespaces", "-a", "confirmAfter"], "cannot be the name"),
            (&["operator", "namespaces", "", "confirmAfter"], "cannot be the name"),
            (&["operator", "flinkVersions", "1.13.2", "confirmAfter"], "\"1.13.2\" is no release"),
            (&["operator", "flinkVersions", "1", "confirmAfter"], "\"1\" is no release"),
            (
                &["operator.flinkVersions.latest.confirmAfter"],
                "it takes keys, such as operator.flinkVersions.1.20.confirmAfter",
            ),
            (&["operator", "namespaces", "a"], "it takes keys"),
            (&["operator", "namespaces"], "it takes keys"),
            (&["operator.flinkVersions.1.13"], "it takes keys"),
        ] {
            let told = read(path).unwrap_err();
            assert!(told.contains(right), "{path:?}: {told}");
        }
    }
}
