//! Deploys, phases and savepoints: what a status that was written says is over.
//!
//! A deploy is measured by its own record in the status, so it counts once, whichever process ends it. A
//! phase and a savepoint are measured by this process's clock from their begin, which it has to have seen:
//! what another process began is not measured.

use flinkk8soperator_api::v1beta1::{DeployRecord, DeployResult};
use flinkk8soperator_core::{
    Fact, FailureKind, Observation, Operation, Origin, Phase, Reason, State, TriggerId, Version,
};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tokio::time::Instant;

use super::{Durations, Metrics};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    outcome: &'static str,
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Passed {
    phase: &'static str,
}

pub(super) struct Deploys {
    deploys: Family<Ended, Counter>,
    deploy_seconds: Durations<Outcome>,
    phase_seconds: Durations<Passed>,
    savepoint_seconds: Durations<Outcome>,
}

impl Deploys {
    pub(super) fn in_registry(registry: &mut Registry) -> Deploys {
        let of = Deploys {
            deploys: Family::default(),
            deploy_seconds: Family::new_with_constructor(minutes),
            phase_seconds: Family::new_with_constructor(phases),
            savepoint_seconds: Family::new_with_constructor(minutes),
        };
        // There from the start, so that the first one that fails is an increase.
        for (outcome, reason) in every_end() {
            drop(of.deploys.get_or_create(&Ended { outcome, reason }));
        }
        registry.register("deploys", "Deploys that are over, and why", of.deploys.clone());
        let about = "Length of deploys, from their begin to their end in the status";
        registry.register("deploy_duration_seconds", about, of.deploy_seconds.clone());
        let about = "Time in a phase, where this process saw it begin and end";
        registry.register("phase_duration_seconds", about, of.phase_seconds.clone());
        let about = "Time from a savepoint's trigger to its end, where this process saw both";
        registry.register("savepoint_duration_seconds", about, of.savepoint_seconds.clone());
        of
    }
}

/// Every outcome of a deploy, with the reasons that it can have.
fn every_end() -> impl Iterator<Item = (&'static str, &'static str)> {
    let failed = FailureKind::ALL.iter().map(|kind| kind.as_str());
    let failed = failed.flat_map(|kind| [("failed", kind), ("rolled_back", kind)]);
    let superseded = [Reason::Deploying, Reason::Running, Reason::Deleting];
    let superseded = superseded.map(|reason| ("superseded", reason.as_str()));
    [("succeeded", Reason::Running.as_str())].into_iter().chain(superseded).chain(failed)
}

/// Up to an hour: a deploy waits for a cluster, a savepoint and a job.
fn minutes() -> Histogram {
    Histogram::new([5.0, 15.0, 60.0, 300.0, 900.0, 3600.0])
}

/// From a phase that is passed through to a job that runs for a week.
fn phases() -> Histogram {
    Histogram::new([1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 86_400.0, 604_800.0])
}

impl Metrics {
    /// A status was written: deploys that are under way before and over after it have ended.
    pub(crate) fn deploys(&self, before: &[DeployRecord], after: &[DeployRecord], state: &State) {
        let of = &self.0.deploys;
        let under_way = |record: &DeployRecord| record.result == DeployResult::InProgress;
        let began = |record: &&DeployRecord| {
            let same = |other: &&DeployRecord| other.incarnation == record.incarnation;
            before.iter().find(same).is_some_and(under_way)
        };
        for record in after.iter().filter(|record| !under_way(record)).filter(began) {
            let (outcome, reason) = ended(record, state);
            of.deploys.get_or_create(&Ended { outcome, reason }).inc();
            let end = record.finished_at.as_ref().unwrap_or(&record.started_at);
            let took = end.0.duration_since(record.started_at.0).as_secs_f64();
            of.deploy_seconds.get_or_create(&Outcome { outcome }).observe(took.max(0.0));
        }
    }

    fn passed(&self, phase: &'static str, began: Instant) {
        let seconds = self.0.deploys.phase_seconds.get_or_create_owned(&Passed { phase });
        seconds.observe(began.elapsed().as_secs_f64());
    }

    fn savepoint(&self, outcome: &'static str, began: Instant) {
        let seconds = self.0.deploys.savepoint_seconds.get_or_create_owned(&Outcome { outcome });
        seconds.observe(began.elapsed().as_secs_f64());
    }
}

/// How a deploy ended, and why: the sort of failure, or the reason that its record has.
fn ended(record: &DeployRecord, state: &State) -> (&'static str, &'static str) {
    let failure = match &state.phase {
        Phase::DeployFailed(phase) => phase.failure.kind.as_str(),
        _ => Reason::DeployFailed.as_str(),
    };
    let told = |reason: &&Reason| Some(reason.as_str()) == record.reason.as_deref();
    let told = Reason::ALL.iter().find(told).map_or("unknown", |reason| reason.as_str());
    match record.result {
        DeployResult::Succeeded => ("succeeded", told),
        DeployResult::RolledBack => ("rolled_back", failure),
        DeployResult::Failed => ("failed", failure),
        DeployResult::Superseded => ("superseded", told),
        DeployResult::InProgress | DeployResult::Unknown(_) => ("unknown", told),
    }
}

/// What began under this process with one application.
#[derive(Debug, Default)]
pub(crate) struct UnderWay {
    phase: Option<(&'static str, Instant)>,
    savepoint: Option<(TriggerId, Instant)>,
}

impl UnderWay {
    /// A state was written: what it leaves behind is over, what is new in it begins.
    pub(crate) fn written(
        &mut self,
        metrics: &Metrics,
        before: &State,
        after: &State,
        seen: &Observation,
    ) {
        let (left, entered) = (phase(before), phase(after));
        if left != entered {
            self.ended(metrics);
            self.phase = entered.map(|phase| (phase, Instant::now()));
        }
        let trigger = after.stop().map(|stop| stop.trigger);
        if let Some((_, began)) = self.savepoint.take_if(|(of, _)| Some(*of) != trigger) {
            metrics.savepoint(outcome(before, after, seen), began);
        }
    }

    /// A savepoint was asked for, perhaps once more.
    pub(crate) fn triggered(&mut self, trigger: TriggerId) {
        self.savepoint.get_or_insert((trigger, Instant::now()));
    }

    /// The phase is over, perhaps with the application.
    pub(crate) fn ended(&mut self, metrics: &Metrics) {
        if let Some((phase, began)) = self.phase.take() {
            metrics.passed(phase, began);
        }
    }
}

/// The phase as metrics name it; none for what keeps the word of another one.
fn phase(state: &State) -> Option<&'static str> {
    state.phase.name().map(super::live::phase_word)
}

/// What became of the savepoint that `before` was waiting for.
fn outcome(before: &State, after: &State, seen: &Observation) -> &'static str {
    let answers = seen.flink.values().filter_map(|flink| match &flink.operation {
        Fact::Known(operation) => Some(operation),
        Fact::Unasked | Fact::Unknown { .. } => None,
    });
    for answer in answers {
        match answer {
            Operation::Completed { .. } => return "completed",
            Operation::Failed { .. } => return "failed",
            Operation::InProgress | Operation::Unknown => {}
        }
    }
    // Flink has forgotten the operation, and the job's statistics tell of it.
    let stopped = |state: &State| {
        let deployed = state.record.deployed.as_ref().and_then(Version::stopped);
        deployed.is_some_and(|origin| matches!(origin, Origin::Restored(_)))
    };
    if stopped(after) && !stopped(before) { "completed" } else { "unknown" }
}
