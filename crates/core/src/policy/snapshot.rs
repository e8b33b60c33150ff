//! A savepoint of a job that runs on, for mode BlueGreen: the next version starts from it, and the job
//! is not touched. What came of it is read as of a stop ([`super::stop`]), but nothing has to end.

use crate::context::Context;
use crate::decision::Effect;
use crate::ids::Incarnation;
use crate::observation::{Flink, JobEnd, JobState, Observation, Operation};
use crate::policy::readiness::{forgotten, job_state};
use crate::policy::restore_point::Ended;
use crate::policy::stop;
use crate::state::{RestorePoint, Stop};

/// What is waited for, as the user is told.
pub(crate) const AWAITED: &str = "a savepoint of the deployed job, which runs on";

/// What came of it so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing yet.
    Waiting,
    /// It was written.
    Taken(RestorePoint),
    /// The job has ended by itself.
    EndedByItself,
    /// No savepoint came of it, and the job runs on; Flink's own words.
    Failed(String),
    /// The job does not run any more.
    Lost(String),
}

/// Follows a savepoint.
pub(crate) fn follow(cx: &Context<'_>, snapshot: &Stop, flink: &Flink) -> Outcome {
    let state = job_state(flink, snapshot.job);
    if state.is_none() && forgotten(flink) {
        return Outcome::Lost("the JobManager does not know the deployed job any more".to_owned());
    }
    if let Some(Operation::Completed { path }) = flink.operation.known() {
        return Outcome::Taken(stop::named(cx, snapshot, path.clone()));
    }
    // The operation is forgotten after minutes; the file is listed longer.
    let statistics = flink.statistics.known().and_then(Option::as_ref);
    if let Some(found) = statistics.and_then(|s| stop::ours(cx, snapshot, s)) {
        return Outcome::Taken(stop::listed(cx, snapshot, found));
    }
    match state.map(JobState::end) {
        Some(Some(JobEnd::Finished)) => match Ended::told(cx.now, flink) {
            // Someone stopped it: what it left is as good.
            Some(ended) => {
                ended.stopped_with(cx, snapshot.job).map_or(Outcome::EndedByItself, Outcome::Taken)
            }
            None => Outcome::Waiting,
        },
        Some(Some(end)) => Outcome::Lost(format!("the deployed job {end}")),
        Some(None) => while_it_runs(snapshot, flink),
        None => Outcome::Waiting,
    }
}

/// The trigger where it is not known to have arrived.
pub(crate) fn effect(
    cx: &Context<'_>,
    incarnation: Incarnation,
    snapshot: &Stop,
    seen: &Observation,
) -> Option<Effect> {
    stop::trigger(cx, incarnation, snapshot, seen, false)
}

fn while_it_runs(snapshot: &Stop, flink: &Flink) -> Outcome {
    let listed = flink.statistics.known().is_some();
    match flink.operation.known() {
        Some(Operation::Failed { message }) if listed => Outcome::Failed(message.clone()),
        Some(Operation::Unknown) if listed && flink.process != Some(snapshot.process) => {
            let message = "another JobManager took over before the savepoint was seen";
            Outcome::Failed(message.to_owned())
        }
        Some(
            Operation::Unknown
            | Operation::InProgress
            | Operation::Completed { .. }
            | Operation::Failed { .. },
        )
        | None => Outcome::Waiting,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::fixture::{
        JOB, NOW, PROCESS, TRIGGER, about, at, ended_at, job, jobs, unknown,
    };
    use crate::{
        Baseline, Checkpoint, CheckpointKind, Fact, Process, Source, Statistics, Timestamp,
    };

    fn snapshot() -> Stop {
        Stop {
            job: JOB,
            trigger: TRIGGER,
            process: PROCESS,
            baseline: Baseline { checkpoint: 3, restored: 0 },
            attempt: 1,
            not_before: Timestamp(0),
            cancel: false,
        }
    }

    fn says(state: JobState, operation: Operation) -> Flink {
        Flink {
            process: Some(PROCESS),
            cluster: Fact::Known(about()),
            jobs: jobs(&[(JOB, state)]),
            job: job(state, 2),
            operation: Fact::Known(operation),
            statistics: Fact::Known(Some(Statistics::default())),
            ..Flink::default()
        }
    }

    fn follows(flink: &Flink) -> Outcome {
        at(NOW, |cx| follow(cx, &snapshot(), flink))
    }

    fn listed(flink: Flink) -> Flink {
        let path = Some(format!("s3://savepoints/app-{TRIGGER}/savepoint-1"));
        let kind = CheckpointKind::Savepoint;
        let found = Checkpoint { id: 4, kind, path, discarded: false, taken: NOW };
        let completed = vec![found];
        let statistics = Statistics { newest_id: 4, completed, ..Statistics::default() };
        Flink { statistics: Fact::Known(Some(statistics)), ..flink }
    }

    #[test]
    fn it_is_taken_when_the_operation_or_the_statistics_name_it_whatever_the_job_does() {
        let named = Operation::Completed { path: "s3://sp".to_owned() };
        for state in [JobState::Running, JobState::Restarting, JobState::Failed] {
            let Outcome::Taken(point) = follows(&says(state, named.clone())) else {
                panic!("not taken while {state:?}")
            };
            assert_eq!((point.path.as_str(), point.source), ("s3://sp", Source::Operation));
            let found = follows(&listed(says(state, Operation::Unknown)));
            let Outcome::Taken(point) = found else { panic!("not found while {state:?}") };
            assert_eq!((point.checkpoint, point.source), (Some(4), Source::Statistics));
        }
    }

    #[test]
    fn what_someone_else_stopped_the_job_with_is_as_good() {
        let (kind, path) = (CheckpointKind::SyncSavepoint, Some("s3://by-hand".to_owned()));
        let last = Checkpoint { id: 4, kind, path, discarded: false, taken: NOW };
        let statistics = Statistics { completed: vec![last], ..Statistics::default() };
        let statistics = Fact::Known(Some(statistics));
        let stopped = Flink { statistics, ..says(JobState::Finished, Operation::Unknown) };
        let Outcome::Taken(point) = follows(&stopped) else { panic!("it is not used") };
        assert_eq!((point.path.as_str(), point.source), ("s3://by-hand", Source::Statistics));
    }

    #[test]
    fn without_it_the_job_decides_and_silence_says_nothing() {
        use JobState::{Canceled, Failed, Finished, Running};
        let failed = || Operation::Failed { message: "no".to_owned() };
        let silent = |flink: Flink| Flink { statistics: unknown(600), ..flink };
        let other = Process { restarts: 1, ..PROCESS };
        let replaced = |flink: Flink| Flink { process: Some(other), ..flink };
        let forgotten =
            Flink { jobs: jobs(&[]), job: Fact::Known(None), ..says(Running, failed()) };
        let rows = [
            (says(Running, Operation::InProgress), Outcome::Waiting),
            (says(Running, Operation::Unknown), Outcome::Waiting),
            (says(Running, failed()), Outcome::Failed("no".to_owned())),
            (silent(says(Running, failed())), Outcome::Waiting),
            (silent(replaced(says(Running, Operation::Unknown))), Outcome::Waiting),
            (says(Finished, failed()), Outcome::EndedByItself),
            (ended_at(None, says(Finished, failed())), Outcome::Waiting),
            (Flink { jobs: unknown(600), ..says(Finished, failed()) }, Outcome::Waiting),
        ];
        for (flink, expected) in rows {
            assert_eq!(follows(&flink), expected, "{flink:?}");
        }
        let taken_over = follows(&replaced(says(Running, Operation::Unknown)));
        assert!(matches!(taken_over, Outcome::Failed(_)), "{taken_over:?}");
        for lost in [says(Failed, failed()), says(Canceled, failed()), forgotten] {
            assert!(matches!(follows(&lost), Outcome::Lost(_)), "{lost:?}");
        }
    }
}
