//! `cargo xtask explore`: explores the state machine in the simulated world and prints how much was
//! explored, and the shortest way to what is wrong. The same suites are tests of crates/sim.

pub(crate) mod deep;

use std::fs;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use flinkk8soperator_sim::explore::{
    Limits, Plant, Report, Suite, document, explore, finder, suites,
};

use crate::workspace::root;

/// Explores the suites whose names contain one of `only`, or all.
///
/// # Errors
/// Where something wrong was found, or no suite has such a name.
pub(crate) fn run(only: &[String]) -> Result<()> {
    let named = |suite: &Suite| {
        only.is_empty() || only.iter().any(|part| suite.name.contains(part.as_str()))
    };
    let reports = side_by_side(suites().into_iter().filter(named).collect(), Limits::default())?;
    ensure!(!reports.is_empty(), "no suite has such a name");
    let (mut states, mut edges, mut took) = (0, 0, Duration::ZERO);
    for report in &reports {
        states += report.states;
        edges += report.edges;
        took += report.took;
    }
    let wrong = reports.iter().filter(|report| report.finding.is_some()).count();
    let seconds = took.as_secs_f64();
    println!("in all: {states} states, {edges} edges, {seconds:.1} s, {wrong} findings");
    ensure!(wrong == 0, "something is wrong, see above");
    Ok(())
}

/// Explores all suites and writes what the documents say of the machine's phases.
///
/// # Errors
/// Where something wrong was found, or the document cannot be written.
pub(crate) fn write_docs() -> Result<()> {
    let reports = side_by_side(suites(), Limits::default())?;
    ensure!(reports.iter().all(|report| report.finding.is_none()), "something is wrong, see above");
    let path = root().join("docs/generated/phases.md");
    let text = document(&reports.iter().collect::<Vec<_>>());
    fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
    println!("{} written", path.display());
    Ok(())
}

/// The reports in the order of the suites, each printed when it is there.
fn side_by_side(suites: Vec<Suite>, limits: Limits) -> Result<Vec<Report>> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut mine = Vec::new();
        while let Some((nth, suite)) = suites.iter().enumerate().nth(next.fetch_add(1, Relaxed)) {
            let report = explore(suite, None, limits);
            show(&report)?;
            mine.push((nth, report));
        }
        anyhow::Ok(mine)
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let mut all = thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let ended = running.into_iter().map(|r| r.join().map_err(|_| anyhow!("it panicked"))?);
        ended.collect::<Result<Vec<_>>>()
    })?
    .concat();
    all.sort_by_key(|(nth, _)| *nth);
    Ok(all.into_iter().map(|(_, report)| report).collect())
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
