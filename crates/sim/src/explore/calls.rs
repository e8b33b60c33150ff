//! Effects as the calls they are made of, and what each call does to the world. A crash can come
//! between any two of them.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::rc::Rc;

use flinkk8soperator_core as machine;
use machine::{
    Colour, DeployHash, Effect, Post, Requirements, Savepoint, SavepointStop, Submit, Target,
};

use super::left;
use super::node::{APP, Node, Triggered};
use super::scenario::Suite;
use super::translate;
use crate::world::{Cluster, CreateError, Deployment, Role, Service, Stop, Uid, World};

/// One request to the API server or to Flink.
#[derive(Clone, Debug)]
pub(super) enum Call {
    AddFinalizer,
    SaveRevision(Cluster),
    CopyRevision(Cluster, Cluster),
    RebuildRevision(Target),
    CreateDeployment(Target, Role),
    CreateService(Cluster, DeployHash),
    Scale(Uid, u32, Vec<Uid>),
    Label(Uid, DeployHash),
    SetRequirements(Requirements),
    PointService(Cluster, Option<Colour>),
    Submit(Submit),
    Savepoint(Savepoint),
    Cancel(machine::Process, machine::JobId),
    DeletePod(Uid),
    DeleteDeployment(Uid),
    DeleteService(Uid),
    DeleteRevision(Cluster),
    RemoveFinalizer,
}

/// A call came to nothing: the round ends with it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failed;

impl From<CreateError> for Failed {
    fn from(_: CreateError) -> Failed {
        Failed
    }
}

/// The calls of a round's effects, in order.
pub(super) fn of(effects: &[Effect], node: &Node) -> Vec<Call> {
    effects.iter().flat_map(|effect| one(effect, node)).collect()
}

fn one(effect: &Effect, node: &Node) -> Vec<Call> {
    let cluster = |i: &machine::Incarnation| Cluster { app: APP, incarnation: i.0 };
    match effect {
        Effect::AddFinalizer => vec![Call::AddFinalizer],
        Effect::SaveRevision(target) => vec![Call::SaveRevision(cluster(&target.revision()))],
        Effect::RebuildRevision(target) => vec![Call::RebuildRevision(*target)],
        Effect::CopyRevision { from, to } => {
            vec![Call::CopyRevision(cluster(from), cluster(&to.revision()))]
        }
        Effect::RemoveRevision(obsolete) => {
            vec![Call::DeleteRevision(cluster(&obsolete.incarnation))]
        }
        Effect::CreateCluster(target) => vec![
            Call::CreateDeployment(*target, Role::JobManager),
            Call::CreateDeployment(*target, Role::TaskManager),
            Call::CreateService(cluster(&target.incarnation), target.names()),
        ],
        Effect::ScaleTaskManagers { incarnation, replicas, idle } => {
            scaling(node.watched(), cluster(incarnation), *replicas, idle)
        }
        Effect::SetRequirements(wanted) => vec![Call::SetRequirements(wanted.clone())],
        Effect::LabelCluster(target) => labelling(node.watched(), *target),
        Effect::PointService { incarnation, colour } => {
            vec![Call::PointService(cluster(incarnation), *colour)]
        }
        Effect::Submit(submit) => vec![Call::Submit(submit.clone())],
        Effect::Savepoint(savepoint) => vec![Call::Savepoint(savepoint.clone())],
        Effect::Cancel { process, job, .. } => vec![Call::Cancel(*process, *job)],
        Effect::DeletePod { pod } => vec![Call::DeletePod(translate::uid_back(*pod))],
        Effect::RemoveCluster { incarnation } => removal(node.watched(), cluster(incarnation)),
        Effect::RemoveFinalizer => vec![Call::RemoveFinalizer],
    }
}

fn scaling(
    watched: &World,
    cluster: Cluster,
    replicas: u32,
    idle: &BTreeSet<machine::Uid>,
) -> Vec<Call> {
    let first: Vec<Uid> = idle.iter().map(|uid| translate::uid_back(*uid)).collect();
    let mine = |d: &&Deployment| (d.cluster, d.role) == (cluster, Role::TaskManager);
    let deployments = watched.deployments.iter().filter(mine);
    deployments.map(|d| Call::Scale(d.uid, replicas, first.clone())).collect()
}

/// The further Service, the labels, then the Services of versions in between.
fn labelling(watched: &World, target: Target) -> Vec<Call> {
    let cluster = Cluster { app: APP, incarnation: target.incarnation.0 };
    let mut calls = Vec::new();
    if target.hash != target.names() {
        calls.push(Call::CreateService(cluster, target.hash));
    }
    let deployments = watched.deployments.iter().filter(|d| d.cluster == cluster);
    calls.extend(deployments.map(|d| Call::Label(d.uid, target.hash)));
    let stays = [target.hash, target.names()].map(|hash| hash.0);
    let mine = watched.services.iter().filter(|s| s.cluster == cluster);
    let surplus = mine.filter(|s| !stays.contains(&s.hash));
    calls.extend(surplus.map(|s| Call::DeleteService(s.uid)));
    calls
}

fn removal(watched: &World, cluster: Cluster) -> Vec<Call> {
    let deployments = watched.deployments.iter().filter(|d| d.cluster == cluster);
    let services = watched.services.iter().filter(|s| s.cluster == cluster);
    let mut calls: Vec<Call> = deployments.map(|d| Call::DeleteDeployment(d.uid)).collect();
    calls.extend(services.map(|s| Call::DeleteService(s.uid)));
    calls
}

/// Carries a call out.
pub(super) fn perform(suite: &Suite, node: &mut Node, call: &Call) -> Result<(), Failed> {
    match call {
        Call::AddFinalizer => node.world.add_finalizer(APP),
        Call::SaveRevision(cluster) => {
            let spec = node.edition(suite).spec.clone();
            node.world.save_revision(*cluster, spec)?;
        }
        Call::CopyRevision(from, to) => {
            let spec = node.world.revision(*from).ok_or(Failed)?.spec.clone();
            node.world.save_revision(*to, spec)?;
        }
        Call::RebuildRevision(target) => {
            let cluster = Cluster { app: APP, incarnation: target.incarnation.0 };
            let made = node.world.deployments.iter().find(|d| d.cluster == cluster);
            let made = made.ok_or(Failed)?.spec.clone();
            let spec = left::spec(suite, Some(&made), target.hash).ok_or(Failed)?.clone();
            node.world.save_revision(cluster, spec)?;
        }
        Call::CreateDeployment(target, role) => create_deployment(node, *target, *role)?,
        Call::CreateService(cluster, hash) => create_service(node, *cluster, *hash)?,
        Call::Scale(uid, replicas, first) => {
            node.world.scale_deployment(*uid, *replicas, first);
        }
        Call::Label(uid, hash) => node.world.label_deployment(*uid, hash.0),
        Call::PointService(cluster, colour) => point(&mut node.world, *cluster, *colour),
        Call::Submit(submit) => return send(node, submit),
        Call::Savepoint(savepoint) => return trigger(suite, node, savepoint),
        Call::SetRequirements(wanted) => {
            reachable(node)?;
            let process = translate::process_back(wanted.process);
            let job = translate::job_back(wanted.job);
            let [bounds] = wanted.bounds.as_slice() else { return Err(Failed) };
            let bounds = (bounds.lower, bounds.upper);
            return node.world.set_bounds(process, job, bounds).map_err(|_| Failed);
        }
        Call::Cancel(process, job) => {
            reachable(node)?;
            let process = translate::process_back(*process);
            return node.world.cancel(process, translate::job_back(*job)).map_err(|_| Failed);
        }
        Call::DeletePod(uid) => node.world.delete_pod(*uid),
        Call::DeleteDeployment(uid) => node.world.delete_deployment(*uid),
        Call::DeleteService(uid) => node.world.delete_service(*uid),
        Call::DeleteRevision(cluster) => node.world.delete_revision(*cluster),
        Call::RemoveFinalizer => node.world.remove_finalizer(APP),
    }
    show_own_writes(node, call);
    Ok(())
}

/// What the resource version stands for that a change of a Deployment names: a call that names an old one is
/// refused. It changes with the Deployment, and with its status, which counts its pods.
pub(super) fn version(world: &World, call: &Call) -> Option<u64> {
    let (Call::Scale(uid, ..) | Call::Label(uid, _)) = call else { return None };
    let mut hasher = DefaultHasher::new();
    let deployment = world.deployments.iter().find(|d| d.uid == *uid);
    deployment.map(|d| (d.replicas, d.label, d.terminating)).hash(&mut hasher);
    for pod in world.pods.iter().filter(|pod| pod.deployment == *uid) {
        (pod.uid, pod.ready, pod.terminating).hash(&mut hasher);
    }
    Some(hasher.finish())
}

fn point(world: &mut World, cluster: Cluster, colour: Option<Colour>) {
    match colour {
        None => world.point_service(cluster),
        Some(colour) => world.point_coloured(cluster, colour as usize),
    }
}

fn reachable(node: &Node) -> Result<(), Failed> {
    if node.unreachable { Err(Failed) } else { Ok(()) }
}

/// What is there and ours is as good as created; anything else of that name is waited out.
fn create_deployment(node: &mut Node, target: Target, role: Role) -> Result<(), Failed> {
    let cluster = Cluster { app: APP, incarnation: target.incarnation.0 };
    let mut there = node.world.deployments.iter().filter(|d| !d.terminating);
    if there.any(|d| (d.cluster, d.role) == (cluster, role)) {
        return Ok(());
    }
    let revision = Cluster { app: APP, incarnation: target.revision().0 };
    node.world.create_deployment_from(cluster, role, revision, target.names().0)?;
    Ok(())
}

fn create_service(node: &mut Node, cluster: Cluster, hash: DeployHash) -> Result<(), Failed> {
    if node.world.services.iter().any(|s| (s.cluster, s.hash) == (cluster, hash.0)) {
        return Ok(());
    }
    node.world.create_service_named(cluster, hash.0)?;
    Ok(())
}

/// Sends a job, detached; once a process, as the operator knows.
fn send(node: &mut Node, submit: &Submit) -> Result<(), Failed> {
    let Some(under_way) = node.operator.post(submit.job).sent() else { return Ok(()) };
    let process = translate::process_back(submit.process);
    let job = translate::job_back(submit.job);
    let revision = Cluster { app: APP, incarnation: submit.revision.0 };
    let parallelism = node.world.revision(revision).ok_or(Failed)?.spec.parallelism;
    let from = submit.from.path();
    let sent =
        reachable(node).is_ok() && node.world.submit(process, job, from, parallelism).is_ok();
    let post = if sent { under_way } else { Post::Lost };
    node.operator.post = Some((submit.job, post));
    Ok(())
}

fn trigger(suite: &Suite, node: &mut Node, savepoint: &Savepoint) -> Result<(), Failed> {
    reachable(node)?;
    let base = &node.edition(suite).spec.savepoints;
    let directory = if savepoint.own_directory {
        format!("{base}/app-{}", savepoint.trigger)
    } else {
        base.to_string()
    };
    let stop = match savepoint.stop {
        None => Stop::No,
        Some(SavepointStop::Stop) => Stop::Stop,
        Some(SavepointStop::Cancel) => Stop::Cancel,
    };
    let process = translate::process_back(savepoint.process);
    let trigger = translate::trigger_back(savepoint.trigger);
    let job = translate::job_back(savepoint.job);
    let theirs = node.world.savepoint(process, job, trigger, stop, &directory);
    let theirs = theirs.map_err(|_| Failed)?;
    node.operator.triggered = Some(Triggered { process, ours: savepoint.trigger, theirs });
    Ok(())
}

/// Watches that stand still show our own writes all the same: the operator remembers them.
fn show_own_writes(node: &mut Node, call: &Call) {
    let Some(frozen) = &mut node.operator.frozen else { return };
    let frozen = Rc::make_mut(frozen);
    let world = &node.world;
    match call {
        Call::CreateDeployment(target, role) => {
            let cluster = Cluster { app: APP, incarnation: target.incarnation.0 };
            let made = world.deployments.iter().find(|d| (d.cluster, d.role) == (cluster, *role));
            let made = made.filter(|made| frozen.deployments.iter().all(|d| d.uid != made.uid));
            frozen.deployments.extend(made.cloned());
        }
        Call::Scale(uid, replicas, _) => {
            let his = frozen.deployments.iter_mut().filter(|d| d.uid == *uid);
            his.for_each(|d| d.replicas = *replicas);
        }
        Call::Label(uid, hash) => frozen.label_deployment(*uid, hash.0),
        Call::CreateService(cluster, hash) => {
            let named = |s: &&Service| (s.cluster, s.hash) == (*cluster, hash.0);
            let made = world.services.iter().find(named);
            let made = made.filter(|made| frozen.services.iter().all(|s| s.uid != made.uid));
            frozen.services.extend(made.copied());
        }
        Call::DeleteDeployment(uid) => {
            let his = frozen.deployments.iter_mut().filter(|d| d.uid == *uid);
            his.for_each(|d| d.terminating = true);
        }
        Call::DeletePod(uid) => {
            let his = frozen.pods.iter_mut().filter(|p| p.uid == *uid);
            his.for_each(|p| p.terminating = true);
        }
        Call::DeleteService(uid) => frozen.services.retain(|s| s.uid != *uid),
        Call::PointService(cluster, colour) => point(frozen, *cluster, *colour),
        Call::AddFinalizer
        | Call::SaveRevision(_)
        | Call::CopyRevision(..)
        | Call::RebuildRevision(_)
        | Call::Submit(_)
        | Call::Savepoint(_)
        | Call::Cancel(..)
        | Call::SetRequirements(_)
        | Call::DeleteRevision(_)
        | Call::RemoveFinalizer => {}
    }
}
