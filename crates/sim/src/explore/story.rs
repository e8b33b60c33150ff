//! A way through the states as a story in the format of core's scenarios (crates/core/tests/scenarios):
//! what each round saw, one fact a line, without what the machine decides on it. Played by core's
//! tests it comes to the decisions of the exploration, so that what was found once stays found.
//!
//! A round whose status write did not arrive is told in a comment only: it left nothing behind.

use std::collections::BTreeMap;

use flinkk8soperator_core as machine;
use machine::{DeleteMode, ForeignJobAction, Goal, Ids, Mode, Recovery, SavepointStop, ScaleMode};

use super::knobs;
use super::moves::{self, Move};
use super::round::Thought;
use super::saw;
use super::search::Search;
use super::{node::Node, round};

/// See the module.
#[derive(Clone, Debug)]
pub struct Story {
    /// The file, without the decisions.
    pub text: String,
    /// What the machine decided in each of its steps: phase, reason, number of effects.
    pub decisions: Vec<(&'static str, &'static str, usize)>,
}

/// Ids of a story are few.
const IDS: u64 = 60;

/// The story of these moves, from the creation of the application on.
pub(super) fn tell(search: &Search<'_>, what: &str, way: &[Move]) -> Story {
    let mut node = Node::root(search.suite);
    let mut writer = Writer::begun(search, what, &node);
    for chosen in search.opening.iter().chain(way) {
        let thought = round::think(search.suite, &search.config, search.plant, &node);
        let next = moves::make(search.suite, search.plant, &node, &thought, *chosen);
        if chosen.writes() {
            writer.step(&thought);
        } else {
            writer.happens(*chosen);
        }
        node = next;
    }
    writer.ended()
}

/// The story so far: a fact that still holds is not said again.
struct Writer {
    text: String,
    decisions: Vec<(&'static str, &'static str, usize)>,
    said: BTreeMap<String, String>,
    names: saw::Names,
    /// The story's clock stands at this instant of the exploration.
    now: u64,
    happened: Vec<String>,
}

impl Writer {
    fn begun(search: &Search<'_>, what: &str, root: &Node) -> Writer {
        let planted =
            search.plant.map_or_else(String::new, |p| format!(", with the planted {p:?}"));
        let mut writer = Writer {
            text: format!("# Explored: {}{planted}: {what}.\n\n", search.suite.name),
            decisions: Vec::new(),
            said: BTreeMap::new(),
            names: saw::Names::new(root.now()),
            now: root.world.now,
            happened: vec!["The application is created".to_owned()],
        };
        writer.settings(&search.config);
        writer
    }

    fn settings(&mut self, config: &machine::Config) {
        let machine::Timeouts {
            cluster_start,
            savepoint,
            submit,
            job_start,
            confirm,
            recovery,
            delete,
        } = knobs::timeouts();
        let waits = [cluster_start, savepoint, submit, job_start, confirm, recovery, delete];
        let waits: Vec<String> = waits.iter().map(|span| saw::seconds(*span)).collect();
        let retries = config.retries;
        for line in [
            "one round a step".to_owned(),
            format!("waits {}", saw::seconds(config.unreachable_grace)),
            format!("retries {} {} {}", retries.savepoint, retries.submit, retries.recovery),
            format!("timeouts {}", waits.join(" ")),
            format!("confirm-after {}", saw::seconds(knobs::CONFIRM_AFTER)),
        ] {
            self.text.push_str(&format!("exactly {line}\n"));
        }
        if !config.min_phase.is_zero() {
            self.text.push_str(&format!("config min-phase {}\n", saw::seconds(config.min_phase)));
        }
        self.text.push('\n');
    }

    fn happens(&mut self, chosen: Move) {
        match chosen {
            Move::Crash(_) => self.happened.push("A round ends with a crash".to_owned()),
            Move::Conflict => self.happened.push("A round's write is refused".to_owned()),
            other => self.happened.push(with_ids(&format!("{other:?}"))),
        }
    }

    /// A round: what it saw, and, once played, what was decided.
    fn step(&mut self, thought: &Thought) {
        let mut happened = std::mem::take(&mut self.happened);
        if happened.is_empty() {
            happened.push("The next round".to_owned());
        }
        self.text.push_str(&format!("# {}.\n", happened.join("; ")));
        let now = thought.node.world.now;
        if now > self.now {
            let span = std::time::Duration::from_millis(now - self.now);
            self.text.push_str(&format!("wait {}\n", saw::seconds(span)));
            self.now = now;
        }
        self.say("application", "exactly ", wishes(thought));
        if let Goal::Delete(mode) = thought.desired.goal {
            let mode = match mode {
                DeleteMode::Savepoint => "savepoint",
                DeleteMode::ForceCancel => "force-cancel",
                DeleteMode::None => "none",
            };
            self.say("delete", "", format!("delete {mode}"));
        }
        let (mut lines, gone) = saw::lines(&mut self.names, thought);
        for begins in gone {
            self.said.retain(|key, _| !key.starts_with(&begins));
        }
        for (key, line) in lines.drain(..) {
            self.say(&key, "", line);
        }
        self.text.push_str("----\n\n");
        let decision = &thought.decision;
        self.decisions.push((
            decision.state.phase.name().unwrap_or("(as stored)"),
            decision.verdict.reason.as_str(),
            decision.effects.len(),
        ));
    }

    fn say(&mut self, key: &str, begins: &str, line: String) {
        let line = format!("{begins}{line}");
        if self.said.get(key) != Some(&line) {
            self.text.push_str(&line);
            self.text.push('\n');
            self.said.insert(key.to_owned(), line);
        }
    }

    fn ended(self) -> Story {
        let mut text = self.text;
        for (id, name) in self.names.ids(IDS) {
            text = text.replace(&id, &name);
        }
        if !self.happened.is_empty() {
            text.push_str(&format!("# Then: {}.\n", self.happened.join("; ")));
        }
        Story { text: text.trim_end().to_owned() + "\n", decisions: self.decisions }
    }
}

/// What the user wants, as the parsed object tells it.
fn wishes(thought: &Thought) -> String {
    let desired = &thought.desired;
    let mut line = format!(
        "application v{} digest {} generation {} parallelism {}",
        desired.hash.0, desired.digest.0, desired.generation, desired.parallelism
    );
    let words = [
        ("single", desired.mode == Mode::Single),
        ("blue-green", desired.mode == Mode::BlueGreen),
        ("in-place", desired.scale_mode == ScaleMode::InPlace),
        ("cancel", desired.savepoint_stop == SavepointStop::Cancel),
        ("savepoint-disabled", desired.savepoint_disabled),
        ("fallback", desired.fallback_without_state),
        ("last-seen", desired.recovery == Recovery::LastSeen),
        ("force-rollback", desired.force_rollback),
        ("finalizer", desired.finalizer),
    ];
    for (word, _) in words.iter().filter(|(_, wished)| *wished) {
        line.push(' ');
        line.push_str(word);
    }
    if desired.taskmanagers != 1 {
        line.push_str(&format!(" taskmanagers={}", desired.taskmanagers));
    }
    if let Some(hash) = desired.tear_down {
        line.push_str(&format!(" tear-down=v{}", hash.0));
    }
    if let Some(machine::ForeignJob { id, action }) = desired.foreign_job {
        let action = match action {
            ForeignJobAction::Adopt => "adopt",
            ForeignJobAction::Cancel => "cancel",
        };
        line.push_str(&format!(" foreign-job={action},{id}"));
    }
    if let Some(restore) = &desired.restore {
        line.push_str(&format!(" restore {} {}", restore.path, restore.nonce));
    }
    line
}

/// The ids that an application's state gives out, each with the name that core's stories have for it.
pub(super) fn names(uid: machine::Uid, epoch: u64, count: u64) -> Vec<(String, String)> {
    let before = |n: u64| Ids { epoch, issued: n - 1 };
    let pair = |n: u64| {
        let (job, trigger) = (before(n).job(uid), before(n).trigger(uid));
        [(job.to_string(), format!("job-{n}")), (trigger.to_string(), format!("trigger-{n}"))]
    };
    (1..=count).flat_map(pair).collect()
}

/// Ids in a move as everything else in a story writes them: hexadecimal, to be named in the end.
fn with_ids(told: &str) -> String {
    let mut text = String::new();
    for (nth, part) in told.split("Id(").enumerate() {
        if nth > 0 {
            text.push_str("Id(");
        }
        match part.split_once(')').map(|(digits, rest)| (digits.parse::<u128>(), rest)) {
            // Small ones are numbers of the world.
            Some((Ok(id), rest)) if id > u128::from(u64::MAX) => {
                text.push_str(&format!("{id:032x}){rest}"));
            }
            Some(_) | None => text.push_str(part),
        }
    }
    text
}
