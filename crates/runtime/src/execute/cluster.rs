//! Effects on Kubernetes: finalizer, a cluster's objects, a pod.
//!
//! Creations are POSTs, so that an object of another owner or another incarnation is never changed;
//! deletions name the UID.

use std::sync::Arc;

use flinkk8soperator_api::v1beta1::FINALIZER;
use flinkk8soperator_core::{Colour, DeployHash, Incarnation, Silence, Stranger, Target, Uid};
use flinkk8soperator_resources::created::{self, CreatedObjects, Identity};
use flinkk8soperator_resources::{RenderConfig, labels};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Pod, Service};
use k8s_openapi::api::networking::v1::Ingress;
use kube::ResourceExt;
use kube::api::PropagationPolicy;
use serde_json::json;

use super::{EffectError, Ground, high_availability};
use crate::application::{Application, address};
use crate::cache::{Child, Watched};
use crate::kubernetes::{KubeError, Object};
use crate::memory::{InTheWay, Kind};
use crate::observe::kube::{owned_by, revision};
use crate::revision::Revision;

/// Puts our finalizer on, or takes it off: a merge patch of the resource version that we know, since
/// it replaces the whole list.
pub(super) async fn finalizer(ground: &mut Ground<'_>, on: bool) -> Result<(), EffectError> {
    let meta = ground.app.typed.metadata.clone();
    let mut finalizers = meta.finalizers.clone().unwrap_or_default();
    if finalizers.iter().any(|finalizer| finalizer == FINALIZER) == on {
        return Ok(());
    }
    finalizers.retain(|finalizer| finalizer != FINALIZER);
    if on {
        finalizers.push(FINALIZER.to_owned());
    } else {
        high_availability::leave_to_the_pods(ground).await?;
    }
    let metadata = json!({
        "uid": meta.uid, "resourceVersion": meta.resource_version, "finalizers": finalizers,
    });
    let patch = json!({ "metadata": metadata });
    let answer = ground.operator.kubernetes.patch_application(&ground.app.key, &patch).await;
    let object = match answer {
        Ok(object) => object,
        Err(KubeError::NotFound(_)) if !on => return Ok(()),
        Err(source) => return Err(kubernetes("changing the finalizers", source)),
    };
    let rendering = &ground.operator.settings.rendering;
    ground.app = Arc::new(Application::read(object, rendering, Some(&ground.app))?);
    Ok(())
}

/// Creates what is missing of a version's cluster. Its addresses come later (`service`, `ingress`).
pub(super) async fn create(ground: &mut Ground<'_>, target: Target) -> Result<(), EffectError> {
    let (objects, hash) = (rendered(ground, target).await?, target.names());
    add(ground, &objects.job_manager, Kind::Deployment, hash).await?;
    add(ground, &objects.versioned_service, Kind::Service, hash).await?;
    add(ground, &objects.task_manager, Kind::Deployment, hash).await
}

/// The objects of a version's cluster, from its revision; its Ingress for the host that is configured
/// now, which no version is deployed anew for.
pub(super) async fn rendered(
    ground: &mut Ground<'_>,
    target: Target,
) -> Result<CreatedObjects, EffectError> {
    let revision = revision_of(ground, target.revision()).await?;
    let identity = identity(ground, target);
    let rendering = RenderConfig {
        ingress_url_format: ground.operator.settings.rendering.config.ingress_url_format.clone(),
        ..revision.rendering.clone()
    };
    Ok(created::render(&revision.application, &rendering, &identity)?)
}

/// What the objects of a version's cluster are named by.
pub(super) fn identity(ground: &Ground<'_>, target: Target) -> Identity {
    let Target { incarnation, .. } = target;
    Identity { uid: ground.app.uid, hash: target.names(), incarnation }
}

/// The revision of a number.
pub(super) async fn revision_of(
    ground: &mut Ground<'_>,
    number: Incarnation,
) -> Result<Arc<Revision>, EffectError> {
    let found: Result<_, Silence> =
        revision(ground.operator, &ground.app, ground.state, number, ground.memory).await;
    found.ok().flatten().ok_or(EffectError::NoRevision(number))
}

/// An object that is created for a cluster and watched from then on.
pub(super) trait Created: Object {
    /// Tells the overlay.
    fn remember(&self, watched: &mut Watched, app: &Application);
    /// Its kind's name.
    const NAME: &'static str;
}

impl Created for Deployment {
    fn remember(&self, watched: &mut Watched, app: &Application) {
        let child = Child::deployment(self);
        child.into_iter().for_each(|child| watched.deployments.created(&app.key, child));
    }
    const NAME: &'static str = "Deployment";
}

impl Created for Service {
    fn remember(&self, watched: &mut Watched, app: &Application) {
        let child = Child::service(self);
        child.into_iter().for_each(|child| watched.services.created(&app.key, child));
    }
    const NAME: &'static str = "Service";
}

impl Created for Ingress {
    fn remember(&self, watched: &mut Watched, app: &Application) {
        let child = Child::ingress(self);
        child.into_iter().for_each(|child| watched.ingresses.created(&app.key, child));
    }
    const NAME: &'static str = "Ingress";
}

/// Creates an object unless it is known to be there.
pub(super) async fn add<K: Created>(
    ground: &mut Ground<'_>,
    object: &K,
    kind: Kind,
    hash: DeployHash,
) -> Result<(), EffectError> {
    let name = object.name_any();
    if let Some(child) = watched(ground, kind, &name) {
        let ours = child.owner == Some(ground.app.uid);
        if ours && child.incarnation == incarnation_of(object) && !child.going {
            return Ok(());
        }
    }
    let namespace = &ground.app.key.namespace;
    let what = || format!("creating {} {name}", K::NAME);
    let found = match ground.operator.kubernetes.create(namespace, object).await {
        Ok(created) => created,
        Err(KubeError::AlreadyExists(_)) => {
            let found = ground.operator.kubernetes.get::<K>(namespace, &name).await;
            let found = found.map_err(|source| kubernetes(what(), source))?;
            check(ground, object, &found, kind, hash)?;
            found
        }
        Err(source) => return Err(kubernetes(what(), source)),
    };
    found.remember(&mut ground.operator.cache.lock(), &ground.app);
    Ok(())
}

/// Whether what has the name is the object that was to be created.
fn check<K: Created>(
    ground: &mut Ground<'_>,
    wanted: &K,
    found: &K,
    kind: Kind,
    hash: DeployHash,
) -> Result<(), EffectError> {
    let name = found.name_any();
    let told = format!("{} {name}", K::NAME);
    if !owned_by(found, ground.app.uid) {
        // No deploy waits for an Ingress.
        if kind == Kind::Ingress {
            return Err(EffectError::NameTaken(told));
        }
        let generic = *ground.app.key.name == name;
        let stranger = Stranger { name: told.clone(), hash: (!generic).then_some(hash) };
        let found = InTheWay { told: stranger, kind, name };
        if !ground.memory.strangers.contains(&found) {
            ground.memory.strangers.push(found);
        }
        return Err(EffectError::NameTaken(told));
    }
    let same = incarnation_of(wanted) == incarnation_of(found) || kind == Kind::Ingress;
    if !same || found.meta().deletion_timestamp.is_some() {
        return Err(EffectError::OnItsWayOut(told));
    }
    Ok(())
}

fn incarnation_of<K: Object>(object: &K) -> Option<Incarnation> {
    let label = object.labels().get(labels::INCARNATION)?;
    label.parse().ok().map(Incarnation)
}

/// The object as the watches, and own writes, show it.
pub(super) fn watched(ground: &Ground<'_>, kind: Kind, name: &str) -> Option<Child> {
    let watched = ground.operator.cache.lock();
    let all = match kind {
        Kind::Deployment => watched.deployments_of(&ground.app),
        Kind::Service => watched.services_of(&ground.app),
        Kind::Ingress => watched.ingresses.of(&ground.app.key),
    };
    all.into_iter().find(|child| child.name == name)
}

/// Deletes a cluster's objects. A Service by which data of the cluster is found goes last: once nothing is
/// left that would write that data anew, and with it.
pub(super) async fn remove(
    ground: &mut Ground<'_>,
    incarnation: Incarnation,
) -> Result<(), EffectError> {
    let app = Arc::clone(&ground.app);
    let (deployments, services, ingresses) = {
        let watched = ground.operator.cache.lock();
        let ingresses = watched.ingresses.of(&app.key);
        (watched.deployments_of(&app), watched.services_of(&app), ingresses)
    };
    let due = |child: &Child| is_part(&app, child, incarnation) && !child.going;
    // What users reach a colour by goes with its cluster.
    let addresses = [Colour::Blue, Colour::Green].map(|c| address(&app.key.name, Some(c)));
    let leads_here = |service: &Child| due(service) && addresses.contains(&service.name);
    for service in services.iter().filter(|service| leads_here(service)) {
        let of_it = |ingress: &&Child| {
            ingress.owner == Some(app.uid) && ingress.name == service.name && !ingress.going
        };
        if let Some(ingress) = ingresses.iter().find(of_it) {
            delete::<Ingress>(ground, &ingress.name, ingress.uid, PropagationPolicy::Background)
                .await?;
            ground.operator.cache.lock().ingresses.deleted(&app.key, ingress.uid);
        }
    }
    let (keeping, plain): (Vec<&Child>, Vec<&Child>) =
        services.iter().filter(|child| due(child)).partition(|service| service.keeps_data);
    for service in plain {
        delete_service(ground, service).await?;
    }
    for deployment in deployments.iter().filter(|child| due(child)) {
        let policy = PropagationPolicy::Foreground;
        delete::<Deployment>(ground, &deployment.name, deployment.uid, policy).await?;
        ground.operator.cache.lock().deployments.deleted(&app.key, deployment.uid);
    }
    let pods = ground.operator.cache.pods(&app);
    let writes = deployments.iter().any(|child| is_part(&app, child, incarnation))
        || pods.iter().any(|pod| pod.told.incarnation == incarnation);
    for service in keeping.into_iter().filter(|_| !writes) {
        high_availability::forget(ground, service).await?;
        delete_service(ground, service).await?;
    }
    Ok(())
}

async fn delete_service(ground: &mut Ground<'_>, service: &Child) -> Result<(), EffectError> {
    delete::<Service>(ground, &service.name, service.uid, PropagationPolicy::Background).await?;
    ground.operator.cache.lock().services.deleted(&ground.app.key, service.uid);
    Ok(())
}

/// An object of a cluster of ours.
pub(super) fn is_part(app: &Application, child: &Child, incarnation: Incarnation) -> bool {
    let ours = child.owner == Some(app.uid) && child.name != *app.key.name;
    ours && child.incarnation == Some(incarnation)
}

pub(super) async fn delete<K: Object>(
    ground: &Ground<'_>,
    name: &str,
    uid: Uid,
    policy: PropagationPolicy,
) -> Result<(), EffectError> {
    let namespace = &ground.app.key.namespace;
    let uid = uid.to_string();
    let deleted = ground.operator.kubernetes.delete::<K>(namespace, name, &uid, policy).await;
    deleted.map_err(|source| kubernetes(format!("deleting {name}"), source))
}

/// Deletes a pod, with the grace that its spec names.
pub(super) async fn delete_pod(ground: &mut Ground<'_>, uid: Uid) -> Result<(), EffectError> {
    let pods = ground.operator.cache.pods(&ground.app);
    let Some(pod) = pods.iter().find(|pod| pod.told.uid == uid) else { return Ok(()) };
    delete::<Pod>(ground, &pod.told.name, uid, PropagationPolicy::Background).await?;
    ground.operator.cache.lock().pods.deleted(&ground.app.key, uid);
    Ok(())
}

pub(super) fn kubernetes(what: impl Into<String>, source: KubeError) -> EffectError {
    EffectError::Kubernetes { what: what.into(), source }
}
