//! The facts of a story, kept from step to step, and the answers to what the machine asks.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use flinkk8soperator_core::*;

/// Everything that a story says.
pub(crate) struct World {
    pub(crate) config: Config,
    pub(crate) desired: Desired,
    pub(crate) now: Timestamp,
    /// The operator's process is a new one, and this is its first round.
    pub(crate) resumed: bool,
    pub(crate) state: State,
    pub(crate) clusters: BTreeMap<Incarnation, Cluster>,
    /// Pods that only the live LIST shows.
    pub(crate) listed: Vec<Pod>,
    /// What the live LIST shows, whatever the watches say.
    pub(crate) listed_exactly: Option<Vec<Pod>>,
    /// A step is one round, not as many as it takes until the state stays.
    pub(crate) one_round: bool,
    pub(crate) strangers: Vec<Stranger>,
    /// Clusters of the reference operator's, until they have a number.
    pub(crate) unnumbered: Vec<Unnumbered>,
    pub(crate) service: Option<Incarnation>,
    pub(crate) coloured: BTreeMap<Colour, Incarnation>,
    pub(crate) revisions: BTreeSet<Incarnation>,
    pub(crate) change: Fact<Change>,
    /// The newest checkpoint that the operator's process was told of.
    pub(crate) last_seen: Option<Checkpoint>,
    /// The watches or the LIST say nothing.
    pub(crate) watch_silent: Option<Duration>,
    pub(crate) list_silent: Option<Duration>,
    /// Whether a revision is stored is not told, for so long.
    pub(crate) revisions_silent: Option<Duration>,
}

/// One Flink cluster, and what its JobManager would say.
pub(crate) struct Cluster {
    pub(crate) objects: ClusterObjects,
    pub(crate) about: FlinkCluster,
    /// What `/jobs` says.
    pub(crate) listed: BTreeMap<JobId, JobState>,
    /// What `/jobs/:id` says.
    pub(crate) detailed: BTreeMap<JobId, Job>,
    pub(crate) statistics: Option<Statistics>,
    pub(crate) retention: Retention,
    pub(crate) operations: BTreeMap<TriggerId, Operation>,
    pub(crate) failure: String,
    pub(crate) posts: BTreeMap<JobId, Post>,
    pub(crate) idle: BTreeSet<Uid>,
    /// Of a job on the adaptive scheduler.
    pub(crate) vertices: Option<Vec<Vertex>>,
    pub(crate) silent: Option<Duration>,
}

impl Default for World {
    fn default() -> World {
        World {
            config: Config::default(),
            desired: desired(),
            now: Timestamp(0),
            resumed: false,
            state: State::new(Timestamp(0)),
            clusters: BTreeMap::new(),
            listed: Vec::new(),
            listed_exactly: None,
            one_round: false,
            strangers: Vec::new(),
            unnumbered: Vec::new(),
            service: None,
            coloured: BTreeMap::new(),
            revisions: BTreeSet::new(),
            change: Fact::Unasked,
            last_seen: None,
            watch_silent: None,
            list_silent: None,
            revisions_silent: None,
        }
    }
}

fn desired() -> Desired {
    Desired { parallelism: 2, ..Desired::new(Uid(1), 1, DeployHash(1), Digest(1)) }
}

/// A fact, or the silence instead of it.
fn fact<T>(silent: Option<Duration>, value: T) -> Fact<T> {
    match silent {
        Some(for_how_long) => Fact::Unknown { why: Silence::Unreachable, for_how_long },
        None => Fact::Known(value),
    }
}

impl World {
    pub(crate) fn context(&self) -> Context<'_> {
        let World { config, desired, now, resumed, .. } = self;
        Context { config, desired, now: *now, resumed: *resumed }
    }

    /// The answers to `ask`, and to nothing else.
    pub(crate) fn answer(&self, ask: &FactRequest) -> Observation {
        let mut seen = Observation::default();
        if ask.objects {
            seen.objects = fact(self.watch_silent, self.objects());
        }
        if ask.live_pods {
            seen.live_pods = fact(self.list_silent, self.live_pods());
        }
        for incarnation in &ask.revisions {
            let stored = fact(self.revisions_silent, self.revisions.contains(incarnation));
            seen.revisions.insert(*incarnation, stored);
        }
        if ask.newest_revision {
            seen.newest_revision = Fact::Known(self.revisions.last().copied());
        }
        if ask.last_seen.is_some() {
            seen.last_seen = Fact::Known(self.last_seen.clone());
        }
        if ask.change.is_some() {
            seen.change = self.change.clone();
        }
        for request in &ask.flink {
            let cluster = self.clusters.get(&request.incarnation);
            let answer = cluster.map(|c| c.answer(request, self.now)).unwrap_or_default();
            seen.flink.insert(request.incarnation, answer);
        }
        seen
    }

    fn live_pods(&self) -> Vec<Pod> {
        let watched = self.clusters.values().flat_map(|c| &c.objects.pods);
        let shown = || watched.chain(&self.listed).cloned().collect();
        self.listed_exactly.clone().unwrap_or_else(shown)
    }

    /// Those that the state has not given a number.
    fn unnumbered_still(&self) -> Vec<Unnumbered> {
        let adopted = &self.state.record.adopted;
        let still = |c: &&Unnumbered| adopted.iter().all(|adopted| adopted.names() != c.names);
        self.unnumbered.iter().filter(still).copied().collect()
    }

    fn objects(&self) -> Objects {
        let there = |c: &&Cluster| c.objects.has_objects() || !c.objects.pods.is_empty();
        let bare = self.unnumbered_still();
        let shown = |c: &&Cluster| bare.iter().all(|bare| bare.names != c.objects.hash);
        let clusters = self.clusters.values().filter(there).filter(shown);
        let clusters = clusters.map(|c| c.objects.clone()).collect();
        Objects {
            clusters,
            strangers: self.strangers.clone(),
            unnumbered: self.unnumbered_still(),
            service: self.service,
            coloured: self.coloured.clone(),
        }
    }
}

impl Cluster {
    /// A cluster with its three objects and no pods.
    pub(crate) fn created(incarnation: Incarnation, hash: DeployHash) -> Cluster {
        let objects = ClusterObjects {
            incarnation,
            hash,
            label: Some(hash),
            jobmanager: Presence::Present,
            taskmanager: Presence::Present,
            replicas: 1,
            service: Presence::Present,
            aliases: Vec::new(),
            pods: Vec::new(),
            trouble: None,
        };
        let about = FlinkCluster {
            version: FlinkVersion { major: 1, minor: 20 },
            slots: 0,
            slots_free: 0,
            taskmanagers: 0,
            refresh_interval: Duration::from_secs(3),
            high_availability: false,
        };
        Cluster {
            objects,
            about,
            listed: BTreeMap::new(),
            detailed: BTreeMap::new(),
            statistics: None,
            retention: Retention::OnCancellation,
            operations: BTreeMap::new(),
            failure: String::new(),
            posts: BTreeMap::new(),
            idle: BTreeSet::new(),
            vertices: None,
            silent: None,
        }
    }

    /// The same with a JobManager and one TaskManager, two slots registered and free.
    pub(crate) fn up(incarnation: Incarnation, hash: DeployHash) -> Cluster {
        let mut cluster = Cluster::created(incarnation, hash);
        cluster.objects.pods.push(pod(incarnation, Role::JobManager, 'a'));
        cluster.objects.pods.push(pod(incarnation, Role::TaskManager, 'a'));
        cluster.slots(2, 2);
        cluster
    }

    /// So many slots of all TaskManager pods that there are.
    pub(crate) fn slots(&mut self, slots: u32, slots_free: u32) {
        let taskmanagers = u32::try_from(self.objects.taskmanagers().count()).unwrap_or_default();
        self.about = FlinkCluster { slots, slots_free, taskmanagers, ..self.about };
    }

    /// A new JobManager process: nothing of the last one's memory.
    pub(crate) fn forget(&mut self) {
        self.listed.clear();
        self.detailed.clear();
        self.statistics = None;
        self.operations.clear();
    }

    fn answer(&self, request: &FlinkRequest, now: Timestamp) -> Flink {
        let mut flink = Flink { process: Some(request.process), ..Flink::default() };
        if request.cluster {
            flink.cluster = fact(self.silent, self.about);
        }
        if request.jobs {
            let jobs = self.listed.iter().map(|(id, state)| JobSummary { id: *id, state: *state });
            flink.jobs = fact(self.silent, jobs.collect());
        }
        if let Some(job) = request.job {
            // Its clock is no copy.
            let details = self.detailed.get(&job).map(|job| Job { clock: now, ..*job });
            flink.job = fact(self.silent, details);
        }
        if request.statistics.is_some() {
            flink.statistics = fact(self.silent, self.statistics.clone());
        }
        if request.checkpointing.is_some() {
            let (interval, retention) = (Some(Duration::from_secs(10)), self.retention);
            let makes_them = self.statistics.is_some();
            let checkpointing = makes_them.then_some(Checkpointing { interval, retention });
            flink.checkpointing = fact(self.silent, checkpointing);
        }
        if let Some((_, trigger)) = request.operation {
            let operation = self.operations.get(&trigger).cloned();
            flink.operation = fact(self.silent, operation.unwrap_or(Operation::Unknown));
        }
        if request.failure.is_some() {
            flink.failure = fact(self.silent, self.failure.clone());
        }
        if let Some(job) = request.submission {
            let post = self.posts.get(&job).cloned();
            flink.submission = Fact::Known(post.unwrap_or(Post::NotSent));
        }
        if request.requirements.is_some() {
            flink.requirements = fact(self.silent, self.vertices.clone());
        }
        if request.idle {
            flink.idle = fact(self.silent, self.idle.clone());
        }
        flink
    }
}

/// A pod that runs and is ready. `letter`: which one of its role, from `a` on.
pub(crate) fn pod(incarnation: Incarnation, role: Role, letter: char) -> Pod {
    let (short, offset) = match role {
        Role::JobManager => ("jm", 0),
        Role::TaskManager => ("tm", 50),
    };
    let number = u128::from(u32::from(letter) - u32::from('a'));
    Pod {
        uid: Uid(u128::from(incarnation.0) * 100 + offset + number),
        name: format!("{short}{incarnation}{letter}"),
        incarnation,
        role,
        restarts: 0,
        first: letter == 'a',
        began: None,
        running: true,
        ready: true,
        terminating: false,
        trouble: None,
    }
}

/// The name of the pod with this UID, as [`pod`] gives them out.
pub(crate) fn pod_name(uid: Uid) -> String {
    let (incarnation, number) = (uid.0 / 100, uid.0 % 100);
    let short = if number < 50 { "jm" } else { "tm" };
    let letter = char::from(b'a' + u8::try_from(number % 50).unwrap_or_default());
    format!("{short}{incarnation}{letter}")
}
