//! The search itself: breadth first, so that what is found is found by the shortest way. Where that would need too
//! much memory, depth first, and breadth first again once it is known that there is something to find.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};
use std::time::Instant;

use flinkk8soperator_core::{Config, Cure, DualRunning, Leaving, Phase, Reason, Running, State};

use super::moves::{self, Move, Standing};
use super::node::{APP, Node};
use super::plant::Plant;
use super::report::{Finding, Report, What};
use super::round::{self, Thought};
use super::scenario::Suite;
use super::survey::{Place, Survey};
use super::{canon, cures, laws, reach, story, trace};
use crate::invariants::{self, Sometimes};
use crate::world::{Details, Mishap, Step};

/// How far an exploration goes before it gives up.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// States.
    pub states: usize,
    /// Depth first: what waits to be looked at needs most of the memory, and is far less then.
    pub depth_first: bool,
}

impl Default for Limits {
    /// A few times what the largest suite needs.
    fn default() -> Limits {
        Limits { states: 4_000_000, depth_first: false }
    }
}

/// How a state was reached first, and what is known of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Visited {
    pub(super) parent: u32,
    pub(super) by: Option<Move>,
    /// Where an undisturbed round leads.
    round: u32,
    goal: bool,
}

/// A node with the hash of its canonical form, which takes long enough to be made once only.
struct Formed {
    /// Large enough for moving it about to be felt.
    node: Box<Node>,
    form: u128,
}

impl Formed {
    fn of(node: Node) -> Formed {
        Formed { form: canon::hash(&node), node: Box::new(node) }
    }
}

pub(super) struct Search<'s> {
    pub(super) suite: &'s Suite,
    pub(super) plant: Option<Plant>,
    pub(super) config: Config,
    pub(super) root: Node,
    /// The moves from the creation of the application to the root.
    pub(super) opening: Vec<Move>,
    pub(super) visited: Vec<Visited>,
    numbers: HashMap<u128, u32, BuildHasherDefault<Taken>>,
    queue: VecDeque<(u32, Formed)>,
    /// Moves that need neither a fault nor the user, backwards: to, from.
    edges: Vec<(u32, u32)>,
    all_edges: usize,
    survey: Survey,
    /// What has to be seen sometimes, and was not yet.
    unseen: Vec<Sometimes>,
}

/// Explores a suite, with a planted defect if one is given.
#[must_use]
pub fn explore(suite: &Suite, plant: Option<Plant>, limits: Limits) -> Report {
    let began = Instant::now();
    let config = suite.config();
    let (root, opening) = trace::beginning(suite, &config, plant);
    let mut search = Search {
        suite,
        plant,
        config,
        root: root.clone(),
        opening,
        visited: Vec::new(),
        numbers: HashMap::default(),
        queue: VecDeque::new(),
        edges: Vec::new(),
        all_edges: 0,
        survey: Survey::default(),
        unseen: invariants::SOMETIMES.to_vec(),
    };
    search.visit(Formed::of(root), 0, None, false);
    let finding = search.run(limits);
    if limits.depth_first && finding.is_some() {
        // By the shortest way.
        return explore(suite, plant, Limits { depth_first: false, ..limits });
    }
    Report {
        suite: suite.name,
        states: search.visited.len(),
        edges: search.all_edges,
        took: began.elapsed(),
        survey: search.survey,
        finding,
    }
}

impl Search<'_> {
    fn run(&mut self, limits: Limits) -> Option<Finding> {
        let next = if limits.depth_first { VecDeque::pop_back } else { VecDeque::pop_front };
        while let Some((number, formed)) = next(&mut self.queue) {
            if let Some((what, last)) = self.expand(number, &formed) {
                return Some(self.finding(what, number, last));
            }
            if self.visited.len() > limits.states {
                return Some(self.finding(What::CutShort, number, None));
            }
        }
        let trap = self.trap().map(|number| (What::Trap, number));
        let found = trap.or_else(|| self.livelock().map(|number| (What::Livelock, number)));
        found.map(|(what, number)| self.finding(what, number, None))
    }

    /// Looks at a node, and visits everything that can come next.
    fn expand(&mut self, number: u32, formed: &Formed) -> Option<(What, Option<Move>)> {
        let Formed { node, form } = formed;
        if node.gone() {
            self.visited[number as usize].goal = true;
            self.visited[number as usize].round = number;
        }
        let thought = round::think(self.suite, &self.config, self.plant, node);
        let after = Formed::of(round::complete(self.suite, self.plant, &thought));
        let still = node.gone() || after.form == *form;
        if self.suite.laws
            && node.cured.is_none()
            && !node.gone()
            && let Some((law, how)) = laws::broken(self, node, &thought, still)
        {
            return Some((What::Law { law, how }, None));
        }
        if let Some(violation) = still.then(|| mistold(node, &thought)).flatten() {
            return Some((What::Invariant(violation), None));
        }
        // With a planted defect other things are possible, and its own doing is to be found.
        if self.plant.is_none()
            && let Some(listed) = reach::wrongly_listed(node, &thought)
        {
            let how = format!("{:?} in {}: {}", listed.fault, Place::of(node), listed.because);
            return Some((What::Law { law: "what is listed as impossible is", how }, None));
        }
        let good = match &node.cured {
            None => is_goal(node, &thought),
            Some(cured) => cures::works(node, &thought, cured),
        };
        let goal = node.gone() || still && good;
        self.visited[number as usize].goal = goal;
        let standing = Standing { still, goal };
        if still {
            self.visited[number as usize].round = number;
        }
        let mut after = Some(after);
        for chosen in moves::list(self.suite, node, &thought, &standing) {
            let make = || moves::make(self.suite, self.plant, node, &thought, chosen);
            let round = after.take_if(|_| chosen == Move::Round);
            let next = round.unwrap_or_else(|| Formed::of(make()));
            // What someone does is not the operator's doing; what comes of it is asked in the next step.
            let meddles =
                matches!(chosen, Move::Mishap(Mishap::ObjectDeleted(_) | Mishap::NamespaceDeleted));
            if !meddles && let Some(violation) = invariants::broken(&node.world, &next.node.world) {
                return Some((What::Invariant(violation), Some(chosen)));
            }
            self.survey.note(node, &thought.decision, chosen, &next.node);
            let by_itself = match chosen {
                Move::Edit => false,
                // Where one cure brings up something else, the next one leads on. A pod that hangs may do so
                // for ever, but for the day on which a person comes.
                Move::Cure(_) | Move::Step(Step::PodComesLoose(_)) => node.cured.is_some(),
                _ => chosen.fault().is_none(),
            };
            self.visit(next, number, Some(chosen), by_itself);
        }
        None
    }

    fn visit(&mut self, formed: Formed, parent: u32, by: Option<Move>, by_itself: bool) {
        let fresh = u32::try_from(self.visited.len()).unwrap_or(u32::MAX);
        let number = match self.numbers.entry(formed.form) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(slot) => {
                slot.insert(fresh);
                self.visited.push(Visited { parent, by, round: u32::MAX, goal: false });
                self.survey.comes_to(&formed.node.world, &mut self.unseen);
                self.queue.push_back((fresh, formed));
                fresh
            }
        };
        let Some(by) = by else { return };
        self.all_edges += 1;
        if by == Move::Round {
            self.visited[parent as usize].round = number;
        }
        if by_itself && number != parent {
            self.edges.push((number, parent));
        }
    }

    /// The first state from which no goal can be reached without faults and without the user.
    fn trap(&mut self) -> Option<u32> {
        self.edges.sort_unstable();
        let mut reaches: Vec<bool> = self.visited.iter().map(|v| v.goal).collect();
        let goals = (0..self.visited.len()).filter(|n| reaches[*n]);
        let mut stack: Vec<u32> = goals.filter_map(|n| u32::try_from(n).ok()).collect();
        while let Some(number) = stack.pop() {
            let first = self.edges.partition_point(|(to, _)| *to < number);
            for (_, from) in self.edges[first..].iter().take_while(|(to, _)| *to == number) {
                if !std::mem::replace(&mut reaches[*from as usize], true) {
                    stack.push(*from);
                }
            }
        }
        reaches.iter().position(|r| !r).and_then(|n| u32::try_from(n).ok())
    }

    /// The first state from which rounds alone never come to rest.
    fn livelock(&self) -> Option<u32> {
        // More rounds than any chain of decisions that leads somewhere.
        const ROUNDS: usize = 64;
        let never_rests = |start: &u32| {
            let mut number = *start;
            for _ in 0..ROUNDS {
                let next = self.visited[number as usize].round;
                if next == number {
                    return false;
                }
                number = next;
            }
            true
        };
        (0..self.visited.len()).filter_map(|n| u32::try_from(n).ok()).find(never_rests)
    }

    fn finding(&self, what: What, number: u32, last: Option<Move>) -> Finding {
        let mut way = trace::way(self, number, last);
        if what == What::Trap {
            trace::to_the_rest(self, &mut way);
        }
        let story = story::tell(self, &what.to_string(), &way);
        Finding { what, trace: trace::lines(self, &way), story }
    }
}

/// What is told, and goes on being told, where the operator can see all that there is to see: a short
/// silence changes nothing, and Flink answers from a cache for a while.
fn mistold(node: &Node, thought: &Thought) -> Option<invariants::Violation> {
    let mut jobs = thought.node.world.jobmanagers().flat_map(|(_, jobmanager)| &jobmanager.jobs);
    let (now, interval) = (node.world.now, node.world.settings.refresh_interval);
    let cached = jobs.any(|job| {
        let differs = |(_, d): (u64, Details)| (d.state, d.up) != (job.state, job.up);
        // How a job ended is told by statistics that are not a copy from before its end.
        let ending = job.ended_at.is_some_and(|at| now < at + interval);
        ending || job.details_cache.is_some_and(differs)
    });
    let silent = !thought.node.operator.silent.is_empty();
    let sees = node.operator.frozen.is_none() && !silent && !cached;
    let told = match thought.decision.verdict.reason {
        _ if node.gone() || !sees => return None,
        Reason::Running => invariants::Healthy::Runs,
        Reason::JobFinished => invariants::Healthy::Finished,
        _ => return None,
    };
    invariants::mistold(&node.world, APP, told)
}

/// Where the machine may stay: see the list of goals in the project's design.
pub(super) fn is_goal(node: &Node, thought: &Thought) -> bool {
    waits_for_a_person(thought) || rests(node, thought)
}

/// Nothing goes on, or it may be for ever that it does not, and the status says what to do.
fn waits_for_a_person(thought: &Thought) -> bool {
    let reason = thought.decision.verdict.reason;
    let cures = cures::cures(thought);
    // What is there of a cluster may do for its job, and a pod that hangs may end: that is not stalled.
    let waits = [Reason::FlinkUnreachable, Reason::JobRestarting, Reason::RestartLoop];
    let gone = waits.contains(&reason) && !cures.is_empty();
    let removes = |cure: &Cure| matches!(cure, Cure::Remove(_));
    // A deletion ends whatever hangs.
    let hangs = reason != Reason::Deleting && cures.iter().any(removes);
    reason.stalled() || gone || hangs
}

/// All is done that is to be done.
pub(super) fn rests(node: &Node, thought: &Thought) -> bool {
    let reason = thought.decision.verdict.reason;
    let State { record, phase } = &*node.stored;
    let two = matches!(phase, Phase::DualRunning(DualRunning { confirming: None, teardown: None }));
    // What is left of a cluster may hang for ever.
    let hangs = |l: &Leaving| {
        let mut pods = node.world.pods.iter();
        pods.any(|pod| pod.stuck && pod.cluster.incarnation == l.incarnation.0)
    };
    let tidy = record.leaving.iter().all(hangs) && (two || record.previous.is_none());
    let one = matches!(phase, Phase::Running(Running { confirming: None }));
    let at_rest = two || one || matches!(phase, Phase::DeployFailed(_));
    let good = matches!(
        reason,
        Reason::Running
            | Reason::JobFinished
            | Reason::DeployFailed
            | Reason::JobCanceledExternally
    );
    tidy && at_rest && good
}

/// The phase in the reference operator's word.
pub(super) fn phase_name(node: &Node) -> &'static str {
    if node.gone() { "-" } else { node.stored.phase.name().unwrap_or("Unreadable") }
}

/// The keys are hashes already.
#[derive(Clone, Copy, Debug, Default)]
struct Taken(u64);

impl Hasher for Taken {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0 ^= u64::from_le_bytes(word);
        }
    }
}
