//! A live job that is not the operator's on the cluster that is to take one. Nothing is submitted beside
//! it, and what becomes of it is the user's choice (`spec.foreignJob`): it is cancelled, or it becomes the
//! application's own.

use crate::context::Context;
use crate::cure::Cure;
use crate::decision::Effect;
use crate::desired::{ForeignJob, ForeignJobAction};
use crate::ids::JobId;
use crate::observation::{Fact, FactRequest, Flink, Observation};
use crate::policy::cancel;
use crate::policy::readiness::{self, Readiness};
use crate::state::{Origin, Submission, Target};

/// What the user can always do about it.
pub(crate) fn cures(job: JobId) -> Vec<Cure> {
    vec![Cure::CancelJob(job), Cure::EndJob(job)]
}

/// What becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The user did not say.
    Undecided,
    /// It is cancelled.
    Cancelled,
    /// It is taken over as soon as Flink says what it started from.
    Asked,
    /// It is the application's own now: followed like one that was submitted.
    Adopted(Submission),
}

/// Whether the user wants it cancelled.
pub(crate) fn is_cancelled(cx: &Context<'_>, id: JobId) -> bool {
    cx.desired.foreign_job == Some(ForeignJob { id, action: ForeignJobAction::Cancel })
}

/// What is waited for where it is cancelled.
pub(crate) fn cancelled(job: JobId) -> String {
    format!("job {job}, which is not the operator's, to be cancelled as foreignJob says")
}

/// What is waited for while it is in the way of a submission.
pub(crate) fn in_the_way(job: JobId) -> String {
    format!("job {job}, which is not the operator's, to end: foreignJob can cancel it")
}

/// What is waited for before it is adopted.
pub(crate) fn asked(job: JobId) -> String {
    format!("what job {job} started from: foreignJob says to adopt it")
}

/// It is the application's now.
pub(crate) fn told(Submission { job, from, .. }: &Submission) -> String {
    let from = from.path().unwrap_or("nothing");
    format!("Adopted job {job}, as foreignJob says; it started from {from}")
}

/// What an adopted job started from: asked of the process that is asked about its jobs anyway.
pub(crate) fn needs(cx: &Context<'_>, target: Target, seen: &Observation, ask: &mut FactRequest) {
    let Readiness::Foreign(job) = readiness::of(target, seen) else { return };
    let adopt = ForeignJob { id: job, action: ForeignJobAction::Adopt };
    if cx.desired.foreign_job != Some(adopt) {
        return;
    }
    let of = ask.flink.iter_mut().find(|f| f.incarnation == target.incarnation);
    of.into_iter().for_each(|request| request.statistics = Some(job));
}

/// What becomes of `job`, which runs on the target's cluster.
pub(crate) fn fate(cx: &Context<'_>, target: Target, job: JobId, seen: &Observation) -> Fate {
    let wish = cx.desired.foreign_job.filter(|wish| wish.id == job);
    match wish.map(|wish| wish.action) {
        None => Fate::Undecided,
        Some(ForeignJobAction::Cancel) => Fate::Cancelled,
        Some(ForeignJobAction::Adopt) => {
            adopted(cx, target, job, seen).map_or(Fate::Asked, Fate::Adopted)
        }
    }
}

fn adopted(cx: &Context<'_>, target: Target, job: JobId, seen: &Observation) -> Option<Submission> {
    let process = seen.cluster(target.incarnation)?.jobmanager_process(None)?;
    let flink = seen.flink.get(&target.incarnation).filter(|f| f.process == Some(process))?;
    let statistics = flink.statistics.known()?.as_ref()?;
    let from = statistics.restored_from.as_ref().and_then(|point| point.path.clone());
    Some(Submission {
        job,
        process,
        from: from.map_or(Origin::Empty, Origin::Given),
        attempt: 1,
        not_before: cx.now,
        // It is there: whatever becomes of it, it is never sent.
        deadline: cx.now,
        start_deadline: Some(cx.now + cx.desired.timeouts.job_start),
    })
}

/// The cancellation that the user wants of the job on the target's cluster.
pub(crate) fn effect(cx: &Context<'_>, target: Target, seen: &Observation) -> Option<Effect> {
    let Readiness::Foreign(job) = readiness::of(target, seen) else { return None };
    cancel(cx, target, job, seen)
}

/// The cancellation of a job that is not ours, if the user wants it: not before it is known whether an
/// edit leads elsewhere.
pub(crate) fn cancel(
    cx: &Context<'_>,
    target: Target,
    id: JobId,
    seen: &Observation,
) -> Option<Effect> {
    match seen.change {
        Fact::Unknown { .. } => None,
        Fact::Unasked | Fact::Known(_) if !is_cancelled(cx, id) => None,
        Fact::Unasked | Fact::Known(_) => cancel::effect(target.incarnation, id, seen),
    }
}

/// A live job beside the one that is on its way.
pub(crate) fn beside(own: JobId, flink: &Flink) -> Option<JobId> {
    let jobs = flink.jobs.known()?;
    jobs.iter().find(|job| !job.state.over() && job.id != own).map(|job| job.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::fixture::{
        self, JOB, NOW, about, cluster, desired, jobs, seen, target, unknown,
    };
    use crate::{Change, ChangeClass, Checkpoint, CheckpointKind, Config, Desired, FlinkRequest};
    use crate::{Incarnation, JobState, Statistics, Timestamp};

    const OTHER: JobId = JobId(0xbad);

    fn with<R>(action: ForeignJobAction, id: JobId, check: impl FnOnce(&Context<'_>) -> R) -> R {
        let desired = Desired { foreign_job: Some(ForeignJob { id, action }), ..desired() };
        let config = Config::default();
        check(&Context { config: &config, desired: &desired, now: NOW, resumed: false })
    }

    fn flink(job: JobId) -> Flink {
        let jobs = jobs(&[(job, JobState::Running)]);
        Flink { cluster: Fact::Known(about()), jobs, ..Flink::default() }
    }

    #[test]
    fn only_the_job_that_is_named_is_cancelled_and_only_once_an_edit_is_known() {
        use ForeignJobAction::{Adopt, Cancel};
        let known = Fact::Known(Change { class: ChangeClass::None, fields: Vec::new() });
        let rows = [
            (Cancel, OTHER, Fact::Unasked, true),
            (Cancel, OTHER, known.clone(), true),
            (Cancel, OTHER, unknown(600), false),
            (Cancel, JobId(0xbed), known.clone(), false),
            (Adopt, OTHER, known, false),
        ];
        for (action, id, change, expected) in rows {
            let context = format!("{action:?} {id} {change:?}");
            let seen = Observation { change, ..seen(vec![cluster()], flink(OTHER)) };
            let effects = with(action, id, |cx| {
                [effect(cx, target(), &seen), cancel(cx, target(), OTHER, &seen)]
            });
            assert_eq!(effects.map(|effect| effect.is_some()), [expected; 2], "{context}");
        }
    }

    #[test]
    fn the_job_on_its_way_and_one_that_has_ended_are_not_in_its_way() {
        let check = |jobs: &[(JobId, JobState)]| {
            beside(JOB, &Flink { jobs: fixture::jobs(jobs), ..Flink::default() })
        };
        assert_eq!(check(&[(JOB, JobState::Running), (OTHER, JobState::Failed)]), None);
        assert_eq!(check(&[(JOB, JobState::Running), (OTHER, JobState::Suspended)]), Some(OTHER));
    }

    #[test]
    fn the_user_is_told_which_job_was_adopted_and_what_it_started_from() {
        let told_of = |from| {
            told(&Submission {
                job: OTHER,
                process: fixture::PROCESS,
                from,
                attempt: 1,
                not_before: NOW,
                deadline: NOW,
                start_deadline: None,
            })
        };
        let given = told_of(Origin::Given("s3://sp/1".to_owned()));
        assert!(given.contains(&OTHER.to_string()) && given.ends_with("s3://sp/1"), "{given}");
        let empty = told_of(Origin::Empty);
        assert!(empty.contains(&OTHER.to_string()) && empty.ends_with("nothing"), "{empty}");
    }

    #[test]
    fn what_it_started_from_is_asked_only_of_the_job_that_is_to_be_adopted() {
        use ForeignJobAction::{Adopt, Cancel};
        let seen = seen(vec![cluster()], flink(OTHER));
        let rows =
            [(Adopt, OTHER, Some(OTHER)), (Cancel, OTHER, None), (Adopt, JobId(0xbed), None)];
        for (action, id, expected) in rows {
            let mut ask = FactRequest::default();
            let [mine, others] = [1, 2].map(|n| FlinkRequest::to(Incarnation(n), fixture::PROCESS));
            ask.flink = vec![others, mine];
            with(action, id, |cx| needs(cx, target(), &seen, &mut ask));
            let statistics: Vec<_> = ask.flink.iter().map(|f| f.statistics).collect();
            assert_eq!(statistics, [None, expected], "{action:?} {id}");
        }
    }

    #[test]
    fn an_adopted_job_began_where_flink_says_and_is_never_sent() {
        let check = |statistics| {
            let flink = Flink { statistics, ..flink(OTHER) };
            let seen = seen(vec![cluster()], flink);
            with(ForeignJobAction::Adopt, OTHER, |cx| fate(cx, target(), OTHER, &seen))
        };
        let path = Some("s3://sp/1".to_owned());
        let (kind, taken) = (CheckpointKind::Savepoint, Timestamp(0));
        let point = Checkpoint { id: 1, kind, path, discarded: false, taken };
        let restored = Statistics { restored_from: Some(point), ..Statistics::default() };
        for (statistics, from) in [
            (restored, Origin::Given("s3://sp/1".to_owned())),
            (Statistics::default(), Origin::Empty),
        ] {
            let Fate::Adopted(adopted) = check(Fact::Known(Some(statistics))) else {
                panic!("it is adopted");
            };
            assert_eq!((adopted.job, adopted.from, adopted.attempt), (OTHER, from, 1));
            assert!(adopted.deadline <= NOW && adopted.start_deadline > Some(NOW));
        }
        for silent in [Fact::Unasked, Fact::Known(None), unknown(600)] {
            assert_eq!(check(silent.clone()), Fate::Asked, "{silent:?}");
        }
    }
}
