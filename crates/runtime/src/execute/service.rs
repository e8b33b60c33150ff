//! The generic Service of an application: the address that users know, pointing at the deployed
//! version and with its ports.

use flinkk8soperator_core::{Colour, Incarnation};
use flinkk8soperator_resources::labels;
use k8s_openapi::api::core::v1::Service;
use serde_json::json;

use super::cluster::{add, kubernetes, rendered, watched};
use super::{EffectError, Ground};
use crate::application::address;
use crate::cache::{Child, Front, Port};
use crate::memory::{Kind, target_in};

/// Points it at a cluster; creates it where there is none.
pub(super) async fn point(
    ground: &mut Ground<'_>,
    incarnation: Incarnation,
    colour: Option<Colour>,
) -> Result<(), EffectError> {
    let name = address(&ground.app.key.name, colour);
    match watched(ground, Kind::Service, &name) {
        Some(service) if service.owner == Some(ground.app.uid) => {
            turn(ground, &service, incarnation).await
        }
        Some(_) => Err(EffectError::NameTaken(format!("Service {name}"))),
        None => {
            let target = target_in(ground.state, incarnation);
            let target = target.ok_or(EffectError::NoRevision(incarnation))?;
            let objects = rendered(ground, target).await?;
            add(ground, &objects.generic_service, Kind::Service, target.names()).await
        }
    }
}

/// Changes selector and ports and nothing else: people add annotations to this Service. A leftover
/// `flink-app-hash` in it is the reference operator's of long ago.
async fn turn(
    ground: &mut Ground<'_>,
    service: &Child,
    incarnation: Incarnation,
) -> Result<(), EffectError> {
    if service.going {
        return Err(EffectError::OnItsWayOut(format!("Service {}", service.name)));
    }
    let services = ground.operator.cache.lock().services_of(&ground.app);
    let front = Front::services(ground.app.uid, &service.name, &services);
    let selector = front.selector(incarnation);
    let ports_right = front.ports_right(service, incarnation);
    if service.selector.as_ref() == Some(&selector) && ports_right {
        return Ok(());
    }
    let mut patch = json!({
        "metadata": {
            "uid": service.uid.to_string(),
            "resourceVersion": service.resource_version,
            "labels": { labels::INCARNATION: incarnation.to_string() },
        },
        "spec": { "selector": { labels::SELECTOR: selector, labels::HASH: null } },
    });
    if !ports_right {
        let ports = front.ports(incarnation).unwrap_or_default();
        let port = |port: &Port| json!({ "name": port.name, "port": port.number });
        patch["spec"]["ports"] = ports.iter().map(port).collect();
    }
    let key = &ground.app.key;
    let patched = ground.operator.kubernetes.patch(&key.namespace, &service.name, &patch).await;
    let patched: Service =
        patched.map_err(|source| kubernetes("changing the generic Service", source))?;
    if let Some(child) = Child::service(&patched) {
        ground.operator.cache.lock().services.changed(key, child);
    }
    Ok(())
}
