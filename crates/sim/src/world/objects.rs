//! What there is of Kubernetes: an application, its Deployments, Services, revisions and pods.

use std::fmt;
use std::sync::Arc;

use super::{AppId, JobManager, Process, Shared, Spec, TaskManager, Uid};

/// An application as its object tells it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Application {
    /// Its name.
    pub name: Arc<str>,
    /// Its UID.
    pub uid: Uid,
    /// Counts edits, from 1 on.
    pub generation: u32,
    /// What the user wants.
    pub spec: Spec,
    /// The operator's finalizer is on it.
    pub finalizer: bool,
    /// It has a deletion timestamp.
    pub deleting: bool,
    /// It is gone.
    pub gone: bool,
    /// Which cluster the generic Service points at, if there is one.
    pub service: Option<u32>,
    /// The same of the Services of the two colours.
    pub coloured: [Option<u32>; 2],
}

/// One Flink cluster of an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cluster {
    /// The application.
    pub app: AppId,
    /// Its label.
    pub incarnation: u32,
}

/// What a Deployment or a pod is within a Flink cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Takes submissions.
    JobManager,
    /// Runs tasks.
    TaskManager,
}

/// A Deployment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Deployment {
    /// Its UID.
    pub uid: Uid,
    /// Of which cluster.
    pub cluster: Cluster,
    /// Of what.
    pub role: Role,
    /// What its pods are made from. Its hash is in the Deployment's name.
    pub spec: Shared<Spec>,
    /// The version that it is labelled with.
    pub label: u32,
    /// How many pods it wants.
    pub replicas: u32,
    /// It has had pods.
    pub populated: bool,
    /// It has a deletion timestamp.
    pub terminating: bool,
}

/// A versioned Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Service {
    /// Its UID.
    pub uid: Uid,
    /// Of which cluster.
    pub cluster: Cluster,
    /// The version it is named by.
    pub hash: u32,
}

/// A stored revision.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Revision {
    /// Its UID.
    pub uid: Uid,
    /// Of which cluster.
    pub cluster: Cluster,
    /// The version.
    pub spec: Shared<Spec>,
}

/// A pod.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pod {
    /// Its UID.
    pub uid: Uid,
    /// Its Deployment (a ReplicaSet between them decides nothing).
    pub deployment: Uid,
    /// Of which cluster.
    pub cluster: Cluster,
    /// Of what.
    pub role: Role,
    /// How often its container was restarted.
    pub restarts: u32,
    /// It was made with its Deployment, and not in another's place.
    pub first: bool,
    /// Its readiness probe passes.
    pub ready: bool,
    /// It has a deletion timestamp.
    pub terminating: bool,
    /// It does not end once it is told to: its node is silent, or a finalizer holds it.
    pub stuck: bool,
    /// What it reports to be wrong.
    pub trouble: Option<Trouble>,
    /// What runs in it.
    pub process: ProcessState,
}

/// What runs in a pod.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ProcessState {
    /// Nothing yet.
    None,
    /// A JobManager; it answers once the pod is ready.
    JobManager(Shared<JobManager>),
    /// A TaskManager.
    TaskManager(TaskManager),
}

impl Pod {
    /// The process that runs in it now.
    #[must_use]
    pub fn process(&self) -> Process {
        Process { pod: self.uid, restarts: self.restarts }
    }

    /// Whether its container runs.
    #[must_use]
    pub fn running(&self) -> bool {
        self.process != ProcessState::None
    }
}

/// What a pod reports to be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trouble {
    /// `ImagePullBackOff`.
    ImagePull,
    /// `InvalidImageName`.
    InvalidImage,
    /// `CrashLoopBackOff`.
    CrashLoop,
    /// No node takes it.
    Unschedulable,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Trouble::ImagePull => "Back-off pulling image",
            Trouble::InvalidImage => "Failed to apply default image tag: couldn't parse image name",
            Trouble::CrashLoop => "back-off restarting failed container",
            Trouble::Unschedulable => "0/1 nodes are available: 1 Insufficient cpu",
        })
    }
}
