//! Taking over from a process that was not there when a deadline passed: what is waited for gets its
//! time anew, so that an operator that was down for an hour gives nothing up. What came up, or ended,
//! in the meantime is a fact like any other, and is acted on at once.

use std::time::Duration;

use crate::context::Context;
use crate::state::{
    Cancelling, ClusterStarting, Confirming, Deleting, DualRunning, Phase, Recovering,
    RecoveringStep, Rescaling, RescalingStep, Restart, RollingBackJob, Running, Savepointing,
    Submission, SubmittingJob, TearDown, Updating,
};
use crate::time::Timestamp;

/// The phase with every deadline that has passed begun anew.
pub(crate) fn phase(cx: &Context<'_>, phase: &Phase) -> Phase {
    let timeouts = cx.desired.timeouts;
    let again = |deadline, whole| anew(cx, deadline, whole);
    match phase.clone() {
        Phase::Updating(of) => {
            Phase::Updating(Updating { deadline: again(of.deadline, timeouts.cluster_start), ..of })
        }
        Phase::ClusterStarting(of) => Phase::ClusterStarting(ClusterStarting {
            deadline: again(of.deadline, timeouts.cluster_start),
            troubled: of.troubled.map(|since| troubled(cx, since)),
            ..of
        }),
        Phase::Savepointing(of) => Phase::Savepointing(Savepointing {
            deadline: again(of.deadline, timeouts.savepoint),
            ..of
        }),
        Phase::Cancelling(of) => {
            Phase::Cancelling(Cancelling { deadline: again(of.deadline, timeouts.savepoint), ..of })
        }
        Phase::SubmittingJob(of) => {
            Phase::SubmittingJob(SubmittingJob { submission: submission(cx, of.submission), ..of })
        }
        Phase::Running(of) => {
            Phase::Running(Running { confirming: of.confirming.map(|of| confirming(cx, of)) })
        }
        Phase::Rescaling(of) => Phase::Rescaling(rescaling(cx, of)),
        Phase::DualRunning(of) => Phase::DualRunning(DualRunning {
            confirming: of.confirming.map(|of| confirming(cx, of)),
            teardown: of
                .teardown
                .map(|of| TearDown { deadline: again(of.deadline, timeouts.savepoint), ..of }),
        }),
        Phase::Recovering(of) => Phase::Recovering(Recovering {
            deadline: again(of.deadline, timeouts.recovery),
            step: match of.step {
                RecoveringStep::Start(of) => RecoveringStep::Start(Box::new(restart(cx, *of))),
                step @ RecoveringStep::Find(_) => step,
            },
            ..of
        }),
        Phase::RollingBackJob(of) => {
            Phase::RollingBackJob(RollingBackJob { restart: restart(cx, of.restart), ..of })
        }
        Phase::Deleting(of) => {
            Phase::Deleting(Deleting { deadline: again(of.deadline, timeouts.delete), ..of })
        }
        rests
        @ (Phase::New(_) | Phase::Left(_) | Phase::DeployFailed(_) | Phase::Unreadable(_)) => rests,
    }
}

fn confirming(cx: &Context<'_>, of: Confirming) -> Confirming {
    Confirming { deadline: anew(cx, of.deadline, cx.desired.timeouts.confirm), ..of }
}

fn rescaling(cx: &Context<'_>, of: Rescaling) -> Rescaling {
    let timeouts = cx.desired.timeouts;
    let (step, whole) = match of.step {
        RescalingStep::Grow { troubled: since } => {
            let troubled = since.map(|since| troubled(cx, since));
            (RescalingStep::Grow { troubled }, timeouts.cluster_start)
        }
        step @ RescalingStep::Return { .. } => (step, timeouts.cluster_start),
        // As long as a savepoint.
        RescalingStep::Adapt => (RescalingStep::Adapt, timeouts.savepoint),
    };
    Rescaling { deadline: anew(cx, of.deadline, whole), step, ..of }
}

fn restart(cx: &Context<'_>, of: Restart) -> Restart {
    Restart { submission: of.submission.map(|of| submission(cx, of)), ..of }
}

/// The deadline that counts: until the JobManager names the job, then until its vertices run.
fn submission(cx: &Context<'_>, of: Submission) -> Submission {
    let timeouts = cx.desired.timeouts;
    match of.start_deadline {
        None => Submission { deadline: anew(cx, of.deadline, timeouts.submit), ..of },
        Some(deadline) => {
            Submission { start_deadline: Some(anew(cx, deadline, timeouts.job_start)), ..of }
        }
    }
}

fn anew(cx: &Context<'_>, deadline: Timestamp, whole: Duration) -> Timestamp {
    if deadline <= cx.now { cx.now + whole } else { deadline }
}

/// Since when pods report trouble: the grace is given from now on.
fn troubled(cx: &Context<'_>, since: Timestamp) -> Timestamp {
    if since + cx.config.pod_trouble_grace <= cx.now { cx.now } else { since }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::fixture::{JOB, NOW, PROCESS, TRIGGER, desired, target};
    use crate::{
        Baseline, Config, DeletingStep, Desired, Failure, FailureKind, Find, Incarnation, Origin,
        Purpose, Stop, Timeouts,
    };

    /// No two of the same length: a deadline that got another's time shows.
    fn timeouts() -> Timeouts {
        let [cluster_start, savepoint, submit, job_start, confirm, recovery, delete] =
            [100, 200, 300, 400, 500, 600, 700].map(Duration::from_secs);
        Timeouts { cluster_start, savepoint, submit, job_start, confirm, recovery, delete }
    }

    fn resumed(before: &Phase) -> Phase {
        let desired = Desired { timeouts: timeouts(), ..desired() };
        let config = Config::default();
        phase(&Context { config: &config, desired: &desired, now: NOW, resumed: true }, before)
    }

    fn stop() -> Stop {
        Stop {
            job: JOB,
            trigger: TRIGGER,
            process: PROCESS,
            baseline: Baseline { checkpoint: 0, restored: 0 },
            attempt: 1,
            not_before: NOW,
            cancel: false,
        }
    }

    /// Not named by its JobManager yet.
    fn sent(deadline: Timestamp) -> Submission {
        Submission {
            job: JOB,
            process: PROCESS,
            from: Origin::Empty,
            attempt: 1,
            not_before: NOW,
            deadline,
            start_deadline: None,
        }
    }

    /// Named by it: how long it had to name it counts no more.
    fn named(deadline: Timestamp) -> Submission {
        Submission { start_deadline: Some(deadline), ..sent(NOW) }
    }

    fn starts_again(submission: Submission) -> Restart {
        Restart { submission: Some(submission), aftermath: None, attempt: 1, trouble: None }
    }

    fn failure() -> Failure {
        Failure { kind: FailureKind::JobFailed, message: String::new() }
    }

    fn submitting(submission: Submission) -> Phase {
        Phase::SubmittingJob(SubmittingJob { target: target(), submission })
    }

    fn rolls_back(submission: Submission) -> Phase {
        Phase::RollingBackJob(RollingBackJob {
            failed: target(),
            failure: failure(),
            revived: None,
            restart: starts_again(submission),
        })
    }

    fn recovers(step: RecoveringStep, deadline: Timestamp) -> Phase {
        let purpose = Purpose::Restart(None);
        Phase::Recovering(Recovering { purpose, job: JOB, why: failure(), step, deadline })
    }

    fn rescales(step: RescalingStep, deadline: Timestamp) -> Phase {
        Phase::Rescaling(Rescaling { target: target(), step, deadline })
    }

    fn confirming(deadline: Timestamp) -> Option<Confirming> {
        Some(Confirming { since: NOW, restarted_at: None, deadline })
    }

    fn cluster_starts(deadline: Timestamp, troubled: Option<Timestamp>) -> Phase {
        let (target, attempt, from) = (target(), 1, None);
        Phase::ClusterStarting(ClusterStarting { target, deadline, troubled, attempt, from })
    }

    fn tears_down(deadline: Timestamp) -> Phase {
        let teardown = TearDown { incarnation: Incarnation(1), stop: None, deadline };
        Phase::DualRunning(DualRunning { confirming: None, teardown: Some(teardown) })
    }

    #[test]
    fn what_is_waited_for_gets_the_time_that_it_has_anew_once_that_has_passed_and_not_before() {
        let of = timeouts();
        let later = Timestamp(NOW.0 + 1);
        let rows: [(Duration, &dyn Fn(Timestamp) -> Phase); 18] = [
            (of.cluster_start, &|deadline| {
                Phase::Updating(Updating { target: target(), deadline })
            }),
            (of.cluster_start, &|deadline| cluster_starts(deadline, None)),
            (of.savepoint, &|deadline| {
                Phase::Savepointing(Savepointing { target: target(), stop: stop(), deadline })
            }),
            (of.savepoint, &|deadline| {
                Phase::Cancelling(Cancelling { target: target(), job: JOB, deadline })
            }),
            (of.submit, &|deadline| submitting(sent(deadline))),
            (of.job_start, &|deadline| submitting(named(deadline))),
            (of.confirm, &|at| Phase::Running(Running { confirming: confirming(at) })),
            (of.cluster_start, &|deadline| {
                rescales(RescalingStep::Grow { troubled: None }, deadline)
            }),
            (of.savepoint, &|deadline| rescales(RescalingStep::Adapt, deadline)),
            (of.cluster_start, &|deadline| {
                rescales(RescalingStep::Return { failure: None }, deadline)
            }),
            (of.confirm, &|at| {
                Phase::DualRunning(DualRunning { confirming: confirming(at), teardown: None })
            }),
            (of.savepoint, &tears_down),
            (of.recovery, &|deadline| {
                let find = Find { cancel: true, sent: None };
                recovers(RecoveringStep::Find(find), deadline)
            }),
            (of.submit, &|deadline| {
                recovers(RecoveringStep::Start(Box::new(starts_again(sent(deadline)))), later)
            }),
            (of.job_start, &|deadline| {
                recovers(RecoveringStep::Start(Box::new(starts_again(named(deadline)))), later)
            }),
            (of.submit, &|deadline| rolls_back(sent(deadline))),
            (of.job_start, &|deadline| rolls_back(named(deadline))),
            (of.delete, &|deadline| {
                Phase::Deleting(Deleting { step: DeletingStep::Look, deadline })
            }),
        ];
        for (whole, made) in rows {
            assert_eq!(resumed(&made(NOW)), made(NOW + whole));
            assert_eq!(resumed(&made(Timestamp(1))), made(NOW + whole));
            assert_eq!(resumed(&made(later)), made(later));
        }
    }

    #[test]
    fn pods_in_trouble_get_their_grace_anew_once_it_has_passed_and_not_before() {
        let deadline = Timestamp(NOW.0 + 1);
        let grace = u64::try_from(Config::default().pod_trouble_grace.as_millis()).expect("short");
        let rows: [&dyn Fn(Option<Timestamp>) -> Phase; 2] =
            [&|troubled| cluster_starts(deadline, troubled), &|troubled| {
                rescales(RescalingStep::Grow { troubled }, deadline)
            }];
        for made in rows {
            let passed = Timestamp(NOW.0 - grace);
            assert_eq!(resumed(&made(Some(passed))), made(Some(NOW)));
            let under_way = Timestamp(passed.0 + 1);
            assert_eq!(resumed(&made(Some(under_way))), made(Some(under_way)));
            assert_eq!(resumed(&made(None)), made(None));
        }
    }
}
