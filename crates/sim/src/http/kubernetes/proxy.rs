//! Talking to pods through the API server: `pods/NAME:PORT/proxy/PATH`.

use super::api::Api;
use super::error::ApiError;
use super::kinds::PODS;
use super::route::{Subresource, Target};
use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response, Uri, request};

/// What listens in the pods of the simulated cluster.
pub trait PodProxy: Send + Sync {
    /// Answers a request to a port of a pod. The URI has the path and query that the pod sees.
    ///
    /// # Errors
    /// [`Refused`] if nothing listens there; the client gets 503, as from a real API server.
    fn call(
        &self,
        namespace: String,
        pod: String,
        port: u16,
        request: Request<Bytes>,
    ) -> BoxFuture<'static, Result<Response<Bytes>, Refused>>;
}

/// Nothing answers in the pod.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("error trying to reach service: {0}")]
pub struct Refused(pub String);

/// Answers a request for a pod.
pub(super) async fn proxy(
    api: &Api,
    target: &Target,
    parts: request::Parts,
    body: Bytes,
) -> Result<Response<Bytes>, ApiError> {
    let asked = target.name.as_deref().unwrap_or_default();
    let (pod, port) = split_port(asked);
    let namespace = target.store_namespace().to_owned();
    let Some(object) = api.store().get(&PODS, &namespace, pod) else {
        return Err(ApiError::NotFound(target.kind.subject(pod)));
    };
    let port = match port {
        "" => super::meta::array(&object, "/spec/containers")
            .iter()
            .find_map(|c| c.pointer("/ports/0/containerPort")?.as_u64())
            .unwrap_or(80)
            .to_string(),
        port => port.to_owned(),
    };
    let port =
        port.parse().map_err(|_| ApiError::BadRequest(format!("invalid pod request {asked:?}")))?;
    let backend = api.pod_proxy().ok_or_else(|| {
        ApiError::ServiceUnavailable("error trying to reach service: no pod listens".to_owned())
    })?;
    let request = behind(target, parts, body)?;
    backend
        .call(namespace, pod.to_owned(), port, request)
        .await
        .map_err(|refused| ApiError::ServiceUnavailable(refused.to_string()))
}

/// `NAME`, `NAME:PORT` or `SCHEME:NAME:PORT`.
fn split_port(name: &str) -> (&str, &str) {
    let words: Vec<_> = name.split(':').collect();
    match words.as_slice() {
        [name, port] | [_, name, port] => (name, port),
        _ => (name, ""),
    }
}

/// The request as the pod sees it.
fn behind(
    target: &Target,
    mut parts: request::Parts,
    body: Bytes,
) -> Result<Request<Bytes>, ApiError> {
    let path = match &target.subresource {
        Subresource::Proxy(path) => path.as_str(),
        Subresource::None | Subresource::Status | Subresource::Scale => "/",
    };
    let text = match parts.uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    parts.uri = text
        .parse::<Uri>()
        .map_err(|error| ApiError::BadRequest(format!("invalid path {text:?}: {error}")))?;
    Ok(Request::from_parts(parts, body))
}
