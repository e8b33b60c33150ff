//! What happened, in order: facts read from the changes of the API server's store and from the
//! simulated world, never from the operator.

use std::time::Duration;

use flinkk8soperator_sim::http::cluster::Cluster;
use flinkk8soperator_sim::http::kubernetes::kinds::{EVENTS, SERVICES};
use flinkk8soperator_sim::http::kubernetes::meta::{self, text};
use flinkk8soperator_sim::http::kubernetes::store::{Change, ChangeKind};
use serde::Serialize;
use serde_json::Value;

use crate::scene::{APPLICATIONS, Application, Job, OBJECTS, Scene, Selectors};

/// A fact and when it came to be.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Seconds since the beginning.
    pub at: f64,
    /// About what: a kind of fact, in one word.
    pub about: About,
    /// The application that it is about.
    pub application: String,
    /// The fact.
    pub text: String,
}

/// Kinds of facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum About {
    /// What the user did.
    User,
    /// The application's phase.
    Phase,
    /// How the application stands, in a sentence.
    Standing,
    /// What is being waited for.
    Waiting,
    /// An error in the words of who made it.
    Error,
    /// An event that the operator published.
    Event,
    /// A warning that it published.
    Warning,
    /// An object made for the application.
    Object,
    /// A pod.
    Pod,
    /// A job, as it really ran.
    Job,
}

impl About {
    /// In one word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            About::User => "user",
            About::Phase => "phase",
            About::Standing => "status",
            About::Waiting => "waiting",
            About::Error => "error",
            About::Event => "event",
            About::Warning => "warning",
            About::Object => "object",
            About::Pod => "pod",
            About::Job => "job",
        }
    }
}

/// Follows a cluster.
#[derive(Debug, Default)]
pub struct Chronicle {
    /// Changes of the store up to this version were read.
    version: u64,
    jobs: Vec<Job>,
    selectors: Selectors,
    phase_since: Vec<(String, Duration)>,
    entries: Vec<Entry>,
    /// What is of this version or an older one was found, and so many jobs.
    found: (u64, usize),
}

impl Chronicle {
    /// Of a cluster that was opened with what stands in it now.
    #[must_use]
    pub fn of_what_stands(cluster: &Cluster) -> Chronicle {
        let version = cluster.server().api().store().version();
        let jobs = cluster.look(|world| world.runs.len());
        Chronicle { found: (version, jobs), ..Chronicle::default() }
    }

    fn came(&self, change: &Change) -> &'static str {
        if change.version <= self.found.0 { "found" } else { "created" }
    }

    /// Everything so far.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Reads what happened since the last time; returns it.
    pub fn catch_up(&mut self, cluster: &Cluster, now: Duration) -> &[Entry] {
        let known = self.entries.len();
        for change in self.changes(cluster) {
            self.version = change.version;
            self.change(&change, now);
        }
        for job in Scene::of(cluster).jobs.iter().enumerate() {
            self.job(job, now);
        }
        &self.entries[known..]
    }

    fn changes(&self, cluster: &Cluster) -> Vec<Change> {
        let store = cluster.server().api().store();
        // A history that was cut cannot be told.
        let changes = store.changes_since(self.version);
        changes
            .map(|changes| changes.map(|change| (**change).clone()).collect())
            .unwrap_or_default()
    }

    fn tell(&mut self, now: Duration, about: About, application: &str, text: impl Into<String>) {
        let (application, text) = (application.to_owned(), text.into());
        self.entries.push(Entry { at: now.as_secs_f64(), about, application, text });
    }

    fn change(&mut self, change: &Change, now: Duration) {
        if change.resource == APPLICATIONS {
            self.application(change, now);
        } else if change.resource == EVENTS {
            self.event(&change.object, now);
        } else if OBJECTS.contains(&change.resource) {
            self.object(change, now);
        }
    }

    fn application(&mut self, change: &Change, now: Duration) {
        let after = Application::of(&change.object);
        let name = after.name.clone();
        let before = match (change.kind, &change.previous) {
            (ChangeKind::Deleted, _) => return self.tell(now, About::User, &name, "is gone"),
            (_, None) => {
                self.phase_since.push((name.clone(), now));
                self.tell(now, About::User, &name, self.came(change));
                Application::default()
            }
            (_, Some(before)) => Application::of(before),
        };
        if before.generation > 0 && after.generation != before.generation && !after.deleting {
            let text = format!("spec changed (generation {})", after.generation);
            self.tell(now, About::User, &name, text);
        }
        if after.deleting && !before.deleting {
            self.tell(now, About::User, &name, "deleted");
        }
        if after.phase != before.phase {
            self.phase(&name, &before.phase, &after.phase, now);
        }
        let new = |old: &Option<String>, new: &Option<String>| new.clone().filter(|_| old != new);
        let stands = format!("{}: {}", after.reason, after.message);
        if stands != format!("{}: {}", before.reason, before.message) && after.waiting_for.is_none()
        {
            self.tell(now, About::Standing, &name, stands);
        }
        if let Some(what) = new(&before.waiting_for, &after.waiting_for) {
            let cure = after.unblocked_by.map(|cure| format!(" ({cure})")).unwrap_or_default();
            self.tell(now, About::Waiting, &name, format!("for {what}{cure}"));
        }
        if let Some(error) = new(&before.last_error, &after.last_error) {
            self.tell(now, About::Error, &name, error);
        }
    }

    fn phase(&mut self, name: &str, before: &str, after: &str, now: Duration) {
        let since = self.phase_since.iter_mut().rev().find(|(of, _)| of == name);
        let took = since.map(|(_, since)| now - std::mem::replace(since, now)).unwrap_or_default();
        let text = match before {
            "" => after.to_owned(),
            _ => format!("{after} (after {:.1} s {before})", took.as_secs_f64()),
        };
        self.tell(now, About::Phase, name, text);
    }

    fn event(&mut self, event: &Value, now: Duration) {
        let warning = event["type"] == "Warning";
        let about = if warning { About::Warning } else { About::Event };
        let text = format!("{}: {}", meta::text(event, "/reason"), meta::text(event, "/message"));
        self.tell(now, about, meta::text(event, "/involvedObject/name"), text);
    }

    fn object(&mut self, change: &Change, now: Duration) {
        let object = &change.object;
        self.selectors.learn(object);
        let state = |object: &Value| self.selectors.state(object);
        let about = if object["kind"] == "Pod" { About::Pod } else { About::Object };
        let words = match (change.kind, change.previous.as_deref()) {
            (ChangeKind::Deleted, _) => "gone".to_owned(),
            (_, None) if about == About::Pod || change.resource == SERVICES => state(object),
            (_, None) => self.came(change).to_owned(),
            // How many of its pods are ready is told by the pods.
            (_, Some(before)) if change.resource != SERVICES && about == About::Object => {
                match (meta::is_deleting(before), meta::is_deleting(object)) {
                    (false, true) => state(object),
                    _ => return,
                }
            }
            (_, Some(before)) if state(before) == state(object) => return,
            (_, Some(_)) => state(object),
        };
        let (kind, name) = (text(object, "/kind"), meta::name(object));
        let text = if about == About::Pod {
            format!("{name} {words}")
        } else {
            format!("{kind} {name} {words}")
        };
        self.tell(now, about, meta::text(object, "/metadata/labels/flink-app"), text);
    }

    fn job(&mut self, (number, job): (usize, &Job), now: Duration) {
        let before = self.jobs.get(number).map(|before| before.state);
        if before == Some(job.state) {
            return;
        }
        let from = match &job.restored_from {
            Some(path) => format!("from {path}"),
            None => "from nothing".to_owned(),
        };
        let text = match before {
            None if number < self.found.1 => format!("{} found {}, {from}", job.id, job.state),
            None => format!("{} accepted by the JobManager of {}, {from}", job.id, job.hash),
            Some(_) => format!("{} {}", job.id, job.state),
        };
        self.tell(now, About::Job, &job.application, text);
        match before {
            None => self.jobs.push(job.clone()),
            Some(_) => self.jobs[number] = job.clone(),
        }
    }
}
