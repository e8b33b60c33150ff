//! Each package compiles by itself: what it needs stands in its own manifest, and is not there by
//! accident because another package of the same build asked for it.

use anyhow::Result;

use super::verdict;
use crate::stages::Count;
use crate::workspace::{cargo, packages, run};

/// Runs `cargo check` for one package after the other.
///
/// # Errors
/// Naming the packages that do not compile.
pub(crate) fn check() -> Result<Count> {
    let packages = packages()?;
    let wrong: Vec<String> = packages
        .iter()
        .filter(|package| {
            run(&mut cargo(&["check", "--quiet", "--locked", "-p", &package.name])).is_err()
        })
        .map(|package| format!("does not compile alone: {}", package.name))
        .collect();
    verdict(packages.len(), &wrong)
}
