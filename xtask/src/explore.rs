//! `cargo xtask explore`: explores the state machine in the simulated world and prints how much was
//! explored, and the shortest way to what is wrong. The same suites are tests of crates/sim.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use flinkk8soperator_sim::explore::{Limits, Plant, Report, explore, finder, suites};

/// Explores the suites whose names contain one of `only`, or all.
///
/// # Errors
/// Where something wrong was found, or no suite has such a name.
pub(crate) fn run(only: &[String]) -> Result<()> {
    let (mut states, mut edges, mut took) = (0, 0, Duration::ZERO);
    let mut transitions = BTreeSet::new();
    let mut wrong = 0;
    for suite in suites() {
        if !only.is_empty() && !only.iter().any(|part| suite.name.contains(part.as_str())) {
            continue;
        }
        let report = explore(&suite, None, Limits::default());
        show(&report)?;
        states += report.states;
        edges += report.edges;
        took += report.took;
        transitions.extend(report.transitions);
        wrong += usize::from(report.finding.is_some());
    }
    let seconds = took.as_secs_f64();
    println!("in all: {states} states, {edges} edges, {seconds:.1} s, {wrong} findings");
    for (from, to) in &transitions {
        println!("  {} -> {to}", if from.is_empty() { "New" } else { from });
    }
    ensure!(states > 0, "no suite has such a name");
    ensure!(wrong == 0, "something is wrong, see above");
    Ok(())
}

/// Explores with each planted defect, which has to be found.
///
/// # Errors
/// Where one was not found.
pub(crate) fn planted() -> Result<()> {
    let mut missed = Vec::new();
    for plant in Plant::ALL {
        let report = explore(&finder(*plant), Some(*plant), Limits::default());
        print!("{plant:?}, ");
        show(&report)?;
        if report.finding.is_none() {
            missed.push(*plant);
        }
    }
    ensure!(missed.is_empty(), "not found: {missed:?}");
    Ok(())
}

/// Prints what came out; of something wrong the shortest way to it in words, and as a scenario that
/// can be put into crates/core/tests/scenarios as it is.
fn show(report: &Report) -> Result<()> {
    println!("{report}");
    let Some(finding) = &report.finding else { return Ok(()) };
    let played = crate::dialogue::play(&finding.story.text).map_err(|error| anyhow!(error))?;
    println!("--- as a scenario:\n{played}---");
    Ok(())
}
