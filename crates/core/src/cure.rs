//! What a person can do where the operator does nothing more by itself, or not what was asked for: a
//! closed list, so that a controller can act on it, and so that the exploration of `sim` can try whether
//! what is named works.

use std::fmt;

use crate::ids::{DeployHash, JobId};

/// One thing that a person can do. Of several that are named, each one works alone; but for
/// [`Cure::LastSeen`], which is in vain where that checkpoint does not exist any more: Flink tells when it is
/// given it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Cure {
    /// A spec that differs from the one that is deployed, or failed, and can be deployed.
    NewSpec,
    /// The spec as it was when the deployed version was deployed.
    DeployedSpec,
    /// The same spec once more, where what was wrong lay outside it.
    NewRestartNonce,
    /// `spec.restore`, with a path and a nonce that was not used yet.
    Restore,
    /// `spec.recovery: LastSeen`.
    LastSeen,
    /// `spec.maxCheckpointRestoreAgeSeconds`, larger than what the checkpoint is old.
    CheckpointAge,
    /// `spec.fallbackWithoutState: true`.
    FallbackWithoutState,
    /// Any edit of the spec, on which a savepoint is tried once more.
    SavepointAgain,
    /// `spec.forceRollback: true`.
    ForceRollback,
    /// `spec.tearDownVersionHash`: the one version goes, the other stays.
    TearDown {
        /// Named in the spec.
        goes: DeployHash,
        /// Not named.
        stays: DeployHash,
    },
    /// `spec.foreignJob` with the action `Cancel`.
    CancelJob(JobId),
    /// `spec.foreignJob` with the action `Adopt`.
    AdoptJob(JobId),
    /// A person ends the job that is not the operator's.
    EndJob(JobId),
    /// A change of these fields of the spec, which cannot be deployed as they are.
    Fields(Vec<String>),
    /// An object of this name goes.
    Remove(String),
    /// What the pods report is put right.
    Pods,
    /// The status comes back, from a backup.
    StatusRestored,
    /// `status.machine` goes.
    StatusDeleted,
    /// The objects that the status does not know go. What a job starts from without them is asked then.
    ObjectsDeleted,
    /// The CRD of the operator's version is applied.
    Crd,
    /// An operator that can read the status.
    Upgrade,
    /// For a deletion without a savepoint: `spec.deleteMode: ForceCancel`.
    ForceCancel,
}

impl fmt::Display for Cure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Cure::NewSpec => "a new spec",
            Cure::DeployedSpec => "the spec put back to the deployed version's",
            Cure::NewRestartNonce => "a new restartNonce",
            Cure::Restore => "restore with a path and a new nonce",
            Cure::LastSeen => "recovery: LastSeen",
            Cure::CheckpointAge => "a larger maxCheckpointRestoreAgeSeconds",
            Cure::FallbackWithoutState => "fallbackWithoutState: true",
            Cure::SavepointAgain => "any edit, on which a savepoint is tried again",
            Cure::ForceRollback => "forceRollback: true",
            Cure::TearDown { goes, stays } => {
                return write!(f, "tearDownVersionHash: {goes}, which keeps {stays}");
            }
            Cure::CancelJob(id) => return write!(f, "foreignJob: {{id: {id}, action: Cancel}}"),
            Cure::AdoptJob(id) => return write!(f, "foreignJob: {{id: {id}, action: Adopt}}"),
            Cure::EndJob(id) => return write!(f, "the end of job {id} by hand"),
            Cure::Fields(fields) => return write!(f, "a change of {}", fields.join(", ")),
            Cure::Remove(name) => return write!(f, "the removal of {name}"),
            Cure::Pods => "a correction of what the pods report",
            Cure::StatusRestored => "the status restored from a backup",
            Cure::StatusDeleted => "status.machine deleted",
            Cure::ObjectsDeleted => "those objects deleted",
            Cure::Crd => "the CRD of this version of the operator",
            Cure::Upgrade => "a newer operator",
            Cure::ForceCancel => "to delete it without a savepoint, deleteMode: ForceCancel",
        };
        f.write_str(words)
    }
}

/// Some of them as a person reads them; empty for none.
pub(crate) fn in_words(cures: &[Cure]) -> String {
    let mut words: Vec<String> = cures.iter().map(Cure::to_string).collect();
    if let Some(last) = words.last_mut().filter(|_| cures.len() > 1) {
        *last = format!("or {last}");
    }
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_are_told_as_a_choice() {
        let told = |cures: &[Cure]| in_words(cures);
        assert_eq!(told(&[]), "");
        assert_eq!(told(&[Cure::NewSpec]), "a new spec");
        assert_eq!(told(&[Cure::NewSpec, Cure::LastSeen]), "a new spec, or recovery: LastSeen");
        assert_eq!(
            told(&[Cure::NewSpec, Cure::Restore, Cure::AdoptJob(JobId(10))]),
            "a new spec, restore with a path and a new nonce, or foreignJob: \
             {id: 0000000000000000000000000000000a, action: Adopt}"
        );
    }
}
