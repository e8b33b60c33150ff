//! The worlds that were recorded behind the reference operator.

use std::fs;
use std::path::PathBuf;

use flinkk8soperator_simulate::world::Recorded;
use serde_json::Value;

/// All of them.
pub(crate) const WORLDS: [&str; 29] = [
    "bluegreen-after-teardown",
    "bluegreen-dual-running",
    "bluegreen-first-running",
    "bluegreen-savepoint-in-progress",
    "bounded-job-finished-in-submitting",
    "deleting-finished-job",
    "deleting-savepoint-in-progress",
    "deploy-failed-no-checkpoint",
    "deploy-failed-rolled-back",
    "first-deploy-cluster-starting",
    "first-deploy-job-opening",
    "first-deploy-running",
    "first-deploy-submit-answer-lost",
    "ha-kubernetes-running",
    "rescaling-in-place",
    "running-after-in-place-scale-up",
    "running-after-update",
    "running-edited-while-operator-dead",
    "running-last-applied-changed",
    "running-status-lost",
    "update-cancelling",
    "update-cluster-starting",
    "update-edited-while-savepointing",
    "update-recovering",
    "update-rolling-back",
    "update-savepoint-in-progress",
    "update-savepoint-not-triggered",
    "update-savepoint-trigger-lost",
    "update-submit-not-sent",
];

fn path(name: &str) -> PathBuf {
    // Also from the tests of another package.
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join(format!("../../crates/simulate/tests/worlds/{name}.json"))
}

/// One of them as it was recorded.
pub(crate) fn document(name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(path(name)).unwrap()).unwrap()
}

/// One of them, read.
pub(crate) fn world(name: &str) -> Recorded {
    match Recorded::read(&path(name)) {
        Ok(world) => world,
        Err(error) => panic!("{error}"),
    }
}
