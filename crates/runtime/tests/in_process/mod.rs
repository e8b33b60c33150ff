//! The operator in a simulated cluster, in one process, without sockets and in virtual time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use flinkk8soperator_api::v1beta1::FlinkApplication;
use flinkk8soperator_core::Timestamp;
use flinkk8soperator_runtime::config::{FlinkAccess, Logger};
use flinkk8soperator_runtime::{
    CancellationToken, Ports, RunError, Settings, ports, run_with, telemetry,
};
use flinkk8soperator_sim::http::cluster::{Cluster, ClusterConfig};
use flinkk8soperator_sim::http::kubernetes::server::ServerConfig;
use flinkk8soperator_sim::http::kubernetes::store::{DEFAULT_HISTORY, StoreConfig};
use http_body_util::BodyExt;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Event, Service};
use kube::Client;
use kube::api::{Api, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// The operator's requests are told from the test's by this.
pub(crate) const OPERATOR: &str = "operator";

/// The wall clock of the simulated cluster.
#[derive(Clone, Copy)]
struct Wall(Instant);

impl Wall {
    fn millis(self) -> u64 {
        1_000_000_000 + u64::try_from(self.0.elapsed().as_millis()).unwrap()
    }
}

impl ports::Clock for Wall {
    fn now(&self) -> Timestamp {
        Timestamp(self.millis())
    }
}

/// A cluster, a client to it, and an operator at work in it.
pub(crate) struct Scene {
    pub(crate) cluster: Cluster,
    client: Client,
    wall: Wall,
    stop: CancellationToken,
    operator: Option<JoinHandle<Result<(), RunError>>>,
    /// Which requests of the operator panic, as a defect at that place would.
    defect: Defect,
}

/// Whether a request, by method and path, panics.
type Defect = Arc<Mutex<Option<Box<dyn FnMut(&str, &str) -> bool + Send>>>>;

impl Scene {
    /// With the definition of this version.
    pub(crate) async fn start() -> Scene {
        Scene::start_with(definition()).await
    }

    /// With another definition of the applications.
    pub(crate) async fn start_with(definition: Value) -> Scene {
        // With RUST_LOG set, a test tells what the operator logs.
        telemetry::init(&Logger { level: 0, json: false, show_source: false, mute: false });
        let wall = Wall(Instant::now());
        let clock = Arc::new(move || i64::try_from(wall.millis()).unwrap());
        let store = StoreConfig { clock, seed: 1, history: DEFAULT_HISTORY };
        let definitions = vec![definition];
        let server = ServerConfig { store, definitions, ..ServerConfig::default() };
        let config = ClusterConfig { server, ..ClusterConfig::default() };
        let cluster = Cluster::start(config).await.unwrap();
        let defect = Defect::default();
        let client = client(&cluster, "test", &Defect::default());
        let mut scene =
            Scene { cluster, client, wall, stop: CancellationToken::new(), operator: None, defect };
        scene.start_operator();
        scene
    }

    /// A new operator, which knows nothing.
    pub(crate) fn start_operator(&mut self) {
        let mut settings = Settings {
            port: 0,
            jitter: false,
            flink_access: FlinkAccess::ApiServer,
            leader_election: None,
            ..Settings::default()
        };
        settings.applications.common.core.record_checkpoints = None;
        self.stop = CancellationToken::new();
        let ports = Ports { clock: Arc::new(self.wall), ..Ports::default() };
        let client = client(&self.cluster, OPERATOR, &self.defect);
        let run = run_with(client, settings, ports, self.stop.clone());
        self.operator = Some(tokio::spawn(run));
    }

    /// Lets it finish its rounds.
    pub(crate) async fn stop_operator(&mut self) {
        self.stop.cancel();
        self.ended().await.unwrap();
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self) -> Result<(), RunError> {
        self.operator.take().expect("it was started").await.unwrap()
    }

    /// From now on the operator's requests that `picks` picks, by method and path, panic.
    pub(crate) fn plant(&self, picks: impl FnMut(&str, &str) -> bool + Send + 'static) {
        *self.defect.lock().unwrap() = Some(Box::new(picks));
    }

    fn applications(&self) -> Api<DynamicObject> {
        let resource = ApiResource::erase::<FlinkApplication>(&());
        Api::namespaced_with(self.client.clone(), "default", &resource)
    }

    /// Applies another definition.
    pub(crate) async fn replace_definition(&self, definition: Value) {
        let kind = GroupVersionKind::gvk("apiextensions.k8s.io", "v1", "CustomResourceDefinition");
        let resource = ApiResource::from_gvk_with_plural(&kind, "customresourcedefinitions");
        let api: Api<DynamicObject> = Api::all_with(self.client.clone(), &resource);
        let name = "flinkapplications.flink.k8s.io";
        let old = api.get(name).await.unwrap();
        let mut definition: DynamicObject = serde_json::from_value(definition).unwrap();
        definition.metadata.resource_version = old.metadata.resource_version;
        api.replace(name, &PostParams::default(), &definition).await.unwrap();
    }

    pub(crate) async fn create(&self, app: &Value) {
        let object = serde_json::from_value(app.clone()).unwrap();
        self.applications().create(&PostParams::default(), &object).await.unwrap();
    }

    pub(crate) async fn patch(&self, spec: Value) {
        let patch = Patch::Merge(json!({ "spec": spec }));
        self.applications().patch("app", &PatchParams::default(), &patch).await.unwrap();
    }

    pub(crate) async fn delete(&self) {
        self.applications().delete("app", &Default::default()).await.unwrap();
    }

    async fn application(&self) -> Option<Value> {
        let found = self.applications().get_opt("app").await.unwrap();
        found.map(|object| serde_json::to_value(object).unwrap())
    }

    /// Waits, in virtual time, until the application looks so; prints what it goes through.
    pub(crate) async fn until(
        &self,
        what: &str,
        holds: impl Fn(Option<&Value>) -> bool,
    ) -> Option<Value> {
        let limit = Instant::now() + Duration::from_secs(900);
        let mut last = String::new();
        loop {
            let app = self.application().await;
            let line = app.as_ref().map(summary).unwrap_or_default();
            if line != last {
                println!("{:>8} {line}", self.wall.millis() - 1_000_000_000);
                last = line;
            }
            if holds(app.as_ref()) {
                return app;
            }
            assert!(Instant::now() < limit, "{what}: {app:#?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until there are as many versioned Deployments and Services.
    pub(crate) async fn until_objects(&self, left: usize) {
        let limit = Instant::now() + Duration::from_secs(300);
        let params = ListParams::default().labels("flink-app-hash");
        loop {
            let deployments: Api<Deployment> = Api::namespaced(self.client.clone(), "default");
            let services: Api<Service> = Api::namespaced(self.client.clone(), "default");
            let deployments = deployments.list(&params).await.unwrap().items.len();
            let services = services.list(&params).await.unwrap().items.len();
            if deployments + services == left {
                return;
            }
            assert!(Instant::now() < limit, "{deployments} and {services} are there");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// The warnings with that reason: as many events, not how often each was repeated.
    pub(crate) async fn warnings(&self, reason: &str) -> usize {
        let events: Api<Event> = Api::namespaced(self.client.clone(), "default");
        let events = events.list(&ListParams::default()).await.unwrap().items;
        let are = |event: &&Event| {
            event.reason.as_deref() == Some(reason) && event.type_.as_deref() == Some("Warning")
        };
        events.iter().filter(are).count()
    }

    /// The operator's requests that change something, in order, since the last time.
    pub(crate) fn writes(&self) -> Vec<String> {
        let log = self.cluster.server().api().log();
        let entries = log.entries();
        log.clear();
        let mine = entries.iter().filter(|entry| entry.request.user_agent == OPERATOR);
        let writes = mine.filter(|entry| entry.request.method != http::Method::GET);
        writes.map(|entry| format!("{} {}", entry.request.method, entry.request.path)).collect()
    }
}

/// The definition of this version.
pub(crate) fn definition() -> Value {
    serde_json::to_value(flinkk8soperator_api::crd()).unwrap()
}

/// Whether the newest generation is confirmed.
pub(crate) fn ready(app: Option<&Value>) -> bool {
    let Some(app) = app else { return false };
    let conditions = app["status"]["conditions"].as_array();
    let ready = |c: &Value| c["type"] == "Ready" && c["status"] == "True";
    let seen = app["status"]["observedGeneration"] == app["metadata"]["generation"];
    seen && conditions.is_some_and(|c| c.iter().any(ready))
}

fn summary(app: &Value) -> String {
    let text = |pointer: &str| app.pointer(pointer).and_then(Value::as_str).unwrap_or("-");
    let (phase, hash) = (text("/status/phase"), text("/status/deployHash"));
    let (reason, message) = (text("/status/reason"), text("/status/conditions/0/message"));
    format!("{phase} {hash} {reason}: {message}")
}

/// A client that talks to the API server without a socket.
fn client(cluster: &Cluster, agent: &'static str, defect: &Defect) -> Client {
    let (api, defect) = (cluster.server().api().clone(), Arc::clone(defect));
    let service = tower::service_fn(move |request: http::Request<kube::client::Body>| {
        let (api, defect) = (api.clone(), Arc::clone(&defect));
        async move {
            let (method, path) = (request.method().as_str(), request.uri().path());
            let planted = defect.lock().unwrap().as_mut().is_some_and(|picks| picks(method, path));
            assert!(!planted, "a planted defect at {method} {path}");
            let (mut parts, body) = request.into_parts();
            parts.headers.insert("user-agent", http::HeaderValue::from_static(agent));
            let bytes = body.collect().await?.to_bytes();
            let request = http::Request::from_parts(parts, bytes);
            api.handle(request).await.map_err(|_| tower::BoxError::from("connection closed"))
        }
    });
    Client::new(service, "default")
}

/// An application whose job keeps its state below `/savepoints`.
pub(crate) fn app(image: &str) -> Value {
    json!({
        "apiVersion": "flink.k8s.io/v1beta1",
        "kind": "FlinkApplication",
        "metadata": { "name": "app", "namespace": "default" },
        "spec": {
            "image": image, "flinkVersion": "1.20", "jarName": "app.jar",
            "entryClass": "com.example.Job", "parallelism": 4,
            "taskManagerConfig": { "taskSlots": 2 },
            "flinkConfig": { "state.savepoints.dir": "file:///savepoints" },
        },
    })
}
