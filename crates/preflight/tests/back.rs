//! `preflight --back`: what the reference operator would do with what it left itself, and with what our
//! operator has made, by the status that it writes.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

#[path = "../../simulate/tests/recordings/opened.rs"]
mod opened;
#[path = "../../simulate/tests/recordings/mod.rs"]
mod recordings;

use std::time::Duration;

use flinkk8soperator_preflight::back::{self, Application, Outcome, Report};
use flinkk8soperator_preflight::read::Reader;
use flinkk8soperator_preflight::report::Verdict;
use flinkk8soperator_resources::RenderConfig;
use flinkk8soperator_runtime::Settings;
use flinkk8soperator_sim::http::cluster::Cluster;
use flinkk8soperator_sim::http::kubernetes::faults::Fault;
use flinkk8soperator_sim::http::kubernetes::kinds::Resource;
use flinkk8soperator_sim::http::kubernetes::log::RequestInfo;
use flinkk8soperator_sim::world::{self, Latencies};
use flinkk8soperator_simulate::clock::Clock;
use flinkk8soperator_simulate::scene::Scene;
use flinkk8soperator_simulate::session::{Reach, Session, SessionConfig};
use opened::open;
use recordings::{WORLDS, document};
use serde_json::{Value, json};

async fn look(cluster: &Cluster, config: &RenderConfig) -> Report {
    let reader = Reader::new(kube::Client::new(cluster.server().api().clone(), "default"));
    back::look(&reader, None, config).await.unwrap()
}

/// What becomes of the only application.
async fn only(cluster: &Cluster) -> Application {
    let report = look(cluster, &RenderConfig::default()).await;
    assert_eq!(report.applications.len(), 1);
    report.applications.into_iter().next().unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_the_reference_operator_left_it_goes_on_with() {
    for name in WORLDS {
        let app = only(&open(name).await).await;
        let expected = match name {
            "running-edited-while-operator-dead" | "running-last-applied-changed" => "redeployed",
            _ if name.starts_with("deleting-") => "its deletion goes on",
            _ if ["Running", "DeployFailed", "DualRunning"].contains(&app.phase.as_str()) => {
                "unchanged"
            }
            _ => "in the middle of a deploy",
        };
        assert!(app.message.starts_with(expected), "{name}: {app:#?}");
        let deployed = document(name)["application"]["status"]["deployHash"].clone();
        assert_eq!(app.deployed_hash, deployed.as_str().unwrap_or_default(), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_operators_configuration_is_in_the_hash() {
    let cluster = open("first-deploy-running").await;
    let config = RenderConfig { scheduler_name: "other".to_owned(), ..RenderConfig::default() };
    assert!(look(&cluster, &RenderConfig::default()).await.is_good());
    let report = look(&cluster, &config).await;
    assert!(!report.is_good());
    let app = &report.applications[0];
    assert_eq!(app.deployed_hash, "4c871267");
    assert_ne!(app.computed_hash.as_deref(), Some("4c871267"));
}

#[tokio::test(start_paused = true)]
async fn the_table_and_the_json_say_the_same() {
    let report = look(&open("first-deploy-running").await, &RenderConfig::default()).await;
    let table = "\
NAMESPACE  NAME           PHASE    DEPLOYED  COMPUTED  THEN
team-a     first-running  Running  4c871267  4c871267  unchanged
";
    assert_eq!(report.to_string(), table);
    let expected = json!({ "applications": [{
        "namespace": "team-a", "name": "first-running", "phase": "Running",
        "deployedHash": "4c871267", "computedHash": "4c871267",
        "outcome": "Unchanged", "removes": [], "message": "unchanged",
    }] });
    assert_eq!(serde_json::to_value(&report).unwrap(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_right_that_is_missing_is_named() {
    let cluster = open("first-deploy-running").await;
    let reader = Reader::new(kube::Client::new(cluster.server().api().clone(), "default"));
    for resource in ["flinkapplications", "deployments", "services"] {
        cluster.server().api().set_faults(move |request: &RequestInfo| {
            let struck = request.resource == resource;
            if struck { Fault::RespondWith(403) } else { Fault::Pass }
        });
        let refused = |error: Result<Report, _>| match error {
            Ok(report) => panic!("{report}"),
            Err(error) => format!("{error}"),
        };
        let config = RenderConfig::default();
        let everywhere = refused(back::look(&reader, None, &config).await);
        assert!(everywhere.contains(&format!("list {resource}")), "{everywhere}");
        assert!(everywhere.ends_with("in all namespaces is missing"), "{everywhere}");
        let somewhere = refused(back::look(&reader, Some("team-a"), &config).await);
        assert!(somewhere.ends_with("in namespace team-a is missing"), "{somewhere}");
    }
}

/// Our operator at work in the simulated cluster.
struct Ours(Session);

const NAME: &str = "wordcount";

fn application() -> Value {
    json!({
        "apiVersion": "flink.k8s.io/v1beta1",
        "kind": "FlinkApplication",
        "metadata": { "name": NAME, "namespace": "default" },
        "spec": {
            "image": "registry.example.com/wordcount:1.0.0", "flinkVersion": "1.20",
            "jarName": "wordcount.jar", "entryClass": "com.example.WordCount", "parallelism": 2,
            "taskManagerConfig": { "taskSlots": 2 },
            "flinkConfig": { "state.savepoints.dir": "file:///savepoints" },
        },
    })
}

/// The application with other members in its spec.
fn with(members: &Value) -> Value {
    let mut application = application();
    for (name, value) in members.as_object().unwrap() {
        application["spec"][name] = value.clone();
    }
    application
}

/// With this tag of the image, in mode BlueGreen.
fn coloured(tag: &str) -> Value {
    let image = format!("registry.example.com/wordcount:{tag}");
    with(&json!({ "deploymentMode": "BlueGreen", "image": image }))
}

impl Ours {
    /// With this application at rest.
    async fn with(application: &Value) -> Ours {
        let mut settings = Settings { jitter: false, ..Settings::default() };
        settings.applications.common.core.record_checkpoints = None;
        let config = SessionConfig {
            settings,
            latencies: Latencies::default(),
            world: world::Settings::default(),
            reach: Reach::InProcess,
            clock: Clock::at(1_700_000_000_000),
        };
        let ours = Ours(Session::start(config).await.unwrap());
        ours.apply(application).await;
        ours.until("Running").await;
        ours
    }

    async fn apply(&self, application: &Value) {
        self.0.apply(application).await.unwrap();
    }

    /// Waits until it rests in this phase, or is in it where it is none to rest in.
    async fn until(&self, phase: &str) {
        let resting = ["Running", "DeployFailed", "DualRunning"].contains(&phase);
        for _ in 0..10_000 {
            let scene = Scene::of(self.0.cluster());
            let app = scene.application(NAME).unwrap();
            let rests = !resting || app.rests() && (app.ready || phase == "DeployFailed");
            if app.phase == phase && rests {
                return;
            }
            self.0.changed(Duration::from_secs(5)).await;
        }
        panic!("never {phase}: {:#?}", Scene::of(self.0.cluster()));
    }

    /// A member of the status.
    fn status(&self, member: &str) -> Value {
        let store = self.0.cluster().server().api().store();
        let applications = Resource::new("flink.k8s.io", "flinkapplications");
        store.get(&applications, "default", NAME).unwrap()["status"][member].clone()
    }

    async fn outcome(&self) -> Outcome {
        only(self.0.cluster()).await.outcome
    }
}

#[tokio::test(start_paused = true)]
async fn what_ours_runs_is_unchanged() {
    for mode in ["Dual", "Single"] {
        let ours = Ours::with(&with(&json!({ "deploymentMode": mode }))).await;
        assert!(ours.outcome().await.is_good(), "{mode}");
        let newer = json!({ "deploymentMode": mode, "image": "registry.example.com/wordcount:2" });
        ours.apply(&with(&newer)).await;
        ours.until("Savepointing").await;
        assert_eq!(ours.outcome().await, Outcome::Deploying, "{mode}");
        ours.until("Running").await;
        assert!(ours.outcome().await.is_good(), "{mode}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_failed_in_our_hands_is_unchanged_and_what_is_deleted_goes() {
    let ours = Ours::with(&application()).await;
    let bad = json!({ "image": "registry.example.com/wordcount:missing" });
    ours.apply(&with(&bad)).await;
    ours.until("DeployFailed").await;
    assert!(ours.outcome().await.is_good());
    ours.0.delete("default", NAME).await.unwrap();
    ours.until("Deleting").await;
    assert_eq!(ours.outcome().await, Outcome::Deleting);
}

#[tokio::test(start_paused = true)]
async fn an_edit_that_ours_has_not_deployed_is_deployed() {
    let mut ours = Ours::with(&application()).await;
    ours.0.stop_operator().await.unwrap();
    let newer = json!({ "image": "registry.example.com/wordcount:2" });
    ours.apply(&with(&newer)).await;
    let Outcome::Redeployed { from, to, in_place: false } = ours.outcome().await else {
        panic!("{:#?}", ours.outcome().await);
    };
    assert_ne!(from, to);
}

#[tokio::test(start_paused = true)]
async fn what_that_operator_has_no_way_to_ask_is_another_spec_to_it() {
    let open = Ours::with(&application()).await.status("deployHash");
    let mut secured = with(&json!({ "flinkRest": { "tls": { "secretName": "rest-tls" } } }));
    secured["spec"]["flinkConfig"]["security.ssl.rest.enabled"] = json!("true");
    let ours = Ours::with(&secured).await;
    let Outcome::Redeployed { from, to, in_place: false } = ours.outcome().await else {
        panic!("{:#?}", ours.outcome().await);
    };
    assert_eq!(ours.status("deployHash"), from);
    assert!(from != to && json!(to) != open);
}

#[tokio::test(start_paused = true)]
async fn what_ours_scaled_in_place_is_unchanged_with_its_first_service() {
    let in_place =
        |parallelism: u32| with(&json!({ "scaleMode": "InPlace", "parallelism": parallelism }));
    let ours = Ours::with(&in_place(2)).await;
    let first = only(ours.0.cluster()).await;
    assert!(first.outcome.is_good(), "{first:#?}");
    ours.apply(&in_place(4)).await;
    ours.until("Rescaling").await;
    assert_eq!(ours.outcome().await, Outcome::Deploying);
    ours.until("Running").await;
    assert!(ours.outcome().await.is_good());
    ours.apply(&in_place(2)).await;
    ours.until("Rescaling").await;
    ours.until("Running").await;
    assert!(ours.outcome().await.is_good(), "its first hash again");
}

#[tokio::test(start_paused = true)]
async fn versions_in_a_colour_are_unchanged_also_where_one_was_torn_down() {
    let ours = Ours::with(&coloured("1")).await;
    assert!(ours.outcome().await.is_good());
    ours.apply(&coloured("2")).await;
    ours.until("DualRunning").await;
    let both = only(ours.0.cluster()).await;
    assert!(both.outcome.is_good(), "{both:#?}");
    let mut one = coloured("2");
    one["spec"]["tearDownVersionHash"] = json!(both.deployed_hash);
    ours.apply(&one).await;
    assert_eq!(ours.outcome().await, Outcome::TornDown);
    ours.until("Running").await;
    assert!(ours.outcome().await.is_good(), "the newer one is left");
}

#[tokio::test(start_paused = true)]
async fn a_version_whose_successor_was_torn_down_or_failed_is_unchanged() {
    let ours = Ours::with(&coloured("1")).await;
    ours.apply(&coloured("missing")).await;
    ours.until("DeployFailed").await;
    assert!(ours.outcome().await.is_good(), "the newer one failed");
    ours.apply(&coloured("2")).await;
    ours.until("DualRunning").await;
    let newer = ours.status("updatingHash");
    let mut one = coloured("2");
    one["spec"]["tearDownVersionHash"] = newer;
    ours.apply(&one).await;
    ours.until("Running").await;
    assert!(
        ours.outcome().await.is_good(),
        "the newer one was torn down, and its spec is still there"
    );
}
