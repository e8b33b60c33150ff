//! The newest state of the job is looked for: the next job starts from it. Where it cannot be proven,
//! a person has to say so.

use super::scene::{Scene, tells_origin};
use crate::cure::Cure;
use crate::decision::EventReason;
use crate::desired::Mode;
use crate::observation::{
    Checkpoint, CheckpointKind, FactRequest, Flink, FlinkRequest, JobState, Observation, Statistics,
};
use crate::policy::change::{self, Edit};
use crate::policy::readiness::{self, Readiness, job_state};
use crate::policy::restart;
use crate::policy::restore_point::{self, Ended, Newest};
use crate::policy::upkeep;
use crate::reason::Reason;
use crate::state::{
    Aftermath, Find, LiveJob, Origin, Phase, Purpose, Recovering, RecoveringStep, Restart, State,
    Version, Work,
};
use crate::states::{Next, deploy, handover};

/// What a person can always say.
const CURES: [Cure; 2] = [Cure::Restore, Cure::FallbackWithoutState];

pub(super) fn about(
    deployed: &Version,
    phase: &Recovering,
    seen: &Observation,
    ask: &mut FactRequest,
) {
    let incarnation = deployed.target.incarnation;
    ask.last_seen = Some(phase.job);
    let process = seen.cluster(incarnation).and_then(|c| c.jobmanager_process(None));
    ask.flink.extend(process.map(|process| FlinkRequest {
        cluster: true,
        jobs: true,
        job: Some(phase.job),
        statistics: Some(phase.job),
        checkpointing: Some(phase.job),
        ..FlinkRequest::to(incarnation, process)
    }));
}

/// Another submission may still come about, as far as is known: another version cannot begin beside it.
pub(super) fn may_come(find: Find, deployed: &Version, seen: &Observation) -> bool {
    let cluster = seen.cluster(deployed.target.incarnation);
    let process = cluster.and_then(|cluster| cluster.jobmanager_process(None));
    find.sent.is_some() && (seen.objects.known().is_none() || process == find.sent)
}

impl Scene<'_> {
    pub(super) fn find(&self, find: Find, job: &LiveJob) -> Next {
        if !find.cancel
            && !may_come(find, self.deployed, self.seen)
            && let Some(next) = self.edited(job)
        {
            return next;
        }
        let incarnation = self.deployed.target.incarnation;
        if self.seen.objects.known().is_none() {
            return self.waiting(self.state, "the view of the cluster");
        }
        let process = self.seen.cluster(incarnation).and_then(|c| c.jobmanager_process(None));
        let Some(process) = process else { return self.nobody(job) };
        let flink = self.seen.flink.get(&incarnation).filter(|f| f.process == Some(process));
        let Some(flink) = flink else {
            return self.waiting(self.state, "the deployed version's JobManager to answer");
        };
        match job_state(flink, job.id) {
            Some(ended) if ended.over() => self.ended(ended, job, flink),
            Some(_) => self.runs(find, job, flink),
            None if readiness::forgotten(flink) => self.forgotten(job),
            None => self.waiting(self.state, "the deployed version's JobManager to answer"),
        }
    }

    /// What the user wants now, before the job is asked to end; `None`: nothing new.
    fn edited(&self, job: &LiveJob) -> Option<Next> {
        let Scene { cx, state, phase, .. } = *self;
        if let Purpose::Deploy(target) = &phase.purpose
            && change::rollback_forced(cx, &state.record, *target)
        {
            let (state, failure) = deploy::forced(cx, state);
            return Some(deploy::roll_back(&state, *target, failure, true));
        }
        match self.edit() {
            Edit::None => None,
            Edit::Unknown => Some(self.waiting(state, "the edited spec to be compared")),
            Edit::Harmless => Some(self.settle(job)),
            Edit::Redeploy | Edit::Rescale => Some(self.replaced()),
        }
    }

    /// An edit that asks for no other version: where a savepoint could not be taken, it is tried
    /// once more.
    fn settle(&self, job: &LiveJob) -> Next {
        let record = deploy::settle(self.cx, &self.state.record);
        let state = State { record, ..self.anew(self.phase.step.clone()) };
        let incarnation = self.deployed.target.incarnation;
        let flink = self.seen.flink.get(&incarnation);
        let ends = |state: JobState| state.over() || state == JobState::Cancelling;
        let runs = |f: &&Flink| job_state(f, job.id).is_some_and(|state| !ends(state));
        let own = flink
            .is_some_and(|f| self.names_its_own(f.statistics.known().and_then(Option::as_ref)));
        let again = match &self.phase.purpose {
            Purpose::Deploy(target) if own || self.allowed_by_the_user().is_none() => flink
                .filter(runs)
                .and_then(|f| handover::savepoint(self.cx, &state, *target, job, f)),
            Purpose::Deploy(_) | Purpose::Restart(_) => None,
        };
        again.unwrap_or_else(|| self.waiting(&state, "the newest state of the job to be known"))
    }

    /// It is over: its final statistics name its newest state, once they cannot be a copy from before
    /// its end.
    fn ended(&self, how: JobState, job: &LiveJob, flink: &Flink) -> Next {
        let Some(ended) = Ended::told(self.cx.now, flink) else {
            return self.waiting(self.state, "the job's final checkpoint statistics");
        };
        if how != JobState::Finished {
            return self.known(restore_point::of_ended(self.cx, job, &ended));
        }
        match ended.stopped_with(self.cx, job.id) {
            Some(point) => self.known(Newest::Proven(Origin::Restored(point))),
            None => self.finished(),
        }
    }

    /// It ended by itself: a success, and nothing to recover.
    fn finished(&self) -> Next {
        self.settled(Work::Finished).tells_first(EventReason::JobFinished, "Job finished")
    }

    /// It runs. For a restart that is all that was wanted; for a deploy it is cancelled, if what then
    /// stays is its newest state.
    fn runs(&self, find: Find, job: &LiveJob, flink: &Flink) -> Next {
        if let Purpose::Restart(failed) = &self.phase.purpose {
            return self.rest(failed.as_ref(), self.deployed.work.clone());
        }
        if let Purpose::Deploy(target) = &self.phase.purpose
            && target.mode == Mode::BlueGreen
        {
            match upkeep::is_crippled(self.deployed.target, self.seen) {
                Some(true) => {}
                // It is not touched: a savepoint of it will do.
                Some(false) => {
                    let again = handover::savepoint(self.cx, self.state, *target, job, flink);
                    return again.unwrap_or_else(|| {
                        self.waiting(self.state, "the deployed job's checkpoint statistics")
                    });
                }
                None => return self.waiting(self.state, upkeep::ASKED),
            }
        }
        let facts = (flink.checkpointing.known(), Ended::says(self.cx.now, flink));
        let (Some(checkpointing), Some(ended)) = facts else {
            return self.waiting(self.state, "what the job says of its checkpoints");
        };
        // By us, or by someone.
        let cancelled = find.cancel || job_state(flink, job.id) == Some(JobState::Cancelling);
        if cancelled && !self.due() {
            return self.waiting(self.state, "the cancelled job to end");
        }
        let stays = restore_point::of_cancelled(job, ended.statistics, checkpointing.as_ref());
        if find.cancel || cancelled && stays.is_ok() {
            // Cancelled long ago, it completes no checkpoint any more; it ends with its cluster.
            let newest = restore_point::of_ended(self.cx, job, &ended);
            return self.cleared_away().known(newest);
        }
        // No savepoint succeeds of a job that is being cancelled.
        let again = (!cancelled).then_some(Cure::SavepointAgain).into_iter();
        let end = if cancelled { "someone cancels it, and it does not end" } else { "it runs on" };
        match stays {
            Err(why) if self.allowed_by_the_user().is_none() => {
                let message = format!("{why}; {end}");
                let cures = again.chain(CURES).collect();
                self.stalled(Reason::CheckpointsNotRetained, &message, cures)
            }
            Err(why) if self.names_its_own(ended.statistics) => {
                let message = format!("{why}, the one that restore names, too; {end}");
                let cures = again.chain([Cure::Restore]).collect();
                self.stalled(Reason::CheckpointsNotRetained, &message, cures)
            }
            Ok(()) | Err(_) => {
                let next = self.anew(RecoveringStep::Find(Find { cancel: true, ..find }));
                let message = format!("Cancelling job {} without a savepoint", job.id);
                self.waiting(&next, "the cancelled job to end")
                    .tells(EventReason::CancellingJob, message)
            }
        }
    }

    /// `restore` names a checkpoint of the job itself, which would go with it.
    fn names_its_own(&self, statistics: Option<&Statistics>) -> bool {
        let named = restore_point::named_by_the_user(self.cx, &self.state.record);
        let own = |c: &Checkpoint| {
            c.kind == CheckpointKind::Checkpoint
                && c.path.as_deref() == named.as_ref().and_then(Origin::path)
        };
        named.is_some() && statistics.is_some_and(|s| s.completed.iter().any(own))
    }

    /// Its JobManager does not know it. It is over only once no TaskManager runs a task of it any
    /// more: all of them are registered, with all their slots free. A deploy takes the cluster away
    /// in the end.
    fn forgotten(&self, job: &LiveJob) -> Next {
        let Some(last_seen) = self.seen.last_seen.known() else {
            return self.waiting(self.state, "what was seen of the job");
        };
        let newest = restore_point::from_memory(self.cx, job, last_seen.as_ref());
        if let Err(stalled) = self.origin(&newest) {
            return *stalled;
        }
        let over = match readiness::of(self.deployed.target, self.seen) {
            Readiness::Ready(_) => true,
            Readiness::Waiting(_) | Readiness::TooOld(_) | Readiness::Foreign(_) => false,
        };
        match &self.phase.purpose {
            _ if over => self.known(newest),
            Purpose::Deploy(_) if self.due() => self.cleared_away().known(newest),
            Purpose::Restart(_) if self.due() => {
                let message = "the deployed version's cluster does not become ready again";
                self.stalled(Reason::JobLost, message, vec![Cure::Pods, Cure::NewSpec])
            }
            Purpose::Deploy(_) | Purpose::Restart(_) => {
                self.waiting(self.state, "what may still run of the job to be gone")
            }
        }
    }

    /// No JobManager of it runs: one may come up again. A deploy takes the cluster away in the end.
    fn nobody(&self, job: &LiveJob) -> Next {
        let what = "a JobManager of the deployed version to come up";
        let Some(last_seen) = self.seen.last_seen.known().filter(|_| self.due()) else {
            return self.waiting(self.state, what);
        };
        match &self.phase.purpose {
            Purpose::Restart(_) => {
                let message = "no JobManager of the deployed version runs";
                self.stalled(Reason::JobLost, message, vec![Cure::Pods, Cure::NewSpec])
            }
            Purpose::Deploy(_) => {
                let newest = restore_point::from_memory(self.cx, job, last_seen.as_ref());
                match self.origin(&newest) {
                    Err(stalled) => *stalled,
                    Ok(_) => self.cleared_away().known(newest),
                }
            }
        }
    }

    /// The same with the deployed version's cluster on its way out: the job is over with its last
    /// pod.
    fn cleared_away(&self) -> Cleared<'_> {
        let mut state = self.state.clone();
        handover::clear_away(&mut state.record, true);
        Cleared { scene: self, state }
    }

    /// What the user allowed to start from where the newest state cannot be proven.
    fn allowed_by_the_user(&self) -> Option<Origin> {
        restore_point::allowed_by_the_user(self.cx, &self.state.record)
    }

    /// What the next job starts from; or why a person has to say so.
    fn origin(&self, newest: &Newest) -> Result<Origin, Box<Next>> {
        let (reason, why, cures) = match newest {
            Newest::Proven(origin) => return Ok(origin.clone()),
            Newest::NotRetained(why) => (Reason::CheckpointsNotRetained, why, None),
            Newest::Unproven { why, cure } => (Reason::RestorePointUnproven, why, cure.clone()),
        };
        let cures = cures.into_iter().chain(CURES).collect();
        self.allowed_by_the_user().ok_or_else(|| Box::new(self.stalled(reason, why, cures)))
    }

    fn known(&self, newest: Newest) -> Next {
        Cleared { scene: self, state: self.state.clone() }.known(newest)
    }
}

/// A scene whose newest state is known, with the state that the answer is written into.
struct Cleared<'a> {
    scene: &'a Scene<'a>,
    state: State,
}

impl Cleared<'_> {
    /// The newest state is written down as what the next job starts from.
    fn known(&self, newest: Newest) -> Next {
        let Scene { cx, phase, seen, .. } = *self.scene;
        let origin = match self.scene.origin(&newest) {
            Ok(origin) => origin,
            Err(stalled) => return *stalled,
        };
        let mut state = self.state.clone();
        let origin = restore_point::use_restore(cx, &mut state.record, origin);
        let next = match &phase.purpose {
            Purpose::Deploy(target) => {
                handover::over(cx, &state, *target, Work::Stopped(origin.clone()), seen)
            }
            Purpose::Restart(_) => {
                if let Some(deployed) = &mut state.record.deployed {
                    deployed.work = Work::Stopped(origin.clone());
                }
                let attempt = state.record.recovered.map_or(1, |r| r.attempt + 1);
                let sent = match phase.step {
                    RecoveringStep::Find(find) => find.sent,
                    RecoveringStep::Start(_) => None,
                };
                let aftermath = sent.map(Aftermath::JobManager);
                let restart = Restart { aftermath, ..restart::attempt(attempt) };
                let step = RecoveringStep::Start(Box::new(restart));
                state.phase = Phase::Recovering(Recovering { step, ..phase.clone() });
                self.scene.waiting(&state, readiness::awaited(self.scene.deployed.target))
            }
        };
        tells_origin(next, phase.job, &origin)
    }
}
