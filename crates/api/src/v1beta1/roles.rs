//! `jobManagerConfig` and `taskManagerConfig`: size, environment and placement of the two kinds of pods.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Affinity, EnvFromSource, EnvVar, ResourceRequirements, Toleration,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::lenient::{any_object, embedded, is_default, null_as_default};

/// Size, environment and placement of the JobManager.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct JobManagerConfig {
    /// Number of JobManagers; more than one needs high availability in flinkConfig. Default 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub replicas: Option<i32>,
    /// Resources of the container. Default, only where the field is absent: 4 CPUs and 3072Mi, requests
    /// and limits alike.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "embedded::<ResourceRequirements>")]
    pub resources: Option<ResourceRequirements>,
    /// Part of the memory that is not given to Flink's process, 0 to 1; for Flink 1.11 and newer. Default 0.2.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1))]
    pub system_memory_fraction: Option<f64>,
    /// Part of the memory that is not given to the heap, 0 to 1; for Flink older than 1.11. Default 0.5.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1))]
    pub off_heap_memory_fraction: Option<f64>,
    /// Environment of the container.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub env_config: EnvConfig,
    /// Labels that a node must have.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "any_object")]
    pub node_selector: BTreeMap<String, Value>,
    /// Taints that are tolerated.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "embedded::<Vec<Toleration>>")]
    pub tolerations: Vec<Toleration>,
    /// Affinity of the pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "embedded::<Affinity>")]
    pub affinity: Option<Affinity>,
}

/// Size, environment and placement of the TaskManagers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TaskManagerConfig {
    /// Task slots of each TaskManager. Default 16.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub task_slots: Option<i32>,
    /// Resources of the container. Default, only where the field is absent: 2 CPUs and 1024Mi, requests
    /// and limits alike.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "embedded::<ResourceRequirements>")]
    pub resources: Option<ResourceRequirements>,
    /// Part of the memory that is not given to Flink's process, 0 to 1; for Flink 1.11 and newer. Default 0.2.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1))]
    pub system_memory_fraction: Option<f64>,
    /// Part of the memory that is not given to the heap, 0 to 1; for Flink older than 1.11. Default 0.5.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1))]
    pub off_heap_memory_fraction: Option<f64>,
    /// Environment of the container.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub env_config: EnvConfig,
    /// Labels that a node must have.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "any_object")]
    pub node_selector: BTreeMap<String, Value>,
    /// Taints that are tolerated.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "embedded::<Vec<Toleration>>")]
    pub tolerations: Vec<Toleration>,
    /// Affinity of the pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "embedded::<Affinity>")]
    pub affinity: Option<Affinity>,
}

/// Environment of a container.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvConfig {
    /// Sources whose every entry becomes a variable.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "embedded::<Vec<EnvFromSource>>")]
    pub env_from: Vec<EnvFromSource>,
    /// Single variables, after the operator's own.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "embedded::<Vec<EnvVar>>")]
    pub env: Vec<EnvVar>,
}
