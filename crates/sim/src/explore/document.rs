//! The state diagram and the transition table, made from what the explorations saw.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::reach::{IMPOSSIBLE, Impossible};
use super::report::Report;
use super::survey::Place;

/// The document that the reports of all suites, in their order, come to.
#[must_use]
pub fn document(reports: &[&Report]) -> String {
    let mut text = String::from(
        "# The phases\n\nMade by `cargo xtask explore --write-docs` from what the exploration of the \
         state machine sees; do not edit. How it is made: \
         [the exploration](../design/exploration.md).\n\n",
    );
    let rows = rows(reports);
    diagram(&mut text, &rows);
    table(&mut text, &rows);
    faults(&mut text);
    suites(&mut text, reports);
    text
}

/// The tests hold that every fault strikes in every phase but where it is listed.
fn faults(text: &mut String) {
    text.push_str("\n## Faults\n\nEvery fault strikes in every phase, but for these:\n\n");
    text.push_str("| in | cannot strike | because |\n|---|---|---|\n");
    for Impossible { places, fault, because, .. } in IMPOSSIBLE {
        let places: Vec<String> = places.iter().map(Place::to_string).collect();
        _ = writeln!(text, "| {} | {fault:?} | {because} |", places.join(", "));
    }
}

/// What a transition came with, and in which suites, counted from 1.
#[derive(Default)]
struct Row {
    on: BTreeSet<&'static str>,
    suites: BTreeSet<usize>,
}

type Rows = BTreeMap<(Place, Place), Row>;

fn rows(reports: &[&Report]) -> Rows {
    let mut rows = Rows::new();
    for (nth, report) in reports.iter().enumerate() {
        for (transition, on) in &report.survey.transitions {
            let row = rows.entry(*transition).or_default();
            row.on.extend(on);
            row.suites.insert(nth + 1);
        }
    }
    rows
}

/// A deletion can begin in every phase, and would hide the rest of the picture.
fn diagram(text: &mut String, rows: &Rows) {
    text.push_str("```mermaid\nstateDiagram-v2\n    [*] --> New\n");
    for (from, to) in rows.keys() {
        match to {
            Place::Deleting => {}
            Place::Gone => _ = writeln!(text, "    {from} --> [*]"),
            Place::New
            | Place::Left
            | Place::Updating
            | Place::Rescaling
            | Place::ClusterStarting
            | Place::Savepointing
            | Place::Cancelling
            | Place::Recovering
            | Place::SubmittingJob
            | Place::DualRunning
            | Place::Running
            | Place::RollingBackJob
            | Place::DeployFailed
            | Place::Unreadable => _ = writeln!(text, "    {from} --> {to}"),
        }
    }
    text.push_str("```\n\n");
    let into: Vec<String> = rows
        .keys()
        .filter(|(_, to)| *to == Place::Deleting)
        .map(|(from, _)| from.to_string())
        .collect();
    _ = writeln!(text, "Into Deleting, not drawn: from {}.\n", into.join(", "));
}

fn table(text: &mut String, rows: &Rows) {
    text.push_str(
        "What a transition is on: the events that are told with it, or, where none is, the reason \
         that the application then stands with. The suites are numbered below.\n\n\
         | from | to | on | in suites |\n|---|---|---|---|\n",
    );
    for ((from, to), row) in rows {
        let on: Vec<&str> = row.on.iter().copied().collect();
        _ = writeln!(text, "| {from} | {to} | {} | {} |", on.join(", "), ranges(&row.suites));
    }
}

/// `1-3, 7`.
fn ranges(numbers: &BTreeSet<usize>) -> String {
    let mut all: Vec<(usize, usize)> = Vec::new();
    for number in numbers {
        match all.last_mut() {
            Some((_, last)) if *last + 1 == *number => *last = *number,
            Some(_) | None => all.push((*number, *number)),
        }
    }
    let one = |(first, last): &(usize, usize)| match last - first {
        0 => first.to_string(),
        1 => format!("{first}, {last}"),
        _ => format!("{first}-{last}"),
    };
    all.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn suites(text: &mut String, reports: &[&Report]) {
    text.push_str("\n## Suites\n\n");
    for (nth, report) in reports.iter().enumerate() {
        _ = writeln!(text, "{}. {}", nth + 1, report.suite);
    }
}

#[cfg(test)]
mod tests {
    use super::ranges;

    #[test]
    fn three_numbers_in_a_row_are_a_range_and_two_are_not() {
        assert_eq!(ranges(&[1, 2, 3, 5, 7, 8].into()), "1-3, 5, 7, 8");
    }
}
