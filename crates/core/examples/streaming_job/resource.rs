//! The embedder's own kind: what a user writes, and what it means to the machine.

use flinkk8soperator_core::{
    DeleteMode, DeployHash, Desired, Digest, Goal, Mode, Obstacle, ObstacleKind, Recovery, State,
    Uid, ids,
};

/// A job as the store keeps it: the wish and the machine's state side by side, written together.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StreamingJob {
    pub(crate) name: String,
    /// Never given twice: ids of jobs and savepoints are derived from it.
    pub(crate) uid: Uid,
    /// Counts the edits of the wish.
    pub(crate) generation: i64,
    pub(crate) spec: Spec,
    /// The user wants it gone.
    pub(crate) deleting: bool,
    /// It may not vanish from the store while this is set: the machine's finalizer.
    pub(crate) held: bool,
    /// The machine's state; none: nothing was done yet.
    pub(crate) machine: Option<State>,
}

/// What the user wants.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub(crate) struct Spec {
    pub(crate) image: String,
    pub(crate) parallelism: u32,
    /// There is no room for two versions: the old one goes before the new one comes.
    pub(crate) in_turn: bool,
    /// Its state is not wanted: an update cancels the job and starts the next one empty.
    pub(crate) stateless: bool,
    /// Where the newest state cannot be proven: the last checkpoint seen will do, or none at all.
    pub(crate) lenient: bool,
}

impl StreamingJob {
    pub(crate) fn new(name: &str, uid: Uid, spec: Spec) -> StreamingJob {
        let name = name.to_owned();
        StreamingJob { name, uid, generation: 1, spec, deleting: false, held: false, machine: None }
    }

    /// The wish in the machine's words. What cannot be deployed is an obstacle, with its field.
    pub(crate) fn desired(&self) -> Desired {
        let Spec { parallelism, in_turn, stateless, lenient, .. } = self.spec;
        let recovery = if lenient { Recovery::LastSeen } else { Recovery::Proven };
        Desired {
            goal: if self.deleting { Goal::Delete(DeleteMode::Savepoint) } else { Goal::Run },
            finalizer: self.held,
            parallelism,
            mode: if in_turn { Mode::Single } else { Mode::Dual },
            savepoint_disabled: stateless,
            fallback_without_state: lenient,
            recovery,
            obstacles: self.spec.obstacles(),
            ..Desired::new(self.uid, self.generation, self.spec.hash(), self.spec.digest())
        }
    }
}

impl Spec {
    /// Names the objects of a version: of all that they are made from, and of nothing else.
    pub(crate) fn hash(&self) -> DeployHash {
        let derived = ids::derive(&format!("{}/{}", self.image, self.parallelism));
        // The lowest bits are the ones that the last letter changes most.
        DeployHash(u32::try_from(derived & u128::from(u32::MAX)).unwrap_or_default())
    }

    /// The fingerprint of everything that can make a difference.
    fn digest(&self) -> Digest {
        let Spec { image, parallelism, in_turn, stateless, lenient } = self;
        let text = format!("{image}/{parallelism}/{in_turn}/{stateless}/{lenient}");
        Digest(u64::try_from(ids::derive(&text) & u128::from(u64::MAX)).unwrap_or_default())
    }

    fn obstacles(&self) -> Vec<Obstacle> {
        let obstacle = |field: &str, message: &str| Obstacle {
            field: field.to_owned(),
            message: message.to_owned(),
            kind: ObstacleKind::Invalid,
        };
        let mut found = Vec::new();
        if self.parallelism == 0 {
            found.push(obstacle("parallelism", "0 runs nothing; a number from 1 on is right"));
        }
        if self.image.is_empty() {
            found.push(obstacle("image", "it is empty; the name of an image is right"));
        }
        found
    }
}
