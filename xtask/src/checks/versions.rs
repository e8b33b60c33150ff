//! One version number: the packages, the charts and the manifests carry the same.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::verdict;
use crate::stages::Count;
use crate::workspace::{files, packages, root, shown, text};

/// What a version stands behind in a manifest: the operator's image, and the label of its pods.
const IN_MANIFESTS: [&str; 2] = ["image: flinkk8soperator:", "app.kubernetes.io/version: "];

/// Compares the versions of all packages, charts and manifests with the first package's.
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
    let manifests = files(&root().join("deploy"), ".yaml")?;
    for path in &manifests {
        for line in text(path)?.lines() {
            let version = IN_MANIFESTS.iter().find_map(|word| line.trim().strip_prefix(word));
            let version = version.map(|version| version.trim_matches('"'));
            versions.extend(version.map(|version| (shown(path), version.to_owned())));
        }
    }
    ensure!(
        versions.iter().any(|(name, _)| name.starts_with("deploy/")),
        "deploy/ names no version"
    );
    let expected = versions.first().map(|(_, version)| version.clone()).unwrap_or_default();
    let wrong: Vec<String> = versions
        .iter()
        .filter(|(_, version)| *version != expected)
        .map(|(what, version)| format!("{what} is {version}, not {expected}"))
        .collect();
    verdict(count, &wrong)
}
