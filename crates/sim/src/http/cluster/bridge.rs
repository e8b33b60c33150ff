//! Between API server and world: Deployments go in, pods and their status come out.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::super::kubernetes::api::Api;
use super::super::kubernetes::kinds::{CONTROLLER_REVISIONS, DEPLOYMENTS, PODS};
use super::super::kubernetes::meta;
use super::super::kubernetes::store::{DeleteOptions, Store};
use super::application::{APPLICATIONS, Known};
use super::{intent, pod};
use crate::world::{AppId, Cluster, Mishap, Pod, Role, Spec, Uid, World};

/// Who is who on the two sides.
#[derive(Default)]
pub(super) struct Bridge {
    /// By namespace and name.
    pub(super) applications: BTreeMap<(String, String), Known>,
    /// Revisions at the API server, by namespace and name.
    revisions: BTreeMap<(String, String), Cluster>,
    /// By the UID that the API server gave.
    pub(super) deployments: BTreeMap<String, Uid>,
    /// By the world's number: namespace, name and API UID.
    pub(super) pods: BTreeMap<Uid, Named>,
    /// How many clusters stood when it was opened: they have the first numbers.
    pub(super) standing: u32,
    /// Which of those an incarnation means.
    pub(super) claims: BTreeMap<(AppId, u32), u32>,
}

pub(super) struct Named {
    pub(super) namespace: String,
    pub(super) name: String,
    /// When the process in it began, and which that is.
    pub(super) began: (u32, String),
}

impl Bridge {
    /// The world's pod of this name.
    pub(super) fn pod(&self, namespace: &str, name: &str) -> Option<Uid> {
        let named = |(_, n): &(&Uid, &Named)| n.namespace == namespace && n.name == name;
        self.pods.iter().find(named).map(|(uid, _)| *uid)
    }

    /// What was asked of the API server happens to the world.
    pub(super) fn take_in(&mut self, api: &Api, world: &mut World) {
        let store = api.store();
        self.take_in_applications(&store, world);
        self.take_in_claims(&store, world);
        let deployments = store.list(&DEPLOYMENTS, None);
        for deployment in &deployments {
            match self.deployments.get(meta::uid(deployment)) {
                None if !meta::is_deleting(deployment) => self.create(deployment, world),
                Some(uid) if meta::is_deleting(deployment) => world.delete_deployment(*uid),
                Some(uid) => self.scale(&store, deployment, *uid, world),
                None => {}
            }
        }
        let there = |uid: &String| deployments.iter().any(|d| meta::uid(d) == uid);
        let (stay, gone) =
            std::mem::take(&mut self.deployments).into_iter().partition(|(uid, _)| there(uid));
        self.deployments = stay;
        let gone: BTreeMap<String, Uid> = gone;
        gone.values().for_each(|uid| world.delete_deployment(*uid));
        self.take_in_revisions(&store, world);
        self.take_in_pods(&store, world);
    }

    fn take_in_applications(&mut self, store: &Store, world: &mut World) {
        self.applications.retain(|(namespace, name), known| {
            let object = store.get(&APPLICATIONS, namespace, name);
            known.take_in(object.as_deref(), world)
        });
    }

    /// A revision that was stored and is not any more is one that nothing can be made from again.
    fn take_in_revisions(&mut self, store: &Store, world: &mut World) {
        for object in store.list(&CONTROLLER_REVISIONS, None) {
            if let Some(cluster) = self.cluster(&object) {
                let name = (meta::namespace(&object).to_owned(), meta::name(&object).to_owned());
                self.revisions.insert(name, cluster);
                save_scaled(&object, cluster, world);
            }
        }
        self.revisions.retain(|(namespace, name), cluster| {
            let there = store.get(&CONTROLLER_REVISIONS, namespace, name).is_some();
            if !there {
                world.delete_revision(*cluster);
            }
            there
        });
    }

    /// The world's cluster that an object belongs to, once the world has its application.
    fn cluster(&self, object: &Value) -> Option<Cluster> {
        let app = intent::label(object, "flink-app").to_owned();
        let known = self.applications.get(&(meta::namespace(object).to_owned(), app))?;
        let label = intent::label(object, "flink-app-incarnation");
        Some(Cluster { app: known.app, incarnation: self.number(known.app, label) })
    }

    fn create(&mut self, deployment: &Value, world: &mut World) {
        let app = intent::label(deployment, "flink-app");
        let Some(spec) = intent::spec(deployment).filter(|_| !app.is_empty()) else { return };
        let role = match intent::label(deployment, "flink-deployment-type") {
            "jobmanager" => Role::JobManager,
            "taskmanager" => Role::TaskManager,
            _ => return,
        };
        let key = (meta::namespace(deployment).to_owned(), app.to_owned());
        self.applications.entry(key).or_insert_with_key(|(_, name)| {
            Known::new(world.create_application(name, spec.clone()))
        });
        let Some(cluster) = self.cluster(deployment) else { return };
        // Whatever the cluster's number stood for before is over: its Deployments are gone.
        if world.deployments.iter().all(|d| d.cluster != cluster) {
            world.revisions.retain(|r| r.cluster != cluster);
        }
        if world.save_revision(cluster, spec).is_ok()
            && let Ok(uid) = world.create_deployment(cluster, role)
        {
            self.deployments.insert(meta::uid(deployment).to_owned(), uid);
        }
    }

    /// Its number of pods and its label can change while it stands.
    fn scale(&self, store: &Store, deployment: &Value, uid: Uid, world: &mut World) {
        let Some(known) = world.deployments.iter().find(|d| d.uid == uid) else { return };
        let label = u32::from_str_radix(intent::label(deployment, "flink-app-hash"), 16);
        let label = label.unwrap_or(known.label);
        let wanted = deployment.pointer("/spec/replicas").and_then(Value::as_u64);
        let wanted = wanted.and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
        if wanted != known.replicas {
            let marked: Vec<Uid> = self.marked(store);
            world.scale_deployment(uid, wanted, &marked);
        }
        world.label_deployment(uid, label);
    }

    /// The pods that are to go before others.
    fn marked(&self, store: &Store) -> Vec<Uid> {
        let cheap = |named: &Named| {
            let object = store.get(&PODS, &named.namespace, &named.name);
            let annotations = object.as_deref().and_then(|o| o.pointer("/metadata/annotations"));
            let cost =
                annotations.and_then(|a| a.get("controller.kubernetes.io/pod-deletion-cost"));
            cost.and_then(Value::as_str).is_some_and(|cost| cost.starts_with('-'))
        };
        self.pods.iter().filter(|(_, named)| cheap(named)).map(|(uid, _)| *uid).collect()
    }

    fn take_in_pods(&mut self, store: &Store, world: &mut World) {
        self.pods.retain(|uid, named| {
            let Some(pod) = world.pod(*uid) else { return true };
            match store.get(&PODS, &named.namespace, &named.name) {
                Some(object) if meta::is_deleting(&object) && !pod.terminating => {
                    world.delete_pod(*uid);
                    true
                }
                Some(_) => true,
                None => {
                    world.befall(Mishap::PodLost(*uid));
                    false
                }
            }
        });
    }

    /// What happened in the world is written as kubelet and controllers would.
    pub(super) fn give_out(&mut self, api: &Api, world: &World) {
        let mut store = api.store();
        self.forget_the_gone(&mut store, world);
        for pod in &world.pods {
            self.give_out_pod(&mut store, pod);
        }
        for deployment in store.list(&DEPLOYMENTS, None) {
            if let Some(uid) = self.deployments.get(meta::uid(&deployment)) {
                give_out_deployment(&mut store, &deployment, *uid, world);
            }
        }
    }

    fn forget_the_gone(&mut self, store: &mut Store, world: &World) {
        self.pods.retain(|uid, named| {
            let there = world.pod(*uid).is_some();
            if !there {
                store.remove(&PODS, &named.namespace, &named.name);
            }
            there
        });
    }

    fn give_out_pod(&mut self, store: &mut Store, pod: &Pod) {
        let now = meta::timestamp(store.now());
        if let Some(named) = self.pods.get_mut(&pod.uid) {
            if named.began.0 != pod.restarts || !pod.running() {
                named.began = (pod.restarts, now);
            }
            let Named { namespace, name, began } = named;
            store.modify(&PODS, namespace, name, |object| {
                let spec = object.get("spec").cloned().unwrap_or_default();
                object["status"] = pod::status(pod, &spec, &began.1);
            });
            if pod.terminating {
                tell_to_end(store, namespace, name);
            }
            return;
        }
        let Some(deployment) = self.deployment_of(store, pod) else { return };
        let object = pod::object(pod, &deployment, &now);
        let namespace = meta::namespace(&object).to_owned();
        let name = pod::name(pod, &deployment);
        store.put(&PODS, object);
        self.pods.insert(pod.uid, Named { namespace, name, began: (pod.restarts, now) });
    }

    fn deployment_of(&self, store: &Store, pod: &Pod) -> Option<Arc<Value>> {
        let uid = self.deployments.iter().find(|(_, uid)| **uid == pod.deployment)?.0;
        store.list(&DEPLOYMENTS, None).into_iter().find(|d| meta::uid(d) == uid)
    }
}

/// A revision under which no cluster stands (yet) is taken to be one that the newest cluster is scaled to
/// in place: from the pods of that one, with another parallelism. Should a cluster of its own come, it
/// tells more.
fn save_scaled(object: &Value, cluster: Cluster, world: &mut World) {
    let parallelism = object.pointer("/data/application/spec/parallelism").and_then(Value::as_u64);
    let parallelism = parallelism.and_then(|n| u32::try_from(n).ok());
    let newest = world.deployments.iter().rev().find(|d| d.cluster.app == cluster.app);
    if let (None, Some(parallelism), Some(newest)) = (world.revision(cluster), parallelism, newest)
    {
        let spec = Spec { parallelism, ..Spec::clone(&newest.spec) };
        // There is none of this number, so that it cannot be another one.
        let _ = world.save_revision(cluster, spec);
    }
}

/// Marks a pod that the world is ending, with the grace that pods have by default.
fn tell_to_end(store: &mut Store, namespace: &str, name: &str) {
    let marked = store.get(&PODS, namespace, name).is_some_and(|o| meta::is_deleting(&o));
    let kind = store.kinds().stored(&PODS).cloned();
    if let Some(kind) = kind.filter(|_| !marked) {
        // The object can only be gone already, which is as good.
        let _ = store.delete(&kind, namespace, name, &DeleteOptions::default());
    }
}

fn give_out_deployment(store: &mut Store, object: &Value, uid: Uid, world: &World) {
    let pods: Vec<&Pod> =
        world.pods.iter().filter(|p| p.deployment == uid && !p.terminating).collect();
    let is_ready = |p: &&&Pod| match p.role {
        Role::JobManager => p.ready,
        Role::TaskManager => p.running(),
    };
    let ready = pods.iter().filter(is_ready).count();
    let wanted = object.pointer("/spec/replicas").and_then(Value::as_u64).unwrap_or(1);
    let available = ready as u64 >= wanted;
    let status = json!({
        "observedGeneration": meta::generation(object),
        "replicas": pods.len(),
        "updatedReplicas": pods.len(),
        "readyReplicas": ready,
        "availableReplicas": ready,
        "unavailableReplicas": wanted.saturating_sub(ready as u64),
        "conditions": [{
            "type": "Available",
            "status": if available { "True" } else { "False" },
            "reason": if available { "MinimumReplicasAvailable" } else { "MinimumReplicasUnavailable" },
        }],
    });
    store.modify(&DEPLOYMENTS, meta::namespace(object), meta::name(object), |deployment| {
        deployment["status"] = status;
    });
}
