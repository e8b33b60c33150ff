//! Reading from the API server, and from Flink through its proxy. There is no request here but GET, and
//! none is repeated: who starts a check can start it again.

use std::time::Duration;

use http::{Request, StatusCode};
use kube::api::{GetParams, ListParams};
use kube::client::Body;
use kube::{Client, core};
use serde::Serialize;
use serde_json::{Value, json};

/// A kind of objects, as its paths and its rights name it.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// API group; empty for the core group.
    pub group: &'static str,
    /// Version.
    pub version: &'static str,
    /// Kind, e.g. `Pod`.
    pub kind: &'static str,
    /// Plural name, e.g. `pods`.
    pub plural: &'static str,
}

/// The applications.
pub const FLINK_APPLICATIONS: Kind =
    Kind::new("flink.k8s.io", "v1beta1", "FlinkApplication", "flinkapplications");
/// Deployments.
pub const DEPLOYMENTS: Kind = Kind::new("apps", "v1", "Deployment", "deployments");
/// Services.
pub const SERVICES: Kind = Kind::new("", "v1", "Service", "services");
/// Ingresses.
pub const INGRESSES: Kind = Kind::new("networking.k8s.io", "v1", "Ingress", "ingresses");
/// Pods.
pub const PODS: Kind = Kind::new("", "v1", "Pod", "pods");
/// ConfigMaps.
pub const CONFIG_MAPS: Kind = Kind::new("", "v1", "ConfigMap", "configmaps");

impl Kind {
    const fn new(
        group: &'static str,
        version: &'static str,
        kind: &'static str,
        plural: &'static str,
    ) -> Kind {
        Kind { group, version, kind, plural }
    }

    fn api_version(&self) -> String {
        match self.group {
            "" => self.version.to_owned(),
            group => format!("{group}/{}", self.version),
        }
    }

    /// As messages of the API server name it.
    fn qualified(&self) -> String {
        match self.group {
            "" => self.plural.to_owned(),
            group => format!("{}.{group}", self.plural),
        }
    }

    fn path(&self, namespace: Option<&str>) -> String {
        let root = if self.group.is_empty() { "/api" } else { "/apis" };
        let place = namespace.map(|namespace| format!("/namespaces/{namespace}"));
        format!("{root}/{}{}/{}", self.api_version(), place.unwrap_or_default(), self.plural)
    }

    /// An object of it without what nobody reads, and with what an item of a list lacks.
    fn told(&self, mut object: Value) -> Value {
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("managedFields");
        }
        object["apiVersion"] = json!(self.api_version());
        object["kind"] = json!(self.kind);
        object
    }
}

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The account lacks a right.
    #[error("cannot read {what}: the right to {right} is missing")]
    Forbidden {
        /// What was to be read.
        what: String,
        /// Verb, resource and place.
        right: String,
        /// The API server's answer.
        #[source]
        source: Box<core::Status>,
    },
    /// The API server refused otherwise; there is no such object, for example.
    #[error("cannot read {what}")]
    Refused {
        /// What was to be read.
        what: String,
        /// The API server's answer.
        #[source]
        source: Box<core::Status>,
    },
    /// No answer that can be used.
    #[error("cannot read {what}")]
    NoAnswer {
        /// What was to be read.
        what: String,
        /// What came instead.
        #[source]
        source: Box<kube::Error>,
    },
    /// No answer in time.
    #[error("cannot read {what}: no answer within {limit:?}")]
    TimedOut {
        /// What was to be read.
        what: String,
        /// How long it was waited for.
        limit: Duration,
    },
}

impl ReadError {
    /// There is no such object.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(self, ReadError::Refused { source, .. } if source.code == 404)
    }
}

/// What was asked for, for messages.
struct Asked {
    what: String,
    right: String,
}

impl Asked {
    fn new(verb: &str, resource: &str, namespace: Option<&str>, what: String) -> Asked {
        let place = match namespace {
            Some(namespace) => format!("in namespace {namespace}"),
            None => "in all namespaces".to_owned(),
        };
        Asked { what: format!("{what} {place}"), right: format!("{verb} {resource} {place}") }
    }

    fn error(self, error: kube::Error) -> ReadError {
        let Asked { what, right } = self;
        match error {
            kube::Error::Api(source) if source.code == 403 => {
                ReadError::Forbidden { what, right, source }
            }
            kube::Error::Api(source) => ReadError::Refused { what, source },
            source => ReadError::NoAnswer { what, source: Box::new(source) },
        }
    }
}

/// What a Flink answered, or who stood before it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body: JSON where it is that, else its text.
    pub body: Value,
}

impl Answer {
    /// Whether it is what was asked for.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.status == 200
    }
}

/// For one request: what a loaded API server, or a Flink in a full garbage collection, takes.
const LIMIT: Duration = Duration::from_secs(20);

/// Where is read from.
#[derive(Clone)]
pub struct Reader {
    client: Client,
}

impl Reader {
    /// Over a connection to the API server.
    #[must_use]
    pub fn new(client: Client) -> Reader {
        Reader { client }
    }

    /// An object as it is stored.
    ///
    /// # Errors
    /// See [`ReadError`]; one that is not there is [`ReadError::Refused`].
    pub async fn get(&self, kind: Kind, namespace: &str, name: &str) -> Result<Value, ReadError> {
        let what = format!("{} {name}", kind.kind);
        let asked = Asked::new("get", &kind.qualified(), Some(namespace), what);
        let request = core::Request::new(kind.path(Some(namespace)));
        let request = request.get(name, &GetParams::default());
        Ok(kind.told(self.request(asked, request).await?))
    }

    /// The objects that a label selector means, of a namespace or of all; by name.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn list(
        &self,
        kind: Kind,
        namespace: Option<&str>,
        labels: &str,
    ) -> Result<Vec<Value>, ReadError> {
        let asked = Asked::new("list", &kind.qualified(), namespace, kind.plural.to_owned());
        let mut params = ListParams::default();
        if !labels.is_empty() {
            params = params.labels(labels);
        }
        let request = core::Request::new(kind.path(namespace)).list(&params);
        let mut list = self.request(asked, request).await?;
        let items = list.get_mut("items").and_then(Value::as_array_mut).map(std::mem::take);
        Ok(items.unwrap_or_default().into_iter().map(|object| kind.told(object)).collect())
    }

    /// Asks what is behind a Service. That nothing is there is an answer, too: in the API server's words, or,
    /// where none came in time, with status 504 in ours.
    ///
    /// # Errors
    /// See [`ReadError`]: where it is the API server that does not let the request pass.
    pub async fn ask(
        &self,
        namespace: &str,
        service: &str,
        port: u64,
        path: &str,
    ) -> Result<Answer, ReadError> {
        let what = format!("{path} of Service {service}");
        let asked = Asked::new("get", "services/proxy", Some(namespace), what);
        let uri = format!("{}/{service}:{port}/proxy{path}", SERVICES.path(Some(namespace)));
        let request = match Request::get(uri).body(Body::empty()) {
            Ok(request) => request,
            Err(source) => return Err(asked.error(kube::Error::HttpError(source))),
        };
        let exchange = async {
            let (head, body) = self.client.send(request).await?.into_parts();
            Ok((head.status, body.collect_bytes().await?))
        };
        let (status, body) = match tokio::time::timeout(LIMIT, exchange).await {
            Ok(Ok((status, body))) => (status, body),
            Ok(Err(error)) => return Err(asked.error(error)),
            Err(_) => {
                let words = json!(format!("no answer within {LIMIT:?}"));
                return Ok(Answer { status: StatusCode::GATEWAY_TIMEOUT.as_u16(), body: words });
            }
        };
        if let Some(refusal) = refusal(status, &body) {
            return Err(asked.error(kube::Error::Api(Box::new(refusal))));
        }
        let text = || Value::String(String::from_utf8_lossy(&body).into_owned());
        let body = serde_json::from_slice(&body).unwrap_or_else(|_| text());
        Ok(Answer { status: status.as_u16(), body })
    }

    async fn request(
        &self,
        asked: Asked,
        request: Result<Request<Vec<u8>>, core::request::Error>,
    ) -> Result<Value, ReadError> {
        let request = match request {
            Ok(request) => request,
            Err(source) => return Err(asked.error(kube::Error::BuildRequest(source))),
        };
        match tokio::time::timeout(LIMIT, self.client.request(request)).await {
            Ok(answer) => answer.map_err(|error| asked.error(error)),
            Err(_) => Err(ReadError::TimedOut { what: asked.what, limit: LIMIT }),
        }
    }
}

/// The API server's own refusal to pass a request on. (That nothing answers behind it is none.)
fn refusal(status: StatusCode, body: &[u8]) -> Option<core::Status> {
    let its_own = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::TOO_MANY_REQUESTS];
    if !its_own.contains(&status) {
        return None;
    }
    let told: Value = serde_json::from_slice(body).ok()?;
    (told["kind"] == "Status").then(|| serde_json::from_value(told).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_told_with_its_kind_and_without_its_managers() {
        let item = json!({ "metadata": { "name": "a", "managedFields": [{}] }, "spec": {} });
        let told = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "a" }, "spec": {},
        });
        assert_eq!(DEPLOYMENTS.told(item), told);
    }

    #[test]
    fn only_what_is_not_there_is_gone() {
        let asked = || Asked::new("get", "pods", None, "Pod a".to_owned());
        let answered =
            |code: u16| kube::Error::Api(Box::new(core::Status { code, ..Default::default() }));
        let gone = [404, 403, 500].map(|code| asked().error(answered(code)).is_gone());
        assert_eq!(gone, [true, false, false]);
        let limit = Duration::from_secs(1);
        assert!(!ReadError::TimedOut { what: String::new(), limit }.is_gone());
    }

    #[test]
    fn only_what_the_api_server_itself_refuses_is_an_error() {
        let check = |status: u16, body: Value, refused: bool| {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(refusal(status, body.to_string().as_bytes()).is_some(), refused, "{body}");
        };
        let status = |code: u16| json!({ "kind": "Status", "code": code, "status": "Failure" });
        check(403, status(403), true);
        check(403, json!({ "errors": ["Flink's own"] }), false);
        check(503, status(503), false);
        check(404, status(404), false);
    }
}
