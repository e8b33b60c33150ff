//! A simulated cluster that lives: the API server, the world behind it, and what connects the two.
//!
//! Deployments that arrive at the API server get pods in the world; what becomes of the pods there
//! is written back as a kubelet would; the Flink in the JobManagers' pods answers through the API
//! server's `pods/NAME:PORT/proxy`. Who talks to it sees a cluster with one node, a registry and
//! an operator's worth of Kubernetes.
//!
//! What does not behave is recognised by its name (see [`intent`]): an image with `missing` in it
//! cannot be pulled, an entry class with `NoSuch` in it is not found.

mod application;
mod bridge;
pub mod intent;
pub mod pod;
mod standing;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::flink::SimulatedFlink;
use super::kubernetes::api::Api;
use super::kubernetes::server::{Server, ServerConfig};
use super::kubernetes::store::Clock;
use crate::invariants::{self, Violation};
use crate::world::{Latencies, Scheduler, Settings, World};
use bridge::Bridge;
pub use standing::StandingObjects;

/// How a cluster is made.
#[derive(Default)]
pub struct ClusterConfig {
    /// The API server.
    pub server: ServerConfig,
    /// What does not change in the world.
    pub settings: Settings,
    /// How long things take.
    pub latencies: Latencies,
}

/// A running cluster. It stops when it is dropped.
pub struct Cluster {
    server: Server,
    life: Arc<Life>,
    _running: DropGuard,
}

impl Cluster {
    /// Starts it.
    ///
    /// # Errors
    /// If the address cannot be listened on.
    pub async fn start(config: ClusterConfig) -> io::Result<Cluster> {
        Cluster::open(config, None).await
    }

    /// Starts it with what is to stand in it from the beginning.
    ///
    /// # Errors
    /// If the address cannot be listened on.
    pub async fn open(
        config: ClusterConfig,
        objects: Option<&StandingObjects>,
    ) -> io::Result<Cluster> {
        let clock = config.server.store.clock.clone();
        let server = Server::start(config.server).await?;
        let life = Arc::new(Life::new(config.settings, config.latencies, clock));
        if let Some(objects) = objects {
            life.open(objects, server.api());
        }
        server
            .api()
            .set_pod_proxy(Arc::new(SimulatedFlink::new(life.clone(), server.api().clone())));
        let stop = CancellationToken::new();
        let living = live(life.clone(), server.api().clone());
        tokio::spawn(stop.clone().run_until_cancelled_owned(living));
        Ok(Cluster { server, life, _running: stop.drop_guard() })
    }

    /// The API server.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Looks at the world, or changes it.
    pub fn with_world<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        self.life.with_world(look)
    }

    /// Looks at the world as it last was.
    pub fn look<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        self.life.with_world_quietly(|world| look(world))
    }

    /// Told after every change of the world.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.life.changes()
    }

    /// The invariants that were broken so far, each time that one was.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        self.life.lock().watchman.violations.clone()
    }
}

/// The world and its clock, shared by everything that serves it.
pub struct Life {
    alive: Mutex<Alive>,
    clock: Clock,
    changes: watch::Sender<u64>,
}

struct Alive {
    world: World,
    scheduler: Scheduler,
    bridge: Bridge,
    watchman: Watchman,
}

impl Alive {
    /// Lets the world live until `now`, step by step, each held to the invariants.
    fn live_until(&mut self, now: u64) {
        let Alive { world, scheduler, watchman, .. } = self;
        while let Some(at) = scheduler.next_at().filter(|at| *at <= now) {
            watchman.over(world, |world| scheduler.run_until(world, at));
        }
        scheduler.run_until(world, now);
    }
}

/// Holds every change of the world to the invariants.
#[derive(Default)]
struct Watchman {
    violations: Vec<Violation>,
}

impl Watchman {
    fn over<T>(&mut self, world: &mut World, change: impl FnOnce(&mut World) -> T) -> T {
        let before = world.clone();
        let result = change(world);
        let broken = invariants::broken(&before, world);
        // One that stays broken is told once.
        self.violations.extend(broken.filter(|b| self.violations.last() != Some(b)));
        result
    }
}

impl Life {
    fn new(settings: Settings, latencies: Latencies, clock: Clock) -> Life {
        let mut world = World::new(settings);
        world.wait_until(milliseconds(&clock));
        let scheduler = Scheduler::new(latencies);
        let (bridge, watchman) = (Bridge::default(), Watchman::default());
        let alive = Mutex::new(Alive { world, scheduler, bridge, watchman });
        Life { alive, clock, changes: watch::Sender::new(0) }
    }

    /// Lets something stand in it from the beginning. What stands wrong is a violation, too.
    fn open(&self, objects: &StandingObjects, api: &Api) {
        let mut alive = self.lock();
        let Alive { world, bridge, watchman, .. } = &mut *alive;
        bridge.open(objects, api, world);
        watchman.over(world, |_| {});
    }

    fn lock(&self) -> MutexGuard<'_, Alive> {
        self.alive.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The world as it is now, to be looked at or changed.
    pub fn with_world<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let mut alive = self.lock();
        let now = milliseconds(&self.clock);
        alive.live_until(now);
        let Alive { world, watchman, .. } = &mut *alive;
        let result = watchman.over(world, change);
        alive.live_until(now);
        drop(alive);
        self.changes.send_modify(|n| *n += 1);
        result
    }

    /// The same, for a look that is not worth telling anyone about.
    pub fn with_world_quietly<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut self.lock().world)
    }

    /// The world's pod of this name.
    #[must_use]
    pub fn pod(&self, namespace: &str, name: &str) -> Option<crate::world::Uid> {
        self.lock().bridge.pod(namespace, name)
    }

    /// Told after every change of the world.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Brings API server and world in line; answers how long nothing will happen by itself.
    fn turn(&self, api: &Api) -> Option<Duration> {
        let mut alive = self.lock();
        let now = milliseconds(&self.clock);
        alive.live_until(now);
        let Alive { world, bridge, watchman, .. } = &mut *alive;
        watchman.over(world, |world| bridge.take_in(api, world));
        alive.live_until(now);
        let Alive { world, scheduler, bridge, .. } = &mut *alive;
        bridge.give_out(api, world);
        let next = scheduler.next_at()?;
        Some(Duration::from_millis(next.saturating_sub(now)))
    }
}

/// Millisecond since the epoch, by the cluster's clock.
fn milliseconds(clock: &Clock) -> u64 {
    u64::try_from(clock()).unwrap_or(0)
}

/// Lives: a turn after every change on either side, and whenever something is due.
async fn live(life: Arc<Life>, api: Api) {
    let mut objects = api.store().subscribe();
    let mut world = life.changes();
    loop {
        objects.borrow_and_update();
        world.borrow_and_update();
        let before = life.lock().world.clone();
        let nothing_before = life.turn(&api);
        let changed = life.lock().world != before;
        if changed {
            life.changes.send_modify(|n| *n += 1);
            world.borrow_and_update();
        }
        let due = async {
            match nothing_before {
                Some(wait) => tokio::time::sleep(wait).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = due => {}
            _ = objects.changed() => {}
            _ = world.changed() => {}
        }
    }
}
