//! Every source file says at its top what it holds, no test is switched off, and every package is held
//! to lints.

use anyhow::Result;

use super::verdict;
use crate::stages::Count;
use crate::workspace::{files, root, shown, text};

/// Attributes by which a test passes without having passed.
const SWITCHES: [&str; 2] = ["#[ignore", "#[should_panic"];

/// Looks at all Rust files and manifests.
///
/// # Errors
/// Naming the files that are not as they should be.
pub(crate) fn check() -> Result<Count> {
    let mut wrong = Vec::new();
    let sources = files(root(), ".rs")?;
    for path in &sources {
        wrong.extend(faults(&text(path)?).map(|fault| format!("{}: {fault}", shown(path))));
    }
    for path in files(root(), "Cargo.toml")? {
        let manifest = text(&path)?;
        if manifest.contains("[package]") && !manifest.contains("[lints") {
            wrong.push(format!("{}: without [lints]", shown(&path)));
        }
    }
    verdict(sources.len(), &wrong)
}

fn faults(source: &str) -> impl Iterator<Item = String> {
    let untold = !source.starts_with("//!");
    let untold = untold.then(|| "does not begin with `//!`: say what it holds".to_owned());
    let switched = source.lines().enumerate().filter_map(|(number, line)| {
        let switch = SWITCHES.into_iter().find(|switch| line.trim_start().starts_with(switch))?;
        Some(format!("line {}: a test with {switch}…] is none", number + 1))
    });
    untold.into_iter().chain(switched)
}

#[cfg(test)]
mod tests {
    use super::faults;

    #[test]
    fn a_file_without_a_heading_and_a_test_that_is_switched_off_are_faults() {
        let count = |source| faults(source).count();
        assert_eq!(count("//! Holds nothing.\n"), 0);
        assert_eq!(count("use std::fs;\n"), 1);
        assert_eq!(count("//! Tests.\n    #[ignore = \"slow\"]\n#[test]\n"), 1);
    }
}
