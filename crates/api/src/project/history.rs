//! `deployHistory`: the last deploys with their steps, told from the phases as they come by.
//!
//! A deploy is known by its revision's number: its cluster's, unless that is scaled in place. What ended is
//! never changed again.

use flinkk8soperator_core::{Phase, Purpose, Reason, State, Target, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::clipped;
use crate::instant;
use crate::v1beta1::{DEPLOY_HISTORY_LIMIT, DeployRecord, DeployResult, DeployStep};

/// Most steps of one deploy that are kept: three times through all phases; the oldest go first.
const STEPS_LIMIT: usize = 20;
/// The step in which the version before is put back.
const ROLLING_BACK: &str = "RollingBackJob";

/// What a state says of a deploy.
struct Progress<'a> {
    target: &'a Target,
    step: Option<&'static str>,
    restored_from: Option<&'a str>,
    end: Option<End<'a>>,
}

/// How a deploy ended.
enum End<'a> {
    Confirmed,
    GivenUp(&'a str),
}

/// The history after this round, the newest first.
pub(super) fn of(previous: &[DeployRecord], state: &State, now: Timestamp) -> Vec<DeployRecord> {
    let now = instant::seconds(now);
    let mut records = previous.to_vec();
    let progress = progress(state);
    let current = progress.as_ref().map(|progress| i64::from(progress.target.revision().0));
    for record in &mut records {
        if record.result == DeployResult::InProgress && Some(record.incarnation) != current {
            let (reason, message) = superseded(&state.phase);
            finish(record, DeployResult::Superseded, reason, message, &now);
        }
    }
    if let Some(progress) = progress {
        let record = records.iter().position(|record| Some(record.incarnation) == current);
        let confirmed = matches!(progress.end, Some(End::Confirmed));
        let index = match record {
            // A version that is confirmed without a record was deployed before there were any.
            None if confirmed => return records,
            None => {
                records.insert(0, begun(progress.target, &now));
                0
            }
            Some(index) => index,
        };
        if records[index].result == DeployResult::InProgress {
            advance(&mut records[index], &progress, &now);
        }
    }
    records.truncate(DEPLOY_HISTORY_LIMIT);
    records
}

fn progress(state: &State) -> Option<Progress<'_>> {
    let step = state.phase.name();
    let on_its_way = |target| Progress { target, step, restored_from: None, end: None };
    match &state.phase {
        Phase::Updating(phase) => Some(on_its_way(&phase.target)),
        Phase::Rescaling(phase) => Some(on_its_way(&phase.target)),
        Phase::ClusterStarting(phase) => Some(on_its_way(&phase.target)),
        Phase::Savepointing(phase) => Some(on_its_way(&phase.target)),
        Phase::Cancelling(phase) => Some(on_its_way(&phase.target)),
        Phase::Recovering(phase) => match &phase.purpose {
            Purpose::Deploy(target) => Some(on_its_way(target)),
            // No deploy: the deployed version's job runs again.
            Purpose::Restart(_) => None,
        },
        Phase::SubmittingJob(phase) => {
            let restored_from = phase.submission.from.path();
            Some(Progress { restored_from, ..on_its_way(&phase.target) })
        }
        Phase::Running(phase) => {
            let version = state.record.deployed.as_ref()?;
            let end = phase.confirming.is_none().then_some(End::Confirmed);
            let restored_from = version.live().and_then(|job| job.from.path());
            Some(Progress { end, restored_from, ..on_its_way(&version.target) })
        }
        Phase::DualRunning(phase) => {
            let version = state.record.deployed.as_ref()?;
            let end = phase.confirming.is_none().then_some(End::Confirmed);
            let restored_from = version.live().and_then(|job| job.from.path());
            Some(Progress { end, restored_from, ..on_its_way(&version.target) })
        }
        Phase::RollingBackJob(phase) => Some(on_its_way(&phase.failed)),
        Phase::DeployFailed(phase) => {
            let end = Some(End::GivenUp(&phase.failure.message));
            Some(Progress { step: None, end, ..on_its_way(&phase.failed) })
        }
        Phase::New(_) | Phase::Left(_) | Phase::Deleting(_) | Phase::Unreadable(_) => None,
    }
}

/// Why a deploy under way is none any more.
fn superseded(phase: &Phase) -> (Reason, &'static str) {
    match phase {
        Phase::Deleting(_) => (Reason::Deleting, "the application is being deleted"),
        Phase::Running(_) => (Reason::Running, "the deployed version was asked for again"),
        _ => (Reason::Deploying, "another deploy took its place"),
    }
}

fn begun(target: &Target, now: &Time) -> DeployRecord {
    DeployRecord {
        version_hash: target.hash.to_string(),
        incarnation: target.revision().0.into(),
        generation: Some(target.generation),
        result: DeployResult::InProgress,
        reason: None,
        message: None,
        restored_from: None,
        started_at: now.clone(),
        finished_at: None,
        steps: Vec::new(),
    }
}

fn advance(record: &mut DeployRecord, progress: &Progress<'_>, now: &Time) {
    if let Some(path) = progress.restored_from {
        record.restored_from = Some(path.to_owned());
    }
    if let Some(name) = progress.step.filter(|step| under_way(record) != Some(*step)) {
        end_step(record, now);
        let started_at = now.clone();
        record.steps.push(DeployStep { name: name.to_owned(), started_at, finished_at: None });
        let surplus = record.steps.len().saturating_sub(STEPS_LIMIT);
        record.steps.drain(..surplus);
    }
    match &progress.end {
        None => {}
        Some(End::Confirmed) => {
            let message = "the new version runs and is confirmed";
            finish(record, DeployResult::Succeeded, Reason::Running, message, now);
        }
        Some(End::GivenUp(why)) => {
            let back = record.steps.iter().any(|step| step.name == ROLLING_BACK);
            let result = if back { DeployResult::RolledBack } else { DeployResult::Failed };
            finish(record, result, Reason::DeployFailed, why, now);
        }
    }
}

fn under_way(record: &DeployRecord) -> Option<&str> {
    record.steps.last().map(|step| step.name.as_str())
}

fn end_step(record: &mut DeployRecord, now: &Time) {
    if let Some(step) = record.steps.last_mut() {
        step.finished_at.get_or_insert_with(|| now.clone());
    }
}

fn finish(
    record: &mut DeployRecord,
    result: DeployResult,
    reason: Reason,
    message: &str,
    now: &Time,
) {
    end_step(record, now);
    record.result = result;
    record.reason = Some(reason.as_str().to_owned());
    record.message = Some(clipped(message));
    record.finished_at = Some(now.clone());
}
