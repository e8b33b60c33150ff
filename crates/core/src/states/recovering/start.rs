//! The newest state is known: the deployed version's job is started from it until it runs.

use super::begin;
use super::scene::{Scene, tells_origin};
use crate::decision::{EventReason, Verdict};
use crate::ids::JobId;
use crate::policy::change::Edit;
use crate::policy::restart::{self, Progress};
use crate::policy::{foreign, restore_point};
use crate::reason::Reason;
use crate::state::{
    Failure, FailureKind, LiveJob, Origin, Purpose, Record, Recovered, RecoveringStep, Restart,
    State, Work,
};
use crate::states::{Next, deploy};

impl Scene<'_> {
    /// The deployed version's job is being started again.
    pub(super) fn start(&self, restart: &Restart, from: &Origin) -> Next {
        if restart::at_rest(restart)
            && let Some(next) = self.before_an_attempt(restart, from)
        {
            return next;
        }
        let Scene { cx, state, deployed, seen, .. } = *self;
        match restart::follow(cx, &state.record, deployed.target, from, restart, seen) {
            Progress::Waiting(what, wakes) => {
                let next = self.attempts(state, restart, &what);
                wakes.into_iter().fold(next, |next, at| next.also_wakes(cx, at))
            }
            Progress::Foreign(job) => {
                let message = format!("job {job} runs on the cluster and is not ours");
                self.stalled(Reason::ForeignJob, &message, foreign::cures(job))
            }
            Progress::Begun(restart, ids) => {
                let id = restart.submission.as_ref().map(|s| s.job.to_string());
                let message = format!("Submitting job {} again", id.unwrap_or_default());
                let mut next = self.with(RecoveringStep::Start(restart.clone()));
                next.record.ids = ids;
                self.attempts(&next, &restart, "the JobManager to accept the job")
                    .tells(EventReason::JobSubmitted, message)
            }
            Progress::Remember(restart) => {
                let next = self.with(RecoveringStep::Start(restart.clone()));
                let what = restart::awaited(&restart, "every vertex of the job to run");
                self.attempts(&next, &restart, what)
            }
            Progress::Up { job, from } => self.up(restart, job, from),
            Progress::Failed { next, failure, named: None } => {
                let state = self.with(RecoveringStep::Start(next.clone()));
                self.attempts(&state, &next, "the cluster to be ready again")
                    .warns(EventReason::RecoveryFailed, told_of(&failure))
            }
            Progress::Failed { failure, named: Some(job), .. } => {
                self.lost_again(restart, job, failure)
            }
        }
    }

    /// Between two attempts: a newer spec, the user's word on what to start from, and the limit.
    fn before_an_attempt(&self, restart: &Restart, from: &Origin) -> Option<Next> {
        let settled = match self.edit() {
            Edit::None => None,
            Edit::Unknown => {
                return Some(self.waiting(self.state, "the edited spec to be compared"));
            }
            Edit::Harmless => Some(deploy::settle(self.cx, &self.state.record)),
            Edit::Redeploy | Edit::Rescale => return Some(self.replaced()),
        };
        if let Some(other) = self.another_origin(restart, from) {
            let record = settled.unwrap_or_else(|| self.state.record.clone());
            return Some(self.start_from(record, other));
        }
        match settled {
            Some(record) => {
                let anew = self.anew(RecoveringStep::Start(Box::new(restart::attempt(1))));
                Some(self.attempts(&State { record, ..anew }, restart, "another attempt"))
            }
            None if self.lacks_its_revision() => {
                let message = restart::without_revision(self.deployed.target);
                let cures = restart::cures_without_revision(from);
                Some(self.stalled(Reason::JobLost, &message, cures))
            }
            None => self.in_vain(restart).then(|| self.given_up(restart, from)),
        }
    }

    fn lacks_its_revision(&self) -> bool {
        restart::lacks_its_revision(self.deployed.target, self.seen)
    }

    fn in_vain(&self, restart: &Restart) -> bool {
        restart.attempt > self.cx.config.retries.recovery
    }

    /// What the user named, or allowed where the last checkpoint seen will not do.
    fn another_origin(&self, restart: &Restart, from: &Origin) -> Option<Origin> {
        let record = &self.state.record;
        if restart.trouble.is_some() || self.in_vain(restart) || self.lacks_its_revision() {
            return restore_point::instead_of(self.cx, record, from);
        }
        restore_point::named_by_the_user(self.cx, record)
    }

    fn start_from(&self, mut record: Record, other: Origin) -> Next {
        let other = restore_point::starts_from(self.cx, &mut record, other);
        let anew = self.anew(RecoveringStep::Start(Box::new(restart::attempt(1))));
        let next = self.waiting(&State { record, ..anew }, "another attempt");
        tells_origin(next, self.phase.job, &other)
    }

    fn attempts(&self, state: &State, restart: &Restart, what: &str) -> Next {
        let next = self.waiting(state, what);
        match &restart.trouble {
            None => next,
            Some(trouble) => Next {
                verdict: Verdict {
                    message: format!(
                        "{}; the last attempt failed: {trouble}",
                        next.verdict.message
                    ),
                    ..next.verdict
                },
                ..next
            },
        }
    }

    fn up(&self, restart: &Restart, id: JobId, from: Origin) -> Next {
        let work = Work::Live(LiveJob { id, from, learnt: None });
        let failed = match &self.phase.purpose {
            Purpose::Restart(failed) => failed.as_ref(),
            Purpose::Deploy(_) => None,
        };
        let attempt = restart.submission.as_ref().map_or(restart.attempt, |s| s.attempt);
        let mut next = self.rest(failed, work);
        next.state.record.recovered = Some(Recovered { attempt, at: self.cx.now });
        next.tells(EventReason::JobRunning, format!("Job {id} is running"))
    }

    /// It was there, and may have come to a state of its own. One that only takes its time to come up
    /// is left to Flink; one that is lost is looked for like the one before.
    fn lost_again(&self, restart: &Restart, job: LiveJob, failure: Failure) -> Next {
        let attempt = restart.submission.as_ref().map_or(restart.attempt, |s| s.attempt);
        let recovered = Some(Recovered { attempt, at: self.cx.now });
        let told = told_of(&failure);
        let mut next = match (&self.phase.purpose, failure.kind) {
            (Purpose::Restart(failed), FailureKind::JobStartTimeout) => {
                self.rest(failed.as_ref(), Work::Live(job))
            }
            (Purpose::Restart(failed), _) => {
                let mut state = self.state.clone();
                if let Some(deployed) = &mut state.record.deployed {
                    deployed.work = Work::Live(job.clone());
                }
                begin(self.cx, &state, &job, failure, failed.clone())
            }
            (Purpose::Deploy(_), _) => self.settled(Work::Live(job)),
        };
        next.state.record.recovered = recovered;
        next.warns(EventReason::RecoveryFailed, told)
    }

    fn given_up(&self, restart: &Restart, from: &Origin) -> Next {
        let trouble = restart.trouble.as_ref().map_or("it did not stay", |t| t.message.as_str());
        let message = format!("the job was started again and again in vain: {trouble}");
        let unproven = restore_point::from_memory_only(from);
        let reason = if unproven { Reason::RestorePointUnproven } else { Reason::JobFailed };
        self.stalled(reason, &message, restore_point::cures(from))
    }
}

fn told_of(failure: &Failure) -> String {
    format!("Failed to start the job again: {failure}")
}
