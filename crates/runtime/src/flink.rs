//! How one JobManager process is reached, and what it is asked only once.
//!
//! Every request goes to one pod: a Service's address, or a pooled connection, may lead to another
//! one, or to another team's on a reused address. Inside a cluster that is the pod's address from
//! the watch, outside the API server's proxy to that pod. Whether it speaks TLS, and to whom, its pod says.

mod heard;
pub(crate) mod secrets;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use flinkk8soperator_api::project::{KeptOut, KeptOutBy};
use flinkk8soperator_core::{self as core, Incarnation, Silence};
use flinkk8soperator_flink_rest::model::{JobManagerConfig, ServerConfig};
use flinkk8soperator_flink_rest::transport::Open;
use flinkk8soperator_flink_rest::{
    self as rest, Cause, Client, Error, Failure, FlinkVersion, Settings, Target, Transport,
};
use flinkk8soperator_resources::created;
use flinkk8soperator_resources::high_availability::CLUSTER_ID;
use kube::client::Body;
use tower::service_fn;

use crate::application::Application;
use crate::cache::Pod;
use crate::config::FlinkAccess;
use crate::kubernetes::Kubernetes;
use secrets::Secrets;

/// The way to every Flink.
#[derive(Clone)]
pub(crate) struct Flinks {
    transport: Transport,
    access: FlinkAccess,
    kube: kube::Client,
}

/// What a JobManager process says of itself and never changes.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    /// Its version.
    pub(crate) version: FlinkVersion,
    /// How old its answers about a job can be.
    pub(crate) refresh_interval: Duration,
    /// Where savepoints go by its configuration.
    pub(crate) savepoint_directory: Option<String>,
    /// Whether it starts jobs again by itself.
    pub(crate) high_availability: bool,
}

impl Flinks {
    /// `access` must be settled: [`FlinkAccess::Auto`] counts as the pod's address.
    #[must_use]
    pub(crate) fn new(kube: kube::Client, access: FlinkAccess, open: Option<Open>) -> Flinks {
        // One repeat: a kept connection that the other side has closed meanwhile costs one attempt.
        // More is the next round's business.
        let settings = Settings { repeats: 1, ..Settings::default() };
        let transport = match open {
            None => Transport::new(settings),
            Some(open) => Transport::opening(settings, open),
        };
        Flinks { transport, access, kube }
    }

    /// The Flink in `pod`.
    ///
    /// # Errors
    /// Silence: the pod has no address yet, or `secrets` tells what keeps us out.
    pub(crate) async fn client(
        &self,
        kubernetes: &Kubernetes,
        namespace: &str,
        pod: &Pod,
        secrets: &mut Secrets,
    ) -> Result<Client, Silence> {
        if let FlinkAccess::Auto | FlinkAccess::Pod = self.access {
            let target = target(pod).ok_or(Silence::Unreachable)?;
            let (security, heard) = secrets.security(kubernetes, namespace, pod).await?;
            let client = Client::direct(&self.transport, &target, &security);
            return Ok(client.telling(move |error| heard.hear(error)));
        }
        if pod.rest.auth_secret.is_some() {
            secrets.refuse(pod, no_password_through_a_proxy());
            return Err(Silence::Unreachable);
        }
        Ok(self.proxied(namespace, pod))
    }

    /// The Flink in `pod` behind the API server, which asks it in its own name and believes any certificate.
    fn proxied(&self, namespace: &str, pod: &Pod) -> Client {
        let scheme = if pod.rest.tls.is_some() { "https:" } else { "" };
        let (name, port) = (&pod.told.name, pod.port);
        let path = format!("/api/v1/namespaces/{namespace}/pods/{scheme}{name}:{port}/proxy");
        if let FlinkAccess::KubectlProxy(proxy) = self.access {
            let here = Target::new(SocketAddr::from(([127, 0, 0, 1], proxy)), "kubectl proxy");
            let base = format!("http://127.0.0.1:{proxy}{path}");
            return Client::new(self.transport.to(&here, None), base);
        }
        let kube = self.kube.clone();
        let service = service_fn(move |request: http::Request<Bytes>| {
            let kube = kube.clone();
            async move { kube.send(request.map(Body::from)).await }
        });
        Client::new(self.transport.over(service), path)
    }

    /// The pod is gone: its address may be another's soon.
    pub(crate) fn forget(&self, pod: &Pod) {
        if let Some(target) = target(pod) {
            self.transport.forget(&target);
        }
    }
}

fn no_password_through_a_proxy() -> KeptOut {
    let message = "spec.flinkRest.basicAuth cannot be used through the API server, which keeps the header \
                   Authorization for itself: set operator.flinkAccess to pod";
    KeptOut { by: KeptOutBy::Password, secret: None, message: message.to_owned() }
}

fn target(pod: &Pod) -> Option<Target> {
    let address = SocketAddr::new(pod.address?, pod.port);
    Some(Target::new(address, pod.told.uid.to_string()))
}

/// Asks a process who it is.
///
/// # Errors
/// Silence; [`Silence::NotOurs`] where it is not the cluster it should be.
pub(crate) async fn identify(
    flink: &Client,
    app: &Application,
    incarnation: Incarnation,
) -> Result<Arc<Identity>, Silence> {
    let (config, server) = tokio::join!(flink.job_manager_config(), flink.config());
    let config = config.map_err(|error| silence(&error))?;
    let server = server.map_err(|error| silence(&error))?;
    if !is_of(&config, app, incarnation) {
        return Err(Silence::NotOurs);
    }
    Ok(Arc::new(Identity {
        refresh_interval: refresh_interval(&server, &config),
        savepoint_directory: savepoint_directory(&config),
        high_availability: high_availability(&config),
        version: server.flink_version,
    }))
}

/// A JobManager names its cluster; one that the reference operator has made by the Service that its
/// TaskManagers find it by, or, with high availability, by the id that they do.
fn is_of(config: &JobManagerConfig, app: &Application, incarnation: Incarnation) -> bool {
    let marker = created::marker(app.uid, incarnation);
    if config.value(created::MARKER) == Some(&marker) {
        return true;
    }
    let mut adopted = app.adopted.iter();
    let Some(adopted) = adopted.find(|adopted| adopted.incarnation == incarnation) else {
        return false;
    };
    let name = format!("{}-{}", app.key.name, adopted.names());
    let keys = ["jobmanager.rpc.address", CLUSTER_ID];
    keys.iter().any(|key| config.value(key) == Some(&name))
}

/// Flink 2 and 1.20 name it anew, older ones know only the second.
fn savepoint_directory(config: &JobManagerConfig) -> Option<String> {
    let keys = ["execution.checkpointing.savepoint-dir", "state.savepoints.dir"];
    let found = keys.iter().find_map(|key| config.value(key));
    found.filter(|directory| !directory.is_empty()).map(str::to_owned)
}

/// Flink 1.17 renamed the key; both mean it. `NONE` in any case is Flink's word for without.
fn high_availability(config: &JobManagerConfig) -> bool {
    let keys = ["high-availability.type", "high-availability"];
    let found = keys.iter().find_map(|key| config.value(key));
    found.is_some_and(|kind| !kind.is_empty() && !kind.eq_ignore_ascii_case("none"))
}

/// How old answers can be: job details by `web.refresh-interval`, checkpoint statistics by a key of
/// their own that `/config` does not tell (recorded on 1.20.5 and 2.3.0; 3 s by default).
fn refresh_interval(server: &ServerConfig, config: &JobManagerConfig) -> Duration {
    let own = config.value("rest.cache.checkpoint-statistics.timeout").and_then(flink_duration);
    Duration::from_millis(server.refresh_interval).max(own.unwrap_or(Duration::from_secs(3)))
}

/// Flink's duration: a number and a unit, milliseconds without one.
fn flink_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..split].parse().ok()?;
    let seconds = |unit: u64| number.checked_mul(unit).map(Duration::from_secs);
    match text[split..].trim().to_lowercase().as_str() {
        "" | "ms" | "milli" | "millis" | "millisecond" | "milliseconds" => {
            Some(Duration::from_millis(number))
        }
        "s" | "sec" | "secs" | "second" | "seconds" => seconds(1),
        "m" | "min" | "minute" | "minutes" => seconds(60),
        "h" | "hour" | "hours" => seconds(3_600),
        "d" | "day" | "days" => seconds(86_400),
        _ => None,
    }
}

/// A job's id as Flink's client has it.
#[must_use]
pub(crate) fn job_id(job: core::JobId) -> rest::JobId {
    rest::JobId(job.0.to_be_bytes())
}

/// An operation's id as Flink's client has it.
#[must_use]
pub(crate) fn trigger_id(trigger: core::TriggerId) -> rest::TriggerId {
    rest::TriggerId(trigger.0.to_be_bytes())
}

/// Flink's version as the machine compares it.
#[must_use]
pub(crate) fn version(version: &FlinkVersion) -> core::FlinkVersion {
    let small = |number: u32| u16::try_from(number).unwrap_or(u16::MAX);
    core::FlinkVersion { major: small(version.major), minor: small(version.minor) }
}

/// What an error leaves unknown.
#[must_use]
pub(crate) fn silence(error: &Error) -> Silence {
    match error {
        Error::Unsupported(_) | Error::Answer(_) => Silence::Unreadable,
        Error::Address(_) | Error::Denied(_) => Silence::Unreachable,
        Error::Transport(failure) => match failure {
            Failure::Busy | Failure::Timeout(_) => Silence::TimedOut,
            Failure::Connect(_) | Failure::Tls(_) | Failure::Broken(_) | Failure::Forgotten => {
                Silence::Unreachable
            }
            Failure::BodyTooLarge(_) => Silence::Unreadable,
        },
        Error::Intermediary(_) => Silence::NotOurs,
        Error::Refused(refusal) => match refusal.cause {
            Cause::NoLeader | Cause::NotReady => Silence::NotReady,
            Cause::TimedOut => Silence::TimedOut,
            _ => Silence::Failed,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flinks_durations_are_read_and_others_are_not() {
        let rows = [
            ("3000", Some(3_000)),
            ("3000 ms", Some(3_000)),
            ("10s", Some(10_000)),
            ("2 min", Some(120_000)),
            ("1h", Some(3_600_000)),
            ("soon", None),
            ("", None),
        ];
        for (text, millis) in rows {
            assert_eq!(flink_duration(text), millis.map(Duration::from_millis), "{text:?}");
        }
    }
}
