//! What Flink's high availability on Kubernetes keeps of a cluster in ConfigMaps. Flink leaves it there, and
//! nothing owns it: it goes with the cluster. Found by the label of the cluster's Service.

use std::sync::Arc;

use flinkk8soperator_core::{Incarnation, Pod, Role};
use flinkk8soperator_resources::high_availability;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::ResourceExt;
use serde_json::{Value, json};

use super::cluster::kubernetes;
use super::{EffectError, Ground};
use crate::cache::Child;
use crate::kubernetes::KubeError;

/// Removes what is kept of the cluster of this Service, of which no pod is left.
pub(super) async fn forget(ground: &mut Ground<'_>, service: &Child) -> Result<(), EffectError> {
    let Some(incarnation) = service.incarnation else { return Ok(()) };
    let labels = labels(service, incarnation);
    let namespace = &ground.app.key.namespace;
    let deleted = ground.operator.kubernetes.delete_all::<ConfigMap>(namespace, &labels).await;
    done(ground, deleted)
}

/// Of an application that is about to go: Kubernetes takes what is kept of its clusters after the last of the
/// JobManagers' pods, which would write anew what is missing.
pub(super) async fn leave_to_the_pods(ground: &mut Ground<'_>) -> Result<(), EffectError> {
    let app = Arc::clone(&ground.app);
    let services = ground.operator.cache.lock().services_of(&app);
    let pods = ground.operator.cache.pods(&app);
    for service in services.iter().filter(|s| s.owner == Some(app.uid) && s.keeps_data) {
        let Some(incarnation) = service.incarnation else { continue };
        let writes = |pod: &&Pod| pod.incarnation == incarnation && pod.role == Role::JobManager;
        let owners: Vec<Value> =
            pods.iter().map(|pod| &pod.told).filter(writes).map(as_owner).collect();
        if owners.is_empty() {
            forget(ground, service).await?;
        } else {
            let given = give(ground, &labels(service, incarnation), &owners).await;
            done(ground, given)?;
        }
    }
    Ok(())
}

fn as_owner(pod: &Pod) -> Value {
    json!({ "apiVersion": "v1", "kind": "Pod", "name": pod.name, "uid": pod.uid.to_string() })
}

async fn give(ground: &Ground<'_>, labels: &str, owners: &[Value]) -> Result<(), KubeError> {
    let (kubernetes, namespace) = (&ground.operator.kubernetes, &ground.app.key.namespace);
    for map in kubernetes.list::<ConfigMap>(namespace, labels).await? {
        let patch = json!({ "metadata": { "uid": map.metadata.uid, "ownerReferences": owners } });
        match kubernetes.patch::<ConfigMap>(namespace, &map.name_any(), &patch).await {
            Ok(_) | Err(KubeError::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn labels(service: &Child, incarnation: Incarnation) -> String {
    high_availability::selector(&high_availability::cluster_id(&service.name, incarnation))
}

/// A refusal that asking again does not cure is told, and holds nothing back: what stays is of no use to
/// anyone.
fn done(ground: &mut Ground<'_>, outcome: Result<(), KubeError>) -> Result<(), EffectError> {
    let Err(source) = outcome else { return Ok(()) };
    let lasting = source.lasting();
    let error = kubernetes("removing the ConfigMaps that are kept for high availability", source);
    if !lasting {
        return Err(error);
    }
    ground.late = Some(error);
    Ok(())
}
