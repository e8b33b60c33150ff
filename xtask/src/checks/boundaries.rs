//! Who may know whom: the walls between the crates, as ARCHITECTURE.md draws them.
//!
//! The core uses nothing at all; the other libraries use only what lies below them; the simulated world
//! and its invariants know nothing of the operator, since else they would prove what it believes.

use std::path::PathBuf;

use anyhow::Result;

use super::verdict;
use crate::stages::Count;
use crate::workspace::{cargo, files, output, packages, root, shown, text};

/// Each library with the packages of the workspace that it may use.
const MAY_USE: &[(&str, &[&str])] = &[
    ("core", &[]),
    ("flink-rest", &[]),
    ("api", &["core"]),
    ("resources", &["core", "api"]),
    ("runtime", &["core", "api", "resources", "flink-rest"]),
    ("preflight", &["resources", "runtime", "simulate"]),
    ("sim", &["core"]),
    ("simulate", &["core", "api", "resources", "runtime", "sim"]),
];

/// Checks the walls.
///
/// # Errors
/// Naming each use that there should not be.
pub(crate) fn check() -> Result<Count> {
    let mut wrong = dependencies()?;
    wrong.extend(core_uses()?);
    let (looked_at, found) = simulation()?;
    wrong.extend(found);
    verdict(looked_at, &wrong)
}

fn dependencies() -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    for package in packages()? {
        let Some(library) = package.name.strip_prefix("flinkk8soperator-") else { continue };
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == library) else {
            wrong.push(format!("{}: what it may use is not decided (MAY_USE)", package.name));
            continue;
        };
        let used = package.uses.iter().filter_map(|used| used.strip_prefix("flinkk8soperator-"));
        let forbidden = used.filter(|used| !allowed.contains(used));
        wrong.extend(forbidden.map(|used| format!("{library} must not use {used}")));
    }
    Ok(wrong)
}

/// What the core's dependency tree has besides the core.
fn core_uses() -> Result<Vec<String>> {
    let tree = ["tree", "-p", "flinkk8soperator-core", "-e", "normal,build", "--prefix", "none"];
    let tree = output(&mut cargo(&tree))?;
    Ok(tree.lines().skip(1).map(|used| format!("core must use nothing, not {used}")).collect())
}

/// The number of files of the simulation, and what is wrong with them.
fn simulation() -> Result<(usize, Vec<String>)> {
    let sources = root().join("crates/sim/src");
    let all = files(&sources, ".rs")?;
    let below = |path: &PathBuf, module: &str| {
        let path = path.strip_prefix(&sources).unwrap_or(path).with_extension("");
        path.starts_with(module)
    };
    let mut wrong = Vec::new();
    for path in &all {
        let code = text(path)?;
        let forbidden = if below(path, "world") || below(path, "invariants") {
            foreign(&code)
        } else if below(path, "explore") || below(path, "conformance") {
            None
        } else {
            uses_core(&code)
        };
        wrong.extend(forbidden.map(|line| format!("{}: {line}", shown(path))));
    }
    Ok((all.iter().filter(|path| below(path, "world")).count(), wrong))
}

/// The first line of the world or the invariants that names something other than these two.
fn foreign(code: &str) -> Option<&str> {
    uses_core(code).or_else(|| {
        statements(code).find(|line| {
            let outside =
                |rest: &str| !rest.starts_with("world") && !rest.starts_with("invariants");
            line.split("crate::").skip(1).any(outside)
        })
    })
}

/// The first line that names a package of the workspace.
fn uses_core(code: &str) -> Option<&str> {
    statements(code).find(|line| line.contains("flinkk8soperator_"))
}

fn statements(code: &str) -> impl Iterator<Item = &str> {
    code.lines().filter(|line| !line.trim_start().starts_with("//"))
}

#[cfg(test)]
mod tests {
    use super::foreign;

    #[test]
    fn the_world_may_name_itself_and_nothing_of_the_operator() {
        assert_eq!(foreign("use crate::world::flink::Job;\nuse std::fmt;"), None);
        assert_eq!(foreign("// as flinkk8soperator_core::decide does"), None);
        assert!(foreign("use flinkk8soperator_core::State;").is_some());
        assert!(foreign("use crate::explore::Node;").is_some());
    }
}
