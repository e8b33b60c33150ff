//! One version number: the packages and the charts carry the same.

use anyhow::{Context, Result};
use serde_json::Value;

use super::verdict;
use crate::stages::Count;
use crate::workspace::{files, packages, root, shown, text};

/// Compares the versions of all packages and charts with the first package's.
///
/// # Errors
/// Naming what differs.
pub(crate) fn check() -> Result<Count> {
    let mut versions: Vec<(String, String)> =
        packages()?.into_iter().map(|package| (package.name, package.version)).collect();
    let count = versions.len();
    for path in files(&root().join("charts"), "Chart.yaml")? {
        let chart: Value = serde_saphyr::from_str(&text(&path)?).context(shown(&path))?;
        for member in ["version", "appVersion"] {
            // A chart without an application's version is one that installs none.
            if let Some(version) = chart[member].as_str() {
                versions.push((format!("{} {member}", shown(&path)), version.to_owned()));
            }
        }
    }
    let expected = versions.first().map(|(_, version)| version.clone()).unwrap_or_default();
    let wrong: Vec<String> = versions
        .iter()
        .filter(|(_, version)| *version != expected)
        .map(|(what, version)| format!("{what} is {version}, not {expected}"))
        .collect();
    verdict(count, &wrong)
}
