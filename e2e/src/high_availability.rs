//! Flink's high availability on Kubernetes for the application: what its pods need for it, how it is
//! switched on, and the ConfigMaps that it keeps a cluster's leader and jobs in.

use anyhow::{Context, Result, ensure};
use flinkk8soperator_api::v1beta1::FlinkApplication;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, ServiceAccount};
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use kube::ResourceExt;
use kube::api::ListParams;
use serde_json::{Value, json};

use crate::application::{self, NAME};
use crate::kubernetes::Kubernetes;
use crate::stage::Stage;

/// The service account of Flink's pods, its role and what binds them.
const ACCOUNT: &str = "flink";
/// What Flink does with ConfigMaps: leader elections, and what a leader knows of its jobs.
const VERBS: [&str; 7] = ["create", "get", "list", "watch", "update", "patch", "delete"];
/// Where the JobManagers keep what does not fit into a ConfigMap; all versions see it.
const STORAGE: &str = "file:///state/e2e/ha";

/// Makes sure that the application runs with high availability, its version confirmed and alone.
pub(crate) async fn running(stage: &mut Stage) -> Result<FlinkApplication> {
    let app = stage.running().await?;
    let mut config = serde_json::to_value(&app.spec.flink_config)?;
    if config["high-availability.type"] == "kubernetes" {
        return Ok(app);
    }
    allow(&stage.kubernetes).await?;
    config["high-availability.type"] = json!("kubernetes");
    config["high-availability.storageDir"] = json!(STORAGE);
    config["kubernetes.namespace"] = json!(stage.kubernetes.namespace);
    // The story `recovery` leaves a job without restarts: it fails for good when its TaskManagers go before
    // its JobManager, and Flink then keeps nothing of it.
    for strategy in ["restart-strategy", "restart-strategy.type"] {
        config[strategy] = Value::Null;
    }
    let old = stage.counting().await?;
    stage.change(json!({ "flinkConfig": config, "serviceAccountName": ACCOUNT })).await?;
    let app = stage.confirmed().await?;
    stage.took_over(&old).await?;
    stage.only(&application::deploy_hash(&app)).await?;
    Ok(app)
}

/// The id under which a version's cluster keeps its data: of the incarnation, not of the version.
pub(crate) async fn cluster_id(kubernetes: &Kubernetes, hash: &str) -> Result<String> {
    let name = format!("{NAME}-{hash}-jm");
    let deployment = kubernetes.all::<Deployment>().get(&name).await?;
    let incarnation = deployment.labels().get("flink-app-incarnation").context("an incarnation")?;
    Ok(format!("{NAME}-{hash}-{incarnation}"))
}

/// The ConfigMap in which the leader of a cluster keeps a job: from it the job is started again.
pub(crate) fn job_map(cluster_id: &str, job: &str) -> String {
    format!("{cluster_id}-{job}-config-map")
}

/// The names of all ConfigMaps that Flink keeps in the namespace, as a person finds them.
pub(crate) async fn maps(kubernetes: &Kubernetes) -> Result<Vec<String>> {
    // Flink 1.20 also says configmap-type=high-availability, 2.3 does not.
    let flinks = ListParams::default().labels("type=flink-native-kubernetes");
    let list = kubernetes.all::<ConfigMap>().list_metadata(&flinks).await?;
    Ok(list.items.iter().map(ResourceExt::name_any).collect())
}

/// The leader of this cluster keeps this job: high availability is on, and it is about this job.
pub(crate) async fn keeps(kubernetes: &Kubernetes, cluster_id: &str, job: &str) -> Result<()> {
    let (name, found) = (job_map(cluster_id, job), maps(kubernetes).await?);
    ensure!(found.contains(&name), "there is no ConfigMap {name}: {found:?}");
    Ok(())
}

/// Gives Flink's pods what they need: a service account that may use ConfigMaps.
async fn allow(kubernetes: &Kubernetes) -> Result<()> {
    let meta = json!({ "name": ACCOUNT, "namespace": kubernetes.namespace });
    kubernetes.put::<ServiceAccount>(json!({ "metadata": meta })).await?;
    let rules = json!([{ "apiGroups": [""], "resources": ["configmaps"], "verbs": VERBS }]);
    kubernetes.put::<Role>(json!({ "metadata": meta, "rules": rules })).await?;
    let subject =
        json!({ "kind": "ServiceAccount", "name": ACCOUNT, "namespace": kubernetes.namespace });
    let role = json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": ACCOUNT });
    let binding = json!({ "metadata": meta, "roleRef": role, "subjects": [subject] });
    kubernetes.put::<RoleBinding>(binding).await
}
