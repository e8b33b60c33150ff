//! Kubernetes and Flink, as far as this example needs them: in memory, and everything goes well, one
//! tick of a second after it was asked for. The real ones do not; `sim::conformance` plays them.

use std::collections::BTreeMap;
use std::time::Duration;

use flinkk8soperator_core::{
    Checkpoint, CheckpointKind, Checkpointing, ClusterObjects, DeployHash, FlinkCluster,
    FlinkVersion, Incarnation, Job, JobId, JobState, JobSummary, Objects, Operation, Pod, Post,
    Presence, Process, Retention, Role, Savepoint, SavepointStop, Silence, Statistics, Submit,
    Timestamp, TriggerId, Uid,
};

use super::outside::{Answer, Done, Failed, Outside, Part};
use super::resource::Spec;

/// Everything there is.
#[derive(Debug, Default)]
pub(crate) struct Cluster {
    now: u64,
    uids: u128,
    revisions: BTreeMap<Incarnation, (DeployHash, Spec, Uid)>,
    parts: BTreeMap<(Incarnation, Part), Uid>,
    pods: Vec<Pod>,
    service: Option<Incarnation>,
    flinks: BTreeMap<Process, Flink>,
    log: Vec<String>,
}

/// A JobManager's memory.
#[derive(Debug, Default)]
struct Flink {
    slots: u32,
    jobs: BTreeMap<JobId, JobState>,
    stopping: Vec<(JobId, TriggerId, Option<SavepointStop>)>,
    savepoints: BTreeMap<TriggerId, String>,
}

impl Cluster {
    /// A second passes: what was asked for has happened.
    pub(crate) fn tick(&mut self) {
        self.now += 1_000;
        self.pods_follow_their_deployments();
        self.flinks.values_mut().for_each(Flink::tick);
    }

    fn pods_follow_their_deployments(&mut self) {
        let parts = &self.parts;
        let part = |role| match role {
            Role::JobManager => Part::JobManager,
            Role::TaskManager => Part::TaskManager,
        };
        self.pods.retain(|p| parts.contains_key(&(p.incarnation, part(p.role))));
        let pods = &self.pods;
        self.flinks.retain(|at, _| pods.iter().any(|p| p.process() == *at));
        for (incarnation, part) in self.parts.keys().copied().collect::<Vec<_>>() {
            match part {
                Part::JobManager => self.starts(incarnation, Role::JobManager),
                Part::TaskManager => self.starts(incarnation, Role::TaskManager),
                Part::Service => {}
            }
        }
    }

    /// Something is still on its way out.
    pub(crate) fn busy(&self) -> bool {
        self.pods.iter().any(|p| !self.parts.contains_key(&(p.incarnation, Part::JobManager)))
    }

    /// What was changed since the last call.
    pub(crate) fn take_log(&mut self) -> Vec<String> {
        std::mem::take(&mut self.log)
    }

    fn uid(&mut self) -> Uid {
        self.uids += 1;
        Uid(self.uids)
    }

    /// A pod of a Deployment that has none.
    fn starts(&mut self, incarnation: Incarnation, role: Role) {
        if self.pods.iter().any(|p| (p.incarnation, p.role) == (incarnation, role)) {
            return;
        }
        let uid = self.uid();
        let pod = Pod {
            uid,
            name: format!("{role}-{incarnation}"),
            incarnation,
            role,
            restarts: 0,
            first: true,
            began: None,
            running: true,
            ready: true,
            terminating: false,
            trouble: None,
        };
        if role == Role::JobManager {
            let slots = self.revisions.get(&incarnation).map_or(0, |(_, spec, _)| spec.parallelism);
            self.flinks.insert(pod.process(), Flink { slots, ..Flink::default() });
        }
        self.pods.push(pod);
    }

    fn flink(&self, at: Process) -> Answer<&Flink> {
        self.flinks.get(&at).ok_or(Silence::Unreachable)
    }

    fn flink_mut(&mut self, at: Process) -> Result<&mut Flink, Failed> {
        self.flinks.get_mut(&at).ok_or_else(|| Failed("no JobManager".to_owned()))
    }

    fn did(&mut self, what: String) -> Done {
        self.log.push(what);
        Ok(())
    }
}

impl Flink {
    fn tick(&mut self) {
        for state in self.jobs.values_mut() {
            match state {
                JobState::Starting => *state = JobState::Running,
                JobState::Cancelling => *state = JobState::Canceled,
                JobState::Running
                | JobState::Restarting
                | JobState::Finished
                | JobState::Canceled
                | JobState::Failed
                | JobState::Suspended => {}
            }
        }
        for (job, trigger, stop) in std::mem::take(&mut self.stopping) {
            let over = stop.map(|stop| match stop {
                SavepointStop::Stop => JobState::Finished,
                SavepointStop::Cancel => JobState::Canceled,
            });
            over.into_iter().for_each(|over| _ = self.jobs.insert(job, over));
            self.savepoints.insert(trigger, format!("file:///savepoints/{trigger}"));
        }
    }
}

impl Outside for Cluster {
    fn now(&self) -> Timestamp {
        Timestamp(self.now)
    }

    fn objects(&mut self) -> Answer<Objects> {
        let mut clusters: BTreeMap<Incarnation, ClusterObjects> = BTreeMap::new();
        let hash = |of| self.revisions.get(&of).map_or(DeployHash(0), |(hash, _, _)| *hash);
        let absent = Presence::Absent;
        let empty = |incarnation| ClusterObjects {
            incarnation,
            hash: hash(incarnation),
            jobmanager: absent,
            taskmanager: absent,
            service: absent,
            pods: Vec::new(),
            label: Some(hash(incarnation)),
            replicas: 1,
            aliases: Vec::new(),
            trouble: None,
        };
        for (of, part) in self.parts.keys() {
            let cluster = clusters.entry(*of).or_insert_with(|| empty(*of));
            match part {
                Part::JobManager => cluster.jobmanager = Presence::Present,
                Part::TaskManager => cluster.taskmanager = Presence::Present,
                Part::Service => cluster.service = Presence::Present,
            }
        }
        for pod in &self.pods {
            let cluster = clusters.entry(pod.incarnation).or_insert_with(|| empty(pod.incarnation));
            cluster.pods.push(pod.clone());
        }
        let clusters = clusters.into_values().collect();
        Ok(Objects { clusters, service: self.service, ..Objects::default() })
    }

    fn live_pods(&mut self) -> Answer<Vec<Pod>> {
        Ok(self.pods.clone())
    }

    fn parts(&mut self, of: Incarnation) -> Answer<Vec<(Part, Uid)>> {
        let mine = self.parts.iter().filter(|((incarnation, _), _)| *incarnation == of);
        Ok(mine.map(|((_, part), uid)| (*part, *uid)).collect())
    }

    fn revision(&mut self, of: Incarnation) -> Answer<Option<(Spec, Uid)>> {
        Ok(self.revisions.get(&of).map(|(_, spec, uid)| (spec.clone(), *uid)))
    }

    fn newest_revision(&mut self) -> Answer<Option<Incarnation>> {
        Ok(self.revisions.keys().max().copied())
    }

    fn save_revision(&mut self, of: Incarnation, hash: DeployHash, spec: &Spec) -> Done {
        let uid = self.uid();
        self.revisions.entry(of).or_insert((hash, spec.clone(), uid));
        self.did(format!("revision {of}: {}", spec.image))
    }

    fn delete_revision(&mut self, of: Incarnation, uid: Uid) -> Done {
        self.revisions.retain(|_, (_, _, there)| *there != uid);
        self.did(format!("revision {of} deleted"))
    }

    fn create(&mut self, of: Incarnation, part: Part) -> Done {
        let uid = self.uid();
        self.parts.entry((of, part)).or_insert(uid);
        self.did(format!("cluster {of}: {part:?} created"))
    }

    fn delete(&mut self, of: Incarnation, part: Part, uid: Uid) -> Done {
        self.parts.retain(|_, there| *there != uid);
        self.did(format!("cluster {of}: {part:?} deleted"))
    }

    fn delete_pod(&mut self, uid: Uid) -> Done {
        self.pods.retain(|p| p.uid != uid);
        self.did(format!("pod {uid} deleted"))
    }

    fn point_service(&mut self, at: Incarnation) -> Done {
        self.service = Some(at);
        self.did(format!("the Service points at cluster {at}"))
    }

    fn delete_owner(&mut self) -> Done {
        self.parts.clear();
        self.pods.clear();
        self.revisions.clear();
        self.did("the owner is deleted, and all that it owns".to_owned())
    }

    fn overview(&mut self, at: Process) -> Answer<FlinkCluster> {
        let flink = self.flink(at)?;
        let runs = flink.jobs.values().any(|state| !state.over());
        Ok(FlinkCluster {
            version: FlinkVersion { major: 2, minor: 0 },
            slots: flink.slots,
            slots_free: if runs { 0 } else { flink.slots },
            taskmanagers: 1,
            refresh_interval: Duration::from_secs(3),
            high_availability: false,
        })
    }

    fn jobs(&mut self, at: Process) -> Answer<Vec<JobSummary>> {
        let jobs = &self.flink(at)?.jobs;
        Ok(jobs.iter().map(|(id, state)| JobSummary { id: *id, state: *state }).collect())
    }

    fn job(&mut self, at: Process, job: JobId) -> Answer<Option<Job>> {
        let state = self.flink(at)?.jobs.get(&job).copied();
        Ok(state.map(|state| Job {
            state,
            vertices: 1,
            vertices_up: u32::from(state == JobState::Running),
            restarted_at: None,
            ended_at: state.over().then_some(Timestamp(0)),
            clock: Timestamp(self.now),
        }))
    }

    fn statistics(&mut self, at: Process, job: JobId) -> Answer<Option<Statistics>> {
        let flink = self.flink(at)?;
        if !flink.jobs.contains_key(&job) {
            return Ok(None);
        }
        let (kind, taken) = (CheckpointKind::SyncSavepoint, Timestamp(self.now));
        let listed = flink.savepoints.values().zip(1..);
        let completed = listed.map(|(path, id)| {
            let path = Some(path.clone());
            Checkpoint { id, kind, path, discarded: false, taken }
        });
        let completed: Vec<Checkpoint> = completed.collect();
        let newest_id = completed.iter().map(|c| c.id).max().unwrap_or_default();
        Ok(Some(Statistics { newest_id, completed, ..Statistics::default() }))
    }

    fn checkpointing(&mut self, at: Process, _: JobId) -> Answer<Option<Checkpointing>> {
        self.flink(at)?;
        Ok(Some(Checkpointing { interval: None, retention: Retention::OnCancellation }))
    }

    fn operation(&mut self, at: Process, job: JobId, trigger: TriggerId) -> Answer<Operation> {
        let flink = self.flink(at)?;
        let open = flink.stopping.iter().any(|(of, by, _)| (*of, *by) == (job, trigger));
        Ok(match flink.savepoints.get(&trigger) {
            Some(path) => Operation::Completed { path: path.clone() },
            None if open => Operation::InProgress,
            None => Operation::Unknown,
        })
    }

    fn failure(&mut self, at: Process, _: JobId) -> Answer<String> {
        self.flink(at).map(|_| String::new())
    }

    fn submit(&mut self, submit: &Submit) -> Done {
        let from = submit.from.path().unwrap_or("nothing").to_owned();
        let flink = self.flink_mut(submit.process)?;
        flink.jobs.entry(submit.job).or_insert(JobState::Starting);
        self.did(format!("job {} starts from {from}", submit.job))
    }

    fn answer(&mut self, at: Process, job: JobId) -> Option<Post> {
        self.flink(at).ok()?.jobs.contains_key(&job).then_some(Post::Accepted)
    }

    fn savepoint(&mut self, savepoint: &Savepoint) -> Done {
        let Savepoint { job, trigger, stop, .. } = *savepoint;
        self.flink_mut(savepoint.process)?.stopping.push((job, trigger, stop));
        self.did(format!("job {job} stops with savepoint {trigger}"))
    }

    fn cancel(&mut self, at: Process, job: JobId) -> Done {
        self.flink_mut(at)?.jobs.insert(job, JobState::Cancelling);
        self.did(format!("job {job} is cancelled"))
    }
}
