//! Facts made from bytes. Ids are those that the machine has given out, else none would ever fit.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use flinkk8soperator_core::{
    Bounds, Change, ChangeClass, Checkpoint, CheckpointKind, Checkpointing, ClusterObjects,
    DeployHash, Effect, Fact, Flink, FlinkCluster, FlinkVersion, Incarnation, Job, JobId, JobState,
    JobSummary, Objects, Observation, Operation, Pod, Post, Presence, Process, Retention, Role,
    Silence, State, Statistics, Stranger, Timestamp, Trouble, TroubleKind, Uid, Vertex, VertexId,
};

use crate::bytes::Bytes;

/// What the machine has given out: each job with its cluster, each cluster with its version.
#[derive(Default)]
pub(crate) struct Ids {
    jobs: BTreeSet<(Incarnation, JobId)>,
    hashes: BTreeMap<Incarnation, DeployHash>,
}

/// A job that is nobody's.
pub(crate) const FOREIGN: JobId = JobId(9);

impl Ids {
    /// Takes the ids from what is to be done.
    pub(crate) fn learn(&mut self, effects: &[Effect]) {
        for effect in effects {
            if let Effect::Submit(submit) = effect {
                self.jobs.insert((submit.incarnation, submit.job));
            } else if let Effect::CreateCluster(target) = effect {
                self.hashes.insert(target.incarnation, target.names());
            }
        }
    }

    /// Jobs of a cluster, some left out, and one that is nobody's.
    fn seen(&self, incarnation: Incarnation, bytes: &mut Bytes<'_>) -> Vec<JobSummary> {
        let here = self.jobs.iter().filter(|(of, _)| *of == incarnation).map(|(_, id)| *id);
        let foreign = bytes.once_in(12).then_some(FOREIGN);
        let mut listed = Vec::new();
        for id in here.chain(foreign) {
            if !bytes.once_in(4) {
                listed.push(JobSummary { id, state: job_state(bytes) });
            }
        }
        listed
    }
}

/// What might be seen, whatever was asked for.
pub(crate) fn observation(state: &State, ids: &Ids, bytes: &mut Bytes<'_>) -> Observation {
    let incarnations: Vec<_> = (1..=state.record.incarnations).map(Incarnation).collect();
    // One that the state does not speak of any more comes again now and then.
    let there =
        |bytes: &mut Bytes<'_>, i: Incarnation| state.hash_of(i).is_some() || bytes.once_in(8);
    let there: Vec<_> = incarnations.iter().filter(|i| there(bytes, **i)).copied().collect();
    let clusters: Vec<_> = there.into_iter().filter_map(|i| cluster(i, ids, bytes)).collect();
    let pods = clusters.iter().flat_map(|cluster| cluster.pods.clone()).collect();
    let flink = clusters.iter().map(|c| (c.incarnation, flink(c, ids, bytes))).collect();
    let stranger = Stranger { name: "a".to_owned(), hash: Some(DeployHash(1)) };
    let strangers = if bytes.once_in(12) { vec![stranger] } else { Vec::new() };
    let service = if bytes.once_in(4) { None } else { bytes.one(&incarnations) };
    Observation {
        objects: fact(bytes, |_| Objects { clusters, strangers, service, ..Objects::default() }),
        live_pods: fact(bytes, |bytes| if bytes.by_chance(3) { Vec::new() } else { pods }),
        revisions: incarnations
            .iter()
            .map(|incarnation| (*incarnation, fact(bytes, |bytes| !bytes.once_in(6))))
            .collect(),
        change: fact(bytes, change),
        last_seen: fact(bytes, |bytes| (!bytes.once_in(3)).then(|| checkpoint(9, bytes))),
        flink,
        newest_revision: fact(bytes, |bytes| bytes.one(&incarnations)),
    }
}

/// Known three times of four.
fn fact<T>(bytes: &mut Bytes<'_>, value: impl FnOnce(&mut Bytes<'_>) -> T) -> Fact<T> {
    match bytes.below(8) {
        0 => Fact::Unasked,
        1 => {
            let seconds = if bytes.once_in(2) { 1_000 } else { 1 };
            Fact::Unknown { why: Silence::TimedOut, for_how_long: Duration::from_secs(seconds) }
        }
        _ => Fact::Known(value(bytes)),
    }
}

fn presence(bytes: &mut Bytes<'_>) -> Presence {
    match bytes.below(6) {
        0 => Presence::Absent,
        1 => Presence::Terminating,
        _ => Presence::Present,
    }
}

fn cluster(incarnation: Incarnation, ids: &Ids, bytes: &mut Bytes<'_>) -> Option<ClusterObjects> {
    if bytes.once_in(3) {
        return None;
    }
    let hash = ids.hashes.get(&incarnation).copied().unwrap_or(DeployHash(1));
    let (jobmanager, taskmanager) = (presence(bytes), presence(bytes));
    let service = presence(bytes);
    let roles = [Role::JobManager, Role::TaskManager];
    let pods = roles.into_iter().filter_map(|role| pod(incarnation, role, bytes)).collect();
    let trouble = trouble(bytes);
    let label = if bytes.once_in(4) { None } else { Some(hash) };
    let aliases = if bytes.once_in(6) { vec![DeployHash(2)] } else { Vec::new() };
    let replicas = if bytes.once_in(6) { 2 } else { 1 };
    Some(ClusterObjects {
        incarnation,
        hash,
        label,
        jobmanager,
        taskmanager,
        replicas,
        service,
        aliases,
        pods,
        trouble,
    })
}

fn pod(incarnation: Incarnation, role: Role, bytes: &mut Bytes<'_>) -> Option<Pod> {
    let place = u128::from(incarnation.0) * 10 + u128::from(role == Role::TaskManager);
    let pod = Pod {
        uid: Uid(place),
        name: place.to_string(),
        incarnation,
        role,
        restarts: u32::from(bytes.once_in(6)),
        first: !bytes.once_in(6),
        began: bytes.once_in(2).then_some(Timestamp(1_000)),
        running: !bytes.once_in(6),
        ready: !bytes.once_in(4),
        terminating: bytes.once_in(8),
        trouble: trouble(bytes),
    };
    (!bytes.once_in(5)).then_some(pod)
}

fn trouble(bytes: &mut Bytes<'_>) -> Option<Trouble> {
    let kinds = [
        TroubleKind::InvalidImage,
        TroubleKind::ImagePull,
        TroubleKind::CrashLoop,
        TroubleKind::DoesNotEnd,
    ];
    let kind = bytes.one(&kinds)?;
    bytes.once_in(10).then(|| Trouble { kind, message: "b".to_owned() })
}

fn change(bytes: &mut Bytes<'_>) -> Change {
    let classes =
        [ChangeClass::None, ChangeClass::StatusOnly, ChangeClass::Rescale, ChangeClass::Redeploy];
    let class = bytes.one(&classes).unwrap_or(ChangeClass::None);
    Change { class, fields: vec!["spec.image".to_owned()] }
}

fn flink(cluster: &ClusterObjects, ids: &Ids, bytes: &mut Bytes<'_>) -> Flink {
    let other = Process { pod: Uid(7), restarts: 0 };
    let process = cluster.jobmanager_process(None);
    Flink {
        process: if bytes.once_in(10) { Some(other) } else { process },
        cluster: fact(bytes, running),
        jobs: fact(bytes, |bytes| ids.seen(cluster.incarnation, bytes)),
        job: fact(bytes, |bytes| (!bytes.once_in(4)).then(|| job(bytes))),
        statistics: fact(bytes, |bytes| (!bytes.once_in(5)).then(|| statistics(bytes))),
        checkpointing: fact(bytes, |bytes| (!bytes.once_in(5)).then(|| checkpointing(bytes))),
        operation: fact(bytes, operation),
        failure: fact(bytes, |_| "c".to_owned()),
        submission: fact(bytes, post),
        idle: fact(bytes, |bytes| idle(cluster, bytes)),
        requirements: fact(bytes, |bytes| bytes.once_in(2).then(|| vec![vertex(bytes)])),
    }
}

fn idle(cluster: &ClusterObjects, bytes: &mut Bytes<'_>) -> BTreeSet<Uid> {
    cluster.taskmanagers().filter(|_| bytes.once_in(2)).map(|pod| pod.uid).collect()
}

fn vertex(bytes: &mut Bytes<'_>) -> Vertex {
    let upper = if bytes.once_in(3) { 3 } else { 2 };
    let tasks = if bytes.once_in(3) { 3 } else { 2 };
    let bounds = Bounds { vertex: VertexId(1), lower: 1, upper };
    let max_parallelism = bytes.once_in(4).then_some(2);
    Vertex { bounds, max_parallelism, parallelism: tasks, running: tasks }
}

fn running(bytes: &mut Bytes<'_>) -> FlinkCluster {
    let slots = bytes.below(5) as u32;
    FlinkCluster {
        version: FlinkVersion { major: 1, minor: 12 + bytes.below(9) as u16 },
        slots,
        slots_free: bytes.below(5) as u32,
        taskmanagers: if bytes.once_in(6) { 2 } else { 1 },
        refresh_interval: Duration::from_secs(3),
        high_availability: bytes.once_in(6),
    }
}

fn job_state(bytes: &mut Bytes<'_>) -> JobState {
    if bytes.by_chance(4) {
        return JobState::Finished;
    }
    let states = [
        JobState::Starting,
        JobState::Restarting,
        JobState::Cancelling,
        JobState::Canceled,
        JobState::Failed,
        JobState::Suspended,
        JobState::Running,
    ];
    bytes.one(&states).unwrap_or(JobState::Running)
}

fn job(bytes: &mut Bytes<'_>) -> Job {
    let state = job_state(bytes);
    let restarted_at = bytes.once_in(5).then_some(Timestamp(1_000_000));
    let vertices_up = if bytes.once_in(4) { 1 } else { 3 };
    let ended_at =
        state.over().then_some(Timestamp(if bytes.once_in(4) { 1_999_000 } else { 1_000 }));
    let clock = Timestamp(2_000_000);
    Job { state, vertices: 3, vertices_up, restarted_at, ended_at, clock }
}

fn statistics(bytes: &mut Bytes<'_>) -> Statistics {
    let newest_id = bytes.below(10) as u64;
    let completed = (1..=newest_id).rev().take(bytes.below(4));
    let completed = completed.map(|id| checkpoint(id, bytes)).collect();
    let (restored, in_progress) = (bytes.below(3) as u64, bytes.below(2) as u64);
    let restored_from = (restored > 0).then(|| checkpoint(1, bytes));
    Statistics { newest_id, restored, in_progress, completed, restored_from }
}

fn checkpoint(id: u64, bytes: &mut Bytes<'_>) -> Checkpoint {
    let kinds = CheckpointKind::ALL;
    Checkpoint {
        id,
        kind: bytes.one(kinds).unwrap_or(CheckpointKind::Checkpoint),
        path: (!bytes.once_in(6)).then(|| format!("file:/{id}")),
        discarded: bytes.once_in(6),
        taken: Timestamp(if bytes.once_in(4) { 0 } else { 1_900_000 }),
    }
}

fn checkpointing(bytes: &mut Bytes<'_>) -> Checkpointing {
    let kinds = [Retention::None, Retention::OnFailure, Retention::OnCancellation];
    let retention = bytes.one(&kinds).unwrap_or(Retention::OnCancellation);
    Checkpointing { interval: Some(Duration::from_secs(10)), retention }
}

fn operation(bytes: &mut Bytes<'_>) -> Operation {
    match bytes.below(4) {
        0 => Operation::Unknown,
        1 => Operation::InProgress,
        2 => Operation::Failed { message: "d".to_owned() },
        _ => Operation::Completed { path: "file:/9".to_owned() },
    }
}

fn post(bytes: &mut Bytes<'_>) -> Post {
    match bytes.below(8) {
        0 => Post::NotSent,
        1 => Post::MaybeSent,
        2 => Post::InFlight { alone: true },
        3 => Post::Lost,
        4 => Post::Refused { retriable: true, message: "e".to_owned(), alone: true },
        5 => Post::Refused { retriable: false, message: "f".to_owned(), alone: true },
        6 => Post::Refused { retriable: false, message: "f".to_owned(), alone: false },
        _ => Post::Accepted,
    }
}
