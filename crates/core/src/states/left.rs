//! Left: the reference operator has left the application. Its clusters get numbers, the revisions of its versions
//! are read back, then what its status calls deployed is, as it runs, and what was under way goes on.

mod given_up;
mod jobs;
mod numbering;
mod under_way;

use crate::context::Context;
use crate::cure::Cure;
use crate::decision::{Effect, EventReason};
use crate::desired::{DeleteMode, Goal};
use crate::ids::{DeployHash, Ids, Incarnation};
use crate::observation::{Fact, FactRequest, FlinkRequest, Objects, Observation, Unnumbered};
use crate::policy::never_ran::Unanswered;
use crate::policy::restore_point;
use crate::reason::Reason;
use crate::state::{
    DeletingStep, Left, LeftStep, LeftVersion, LiveJob, Origin, Record, State, Target, Version,
    Work,
};
use crate::states::{Next, deleting, deploy, deploy_failed, running};
use jobs::{job, runs_nothing};

/// What the status of the reference operator would tell, where that is lost: the version that the spec asks for
/// is deployed if there is no other, and is proven to be that.
pub(crate) fn without_a_status(cx: &Context<'_>, clusters: &[Unnumbered]) -> Option<Left> {
    let [Unnumbered { label: Some(hash), version: Some(_), .. }] = clusters else { return None };
    numbering::colour_of(cx, *hash)?;
    let deployed = Some(LeftVersion { hash: *hash, job: None, cluster: None });
    let left = Left { deployed, beside: None, failed: None, under_way: None, target: None };
    cx.desired.finalizer.then_some(left)
}

/// The objects; the numbers given out before, until there are more; then the revisions, and which jobs each
/// cluster runs.
pub(crate) fn needs(
    cx: &Context<'_>,
    state: &State,
    phase: &Left,
    seen: &Observation,
) -> FactRequest {
    let newest_revision = state.record.incarnations == 0;
    let mut ask = FactRequest { objects: true, newest_revision, ..FactRequest::default() };
    let Some(objects) = seen.objects.known() else { return ask };
    ask.revisions.extend(targets(cx, state, phase, objects).map(|target| target.revision()));
    for cluster in &objects.clusters {
        let process = cluster.jobmanager_process(None);
        ask.flink.extend(process.map(|process| FlinkRequest {
            jobs: true,
            ..FlinkRequest::to(cluster.incarnation, process)
        }));
    }
    under_way::needs(cx, state, phase, seen, &mut ask);
    ask
}

pub(crate) fn step(cx: &Context<'_>, state: &State, phase: &Left, seen: &Observation) -> Next {
    let Some(objects) = seen.objects.known() else {
        return *waiting(cx, state, "the view of the cluster");
    };
    let newest = match &seen.newest_revision {
        Fact::Known(newest) => *newest,
        _ if state.record.incarnations > 0 => None,
        Fact::Unasked | Fact::Unknown { .. } => {
            return *waiting(cx, state, "the list of stored revisions");
        }
    };
    if let Some(next) = numbering::step(cx, state, phase, objects, newest) {
        return next;
    }
    if !objects.unnumbered.is_empty() {
        return *waiting(cx, state, "its clusters to be seen under their numbers");
    }
    take_over(cx, state, phase, objects, seen).unwrap_or_else(|next| *next)
}

/// The revisions of the versions that are taken over: known to be stored before anything depends on them.
pub(crate) fn effects(
    cx: &Context<'_>,
    state: &State,
    phase: &Left,
    seen: &Observation,
) -> Vec<Effect> {
    let Some(objects) = seen.objects.known() else { return Vec::new() };
    let lacks = |target: &Target| seen.revision(target.revision()) == Some(false);
    let store = |target: Target| match state.record.is_adopted(target.incarnation) {
        true => Effect::RebuildRevision(target),
        false => Effect::SaveRevision(target),
    };
    targets(cx, state, phase, objects).filter(lacks).map(store).collect()
}

/// The versions that run, by the status, the deployed one first.
fn versions(phase: &Left) -> impl Iterator<Item = LeftVersion> {
    phase.deployed.into_iter().chain(phase.beside)
}

/// Those that stand, and the one that was being deployed.
fn targets(
    cx: &Context<'_>,
    state: &State,
    phase: &Left,
    objects: &Objects,
) -> impl Iterator<Item = Target> {
    let hashes = versions(phase).map(|left| left.hash).chain(phase.target);
    let found: Vec<Target> =
        hashes.filter_map(|hash| target(cx, &state.record, objects, hash)).collect();
    found.into_iter()
}

/// A version as it stands: in a cluster of the reference operator's, or in one of ours, from a time before,
/// where the spec still asks for it.
fn target(
    cx: &Context<'_>,
    record: &Record,
    objects: &Objects,
    hash: DeployHash,
) -> Option<Target> {
    let mut clusters = objects.clusters.iter();
    let cluster = clusters.find(|cluster| is_of(cluster.hash, cluster.label, hash))?;
    let incarnation = cluster.incarnation;
    if record.is_adopted(incarnation) {
        let mut adopted = record.adopted.iter().filter(|a| a.incarnation == incarnation);
        return adopted.find(|adopted| adopted.hash == hash).copied();
    }
    // One that was scaled in place is named by another version, whose hash does not tell its spec.
    let colour = numbering::colour_of(cx, hash).filter(|_| cluster.hash == hash)?;
    Some(Target {
        hash,
        incarnation,
        generation: cx.desired.generation,
        digest: cx.desired.digest,
        parallelism: cx.desired.parallelism,
        taskmanagers: cx.desired.taskmanagers,
        mode: cx.desired.mode,
        colour,
        scaled: None,
    })
}

/// Whether a version is in a cluster: as its label says. Once the reference operator has begun to scale it in place the
/// label is already that of the version to come, and only its names tell.
fn is_of(names: DeployHash, label: Option<DeployHash>, hash: DeployHash) -> bool {
    label == Some(hash) || names == hash
}

/// What the status calls deployed is. `Err`: why not yet.
fn take_over(
    cx: &Context<'_>,
    state: &State,
    phase: &Left,
    objects: &Objects,
    seen: &Observation,
) -> Result<Next, Box<Next>> {
    if objects.clusters.is_empty() {
        return nothing_stands(cx, state, phase);
    }
    let mut record = state.record.clone();
    let mut taken = |left: Option<LeftVersion>| {
        left.map(|left| version(cx, state, left, objects, seen, &mut record.ids)).transpose()
    };
    let (deployed, beside) = (taken(phase.deployed)?, taken(phase.beside)?);
    let told: Vec<String> = deployed.iter().chain(&beside).filter_map(sentence).collect();
    record.deployed = deployed;
    record.previous = beside;
    let scene = Scene { cx, state, phase, objects, seen };
    let next = match phase.under_way {
        None => scene.at_rest(record)?,
        Some(LeftStep::Deploying) => scene.deploying(record)?,
        Some(LeftStep::Submitting { job, since, failing }) => {
            scene.submitting(record, job, Unanswered { since, failing })?
        }
        Some(LeftStep::Savepointing(trigger)) => scene.savepointing(record, trigger)?,
        Some(LeftStep::RollingBack { since }) => scene.rolling_back(record, since)?,
        Some(LeftStep::Deleting) => scene.deleting(record)?,
    };
    match told.is_empty() {
        true => Ok(next),
        false => Ok(next.tells_first(EventReason::TakenOver, told.join(", and "))),
    }
}

/// What is looked at.
#[derive(Clone, Copy)]
struct Scene<'a> {
    cx: &'a Context<'a>,
    state: &'a State,
    phase: &'a Left,
    objects: &'a Objects,
    seen: &'a Observation,
}

impl Scene<'_> {
    /// Nothing was under way.
    fn at_rest(&self, mut record: Record) -> Result<Next, Box<Next>> {
        // What it has given up goes with its job.
        let mut clusters = self.objects.clusters.iter();
        let failed = clusters.find(|c| c.label.is_some() && c.label == self.phase.failed);
        self.no_job_elsewhere(&record, failed.map(|cluster| cluster.incarnation))?;
        Ok(match given_up::hash(self.cx, self.phase) {
            Some(hash) => {
                let failed = given_up::numbered(self.cx, &mut record, Some(hash));
                deploy_failed::rest(record, given_up::failed(failed))
            }
            None => {
                let phase = running::under_watch(&record, None);
                let message = "what the reference operator has left is taken over as it is";
                Next::new(record, phase, Reason::Running, message)
            }
        })
    }

    /// A cluster that has no place goes, as it would with the reference operator, but not with a job.
    fn no_job_elsewhere(
        &self,
        record: &Record,
        target: Option<Incarnation>,
    ) -> Result<(), Box<Next>> {
        let versions = record.deployed.iter().chain(&record.previous);
        let known: Vec<Incarnation> =
            versions.map(|version| version.target.incarnation).chain(target).collect();
        let clusters = self.objects.clusters.iter().map(|cluster| cluster.incarnation);
        let mut others = clusters.filter(|cluster| !known.contains(cluster));
        others.try_for_each(|other| runs_nothing(self.cx, self.state, other, self.seen))
    }
}

fn sentence(version: &Version) -> Option<String> {
    let (hash, job) = (version.target.hash, version.live()?.id);
    Some(format!("took over version {hash} with job {job}, as it is"))
}

/// A version with its job, once its revision is stored.
fn version(
    cx: &Context<'_>,
    state: &State,
    left: LeftVersion,
    objects: &Objects,
    seen: &Observation,
    ids: &mut Ids,
) -> Result<Version, Box<Next>> {
    let Some(target) = target(cx, &state.record, objects, left.hash) else {
        return Err(not_found(cx, state, left.hash, objects));
    };
    is_stored(cx, state, target, seen)?;
    let id = job(cx, state, left, target, seen, ids)?;
    let job = LiveJob { id, from: Origin::Empty, learnt: None };
    Ok(Version { target, removed: false, work: Work::Live(job) })
}

/// Nothing depends on a version before its revision is known to be stored.
fn is_stored(
    cx: &Context<'_>,
    state: &State,
    target: Target,
    seen: &Observation,
) -> Result<(), Box<Next>> {
    if seen.revision(target.revision()) == Some(true) {
        return Ok(());
    }
    let what = format!("the revision of version {} to be stored", target.hash);
    Err(waiting(cx, state, &what))
}

/// All its clusters are gone. A job starts only from what the user names, or from nothing where the user
/// allows it, or where none ever ran.
fn nothing_stands(cx: &Context<'_>, state: &State, phase: &Left) -> Result<Next, Box<Next>> {
    let none_ran = phase.deployed.is_none() && phase.under_way == Some(LeftStep::Deploying);
    if none_ran || restore_point::allowed_by_the_user(cx, &state.record).is_some() {
        let message = "first deploy after its clusters were lost".to_owned();
        return Ok(deploy::begin(cx, state, message));
    }
    let what = match phase.deployed {
        Some(left) => format!("version {} is deployed", left.hash),
        None => "a job was submitted".to_owned(),
    };
    let message = format!("the status says that {what}, but nothing of it stands");
    if let Goal::Delete(_) = cx.desired.goal {
        return Ok(removed(cx, state, &message));
    }
    let cures = vec![Cure::Restore, Cure::FallbackWithoutState];
    Err(stalled(cx, state, Reason::RestorePointUnproven, message, cures))
}

fn not_found(cx: &Context<'_>, state: &State, hash: DeployHash, objects: &Objects) -> Box<Next> {
    let mut clusters = objects.clusters.iter();
    if clusters.any(|cluster| is_of(cluster.hash, cluster.label, hash)) {
        return not_read_back(cx, state, hash);
    }
    let standing: Vec<String> =
        objects.clusters.iter().map(|cluster| cluster.hash.to_string()).collect();
    let message = format!(
        "the status says that version {hash} is deployed, but what stands is {}",
        standing.join(", ")
    );
    let cures = vec![Cure::ObjectsDeleted];
    stalled(cx, state, Reason::AdoptionHashMismatch, message, cures)
}

/// What a version was made from is known neither from its objects nor from the spec: nothing could be compared
/// with it, and it could not be put back.
fn not_read_back(cx: &Context<'_>, state: &State, hash: DeployHash) -> Box<Next> {
    let message = format!(
        "what version {hash} was made from cannot be told: the spec is another one, and its Deployments do \
         not give that hash"
    );
    stalled(cx, state, Reason::AdoptionHashMismatch, message, vec![Cure::DeployedSpec])
}

/// Nothing goes on without a person. Who wants the application gone, with no state saved, need not wait.
pub(crate) fn stalled(
    cx: &Context<'_>,
    state: &State,
    reason: Reason,
    message: String,
    cures: Vec<Cure>,
) -> Box<Next> {
    let stays = |cures| Next::stay(state, reason, &message).cured_by(cures).polls_seldom(cx);
    Box::new(match cx.desired.goal {
        Goal::Delete(DeleteMode::ForceCancel) => removed(cx, state, &message),
        Goal::Delete(DeleteMode::Savepoint | DeleteMode::None) => {
            stays([cures, vec![Cure::ForceCancel]].concat())
        }
        Goal::Run => stays(cures),
    })
}

/// Its deletion ends with no state saved.
fn removed(cx: &Context<'_>, state: &State, message: &str) -> Next {
    let why = format!("{message}; the last restore point is not known");
    deleting::begin(cx, state, DeletingStep::RemoveClusters { why: why.clone() }, why)
}

fn waiting(cx: &Context<'_>, state: &State, what: &str) -> Box<Next> {
    let message = format!("taking over what the reference operator has left: waiting for {what}");
    Box::new(Next::stay(state, Reason::Deploying, message).polls_busily(cx))
}
