//! What can happen next on a node: the operator's round, the world's steps, time, the user, faults.

use std::rc::Rc;

use super::calls::Call;
use super::cures;
use super::knobs::UNIT;
use super::node::{APP, Node};
use super::plant::Plant;
use super::round::{self, Cut, Refusal, Thought};
use super::scenario::{Fault, Suite};
use crate::world::{JobId, Mishap, Step};

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// A round of the operator, undisturbed.
    Round,
    /// The world does something by itself.
    Step(Step),
    /// Time passes until the instant that the operator wants to be woken at.
    Time(u64),
    /// What was slow, or silent, is so no more.
    Recovers,
    /// The watches catch up.
    CatchesUp,
    /// The user does the next thing.
    Edit,
    /// A person does what the status names as a cure, by its place there.
    Cure(usize),
    /// A round that ends with a crash.
    Crash(Cut),
    /// A round of which the reply to a call is lost.
    LostReply(usize),
    /// A round in which the operator loses its place; one of its calls arrives later.
    LateCall(usize),
    /// That call arrives.
    Arrives,
    /// A round of which the reply to the status write is lost: nothing after it is done.
    LostStatusReply,
    /// A round whose status write is refused.
    Conflict,
    /// The watches stand still.
    StaleCache,
    /// Flink cannot be reached.
    Unreachable,
    /// Nothing goes on in the world.
    Slow,
    /// The operator is down for long.
    Outage,
    /// The client of a submission gives up.
    RequestTimesOut(JobId),
    /// A round of which a submission is refused, for now or for good.
    Refused(usize, Refusal),
    /// Something goes wrong in the world.
    Mishap(Mishap),
}

impl Move {
    /// The sort of fault it is, if it is one.
    #[must_use]
    pub fn fault(self) -> Option<Fault> {
        match self {
            Move::Round
            | Move::Step(_)
            | Move::Time(_)
            | Move::Recovers
            | Move::CatchesUp
            | Move::Edit
            | Move::Arrives
            | Move::Cure(_) => None,
            Move::Crash(Cut::BeforeWrite) => Some(Fault::CrashBeforeWrite),
            Move::Crash(Cut::AfterCalls(_)) => Some(Fault::CrashAfterCalls),
            Move::LostReply(_) => Some(Fault::LostReply),
            Move::LateCall(_) => Some(Fault::LateCall),
            Move::LostStatusReply => Some(Fault::LostStatusReply),
            Move::Conflict => Some(Fault::Conflict),
            Move::StaleCache => Some(Fault::StaleCache),
            Move::Unreachable => Some(Fault::Unreachable),
            Move::Slow => Some(Fault::Slow),
            Move::Outage => Some(Fault::Outage),
            Move::RequestTimesOut(_) => Some(Fault::RequestTimesOut),
            Move::Refused(..) => Some(Fault::Refused),
            Move::Mishap(Mishap::ProcessRestarts(_)) => Some(Fault::ProcessRestarts),
            Move::Mishap(Mishap::PodLost(_)) => Some(Fault::PodLost),
            Move::Mishap(Mishap::PodStuck(_)) => Some(Fault::PodStuck),
            Move::Mishap(Mishap::ObjectDeleted(_) | Mishap::AddressesDeleted(_)) => {
                Some(Fault::ObjectDeleted)
            }
            Move::Mishap(Mishap::NamespaceDeleted) => Some(Fault::NamespaceDeleted),
            Move::Mishap(Mishap::SavepointFails(..)) => Some(Fault::SavepointFails),
            Move::Mishap(Mishap::OperationForgotten(..)) => Some(Fault::OperationForgotten),
            Move::Mishap(Mishap::FailsOver(_)) => Some(Fault::FailsOver),
            Move::Mishap(Mishap::JobFails(_)) => Some(Fault::JobFails),
            Move::Mishap(Mishap::PersonCancels(_)) => Some(Fault::PersonCancels),
            Move::Mishap(Mishap::PersonStops(_)) => Some(Fault::PersonStops),
            Move::Mishap(Mishap::PersonSubmits(_)) => Some(Fault::PersonSubmits),
        }
    }

    /// Whether it is a round whose state is written.
    pub(super) fn writes(self) -> bool {
        self.decides() && !matches!(self, Move::Crash(Cut::BeforeWrite) | Move::Conflict)
    }

    /// Whether the operator decides in it.
    pub(super) fn decides(self) -> bool {
        match self {
            Move::Round
            | Move::Crash(_)
            | Move::LostReply(_)
            | Move::LateCall(_)
            | Move::LostStatusReply
            | Move::Refused(..)
            | Move::Conflict => true,
            Move::Step(_)
            | Move::Time(_)
            | Move::Recovers
            | Move::CatchesUp
            | Move::Edit
            | Move::Arrives
            | Move::Cure(_)
            | Move::StaleCache
            | Move::Unreachable
            | Move::Slow
            | Move::Outage
            | Move::RequestTimesOut(_)
            | Move::Mishap(_) => false,
        }
    }
}

/// What is known of a node when its moves are listed.
pub(super) struct Standing {
    /// A round changes nothing any more.
    pub(super) still: bool,
    /// A goal is reached.
    pub(super) goal: bool,
}

/// Everything that can happen next, faults only while there are some left.
pub(super) fn list(
    suite: &Suite,
    node: &Node,
    thought: &Thought,
    standing: &Standing,
) -> Vec<Move> {
    let cured = cures::named(suite, node, thought, standing.still).map(Move::Cure);
    if node.cured.is_some() {
        return calm(suite, node, thought, standing.still).into_iter().chain(cured).collect();
    }
    let mut moves = by_itself(suite, node, thought, standing.still);
    if let Some(edit) = suite.edits.get(node.edits)
        && (edit.any_time || standing.goal)
        && !node.gone()
        && (edit.what.of_the_status() || !node.world.applications[APP.0].deleting)
    {
        moves.push(Move::Edit);
    }
    moves.extend(cured);
    if node.faults > 0 && !node.gone() {
        let wanted = |m: &Move| m.fault().is_some_and(|fault| suite.kinds.contains(&fault));
        moves.extend(faults(node, thought, standing).into_iter().filter(wanted));
    }
    moves
}

/// The next thing that happens where nobody disturbs: first the operator, then what is about to happen,
/// then time.
pub(super) fn calm(suite: &Suite, node: &Node, thought: &Thought, still: bool) -> Option<Move> {
    let wanted = |m: &Move| match m {
        Move::Step(step) => {
            step.urgent()
                || matches!(
                    step,
                    Step::MainReturns(..) | Step::OrphansStop(_) | Step::PodComesLoose(_)
                )
        }
        _ => true,
    };
    by_itself(suite, node, thought, still).into_iter().find(wanted)
}

/// Everything that happens without a user and without a fault.
fn by_itself(suite: &Suite, node: &Node, thought: &Thought, still: bool) -> Vec<Move> {
    let mut moves = Vec::new();
    if !still {
        moves.push(Move::Round);
    }
    let steps = node.world.steps();
    let quick_main = |s: &Step| !suite.slow_main && matches!(s, Step::MainReturns(..));
    let hurry = !node.slow && steps.iter().any(|s| s.urgent() || quick_main(s));
    if !node.slow {
        moves.extend(steps.into_iter().map(Move::Step));
    }
    let wake = thought.decision.wake.map(|at| at.0).filter(|at| *at > node.world.now);
    if let Some(at) = wake.filter(|_| still && (suite.free_time || !hurry)) {
        moves.push(Move::Time(at));
    }
    if node.slow || node.unreachable {
        moves.push(Move::Recovers);
    }
    if node.operator.frozen.is_some() {
        moves.push(Move::CatchesUp);
    }
    if node.late.is_some() {
        moves.push(Move::Arrives);
    }
    moves
}

fn faults(node: &Node, thought: &Thought, standing: &Standing) -> Vec<Move> {
    let mut moves = Vec::new();
    let writes = thought.decision.state != *node.stored;
    if writes {
        moves.push(Move::Conflict);
        moves.push(Move::LostStatusReply);
    }
    moves.push(Move::Crash(Cut::BeforeWrite));
    if !standing.still {
        moves.extend((0..=thought.calls.len()).map(|n| Move::Crash(Cut::AfterCalls(n))));
        moves.extend((0..thought.calls.len()).map(Move::LostReply));
        let place = node.late.is_none();
        moves.extend((0..thought.calls.len()).filter(|_| place).map(Move::LateCall));
        let can_be_refused = |n: &usize| round::is_answered_submission(thought, *n);
        for n in (0..thought.calls.len()).filter(can_be_refused) {
            moves.extend([Refusal::ForNow, Refusal::ForGood].map(|how| Move::Refused(n, how)));
        }
    }
    if node.operator.frozen.is_none() {
        moves.push(Move::StaleCache);
    }
    if !node.unreachable {
        moves.push(Move::Unreachable);
    }
    if !node.slow {
        moves.push(Move::Slow);
    }
    moves.push(Move::Outage);
    for (_, jobmanager) in node.world.jobmanagers() {
        let waited_for = jobmanager.posts.iter().filter(|p| p.client);
        moves.extend(waited_for.map(|p| Move::RequestTimesOut(p.job)));
    }
    // No call is on its way for the minutes after which an operation is forgotten.
    let in_time = |m: &Mishap| node.late.is_none() || !matches!(m, Mishap::OperationForgotten(..));
    moves.extend(node.world.mishaps().into_iter().filter(in_time).map(Move::Mishap));
    moves
}

/// Does a move.
pub(super) fn make(
    suite: &Suite,
    plant: Option<Plant>,
    node: &Node,
    thought: &Thought,
    chosen: Move,
) -> Node {
    let mut next = match chosen {
        Move::Round => round::complete(suite, plant, thought),
        Move::Crash(cut) => round::run(suite, plant, thought, cut),
        Move::LostReply(call) => round::with_lost_reply(suite, plant, thought, call),
        Move::Refused(call, how) => round::with_a_refusal(suite, plant, thought, (call, how)),
        Move::LateCall(call) => round::run(suite, plant, thought, Cut::AfterCalls(call)),
        Move::LostStatusReply => round::run(suite, plant, thought, Cut::AfterCalls(0)),
        Move::Conflict => thought.node.clone(),
        _ => node.clone(),
    };
    match chosen {
        Move::LateCall(call) => {
            thought.calls.get(call).into_iter().for_each(|call| next.loses_its_place(call));
        }
        Move::Arrives => next.arrives(suite),
        Move::Round
        | Move::LostReply(_)
        | Move::LostStatusReply
        | Move::Refused(..)
        | Move::Conflict => {}
        Move::Crash(_) => next.crash(),
        Move::Step(step) => next.world.apply(step),
        Move::Time(at) => {
            // Rounds that change nothing were all this while.
            next.operator.decided = true;
            next.world.wait_until(at);
        }
        Move::Recovers => {
            next.slow = false;
            next.unreachable = false;
        }
        Move::CatchesUp => next.operator.frozen = None,
        Move::Edit => next.edit(suite),
        Move::Cure(nth) => next = cures::apply_nth(suite, node, thought, nth),
        Move::StaleCache => next.operator.frozen = Some(Rc::new(node.world.clone())),
        Move::Unreachable => next.unreachable = true,
        Move::Slow => next.slow = true,
        Move::Outage => {
            next.crash();
            // Longer than any wait.
            next.world.wait_until(node.world.now + 100 * UNIT);
        }
        Move::RequestTimesOut(job) => times_out(&mut next, job),
        Move::Mishap(mishap) => next.world.befall(mishap),
    }
    if chosen.fault().is_some() {
        next.faults -= 1;
    }
    next
}

fn times_out(node: &mut Node, job: JobId) {
    node.world.give_up_waiting(Some(job));
    let mine = |id: flinkk8soperator_core::JobId| id.0 == job.0;
    if let Some((id, post)) = &mut node.operator.post
        && mine(*id)
    {
        *post = flinkk8soperator_core::Post::Lost;
    }
}

/// A call in a few words, for traces.
pub(super) fn words(call: &Call) -> String {
    match call {
        Call::Submit(submit) => format!(
            "Submit {} to {:?} from {:?}",
            short(submit.job.0),
            submit.process,
            submit.from.path()
        ),
        Call::Savepoint(savepoint) => {
            format!("Savepoint {} of {}", short(savepoint.trigger.0), short(savepoint.job.0))
        }
        other => format!("{other:?}"),
    }
}

/// The first digits of an id.
pub(super) fn short(id: u128) -> String {
    format!("{id:032x}")[..6].to_owned()
}
