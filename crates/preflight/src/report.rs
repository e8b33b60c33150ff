//! What was found of each application, for people and for machines.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::text;

/// What becomes of an application, in words.
pub trait Verdict: fmt::Display {
    /// Whether nobody has to look at it before the switch.
    fn is_good(&self) -> bool;
}

/// Everything that was found.
#[derive(Clone, Debug, Serialize)]
pub struct Report<V> {
    /// The applications, by namespace and name.
    pub applications: Vec<Application<V>>,
}

/// What was found of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Application<V> {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its phase.
    pub phase: String,
    /// `status.deployHash`; empty: nothing is deployed.
    pub deployed_hash: String,
    /// The hash of its spec as whoever takes over computes it; none: it cannot be computed.
    pub computed_hash: Option<String>,
    /// What becomes of it.
    #[serde(flatten)]
    pub outcome: V,
    /// The same in words.
    pub message: String,
}

impl<V: Verdict> Application<V> {
    pub(crate) fn of(app: &Value, computed_hash: Option<String>, outcome: V) -> Application<V> {
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

    /// As a row of the table; an empty cell is a dash.
    fn row(&self) -> [&str; 6] {
        let computed = self.computed_hash.as_deref().unwrap_or_default();
        [&self.namespace, &self.name, &self.phase, &self.deployed_hash, computed, &self.message]
            .map(|cell| if cell.is_empty() { "-" } else { cell })
    }
}

impl<V: Verdict> Report<V> {
    /// Whether nobody has to look at any of them before the switch.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.applications.iter().all(|app| app.outcome.is_good())
    }
}

const HEADINGS: [&str; 6] = ["NAMESPACE", "NAME", "PHASE", "DEPLOYED", "COMPUTED", "THEN"];

impl<V: Verdict> fmt::Display for Report<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<[&str; 6]> = std::iter::once(HEADINGS)
            .chain(self.applications.iter().map(Application::row))
            .collect();
        let width = |n: usize| rows.iter().map(|row| row[n].chars().count()).max().unwrap_or(0);
        let widths: [usize; 5] = [0, 1, 2, 3, 4].map(width);
        for row in &rows {
            for (cell, width) in row.iter().zip(widths) {
                write!(f, "{cell:width$}  ")?;
            }
            writeln!(f, "{}", row[5])?;
        }
        Ok(())
    }
}
