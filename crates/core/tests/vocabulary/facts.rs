//! What can be seen, axis by axis, and the answers to what the machine asks.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use flinkk8soperator_core::*;

use super::{NEW, NOW, OLD, TRIGGER, ago, process, seconds};

/// A silence that no deadline may fire after.
pub(crate) const SHORT: Duration = Duration::from_secs(1);
/// A silence that any deadline may fire after.
const LONG: Duration = Duration::from_secs(600);

/// Everything that could be answered in a round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts(pub(crate) Observation);

/// A value of an axis that is not the plain one: the axis, and which value of it.
pub(crate) type Deviation = (usize, usize);

/// Facts, and where they are not plain.
pub(crate) struct Pair {
    pub(crate) facts: Facts,
    pub(crate) deviations: Vec<Deviation>,
}

impl Facts {
    /// The answers to `ask`, and to nothing else. A JobManager answers where it was looked for.
    pub(crate) fn answer(&self, ask: &FactRequest) -> Observation {
        let all = &self.0;
        let mut seen = Observation {
            objects: only(ask.objects, &all.objects),
            live_pods: only(ask.live_pods, &all.live_pods),
            revisions: BTreeMap::new(),
            newest_revision: only(ask.newest_revision, &all.newest_revision),
            change: only(ask.change.is_some(), &all.change),
            last_seen: only(ask.last_seen.is_some(), &all.last_seen),
            flink: BTreeMap::new(),
        };
        let revision = |n: &Incarnation| (*n, all.revisions.get(n).cloned().unwrap_or_default());
        seen.revisions.extend(ask.revisions.iter().map(revision));
        for request in &ask.flink {
            let answer = all.flink.get(&request.incarnation).map(|f| answer(f, request));
            seen.flink.insert(request.incarnation, answer.unwrap_or_default());
        }
        seen
    }
}

fn only<T: Clone>(asked: bool, fact: &Fact<T>) -> Fact<T> {
    if asked { fact.clone() } else { Fact::Unasked }
}

fn answer(flink: &Flink, request: &FlinkRequest) -> Flink {
    Flink {
        process: Some(request.process),
        cluster: only(request.cluster, &flink.cluster),
        jobs: only(request.jobs, &flink.jobs),
        job: only(request.job.is_some(), &flink.job),
        statistics: only(request.statistics.is_some(), &flink.statistics),
        checkpointing: only(request.checkpointing.is_some(), &flink.checkpointing),
        operation: only(request.operation.is_some(), &flink.operation),
        failure: only(request.failure.is_some(), &flink.failure),
        submission: only(request.submission.is_some(), &flink.submission),
        idle: only(request.idle, &flink.idle),
        requirements: only(request.requirements.is_some(), &flink.requirements),
    }
}

/// An axis: how many values it has, the first one plain, and how one is written into the facts.
type Axis = (usize, fn(&mut Observation, usize));

/// In this order: what the live LIST shows follows from the objects.
fn axes() -> [Axis; 14] {
    [
        (objects().len(), |seen, n| seen.objects = objects().swap_remove(n)),
        (5, write_live_pods),
        (revisions().len(), |seen, n| {
            let fact = revisions().swap_remove(n);
            seen.newest_revision = match &fact {
                Fact::Known(stored) => Fact::Known(stored.then_some(Incarnation(3))),
                Fact::Unknown { why, for_how_long } => {
                    Fact::Unknown { why: *why, for_how_long: *for_how_long }
                }
                Fact::Unasked => Fact::Unasked,
            };
            seen.revisions = [1, 2, 3].map(|i| (Incarnation(i), fact.clone())).into();
        }),
        (changes().len(), |seen, n| seen.change = changes().swap_remove(n)),
        (STATES.len() + 5, |seen, n| write_jobs(seen, 1, OLD, n)),
        (STATES.len() + 5, |seen, n| write_jobs(seen, 2, NEW, n)),
        (statistics().len(), |seen, n| {
            seen.flink.values_mut().for_each(|f| f.statistics = statistics().swap_remove(n));
        }),
        (retentions().len(), |seen, n| {
            seen.flink.values_mut().for_each(|f| f.checkpointing = retentions().swap_remove(n));
        }),
        (last_seen().len(), |seen, n| seen.last_seen = last_seen().swap_remove(n)),
        (operations().len(), |seen, n| {
            seen.flink.values_mut().for_each(|f| f.operation = operations().swap_remove(n));
        }),
        (posts().len(), |seen, n| {
            let post = Fact::Known(posts().swap_remove(n));
            seen.flink.values_mut().for_each(|f| f.submission.clone_from(&post));
        }),
        (abouts().len(), |seen, n| {
            seen.flink.values_mut().for_each(|f| f.cluster = abouts().swap_remove(n));
        }),
        (idles().len(), |seen, n| {
            seen.flink.values_mut().for_each(|f| f.idle = idles().swap_remove(n));
        }),
        (requirements().len(), |seen, n| {
            seen.flink.values_mut().for_each(|f| f.requirements = requirements().swap_remove(n));
        }),
    ]
}

/// The plain facts, every single deviation, every pair of deviations; in this order.
pub(crate) fn pairs() -> Vec<Pair> {
    let axes = axes();
    let single = (0..axes.len()).flat_map(|axis| (1..axes[axis].0).map(move |n| (axis, n)));
    let single: Vec<Deviation> = single.collect();
    let mut all = vec![Vec::new()];
    all.extend(single.iter().map(|one| vec![*one]));
    for (nth, one) in single.iter().enumerate() {
        let others = single[nth + 1..].iter().filter(|other| other.0 != one.0);
        all.extend(others.map(|other| vec![*one, *other]));
    }
    let pair = |deviations: Vec<Deviation>| Pair { facts: facts(&axes, &deviations), deviations };
    all.into_iter().map(pair).collect()
}

/// The facts with these deviations.
fn facts(axes: &[Axis], deviations: &[Deviation]) -> Facts {
    let flink = [1, 2].map(|n| (Incarnation(n), Flink::default())).into();
    let mut seen = Observation { flink, ..Observation::default() };
    for (nth, (_, write)) in axes.iter().enumerate() {
        let deviation = deviations.iter().find(|(axis, _)| *axis == nth);
        write(&mut seen, deviation.map_or(0, |(_, value)| *value));
    }
    Facts(seen)
}

fn unknown<T>(for_how_long: Duration) -> Fact<T> {
    Fact::Unknown { why: Silence::TimedOut, for_how_long }
}

fn pod(n: u32, role: Role) -> Pod {
    let offset = match role {
        Role::JobManager => 0,
        Role::TaskManager => 1,
    };
    Pod {
        uid: Uid(process(n).pod.0 + offset),
        name: format!("{role}-{n}"),
        incarnation: Incarnation(n),
        role,
        restarts: 0,
        first: true,
        began: None,
        running: true,
        ready: true,
        terminating: false,
        trouble: None,
    }
}

fn cluster(n: u32, presence: Presence, pods: Vec<Pod>) -> ClusterObjects {
    ClusterObjects {
        incarnation: Incarnation(n),
        hash: DeployHash(n),
        label: Some(DeployHash(n)),
        jobmanager: presence,
        taskmanager: presence,
        replicas: 1,
        service: presence,
        aliases: Vec::new(),
        pods,
        trouble: None,
    }
}

fn up(n: u32) -> ClusterObjects {
    cluster(n, Presence::Present, vec![pod(n, Role::JobManager), pod(n, Role::TaskManager)])
}

fn objects() -> Vec<Fact<Objects>> {
    let with = |clusters: Vec<ClusterObjects>, service: Option<u32>| {
        let service = service.map(Incarnation);
        let coloured = service.map(|n| (Colour::Green, n)).into_iter().collect();
        Fact::Known(Objects { clusters, service, coloured, ..Objects::default() })
    };
    let mut restarted = up(2);
    restarted.pods[0].restarts = 1;
    restarted.pods[0].began = Some(Timestamp(0));
    let mut replaced = up(2);
    replaced.pods[0].uid = Uid(29);
    replaced.pods[0].first = false;
    let mut troubled = up(2);
    let message = "back-off pulling".to_owned();
    troubled.pods[1].trouble = Some(Trouble { kind: TroubleKind::ImagePull, message });
    let mut old_down = up(1);
    old_down.pods.remove(0);
    let second = Pod { uid: Uid(process(1).pod.0 + 2), ..pod(1, Role::TaskManager) };
    let grown = ClusterObjects { replicas: 2, pods: [up(1).pods, vec![second]].concat(), ..up(1) };
    let partial = ClusterObjects { service: Presence::Absent, ..up(2) };
    let going = cluster(2, Presence::Terminating, Vec::new());
    let stranger = Stranger { name: "deployment/x".to_owned(), hash: Some(DeployHash(2)) };
    let strangers = vec![stranger];
    let known = ReadBack { parallelism: 1, taskmanagers: 1, mode: Mode::Dual, colour: None };
    let bare = |n, version| Unnumbered {
        names: DeployHash(n),
        label: Some(DeployHash(n)),
        version,
        made_for: None,
    };
    let without_numbers = |unnumbered| Fact::Known(Objects { unnumbered, ..Objects::default() });
    vec![
        without_numbers(vec![bare(1, Some(known))]),
        without_numbers(vec![bare(1, None), bare(2, Some(known))]),
        with(vec![up(1), up(2)], Some(2)),
        with(vec![up(1), up(2), up(3)], Some(1)),
        with(vec![grown.clone(), up(2)], Some(1)),
        with(vec![ClusterObjects { replicas: 2, ..up(1) }, up(2)], Some(1)),
        with(vec![ClusterObjects { aliases: vec![DeployHash(2)], label: None, ..grown }], Some(1)),
        with(vec![up(1)], Some(1)),
        with(Vec::new(), None),
        with(vec![up(1), cluster(2, Presence::Present, Vec::new())], Some(1)),
        with(vec![up(1), going], Some(2)),
        with(vec![up(1), partial], Some(2)),
        with(vec![up(1), restarted], Some(2)),
        with(vec![up(1), replaced], Some(2)),
        with(vec![up(1), troubled], Some(2)),
        with(vec![old_down, up(2)], Some(2)),
        Fact::Known(Objects { clusters: vec![up(1)], strangers, ..Objects::default() }),
        unknown(SHORT),
        unknown(LONG),
    ]
}

/// The LIST shows what the watches show; besides, a pod of cluster 3 or one of before; silence.
fn write_live_pods(seen: &mut Observation, value: usize) {
    let objects = seen.objects.known().cloned().unwrap_or_default();
    let mut pods: Vec<Pod> = objects.clusters.into_iter().flat_map(|c| c.pods).collect();
    match value {
        0 => {}
        1 => pods.push(pod(3, Role::TaskManager)),
        2 => pods.push(pod(2, Role::JobManager)),
        3 => return seen.live_pods = unknown(SHORT),
        _ => return seen.live_pods = unknown(LONG),
    }
    seen.live_pods = Fact::Known(pods);
}

fn revisions() -> Vec<Fact<bool>> {
    vec![Fact::Known(true), Fact::Known(false), unknown(SHORT)]
}

fn changes() -> Vec<Fact<Change>> {
    let of = |class| Fact::Known(Change { class, fields: Vec::new() });
    let [redeploy, rescale] = [ChangeClass::Redeploy, ChangeClass::Rescale].map(of);
    vec![redeploy, of(ChangeClass::StatusOnly), rescale, unknown(SHORT)]
}

const STATES: [(JobState, u32); 8] = [
    (JobState::Running, 2),
    (JobState::Running, 1),
    (JobState::Starting, 0),
    (JobState::Restarting, 0),
    (JobState::Cancelling, 1),
    (JobState::Finished, 2),
    (JobState::Canceled, 0),
    (JobState::Failed, 0),
];

/// The job in the states above, then: list ahead of the details, unknown, beside a foreign one,
/// just over, silence for long.
fn write_jobs(seen: &mut Observation, n: u32, job: JobId, value: usize) {
    let Some(flink) = seen.flink.get_mut(&Incarnation(n)) else { return };
    let details = |state: JobState, vertices_up| {
        let restarted_at = (state == JobState::Restarting).then(|| ago(20));
        let ended_at = state.over().then(|| ago(10));
        let (vertices, clock) = (2, NOW);
        Fact::Known(Some(Job { state, vertices, vertices_up, restarted_at, ended_at, clock }))
    };
    let line = |id, state| JobSummary { id, state };
    let foreign = line(JobId(99), JobState::Running);
    (flink.jobs, flink.job) = match STATES.get(value) {
        Some((state, up)) => (Fact::Known(vec![line(job, *state)]), details(*state, *up)),
        None => match value - STATES.len() {
            0 => (Fact::Known(vec![line(job, JobState::Finished)]), details(JobState::Running, 2)),
            1 => (Fact::Known(Vec::new()), Fact::Known(None)),
            2 => (Fact::Known(vec![foreign]), Fact::Known(None)),
            3 => {
                let Fact::Known(Some(over)) = details(JobState::Finished, 2) else { return };
                let over = Job { ended_at: Some(NOW), ..over };
                (Fact::Known(vec![line(job, JobState::Finished)]), Fact::Known(Some(over)))
            }
            _ => (unknown(LONG), unknown(LONG)),
        },
    };
    flink.failure = Fact::Known("no such operator".to_owned());
}

fn statistics() -> Vec<Fact<Option<Statistics>>> {
    let checkpoint = |id, kind, path: &str| {
        let path = Some(format!("s3://{path}"));
        Checkpoint { id, kind, path, discarded: false, taken: ago(100) }
    };
    let old = checkpoint(3, CheckpointKind::Checkpoint, "chk/3");
    let ours = checkpoint(4, CheckpointKind::Savepoint, &format!("sp/{TRIGGER}"));
    let newer = checkpoint(5, CheckpointKind::Checkpoint, "chk/5");
    let by_hand = checkpoint(4, CheckpointKind::SyncSavepoint, "sp/by-hand");
    let of = |newest_id, restored, completed| {
        let restored_from =
            (restored > 0).then(|| checkpoint(2, CheckpointKind::Savepoint, "sp/2"));
        let in_progress = 0;
        let all = Statistics { newest_id, restored, in_progress, completed, restored_from };
        Fact::Known(Some(all))
    };
    vec![
        of(3, 0, vec![old.clone()]),
        of(4, 0, vec![old.clone(), ours.clone()]),
        of(4, 0, vec![old.clone(), by_hand]),
        of(4, 1, vec![old.clone(), ours.clone()]),
        of(5, 1, vec![old.clone(), ours, newer.clone()]),
        of(5, 0, vec![old, Checkpoint { discarded: true, ..newer }]),
        of(3, 0, Vec::new()),
        Fact::Known(None),
        unknown(SHORT),
    ]
}

fn retentions() -> Vec<Fact<Option<Checkpointing>>> {
    let of =
        |retention| Fact::Known(Some(Checkpointing { interval: Some(seconds(10)), retention }));
    vec![
        of(Retention::OnCancellation),
        of(Retention::OnFailure),
        of(Retention::None),
        Fact::Known(None),
        unknown(SHORT),
    ]
}

fn last_seen() -> Vec<Fact<Option<Checkpoint>>> {
    let path = Some("s3://chk/9".to_owned());
    let kind = CheckpointKind::Checkpoint;
    let newest = Checkpoint { id: 9, kind, path, discarded: false, taken: ago(10) };
    vec![
        Fact::Known(None),
        Fact::Known(Some(newest.clone())),
        Fact::Known(Some(Checkpoint { taken: ago(10_000), ..newest })),
    ]
}

fn operations() -> Vec<Fact<Operation>> {
    vec![
        Fact::Known(Operation::Unknown),
        Fact::Known(Operation::InProgress),
        Fact::Known(Operation::Completed { path: "s3://sp/new".to_owned() }),
        Fact::Known(Operation::Failed { message: "expired".to_owned() }),
    ]
}

fn posts() -> Vec<Post> {
    let message = || "no main class".to_owned();
    vec![
        Post::NotSent,
        Post::MaybeSent,
        Post::InFlight { alone: true },
        Post::Accepted,
        Post::Refused { retriable: false, message: message(), alone: true },
        Post::Refused { retriable: true, message: message(), alone: true },
        Post::Refused { retriable: true, message: message(), alone: false },
        Post::Lost,
    ]
}

/// TaskManagers of cluster 1 that run nothing.
fn idles() -> Vec<Fact<BTreeSet<Uid>>> {
    let of = |uids: &[u128]| Fact::Known(uids.iter().map(|uid| Uid(*uid)).collect());
    vec![of(&[12]), of(&[]), of(&[11, 12]), unknown(LONG)]
}

/// On the default scheduler; on the adaptive one with the bounds of before, with others, and running so.
fn requirements() -> Vec<Fact<Option<Vec<Vertex>>>> {
    let of = |upper, tasks| {
        let bounds = Bounds { vertex: VertexId(5), lower: 1, upper };
        let max_parallelism = Some(128);
        Vertex { bounds, max_parallelism, parallelism: tasks, running: tasks }
    };
    vec![
        Fact::Known(None),
        Fact::Known(Some(vec![of(2, 2)])),
        Fact::Known(Some(vec![of(4, 2)])),
        Fact::Known(Some(vec![of(4, 4)])),
        unknown(SHORT),
    ]
}

fn abouts() -> Vec<Fact<FlinkCluster>> {
    let about = FlinkCluster {
        version: FlinkVersion { major: 1, minor: 20 },
        slots: 2,
        slots_free: 2,
        taskmanagers: 1,
        refresh_interval: seconds(3),
        high_availability: false,
    };
    let old = |minor| FlinkCluster { version: FlinkVersion { major: 1, minor }, ..about };
    vec![
        Fact::Known(about),
        Fact::Known(FlinkCluster { slots: 1, slots_free: 1, ..about }),
        Fact::Known(FlinkCluster { slots: 4, slots_free: 4, taskmanagers: 2, ..about }),
        Fact::Known(FlinkCluster { slots_free: 1, ..about }),
        Fact::Known(old(13)),
        Fact::Known(old(12)),
        Fact::Known(FlinkCluster { high_availability: true, ..about }),
        unknown(LONG),
    ]
}
