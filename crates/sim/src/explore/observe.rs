//! From a [`FactRequest`] to an [`Observation`]: what the operator gets to see of the world.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use flinkk8soperator_core as machine;
use machine::{
    Change, ChangeClass, ClusterObjects, Colour, Fact, FactRequest, Flink, FlinkRequest,
    Incarnation, Objects, Observation, Post, Presence, Silence,
};

use super::left;
use super::node::{APP, Node, Operator, Triggered};
use super::scenario::Suite;
use super::translate;
use crate::world::{Answer, Cluster, Process, Role, TaskManager, World};

/// Answers a request. Never fails; leaves traces in Flink's caches and in the operator's memory.
pub(super) fn observe(suite: &Suite, node: &mut Node, request: &FactRequest) -> Observation {
    let cluster = |incarnation: Incarnation| Cluster { app: APP, incarnation: incarnation.0 };
    let mut seen = Observation::default();
    if request.objects {
        let mut objects = objects(node.watched());
        left::unnumber(suite, node, &mut objects);
        left::tell_age(node, &mut objects);
        seen.objects = Fact::Known(objects);
    }
    if request.live_pods {
        seen.live_pods = Fact::Known(node.world.pods.iter().map(translate::pod).collect());
    }
    for incarnation in &request.revisions {
        let stored = node.world.revision(cluster(*incarnation)).is_some();
        seen.revisions.insert(*incarnation, Fact::Known(stored));
    }
    if request.newest_revision {
        let numbers = node.world.revisions.iter().map(|r| Incarnation(r.cluster.incarnation));
        let newest = match node.stored.phase {
            machine::Phase::Left(_) => left::newest(suite, node.watched()),
            _ => numbers.max(),
        };
        seen.newest_revision = Fact::Known(newest);
    }
    if let Some(incarnation) = request.change {
        seen.change = change(suite, node, cluster(incarnation));
    }
    for question in &request.flink {
        let flink = seen.flink.entry(question.incarnation).or_default();
        ask(node, question, flink);
    }
    if let Some(job) = request.last_seen {
        let known = node.operator.last_seen.as_ref().filter(|(of, _)| *of == job);
        seen.last_seen = Fact::Known(known.map(|(_, checkpoint)| checkpoint.clone()));
    }
    seen
}

fn change(suite: &Suite, node: &Node, base: Cluster) -> Fact<Change> {
    let new = &node.edition(suite).spec;
    let Some(revision) = node.world.revision(base) else {
        let deployed = node.stored.hash_of(Incarnation(base.incarnation));
        let desired = machine::DeployHash(new.hash);
        return deployed.map_or(
            Fact::Unknown { why: Silence::Unreadable, for_how_long: Duration::ZERO },
            |deployed| Fact::Known(Change::without_revision(deployed, &[desired])),
        );
    };
    let old = &revision.spec;
    let class = match (old.hash == new.hash, old.family == new.family) {
        (true, _) => ChangeClass::StatusOnly,
        (false, true) => ChangeClass::Rescale,
        (false, false) => ChangeClass::Redeploy,
    };
    Fact::Known(Change { class, fields: vec!["spec.image".to_owned()] })
}

/// The application's objects as a world has them.
pub(crate) fn objects(world: &World) -> Objects {
    let mut clusters: BTreeMap<u32, ClusterObjects> = BTreeMap::new();
    // Deployments first: their names are those of the cluster.
    for deployment in &world.deployments {
        let found = entry(&mut clusters, deployment.cluster, deployment.spec.hash);
        let presence =
            if deployment.terminating { Presence::Terminating } else { Presence::Present };
        let label = machine::DeployHash(deployment.label);
        let other = match deployment.role {
            Role::JobManager => std::mem::replace(&mut found.jobmanager, presence),
            Role::TaskManager => std::mem::replace(&mut found.taskmanager, presence),
        };
        debug_assert_eq!(other, Presence::Absent, "a cluster has one Deployment of a role");
        let first = [found.jobmanager, found.taskmanager].contains(&Presence::Absent);
        found.label = Some(label).filter(|label| first || found.label == Some(*label));
        if deployment.role == Role::TaskManager {
            found.replicas = deployment.replicas;
        }
    }
    for service in &world.services {
        let found = entry(&mut clusters, service.cluster, service.hash);
        match machine::DeployHash(service.hash) {
            hash if hash == found.hash => found.service = Presence::Present,
            alias => found.aliases.push(alias),
        }
        found.aliases.sort_unstable();
    }
    for pod in &world.pods {
        let hash = world.deployment_of(pod).map_or(0, |d| d.spec.hash);
        entry(&mut clusters, pod.cluster, hash).pods.push(translate::pod(pod));
    }
    Objects {
        clusters: clusters.into_values().collect(),
        strangers: Vec::new(),
        unnumbered: Vec::new(),
        service: world.applications[APP.0].service.map(Incarnation),
        coloured: coloured(world),
    }
}

fn coloured(world: &World) -> BTreeMap<Colour, Incarnation> {
    let of = |colour: &Colour| {
        let cluster = world.applications[APP.0].coloured[*colour as usize];
        cluster.map(|cluster| (*colour, Incarnation(cluster)))
    };
    Colour::ALL.iter().filter_map(of).collect()
}

fn entry(
    clusters: &mut BTreeMap<u32, ClusterObjects>,
    cluster: Cluster,
    hash: u32,
) -> &mut ClusterObjects {
    clusters.entry(cluster.incarnation).or_insert_with(|| ClusterObjects {
        incarnation: Incarnation(cluster.incarnation),
        hash: machine::DeployHash(hash),
        label: None,
        jobmanager: Presence::Absent,
        taskmanager: Presence::Absent,
        replicas: 0,
        service: Presence::Absent,
        aliases: Vec::new(),
        pods: Vec::new(),
        trouble: None,
    })
}

/// Asks one process what is asked of it. Who does not answer one question answers none.
fn ask(node: &mut Node, question: &FlinkRequest, flink: &mut Flink) {
    let process = translate::process_back(question.process);
    flink.process = Some(question.process);
    if let Some(job) = question.submission {
        flink.submission = Fact::Known(post(node, process, job));
    }
    match silence(node, process) {
        Some(why) => remains_silent(node, process, why, question, flink),
        None => {
            node.operator.silent.retain(|(silent, _)| *silent != process);
            answers(node, process, question, flink);
        }
    }
}

fn answers(node: &mut Node, process: Process, question: &FlinkRequest, flink: &mut Flink) {
    fn fact<T>(answer: Option<T>) -> Fact<T> {
        let silent = || Fact::Unknown { why: Silence::Failed, for_how_long: Duration::ZERO };
        answer.map_or_else(silent, Fact::Known)
    }
    let world = &mut node.world;
    if question.cluster {
        let interval = world.settings.refresh_interval;
        flink.cluster = fact(world.overview(process).map(|o| translate::overview(o, interval)));
    }
    if question.jobs {
        flink.jobs = fact(world.jobs(process).map(|jobs| translate::jobs(&jobs)));
    }
    if let Some(job) = question.job.map(translate::job_back) {
        flink.job = fact(
            world.job(process, job).map(|found| found.map(|d| translate::details(d, world.now))),
        );
    }
    if let Some(job) = question.statistics.map(translate::job_back) {
        let found = world.statistics(process, job);
        let files = &world.files;
        flink.statistics = fact(found.map(|s| s.map(|s| translate::statistics(&s, files))));
        remember(&mut node.operator, question.statistics, &flink.statistics);
    }
    if let Some(job) = question.checkpointing.map(translate::job_back) {
        let found = node.world.retention(process, job);
        flink.checkpointing = fact(found.map(|r| r.map(translate::checkpointing)));
    }
    let world = &mut node.world;
    if let Some((job, trigger)) = question.operation {
        let called = |t: &Triggered| (t.process, t.ours) == (process, trigger);
        let theirs = node.operator.triggered.filter(called).map(|t| t.theirs);
        let trigger = theirs.unwrap_or(translate::trigger_back(trigger));
        let found = world.operation(process, translate::job_back(job), trigger);
        flink.operation = fact(found.map(|state| translate::operation(state, &world.files)));
    }
    if let Some(job) = question.requirements.map(translate::job_back) {
        let bounds = world.bounds(process, job).flatten();
        let details = world.job(process, job).flatten();
        let vertices = bounds.zip(details).map(|(b, d)| vec![translate::vertex(b, d)]);
        flink.requirements = Fact::Known(vertices);
    }
    if question.idle {
        let mine = |t: &TaskManager| t.registered == Some(process) && t.tasks.is_empty();
        let idle = world.taskmanagers().filter(|(_, t)| mine(t));
        flink.idle = Fact::Known(idle.map(|(pod, _)| translate::uid(pod.uid)).collect());
    }
    if let Some(job) = question.failure.map(translate::job_back) {
        let words = |words: Option<Arc<str>>| words.map_or_else(String::new, |w| w.to_string());
        flink.failure = fact(world.failure(process, job).map(words));
    }
}

/// The newest checkpoint that the operator's process was told of.
fn remember(
    operator: &mut Operator,
    job: Option<machine::JobId>,
    statistics: &Fact<Option<machine::Statistics>>,
) {
    let Some(statistics) = statistics.known().and_then(Option::as_ref) else { return };
    let kept = |c: &&machine::Checkpoint| !c.discarded && c.path.is_some();
    let newest = statistics.completed.iter().filter(kept).max_by_key(|c| c.id);
    if let Some((job, newest)) = job.zip(newest) {
        operator.last_seen = Some((job, newest.clone()));
    }
}

fn remains_silent(
    node: &mut Node,
    process: Process,
    why: Silence,
    question: &FlinkRequest,
    flink: &mut Flink,
) {
    let now = node.world.now;
    let silent = &mut node.operator.silent;
    let known = silent.iter().find(|(p, _)| *p == process).map(|(_, since)| *since);
    if known.is_none() {
        silent.push((process, now));
    }
    let for_how_long = Duration::from_millis(now - known.unwrap_or(now));
    fn fact<T>(asked: bool, why: Silence, for_how_long: Duration, fact: &mut Fact<T>) {
        if asked {
            *fact = Fact::Unknown { why, for_how_long };
        }
    }
    fact(question.cluster, why, for_how_long, &mut flink.cluster);
    fact(question.jobs, why, for_how_long, &mut flink.jobs);
    fact(question.job.is_some(), why, for_how_long, &mut flink.job);
    fact(question.statistics.is_some(), why, for_how_long, &mut flink.statistics);
    fact(question.checkpointing.is_some(), why, for_how_long, &mut flink.checkpointing);
    fact(question.operation.is_some(), why, for_how_long, &mut flink.operation);
    fact(question.failure.is_some(), why, for_how_long, &mut flink.failure);
    fact(question.idle, why, for_how_long, &mut flink.idle);
    let asked = question.requirements.is_some();
    fact(asked, why, for_how_long, &mut flink.requirements);
}

/// Why a process does not answer now, if so.
fn silence(node: &Node, process: Process) -> Option<Silence> {
    if node.unreachable {
        return Some(Silence::TimedOut);
    }
    node.world.overview(process).is_none().then_some(Silence::Unreachable)
}

/// What the operator knows of its own POST; an answer that has come is read now.
fn post(node: &mut Node, process: Process, job: machine::JobId) -> Post {
    let known = node.operator.post(job);
    if node.unreachable || !matches!(known, Post::InFlight { .. }) {
        return known;
    }
    let answer = match node.world.take_answer(process, translate::job_back(job)) {
        Some(Answer::Accepted | Answer::Duplicate) => Post::Accepted,
        Some(Answer::Refused(words)) => {
            Post::Refused { retriable: false, message: words.to_string(), alone: true }
        }
        None if node.world.jobmanager(process).is_none() => Post::Lost,
        None => return known,
    };
    let post = known.answered(answer);
    node.operator.post = Some((job, post.clone()));
    post
}
