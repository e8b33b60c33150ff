//! Which cluster and job the status is about, and the reference operator's words for where a deploy
//! stands, so that its operator could read them back.

use flinkk8soperator_core::{
    DeletingStep, Incarnation, JobId, Origin, Phase, Reason, Recovering, RecoveringStep, State,
    Submission, Target, Timestamp, Work,
};

use crate::v1beta1::FlinkApplicationStatus;

/// What a status is made of, for the parts that show clusters and jobs.
pub(super) struct Scene<'a> {
    /// The status of before.
    pub(super) previous: &'a FlinkApplicationStatus,
    /// What that was about; `None`: not known.
    pub(super) before: Option<Shown>,
    /// What this one is about.
    pub(super) shown: Shown,
    /// The verdict in one word.
    pub(super) reason: Reason,
    /// The time.
    pub(super) now: Timestamp,
}

/// What a status is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    /// The cluster.
    pub(super) cluster: Option<Incarnation>,
    /// The job in it that is known to be ours.
    pub(super) job: Option<JobId>,
    /// The deployed version's job ended by itself.
    pub(super) finished: bool,
    /// The deployed version.
    pub(super) deployed: Option<Target>,
}

/// What a status about this state is about: the deployed version, and from the submission on the new
/// one.
pub(super) fn of(state: &State) -> Shown {
    let version = state.record.deployed.as_ref();
    let deployed = version.map(|version| version.target);
    let live = version.and_then(|version| version.live()).map(|job| job.id);
    let cluster = deployed.map(|target| target.incarnation);
    let (cluster, job) = match &state.phase {
        Phase::SubmittingJob(phase) => {
            (Some(phase.target.incarnation), named(Some(&phase.submission)))
        }
        Phase::RollingBackJob(phase) => (cluster, named(phase.restart.submission.as_ref())),
        Phase::Recovering(phase) => match &phase.step {
            RecoveringStep::Find(_) => (cluster, Some(phase.job)),
            RecoveringStep::Start(restart) => (cluster, named(restart.submission.as_ref())),
        },
        Phase::Deleting(phase) => match &phase.step {
            DeletingStep::Stop(stop) => (cluster, Some(stop.job)),
            DeletingStep::Cancel(job) => (cluster, Some(*job)),
            DeletingStep::Look | DeletingStep::RemoveClusters { .. } | DeletingStep::Finalize => {
                (cluster, live)
            }
        },
        Phase::Updating(_) => (cluster, live),
        Phase::ClusterStarting(phase) => (cluster.or(Some(phase.target.incarnation)), live),
        Phase::New(_)
        | Phase::Left(_)
        | Phase::Rescaling(_)
        | Phase::Savepointing(_)
        | Phase::Cancelling(_)
        | Phase::Running(_)
        | Phase::DualRunning(_)
        | Phase::DeployFailed(_)
        | Phase::Unreadable(_) => (cluster, live),
    };
    let finished = version.is_some_and(|version| version.work == Work::Finished);
    Shown { cluster, job, finished: finished && job.is_none(), deployed }
}

/// The job of a submission, once the JobManager named it.
fn named(submission: Option<&Submission>) -> Option<JobId> {
    submission.filter(|submission| submission.start_deadline.is_some()).map(|s| s.job)
}

/// `deployHash`: of two versions that run the older one's, as the reference operator has it.
pub(super) fn deploy_hash(state: &State) -> Option<String> {
    let deployed = state.record.beside().or(state.record.deployed.as_ref());
    deployed.map(|version| version.target.hash.to_string())
}

/// `failedDeployHash`, which stays, as the reference operator's does; but not once that version runs: in mode
/// BlueGreen that operator would remove it.
pub(super) fn failed_hash(previous: &FlinkApplicationStatus, state: &State) -> Option<String> {
    if let Phase::DeployFailed(phase) = &state.phase {
        return Some(phase.failed.hash.to_string());
    }
    let record = &state.record;
    let runs = |hash: &String| {
        let mut versions = record.beside().into_iter().chain(&record.deployed);
        versions.any(|version| version.target.hash.to_string() == *hash)
    };
    previous.failed_deploy_hash.clone().filter(|hash| !runs(hash))
}

/// `inPlaceUpdatedFromHash`: the first hash of a cluster that was scaled in place, whose Service its pods use.
pub(super) fn scaled_from(state: &State) -> Option<String> {
    let target = state.record.deployed.as_ref()?.target;
    (target.names() != target.hash).then(|| target.names().to_string())
}

/// `rollbackHash`, where this state sets it: what was deployed when a deploy was given up.
pub(super) fn rollback_hash(state: &State) -> Option<String> {
    let back = match &state.phase {
        Phase::RollingBackJob(phase) => phase.restart.submission.is_some(),
        Phase::DeployFailed(_) => true,
        _ => false,
    };
    deploy_hash(state).filter(|_| back)
}

/// `savepointTriggerId`: ours, which is Flink's from 1.15 on.
pub(super) fn trigger(state: &State) -> Option<String> {
    state.stop().map(|stop| stop.trigger.to_string())
}

/// `savepointPath`: what the next submission restores from. (For a first deploy the reference operator
/// reads the spec's.)
pub(super) fn savepoint_path(state: &State) -> Option<String> {
    if let Phase::SubmittingJob(phase) = &state.phase
        && let Origin::Restored(point) = &phase.submission.from
    {
        return Some(point.path.clone());
    }
    state.record.deployed.as_ref()?.stopped()?.path().map(str::to_owned)
}

/// `retryCount`: attempts of the step under way after the first one.
pub(super) fn retries(state: &State) -> Option<i32> {
    let attempt = match &state.phase {
        Phase::ClusterStarting(phase) => phase.attempt,
        Phase::SubmittingJob(phase) => phase.submission.attempt,
        Phase::RollingBackJob(phase) => phase.restart.attempt,
        Phase::Recovering(Recovering { step: RecoveringStep::Start(restart), .. }) => {
            restart.attempt
        }
        _ => state.stop()?.attempt,
    };
    i32::try_from(attempt).ok().map(|attempt| attempt - 1).filter(|retries| *retries > 0)
}
