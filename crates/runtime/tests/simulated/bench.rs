//! The operator in the simulated cluster, under virtual time, without sockets: what the stories and
//! the counts are played on.

use std::time::Duration;

use flinkk8soperator_runtime::Settings;
use flinkk8soperator_sim::world::{self, Latencies};
use flinkk8soperator_simulate::chronicle::Chronicle;
use flinkk8soperator_simulate::clock::Clock;
use flinkk8soperator_simulate::scene::{Job, Scene};
use flinkk8soperator_simulate::session::{Reach, Session, SessionConfig};
use serde_json::{Value, json};

use crate::permissions;

pub(crate) const NAMESPACE: &str = "default";
pub(crate) const NAME: &str = "wordcount";

/// Longer than any story takes, with every default deadline that may fire in it.
const LIMIT: Duration = Duration::from_secs(45 * 60);

/// A cluster, the operator, and what happened so far.
pub(crate) struct Bench {
    pub(crate) session: Session,
    chronicle: Chronicle,
}

/// The application at its first version.
pub(crate) fn application() -> Value {
    json!({
        "apiVersion": "flink.k8s.io/v1beta1",
        "kind": "FlinkApplication",
        "metadata": { "name": NAME, "namespace": NAMESPACE },
        "spec": {
            "image": "registry.example.com/wordcount:1.0.0",
            "flinkVersion": "1.20",
            "jarName": "wordcount.jar",
            "entryClass": "com.example.WordCount",
            "parallelism": 2,
            "taskManagerConfig": { "taskSlots": 2 },
            "flinkConfig": { "state.savepoints.dir": "file:///savepoints" },
        },
    })
}

/// The same with another image.
pub(crate) fn with_image(tag: &str) -> Value {
    let mut application = application();
    application["spec"]["image"] = json!(format!("registry.example.com/wordcount:{tag}"));
    application
}

/// The same with another image and entry class.
pub(crate) fn with_class(tag: &str, class: &str) -> Value {
    let mut application = with_image(tag);
    application["spec"]["entryClass"] = json!(class);
    application
}

pub(crate) fn confirmed(scene: &Scene) -> bool {
    scene.application(NAME).is_some_and(|app| app.ready && app.rests())
}

/// Only one version has objects.
pub(crate) fn alone(scene: &Scene) -> bool {
    scene.versions().len() == 1
}

pub(crate) fn failed(scene: &Scene) -> bool {
    scene.application(NAME).is_some_and(|app| app.phase == "DeployFailed" && app.rests())
}

pub(crate) fn gone(scene: &Scene) -> bool {
    scene.applications.is_empty() && scene.objects.is_empty()
}

impl Bench {
    /// With default settings, but nothing that comes by chance or only with time.
    pub(crate) async fn start() -> Bench {
        Bench::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Bench {
        Bench::in_world(world::Settings::default(), change).await
    }

    /// In a world of another kind.
    pub(crate) async fn in_world(
        world: world::Settings,
        change: impl FnOnce(&mut Settings),
    ) -> Bench {
        Bench::in_time(Latencies::default(), world, change).await
    }

    /// In a world of another kind, in which things take other times.
    pub(crate) async fn in_time(
        latencies: Latencies,
        world: world::Settings,
        change: impl FnOnce(&mut Settings),
    ) -> Bench {
        let mut settings = Settings { jitter: false, ..Settings::default() };
        settings.applications.common.core.record_checkpoints = None;
        change(&mut settings);
        let config = SessionConfig {
            settings,
            latencies,
            world,
            reach: Reach::InProcess,
            clock: Clock::at(1_700_000_000_000),
        };
        let session = Session::start(config).await.unwrap();
        Bench { session, chronicle: Chronicle::default() }
    }

    /// A bench with the application deployed and confirmed, and its job.
    pub(crate) async fn deployed() -> (Bench, Job) {
        let mut bench = Bench::start().await;
        bench.apply(&application()).await;
        let scene = bench.until("the first version is confirmed", confirmed).await;
        (bench, the_one_job(&scene).clone())
    }

    pub(crate) async fn apply(&self, application: &Value) {
        self.session.apply(application).await.unwrap();
    }

    pub(crate) async fn delete(&self) {
        self.session.delete(NAMESPACE, NAME).await.unwrap();
    }

    /// Waits until it is so; a story that does not come to it is printed.
    pub(crate) async fn until(&mut self, what: &str, holds: impl Fn(&Scene) -> bool) -> Scene {
        let end = self.session.clock().elapsed() + LIMIT;
        loop {
            let scene = Scene::of(self.session.cluster());
            if holds(&scene) {
                return scene;
            }
            if self.session.clock().elapsed() >= end {
                panic!("never: {what}\n{}\n{scene:#?}", self.told());
            }
            self.chronicle.catch_up(self.session.cluster(), self.session.clock().elapsed());
            self.session.changed(Duration::from_secs(5)).await;
        }
    }

    /// Lets time pass.
    pub(crate) async fn rest(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    /// What happened.
    pub(crate) fn told(&mut self) -> String {
        let now = self.session.clock().elapsed();
        self.chronicle.catch_up(self.session.cluster(), now);
        let line = |entry: &flinkk8soperator_simulate::chronicle::Entry| {
            format!("{:8.2} {:<8} {}\n", entry.at, entry.about.word(), entry.text)
        };
        self.chronicle.entries().iter().map(line).collect()
    }

    /// Nothing that must never be was, and nothing was asked of the API server that the role does not grant.
    pub(crate) fn sound(&mut self) {
        let missing = permissions::missing(&self.session.cluster().server().api().log().entries());
        assert!(missing.is_empty(), "not granted: {missing:?}");
        let broken = self.session.cluster().violations();
        assert!(broken.is_empty(), "{broken:?}\n{}", self.told());
    }
}

pub(crate) fn the_one_job(scene: &Scene) -> &Job {
    let running: Vec<&Job> = scene.running().collect();
    assert_eq!(running.len(), 1, "not one job runs: {:#?}", scene.jobs);
    running[0]
}

/// A job of before as it is now.
pub(crate) fn stood<'s>(scene: &'s Scene, job: &Job) -> &'s Job {
    scene.jobs.iter().find(|other| other.id == job.id).unwrap()
}

/// The one job that runs went on exactly where `old` stopped.
pub(crate) fn went_on(scene: &Scene, old: &Job) {
    let (new, old) = (the_one_job(scene), stood(scene, old));
    assert_ne!(new.id, old.id);
    assert_eq!(old.state, "stopped with a savepoint");
    assert_eq!(new.begins_at, old.consumed, "a gap, or a repeat: {:#?}", scene.jobs);
    assert!(new.restored_from.is_some());
}
