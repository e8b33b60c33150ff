//! An application as the reference operator would have left it, made of one of ours: the clusters have no
//! numbers until the machine gives them some, there is no revision, and the status tells what is deployed.
//!
//! The world goes on counting clusters: the numbers that the machine gives are the same.

use std::collections::BTreeSet;
use std::rc::Rc;

use flinkk8soperator_core as machine;
use machine::{
    ClusterObjects, DeployHash, Incarnation, JobId, Left, LeftStep, LeftVersion, Mode, Objects,
    Phase, Purpose, ReadBack, Record, Recovering, RescalingStep, State, SubmittingJob, Target,
    Timestamp, Unnumbered, Version,
};

use super::canon::Canon;
use super::node::{APP, Node};
use super::scenario::{Suite, Told, Wish};
use super::translate;
use crate::world::{Cluster, Pod, Role, Spec, World};

/// Leaves the application as the reference operator would. Of one that it cannot be in the middle of that way nothing
/// changes.
pub(super) fn leave(suite: &Suite, node: &mut Node, told: Told) {
    let left = at_rest(node, told).or_else(|| under_way(node, told));
    let Some(left) = left.filter(|_| counts_on(&node.world)) else { return };
    let job_managers = node.world.pods.iter().filter(|pod| pod.role == Role::JobManager);
    node.left_with = job_managers.filter(|pod| pod.running()).map(Pod::process).collect();
    if let Some(target) = node.stored.target().filter(|target| target.scaled.is_some()) {
        named_by_both(node, target);
    }
    let deployed = node.stored.record.deployed.as_ref();
    let beside = deployed.is_some_and(|deployed| deployed.target.mode == Mode::BlueGreen);
    // What may be needed at once is from a time before the reference operator's.
    let kept = suite.given_back || left.failed.is_some() || left.under_way.is_some() || beside;
    node.stored = Rc::new(match told {
        Told::Jobs | Told::Versions => State::left(node.now(), left),
        Told::Nothing => State::new(node.now()),
    });
    let stored = node.world.revisions.iter().filter(|_| !kept);
    let numbers: Vec<Cluster> = stored.map(|r| r.cluster).collect();
    numbers.into_iter().for_each(|number| node.world.delete_revision(number));
}

/// What the status tells to be deployed.
fn told_of(node: &Node, told: Told) -> Left {
    let record = &node.stored.record;
    let version = |version: &Version| LeftVersion {
        hash: version.target.hash,
        job: job_of(node, version).filter(|_| told == Told::Jobs),
        cluster: None,
    };
    let deployed = record.deployed.as_ref().map(version);
    let beside = record.beside().map(version);
    Left { deployed, beside, failed: None, under_way: None, target: None }
}

/// It rests, as far as that operator can tell.
fn at_rest(node: &Node, told: Told) -> Option<Left> {
    let left = told_of(node, told);
    let scaled = |version: &Version| version.target.scaled.is_some();
    let left = match &node.stored.phase {
        Phase::Running(phase) if phase.confirming.is_none() => left,
        Phase::DualRunning(phase) if phase.confirming.is_none() && phase.teardown.is_none() => left,
        Phase::DeployFailed(phase) => Left { failed: Some(phase.failed.hash), ..left },
        Phase::Rescaling(phase)
            if matches!(phase.step, RescalingStep::Grow { .. })
                && !node.stored.record.deployed.iter().any(scaled) =>
        {
            left
        }
        _ => return None,
    };
    left.deployed.is_some().then_some(left)
}

/// It is in the middle of something that that operator can be in the middle of.
fn under_way(node: &Node, told: Told) -> Option<Left> {
    let State { record, phase } = &*node.stored;
    let gone_or_scaled = |d: &Version| d.removed || d.target.scaled.is_some();
    if record.deployed.iter().any(gone_or_scaled) {
        return None;
    }
    let target = node.stored.target();
    // It submits once the deployed job is over, or, in mode BlueGreen, once there is a savepoint of that.
    let ended = record.deployed.as_ref().is_some_and(|deployed| deployed.live().is_none());
    let stops = matches!(phase, Phase::Savepointing(_) | Phase::Cancelling(_));
    let step = match phase {
        Phase::Recovering(Recovering { purpose: Purpose::Restart(_), .. }) => return None,
        _ if target.is_some_and(|t| t.mode == Mode::Single || t.scaled.is_some() && !stops) => {
            return None;
        }
        Phase::ClusterStarting(phase) if ended || phase.from.is_some() => {
            LeftStep::Submitting { job: None, since: node.now(), failing: false }
        }
        Phase::Savepointing(phase)
            if phase.target.mode == Mode::BlueGreen && told == Told::Jobs =>
        {
            LeftStep::Savepointing(phase.stop.trigger)
        }
        Phase::ClusterStarting(_)
        | Phase::Savepointing(_)
        | Phase::Cancelling(_)
        | Phase::Recovering(_) => LeftStep::Deploying,
        Phase::SubmittingJob(SubmittingJob { submission, .. }) => {
            let named = submission.start_deadline.filter(|_| told == Told::Jobs);
            let job = named.map(|_| submission.job);
            // It began at that earlier.
            LeftStep::Submitting { job, since: node.now(), failing: true }
        }
        Phase::RollingBackJob(phase)
            if phase.revived.is_none() && phase.restart.aftermath.is_none() =>
        {
            LeftStep::RollingBack { since: node.now() }
        }
        Phase::Deleting(_) => LeftStep::Deleting,
        _ => return None,
    };
    let mut left = Left { under_way: Some(step), ..told_of(node, told) };
    if let LeftStep::RollingBack { .. } = step {
        left.deployed = left.deployed.map(|deployed| LeftVersion { job: None, ..deployed });
    }
    Some(left)
}

/// That operator names a cluster by the version to come as soon as it begins to scale it in place.
fn named_by_both(node: &mut Node, target: Target) {
    let cluster = Cluster { app: APP, incarnation: target.incarnation.0 };
    let mine = node.world.deployments.iter().filter(|d| d.cluster == cluster);
    let mine: Vec<_> = mine.map(|deployment| deployment.uid).collect();
    mine.into_iter().for_each(|uid| node.world.label_deployment(uid, target.hash.0));
    // It keeps no revision.
    node.world.delete_revision(Cluster { app: APP, incarnation: target.revision().0 });
    // There may be one already.
    _ = node.world.create_service_named(cluster, target.hash.0);
}

/// What a version in a cluster is made of.
pub(super) fn spec<'n>(
    suite: &'n Suite,
    made: Option<&'n Spec>,
    hash: DeployHash,
) -> Option<&'n Spec> {
    let specs = suite.editions.iter().map(|edition| &edition.spec);
    specs.chain(made).find(|spec| DeployHash(spec.hash) == hash)
}

/// The id of a version's job, also of one that has ended: the status of the reference operator keeps it.
fn job_of(node: &Node, version: &Version) -> Option<JobId> {
    let number = version.target.incarnation.0;
    let of_it = |run: &&crate::world::Run| run.incarnation == number && !run.foreign;
    let last = node.world.runs.iter().rfind(of_it);
    version.live().map(|live| live.id).or_else(|| last.map(|run| JobId(run.job.0)))
}

/// What the version is made of that the status tells to be deployed.
pub(super) fn deployed(node: &Node) -> Option<&Spec> {
    let Phase::Left(left) = &node.stored.phase else { return None };
    let hash = left.deployed?.hash.0;
    node.world.deployments.iter().find(|made| made.label == hash).map(|made| &*made.spec)
}

/// Takes the clusters without a number out of what is seen.
pub(super) fn unnumber(suite: &Suite, node: &Node, objects: &mut Objects) {
    let lost = suite.edits.iter().any(|edit| edit.what == Wish::Left(Told::Nothing));
    let left = match node.stored.phase {
        Phase::Left(_) => true,
        Phase::New(_) => lost,
        _ => false,
    };
    if !left || suite.given_back {
        return;
    }
    let numbered = |c: &ClusterObjects| node.stored.record.is_adopted(c.incarnation);
    let all = std::mem::take(&mut objects.clusters);
    let (numbered, others): (Vec<_>, Vec<_>) = all.into_iter().partition(numbered);
    objects.clusters = numbered;
    let unnumbered = others.iter().map(|cluster| unnumbered(suite, node, objects, cluster));
    objects.unnumbered = unnumbered.collect();
}

/// A process that ran when the application was left has done so for long.
pub(super) fn tell_age(node: &Node, objects: &mut Objects) {
    for pod in objects.clusters.iter_mut().flat_map(|cluster| &mut cluster.pods) {
        let process = translate::process_back(pod.process());
        pod.began = node.left_with.contains(&process).then_some(Timestamp(0));
    }
}

/// The highest number that was given out: those that come next are the world's own.
pub(super) fn newest(suite: &Suite, world: &World) -> Option<Incarnation> {
    if suite.given_back {
        return world.revisions.iter().map(|r| Incarnation(r.cluster.incarnation)).max();
    }
    let first = *numbers(world).first()?;
    (first > 1).then(|| Incarnation(first - 1))
}

/// Whether the numbers of the clusters follow upon each other, as those will that the machine gives. (A revision that a
/// scaling in place has left out leaves a gap.)
fn counts_on(world: &World) -> bool {
    let numbers: Vec<u32> = numbers(world).into_iter().collect();
    numbers.windows(2).all(|pair| pair[0] + 1 == pair[1])
}

fn numbers(world: &World) -> BTreeSet<u32> {
    let deployments = world.deployments.iter().map(|deployment| deployment.cluster);
    let services = world.services.iter().map(|service| service.cluster);
    let all = deployments.chain(services).chain(world.pods.iter().map(|pod| pod.cluster));
    all.map(|cluster| cluster.incarnation).collect()
}

fn unnumbered(
    suite: &Suite,
    node: &Node,
    objects: &Objects,
    cluster: &ClusterObjects,
) -> Unnumbered {
    let number = cluster.incarnation;
    let of =
        |d: &&crate::world::Deployment| d.cluster == Cluster { app: APP, incarnation: number.0 };
    let made = node.watched().deployments.iter().find(of).map(|d| &d.spec);
    let colour = objects.coloured.iter().find(|(_, of)| **of == number).map(|(colour, _)| *colour);
    let wanted = node.edition(suite).spec.hash;
    let shown = |hash: u32| !suite.changed_by_hand || hash == wanted;
    let read_back = |hash: DeployHash| {
        let spec = spec(suite, made.map(|spec| &**spec), hash)?;
        shown(spec.hash).then_some(ReadBack {
            parallelism: spec.parallelism,
            taskmanagers: spec.taskmanagers,
            mode: mode(spec.alone, spec.beside),
            colour: colour.filter(|_| spec.beside),
        })
    };
    let names = cluster.hash;
    let version = cluster.label.and_then(read_back);
    let made_for = if cluster.label == Some(names) { None } else { read_back(names) };
    Unnumbered { names, label: cluster.label, version, made_for }
}

/// The canonical form of what belongs to the phase.
pub(super) fn canon(canon: &mut Canon<'_>, record: &Record, left: &Left) {
    for pod in canon.world.pods.iter().filter(|pod| pod.role == Role::JobManager) {
        let old = canon.left_with.contains(&pod.process());
        canon.flags(&[old]);
    }
    // Whether statistics can be from before the state, and whether numbers were given out.
    canon.since(record.ids.epoch);
    canon.flags(&[record.incarnations == 0]);
    for version in [&left.deployed, &left.beside] {
        canon.flags(&[version.is_some()]);
        let Some(version) = version else { continue };
        canon.number(u64::from(version.hash.0));
        maybe_job(canon, version.job);
        canon.flags(&[version.cluster.is_some()]);
        version.cluster.into_iter().for_each(|cluster| canon.incarnation(cluster.0));
    }
    for hash in [left.failed, left.target] {
        canon.number(hash.map_or(0, |hash| u64::from(hash.0)));
    }
    match left.under_way {
        None => canon.number(0),
        Some(LeftStep::Deploying) => canon.number(1),
        Some(LeftStep::Deleting) => canon.number(2),
        Some(LeftStep::Submitting { job, since, failing }) => {
            canon.number(3);
            canon.flags(&[failing]);
            maybe_job(canon, job);
            canon.since(since.0);
        }
        Some(LeftStep::Savepointing(trigger)) => {
            canon.number(4);
            canon.trigger(trigger.0);
        }
        Some(LeftStep::RollingBack { since }) => {
            canon.number(5);
            canon.since(since.0);
        }
    }
}

fn maybe_job(canon: &mut Canon<'_>, job: Option<JobId>) {
    canon.flags(&[job.is_some()]);
    job.into_iter().for_each(|job| canon.job(job.0));
}

fn mode(alone: bool, beside: bool) -> Mode {
    match (alone, beside) {
        (true, _) => Mode::Single,
        (_, true) => Mode::BlueGreen,
        (false, false) => Mode::Dual,
    }
}
