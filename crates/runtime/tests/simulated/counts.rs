//! What an application costs: requests to the API server and to Flink, and rounds. Counted exactly,
//! under virtual time and with everything off that comes by chance, so that nobody makes it dearer
//! without noticing. A number that has gone down is a number to be written down here.
//!
//! Not counted: watches, first lists, events, the lease, Ingresses, and the question after a reference
//! operator's pods, six times a minute however many applications there are. The reference operator needs 11.1
//! requests a deploy and 4.4 a delete; the limits are 12, 18 for an update with the removal of the
//! old cluster, and 4.

use std::collections::BTreeMap;
use std::time::Duration;

use flinkk8soperator_sim::http::kubernetes::log::Entry;
use flinkk8soperator_sim::http::kubernetes::route::Verb;
use flinkk8soperator_simulate::scene::Scene;
use tempfile::NamedTempFile;

use crate::bench::{Bench, alone, application, confirmed, gone, with_image};
use crate::predecessor::the_look;

/// Requests by verb and resource.
type Counts = BTreeMap<(&'static str, String), usize>;

/// What was asked since the last time.
struct Cost {
    kubernetes: Counts,
    flink: usize,
    rounds: usize,
}

/// A bench whose rounds are recorded.
struct Counter {
    bench: Bench,
    rounds: NamedTempFile,
    rounds_before: usize,
}

impl Counter {
    async fn start() -> Counter {
        let rounds = NamedTempFile::new().unwrap();
        let trace = Some(rounds.path().to_owned());
        let bench = Bench::with(|settings| settings.trace = trace).await;
        // The first lists.
        bench.rest(Duration::from_secs(1)).await;
        let mut counter = Counter { bench, rounds, rounds_before: 0 };
        counter.cost();
        counter
    }

    /// The cost since the last call.
    fn cost(&mut self) -> Cost {
        let log = self.bench.session.cluster().server().api().log();
        let kubernetes = log.counts(is_ours);
        let flink = log.counts(|entry| entry.request.verb == Verb::Proxy).values().sum();
        log.clear();
        let recorded = std::fs::read_to_string(self.rounds.path()).unwrap().lines().count();
        let rounds = recorded - std::mem::replace(&mut self.rounds_before, recorded);
        Cost { kubernetes, flink, rounds }
    }
}

/// Not the test's own requests, and none that is not counted.
fn is_ours(entry: &Entry) -> bool {
    let request = &entry.request;
    let aside = ["events", "ingresses", "leases"].contains(&request.resource.as_str());
    let watching = matches!(request.verb, Verb::Watch | Verb::Proxy);
    let the_tests = request.query.contains("fieldManager=simulate")
        || (request.verb == Verb::Delete && request.resource == "flinkapplications");
    !aside && !watching && !the_tests && !the_look(request)
}

fn counts(expected: &[(&'static str, &str, usize)]) -> Counts {
    let count =
        |(verb, resource, n): &(&'static str, &str, usize)| ((*verb, resource.to_string()), *n);
    expected.iter().map(count).collect()
}

/// What something may cost, and what it costs.
struct Expected {
    what: &'static str,
    /// Requests to the API server at most.
    limit: usize,
    kubernetes: &'static [(&'static str, &'static str, usize)],
    flink: usize,
    rounds: usize,
}

const DEPLOY: Expected = Expected {
    what: "deploy",
    limit: 12,
    kubernetes: &[
        ("create", "controllerrevisions", 1),
        ("create", "deployments", 2),
        ("create", "services", 2),
        ("patch", "flinkapplications", 1),
        ("update", "flinkapplications/status", 6),
    ],
    flink: 136,
    rounds: 51,
};

const IDLE: Expected =
    Expected { what: "idle minute", limit: 0, kubernetes: &[], flink: 15, rounds: 5 };

const UPDATE: Expected = Expected {
    what: "update",
    limit: 18,
    kubernetes: &[
        ("create", "controllerrevisions", 1),
        ("create", "deployments", 2),
        ("create", "services", 1),
        ("delete", "controllerrevisions", 1),
        ("delete", "deployments", 2),
        ("delete", "services", 1),
        ("list", "pods", 1),
        ("patch", "services", 1),
        ("update", "flinkapplications/status", 8),
    ],
    flink: 168,
    rounds: 58,
};

const DELETE: Expected = Expected {
    what: "delete",
    limit: 4,
    kubernetes: &[("patch", "flinkapplications", 1), ("update", "flinkapplications/status", 2)],
    flink: 17,
    rounds: 4,
};

impl Cost {
    fn total(&self) -> usize {
        self.kubernetes.values().sum()
    }

    fn print(&self, what: &str) {
        let Cost { flink, rounds, .. } = self;
        let total = self.total();
        println!("{what}: {total} requests to the API server, {flink} to Flink, {rounds} rounds");
        for ((verb, resource), n) in &self.kubernetes {
            println!("    {n:3} {verb} {resource}");
        }
    }

    fn check(&self, expected: &Expected) {
        let Expected { what, limit, kubernetes, flink, rounds } = expected;
        assert_eq!(self.kubernetes, counts(kubernetes), "{what}: requests to the API server");
        assert_eq!((self.flink, self.rounds), (*flink, *rounds), "{what}: to Flink, rounds");
        assert!(self.total() <= *limit, "{what}: more than {limit} requests");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_deploy_an_idle_minute_an_update_and_a_delete_cost() {
    let costs = life().await;
    let all = [DEPLOY, IDLE, UPDATE, DELETE];
    all.iter().zip(&costs).for_each(|(expected, cost)| cost.print(expected.what));
    all.iter().zip(&costs).for_each(|(expected, cost)| cost.check(expected));
}

/// A deploy, an idle minute, an update, and a delete.
async fn life() -> [Cost; 4] {
    let mut counter = Counter::start().await;
    counter.bench.apply(&application()).await;
    let first = counter.bench.until("it is confirmed", confirmed).await;
    let deploy = counter.cost();

    counter.bench.rest(Duration::from_secs(60)).await;
    let idle = counter.cost();

    counter.bench.apply(&with_image("1.1.0")).await;
    let updated = |now: &Scene| confirmed(now) && alone(now) && now.versions() != first.versions();
    counter.bench.until("the update is confirmed and the old cluster is gone", updated).await;
    // What follows from its end.
    counter.bench.rest(Duration::from_secs(8)).await;
    let update = counter.cost();

    counter.bench.delete().await;
    counter.bench.until("it is gone", gone).await;
    let delete = counter.cost();
    counter.bench.sound();
    [deploy, idle, update, delete]
}
