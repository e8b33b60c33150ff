//! BlueGreen: the versions that run, each with its colour, its cluster and its job, the older one first;
//! and the colours in the reference operator's fields.

use flinkk8soperator_core::{Colour, Desired, Phase, Reason, State, Target, Version};

use super::figures::{Beside, Figures};
use super::shown::{Scene, Shown};
use super::{cluster, job};
use crate::v1beta1::{
    self, ClusterStatus, DeploymentMode, FlinkApplicationStatus, JobStatus, VersionStatus,
};

/// `versionStatuses`: of a coloured version, and of the one that runs beside it.
pub(super) fn of(
    scene: &Scene<'_>,
    state: &State,
    figures: &Figures,
    cluster: &ClusterStatus,
    job: &JobStatus,
) -> Vec<VersionStatus> {
    let record = &state.record;
    let Some(deployed) = &record.deployed else { return Vec::new() };
    let older = record.beside().map(|older| beside(scene, older, figures.beside.as_ref()));
    if older.is_none() && deployed.target.colour.is_none() {
        return Vec::new();
    }
    // What is shown at the top is this version's, or that of one on its way.
    let shown = scene.shown.cluster == Some(deployed.target.incarnation);
    let known = known(scene.previous, deployed.target);
    let mut newer = named(deployed.target);
    newer.cluster_status = if shown { cluster.clone() } else { known.cluster_status };
    newer.job_status = if shown { job.clone() } else { known.job_status };
    // The reference operator keeps two entries, and writes to the second one without looking whether it is there.
    let blank = older.is_none().then(VersionStatus::default);
    older.into_iter().chain([newer]).chain(blank).collect()
}

fn named(target: Target) -> VersionStatus {
    VersionStatus {
        app_version: target.colour.map(colour),
        version_hash: Some(target.hash.to_string()),
        ..VersionStatus::default()
    }
}

/// What was shown of a version before.
fn known(previous: &FlinkApplicationStatus, target: Target) -> VersionStatus {
    let hash = target.hash.to_string();
    let mut all = previous.version_statuses.iter();
    all.find(|version| version.version_hash.as_deref() == Some(&hash)).cloned().unwrap_or_default()
}

fn beside(scene: &Scene<'_>, older: &Version, figures: Option<&Beside>) -> VersionStatus {
    let mut previous = scene.previous.clone();
    let known = known(scene.previous, older.target);
    // Before it had an entry of its own it was at the top, until its successor took that place.
    let at_the_top = scene.before.is_some_and(|b| b.cluster == Some(older.target.incarnation));
    if known.version_hash.is_some() || !at_the_top {
        (previous.cluster_status, previous.job_status) = (known.cluster_status, known.job_status);
    }
    let shown = Shown {
        cluster: Some(older.target.incarnation),
        job: older.live().map(|job| job.id),
        finished: false,
        deployed: Some(older.target),
    };
    let figures = figures.cloned().unwrap_or_default();
    let of_it = Scene {
        previous: &previous,
        before: Some(shown),
        shown,
        reason: Reason::Running,
        now: scene.now,
    };
    let of_job = Figures { job: figures.job, submitted: figures.submitted, ..Figures::default() };
    VersionStatus {
        cluster_status: cluster::of(&of_it, figures.cluster.as_ref()),
        job_status: job::of(&of_it, &of_job),
        ..named(older.target)
    }
}

/// `deployVersion` and `updatingVersion`. The latter is in the hash by which the reference operator knows the
/// spec of the newest version again, so that it is told at rest, too.
pub(super) fn colours(state: &State) -> [Option<v1beta1::Colour>; 2] {
    let record = &state.record;
    let deployed = record.beside().or(record.deployed.as_ref());
    let deployed = deployed.and_then(|version| version.target.colour);
    [deployed.map(colour), newest(state).and_then(|target| target.colour).map(colour)]
}

/// `updatingHash`: in mode BlueGreen that of the newest version.
pub(super) fn updating_hash(state: &State) -> Option<String> {
    let target = newest(state).filter(|target| target.colour.is_some());
    target.map(|target| target.hash.to_string())
}

/// The version on its way, or that failed last; else the newer one of those that run.
fn newest(state: &State) -> Option<Target> {
    let deployed = || state.record.deployed.as_ref().map(|version| version.target);
    state.target().or_else(|| state.failed()).or_else(deployed)
}

/// `teardownHash`: a spec of this hash is not deployed, though the deployed version is another one: it was there when
/// its own version was torn down.
pub(super) fn teardown_hash(state: &State, desired: &Desired) -> Option<String> {
    let deployed = state.record.deployed.as_ref().filter(|_| state.record.beside().is_none())?;
    let rests = matches!(state.phase, Phase::Running(_));
    let settled = state.record.settled == Some(desired.digest);
    let hash = desired.hash_in(Some(deployed.target.colour?));
    (rests && settled && hash != deployed.target.hash).then(|| hash.to_string())
}

/// `deploymentMode`: the reference operator compares it with the spec's, names objects by it, and fills it
/// in where it is empty.
pub(super) fn deployment_mode(
    previous: &FlinkApplicationStatus,
    state: &State,
) -> Option<DeploymentMode> {
    let coloured = colours(state).iter().any(Option::is_some);
    let before = previous.deployment_mode.clone();
    if coloured {
        Some(DeploymentMode::BlueGreen)
    } else {
        before.filter(|mode| *mode != DeploymentMode::BlueGreen)
    }
}

fn colour(colour: Colour) -> v1beta1::Colour {
    match colour {
        Colour::Blue => v1beta1::Colour::Blue,
        Colour::Green => v1beta1::Colour::Green,
    }
}
