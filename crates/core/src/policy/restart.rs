//! The deployed version's job on its way back onto its own cluster, after a deploy that failed or
//! after the job was lost: once nothing of it can still run, again and again until it runs.

use crate::context::Context;
use crate::cure::Cure;
use crate::decision::Effect;
use crate::ids::{Ids, JobId};
use crate::observation::{FactRequest, Observation};
use crate::policy::readiness::{self, Readiness};
use crate::policy::submission::{self, Outcome};
use crate::policy::{aftermath, foreign, leaving, resize, restore_point};
use crate::state::{Aftermath, Failure, LiveJob, Origin, Record, Restart, Submission, Target};
use crate::time::Timestamp;

/// What is waited for while something of an attempt may still run.
const AFTERMATH: &str = "what may still run of the last attempt to be gone";

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// For what it waits, and when else to look again.
    Waiting(String, Vec<Timestamp>),
    /// A live job that is not ours is on the cluster.
    Foreign(JobId),
    /// A job was chosen, under an id from here: persist both.
    Begun(Box<Restart>, Ids),
    /// The memory of it changed: persist it.
    Remember(Box<Restart>),
    /// Every vertex runs, or the job has finished already.
    Up {
        /// Its id.
        job: JobId,
        /// What it started from.
        from: Origin,
    },
    /// An attempt failed.
    Failed {
        /// What is remembered for the next one.
        next: Box<Restart>,
        /// Why.
        failure: Failure,
        /// The job, where its JobManager had named it: it may have come to a state of its own.
        named: Option<LiveJob>,
    },
}

/// The first attempt of a row, or a later one.
pub(crate) fn attempt(number: u32) -> Restart {
    Restart { submission: None, aftermath: None, attempt: number, trouble: None }
}

/// Nothing of it is under way: a newer spec may take its place.
pub(crate) fn at_rest(restart: &Restart) -> bool {
    restart.submission.is_none() && restart.aftermath.is_none()
}

/// Someone has deleted what the version is made from.
pub(crate) fn lacks_its_revision(target: Target, seen: &Observation) -> bool {
    seen.revision(target.revision()) == Some(false)
}

/// What a person can do where the version's revision is gone, so that it cannot be started again: another one
/// starts from the same, so where that may not exist any more it is named first.
pub(crate) fn cures_without_revision(from: &Origin) -> Vec<Cure> {
    if restore_point::from_memory_only(from) {
        return restore_point::cures(from);
    }
    vec![Cure::NewSpec]
}

/// The same in a sentence.
pub(crate) fn without_revision(target: Target) -> String {
    let Target { hash, .. } = target;
    format!("version {hash} cannot be started again: its revision {} is gone", target.revision())
}

pub(crate) fn needs(
    cx: &Context<'_>,
    target: Target,
    restart: &Restart,
    seen: &Observation,
    ask: &mut FactRequest,
) {
    ask.revisions.insert(target.revision());
    match (&restart.aftermath, &restart.submission) {
        (Some(left), _) => aftermath::needs(cx, left, target.incarnation, seen, ask),
        (None, Some(submission)) => submission::needs(target, submission, seen, ask),
        (None, None) => readiness::needs(target, seen, ask),
    }
}

/// What is waited for as soon as this is written. `up`: once a job is on its way.
pub(crate) fn awaited(restart: &Restart, up: &'static str) -> &'static str {
    match (&restart.aftermath, &restart.submission) {
        (Some(_), _) => AFTERMATH,
        (None, Some(_)) => up,
        (None, None) => "the cluster to be ready for the job",
    }
}

/// Goes on with it; `from` is what the next attempt starts from.
pub(crate) fn follow(
    cx: &Context<'_>,
    record: &Record,
    target: Target,
    from: &Origin,
    restart: &Restart,
    seen: &Observation,
) -> Progress {
    if let Some(before) = &restart.aftermath {
        let left = aftermath::left(cx, before, target.incarnation, seen);
        if left.as_ref() == Some(before) {
            let what = AFTERMATH.to_owned();
            let until = match before {
                Aftermath::Job { until, .. } => vec![*until],
                Aftermath::JobManager(_) | Aftermath::TaskManagers(_) => Vec::new(),
            };
            return Progress::Waiting(what, until);
        }
        return Progress::Remember(Box::new(Restart { aftermath: left, ..restart.clone() }));
    }
    match &restart.submission {
        Some(submission) => sent(cx, target, restart, submission, seen),
        None => begin(cx, record, target, from, restart, seen),
    }
}

fn begin(
    cx: &Context<'_>,
    record: &Record,
    target: Target,
    from: &Origin,
    restart: &Restart,
    seen: &Observation,
) -> Progress {
    let waiting = |what: String| Progress::Waiting(what, Vec::new());
    if leaving::may_run(record) {
        return waiting("a cluster that may still run a job to be gone".to_owned());
    }
    match readiness::of(target, seen) {
        Readiness::Waiting(_) => waiting(readiness::awaited(target)),
        Readiness::TooOld(_) => waiting("a Flink that can be driven".to_owned()),
        // What may still run of the job before shows by the slots alone, and they are not all free:
        // so this one is not adopted.
        Readiness::Foreign(job) if foreign::is_cancelled(cx, job) => {
            waiting(foreign::cancelled(job))
        }
        Readiness::Foreign(job) => Progress::Foreign(job),
        Readiness::Ready(_) if !resize::fits(target, seen) => waiting(readiness::awaited(target)),
        Readiness::Ready(process) => {
            let mut ids = record.ids;
            let submission =
                submission::begin(cx, &mut ids, process, from.clone(), restart.attempt);
            let begun = Restart { submission: Some(submission), ..restart.clone() };
            Progress::Begun(Box::new(begun), ids)
        }
    }
}

fn sent(
    cx: &Context<'_>,
    target: Target,
    restart: &Restart,
    submission: &Submission,
    seen: &Observation,
) -> Progress {
    match submission::follow(cx, target, submission, seen) {
        Outcome::Waiting(what, until) => {
            Progress::Waiting(what, vec![until, submission.not_before])
        }
        Outcome::Remember(submission) => {
            let restart = Restart { submission: Some(submission), ..restart.clone() };
            Progress::Remember(Box::new(restart))
        }
        Outcome::Up { .. } => {
            let Submission { job, from, .. } = submission.clone();
            Progress::Up { job, from }
        }
        // The next attempt comes once nothing of this one can run any more.
        Outcome::Failed { failure, over, .. } => {
            let next = Box::new(Restart {
                submission: None,
                aftermath: (!over).then_some(Aftermath::JobManager(submission.process)),
                attempt: submission.attempt + 1,
                trouble: Some(failure.clone()),
            });
            let Submission { job: id, from, .. } = submission.clone();
            let named = submission.start_deadline.map(|_| LiveJob { id, from, learnt: None });
            Progress::Failed { next, failure, named }
        }
    }
}

/// The Service, and whatever the attempt asks for.
pub(crate) fn effects(
    cx: &Context<'_>,
    target: Target,
    restart: &Restart,
    seen: &Observation,
) -> Vec<Effect> {
    let mut effects = Vec::new();
    effects.extend(readiness::point_service(target, seen));
    if let Some(left) = &restart.aftermath {
        effects.extend(aftermath::effects(cx, left, target.incarnation, seen));
    } else if let Some(submission) = &restart.submission {
        effects.extend(submission::effect(cx, target, submission, seen));
    } else {
        effects.extend(resize::fit(target, seen));
        effects.extend(foreign::effect(cx, target, seen));
    }
    effects
}
