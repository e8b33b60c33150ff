//! What outlives every phase: the versions, and what is left of earlier ones.

use crate::colour::Colour;
use crate::desired::Mode;
use crate::ids::{DeployHash, Digest, Ids, Incarnation};
use crate::state::{Bounds, LiveJob, Origin};
use crate::time::Timestamp;

/// What outlives every phase.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Record {
    /// Source of ids.
    pub ids: Ids,
    /// The highest incarnation given out; 0 before the first.
    pub incarnations: u32,
    /// The version considered deployed.
    pub deployed: Option<Version>,
    /// The version before, with its cluster, until the deployed one is confirmed; in mode BlueGreen,
    /// where its job runs on, until one of the two is torn down.
    pub previous: Option<Version>,
    /// Clusters on their way out.
    pub leaving: Vec<Leaving>,
    /// Revisions that nothing is made from any more: they are removed.
    pub obsolete: Vec<Obsolete>,
    /// The last digest that was compared with the deployed version and needs no deploy.
    pub settled: Option<Digest>,
    /// The generation whose `forceRollback` was honoured: once per generation.
    pub forced: Option<i64>,
    /// The nonce of the `restore` that was used: once per nonce.
    pub restored: Option<String>,
    /// The last time that the deployed version's job was started again after it was lost.
    pub recovered: Option<Recovered>,
    /// The deployed version's cluster was scaled in place and may have more TaskManagers than the
    /// version takes: those go once they run no task.
    pub surplus: bool,
    /// Until then the phase does nothing yet (`operator.minPhaseDuration`); none: it is not held up.
    pub dwells_until: Option<Timestamp>,
    /// The bounds that vertices of the deployed job had before its scheduler was asked for others: they
    /// come back if that does not work out. Empty: it was not asked.
    pub bounds: Vec<Bounds>,
    /// Versions in clusters that the reference operator has made. Their objects bear no number: this says
    /// which one they have, by their names. One that is scaled in place has an object named by each of two.
    #[cfg_attr(feature = "serde", serde(default))]
    pub adopted: Vec<Target>,
}

impl Record {
    /// Whether a cluster was made by the reference operator.
    #[must_use]
    pub fn is_adopted(&self, incarnation: Incarnation) -> bool {
        self.adopted.iter().any(|adopted| adopted.incarnation == incarnation)
    }

    /// Whether a version is, or is to be, in the deployed version's own cluster: scaled in place.
    #[must_use]
    pub fn shares_cluster(&self, target: Target) -> bool {
        self.deployed.as_ref().is_some_and(|deployed| {
            let scaled = deployed.target.scaled.or(target.scaled).is_some();
            scaled && deployed.target.incarnation == target.incarnation
        })
    }

    /// The version before, while its job runs beside the deployed one's in a cluster of its own. (A job
    /// that was scaled without being stopped is both versions'.)
    #[must_use]
    pub fn beside(&self) -> Option<&Version> {
        let deployed = self.deployed.as_ref().map(|version| version.target.incarnation);
        let apart = |before: &&Version| Some(before.target.incarnation) != deployed;
        self.previous.as_ref().filter(|before| before.live().is_some()).filter(apart)
    }
}

/// How often a job was started again, one soon after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Recovered {
    /// Which one it was, from 1 on.
    pub attempt: u32,
    /// When all its vertices ran.
    pub at: Timestamp,
}

/// A version that is, or is to be, deployed: which spec, in which cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Target {
    /// Names its objects.
    pub hash: DeployHash,
    /// Its cluster.
    pub incarnation: Incarnation,
    /// The generation of the spec.
    pub generation: i64,
    /// The fingerprint of the spec.
    pub digest: Digest,
    /// How many slots it needs.
    pub parallelism: u32,
    /// TaskManagers that have as many slots.
    pub taskmanagers: u32,
    /// In which order it takes the place of the version before.
    pub mode: Mode,
    /// Its colour, in mode BlueGreen.
    pub colour: Option<Colour>,
    /// It was, or is to be, reached by scaling another version's cluster in place. None: its cluster
    /// was made for it.
    pub scaled: Option<Scaled>,
}

impl Target {
    /// The hash that its cluster's objects are named by: they keep their names when they are scaled.
    #[must_use]
    pub fn names(&self) -> DeployHash {
        self.scaled.map_or(self.hash, |scaled| scaled.names)
    }

    /// The number of its revision: its cluster's, unless that was made for another version.
    #[must_use]
    pub fn revision(&self) -> Incarnation {
        self.scaled.map_or(self.incarnation, |scaled| scaled.revision)
    }
}

/// What tells a version that was scaled in place from the one that its cluster was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Scaled {
    /// The hash of the version that the cluster was made for: its objects are named by it.
    pub names: DeployHash,
    /// The number of the version's revision: given out like a cluster's, never twice.
    pub revision: Incarnation,
}

/// A version with a cluster, and what its job does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Version {
    /// Which spec, in which cluster.
    pub target: Target,
    /// Its cluster was taken away before its successor was confirmed; its revision is kept, and it
    /// would come up again under another number.
    pub removed: bool,
    /// Its job.
    pub work: Work,
}

impl Version {
    /// The id of its job while that runs.
    #[must_use]
    pub fn live(&self) -> Option<&LiveJob> {
        match &self.work {
            Work::Live(job) => Some(job),
            Work::Stopped(_) | Work::Finished => None,
        }
    }

    /// What the next job starts from, if its own was ended.
    #[must_use]
    pub fn stopped(&self) -> Option<&Origin> {
        match &self.work {
            Work::Stopped(origin) => Some(origin),
            Work::Live(_) | Work::Finished => None,
        }
    }
}

/// What a version's job does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Work {
    /// It runs, as far as is known.
    Live(LiveJob),
    /// It was ended: nothing runs, and this is what the next one starts from.
    Stopped(Origin),
    /// It ended by itself.
    Finished,
}

/// A revision that is not needed any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Obsolete {
    /// Its number: its cluster's, unless the version was scaled in place.
    pub incarnation: Incarnation,
    /// Its version.
    pub hash: DeployHash,
}

/// A cluster on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Leaving {
    /// Its number.
    pub incarnation: Incarnation,
    /// Its version.
    pub hash: DeployHash,
    /// A job may still run, or start, in it: no other job before all its pods are gone.
    pub may_run: bool,
}
