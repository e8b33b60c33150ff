//! Effects on revisions: stored before anything is made from them, copied for a version whose cluster
//! comes up again, removed once nothing will be made from them any more.

use std::sync::Arc;

use flinkk8soperator_core::{Incarnation, Obsolete, Target, Uid};
use k8s_openapi::api::apps::v1::ControllerRevision;
use kube::ResourceExt;
use kube::api::PropagationPolicy;

use super::cluster::{delete, kubernetes};
use super::{EffectError, Ground};
use crate::adopted;
use crate::kubernetes::KubeError;
use crate::observe::kube::owned_by;
use crate::revision;

/// Stores what the target is made from.
pub(super) async fn save(ground: &mut Ground<'_>, target: &Target) -> Result<(), EffectError> {
    let config = &ground.operator.settings.rendering.config;
    let revision = revision::encode(&ground.app, target, config);
    store(ground, &revision, target).await
}

/// Stores what a version of the reference operator's was made from, as its Deployments show it.
pub(super) async fn rebuild(ground: &mut Ground<'_>, target: &Target) -> Result<(), EffectError> {
    let Target { hash, .. } = *target;
    let version = adopted::version(ground.operator, &ground.app, target.names(), hash).await;
    let what = || format!("reading what version {hash} was made from");
    let version = version.map_err(|source| kubernetes(what(), source))?;
    let version = version.ok_or(EffectError::NotReadBack(hash))?;
    let revision = revision::rebuilt(&ground.app, target, &version);
    store(ground, &revision, target).await
}

/// Stores a revision under another number, of the same version.
pub(super) async fn copy(
    ground: &mut Ground<'_>,
    from: Incarnation,
    to: &Target,
) -> Result<(), EffectError> {
    let namespace = &ground.app.key.namespace;
    let name = revision::name(&ground.app.key.name, to.hash, from);
    let read = ground.operator.kubernetes.get::<ControllerRevision>(namespace, &name).await;
    let before = match read {
        Ok(before) if owned_by(&before, ground.app.uid) => before,
        Ok(_) | Err(KubeError::NotFound(_)) => return Err(EffectError::NoRevision(from)),
        Err(source) => return Err(kubernetes(format!("reading the revision {name}"), source)),
    };
    let revision = revision::renumbered(&ground.app, before, to);
    store(ground, &revision, to).await
}

/// One that is there already has to be the same.
async fn store(
    ground: &mut Ground<'_>,
    stored: &ControllerRevision,
    target: &Target,
) -> Result<(), EffectError> {
    let what = || format!("storing the revision {}", stored.name_any());
    let namespace = &ground.app.key.namespace;
    let answer = ground.operator.kubernetes.create(namespace, stored).await;
    let found = match answer {
        Ok(created) => created,
        Err(KubeError::AlreadyExists(_)) => {
            let read = ground.operator.kubernetes.get(namespace, &stored.name_any()).await;
            read.map_err(|source| kubernetes(what(), source))?
        }
        Err(source) => return Err(kubernetes(what(), source)),
    };
    let name = || format!("ControllerRevision {}", stored.name_any());
    let found = revision::decode(&found, ground.app.uid);
    let found = found.map_err(|_| EffectError::NameTaken(name()))?;
    if found.digest != target.digest {
        return Err(EffectError::NameTaken(name()));
    }
    ground.memory.revisions.insert(target.revision(), Some(Arc::new(found)));
    Ok(())
}

/// Deletes a revision, with its UID.
pub(super) async fn remove(ground: &mut Ground<'_>, obsolete: Obsolete) -> Result<(), EffectError> {
    let Obsolete { incarnation, hash } = obsolete;
    let name = revision::name(&ground.app.key.name, hash, incarnation);
    let known = ground.memory.revisions.get(&incarnation).cloned();
    let uid = match known {
        Some(known) => known.map(|revision| revision.uid),
        None => stored_uid(ground, &name).await?,
    };
    // Asked for again where it fails, from what is there then.
    ground.memory.revisions.remove(&incarnation);
    if let Some(uid) = uid {
        delete::<ControllerRevision>(ground, &name, uid, PropagationPolicy::Background).await?;
    }
    ground.memory.revisions.insert(incarnation, None);
    Ok(())
}

/// The UID of the revision, if it is there and ours; what is in it does not matter any more.
async fn stored_uid(ground: &Ground<'_>, name: &str) -> Result<Option<Uid>, EffectError> {
    let namespace = &ground.app.key.namespace;
    match ground.operator.kubernetes.get::<ControllerRevision>(namespace, name).await {
        Ok(stored) if owned_by(&stored, ground.app.uid) => {
            Ok(stored.uid().and_then(|uid| uid.parse().ok()))
        }
        Ok(_) | Err(KubeError::NotFound(_)) => Ok(None),
        Err(source) => Err(kubernetes(format!("reading the revision {name}"), source)),
    }
}
