//! What this process knows of one application besides the watches: lost with the process, and with
//! nothing lost but time.

use std::collections::BTreeMap;
use std::sync::Arc;

use flinkk8soperator_core::{
    Checkpoint, Checkpointing, DeployHash, Effect, Incarnation, JobId, Process, State, Stranger,
    Target, TriggerId, Version,
};
use flinkk8soperator_flink_rest as rest;
use serde_json::Value;
use tokio::time::Instant;

use crate::application::{Application, ResourceVersion};
use crate::controller::Told;
use crate::flink::Identity;
use crate::flink::secrets::Secrets;
use crate::metrics::UnderWay;
use crate::observe::figures::Gathered;
use crate::revision::Revision;
use crate::silence::Silences;
use crate::status::Pending;

/// One application's.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// A round was decided, and its state is stored: from here on this process is answerable for
    /// deadlines.
    pub(crate) decided: bool,
    /// The newest copy that this process wrote itself or read live. None: read before anything else.
    pub(crate) own: Option<Arc<Application>>,
    /// The newest version that a round took into account, own writes included: their echo is no
    /// news, above all not to a round that is to be repeated later.
    pub(crate) version: ResourceVersion,
    /// A state whose write was not answered.
    pub(crate) unanswered: Option<Value>,
    /// What the last write of the status became: the watches are waited for until they show it.
    pub(crate) status_version: ResourceVersion,
    /// The watches were older than that in the last round.
    pub(crate) stale: bool,
    /// When the next round is due without anything happening.
    pub(crate) due: Option<Instant>,
    /// No round before then, whatever happens.
    pub(crate) held: Option<Instant>,
    /// The last round that panicked, as it was told.
    pub(crate) panic: Option<Told>,
    /// Questions asked in vain.
    pub(crate) silences: Silences,
    /// Revisions read or written, by their numbers; none: known not to exist.
    pub(crate) revisions: BTreeMap<Incarnation, Option<Arc<Revision>>>,
    /// Who the JobManager processes are.
    pub(crate) identities: BTreeMap<Process, Arc<Identity>>,
    /// What they are reached with.
    pub(crate) secrets: Secrets,
    /// Objects that were in the way of a creation.
    pub(crate) strangers: Vec<InTheWay>,
    /// The cluster that the last round tried to create something of, and why that will not be.
    pub(crate) refused: Option<Refused>,
    /// How jobs make and keep checkpoints, which does not change; none: they make none.
    pub(crate) checkpointing: BTreeMap<JobId, Option<Checkpointing>>,
    /// The newest checkpoint of each job that this process was told of.
    pub(crate) last_seen: BTreeMap<JobId, Checkpoint>,
    /// What became of savepoint triggers sent from here.
    pub(crate) triggers: BTreeMap<TriggerId, Trigger>,
    /// The effects of the last round: the same again is not progress.
    pub(crate) effects: Vec<Effect>,
    /// Rounds that failed one after the other.
    pub(crate) failures: u32,
    /// What began under this process, for the metrics.
    pub(crate) under_way: UnderWay,
    /// Numbers for the status, of this round.
    pub(crate) figures: Gathered,
    /// Words for the status that were not written yet.
    pub(crate) pending: Pending,
    /// When they are to be.
    pub(crate) words_at: Option<Instant>,
    /// When the status was last written.
    pub(crate) written: Option<Instant>,
}

/// An object of ours could not be created because of this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InTheWay {
    /// What the machine is told.
    pub(crate) told: Stranger,
    /// Its kind.
    pub(crate) kind: Kind,
    /// Its name.
    pub(crate) name: String,
}

/// A creation that was refused in a way that asking again does not cure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    /// Of which cluster.
    pub(crate) incarnation: Incarnation,
    /// Of which version.
    pub(crate) hash: DeployHash,
    /// In the words of who refused.
    pub(crate) message: String,
}

/// Kinds of objects that are created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `apps/v1` `Deployment`.
    Deployment,
    /// `v1` `Service`.
    Service,
    /// `networking.k8s.io/v1` `Ingress`.
    Ingress,
}

/// What became of a savepoint trigger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trigger {
    /// Flink accepted it under an id of its own (before 1.15).
    Named(rest::TriggerId),
    /// Flink answered that it will not do it, for a reason that time does not cure.
    Refused(String),
}

impl Memory {
    /// Forgets what belongs to nothing that the state speaks of.
    pub(crate) fn tidy(&mut self, state: &State) {
        self.revisions.retain(|number, _| state.hash_of(*number).is_some());
        let job = state.record.deployed.as_ref().and_then(Version::live).map(|job| job.id);
        let beside = state.record.beside().and_then(Version::live).map(|job| job.id);
        self.checkpointing.retain(|of, _| [job, beside].contains(&Some(*of)));
        self.last_seen.retain(|of, _| Some(*of) == job);
    }
}

/// A version in a cluster, as far as the state speaks of one.
#[must_use]
pub(crate) fn target_in(state: &State, cluster: Incarnation) -> Option<Target> {
    let record = &state.record;
    let versions = [&record.deployed, &record.previous].into_iter().flatten().map(|v| v.target);
    let mut all = versions.chain(state.target()).chain(state.failed());
    all.find(|target| target.incarnation == cluster)
}

/// The job on its way.
#[must_use]
pub(crate) fn submitted(state: &State) -> Option<JobId> {
    state.submission().map(|submission| submission.job)
}
