//! Talking to pods through the API server: `pods/NAME:PORT/proxy/PATH`, and `services/NAME:PORT/proxy/PATH`
//! for a pod behind a Service.

use super::api::Api;
use super::error::ApiError;
use super::kinds::{PODS, SERVICES};
use super::meta::{self, array, text};
use super::route::{Subresource, Target};
use super::store::Store;
use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response, Uri, request};
use serde_json::Value;

/// What listens in the pods of the simulated cluster.
pub trait PodProxy: Send + Sync {
    /// Answers a request to a port of a pod, to which TLS is spoken or not. The URI has the path and query that the
    /// pod sees.
    ///
    /// # Errors
    /// [`Refused`] if nothing listens there; the client gets 503, as from a real API server.
    fn call(
        &self,
        namespace: String,
        pod: String,
        port: u16,
        tls: bool,
        request: Request<Bytes>,
    ) -> BoxFuture<'static, Result<Response<Bytes>, Refused>>;
}

/// Nothing answers in the pod.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("error trying to reach service: {0}")]
pub struct Refused(pub String);

/// Answers a request for a pod, or for one behind a Service.
pub(super) async fn proxy(
    api: &Api,
    target: &Target,
    parts: request::Parts,
    body: Bytes,
) -> Result<Response<Bytes>, ApiError> {
    let namespace = target.store_namespace().to_owned();
    let (pod, port) = match target.kind.kind.as_str() {
        "Service" => behind_service(&api.store(), target)?,
        _ => asked_for(&api.store(), target)?,
    };
    let backend = api.pod_proxy().ok_or_else(|| {
        ApiError::ServiceUnavailable("error trying to reach service: no pod listens".to_owned())
    })?;
    let request = behind(target, parts, body)?;
    // Of the API server's own: any certificate is good.
    let tls = target.name.as_deref().is_some_and(|name| name.starts_with("https:"));
    backend
        .call(namespace, pod, port, tls, request)
        .await
        .map_err(|refused| ApiError::ServiceUnavailable(refused.to_string()))
}

/// The pod that is named, and the port.
fn asked_for(store: &Store, target: &Target) -> Result<(String, u16), ApiError> {
    let asked = target.name.as_deref().unwrap_or_default();
    let (pod, port) = split_port(asked);
    let Some(object) = store.get(&PODS, target.store_namespace(), pod) else {
        return Err(ApiError::NotFound(target.kind.subject(pod)));
    };
    let port = match port {
        "" => array(&object, "/spec/containers")
            .iter()
            .find_map(|c| c.pointer("/ports/0/containerPort")?.as_u64())
            .unwrap_or(80)
            .to_string(),
        port => port.to_owned(),
    };
    let invalid = |_| ApiError::BadRequest(format!("invalid pod request {asked:?}"));
    Ok((pod.to_owned(), port.parse().map_err(invalid)?))
}

/// A pod that the Service selects and that is ready, and the pod's port behind the Service's. The real one
/// takes any such pod by chance.
fn behind_service(store: &Store, target: &Target) -> Result<(String, u16), ApiError> {
    let asked = target.name.as_deref().unwrap_or_default();
    let (name, port) = split_port(asked);
    let namespace = target.store_namespace();
    let Some(service) = store.get(&SERVICES, namespace, name) else {
        return Err(ApiError::NotFound(target.kind.subject(name)));
    };
    let ports = array(&service, "/spec/ports");
    let found = match port.parse::<u64>() {
        Ok(number) => {
            let found = ports.iter().find(|p| p["port"] == number);
            let none = format!("no service port {number} found for service {name:?}");
            Some(found.ok_or(ApiError::ServiceUnavailable(none))?)
        }
        Err(_) => ports.iter().find(|p| text(p, "/name") == port),
    };
    let mut pods = store.list(&PODS, Some(namespace));
    pods.retain(|pod| selects(&service, pod));
    let endpoint = pods.iter().find(|pod| is_ready(pod)).zip(found).and_then(|(pod, port)| {
        let number = port["targetPort"].as_u64().or(port["port"].as_u64())?;
        Some((meta::name(pod).to_owned(), u16::try_from(number).ok()?))
    });
    // With the port where there are pods, as the real one words it.
    let named = if pods.is_empty() { name } else { asked };
    let none = || format!("no endpoints available for service {named:?}");
    endpoint.ok_or_else(|| ApiError::ServiceUnavailable(none()))
}

fn selects(service: &Value, pod: &Value) -> bool {
    let labels = &pod["metadata"]["labels"];
    let selector = service.pointer("/spec/selector").and_then(Value::as_object);
    selector.is_some_and(|s| !s.is_empty() && s.iter().all(|(name, value)| labels[name] == *value))
}

fn is_ready(pod: &Value) -> bool {
    let conditions = array(pod, "/status/conditions");
    let ready = conditions.iter().any(|c| c["type"] == "Ready" && c["status"] == "True");
    ready && !meta::is_deleting(pod)
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
