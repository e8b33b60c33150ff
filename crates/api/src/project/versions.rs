//! BlueGreen: the versions that run, each with its colour, its cluster and its job, the older one first;
//! and the colours in the reference operator's fields.

use flinkk8soperator_core::{Colour, Reason, State, Target, Version};

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
    older.into_iter().chain([newer]).collect()
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

/// `deployVersion` and `updatingVersion`.
pub(super) fn colours(state: &State) -> [Option<v1beta1::Colour>; 2] {
    let record = &state.record;
    let deployed = record.beside().or(record.deployed.as_ref());
    let deployed = deployed.and_then(|version| version.target.colour);
    [deployed.map(colour), updating(state).and_then(|target| target.colour).map(colour)]
}

/// `updatingHash`: in mode BlueGreen the newer of two versions, or the one on its way.
pub(super) fn updating_hash(state: &State) -> Option<String> {
    let target = updating(state).filter(|target| target.colour.is_some());
    target.map(|target| target.hash.to_string())
}

fn updating(state: &State) -> Option<Target> {
    state.target().or_else(|| newer(state))
}

/// The newer of two versions that run.
fn newer(state: &State) -> Option<Target> {
    state.record.beside()?;
    state.record.deployed.as_ref().map(|version| version.target)
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
