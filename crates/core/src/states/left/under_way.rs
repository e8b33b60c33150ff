//! What the reference operator was in the middle of goes on. Nothing that it has asked of Flink is asked again while
//! that may still come about; what it may have submitted is waited for, or goes with its cluster.

use super::jobs::{Jobs, asked, its_own};
use super::{Scene, is_stored, stalled, target, version, waiting};
use crate::context::Context;
use crate::cure::Cure;
use crate::desired::Mode;
use crate::ids::{Incarnation, JobId, TriggerId};
use crate::observation::{ClusterObjects, FactRequest, Observation};
use crate::policy::never_ran::{self, Unanswered};
use crate::policy::{readiness, restore_point, snapshot, stop};
use crate::reason::Reason;
use crate::state::{
    ClusterStarting, Failure, FailureKind, Left, LeftStep, LeftVersion, LiveJob, Origin, Phase,
    Record, Running, Savepointing, State, Stop, Submission, SubmittingJob, Target, Work,
};
use crate::states::{Next, deploy, recovering, running};
use crate::time::Timestamp;

/// What the deployed job writes; what a submitted one started from.
pub(super) fn needs(
    cx: &Context<'_>,
    state: &State,
    phase: &Left,
    seen: &Observation,
    ask: &mut FactRequest,
) {
    let Some(objects) = seen.objects.known() else { return };
    let (hash, told) = match phase.under_way {
        None | Some(LeftStep::RollingBack { .. }) => return,
        Some(LeftStep::Deleting) if phase.deployed.is_none() => (phase.target, None),
        Some(LeftStep::Deploying | LeftStep::Savepointing(_) | LeftStep::Deleting) => {
            (phase.deployed.map(|left| left.hash), phase.deployed.and_then(|left| left.job))
        }
        Some(LeftStep::Submitting { job, .. }) => (phase.target, job),
    };
    let of = |hash| target(cx, &state.record, objects, hash);
    let Some(cluster) = hash.and_then(of).map(|target| target.incarnation) else { return };
    let Jobs::Known(jobs) = asked(cx, cluster, seen) else { return };
    let Some(job) = its_own(jobs, told) else { return };
    let requests = ask.flink.iter_mut().filter(|request| request.incarnation == cluster);
    requests.for_each(|request| {
        request.cluster = true;
        request.statistics = Some(job);
    });
}

impl Scene<'_> {
    /// A deploy, before its job: it goes on once nothing is being written of the deployed job.
    pub(super) fn deploying(&self, record: Record) -> Result<Next, Box<Next>> {
        self.writes_nothing(&record)?;
        let put_back =
            self.stopped(&record).is_some() && deploy::wants_the_deployed(self.cx, &record);
        let Some(target) = self.target().filter(|_| !put_back) else { return self.anew(record) };
        self.no_job_elsewhere(&record, Some(target.incarnation))?;
        is_stored(self.cx, self.state, target, self.seen)?;
        let deadline = self.cx.now + self.cx.desired.timeouts.cluster_start;
        let starting = ClusterStarting { target, deadline, troubled: None, attempt: 1, from: None };
        let next = State { record, phase: Phase::ClusterStarting(starting) };
        Ok(Next::waiting(&next, readiness::awaited(target), deadline))
    }

    /// A savepoint that does not end the deployed job: followed like one of ours.
    pub(super) fn savepointing(
        &self,
        mut record: Record,
        trigger: TriggerId,
    ) -> Result<Next, Box<Next>> {
        let Scene { cx, state, seen, .. } = *self;
        let (Some((cluster, job)), Some(target)) = (self.running(&record)?, self.target()) else {
            return self.deploying(record);
        };
        self.no_job_elsewhere(&record, Some(target.incarnation))?;
        is_stored(cx, state, target, seen)?;
        let flink = seen.flink.get(&cluster);
        let Some(stop) = flink.and_then(|flink| stop::begin(cx, &mut record.ids, job, flink))
        else {
            return Err(waiting(cx, state, "what the deployed job writes"));
        };
        let stop = Stop { trigger, ..stop };
        let deadline = cx.now + cx.desired.timeouts.savepoint;
        let phase = Phase::Savepointing(Savepointing { target, stop, deadline });
        Ok(Next::waiting(&State { record, phase }, snapshot::AWAITED, deadline))
    }

    /// A deploy whose job is there, or may come.
    pub(super) fn submitting(
        &self,
        record: Record,
        told: Option<JobId>,
        sent: Unanswered,
    ) -> Result<Next, Box<Next>> {
        let Scene { cx, state, seen, .. } = *self;
        self.is_not_scaled(&record)?;
        let Some(target) = self.target() else { return self.anew(record) };
        self.no_job_elsewhere(&record, Some(target.incarnation))?;
        is_stored(cx, state, target, seen)?;
        let jobs = match asked(cx, target.incarnation, seen) {
            Jobs::Known(jobs) => jobs,
            Jobs::Unknown => return Err(waiting(cx, state, "the JobManager to answer")),
            Jobs::Silent => {
                let message = format!(
                    "the JobManager of version {}, to which a job was submitted, does not answer",
                    target.hash
                );
                let reason = Reason::FlinkUnreachable;
                return Err(stalled(cx, state, reason, message, vec![]));
            }
            Jobs::Nobody => &[],
        };
        match its_own(jobs, told) {
            Some(job) => self.came(record, target, job),
            None if jobs.is_empty() => self.never_came(record, target, told, sent),
            None => {
                let message = format!(
                    "which job of version {} is the application's is not known: its status names none of \
                     those that its cluster has",
                    target.hash
                );
                let cures = vec![Cure::ObjectsDeleted];
                Err(stalled(cx, state, Reason::ForeignJob, message, cures))
            }
        }
    }

    /// The job of the deployed version and the one that was submitted are not to be taken for each other.
    pub(super) fn is_not_scaled(&self, record: &Record) -> Result<(), Box<Next>> {
        let Scene { cx, state, objects, .. } = *self;
        let Some(deployed) = &record.deployed else { return Ok(()) };
        let Target { incarnation, hash, .. } = deployed.target;
        let mut clusters = objects.clusters.iter();
        let own = |cluster: &&ClusterObjects| cluster.incarnation == incarnation;
        if clusters.find(own).is_none_or(|cluster| cluster.label == Some(hash)) {
            return Ok(());
        }
        let message = format!(
            "the cluster of version {hash} was scaled in place, and whose job was submitted to it is not known"
        );
        let cures = vec![Cure::ObjectsDeleted];
        Err(stalled(cx, state, Reason::AdoptionHashMismatch, message, cures))
    }

    /// The submitted job is there: followed like one of ours.
    fn came(&self, mut record: Record, target: Target, job: JobId) -> Result<Next, Box<Next>> {
        let Scene { cx, state, seen, .. } = *self;
        let flink = seen.flink.get(&target.incarnation);
        let statistics = flink.and_then(|flink| flink.statistics.known());
        let (Some(statistics), Some(process)) = (statistics, flink.and_then(|f| f.process)) else {
            return Err(waiting(cx, state, "what the submitted job started from"));
        };
        let from = statistics.as_ref().and_then(|s| s.restored_from.as_ref()?.path.clone());
        let from = from.map_or(Origin::Empty, Origin::Given);
        if let Some(deployed) = &mut record.deployed
            && target.mode != Mode::BlueGreen
        {
            if self.runs(deployed.target) {
                let message = format!(
                    "the jobs of two versions run: that of {} was to end before job {job} of {} began",
                    deployed.target.hash, target.hash
                );
                let cures = vec![Cure::EndJob(job)];
                return Err(stalled(cx, state, Reason::ForeignJob, message, cures));
            }
            // What a rollback starts from.
            deployed.work = Work::Stopped(from.clone());
        }
        let start = cx.now + cx.desired.timeouts.job_start;
        let submission = Submission {
            job,
            process,
            from,
            attempt: 1,
            not_before: cx.now,
            // It is there: whatever becomes of it, it is never sent.
            deadline: cx.now,
            start_deadline: Some(start),
        };
        let phase = Phase::SubmittingJob(SubmittingJob { target, submission });
        let next = State { record, phase };
        Ok(Next::waiting(&next, "every vertex of the job to run", start))
    }

    /// No job is there. One that was sent may still come for a while; then it goes with its cluster.
    fn never_came(
        &self,
        record: Record,
        target: Target,
        told: Option<JobId>,
        sent: Unanswered,
    ) -> Result<Next, Box<Next>> {
        let Scene { cx, state, seen, .. } = *self;
        let until = sent.since + cx.desired.timeouts.submit;
        if cx.now < until {
            let next = waiting(cx, state, "the job that may have been submitted");
            return Err(Box::new(next.also_wakes(cx, until)));
        }
        let cluster = seen.cluster(target.incarnation);
        let never_ran = cluster.is_some_and(|cluster| never_ran::proven(sent, cluster, cx.now));
        // What has become of one, and where its newest state lies, nobody can tell any more.
        let may_have_run = told.is_some() || !never_ran;
        // Its state was a copy of what the deployed one goes on with, in mode BlueGreen.
        let beside = target.mode == Mode::BlueGreen
            && record.deployed.as_ref().is_some_and(|deployed| self.runs(deployed.target));
        if may_have_run && !beside && restore_point::allowed_by_the_user(cx, &record).is_none() {
            let message = format!(
                "a job of version {} may have run, and its JobManager does not know it any more",
                target.hash
            );
            let cures = vec![Cure::Restore, Cure::FallbackWithoutState];
            let reason = Reason::RestorePointUnproven;
            return Err(stalled(cx, state, reason, message, cures));
        }
        self.anew(record)
    }

    /// A deletion: the deployed job, or that of a first deploy, is ended like any other, once nothing is being written of it.
    pub(super) fn deleting(&self, mut record: Record) -> Result<Next, Box<Next>> {
        let Scene { cx, state, phase, objects, seen } = *self;
        let of = |hash| target(cx, &state.record, objects, hash);
        let first = phase.target.filter(|_| record.deployed.is_none()).and_then(of);
        if let Some(first) = first.filter(|first| self.runs(*first)) {
            let first = LeftVersion { hash: first.hash, job: None, cluster: None };
            record.deployed = Some(version(cx, state, first, objects, seen, &mut record.ids)?);
        }
        self.writes_nothing(&record)?;
        self.no_job_elsewhere(&record, None)?;
        let phase = running::under_watch(&record, None);
        Ok(Next::new(record, phase, Reason::Deleting, "its deletion goes on"))
    }

    /// The version that was being deployed, where all of it stands.
    fn target(&self) -> Option<Target> {
        let target = target(self.cx, &self.state.record, self.objects, self.phase.target?)?;
        let cluster = self.seen.cluster(target.incarnation)?;
        let mode = match target.mode {
            Mode::BlueGreen => Mode::BlueGreen,
            // The reference operator knows no other order.
            Mode::Dual | Mode::Single => Mode::Dual,
        };
        cluster.complete().then_some(Target { mode, ..target })
    }

    /// Whether a version's job runs, or may.
    pub(super) fn runs(&self, target: Target) -> bool {
        match asked(self.cx, target.incarnation, self.seen) {
            Jobs::Known(jobs) => jobs.iter().any(|job| !job.state.over()),
            Jobs::Unknown | Jobs::Silent => true,
            Jobs::Nobody => false,
        }
    }

    /// The deployed job and its cluster, while it runs.
    fn running(&self, record: &Record) -> Result<Option<(Incarnation, JobId)>, Box<Next>> {
        let Scene { cx, state, seen, .. } = *self;
        let Some(deployed) = &record.deployed else { return Ok(None) };
        let Some(job) = deployed.live() else { return Ok(None) };
        let cluster = deployed.target.incarnation;
        match asked(cx, cluster, seen) {
            Jobs::Nobody => Ok(None),
            Jobs::Unknown => {
                Err(waiting(cx, state, "the JobManager of the deployed version to answer"))
            }
            Jobs::Silent => {
                let message = "the JobManager of the deployed version does not answer".to_owned();
                Err(stalled(cx, state, Reason::FlinkUnreachable, message, vec![]))
            }
            Jobs::Known(jobs) => {
                let runs = jobs.iter().any(|found| found.id == job.id && !found.state.over());
                Ok(runs.then_some((cluster, job.id)))
            }
        }
    }

    /// The deployed job is over, or no savepoint of it is being written any more that it may be cancelled with.
    fn writes_nothing(&self, record: &Record) -> Result<(), Box<Next>> {
        let Scene { cx, state, seen, .. } = *self;
        let Some((cluster, _)) = self.running(record)? else { return Ok(()) };
        let wait = |what: &str| Err(waiting(cx, state, what));
        let flink = seen.flink.get(&cluster);
        let about = flink.and_then(|flink| flink.cluster.known());
        let statistics = flink.and_then(|flink| flink.statistics.known());
        let (Some(about), Some(statistics)) = (about, statistics) else {
            return wait("what the deployed job writes");
        };
        // They can be a copy from before that operator's last word.
        let recent = cx.now >= Timestamp(state.record.ids.epoch) + about.refresh_interval;
        let quiet = statistics.as_ref().is_none_or(|statistics| statistics.in_progress == 0);
        if recent && quiet { Ok(()) } else { wait("what is being written of the deployed job") }
    }

    /// The deployed job, where that operator has ended it for the deploy.
    fn stopped<'r>(&self, record: &'r Record) -> Option<&'r LiveJob> {
        let deployed = record.deployed.as_ref()?;
        deployed.live().filter(|_| !self.runs(deployed.target))
    }

    /// What stands of the deploy goes, with whatever may still come of it, as every cluster that has no place, and
    /// the spec is deployed anew.
    fn anew(&self, record: Record) -> Result<Next, Box<Next>> {
        self.no_job_elsewhere(&record, None)?;
        let stopped = self.stopped(&record).cloned();
        let has_deployed = record.deployed.is_some();
        let next = State { record, phase: self.state.phase.clone() };
        if let Some(job) = stopped {
            let message = "the reference operator had ended it for a deploy".to_owned();
            let why = Failure { kind: FailureKind::GivenUpBefore, message };
            return Ok(recovering::begin(self.cx, &next, &job, why, None));
        }
        let message = "what the reference operator was deploying is deployed anew";
        if has_deployed {
            let phase = Phase::Running(Running { confirming: None });
            return Ok(Next::new(next.record, phase, Reason::Running, message));
        }
        Ok(deploy::begin(self.cx, &next, message.to_owned()))
    }
}
