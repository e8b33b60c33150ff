//! From a round's decision to the status that is written.
//!
//! The machine's state goes into `status.machine`; everything else is told anew each time from the
//! state, the verdict and what was seen, for people, tools and the reference operator's own client.
//! It is never read back to decide anything. The status of before gives only continuity: since when
//! something is so, the history, and observed numbers that were not asked for in this round.
//! Pure: equal inputs give an equal status; times are cut to the whole seconds that Kubernetes keeps.

use flinkk8soperator_core::{
    Decision, Desired, Incarnation, Observation, Phase, State, Timestamp, Verdict,
};

use crate::v1beta1::{self, FlinkApplicationStatus, WaitingFor};
use crate::{instant, machine};

pub use figures::{Beside, ClusterFigures, Figures, JobFigures, KeptOut, KeptOutBy, Submitted};

mod cluster;
mod conditions;
mod figures;
mod history;
mod job;
mod last_error;
mod shown;
mod versions;

/// The status to write. What cannot be read is left as it is, the machine above all: only the
/// conditions, and what goes with them, say that it cannot. What the reference operator has left stays as it
/// wrote it until it is taken over.
#[must_use]
pub fn status(
    previous: Option<&FlinkApplicationStatus>,
    desired: &Desired,
    decision: &Decision,
    seen: &Observation,
    figures: &Figures,
    now: Timestamp,
) -> FlinkApplicationStatus {
    let nothing = FlinkApplicationStatus::default();
    let previous = previous.unwrap_or(&nothing);
    let state = match &decision.state.phase {
        Phase::Unreadable(_) => previous.clone(),
        // The reference operator can still go on with it.
        Phase::Left(_) => FlinkApplicationStatus {
            machine: Some(machine::write(&decision.state)),
            ..previous.clone()
        },
        _ => of_state(previous, desired, decision, figures, now),
    };
    let verdict = &decision.verdict;
    FlinkApplicationStatus {
        observed_generation: Some(desired.generation),
        conditions: conditions::of(&previous.conditions, verdict, desired.generation, now),
        waiting_for: waiting_for(previous.waiting_for.as_ref(), verdict, now),
        last_error: last_error::of(previous.last_error.as_ref(), decision, seen, figures, now),
        reason: Some(verdict.reason.as_str().to_owned()),
        last_updated_at: Some(instant::seconds(now)),
        ..state
    }
}

/// What the state says, in the fields of the reference operator and in those that this one added.
fn of_state(
    previous: &FlinkApplicationStatus,
    desired: &Desired,
    decision: &Decision,
    figures: &Figures,
    now: Timestamp,
) -> FlinkApplicationStatus {
    let state = &decision.state;
    let before = previous.machine.as_ref().and_then(|machine| machine::read(machine).ok());
    let scene = shown::Scene {
        previous,
        before: before.as_ref().map(shown::of),
        shown: shown::of(state),
        reason: decision.verdict.reason,
        now,
    };
    let cluster_status = cluster::of(&scene, figures.cluster.as_ref());
    let job_status = job::of(&scene, figures);
    let [deploy_version, updating_version] = versions::colours(state);
    FlinkApplicationStatus {
        version_statuses: versions::of(&scene, state, figures, &cluster_status, &job_status),
        deploy_version,
        updating_version,
        updating_hash: versions::updating_hash(state),
        teardown_hash: versions::teardown_hash(state, desired),
        in_place_updated_from_hash: shown::scaled_from(state),
        phase: state.phase.name().map_or(previous.phase.clone(), v1beta1::Phase::from),
        machine: Some(machine::write(state)),
        cluster_status,
        job_status,
        deploy_history: history::of(&previous.deploy_history, state, now),
        deploy_hash: shown::deploy_hash(state).unwrap_or_default(),
        failed_deploy_hash: shown::failed_hash(previous, state),
        rollback_hash: shown::rollback_hash(state).or(previous.rollback_hash.clone()),
        savepoint_trigger_id: shown::trigger(state),
        savepoint_path: shown::savepoint_path(state),
        retry_count: shown::retries(state),
        deployment_mode: versions::deployment_mode(previous, state),
        ..FlinkApplicationStatus::default()
    }
}

/// The cluster that the status of a state is about, and of which figures are shown: the deployed
/// version's, and from the submission on the new one's.
#[must_use]
pub fn shown_cluster(state: &State) -> Option<Incarnation> {
    shown::of(state).cluster
}

/// What is being waited for; `since` is kept as long as it is the same.
fn waiting_for(
    previous: Option<&WaitingFor>,
    verdict: &Verdict,
    now: Timestamp,
) -> Option<WaitingFor> {
    let waiting = verdict.waiting.as_ref()?;
    let same = previous.filter(|previous| previous.what == waiting.what);
    Some(WaitingFor {
        what: waiting.what.clone(),
        since: same.map_or_else(|| instant::seconds(now), |previous| previous.since.clone()),
        until: waiting.until.map(instant::seconds),
        unblocked_by: Some(waiting.unblocked_by()).filter(|cures| !cures.is_empty()),
    })
}

/// Whether the difference of two statuses has to be written at once. What can wait for the next write
/// (at most `statusRefresh`): observed numbers, the time of the last write, when an error was last
/// seen; and in the middle of a deploy, when they change with every look, Flink's word for the job's
/// state and the health.
#[must_use]
pub fn differs_beyond_figures(a: &FlinkApplicationStatus, b: &FlinkApplicationStatus) -> bool {
    use v1beta1::Phase::{DeployFailed, DualRunning, Running};
    let resting = [&Running, &DualRunning, &DeployFailed].contains(&&b.phase);
    without_figures(a, resting) != without_figures(b, resting)
}

fn without_figures(status: &FlinkApplicationStatus, keep_health: bool) -> FlinkApplicationStatus {
    let mut status = status.clone();
    status.last_updated_at = None;
    if let Some(error) = &mut status.last_error {
        error.time = instant::seconds(Timestamp(0));
    }
    status.cluster_status = cluster::without_figures(status.cluster_status, keep_health);
    status.job_status = job::without_figures(status.job_status, keep_health);
    for version in &mut status.version_statuses {
        let (cluster, job) =
            (std::mem::take(&mut version.cluster_status), std::mem::take(&mut version.job_status));
        version.cluster_status = cluster::without_figures(cluster, keep_health);
        version.job_status = job::without_figures(job, keep_health);
    }
    status
}

/// A text cut to what a status can bear: some errors of Flink's are pages long.
fn clipped(text: &str) -> String {
    // As much as a person reads; a condition's message has 32768 characters at most.
    const LIMIT: usize = 2048;
    match text.char_indices().nth(LIMIT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
