//! Ways through the states: to where an exploration begins, and to what it found, printed so that
//! a person can follow.

use std::collections::BTreeSet;

use flinkk8soperator_core::Config;

use super::canon;
use super::cures;
use super::moves::{self, Move, short};
use super::node::Node;
use super::plant::Plant;
use super::round::{self, Thought};
use super::scenario::Suite;
use super::search::{Search, is_goal, phase_name};
use crate::world::{JobManager, Pod, ProcessState};

/// Where a suite begins: at the creation of the application, or once its first edition is good,
/// reached without a fault and without delay; with the moves from the creation to there.
pub(super) fn beginning(suite: &Suite, config: &Config, plant: Option<Plant>) -> (Node, Vec<Move>) {
    let mut node = Node::root(suite);
    let mut opening = Vec::new();
    if !suite.from_running {
        return (node, opening);
    }
    // Far more moves than a deploy takes; a machine that cannot deploy is found by other suites.
    for _ in 0..1_000 {
        let thought = round::think(suite, config, plant, &node);
        let after = round::complete(suite, plant, &thought);
        let still = canon::hash(&after) == canon::hash(&node);
        if still && is_goal(&node, &thought) {
            break;
        }
        let Some(chosen) = moves::calm(suite, &node, &thought, still) else { break };
        opening.push(chosen);
        node = moves::make(suite, plant, &node, &thought, chosen);
    }
    (node, opening)
}

/// The moves from the beginning to a state, and one more if given.
pub(super) fn way(search: &Search<'_>, number: u32, last: Option<Move>) -> Vec<Move> {
    let mut way: Vec<Move> = Vec::new();
    let mut at = number;
    while let Some(by) = search.visited[at as usize].by {
        way.push(by);
        at = search.visited[at as usize].parent;
    }
    way.reverse();
    way.extend(last);
    way
}

/// A trap is told with where it leads: from a cure that does not work, or by itself.
pub(super) fn to_the_rest(search: &Search<'_>, way: &mut Vec<Move>) {
    let Search { suite, config, plant, root, .. } = search;
    let mut node = root.clone();
    for chosen in way.iter().copied() {
        let thought = round::think(suite, config, *plant, &node);
        node = moves::make(suite, *plant, &node, &thought, chosen);
    }
    let mut seen = BTreeSet::new();
    while seen.insert(canon::hash(&node)) {
        let thought = round::think(suite, config, *plant, &node);
        let after = round::complete(suite, *plant, &thought);
        let still = canon::hash(&after) == canon::hash(&node);
        let good = node.cured.as_ref().is_some_and(|c| cures::works(&node, &thought, c));
        let rests = still && (good || thought.decision.verdict.reason.stalled());
        let next = moves::calm(suite, &node, &thought, still).filter(|_| !rests);
        let again = || cures::named(suite, &node, &thought, still).next().map(Move::Cure);
        let cured = node.cured.is_some() && !good;
        let Some(chosen) = next.or_else(|| again().filter(|_| cured)) else { return };
        node = moves::make(suite, *plant, &node, &thought, chosen);
        way.push(chosen);
    }
}

/// A line for each move from the beginning on.
pub(super) fn lines(search: &Search<'_>, way: &[Move]) -> Vec<String> {
    let mut node = search.root.clone();
    let mut lines = Vec::new();
    for chosen in way.iter().copied() {
        let thought = round::think(search.suite, &search.config, search.plant, &node);
        let next = moves::make(search.suite, search.plant, &node, &thought, chosen);
        lines.push(line(&node, &thought, chosen, &next));
        node = next;
    }
    let thought = round::think(search.suite, &search.config, search.plant, &node);
    let verdict = &thought.decision.verdict;
    lines.push(format!("at the end: {:?}: {}", verdict.reason, verdict.message));
    lines.push(format!("  stored: {:?}", node.stored));
    lines.push(format!("  seen: {:?}", thought.seen));
    lines.push(format!("  wake: {:?}, now {:?}", thought.decision.wake, node.world.now));
    lines.push(format!("  runs: {:?}", node.world.runs));
    lines
}

fn line(node: &Node, thought: &Thought, chosen: Move, next: &Node) -> String {
    let mut line = format!("[{:>6}] {chosen:?}", node.world.now);
    if let Move::Cure(nth) = chosen {
        line += &cures::cures(thought).get(nth).map(|cure| format!(": {cure}")).unwrap_or_default();
    }
    if chosen.decides() {
        let calls: Vec<String> = thought.calls.iter().map(moves::words).collect();
        line += &format!(
            ": {:?} -> {:?}, calls [{}] ({})",
            phase_name(node),
            thought.decision.state.phase.name().unwrap_or("Unreadable"),
            calls.join(", "),
            thought.decision.verdict.message
        );
    }
    line + "   | " + &next.world.pods.iter().map(pod).collect::<Vec<_>>().join("; ")
}

fn pod(pod: &Pod) -> String {
    let ending = if pod.terminating { ", ending" } else { "" };
    let what = match &pod.process {
        ProcessState::None => format!("{:?} not running {:?}", pod.role, pod.trouble),
        ProcessState::JobManager(jobmanager) => jobs(pod.ready, jobmanager),
        ProcessState::TaskManager(tm) => format!("TM at {:?} runs {:?}", tm.registered, tm.tasks),
    };
    format!("{}/{}.{} {what}{ending}", pod.cluster.incarnation, pod.uid.0, pod.restarts)
}

fn jobs(ready: bool, jobmanager: &JobManager) -> String {
    let jobs = jobmanager.jobs.iter().map(|job| {
        let up = if job.up { " up" } else { "" };
        format!("{} {:?}{up} #{}", short(job.id.0), job.state, job.run.0)
    });
    let posts = jobmanager.posts.iter().map(|p| format!("main() of {}", short(p.job.0)));
    let operations = jobmanager
        .operations
        .iter()
        .map(|operation| format!("{} {:?}", short(operation.trigger.0), operation.state));
    let all: Vec<String> = jobs.chain(posts).chain(operations).collect();
    let ready = if ready { "" } else { " (not ready)" };
    format!("JM{ready} {{{}}}", all.join(", "))
}
