//! The operator's settings: flags over environment over file over defaults.
//!
//! File, keys and precedence are the reference operator's; [`keys`] has all keys in one table. What
//! is wrong is an error, what is unknown is reported and otherwise passed over, as before. What the machine
//! decides by can differ by namespace and release of Flink ([`Applications`]). All are read again while the
//! operator runs (`reload.rs`): a key takes effect then, or waits for the next start, as the table says.

mod applications;
mod change;
mod draft;
mod effective;
mod glob;
pub mod keys;
mod scope;
mod selector;
mod source;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use flinkk8soperator_resources::{RenderConfig, TOOL_METADATA, ingress_host};
use kube::core::Selector;

pub use applications::Applications;
pub(crate) use change::Changed;
pub use effective::Setting;
pub use scope::Scope;
pub use source::{Source, Sources};

use crate::health::tls::TlsFiles;
use crate::lease::LeaderElection;
use draft::{Clash, Draft, Knobs, Layers};
use keys::Set;
use source::Collected;

/// Everything that the runtime is told at start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What the machine decides by.
    pub applications: Applications,
    /// What reaches the objects, and what of them is compared.
    pub rendering: Rendering,
    /// The namespaces to watch; none: all of them.
    pub namespaces: Vec<String>,
    /// The labels of the applications to look after; empty: all of them.
    pub label_selector: Selector,
    /// What metric names begin with.
    pub metrics_prefix: String,
    /// Where metrics and health are served, on all addresses; 0: an arbitrary port.
    pub port: u16,
    /// What they are served with over TLS; none: without.
    pub metrics_tls: Option<TlsFiles>,
    /// How many applications are worked on at once.
    pub workers: usize,
    /// How Flink is reached.
    pub flink_access: FlinkAccess,
    /// How several processes agree on which of them acts; none: there is no other.
    pub leader_election: Option<LeaderElection>,
    /// How it logs.
    pub logger: Logger,
    /// Whether timers are spread a little, so that a fleet does not act in step.
    pub jitter: bool,
    /// For one request to the API server.
    pub request_timeout: Duration,
    /// Where rounds are recorded; none: only in the log, at level debug.
    pub trace: Option<PathBuf>,
    /// Where this process ends itself; only with the feature `crash-points`.
    #[cfg(feature = "crash-points")]
    pub crash_at: Option<crate::crash::CrashPoint>,
    /// The keys that were set, by the names of the table.
    pub given: Vec<Given>,
}

/// The part of the settings that objects and comparisons depend on.
#[derive(Clone, Debug)]
pub struct Rendering {
    /// What reaches the objects.
    pub config: RenderConfig,
    /// Prefixes of label and annotation keys that are not compared.
    pub ignored_metadata: Vec<String>,
}

impl Rendering {
    /// The host of an application's Ingress, and of its web address; none where there is to be none.
    #[must_use]
    pub(crate) fn ingress_host(&self, application: &str) -> Option<String> {
        let format = &self.config.ingress_url_format;
        (!format.is_empty()).then(|| ingress_host(format, application))
    }
}

/// How Flink's REST API is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlinkAccess {
    /// At the pod's address inside a cluster, through the API server outside.
    Auto,
    /// At the pod's address.
    Pod,
    /// Through the API server's proxy to the pod, with the operator's own credentials.
    ApiServer,
    /// Through a `kubectl proxy` on this machine (`useKubectlProxy`, `proxyPort`).
    KubectlProxy(u16),
}

/// A key that was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// For which applications.
    pub scope: Scope,
    /// Which.
    pub key: &'static str,
    /// To what, as text.
    pub value: String,
    /// Where.
    pub from: Source,
}

impl Given {
    /// What it is called where it was set.
    #[must_use]
    pub fn name(&self) -> String {
        self.scope.name(self.key)
    }
}

/// How the operator logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Logger {
    /// The reference's numbers: 0 panic, 1 fatal, 2 error, 3 warning, 4 information, 5 debug, 6 trace.
    pub level: u8,
    /// JSON lines, or text.
    pub json: bool,
    /// Whether a line names its place in the source.
    pub show_source: bool,
    /// Nothing at all.
    pub mute: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            applications: Applications::default(),
            rendering: Rendering::default(),
            namespaces: Vec::new(),
            label_selector: Selector::default(),
            metrics_prefix: "flinkk8soperator".to_owned(),
            port: 10254,
            metrics_tls: None,
            workers: 4,
            flink_access: FlinkAccess::Auto,
            leader_election: Some(LeaderElection::default()),
            logger: Logger { level: 4, json: true, show_source: false, mute: false },
            jitter: true,
            request_timeout: Duration::from_secs(10),
            trace: None,
            #[cfg(feature = "crash-points")]
            crash_at: None,
            given: Vec::new(),
        }
    }
}

impl Default for Rendering {
    fn default() -> Rendering {
        let ignored_metadata = TOOL_METADATA.map(str::to_owned).to_vec();
        Rendering { config: RenderConfig::default(), ignored_metadata }
    }
}

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file is not YAML with sections.
    #[error("{} is not valid: {message}", path.display())]
    Parse {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// A value is not what its key takes.
    #[error("{key} (from {from}): {message}")]
    Value {
        /// The key.
        key: String,
        /// Flag, environment or file.
        from: String,
        /// What would be right.
        message: String,
    },
}

/// Settings, and what was odd about where they came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// For the log: keys that nobody knows, or that have no effect.
    pub warnings: Vec<String>,
    /// The files that were read.
    pub files: Vec<PathBuf>,
}

/// Reads settings from their sources.
///
/// # Errors
/// See [`ConfigError`].
pub fn load(sources: &Sources) -> Result<Loaded, ConfigError> {
    let Collected { values, mut warnings, files } = source::collect(sources)?;
    let (mut draft, mut layers) = (Draft::default(), Layers::new());
    let mut given = Vec::new();
    for (name, (from, value)) in &values {
        let wrong = |key: &keys::Key, message| ConfigError::Value {
            key: name.scope.name(key.name),
            from: from.clone(),
            message,
        };
        let Some(key) = keys::find(&name.key) else {
            if let Some(key) = keys::above(&name.key) {
                let message = "it takes a value, or a list, and no keys below it".to_owned();
                return Err(wrong(key, message));
            }
            let name = name.scope.name(&name.key);
            warnings.push(format!("unknown key {name} (from {from}) is passed over"));
            continue;
        };
        let read = match (&name.scope, key.set) {
            (Scope::Operator, Set::FromStart(set) | Set::AtOnce(set)) => set(&mut draft, value),
            (Scope::Operator, Set::PerApplication(set)) => set(&mut draft.knobs, value),
            (scope, Set::PerApplication(set)) => {
                layers.entry(scope.clone()).or_default().push((key, value));
                set(&mut Knobs::default(), value)
            }
            (_, Set::FromStart(_) | Set::AtOnce(_)) => {
                Err(format!("it is one value for all applications: set {}", key.name))
            }
        };
        read.map_err(|message| wrong(key, message))?;
        if key.effect == keys::Effect::NotYet {
            warnings.push(format!("{} (from {from}) has no effect in this version", key.name));
        }
        let (scope, value) = (name.scope.clone(), keys::text(value));
        given.push(Given { scope, key: key.name, value, from: from.clone() });
    }
    let settings = draft.finish(&layers).map_err(|clash| clashing(clash, &given))?;
    let settings = Settings { given, ..settings };
    Ok(Loaded { settings, warnings, files })
}

/// Keys that do not go together, by the one of them that was set where it matters first.
fn clashing(Clash { keys, scopes, message }: Clash, given: &[Given]) -> ConfigError {
    let set = |scope: &Scope| {
        let of =
            |key: &String| given.iter().find(|given| given.scope == *scope && given.key == key);
        keys.iter().find_map(of)
    };
    let (key, from) = match scopes.iter().find_map(set) {
        Some(given) => (given.name(), given.from.clone()),
        None => (keys.into_iter().next().unwrap_or_default(), "the defaults".to_owned()),
    };
    ConfigError::Value { key, from, message }
}
