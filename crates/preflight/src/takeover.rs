//! What our operator would do with each application if it took over now: tried, for each, in a simulated cluster
//! that begins as the application stands. It is the operator itself that decides there: rules of this command's own
//! could differ from it.

mod outcome;

use std::time::Duration;

use flinkk8soperator_resources as resources;
use flinkk8soperator_runtime::Settings;
use flinkk8soperator_simulate::trial::{self, Trial};
use flinkk8soperator_simulate::view::silent::Silent;
use flinkk8soperator_simulate::world::Recorded;
use kube::core::Selector;
use serde_json::Value;

use crate::dump::World;
use crate::read::{FLINK_APPLICATIONS, ReadError, Reader};
use crate::{report, text};

pub use outcome::Outcome;

/// For how long a takeover is tried: whatever the operator does at once, and what it waits for by deadlines of the
/// reference's, at most 5 minutes, is done by then.
const LASTS: Duration = Duration::from_secs(10 * 60);

/// What was found of each application.
pub type Report = report::Report<Outcome>;
/// What was found of one.
pub type Application = report::Application<Outcome>;

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
    Application::of(app, computed.ok(), outcome)
}

/// What came of it in the simulated cluster; or why it could not be tried, in words.
fn simulated(world: &World, settings: &Settings) -> Result<trial::Report, String> {
    let document = serde_json::to_string(world).map_err(|error| error.to_string())?;
    let recorded = Recorded::parse("what was read", &document);
    let trial = Trial {
        files: Vec::new(),
        world: Some(recorded.map_err(|error| error.to_string())?),
        // Which applications are looked at is said on the command line.
        settings: Settings {
            namespaces: Vec::new(),
            label_selector: Selector::default(),
            ..settings.clone()
        },
        lasts: Some(LASTS),
        hold: false,
    };
    trial::run(&trial, &mut Silent).map_err(|error| error.to_string())
}
