//! The laws of the machine, checked in every state that an exploration comes to. (That it is total
//! shows by itself: a decision that panicked would end the exploration.)

use std::collections::BTreeSet;

use flinkk8soperator_core as machine;
use machine::{
    Change, ChangeClass, Context, Decision, Effect, Fact, Flink, Objects, Observation, Operation,
    Post, Statistics, Timestamp, Verdict,
};

use super::cures;
use super::node::Node;
use super::round::{self, Cut, Thought};
use super::search::Search;
use super::silence;

type Broken = (&'static str, String);

/// The first law that is broken here, and how. `still`: a round changes nothing any more.
pub(super) fn broken(
    search: &Search<'_>,
    node: &Node,
    thought: &Thought,
    still: bool,
) -> Option<Broken> {
    sated(thought)
        .or_else(|| deterministic(search, thought))
        .or_else(|| honest(search, thought))
        .or_else(|| patient(search, node, thought))
        .or_else(|| awake(node, thought, still))
        .or_else(|| curable(thought, still))
        .or_else(|| silent_is_not_false(search, thought))
        .or_else(|| level(search, node, thought))
}

fn decide(search: &Search<'_>, thought: &Thought, seen: &Observation, now: Timestamp) -> Decision {
    let cx = Context {
        config: &search.config,
        desired: &thought.desired,
        now,
        resumed: !thought.node.operator.decided,
    };
    machine::decide(&cx, &thought.node.stored, seen)
}

fn sated(thought: &Thought) -> Option<Broken> {
    let law = "what is needed is known after three passes";
    thought.insatiable.then(|| (law, format!("still asks for {:?}", thought.request)))
}

fn deterministic(search: &Search<'_>, thought: &Thought) -> Option<Broken> {
    let again = decide(search, thought, &thought.seen, thought.node.now());
    (again != thought.decision)
        .then(|| ("the same facts give the same decision", format!("{again:?}")))
}

/// Reads only what was asked for: with everything else filled in wrongly, nothing changes. (When
/// the state changes, the effects of the next one are due as far as the facts of the last one go;
/// what they lack comes with the next round.)
fn honest(search: &Search<'_>, thought: &Thought) -> Option<Broken> {
    let mut seen = thought.seen.clone();
    fill(&mut seen.objects, Objects::default());
    fill(&mut seen.live_pods, Vec::new());
    fill(&mut seen.newest_revision, None);
    fill(&mut seen.last_seen, None);
    fill(&mut seen.change, Change { class: ChangeClass::Redeploy, fields: Vec::new() });
    seen.flink.values_mut().for_each(fill_flink);
    let again = decide(search, thought, &seen, thought.node.now());
    let kept = thought.decision.state == *thought.node.stored;
    let same = again.state == thought.decision.state
        && (!kept || again.effects == thought.decision.effects);
    let differs = || format!("{:?} {:?}", again.state.phase, again.effects);
    (!same).then(|| ("a decision reads only what was asked for", differs()))
}

fn fill<T>(fact: &mut Fact<T>, wrong: T) {
    if matches!(fact, Fact::Unasked) {
        *fact = Fact::Known(wrong);
    }
}

fn fill_flink(flink: &mut Flink) {
    fill(&mut flink.jobs, Vec::new());
    fill(&mut flink.job, None);
    fill(&mut flink.statistics, Some(Statistics::default()));
    fill(&mut flink.checkpointing, None);
    fill(&mut flink.operation, Operation::Unknown);
    fill(&mut flink.failure, "wrong".to_owned());
    fill(&mut flink.submission, Post::NotSent);
    fill(&mut flink.idle, BTreeSet::new());
    fill(&mut flink.requirements, Some(Vec::new()));
}

/// Called again before the instant that it named, the machine does nothing else.
fn patient(search: &Search<'_>, node: &Node, thought: &Thought) -> Option<Broken> {
    let wake = thought.decision.wake?;
    if thought.decision.state != *node.stored || wake.0 <= node.world.now {
        return None;
    }
    let early = Timestamp(node.world.now.midpoint(wake.0));
    let again = decide(search, thought, &thought.seen, early);
    let same = again.state == thought.decision.state && again.effects == thought.decision.effects;
    (!same).then(|| ("an early call changes nothing", format!("{again:?}")))
}

/// At rest the machine does not ask to be called at once.
fn awake(node: &Node, thought: &Thought, still: bool) -> Option<Broken> {
    let wake = thought.decision.wake.filter(|at| still && at.0 <= node.world.now)?;
    Some(("at rest the next wake lies ahead", format!("{wake} at {}ms", node.world.now)))
}

/// Where a person has to do something, it says what.
fn curable(thought: &Thought, still: bool) -> Option<Broken> {
    let Verdict { reason, message, .. } = &thought.decision.verdict;
    let asks = still && cures::wanted(*reason) && cures::cures(thought).is_empty();
    let law = "where no progress is made without a person, a cure is named";
    asks.then(|| (law, format!("{reason:?}: {message}")))
}

/// Every fact turned into silence, one after the other: no effect that ends or begins something
/// comes of it.
fn silent_is_not_false(search: &Search<'_>, thought: &Thought) -> Option<Broken> {
    silence::each(&thought.seen, |fact, quieter| {
        let decision = decide(search, thought, quieter, thought.node.now());
        let known = &thought.decision.effects;
        // What was sent away before goes whatever is silent, until Kubernetes takes it with the application.
        let sent_away = |effect: &Effect| match effect {
            Effect::RemoveCluster { incarnation } => {
                let mut leaving = thought.node.stored.record.leaving.iter();
                leaving.any(|l| l.incarnation == *incarnation)
            }
            _ => false,
        };
        let grave = |e: &Effect| is_grave(e) && !known.contains(e) && !sent_away(e);
        let added = decision.effects.into_iter().find(grave)?;
        Some(("silence is not false", format!("without {fact}: {added:?}")))
    })
}

/// Stops, deletes, or submits. (Scaling takes only what was seen to run nothing: an invariant of the
/// world.)
fn is_grave(effect: &Effect) -> bool {
    match effect {
        Effect::Submit(_)
        | Effect::Savepoint(_)
        | Effect::Cancel { .. }
        | Effect::DeletePod { .. }
        | Effect::RemoveCluster { .. }
        | Effect::RemoveRevision(_)
        | Effect::RemoveFinalizer => true,
        Effect::AddFinalizer
        | Effect::SaveRevision(_)
        | Effect::CopyRevision { .. }
        | Effect::RebuildRevision(_)
        | Effect::CreateCluster(_)
        | Effect::ScaleTaskManagers { .. }
        | Effect::LabelCluster(_)
        | Effect::SetRequirements(_)
        | Effect::PointService { .. } => false,
    }
}

/// Effects belong to states: after the write and a crash they are asked for again, unless the
/// state has moved on.
fn level(search: &Search<'_>, node: &Node, thought: &Thought) -> Option<Broken> {
    if thought.decision.state == *node.stored {
        return None;
    }
    let written = round::run(search.suite, search.plant, thought, Cut::AfterCalls(0));
    let again = round::think(search.suite, &search.config, search.plant, &written);
    if again.decision.state != *written.stored {
        return None;
    }
    let forgotten =
        thought.decision.effects.iter().find(|e| !again.decision.effects.contains(e))?;
    Some(("effects belong to states", format!("not asked for again: {forgotten:?}")))
}
