//! What a job's successor may start from: its newest state, or nothing but a clear word.
//!
//! Three situations, by who is left to ask: the job has ended and its JobManager tells its final
//! statistics; it runs and would have to be cancelled; its JobManager's memory is gone, and only
//! what was seen before is left. The user's word (`restore`, `fallbackWithoutState`) is put to use
//! where these come to no answer.

use std::time::Duration;

use crate::context::Context;
use crate::cure::Cure;
use crate::desired::Recovery;
use crate::ids::JobId;
use crate::observation::{
    Checkpoint, CheckpointKind, Checkpointing, Flink, JobState, Retention, Statistics,
};
use crate::state::{LiveJob, Origin, Record, RestorePoint, Source, Work};
use crate::time::Timestamp;

/// What can be said of a job's newest state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Newest {
    /// The next job starts from here.
    Proven(Origin),
    /// It went, or would go, with the job: what is known.
    NotRetained(String),
    /// It cannot be proven.
    Unproven {
        /// What is known.
        why: String,
        /// What a person can say, besides where to restore from, or that no state is needed.
        cure: Option<Cure>,
    },
}

fn unproven(why: String, cure: Option<Cure>) -> Newest {
    Newest::Unproven { why, cure }
}

/// Of a job that is over; `flink` is the JobManager that ran it, its statistics the final ones, `clock`
/// its clock.
pub(crate) fn of_ended(cx: &Context<'_>, job: &LiveJob, ended: &Ended<'_>) -> Newest {
    let Some(statistics) = ended.statistics else { return makes_none(job) };
    let completed = statistics.completed.iter().chain(&statistics.restored_from);
    let Some(newest) = completed.max_by_key(|c| c.id) else {
        return nothing_completed(job, ended.high_availability);
    };
    if job.from.path().is_some() && newest.path.as_deref() == job.from.path() {
        return Newest::Proven(job.from.clone());
    }
    let Some(path) = newest.path.clone().filter(|_| !newest.discarded) else {
        return Newest::NotRetained(format!(
            "checkpoint {} of job {} was its newest, and went with it",
            newest.id, job.id
        ));
    };
    let point = point(cx, job.id, newest, path, Source::Statistics);
    young_enough(cx, point, ended.clock)
}

/// What the JobManager of a job that is over says of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended<'f> {
    /// Its final statistics; none: it made no checkpoints.
    pub(crate) statistics: Option<&'f Statistics>,
    /// Another JobManager may have run it before this one.
    pub(crate) high_availability: bool,
    /// The JobManager's clock.
    pub(crate) clock: Timestamp,
}

impl<'f> Ended<'f> {
    /// Of a job that is over: once its statistics cannot be a copy from before its end. The two are told by one
    /// clock, the JobManager's, and the statistics are asked for after it.
    pub(crate) fn told(now: Timestamp, flink: &'f Flink) -> Option<Ended<'f>> {
        let refresh_interval = flink.cluster.known()?.refresh_interval;
        let job = flink.job.known()?.as_ref()?;
        let final_from = job.ended_at? + refresh_interval;
        Ended::says(now, flink).filter(|_| job.clock >= final_from)
    }

    /// See [`stopped_with`].
    pub(crate) fn stopped_with(&self, cx: &Context<'_>, job: JobId) -> Option<RestorePoint> {
        stopped_with(cx, job, self.statistics?)
    }

    /// Of one that completes no checkpoint any more.
    pub(crate) fn says(now: Timestamp, flink: &'f Flink) -> Option<Ended<'f>> {
        let high_availability = flink.cluster.known()?.high_availability;
        let statistics = flink.statistics.known()?.as_ref();
        let job = flink.job.known().and_then(Option::as_ref);
        let clock = job.map_or(now, |job| job.clock);
        Some(Ended { statistics, high_availability, clock })
    }
}

/// The savepoint that a FINISHED job was stopped with, by a person, or by us where that was given up before;
/// none: it came to its end by itself. Flink says FINISHED of both, but by its final statistics the last thing
/// that a stopped job completes is a SYNC_SAVEPOINT: no checkpoint is begun after one (recorded, 1.13 to 2.3). A
/// job that was restored from it has gone on after it.
pub(crate) fn stopped_with(
    cx: &Context<'_>,
    job: JobId,
    statistics: &Statistics,
) -> Option<RestorePoint> {
    let last = statistics.completed.iter().max_by_key(|c| c.id)?;
    let went_on = statistics.restored_from.as_ref().is_some_and(|from| from.id == last.id);
    let path = last.path.clone().filter(|_| !last.discarded && !went_on)?;
    let point = || point(cx, job, last, path, Source::Statistics);
    (last.kind == CheckpointKind::SyncSavepoint).then(point)
}

/// Of a job that was cancelled, or has failed: what is left of it. `None`: that is not known yet.
pub(crate) fn left_of(
    cx: &Context<'_>,
    job: &LiveJob,
    how: JobState,
    flink: &Flink,
    ended: Option<Ended<'_>>,
) -> Option<Newest> {
    let retention = flink.checkpointing.known()?.map(|c| c.retention);
    let stays = match retention {
        None => return Some(makes_none(job)),
        Some(Retention::None) => false,
        Some(Retention::OnFailure) => how == JobState::Failed,
        Some(Retention::OnCancellation) => true,
    };
    if !stays {
        return Some(Newest::NotRetained(format!("job {} took its checkpoints with it", job.id)));
    }
    ended.map(|ended| of_ended(cx, job, &ended))
}

/// Of a job that makes no checkpoints by what its JobManager says. It said otherwise before where it knows the
/// job less well now, as one does that is over before its tasks ran again.
fn makes_none(job: &LiveJob) -> Newest {
    if job.learnt.as_ref().is_some_and(|learnt| learnt.checkpoints) {
        let why = format!("job {} made checkpoints, of which its JobManager says nothing", job.id);
        return unproven(why, None);
    }
    began(job, true)
}

/// With high availability the statistics begin anew with every JobManager, before the job is restored
/// with nothing in them (recorded): they prove nothing then.
fn nothing_completed(job: &LiveJob, high_availability: bool) -> Newest {
    if high_availability {
        let why = format!(
            "the statistics of job {} name no checkpoint, and may have begun anew with its JobManager",
            job.id
        );
        return unproven(why, None);
    }
    began(job, false)
}

/// A job that provably made no checkpoint: its newest state is what it started from. From nothing it
/// may start again only where it makes no checkpoints at all: else a person has to say so.
fn began(job: &LiveJob, makes_none: bool) -> Newest {
    match &job.from {
        Origin::Empty if !makes_none => {
            let id = job.id;
            let why = format!(
                "job {id} started without state and ended before it completed a checkpoint"
            );
            unproven(why, None)
        }
        from @ (Origin::Empty | Origin::Given(_) | Origin::Restored(_)) => {
            Newest::Proven(from.clone())
        }
    }
}

fn point(
    cx: &Context<'_>,
    job: JobId,
    newest: &Checkpoint,
    path: String,
    source: Source,
) -> RestorePoint {
    RestorePoint {
        path,
        kind: newest.kind,
        job,
        checkpoint: Some(newest.id),
        taken: Some(newest.taken),
        source,
        at: cx.now,
    }
}

/// `maxCheckpointRestoreAgeSeconds` is about checkpoints: a savepoint was asked for.
fn young_enough(cx: &Context<'_>, point: RestorePoint, clock: Timestamp) -> Newest {
    let limit = cx.desired.max_checkpoint_age;
    let age = point.taken.map_or(Duration::ZERO, |taken| clock.since(taken));
    if point.kind == CheckpointKind::Checkpoint && age > limit {
        let why = format!(
            "the newest checkpoint, {}, is {} s old, maxCheckpointRestoreAgeSeconds allows {}",
            point.path,
            age.as_secs(),
            limit.as_secs()
        );
        return unproven(why, Some(Cure::CheckpointAge));
    }
    Newest::Proven(Origin::Restored(point))
}

/// Of a job that runs: what would be left of it if it was cancelled now.
pub(crate) fn of_cancelled(
    job: &LiveJob,
    statistics: Option<&Statistics>,
    checkpointing: Option<&Checkpointing>,
) -> Result<(), String> {
    let completed = statistics.map(|s| s.completed.as_slice()).unwrap_or_default();
    let exists = completed.iter().any(|c| !c.discarded && c.path.is_some());
    match checkpointing.map(|c| c.retention) {
        Some(Retention::OnCancellation) if exists => Ok(()),
        Some(Retention::OnCancellation) => Err(format!(
            "job {} has not completed a checkpoint that would stay when it is cancelled",
            job.id
        )),
        Some(Retention::None | Retention::OnFailure) => Err(format!(
            "job {} would take its checkpoints with it: their retention is not \
             RETAIN_ON_CANCELLATION",
            job.id
        )),
        None => Err(format!("job {} makes no checkpoints", job.id)),
    }
}

/// Of a job whose JobManager forgot it: nothing proves which checkpoint is its newest. One may have
/// been completed and not seen, and Flink accepts the one before as long as that lies beside it, which
/// it does for a while, and for ever if the JobManager is killed in between (recorded on 1.20.5 and
/// 2.3.0). Whether the last one that was seen will do is the user's to say.
pub(crate) fn from_memory(
    cx: &Context<'_>,
    job: &LiveJob,
    last_seen: Option<&Checkpoint>,
) -> Newest {
    let learnt = job.learnt.as_ref();
    if learnt.is_some_and(|l| !l.checkpoints) {
        return began(job, true);
    }
    let seen = last_seen.and_then(|c| {
        let path = c.path.clone().filter(|_| !c.discarded)?;
        Some(point(cx, job.id, c, path, Source::Memory))
    });
    let written = learnt.and_then(|l| l.newest.clone());
    let Some(newest) = seen.into_iter().chain(written).max_by_key(|p| p.checkpoint) else {
        let why = format!(
            "no JobManager knows job {} any more, and no checkpoint of it was seen",
            job.id
        );
        return unproven(why, None);
    };
    match cx.desired.recovery {
        Recovery::LastSeen => young_enough(cx, newest, cx.now),
        Recovery::Proven => {
            let why = format!(
                "no JobManager knows job {} any more; the last checkpoint seen is {} ({}), a \
                 newer one cannot be excluded",
                job.id,
                newest.checkpoint.unwrap_or_default(),
                newest.path
            );
            unproven(why, Some(Cure::LastSeen))
        }
    }
}

/// `restore`, where it was not used yet.
pub(crate) fn named_by_the_user(cx: &Context<'_>, record: &Record) -> Option<Origin> {
    let wish = cx.desired.restore.as_ref()?;
    let new = record.restored.as_deref() != Some(wish.nonce.as_str());
    new.then(|| Origin::Given(wish.path.clone()))
}

/// What the user allows to start from where the newest state cannot be proven.
pub(crate) fn allowed_by_the_user(cx: &Context<'_>, record: &Record) -> Option<Origin> {
    let empty = cx.desired.fallback_without_state || cx.desired.savepoint_disabled;
    named_by_the_user(cx, record).or(empty.then_some(Origin::Empty))
}

/// What else an attempt may start from that has failed with `from`: what the user named; nothing, where the
/// user allows it and `from` may not exist any more.
pub(crate) fn instead_of(cx: &Context<'_>, record: &Record, from: &Origin) -> Option<Origin> {
    let empty = from_memory_only(from) && cx.desired.fallback_without_state;
    named_by_the_user(cx, record).or(empty.then_some(Origin::Empty))
}

/// What a person can do where attempts to start from `from` fail. Another version would start from the same,
/// which is no cure where that may not exist any more.
pub(crate) fn cures(from: &Origin) -> Vec<Cure> {
    if from_memory_only(from) {
        return vec![Cure::Restore, Cure::FallbackWithoutState];
    }
    vec![Cure::NewSpec, Cure::NewRestartNonce, Cure::Restore]
}

/// It was seen once, and may have been removed since.
pub(crate) fn from_memory_only(from: &Origin) -> bool {
    match from {
        Origin::Restored(point) => point.source == Source::Memory,
        Origin::Empty | Origin::Given(_) => false,
    }
}

/// The deployed version's next job starts from `other`, or from what `restore` names: from what, then.
pub(crate) fn starts_from(cx: &Context<'_>, record: &mut Record, other: Origin) -> Origin {
    let other = use_restore(cx, record, other);
    if let Some(deployed) = &mut record.deployed {
        deployed.work = Work::Stopped(other.clone());
    }
    other
}

/// Uses `restore` up, if it is to be used: what a job starts from then.
pub(crate) fn use_restore(cx: &Context<'_>, record: &mut Record, from: Origin) -> Origin {
    match named_by_the_user(cx, record) {
        Some(named) => {
            record.restored = cx.desired.restore.as_ref().map(|r| r.nonce.clone());
            named
        }
        None => from,
    }
}

#[cfg(test)]
mod tests;
