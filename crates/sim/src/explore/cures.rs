//! What a status names as a cure is applied, by a person who does nothing else, on a day on which
//! nothing else goes wrong: it has to work.

use std::rc::Rc;
use std::sync::Arc;

use flinkk8soperator_core as machine;
use machine::{Cure, DeleteMode, ForeignJobAction, Reason, Recovery, ScaleMode};

use super::left;
use super::node::{APP, Node};
use super::round::Thought;
use super::scenario::{Edition, Suite};
use super::{search, translate};
use crate::world::{
    Cluster, FileKind, Image, JobId, JobManager, Pod, Program, RunId, Spec, Step, World,
};

/// More than the versions of any suite.
const ANOTHER: u32 = 90;

/// What a person did.
#[derive(Clone, Debug)]
pub(super) struct Cured {
    pub(super) cure: Cure,
    /// What was named so far: it has to work, unless something else comes up.
    pub(super) named: Vec<Cure>,
    /// How many were applied.
    pub(super) times: usize,
    /// What the object is since then.
    pub(super) edition: Edition,
}

/// A cure in a word, if an exploration can try it.
pub(super) fn name(cure: &Cure) -> Option<&'static str> {
    let name = match cure {
        Cure::NewSpec => "NewSpec",
        Cure::DeployedSpec => "DeployedSpec",
        Cure::NewRestartNonce => "NewRestartNonce",
        Cure::Restore => "Restore",
        Cure::LastSeen => "LastSeen",
        Cure::FallbackWithoutState => "FallbackWithoutState",
        Cure::SavepointAgain => "SavepointAgain",
        Cure::ForceRollback => "ForceRollback",
        Cure::TearDown { .. } => "TearDown",
        Cure::CancelJob(_) => "CancelJob",
        Cure::AdoptJob(_) => "AdoptJob",
        Cure::EndJob(_) => "EndJob",
        Cure::ForceCancel => "ForceCancel",
        // Of an exploration's objects only pods are in the way.
        Cure::Remove(_) => "Remove",
        // Every spec of an exploration can be deployed, no checkpoint grows too old, and there is one
        // operator, and one CRD.
        Cure::Fields(_) | Cure::CheckpointAge | Cure::Upgrade | Cure::Crd => {
            return None;
        }
        // What the pods report comes from the spec, and a new one is named with it.
        Cure::Pods => return None,
        // What comes after a lost status is told by its own suites: no job is started.
        Cure::StatusRestored | Cure::StatusDeleted | Cure::ObjectsDeleted => return None,
    };
    Some(name)
}

/// The cures that are named to a person here and can be tried, by their places.
pub(super) fn named(
    suite: &Suite,
    node: &Node,
    thought: &Thought,
    still: bool,
) -> impl Iterator<Item = usize> {
    let at_peace = node.operator.frozen.is_none() && node.late.is_none();
    let quiet = !node.unreachable && !node.slow && at_peace;
    let asks = suite.cures && quiet && still && !node.gone();
    let known = node.cured.as_ref().map(|cured| cured.named.clone()).unwrap_or_default();
    let told = cures(thought).iter().enumerate();
    let asked = told.filter(move |(_, cure)| asks && !known.contains(cure));
    asked.filter(|(_, cure)| apply(suite, node, thought, cure).is_some()).map(|(nth, _)| nth)
}

/// What the status names.
pub(super) fn cures(thought: &Thought) -> &[Cure] {
    thought.decision.verdict.waiting.as_ref().map_or(&[], |waiting| &waiting.cures)
}

/// A person does the nth thing that the status names.
pub(super) fn apply_nth(suite: &Suite, node: &Node, thought: &Thought, nth: usize) -> Node {
    let applied = cures(thought).get(nth).and_then(|cure| apply(suite, node, thought, cure));
    applied.unwrap_or_else(|| node.clone())
}

/// A person needs to be told what to do.
pub(super) fn wanted(reason: Reason) -> bool {
    let rests = [Reason::DeployFailed, Reason::JobCanceledExternally, Reason::RestartLoop];
    reason.stalled() || rests.contains(&reason)
}

/// The person does it; `None`: what is wanted for it does not exist.
fn apply(suite: &Suite, node: &Node, thought: &Thought, cure: &Cure) -> Option<Node> {
    let mut next = node.clone();
    let mut edition = edited(suite, node, cure)?;
    // Where the running cluster has the names of this version, it goes first.
    edition.spec.alone |= edition.scale == ScaleMode::InPlace;
    next.world.edit_application(APP, edition.spec.clone());
    match cure {
        Cure::EndJob(job) => end(&mut next.world, translate::job_back(*job))?,
        Cure::ForceCancel => next.world.delete_application(APP),
        Cure::Remove(name) => {
            let told = |pod: &&Pod| *name == format!("pod {}", translate::pod(pod).name);
            let pod = next.world.pods.iter().find(told)?.uid;
            next.world.apply(Step::PodComesLoose(pod));
        }
        _ => {}
    }
    next.faults = 0;
    let mut named = node.cured.as_ref().map(|cured| cured.named.clone()).unwrap_or_default();
    named.extend_from_slice(answered(suite, cure, cures(thought)));
    let times = 1 + node.cured.as_ref().map_or(0, |cured| cured.times);
    next.cured = Some(Rc::new(Cured { cure: cure.clone(), named, times, edition }));
    Some(next)
}

/// Of what is named what need not be named again once this was done.
fn answered<'c>(suite: &Suite, cure: &'c Cure, named: &'c [Cure]) -> &'c [Cure] {
    match cure {
        // The last state seen may not exist any more: that shows when Flink is given it.
        Cure::LastSeen => &[],
        // More may have gone wrong than the pod.
        Cure::Remove(_) if suite.faults > 1 => std::slice::from_ref(cure),
        _ => named,
    }
}

/// What the person makes of the object; as it is, for what is done elsewhere.
fn edited(suite: &Suite, node: &Node, cure: &Cure) -> Option<Edition> {
    name(cure)?;
    let mut edition = node.edition(suite).clone();
    let Edition { spec, delete, force_rollback, tear_down, fallback, recovery, foreign, .. } =
        &mut edition;
    match cure {
        Cure::NewSpec => {
            let good = with(&suite.editions.first()?.spec, spec);
            let (image, program) = (Image::Runs, Program::Runs);
            *spec = Spec { image, program, tear_down: spec.tear_down, ..good };
            *tear_down = None;
            *force_rollback = false;
        }
        Cure::DeployedSpec => {
            let Spec { alone, beside, stateless, last_seen, .. } = *spec;
            let made = left::deployed(node)?.clone();
            *spec = Spec { alone, beside, stateless, last_seen, ..made };
        }
        // What is wrong with the spec itself fails once more.
        Cure::NewRestartNonce => *spec = Some(with(spec, spec)).filter(is_good)?,
        // Nor does another state help a job that fails by itself.
        Cure::Restore if !deployed(node).is_none_or(is_good) => return None,
        Cure::Restore => spec.restored = Some(newest(&node.world)?),
        Cure::LastSeen => {
            *recovery = Recovery::LastSeen;
            spec.last_seen = true;
        }
        Cure::FallbackWithoutState => {
            *fallback = true;
            spec.stateless = true;
        }
        Cure::ForceRollback => *force_rollback = true,
        Cure::TearDown { goes, .. } => {
            *tear_down = Some(goes.0);
            spec.tear_down = Some(goes.0);
        }
        Cure::CancelJob(_) => *foreign = Some(ForeignJobAction::Cancel),
        Cure::AdoptJob(_) => *foreign = Some(ForeignJobAction::Adopt),
        Cure::ForceCancel => *delete = DeleteMode::ForceCancel,
        _ => {}
    }
    Some(edition)
}

/// A person ends a job by hand.
fn end(world: &mut World, job: JobId) -> Option<()> {
    let runs = |(_, jobmanager): &(_, &JobManager)| jobmanager.job(job).is_some();
    let process = world.jobmanagers().find(runs).map(|(pod, _)| pod.process())?;
    world.cancel(process, job).ok()
}

/// Another version with what `good` is made of, in the ways of `mode`.
fn with(good: &Spec, mode: &Spec) -> Spec {
    let Spec { alone, beside, stateless, last_seen, .. } = *mode;
    let restored = mode.restored.clone();
    // Another one for each cure.
    let hash = ANOTHER.max(mode.hash + 1);
    let family = hash;
    Spec { hash, family, alone, beside, stateless, last_seen, restored, ..good.clone() }
}

fn is_good(spec: &Spec) -> bool {
    spec.image == Image::Runs && matches!(spec.program, Program::Runs | Program::Finishes)
}

/// What the deployed version is made of.
fn deployed(node: &Node) -> Option<&Spec> {
    let target = node.stored.record.deployed.as_ref()?.target;
    let cluster = Cluster { app: APP, incarnation: target.revision().0 };
    node.world.revision(cluster).map(|revision| &*revision.spec)
}

/// What a person would restore from: the newest file that is left of the job that ran last, but not a
/// checkpoint that may go with it.
fn newest(world: &World) -> Option<Arc<str>> {
    let told = |n: &usize| world.runs[*n].told && world.runs[*n].started && !world.runs[*n].foreign;
    let last = (0..world.runs.len()).rev().find(told).map(RunId)?;
    let file = &world.files[world.newest_file(last)?.0];
    let stays = file.kind == FileKind::Savepoint || world.run(last).end.is_some();
    stays.then(|| Arc::clone(&file.path))
}

/// Whether what was named has worked.
pub(super) fn works(node: &Node, thought: &Thought, cured: &Cured) -> bool {
    let reason = thought.decision.verdict.reason;
    let at_rest = search::rests(node, thought);
    let deployed = node.stored.record.deployed.as_ref().map(|d| d.target.digest);
    let now = thought.desired.digest;
    match &cured.cure {
        Cure::NewSpec | Cure::NewRestartNonce => at_rest && reason.ready() && deployed == Some(now),
        Cure::ForceCancel => false,
        _ => at_rest,
    }
}
