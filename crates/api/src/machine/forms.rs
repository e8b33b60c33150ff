//! The persisted form of each type of the state: its members, and the words of its enums.

use flinkk8soperator_core::{
    Aftermath, Baseline, Bounds, Cancelling, ClusterStarting, Confirming, Deleting, DeletingStep,
    DeployFailed, DualRunning, Failure, Find, Ids, Learnt, Leaving, Left, LeftStep, LeftVersion,
    LiveJob, New, Obsolete, Origin, Phase, Process, Purpose, Record, Recovered, Recovering,
    RecoveringStep, Rescaling, RescalingStep, Restart, RestorePoint, RollingBackJob, Running,
    Savepointing, Scaled, Stop, Submission, SubmittingJob, Target, TearDown, Unreadable, Updating,
    Version, Work,
};
use serde_json::Value;

use super::MachineError;
use super::stored::{Entry, Stored, object, record, unless_empty};

record!(Record {
    ids: "ids",
    incarnations: "incarnations",
    deployed: "deployed",
    previous: "previous",
    leaving: "leaving",
    obsolete: "obsolete",
    settled: "settled",
    forced: "forced",
    restored: "restored",
    recovered: "recovered",
    surplus: "surplus",
    dwells_until: "dwellsUntil",
    bounds: "bounds";
    later adopted: "adopted",
});
record!(Ids { epoch: "epoch", issued: "issued" });
record!(Bounds { vertex: "vertex", lower: "lower", upper: "upper" });
record!(Recovered { attempt: "attempt", at: "at" });
record!(Version { target: "target", removed: "removed", work: "work" });
record!(Target {
    hash: "hash",
    incarnation: "incarnation",
    generation: "generation",
    digest: "digest",
    parallelism: "parallelism",
    taskmanagers: "taskManagers",
    mode: "mode",
    colour: "colour",
    scaled: "scaled",
});
record!(Scaled { names: "names", revision: "revision" });
record!(LiveJob { id: "id", from: "from", learnt: "learnt" });
record!(Learnt { checkpoints: "checkpoints", newest: "newest", at: "at" });
record!(RestorePoint {
    path: "path",
    kind: "kind",
    job: "job",
    checkpoint: "checkpoint",
    taken: "taken",
    source: "source",
    at: "at",
});
record!(Obsolete { incarnation: "incarnation", hash: "hash" });
record!(Leaving { incarnation: "incarnation", hash: "hash", may_run: "mayRun" });
record!(Process { pod: "pod", restarts: "restarts" });
record!(Baseline { checkpoint: "checkpoint", restored: "restored" });
record!(Failure { kind: "kind", message: "message" });
record!(Confirming { since: "since", restarted_at: "restartedAt", deadline: "deadline" });
record!(Stop {
    job: "job",
    trigger: "trigger",
    process: "process",
    baseline: "baseline",
    attempt: "attempt",
    not_before: "notBefore",
    cancel: "cancel",
});
record!(Submission {
    job: "job",
    process: "process",
    from: "from",
    attempt: "attempt",
    not_before: "notBefore",
    deadline: "deadline",
    start_deadline: "startDeadline",
});

record!(New { lost: "lost" });
record!(Left {
    deployed: "deployed",
    beside: "beside",
    failed: "failed",
    under_way: "underWay",
    target: "target",
});
record!(LeftVersion { hash: "hash", job: "job", cluster: "cluster" });
record!(Updating { target: "target", deadline: "deadline" });
record!(Rescaling { target: "target", step: "step", deadline: "deadline" });
record!(ClusterStarting {
    target: "target",
    attempt: "attempt",
    deadline: "deadline",
    troubled: "troubled",
    from: "from",
});
record!(Savepointing { target: "target", stop: "stop", deadline: "deadline" });
record!(Cancelling { target: "target", job: "job", deadline: "deadline" });
record!(Recovering {
    purpose: "purpose",
    job: "job",
    why: "why",
    step: "step",
    deadline: "deadline",
});
record!(Find { cancel: "cancel", sent: "sent" });
record!(Restart {
    submission: "submission",
    aftermath: "aftermath",
    attempt: "attempt",
    trouble: "trouble",
});
record!(SubmittingJob { target: "target", submission: "submission" });
record!(Running { confirming: "confirming" });
record!(DualRunning { confirming: "confirming", teardown: "teardown" });
record!(TearDown { incarnation: "incarnation", stop: "stop", deadline: "deadline" });
record!(RollingBackJob {
    failed: "failed",
    failure: "failure",
    revived: "revived",
    restart: "restart",
});
record!(DeployFailed { failed: "failed", failure: "failure" });
record!(Deleting { step: "step", deadline: "deadline" });
record!(Unreadable { why: "why" });

/// An enum's variant: its word as the member `kind`, and what it holds.
fn variant<const N: usize>(
    word: &str,
    members: [(&'static str, Option<Value>); N],
) -> Option<Value> {
    let word = [("kind", Some(Value::from(word)))];
    Some(object(word.into_iter().chain(members)))
}

impl Stored for Work {
    fn store(&self) -> Option<Value> {
        match self {
            Work::Live(job) => variant("Live", [("job", job.store())]),
            Work::Stopped(origin) => variant("Stopped", [("next", origin.store())]),
            Work::Finished => variant("Finished", []),
        }
    }

    fn load(from: &Entry<'_>) -> Result<Work, MachineError> {
        let kind = from.member("kind")?;
        match kind.text()? {
            "Live" => from.get("job").map(Work::Live),
            "Stopped" => from.get("next").map(Work::Stopped),
            "Finished" => Ok(Work::Finished),
            _ => Err(kind.wrong("Live, Stopped or Finished")),
        }
    }
}

impl Stored for LeftStep {
    fn store(&self) -> Option<Value> {
        match self {
            LeftStep::Deploying => variant("Deploying", []),
            LeftStep::Submitting { job, since, failing } => {
                let members =
                    [("job", job.store()), ("since", since.store()), ("failing", failing.store())];
                variant("Submitting", members)
            }
            LeftStep::Savepointing(trigger) => {
                variant("Savepointing", [("trigger", trigger.store())])
            }
            LeftStep::RollingBack { since } => variant("RollingBack", [("since", since.store())]),
            LeftStep::Deleting => variant("Deleting", []),
        }
    }

    fn load(from: &Entry<'_>) -> Result<LeftStep, MachineError> {
        let kind = from.member("kind")?;
        match kind.text()? {
            "Deploying" => Ok(LeftStep::Deploying),
            "Submitting" => Ok(LeftStep::Submitting {
                job: from.get("job")?,
                since: from.get("since")?,
                failing: from.get("failing")?,
            }),
            "Savepointing" => Ok(LeftStep::Savepointing(from.get("trigger")?)),
            "RollingBack" => Ok(LeftStep::RollingBack { since: from.get("since")? }),
            "Deleting" => Ok(LeftStep::Deleting),
            _ => Err(kind.wrong("Deploying, Submitting, Savepointing, RollingBack or Deleting")),
        }
    }
}

impl Stored for Origin {
    fn store(&self) -> Option<Value> {
        match self {
            Origin::Empty => variant("Empty", []),
            Origin::Given(path) => variant("Given", [("path", path.store())]),
            Origin::Restored(point) => variant("Restored", [("restorePoint", point.store())]),
        }
    }

    fn load(from: &Entry<'_>) -> Result<Origin, MachineError> {
        let kind = from.member("kind")?;
        match kind.text()? {
            "Empty" => Ok(Origin::Empty),
            "Given" => from.get("path").map(Origin::Given),
            "Restored" => from.get("restorePoint").map(Origin::Restored),
            _ => Err(kind.wrong("Empty, Given or Restored")),
        }
    }
}

impl Stored for Purpose {
    fn store(&self) -> Option<Value> {
        match self {
            Purpose::Deploy(target) => variant("Deploy", [("target", target.store())]),
            Purpose::Restart(failed) => variant("Restart", [("failed", failed.store())]),
        }
    }

    fn load(from: &Entry<'_>) -> Result<Purpose, MachineError> {
        let kind = from.member("kind")?;
        match kind.text()? {
            "Deploy" => from.get("target").map(Purpose::Deploy),
            "Restart" => from.get("failed").map(Purpose::Restart),
            _ => Err(kind.wrong("Deploy or Restart")),
        }
    }
}

impl Stored for RecoveringStep {
    fn store(&self) -> Option<Value> {
        match self {
            RecoveringStep::Find(find) => variant("Find", [("find", find.store())]),
            RecoveringStep::Start(restart) => variant("Start", [("restart", restart.store())]),
        }
    }

    fn load(from: &Entry<'_>) -> Result<RecoveringStep, MachineError> {
        let kind = from.member("kind")?;
        match kind.text()? {
            "Find" => from.get("find").map(RecoveringStep::Find),
            "Start" => from.get("restart").map(|restart| RecoveringStep::Start(Box::new(restart))),
            _ => Err(kind.wrong("Find or Start")),
        }
    }
}

impl Stored for RescalingStep {
    fn store(&self) -> Option<Value> {
        match self {
            RescalingStep::Grow { troubled } => variant("Grow", [("troubled", troubled.store())]),
            RescalingStep::Adapt => variant("Adapt", []),
            RescalingStep::Return { failure } => variant("Return", [("failure", failure.store())]),
        }
    }

    fn load(from: &Entry<'_>) -> Result<RescalingStep, MachineError> {
        let kind = from.member("kind")?;
        match kind.text()? {
            "Grow" => Ok(RescalingStep::Grow { troubled: from.get("troubled")? }),
            "Adapt" => Ok(RescalingStep::Adapt),
            "Return" => Ok(RescalingStep::Return { failure: from.get("failure")? }),
            _ => Err(kind.wrong("Grow, Adapt or Return")),
        }
    }
}

impl Stored for Aftermath {
    fn store(&self) -> Option<Value> {
        match self {
            Aftermath::Job { job, until } => {
                variant("Job", [("job", job.store()), ("until", until.store())])
            }
            Aftermath::JobManager(process) => variant("JobManager", [("process", process.store())]),
            Aftermath::TaskManagers(pods) => variant("TaskManagers", [("pods", pods.store())]),
        }
    }

    fn load(from: &Entry<'_>) -> Result<Aftermath, MachineError> {
        let kind = from.member("kind")?;
        match kind.text()? {
            "Job" => Ok(Aftermath::Job { job: from.get("job")?, until: from.get("until")? }),
            "JobManager" => from.get("process").map(Aftermath::JobManager),
            "TaskManagers" => from.get("pods").map(Aftermath::TaskManagers),
            _ => Err(kind.wrong("Job, JobManager or TaskManagers")),
        }
    }
}

impl Stored for DeletingStep {
    fn store(&self) -> Option<Value> {
        match self {
            DeletingStep::Look => variant("Look", []),
            DeletingStep::Stop(stop) => variant("Stop", [("stop", stop.store())]),
            DeletingStep::Cancel(job) => variant("Cancel", [("job", job.store())]),
            DeletingStep::RemoveClusters { why } => {
                variant("RemoveClusters", [("why", why.store())])
            }
            DeletingStep::Finalize => variant("Finalize", []),
        }
    }

    fn load(from: &Entry<'_>) -> Result<DeletingStep, MachineError> {
        let kind = from.member("kind")?;
        match kind.text()? {
            "Look" => Ok(DeletingStep::Look),
            "Stop" => from.get("stop").map(DeletingStep::Stop),
            "Cancel" => from.get("job").map(DeletingStep::Cancel),
            "RemoveClusters" => Ok(DeletingStep::RemoveClusters { why: from.get("why")? }),
            "Finalize" => Ok(DeletingStep::Finalize),
            _ => Err(kind.wrong("Look, Stop, Cancel, RemoveClusters or Finalize")),
        }
    }
}

/// The members of the phase's struct, and its word as the member `name`.
impl Stored for Phase {
    fn store(&self) -> Option<Value> {
        let (name, members) = match self {
            Phase::New(phase) => ("New", phase.store()),
            Phase::Left(phase) => ("Left", phase.store()),
            Phase::Updating(phase) => ("Updating", phase.store()),
            Phase::Rescaling(phase) => ("Rescaling", phase.store()),
            Phase::ClusterStarting(phase) => ("ClusterStarting", phase.store()),
            Phase::Savepointing(phase) => ("Savepointing", phase.store()),
            Phase::Cancelling(phase) => ("Cancelling", phase.store()),
            Phase::Recovering(phase) => ("Recovering", phase.store()),
            Phase::SubmittingJob(phase) => ("SubmittingJob", phase.store()),
            Phase::Running(phase) => ("Running", phase.store()),
            Phase::DualRunning(phase) => ("DualRunning", phase.store()),
            Phase::RollingBackJob(phase) => ("RollingBackJob", phase.store()),
            Phase::DeployFailed(phase) => ("DeployFailed", phase.store()),
            Phase::Deleting(phase) => ("Deleting", phase.store()),
            Phase::Unreadable(phase) => ("Unreadable", phase.store()),
        };
        let mut form = members.unwrap_or_else(|| object([]));
        if let Some(members) = form.as_object_mut() {
            members.insert("name".to_owned(), Value::from(name));
        }
        Some(form)
    }

    fn load(from: &Entry<'_>) -> Result<Phase, MachineError> {
        let name = from.member("name")?;
        Ok(match name.text()? {
            "New" => Phase::New(Stored::load(from)?),
            "Left" => Phase::Left(Stored::load(from)?),
            "Updating" => Phase::Updating(Stored::load(from)?),
            "Rescaling" => Phase::Rescaling(Stored::load(from)?),
            "ClusterStarting" => Phase::ClusterStarting(Stored::load(from)?),
            "Savepointing" => Phase::Savepointing(Stored::load(from)?),
            "Cancelling" => Phase::Cancelling(Stored::load(from)?),
            "Recovering" => Phase::Recovering(Stored::load(from)?),
            "SubmittingJob" => Phase::SubmittingJob(Stored::load(from)?),
            "Running" => Phase::Running(Stored::load(from)?),
            "DualRunning" => Phase::DualRunning(Stored::load(from)?),
            "RollingBackJob" => Phase::RollingBackJob(Stored::load(from)?),
            "DeployFailed" => Phase::DeployFailed(Stored::load(from)?),
            "Deleting" => Phase::Deleting(Stored::load(from)?),
            "Unreadable" => Phase::Unreadable(Stored::load(from)?),
            _ => return Err(name.wrong("the name of a phase")),
        })
    }
}
