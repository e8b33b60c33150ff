//! Settings on their way: what depends on several keys is settled at the end.

use std::collections::BTreeMap;
use std::time::Duration;

use flinkk8soperator_api::duration;
use flinkk8soperator_api::flink_version::Release;
use flinkk8soperator_api::parse::OperatorSettings;
use serde_json::Value;

use super::applications::{Applications, InNamespace};
use super::keys::{Key, Set};
use super::{FlinkAccess, Scope, Settings};
use crate::health::tls::{CERT_FILE, KEY_FILE, TlsFiles};
use crate::lease::LeaderElection;

/// All settings.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) settings: Settings,
    /// What holds for applications without values of their own.
    pub(super) knobs: Knobs,
    pub(super) election: LeaderElection,
    pub(super) alone: bool,
    pub(super) use_kubectl_proxy: bool,
    pub(super) proxy_port: Option<u16>,
    /// Certificate and key of the metrics port; empty: not set.
    pub(super) metrics_tls: [String; 2],
}

/// What can differ from one application to the next.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Knobs {
    pub(super) operator: OperatorSettings,
    pub(super) max_err_duration: Option<Duration>,
    pub(super) vertex_timeout: Option<Duration>,
    /// Which of the timeouts were set: cluster start, savepoint, submit, job start, confirm, delete,
    /// recovery.
    pub(super) timeouts: [Option<Duration>; 7],
}

/// Values of a namespace or a release of Flink that are known to be read.
pub(super) type Layers<'v> = BTreeMap<Scope, Vec<(&'static Key, &'v Value)>>;

/// Keys that do not go together.
#[derive(Debug)]
pub(super) struct Clash {
    /// Which of them, the likeliest first.
    pub(super) keys: Vec<String>,
    /// Where, the innermost first.
    pub(super) scopes: Vec<Scope>,
    /// What would be right.
    pub(super) message: String,
}

impl Draft {
    /// The settings; or what does not go together.
    pub(super) fn finish(self, layers: &Layers<'_>) -> Result<Settings, Clash> {
        let mut settings = self.settings;
        settings.applications = applications(self.knobs, layers)?;
        if self.use_kubectl_proxy {
            settings.flink_access = FlinkAccess::KubectlProxy(self.proxy_port.unwrap_or(8001));
        }
        settings.metrics_tls = metrics_tls(self.metrics_tls)?;
        let wrong = self.election.wrong().filter(|_| !self.alone);
        if let Some((key, right)) = wrong {
            return Err(Clash::of(&format!("operator.leaderElection.{key}"), right));
        }
        settings.leader_election = Some(self.election).filter(|_| !self.alone);
        Ok(settings)
    }
}

impl Clash {
    /// Of a key that is there once for all applications.
    fn of(key: &str, right: &str) -> Clash {
        let (keys, message) = (vec![key.to_owned()], right.to_owned());
        Clash { keys, scopes: vec![Scope::Operator], message }
    }
}

/// Both files, or none.
fn metrics_tls(files: [String; 2]) -> Result<Option<TlsFiles>, Clash> {
    match files.map(|file| Some(file).filter(|file| !file.is_empty())) {
        [Some(cert), Some(key)] => Ok(Some(TlsFiles { cert: cert.into(), key: key.into() })),
        [None, None] => Ok(None),
        [Some(_), None] => Err(Clash::of(CERT_FILE, "needs operator.metricsTls.keyFile, too")),
        [None, Some(_)] => Err(Clash::of(KEY_FILE, "needs operator.metricsTls.certFile, too")),
    }
}

/// The settings of every application: each namespace's and each release's, and those of both together.
fn applications(common: Knobs, layers: &Layers<'_>) -> Result<Applications, Clash> {
    let releases = || {
        layers.keys().filter_map(|scope| match scope {
            Scope::FlinkVersion(release) => Some(*release),
            Scope::Operator | Scope::Namespace(_) => None,
        })
    };
    let with = |scopes: &[Scope]| common.with(scopes, layers);
    let versions = |namespace: Option<&Scope>| {
        let of = |release: Release| {
            let scopes: Vec<Scope> =
                [Scope::FlinkVersion(release)].into_iter().chain(namespace.cloned()).collect();
            Ok((release, with(&scopes)?))
        };
        releases().map(of).collect::<Result<BTreeMap<_, _>, Clash>>()
    };
    let mut namespaces = BTreeMap::new();
    for scope in layers.keys() {
        if let Scope::Namespace(name) = scope {
            let common = with(std::slice::from_ref(scope))?;
            namespaces
                .insert(name.clone(), InNamespace { common, versions: versions(Some(scope))? });
        }
    }
    Ok(Applications { common: with(&[])?, versions: versions(None)?, namespaces })
}

impl Knobs {
    /// With the values of these scopes on top, the last ones uppermost.
    fn with(mut self, scopes: &[Scope], layers: &Layers<'_>) -> Result<OperatorSettings, Clash> {
        for (key, value) in scopes.iter().filter_map(|scope| layers.get(scope)).flatten() {
            if let Set::PerApplication(set) = key.set {
                // It was read before.
                let _ = set(&mut self, value);
            }
        }
        let settings = self.finish();
        let (needed, limit) = (settings.confirm_after, settings.timeouts.confirm);
        if needed <= limit {
            return Ok(settings);
        }
        let keys =
            ["operator.confirmAfter", "operator.timeouts.confirm", "operator.maxErrDuration"];
        let innermost = scopes.iter().rev().cloned().chain([Scope::Operator]);
        let about: Vec<String> = scopes.iter().map(Scope::to_string).collect();
        let about =
            if about.is_empty() { String::new() } else { format!(" for {}", about.join(" in ")) };
        let (needed, limit) = (duration::text(needed), duration::text(limit));
        Err(Clash {
            keys: keys.map(str::to_owned).to_vec(),
            scopes: innermost.collect(),
            message: format!(
                "confirmAfter{about} ({needed}) has to be no longer than timeouts.confirm ({limit}), or no version is \
                 ever confirmed"
            ),
        })
    }

    fn finish(self) -> OperatorSettings {
        let mut settings = self.operator;
        let limits = &mut settings.timeouts;
        let [start, savepoint, submit, job, confirm, delete, recovery] = self.timeouts;
        // `maxErrDuration` is the reference operator's one limit for everything.
        let or = |set: Option<Duration>, default| set.or(self.max_err_duration).unwrap_or(default);
        limits.cluster_start = or(start, limits.cluster_start);
        limits.savepoint = or(savepoint, limits.savepoint);
        limits.submit = or(submit, limits.submit);
        limits.job_start = or(job.or(self.vertex_timeout), limits.job_start);
        limits.confirm = or(confirm, limits.confirm);
        limits.delete = or(delete, limits.delete);
        limits.recovery = or(recovery, limits.recovery);
        settings
    }
}
