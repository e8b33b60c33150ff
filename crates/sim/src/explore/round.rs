//! The operator's round on a node, in the order of the runtime: needs, observe, decide, persist,
//! execute; and the same with a fault in it.

use std::rc::Rc;

use flinkk8soperator_core as machine;
use machine::{
    Config, Context, Decision, Desired, DualRunning, FactRequest, Observation, Phase, Post,
    Running, State, Work,
};

use super::calls::{self, Call};
use super::node::Node;
use super::observe::observe;
use super::plant::Plant;
use super::scenario::Suite;
use super::translate;

/// How often `needs` is asked at most (design of the round).
const PASSES: usize = 3;

/// A round up to its decision, on a node that the observation left its traces in.
#[derive(Clone, Debug)]
pub(super) struct Thought {
    pub(super) node: Node,
    pub(super) desired: Desired,
    pub(super) request: FactRequest,
    pub(super) seen: Observation,
    pub(super) decision: Decision,
    pub(super) calls: Vec<Call>,
    /// `needs` still wanted more after the last pass.
    pub(super) insatiable: bool,
}

/// Asks, looks and decides.
pub(super) fn think(suite: &Suite, config: &Config, plant: Option<Plant>, node: &Node) -> Thought {
    let mut node = node.clone();
    let desired = node.desired(suite);
    let cx =
        Context { config, desired: &desired, now: node.now(), resumed: !node.operator.decided };
    let mut seen = Observation::default();
    let mut request = FactRequest::default();
    let mut insatiable = true;
    for _ in 0..=PASSES {
        let wanted = machine::needs(&cx, &node.stored, &seen);
        insatiable = wanted != request;
        if !insatiable {
            break;
        }
        request = wanted;
        seen = observe(suite, &mut node, &request);
        if let Some(plant) = plant {
            plant.on_each_pass(&mut seen);
        }
    }
    node.operator.silent.retain(|(process, _)| {
        request.flink.iter().any(|f| translate::process_back(f.process) == *process)
    });
    if let Some(plant) = plant {
        plant.on_facts(&mut seen);
    }
    let mut decision = machine::decide(&cx, &node.stored, &seen);
    if let Some(plant) = plant {
        plant.on_decision(&node, &mut decision);
    }
    let calls = calls::of(&decision.effects, &node);
    Thought { node, desired, request, seen, decision, calls, insatiable }
}

/// Where a round is cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cut {
    /// Before the status is written.
    BeforeWrite,
    /// After the status and this many calls.
    AfterCalls(usize),
}

/// The whole round.
pub(super) fn complete(suite: &Suite, plant: Option<Plant>, thought: &Thought) -> Node {
    run(suite, plant, thought, Cut::AfterCalls(usize::MAX))
}

/// The round up to a cut.
pub(super) fn run(suite: &Suite, plant: Option<Plant>, thought: &Thought, cut: Cut) -> Node {
    let mut node = thought.node.clone();
    let backwards = plant.is_some_and(Plant::calls_first);
    if backwards {
        execute(suite, plant, &mut node, &thought.calls);
    }
    match cut {
        Cut::BeforeWrite => {}
        Cut::AfterCalls(calls) => {
            persist(&mut node, &thought.decision.state);
            if !backwards {
                let calls = &thought.calls[..calls.min(thought.calls.len())];
                execute(suite, plant, &mut node, calls);
            }
        }
    }
    node
}

/// The round with the reply to one of its calls lost: it is carried out, and the round ends.
pub(super) fn with_lost_reply(
    suite: &Suite,
    plant: Option<Plant>,
    thought: &Thought,
    lost: usize,
) -> Node {
    let mut node = run(suite, plant, thought, Cut::AfterCalls(lost + 1));
    if let Some(Call::Submit(submit)) = thought.calls.get(lost) {
        node.world.give_up_waiting(Some(translate::job_back(submit.job)));
        node.operator.post = Some((submit.job, Post::Lost));
    }
    node
}

/// Whether a call of the round sends a job to a JobManager that answers.
pub(super) fn is_answered_submission(thought: &Thought, call: usize) -> bool {
    match thought.calls.get(call) {
        Some(Call::Submit(submit)) => {
            let process = translate::process_back(submit.process);
            !thought.node.unreachable && thought.node.world.overview(process).is_some()
        }
        _ => false,
    }
}

/// How a submission is refused that could have come to something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The JobManager does not lead yet.
    ForNow,
    /// Its `main()` throws.
    ForGood,
}

/// The round in which a submission is refused: nothing comes of that one.
pub(super) fn with_a_refusal(
    suite: &Suite,
    plant: Option<Plant>,
    thought: &Thought,
    (call, how): (usize, Refusal),
) -> Node {
    let mut node = run(suite, plant, thought, Cut::AfterCalls(call));
    if let Some(Call::Submit(submit)) = thought.calls.get(call)
        && let Some(under_way) = node.operator.post(submit.job).sent()
    {
        let (retriable, message) = match how {
            Refusal::ForNow => (true, "the dispatcher has no leader".to_owned()),
            Refusal::ForGood => (false, "the main method caused an error".to_owned()),
        };
        let refused = Post::Refused { retriable, message, alone: true };
        let post = under_way.answered(refused);
        node.operator.post = Some((submit.job, post));
    }
    node
}

fn execute(suite: &Suite, plant: Option<Plant>, node: &mut Node, calls: &[Call]) {
    for call in calls {
        let planted = plant.and_then(|plant| plant.on_call(node, call));
        if calls::perform(suite, node, planted.as_ref().unwrap_or(call)).is_err() {
            return;
        }
    }
}

fn persist(node: &mut Node, state: &State) {
    node.operator.decided = true;
    if let Some(submission) = state.submission() {
        let known = node.operator.post.as_ref().map(|(job, _)| *job);
        let was = node.stored.submission().map(|s| s.job);
        if was != Some(submission.job) && known != Some(submission.job) {
            node.operator.post = Some((submission.job, Post::NotSent));
        }
    } else {
        node.operator.post = None;
    }
    let deployed = state.record.deployed.as_ref().and_then(|d| d.live()).map(|job| job.id);
    node.operator.last_seen.take_if(|(job, _)| Some(*job) != deployed);
    let trigger = state.stop().map(|stop| stop.trigger);
    node.operator.triggered = node.operator.triggered.filter(|t| Some(t.ours) == trigger);
    if *node.stored != *state {
        node.stored = Rc::new(state.clone());
    }
    if let Some((job, parallelism)) = announced(state) {
        node.world.announce(translate::job_back(job), parallelism);
    }
}

/// The job that a status with this state tells the user to be the deployed one, and good; and its
/// parallelism.
fn announced(state: &State) -> Option<(machine::JobId, u32)> {
    let at_rest = matches!(
        state.phase,
        Phase::Running(Running { confirming: None })
            | Phase::DualRunning(DualRunning { confirming: None, .. })
            | Phase::DeployFailed(_)
    );
    let deployed = state.record.deployed.as_ref().filter(|_| at_rest)?;
    match &deployed.work {
        Work::Live(job) => Some((job.id, deployed.target.parallelism)),
        Work::Stopped(_) | Work::Finished => None,
    }
}
