//! Facts from Kubernetes: objects from the watches, pods from a live LIST, revisions by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use flinkk8soperator_api::parse::Hashes;
use flinkk8soperator_core::{
    Change, ClusterObjects, Colour, Config, DeployHash, Incarnation, Objects, Pod as ToldPod,
    Presence, Role, Silence, State, Stranger, Trouble, TroubleKind, Uid,
};
use flinkk8soperator_resources::{difference, labels};
use k8s_openapi::api::apps::v1::{ControllerRevision, Deployment};
use k8s_openapi::api::core::v1::{Pod as KubePod, Service};

use crate::adopted;
use crate::application::{Application, COLOURS, address};
use crate::cache::{Child, Front, Pod, in_order};
use crate::kubernetes::{KubeError, Object};
use crate::memory::{InTheWay, Kind, Memory, Refused};
use crate::operator::Operator;
use crate::revision::{self, Revision};

/// What the API server left unknown.
fn silence(error: &KubeError) -> Silence {
    match error {
        KubeError::TimedOut(_) => Silence::TimedOut,
        KubeError::NoAnswer(_) => Silence::Unreachable,
        KubeError::NotFound(_)
        | KubeError::AlreadyExists(_)
        | KubeError::Conflict(_)
        | KubeError::Refused { .. } => Silence::Failed,
    }
}

/// The application's Deployments, Services and pods, from the watches and own writes.
pub(crate) async fn objects(
    operator: &Operator,
    app: &Application,
    config: &Config,
    memory: &mut Memory,
) -> Result<Objects, Silence> {
    let watched = operator.cache.application(&app.key).map(|app| app.resource_version());
    // What the watches show may be from before our last decision.
    memory.stale = watched.unwrap_or_default() < memory.status_version;
    if memory.stale {
        return Err(Silence::Stale);
    }
    if !operator.cache.readable(&app.key) {
        return Err(Silence::Unreadable);
    }
    recheck(operator, app, memory).await;
    let (deployments, services, ingresses) = {
        let watched = operator.cache.lock();
        let ingresses = watched.ingresses.of(&app.key);
        (watched.deployments_of(app), watched.services_of(app), ingresses)
    };
    let pods = hanging_told(operator, config, operator.cache.pods(app));
    memory.figures.deployments(&deployments);
    let mut objects = sorted(app, &deployments, &services, &pods);
    let strays = operator.cache.pods_without_a_cluster(app);
    let unnumbered = adopted::unnumbered(operator, app, &deployments, &strays).await;
    objects.unnumbered = unnumbered.map_err(|error| silence(&error))?;
    memory.refused.iter().for_each(|refused| tell(&mut objects, refused));
    for colour in COLOURS {
        let name = address(&app.key.name, colour);
        let host = operator.settings.rendering.ingress_host(&name);
        let front = Front {
            app: app.uid,
            name: &name,
            services: &services,
            ingresses: &ingresses,
            host: host.as_deref(),
        };
        match colour {
            None => objects.service = front.leads_to(),
            Some(colour) => {
                let leads = front.leads_to().map(|cluster| (colour, cluster));
                objects.coloured.extend(leads);
            }
        }
    }
    for cluster in &objects.clusters {
        let there = cluster.jobmanager_process(None).is_some();
        memory.figures.job_manager(cluster.incarnation, there);
    }
    objects.strangers.extend(memory.strangers.iter().map(|found| found.told.clone()));
    Ok(objects)
}

/// Objects by cluster, those of strangers apart; where the generic Service leads is not looked at.
/// Pure.
pub(super) fn sorted(
    app: &Application,
    deployments: &[Child],
    services: &[Child],
    pods: &[Pod],
) -> Objects {
    let mut clusters: BTreeMap<Incarnation, ClusterObjects> = BTreeMap::new();
    let mut objects = Objects::default();
    for pod in pods {
        let hash = pod.hash.unwrap_or(DeployHash(0));
        let own = |d: &&Child| {
            (d.incarnation, d.role) == (Some(pod.told.incarnation), Some(pod.told.role))
        };
        let deployment = deployments.iter().find(own);
        let told = deployment.map_or_else(|| pod.told.clone(), |d| pod.made_with(d.born));
        cluster(&mut clusters, pod.told.incarnation, hash).pods.push(told);
    }
    // Deployments last: they say what the cluster's objects are named by.
    for child in services.iter().chain(deployments) {
        let generic = is_address(app, child);
        match (child.owner == Some(app.uid), child.incarnation, named(app, child)) {
            (true, _, _) if generic => {}
            (true, Some(incarnation), Some(hash)) => {
                let cluster = cluster(&mut clusters, incarnation, hash);
                match child.role {
                    Some(role) => place(cluster, child, role, hash),
                    None => cluster.aliases.push(hash),
                }
            }
            _ => objects.strangers.extend(stranger(app, child)),
        }
    }
    let going = |cluster: &ClusterObjects| {
        let own = |s: &&Child| {
            s.incarnation == Some(cluster.incarnation) && named(app, s) == Some(cluster.hash)
        };
        services.iter().find(own).is_some_and(|service| service.going)
    };
    clusters.values_mut().for_each(|cluster| {
        let going = going(cluster);
        tell_aliases_apart(cluster, going);
    });
    objects.clusters = clusters.into_values().collect();
    objects
}

/// One of the Services that move from version to version.
fn is_address(app: &Application, child: &Child) -> bool {
    let named = |colour: &Option<Colour>| child.name == address(&app.key.name, *colour);
    child.role.is_none() && COLOURS.iter().any(named)
}

/// Adds the refusal of a creation to what is seen of the cluster, whether or not there is anything of
/// it yet.
fn tell(objects: &mut Objects, refused: &Refused) {
    let Refused { incarnation, hash, message } = refused;
    let clusters = std::mem::take(&mut objects.clusters);
    let mut clusters: BTreeMap<_, _> = clusters.into_iter().map(|c| (c.incarnation, c)).collect();
    let trouble = Trouble { kind: TroubleKind::Forbidden, message: message.clone() };
    cluster(&mut clusters, *incarnation, *hash).trouble.get_or_insert(trouble);
    objects.clusters = clusters.into_values().collect();
}

fn cluster(
    all: &mut BTreeMap<Incarnation, ClusterObjects>,
    incarnation: Incarnation,
    hash: DeployHash,
) -> &mut ClusterObjects {
    all.entry(incarnation).or_insert_with(|| ClusterObjects {
        incarnation,
        hash,
        jobmanager: Presence::Absent,
        label: None,
        taskmanager: Presence::Absent,
        replicas: 0,
        service: Presence::Absent,
        aliases: Vec::new(),
        pods: Vec::new(),
        trouble: None,
    })
}

fn place(cluster: &mut ClusterObjects, child: &Child, role: Role, hash: DeployHash) {
    let presence = if child.going { Presence::Terminating } else { Presence::Present };
    let other = match role {
        Role::JobManager => cluster.taskmanager,
        Role::TaskManager => cluster.jobmanager,
    };
    cluster.hash = hash;
    cluster.label =
        child.hash.filter(|hash| other == Presence::Absent || cluster.label == Some(*hash));
    match role {
        Role::JobManager => cluster.jobmanager = presence,
        Role::TaskManager => {
            cluster.taskmanager = presence;
            cluster.replicas = child.wanted;
        }
    }
    if cluster.trouble.is_none() {
        cluster.trouble.clone_from(&child.trouble);
    }
}

/// Of a cluster's versioned Services the one with its own hash is what its pods look for.
fn tell_aliases_apart(cluster: &mut ClusterObjects, going: bool) {
    let ClusterObjects { hash, aliases, service, .. } = cluster;
    if aliases.contains(hash) {
        *service = if going { Presence::Terminating } else { Presence::Present };
        aliases.retain(|alias| alias != hash);
    }
    aliases.sort_unstable();
}

/// The hash in an object's name. Its label says which version it is of, and changes when its cluster is
/// scaled in place.
pub(crate) fn named(app: &Application, child: &Child) -> Option<DeployHash> {
    let rest = child.name.strip_prefix(&*app.key.name)?.strip_prefix('-')?;
    let version = rest.strip_suffix("-jm").or_else(|| rest.strip_suffix("-tm")).unwrap_or(rest);
    version.split('-').next()?.parse().ok()
}

/// An object under a name that a version of this application would use.
fn stranger(app: &Application, child: &Child) -> Option<Stranger> {
    let kind = if child.role.is_some() { "Deployment" } else { "Service" };
    let name = format!("{kind} {}", child.name);
    if is_address(app, child) {
        return Some(Stranger { name, hash: None });
    }
    Some(Stranger { name, hash: Some(named(app, child)?) })
}

/// Looks again at what was in the way: no watch shows it.
async fn recheck(operator: &Operator, app: &Application, memory: &mut Memory) {
    let mut still = Vec::new();
    for found in std::mem::take(&mut memory.strangers) {
        let there = match found.kind {
            Kind::Deployment => in_the_way::<Deployment>(operator, app, &found).await,
            Kind::Service => in_the_way::<Service>(operator, app, &found).await,
            // Never in the way: no deploy waits for one.
            Kind::Ingress => false,
        };
        if there {
            still.push(found);
        }
    }
    memory.strangers = still;
}

async fn in_the_way<K: Object>(operator: &Operator, app: &Application, found: &InTheWay) -> bool {
    match operator.kubernetes.get::<K>(&app.key.namespace, &found.name).await {
        Ok(object) => !owned_by(&object, app.uid),
        Err(error) => !matches!(error, KubeError::NotFound(_)),
    }
}

/// Whether the application controls the object.
pub(crate) fn owned_by<K: Object>(object: &K, app: Uid) -> bool {
    let mut owners = object.meta().owner_references.iter().flatten();
    owners.any(|owner| owner.controller == Some(true) && owner.uid.parse() == Ok(app))
}

/// What is labelled with the application's name, from a live LIST.
async fn labelled<K: Object>(operator: &Operator, app: &Application) -> Result<Vec<K>, Silence> {
    let label = format!("{}={}", labels::APP, app.key.name);
    let listed = operator.kubernetes.list::<K>(&app.key.namespace, &label).await;
    listed.map_err(|error| silence(&error))
}

/// The application's pods from a live LIST.
pub(super) async fn live_pods(
    operator: &Operator,
    app: &Application,
    config: &Config,
) -> Result<Vec<ToldPod>, Silence> {
    let listed = labelled::<KubePod>(operator, app).await?;
    let pods = listed.iter().filter_map(Pod::of);
    let ours = pods.filter_map(|pod| adopted::pod(app, pod)).collect();
    Ok(hanging_told(operator, config, in_order(ours)).into_iter().map(|pod| pod.told).collect())
}

/// With those told of that do not end: no event tells that.
fn hanging_told(operator: &Operator, config: &Config, mut pods: Vec<Pod>) -> Vec<Pod> {
    let (now, grace) = (operator.clock.now(), config.pod_trouble_grace);
    pods.iter_mut().for_each(|pod| pod.tell_if_it_hangs(now, grace));
    pods
}

/// The stored revision of a number, read once; none: there is none, which is asked again, as someone may bring
/// it back.
pub(crate) async fn revision(
    operator: &Operator,
    app: &Application,
    state: &State,
    number: Incarnation,
    memory: &mut Memory,
) -> Result<Option<Arc<Revision>>, Silence> {
    if let Some(known) = memory.revisions.get(&number) {
        return Ok(known.clone());
    }
    let hash = state.hash_of(number).ok_or(Silence::Unreadable)?;
    let name = revision::name(&app.key.name, hash, number);
    let stored = operator.kubernetes.get::<ControllerRevision>(&app.key.namespace, &name).await;
    let found = match stored {
        Ok(stored) => match revision::decode(&stored, app.uid) {
            Ok(revision) => Some(Arc::new(revision)),
            Err(error) => {
                tracing::warn!(app = %app.key, revision = name, %error, "revision");
                return Err(Silence::Unreadable);
            }
        },
        Err(KubeError::NotFound(_)) => None,
        Err(error) => return Err(silence(&error)),
    };
    if found.is_some() {
        memory.revisions.insert(number, found.clone());
    }
    Ok(found)
}

/// The highest number among the application's stored revisions, from a live LIST.
pub(super) async fn newest_revision(
    operator: &Operator,
    app: &Application,
) -> Result<Option<Incarnation>, Silence> {
    let listed = labelled::<ControllerRevision>(operator, app).await?;
    let ours = listed.iter().filter(|stored| owned_by(*stored, app.uid));
    let number = |stored: &ControllerRevision| u32::try_from(stored.revision).ok();
    Ok(ours.filter_map(number).max().map(Incarnation))
}

/// How the application differs from the revision of a number, as rendered under what that was
/// deployed with: a changed setting of the operator redeploys nothing.
pub(super) async fn change(
    operator: &Operator,
    app: &Application,
    state: &State,
    number: Incarnation,
    memory: &mut Memory,
) -> Result<Change, Silence> {
    let revision = match revision(operator, app, state, number, memory).await {
        Ok(Some(revision)) => revision,
        Ok(None) | Err(Silence::Unreadable) => {
            let deployed = state.hash_of(number).ok_or(Silence::Unreadable)?;
            let Hashes { plain, coloured } = app.version.hashes;
            let desired = [plain, coloured.blue, coloured.green];
            return Ok(Change::without_revision(deployed, &desired));
        }
        Err(silence) => return Err(silence),
    };
    let rendering = &revision.rendering;
    let ignored = &operator.settings.rendering.ignored_metadata;
    Ok(difference(&revision.application, &app.version.rendered, rendering, rendering, ignored))
}
