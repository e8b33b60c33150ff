//! What the operator asked for that changes something: of the API server, and of Flink through it.

use std::time::Duration;

use flinkk8soperator_sim::http::cluster::Cluster;
use flinkk8soperator_sim::http::kubernetes::log::Entry;
use flinkk8soperator_sim::http::kubernetes::route::Verb;
use http::Method;
use serde::Serialize;

/// A write to the API server.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Write {
    /// Seconds since the beginning.
    pub at: f64,
    /// `create`, `update`, `patch`, `delete` or `deletecollection`.
    pub verb: &'static str,
    /// As in RBAC rules: `deployments`, `flinkapplications/status`.
    pub resource: String,
    /// Namespace, may be empty.
    pub namespace: String,
    /// Name; empty where a collection is meant, or the API server gave one.
    pub name: String,
    /// How it was answered; none: not at all.
    pub status: Option<u16>,
}

/// A request to Flink that is no GET.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FlinkRequest {
    /// Seconds since the beginning.
    pub at: f64,
    /// HTTP method.
    pub method: String,
    /// The pod that was asked.
    pub pod: String,
    /// Path at the pod.
    pub path: String,
    /// How it was answered; none: not at all.
    pub status: Option<u16>,
}

/// Follows the requests to a cluster's API server.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Writes, oldest first.
    pub writes: Vec<Write>,
    /// Requests to Flink, oldest first.
    pub flink_requests: Vec<FlinkRequest>,
}

/// Who applies files here; what it asks for is the user's.
pub(crate) const USER: &str = "simulate";

impl Ledger {
    /// Reads what was asked since the last time.
    pub fn catch_up(&mut self, cluster: &Cluster, now: Duration) {
        for entry in cluster.server().api().log().take() {
            self.note(&entry, now.as_secs_f64());
        }
    }

    fn note(&mut self, entry: &Entry, at: f64) {
        let Entry { request, status } = entry;
        let of_the_user = request.query.contains(&format!("fieldManager={USER}"));
        match request.verb {
            Verb::Get | Verb::List | Verb::Watch => {}
            Verb::Create | Verb::Update | Verb::Patch | Verb::Delete | Verb::DeleteCollection => {
                self.writes.extend((!of_the_user).then(|| Write {
                    at,
                    verb: request.verb.as_str(),
                    resource: request.qualified_resource(),
                    namespace: request.namespace.clone(),
                    name: request.name.clone(),
                    status: *status,
                }));
            }
            Verb::Proxy => {
                let pod = request.name.split_once(':').map_or(&*request.name, |(pod, _)| pod);
                let path = request.path.split_once("/proxy").map_or("", |(_, path)| path);
                self.flink_requests.extend((request.method != Method::GET).then(|| FlinkRequest {
                    at,
                    method: request.method.to_string(),
                    pod: pod.to_owned(),
                    path: path.to_owned(),
                    status: *status,
                }));
            }
        }
    }
}
