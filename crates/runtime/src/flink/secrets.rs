//! What JobManagers are reached with, from the Secrets that their pods name; and what keeps the operator out.
//!
//! Read live when Flink is to be asked, and kept for a while: a watch would take a right on every Secret of a
//! namespace. Nothing of what they hold is written, told or logged.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use flinkk8soperator_api::project::{KeptOut, KeptOutBy};
use flinkk8soperator_core::{Incarnation, Objects, Silence};
use flinkk8soperator_flink_rest::security::{
    CA, CERTIFICATE, PASSWORD, PRIVATE_KEY, USERNAME, Unusable,
};
use flinkk8soperator_flink_rest::{BasicAuth, Security, Tls};
use flinkk8soperator_resources::FlinkRest;
use flinkk8soperator_resources::flink_rest;
use k8s_openapi::api::core::v1::Secret;
use tokio::time::Instant;

use super::heard::Heard;
use crate::cache::Pod;
use crate::kubernetes::{KubeError, Kubernetes};

/// After so long they are read again: what they hold may have been replaced. About as long as the kubelet takes to show
/// a pod the same.
const KEPT: Duration = Duration::from_secs(60);
/// The same while Flink does not let us in: soon, and still no request for every poll.
const KEPT_IN_VAIN: Duration = Duration::from_secs(10);

/// One application's, by cluster.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    clusters: BTreeMap<Incarnation, Kept>,
    /// What was told of last.
    told: Option<KeptOut>,
}

/// One cluster's.
#[derive(Debug)]
struct Kept {
    rest: FlinkRest,
    read: Instant,
    /// UID and resource version of each Secret.
    versions: Vec<(String, String)>,
    security: Result<Security, KeptOut>,
    heard: Heard,
}

impl Secrets {
    /// How the JobManager in `pod` is spoken to.
    ///
    /// # Errors
    /// Silence, where its Secrets do not say: [`Secrets::kept_out`] tells.
    pub(crate) async fn security(
        &mut self,
        kubernetes: &Kubernetes,
        namespace: &str,
        pod: &Pod,
    ) -> Result<(Security, Heard), Silence> {
        let number = pod.told.incarnation;
        let known = self.clusters.remove(&number).filter(|kept| kept.rest == pod.rest);
        let kept = match known {
            Some(kept) if !kept.is_due() => kept,
            before => read(kubernetes, namespace, &pod.rest, before).await,
        };
        let kept = self.clusters.entry(number).or_insert(kept);
        let security = kept.security.clone().map_err(|_| Silence::Unreachable)?;
        Ok((security, kept.heard.clone()))
    }

    /// The JobManager in `pod` cannot be reached in the way that is set.
    pub(crate) fn refuse(&mut self, pod: &Pod, why: KeptOut) {
        let kept = Kept { security: Err(why), ..Kept::of(&pod.rest) };
        self.clusters.insert(pod.told.incarnation, kept);
    }

    /// Forgets clusters without pods.
    pub(crate) fn tidy(&mut self, objects: &Objects) {
        let with_pods = objects.clusters.iter().filter(|cluster| !cluster.pods.is_empty());
        let with_pods: BTreeSet<_> = with_pods.map(|cluster| cluster.incarnation).collect();
        self.clusters.retain(|number, _| with_pods.contains(number));
    }

    /// What keeps the operator out of the newest cluster that does not let it in.
    #[must_use]
    pub(crate) fn kept_out(&self) -> Option<KeptOut> {
        self.clusters.values().rev().find_map(Kept::kept_out)
    }

    /// The same, once.
    pub(crate) fn news(&mut self) -> Option<KeptOut> {
        let now = self.kept_out();
        let news = now.clone().filter(|now| self.told.as_ref() != Some(now));
        self.told = now;
        news
    }
}

impl Kept {
    fn of(rest: &FlinkRest) -> Kept {
        Kept {
            rest: rest.clone(),
            read: Instant::now(),
            versions: Vec::new(),
            security: Ok(Security::default()),
            heard: Heard::default(),
        }
    }

    fn kept_out(&self) -> Option<KeptOut> {
        self.security.as_ref().err().cloned().or_else(|| self.heard.get())
    }

    fn is_due(&self) -> bool {
        let long = if self.kept_out().is_some() { KEPT_IN_VAIN } else { KEPT };
        !self.rest.is_open() && self.read.elapsed() >= long
    }
}

/// Reads what a cluster names. What did not change stays the same, connections included.
async fn read(
    kubernetes: &Kubernetes,
    namespace: &str,
    rest: &FlinkRest,
    before: Option<Kept>,
) -> Kept {
    let now = Kept::of(rest);
    let tls = rest.tls.as_ref().map(|tls| Named::new(namespace, &tls.secret, "tls"));
    let user = rest.auth_secret.as_ref().map(|name| Named::new(namespace, name, "basicAuth"));
    let mut secrets = Vec::new();
    for named in [&tls, &user] {
        match get(kubernetes, named.as_ref()).await {
            Ok(secret) => secrets.push(secret),
            // As long as nobody says anything else, what was read last is good.
            Err((_, true)) if before.as_ref().is_some_and(|before| before.security.is_ok()) => {
                return Kept { read: now.read, ..before.unwrap_or(now) };
            }
            Err((why, _)) => return Kept { security: Err(why), ..now },
        }
    }
    let versions = secrets.iter().flatten().map(version).collect();
    match before.filter(|before| before.versions == versions && before.security.is_ok()) {
        Some(before) => Kept { read: now.read, ..before },
        None => {
            let [of_tls, of_user] = [0, 1].map(|index| secrets.get(index).and_then(Option::as_ref));
            let tls = rest.tls.as_ref().zip(tls.as_ref()).zip(of_tls);
            let tls = tls.map(|((rest, named), secret)| named.tls(secret, rest)).transpose();
            let user = user.as_ref().zip(of_user);
            let user = user.map(|(named, secret)| named.user(secret)).transpose();
            let security = tls.and_then(|tls| Ok(Security { tls, basic_auth: user? }));
            Kept { versions, security, heard: Heard::of(rest, namespace), ..now }
        }
    }
}

fn version(secret: &Secret) -> (String, String) {
    let meta = &secret.metadata;
    (meta.uid.clone().unwrap_or_default(), meta.resource_version.clone().unwrap_or_default())
}

/// The Secret; or why there is none, and whether nobody answered.
async fn get(
    kubernetes: &Kubernetes,
    named: Option<&Named<'_>>,
) -> Result<Option<Secret>, (KeptOut, bool)> {
    let Some(named) = named else { return Ok(None) };
    let error = match kubernetes.get::<Secret>(named.namespace, named.name).await {
        Ok(secret) => return Ok(Some(secret)),
        Err(error) => error,
    };
    let unanswered = matches!(error, KubeError::NoAnswer(_) | KubeError::TimedOut(_));
    let why = match error {
        KubeError::NotFound(_) => "does not exist: create it".to_owned(),
        KubeError::Refused { code: 403, message, .. } => format!(
            "may not be read by the operator, whose account needs the right to get it \
             (docs/operations/permissions.md): {message}"
        ),
        other => format!("cannot be read: {other}"),
    };
    Err((named.kept_out(&why), unanswered))
}

/// A Secret, and where it is named.
struct Named<'a> {
    namespace: &'a str,
    name: &'a str,
    field: &'static str,
}

impl<'a> Named<'a> {
    fn new(namespace: &'a str, name: &'a str, field: &'static str) -> Named<'a> {
        Named { namespace, name, field }
    }

    fn kept_out(&self, why: &str) -> KeptOut {
        let Named { namespace, name, field } = self;
        KeptOut {
            by: KeptOutBy::Secret,
            secret: Some((*name).to_owned()),
            message: format!(
                "the Secret {namespace}/{name} (spec.flinkRest.{field}.secretName) {why}"
            ),
        }
    }

    fn value<'s>(&self, secret: &'s Secret, key: &str) -> Option<&'s [u8]> {
        let value = secret.data.as_ref()?.get(key)?;
        Some(&*value.0).filter(|value| !value.is_empty())
    }

    fn required<'s>(&self, secret: &'s Secret, key: &str, what: &str) -> Result<&'s [u8], KeptOut> {
        let why = || self.kept_out(&format!("has no {key}: it must have {what}"));
        self.value(secret, key).ok_or_else(why)
    }

    fn tls(&self, secret: &Secret, rest: &flink_rest::Tls) -> Result<Tls, KeptOut> {
        let ca = "the authorities that Flink's certificate may be from, in PEM form";
        let ca = self.required(secret, CA, ca)?;
        let client = match [CERTIFICATE, PRIVATE_KEY].map(|key| self.value(secret, key)) {
            [Some(certificate), Some(key)] => Some((certificate, key)),
            [None, None] => None,
            [Some(_), None] => {
                return Err(
                    self.kept_out("has tls.crt and no tls.key: it must have both or neither")
                );
            }
            [None, Some(_)] => {
                return Err(
                    self.kept_out("has tls.key and no tls.crt: it must have both or neither")
                );
            }
        };
        Tls::new(ca, client, &rest.server_name).map_err(|error| self.unusable(&error))
    }

    fn user(&self, secret: &Secret) -> Result<BasicAuth, KeptOut> {
        let name = self.required(secret, USERNAME, "the name of a user")?;
        let password = self.required(secret, PASSWORD, "that user's password")?;
        BasicAuth::new(name, password).map_err(|error| self.unusable(&error))
    }

    fn unusable(&self, error: &Unusable) -> KeptOut {
        self.kept_out(&format!("cannot be used: {error}"))
    }
}
