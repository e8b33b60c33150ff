//! Every key there is, with its default and meaning, and how it is read.
//!
//! Names, types and defaults of the reference operator's keys are its own.

use std::time::Duration;

use flinkk8soperator_api::duration;
use serde_json::Value;

use super::draft::{Draft, Knobs};
use super::{FlinkAccess, selector};

/// A key of the configuration.
#[derive(Debug)]
pub struct Key {
    /// With its section: the name in the file, and of the flag.
    pub name: &'static str,
    /// The default, as it would be written.
    pub default: &'static str,
    /// For a person.
    pub meaning: &'static str,
    /// Whether this version does anything by it.
    pub effect: Effect,
    /// Reads a value, or says what would be right.
    pub(super) set: Set,
}

impl Key {
    /// For whom it holds, and from when on.
    #[must_use]
    pub fn holds(&self) -> Holds {
        match self.set {
            Set::FromStart(_) => Holds::FromStart,
            Set::AtOnce(_) => Holds::AtOnce,
            Set::PerApplication(_) => Holds::PerApplication,
        }
    }
}

/// For whom a key holds, and from when on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// For the process, from its start on: a change takes effect at the next one.
    FromStart,
    /// For all applications; a change takes effect while the operator runs.
    AtOnce,
    /// For an application: a namespace and a release of Flink can have values of their own. A change takes effect
    /// while the operator runs.
    PerApplication,
}

/// Where a value goes, which says for whom it holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Set {
    /// See [`Holds::FromStart`].
    FromStart(fn(&mut Draft, &Value) -> Result<(), String>),
    /// See [`Holds::AtOnce`].
    AtOnce(fn(&mut Draft, &Value) -> Result<(), String>),
    /// See [`Holds::PerApplication`].
    PerApplication(fn(&mut Knobs, &Value) -> Result<(), String>),
}

/// Whether a key has an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It has.
    Full,
    /// It is read and checked; what it is for does not exist yet, or not any more.
    NotYet,
}

/// Finds a key by its lower-case name.
pub(super) fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name.to_lowercase() == name)
}

/// The key that this name would be a part of.
pub(super) fn above(name: &str) -> Option<&'static Key> {
    let part = |key: &&Key| {
        let rest = name.strip_prefix(&key.name.to_lowercase());
        rest.is_some_and(|rest| rest.starts_with('.'))
    };
    KEYS.iter().find(part)
}

macro_rules! keys {
    ($( $name:literal = $default:literal, $effect:ident, $holds:ident, $meaning:literal, $set:expr; )*) => {
        /// All keys, in the order of the documentation.
        pub const KEYS: &[Key] = &[$(Key {
            name: $name, default: $default, meaning: $meaning, effect: Effect::$effect,
            set: Set::$holds($set),
        }),*];
    };
}

keys! {
    "operator.limitNamespace" = "", Full, FromStart, "namespaces to watch, with commas; empty: all",
        |d, v| { d.settings.namespaces = list(v)?; Ok(()) };
    "operator.labelSelector" = "", Full, FromStart, "labels of the applications to look after, as `kubectl get -l` takes them; empty: all",
        |d, v| { d.settings.label_selector = selector::parse(&text(v))?; Ok(()) };
    "operator.workers" = "4", Full, FromStart, "applications worked on at once",
        |d, v| { d.settings.workers = number::<usize>(v)?.max(1); Ok(()) };
    "operator.metricsPrefix" = "flinkk8soperator", Full, FromStart, "what metric names begin with",
        |d, v| { d.settings.metrics_prefix = prefix(v)?; Ok(()) };
    "operator.profilerPort" = "10254", Full, FromStart, "port of metrics and health",
        |d, v| { d.settings.port = number(v)?; Ok(()) };
    "operator.metricsTls.certFile" = "", Full, FromStart, "file with the certificate for that port, in PEM; empty: HTTP without TLS",
        |d, v| { d.metrics_tls[0] = text(v); Ok(()) };
    "operator.metricsTls.keyFile" = "", Full, FromStart, "file with its private key, in PEM; both are read again when they change",
        |d, v| { d.metrics_tls[1] = text(v); Ok(()) };
    "operator.ingressUrlFormat" = "", Full, FromStart, "host of the Ingresses, with {{$jobCluster}}; empty: none",
        |d, v| { d.settings.rendering.config.ingress_url_format = text(v); Ok(()) };
    "operator.containerNameFormat" = "", Full, FromStart, "name of the containers, with one %s for the role",
        |d, v| { d.settings.rendering.config.container_name_format = text(v); Ok(()) };
    "operator.schedulerName" = "", Full, FromStart, "schedulerName of the pods",
        |d, v| { d.settings.rendering.config.scheduler_name = text(v); Ok(()) };
    "operator.ignoredMetadata" = "kubectl's, Argo CD's, Flux's, Helm's", Full, FromStart,
        "prefixes of label and annotation keys that no redeploy follows from",
        |d, v| { d.settings.rendering.ignored_metadata = list(v)?; Ok(()) };

    "operator.useKubectlProxy" = "false", Full, FromStart, "reach Flink through a kubectl proxy on this machine",
        |d, v| { d.use_kubectl_proxy = flag(v)?; Ok(()) };
    "operator.proxyPort" = "8001", Full, FromStart, "port of that kubectl proxy",
        |d, v| { d.proxy_port = Some(number(v)?); Ok(()) };
    "operator.flinkAccess" = "auto", Full, FromStart,
        "how Flink is reached: auto, pod (at its address) or apiServer (through its proxy)",
        |d, v| { d.settings.flink_access = access(v)?; Ok(()) };

    "operator.leaderElection.enabled" = "true", Full, FromStart, "whether replicas agree on which of them acts; off: run one",
        |d, v| { d.alone = !flag(v)?; Ok(()) };
    "operator.leaderElection.leaseName" = "flinkk8soperator", Full, FromStart, "name of the Lease, in the operator's own namespace",
        |d, v| { d.election.lease_name = text(v); Ok(()) };
    "operator.leaderElection.leaseDuration" = "15s", Full, FromStart, "how long a leader that is not heard of is waited for, in whole seconds",
        |d, v| { d.election.lease_duration = span(v)?; Ok(()) };
    "operator.leaderElection.renewDeadline" = "10s", Full, FromStart, "how long a leader acts after its last renewal, and then ends itself",
        |d, v| { d.election.renew_deadline = span(v)?; Ok(()) };
    "operator.leaderElection.retryPeriod" = "1s", Full, FromStart, "how often the Lease is renewed, and looked at by those who stand by",
        |d, v| { d.election.retry_period = span(v)?; Ok(()) };

    "operator.confirmAfter" = "30s", Full, PerApplication, "how long a new job has to run until its version counts",
        |d, v| { d.operator.confirm_after = span(v)?; Ok(()) };
    "operator.statusRefresh" = "60s", Full, PerApplication, "how often observed numbers are written; 0: only with changes",
        |d, v| { d.operator.core.record_checkpoints = Some(span(v)?).filter(|s| !s.is_zero()); Ok(()) };
    "operator.unreachableGrace" = "60s", Full, PerApplication, "silence after which a deadline may fire",
        |d, v| { d.operator.core.unreachable_grace = span(v)?; Ok(()) };
    "operator.podTroubleGrace" = "60s", Full, PerApplication, "how long a trouble of pods that may pass is waited out; from then on one that was told to end hangs",
        |d, v| { d.operator.core.pod_trouble_grace = span(v)?; Ok(()) };
    "operator.baseBackoffDuration" = "100ms", Full, PerApplication, "first delay between two attempts; it doubles",
        |d, v| { d.operator.core.base_backoff = span(v)?; Ok(()) };
    "operator.maxBackoffDuration" = "30s", Full, PerApplication, "longest delay between two attempts",
        |d, v| { d.operator.core.max_backoff = span(v)?; Ok(()) };
    "operator.maxErrDuration" = "", Full, AtOnce, "default of all timeouts that are not set",
        |d, v| { d.knobs.max_err_duration = Some(span(v)?); Ok(()) };
    "operator.flinkJobVertexTimeout" = "3m", Full, AtOnce, "default of timeouts.jobStart",
        |d, v| { d.knobs.vertex_timeout = Some(span(v)?); Ok(()) };

    "operator.timeouts.clusterStart" = "10m", Full, PerApplication, "until a new cluster is ready",
        |d, v| { d.timeouts[0] = Some(span(v)?); Ok(()) };
    "operator.timeouts.savepoint" = "30m", Full, PerApplication, "until a savepoint is complete",
        |d, v| { d.timeouts[1] = Some(span(v)?); Ok(()) };
    "operator.timeouts.submit" = "5m", Full, PerApplication, "until the JobManager names a submitted job",
        |d, v| { d.timeouts[2] = Some(span(v)?); Ok(()) };
    "operator.timeouts.jobStart" = "3m", Full, PerApplication, "until all vertices run",
        |d, v| { d.timeouts[3] = Some(span(v)?); Ok(()) };
    "operator.timeouts.confirm" = "10m", Full, PerApplication, "until a new version is confirmed, restarts included",
        |d, v| { d.timeouts[4] = Some(span(v)?); Ok(()) };
    "operator.timeouts.delete" = "30m", Full, PerApplication, "until a deletion goes on without a savepoint",
        |d, v| { d.timeouts[5] = Some(span(v)?); Ok(()) };
    "operator.timeouts.recovery" = "15m", Full, PerApplication, "until a lost job runs again, or a person is told",
        |d, v| { d.timeouts[6] = Some(span(v)?); Ok(()) };

    "operator.retries.savepoint" = "5", Full, PerApplication, "savepoints of one deploy",
        |d, v| { d.operator.core.retries.savepoint = number(v)?; Ok(()) };
    "operator.retries.submit" = "3", Full, PerApplication, "submissions of one deploy",
        |d, v| { d.operator.core.retries.submit = number(v)?; Ok(()) };
    "operator.retries.recovery" = "5", Full, PerApplication, "recoveries that lead to no job that stays",
        |d, v| { d.operator.core.retries.recovery = number(v)?; Ok(()) };
    "operator.retries.rollback" = "", Full, PerApplication, "attempts to go back; empty: without limit",
        |d, v| { d.operator.core.retries.rollback = limit(v)?; Ok(()) };

    "operator.flinkPoll.busy" = "1s", Full, PerApplication, "how often Flink is asked while it does something for us",
        |d, v| { d.operator.core.flink_poll.busy = interval(v)?; Ok(()) };
    "operator.flinkPoll.running" = "10s", Full, PerApplication, "how often Flink is asked while a job runs",
        |d, v| { d.operator.core.flink_poll.running = interval(v)?; Ok(()) };
    "operator.flinkPoll.max" = "30s", Full, PerApplication, "how often Flink is asked while a person is waited for: the longest interval",
        |d, v| { d.operator.core.flink_poll.max = interval(v)?; Ok(()) };
    "operator.savepointSubdirectory" = "true", Full, PerApplication, "whether each savepoint gets a directory of its own",
        |d, v| { d.operator.core.savepoint_subdirectory = flag(v)?; Ok(()) };
    "operator.minPhaseDuration" = "0s", Full, PerApplication, "how long `Savepointing`, `ClusterStarting` and `Rescaling` last at least",
        |d, v| { d.operator.core.min_phase = span(v)?; Ok(()) };
    "operator.resyncPeriod" = "30s", NotYet, AtOnce, "the reference operator's; changes wake an application here",
        |_, v| span(v).map(drop);

    "logger.level" = "4", Full, AtOnce, "0 panic, 1 fatal, 2 error, 3 warning, 4 information, 5 debug, 6 trace",
        |d, v| { d.settings.logger.level = number(v)?; Ok(()) };
    "logger.formatter.type" = "json", Full, FromStart, "json or text",
        |d, v| { d.settings.logger.json = json_format(v)?; Ok(()) };
    "logger.show-source" = "false", Full, FromStart, "whether a line names its place in the source",
        |d, v| { d.settings.logger.show_source = flag(v)?; Ok(()) };
    "logger.mute" = "false", Full, FromStart, "no log at all",
        |d, v| { d.settings.logger.mute = flag(v)?; Ok(()) };
}

/// A value as text.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

/// Texts with commas between them, or a list of texts. Outer spaces of each are dropped.
fn list(value: &Value) -> Result<Vec<String>, String> {
    let all = text(value);
    Ok(all.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect())
}

fn flag(value: &Value) -> Result<bool, String> {
    let text = text(value);
    text.to_lowercase().parse().map_err(|_| format!("{text:?} is neither true nor false"))
}

fn number<T: std::str::FromStr>(value: &Value) -> Result<T, String> {
    let text = text(value);
    text.trim().parse().map_err(|_| format!("{text:?} is no number that fits here"))
}

/// A number, or nothing for no limit.
fn limit(value: &Value) -> Result<Option<u32>, String> {
    if text(value).trim().is_empty() { Ok(None) } else { number(value).map(Some) }
}

/// A Go duration, or a bare number of nanoseconds.
fn span(value: &Value) -> Result<Duration, String> {
    if let Some(nanos) = value.as_u64() {
        return Ok(Duration::from_nanos(nanos));
    }
    let text = text(value);
    match text.parse::<u64>() {
        Ok(nanos) => Ok(Duration::from_nanos(nanos)),
        Err(_) => duration::parse(&text).map_err(|error| error.to_string()),
    }
}

/// A duration between two polls: asking without a pause helps nobody.
fn interval(value: &Value) -> Result<Duration, String> {
    let found = span(value)?;
    if found < Duration::from_millis(10) {
        return Err("an interval between two questions is at least 10ms".to_owned());
    }
    Ok(found)
}

fn prefix(value: &Value) -> Result<String, String> {
    let text = text(value);
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let begins = text.chars().next().is_some_and(|c| !c.is_ascii_digit());
    if !begins || !text.chars().all(fits) {
        return Err(format!("{text:?} cannot begin a metric's name: letters, digits, _ and :"));
    }
    Ok(text)
}

fn access(value: &Value) -> Result<FlinkAccess, String> {
    let text = text(value);
    match text.to_lowercase().as_str() {
        "auto" => Ok(FlinkAccess::Auto),
        "pod" => Ok(FlinkAccess::Pod),
        "apiserver" => Ok(FlinkAccess::ApiServer),
        _ => Err(format!("{text:?} is not one of auto, pod, apiServer")),
    }
}

fn json_format(value: &Value) -> Result<bool, String> {
    let text = text(value);
    match text.to_lowercase().as_str() {
        "json" => Ok(true),
        "text" => Ok(false),
        _ => Err(format!("{text:?} is neither json nor text")),
    }
}
