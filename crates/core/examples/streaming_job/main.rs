//! A controller for another kind of resource than FlinkApplication, with a store of its own, on the
//! state machine alone: `cargo run -p flinkk8soperator-core --example streaming_job`.
//!
//! `docs/embedding.md` walks through it. `resource` and `store` are the embedder's own; `outside` is
//! what its clients for Kubernetes and Flink can do; `controller` is the round, with `observe` and
//! `execute`. `cluster` stands in for Kubernetes and Flink, so that there is something to watch.

mod cluster;
pub(crate) mod controller;
mod execute;
mod memory;
mod observe;
pub(crate) mod outside;
pub(crate) mod resource;
pub(crate) mod store;

use std::io::{self, Write};

use flinkk8soperator_core::{Config, Uid, plan};

use cluster::Cluster;
use controller::{Controller, Round};
use outside::Failed;
use resource::{Spec, StreamingJob};
use store::{MemoryStore, Store};

/// More steps than any plan has.
const STEPS: usize = 20;
/// More rounds than any chapter takes.
const ROUNDS: usize = 200;

fn main() -> io::Result<()> {
    tell(&mut io::stdout().lock())
}

/// The story of a job: deployed, updated, updated in turn, deleted.
pub(crate) fn tell(out: &mut impl Write) -> io::Result<()> {
    let config = Config::default();
    let mut controller = Controller::new(config);
    let mut cluster = Cluster::default();
    let mut store = MemoryStore::default();

    let spec = Spec { image: "jobs/clicks:1".to_owned(), parallelism: 2, ..Spec::default() };
    let job = StreamingJob::new("clicks", Uid(0xc11c), spec);
    store.create(job.clone());
    chapter(out, "a new job", &mut controller, &mut store, &mut cluster)?;

    let spec = Spec { image: "jobs/clicks:2".to_owned(), ..job.spec.clone() };
    store.edit(|job| job.spec = spec.clone());
    // The first write of the update is done, but unanswered: nothing is done in that round, and the
    // next one reads what is there.
    store.loses_a_reply();
    chapter(out, "another image", &mut controller, &mut store, &mut cluster)?;

    let spec = Spec { image: "jobs/clicks:3".to_owned(), in_turn: true, ..spec };
    store.edit(|job| job.spec = spec);
    chapter(out, "another image, in turn", &mut controller, &mut store, &mut cluster)?;

    store.edit(|job| job.spec.parallelism = 0);
    chapter(out, "a spec that cannot be deployed", &mut controller, &mut store, &mut cluster)?;

    store.edit(|job| job.deleting = true);
    chapter(out, "deleted", &mut controller, &mut store, &mut cluster)
}

/// Rounds until nothing is left to do: first what is foretold, then what happens.
fn chapter(
    out: &mut impl Write,
    title: &str,
    controller: &mut Controller,
    store: &mut MemoryStore,
    cluster: &mut Cluster,
) -> io::Result<()> {
    writeln!(out, "=== {title}")?;
    if let Some(round) = controller.foresee(store, cluster) {
        let Round { before, seen, .. } = &round;
        let plan = plan(&round.context(&controller.config), before, seen, STEPS);
        plan.to_string().lines().try_for_each(|line| writeln!(out, "plan| {line}"))?;
    }
    let (mut phase, mut message) = (None, String::new());
    for _ in 0..ROUNDS {
        let Some(round) = controller.round(store, cluster) else { break };
        let decision = &round.decision;
        let verdict = &decision.verdict;
        let now = decision.state.phase.name();
        if now != phase || verdict.message != message {
            let seconds = round.now.0 / 1000;
            writeln!(out, "{seconds:>4}s {:<16}{}", now.unwrap_or("?"), verdict.message)?;
            (phase, message) = (now, verdict.message.clone());
        }
        if let Some(Failed(why)) = &round.cut_short {
            writeln!(out, "           ! {why}")?;
        }
        for effect in cluster.take_log() {
            writeln!(out, "           > {effect}")?;
        }
        let still = decision.state == round.before
            && decision.effects.is_empty()
            && round.cut_short.is_none();
        if still && !verdict.reason.reconciling() && !cluster.busy() {
            break;
        }
        cluster.tick();
    }
    if store.read().is_ok_and(|kept| kept.is_none()) {
        writeln!(out, "     the job is gone")?;
    }
    writeln!(out)
}
