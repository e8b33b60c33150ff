//! The Ingress of an application: made before its first job, and kept leading to the web interface
//! of the deployed version under the host that is configured.

use flinkk8soperator_core::{Colour, Incarnation};
use flinkk8soperator_resources::created::CreatedObjects;
use k8s_openapi::api::networking::v1::Ingress;
use serde_json::json;

use super::cluster::{add, kubernetes, rendered, watched};
use super::{EffectError, Ground};
use crate::application::address;
use crate::cache::{Child, Front};
use crate::memory::{Kind, target_in};

/// Leads it to a cluster; creates it where there is none. Where none is configured nothing is done:
/// one that was made under other settings stays.
pub(super) async fn point(
    ground: &mut Ground<'_>,
    incarnation: Incarnation,
    colour: Option<Colour>,
) -> Result<(), EffectError> {
    let name = address(&ground.app.key.name, colour);
    let Some(host) = ground.operator.settings.rendering.ingress_host(&name) else { return Ok(()) };
    let (services, ingresses) = {
        let watched = ground.operator.cache.lock();
        (watched.services_of(&ground.app), watched.ingresses.of(&ground.app.key))
    };
    let services = Front::services(ground.app.uid, &name, &services);
    let front = Front { ingresses: &ingresses, host: Some(&host), ..services };
    if front.ingress_right(incarnation) {
        return Ok(());
    }
    let target = target_in(ground.state, incarnation);
    let target = target.ok_or(EffectError::NoRevision(incarnation))?;
    let objects = rendered(ground, target).await?;
    let CreatedObjects { ingress: Some(wanted), .. } = objects else { return Ok(()) };
    match watched(ground, Kind::Ingress, &name) {
        Some(ingress) if ingress.owner == Some(ground.app.uid) && !ingress.going => {
            turn(ground, &ingress, &wanted).await
        }
        // What else there is, is found by the attempt to create it.
        Some(_) | None => add(ground, &wanted, Kind::Ingress, target.names()).await,
    }
}

/// Changes the rules and nothing else: people add annotations, a class, certificates.
async fn turn(
    ground: &mut Ground<'_>,
    ingress: &Child,
    wanted: &Ingress,
) -> Result<(), EffectError> {
    let patch = json!({
        "metadata": {
            "uid": ingress.uid.to_string(),
            "resourceVersion": ingress.resource_version,
        },
        "spec": { "rules": wanted.spec.as_ref().and_then(|spec| spec.rules.as_ref()) },
    });
    let key = &ground.app.key;
    let patched = ground.operator.kubernetes.patch(&key.namespace, &ingress.name, &patch).await;
    let patched: Ingress = patched.map_err(|source| kubernetes("changing the Ingress", source))?;
    if let Some(child) = Child::ingress(&patched) {
        ground.operator.cache.lock().ingresses.changed(key, child);
    }
    Ok(())
}
