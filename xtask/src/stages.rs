//! Runs stages one after the other, prints how long each took, and sums up.

use std::time::Instant;

use anyhow::{Result, ensure};

/// How many things a stage found right, and how many wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    /// Right.
    pub(crate) passed: usize,
    /// Wrong.
    pub(crate) failed: usize,
}

impl Count {
    /// A stage that is one check, and passed.
    pub(crate) const ONE: Count = Count { passed: 1, failed: 0 };
}

/// A stage's name and what it does. A stage that ends with an error counts as one failure.
pub(crate) type Stage = (&'static str, fn() -> Result<Count>);

/// Runs all stages; the last line printed is `N passed, M failed`.
///
/// # Errors
/// Where anything failed, or there was nothing to run.
pub(crate) fn run(stages: &[Stage]) -> Result<()> {
    let begun = Instant::now();
    let mut total = Count::default();
    for stage in stages {
        let count = timed(*stage);
        total.passed += count.passed;
        total.failed += count.failed;
    }
    println!("all stages: {} s", begun.elapsed().as_secs());
    println!("{} passed, {} failed", total.passed, total.failed);
    ensure!(total.failed == 0, "see the stages marked FAILED");
    ensure!(total.passed > 0, "there was nothing to run");
    Ok(())
}

fn timed((name, stage): Stage) -> Count {
    println!("--- {name}");
    let begun = Instant::now();
    let (count, end) = match stage() {
        Ok(count) if count.failed == 0 => (count, "ok"),
        Ok(count) => (count, "FAILED"),
        Err(error) => {
            println!("{error:#}");
            (Count { passed: 0, failed: 1 }, "FAILED")
        }
    };
    println!("--- {name}: {end}, {:.1} s", begun.elapsed().as_secs_f64());
    count
}
