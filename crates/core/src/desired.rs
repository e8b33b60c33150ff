//! What the user wants, already parsed: nothing in here can be wrong.

use std::time::Duration;

use crate::colour::Colour;
use crate::config::Timeouts;
use crate::ids::{DeployHash, Digest, JobId, Uid};
use crate::words::words;

/// The desired state of an application, from its spec and metadata.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Desired {
    /// `metadata.uid`.
    pub uid: Uid,
    /// `metadata.generation`.
    pub generation: i64,
    /// Fingerprint of spec and relevant metadata.
    pub digest: Digest,
    /// The name that the desired version's objects would have; in mode BlueGreen see `coloured`.
    pub hash: DeployHash,
    /// The same in mode BlueGreen: the colour is part of what the hash is made from.
    pub coloured: Coloured,
    /// Run it, or take it away.
    pub goal: Goal,
    /// Whether our finalizer, or what stands for it, is on the object. It is put there for a state that is
    /// stored: an object that has it and no state has lost that.
    pub finalizer: bool,
    /// Job parallelism: as many slots have to register.
    pub parallelism: u32,
    /// TaskManagers that have as many slots.
    pub taskmanagers: u32,
    /// `deploymentMode`.
    pub mode: Mode,
    /// `scaleMode`.
    pub scale_mode: ScaleMode,
    /// How a job is stopped with a savepoint.
    pub savepoint_stop: SavepointStop,
    /// `savepointDisabled`: an update cancels the old job, the new one starts without state.
    pub savepoint_disabled: bool,
    /// `fallbackWithoutState`: start without state where the newest cannot be proven.
    pub fallback_without_state: bool,
    /// `restore`: what to start from where a job is to be started next.
    pub restore: Option<Restore>,
    /// `recovery`: whether the last checkpoint seen will do where the newest cannot be proven.
    pub recovery: Recovery,
    /// `maxCheckpointRestoreAgeSeconds`: an older checkpoint is not recovered from.
    #[cfg_attr(feature = "serde", serde(with = "crate::text_form::duration"))]
    pub max_checkpoint_age: Duration,
    /// `savepointPath`: what the very first job is restored from.
    pub initial_savepoint: Option<String>,
    /// `foreignJob`: what becomes of a job that is not the operator's.
    pub foreign_job: Option<ForeignJob>,
    /// `forceRollback`.
    pub force_rollback: bool,
    /// `tearDownVersionHash`: which one of two running versions is to go.
    pub tear_down: Option<DeployHash>,
    /// This application's waits (its own, else the operator's).
    pub timeouts: Timeouts,
    /// How long the job has to run without a restart until its version is confirmed.
    #[cfg_attr(feature = "serde", serde(with = "crate::text_form::duration"))]
    pub confirm_after: Duration,
    /// What keeps the spec from being deployed at all. Empty for a spec that can be deployed.
    pub obstacles: Vec<Obstacle>,
}

impl Desired {
    /// What the fields of a new application come to where its spec says nothing: run it, in mode Dual, and
    /// go on from proven state only. Times are the operator's defaults.
    #[must_use]
    pub fn new(uid: Uid, generation: i64, hash: DeployHash, digest: Digest) -> Desired {
        Desired {
            uid,
            generation,
            digest,
            hash,
            coloured: Coloured { blue: hash, green: hash },
            goal: Goal::Run,
            finalizer: false,
            parallelism: 1,
            taskmanagers: 1,
            mode: Mode::Dual,
            scale_mode: ScaleMode::NewCluster,
            savepoint_stop: SavepointStop::Stop,
            savepoint_disabled: false,
            fallback_without_state: false,
            restore: None,
            recovery: Recovery::Proven,
            max_checkpoint_age: Duration::from_secs(3600),
            initial_savepoint: None,
            foreign_job: None,
            force_rollback: false,
            tear_down: None,
            timeouts: Timeouts::default(),
            confirm_after: Duration::from_secs(30),
            obstacles: Vec::new(),
        }
    }

    /// The name that the desired version's objects would have in that colour.
    #[must_use]
    pub fn hash_in(&self, colour: Option<Colour>) -> DeployHash {
        match colour {
            None => self.hash,
            Some(Colour::Blue) => self.coloured.blue,
            Some(Colour::Green) => self.coloured.green,
        }
    }
}

/// The names of a version in either colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Coloured {
    /// In blue.
    pub blue: DeployHash,
    /// In green.
    pub green: DeployHash,
}

words! {
    /// `spec.deploymentMode`: in which order the old version makes way for the new one.
    Mode {
        /// The new cluster comes up beside the old one, then the job moves.
        Dual,
        /// The old cluster goes first: an update needs no second cluster's resources.
        Single,
        /// Both versions run until the user names the one that goes.
        BlueGreen,
    }
}

/// `spec.scaleMode`: how another parallelism, and nothing else, is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ScaleMode {
    /// By a new cluster, like every other update.
    NewCluster,
    /// In the cluster that runs, by another number of TaskManagers.
    InPlace,
}

/// `spec.foreignJob`: the user's choice about a job that the operator did not submit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ForeignJob {
    /// The job, as the status names it.
    pub id: JobId,
    /// What becomes of it.
    pub action: ForeignJobAction,
}

/// What becomes of a job that the operator did not submit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ForeignJobAction {
    /// It becomes the application's job, where no other one of the application runs.
    Adopt,
    /// It is cancelled.
    Cancel,
}

/// `spec.restore`: what the user wants the next job to start from. Used once per nonce.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Restore {
    /// Where the savepoint or checkpoint lies.
    pub path: String,
    /// Another nonce is another wish.
    pub nonce: String,
}

/// `spec.recovery`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Recovery {
    /// Only from what is proven to be the newest state.
    Proven,
    /// From the last checkpoint that was seen, if nothing is left that could prove more.
    LastSeen,
}

/// Whether the application is to run or to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Goal {
    /// Run the newest spec.
    Run,
    /// The object has a deletion timestamp.
    Delete(DeleteMode),
}

/// `spec.deleteMode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum DeleteMode {
    /// Stop the job with a final savepoint.
    Savepoint,
    /// Cancel the job.
    ForceCancel,
    /// Leave it to Kubernetes' garbage collection.
    None,
}

/// `spec.savepointStop`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum SavepointStop {
    /// Stop-with-savepoint: sources end, then the job is FINISHED.
    Stop,
    /// Cancel-with-savepoint: for sources that never end.
    Cancel,
}

/// Something in the spec that cannot be deployed, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Obstacle {
    /// Path of the field, e.g. `spec.deploymentMode`.
    pub field: String,
    /// What is wrong and what would be right.
    pub message: String,
    /// Whose it is to change.
    pub kind: ObstacleKind,
}

/// Why a field keeps a spec from being deployed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ObstacleKind {
    /// The value is wrong.
    Invalid,
    /// The value is right, this version of the operator cannot do it.
    NotYetSupported,
}
