//! What is written down of a job while it runs, so that a recovery has something to go by once its
//! JobManager's memory is gone: at once when there is something new to decide by, now and then as
//! its checkpoints go on, and at once when the JobManager falls silent.

use crate::context::Context;
use crate::observation::{Checkpoint, Fact, Flink, Observation};
use crate::state::{Learnt, LiveJob, RestorePoint, Source, State, Version, Work};
use crate::time::Timestamp;

/// The state with what was seen of the deployed job written down; and, where something new is not
/// worth a write yet, when it will be.
pub(crate) fn write_down(
    cx: &Context<'_>,
    state: &State,
    seen: &Observation,
) -> (State, Option<Timestamp>) {
    let mut state = state.clone();
    let Some(Version { work: Work::Live(job), target, .. }) = &mut state.record.deployed else {
        return (state, None);
    };
    let process = seen.cluster(target.incarnation).and_then(|c| c.jobmanager_process(None));
    let flink = seen.flink.get(&target.incarnation).filter(|f| f.process == process);
    let (learnt, due) = match flink.and_then(|f| told(cx, job, f)) {
        Some(learnt) => {
            let due = due(cx, job, &learnt);
            (Some(learnt), due)
        }
        None => (remembered(cx, job, flink, seen), Some(cx.now)),
    };
    let Some(learnt) =
        learnt.filter(|learnt| !job.learnt.as_ref().is_some_and(|w| same(w, learnt)))
    else {
        return (state, None);
    };
    match due {
        Some(due) if due <= cx.now => {
            job.learnt = Some(learnt);
            (state, None)
        }
        later => (state, later),
    }
}

fn same(written: &Learnt, learnt: &Learnt) -> bool {
    let newest = |l: &Learnt| l.newest.as_ref().map(|p| (p.checkpoint, p.path.clone()));
    written.checkpoints == learnt.checkpoints && newest(written) == newest(learnt)
}

/// A newer checkpoint of a job that runs can wait; whatever else is new cannot.
fn due(cx: &Context<'_>, job: &LiveJob, learnt: &Learnt) -> Option<Timestamp> {
    match &job.learnt {
        Some(written) if written.checkpoints == learnt.checkpoints => {
            cx.config.record_checkpoints.map(|span| written.at + span)
        }
        Some(_) | None => Some(cx.now),
    }
}

/// By the job's own JobManager, while it knows the job.
fn told(cx: &Context<'_>, job: &LiveJob, flink: &Flink) -> Option<Learnt> {
    flink.job.known()?.as_ref()?;
    let statistics = flink.statistics.known()?.as_ref();
    let kept = |c: &&Checkpoint| !c.discarded && c.path.is_some();
    let newest = statistics.and_then(|s| s.completed.iter().filter(kept).max_by_key(|c| c.id));
    Some(Learnt {
        checkpoints: statistics.is_some(),
        newest: newest.map(|c| point(cx, job, c)),
        at: cx.now,
    })
}

/// By this process's memory, once the JobManager says nothing of the job.
fn remembered(
    cx: &Context<'_>,
    job: &LiveJob,
    flink: Option<&Flink>,
    seen: &Observation,
) -> Option<Learnt> {
    if flink.is_some_and(|f| matches!(f.job, Fact::Known(Some(_)))) {
        return None;
    }
    let written = job.learnt.as_ref()?;
    let newest = seen.last_seen.known()?.as_ref()?;
    let known = written.newest.as_ref().and_then(|p| p.checkpoint);
    let newer = known.is_none_or(|id| newest.id > id) && newest.path.is_some();
    newer.then(|| Learnt { newest: Some(point(cx, job, newest)), at: cx.now, ..written.clone() })
}

fn point(cx: &Context<'_>, job: &LiveJob, newest: &Checkpoint) -> RestorePoint {
    RestorePoint {
        path: newest.path.clone().unwrap_or_default(),
        kind: newest.kind,
        job: job.id,
        checkpoint: Some(newest.id),
        taken: Some(newest.taken),
        source: Source::Memory,
        at: cx.now,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::policy::fixture::{JOB, NOW, cluster, desired, job, seen, target, unknown};
    use crate::{CheckpointKind, Config, JobState, Origin, Statistics};

    fn checkpoint(id: u64) -> Checkpoint {
        let (kind, path) = (CheckpointKind::Checkpoint, Some(format!("chk-{id}")));
        Checkpoint { id, kind, path, discarded: false, taken: NOW }
    }

    fn running(newest: u64) -> Flink {
        let completed = vec![checkpoint(newest)];
        let statistics = Statistics { newest_id: newest, completed, ..Statistics::default() };
        Flink {
            job: job(JobState::Running, 2),
            statistics: Fact::Known(Some(statistics)),
            ..Flink::default()
        }
    }

    fn silent() -> Flink {
        Flink { job: unknown(1), statistics: unknown(1), ..Flink::default() }
    }

    fn forgetful() -> Flink {
        Flink { job: Fact::Known(None), statistics: Fact::Known(None), ..running(1) }
    }

    /// Written down `ago` seconds ago.
    fn written(newest: u64, ago: u64) -> Learnt {
        let at = Timestamp(NOW.0 - ago * 1000);
        let job = LiveJob { id: JOB, from: Origin::Empty, learnt: None };
        let config = Config::default();
        let cx = Context { config: &config, desired: &desired(), now: at, resumed: false };
        let newest = Some(point(&cx, &job, &checkpoint(newest)));
        Learnt { checkpoints: true, newest, at }
    }

    /// The checkpoint that is written down after a round, and in how many seconds one will be.
    fn check(
        learnt: Option<Learnt>,
        flink: Flink,
        last_seen: Option<u64>,
        every: Option<u64>,
    ) -> (Option<u64>, Option<u64>) {
        let record_checkpoints = every.map(Duration::from_secs);
        let config = Config { record_checkpoints, ..Config::default() };
        let cx = Context { config: &config, desired: &desired(), now: NOW, resumed: false };
        let mut state = State::new(NOW);
        let work = Work::Live(LiveJob { id: JOB, from: Origin::Empty, learnt });
        state.record.deployed = Some(Version { target: target(), removed: false, work });
        let mut seen = seen(vec![cluster()], flink);
        seen.last_seen = Fact::Known(last_seen.map(checkpoint));
        let (state, later) = write_down(&cx, &state, &seen);
        let deployed = state.record.deployed.as_ref();
        let learnt = deployed.and_then(|d| d.live()?.learnt.clone());
        let newest = learnt.and_then(|l| l.newest?.checkpoint);
        (newest, later.map(|at| at.since(NOW).as_secs()))
    }

    #[test]
    fn what_flink_has_discarded_or_does_not_name_is_not_written_down() {
        let mut flink = running(4);
        if let Fact::Known(Some(statistics)) = &mut flink.statistics {
            let discarded = Checkpoint { discarded: true, ..checkpoint(6) };
            let unnamed = Checkpoint { path: None, ..checkpoint(7) };
            statistics.completed.extend([discarded, unnamed]);
        }
        assert_eq!(check(None, flink, None, Some(60)), (Some(4), None));
    }

    #[test]
    fn a_newer_checkpoint_is_written_down_now_and_then_and_at_once_in_a_silence() {
        let seen_before = Some(5);
        let rows = [
            ("the first look", None, running(4), Some(60), (Some(4), None)),
            ("soon after", Some(written(4, 10)), running(5), Some(60), (Some(4), Some(50))),
            ("later", Some(written(4, 60)), running(5), Some(60), (Some(5), None)),
            ("with other changes only", Some(written(4, 60)), running(5), None, (Some(4), None)),
            ("nothing new", Some(written(4, 60)), running(4), Some(60), (Some(4), None)),
            ("silence", Some(written(4, 10)), silent(), Some(60), (Some(5), None)),
            ("forgotten", Some(written(4, 10)), forgetful(), Some(60), (Some(5), None)),
            ("seen before", Some(written(6, 10)), silent(), Some(60), (Some(6), None)),
            ("never looked at", None, silent(), Some(60), (None, None)),
        ];
        for (name, learnt, flink, every, expected) in rows {
            assert_eq!(check(learnt, flink, seen_before, every), expected, "{name}");
        }
    }
}
