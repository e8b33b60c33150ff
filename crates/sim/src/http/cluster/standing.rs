//! A cluster that is opened with what stood in another one: its objects go to the API server as they were,
//! their clusters, pods and jobs to the world, and the bridge knows which is which.
//!
//! Clusters that someone else has made have no incarnation. The world numbers them before all others, by
//! age; an incarnation that a label tells comes after them in the world. That is, until a revision is stored
//! for the version that such a cluster is labelled with: its incarnation is the standing cluster's then.

use serde_json::{Value, json};

use super::super::kubernetes::api::Api;
use super::super::kubernetes::kinds::{
    CONTROLLER_REVISIONS, DEPLOYMENTS, NAMESPACES, PODS, Resource,
};
use super::super::kubernetes::meta::{self, text};
use super::super::kubernetes::store::Store;
use super::application::{APPLICATIONS, Known};
use super::bridge::{Bridge, Named};
use super::intent;
use crate::world::{AppId, Deployment, Spec, Standing, World};

/// One application with everything around it.
#[derive(Clone, Debug, Default)]
pub struct StandingObjects {
    /// The application's object.
    pub application: Value,
    /// The Deployments, in the order of those in `standing`.
    pub deployments: Vec<Value>,
    /// The pods, in the order of those in `standing`.
    pub pods: Vec<Value>,
    /// Objects that the world does not know.
    pub others: Vec<(Resource, Value)>,
    /// What the world knows.
    pub standing: Standing,
}

impl Bridge {
    /// Puts everything on both sides. To be done before anything lives.
    pub(super) fn open(&mut self, objects: &StandingObjects, api: &Api, world: &mut World) {
        // What names an owner is put there after it, and under one lock: the garbage collector does not see
        // the one without the other.
        let mut store = api.store();
        let (namespace, name) =
            (meta::namespace(&objects.application), meta::name(&objects.application));
        if store.get(&NAMESPACES, "", namespace).is_none() {
            store.put(&NAMESPACES, json!({ "metadata": { "name": namespace } }));
        }
        store.restore(&APPLICATIONS, objects.application.clone());
        for (resource, object) in &objects.others {
            store.restore(resource, object.clone());
        }
        let newest = objects.standing.clusters.last();
        let spec = newest.cloned().unwrap_or_else(|| Spec::good(0));
        let app = world.create_application(name, spec);
        world.applications[app.0].finalizer = !meta::finalizers(&objects.application).is_empty();
        self.applications.insert((namespace.to_owned(), name.to_owned()), Known::new(app));
        self.standing = u32::try_from(objects.standing.clusters.len()).unwrap_or(u32::MAX);
        let (deployments, pods) = world.stand(app, &objects.standing);
        for (object, uid) in objects.deployments.iter().zip(deployments) {
            store.restore(&DEPLOYMENTS, object.clone());
            self.deployments.insert(meta::uid(object).to_owned(), uid);
        }
        for ((object, pod), uid) in objects.pods.iter().zip(&objects.standing.pods).zip(pods) {
            let owner = &objects.deployments[pod.deployment];
            store.restore(&PODS, owned(object, owner));
            let started = text(object, "/status/containerStatuses/0/state/running/startedAt");
            let since = if started.is_empty() { text(object, CREATED) } else { started };
            let (namespace, name) = (meta::namespace(object), meta::name(object));
            let began = (pod.restarts, since.to_owned());
            let named = Named { namespace: namespace.to_owned(), name: name.to_owned(), began };
            self.pods.insert(uid, named);
        }
    }

    /// The world's number of the cluster with this label.
    pub(super) fn number(&self, app: AppId, label: &str) -> u32 {
        let Ok(label) = label.parse() else { return 0 };
        let claimed = self.claims.get(&(app, label)).copied();
        claimed.unwrap_or_else(|| self.standing.saturating_add(label))
    }

    /// A revision of the version that a standing cluster is labelled with says by which incarnation that
    /// cluster goes from now on.
    pub(super) fn take_in_claims(&mut self, store: &Store, world: &World) {
        if self.standing == 0 {
            return;
        }
        for revision in store.list(&CONTROLLER_REVISIONS, None) {
            let app = intent::label(&revision, "flink-app").to_owned();
            let app = self.applications.get(&(meta::namespace(&revision).to_owned(), app));
            let hash = u32::from_str_radix(intent::label(&revision, "flink-app-hash"), 16);
            let label = intent::label(&revision, "flink-app-incarnation").parse();
            let (Some(app), Ok(hash), Ok(label)) = (app.map(|known| known.app), hash, label) else {
                continue;
            };
            let claimed = |number: u32| {
                self.claims.iter().any(|((of, _), claimed)| (*of, *claimed) == (app, number))
            };
            let free = |d: &&Deployment| {
                let number = d.cluster.incarnation;
                let meant = d.cluster.app == app && d.label == hash;
                meant && number <= self.standing && !claimed(number)
            };
            let found = world.deployments.iter().find(free).map(|d| d.cluster.incarnation);
            if let Some(number) = found {
                self.claims.entry((app, label)).or_insert(number);
            }
        }
    }
}

const CREATED: &str = "/metadata/creationTimestamp";

/// The pod as its Deployment's own: a ReplicaSet between them decides nothing here.
fn owned(pod: &Value, deployment: &Value) -> Value {
    let mut pod = pod.clone();
    let owner = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "name": meta::name(deployment),
        "uid": meta::uid(deployment), "controller": true, "blockOwnerDeletion": true,
    });
    meta::set(&mut pod, "ownerReferences", Some(json!([owner])));
    pod
}
