//! What a round saw, as the facts of core's stories: one line for each thing, said exactly.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use flinkk8soperator_core as machine;
use machine::{
    Change, ChangeClass, Checkpoint, CheckpointKind, ClusterObjects, Fact, Flink, FlinkRequest,
    Incarnation, JobState, Operation, Pod, Post, Presence, Process, Retention, Role, Statistics,
    Timestamp, TroubleKind, Uid, Vertex,
};

use super::round::Thought;

/// Facts with what each is about: one about the same thing takes its place.
pub(super) type Lines = Vec<(String, String)>;

/// How the story calls what the world numbers.
pub(super) struct Names {
    began: Timestamp,
    uid: Uid,
    pods: BTreeMap<Uid, String>,
    given: BTreeMap<(Incarnation, &'static str), u8>,
    /// The process that each cluster's facts are about.
    asked: BTreeMap<Incarnation, Process>,
    clusters: Vec<Incarnation>,
}

impl Names {
    /// Of a story that begins at this instant.
    pub(super) fn new(began: Timestamp) -> Names {
        Names {
            began,
            uid: Uid(1),
            pods: BTreeMap::new(),
            given: BTreeMap::new(),
            asked: BTreeMap::new(),
            clusters: Vec::new(),
        }
    }

    /// The ids given out so far, with their names.
    pub(super) fn ids(&self, count: u64) -> Vec<(String, String)> {
        super::story::names(self.uid, self.began.0, count)
    }

    /// The first pod of its role in a cluster is `a`, the next `b`.
    fn pod(&mut self, pod: &Pod) -> String {
        let short = match pod.role {
            Role::JobManager => "jm",
            Role::TaskManager => "tm",
        };
        let given = &mut self.given;
        let name = self.pods.entry(pod.uid).or_insert_with(|| {
            let nth = given.entry((pod.incarnation, short)).or_default();
            let letter = char::from(b'a' + *nth);
            *nth += 1;
            format!("{short}{}{letter}", pod.incarnation)
        });
        match pod.restarts {
            0 => name.clone(),
            restarts => format!("{name}#{restarts}"),
        }
    }

    fn condition(&mut self, pod: &Pod) -> String {
        let mut words = vec![match (pod.running, pod.ready) {
            (false, _) => "waiting",
            (true, false) => "running",
            (true, true) => "ready",
        }];
        if pod.terminating {
            words.push("ending");
        }
        words.extend(pod.trouble.as_ref().map(|trouble| match trouble.kind {
            TroubleKind::InvalidImage => "invalid-image",
            TroubleKind::ImagePull => "image-pull",
            TroubleKind::Unschedulable | TroubleKind::Forbidden => "unschedulable",
            TroubleKind::CrashLoop | TroubleKind::CannotStart => "crash-loop",
            TroubleKind::DoesNotEnd => "does-not-end",
        }));
        format!("{}={}", self.pod(pod), words.join(","))
    }

    /// Of TaskManagers of one cluster.
    fn letters(&self, pods: &BTreeSet<Uid>) -> String {
        let letter = |uid: &Uid| self.pods.get(uid)?.chars().last();
        pods.iter().filter_map(letter).map(|letter| format!(" {letter}")).collect()
    }

    fn pods(&mut self, pods: &[Pod]) -> String {
        pods.iter().map(|pod| format!(" {}", self.condition(pod))).collect()
    }
}

/// A span as a story writes it.
pub(super) fn seconds(span: Duration) -> String {
    format!("{}s", span.as_secs_f64())
}

/// What was seen; and the beginnings of what earlier facts were about that do not hold any more.
pub(super) fn lines(names: &mut Names, thought: &Thought) -> (Lines, Vec<String>) {
    let (mut lines, mut gone) = (Lines::new(), Vec::new());
    names.uid = thought.desired.uid;
    let seen = &thought.seen;
    if let Some(objects) = seen.objects.known() {
        let there: Vec<Incarnation> = objects.clusters.iter().map(|c| c.incarnation).collect();
        for before in std::mem::replace(&mut names.clusters, there.clone()) {
            if !there.contains(&before) {
                gone.push(format!("cluster {before} "));
                names.asked.remove(&before);
                lines
                    .push((format!("no cluster {before}"), format!("exactly no cluster {before}")));
            }
        }
        for there in &there {
            gone.push(format!("no cluster {there}"));
        }
        for cluster in &objects.clusters {
            lines.push((format!("cluster {} objects", cluster.incarnation), shape(names, cluster)));
        }
        let service = objects.service.map_or("none".to_owned(), |n| n.to_string());
        lines.push(("service".to_owned(), format!("exactly service {service}")));
        let coloured = objects.coloured.iter().map(|(c, n)| format!(" {}={n}", c.as_str()));
        let coloured = format!("exactly coloured{}", coloured.collect::<String>());
        lines.push(("coloured".to_owned(), coloured));
    }
    if let Some(pods) = seen.live_pods.known() {
        let pods = names.pods(pods);
        lines.push(("listed".to_owned(), format!("exactly listed{pods}")));
    }
    if !seen.revisions.is_empty() {
        let stored = seen.revisions.iter().filter(|(_, stored)| stored.known() == Some(&true));
        let stored: String = stored.map(|(n, _)| format!(" {n}")).collect();
        lines.push(("revisions".to_owned(), format!("exactly revisions{stored}")));
    }
    lines.extend(change(&seen.change).map(|l| ("change".to_owned(), format!("change {l}"))));
    if let Fact::Known(last) = &seen.last_seen {
        let last = last.as_ref().map_or("none".to_owned(), checkpoint);
        lines.push(("last seen".to_owned(), format!("exactly last-seen {last}")));
    }
    for question in &thought.request.flink {
        if let Some(flink) = seen.flink.get(&question.incarnation) {
            let about = About { cluster: question.incarnation, began: names.began };
            if names.asked.insert(question.incarnation, question.process) != Some(question.process)
            {
                // Nothing of the last process' memory.
                gone.push(format!("cluster {} flink", question.incarnation));
                about.exactly(&mut lines, "memory", "forgets");
            }
            about.said(&mut lines, question, flink);
            if let Some(idle) = flink.idle.known() {
                let line = format!("idle{}", names.letters(idle));
                about.line(&mut lines, "idle", "", &line);
            }
        }
    }
    (lines, gone)
}

fn shape(names: &mut Names, cluster: &ClusterObjects) -> String {
    let presence = |presence| match presence {
        Presence::Absent => "absent",
        Presence::Present => "present",
        Presence::Terminating => "terminating",
    };
    let ClusterObjects { incarnation, hash, jobmanager, taskmanager, service, pods, .. } = cluster;
    let mut objects = [*jobmanager, *taskmanager, *service].map(presence).join(" ");
    match cluster.label {
        Some(label) if label == *hash => {}
        Some(label) => objects.push_str(&format!(" label=v{}", label.0)),
        None => objects.push_str(" label=none"),
    }
    if cluster.replicas != 1 {
        objects.push_str(&format!(" replicas={}", cluster.replicas));
    }
    objects.extend(cluster.aliases.iter().map(|alias| format!(" alias=v{}", alias.0)));
    format!("exactly cluster {incarnation} v{} {objects}{}", hash.0, names.pods(pods))
}

fn change(change: &Fact<Change>) -> Option<&'static str> {
    match change {
        Fact::Unasked => None,
        Fact::Unknown { .. } => Some("unknown"),
        Fact::Known(change) => Some(match change.class {
            ChangeClass::None => "none",
            ChangeClass::StatusOnly => "status",
            ChangeClass::Rescale => "rescale",
            ChangeClass::Redeploy => "redeploy",
        }),
    }
}

fn checkpoint(checkpoint: &Checkpoint) -> String {
    let Checkpoint { id, kind, path, discarded, .. } = checkpoint;
    let kind = match kind {
        CheckpointKind::Savepoint => "savepoint",
        CheckpointKind::SyncSavepoint => "sync-savepoint",
        CheckpointKind::Checkpoint => "checkpoint",
    };
    let discarded = if *discarded { ",discarded" } else { "" };
    format!("{id}={kind},{}{discarded}", path.as_deref().unwrap_or_default())
}

/// Whose facts they are.
struct About {
    cluster: Incarnation,
    began: Timestamp,
}

impl About {
    fn line(&self, lines: &mut Lines, key: &str, begins: &str, line: &str) {
        let key = format!("cluster {} flink {key}", self.cluster);
        lines.push((key, format!("{begins}flink {} {line}", self.cluster)));
    }

    fn exactly(&self, lines: &mut Lines, key: &str, line: &str) {
        self.line(lines, key, "exactly ", line);
    }

    /// Who does not answer one question answers none; of its own POST the operator knows all the same.
    fn said(&self, lines: &mut Lines, question: &FlinkRequest, flink: &Flink) {
        if let (Some(job), Some(post)) = (question.submission, flink.submission.known()) {
            self.line(
                lines,
                &format!("post {job}"),
                "",
                &format!("post {job} {}", self::post(post)),
            );
        }
        match silence(flink) {
            Some(span) => {
                self.exactly(lines, "silence", &format!("silent {}", seconds(span)));
            }
            None => {
                self.exactly(lines, "silence", "answers");
                self.answers(lines, question, flink);
            }
        }
    }

    fn answers(&self, lines: &mut Lines, question: &FlinkRequest, flink: &Flink) {
        if let Some(about) = flink.cluster.known() {
            let version = format!("{}.{}", about.version.major, about.version.minor);
            let (slots, refresh) = (about.slots, seconds(about.refresh_interval));
            let (managers, free) = (about.taskmanagers, about.slots_free);
            let line = format!("about {version} {managers} {slots} {free} {refresh}");
            self.exactly(lines, "about", &line);
        }
        if let Some(jobs) = flink.jobs.known() {
            let listed = jobs.iter().map(|j| format!(" {}={}", j.id, state(j.state)));
            self.exactly(lines, "jobs", &format!("jobs{}", listed.collect::<String>()));
        }
        if let (Some(id), Some(details)) = (question.job, flink.job.known()) {
            let line = match details {
                None => format!("details {id} none"),
                Some(job) => {
                    let when = |what: &str, at: Option<Timestamp>| {
                        let at = at.map(|at| seconds(at.since(self.began)));
                        at.map_or(String::new(), |at| format!(" {what} {at}"))
                    };
                    let restarted = when("restarted", job.restarted_at);
                    let ended = when("ended", job.ended_at);
                    let up = format!("{}/{}", job.vertices_up, job.vertices);
                    format!("details {id} {} {up}{restarted}{ended}", state(job.state))
                }
            };
            self.exactly(lines, &format!("details {id}"), &line);
        }
        match flink.statistics.known() {
            None => {}
            Some(None) => self.line(lines, "statistics", "", "statistics none"),
            Some(Some(known)) => self.exactly(lines, "statistics", &statistics(known)),
        }
        if let Some(Some(checkpointing)) = flink.checkpointing.known() {
            let retention = match checkpointing.retention {
                Retention::None => "none",
                Retention::OnFailure => "on-failure",
                Retention::OnCancellation => "on-cancellation",
            };
            self.line(lines, "retention", "", &format!("retention {retention}"));
        }
        match flink.requirements.known() {
            None => {}
            Some(None) => self.exactly(lines, "vertices", "vertices none"),
            Some(Some(vertices)) => {
                for vertex in vertices {
                    self.line(lines, "vertices", "", &self::vertex(vertex));
                }
            }
        }
        if let (Some((_, trigger)), Some(found)) = (question.operation, flink.operation.known()) {
            let line = format!("operation {trigger} {}", operation(found));
            self.line(lines, &format!("operation {trigger}"), "", &line);
        }
        if let Some(words) = flink.failure.known() {
            self.line(lines, "failure", "", &format!("failure {words}"));
        }
    }
}

fn silence(flink: &Flink) -> Option<Duration> {
    fn span<T>(fact: &Fact<T>) -> Option<Duration> {
        match fact {
            Fact::Unknown { for_how_long, .. } => Some(*for_how_long),
            Fact::Unasked | Fact::Known(_) => None,
        }
    }
    let (first, second) = (span(&flink.cluster), span(&flink.jobs));
    let of_jobs = span(&flink.job).or_else(|| span(&flink.statistics));
    let of_tasks = span(&flink.idle).or_else(|| span(&flink.requirements));
    first.or(second).or(of_jobs).or(of_tasks)
}

fn vertex(vertex: &Vertex) -> String {
    let Vertex { bounds, max_parallelism, parallelism, running } = vertex;
    let max = max_parallelism.map_or(String::new(), |max| format!(" {max}"));
    let bounds = format!("{} {}-{}", bounds.vertex.0, bounds.lower, bounds.upper);
    format!("vertex {bounds} {running}/{parallelism}{max}")
}

fn state(state: JobState) -> &'static str {
    match state {
        JobState::Starting => "starting",
        JobState::Running => "running",
        JobState::Restarting => "restarting",
        JobState::Cancelling => "cancelling",
        JobState::Finished => "finished",
        JobState::Canceled => "canceled",
        JobState::Failed => "failed",
        JobState::Suspended => "suspended",
    }
}

fn statistics(statistics: &Statistics) -> String {
    let Statistics { newest_id, restored, in_progress, completed, restored_from } = statistics;
    let completed: String = completed.iter().map(|c| format!(" {}", checkpoint(c))).collect();
    let from = restored_from.as_ref().map(|c| format!(" from {}", checkpoint(c)));
    let from = from.unwrap_or_default();
    format!("checkpoints {newest_id} {restored} {in_progress}{completed}{from}")
}

fn operation(operation: &Operation) -> String {
    match operation {
        Operation::Unknown => "unknown".to_owned(),
        Operation::InProgress => "in-progress".to_owned(),
        Operation::Completed { path } => format!("completed {path}"),
        Operation::Failed { message } => format!("failed {message}"),
    }
}

fn post(post: &Post) -> String {
    match post {
        Post::NotSent => "not-sent".to_owned(),
        Post::MaybeSent => "maybe-sent".to_owned(),
        Post::InFlight { .. } => "in-flight".to_owned(),
        Post::Accepted => "accepted".to_owned(),
        Post::Refused { retriable, message, alone } => {
            let now = if *retriable { "-for-now" } else { "" };
            let beside = if *alone { "" } else { "-beside" };
            format!("refused{now}{beside} {message}")
        }
        Post::Lost => "lost".to_owned(),
    }
}
