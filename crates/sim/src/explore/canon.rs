//! The canonical form of a node, as a hash: two nodes with the same form have the same future.
//!
//! Instants count from now, and only as far as they can still matter; ids are numbered by first
//! occurrence; incarnations by rank; what neither the machine nor an invariant can see any more
//! (texts, ended runs that nothing restores from, files that nobody names) is left out.

use flinkk8soperator_core as machine;
use machine::Timestamp;

use super::cures::Cured;
use super::knobs::UNIT;
use super::node::Node;
use crate::invariants;
use crate::world::{File, FileId, FileKind, Origin, Process, Run, RunId, TriggerId, World};

/// Beyond this many units in the past an instant is only "long ago": longer than every wait.
const LONG_AGO: u64 = 4;

/// The hash of a node's canonical form.
pub(super) fn hash(node: &Node) -> u128 {
    let mut canon = Canon::new(node);
    super::canon_state::state(&mut canon, &node.stored);
    // A process's first round gives a deadline that has passed its time anew; else it is like any other.
    let resumes = canon.overdue && !node.operator.decided;
    canon.flags(&[resumes]);
    super::canon_state::operator(&mut canon, node);
    canon.flags(&[node.unreachable, node.slow]);
    canon.numbers(&[node.edits as u64, node.edition as u64, u64::from(node.faults)]);
    canon.flags(&[node.late.is_some(), node.cured.is_some()]);
    if let Some(late) = &node.late {
        canon.words(&format!("{:?}", late.call));
        canon.flags(&[late.is_in_time(&node.world)]);
    }
    if let Some(cured) = &node.cured {
        canon.cure(cured);
    }
    super::canon_world::world(&mut canon, &node.world);
    canon.lineage();
    canon.hash.finish()
}

/// What has been written so far, and the names given on the way.
pub(super) struct Canon<'n> {
    hash: Hash128,
    /// A deadline was written that has passed.
    overdue: bool,
    pub(super) world: &'n World,
    /// See [`Node`].
    pub(super) left_with: &'n [Process],
    incarnations: Vec<u32>,
    pods: Vec<u64>,
    jobs: Vec<u128>,
    triggers: Vec<u128>,
    instants: Vec<u64>,
    runs: Vec<RunId>,
    files: Vec<FileId>,
}

impl<'n> Canon<'n> {
    fn new(node: &'n Node) -> Canon<'n> {
        Canon {
            hash: Hash128::default(),
            overdue: false,
            world: &node.world,
            left_with: &node.left_with,
            incarnations: incarnations(node),
            pods: Vec::new(),
            jobs: Vec::new(),
            triggers: Vec::new(),
            instants: Vec::new(),
            runs: Vec::new(),
            files: Vec::new(),
        }
    }

    pub(super) fn number(&mut self, n: u64) {
        self.hash.write(n);
    }

    pub(super) fn numbers(&mut self, all: &[u64]) {
        all.iter().for_each(|n| self.number(*n));
    }

    pub(super) fn flags(&mut self, all: &[bool]) {
        let bits = all.iter().fold(1_u64, |bits, flag| bits << 1 | u64::from(*flag));
        self.number(bits);
    }

    /// An instant that is waited for: past ones are all alike.
    pub(super) fn from(&mut self, instant: Timestamp) {
        self.number(instant.0.saturating_sub(self.world.now));
    }

    /// A deadline.
    pub(super) fn until(&mut self, deadline: Timestamp) {
        self.overdue |= deadline.0 <= self.world.now;
        self.from(deadline);
    }

    /// An instant that is counted from.
    pub(super) fn since(&mut self, instant: u64) {
        let ago = self.world.now.saturating_sub(instant);
        let ahead = instant.saturating_sub(self.world.now);
        self.numbers(&[ago.min(LONG_AGO * UNIT), ahead]);
    }

    /// An instant, unless it has passed.
    pub(super) fn to_come(&self, instant: Option<Timestamp>) -> Option<u64> {
        instant.map(|at| at.0).filter(|at| *at > self.world.now)
    }

    pub(super) fn maybe_since(&mut self, instant: Option<u64>) {
        self.flags(&[instant.is_some()]);
        if let Some(instant) = instant {
            self.since(instant);
        }
    }

    /// An instant that is only ever compared with another for being the same.
    pub(super) fn same(&mut self, instant: Option<u64>) {
        let name = instant.map_or(u64::MAX, |instant| name(&mut self.instants, instant));
        self.number(name);
    }

    pub(super) fn incarnation(&mut self, incarnation: u32) {
        let rank = self.incarnations.iter().position(|i| *i == incarnation);
        self.number(rank.map_or(u64::MAX, |rank| rank as u64));
    }

    pub(super) fn pod(&mut self, uid: u64) {
        let name = name(&mut self.pods, uid);
        self.number(name);
    }

    pub(super) fn job(&mut self, job: u128) {
        let name = name(&mut self.jobs, job);
        self.number(name);
    }

    /// Whether anything before this named the job.
    pub(super) fn knows_job(&self, job: u128) -> bool {
        self.jobs.contains(&job)
    }

    pub(super) fn trigger(&mut self, trigger: u128) {
        let name = name(&mut self.triggers, trigger);
        self.number(name);
    }

    pub(super) fn knows_trigger(&self, trigger: u128) -> bool {
        self.triggers.contains(&trigger)
    }

    /// A file: numbered here, told in full by [`Canon::lineage`].
    pub(super) fn file(&mut self, file: FileId) {
        let name = name(&mut self.files, file);
        self.number(name);
    }

    /// A file by its path, wherever the machine remembers one.
    pub(super) fn path(&mut self, path: &str) {
        match self.world.files.iter().rposition(|f| &*f.path == path) {
            Some(index) => self.file(FileId(index)),
            None => self.number(u64::MAX),
        }
    }

    /// Something that is told apart by its words alone.
    fn words(&mut self, words: &str) {
        let mut hash = Hash128::default();
        words.bytes().for_each(|byte| hash.write(u64::from(byte)));
        self.number(hash.a);
    }

    /// What a person did: its kind, and what was named with it.
    fn cure(&mut self, cured: &Cured) {
        self.words(&format!("{:?} {:?} {}", cured.cure, cured.named, cured.times));
        if let Some(path) = &cured.edition.spec.restored {
            self.path(path);
        }
    }

    /// A run that is still known somewhere: numbered here, told in full by [`Canon::lineage`].
    pub(super) fn run(&mut self, run: RunId) {
        let name = name(&mut self.runs, run);
        self.number(name);
    }

    /// The runs and files that were named, and the run that a next one would have to follow.
    fn lineage(&mut self) {
        let told = |r: &Run| r.told && r.started;
        if let Some(last) = self.world.runs.iter().rposition(told) {
            self.run(RunId(last));
            // What it would go back to: an invariant asks.
            let before = invariants::good_before(self.world, RunId(last));
            self.numbers(
                &before
                    .map_or([0; 2], |run| [1 + u64::from(run.hash), u64::from(run.announced_with)]),
            );
            if let Some(newest) = self.world.newest_file(RunId(last)) {
                self.file(newest);
            }
        }
        for run in invariants::followed_beside(self.world) {
            self.run(run);
            self.world.newest_file(run).into_iter().for_each(|file| self.file(file));
        }
        let mut next = 0;
        while let Some(run) = self.runs.get(next).copied() {
            next += 1;
            self.whole_run(run);
        }
        let mut next = 0;
        while let Some(file) = self.files.get(next).copied() {
            next += 1;
            self.whole_file(file);
        }
    }

    fn whole_run(&mut self, id: RunId) {
        let run = self.world.run(id);
        self.numbers(&[run.hash, run.parallelism, run.submitted].map(u64::from));
        self.number(u64::from(run.announced_with));
        self.number(run.consumed - run.base);
        self.incarnation(run.incarnation);
        self.flags(&[run.started, run.told, run.announced, run.end.is_some(), run.foreign]);
        self.number(run.end.map_or(0, |end| 1 + end as u64));
        match run.origin {
            Origin::Empty => self.number(0),
            Origin::File(file) => self.file(file),
        }
    }

    /// Of the run that wrote it only what a rollback asks: following it to its origin, and so on,
    /// would make every history different.
    fn whole_file(&mut self, id: FileId) {
        let file = &self.world.files[id.0];
        self.flags(&[file.deleted.is_some(), file.told_by_operation]);
        self.number(file.kind as u64);
        match trigger_in(file).filter(|trigger| self.knows_trigger(*trigger)) {
            Some(trigger) => self.trigger(trigger),
            None => self.number(u64::MAX),
        }
        let Some(run) = file.run else { return };
        let writer = self.world.run(run);
        self.numbers(&[writer.hash, writer.parallelism].map(u64::from));
        self.number(file.offset - writer.base);
        self.incarnation(writer.incarnation);
        let known = self.runs.iter().position(|r| *r == run);
        self.number(known.map_or(u64::MAX, |known| known as u64));
    }
}

fn name<T: PartialEq>(names: &mut Vec<T>, thing: T) -> u64 {
    let found = names.iter().position(|known| *known == thing);
    let index = found.unwrap_or_else(|| {
        names.push(thing);
        names.len() - 1
    });
    index as u64
}

/// Those of all clusters and revisions, in their order.
fn incarnations(node: &Node) -> Vec<u32> {
    let world = &node.world;
    let mut few = Vec::with_capacity(8);
    let all = super::canon_state::incarnations(&node.stored)
        .chain(world.pods.iter().map(|p| p.cluster.incarnation))
        .chain(world.deployments.iter().map(|d| d.cluster.incarnation))
        .chain(world.services.iter().map(|s| s.cluster.incarnation))
        .chain(world.revisions.iter().map(|r| r.cluster.incarnation))
        .chain(world.applications.iter().filter_map(|a| a.service))
        .chain(world.applications.iter().flat_map(|a| a.coloured).flatten());
    for incarnation in all {
        name(&mut few, incarnation);
    }
    few.sort_unstable();
    few
}

/// The trigger that a savepoint's directory is named by.
fn trigger_in(file: &File) -> Option<u128> {
    let savepoint = Some(file).filter(|f| f.kind == FileKind::Savepoint)?;
    let directory = savepoint.path.rsplit('/').nth(1)?;
    u128::from_str_radix(directory.rsplit('-').next()?, 16).ok()
}

/// A trigger's id as the world has it.
pub(super) fn trigger_of(trigger: TriggerId) -> u128 {
    trigger.0
}

/// The machine's id as a number of the world.
pub(super) fn pod_of(uid: machine::Uid) -> u64 {
    super::translate::uid_back(uid).0
}

/// Two lanes of multiply and rotate: quick, and 128 bits, so that among some millions of nodes two
/// are never taken for one another.
#[derive(Clone, Copy, Debug, Default)]
struct Hash128 {
    a: u64,
    b: u64,
}

impl Hash128 {
    // Odd constants of the SplitMix64 generator.
    const A: u64 = 0x9e37_79b9_7f4a_7c15;
    const B: u64 = 0xbf58_476d_1ce4_e5b9;

    fn write(&mut self, n: u64) {
        self.a = (self.a.rotate_left(25) ^ n).wrapping_mul(Self::A);
        self.b = (self.b.rotate_left(31) ^ n.wrapping_add(Self::A)).wrapping_mul(Self::B);
    }

    fn finish(self) -> u128 {
        let mix = |n: u64| (n ^ (n >> 29)).wrapping_mul(Self::B);
        u128::from(mix(self.a ^ self.b.rotate_left(17))) << 64 | u128::from(mix(self.b))
    }
}
