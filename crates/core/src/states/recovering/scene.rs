//! What both steps of a recovery look at, and how they leave it.

use super::{base, is_the_failed_one};
use crate::context::Context;
use crate::cure::Cure;
use crate::decision::EventReason;
use crate::ids::JobId;
use crate::observation::Observation;
use crate::policy::change::{self, Edit};
use crate::policy::watch;
use crate::reason::Reason;
use crate::state::{
    DeployFailed, Origin, Phase, Purpose, Recovering, RecoveringStep, RestorePoint, Running,
    Source, State, Version, Work,
};
use crate::states::{Next, deploy, handover, running};

/// What a step looks at.
pub(super) struct Scene<'a> {
    pub(super) cx: &'a Context<'a>,
    pub(super) state: &'a State,
    pub(super) phase: &'a Recovering,
    pub(super) deployed: &'a Version,
    pub(super) seen: &'a Observation,
}

impl Scene<'_> {
    /// In this phase, with another step that is given its own time.
    pub(super) fn anew(&self, step: RecoveringStep) -> State {
        let deadline = self.cx.now + self.cx.desired.timeouts.recovery;
        let phase = Recovering { step, deadline, ..self.phase.clone() };
        State { record: self.state.record.clone(), phase: Phase::Recovering(phase) }
    }

    /// In this phase, with another step.
    pub(super) fn with(&self, step: RecoveringStep) -> State {
        let phase = Recovering { step, ..self.phase.clone() };
        State { record: self.state.record.clone(), phase: Phase::Recovering(phase) }
    }

    pub(super) fn waiting(&self, state: &State, what: impl Into<String>) -> Next {
        let (reason, why) = match &self.phase.purpose {
            Purpose::Deploy(_) => (Reason::Deploying, &self.phase.why),
            Purpose::Restart(_) => (Reason::Recovering, &self.phase.why),
        };
        Next::stay(state, reason, format!("recovering: {why}"))
            .waits(what, Some(self.phase.deadline))
            .polls_busily(self.cx)
    }

    /// Nothing is started before a person says so.
    pub(super) fn stalled(&self, reason: Reason, message: &str, cures: Vec<Cure>) -> Next {
        let message = format!("{message} (recovering: {})", self.phase.why);
        Next::stay(self.state, reason, message).cured_by(cures).polls_seldom(self.cx)
    }

    /// The deadline has passed, and nothing that was asked for is silent for a short while only.
    pub(super) fn due(&self) -> bool {
        self.cx.now >= self.phase.deadline && self.seen.settled(self.cx.config.unreachable_grace)
    }

    /// The work of the deployed version is what it is: the deploy goes on, or nothing is left to do.
    pub(super) fn settled(&self, work: Work) -> Next {
        match &self.phase.purpose {
            Purpose::Deploy(target) => {
                handover::over(self.cx, self.state, *target, work, self.seen)
            }
            Purpose::Restart(failed) => self.rest(failed.as_ref(), work),
        }
    }

    /// Where the application rests after a recovery.
    pub(super) fn rest(&self, failed: Option<&DeployFailed>, work: Work) -> Next {
        let mut record = self.state.record.clone();
        let reason = match (&work, failed) {
            (_, Some(_)) => Reason::DeployFailed,
            (Work::Finished, None) => Reason::JobFinished,
            (Work::Live(_) | Work::Stopped(_), None) => Reason::Running,
        };
        if let Some(deployed) = &mut record.deployed {
            deployed.work = work;
        }
        let phase = match failed {
            None => running::under_watch(&record, None),
            Some(failed) => Phase::DeployFailed(failed.clone()),
        };
        Next::new(record, phase, reason, watch::Sight::Runs(None).message())
    }

    pub(super) fn edit(&self) -> Edit {
        if is_the_failed_one(self.cx, self.phase) {
            return Edit::None;
        }
        let base = base(self.phase, self.deployed);
        change::in_mid_deploy(self.cx, &self.state.record, base, self.seen)
    }

    /// In mode BlueGreen the user does not wait for the newer version any more.
    pub(super) fn torn_down(&self) -> Next {
        let mut record = self.state.record.clone();
        match self.edit() {
            Edit::Unknown => return self.waiting(self.state, "the edited spec to be compared"),
            // The spec still says what was torn down: that is not deployed again.
            Edit::None | Edit::Harmless => record.settled = Some(self.cx.desired.digest),
            Edit::Rescale | Edit::Redeploy => {}
        }
        deploy::without_the_newer(&mut record);
        let hash = self.deployed.target.hash;
        let told = format!("Tore down version {hash}, whose job was lost");
        let phase = Phase::Running(Running { confirming: None });
        Next::new(record, phase, Reason::Running, told.clone())
            .tells(EventReason::TeardownCompleted, told)
    }

    /// Another version is wanted: it goes on from here.
    pub(super) fn replaced(&self) -> Next {
        match &self.phase.purpose {
            Purpose::Deploy(target) => deploy::retarget(self.cx, self.state, *target, false),
            Purpose::Restart(_) => {
                let mut state = self.state.clone();
                deploy::without_the_newer(&mut state.record);
                deploy::begin(self.cx, &state, "the spec was changed".to_owned())
            }
        }
    }
}

/// What the next job after `job` starts from, first of all that is told.
pub(super) fn tells_origin(next: Next, job: JobId, origin: &Origin) -> Next {
    let restoring = EventReason::RestoringExternalizedCheckpoint;
    match origin {
        Origin::Empty => next.warns_first(
            EventReason::RestoringWithoutExternalizedCheckpoint,
            format!("no state of job {job} is used: the next one starts without state"),
        ),
        Origin::Given(path) => next.tells_first(
            restoring,
            format!("the next job after {job} is restored from {path}, as named"),
        ),
        Origin::Restored(RestorePoint { path, source, .. }) => {
            let what = match source {
                Source::Memory => {
                    "the last checkpoint seen: Flink accepts it only if it still exists"
                }
                Source::Operation | Source::Statistics => "its newest state",
            };
            next.tells_first(
                restoring,
                format!("the next job after {job} is restored from {path}, {what}"),
            )
        }
    }
}
