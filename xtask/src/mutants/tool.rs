//! cargo-mutants: which version, how it is called, where it leaves what it found.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::sample::Outcomes;
use super::survivors::{Explained, key};
use super::{folder, lines};
use crate::workspace::{cargo, output, root, run};

/// The names of mutants and the files of outcomes are those of this version.
const VERSION: &str = "27.1.0";

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
const SETS: [Set; 3] = [
    Set {
        name: "quick",
        package: "flinkk8soperator-core",
        programs: &["--lib", "--test=embedding", "--test=scenarios"],
        tests: &[],
        seconds: 20,
    },
    Set {
        name: "laws",
        package: "flinkk8soperator-core",
        programs: &["--test=laws"],
        tests: &[],
        seconds: 600,
    },
    // At most 5 s: a small suite each for a first deploy, a deletion and a loss, and each mode.
    Set {
        name: "exploration",
        package: "flinkk8soperator-sim",
        programs: &["--test=exploration"],
        tests: EXPLORED,
        seconds: 120,
    },
];

/// Tests of `crates/sim/tests/exploration.rs`.
const EXPLORED: &[&str] = &[
    "first_deploy",
    "bad_image",
    "wrong_class",
    "deleted_and_left_alone",
    "not_retained_then_anew",
    "alone_wrong_class",
    "beside_wrong_class",
];

impl Set {
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
        let which = if self.tests.is_empty() { &[][..] } else { &["--", "--exact"] };
        let test = self.programs.iter().chain(which).chain(self.tests);
        arguments.extend(test.map(|argument| format!("--cargo-test-arg={argument}")));
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
    let mut command = Command::new(program()?);
    command.current_dir(root()).args(["mutants", "--package=flinkk8soperator-core"]);
    Ok(command)
}

/// What changed in core since a commit.
///
/// # Errors
/// Where there is no such commit.
pub(super) fn difference(commit: &str) -> Result<String> {
    let mut git = Command::new("git");
    git.current_dir(root()).args(["diff", "--no-color", "--no-ext-diff", commit, "--"]);
    output(git.arg("crates/core/src"))
}

/// How many mutants a selection has.
///
/// # Errors
/// Where the tool fails.
pub(super) fn count(selection: &[String]) -> Result<usize> {
    Ok(output(mutants()?.args(selection).arg("--list"))?.lines().count())
}

/// Tries what a selection has. In a `brief` run survivors of the quick tests that are explained are
/// taken at their word: the sets after it take most of the time.
///
/// # Errors
/// Where the tool fails, or a test fails without a change.
pub(super) fn try_out(
    folder: &Path,
    selection: &[String],
    explained: &Explained,
    brief: bool,
) -> Result<Outcomes> {
    let mut outcomes = Outcomes::default();
    let mut selection = selection.to_vec();
    for set in &SETS {
        let at = folder.join(set.name);
        fs::create_dir_all(&at).with_context(|| at.display().to_string())?;
        println!("--- {}", set.name);
        let mut command = mutants()?;
        command.args(&selection).args(set.arguments(&at));
        command.env("CARGO_TARGET_DIR", folder.join("compiled"));
        let status = command.status().with_context(|| format!("starting {command:?}"))?;
        // 2: some were missed; 3: some did not end, which is noticed.
        ensure!(matches!(status.code(), Some(0 | 2 | 3)), "failed: {command:?}");
        let read = |name: &str| lines(&at.join("mutants.out").join(name));
        outcomes.noticed.extend(read("caught.txt"));
        outcomes.noticed.extend(read("timeout.txt"));
        outcomes.unviable.extend(read("unviable.txt"));
        let (known, open): (Vec<_>, Vec<_>) =
            read("missed.txt").into_iter().partition(|name| brief && explained.has(&key(name)));
        outcomes.survived.extend(known);
        selection = open.iter().map(|name| format!("--re=^{}$", quoted(name))).collect();
        if open.is_empty() {
            return Ok(outcomes);
        }
        if set.name == SETS[SETS.len() - 1].name {
            outcomes.survived.extend(open);
        }
    }
    Ok(outcomes)
}

/// A regular expression for this text and no other.
fn quoted(text: &str) -> String {
    let mut quoted = String::new();
    for c in text.chars() {
        // `\<` and `\>` are not the characters themselves.
        if c.is_ascii_punctuation() && !matches!(c, '<' | '>') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::{EXPLORED, quoted};
    use crate::workspace::{root, text};

    /// A name that no test has would leave its mutants to no test, silently.
    #[test]
    fn the_tests_of_the_exploration_exist() {
        let tests = text(&root().join("crates/sim/tests/exploration.rs")).expect("the tests");
        let missing: Vec<_> =
            EXPLORED.iter().filter(|name| !tests.contains(&format!("    {name}: "))).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn the_name_of_a_mutant_is_taken_literally() {
        let name = "a_b.rs:1:2: replace f -> Option<u8> with Some(1) in g";
        let expected = r"a\_b\.rs\:1\:2\: replace f \-> Option<u8> with Some\(1\) in g";
        assert_eq!(quoted(name), expected);
    }
}
