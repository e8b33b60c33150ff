//! Golden dialogues with the machine (`tests/scenarios/*.txt`): why, facts, `----`, decision.
//!
//! A step is a sentence of why (`# ...`), facts, one a line (`dialogue/facts.rs` lists them), `----`,
//! and what the machine decides, round after round until its state stays. Times are counted from
//! the story's beginning; `job-3` and `trigger-3` are the third id that was given out; `jm1a` is
//! the first JobManager pod of cluster 1, `jm1a#1` its container's second run, `jm1b` the next pod.
//!
//! `UPDATE_EXPECT=1 cargo test -p flinkk8soperator-core --test scenarios` writes the decisions anew:
//! read the difference before you commit it.

mod common;
mod dialogue;

use std::path::{Path, PathBuf};
use std::{env, fs};

use flinkk8soperator_core::{DeployHash, Effect, PlanEnd, PlannedOrigin, PlannedStep};

#[test]
fn every_dialogue_goes_as_it_is_written() {
    let update = env::var_os("UPDATE_EXPECT").is_some();
    let mut differences = Vec::new();
    for file in stories() {
        let written = fs::read_to_string(&file).expect("the story can be read");
        let played = match dialogue::play(&written) {
            Ok(played) => played,
            Err(error) => {
                differences.push(format!("{}: {error}", file.display()));
                continue;
            }
        };
        if update {
            fs::write(&file, &played).expect("the story can be written");
        } else if played != written {
            differences.push(format!("{}{}", file.display(), difference(&written, &played)));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
}

fn stories() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let entries = fs::read_dir(folder).expect("the folder of the stories is there");
    let paths = entries.map(|e| e.expect("its entries can be read").path());
    let mut stories: Vec<PathBuf> =
        paths.filter(|p| p.extension().is_some_and(|e| e == "txt")).collect();
    stories.sort();
    assert!(!stories.is_empty(), "there are stories");
    stories
}

/// The first place where the two differ, with a few lines before it.
fn difference(written: &str, played: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (written.lines().collect(), played.lines().collect());
    let at = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let around = |lines: &[&str]| {
        let part = &lines[at.saturating_sub(6)..lines.len().min(at + 8)];
        part.join("\n    ")
    };
    format!(
        ":{}\n  written:\n    {}\n  decided:\n    {}\n  (UPDATE_EXPECT=1 writes it anew)",
        at + 1,
        around(&old),
        around(&new)
    )
}

#[test]
fn a_step_without_a_sentence_of_why_is_refused() {
    let error = dialogue::play("spec v1\n----\n").expect_err("there is no why");
    assert!(error.contains("why"), "{error}");
}

#[test]
fn a_word_that_is_no_fact_is_refused() {
    let error = dialogue::play("# Why.\nsprec v1\n----\n").expect_err("it is misspelt");
    assert!(error.contains("sprec"), "{error}");
}

/// An update in mode Dual.
const UPDATE: &str = "given running\nspec v2\nchange redeploy";

/// For those who do not read a plan but count in it.
#[test]
fn a_plan_tells_what_it_does_stops_and_removes() {
    let plan = dialogue::foretell(UPDATE, 20).expect("facts");
    let names = |of: fn(&PlannedStep) -> Vec<&Effect>| {
        plan.steps.iter().flat_map(of).map(Effect::name).collect::<Vec<_>>()
    };
    let all = [
        "save-revision",
        "create-cluster",
        "savepoint",
        "point-service",
        "submit",
        "remove-cluster",
        "remove-revision",
    ];
    assert_eq!(names(|step| step.effects().collect()), all);
    assert_eq!(names(|step| step.removals().collect()), all[5..]);
    let stopped: Vec<_> = plan.steps.iter().flat_map(PlannedStep::savepoints).collect();
    let started: Vec<_> = plan.steps.iter().flat_map(PlannedStep::starts).collect();
    assert_eq!((stopped.len(), started.len()), (1, 1));
    assert_eq!(started[0].from, PlannedOrigin::Savepoint(stopped[0]));
    assert_eq!(started[0].hash, Some(DeployHash(2)));
}

#[test]
fn a_plan_has_no_more_steps_than_it_may() {
    let all = dialogue::foretell(UPDATE, 20).expect("facts").steps;
    let end = |limit| {
        let plan = dialogue::foretell(UPDATE, limit).expect("facts");
        assert_eq!(plan.steps, all[..limit.min(all.len())], "of {limit}");
        plan.end == PlanEnd::Limit
    };
    assert_eq!([end(1), end(all.len() - 1), end(all.len())], [true, true, false]);
}
