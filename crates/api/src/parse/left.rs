//! What the status of the reference operator tells of an application that it has left.
//!
//! `savepointPath`, `savepointTriggerId`, `updatingHash` and `rollbackHash` are passed over: they may be left over from
//! an earlier deploy (defects A12 and C2 of that operator), and Flink tells what came of a savepoint.

use flinkk8soperator_core::{JobId, Left, LeftStep, LeftVersion, Timestamp};

use crate::instant;
use crate::v1beta1::{DeploymentMode, FlinkApplicationStatus, JobStatus, Phase};

/// None: it was in the middle of something that is not gone on with, or does not say what is deployed.
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
    let first = status.deploy_hash.is_empty();
    match under_way {
        // The status tells of the job that is being started.
        Some(LeftStep::Submitting { .. }) => {
            let known = version(status, &status.deploy_hash);
            let deployed = known.map(|known| LeftVersion { job: None, ..known });
            (first || deployed.is_some()).then_some(Left { deployed, ..left })
        }
        Some(LeftStep::Deploying) if first => Some(left),
        Some(LeftStep::Deploying | LeftStep::Deleting) => {
            Some(Left { deployed: Some(version(status, &status.deploy_hash)?), ..left })
        }
        None => {
            let known = version(status, &status.deploy_hash)?;
            if status.phase != Phase::DualRunning {
                return Some(Left { deployed: Some(known), ..left });
            }
            // `deployHash` is the older one's until one of the two is torn down.
            let newer = status.updating_hash.as_deref().filter(|hash| *hash != status.deploy_hash);
            Some(Left { deployed: Some(version(status, newer?)?), beside: Some(known), ..left })
        }
    }
}

/// What was under way; the inner none: nothing. In mode BlueGreen a deploy is not gone on with.
fn step(status: &FlinkApplicationStatus) -> Option<Option<LeftStep>> {
    let blue_green = status.deployment_mode == Some(DeploymentMode::BlueGreen);
    match status.phase {
        Phase::Running | Phase::DeployFailed | Phase::DualRunning => Some(None),
        _ if blue_green => None,
        Phase::Updating
        | Phase::ClusterStarting
        | Phase::Savepointing
        | Phase::Cancelling
        | Phase::Recovering => Some(Some(LeftStep::Deploying)),
        Phase::SubmittingJob => {
            let since = status.last_updated_at.as_ref().map_or(Timestamp(0), instant::of);
            Some(Some(LeftStep::Submitting { job: id(&status.job_status), since }))
        }
        Phase::Deleting => Some(Some(LeftStep::Deleting)),
        Phase::New | Phase::Rescaling | Phase::RollingBackJob | Phase::Unknown(_) => None,
    }
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
