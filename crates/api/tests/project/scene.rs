//! States, verdicts and statuses to tell stories with: version 1 is deployed, version 2 is on its way.

use std::time::Duration;

use flinkk8soperator_api::project::{Figures, differs_beyond_figures, status};
use flinkk8soperator_api::v1beta1::FlinkApplicationStatus;
use flinkk8soperator_core::*;
use serde_json::Value;

/// 2025-11-01T12:26:40Z.
pub(crate) const START: Timestamp = Timestamp(1_762_000_000_000);

/// Seconds after the start.
pub(crate) fn at(seconds: u64) -> Timestamp {
    START + Duration::from_secs(seconds)
}

/// The text that the status has for it.
pub(crate) fn text(seconds: u64) -> String {
    let start = i64::try_from(START.0).expect("a time of this age");
    let start = jiff::Timestamp::from_millisecond(start).expect("a time of this age");
    (start + Duration::from_secs(seconds)).to_string()
}

pub(crate) fn target(number: u32) -> Target {
    Target {
        hash: DeployHash(0xaaaa_aaa0 + number),
        incarnation: Incarnation(number),
        generation: i64::from(number) * 10,
        digest: Digest(number.into()),
        parallelism: number * 2,
        taskmanagers: number,
        mode: Mode::Dual,
        colour: None,
        scaled: None,
    }
}

pub(crate) fn job(number: u32) -> JobId {
    JobId(number.into())
}

pub(crate) fn point(number: u32) -> RestorePoint {
    let path = format!("s3://bucket/sp-{number}");
    RestorePoint {
        path,
        kind: CheckpointKind::Savepoint,
        job: job(number),
        checkpoint: Some(7),
        taken: None,
        source: Source::Operation,
        at: at(0),
    }
}

pub(crate) fn live(number: u32, from: Origin) -> Version {
    let work = Work::Live(LiveJob { id: job(number), from, learnt: None });
    Version { target: target(number), removed: false, work }
}

pub(crate) fn stopped(number: u32) -> Version {
    let work = Work::Stopped(Origin::Restored(point(number)));
    Version { target: target(number), removed: false, work }
}

pub(crate) fn finished(number: u32) -> Version {
    Version { target: target(number), removed: false, work: Work::Finished }
}

pub(crate) fn state(deployed: Option<Version>, phase: Phase) -> State {
    let new = State::new(START);
    State { record: Record { deployed, ..new.record }, phase }
}

pub(crate) fn updating(number: u32) -> Phase {
    Phase::Updating(Updating { target: target(number), deadline: at(600) })
}

pub(crate) fn cluster_starting(number: u32) -> Phase {
    let target = target(number);
    Phase::ClusterStarting(ClusterStarting {
        target,
        deadline: at(600),
        troubled: None,
        attempt: 1,
        from: None,
    })
}

pub(crate) fn stop(number: u32, attempt: u32) -> Stop {
    Stop {
        job: job(number),
        trigger: TriggerId(0xf00),
        process: Process { pod: Uid(1), restarts: 0 },
        baseline: Baseline { checkpoint: 6, restored: 0 },
        attempt,
        not_before: at(0),
        cancel: false,
    }
}

pub(crate) fn savepointing(number: u32) -> Phase {
    let (target, stop) = (target(number), stop(number - 1, 1));
    Phase::Savepointing(Savepointing { target, stop, deadline: at(1800) })
}

pub(crate) fn submission(number: u32, from: Origin, named: bool) -> Submission {
    Submission {
        job: job(number),
        process: Process { pod: Uid(9), restarts: 0 },
        from,
        attempt: 1,
        not_before: at(0),
        deadline: at(300),
        start_deadline: named.then(|| at(480)),
    }
}

pub(crate) fn submitting(number: u32, from: Origin, named: bool) -> Phase {
    let (target, submission) = (target(number), submission(number, from, named));
    Phase::SubmittingJob(SubmittingJob { target, submission })
}

pub(crate) fn confirming() -> Phase {
    let confirming = Confirming { since: at(0), restarted_at: None, deadline: at(600) };
    Phase::Running(Running { confirming: Some(confirming) })
}

pub(crate) fn running() -> Phase {
    Phase::Running(Running { confirming: None })
}

pub(crate) fn failure(kind: FailureKind, message: &str) -> Failure {
    Failure { kind, message: message.to_owned() }
}

pub(crate) fn rolling_back(number: u32, submission: Option<Submission>) -> Phase {
    let failure = failure(FailureKind::JobFailed, "main() throws");
    let failed = target(number);
    Phase::RollingBackJob(RollingBackJob {
        failed,
        failure,
        revived: None,
        restart: restart(submission),
    })
}

fn restart(submission: Option<Submission>) -> Restart {
    Restart { submission, aftermath: None, attempt: 1, trouble: None }
}

pub(crate) fn recovering(purpose: Purpose, step: RecoveringStep) -> Phase {
    let why = failure(FailureKind::JobFailed, "no route to host");
    Phase::Recovering(Recovering { purpose, job: job(1), why, step, deadline: at(900) })
}

pub(crate) fn finding(purpose: Purpose) -> Phase {
    recovering(purpose, RecoveringStep::Find(Find { cancel: false, sent: None }))
}

pub(crate) fn restarting(submission: Option<Submission>, attempt: u32) -> Phase {
    let restart = Restart { attempt, ..restart(submission) };
    recovering(Purpose::Restart(None), RecoveringStep::Start(Box::new(restart)))
}

pub(crate) fn cancelling(number: u32) -> Phase {
    let (target, deadline) = (target(number), at(600));
    Phase::Cancelling(Cancelling { target, job: job(1), deadline })
}

pub(crate) fn deploy_failed(number: u32) -> Phase {
    let failure = failure(FailureKind::JobFailed, "main() throws");
    Phase::DeployFailed(DeployFailed { failed: target(number), failure })
}

pub(crate) fn deleting(step: DeletingStep) -> Phase {
    Phase::Deleting(Deleting { step, deadline: at(1800) })
}

pub(crate) fn decision(state: State, reason: Reason, message: &str) -> Decision {
    let verdict = Verdict { reason, message: message.to_owned(), waiting: None };
    Decision { state, effects: Vec::new(), events: Vec::new(), verdict, wake: None }
}

/// The reason that goes with a phase where nothing special is told.
fn reason(phase: &Phase) -> Reason {
    match phase {
        Phase::Running(running) if running.confirming.is_none() => Reason::Running,
        Phase::Running(_) => Reason::Confirming,
        Phase::RollingBackJob(_) => Reason::RollingBack,
        Phase::Recovering(_) => Reason::Recovering,
        Phase::Cancelling(_) => Reason::Deploying,
        Phase::DeployFailed(_) => Reason::DeployFailed,
        Phase::Deleting(_) => Reason::Deleting,
        Phase::Unreadable(_) => Reason::Unreadable,
        _ => Reason::Deploying,
    }
}

/// Generation 20 of a spec.
pub(crate) fn desired() -> Desired {
    Desired { finalizer: true, ..Desired::new(Uid(1), 20, DeployHash(1), Digest(1)) }
}

/// An application's statuses, one round after the other.
#[derive(Default)]
pub(crate) struct Story {
    pub(crate) status: Option<FlinkApplicationStatus>,
}

impl Story {
    /// A round which leads to this state; the status goes through JSON, as it does in a cluster.
    pub(crate) fn round(&mut self, seconds: u64, state: State) -> &FlinkApplicationStatus {
        let reason = reason(&state.phase);
        self.told(seconds, &decision(state, reason, "so it is"))
    }

    pub(crate) fn told(&mut self, seconds: u64, decision: &Decision) -> &FlinkApplicationStatus {
        self.seen(seconds, decision, &Observation::default(), &Figures::default())
    }

    pub(crate) fn seen(
        &mut self,
        seconds: u64,
        decision: &Decision,
        seen: &Observation,
        figures: &Figures,
    ) -> &FlinkApplicationStatus {
        let desired = desired();
        let make = |previous| status(previous, &desired, decision, seen, figures, at(seconds));
        let new = make(self.status.as_ref());
        assert_eq!(make(self.status.as_ref()), new, "equal inputs, equal output");
        let json = serde_json::to_value(&new).expect("a status has a form in JSON");
        let stored = serde_json::from_value(json).expect("a status can be read from its form");
        assert_eq!(new, stored, "what is stored is what was made");
        let desired_again = status(Some(&new), &desired, decision, seen, figures, at(seconds + 9));
        assert!(!differs_beyond_figures(&new, &desired_again), "the same again needs no write");
        self.status.insert(new)
    }

    /// The status as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::to_value(&self.status).expect("a status has a form in JSON")
    }
}
