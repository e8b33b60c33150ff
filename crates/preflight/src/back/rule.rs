//! The reference operator's rule, as a function: what becomes of an application in its hands.

use std::collections::BTreeSet;

use serde::Serialize;

use super::standing::{Object, Standing};
use crate::report::Verdict;

/// What becomes of an application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all_fields = "camelCase")]
pub enum Outcome {
    /// It goes on as it is.
    Unchanged {
        /// Hashes of clusters that are not the current one, whose objects are removed.
        removes: BTreeSet<String>,
    },
    /// It goes on, but something is removed that its cluster needs.
    Damaged {
        /// What.
        needs: String,
    },
    /// The spec is not what is deployed, to its eyes: the job is stopped and started anew.
    Redeployed {
        /// The hash that is deployed.
        from: String,
        /// The hash of the spec.
        to: String,
        /// In the running cluster.
        in_place: bool,
    },
    /// The deploy is given up before anything is touched, and what runs goes on.
    Refused {
        /// Why.
        why: &'static str,
    },
    /// A deploy is begun, or goes on, from where the status says that it is.
    Deploying,
    /// One of two versions is torn down.
    TornDown,
    /// Its deletion goes on.
    Deleting,
    /// It does nothing with it: it does not know the phase.
    Ignored,
    /// What would become of it cannot be known: its spec cannot be read.
    Unreadable {
        /// What is wrong with it.
        why: String,
    },
}

impl Verdict for Outcome {
    /// Whether it rests, and goes on resting.
    fn is_good(&self) -> bool {
        matches!(self, Outcome::Unchanged { .. })
    }
}

/// What the reference operator does with an application that it finds so.
#[must_use]
pub fn outcome(app: &Standing) -> Outcome {
    let outcome = match app.phase.as_str() {
        "Running" | "DeployFailed" => at_rest(app),
        // The spec is not looked at while two versions run.
        "DualRunning" if app.tears_down => Outcome::TornDown,
        "DualRunning" => Outcome::Unchanged { removes: BTreeSet::new() },
        "" | "Updating" | "Rescaling" | "ClusterStarting" | "Savepointing" | "Cancelling"
        | "SubmittingJob" | "Recovering" | "RollingBackJob" => Outcome::Deploying,
        "Deleting" => Outcome::Deleting,
        // Also of one that is being deleted.
        _ => return Outcome::Ignored,
    };
    if app.deleted { Outcome::Deleting } else { outcome }
}

fn at_rest(app: &Standing) -> Outcome {
    let current = current(app);
    let cluster: Vec<&Object> = app.deployments.iter().filter(|d| d.hash == *current).collect();
    let has = |role: &str| cluster.iter().any(|deployment| deployment.role == role);
    if cluster.len() == 2 && has("jobmanager") && has("taskmanager") {
        return keep(app, &cluster, removed(app, current));
    }
    if app.mode != app.mode_before {
        return Outcome::Refused { why: "it does not change deploymentMode" };
    }
    let in_place = app.scales_up && !is_blue_green(&app.mode);
    if !in_place && !app.scaled_from.is_empty() && app.scaled_from == app.computed {
        return Outcome::Refused { why: "it does not scale back what it scaled in place" };
    }
    Outcome::Redeployed { from: app.deployed.clone(), to: app.computed.clone(), in_place }
}

/// The hash whose cluster it takes for the current one: a spec that failed, or that was there when a version
/// was torn down, is not deployed (again).
fn current(app: &Standing) -> &String {
    let settled = app.computed == app.failed || app.computed == app.torn_down;
    if settled { &app.deployed } else { &app.computed }
}

fn is_blue_green(mode: &str) -> bool {
    mode == "BlueGreen"
}

/// What it cleans up beside the current cluster: hash labels.
fn removed(app: &Standing, current: &str) -> BTreeSet<String> {
    let all = app.deployments.iter().chain(&app.services);
    let hashes = all.map(|object| object.hash.as_str()).filter(|hash| !hash.is_empty());
    let goes = |hash: &&str| match is_blue_green(&app.mode_before) {
        true => *hash == app.failed,
        false => *hash != current && *hash != app.scaled_from,
    };
    hashes.filter(goes).map(str::to_owned).collect()
}

fn keep(app: &Standing, cluster: &[&Object], removes: BTreeSet<String>) -> Outcome {
    // In blue and green a version that failed once is removed by its hash, though it may run now.
    if let Some(deployment) = cluster.iter().find(|d| removes.contains(&d.hash)) {
        return Outcome::Damaged { needs: format!("Deployment {}", deployment.name) };
    }
    // A cluster that was scaled in place keeps the name, and the Service, of its first hash.
    let service = app.services.iter().find(|service| {
        let named = |d: &&Object| d.name.starts_with(&format!("{}-", service.name));
        let versioned = service.name == format!("{}-{}", app.name, service.hash);
        versioned && removes.contains(&service.hash) && cluster.iter().any(named)
    });
    match service.filter(|_| app.by_service) {
        Some(service) => Outcome::Damaged { needs: format!("Service {}", service.name) },
        None => Outcome::Unchanged { removes },
    }
}

#[cfg(test)]
mod tests;
