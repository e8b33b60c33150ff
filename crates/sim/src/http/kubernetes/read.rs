//! Get and list.

use super::error::ApiError;
use super::events;
use super::kinds::Kind;
use super::meta;
use super::route::{Query, Rendering, Target};
use super::selector::Selector;
use super::store::Store;
use super::table::{self, Include};
use serde_json::{Value, json};
use std::sync::Arc;

/// One object, from the present or (`stale`) from an earlier version of the store.
///
/// # Errors
/// `NotFound`; `Expired` if the past is forgotten.
pub(super) fn get(
    store: &Store,
    target: &Target,
    rendering: Rendering,
    stale: Option<u64>,
) -> Result<Value, ApiError> {
    let name = target.name.as_deref().unwrap_or_default();
    let resource = &target.kind.resource;
    let found = match stale {
        None => store.get(resource, target.store_namespace(), name),
        Some(version) => store
            .list_at(resource, Some(target.store_namespace()), version)?
            .into_iter()
            .find(|object| meta::name(object) == name),
    };
    let object = found.ok_or_else(|| ApiError::NotFound(target.kind.subject(name)))?;
    Ok(render(&target.kind, &object, rendering, store.now()))
}

/// A stored object in the form that the client asked for.
pub(super) fn render(kind: &Kind, object: &Value, rendering: Rendering, now: i64) -> Value {
    match rendering {
        Rendering::Plain => events::to_served(kind, object.clone()),
        Rendering::Partial => table::partial(object),
        Rendering::Table(include) => {
            let version = json!({ "resourceVersion": meta::resource_version(object) });
            let shown = shown(kind, object, include);
            let mut table = table::render(kind, &[object], version, include, now);
            if let Some(shown) = shown {
                table["rows"][0]["object"] = shown;
            }
            table
        }
    }
}

fn shown(kind: &Kind, object: &Value, include: Include) -> Option<Value> {
    (include == Include::Object).then(|| events::to_served(kind, object.clone()))
}

/// The selector of a query.
///
/// # Errors
/// `BadRequest` if it cannot be parsed.
pub(super) fn selector(target: &Target, query: &Query) -> Result<Selector, ApiError> {
    let kind = &target.kind;
    let fields = events::selector_to_stored(kind, query.text("fieldSelector"));
    let selectable: Vec<String> =
        kind.selectable.iter().map(|field| events::selector_to_stored(kind, field)).collect();
    let mut selector = Selector::parse(query.text("labelSelector"), &fields, &selectable)?;
    if let Some(name) = &target.name {
        selector.restrict_to_name(name);
    }
    Ok(selector)
}

/// A collection.
///
/// # Errors
/// `BadRequest` for a selector or token that cannot be parsed; `Expired`,
/// `TooLargeResourceVersion`.
pub(super) fn list(
    store: &Store,
    target: &Target,
    query: &Query,
    rendering: Rendering,
    stale: Option<u64>,
) -> Result<Value, ApiError> {
    let selector = selector(target, query)?;
    let from = Start::of(store, query, stale)?;
    let namespace = target.namespace.as_deref();
    let mut objects =
        store.list_at(&target.kind.resource, namespace, from.version).map_err(name_list)?;
    objects.retain(|object| selector.matches(object));
    if let Some(after) = &from.after {
        objects.retain(|object| position(object) > *after);
    }
    let mut metadata = json!({ "resourceVersion": from.version.to_string() });
    if let Some(limit) = query.number("limit")?.filter(|limit| *limit > 0) {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let remaining = objects.len().saturating_sub(limit);
        objects.truncate(limit);
        if let Some(last) = objects.last().filter(|_| remaining > 0) {
            let (namespace, name) = position(last);
            metadata["continue"] = json!(format!("{}:{namespace}/{name}", from.version));
            if selector.is_empty() {
                metadata["remainingItemCount"] = json!(remaining);
            }
        }
    }
    Ok(render_list(&target.kind, &objects, metadata, rendering, store.now()))
}

/// Where an object stands in a list: namespace and name.
fn position(object: &Value) -> (String, String) {
    (meta::namespace(object).to_owned(), meta::name(object).to_owned())
}

/// The version that a list shows, and behind which object it begins.
struct Start {
    version: u64,
    after: Option<(String, String)>,
}

impl Start {
    fn of(store: &Store, query: &Query, stale: Option<u64>) -> Result<Self, ApiError> {
        let token = query.text("continue");
        if !token.is_empty() {
            let bad = || ApiError::BadRequest("continue key is not valid".to_owned());
            let (version, after) = token.split_once(':').ok_or_else(bad)?;
            let (namespace, name) = after.split_once('/').ok_or_else(bad)?;
            let version = version.parse().map_err(|_| bad())?;
            return Ok(Self { version, after: Some((namespace.to_owned(), name.to_owned())) });
        }
        let newest = stale.unwrap_or(store.version());
        let asked = query.number("resourceVersion")?;
        let is_exact = match query.text("resourceVersionMatch") {
            "Exact" => true,
            "" => query.number("limit")?.is_some(),
            _ => false,
        };
        match asked {
            Some(asked) if asked > store.version() => {
                Err(ApiError::TooLargeResourceVersion { asked, current: store.version() })
            }
            Some(asked) if asked > 0 && is_exact => Ok(Self { version: asked, after: None }),
            _ => Ok(Self { version: newest, after: None }),
        }
    }
}

/// An expired list has another text than an expired watch.
fn name_list(error: ApiError) -> ApiError {
    match error {
        ApiError::Expired(_) => ApiError::Expired(
            "The provided continue parameter or resource version is too old to display a \
             consistent list result. Start a new list without it."
                .to_owned(),
        ),
        other => other,
    }
}

fn render_list(
    kind: &Kind,
    objects: &[Arc<Value>],
    metadata: Value,
    rendering: Rendering,
    now: i64,
) -> Value {
    match rendering {
        Rendering::Plain => {
            let items: Vec<_> =
                objects.iter().map(|o| events::to_served(kind, (**o).clone())).collect();
            json!({ "kind": format!("{}List", kind.kind), "apiVersion": kind.api_version(),
                    "metadata": metadata, "items": items })
        }
        Rendering::Partial => {
            let items: Vec<_> = objects.iter().map(|object| table::partial(object)).collect();
            json!({ "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1",
                    "metadata": metadata, "items": items })
        }
        Rendering::Table(include) => {
            let objects: Vec<&Value> = objects.iter().map(|object| &**object).collect();
            let mut table = table::render(kind, &objects, metadata, include, now);
            for (row, object) in objects.iter().enumerate() {
                if let Some(shown) = shown(kind, object, include) {
                    table["rows"][row]["object"] = shown;
                }
            }
            table
        }
    }
}
