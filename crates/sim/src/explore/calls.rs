//! Effects as the calls they are made of, and what each call does to the world. A crash can come
//! between any two of them.

use std::rc::Rc;

use flinkk8soperator_core as machine;
use machine::{Colour, Effect, Post, Savepoint, SavepointStop, Submit};

use super::node::{APP, Node, Triggered};
use super::scenario::Suite;
use super::translate;
use crate::world::{Cluster, CreateError, Role, Stop, Uid, World};

/// One request to the API server or to Flink.
#[derive(Clone, Debug)]
pub(super) enum Call {
    AddFinalizer,
    SaveRevision(Cluster),
    CopyRevision(Cluster, Cluster),
    CreateDeployment(Cluster, Role),
    CreateService(Cluster),
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
        Effect::SaveRevision(target) => vec![Call::SaveRevision(cluster(&target.incarnation))],
        Effect::CopyRevision { from, to } => {
            vec![Call::CopyRevision(cluster(from), cluster(&to.incarnation))]
        }
        Effect::RemoveRevision(obsolete) => {
            vec![Call::DeleteRevision(cluster(&obsolete.incarnation))]
        }
        Effect::CreateCluster { incarnation, .. } => vec![
            Call::CreateDeployment(cluster(incarnation), Role::JobManager),
            Call::CreateDeployment(cluster(incarnation), Role::TaskManager),
            Call::CreateService(cluster(incarnation)),
        ],
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
            let spec = suite.editions[node.edition].spec.clone();
            node.world.save_revision(*cluster, spec)?;
        }
        Call::CopyRevision(from, to) => {
            let spec = node.world.revision(*from).ok_or(Failed)?.spec.clone();
            node.world.save_revision(*to, spec)?;
        }
        Call::CreateDeployment(cluster, role) => create_deployment(node, *cluster, *role)?,
        Call::CreateService(cluster) => create_service(node, *cluster)?,
        Call::PointService(cluster, colour) => point(&mut node.world, *cluster, *colour),
        Call::Submit(submit) => return send(node, submit),
        Call::Savepoint(savepoint) => return trigger(suite, node, savepoint),
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
fn create_deployment(node: &mut Node, cluster: Cluster, role: Role) -> Result<(), Failed> {
    let mut there = node.world.deployments.iter().filter(|d| !d.terminating);
    if there.any(|d| (d.cluster, d.role) == (cluster, role)) {
        return Ok(());
    }
    node.world.create_deployment(cluster, role)?;
    Ok(())
}

fn create_service(node: &mut Node, cluster: Cluster) -> Result<(), Failed> {
    if node.world.services.iter().any(|s| s.cluster == cluster) {
        return Ok(());
    }
    node.world.create_service(cluster)?;
    Ok(())
}

/// Sends a job, detached; once a process, as the operator knows.
fn send(node: &mut Node, submit: &Submit) -> Result<(), Failed> {
    let known = node.operator.post.as_ref().filter(|(id, _)| *id == submit.job);
    let on_its_way =
        matches!(known, Some((_, Post::InFlight | Post::Accepted | Post::Refused { .. })));
    if on_its_way {
        return Ok(());
    }
    let process = translate::process_back(submit.process);
    let job = translate::job_back(submit.job);
    let sent =
        reachable(node).is_ok() && node.world.submit(process, job, submit.from.path()).is_ok();
    let post = if sent { Post::InFlight } else { Post::Lost };
    node.operator.post = Some((submit.job, post));
    Ok(())
}

fn trigger(suite: &Suite, node: &mut Node, savepoint: &Savepoint) -> Result<(), Failed> {
    reachable(node)?;
    let base = &suite.editions[node.edition].spec.savepoints;
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
        Call::CreateDeployment(cluster, role) => {
            let made = world.deployments.iter().find(|d| (d.cluster, d.role) == (*cluster, *role));
            let made = made.filter(|made| frozen.deployments.iter().all(|d| d.uid != made.uid));
            frozen.deployments.extend(made.cloned());
        }
        Call::CreateService(cluster) => {
            let made = world.services.iter().find(|s| s.cluster == *cluster);
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
        | Call::Submit(_)
        | Call::Savepoint(_)
        | Call::Cancel(..)
        | Call::DeleteRevision(_)
        | Call::RemoveFinalizer => {}
    }
}
