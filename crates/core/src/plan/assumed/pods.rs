//! Pods of the assumed world: which there are, and which go.

use std::collections::BTreeSet;

use crate::ids::{Incarnation, Role, Uid};
use crate::observation::{ClusterObjects, Pod, Presence};

pub(super) fn end_what_ends(cluster: &mut ClusterObjects) {
    for object in [&mut cluster.jobmanager, &mut cluster.taskmanager, &mut cluster.service] {
        if *object == Presence::Terminating {
            *object = Presence::Absent;
        }
    }
    let (jobmanager, taskmanager) = (cluster.jobmanager, cluster.taskmanager);
    cluster.pods.retain(|p| {
        let deployment = match p.role {
            Role::JobManager => jobmanager,
            Role::TaskManager => taskmanager,
        };
        !p.terminating && deployment != Presence::Absent
    });
}

/// As many TaskManagers go as are above the number asked for, first those that run nothing.
pub(super) fn end_what_is_too_many(cluster: &mut ClusterObjects, idle: &BTreeSet<Uid>) {
    let staying = |p: &Pod| p.role == Role::TaskManager && !p.terminating;
    let mut all: Vec<Uid> = cluster.pods.iter().filter(|p| staying(p)).map(|p| p.uid).collect();
    all.sort_by_key(|uid| idle.contains(uid));
    let going = all.split_off((cluster.replicas as usize).min(all.len()));
    cluster.pods.retain(|p| !going.contains(&p.uid));
}

/// A pod that does not exist yet; no real one has such a UID.
pub(super) fn pod(incarnation: Incarnation, role: Role, number: u128) -> Pod {
    Pod {
        uid: Uid(!number),
        name: format!("a {role} pod of cluster {incarnation}"),
        incarnation,
        role,
        restarts: 0,
        first: true,
        began: None,
        running: true,
        ready: true,
        terminating: false,
        trouble: None,
    }
}
