//! Requests to the API server: each with a time limit, failures sorted by what is known of their outcome.
//!
//! What only reads is repeated once, soon, where a connection broke or the API server could not answer. Nothing else is,
//! and the client comes without retries of its own ([`client`](crate::client)): a round that failed is repeated as a
//! whole. Watches do not go through here.

use std::fmt::Debug;
use std::time::Duration;

use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams, PropagationPolicy};
use kube::core::{DynamicObject, NamespaceResourceScope, Resource, Status};
use kube::{Api, Client};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::Instant;
use tracing::Instrument;

use crate::application::{Key, api_resource};
use crate::jitter::Jitter;
use crate::metrics::Metrics;
use crate::retry_after;
use crate::span;

/// Who writes, for `managedFields`.
pub(crate) const FIELD_MANAGER: &str = "flinkk8soperator";

/// Before what only reads is asked again: a connection that broke is made anew at once.
const PAUSE: Duration = Duration::from_millis(100);

/// No longer does a worker wait for that.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Why a request did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KubeError {
    /// There is no such object.
    #[error("{0}")]
    NotFound(String),
    /// An object of that name is there already.
    #[error("{0}")]
    AlreadyExists(String),
    /// The object is another one, or another version of it, than was thought.
    #[error("{0}")]
    Conflict(String),
    /// Refused for another reason: rights, quota, validation, load.
    #[error("the API server answered {code}: {message}")]
    Refused {
        /// HTTP status.
        code: u16,
        /// Its own words.
        message: String,
        /// For how long it does not want to be asked again.
        retry_after: Option<Duration>,
    },
    /// No answer that tells: it may have happened.
    #[error("no answer from the API server")]
    NoAnswer(#[source] Box<kube::Error>),
    /// No answer in time: it may have happened.
    #[error("no answer from the API server within {0:?}")]
    TimedOut(Duration),
}

impl KubeError {
    /// Whether it is known that nothing was done.
    #[must_use]
    pub(crate) fn nothing_happened(&self) -> bool {
        match self {
            KubeError::NotFound(_)
            | KubeError::AlreadyExists(_)
            | KubeError::Conflict(_)
            | KubeError::Refused { .. } => true,
            KubeError::NoAnswer(_) | KubeError::TimedOut(_) => false,
        }
    }

    /// Whether the same request will be refused again: by validation, quota, admission or rights, until
    /// a person changes something. Not: too many requests, a token that expired.
    #[must_use]
    pub(crate) fn lasting(&self) -> bool {
        matches!(self, KubeError::Refused { code: 400 | 403 | 413 | 422, .. })
    }

    /// For how long the API server does not want to be asked again.
    fn retry_after(&self) -> Option<Duration> {
        match self {
            KubeError::Refused { retry_after, .. } => *retry_after,
            KubeError::NoAnswer(error) => retry_after::of(error),
            KubeError::NotFound(_)
            | KubeError::AlreadyExists(_)
            | KubeError::Conflict(_)
            | KubeError::TimedOut(_) => None,
        }
    }

    /// After how long what only reads is asked once more; none: it is not. Not after a time-out, which was long
    /// enough, nor where the API server wants to be left alone for longer than a worker should wait.
    fn read_again(&self) -> Option<Duration> {
        let passing = match self {
            KubeError::NoAnswer(_) | KubeError::Refused { code: 429, .. } => true,
            KubeError::NotFound(_)
            | KubeError::AlreadyExists(_)
            | KubeError::Conflict(_)
            | KubeError::Refused { .. }
            | KubeError::TimedOut(_) => false,
        };
        let pause = self.retry_after().unwrap_or(PAUSE);
        (passing && pause <= LONGEST_PAUSE).then_some(pause)
    }

    /// The HTTP status that it was answered with, where that says what happened.
    pub(crate) fn code(&self) -> Option<u16> {
        match self {
            KubeError::NotFound(_) => Some(404),
            KubeError::AlreadyExists(_) | KubeError::Conflict(_) => Some(409),
            KubeError::Refused { code, .. } => Some(*code),
            KubeError::NoAnswer(_) | KubeError::TimedOut(_) => None,
        }
    }

    /// For metrics and traces.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            KubeError::NotFound(_) => "not_found",
            KubeError::AlreadyExists(_) => "already_exists",
            KubeError::Conflict(_) => "conflict",
            KubeError::Refused { .. } => "refused",
            KubeError::NoAnswer(_) => "no_answer",
            KubeError::TimedOut(_) => "timed_out",
        }
    }
}

impl From<kube::Error> for KubeError {
    fn from(error: kube::Error) -> KubeError {
        match error {
            kube::Error::Api(status) => answered(&status),
            other => KubeError::NoAnswer(Box::new(other)),
        }
    }
}

/// Sorts an answer. 5xx tells nothing: a proxy or a time-out inside may have sent it after the fact.
fn answered(status: &Status) -> KubeError {
    let message = status.message.clone();
    match (status.code, status.reason.as_str()) {
        (404, _) => KubeError::NotFound(message),
        (409, "AlreadyExists") => KubeError::AlreadyExists(message),
        (409, _) => KubeError::Conflict(message),
        (code @ 400..=499, _) => {
            KubeError::Refused { code, message, retry_after: retry_after::in_status(status) }
        }
        _ => KubeError::NoAnswer(Box::new(kube::Error::Api(Box::new(status.clone())))),
    }
}

/// An object that is made, read and taken away in a namespace.
pub(crate) trait Object:
    Resource<Scope = NamespaceResourceScope, DynamicType = ()>
    + Clone
    + Debug
    + Serialize
    + DeserializeOwned
    + Send
{
}

impl<K> Object for K where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
        + Clone
        + Debug
        + Serialize
        + DeserializeOwned
        + Send
{
}

/// The API server.
#[derive(Clone)]
pub(crate) struct Kubernetes {
    client: Client,
    limit: Duration,
    metrics: Metrics,
    jitter: Jitter,
}

impl Kubernetes {
    /// Over `client`; `limit` is for each request.
    #[must_use]
    pub(crate) fn new(
        client: Client,
        limit: Duration,
        metrics: Metrics,
        jitter: Jitter,
    ) -> Kubernetes {
        Kubernetes { client, limit, metrics, jitter }
    }

    /// Reads an application, live.
    ///
    /// # Errors
    /// See [`KubeError`]; so for all of these.
    pub(crate) async fn application(&self, key: &Key) -> Result<DynamicObject, KubeError> {
        let api = self.applications(key);
        self.read("get", "FlinkApplication", || api.get(&key.name)).await
    }

    /// Replaces an application's status, if it still is of the resource version given in it.
    pub(crate) async fn write_status(
        &self,
        key: &Key,
        object: &DynamicObject,
    ) -> Result<DynamicObject, KubeError> {
        let (api, params) = (self.applications(key), posting());
        let call = api.replace_status(&key.name, &params, object);
        self.call("update", "FlinkApplication", call).await
    }

    /// Changes an application by a merge patch.
    pub(crate) async fn patch_application(
        &self,
        key: &Key,
        patch: &Value,
    ) -> Result<DynamicObject, KubeError> {
        let (api, params, patch) = (self.applications(key), patching(), Patch::Merge(patch));
        let call = api.patch(&key.name, &params, &patch);
        self.call("patch", "FlinkApplication", call).await
    }

    /// Reads an object, live.
    pub(crate) async fn get<K: Object>(&self, namespace: &str, name: &str) -> Result<K, KubeError> {
        let api: Api<K> = Api::namespaced(self.client.clone(), namespace);
        self.read("get", &kind::<K>(), || api.get(name)).await
    }

    /// Lists objects by label, live: not from the API server's cache.
    pub(crate) async fn list<K: Object>(
        &self,
        namespace: &str,
        label: &str,
    ) -> Result<Vec<K>, KubeError> {
        let api: Api<K> = Api::namespaced(self.client.clone(), namespace);
        let params = ListParams::default().labels(label);
        Ok(self.read("list", &kind::<K>(), || api.list(&params)).await?.items)
    }

    /// Creates an object.
    pub(crate) async fn create<K: Object>(
        &self,
        namespace: &str,
        object: &K,
    ) -> Result<K, KubeError> {
        let api: Api<K> = Api::namespaced(self.client.clone(), namespace);
        self.call("create", &kind::<K>(), api.create(&posting(), object)).await
    }

    /// Replaces the version of an object that it names itself.
    pub(crate) async fn replace<K: Object>(
        &self,
        namespace: &str,
        name: &str,
        object: &K,
    ) -> Result<K, KubeError> {
        let api: Api<K> = Api::namespaced(self.client.clone(), namespace);
        self.call("update", &kind::<K>(), api.replace(name, &posting(), object)).await
    }

    /// Changes an object by a merge patch, whose metadata names UID and resource version.
    pub(crate) async fn patch<K: Object>(
        &self,
        namespace: &str,
        name: &str,
        patch: &Value,
    ) -> Result<K, KubeError> {
        let api: Api<K> = Api::namespaced(self.client.clone(), namespace);
        let (params, patch) = (patching(), Patch::Merge(patch));
        self.call("patch", &kind::<K>(), api.patch(name, &params, &patch)).await
    }

    /// Deletes the object of that name if it has that UID. Gone already: that is success. Another one:
    /// that is a conflict, and what is there has to be looked at again.
    pub(crate) async fn delete<K: Object>(
        &self,
        namespace: &str,
        name: &str,
        uid: &str,
        policy: PropagationPolicy,
    ) -> Result<(), KubeError> {
        let api: Api<K> = Api::namespaced(self.client.clone(), namespace);
        let mut params = DeleteParams { propagation_policy: Some(policy), ..Default::default() };
        params = params.preconditions(kube::api::Preconditions {
            uid: Some(uid.to_owned()),
            resource_version: None,
        });
        match self.call("delete", &kind::<K>(), api.delete(name, &params)).await {
            Ok(_) | Err(KubeError::NotFound(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Deletes all objects with these labels.
    pub(crate) async fn delete_all<K: Object>(
        &self,
        namespace: &str,
        labels: &str,
    ) -> Result<(), KubeError> {
        let api: Api<K> = Api::namespaced(self.client.clone(), namespace);
        let (params, these) = (DeleteParams::default(), ListParams::default().labels(labels));
        let call = api.delete_collection(&params, &these);
        self.call("deletecollection", &kind::<K>(), call).await.map(drop)
    }

    /// The client below, for watches and for Flink behind the API server.
    #[must_use]
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    fn applications(&self, key: &Key) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), &key.namespace, &api_resource())
    }

    /// Asks for something, once more where that may help.
    async fn read<T, F: Future<Output = kube::Result<T>>>(
        &self,
        verb: &'static str,
        kind: &str,
        call: impl Fn() -> F,
    ) -> Result<T, KubeError> {
        let first = self.attempt(verb, kind, call()).await;
        let Some(pause) = first.as_ref().err().and_then(KubeError::read_again) else {
            return noted(first);
        };
        tokio::time::sleep(self.jitter.longer(pause, 1.0)).await;
        noted(self.attempt(verb, kind, call()).await)
    }

    /// Does something, once.
    async fn call<T>(
        &self,
        verb: &'static str,
        kind: &str,
        call: impl Future<Output = kube::Result<T>>,
    ) -> Result<T, KubeError> {
        noted(self.attempt(verb, kind, call).await)
    }

    async fn attempt<T>(
        &self,
        verb: &'static str,
        kind: &str,
        call: impl Future<Output = kube::Result<T>>,
    ) -> Result<T, KubeError> {
        let (began, span) = (Instant::now(), span::request(verb, kind));
        let call = tokio::time::timeout(self.limit, call).instrument(span.clone());
        let outcome = match call.await {
            Ok(answer) => answer.map_err(KubeError::from),
            Err(_) => Err(KubeError::TimedOut(self.limit)),
        };
        outcome.as_ref().err().into_iter().for_each(|error| span::refused(&span, error));
        let label = outcome.as_ref().map_or_else(KubeError::label, |_| "ok");
        self.metrics.kube_request(verb, kind, label, began.elapsed());
        outcome
    }
}

/// For the round at hand.
fn noted<T>(outcome: Result<T, KubeError>) -> Result<T, KubeError> {
    outcome.inspect_err(|error| error.retry_after().into_iter().for_each(retry_after::note))
}

fn kind<K: Object>() -> String {
    K::kind(&()).into_owned()
}

fn posting() -> PostParams {
    PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() }
}

fn patching() -> PatchParams {
    PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() }
}

#[cfg(test)]
mod tests;
