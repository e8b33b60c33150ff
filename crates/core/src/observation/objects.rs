//! Facts about an application's Kubernetes objects and pods.

use std::collections::BTreeMap;

use crate::colour::Colour;
use crate::desired::Mode;
use crate::ids::{DeployHash, Incarnation, Process, Role, Uid};
use crate::time::Timestamp;

/// The objects of an application, without those of strangers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Objects {
    /// By incarnation, ascending.
    pub clusters: Vec<ClusterObjects>,
    /// Objects that bear a name which a version of this application would use, but are not a
    /// cluster of ours: another owner's, or without an incarnation.
    pub strangers: Vec<Stranger>,
    /// Clusters of this application without a number, which the reference operator has made: by age. Once
    /// they have one ([`Record::adopted`](crate::Record::adopted)) they are among `clusters`.
    #[cfg_attr(feature = "serde", serde(default))]
    pub unnumbered: Vec<Unnumbered>,
    /// Which cluster the addresses that users know lead to: the application's generic Service and,
    /// where it is to have one, its Ingress. None where one is missing, or is not as that cluster
    /// needs it (its ports, the host).
    pub service: Option<Incarnation>,
    /// Which cluster the Service of each colour points at, where that is there.
    #[cfg_attr(feature = "serde", serde(default))]
    pub coloured: BTreeMap<Colour, Incarnation>,
}

impl Objects {
    /// Which cluster the Service of a colour, or the one without, points at.
    #[must_use]
    pub fn service_of(&self, colour: Option<Colour>) -> Option<Incarnation> {
        match colour {
            None => self.service,
            Some(colour) => self.coloured.get(&colour).copied(),
        }
    }
}

/// A cluster that the reference operator has made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Unnumbered {
    /// The hash by which its objects are named.
    pub names: DeployHash,
    /// The version that its Deployments are labelled with; none while they disagree.
    pub label: Option<DeployHash>,
    /// That version, as its Deployments show it and its hash proves; none: they do not show what gives that
    /// hash.
    pub version: Option<ReadBack>,
    /// The version that its objects are named by, where the label is another one: read back in the same way.
    pub made_for: Option<ReadBack>,
}

impl Unnumbered {
    /// A version in it, as its Deployments show it.
    pub(crate) fn read_back(&self, hash: DeployHash) -> Option<ReadBack> {
        if self.label == Some(hash) {
            self.version
        } else {
            self.made_for.filter(|_| self.names == hash)
        }
    }
}

/// What is known of a version that was read back from its Deployments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ReadBack {
    /// How many slots it needs.
    pub parallelism: u32,
    /// TaskManagers that have as many slots.
    pub taskmanagers: u32,
    /// In which order it takes the place of the version before.
    pub mode: Mode,
    /// Its colour, in mode BlueGreen.
    pub colour: Option<Colour>,
}

/// One cluster's objects.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ClusterObjects {
    /// Its number.
    pub incarnation: Incarnation,
    /// The hash by which its objects are named: of the version that it was made for.
    pub hash: DeployHash,
    /// The version that its Deployments are labelled with; none while they disagree.
    pub label: Option<DeployHash>,
    /// The JobManager Deployment.
    pub jobmanager: Presence,
    /// The TaskManager Deployment.
    pub taskmanager: Presence,
    /// How many pods the TaskManager Deployment asks for; 0 without one.
    pub replicas: u32,
    /// The versioned Service that its pods find their JobManager by.
    pub service: Presence,
    /// Further versioned Services, of versions that it was scaled to in place.
    pub aliases: Vec<DeployHash>,
    /// Its pods, oldest first.
    pub pods: Vec<Pod>,
    /// What its Deployments report that no pod does (quota, admission), or why one of its objects
    /// could not be created.
    pub trouble: Option<Trouble>,
}

impl ClusterObjects {
    /// Whether a Deployment or Service of it exists.
    #[must_use]
    pub fn has_objects(&self) -> bool {
        let parts = [self.jobmanager, self.taskmanager, self.service];
        parts.iter().any(|p| *p != Presence::Absent) || !self.aliases.is_empty()
    }

    /// Whether an object of it has the name that one of this version would have.
    #[must_use]
    pub fn is_named(&self, hash: DeployHash) -> bool {
        self.hash == hash || self.aliases.contains(&hash)
    }

    /// Its TaskManager pods, those on their way out included.
    pub fn taskmanagers(&self) -> impl Iterator<Item = &Pod> {
        self.pods.iter().filter(|p| p.role == Role::TaskManager)
    }

    /// Whether everything was created and nothing of it is on its way out.
    #[must_use]
    pub fn complete(&self) -> bool {
        [self.jobmanager, self.taskmanager, self.service].iter().all(|p| *p == Presence::Present)
    }

    /// The JobManager process to talk to: `preferred` while it lives, else the oldest ready one,
    /// else the oldest that runs.
    #[must_use]
    pub fn jobmanager_process(&self, preferred: Option<Process>) -> Option<Process> {
        let running = || {
            let mine = |p: &&Pod| p.role == Role::JobManager && p.running && !p.terminating;
            self.pods.iter().filter(mine)
        };
        let found = running()
            .find(|p| Some(p.process()) == preferred)
            .or_else(|| running().find(|p| p.ready))
            .or_else(|| running().next());
        found.map(Pod::process)
    }
}

/// Whether an object is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Presence {
    /// No such object.
    Absent,
    /// There, and staying.
    Present,
    /// There, with a deletion timestamp.
    Terminating,
}

/// An object in the way of a version.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Stranger {
    /// Kind and name, for messages.
    pub name: String,
    /// The version whose name it bears; none for the generic Service.
    pub hash: Option<DeployHash>,
}

/// A pod of the application.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Pod {
    /// Its UID.
    pub uid: Uid,
    /// Its name, for messages.
    pub name: String,
    /// Of which cluster.
    pub incarnation: Incarnation,
    /// JobManager or TaskManager.
    pub role: Role,
    /// Restart count of its container.
    pub restarts: u32,
    /// It was made with its Deployment: no pod was in its place before that anything was sent to.
    pub first: bool,
    /// When the process that runs in it began, by its node's clock; none: nothing runs in it.
    pub began: Option<Timestamp>,
    /// Its container runs now.
    pub running: bool,
    /// Its readiness probe passes.
    pub ready: bool,
    /// It has a deletion timestamp: it is going, but it still exists.
    pub terminating: bool,
    /// What it reports to be wrong.
    pub trouble: Option<Trouble>,
}

impl Pod {
    /// The process that runs in it now.
    #[must_use]
    pub fn process(&self) -> Process {
        Process { pod: self.uid, restarts: self.restarts }
    }

    /// It was told to end, and does not.
    #[must_use]
    pub fn hangs(&self) -> bool {
        self.trouble.as_ref().is_some_and(|trouble| trouble.kind == TroubleKind::DoesNotEnd)
    }
}

/// What a pod or a Deployment reports to be wrong, in the kubelet's or the API server's own words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Trouble {
    /// What sort it is.
    pub kind: TroubleKind,
    /// In their own words.
    pub message: String,
}

/// Sorts of trouble, by what waiting can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum TroubleKind {
    /// The image's name cannot be parsed (`InvalidImageName`): no waiting cures it.
    InvalidImage,
    /// The image cannot be pulled: a registry may recover.
    ImagePull,
    /// No node takes the pod.
    Unschedulable,
    /// A quota, an admission rule or the API server's validation refuses the pod or the object.
    Forbidden,
    /// The container ends again and again.
    CrashLoop,
    /// The container cannot be created (a missing Secret, a volume).
    CannotStart,
    /// It was told to end and is still there, well after its grace period: its node is silent, or something
    /// holds it (a finalizer, a volume). Nothing but a person, or the node's return, ends it.
    DoesNotEnd,
}
