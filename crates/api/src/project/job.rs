//! `jobStatus`: the job in numbers, its health, and what it was submitted with.

use std::time::Duration;

use flinkk8soperator_core::{Reason, Timestamp};

use super::figures::{Figures, JobFigures, Submitted};
use super::shown::Scene;
use crate::instant;
use crate::v1beta1::{Health, JobStatus};

/// Shortest time without a checkpoint that turns the health Yellow; the reference operator's
/// `maxCheckpointTime`.
const CHECKPOINT_OVERDUE: Duration = Duration::from_secs(600);

/// The job as it was observed, and what was shown before of the same job where nothing was observed.
pub(super) fn of(scene: &Scene<'_>, figures: &Figures) -> JobStatus {
    let old = shown_before(scene);
    let id = match scene.shown.job {
        Some(job) => Some(job.to_string()),
        None if scene.shown.finished => old.job_id.clone(),
        None => None,
    };
    let figures_of_it = figures.job.as_ref().filter(|seen| Some(seen.job.to_string()) == id);
    let observed = match figures_of_it {
        Some(seen) => observed(old, seen),
        None => old,
    };
    let observed = if scene.shown.finished { ended(observed) } else { observed };
    let state = observed.state.clone().filter(|_| scene.reason != Reason::JobLost);
    let status = JobStatus {
        job_id: id,
        health: health(scene, figures_of_it, &observed),
        state,
        ..observed
    };
    submitted(status, scene, figures.submitted.as_ref())
}

/// A job that has finished, whatever its details say: Flink's answer to them is up to `web.refresh-interval`
/// old, the end was read where nothing is cached, and nobody asks again.
fn ended(status: JobStatus) -> JobStatus {
    JobStatus {
        state: status.job_id.is_some().then(|| "FINISHED".to_owned()),
        running_tasks: status.running_tasks.map(|_| 0),
        ..status
    }
}

/// What was shown of the same job.
fn shown_before(scene: &Scene<'_>) -> JobStatus {
    let same = scene.before.is_some_and(|before| {
        let job = before.job == scene.shown.job || scene.shown.finished;
        before.cluster == scene.shown.cluster && job
    });
    let anything = scene.shown.job.is_some() || scene.shown.finished;
    if same && anything { scene.previous.job_status.clone() } else { JobStatus::default() }
}

fn observed(old: JobStatus, seen: &JobFigures) -> JobStatus {
    let time = |at: Option<Timestamp>| at.map(instant::seconds);
    JobStatus {
        job_overview_url: seen.overview_url.clone().or(old.job_overview_url),
        state: seen.state.clone().or(old.state),
        start_time: time(seen.start_time).or(old.start_time),
        job_restart_count: seen.restarts.map(count).or(old.job_restart_count),
        completed_checkpoint_count: seen
            .completed_checkpoints
            .map(count)
            .or(old.completed_checkpoint_count),
        failed_checkpoint_count: seen.failed_checkpoints.map(count).or(old.failed_checkpoint_count),
        restore_path: seen.restore_path.clone().or(old.restore_path),
        restore_time: time(seen.restore_time).or(old.restore_time),
        last_failing_time: time(seen.last_failing_time).or(old.last_failing_time),
        last_checkpoint: seen.last_checkpoint.clone().or(old.last_checkpoint),
        last_checkpoint_time: time(seen.last_checkpoint_time).or(old.last_checkpoint_time),
        running_tasks: seen.running_tasks.map(|tasks| count(tasks.into())).or(old.running_tasks),
        total_tasks: seen.total_tasks.map(|tasks| count(tasks.into())).or(old.total_tasks),
        ..old
    }
}

/// Red: no JobManager, or the job is not running (unless it ended by itself). Yellow: fewer tasks than
/// asked for, or no recent checkpoint. `None`: there is no job yet.
fn health(scene: &Scene<'_>, seen: Option<&JobFigures>, status: &JobStatus) -> Option<Health> {
    match scene.reason {
        Reason::JobFinished => return Some(Health::Green),
        Reason::JobFailed
        | Reason::JobLost
        | Reason::JobCanceledExternally
        | Reason::FlinkUnreachable => {
            return (scene.shown.deployed.is_some()).then_some(Health::Red);
        }
        _ => {}
    }
    if scene.shown.finished {
        return Some(Health::Green);
    }
    if scene.shown.job.is_none() {
        return scene.shown.deployed.map(|_| Health::Red);
    }
    let Some(seen) = seen.filter(|seen| seen.state.is_some()) else { return status.health.clone() };
    Some(match seen.state.as_deref() {
        Some("FINISHED") => Health::Green,
        Some("RUNNING") if tasks_missing(seen) || overdue(seen, scene.now) => Health::Yellow,
        Some("RUNNING") => Health::Green,
        _ => Health::Red,
    })
}

fn tasks_missing(seen: &JobFigures) -> bool {
    let up = seen.running_tasks.map(|running| running + seen.finished_tasks.unwrap_or(0));
    up.zip(seen.total_tasks).is_some_and(|(up, total)| up < total)
}

/// No checkpoint for the longer of ten minutes and three intervals, by the JobManager's clock: its
/// answers are what is compared.
fn overdue(seen: &JobFigures, now: Timestamp) -> bool {
    let Some(interval) = seen.checkpoint_interval else { return false };
    let Some(last) = seen.last_checkpoint_time.max(seen.start_time) else { return false };
    let now = seen.observed_at.unwrap_or(now);
    now.since(last) > CHECKPOINT_OVERDUE.max(interval.saturating_mul(3))
}

/// What the deployed version's job was submitted with. In the middle of a deploy that is the old
/// version's: the reference operator would roll back by it.
fn submitted(status: JobStatus, scene: &Scene<'_>, figures: Option<&Submitted>) -> JobStatus {
    let deployed = scene.shown.deployed;
    let version = deployed.map(|target| target.revision());
    let known = figures.filter(|submitted| Some(submitted.revision) == version);
    if let Some(known) = known {
        return JobStatus {
            jar_name: known.jar_name.clone(),
            parallelism: count(known.parallelism.into()),
            entry_class: known.entry_class.clone().filter(|class| !class.is_empty()),
            program_args: known.program_args.clone().filter(|arguments| !arguments.is_empty()),
            allow_non_restored_state: Some(known.allow_non_restored_state).filter(|allow| *allow),
            ..status
        };
    }
    let same = version.is_some()
        && scene
            .before
            .is_some_and(|before| before.deployed.map(|target| target.revision()) == version);
    let old = if same { scene.previous.job_status.clone() } else { JobStatus::default() };
    let parallelism = deployed.map_or(0, |target| count(target.parallelism.into()));
    JobStatus {
        jar_name: old.jar_name,
        parallelism: if same { old.parallelism } else { parallelism },
        entry_class: old.entry_class,
        program_args: old.program_args,
        allow_non_restored_state: old.allow_non_restored_state,
        ..status
    }
}

/// The status without its numbers.
pub(super) fn without_figures(status: JobStatus, keep_health: bool) -> JobStatus {
    JobStatus {
        health: status.health.filter(|_| keep_health),
        state: status.state.filter(|_| keep_health),
        start_time: None,
        job_restart_count: None,
        completed_checkpoint_count: None,
        failed_checkpoint_count: None,
        restore_path: None,
        restore_time: None,
        last_failing_time: None,
        last_checkpoint: None,
        last_checkpoint_time: None,
        running_tasks: None,
        total_tasks: None,
        ..status
    }
}

fn count(number: u64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
