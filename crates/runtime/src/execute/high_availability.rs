//! What Flink's high availability on Kubernetes keeps of a cluster in ConfigMaps. Flink leaves it there, and
//! nothing owns it: it goes with the cluster. Found by the label of the cluster's Service.

use std::sync::Arc;

use flinkk8soperator_resources::high_availability;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::PropagationPolicy;

use super::cluster::{delete, is_part, kubernetes};
use super::{EffectError, Ground};
use crate::cache::Child;

/// Removes what is kept of the cluster of this Service. A refusal that asking again does not cure is told, and
/// holds nothing back: what stays is of no use to anyone.
pub(super) async fn forget(ground: &mut Ground<'_>, service: &Child) -> Result<(), EffectError> {
    let Some(incarnation) = service.incarnation else { return Ok(()) };
    let id = high_availability::cluster_id(&service.name, incarnation);
    let (namespace, labels) = (&ground.app.key.namespace, high_availability::selector(&id));
    let deleted = ground.operator.kubernetes.delete_all::<ConfigMap>(namespace, &labels).await;
    let Err(source) = deleted else { return Ok(()) };
    let lasting = source.lasting();
    let what = format!("deleting the ConfigMaps of cluster {id}, kept for high availability");
    let error = kubernetes(what, source);
    if !lasting {
        return Err(error);
    }
    ground.late = Some(error);
    Ok(())
}

/// The same for every cluster of an application that is about to go. Its JobManagers go first: they would
/// write anew what is missing.
pub(super) async fn forget_all(ground: &mut Ground<'_>) -> Result<(), EffectError> {
    let app = Arc::clone(&ground.app);
    let (deployments, services) = {
        let watched = ground.operator.cache.lock();
        (watched.deployments.of(&app.key), watched.services.of(&app.key))
    };
    let keeping = services.iter().filter(|s| s.owner == Some(app.uid) && s.keeps_data);
    for service in keeping {
        let of_it = |child: &&Child| {
            service.incarnation.is_some_and(|number| is_part(&app, child, number)) && !child.going
        };
        for deployment in deployments.iter().filter(of_it) {
            let policy = PropagationPolicy::Background;
            delete::<Deployment>(ground, &deployment.name, deployment.uid, policy).await?;
            ground.operator.cache.lock().deployments.deleted(&app.key, deployment.uid);
        }
        forget(ground, service).await?;
    }
    Ok(())
}
