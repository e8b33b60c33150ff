//! The canonical form of what the machine persists, and of what the operator has in memory.

use flinkk8soperator_core as machine;
use machine::{
    Aftermath, ClusterStarting, Confirming, DeletingStep, DualRunning, Failure, Find, Learnt,
    Phase, Post, Purpose, Recovering, RecoveringStep, Rescaling, RescalingStep, Restart,
    RollingBackJob, State, Stop, Submission, Target, Version, Work,
};

use super::canon::{Canon, pod_of};
use super::left;
use super::node::{Node, Triggered};

/// Attempts count up to here: more than every limit of the exploration.
const MANY: u64 = 4;

/// Every incarnation that a state names. The highest one ever given out is not among them: the
/// next is higher in any case.
pub(super) fn incarnations(state: &State) -> impl Iterator<Item = u32> {
    let record = &state.record;
    let versions = record.deployed.iter().chain(&record.previous).map(|v| v.target);
    let revived =
        if let Phase::RollingBackJob(phase) = &state.phase { phase.revived } else { None };
    let targets = versions.chain(state.target().or(state.failed()));
    let others = record.leaving.iter().map(|l| l.incarnation);
    let others = others.chain(record.obsolete.iter().map(|o| o.incarnation)).chain(revived);
    let others = others.chain(record.adopted.iter().map(|a| a.incarnation));
    let left = if let Phase::Left(left) = &state.phase { Some(left) } else { None };
    let left = left.into_iter().flat_map(|left| left.deployed.into_iter().chain(left.beside));
    let others = others.chain(left.filter_map(|version| version.cluster));
    targets.flat_map(numbers).chain(others.map(|incarnation| incarnation.0))
}

/// Of a version's cluster, and of its revision.
fn numbers(target: Target) -> [u32; 2] {
    [target.incarnation.0, target.revision().0]
}

pub(super) fn state(canon: &mut Canon<'_>, state: &State) {
    let record = &state.record;
    for version in [&record.deployed, &record.previous] {
        canon.flags(&[version.is_some()]);
        if let Some(version) = version {
            self::version(canon, version);
        }
    }
    canon.number(record.leaving.len() as u64);
    for leaving in &record.leaving {
        canon.incarnation(leaving.incarnation.0);
        canon.number(u64::from(leaving.hash.0));
        canon.flags(&[leaving.may_run]);
    }
    canon.number(record.obsolete.len() as u64);
    for obsolete in &record.obsolete {
        canon.incarnation(obsolete.incarnation.0);
    }
    canon.number(record.adopted.len() as u64);
    record.adopted.iter().for_each(|adopted| target(canon, *adopted));
    canon.number(record.bounds.len() as u64);
    for bounds in &record.bounds {
        canon.numbers(&[bounds.lower, bounds.upper].map(u64::from));
    }
    canon.flags(&[record.recovered.is_some(), record.restored.is_some(), record.surplus]);
    // One that has passed holds nothing up.
    canon.maybe_since(canon.to_come(record.dwells_until));
    if let Some(recovered) = record.recovered {
        canon.number(u64::from(recovered.attempt).min(MANY));
        canon.since(recovered.at.0);
    }
    canon.number(record.settled.map_or(0, |d| d.0 + 1));
    canon.number(record.forced.map_or(0, |g| g.unsigned_abs() + 1));
    if let Phase::Left(phase) = &state.phase {
        left::canon(canon, record, phase);
    }
    phase(canon, &state.phase);
}

fn version(canon: &mut Canon<'_>, version: &Version) {
    target(canon, version.target);
    canon.flags(&[version.removed]);
    match &version.work {
        Work::Live(job) => {
            canon.number(1);
            canon.job(job.id.0);
            origin(canon, &job.from);
            learnt(canon, job.learnt.as_ref());
        }
        Work::Stopped(from) => {
            canon.number(2);
            origin(canon, from);
        }
        Work::Finished => canon.number(3),
    }
}

fn target(canon: &mut Canon<'_>, target: Target) {
    numbers(target).into_iter().for_each(|number| canon.incarnation(number));
    canon.number(u64::from(target.names().0));
    canon.numbers(&[u64::from(target.hash.0), target.generation.unsigned_abs(), target.digest.0]);
    canon.numbers(&[target.mode as u64, target.colour.map_or(0, |colour| 1 + colour as u64)]);
}

fn learnt(canon: &mut Canon<'_>, learnt: Option<&Learnt>) {
    canon.flags(&[learnt.is_some()]);
    // When it was written down makes no difference: nothing is written again for its age alone.
    let Some(Learnt { checkpoints, newest, .. }) = learnt else { return };
    canon.flags(&[*checkpoints, newest.is_some()]);
    if let Some(newest) = newest {
        canon.path(&newest.path);
    }
}

fn origin(canon: &mut Canon<'_>, origin: &machine::Origin) {
    match origin {
        machine::Origin::Empty => canon.number(0),
        machine::Origin::Given(path) => {
            canon.number(1);
            canon.path(path);
        }
        machine::Origin::Restored(point) => {
            canon.number(2 + point.source as u64);
            canon.path(&point.path);
        }
    }
}

fn phase(canon: &mut Canon<'_>, phase: &Phase) {
    match phase {
        Phase::New(phase) => canon.numbers(&[1, u64::from(phase.lost)]),
        Phase::Left(_) => canon.number(15),
        Phase::Updating(phase) => {
            canon.number(2);
            target(canon, phase.target);
            canon.until(phase.deadline);
        }
        Phase::ClusterStarting(phase) => {
            canon.number(3);
            cluster_starting(canon, phase);
        }
        Phase::Savepointing(phase) => {
            canon.number(4);
            target(canon, phase.target);
            canon.until(phase.deadline);
            stop(canon, &phase.stop);
        }
        Phase::SubmittingJob(phase) => {
            canon.number(5);
            target(canon, phase.target);
            submission(canon, &phase.submission);
        }
        Phase::Running(phase) => {
            canon.number(6);
            confirming(canon, phase.confirming);
        }
        Phase::RollingBackJob(phase) => {
            canon.number(7);
            rolling_back(canon, phase);
        }
        Phase::DeployFailed(phase) => {
            canon.number(8);
            target(canon, phase.failed);
            failure(canon, Some(&phase.failure));
        }
        Phase::Deleting(phase) => {
            canon.number(9);
            canon.until(phase.deadline);
            deleting(canon, &phase.step);
        }
        Phase::Unreadable(_) => canon.number(10),
        Phase::Cancelling(phase) => {
            canon.number(11);
            target(canon, phase.target);
            canon.job(phase.job.0);
            canon.until(phase.deadline);
        }
        Phase::Rescaling(phase) => {
            canon.number(14);
            rescaling(canon, phase);
        }
        Phase::Recovering(phase) => {
            canon.number(12);
            recovering(canon, phase);
        }
        Phase::DualRunning(phase) => {
            canon.number(13);
            dual_running(canon, phase);
        }
    }
}

fn rescaling(canon: &mut Canon<'_>, phase: &Rescaling) {
    target(canon, phase.target);
    canon.until(phase.deadline);
    match &phase.step {
        RescalingStep::Grow { troubled } => {
            canon.number(1);
            canon.maybe_since(troubled.map(|t| t.0));
        }
        RescalingStep::Adapt => canon.number(3),
        RescalingStep::Return { failure: why } => {
            canon.number(2);
            failure(canon, why.as_ref());
        }
    }
}

fn cluster_starting(canon: &mut Canon<'_>, phase: &ClusterStarting) {
    target(canon, phase.target);
    canon.until(phase.deadline);
    if let Some(since) = phase.troubled {
        canon.until(since + super::knobs::config().pod_trouble_grace);
    }
    canon.maybe_since(phase.troubled.map(|t| t.0));
    canon.number(u64::from(phase.attempt).min(MANY));
    canon.flags(&[phase.from.is_some()]);
    phase.from.iter().for_each(|from| origin(canon, from));
}

fn dual_running(canon: &mut Canon<'_>, phase: &DualRunning) {
    confirming(canon, phase.confirming);
    canon.flags(&[phase.teardown.is_some()]);
    if let Some(teardown) = &phase.teardown {
        canon.incarnation(teardown.incarnation.0);
        canon.until(teardown.deadline);
        canon.flags(&[teardown.stop.is_some()]);
        teardown.stop.iter().for_each(|ending| stop(canon, ending));
    }
}

fn rolling_back(canon: &mut Canon<'_>, phase: &RollingBackJob) {
    target(canon, phase.failed);
    failure(canon, Some(&phase.failure));
    canon.flags(&[phase.revived.is_some()]);
    if let Some(revived) = phase.revived {
        canon.incarnation(revived.0);
    }
    restart(canon, &phase.restart);
}

fn confirming(canon: &mut Canon<'_>, confirming: Option<Confirming>) {
    canon.flags(&[confirming.is_some()]);
    if let Some(confirming) = confirming {
        canon.since(confirming.since.0);
        canon.same(confirming.restarted_at.map(|t| t.0));
        canon.until(confirming.deadline);
    }
}

fn recovering(canon: &mut Canon<'_>, phase: &Recovering) {
    match &phase.purpose {
        Purpose::Deploy(of) => {
            canon.number(1);
            target(canon, *of);
        }
        Purpose::Restart(None) => canon.number(2),
        Purpose::Restart(Some(before)) => {
            canon.number(3);
            target(canon, before.failed);
            failure(canon, Some(&before.failure));
        }
    }
    canon.job(phase.job.0);
    failure(canon, Some(&phase.why));
    canon.until(phase.deadline);
    match &phase.step {
        RecoveringStep::Find(Find { cancel, sent }) => {
            canon.flags(&[*cancel, sent.is_some()]);
            sent.iter().for_each(|sent| process(canon, *sent));
        }
        RecoveringStep::Start(again) => restart(canon, again),
    }
}

fn restart(canon: &mut Canon<'_>, restart: &Restart) {
    canon.number(u64::from(restart.attempt).min(MANY));
    canon.flags(&[restart.submission.is_some(), restart.trouble.is_some()]);
    if let Some(open) = &restart.submission {
        submission(canon, open);
    }
    aftermath(canon, restart.aftermath.as_ref());
}

fn aftermath(canon: &mut Canon<'_>, aftermath: Option<&Aftermath>) {
    match aftermath {
        None => canon.number(0),
        Some(Aftermath::Job { job, until }) => {
            canon.number(u64::MAX);
            canon.job(job.0);
            canon.until(*until);
        }
        Some(Aftermath::JobManager(of)) => {
            canon.number(1);
            process(canon, *of);
        }
        Some(Aftermath::TaskManagers(pods)) => {
            canon.number(2 + pods.len() as u64);
            pods.iter().for_each(|pod| canon.pod(pod_of(*pod)));
        }
    }
}

fn deleting(canon: &mut Canon<'_>, step: &DeletingStep) {
    match step {
        DeletingStep::Look => canon.number(1),
        DeletingStep::Stop(ending) => {
            canon.number(2);
            stop(canon, ending);
        }
        DeletingStep::Cancel(job) => {
            canon.number(3);
            canon.job(job.0);
        }
        DeletingStep::RemoveClusters { .. } => canon.number(4),
        DeletingStep::Finalize => canon.number(5),
    }
}

fn stop(canon: &mut Canon<'_>, stop: &Stop) {
    canon.job(stop.job.0);
    canon.trigger(stop.trigger.0);
    process(canon, stop.process);
    canon.numbers(&[stop.baseline.checkpoint, stop.baseline.restored]);
    canon.number(u64::from(stop.attempt).min(MANY));
    canon.from(stop.not_before);
    canon.flags(&[stop.cancel]);
}

fn process(canon: &mut Canon<'_>, process: machine::Process) {
    canon.pod(pod_of(process.pod));
    canon.number(u64::from(process.restarts));
}

fn submission(canon: &mut Canon<'_>, submission: &Submission) {
    canon.job(submission.job.0);
    process(canon, submission.process);
    origin(canon, &submission.from);
    canon.number(u64::from(submission.attempt).min(MANY));
    canon.from(submission.not_before);
    canon.flags(&[submission.start_deadline.is_some()]);
    match submission.start_deadline {
        None => canon.until(submission.deadline),
        Some(start_deadline) => {
            canon.from(submission.deadline);
            canon.until(start_deadline);
        }
    }
}

fn failure(canon: &mut Canon<'_>, failure: Option<&Failure>) {
    canon.number(failure.map_or(0, |f| 1 + f.kind as u64));
}

pub(super) fn operator(canon: &mut Canon<'_>, node: &Node) {
    let operator = &node.operator;
    match &operator.post {
        None => canon.number(0),
        Some((job, post)) => {
            canon.job(job.0);
            canon.number(match post {
                Post::NotSent => 1,
                Post::MaybeSent => 2,
                Post::InFlight { alone } => 3 + 8 * u64::from(!alone),
                Post::Accepted => 4,
                Post::Refused { retriable, alone, .. } => {
                    5 + u64::from(*retriable) + 8 * u64::from(!alone)
                }
                Post::Lost => 7,
            });
        }
    }
    canon.flags(&[operator.last_seen.is_some()]);
    if let Some((job, checkpoint)) = &operator.last_seen {
        canon.job(job.0);
        canon.number(checkpoint.id);
        checkpoint.path.iter().for_each(|path| canon.path(path));
    }
    canon.flags(&[operator.triggered.is_some()]);
    if let Some(Triggered { process, ours, theirs }) = operator.triggered {
        canon.pod(process.pod.0);
        canon.number(u64::from(process.restarts));
        canon.trigger(ours.0);
        canon.trigger(theirs.0);
    }
    for (process, since) in &operator.silent {
        canon.pod(process.pod.0);
        canon.number(u64::from(process.restarts));
        canon.since(*since);
    }
    canon.flags(&[operator.frozen.is_some()]);
    if let Some(frozen) = &operator.frozen {
        super::canon_world::objects(canon, frozen);
    }
}
