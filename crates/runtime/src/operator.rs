//! What all rounds share: settings, connections, caches, clock and the right to act. One per process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tokio::sync::watch;

use crate::Ports;
use crate::application::Key;
use crate::cache::Cache;
use crate::config::{Changed, Settings};
use crate::execute::events::Events;
use crate::flink::Flinks;
use crate::jitter::Jitter;
use crate::kubernetes::Kubernetes;
use crate::lease::Term;
use crate::memory::Memory;
use crate::metrics::Metrics;
use crate::ports::Clock;
use crate::posts::Posts;
use crate::queue::Queue;
use crate::trace::Trace;

/// The operator.
pub(crate) struct Operator {
    /// As they were at the start: what holds from then on. The rest is read from those in force.
    pub(crate) settings: Settings,
    in_force: RwLock<Arc<InForce>>,
    pub(crate) kubernetes: Kubernetes,
    pub(crate) flinks: Flinks,
    pub(crate) cache: Cache,
    pub(crate) queue: Queue,
    pub(crate) posts: Posts,
    pub(crate) events: Events,
    pub(crate) metrics: Metrics,
    pub(crate) trace: Trace,
    /// Whether everything was listed once.
    pub(crate) ready: watch::Sender<bool>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) jitter: Jitter,
    pub(crate) lease: Arc<Term>,
    /// Taken out for a round, put back after it: lost where the round panics, and then the
    /// application is read live first.
    pub(crate) memories: Memories,
    #[cfg(feature = "crash-points")]
    pub(crate) crash: Option<crate::crash::Crash>,
}

/// The settings in force.
#[derive(Debug)]
pub(crate) struct InForce {
    pub(crate) settings: Settings,
    /// What is written otherwise by now, and waits for the next start.
    pub(crate) waiting: Vec<Changed>,
}

impl Operator {
    /// With nothing seen or done yet.
    #[must_use]
    pub(crate) fn new(
        client: kube::Client,
        settings: Settings,
        ports: Ports,
        metrics: Metrics,
        trace: Trace,
        ready: watch::Sender<bool>,
    ) -> Operator {
        let limit = settings.request_timeout;
        let clock = ports.clock;
        let jitter = Jitter(settings.jitter);
        let lease = match &settings.leader_election {
            None => Term::alone(Arc::clone(&clock)),
            Some(election) => Term::elected(Arc::clone(&clock), election.renew_deadline),
        };
        Operator {
            kubernetes: Kubernetes::new(client.clone(), limit, metrics.clone(), jitter),
            jitter,
            flinks: Flinks::new(client, settings.flink_access, ports.flink),
            cache: Cache::default(),
            queue: Queue::default(),
            posts: Posts::default(),
            events: Events::default(),
            memories: Memories::default(),
            clock,
            lease: Arc::new(lease),
            #[cfg(feature = "crash-points")]
            crash: settings.crash_at.clone().map(crate::crash::Crash::at),
            metrics,
            trace,
            ready,
            in_force: RwLock::new(Arc::new(InForce {
                settings: settings.clone(),
                waiting: Vec::new(),
            })),
            settings,
        }
    }

    /// Something happened to an application that a round has to look at.
    pub(crate) fn touch(&self, key: &Key) {
        self.cache.lock().touched.insert(key.clone());
        self.queue.wake(key.clone());
    }
}

impl Operator {
    /// The settings in force at this instant.
    pub(crate) fn in_force(&self) -> Arc<InForce> {
        Arc::clone(&self.in_force.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What `/config` shows.
    pub(crate) fn shown(&self) -> String {
        let InForce { settings, waiting } = &*self.in_force();
        serde_json::to_string_pretty(&settings.shown(waiting)).unwrap_or_default()
    }

    /// From now on these are in force. A round under way ends with those that it began with.
    pub(crate) fn put_in_force(&self, new: InForce) {
        *self.in_force.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
    }

    /// The application is gone, or not looked after any more.
    pub(crate) fn forget(&self, key: &Key) {
        self.posts.retain(key, &[]);
        let mut watched = self.cache.lock();
        watched.touched.remove(key);
        watched.deployments.forget(key);
        watched.services.forget(key);
        watched.ingresses.forget(key);
        watched.pods.forget(key);
    }
}

/// The memories of applications that no round is working on.
#[derive(Debug, Default)]
pub(crate) struct Memories(Mutex<BTreeMap<Key, Memory>>);

impl Memories {
    /// Takes an application's out; a new one where there is none.
    pub(crate) fn take(&self, key: &Key) -> Memory {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(key).unwrap_or_default()
    }

    /// Puts it back.
    pub(crate) fn put(&self, key: &Key, memory: Memory) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(key.clone(), memory);
    }
}
