//! What an exploration finds is told as a scenario of core's own tests, which comes to the same
//! decisions: a violation becomes a regression test unchanged.

#[path = "../../core/tests/common/mod.rs"]
mod common;
#[path = "../../core/tests/dialogue/mod.rs"]
#[expect(dead_code, reason = "what core's own tests use besides")]
mod dialogue;

use flinkk8soperator_sim::explore::{Limits, Plant, Story, Suite, explore, finder, suites};

/// Defects in what the machine is told: the facts of the story contain them, so that the machine
/// itself decides wrongly on them, as it would if the defect was its own.
const TOLD: [Plant; 9] = [
    Plant::NotFoundClosesSubmission,
    Plant::OldStatisticsBelieved,
    Plant::HeldSlotsCountAsFree,
    Plant::SavepointEndsTheJob,
    Plant::CancellingCountsAsOver,
    Plant::SilenceMeansNotFound,
    Plant::LostAnswerMeansRefused,
    Plant::FailedCountsAsFinished,
    Plant::FailedSavepointCounts,
];

/// Suites that speak of what those do not: two versions beside each other, TaskManagers that come and
/// go in one cluster, the tasks of a job, the decision about a person's job.
const TOLD_BESIDES: [(&str, Plant); 5] = [
    ("beside: update, the older one goes", Plant::HeldSlotsCountAsFree),
    ("in place: down", Plant::FailedSavepointCounts),
    ("in place: up", Plant::OldStatisticsBelieved),
    ("adaptive: down", Plant::FailedCountsAsFinished),
    ("a person's job in an update: cancelled", Plant::ForeignJobIsOverlooked),
];

#[test]
fn a_finding_is_a_scenario_that_comes_to_the_decisions_of_the_exploration() {
    for plant in TOLD {
        comes_to_the_same(&finder(plant), plant);
    }
}

#[test]
fn so_it_is_in_every_mode() {
    for (name, plant) in TOLD_BESIDES {
        let suite = suites().into_iter().find(|s| s.name == name);
        comes_to_the_same(&suite.expect("there is a suite of that name"), plant);
    }
}

fn comes_to_the_same(suite: &Suite, plant: Plant) {
    let at = format!("{}, {plant:?}", suite.name);
    let report = explore(suite, Some(plant), Limits::default());
    let Story { text, decisions } = report.finding.expect(&at).story;
    let played = dialogue::play(&text).map_err(|e| format!("{e}\n{text}")).expect(&at);
    assert_eq!(decided(&played), expected(&decisions), "{at}:\n{played}");
    assert!(decisions.len() > 5, "{at}: it has a way to go:\n{played}");
    // As a file it stays as it is.
    assert_eq!(dialogue::play(&played), Ok(played.clone()), "{at}");
}

fn expected(decisions: &[(&str, &str, usize)]) -> Vec<String> {
    let one =
        |(phase, reason, effects): &(&str, &str, usize)| format!("{phase} {reason} {effects}");
    decisions.iter().map(one).collect()
}

/// Phase, reason and number of effects after each line of `----`.
fn decided(played: &str) -> Vec<String> {
    let steps = played.split("\n----\n").skip(1);
    let one = |step: &str| {
        let decision = step.split("\n\n").next().unwrap_or_default();
        let (phase, reason) = decision.lines().next()?.split_once(": ")?;
        let phase = phase.split(' ').next()?;
        let phase = if phase == "New" { "" } else { phase };
        let effects = decision.lines().filter(|l| l.starts_with("  does ")).count();
        Some(format!("{phase} {reason} {effects}"))
    };
    steps.map(|step| one(step).unwrap_or_else(|| format!("no decision: {step}"))).collect()
}
