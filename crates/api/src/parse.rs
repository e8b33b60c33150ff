//! From an application as stored to what the machine decides by.
//!
//! [`desired`] makes a spec into a [`Desired`], which cannot be wrong: what is wrong with the spec is
//! data in it (`obstacles`), and each of them says what would be right. [`state`] makes the status
//! into a [`State`]. Both are total and read nothing but their arguments; the deploy hash and the
//! digest come from the crate that renders.

use std::time::Duration;

use flinkk8soperator_core::{
    Coloured, Config, DeleteMode, DeployHash, Desired, Digest, ForeignJob, ForeignJobAction, Goal,
    Mode, Recovery, Restore, SavepointStop, ScaleMode, State, Timeouts, Timestamp, Uid, ids,
};

use crate::machine;
use crate::v1beta1::{self, FlinkApplication, FlinkApplicationSpec, FlinkApplicationStatus, Phase};

mod flink_config;
mod flink_rest;
mod identity;
mod job;
mod left;
mod ports;
mod quantity;
mod resources;
mod rule;
mod timeouts;
mod unsupported;
mod volumes;
mod words;

/// The operator's settings, as far as an application's own take their place or the machine reads
/// them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperatorSettings {
    /// What the machine reads as it is.
    pub core: Config,
    /// Limits of the waits of an application that does not set its own.
    pub timeouts: Timeouts,
    /// `confirmAfter`, for an application without `confirmAfterSeconds`.
    pub confirm_after: Duration,
}

impl Default for OperatorSettings {
    fn default() -> OperatorSettings {
        OperatorSettings {
            core: Config::default(),
            timeouts: Timeouts::default(),
            confirm_after: Duration::from_secs(30),
        }
    }
}

/// The names that a version's objects would have: see [`Desired::hash_in`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hashes {
    /// Without a colour.
    pub plain: DeployHash,
    /// In either colour.
    pub coloured: Coloured,
}

impl Hashes {
    /// The same name in every colour: of a version that is not deployed in mode BlueGreen.
    #[must_use]
    pub fn colourless(hash: DeployHash) -> Hashes {
        Hashes { plain: hash, coloured: Coloured { blue: hash, green: hash } }
    }
}

/// What the user wants. `hashes` and `digest` are those of the application as it is stored.
///
/// A UID that is no UUID (Kubernetes gives out nothing else; a file has none) is replaced by one
/// derived from its text, so that ids still differ from one application to the next.
#[must_use]
pub fn desired(
    app: &FlinkApplication,
    hashes: Hashes,
    digest: Digest,
    settings: &OperatorSettings,
) -> Desired {
    let (spec, meta) = (&app.spec, &app.metadata);
    let uid = meta.uid.as_deref().unwrap_or_default();
    let deleted = meta.deletion_timestamp.is_some();
    Desired {
        uid: uid.parse().unwrap_or_else(|_| Uid(ids::derive(uid))),
        generation: meta.generation.unwrap_or_default(),
        digest,
        hash: hashes.plain,
        coloured: hashes.coloured,
        goal: if deleted { Goal::Delete(delete_mode(spec)) } else { Goal::Run },
        finalizer: meta.finalizers.iter().flatten().any(|name| name == v1beta1::FINALIZER),
        parallelism: job::slots(spec),
        taskmanagers: job::taskmanagers(spec),
        mode: mode(spec),
        scale_mode: scale_mode(spec),
        savepoint_stop: savepoint_stop(spec),
        savepoint_disabled: spec.savepoint_disabled.unwrap_or(false),
        fallback_without_state: spec.fallback_without_state.unwrap_or(false),
        restore: restore(spec),
        recovery: recovery(spec),
        max_checkpoint_age: max_checkpoint_age(spec),
        initial_savepoint: initial_savepoint(spec),
        foreign_job: foreign_job(spec),
        force_rollback: spec.force_rollback.unwrap_or(false),
        tear_down: spec.tear_down_version_hash.as_deref().and_then(|hash| hash.parse().ok()),
        timeouts: timeouts::of(spec, &settings.timeouts),
        confirm_after: timeouts::confirm_after(spec, settings.confirm_after),
        obstacles: rule::RULES.iter().flat_map(|rule| rule(app, settings)).collect(),
    }
}

/// `deleteMode`; a word that nobody knows ends the job in the way that loses nothing (the reference
/// operator hangs on it).
fn delete_mode(spec: &FlinkApplicationSpec) -> DeleteMode {
    match &spec.delete_mode {
        Some(v1beta1::DeleteMode::ForceCancel) => DeleteMode::ForceCancel,
        Some(v1beta1::DeleteMode::None) => DeleteMode::None,
        None | Some(v1beta1::DeleteMode::Savepoint | v1beta1::DeleteMode::Unknown(_)) => {
            DeleteMode::Savepoint
        }
    }
}

/// `deploymentMode`; the reference operator treats an empty one, and any that it does not know, as
/// Dual.
fn mode(spec: &FlinkApplicationSpec) -> Mode {
    match &spec.deployment_mode {
        Some(v1beta1::DeploymentMode::Single) => Mode::Single,
        Some(v1beta1::DeploymentMode::BlueGreen) => Mode::BlueGreen,
        None | Some(v1beta1::DeploymentMode::Dual | v1beta1::DeploymentMode::Unknown(_)) => {
            Mode::Dual
        }
    }
}

/// `scaleMode`; a word that nobody knows is the one that every version of the operator can do.
fn scale_mode(spec: &FlinkApplicationSpec) -> ScaleMode {
    match &spec.scale_mode {
        Some(v1beta1::ScaleMode::InPlace) => ScaleMode::InPlace,
        None | Some(v1beta1::ScaleMode::NewCluster | v1beta1::ScaleMode::Unknown(_)) => {
            ScaleMode::NewCluster
        }
    }
}

/// `foreignJob`; an id that is none is refused by a rule, a word that nobody knows by its own.
fn foreign_job(spec: &FlinkApplicationSpec) -> Option<ForeignJob> {
    let v1beta1::ForeignJob { id, action } = spec.foreign_job.as_ref()?;
    let action = match action {
        v1beta1::ForeignJobAction::Adopt => ForeignJobAction::Adopt,
        v1beta1::ForeignJobAction::Cancel => ForeignJobAction::Cancel,
        v1beta1::ForeignJobAction::Unknown(_) => return None,
    };
    Some(ForeignJob { id: id.parse().ok()?, action })
}

/// `restore`, once both parts of it are there; one without a nonce is refused by a rule.
fn restore(spec: &FlinkApplicationSpec) -> Option<Restore> {
    let restore = spec.restore.as_ref()?;
    let v1beta1::Restore { path, nonce } = restore;
    (!path.is_empty()).then(|| Restore { path: path.clone(), nonce: nonce.clone() })
}

/// `recovery`; a word that nobody knows is the one that loses nothing.
fn recovery(spec: &FlinkApplicationSpec) -> Recovery {
    match &spec.recovery {
        Some(v1beta1::Recovery::LastSeen) => Recovery::LastSeen,
        None | Some(v1beta1::Recovery::Proven | v1beta1::Recovery::Unknown(_)) => Recovery::Proven,
    }
}

/// `maxCheckpointRestoreAgeSeconds`, an hour by default as in the reference operator.
fn max_checkpoint_age(spec: &FlinkApplicationSpec) -> Duration {
    const DEFAULT: Duration = Duration::from_secs(3600);
    let own = spec.max_checkpoint_restore_age_seconds;
    own.and_then(|seconds| u64::try_from(seconds).ok()).map_or(DEFAULT, Duration::from_secs)
}

fn savepoint_stop(spec: &FlinkApplicationSpec) -> SavepointStop {
    match &spec.savepoint_stop {
        Some(v1beta1::SavepointStop::Cancel) => SavepointStop::Cancel,
        None | Some(v1beta1::SavepointStop::Stop | v1beta1::SavepointStop::Unknown(_)) => {
            SavepointStop::Stop
        }
    }
}

/// `savepointPath`, or its older name where that is empty, as the reference operator reads them.
fn initial_savepoint(spec: &FlinkApplicationSpec) -> Option<String> {
    let older = spec.savepoint_info.savepoint_location.as_ref();
    let paths = [spec.savepoint_path.as_ref(), older];
    paths.into_iter().flatten().find(|path| !path.is_empty()).cloned()
}

/// The state that the application is in: the persisted one, a new one where nothing was done yet, or what the
/// status of the reference operator tells. What cannot be read, or gone on with, is [`State::unreadable`]: it
/// says why, and what helps.
#[must_use]
pub fn state(app: &FlinkApplication, now: Timestamp) -> State {
    let Some(status) = &app.status else { return State::new(now) };
    match &status.machine {
        Some(machine) => machine::read(machine).unwrap_or_else(|error| {
            let cure = "use the operator that wrote it (or a newer one), or delete status.machine";
            State::unreadable(now, format!("{error}; {cure}"))
        }),
        None if untouched(status) => State::new(now),
        None => match left::of(status) {
            Some(left) => State::left(now, left),
            None => State::unreadable(now, not_gone_on_with(status)),
        },
    }
}

/// Whether no operator has deployed anything for it.
fn untouched(status: &FlinkApplicationStatus) -> bool {
    status.phase == Phase::New && status.deploy_hash.is_empty()
}

fn not_gone_on_with(status: &FlinkApplicationStatus) -> String {
    format!(
        "status.machine is missing, the phase is {:?}, and the status does not tell what is deployed or \
         under way; restore the status from a backup, or delete the application and create it again, \
         with savepointPath set to its last savepoint",
        status.phase.as_str()
    )
}
