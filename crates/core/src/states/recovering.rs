//! Recovering: the deployed version's job is lost, or cannot be stopped with a savepoint. First its
//! newest state is looked for; then a deploy goes on from it, or its own job is started from it
//! again. Where the newest state cannot be proven, nothing is started before a person says so.

mod find;
mod scene;
mod start;

use scene::Scene;

use crate::context::Context;
use crate::cure::Cure;
use crate::decision::Effect;
use crate::ids::Process;
use crate::observation::{FactRequest, Observation};
use crate::policy::{cancel, change, restart};
use crate::reason::Reason;
use crate::state::{
    DeployFailed, Failure, Find, LiveJob, Phase, Purpose, Recovering, RecoveringStep, State,
    Target, Version, Work,
};
use crate::states::{Next, dual_running};

/// The deployed version's job is lost: it is to run again. `failed`: the deploy that failed before.
pub(crate) fn begin(
    cx: &Context<'_>,
    state: &State,
    job: &LiveJob,
    why: Failure,
    failed: Option<DeployFailed>,
) -> Next {
    begin_after(cx, state, job, why, failed, None)
}

/// The same where another submission may still be on its way to the process `sent`.
pub(crate) fn begin_after(
    cx: &Context<'_>,
    state: &State,
    job: &LiveJob,
    why: Failure,
    failed: Option<DeployFailed>,
    sent: Option<Process>,
) -> Next {
    let find = Find { cancel: false, sent };
    let message = format!("job {} is lost: {why}", job.id);
    let phase = Phase::Recovering(Recovering {
        purpose: Purpose::Restart(failed),
        job: job.id,
        why,
        step: RecoveringStep::Find(find),
        deadline: cx.now + cx.desired.timeouts.recovery,
    });
    let mut record = state.record.clone();
    // One recovery soon after another counts on; one of a job that stayed begins anew.
    record.recovered = record.recovered.filter(|r| cx.now < r.at + cx.desired.confirm_after);
    Next::new(record, phase, Reason::Recovering, message)
}

pub(crate) fn needs(
    cx: &Context<'_>,
    state: &State,
    phase: &Recovering,
    seen: &Observation,
) -> FactRequest {
    let mut ask = FactRequest { objects: true, ..FactRequest::default() };
    let Some(deployed) = &state.record.deployed else { return ask };
    let open_to_edits = match &phase.step {
        RecoveringStep::Find(find) => {
            find::about(deployed, phase, seen, &mut ask);
            !find.cancel && !find::may_come(*find, deployed, seen)
        }
        RecoveringStep::Start(restart) => {
            restart::needs(cx, deployed.target, restart, seen, &mut ask);
            restart::at_rest(restart)
        }
    };
    if open_to_edits && !is_the_failed_one(cx, phase) {
        change::needs(cx, &state.record, base(phase, deployed), &mut ask);
    }
    ask
}

/// What an edit is compared with.
fn base(phase: &Recovering, deployed: &Version) -> Target {
    match &phase.purpose {
        Purpose::Deploy(target) => *target,
        Purpose::Restart(_) => deployed.target,
    }
}

/// The desired spec is the one whose deploy failed before: it is not tried again by itself.
fn is_the_failed_one(cx: &Context<'_>, phase: &Recovering) -> bool {
    match &phase.purpose {
        Purpose::Deploy(_) | Purpose::Restart(None) => false,
        Purpose::Restart(Some(before)) => before.failed.digest == cx.desired.digest,
    }
}

pub(crate) fn step(
    cx: &Context<'_>,
    state: &State,
    phase: &Recovering,
    seen: &Observation,
) -> Next {
    let Some(deployed) = &state.record.deployed else {
        let message = "status.machine says Recovering without a deployed version";
        return Next::stay(state, Reason::Unreadable, message)
            .cured_by([Cure::StatusDeleted, Cure::Upgrade]);
    };
    let scene = Scene { cx, state, phase, deployed, seen };
    if let Some(before) = state.record.beside()
        && dual_running::named(cx, deployed, before) == Some(deployed.target.incarnation)
    {
        return scene.torn_down();
    }
    match (&phase.step, &deployed.work) {
        (RecoveringStep::Find(find), Work::Live(job)) => scene.find(*find, job),
        (RecoveringStep::Start(restart), Work::Stopped(from)) => scene.start(restart, from),
        (RecoveringStep::Find(_), work @ (Work::Stopped(_) | Work::Finished))
        | (RecoveringStep::Start(_), work @ (Work::Live(_) | Work::Finished)) => {
            scene.settled(work.clone())
        }
    }
}

pub(crate) fn effects(
    cx: &Context<'_>,
    state: &State,
    phase: &Recovering,
    seen: &Observation,
) -> Vec<Effect> {
    let Some(deployed) = &state.record.deployed else { return Vec::new() };
    match &phase.step {
        RecoveringStep::Start(restart) => restart::effects(cx, deployed.target, restart, seen),
        RecoveringStep::Find(find) => {
            let due = find.cancel && cx.now < phase.deadline;
            let incarnation = Some(deployed.target.incarnation).filter(|_| due);
            let cancel = incarnation.and_then(|cluster| cancel::effect(cluster, phase.job, seen));
            cancel.into_iter().collect()
        }
    }
}
