//! The world that a plan assumes: the caller's facts, and what becomes of them if all goes well.

mod pods;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use self::pods::{end_what_ends, end_what_is_too_many, pod};
use super::jobmanager::{JobManager, told};
use crate::context::Context;
use crate::decision::Effect;
use crate::desired::Desired;
use crate::ids::{DeployHash, Incarnation, Process, Role, Uid};
use crate::needs::needs;
use crate::observation::{
    Change, Checkpoint, ClusterObjects, Fact, FactRequest, Flink, FlinkCluster, FlinkVersion,
    Objects, Observation, Pod, Presence, Silence,
};
use crate::state::{RestorePoint, State, Version};
use crate::time::Timestamp;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assumed {
    pub(super) now: Timestamp,
    pub(super) desired: Desired,
    /// The application is gone.
    pub(super) gone: bool,
    objects: Fact<Objects>,
    /// Pods that only a live LIST shows.
    listed: Fact<Vec<Pod>>,
    revisions: BTreeMap<Incarnation, Fact<bool>>,
    newest_revision: Fact<Option<Incarnation>>,
    /// How the desired spec differs from the revision of that incarnation.
    change: (Option<Incarnation>, Fact<Change>),
    last_seen: Fact<Option<Checkpoint>>,
    jobmanagers: BTreeMap<Process, JobManager>,
    /// A cluster that comes up, as its JobManager tells of it.
    about: FlinkCluster,
    /// Paths of the savepoints that were assumed to be taken.
    taken: BTreeSet<String>,
    /// How many pods were made up.
    pods: u128,
}

impl Assumed {
    pub(super) fn new(cx: &Context<'_>, state: &State, seen: &Observation) -> Assumed {
        let asked = needs(cx, state, seen);
        let objects = match &seen.objects {
            Fact::Unasked => Fact::Known(Objects::default()),
            told @ (Fact::Known(_) | Fact::Unknown { .. }) => told.clone(),
        };
        let mut world = Assumed {
            now: cx.now,
            desired: cx.desired.clone(),
            gone: false,
            listed: lingering(seen),
            objects,
            revisions: seen.revisions.clone(),
            newest_revision: seen.newest_revision.clone(),
            change: (asked.change, seen.change.clone()),
            last_seen: seen.last_seen.clone(),
            jobmanagers: BTreeMap::new(),
            about: about(cx, state, seen),
            taken: BTreeSet::new(),
            pods: 0,
        };
        if seen.objects == Fact::Unasked {
            world.stands_as_the_state_has_it(state);
        }
        let obsolete = state.record.obsolete.iter().map(|o| o.incarnation);
        let kept = versions(state).map(|v| v.target.incarnation);
        for incarnation in obsolete.chain(kept) {
            world.revisions.entry(incarnation).or_insert(Fact::Known(true));
        }
        for (incarnation, process) in world.processes() {
            let told = seen.flink.get(&incarnation).filter(|f| f.process == Some(process));
            let question = asked.flink.iter().find(|q| q.incarnation == incarnation);
            let deployed = state.record.deployed.as_ref();
            let job =
                deployed.filter(|d| d.target.incarnation == incarnation).and_then(|d| d.live());
            let memory = JobManager::new(world.about, told.zip(question), job.map(|job| job.id));
            world.jobmanagers.insert(process, memory);
        }
        world
    }

    /// Nobody looked: the clusters that the state speaks of stand.
    fn stands_as_the_state_has_it(&mut self, state: &State) {
        let standing = versions(state).filter(|v| !v.removed);
        let one = |v: &Version| (v.target.incarnation, v.target.names(), v.target.taskmanagers);
        let leaving = state.record.leaving.iter().map(|l| (l.incarnation, l.hash, 1));
        let all: Vec<_> = standing.map(one).chain(leaving).collect();
        all.into_iter().for_each(|(incarnation, hash, size)| self.create(incarnation, hash, size));
        if let Fact::Known(objects) = &mut self.objects {
            // Of two without a colour the Service leads to the deployed one.
            let both = state.record.previous.iter().chain(&state.record.deployed);
            for target in both.filter(|v| !v.removed).map(|v| v.target) {
                match target.colour {
                    None => objects.service = Some(target.incarnation),
                    Some(colour) => _ = objects.coloured.insert(colour, target.incarnation),
                }
            }
        }
    }

    /// The answers to `ask`, and to nothing else.
    pub(super) fn answer(&self, ask: &FactRequest) -> Observation {
        let mut seen = Observation::default();
        if ask.objects {
            seen.objects = self.objects.clone();
        }
        if ask.live_pods {
            let watched = self.clusters().iter().flat_map(|c| &c.pods);
            let listed = self.listed.known().into_iter().flatten();
            seen.live_pods = told(&self.listed, watched.chain(listed).cloned().collect());
        }
        for incarnation in &ask.revisions {
            let stored = self.revisions.get(incarnation).cloned().unwrap_or(Fact::Known(false));
            seen.revisions.insert(*incarnation, stored);
        }
        if ask.newest_revision {
            let stored = |(number, fact): (&Incarnation, &Fact<bool>)| {
                fact.known().is_some_and(|stored| *stored).then_some(*number)
            };
            let known = self.newest_revision.known().copied().flatten();
            let newest = self.revisions.iter().filter_map(stored).chain(known).max();
            seen.newest_revision = told(&self.newest_revision, newest);
        }
        if ask.last_seen.is_some() {
            seen.last_seen = told(&self.last_seen, self.last_seen.known().cloned().flatten());
        }
        if ask.change.is_some() {
            seen.change = match &self.change {
                (of, change) if *of == ask.change && *change != Fact::Unasked => change.clone(),
                _ => Fact::Unknown { why: Silence::Stale, for_how_long: Duration::ZERO },
            };
        }
        for question in &ask.flink {
            let known = self.jobmanagers.get(&question.process);
            let silent = Flink { process: Some(question.process), ..Flink::default() };
            let mut answer = known.map_or(silent, |m| m.answer(question, self.now));
            if let Some(jobmanager) = known.filter(|_| question.idle) {
                answer.idle = jobmanager.idle(self.taskmanagers(question.incarnation));
            }
            seen.flink.insert(question.incarnation, answer);
        }
        seen
    }

    /// Does all effects, each with the best outcome. Whether anything is different then.
    pub(super) fn perform(&mut self, effects: &[Effect]) -> bool {
        let before = self.clone();
        effects.iter().for_each(|effect| self.one(effect));
        *self != before
    }

    fn one(&mut self, effect: &Effect) {
        match effect {
            Effect::AddFinalizer => self.desired.finalizer = true,
            Effect::SaveRevision(target)
            | Effect::RebuildRevision(target)
            | Effect::CopyRevision { to: target, .. } => {
                self.revisions.insert(target.revision(), Fact::Known(true));
            }
            Effect::CreateCluster(target) => {
                self.create(target.incarnation, target.names(), target.taskmanagers);
            }
            Effect::ScaleTaskManagers { incarnation, replicas, idle } => {
                self.scale(*incarnation, *replicas, idle);
            }
            Effect::LabelCluster(target) => {
                let cluster = self.cluster_mut(target.incarnation);
                cluster.into_iter().for_each(|cluster| cluster.label = Some(target.hash));
            }
            Effect::SetRequirements(wanted) => {
                if let Some(jobmanager) = self.jobmanagers.get_mut(&wanted.process) {
                    jobmanager.rescale(wanted);
                }
            }
            Effect::PointService { incarnation, colour } => {
                if let Fact::Known(objects) = &mut self.objects {
                    match colour {
                        None => objects.service = Some(*incarnation),
                        Some(colour) => _ = objects.coloured.insert(*colour, *incarnation),
                    }
                }
            }
            Effect::Submit(submit) => {
                if let Some(jobmanager) = self.jobmanagers.get_mut(&submit.process) {
                    jobmanager.accept(submit.job, self.now);
                }
            }
            Effect::Savepoint(savepoint) => {
                if let Some(jobmanager) = self.jobmanagers.get_mut(&savepoint.process) {
                    self.taken.extend(jobmanager.stop(savepoint, self.now));
                }
            }
            Effect::Cancel { process, job, .. } => {
                if let Some(jobmanager) = self.jobmanagers.get_mut(process) {
                    jobmanager.cancel(*job);
                }
            }
            Effect::DeletePod { pod } => {
                self.clusters_mut().for_each(|c| c.pods.retain(|p| p.uid != *pod));
                self.processes_change();
            }
            Effect::RemoveCluster { incarnation } => {
                if let Fact::Known(objects) = &mut self.objects {
                    objects.clusters.retain(|c| c.incarnation != *incarnation);
                }
                self.processes_change();
            }
            Effect::RemoveRevision(obsolete) => {
                self.revisions.insert(obsolete.incarnation, Fact::Known(false));
            }
            Effect::RemoveFinalizer => {
                self.desired.finalizer = false;
                self.gone = true;
            }
        }
    }

    /// What is under way by itself gets there. Whether anything was. `beside`: a savepoint of a job that
    /// runs on is being taken.
    pub(super) fn goes_on(&mut self, beside: bool) -> bool {
        let before = self.clone();
        if let Fact::Known(lingering) = &mut self.listed {
            lingering.clear();
        }
        self.clusters_mut().for_each(end_what_ends);
        self.clusters_mut().for_each(|cluster| end_what_is_too_many(cluster, &BTreeSet::new()));
        if let Fact::Known(objects) = &mut self.objects {
            objects.clusters.retain(|c| c.has_objects() || !c.pods.is_empty());
        }
        self.pods_come_up();
        self.processes_change();
        let (now, stop) = (self.now, Some(self.desired.savepoint_stop).filter(|_| !beside));
        for (incarnation, process) in self.processes() {
            let registered = u32::try_from(self.taskmanagers(incarnation).count());
            if let Some(jobmanager) = self.jobmanagers.get_mut(&process) {
                jobmanager.registers(registered.unwrap_or(u32::MAX));
                self.taken.extend(jobmanager.goes_on(now, stop, self.about));
            }
        }
        *self != before
    }

    fn create(&mut self, incarnation: Incarnation, hash: DeployHash, taskmanagers: u32) {
        let Fact::Known(objects) = &mut self.objects else { return };
        let clusters = &mut objects.clusters;
        if !clusters.iter().any(|c| c.incarnation == incarnation) {
            let absent = Presence::Absent;
            clusters.push(ClusterObjects {
                incarnation,
                hash,
                label: Some(hash),
                jobmanager: absent,
                taskmanager: absent,
                replicas: taskmanagers,
                service: absent,
                aliases: Vec::new(),
                pods: Vec::new(),
                trouble: None,
            });
            clusters.sort_by_key(|c| c.incarnation);
        }
        let created = clusters.iter_mut().filter(|c| c.incarnation == incarnation);
        for cluster in created {
            cluster.jobmanager = Presence::Present;
            cluster.taskmanager = Presence::Present;
            cluster.service = Presence::Present;
        }
        self.pods_come_up();
        self.processes_change();
    }

    fn scale(&mut self, incarnation: Incarnation, replicas: u32, idle: &BTreeSet<Uid>) {
        if let Some(cluster) = self.cluster_mut(incarnation) {
            cluster.replicas = replicas;
            end_what_is_too_many(cluster, idle);
        }
        self.pods_come_up();
    }

    /// Every Deployment that stays has its pods, and they run, except for those in trouble.
    fn pods_come_up(&mut self) {
        let Fact::Known(objects) = &mut self.objects else { return };
        for cluster in &mut objects.clusters {
            let roles =
                [(Role::JobManager, cluster.jobmanager), (Role::TaskManager, cluster.taskmanager)];
            for (role, _) in roles.into_iter().filter(|(_, there)| *there == Presence::Present) {
                let wanted = match role {
                    Role::JobManager => 1,
                    Role::TaskManager => cluster.replicas as usize,
                };
                let staying = |p: &&Pod| p.role == role && !p.terminating;
                for _ in cluster.pods.iter().filter(staying).count()..wanted {
                    self.pods += 1;
                    cluster.pods.push(pod(cluster.incarnation, role, self.pods));
                }
            }
            let well = cluster.pods.iter_mut().filter(|p| p.trouble.is_none() && !p.terminating);
            well.for_each(|p| (p.running, p.ready) = (true, true));
        }
    }

    /// JobManagers that are gone are forgotten with what they knew; new ones know nothing.
    fn processes_change(&mut self) {
        let processes = self.processes();
        self.jobmanagers.retain(|process, _| processes.iter().any(|(_, p)| p == process));
        for (_, process) in processes {
            let fresh = || JobManager::new(self.about, None, None);
            self.jobmanagers.entry(process).or_insert_with(fresh);
        }
    }

    /// The JobManager process of each cluster that one would talk to.
    fn processes(&self) -> Vec<(Incarnation, Process)> {
        let of = |c: &ClusterObjects| Some((c.incarnation, c.jobmanager_process(None)?));
        self.clusters().iter().filter_map(of).collect()
    }

    fn clusters(&self) -> &[ClusterObjects] {
        self.objects.known().map(|o| o.clusters.as_slice()).unwrap_or_default()
    }

    /// The TaskManagers of a cluster that are there to stay.
    fn taskmanagers(&self, incarnation: Incarnation) -> impl Iterator<Item = Uid> {
        let mine = self.clusters().iter().filter(move |c| c.incarnation == incarnation);
        let pods = mine.flat_map(|cluster| cluster.taskmanagers());
        pods.filter(|pod| !pod.terminating).map(|pod| pod.uid)
    }

    fn clusters_mut(&mut self) -> impl Iterator<Item = &mut ClusterObjects> {
        let objects = match &mut self.objects {
            Fact::Known(objects) => Some(objects),
            Fact::Unasked | Fact::Unknown { .. } => None,
        };
        objects.into_iter().flat_map(|o| &mut o.clusters)
    }

    fn cluster_mut(&mut self, incarnation: Incarnation) -> Option<&mut ClusterObjects> {
        self.clusters_mut().find(|cluster| cluster.incarnation == incarnation)
    }

    /// Whether a job runs, with all its tasks.
    pub(super) fn runs(&self) -> bool {
        self.jobmanagers.values().any(JobManager::runs)
    }

    /// Whether a restore point is a savepoint that was only assumed.
    pub(super) fn took(&self, point: &RestorePoint) -> bool {
        self.taken.contains(&point.path)
    }

    /// The version of a cluster.
    pub(super) fn hash(&self, incarnation: Incarnation) -> Option<DeployHash> {
        self.clusters().iter().find(|c| c.incarnation == incarnation).map(|c| c.hash)
    }

    /// How old Flink's answers can be.
    pub(super) fn refresh_interval(&self) -> Duration {
        self.about.refresh_interval
    }
}

fn versions(state: &State) -> impl Iterator<Item = &Version> {
    [&state.record.deployed, &state.record.previous].into_iter().flatten()
}

/// Pods that the live LIST shows and the watches do not.
fn lingering(seen: &Observation) -> Fact<Vec<Pod>> {
    let watched = seen.objects.known().map(|o| o.clusters.as_slice()).unwrap_or_default();
    let watched: Vec<Uid> = watched.iter().flat_map(|c| &c.pods).map(|p| p.uid).collect();
    match &seen.live_pods {
        Fact::Known(pods) => {
            Fact::Known(pods.iter().filter(|p| !watched.contains(&p.uid)).cloned().collect())
        }
        Fact::Unasked => Fact::Known(Vec::new()),
        silent @ Fact::Unknown { .. } => silent.clone(),
    }
}

/// A cluster like those that were seen, with as many slots as any version needs, all of them free.
fn about(cx: &Context<'_>, state: &State, seen: &Observation) -> FlinkCluster {
    let told = seen.flink.values().find_map(|f| f.cluster.known());
    let needed = versions(state).map(|v| v.target.parallelism);
    let slots = needed.fold(cx.desired.parallelism, u32::max);
    FlinkCluster {
        version: told.map_or(FlinkVersion::V1_15, |about| about.version),
        slots,
        slots_free: slots,
        taskmanagers: 1,
        // Flink's default of `web.refresh-interval`.
        refresh_interval: told.map_or(Duration::from_secs(3), |about| about.refresh_interval),
        high_availability: told.is_some_and(|about| about.high_availability),
    }
}

#[cfg(test)]
mod tests;
