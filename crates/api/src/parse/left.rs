//! What the status of the reference operator tells of an application that it has left.
//!
//! `savepointPath`, `savepointTriggerId`, `updatingHash` and `rollbackHash` are passed over where they may be left over
//! from an earlier deploy (defects A12 and C2 of that operator): Flink tells what came of a savepoint.

use flinkk8soperator_core::{JobId, Left, LeftStep, LeftVersion, Timestamp};

use crate::instant;
use crate::v1beta1::{DeploymentMode, FlinkApplicationStatus, JobStatus, Phase};

/// None: it does not tell what is deployed or under way.
pub(super) fn of(status: &FlinkApplicationStatus) -> Option<Left> {
    let under_way = step(status)?;
    let failed = status.failed_deploy_hash.as_deref();
    let left = Left {
        deployed: None,
        beside: None,
        failed: failed.and_then(|hash| hash.parse().ok()),
        under_way,
        target: None,
    };
    let deployed = version(status, &status.deploy_hash);
    let with = |deployed: LeftVersion| Left { deployed: Some(deployed), ..left };
    let first = status.deploy_hash.is_empty();
    match under_way {
        Some(_) if first => Some(left),
        // The status tells of the job that is being started.
        Some(LeftStep::Submitting { .. }) if !is_blue_green(status) => {
            deployed.map(|deployed| with(LeftVersion { job: None, ..deployed }))
        }
        Some(
            LeftStep::Deploying
            | LeftStep::Submitting { .. }
            | LeftStep::Savepointing(_)
            | LeftStep::RollingBack { .. },
        ) => deployed.map(with),
        Some(LeftStep::Deleting) => {
            // In mode BlueGreen the job of a newer version may run, too.
            let newer = newer(status).filter(|newer| is_blue_green(status) && newer.job.is_some());
            Some(newer.map_or(with(deployed?), |newer| Left { beside: deployed, ..with(newer) }))
        }
        None if status.phase == Phase::DualRunning => {
            Some(Left { beside: Some(deployed?), ..with(newer(status)?) })
        }
        None => deployed.map(with),
    }
}

fn is_blue_green(status: &FlinkApplicationStatus) -> bool {
    status.deployment_mode == Some(DeploymentMode::BlueGreen)
}

/// What was under way; the inner none: nothing.
fn step(status: &FlinkApplicationStatus) -> Option<Option<LeftStep>> {
    let since = || status.last_updated_at.as_ref().map_or(Timestamp(0), instant::of);
    let step = match status.phase {
        // Of a cluster that is being scaled in place the job was not touched yet.
        Phase::Running | Phase::DeployFailed | Phase::DualRunning | Phase::Rescaling => {
            return Some(None);
        }
        Phase::Savepointing => savepointing(status).unwrap_or(LeftStep::Deploying),
        Phase::Updating | Phase::ClusterStarting | Phase::Cancelling | Phase::Recovering => {
            LeftStep::Deploying
        }
        Phase::SubmittingJob => {
            let job = match is_blue_green(status) {
                true => status.updating_hash.as_deref().and_then(|hash| job_of(status, hash)),
                false => id(&status.job_status),
            };
            let failing = status.last_seen_error.is_some();
            LeftStep::Submitting { job, since: since(), failing }
        }
        Phase::RollingBackJob => LeftStep::RollingBack { since: since() },
        Phase::Deleting => LeftStep::Deleting,
        Phase::New | Phase::Unknown(_) => return None,
    };
    Some(Some(step))
}

/// The savepoint of a job that runs on. The path is there before the id is of an earlier deploy.
fn savepointing(status: &FlinkApplicationStatus) -> Option<LeftStep> {
    let path = status.savepoint_path.as_deref().unwrap_or_default();
    let runs_on = is_blue_green(status) && !status.deploy_hash.is_empty() && path.is_empty();
    let trigger = status.savepoint_trigger_id.as_deref().filter(|_| runs_on)?;
    Some(LeftStep::Savepointing(trigger.parse().ok()?))
}

/// In mode BlueGreen the newer one of two: `deployHash` is the older one's until one of the two is torn down.
fn newer(status: &FlinkApplicationStatus) -> Option<LeftVersion> {
    let hash = status.updating_hash.as_deref().filter(|hash| *hash != status.deploy_hash)?;
    version(status, hash)
}

fn version(status: &FlinkApplicationStatus, hash: &str) -> Option<LeftVersion> {
    Some(LeftVersion { hash: hash.parse().ok()?, job: job_of(status, hash), cluster: None })
}

/// The job of a version: as that is told of, in mode BlueGreen; else there is one.
fn job_of(status: &FlinkApplicationStatus, hash: &str) -> Option<JobId> {
    let mut versions = status.version_statuses.iter();
    let version = versions.find(|version| version.version_hash.as_deref() == Some(hash));
    let told = version.map(|version| &version.job_status);
    let single = status.version_statuses.is_empty().then_some(&status.job_status);
    id(told.or(single)?)
}

fn id(status: &JobStatus) -> Option<JobId> {
    status.job_id.as_deref().filter(|id| !id.is_empty())?.parse().ok()
}
