//! How the planted defects distort what is seen, decided or asked for.

use std::collections::BTreeSet;

use flinkk8soperator_core as machine;
use machine::{
    CheckpointKind, Cure, Decision, DualRunning, Effect, Fact, Flink, FlinkCluster, JobState, Mode,
    Observation, Operation, Origin, Phase, Post, Presence, Reason, RecoveringStep, Rescaling,
    SavepointStop, Target, Work,
};

use crate::explore::calls::Call;
use crate::explore::node::Node;
use crate::world::{FileKind, PERSONS_JOB};

pub(super) fn with_a_new_id(node: &Node, call: &Call) -> Option<Call> {
    let Call::Submit(submit) = call else { return None };
    let runs = node.world.runs.len() as u128;
    let text = format!("{}/{runs}/{}", submit.job, node.world.now);
    let job = machine::JobId(machine::ids::derive(&text));
    Some(Call::Submit(machine::Submit { job, ..submit.clone() }))
}

pub(super) fn delete_the_first_service(node: &Node, call: &Call) -> Option<Call> {
    let Call::Label(uid, _) = call else { return None };
    let labelled = node.world.deployments.iter().find(|d| d.uid == *uid)?;
    let name = (labelled.cluster, labelled.spec.hash);
    let first = node.world.services.iter().find(|s| (s.cluster, s.hash) == name)?;
    Some(Call::DeleteService(first.uid))
}

pub(super) fn not_found_in_a_silence(flink: &mut Flink) {
    if matches!(flink.job, Fact::Unknown { .. }) {
        flink.job = Fact::Known(None);
        flink.jobs = Fact::Known(Vec::new());
    }
}

pub(super) fn complete_a_failed_savepoint(flink: &mut Flink) {
    let newest = flink.statistics.known().and_then(Option::as_ref);
    let path = newest.and_then(|s| s.completed.last()?.path.clone());
    if let (Fact::Known(Operation::Failed { .. }), Some(path)) = (&flink.operation, path) {
        flink.operation = Fact::Known(Operation::Completed { path });
    }
}

pub(super) fn refuse(flink: &mut Flink) {
    if matches!(flink.submission, Fact::Known(Post::Lost | Post::MaybeSent)) {
        let message = "not found".to_owned();
        flink.submission = Fact::Known(Post::Refused { retriable: true, message, alone: true });
    }
}

pub(super) fn refuse_alone(flink: &mut Flink) {
    if let Fact::Known(Post::Refused { alone, .. }) = &mut flink.submission {
        *alone = true;
    }
}

pub(super) fn about(flink: &mut Flink, change: impl Fn(&mut FlinkCluster)) {
    if let Fact::Known(cluster) = &mut flink.cluster {
        change(cluster);
    }
}

pub(super) fn states(flink: &mut Flink, change: impl Fn(JobState) -> JobState) {
    if let Fact::Known(jobs) = &mut flink.jobs {
        jobs.iter_mut().for_each(|job| job.state = change(job.state));
    }
    if let Fact::Known(Some(job)) = &mut flink.job {
        job.state = change(job.state);
    }
}

pub(super) fn restore_the_newest_checkpoint(node: &Node, decision: &mut Decision) {
    let stands = |f: &&crate::world::File| f.kind == FileKind::Checkpoint && f.deleted.is_none();
    let Some(newest) = node.world.files.iter().rev().find(stands) else { return };
    if let Some(Origin::Restored(point)) = origin(decision) {
        point.path = newest.path.to_string();
    }
}

pub(super) fn restore_an_earlier_savepoint(node: &Node, decision: &mut Decision) {
    let savepoint = |f: &&crate::world::File| f.kind == FileKind::Savepoint;
    let Some(earliest) = node.world.files.iter().find(savepoint) else { return };
    if let Some(Origin::Restored(point)) = origin(decision) {
        point.path = earliest.path.to_string();
    }
}

/// Of two versions that run, once both are good.
pub(super) fn goes_unasked(decision: &mut Decision, version: Option<Target>) {
    let both = DualRunning { confirming: None, teardown: None };
    if decision.state.phase == Phase::DualRunning(both) {
        let remove = |Target { incarnation, .. }| Effect::RemoveCluster { incarnation };
        decision.effects.extend(version.map(remove));
    }
}

pub(super) fn start_empty(decision: &mut Decision) {
    if let Some(origin) = origin(decision) {
        *origin = Origin::Empty;
    }
}

/// Something that is done to the deployed version while the next one's job is submitted.
pub(super) fn early(decision: &mut Decision, effect: impl Fn(Target) -> Effect) {
    let Phase::SubmittingJob(_) = decision.state.phase else { return };
    let deployed = decision.state.record.deployed.as_ref().map(|d| d.target);
    let dual = deployed.filter(|target| target.mode == Mode::Dual);
    decision.effects.extend(dual.map(effect));
}

pub(super) fn forget_what_is_ending(seen: &mut Observation) {
    if let Fact::Known(objects) = &mut seen.objects {
        for cluster in &mut objects.clusters {
            let parts = [&mut cluster.jobmanager, &mut cluster.taskmanager, &mut cluster.service];
            for part in parts {
                if *part == Presence::Terminating {
                    *part = Presence::Absent;
                }
            }
            cluster.pods.retain(|pod| !pod.terminating);
        }
        objects.clusters.retain(|c| c.has_objects() || !c.pods.is_empty());
    }
    if let Fact::Known(pods) = &mut seen.live_pods {
        pods.retain(|pod| !pod.terminating);
    }
}

/// A savepoint of a stop is one like any other.
pub(super) fn stopped_is_finished(flink: &mut Flink) {
    let Fact::Known(Some(statistics)) = &mut flink.statistics else { return };
    for checkpoint in &mut statistics.completed {
        if checkpoint.kind == CheckpointKind::SyncSavepoint {
            checkpoint.kind = CheckpointKind::Savepoint;
        }
    }
}

pub(super) fn lost_is_finished(_: &Node, decision: &mut Decision) {
    let lost = matches!(
        &decision.state.phase,
        Phase::Recovering(phase) if matches!(phase.step, RecoveringStep::Find(_))
    );
    if let Some(deployed) = decision.state.record.deployed.as_mut().filter(|_| lost) {
        deployed.work = Work::Finished;
    }
}

pub(super) fn remove_the_old_cluster(_: &Node, decision: &mut Decision) {
    let Phase::RollingBackJob(_) = decision.state.phase else { return };
    let deployed = decision.state.record.deployed.as_ref().filter(|d| !d.removed);
    let incarnation = deployed.map(|d| d.target.incarnation);
    decision.effects.extend(incarnation.map(|incarnation| Effect::RemoveCluster { incarnation }));
}

fn origin(decision: &mut Decision) -> Option<&mut Origin> {
    match &mut decision.state.phase {
        Phase::SubmittingJob(phase) => Some(&mut phase.submission.from),
        Phase::RollingBackJob(phase) => phase.restart.submission.as_mut().map(|s| &mut s.from),
        Phase::Recovering(phase) => match &mut phase.step {
            RecoveringStep::Start(restart) => restart.submission.as_mut().map(|s| &mut s.from),
            RecoveringStep::Find(_) => None,
        },
        Phase::New(_)
        | Phase::Left(_)
        | Phase::Updating(_)
        | Phase::Rescaling(_)
        | Phase::ClusterStarting(_)
        | Phase::Savepointing(_)
        | Phase::Cancelling(_)
        | Phase::DualRunning(_)
        | Phase::Running(_)
        | Phase::DeployFailed(_)
        | Phase::Deleting(_)
        | Phase::Unreadable(_) => None,
    }
}

pub(super) fn refuse_what_takes_its_time(flink: &mut Flink) {
    if matches!(flink.submission, Fact::Known(Post::InFlight { .. })) {
        flink.submission = Fact::Known(Post::Lost);
    }
    refuse(flink);
}

pub(super) fn scale_down_early(_: &Node, decision: &mut Decision) {
    if let Phase::Rescaling(Rescaling { target, .. }) = &decision.state.phase {
        let (incarnation, replicas) = (target.incarnation, target.taskmanagers);
        let idle = BTreeSet::new();
        let early = Effect::ScaleTaskManagers { incarnation, replicas, idle };
        decision.effects.push(early);
    }
}

pub(super) fn leave_alone_in_place(_: &Node, decision: &mut Decision) {
    if let Phase::RollingBackJob(phase) = &mut decision.state.phase
        && phase.failed.scaled.is_some()
    {
        phase.restart.aftermath = None;
    }
}

pub(super) fn overlook_a_persons_job(flink: &mut Flink) {
    if let Fact::Known(jobs) = &mut flink.jobs {
        jobs.retain(|job| job.id.0 != PERSONS_JOB.0);
    }
    about(flink, |cluster| cluster.slots_free = cluster.slots);
}

pub(super) fn call_what_is_lost_running(_: &Node, decision: &mut Decision) {
    let lost = matches!(decision.state.phase, Phase::Recovering(_));
    decision.verdict.reason = match decision.verdict.reason {
        Reason::JobLost | Reason::RestorePointUnproven if lost => Reason::Running,
        reason => reason,
    };
}

pub(super) fn name_what_does_not_help(_: &Node, decision: &mut Decision) {
    let job = machine::JobId(PERSONS_JOB.0);
    if let Some(waiting) = &mut decision.verdict.waiting
        && waiting.cures.contains(&Cure::CancelJob(job))
    {
        waiting.cures.push(Cure::AdoptJob(job));
    }
}

pub(super) fn stop_what_runs_on(_: &Node, call: &Call) -> Option<Call> {
    let Call::Savepoint(savepoint) = call else { return None };
    let stop = Some(SavepointStop::Stop);
    savepoint
        .stop
        .is_none()
        .then(|| Call::Savepoint(machine::Savepoint { stop, ..savepoint.clone() }))
}

pub(super) fn leave_deleted_what_was(_: &Node, decision: &mut Decision) {
    let deployed = decision.state.record.deployed.as_ref().map(|version| version.target);
    let again = |effect: &Effect| matches!(effect, Effect::CreateCluster(target) if Some(*target) == deployed);
    decision.effects.retain(|effect| !again(effect));
}

pub(super) fn tell_of_no_pods(_: &Node, decision: &mut Decision) {
    let waiting = decision.verdict.waiting.iter_mut();
    waiting.for_each(|w| w.cures.retain(|cure| !matches!(cure, Cure::Remove(_))));
}
