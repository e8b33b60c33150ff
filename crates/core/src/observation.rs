//! Facts: what was asked for in a round, and what was seen. Silence is a fact of its own.

mod checkpoints;
mod flink;
mod objects;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::ids::{DeployHash, Incarnation, JobId, Process, TriggerId};

pub use checkpoints::{Checkpoint, CheckpointKind, Checkpointing, Retention, Statistics};
pub(crate) use flink::JobEnd;
pub use flink::{
    Flink, FlinkCluster, FlinkVersion, Job, JobState, JobSummary, Operation, Post, Vertex,
};
pub use objects::{
    ClusterObjects, Objects, Pod, Presence, ReadBack, Stranger, Trouble, TroubleKind, Unnumbered,
};

/// Something that was, or was not, found out in this round.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Fact<T> {
    /// Nobody asked.
    #[default]
    Unasked,
    /// Asked, and no answer that could be trusted.
    Unknown {
        /// What came instead.
        why: Silence,
        /// How long this leader has asked in vain, by its monotonic clock.
        #[cfg_attr(feature = "serde", serde(with = "crate::text_form::duration"))]
        for_how_long: Duration,
    },
    /// The answer.
    Known(T),
}

impl<T> Fact<T> {
    /// The value, if there is one.
    pub fn known(&self) -> Option<&T> {
        match self {
            Fact::Known(value) => Some(value),
            Fact::Unasked | Fact::Unknown { .. } => None,
        }
    }

    /// Why there was no answer, where there was none for at least `grace`.
    pub(crate) fn silent_for(&self, grace: Duration) -> Option<Silence> {
        match self {
            Fact::Unknown { why, for_how_long } if *for_how_long >= grace => Some(*why),
            Fact::Unasked | Fact::Unknown { .. } | Fact::Known(_) => None,
        }
    }

    /// Not asked for, or settled.
    pub(crate) fn bearable(&self, grace: Duration) -> bool {
        matches!(self, Fact::Unasked) || self.settled(grace)
    }

    /// Whether there was an answer, or silence for at least `grace`: only then may a deadline fire.
    pub fn settled(&self, grace: Duration) -> bool {
        match self {
            Fact::Unasked => false,
            Fact::Unknown { for_how_long, .. } => *for_how_long >= grace,
            Fact::Known(_) => true,
        }
    }
}

/// Why there was no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Silence {
    /// No connection, or it broke.
    Unreachable,
    /// No answer in time.
    TimedOut,
    /// Flink answered that it cannot say yet (503 while it elects a leader or starts).
    NotReady,
    /// Something in between answered instead of Flink, or another cluster did.
    NotOurs,
    /// The cache is older than our own last write.
    Stale,
    /// The answer could not be understood.
    Unreadable,
    /// Flink failed to answer (500).
    Failed,
}

/// What a round wants to know. Nothing else is fetched.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct FactRequest {
    /// The application's Deployments, Services and pods, from the watches.
    pub objects: bool,
    /// The application's pods from a live LIST: the only proof that one is gone.
    pub live_pods: bool,
    /// Whether the revisions of these numbers are stored.
    pub revisions: BTreeSet<Incarnation>,
    /// The highest number that a stored revision of the application has, from a live LIST.
    pub newest_revision: bool,
    /// How the desired spec differs from the revision of this number; see
    /// [`Change::without_revision`] for one that is gone, or cannot be read.
    pub change: Option<Incarnation>,
    /// The newest checkpoint of this job that this process has ever been told of.
    pub last_seen: Option<JobId>,
    /// What to ask which JobManager.
    pub flink: Vec<FlinkRequest>,
}

/// Questions to one JobManager process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FlinkRequest {
    /// Of which cluster.
    pub incarnation: Incarnation,
    /// The process that is to answer: its pod's address is where the questions go.
    pub process: Process,
    /// Version, identity, slots (`/config`, `/jobmanager/config`, `/overview`).
    pub cluster: bool,
    /// All jobs (`/jobs`).
    pub jobs: bool,
    /// One job's state and vertices (`/jobs/:id`).
    pub job: Option<JobId>,
    /// One job's checkpoint statistics (`/jobs/:id/checkpoints`).
    pub statistics: Option<JobId>,
    /// How one job makes and keeps checkpoints (`/jobs/:id/checkpoints/config`).
    pub checkpointing: Option<JobId>,
    /// The state of a savepoint operation.
    pub operation: Option<(JobId, TriggerId)>,
    /// Why a job failed (`/jobs/:id/exceptions`).
    pub failure: Option<JobId>,
    /// What became of this process's own POST of that job.
    pub submission: Option<JobId>,
    /// Which TaskManagers run nothing (`/taskmanagers`).
    pub idle: bool,
    /// How many tasks each vertex of a job may have, and has (`/jobs/:id/resource-requirements`).
    pub requirements: Option<JobId>,
}

impl FlinkRequest {
    /// Asks nothing yet.
    #[must_use]
    pub fn to(incarnation: Incarnation, process: Process) -> FlinkRequest {
        FlinkRequest {
            incarnation,
            process,
            cluster: false,
            jobs: false,
            job: None,
            statistics: None,
            checkpointing: None,
            operation: None,
            failure: None,
            submission: None,
            idle: false,
            requirements: None,
        }
    }
}

/// What was seen in a round. Facts of one round are not simultaneous.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
pub struct Observation {
    /// See [`FactRequest::objects`].
    pub objects: Fact<Objects>,
    /// See [`FactRequest::live_pods`].
    pub live_pods: Fact<Vec<Pod>>,
    /// By their number; see [`FactRequest::revisions`].
    pub revisions: BTreeMap<Incarnation, Fact<bool>>,
    /// See [`FactRequest::newest_revision`]; `None`: none is stored.
    pub newest_revision: Fact<Option<Incarnation>>,
    /// See [`FactRequest::change`].
    pub change: Fact<Change>,
    /// See [`FactRequest::last_seen`]; `None`: of none. Lost with the process.
    pub last_seen: Fact<Option<Checkpoint>>,
    /// By cluster; see [`FactRequest::flink`].
    pub flink: BTreeMap<Incarnation, Flink>,
}

impl Observation {
    /// The objects, and whatever was asked of Flink, are known or silent for at least `grace`: only
    /// then may a deadline fire.
    #[must_use]
    pub fn settled(&self, grace: Duration) -> bool {
        self.objects.settled(grace) && self.flink.values().all(|flink| flink.settled(grace))
    }

    /// The cluster's objects, if the objects are known and there are any.
    #[must_use]
    pub fn cluster(&self, incarnation: Incarnation) -> Option<&ClusterObjects> {
        self.objects.known()?.clusters.iter().find(|c| c.incarnation == incarnation)
    }

    /// Whether the revision of a number is stored, if that was found out.
    #[must_use]
    pub fn revision(&self, incarnation: Incarnation) -> Option<bool> {
        self.revisions.get(&incarnation)?.known().copied()
    }
}

/// How the desired spec differs from a revision.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Change {
    /// What has to be done about it.
    pub class: ChangeClass,
    /// The fields that differ.
    pub fields: Vec<String>,
}

impl Change {
    /// What is known where nothing but the hash is left of what was deployed: a spec with another one needs
    /// another cluster, one with the same needs none. `desired`: its hash, and in mode BlueGreen those of
    /// its colours.
    #[must_use]
    pub fn without_revision(deployed: DeployHash, desired: &[DeployHash]) -> Change {
        let same = desired.contains(&deployed);
        let class = if same { ChangeClass::StatusOnly } else { ChangeClass::Redeploy };
        Change { class, fields: Vec::new() }
    }
}

/// Classes of change, mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ChangeClass {
    /// Nothing differs.
    None,
    /// Only fields that no object and no job is made from.
    StatusOnly,
    /// Only the parallelism: could be done in place.
    Rescale,
    /// Needs a new cluster.
    Redeploy,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_its_revision_a_version_is_known_by_its_hash_alone() {
        let class = |desired: &[u32]| {
            let desired: Vec<DeployHash> = desired.iter().copied().map(DeployHash).collect();
            Change::without_revision(DeployHash(2), &desired).class
        };
        assert_eq!(class(&[1, 3]), ChangeClass::Redeploy);
        assert_eq!(class(&[1, 2]), ChangeClass::StatusOnly, "the hash of one of its colours");
    }
}
