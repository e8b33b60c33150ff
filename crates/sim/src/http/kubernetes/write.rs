//! Create, update, patch, apply, delete.

use super::error::{ApiError, Cause, Subject};
use super::events;
use super::kinds::{Kind, PODS, SERVICES};
use super::meta;
use super::patch::Patch;
use super::read;
use super::route::{self, Query, Rendering, Subresource, Target};
use super::store::{
    DeleteOptions, Deleted, FieldValidation, Origin, Part, Propagation, Store, WriteOptions,
    Written,
};
use bytes::Bytes;
use http::{header, request};
use serde_json::{Value, json};

/// What a write answers.
pub(super) struct Answer {
    /// HTTP status.
    pub(super) status: u16,
    /// The object, or a `Status`.
    pub(super) body: Value,
    /// For the `Warning` headers.
    pub(super) warnings: Vec<String>,
}

/// A request to write, parsed as far as all verbs need it.
pub(super) struct Write<'a> {
    pub(super) target: &'a Target,
    pub(super) query: &'a Query,
    pub(super) parts: &'a request::Parts,
    pub(super) body: &'a Bytes,
    pub(super) rendering: Rendering,
}

const JSON_TYPES: &str = "application/json, application/yaml";
const PATCH_TYPES: &str = "application/json-patch+json, application/merge-patch+json, \
    application/apply-patch+yaml, application/strategic-merge-patch+json";
const CUSTOM_PATCH_TYPES: &str =
    "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml";

impl Write<'_> {
    pub(super) fn create(&self, store: &mut Store) -> Result<Answer, ApiError> {
        let kind = &self.target.kind;
        let object = events::to_stored(kind, self.object()?);
        let namespace = self.target.store_namespace();
        let written = store.create(kind, namespace, object, &self.options()?)?;
        Ok(self.answer(store, written))
    }

    pub(super) fn update(&self, store: &mut Store) -> Result<Answer, ApiError> {
        let object = self.object()?;
        self.replace(store, object, Origin::Put)
    }

    pub(super) fn patch(&self, store: &mut Store) -> Result<Answer, ApiError> {
        let kind = &self.target.kind;
        if route::content_type(self.parts).starts_with("application/apply-patch") {
            return self.apply(store);
        }
        let patch = self.parse_patch()?;
        let (namespace, name) = (self.target.store_namespace(), self.name());
        let Some(stored) = store.get(&kind.resource, namespace, name) else {
            return Err(ApiError::NotFound(kind.subject(name)));
        };
        let current = match self.target.subresource {
            Subresource::Scale => scale_of(kind, &stored),
            _ => events::to_served(kind, (*stored).clone()),
        };
        self.replace(store, patch.apply(&current)?, Origin::Patch)
    }

    fn replace(&self, store: &mut Store, sent: Value, origin: Origin) -> Result<Answer, ApiError> {
        let kind = &self.target.kind;
        let (namespace, name) = (self.target.store_namespace(), self.name());
        let object = match self.target.subresource {
            Subresource::Scale => {
                let stored = store.get(&kind.resource, namespace, name);
                let stored = stored.ok_or_else(|| ApiError::NotFound(kind.subject(name)))?;
                scaled(kind, &stored, &sent)?
            }
            _ => events::to_stored(kind, sent),
        };
        let written = store.replace(kind, namespace, name, object, origin, &self.options()?)?;
        Ok(self.answer(store, written))
    }

    fn apply(&self, store: &mut Store) -> Result<Answer, ApiError> {
        let kind = &self.target.kind;
        if self.query.text("fieldManager").is_empty() {
            let subject = Subject {
                group: "meta.k8s.io".to_owned(),
                resource: "PatchOptions".to_owned(),
                name: String::new(),
            };
            let causes = vec![Cause::required("fieldManager", "is required for apply patch")];
            return Err(ApiError::Invalid { subject, causes });
        }
        let config = events::to_stored(kind, parse(self.body, true)?);
        let written = store.apply(
            kind,
            self.target.store_namespace(),
            self.name(),
            config,
            self.query.flag("force"),
            &self.options()?,
        )?;
        Ok(self.answer(store, written))
    }

    pub(super) fn delete(&self, store: &mut Store) -> Result<Answer, ApiError> {
        let kind = &self.target.kind;
        let options = self.delete_options()?;
        let deleted = store.delete(kind, self.target.store_namespace(), self.name(), &options)?;
        let (object, is_gone) = match &deleted {
            Deleted::Now(object) => (object, true),
            Deleted::Later(object) => (object, options.dry_run),
        };
        let returns_object = [PODS, SERVICES].contains(&kind.resource);
        let body = if is_gone && !returns_object {
            json!({
                "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
                "details": { "name": meta::name(object), "group": kind.group,
                             "kind": kind.plural, "uid": meta::uid(object) },
            })
        } else {
            read::render(kind, object, self.rendering, store.now())
        };
        Ok(Answer { status: 200, body, warnings: vec![] })
    }

    pub(super) fn delete_collection(&self, store: &mut Store) -> Result<Answer, ApiError> {
        let kind = &self.target.kind;
        let options = self.delete_options()?;
        let selector = read::selector(self.target, self.query)?;
        let mut items = vec![];
        for object in store.list(&kind.resource, self.target.namespace.as_deref()) {
            if selector.matches(&object) {
                let (namespace, name) = (meta::namespace(&object), meta::name(&object));
                store.delete(kind, namespace, name, &options)?;
                items.push(events::to_served(kind, (*object).clone()));
            }
        }
        let body = json!({
            "kind": format!("{}List", kind.kind), "apiVersion": kind.api_version(),
            "metadata": { "resourceVersion": store.version().to_string() }, "items": items,
        });
        Ok(Answer { status: 200, body, warnings: vec![] })
    }

    fn name(&self) -> &str {
        self.target.name.as_deref().unwrap_or_default()
    }

    /// The body as an object; the kind may be left out nowhere but in a patch.
    fn object(&self) -> Result<Value, ApiError> {
        let is_yaml = match route::content_type(self.parts) {
            "application/json" | "" => false,
            "application/yaml" => true,
            _ => return Err(ApiError::UnsupportedMediaType(JSON_TYPES)),
        };
        let object = parse(self.body, is_yaml)?;
        if object.is_object() {
            Ok(object)
        } else {
            Err(ApiError::BadRequest("the body is no object".to_owned()))
        }
    }

    fn parse_patch(&self) -> Result<Patch, ApiError> {
        let patch = || parse(self.body, false);
        let is_custom = self.target.kind.is_custom();
        match route::content_type(self.parts) {
            "application/merge-patch+json" => Ok(Patch::Merge(patch()?)),
            "application/strategic-merge-patch+json" if !is_custom => {
                Ok(Patch::Strategic(patch()?))
            }
            "application/json-patch+json" => serde_json::from_value(patch()?)
                .map(Patch::Json)
                .map_err(|error| ApiError::BadRequest(error.to_string())),
            _ if is_custom => Err(ApiError::UnsupportedMediaType(CUSTOM_PATCH_TYPES)),
            _ => Err(ApiError::UnsupportedMediaType(PATCH_TYPES)),
        }
    }

    fn options(&self) -> Result<WriteOptions, ApiError> {
        let manager = match self.query.text("fieldManager") {
            "" => default_manager(self.parts),
            manager => manager,
        };
        let validation = match self.query.text("fieldValidation") {
            "" | "Warn" => FieldValidation::Warn,
            "Strict" => FieldValidation::Strict,
            "Ignore" => FieldValidation::Ignore,
            other => {
                return Err(ApiError::BadRequest(format!("invalid fieldValidation: {other:?}")));
            }
        };
        let part = match self.target.subresource {
            Subresource::Status => Part::Status,
            _ => Part::Object,
        };
        let dry_run = is_dry_run(self.query.text("dryRun"))?;
        Ok(WriteOptions { manager: manager.to_owned(), part, dry_run, validation })
    }

    /// From the body, or from the query where there is no body.
    fn delete_options(&self) -> Result<DeleteOptions, ApiError> {
        let body = match self.body.is_empty() {
            true => json!({}),
            false => parse(self.body, false)?,
        };
        let text = |pointer: &str, parameter: &str| match meta::text(&body, pointer) {
            "" => self.query.text(parameter).to_owned(),
            text => text.to_owned(),
        };
        let propagation = match text("/propagationPolicy", "propagationPolicy").as_str() {
            "" if body["orphanDependents"] == true => Some(Propagation::Orphan),
            "" => None,
            "Background" => Some(Propagation::Background),
            "Foreground" => Some(Propagation::Foreground),
            "Orphan" => Some(Propagation::Orphan),
            other => {
                return Err(ApiError::BadRequest(format!("invalid propagationPolicy: {other:?}")));
            }
        };
        let dry_run = meta::array(&body, "/dryRun").iter().any(|value| value == "All")
            || is_dry_run(self.query.text("dryRun"))?;
        let grace = match body["gracePeriodSeconds"].as_i64() {
            Some(seconds) => Some(seconds),
            None => self.query.number("gracePeriodSeconds")?.and_then(|s| i64::try_from(s).ok()),
        };
        let precondition = |pointer: &str| match meta::text(&body, pointer) {
            "" => None,
            text => Some(text.to_owned()),
        };
        Ok(DeleteOptions {
            uid: precondition("/preconditions/uid"),
            resource_version: precondition("/preconditions/resourceVersion"),
            propagation,
            grace_seconds: grace,
            dry_run,
        })
    }

    fn answer(&self, store: &Store, written: Written) -> Answer {
        let kind = &self.target.kind;
        let body = match self.target.subresource {
            Subresource::Scale => scale_of(kind, &written.object),
            _ => read::render(kind, &written.object, self.rendering, store.now()),
        };
        let status = if written.created { 201 } else { 200 };
        Answer { status, body, warnings: written.warnings }
    }
}

fn is_dry_run(text: &str) -> Result<bool, ApiError> {
    match text {
        "" => Ok(false),
        "All" => Ok(true),
        other => Err(ApiError::BadRequest(format!("invalid dryRun: {other:?}"))),
    }
}

/// The part of the user agent before the version.
fn default_manager(parts: &request::Parts) -> &str {
    let agent = route::header_text(parts, header::USER_AGENT);
    match agent.split('/').next() {
        None | Some("") => "unknown",
        Some(manager) => manager,
    }
}

/// JSON, or YAML where the media type says so (of which JSON is a part, but JSON is quicker).
fn parse(body: &Bytes, is_yaml: bool) -> Result<Value, ApiError> {
    let error = match serde_json::from_slice(body) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let text = std::str::from_utf8(body).unwrap_or_default();
    if is_yaml {
        serde_saphyr::from_str(text).map_err(|error| ApiError::BadRequest(error.to_string()))
    } else {
        Err(ApiError::BadRequest(format!("the body is no JSON: {error}")))
    }
}

/// `autoscaling/v1` Scale of an object.
pub(super) fn scale_of(kind: &Kind, object: &Value) -> Value {
    let number = |path: &str| object.pointer(&path.replace('.', "/")).cloned();
    let scale = kind.scale.as_ref();
    let spec = scale.and_then(|scale| number(&scale.spec_path));
    let status = scale.and_then(|scale| number(&scale.status_path));
    let metadata = &object["metadata"];
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1",
        "metadata": { "name": metadata["name"], "namespace": metadata["namespace"],
            "uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"],
            "creationTimestamp": metadata["creationTimestamp"] },
        "spec": { "replicas": spec.unwrap_or(json!(0)) },
        "status": { "replicas": status.unwrap_or(json!(0)) },
    })
}

/// The object with the replicas that a Scale asks for.
fn scaled(kind: &Kind, object: &Value, scale: &Value) -> Result<Value, ApiError> {
    let mut object = object.clone();
    let path = kind.scale.as_ref().map(|scale| scale.spec_path.replace('.', "/"));
    let Some((parent, field)) = path.as_deref().and_then(|path| path.rsplit_once('/')) else {
        return Err(ApiError::MethodNotAllowed);
    };
    if let Some(parent) = object.pointer_mut(parent).and_then(Value::as_object_mut) {
        parent.insert(field.to_owned(), scale["spec"]["replicas"].clone());
    }
    for check in ["uid", "resourceVersion"] {
        if let Some(value) = scale["metadata"].get(check) {
            meta::set(&mut object, check, Some(value.clone()));
        }
    }
    Ok(object)
}
