//! What a user asks for: `spec` of a `FlinkApplication`.
//!
//! The comments on the fields are the descriptions in the CRD and in the generated reference, so they
//! speak to users. Nothing has a default in the schema: the reference operator's has none, and what the
//! API server added would enter the deploy hash. The defaults named here are applied by the operator.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{LocalObjectReference, PodSecurityContext, Volume, VolumeMount};
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::FlinkApplicationStatus;
use super::lenient::{embedded, is_default, null_as_default, scalar_map, volume_list};
use super::modes::{
    DeleteMode, DeploymentMode, ForeignJobAction, ImagePullPolicy, Recovery, SavepointStop,
    ScaleMode,
};
use super::roles::{JobManagerConfig, TaskManagerConfig};

/// What is to run: image, job, size and Flink's configuration, and how changes are carried out.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "flink.k8s.io",
    version = "v1beta1",
    kind = "FlinkApplication",
    plural = "flinkapplications",
    singular = "flinkapplication",
    shortname = "flinkapp",
    namespaced,
    status = "FlinkApplicationStatus",
    derive = "PartialEq",
    derive = "Default",
    doc = "A Flink job with a Flink cluster of its own.",
    annotation("api-approved.kubernetes.io", "unapproved"),
    printcolumn = r#"{ "name": "Phase", "type": "string", "jsonPath": ".status.phase", "description": "Where the application is" }"#,
    printcolumn = r#"{ "name": "Cluster Health", "type": "string", "jsonPath": ".status.clusterStatus.health", "description": "Health of the Flink cluster" }"#,
    printcolumn = r#"{ "name": "Job Health", "type": "string", "jsonPath": ".status.jobStatus.health", "description": "Health of the Flink job" }"#,
    printcolumn = r#"{ "name": "Healthy TMs", "type": "string", "jsonPath": ".status.clusterStatus.healthyTaskManagers", "priority": 1 }"#,
    printcolumn = r#"{ "name": "Total TMs", "type": "string", "jsonPath": ".status.clusterStatus.numberOfTaskManagers", "priority": 1 }"#,
    printcolumn = r#"{ "name": "Job Restarts", "type": "integer", "jsonPath": ".status.jobStatus.jobRestartCount", "description": "Restarts of the job by Flink" }"#,
    printcolumn = r#"{ "name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp" }"#
)]
#[serde(rename_all = "camelCase", default)]
pub struct FlinkApplicationSpec {
    /// Container image of JobManager and TaskManagers.
    #[serde(deserialize_with = "null_as_default")]
    pub image: String,
    /// Pull policy of both containers. Default IfNotPresent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_pull_policy: Option<ImagePullPolicy>,
    /// Secrets for pulling the image.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "embedded::<Vec<LocalObjectReference>>")]
    pub image_pull_secrets: Vec<LocalObjectReference>,
    /// Service account of the pods. Default: the namespace's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account_name: Option<String>,
    /// Security context of the pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "embedded::<PodSecurityContext>")]
    pub security_context: Option<PodSecurityContext>,
    /// Volumes of the pods.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "volume_list")]
    pub volumes: Vec<Volume>,
    /// Mounts of the volumes, in both containers.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "embedded::<Vec<VolumeMount>>")]
    pub volume_mounts: Vec<VolumeMount>,

    /// Flink version of the image, e.g. 1.20. It chooses the names of the memory options (1.11 and newer:
    /// process size); what the running Flink can do, it is asked itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flink_version: Option<String>,
    /// Flink configuration; values are text, numbers or booleans. Ports, task slots and memory are set
    /// by the operator.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "scalar_map")]
    pub flink_config: BTreeMap<String, Value>,
    /// How the operator is let in to Flink's REST API, where that is not open to everyone. Another value makes
    /// another version.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub flink_rest: FlinkRest,
    /// Size and placement of the JobManager.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub job_manager_config: JobManagerConfig,
    /// Size and placement of the TaskManagers. Their number is parallelism divided by task slots.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub task_manager_config: TaskManagerConfig,
    /// Port of JobManager RPC. Default 6123.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub rpc_port: Option<i32>,
    /// Port of queryable state. Default 6124.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub query_port: Option<i32>,
    /// Port of the blob server. Default 6125.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub blob_port: Option<i32>,
    /// Port of Flink's REST API and web UI. Default 8081.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub ui_port: Option<i32>,
    /// Port of the internal metric query service. Default 50101.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub metrics_query_port: Option<i32>,

    /// File name of the job's jar in the image's upload directory.
    #[serde(deserialize_with = "null_as_default")]
    pub jar_name: String,
    /// Parallelism of the job.
    #[serde(deserialize_with = "null_as_default")]
    #[schemars(range(min = 1))]
    pub parallelism: i32,
    /// Main class of the job. Default: the one that the jar's manifest names (`program-class`, else
    /// `Main-Class`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry_class: Option<String>,
    /// Arguments of the main class, as one string.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program_args: Option<String>,
    /// Start even if the restored state holds state that no operator of the new job takes up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_non_restored_state: Option<bool>,

    /// Savepoint that the first deploy starts from; not used again afterwards (see restore).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub savepoint_path: Option<String>,
    /// Deprecated: use savepointPath, which wins where both are set.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub savepoint_info: SavepointInfo,
    /// Cancel the old job on an update instead of taking a savepoint; the new one starts empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub savepoint_disabled: Option<bool>,
    /// How the old job is ended with its savepoint: Stop needs sources that can stop, Cancel is for those that
    /// never do. Default Stop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub savepoint_stop: Option<SavepointStop>,
    /// Oldest checkpoint, in seconds, that a recovery may restore from. Default 3600.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub max_checkpoint_restore_age_seconds: Option<i32>,
    /// Start with empty state where no savepoint and no checkpoint is to be had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback_without_state: Option<bool>,
    /// Restore the next deploy or recovery from this path instead of the newest state; used once per nonce.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restore: Option<Restore>,
    /// What a recovery may restore from: Proven takes only state known to be the newest, LastSeen also the
    /// last checkpoint seen before the JobManager was lost. Default Proven.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery: Option<Recovery>,

    /// How an update replaces the running version. Dual: the new cluster starts beside the old one; Single:
    /// the old one is removed first; BlueGreen: both jobs run until one is torn down. Default Dual.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment_mode: Option<DeploymentMode>,
    /// How another parallelism is reached, where nothing else was edited: by a new cluster, or by more or
    /// fewer TaskManagers in the running one. Default NewCluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale_mode: Option<ScaleMode>,
    /// What becomes of the job when the application is deleted. Default Savepoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delete_mode: Option<DeleteMode>,
    /// Any other value redeploys the application, or tries a failed deploy again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart_nonce: Option<String>,
    /// Give up the deploy under way and go back to the version before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub force_rollback: Option<bool>,
    /// BlueGreen: hash of the version to be removed while two are running.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tear_down_version_hash: Option<String>,
    /// Seconds that a new job has to run without a restart until the version counts as good. Default: the
    /// operator's confirmAfter (30).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub confirm_after_seconds: Option<i32>,
    /// How long to wait for what. Default: the operator's settings of the same names.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub timeouts: Timeouts,
    /// What to do with a job in the cluster that is not the operator's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub foreign_job: Option<ForeignJob>,
    /// Hash of the version to be deployed, where the operator took the application over with an edit pending.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[0-9a-f]{1,8}$"))]
    pub accept_pending_edit: Option<String>,
}

/// The reference operator's older place of the savepoint path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SavepointInfo {
    /// Deprecated: use savepointPath.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub savepoint_location: Option<String>,
}

/// A restore point that a person chose.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Restore {
    /// Savepoint or retained checkpoint.
    #[serde(deserialize_with = "null_as_default")]
    #[schemars(length(min = 1))]
    pub path: String,
    /// Any text; a new one makes the path be used once more.
    #[serde(deserialize_with = "null_as_default")]
    #[schemars(length(min = 1))]
    pub nonce: String,
}

/// What Flink's REST API demands of who asks. Secrets are in the application's namespace; what they hold may change
/// at any time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct FlinkRest {
    /// TLS, as with security.ssl.rest.enabled in flinkConfig. Default: plain HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<FlinkRestTls>,
    /// A user name and a password. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basic_auth: Option<FlinkRestBasicAuth>,
}

/// Whom the operator takes for Flink.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct FlinkRestTls {
    /// Secret with the authorities that Flink's certificate may be from in ca.crt; and, where Flink demands one, the
    /// operator's own certificate in tls.crt with its key in tls.key.
    #[serde(deserialize_with = "null_as_default")]
    #[schemars(length(min = 1, max = 253), regex(pattern = SUBDOMAIN))]
    pub secret_name: String,
    /// Name that Flink's certificate has to be made out to. Default: NAME.NAMESPACE.svc of the application.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253), regex(pattern = SUBDOMAIN))]
    pub server_name: Option<String>,
}

/// As whom the operator asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct FlinkRestBasicAuth {
    /// Secret with username and password, as of type kubernetes.io/basic-auth.
    #[serde(deserialize_with = "null_as_default")]
    #[schemars(length(min = 1, max = 253), regex(pattern = SUBDOMAIN))]
    pub secret_name: String,
}

/// A DNS subdomain (RFC 1123), which names of Secrets are.
const SUBDOMAIN: &str = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";

/// Deadlines of one application, as Go durations (`30s`, `10m`, `1h30m`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Timeouts {
    /// Until a new cluster is ready. Default: the operator's (10m).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = GO_DURATION))]
    pub cluster_start: Option<String>,
    /// Until a savepoint is complete; never shorter than the job's checkpoint timeout. Default: the operator's (30m).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = GO_DURATION))]
    pub savepoint: Option<String>,
    /// Until a submission is answered, main() included. Default: the operator's (5m).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = GO_DURATION))]
    pub submit: Option<String>,
    /// Until all vertices run. Default: the operator's flinkJobVertexTimeout.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = GO_DURATION))]
    pub job_start: Option<String>,
    /// Until a new version is confirmed, restarts included. Default: the operator's (10m).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = GO_DURATION))]
    pub confirm: Option<String>,
    /// Until a restore point is found. Default: the operator's (15m).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = GO_DURATION))]
    pub recovery: Option<String>,
    /// Until a deletion goes on without a savepoint. Default: the operator's (30m).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = GO_DURATION))]
    pub delete: Option<String>,
}

/// A Go duration (`time.ParseDuration`) without a sign; text of Go's own making has either letter for micro.
const GO_DURATION: &str = "^([0-9]+(\\.[0-9]+)?(ns|us|µs|μs|ms|s|m|h))+$";

/// The choice about a job that the operator did not submit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ForeignJob {
    /// Flink's id of the job, 32 hex digits.
    #[serde(default, deserialize_with = "null_as_default")]
    #[schemars(regex(pattern = "^[0-9a-f]{32}$"))]
    pub id: String,
    /// Adopt it as the application's job, or Cancel it.
    pub action: ForeignJobAction,
}
