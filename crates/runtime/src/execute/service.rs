//! The generic Service of an application: the address that users know, pointing at the deployed
//! version.

use flinkk8soperator_core::{Incarnation, Role, ids};
use flinkk8soperator_resources::labels;
use k8s_openapi::api::core::v1::Service;
use serde_json::json;

use super::cluster::{add, kubernetes, rendered, watched};
use super::{EffectError, Ground};
use crate::cache::Child;
use crate::memory::{Kind, hash_of};

/// Points it at a cluster; creates it where there is none.
pub(super) async fn point(
    ground: &mut Ground<'_>,
    incarnation: Incarnation,
) -> Result<(), EffectError> {
    let name = ground.app.key.name.to_string();
    match watched(ground, Kind::Service, &name) {
        Some(service) if service.owner == Some(ground.app.uid) => {
            turn(ground, &service, incarnation).await
        }
        Some(_) => Err(EffectError::NameTaken(format!("Service {name}"))),
        None => {
            let hash = hash_of(ground.state, incarnation);
            let hash = hash.ok_or(EffectError::NoRevision(incarnation))?;
            let objects = rendered(ground, incarnation, hash).await?;
            add(ground, &objects.generic_service, Kind::Service, hash).await
        }
    }
}

/// Changes the selector and nothing else: people add annotations to this Service. A leftover
/// `flink-app-hash` in it is the reference operator's of long ago.
async fn turn(
    ground: &mut Ground<'_>,
    service: &Child,
    incarnation: Incarnation,
) -> Result<(), EffectError> {
    if service.going {
        return Err(EffectError::OnItsWayOut(format!("Service {}", service.name)));
    }
    let selector = ids::selector(ground.app.uid, incarnation, Role::JobManager);
    if service.selector.as_ref() == Some(&selector) {
        return Ok(());
    }
    let patch = json!({
        "metadata": {
            "uid": service.uid.to_string(),
            "resourceVersion": service.resource_version,
            "labels": { labels::INCARNATION: incarnation.to_string() },
        },
        "spec": { "selector": { labels::SELECTOR: selector, labels::HASH: null } },
    });
    let key = &ground.app.key;
    let patched = ground.operator.kubernetes.patch(&key.namespace, &service.name, &patch).await;
    let patched: Service =
        patched.map_err(|source| kubernetes("changing the generic Service", source))?;
    if let Some(child) = Child::service(&patched) {
        ground.operator.cache.lock().services.changed(key, child);
    }
    Ok(())
}
