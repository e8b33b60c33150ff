//! What the operator tells: `status` of a `FlinkApplication`.
//!
//! Everything but `machine` is a projection for people and tools and never read back by this operator.
//! The fields of the reference operator keep their names and its habits of writing (what it always
//! writes, we always write: its Go client and the scripts around it read what we write).

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::lenient::{any_object, embedded, null_as_default};
use super::modes::DeploymentMode;
use super::phase::{Colour, DeployResult, ErrorSource, Health, Phase};

/// How many deploys `deployHistory` keeps; the oldest goes first. Ten are enough to see a week of a
/// busy team, at about 1 KB each.
pub const DEPLOY_HISTORY_LIMIT: usize = 10;

/// What the operator knows of an application.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct FlinkApplicationStatus {
    /// Where the application is; empty: not begun. Whether it is well stands in the conditions.
    #[serde(deserialize_with = "null_as_default")]
    #[schemars(with = "String")]
    pub phase: Phase,
    /// Generation of the spec that this status is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Ready (confirmed and healthy), Reconciling (on its way by itself), Stalled (waiting for a person).
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "embedded::<Vec<Condition>>")]
    pub conditions: Vec<Condition>,
    /// What is being waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_for: Option<WaitingFor>,
    /// The last error, in the words of Flink or of the pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<LastError>,
    /// The last deploys, the newest first.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub deploy_history: Vec<DeployRecord>,
    /// The operator's own memory. Not for other programs; deleting it makes the operator take the
    /// application over afresh from what runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "any_object")]
    pub machine: Option<Value>,

    /// Not written; kept for older clients.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub started_at: Option<Time>,
    /// Time of the last write of this status.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub last_updated_at: Option<Time>,
    /// Why the application is where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Cluster of the deployed version.
    #[serde(deserialize_with = "null_as_default")]
    pub cluster_status: ClusterStatus,
    /// Job of the deployed version.
    #[serde(deserialize_with = "null_as_default")]
    pub job_status: JobStatus,
    /// BlueGreen: cluster and job of each version.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub version_statuses: Vec<VersionStatus>,
    /// BlueGreen: colour of the deployed version.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub deploy_version: Option<Colour>,
    /// BlueGreen: colour of the newest version.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub updating_version: Option<Colour>,
    /// Deployment mode that the application was created with.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub deployment_mode: Option<DeploymentMode>,
    /// Hash of the deployed version.
    #[serde(deserialize_with = "null_as_default")]
    pub deploy_hash: String,
    /// BlueGreen: hash of the newest version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updating_hash: Option<String>,
    /// BlueGreen: hash of the spec, where that is not deployed: it was there when its version was torn down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub teardown_hash: Option<String>,
    /// Hash of the last version whose deploy failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_deploy_hash: Option<String>,
    /// Hash of the version that was last gone back to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollback_hash: Option<String>,
    /// Hash that the cluster of the deployed version was made with, where it was scaled in place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_place_updated_from_hash: Option<String>,
    /// Flink's id of the savepoint operation under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub savepoint_trigger_id: Option<String>,
    /// Savepoint or checkpoint that the next submission restores from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub savepoint_path: Option<String>,
    /// Attempts of the step under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_count: Option<i32>,
    /// The reference operator's record of its last error; lastError says more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen_error: Option<LastSeenError>,
}

/// A cluster as its JobManager and its pods report it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ClusterStatus {
    /// Address of Flink's web UI.
    #[serde(rename = "clusterOverviewURL", skip_serializing_if = "Option::is_none")]
    pub cluster_overview_url: Option<String>,
    /// Green, Yellow or Red.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub health: Option<Health>,
    /// TaskManagers that exist.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number_of_task_managers: Option<i32>,
    /// TaskManagers that are registered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healthy_task_managers: Option<i32>,
    /// Task slots, used or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number_of_task_slots: Option<i32>,
    /// Task slots that are free.
    #[serde(deserialize_with = "null_as_default")]
    pub available_task_slots: i32,
}

/// A job as Flink reports it, with what it was submitted with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct JobStatus {
    /// Address of the job in Flink's web UI.
    #[serde(rename = "jobOverviewURL", skip_serializing_if = "Option::is_none")]
    pub job_overview_url: Option<String>,
    /// Flink's id of the job, 32 hex digits.
    #[serde(rename = "jobID", skip_serializing_if = "Option::is_none")]
    pub job_id: Option<String>,
    /// Green, Yellow or Red.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub health: Option<Health>,
    /// State of the job in Flink's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Jar that the job was submitted with.
    #[serde(deserialize_with = "null_as_default")]
    pub jar_name: String,
    /// Parallelism that the job was submitted with.
    #[serde(deserialize_with = "null_as_default")]
    pub parallelism: i32,
    /// Main class that the job was submitted with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry_class: Option<String>,
    /// Arguments that the job was submitted with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program_args: Option<String>,
    /// Whether state without a taker was admitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_non_restored_state: Option<bool>,
    /// Start of the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub start_time: Option<Time>,
    /// Restarts of the job by Flink.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_restart_count: Option<i32>,
    /// Completed checkpoints.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_checkpoint_count: Option<i32>,
    /// Failed checkpoints.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_checkpoint_count: Option<i32>,
    /// Savepoint or checkpoint last restored from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restore_path: Option<String>,
    /// Time of the last restore.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub restore_time: Option<Time>,
    /// Time of the last failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub last_failing_time: Option<Time>,
    /// Path of the last completed checkpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_checkpoint: Option<String>,
    /// Time of the last completed checkpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub last_checkpoint_time: Option<Time>,
    /// Tasks that run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running_tasks: Option<i32>,
    /// Tasks in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_tasks: Option<i32>,
}

/// BlueGreen: one of the two versions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct VersionStatus {
    /// Colour of the version.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub app_version: Option<Colour>,
    /// Hash of the version; tearDownVersionHash takes one of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_hash: Option<String>,
    /// Its cluster.
    #[serde(deserialize_with = "null_as_default")]
    pub cluster_status: ClusterStatus,
    /// Its job.
    #[serde(deserialize_with = "null_as_default")]
    pub job_status: JobStatus,
}

/// The reference operator's record of an error of Flink's REST API.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LastSeenError {
    /// The message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_error: Option<String>,
    /// The call that failed, e.g. SubmitJob.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// HTTP status, or a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    /// Whether asking again may help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_retryable: Option<bool>,
    /// Whether the deploy is given up at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_fail_fast: Option<bool>,
    /// Attempts before giving up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_retries: Option<i32>,
    /// Time of the error.
    // The schema of the reference's CRD forgot it, so what its operator wrote was pruned.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub last_error_update_time: Option<Time>,
}

/// What an application waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WaitingFor {
    /// What has to happen.
    #[serde(default, deserialize_with = "null_as_default")]
    pub what: String,
    /// Since when it is waited for.
    pub since: Time,
    /// When the waiting ends; absent: it has no end of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// What would bring it about, or what a person can do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unblocked_by: Option<String>,
}

/// An error in the words of the one who made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LastError {
    /// Whose words these are: Flink, Pod, Kubernetes or Operator.
    #[schemars(with = "String")]
    pub source: ErrorSource,
    /// The pod or other object that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// The short word that the source has for it, e.g. ImagePullBackOff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The message as it was received; of a stack trace the first line.
    #[serde(default, deserialize_with = "null_as_default")]
    pub message: String,
    /// When it was last seen.
    pub time: Time,
}

/// One deploy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeployRecord {
    /// Hash of the version.
    #[serde(default, deserialize_with = "null_as_default")]
    pub version_hash: String,
    /// Number of the deploy: of its cluster, unless the running one was scaled in place. The same version
    /// deployed again has a new one.
    pub incarnation: i64,
    /// Generation of the spec.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<i64>,
    /// InProgress, Succeeded, RolledBack, Failed or Superseded.
    #[schemars(with = "String")]
    pub result: DeployResult,
    /// Reason of the result, one of the condition reasons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The result in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Savepoint or checkpoint that the job started from; absent: from nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored_from: Option<String>,
    /// Begin of the deploy.
    pub started_at: Time,
    /// Its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Time>,
    /// The phases that it went through.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<DeployStep>,
}

/// One step of a deploy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeployStep {
    /// Name of the step: the phase.
    #[serde(default, deserialize_with = "null_as_default")]
    pub name: String,
    /// Begin of the step.
    pub started_at: Time,
    /// Its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Time>,
}
