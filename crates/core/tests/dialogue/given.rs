//! States that stories begin in, so that each tells only its own part. How they are reached is told
//! by the stories `first_deploy` and `update`.

use flinkk8soperator_core::*;

use super::facts::apply;
use super::world::{Cluster, World};

/// Puts the story into a state.
pub(crate) fn state(world: &mut World, what: &str, text: &str) -> Result<(), String> {
    match what {
        "running" => running(world),
        "scaled" => scaled(world),
        "savepointing" => savepointing(world),
        "submitting" => submitting(world),
        "two-running" => two_running(world),
        "unreadable" => {
            world.state = State::unreadable(world.now, text.to_owned());
            Ok(())
        }
        other => Err(format!("not a state to begin in: {other}")),
    }
}

fn target(number: u32) -> Target {
    Target {
        hash: DeployHash(number),
        incarnation: Incarnation(number),
        generation: number.into(),
        digest: Digest(number.into()),
        parallelism: 2,
        taskmanagers: 1,
        mode: Mode::Dual,
        colour: None,
        scaled: None,
    }
}

/// Version `number` has a cluster of the same number, and its revision.
fn stands(world: &mut World, number: u32) {
    let incarnation = Incarnation(number);
    world.clusters.insert(incarnation, Cluster::up(incarnation, DeployHash(number)));
    world.service = Some(incarnation);
    world.revisions.insert(incarnation);
    world.state.record.incarnations = number;
}

fn running(world: &mut World) -> Result<(), String> {
    stands(world, 1);
    world.desired.finalizer = true;
    let id = world.state.record.ids.job(world.desired.uid);
    let learnt = Learnt {
        checkpoints: true,
        newest: Some(RestorePoint {
            path: "s3://chk/3".to_owned(),
            kind: CheckpointKind::Checkpoint,
            job: id,
            checkpoint: Some(3),
            taken: Some(world.now),
            source: Source::Memory,
            at: world.now,
        }),
        at: world.now,
    };
    let work = Work::Live(LiveJob { id, from: Origin::Empty, learnt: Some(learnt) });
    let deployed = Version { target: target(1), removed: false, work };
    world.state.record.deployed = Some(deployed);
    world.state.phase = Phase::Running(Running { confirming: None });
    apply(world, "flink 1 job job-1 running")?;
    apply(world, "flink 1 statistics 3 0")
}

/// Version 2 came up beside version 1, from a savepoint of it, and is confirmed.
fn two_running(world: &mut World) -> Result<(), String> {
    running(world)?;
    apply(world, "spec v2")?;
    apply(world, "spec blue-green")?;
    stands(world, 2);
    world.service = Some(Incarnation(1));
    world.coloured.insert(Colour::Green, Incarnation(2));
    let ids = &mut world.state.record.ids;
    ids.trigger(world.desired.uid);
    let id = ids.job(world.desired.uid);
    let from = Origin::Given("s3://sp/one".to_owned());
    let work = Work::Live(LiveJob { id, from, learnt: None });
    let generation = world.desired.generation;
    let target =
        Target { generation, mode: Mode::BlueGreen, colour: Some(Colour::Green), ..target(2) };
    let newer = Version { target, removed: false, work };
    world.state.record.previous = world.state.record.deployed.replace(newer);
    world.state.phase = Phase::DualRunning(DualRunning { confirming: None, teardown: None });
    apply(world, "flink 2 job job-3 running")?;
    apply(world, "flink 2 statistics 7 0")
}

/// The running version is version 3 now, in cluster 1.
fn scaled(world: &mut World) -> Result<(), String> {
    let scaled = Some(Scaled { names: DeployHash(1), revision: Incarnation(3) });
    let target = Target { incarnation: Incarnation(1), scaled, ..target(3) };
    world.state.record.incarnations = 3;
    world.revisions.insert(Incarnation(3));
    if let Some(deployed) = &mut world.state.record.deployed {
        deployed.target = target;
    }
    apply(world, "spec v3")
}

fn savepointing(world: &mut World) -> Result<(), String> {
    running(world)?;
    apply(world, "spec v2")?;
    stands(world, 2);
    let ids = &mut world.state.record.ids;
    let stop = Stop {
        job: Ids { issued: 0, ..*ids }.job(world.desired.uid),
        trigger: ids.trigger(world.desired.uid),
        process: Process { pod: Uid(100), restarts: 0 },
        baseline: Baseline { checkpoint: 3, restored: 0 },
        attempt: 1,
        not_before: world.now,
        cancel: false,
    };
    let deadline = world.now + world.desired.timeouts.savepoint;
    world.state.phase = Phase::Savepointing(Savepointing { target: target(2), stop, deadline });
    Ok(())
}

fn submitting(world: &mut World) -> Result<(), String> {
    savepointing(world)?;
    apply(world, "flink 1 job job-1 finished")?;
    let (uid, record) = (world.desired.uid, &mut world.state.record);
    let stopped = Ids { issued: 0, ..record.ids }.job(uid);
    let point = RestorePoint {
        path: "s3://sp/one".to_owned(),
        kind: CheckpointKind::Savepoint,
        job: stopped,
        checkpoint: None,
        taken: None,
        source: Source::Operation,
        at: world.now,
    };
    if let Some(deployed) = &mut record.deployed {
        deployed.work = Work::Stopped(Origin::Restored(point.clone()));
    }
    let submission = Submission {
        job: record.ids.job(uid),
        process: Process { pod: Uid(200), restarts: 0 },
        from: Origin::Restored(point),
        attempt: 1,
        not_before: world.now,
        deadline: world.now + world.desired.timeouts.submit,
        start_deadline: None,
    };
    world.state.phase = Phase::SubmittingJob(SubmittingJob { target: target(2), submission });
    Ok(())
}
