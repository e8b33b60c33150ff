//! Which jobs the clusters run that the reference operator has left.

use super::{stalled, waiting};
use crate::context::Context;
use crate::cure::Cure;
use crate::ids::{Ids, Incarnation, JobId};
use crate::observation::{Fact, JobSummary, Observation};
use crate::reason::Reason;
use crate::state::{LeftVersion, State, Target};
use crate::states::Next;

/// The id of a version's job: by the status, where Flink does not know better. Where neither tells one the job is
/// lost, and is what no JobManager knows.
pub(super) fn job(
    cx: &Context<'_>,
    state: &State,
    left: LeftVersion,
    target: Target,
    seen: &Observation,
    ids: &mut Ids,
) -> Result<JobId, Box<Next>> {
    let jobs = match asked(cx, target.incarnation, seen) {
        Jobs::Known(jobs) => jobs,
        Jobs::Unknown => return Err(waiting(cx, state, "the JobManager to answer")),
        // Whatever becomes of it, the status is the last word about it.
        Jobs::Nobody | Jobs::Silent if left.job.is_some() => &[],
        Jobs::Nobody | Jobs::Silent => {
            let message = format!(
                "the status does not name the job of version {}, and no JobManager answers that does",
                left.hash
            );
            let reason = Reason::FlinkUnreachable;
            return Err(stalled(cx, state, reason, message, vec![]));
        }
    };
    if let Some(id) = its_own(jobs, left.job) {
        return Ok(id);
    }
    let live: Vec<JobId> = live(jobs).collect();
    if live.is_empty() {
        return Ok(left.job.unwrap_or_else(|| ids.job(cx.desired.uid)));
    }
    let message = format!(
        "which job of version {} is the application's is not known: its status names none of the {} that run",
        left.hash,
        live.len()
    );
    let cures: Vec<Cure> = live.into_iter().map(Cure::EndJob).collect();
    Err(stalled(cx, state, Reason::ForeignJob, message, cures))
}

/// The application's job among those of its cluster: the one that the status names; else the only one that runs;
/// else, where the status names none, the only one that there is.
pub(super) fn its_own(jobs: &[JobSummary], told: Option<JobId>) -> Option<JobId> {
    let running: Vec<JobId> = live(jobs).collect();
    let named = jobs.iter().find(|job| Some(job.id) == told).map(|job| job.id);
    match (named, running.as_slice(), jobs) {
        (Some(id), _, _) | (None, &[id], _) => Some(id),
        (None, [], [ended]) if told.is_none() => Some(ended.id),
        (None, _, _) => None,
    }
}

fn live(jobs: &[JobSummary]) -> impl Iterator<Item = JobId> {
    jobs.iter().filter(|job| !job.state.over()).map(|job| job.id)
}

/// What a JobManager says of its jobs.
pub(super) enum Jobs<'s> {
    Known(&'s [JobSummary]),
    /// Not yet.
    Unknown,
    /// It has been silent for long.
    Silent,
    /// There is none.
    Nobody,
}

pub(super) fn asked<'s>(cx: &Context<'_>, cluster: Incarnation, seen: &'s Observation) -> Jobs<'s> {
    let process = seen.cluster(cluster).and_then(|c| c.jobmanager_process(None));
    let flink = seen.flink.get(&cluster).filter(|flink| flink.process == process);
    match flink.map(|flink| &flink.jobs) {
        _ if process.is_none() => Jobs::Nobody,
        Some(Fact::Known(jobs)) => Jobs::Known(jobs),
        Some(jobs) if jobs.silent_for(cx.config.unreachable_grace).is_some() => Jobs::Silent,
        Some(Fact::Unasked | Fact::Unknown { .. }) | None => Jobs::Unknown,
    }
}

/// A cluster that the status does not speak of runs no job.
pub(super) fn runs_nothing(
    cx: &Context<'_>,
    state: &State,
    cluster: Incarnation,
    seen: &Observation,
) -> Result<(), Box<Next>> {
    let hash = seen.cluster(cluster).map(|found| found.hash.to_string()).unwrap_or_default();
    let jobs = match asked(cx, cluster, seen) {
        Jobs::Known(jobs) => jobs,
        // No job comes before the last of its pods is gone.
        Jobs::Nobody => &[],
        Jobs::Silent => {
            let message = format!(
                "the JobManager of version {hash}, of which the status says nothing, does not say what it runs"
            );
            let (reason, cures) = (Reason::FlinkUnreachable, vec![Cure::ObjectsDeleted]);
            return Err(stalled(cx, state, reason, message, cures));
        }
        Jobs::Unknown => {
            let what =
                format!("the JobManager of version {hash}, of which the status says nothing");
            return Err(waiting(cx, state, &what));
        }
    };
    let Some(id) = live(jobs).next() else { return Ok(()) };
    let message = format!("job {id} runs in version {hash}, of which the status says nothing");
    Err(stalled(cx, state, Reason::ForeignJob, message, vec![Cure::EndJob(id)]))
}
