//! What is under way, whichever phase holds it: a version, a job, a savepoint.

use crate::ids::{DeployHash, Incarnation};
use crate::state::{DeletingStep, Phase, Purpose, RecoveringStep, State, Stop, Submission, Target};

impl State {
    /// The version that is being deployed, if there is one.
    #[must_use]
    pub fn target(&self) -> Option<Target> {
        match &self.phase {
            Phase::Updating(phase) => Some(phase.target),
            Phase::Rescaling(phase) => Some(phase.target),
            Phase::ClusterStarting(phase) => Some(phase.target),
            Phase::Savepointing(phase) => Some(phase.target),
            Phase::Cancelling(phase) => Some(phase.target),
            Phase::SubmittingJob(phase) => Some(phase.target),
            Phase::Recovering(phase) => match &phase.purpose {
                Purpose::Deploy(target) => Some(*target),
                Purpose::Restart(_) => None,
            },
            Phase::New(_)
            | Phase::Left(_)
            | Phase::Running(_)
            | Phase::DualRunning(_)
            | Phase::RollingBackJob(_)
            | Phase::DeployFailed(_)
            | Phase::Deleting(_)
            | Phase::Unreadable(_) => None,
        }
    }

    /// The version whose deploy was given up last, while that is remembered.
    #[must_use]
    pub fn failed(&self) -> Option<Target> {
        match &self.phase {
            Phase::RollingBackJob(phase) => Some(phase.failed),
            Phase::DeployFailed(phase) => Some(phase.failed),
            Phase::Recovering(phase) => match &phase.purpose {
                Purpose::Deploy(_) => None,
                Purpose::Restart(failed) => failed.as_ref().map(|before| before.failed),
            },
            Phase::New(_)
            | Phase::Left(_)
            | Phase::Updating(_)
            | Phase::Rescaling(_)
            | Phase::ClusterStarting(_)
            | Phase::Savepointing(_)
            | Phase::Cancelling(_)
            | Phase::SubmittingJob(_)
            | Phase::Running(_)
            | Phase::DualRunning(_)
            | Phase::Deleting(_)
            | Phase::Unreadable(_) => None,
        }
    }

    /// The hash of the version that the revision of a number is of, as far as the state speaks of it.
    #[must_use]
    pub fn hash_of(&self, revision: Incarnation) -> Option<DeployHash> {
        // Of a cluster that comes up again under another number: the same version.
        let revived = match (&self.phase, &self.record.deployed) {
            (Phase::RollingBackJob(phase), Some(deployed)) => {
                phase.revived.map(|of| (of, deployed.target.hash))
            }
            _ => None,
        };
        let record = &self.record;
        let versions = [&record.deployed, &record.previous].into_iter().flatten().map(|v| v.target);
        let targets = versions.chain(self.target()).chain(self.failed());
        let targets = targets.chain(record.adopted.iter().copied());
        let known = targets.map(|target| (target.revision(), target.hash));
        let leaving = record.leaving.iter().map(|l| (l.incarnation, l.hash));
        let obsolete = record.obsolete.iter().map(|o| (o.incarnation, o.hash));
        let left = if let Phase::Left(left) = &self.phase { Some(left) } else { None };
        let left = left.into_iter().flat_map(|left| left.deployed.into_iter().chain(left.beside));
        let left = left.filter_map(|version| Some((version.cluster?, version.hash)));
        let mut all = known.chain(leaving).chain(obsolete).chain(revived).chain(left);
        all.find(|(of, _)| *of == revision).map(|(_, hash)| hash)
    }

    /// The submission that is open, if there is one.
    #[must_use]
    pub fn submission(&self) -> Option<&Submission> {
        match &self.phase {
            Phase::SubmittingJob(phase) => Some(&phase.submission),
            Phase::RollingBackJob(phase) => phase.restart.submission.as_ref(),
            Phase::Recovering(phase) => match &phase.step {
                RecoveringStep::Start(restart) => restart.submission.as_ref(),
                RecoveringStep::Find(_) => None,
            },
            Phase::New(_)
            | Phase::Left(_)
            | Phase::Updating(_)
            | Phase::Rescaling(_)
            | Phase::ClusterStarting(_)
            | Phase::Savepointing(_)
            | Phase::Cancelling(_)
            | Phase::Running(_)
            | Phase::DualRunning(_)
            | Phase::DeployFailed(_)
            | Phase::Deleting(_)
            | Phase::Unreadable(_) => None,
        }
    }

    /// The savepoint that is being taken, if there is one.
    #[must_use]
    pub fn stop(&self) -> Option<&Stop> {
        match &self.phase {
            Phase::Savepointing(phase) => Some(&phase.stop),
            Phase::DualRunning(phase) => phase.teardown.as_ref()?.stop.as_ref(),
            Phase::Deleting(phase) => match &phase.step {
                DeletingStep::Stop(stop) => Some(stop),
                DeletingStep::Look
                | DeletingStep::Cancel(_)
                | DeletingStep::RemoveClusters { .. }
                | DeletingStep::Finalize => None,
            },
            Phase::New(_)
            | Phase::Left(_)
            | Phase::Updating(_)
            | Phase::Rescaling(_)
            | Phase::ClusterStarting(_)
            | Phase::SubmittingJob(_)
            | Phase::Cancelling(_)
            | Phase::Recovering(_)
            | Phase::Running(_)
            | Phase::RollingBackJob(_)
            | Phase::DeployFailed(_)
            | Phase::Unreadable(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::restart;
    use crate::state::RollingBackJob;
    use crate::{
        Baseline, Deleting, Digest, DualRunning, Failure, FailureKind, Find, JobId, Leaving, Mode,
        Obsolete, Origin, Process, Purpose, Recovering, Restart, Savepointing, SubmittingJob,
        TearDown, Timestamp, TriggerId, Uid, Version, Work,
    };

    fn of(n: u32) -> Target {
        Target {
            hash: DeployHash(10 * n),
            incarnation: Incarnation(n),
            generation: 1,
            digest: Digest(1),
            parallelism: 1,
            taskmanagers: 1,
            mode: Mode::Single,
            colour: None,
            scaled: None,
        }
    }

    #[test]
    fn the_savepoint_that_is_being_taken_is_that_of_the_phase() {
        let stop = Stop {
            job: JobId(1),
            trigger: TriggerId(2),
            process: Process { pod: Uid(3), restarts: 0 },
            baseline: Baseline { checkpoint: 0, restored: 0 },
            attempt: 1,
            not_before: Timestamp(0),
            cancel: false,
        };
        let deadline = Timestamp(1);
        let deleting = |step| Phase::Deleting(Deleting { step, deadline });
        let tears_down = |stop| {
            let teardown = Some(TearDown { incarnation: Incarnation(1), stop, deadline });
            Phase::DualRunning(DualRunning { confirming: None, teardown })
        };
        let savepointing = Savepointing { target: of(1), stop: stop.clone(), deadline };
        let of_phase = |phase| State { phase, ..State::new(Timestamp(0)) }.stop().cloned();
        for phase in [
            Phase::Savepointing(savepointing),
            deleting(DeletingStep::Stop(stop.clone())),
            tears_down(Some(stop.clone())),
        ] {
            assert_eq!(of_phase(phase), Some(stop.clone()));
        }
        for phase in [deleting(DeletingStep::Look), tears_down(None)] {
            assert_eq!(of_phase(phase), None);
        }
    }

    #[test]
    fn the_submission_that_is_open_is_that_of_the_phase() {
        let submission = Submission {
            job: JobId(1),
            process: Process { pod: Uid(3), restarts: 0 },
            from: Origin::Empty,
            attempt: 1,
            not_before: Timestamp(0),
            deadline: Timestamp(1),
            start_deadline: None,
        };
        let failure = || Failure { kind: FailureKind::JobFailed, message: String::new() };
        let sent = || Restart { submission: Some(submission.clone()), ..restart::attempt(1) };
        let recovering = |step: RecoveringStep| {
            let (purpose, deadline) = (Purpose::Restart(None), Timestamp(1));
            Phase::Recovering(Recovering { purpose, job: JobId(2), why: failure(), step, deadline })
        };
        let of_phase = |phase| State { phase, ..State::new(Timestamp(0)) }.submission().cloned();
        for phase in [
            Phase::SubmittingJob(SubmittingJob { target: of(1), submission: submission.clone() }),
            recovering(RecoveringStep::Start(Box::new(sent()))),
            Phase::RollingBackJob(RollingBackJob {
                failed: of(5),
                failure: failure(),
                revived: None,
                restart: sent(),
            }),
        ] {
            assert_eq!(of_phase(phase), Some(submission.clone()));
        }
        let find = RecoveringStep::Find(Find { cancel: false, sent: None });
        for step in [find, RecoveringStep::Start(Box::new(restart::attempt(1)))] {
            assert_eq!(of_phase(recovering(step)), None);
        }
    }

    #[test]
    fn every_revision_that_the_state_speaks_of_has_a_hash() {
        let version = |n| Some(Version { target: of(n), removed: false, work: Work::Finished });
        let mut state = State::new(Timestamp(0));
        state.record.deployed = version(1);
        state.record.previous = version(2);
        let Target { incarnation, hash, .. } = of(3);
        state.record.leaving = vec![Leaving { incarnation, hash, may_run: false }];
        let Target { incarnation, hash, .. } = of(4);
        state.record.obsolete = vec![Obsolete { incarnation, hash }];
        state.phase = Phase::RollingBackJob(RollingBackJob {
            failed: of(5),
            failure: Failure { kind: FailureKind::JobFailed, message: String::new() },
            revived: Some(Incarnation(6)),
            restart: restart::attempt(1),
        });
        let hash_of = |n| state.hash_of(Incarnation(n)).map(|hash| hash.0);
        let all = [1, 2, 3, 4, 5, 6, 7].map(hash_of);
        // The sixth is the deployed version's under its number of before.
        assert_eq!(all, [Some(10), Some(20), Some(30), Some(40), Some(50), Some(10), None]);
    }
}
