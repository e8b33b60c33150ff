//! What the watches showed, per application, overlaid with own writes.
//!
//! Filled by `controller` and `execute`, read by `observe`. One lock, never held over an await.

mod child;
mod front;
mod kind;
mod pod;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(crate) use child::{Child, application_of, uid_of};
pub(crate) use front::{Front, Port};
pub(crate) use kind::{Item, Kind};
pub(crate) use pod::Pod;

use crate::adopted;
use crate::application::{Application, Key};

/// Everything that was watched.
#[derive(Debug, Default)]
pub(crate) struct Cache(Mutex<Watched>);

/// What lies behind the lock.
#[derive(Debug, Default)]
pub(crate) struct Watched {
    /// The applications.
    pub(crate) applications: BTreeMap<Key, Arc<Application>>,
    /// Their Deployments.
    pub(crate) deployments: Kind<Child>,
    /// Their Services.
    pub(crate) services: Kind<Child>,
    /// Their Ingresses, where the operator makes them.
    pub(crate) ingresses: Kind<Child>,
    /// Their pods.
    pub(crate) pods: Kind<Pod>,
    /// Lists of applications under way, by scope (a namespace; none for all of them).
    pub(crate) lists: BTreeMap<Option<String>, BTreeSet<Key>>,
    /// Those for which something happened that no round has seen yet; a change of the application
    /// itself aside, which its resource version tells.
    pub(crate) touched: BTreeSet<Key>,
}

impl Cache {
    /// Everything, for as long as the guard lives: not over an await.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Watched> {
        // A panic while the lock is held leaves at worst an event unseen, and the next list shows it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The application as the watch showed it last.
    #[must_use]
    pub(crate) fn application(&self, key: &Key) -> Option<Arc<Application>> {
        self.lock().applications.get(key).cloned()
    }

    /// All applications that the watch shows.
    #[must_use]
    pub(crate) fn applications(&self) -> Vec<Key> {
        self.lock().applications.keys().cloned().collect()
    }

    /// Whether everything that the watches show of an application's objects could be read.
    #[must_use]
    pub(crate) fn readable(&self, key: &Key) -> bool {
        let watched = self.lock();
        let Watched { deployments, services, ingresses, pods, .. } = &*watched;
        deployments.readable(key)
            && services.readable(key)
            && ingresses.readable(key)
            && pods.readable(key)
    }

    /// The application's pods, oldest first, those of a namesake before it left out.
    #[must_use]
    pub(crate) fn pods(&self, application: &Application) -> Vec<Pod> {
        let pods = self.lock().pods.of(&application.key);
        in_order(pods.into_iter().filter_map(|pod| adopted::pod(application, pod)).collect())
    }

    /// Pods that bear no number, and of which no cluster is known.
    #[must_use]
    pub(crate) fn pods_without_a_cluster(&self, application: &Application) -> Vec<Pod> {
        let pods = self.lock().pods.of(&application.key);
        let unknown = |pod: &Pod| !pod.numbered && adopted::pod(application, pod.clone()).is_none();
        pods.into_iter().filter(unknown).collect()
    }
}

impl Watched {
    /// The application's Deployments, each with the number of its cluster.
    #[must_use]
    pub(crate) fn deployments_of(&self, application: &Application) -> Vec<Child> {
        numbered(application, self.deployments.of(&application.key))
    }

    /// The application's Services, each with the number of its cluster.
    #[must_use]
    pub(crate) fn services_of(&self, application: &Application) -> Vec<Child> {
        numbered(application, self.services.of(&application.key))
    }
}

fn numbered(application: &Application, children: Vec<Child>) -> Vec<Child> {
    children.into_iter().map(|child| adopted::child(application, child)).collect()
}

/// Pods, oldest first.
#[must_use]
pub(crate) fn in_order(mut pods: Vec<Pod>) -> Vec<Pod> {
    pods.sort_by(|a, b| (a.born, &a.told.name).cmp(&(b.born, &b.told.name)));
    pods
}
