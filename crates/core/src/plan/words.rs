//! Effects and plans in words, for people.

use std::fmt;

use super::{Plan, PlanEnd, PlannedAct, PlannedOrigin, PlannedStart, PlannedStep};
use crate::decision::{Effect, Verdict, Waiting};
use crate::desired::SavepointStop;
use crate::state::Target;

/// What is done, in a few words without a subject.
impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Effect::AddFinalizer => f.write_str("add the finalizer"),
            Effect::SaveRevision(of) => {
                write!(f, "store the spec of version {} as revision {}", of.hash, of.revision())
            }
            Effect::CopyRevision { from, to } => {
                write!(f, "store revision {from} as revision {}", to.revision())
            }
            Effect::RebuildRevision(of) => {
                write!(
                    f,
                    "read version {} back from its Deployments as revision {}",
                    of.hash,
                    of.revision()
                )
            }
            Effect::CreateCluster(Target { hash, incarnation, .. }) => {
                write!(f, "create cluster {incarnation} of version {hash}")
            }
            Effect::ScaleTaskManagers { incarnation, replicas, .. } => {
                write!(f, "scale cluster {incarnation} to {replicas} TaskManagers")
            }
            Effect::SetRequirements(wanted) => {
                write!(f, "change how many tasks the vertices of job {} may have", wanted.job)
            }
            Effect::LabelCluster(Target { hash, incarnation, .. }) => {
                write!(f, "label cluster {incarnation} as version {hash}")
            }
            Effect::PointService { incarnation, colour: None } => {
                write!(f, "point the Service at cluster {incarnation}")
            }
            Effect::PointService { incarnation, colour: Some(colour) } => {
                let colour = colour.as_str();
                write!(f, "point the Service of colour {colour} at cluster {incarnation}")
            }
            Effect::Submit(submit) => {
                write!(f, "submit job {} to cluster {}", submit.job, submit.incarnation)
            }
            Effect::Savepoint(savepoint) => {
                let how = match savepoint.stop {
                    None => return write!(f, "take a savepoint of job {}", savepoint.job),
                    Some(SavepointStop::Stop) => "stop",
                    Some(SavepointStop::Cancel) => "cancel",
                };
                write!(f, "{how} job {} with a savepoint", savepoint.job)
            }
            Effect::Cancel { job, .. } => write!(f, "cancel job {job}"),
            Effect::DeletePod { pod } => write!(f, "delete pod {pod}"),
            Effect::RemoveCluster { incarnation } => write!(f, "remove cluster {incarnation}"),
            Effect::RemoveRevision(obsolete) => {
                write!(f, "remove revision {}", obsolete.incarnation)
            }
            Effect::RemoveFinalizer => f.write_str("remove the finalizer"),
        }
    }
}

impl fmt::Display for PlannedOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PlannedOrigin::Empty => f.write_str("nothing"),
            PlannedOrigin::Given(path) => write!(f, "{path}, as named"),
            PlannedOrigin::Savepoint(job) => write!(f, "the savepoint taken of job {job}"),
            PlannedOrigin::Restored(point) => write!(f, "{}", point.path),
        }
    }
}

impl fmt::Display for PlannedAct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PlannedAct::Do(effect) => write!(f, "{effect}"),
            PlannedAct::Start(PlannedStart { incarnation, from, .. }) => {
                write!(f, "the job in cluster {incarnation} starts from {from}")
            }
            PlannedAct::DowntimeBegins => f.write_str("downtime begins"),
            PlannedAct::WaitFor(what) => write!(f, "wait for {what}"),
            PlannedAct::DowntimeEnds => f.write_str("downtime ends"),
        }
    }
}

/// A line for the phase, then one for each act.
impl fmt::Display for PlannedStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.phase)?;
        self.acts.iter().try_for_each(|act| writeln!(f, "  {act}"))
    }
}

impl fmt::Display for PlanEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (how, verdict) = match self {
            PlanEnd::Rests(verdict) => ("at rest", verdict),
            PlanEnd::Stalled(verdict) => ("stalled", verdict),
            PlanEnd::Waits(verdict) => ("waiting", verdict),
            PlanEnd::Gone => return f.write_str("the application is gone"),
            PlanEnd::Limit => return f.write_str("there are more steps"),
        };
        let Verdict { reason, message, waiting } = verdict;
        write!(f, "{how}: {}: {message}", reason.as_str())?;
        match waiting.as_ref().map(Waiting::unblocked_by).as_deref() {
            None | Some("") => Ok(()),
            Some(cure) => write!(f, " (cure: {cure})"),
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            write!(f, "{step}")?;
        }
        writeln!(f, "{}", self.end)
    }
}
