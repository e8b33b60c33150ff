//! `cargo xtask test`: everything that is checked without a cluster, in the order in which a person
//! wants to hear of it. What needs a cluster is in `.ci/run`.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use anyhow::{Context, Result};

use crate::stages::{Count, Stage};
use crate::workspace::{cargo, run as execute};
use crate::{chart, checks, crds, explore, stages};

const STAGES: &[Stage] = &[
    ("build", build),
    ("format", || cargo_passes(&["fmt", "--all", "--", "--check"])),
    ("source files", checks::sources::check),
    ("documents", checks::documents::check),
    ("defects of the reference", checks::defects::check),
    ("versions", checks::versions::check),
    ("boundaries", checks::boundaries::check),
    ("generated files", generated_files),
    ("deep exploration", || explore::deep::tell_whether_it_is_recent().map(|()| Count::ONE)),
    ("lints", lints),
    ("each package alone", checks::alone::check),
    ("tests", tests),
    ("traces", traces),
    ("library documentation", library_documentation),
];

/// Runs the stages whose names contain one of `only`, or all.
///
/// # Errors
/// Where anything failed.
pub(crate) fn run(only: &[String]) -> Result<()> {
    let chosen =
        |name: &str| only.is_empty() || only.iter().any(|part| name.contains(part.as_str()));
    let stages: Vec<Stage> = STAGES.iter().copied().filter(|(name, _)| chosen(name)).collect();
    stages::run(&stages)
}

/// All but what only Helm renders: `cargo xtask chart`.
fn generated_files() -> Result<Count> {
    crds::run(true)?;
    chart::check_readme()?;
    Ok(Count { passed: 2, failed: 0 })
}

fn cargo_passes(arguments: &[&str]) -> Result<Count> {
    execute(&mut cargo(arguments)).map(|()| Count::ONE)
}

fn build() -> Result<Count> {
    cargo_passes(&["build", "--workspace", "--all-targets", "--locked"])
}

/// With the features of our own code; what links libFuzzer is left to those who fuzz.
fn lints() -> Result<Count> {
    let scope = ["clippy", "--workspace", "--all-targets", "--locked"];
    let features = ["--features", "flinkk8soperator/crash-points,flinkk8soperator/opentelemetry"];
    cargo_passes(&[&scope[..], &features, &["--", "-D", "warnings"]].concat())
}

fn library_documentation() -> Result<Count> {
    let mut command = cargo(&["doc", "--workspace", "--no-deps", "--locked"]);
    execute(command.env("RUSTDOCFLAGS", "-D warnings")).map(|()| Count::ONE)
}

/// Unit, integration and documentation tests of all packages, counted.
fn tests() -> Result<Count> {
    counted(&["--workspace"])
}

/// Those of the feature `opentelemetry`, and of the log with it. In a build of their own, so that all others are of what is
/// released: about a minute of CPU where its dependencies are not compiled yet.
fn traces() -> Result<Count> {
    let built = ["-p", "flinkk8soperator-runtime", "-p", "flinkk8soperator"];
    let feature = ["--features", "flinkk8soperator/opentelemetry"];
    let tests = ["--lib", "--test", "simulated", "--test", "traces"];
    let about = ["--", "traces", "logs", "telemetry"];
    counted(&[&built[..], &feature, &tests, &about].concat())
}

/// `cargo test` with these arguments.
fn counted(arguments: &[&str]) -> Result<Count> {
    let all = [&["test", "--no-fail-fast", "--locked"], arguments].concat();
    let mut command = cargo(&all);
    let mut child = command.stdout(Stdio::piped()).spawn().context("starting cargo test")?;
    let output = child.stdout.take().context("the output of cargo test")?;
    let mut count = Count::default();
    for line in BufReader::new(output).lines() {
        let line = line.context("the output of cargo test")?;
        println!("{line}");
        if let Some(result) = summary(&line) {
            count.passed += result.passed;
            count.failed += result.failed;
        }
    }
    let status = child.wait().context("waiting for cargo test")?;
    // A test program that aborts, or does not compile, prints no summary.
    let unseen = (!status.success() || count.passed == 0) && count.failed == 0;
    Ok(Count { failed: count.failed + usize::from(unseen), ..count })
}

/// Reads `test result: ok. 3 passed; 0 failed; …`.
fn summary(line: &str) -> Option<Count> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let number = |word: &str| {
        let part = counts.split("; ").find_map(|part| part.strip_suffix(word))?;
        part.trim().parse().ok()
    };
    Some(Count { passed: number("passed")?, failed: number("failed")? })
}

#[cfg(test)]
mod tests {
    use super::{Count, summary};

    #[test]
    fn the_summary_of_a_test_program_is_counted_and_other_lines_are_not() {
        let line = "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 1 filtered out; finished in 0.00s";
        assert_eq!(summary(line), Some(Count { passed: 3, failed: 2 }));
        assert_eq!(summary("test the_result ... ok"), None);
    }
}
