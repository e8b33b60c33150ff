//! `cargo xtask mutants`: changes core in one place after another and sees whether a test notices.
//!
//! Each change (a mutant) meets the scenarios first, then the other quick tests of core; what survives
//! them meets a small part of the exploration, and what survives that the laws. What survives everything
//! has to be explained in `crates/core/surviving-mutants.txt`, and may be at most [`PERCENT`] of what
//! compiles.

mod sample;
mod survivors;
mod tool;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::workspace::{root, text};
use sample::Shard;
use survivors::Explained;

/// How many of a hundred viable mutants may survive, over all shards.
const PERCENT: usize = 3;

/// Who explains the survivors.
const EXPLANATIONS: &str = "crates/core/surviving-mutants.txt";

/// Which mutants are tried; all of them where nothing is said.
#[derive(Args)]
pub(crate) struct Choice {
    /// Only the K-th of N parts (0/24 to 23/24). Outcomes are kept in target/mutants and summed up when
    /// those of all N parts are there.
    #[arg(long, value_name = "K/N", conflicts_with_all = ["file", "since", "at_most"])]
    shard: Option<Shard>,
    /// Only those of this file, or of these: a path or a glob such as crates/core/src/policy/*.rs.
    #[arg(long)]
    file: Vec<String>,
    /// Only those that this file names, one a line: those that survived before, say.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["file", "since", "shard"])]
    named: Option<PathBuf>,
    /// Only those in lines that changed since this commit.
    #[arg(long, value_name = "COMMIT")]
    since: Option<String>,
    /// No more than so many, evenly picked.
    #[arg(long, value_name = "NUMBER")]
    at_most: Option<usize>,
    /// For about so long. What has not met every test by then is told, and is no failure.
    #[arg(long, value_name = "NUMBER", conflicts_with = "shard")]
    minutes: Option<u64>,
}

/// Tries mutants and holds the survivors against the explanations.
///
/// # Errors
/// Where one survived without an explanation, or over all of them too many did.
pub(crate) fn run(choice: &Choice) -> Result<()> {
    let until = choice.minutes.map(|minutes| Instant::now() + Duration::from_secs(minutes * 60));
    let folder = folder()?;
    // Two runs would compile into one folder, and each would test the mutants of the other.
    let lock = File::create(folder.join("lock")).context("the lock of the folder of mutants")?;
    lock.lock().context("waiting for another run")?;
    let explained = Explained::read(&text(&root().join(EXPLANATIONS))?)?;
    let Some(names) = chosen(choice, &folder)? else { return Ok(()) };
    let whole = names.len() == tool::list(&[])?.len();
    let (outcomes, left) = tool::try_out(names, &explained, choice.since.is_some(), until)?;
    println!("{outcomes}");
    if !left.is_empty() {
        println!("time is up; these have not met every test:\n{}", left.join("\n"));
    }
    let unexplained = explained.missing(&outcomes.survived).join("\n");
    for gone in explained.superfluous(&outcomes) {
        println!("explained in {EXPLANATIONS}, but noticed now: {gone}");
    }
    let all = match choice.shard {
        Some(shard) => sample::sum_up(&folder, shard, outcomes)?,
        None => Some(outcomes).filter(|_| whole && left.is_empty()),
    };
    ensure!(
        unexplained.is_empty(),
        "survived, and is not explained in {EXPLANATIONS}:\n{unexplained}"
    );
    let Some(all) = all else { return Ok(()) };
    println!("over all: {all}");
    let (survived, viable) = (all.survived.len(), all.viable());
    ensure!(
        survived * 100 <= viable * PERCENT,
        "{survived} of {viable} viable mutants survived, more than {PERCENT} %"
    );
    Ok(())
}

/// The names of the mutants that are to be tried; none where nothing has changed.
fn chosen(choice: &Choice, folder: &Path) -> Result<Option<Vec<String>>> {
    let mut selection = choice.file.iter().map(|file| format!("--file={file}")).collect::<Vec<_>>();
    if let Some(commit) = &choice.since {
        if !tool::has(commit) {
            println!("there is no commit {commit} here: what has changed since is not known");
            return Ok(None);
        }
        let difference = tool::difference(commit)?;
        if difference.is_empty() {
            println!("no line of core has changed since {commit}");
            return Ok(None);
        }
        let path = folder.join("difference");
        fs::write(&path, difference).with_context(|| path.display().to_string())?;
        selection.push(format!("--in-diff={}", path.display()));
    }
    tool::install()?;
    let mut names = tool::list(&selection)?;
    if let Some(path) = &choice.named {
        names = of_these(names, &text(path)?)?;
    }
    let mut shard = choice.shard;
    if let Some(most) = choice.at_most {
        shard = Shard::of_at_most(names.len(), most);
        println!("{} mutants, {most} of them at most are tried", names.len());
    }
    Ok(Some(match shard {
        Some(shard) => shard.of(names),
        None => names,
    }))
}

/// Those that are wanted, all of which have to be there.
fn of_these(names: Vec<String>, wanted: &str) -> Result<Vec<String>> {
    let wanted: Vec<&str> = wanted.lines().collect();
    let known = |name: &&str| names.iter().any(|n| n == name);
    let unknown: Vec<&str> = wanted.iter().copied().filter(|name| !known(name)).collect();
    ensure!(unknown.is_empty(), "there are no such mutants:\n{}", unknown.join("\n"));
    Ok(names.into_iter().filter(|name| wanted.contains(&name.as_str())).collect())
}

/// Where the tool, what it compiles, and outcomes are kept between runs.
fn folder() -> Result<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let folder = target.unwrap_or_else(|| root().join("target")).join("mutants");
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    Ok(folder)
}

/// The lines of a file that may be missing, which is as good as empty.
fn lines(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::of_these;

    #[test]
    fn a_name_that_no_mutant_has_is_refused() {
        let all = || ["a", "b", "c"].map(str::to_owned).to_vec();
        assert_eq!(of_these(all(), "c\na\n").ok(), Some(vec!["a".to_owned(), "c".to_owned()]));
        let error = of_these(all(), "a\nd").expect_err("there is no d").to_string();
        assert!(error.ends_with("\nd"), "{error}");
    }
}
