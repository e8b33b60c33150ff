//! What our operator would do with each application if it took over now: tried, for each, in a simulated cluster
//! that begins as the application stands. It is the operator itself that decides there: rules of this command's own
//! could differ from it.

mod outcome;

use std::fmt;
use std::time::Duration;

use flinkk8soperator_resources as resources;
use flinkk8soperator_runtime::Settings;
use flinkk8soperator_simulate::trial::{self, Trial};
use flinkk8soperator_simulate::view::silent::Silent;
use flinkk8soperator_simulate::world::Recorded;
use serde::Serialize;
use serde_json::Value;

use crate::dump::World;
use crate::read::{FLINK_APPLICATIONS, ReadError, Reader};
use crate::{table, text};

pub use outcome::Outcome;

/// For how long a takeover is tried: whatever the operator does at once, and what it waits for by deadlines of the
/// reference's, at most 5 minutes, is done by then.
const LASTS: Duration = Duration::from_secs(10 * 60);

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
    /// The hash of its spec; none: it cannot be computed.
    pub computed_hash: Option<String>,
    /// What becomes of it.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// The same in words.
    pub message: String,
}

/// Namespace and name of every application of a namespace, or of all.
///
/// # Errors
/// See [`ReadError`].
pub async fn applications(
    reader: &Reader,
    namespace: Option<&str>,
) -> Result<Vec<(String, String)>, ReadError> {
    let listed = reader.list(FLINK_APPLICATIONS, namespace, "").await?;
    let key = |app: &Value| {
        (text(app, "/metadata/namespace").to_owned(), text(app, "/metadata/name").to_owned())
    };
    let mut keys: Vec<_> = listed.iter().map(key).collect();
    keys.sort();
    Ok(keys)
}

/// Tries the takeover of what was read of an application. Takes a moment, and must not be called from within an
/// asynchronous runtime: the simulated cluster has its own, in which time is virtual.
#[must_use]
pub fn tried(world: &World, settings: &Settings) -> Application {
    let app = &world.application;
    let computed = resources::Application::parse(app)
        .map(|read| resources::deploy_hash(&read, &settings.rendering.config).to_string());
    let outcome = match app.pointer("/status/machine") {
        Some(_) => Outcome::Ours,
        None => simulated(world, settings)
            .map_or_else(|why| Outcome::Unreadable { why }, |report| Outcome::of(app, &report)),
    };
    Application {
        namespace: text(app, "/metadata/namespace").to_owned(),
        name: text(app, "/metadata/name").to_owned(),
        phase: text(app, "/status/phase").to_owned(),
        deployed_hash: text(app, "/status/deployHash").to_owned(),
        computed_hash: computed.ok(),
        message: outcome.to_string(),
        outcome,
    }
}

/// What came of it in the simulated cluster; or why it could not be tried, in words.
fn simulated(world: &World, settings: &Settings) -> Result<trial::Report, String> {
    let document = serde_json::to_string(world).map_err(|error| error.to_string())?;
    let recorded = Recorded::parse("what was read", &document);
    let trial = Trial {
        files: Vec::new(),
        world: Some(recorded.map_err(|error| error.to_string())?),
        // Which applications are looked at is said on the command line.
        settings: Settings { namespaces: Vec::new(), ..settings.clone() },
        lasts: Some(LASTS),
        hold: false,
    };
    trial::run(&trial, &mut Silent).map_err(|error| error.to_string())
}

impl Report {
    /// Whether nothing would be redeployed, and nothing would wait for a person.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.applications.iter().all(|app| app.outcome.is_good())
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
