//! What was found, for people and for machines.

use std::fmt;

use flinkk8soperator_resources::RenderConfig;
use serde::Serialize;
use serde_json::Value;

use super::rule::{Outcome, outcome};
use super::standing::Standing;
use crate::{table, text};

/// Everything that was found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The applications, by namespace and name.
    pub applications: Vec<Application>,
}

/// What was found of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Application {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its phase.
    pub phase: String,
    /// `status.deployHash`; empty: nothing is deployed.
    pub deployed_hash: String,
    /// The hash of its spec as the reference operator computes it; none: it cannot be computed.
    pub computed_hash: Option<String>,
    /// What becomes of it.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// The same in words.
    pub message: String,
}

impl Application {
    pub(super) fn of(
        app: &Value,
        deployments: &[Value],
        services: &[Value],
        config: &RenderConfig,
    ) -> Application {
        let standing = Standing::of(app, deployments, services, config);
        let computed_hash = standing.as_ref().ok().map(|standing| standing.computed.clone());
        let outcome = match standing {
            Ok(standing) => outcome(&standing),
            Err(wrong) => Outcome::Unreadable { why: wrong.to_string() },
        };
        Application {
            namespace: text(app, "/metadata/namespace").to_owned(),
            name: text(app, "/metadata/name").to_owned(),
            phase: text(app, "/status/phase").to_owned(),
            deployed_hash: text(app, "/status/deployHash").to_owned(),
            computed_hash,
            message: outcome.to_string(),
            outcome,
        }
    }
}

impl Report {
    /// Whether all rest, and go on resting.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.applications.iter().all(|app| app.outcome.is_good())
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Unchanged { removes } if removes.is_empty() => f.write_str("unchanged"),
            Outcome::Unchanged { removes } => {
                let removes: Vec<&str> = removes.iter().map(String::as_str).collect();
                write!(f, "unchanged; what is left of {} is removed", removes.join(", "))
            }
            Outcome::Damaged { needs } => {
                write!(f, "not redeployed, but {needs}, which its cluster needs, is removed")
            }
            Outcome::Redeployed { from, to, in_place } => {
                let how = if *in_place { "scaled in place" } else { "redeployed" };
                let from = if from.is_empty() { "nothing" } else { from };
                write!(f, "{how}: from {from} to {to}")
            }
            Outcome::Refused { why } => write!(f, "the pending edit fails: {why}"),
            Outcome::Deploying => f.write_str("in the middle of a deploy: wait until it rests"),
            Outcome::TornDown => f.write_str("the version in tearDownVersionHash is torn down"),
            Outcome::Deleting => f.write_str("its deletion goes on"),
            Outcome::Ignored => f.write_str("nothing is done with it: an unknown phase"),
            Outcome::Unreadable { why } => write!(f, "not known: {why}"),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = |app: &Application| {
            let computed = app.computed_hash.clone().unwrap_or_default();
            let Application { namespace, name, phase, deployed_hash, message, .. } = app.clone();
            [namespace, name, phase, deployed_hash, computed, message]
        };
        table::write(f, self.applications.iter().map(row))
    }
}
