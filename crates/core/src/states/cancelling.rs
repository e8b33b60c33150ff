//! Cancelling: the deployed job is cancelled without a savepoint, since `savepointDisabled` says that
//! its state is not wanted. The next job starts from nothing; a rollback starts the old one from the
//! checkpoint that stays, if one does.

use crate::context::Context;
use crate::decision::{Effect, EventReason};
use crate::observation::{FactRequest, Flink, FlinkRequest, JobState, Observation};
use crate::policy::cancel;
use crate::policy::readiness::{self, Readiness, job_state};
use crate::policy::restore_point::{self, Ended, Newest};
use crate::state::{
    Aftermath, Cancelling, Failure, FailureKind, LiveJob, Origin, State, Version, Work,
};
use crate::states::{Next, deploy, handover};

pub(crate) fn needs(state: &State, phase: &Cancelling, seen: &Observation) -> FactRequest {
    let last_seen = Some(phase.job);
    let mut ask = FactRequest { objects: true, last_seen, ..FactRequest::default() };
    let Some(deployed) = &state.record.deployed else { return ask };
    let incarnation = deployed.target.incarnation;
    let process = seen.cluster(incarnation).and_then(|c| c.jobmanager_process(None));
    ask.flink.extend(process.map(|process| FlinkRequest {
        cluster: true,
        jobs: true,
        job: Some(phase.job),
        statistics: Some(phase.job),
        checkpointing: Some(phase.job),
        ..FlinkRequest::to(incarnation, process)
    }));
    ask
}

pub(crate) fn step(
    cx: &Context<'_>,
    state: &State,
    phase: &Cancelling,
    seen: &Observation,
) -> Next {
    let Some((deployed, job)) = handover::live(&state.record) else {
        return handover::over(cx, state, phase.target, Work::Finished, seen);
    };
    Scene { cx, state, phase, seen }.follow(deployed, job)
}

/// What the step looks at.
struct Scene<'a> {
    cx: &'a Context<'a>,
    state: &'a State,
    phase: &'a Cancelling,
    seen: &'a Observation,
}

impl Scene<'_> {
    fn follow(&self, deployed: &Version, job: &LiveJob) -> Next {
        let Scene { cx, phase, seen, .. } = *self;
        let flink = seen.flink.get(&deployed.target.incarnation);
        match flink.and_then(|f| job_state(f, phase.job).map(|state| (f, state))) {
            Some((flink, how)) if how.over() => self.over(job, flink, how),
            None if forgotten_and_over(deployed, seen) => {
                let last_seen = seen.last_seen.known().and_then(Option::as_ref);
                self.ended(&restore_point::from_memory(cx, job, last_seen))
            }
            found if self.due() => self.hangs(job, found),
            Some(_) | None => self.waiting("the job to be cancelled"),
        }
    }

    fn due(&self) -> bool {
        self.cx.now >= self.phase.deadline && self.seen.settled(self.cx.config.unreachable_grace)
    }

    fn waiting(&self, what: &str) -> Next {
        Next::waiting(self.state, what, self.phase.deadline).polls_busily(self.cx)
    }

    /// What is left of it is waited for, but not longer than for its end.
    fn over(&self, job: &LiveJob, flink: &Flink, how: JobState) -> Next {
        let ended = Ended::told(self.cx.now, flink);
        let left = match (how, &ended) {
            (JobState::Finished, None) => None,
            (JobState::Finished, Some(ended)) => {
                let Some(point) = ended.stopped_with(self.cx, job.id) else {
                    return self.finished();
                };
                Some(Newest::Proven(Origin::Restored(point)))
            }
            _ => restore_point::left_of(self.cx, job, how, flink, ended),
        };
        match left {
            Some(left) => self.ended(&left),
            None if self.due() => self.ended(&untold()),
            None => self.waiting("the job's final checkpoint statistics"),
        }
    }

    fn finished(&self) -> Next {
        let Scene { cx, state, phase, seen } = *self;
        handover::over(cx, state, phase.target, Work::Finished, seen)
            .tells_first(EventReason::JobFinished, "the deployed job ended by itself")
    }

    /// The target's job starts from nothing, the deployed one, after a rollback, from what is left.
    fn ended(&self, left: &Newest) -> Next {
        let Scene { cx, state, phase, seen } = *self;
        let (origin, told) = kept(left);
        let message = format!("Canceled job {} without a savepoint; {told}", phase.job);
        handover::over_without_state(cx, state, phase.target, origin, seen)
            .tells_first(EventReason::CanceledJob, message)
    }

    /// Its cluster goes; or, if that is the one that stays, the processes in it are ended, and the
    /// deployed version's job is started anew on it.
    fn hangs(&self, job: &LiveJob, found: Option<(&Flink, JobState)>) -> Next {
        let Scene { cx, state, phase, seen } = *self;
        // Cancelled long ago, it completes no checkpoint any more; it ends with its cluster.
        let cancelled = found.filter(|(_, state)| *state == JobState::Cancelling);
        let left = cancelled.and_then(|(flink, _)| {
            let ended = Ended::says(cx.now, flink);
            restore_point::left_of(cx, job, JobState::Canceled, flink, ended)
        });
        let (origin, told) = kept(&left.unwrap_or_else(untold));
        let in_place = state.record.shares_cluster(phase.target);
        let goes = if in_place { "the processes of its cluster go" } else { "its cluster goes" };
        let message = format!("job {} did not end in time: {goes}; {told}", phase.job);
        let mut state = state.clone();
        if in_place {
            let failure = Failure { kind: FailureKind::JobCanceled, message: message.clone() };
            let aftermath = Aftermath::Job { job: phase.job, until: cx.now };
            if let Some(deployed) = &mut state.record.deployed {
                deployed.work = Work::Stopped(origin);
            }
            return deploy::roll_back_in_place(&state, phase.target, failure, Some(aftermath))
                .warns_first(EventReason::CancelFailed, message);
        }
        handover::clear_away(&mut state.record, true);
        handover::over_without_state(cx, &state, phase.target, origin, seen)
            .warns(EventReason::CancelFailed, message)
    }
}

/// What a rollback starts from, and in words.
fn kept(left: &Newest) -> (Origin, String) {
    let why = match left {
        Newest::Proven(origin) => {
            let told = match origin.path() {
                Some(path) => format!("a rollback starts from {path}"),
                None => "a rollback starts without state, as it did".to_owned(),
            };
            return (origin.clone(), told);
        }
        Newest::NotRetained(why) | Newest::Unproven { why, .. } => why,
    };
    (Origin::Empty, format!("a rollback starts without state: {why}"))
}

fn untold() -> Newest {
    Newest::Unproven { why: "its JobManager did not say what is left".to_owned(), cure: None }
}

/// A restarted JobManager does not know the job, and no TaskManager runs a task of it any more.
fn forgotten_and_over(deployed: &Version, seen: &Observation) -> bool {
    let flink = seen.flink.get(&deployed.target.incarnation);
    let forgotten = flink.is_some_and(readiness::forgotten);
    forgotten && matches!(readiness::of(deployed.target, seen), Readiness::Ready(_))
}

pub(crate) fn effects(
    cx: &Context<'_>,
    state: &State,
    phase: &Cancelling,
    seen: &Observation,
) -> Vec<Effect> {
    // Past the deadline the cluster is taken away, even while a silence holds that back.
    let deployed = state.record.deployed.as_ref().filter(|_| cx.now < phase.deadline);
    let due = deployed.and_then(|d| cancel::effect(d.target.incarnation, phase.job, seen));
    due.into_iter().collect()
}
