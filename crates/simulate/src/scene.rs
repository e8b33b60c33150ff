//! The cluster as it stands at one moment, cut down to what a person looks at.
//!
//! Objects and the application's own words come from the API server's store, jobs from the simulated
//! world, which knows what really ran. Nothing here waits or decides.

use std::collections::BTreeMap;

use flinkk8soperator_sim::http::cluster::Cluster;
use flinkk8soperator_sim::http::kubernetes::kinds::{
    CONTROLLER_REVISIONS, DEPLOYMENTS, INGRESSES, PODS, Resource, SERVICES,
};
use flinkk8soperator_sim::http::kubernetes::meta::{self, array, text};
use flinkk8soperator_sim::world::{End, Origin, RunId, World};
use serde::Serialize;
use serde_json::Value;

/// Our applications at the API server.
pub const APPLICATIONS: Resource = Resource::new("flink.k8s.io", "flinkapplications");

/// What is made for applications, in the order in which it is shown.
pub(crate) static OBJECTS: [Resource; 5] =
    [DEPLOYMENTS, PODS, SERVICES, INGRESSES, CONTROLLER_REVISIONS];

/// One moment.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Scene {
    /// The applications.
    pub applications: Vec<Application>,
    /// What belongs to them.
    pub objects: Vec<Object>,
    /// Every job that ever ran, oldest first.
    pub jobs: Vec<Job>,
}

/// An application in its own words: its status.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Application {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Of the spec.
    pub generation: i64,
    /// Of the spec that the status is about.
    pub observed_generation: Option<i64>,
    /// Phase.
    pub phase: String,
    /// Why it is where it is.
    pub reason: String,
    /// The same in a sentence.
    pub message: String,
    /// Confirmed and healthy.
    pub ready: bool,
    /// On its way by itself.
    pub reconciling: bool,
    /// No progress without a person.
    pub stalled: bool,
    /// What is being waited for.
    pub waiting_for: Option<String>,
    /// What would bring it about.
    pub unblocked_by: Option<String>,
    /// The last error: whose, and in which words.
    pub last_error: Option<String>,
    /// The deployed version.
    pub deploy_hash: String,
    /// Flink's id of its job.
    pub job_id: String,
    /// It is on its way out.
    pub deleting: bool,
}

impl Application {
    /// Nothing more happens without a person, or something from outside.
    #[must_use]
    pub fn rests(&self) -> bool {
        self.observed_generation == Some(self.generation) && !self.reconciling && !self.deleting
    }

    pub(crate) fn of(object: &Value) -> Application {
        let status = |field: &str| text(object, &format!("/status/{field}")).to_owned();
        let some = |field: &str| Some(status(field)).filter(|word| !word.is_empty());
        let condition = |name: &str| {
            let all = array(object, "/status/conditions");
            all.iter().find(|condition| condition["type"] == name)
        };
        let holds = |name: &str| condition(name).is_some_and(|c| c["status"] == "True");
        Application {
            namespace: meta::namespace(object).to_owned(),
            name: meta::name(object).to_owned(),
            generation: meta::generation(object),
            observed_generation: object
                .pointer("/status/observedGeneration")
                .and_then(Value::as_i64),
            phase: status("phase"),
            reason: status("reason"),
            message: condition("Ready").map(|c| text(c, "/message").to_owned()).unwrap_or_default(),
            ready: holds("Ready"),
            reconciling: holds("Reconciling"),
            stalled: holds("Stalled"),
            waiting_for: some("waitingFor/what"),
            unblocked_by: some("waitingFor/unblockedBy"),
            last_error: last_error(object),
            deploy_hash: status("deployHash"),
            job_id: status("jobStatus/jobID"),
            deleting: meta::is_deleting(object),
        }
    }
}

/// `Pod/wordcount-… ImagePullBackOff: Back-off pulling image …`
fn last_error(object: &Value) -> Option<String> {
    let part = |name: &str| text(object, &format!("/status/lastError/{name}"));
    if part("message").is_empty() {
        return None;
    }
    // `Pod/NAME` says whose words these are by itself.
    let who = if part("object").is_empty() { part("source") } else { part("object") };
    let who: Vec<&str> =
        [who, part("reason")].into_iter().filter(|word| !word.is_empty()).collect();
    Some(format!("{}: {}", who.join(" "), part("message")))
}

/// An object that belongs to an application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Object {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Of which version.
    pub hash: String,
    /// How it is, in a few words.
    pub state: String,
}

impl Object {
    fn of(object: &Value, selectors: &Selectors) -> Object {
        Object {
            kind: text(object, "/kind").to_owned(),
            name: meta::name(object).to_owned(),
            hash: text(object, "/metadata/labels/flink-app-hash").to_owned(),
            state: selectors.state(object),
        }
    }
}

/// Which Deployment's pods a Service's selector means: it holds no names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selectors(BTreeMap<String, String>);

impl Selectors {
    /// Remembers an object, if it is a Deployment.
    pub(crate) fn learn(&mut self, object: &Value) {
        let selector = text(object, "/spec/selector/matchLabels/pod-deployment-selector");
        if !selector.is_empty() {
            self.0.insert(selector.to_owned(), meta::name(object).to_owned());
        }
    }

    /// How an object is, in a few words.
    pub(crate) fn state(&self, object: &Value) -> String {
        let selector = text(object, "/spec/selector/pod-deployment-selector");
        match self.0.get(selector) {
            Some(deployment) if !meta::is_deleting(object) => format!("leads to {deployment}"),
            _ => state(object),
        }
    }
}

fn state(object: &Value) -> String {
    if meta::is_deleting(object) {
        return "on its way out".to_owned();
    }
    match text(object, "/kind") {
        "Pod" => pod(object),
        "Deployment" => {
            let number = |path| object.pointer(path).and_then(Value::as_u64);
            let ready = number("/status/readyReplicas").unwrap_or(0);
            format!("{ready} of {} ready", number("/spec/replicas").unwrap_or(1))
        }
        _ => "there".to_owned(),
    }
}

fn pod(object: &Value) -> String {
    let waiting = object.pointer("/status/containerStatuses/0/state/waiting");
    if let Some(waiting) = waiting {
        let (reason, message) = (text(waiting, "/reason"), text(waiting, "/message"));
        return if message.is_empty() { reason.to_owned() } else { format!("{reason}: {message}") };
    }
    let conditions = array(object, "/status/conditions");
    let refused = conditions.iter().find(|c| c["reason"] == "Unschedulable");
    if let Some(refused) = refused {
        return format!("Unschedulable: {}", text(refused, "/message"));
    }
    let ready = conditions.iter().any(|c| c["type"] == "Ready" && c["status"] == "True");
    match (text(object, "/status/phase"), ready) {
        (_, true) => "ready".to_owned(),
        ("Running", false) => "started".to_owned(),
        (_, false) => "to be scheduled".to_owned(),
    }
}

/// A job as it really ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// Whose.
    pub application: String,
    /// Flink's id.
    pub id: String,
    /// Of which version.
    pub hash: String,
    /// In which cluster.
    pub incarnation: u32,
    /// What it was restored from; none: it began from nothing.
    pub restored_from: Option<String>,
    /// Where in its input it began.
    pub begins_at: u64,
    /// Where in its input it is; of one that was stopped: what its savepoint covers.
    pub consumed: u64,
    /// Its tasks run now.
    pub runs: bool,
    /// In one word.
    pub state: &'static str,
}

fn jobs(world: &World) -> Vec<Job> {
    let job = |number: usize| {
        let run = &world.runs[number];
        let runs = world.consumes(RunId(number));
        Job {
            application: world.applications[run.app.0].name.to_string(),
            id: format!("{:032x}", run.job.0),
            hash: format!("{:08x}", run.hash),
            incarnation: run.incarnation,
            restored_from: match run.origin {
                Origin::Empty => None,
                Origin::File(file) => Some(world.files[file.0].path.to_string()),
            },
            begins_at: run.base,
            consumed: match run.end {
                // The world lets every run consume a step beyond what is saved; this one gave none out.
                Some(End::Stopped | End::StoppedByAPerson) => saved(world, number),
                _ => run.consumed,
            },
            runs,
            state: match run.end {
                None if runs => "running",
                None => "starting",
                Some(End::Finished) => "finished by itself",
                Some(End::Stopped) => "stopped with a savepoint",
                Some(End::StoppedByAPerson) => "stopped by a person",
                Some(End::Canceled) => "cancelled",
                Some(End::Failed) => "failed",
                Some(End::Lost) => "lost with its JobManager",
            },
        }
    };
    (0..world.runs.len()).map(job).collect()
}

/// What the newest state that a run has written covers.
fn saved(world: &World, number: usize) -> u64 {
    let file = world.newest_file(RunId(number));
    file.map_or(world.runs[number].base, |file| world.files[file.0].offset)
}

impl Scene {
    /// The cluster as it is now.
    #[must_use]
    pub fn of(cluster: &Cluster) -> Scene {
        let jobs = cluster.look(jobs);
        let store = cluster.server().api().store();
        let applications = store.list(&APPLICATIONS, None);
        let mut selectors = Selectors::default();
        store.list(&DEPLOYMENTS, None).iter().for_each(|object| selectors.learn(object));
        let objects = OBJECTS.iter().flat_map(|resource| store.list(resource, None));
        let objects = objects.map(|object| Object::of(&object, &selectors)).collect();
        Scene {
            applications: applications.iter().map(|object| Application::of(object)).collect(),
            objects,
            jobs,
        }
    }

    /// The application of that name.
    #[must_use]
    pub fn application(&self, name: &str) -> Option<&Application> {
        self.applications.iter().find(|application| application.name == name)
    }

    /// The jobs that run now.
    pub fn running(&self) -> impl Iterator<Item = &Job> {
        self.jobs.iter().filter(|job| job.runs)
    }

    /// The versions that have a Deployment.
    #[must_use]
    pub fn versions(&self) -> Vec<&str> {
        let deployments = self.objects.iter().filter(|object| object.kind == "Deployment");
        let mut hashes: Vec<&str> = deployments.map(|object| object.hash.as_str()).collect();
        hashes.sort_unstable();
        hashes.dedup();
        hashes
    }
}
