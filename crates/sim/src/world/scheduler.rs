//! Lets a world live by itself: every step happens some time after it became possible, always
//! after the same time. For a demo and for tests over HTTP; the explorer orders steps as it likes.

use std::collections::BTreeMap;

use super::{Step, World};

/// How long steps take, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Latencies {
    /// A Deployment's pods are created.
    pub pods_created: u64,
    /// A container starts: schedule, pull, start.
    pub pod_starts: u64,
    /// A JobManager answers.
    pub pod_ready: u64,
    /// A pod ends.
    pub pod_ends: u64,
    /// See [`Step::PodComesLoose`].
    pub pod_comes_loose: u64,
    /// A TaskManager registers.
    pub registers: u64,
    /// A TaskManager gives up a JobManager that is gone.
    pub orphans_stop: u64,
    /// `main()` runs.
    pub main_returns: u64,
    /// Tasks come up.
    pub tasks_up: u64,
    /// A job's scheduler brings it to another parallelism.
    pub rescales: u64,
    /// A job's checkpoint interval.
    pub checkpoint: u64,
    /// A job that ends by itself does.
    pub finishes: u64,
    /// A job that fails does.
    pub fails: u64,
    /// A savepoint is written.
    pub savepoint: u64,
    /// A stopped or cancelled job ends.
    pub stop: u64,
}

impl Default for Latencies {
    /// As a small cluster with a warm image cache behaves; the last ones are recorded on Flink.
    fn default() -> Latencies {
        Latencies {
            pods_created: 50,
            pod_starts: 1_500,
            pod_ready: 3_000,
            pod_ends: 1_000,
            pod_comes_loose: 300_000,
            registers: 1_500,
            orphans_stop: 45_000,
            main_returns: 1_200,
            tasks_up: 800,
            rescales: 20_000,
            checkpoint: 10_000,
            finishes: 60_000,
            fails: 2_000,
            savepoint: 400,
            stop: 200,
        }
    }
}

impl Latencies {
    fn of(&self, step: Step) -> u64 {
        match step {
            Step::PodsCreated(_) => self.pods_created,
            Step::PodStarts(_) => self.pod_starts,
            Step::PodReady(_) => self.pod_ready,
            Step::PodEnds(_) => self.pod_ends,
            Step::PodComesLoose(_) => self.pod_comes_loose,
            Step::Registers(_) => self.registers,
            Step::OrphansStop(_) => self.orphans_stop,
            Step::MainReturns(..) => self.main_returns,
            Step::TasksUp(_) => self.tasks_up,
            Step::Rescales(_) => self.rescales,
            Step::CheckpointCompletes(_) => self.checkpoint,
            Step::Finishes(_) => self.finishes,
            Step::Fails(_) => self.fails,
            Step::SavepointWritten(..) => self.savepoint,
            Step::StopFinishes(..) | Step::CancelFinishes(_) => self.stop,
        }
    }
}

/// When each step that is possible will happen.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Scheduler {
    latencies: Latencies,
    due: BTreeMap<Step, u64>,
}

impl Scheduler {
    /// With these delays.
    #[must_use]
    pub fn new(latencies: Latencies) -> Scheduler {
        Scheduler { latencies, due: BTreeMap::new() }
    }

    /// Lets the world live until `now`. Call it again after every change made from outside, with
    /// the same `now`: what became possible by the change is due from then on.
    pub fn run_until(&mut self, world: &mut World, now: u64) {
        self.plan(world);
        while let Some((step, at)) = self.next().filter(|(_, at)| *at <= now) {
            world.wait_until(at);
            self.due.remove(&step);
            world.apply(step);
            self.plan(world);
        }
        world.wait_until(now);
    }

    /// The next instant at which something happens by itself, after [`Scheduler::run_until`].
    #[must_use]
    pub fn next_at(&self) -> Option<u64> {
        self.next().map(|(_, at)| at)
    }

    fn next(&self) -> Option<(Step, u64)> {
        self.due.iter().map(|(step, at)| (*step, *at)).min_by_key(|(step, at)| (*at, *step))
    }

    fn plan(&mut self, world: &World) {
        let possible = world.steps();
        self.due.retain(|step, _| possible.contains(step));
        for step in possible {
            let at = world.now + self.latencies.of(step);
            self.due.entry(step).or_insert(at);
        }
    }
}
