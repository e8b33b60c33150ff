//! cargo-mutants: which version, how it is called, where it leaves what it found.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use super::sample::Outcomes;
use super::survivors::{Explained, key};
use super::{folder, lines};
use crate::workspace::{cargo, output, root, run};

/// The names of mutants and the files of outcomes are those of this version.
const VERSION: &str = "27.1.0";

/// The package that is changed.
const CORE: &str = "flinkk8soperator-core";

/// Tests that mutants meet.
struct Set {
    name: &'static str,
    package: &'static str,
    /// Which test programs.
    programs: &'static [&'static str],
    /// Which tests of them; none for all.
    tests: &'static [&'static str],
    /// After how many seconds a test that does not end counts as failed: many times what it takes, for
    /// a machine that is busy.
    seconds: u32,
}

/// One set after the other: each is met only by what survived the ones before it, the quick ones first.
const SETS: [Set; 4] = [
    // By themselves: they notice most, and with the other quick ones core would be compiled twice.
    Set {
        name: "scenarios",
        package: CORE,
        programs: &["--test=scenarios"],
        tests: &[],
        seconds: 8,
    },
    Set {
        name: "quick",
        package: CORE,
        programs: &["--lib", "--test=embedding"],
        tests: &[],
        seconds: 20,
    },
    // At most 5 s: small suites of all kinds and modes.
    Set {
        name: "exploration",
        package: "flinkk8soperator-sim",
        programs: &["--test=exploration"],
        tests: EXPLORED,
        seconds: 120,
    },
    Set {
        name: "laws",
        package: CORE,
        programs: &["--test=laws", "--test=recorded"],
        tests: &[],
        seconds: 600,
    },
];

/// Tests of `crates/sim/tests/exploration.rs`.
const EXPLORED: &[&str] = &[
    "first_deploy",
    "cured",
    "time_passing",
    "tried_again",
    "savepoints_disabled_later",
    "deleted_and_left_alone",
    "status_lost_then_deleted",
    "hangs_in_a_rollback",
    "objects_in_a_first_deploy",
    "late_in_an_update",
    "late_in_a_recovery",
    "last_seen",
    "not_retained_then_anew",
    "alone_wrong_class",
    "alone_without_savepoints",
    "alone_taken_down",
    "alone_a_person",
    "late_beside",
    "beside_given_up_then_back",
    "beside_sent_twice",
    "in_place_and_back",
    "in_place_no_room",
    "in_place_without_savepoints",
    "adaptive_up",
    "adaptive_and_back",
    "adaptive_in_vain",
    "foreign_without_savepoints",
    "foreign_then_deleted",
];

impl Set {
    /// Holds that the tests pass without a change. The tool sees to that itself, but only for tests of
    /// the package that is changed. Not in the folder of the mutants: what is compiled there is of a
    /// copy that was changed later than these files were, and would be taken for theirs.
    fn passes_unchanged(&self) -> Result<()> {
        if self.package == CORE {
            return Ok(());
        }
        let package = format!("--package={}", self.package);
        let mut command = cargo(&["test", "--quiet", "--locked", &package]);
        run(command.args(self.programs).args(self.which()))
    }

    /// What tells a test program which tests to run.
    fn which(&self) -> impl Iterator<Item = &'static str> {
        let exact: &[&str] = if self.tests.is_empty() { &[] } else { &["--", "--exact"] };
        exact.iter().chain(self.tests).copied()
    }

    /// Tries these mutants of all that there are, as many as there is time for.
    fn meet(&self, names: &[String], all: &[String], until: Option<Instant>) -> Result<Outcomes> {
        self.passes_unchanged()?;
        let folder = folder()?;
        let at = folder.join(self.name);
        let out = at.join("mutants.out");
        if out.exists() {
            fs::remove_dir_all(&out).with_context(|| out.display().to_string())?;
        }
        fs::create_dir_all(&out).with_context(|| out.display().to_string())?;
        // Exactly these: the rest passes for having been caught before. (`--re` does not hold for
        // mutants that delete a field.)
        let rest: String =
            all.iter().filter(|n| !names.contains(n)).map(|n| format!("{n}\n")).collect();
        fs::write(out.join("previously_caught.txt"), rest).context("what is not to be tried")?;
        let mut command = until.map_or_else(mutants, within)?;
        command.arg("--iterate").args(self.arguments(&at));
        command.env("CARGO_TARGET_DIR", folder.join("compiled"));
        let status = command.status().with_context(|| format!("starting {command:?}"))?;
        // 2: some were missed; 3: some did not end, which is noticed.
        let timed_out = until.is_some() && status.code().is_some_and(|c| TIMED_OUT.contains(&c));
        ensure!(timed_out || matches!(status.code(), Some(0 | 2 | 3)), "failed: {command:?}");
        let read = |name: &str| lines(&out.join(name));
        let noticed = [read("caught.txt"), read("timeout.txt")].concat();
        let outcomes =
            Outcomes { noticed, survived: read("missed.txt"), unviable: read("unviable.txt") };
        let tried = outcomes.viable() + outcomes.unviable.len();
        ensure!(timed_out || tried == names.len(), "{tried} of {} were tried", names.len());
        Ok(outcomes)
    }

    /// What makes cargo-mutants run these tests and write to a folder.
    fn arguments(&self, at: &Path) -> Vec<String> {
        let mut arguments = vec![
            format!("--output={}", at.display()),
            format!("--timeout={}", self.seconds),
            format!("--test-package={}", self.package),
            "--profile=mutants".to_owned(),
            "--no-shuffle".to_owned(),
            "--colors=never".to_owned(),
        ];
        // For compiling, too.
        arguments.extend(self.programs.iter().map(|program| format!("--cargo-arg={program}")));
        arguments.extend(self.which().map(|argument| format!("--cargo-test-arg={argument}")));
        if self.package != CORE {
            arguments.push("--baseline=skip".to_owned());
        }
        arguments
    }
}

/// Installs cargo-mutants beside what is compiled, where it is not there yet.
///
/// # Errors
/// Where it cannot be installed.
pub(super) fn install() -> Result<()> {
    let version = Command::new(program()?).args(["mutants", "--version"]).output();
    let found = version.is_ok_and(|o| String::from_utf8_lossy(&o.stdout).contains(VERSION));
    if found {
        return Ok(());
    }
    let at = folder()?.display().to_string();
    // Without optimization: compiling the tool would take longer than its part of a run ever does.
    let arguments = ["install", "cargo-mutants", "--version", VERSION, "--locked", "--debug"];
    run(cargo(&arguments).args(["--force", "--root", &at]).env_remove("CARGO_TARGET_DIR"))
}

fn program() -> Result<std::path::PathBuf> {
    Ok(folder()?.join("bin/cargo-mutants"))
}

fn mutants() -> Result<Command> {
    Ok(of_core(Command::new(program()?)))
}

/// With which status `timeout` ends where it had to end what it ran, by an interrupt or by force.
const TIMED_OUT: [i32; 2] = [124, 137];

/// The same until an instant: interrupted, the tool ends what it has begun, and keeps what it knows.
fn within(until: Instant) -> Result<Command> {
    let seconds = until.saturating_duration_since(Instant::now()).as_secs().max(1);
    let mut command = Command::new("timeout");
    // Not interrupted twice: by the terminal and by `timeout`.
    command.args(["--foreground", "--signal=INT", "--kill-after=30", &seconds.to_string()]);
    command.arg(program()?);
    Ok(of_core(command))
}

fn of_core(mut command: Command) -> Command {
    command.current_dir(root()).args(["mutants", "--package", CORE]);
    // Without it a part of core would not be compiled, and survive.
    command.arg("--features=flinkk8soperator-core/serde");
    command
}

/// Whether this clone has that commit: one that was cut short may not.
pub(super) fn has(commit: &str) -> bool {
    let mut git = Command::new("git");
    git.current_dir(root()).args(["rev-parse", "--verify", "--quiet"]);
    let found = git.arg(format!("{commit}^{{commit}}")).output();
    found.is_ok_and(|output| output.status.success())
}

/// What changed in core since a commit.
///
/// # Errors
/// Where git fails.
pub(super) fn difference(commit: &str) -> Result<String> {
    let mut git = Command::new("git");
    git.current_dir(root()).args(["diff", "--no-color", "--no-ext-diff", commit, "--"]);
    output(git.arg("crates/core/src"))
}

/// The names of the mutants that a selection has.
///
/// # Errors
/// Where the tool fails.
pub(super) fn list(selection: &[String]) -> Result<Vec<String>> {
    let names = output(mutants()?.args(selection).arg("--list"))?;
    Ok(names.lines().map(str::to_owned).collect())
}

/// Tries the mutants of these names. In a `brief` run survivors of the quick tests that are explained
/// are taken at their word: the sets after it take most of the time. With the outcomes come those that
/// had not met every test when the time was up.
///
/// # Errors
/// Where the tool fails, or a test fails without a change.
pub(super) fn try_out(
    mut names: Vec<String>,
    explained: &Explained,
    brief: bool,
    until: Option<Instant>,
) -> Result<(Outcomes, Vec<String>)> {
    let all = list(&[])?;
    let mut outcomes = Outcomes::default();
    for set in &SETS {
        if names.is_empty() {
            break;
        }
        if until.is_some_and(|until| Instant::now() >= until) {
            return Ok((outcomes, names));
        }
        println!("--- {}", set.name);
        let found = set.meet(&names, &all, until)?;
        names.retain(|name| ![&found.noticed, &found.unviable].iter().any(|of| of.contains(name)));
        outcomes.noticed.extend(found.noticed);
        // What compiled for the quick tests compiles for the others, if these do.
        let first = set.name == SETS[0].name;
        ensure!(first || found.unviable.is_empty(), "{} do not compile", set.name);
        outcomes.unviable.extend(found.unviable);
        let (known, open): (Vec<_>, Vec<_>) =
            found.survived.into_iter().partition(|name| brief && explained.has(&key(name)));
        names.retain(|name| !known.contains(name));
        outcomes.survived.extend(known);
        if names.len() > open.len() {
            return Ok((outcomes, names));
        }
    }
    outcomes.survived.extend(names);
    Ok((outcomes, Vec::new()))
}

#[cfg(test)]
mod tests {
    use super::EXPLORED;
    use crate::workspace::{root, text};

    /// A name that no test has would leave its mutants to no test, silently.
    #[test]
    fn the_tests_of_the_exploration_exist() {
        let tests = text(&root().join("crates/sim/tests/exploration.rs")).expect("the tests");
        let missing: Vec<_> =
            EXPLORED.iter().filter(|name| !tests.contains(&format!("    {name}: "))).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
