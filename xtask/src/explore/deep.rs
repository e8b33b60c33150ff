//! `cargo xtask explore --deep`: every suite, and larger ones than a test has time for. What it came to is
//! committed, with the state machine that it was run on.

use std::fmt::Write as _;
use std::process::Command;
use std::time::Instant;
use std::{fs, thread};

use anyhow::{Context, Result, ensure};
use flinkk8soperator_sim::explore::{Limits, Report, Suite, deep_suites};

use super::side_by_side;
use crate::workspace::{output, root, shown, text};

/// A few times what the largest of them needs, and what two at a time find memory for: what is cut short fails.
const LIMITS: Limits = Limits { states: 40_000_000, depth_first: true };
const TABLE: &str = "docs/generated/exploration-deep.md";
/// What the exploration is about.
const CORE: &str = "crates/core/src";

/// Explores everything, and writes the table; with `only` the suites whose names contain one of these, and no
/// table.
///
/// # Errors
/// Where something wrong was found, or the state machine differs from the last commit.
pub(crate) fn run(only: &[String]) -> Result<()> {
    if !only.is_empty() {
        let named = |suite: &Suite| only.iter().any(|part| suite.name.contains(part.as_str()));
        return found_nothing(&side_by_side(
            deep_suites().into_iter().filter(named).collect(),
            LIMITS,
        )?);
    }
    let changed = git(&["status", "--porcelain", "--", CORE])?;
    ensure!(changed.is_empty(), "commit first, the table names the commit: {changed}");
    let (commit, tree) = (git(&["rev-parse", "--short=12", "HEAD"])?, core()?);
    let began = Instant::now();
    let reports = side_by_side(deep_suites(), LIMITS)?;
    found_nothing(&reports)?;
    let minutes = began.elapsed().as_secs().div_ceil(60);
    let path = root().join(TABLE);
    fs::write(&path, table(&reports, &commit, &tree, minutes))
        .with_context(|| format!("writing {}", path.display()))?;
    println!("{} written, after {minutes} min", path.display());
    Ok(())
}

fn found_nothing(reports: &[Report]) -> Result<()> {
    let wrong = reports.iter().filter(|report| report.finding.is_some()).count();
    ensure!(wrong == 0, "something is wrong in {wrong} suites, see above");
    Ok(())
}

fn table(reports: &[Report], commit: &str, tree: &str, minutes: u64) -> String {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let states: usize = reports.iter().map(|report| report.states).sum();
    let edges: usize = reports.iter().map(|report| report.edges).sum();
    let mut text = format!(
        "# The deep exploration\n\nMade by `cargo xtask explore --deep`; do not edit. What is explored, and \
         what has to hold: [the exploration](../design/exploration.md).\n\nIt ran at commit {commit}, \
         where `{CORE}` was {TREE}{tree}, for {minutes} minutes on {cores} cores: {} suites, {states} \
         states, {edges} edges, and nothing was found.\n\n| suite | states | edges |\n|---|---:|---:|\n",
        reports.len(),
    );
    for report in reports {
        _ = writeln!(text, "| {} | {} | {} |", report.suite, report.states, report.edges);
    }
    text
}

const TREE: &str = "the tree ";

/// Says whether the committed table is of this state machine: an hour is too long for a test, so that a
/// table that is older is no failure.
///
/// # Errors
/// Its suites are not these.
pub(crate) fn tell_whether_it_is_recent() -> Result<()> {
    let path = root().join(TABLE);
    if !path.exists() {
        println!("NOTE: there is no {TABLE} yet: cargo xtask explore --deep (an hour) writes it");
        return Ok(());
    }
    let table = text(&path)?;
    let suites = deep_suites();
    let missing = suites.iter().filter(|suite| !table.contains(&format!("| {} |", suite.name)));
    let missing: Vec<&str> = missing.map(|suite| suite.name).collect();
    ensure!(missing.is_empty(), "{} lacks the suites {missing:?}", shown(&path));
    let then = table.split_once(TREE).and_then(|(_, rest)| rest.split(',').next());
    let then =
        then.with_context(|| format!("{} does not name the tree of {CORE}", shown(&path)))?;
    match core() {
        Ok(now) if now == then && git(&["status", "--porcelain", "--", CORE])?.is_empty() => {
            println!("the deep exploration was of this state machine");
        }
        Ok(_) => println!(
            "NOTE: {CORE} has changed since the deep exploration: cargo xtask explore --deep \
             (an hour) brings {} up to date",
            shown(&path)
        ),
        Err(error) => println!("NOTE: not known whether {CORE} has changed: {error:#}"),
    }
    Ok(())
}

/// The state machine, as git names what is in its folder.
fn core() -> Result<String> {
    git(&["rev-parse", &format!("HEAD:{CORE}")])
}

fn git(arguments: &[&str]) -> Result<String> {
    let mut command = Command::new("git");
    Ok(output(command.current_dir(root()).args(arguments))?.trim().to_owned())
}
