//! What a request asks for: its path, query and headers, parsed. Nothing is looked up but kinds.

use super::error::ApiError;
use super::kinds::{Kind, Kinds};
use super::table::Include;
use http::{Method, header, request};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a path names.
#[derive(Debug, Clone)]
pub enum Route {
    /// `/version`
    Version,
    /// `/healthz`, `/livez`, `/readyz`
    Health,
    /// `/api`
    CoreVersions,
    /// `/apis`
    Groups,
    /// `/apis/GROUP`
    Group(String),
    /// `/api/v1`, `/apis/GROUP/VERSION`
    GroupVersion(String, String),
    /// `/openapi/v3`
    OpenApiIndex,
    /// `/openapi/v3/apis/GROUP/VERSION`
    OpenApi(String, String),
    /// Objects.
    Objects(Target),
    /// Nothing that is served.
    Unknown,
}

/// A collection, an object, or a part of one.
#[derive(Debug, Clone)]
pub struct Target {
    /// The kind.
    pub kind: Arc<Kind>,
    /// The namespace; `None` for all of them and for kinds of the cluster.
    pub namespace: Option<String>,
    /// The object; `None` for a collection.
    pub name: Option<String>,
    /// Which part of it.
    pub subresource: Subresource,
}

impl Target {
    /// The namespace as the store wants it: empty if there is none.
    pub fn store_namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or_default()
    }
}

/// A part of an object with a path of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subresource {
    /// The object itself.
    None,
    /// Its status.
    Status,
    /// Its number of replicas.
    Scale,
    /// What listens in it, at this path (with a leading slash).
    Proxy(String),
}

impl Subresource {
    /// As it stands in RBAC rules and logs.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::None => "",
            Self::Status => "status",
            Self::Scale => "scale",
            Self::Proxy(_) => "proxy",
        }
    }
}

/// Parses a path.
pub fn route(kinds: &Kinds, path: &str) -> Route {
    let segments: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).collect();
    match segments.as_slice() {
        ["version"] => Route::Version,
        ["healthz" | "livez" | "readyz", ..] => Route::Health,
        ["api"] => Route::CoreVersions,
        ["apis"] => Route::Groups,
        ["apis", group] => Route::Group((*group).to_owned()),
        ["api", version] => Route::GroupVersion(String::new(), (*version).to_owned()),
        ["apis", group, version] => Route::GroupVersion((*group).to_owned(), (*version).to_owned()),
        ["openapi", "v3"] => Route::OpenApiIndex,
        ["openapi", "v3", "api", version] => Route::OpenApi(String::new(), (*version).to_owned()),
        ["openapi", "v3", "apis", group, version] => {
            Route::OpenApi((*group).to_owned(), (*version).to_owned())
        }
        ["api", version, rest @ ..] => objects(kinds, "", version, rest, path),
        ["apis", group, version, rest @ ..] => objects(kinds, group, version, rest, path),
        _ => Route::Unknown,
    }
}

fn objects(kinds: &Kinds, group: &str, version: &str, rest: &[&str], path: &str) -> Route {
    // `namespaces/NAME` and its status are the namespace itself.
    let (namespace, plural, rest) = match rest {
        ["namespaces", name, plural, rest @ ..] if !["status", "finalize"].contains(plural) => {
            (Some((*name).to_owned()), *plural, rest)
        }
        [plural, rest @ ..] => (None, *plural, rest),
        [] => return Route::Unknown,
    };
    let Some(kind) = kinds.served(group, version, plural) else { return Route::Unknown };
    if namespace.is_some() && !kind.namespaced {
        return Route::Unknown;
    }
    let subresource = match rest {
        [] | [_] => Subresource::None,
        [_, "status"] if kind.has_status => Subresource::Status,
        [_, "scale"] if kind.scale.is_some() => Subresource::Scale,
        [_, "proxy", ..] if kind.has_proxy() => {
            let behind = path.split_once("/proxy").map(|(_, behind)| behind).unwrap_or_default();
            Subresource::Proxy(if behind.is_empty() { "/".to_owned() } else { behind.to_owned() })
        }
        _ => return Route::Unknown,
    };
    let name = rest.first().map(|name| decode(name));
    let is_nowhere = kind.namespaced && namespace.is_none() && name.is_some();
    if is_nowhere {
        return Route::Unknown;
    }
    Route::Objects(Target { kind: kind.clone(), namespace, name, subresource })
}

fn decode(segment: &str) -> String {
    percent_encoding::percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

/// The query parameters.
#[derive(Debug, Clone, Default)]
pub struct Query(BTreeMap<String, String>);

impl Query {
    /// Parses the text behind the `?`.
    pub fn parse(text: &str) -> Self {
        Self(form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    /// A parameter, empty if it is absent.
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).map(String::as_str).unwrap_or_default()
    }

    /// A parameter that is true or false; `1` and an empty value are true, as in Kubernetes.
    pub fn flag(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| ["true", "1", ""].contains(&value.as_str()))
    }

    /// A parameter that is a number.
    ///
    /// # Errors
    /// `BadRequest` if it is something else.
    pub fn number(&self, name: &str) -> Result<Option<u64>, ApiError> {
        match self.text(name) {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| {
                ApiError::BadRequest(format!("invalid query parameter {name}: {text:?}"))
            }),
        }
    }
}

/// What is to be done with a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// Read one object, or something that is no object.
    Get,
    /// Read a collection.
    List,
    /// Follow a collection.
    Watch,
    /// POST.
    Create,
    /// PUT.
    Update,
    /// PATCH, server-side apply included.
    Patch,
    /// DELETE of one object.
    Delete,
    /// DELETE of a collection.
    DeleteCollection,
    /// Talk to what runs in a pod, or behind a Service.
    Proxy,
}

impl Verb {
    /// As Kubernetes' RBAC and audit log name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::List => "list",
            Self::Watch => "watch",
            Self::Create => "create",
            Self::Update => "update",
            Self::Patch => "patch",
            Self::Delete => "delete",
            Self::DeleteCollection => "deletecollection",
            Self::Proxy => "proxy",
        }
    }

    /// The verb of a request; `None` for a method that nothing answers.
    pub fn of(method: &Method, target: Option<&Target>, query: &Query) -> Option<Self> {
        if target.is_some_and(|t| matches!(t.subresource, Subresource::Proxy(_))) {
            return Some(Self::Proxy);
        }
        let is_collection = target.is_some_and(|target| target.name.is_none());
        match (method, is_collection) {
            (&Method::GET, _) if target.is_some() && query.flag("watch") => Some(Self::Watch),
            (&Method::GET, true) => Some(Self::List),
            (&Method::GET | &Method::HEAD, _) => Some(Self::Get),
            (&Method::POST, true) => Some(Self::Create),
            (&Method::PUT, false) => Some(Self::Update),
            (&Method::PATCH, false) => Some(Self::Patch),
            (&Method::DELETE, false) => Some(Self::Delete),
            (&Method::DELETE, true) => Some(Self::DeleteCollection),
            _ => None,
        }
    }
}

/// The form in which objects are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rendering {
    /// As they are.
    Plain,
    /// As a table.
    Table(Include),
    /// Their metadata only.
    Partial,
}

/// The value of a header, empty if there is none.
pub fn header_text(parts: &request::Parts, name: header::HeaderName) -> &str {
    parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The media type of the body, without parameters.
pub fn content_type(parts: &request::Parts) -> &str {
    header_text(parts, header::CONTENT_TYPE).split(';').next().unwrap_or_default().trim()
}

/// The first form that the client accepts and the server has.
///
/// # Errors
/// `NotAcceptable` if there is none.
pub fn rendering(parts: &request::Parts, query: &Query) -> Result<Rendering, ApiError> {
    let accept = header_text(parts, header::ACCEPT);
    if accept.trim().is_empty() {
        return Ok(Rendering::Plain);
    }
    for option in accept.split(',') {
        let mut words = option.split(';').map(str::trim);
        let media = words.next().unwrap_or_default();
        if !["application/json", "application/*", "*/*"].contains(&media) {
            continue;
        }
        match words.find_map(|word| word.strip_prefix("as=")) {
            None => return Ok(Rendering::Plain),
            Some("Table") => return Ok(Rendering::Table(include(query)?)),
            Some("PartialObjectMetadata" | "PartialObjectMetadataList") => {
                return Ok(Rendering::Partial);
            }
            Some(_) => {}
        }
    }
    Err(ApiError::NotAcceptable("application/json"))
}

/// Whether the client asks for discovery in one document.
pub fn wants_aggregated_discovery(parts: &request::Parts) -> bool {
    header_text(parts, header::ACCEPT)
        .split(',')
        .map(str::trim)
        .take_while(|option| *option != "application/json")
        .any(|o| {
            o.contains("as=APIGroupDiscoveryList") && o.contains("v=v2") && !o.contains("beta")
        })
}

fn include(query: &Query) -> Result<Include, ApiError> {
    match query.text("includeObject") {
        "None" => Ok(Include::None),
        "" | "Metadata" => Ok(Include::Metadata),
        "Object" => Ok(Include::Object),
        other => Err(ApiError::BadRequest(format!("unrecognized includeObject value: {other:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expect: &str) {
        let kinds = Kinds::new([]);
        let found = match route(&kinds, path) {
            Route::Objects(t) => format!(
                "{} {:?} {:?} {:?}",
                t.kind.kind,
                t.namespace.as_deref().unwrap_or("-"),
                t.name.as_deref().unwrap_or("-"),
                t.subresource
            ),
            Route::Unknown => "unknown".to_owned(),
            other => format!("{other:?}"),
        };
        assert_eq!(found, expect, "{path}");
    }

    #[test]
    fn paths_are_understood() {
        check("/api/v1/pods", "Pod \"-\" \"-\" None");
        check("/api/v1/namespaces/n/pods/p", "Pod \"n\" \"p\" None");
        check("/api/v1/namespaces/n", "Namespace \"-\" \"n\" None");
        check("/api/v1/namespaces/n/status", "Namespace \"-\" \"n\" Status");
        check("/api/v1/pods/p", "unknown");
        check("/apis/apps/v1/namespaces/n/deployments/d/scale", "Deployment \"n\" \"d\" Scale");
        check(
            "/api/v1/namespaces/n/pods/p:8081/proxy/jobs/x",
            "Pod \"n\" \"p:8081\" Proxy(\"/jobs/x\")",
        );
        check("/api/v1/namespaces/n/pods/p%3A8081/proxy/", "Pod \"n\" \"p:8081\" Proxy(\"/\")");
        check(
            "/api/v1/namespaces/n/services/s:ui/proxy/jobs",
            "Service \"n\" \"s:ui\" Proxy(\"/jobs\")",
        );
        check("/api/v1/namespaces/n/configmaps/c/proxy/", "unknown");
        check("/apis/apps/v1", "GroupVersion(\"apps\", \"v1\")");
        check("/foo", "unknown");
    }
}
