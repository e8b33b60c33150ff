//! What the reference operator gave up: it is not tried again, and what still runs of it goes. After a rollback the
//! job of the deployed version runs again.

use super::numbering::colour_of;
use super::{Scene, target, waiting};
use crate::context::Context;
use crate::ids::DeployHash;
use crate::policy::leaving;
use crate::state::{DeployFailed, Failure, FailureKind, Left, Record, State, Target, Version};
use crate::states::{Next, deploy, deploy_failed, recovering};
use crate::time::Timestamp;

impl Scene<'_> {
    /// A rollback: the deployed version's job is to run again. That operator may have submitted it already.
    pub(super) fn rolling_back(
        &self,
        mut record: Record,
        since: Timestamp,
    ) -> Result<Next, Box<Next>> {
        let Scene { cx, state, phase, .. } = *self;
        self.is_not_scaled(&record)?;
        let deployed = record.deployed.clone();
        let failed = self.given_up(&mut record);
        let standing = failed.filter(|failed| self.seen.cluster(failed.incarnation).is_some());
        self.no_job_elsewhere(&record, standing.map(|failed| failed.incarnation))?;
        let told = phase.deployed.is_none_or(|left| left.job.is_some());
        let runs = told || deployed.as_ref().is_some_and(|deployed| self.runs(deployed.target));
        let until = since + cx.desired.timeouts.submit;
        if !runs && cx.now < until {
            let next = waiting(cx, state, "the job that may have been submitted");
            return Err(Box::new(next.also_wakes(cx, until)));
        }
        // With its job, which was not to run any more.
        standing.into_iter().for_each(|failed| leaving::send_away(&mut record, failed, true));
        let failed = failed.map(self::failed);
        match (deployed.as_ref().and_then(Version::live), failed) {
            (Some(job), failed) if !runs => {
                let message = "the reference operator was rolling back to its version".to_owned();
                let why = Failure { kind: FailureKind::GivenUpBefore, message };
                let next = State { record, phase: state.phase.clone() };
                let cluster =
                    deployed.as_ref().and_then(|d| self.seen.cluster(d.target.incarnation));
                let sent = cluster.and_then(|cluster| cluster.jobmanager_process(None));
                Ok(recovering::begin_after(cx, &next, job, why, failed, sent))
            }
            (_, Some(failed)) => Ok(deploy_failed::rest(record, failed)),
            (_, None) => self.at_rest(record),
        }
    }

    /// The version whose deploy failed: what stands beside the deployed one, or else what the spec asks for.
    fn given_up(&self, record: &mut Record) -> Option<Target> {
        let Scene { cx, state, objects, .. } = *self;
        let deployed = record.deployed.as_ref().map(|deployed| deployed.target);
        let clusters = objects.clusters.iter();
        let others = clusters.filter(|c| Some(c.incarnation) != deployed.map(|d| d.incarnation));
        let one = match others.collect::<Vec<_>>().as_slice() {
            [one] => one.label.and_then(|hash| target(cx, &state.record, objects, hash)),
            _ => None,
        };
        let put_back = deploy::wants_the_deployed(cx, record);
        one.or_else(|| (!put_back).then(|| numbered(cx, record, None)))
    }
}

/// The version that is not to be tried again: that operator takes it for current as long as the spec asks
/// for it.
pub(super) fn hash(cx: &Context<'_>, phase: &Left) -> Option<DeployHash> {
    phase.failed.filter(|hash| {
        Some(*hash) != phase.deployed.map(|left| left.hash) && colour_of(cx, *hash).is_some()
    })
}

/// A version that no cluster is known to be of: `hash`, or the one that the spec asks for.
pub(super) fn numbered(cx: &Context<'_>, record: &mut Record, hash: Option<DeployHash>) -> Target {
    record.incarnations += 1;
    let target = deploy::target(cx, record);
    Target { hash: hash.unwrap_or(target.hash), ..target }
}

/// A version as it failed.
pub(super) fn failed(failed: Target) -> DeployFailed {
    let message = "the reference operator gave it up".to_owned();
    DeployFailed { failed, failure: Failure { kind: FailureKind::GivenUpBefore, message } }
}
