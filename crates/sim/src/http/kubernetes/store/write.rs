//! Creating and changing objects by the API server's rules.

use super::super::apply::{self, Writer};
use super::super::builtin;
use super::super::error::{ApiError, Cause};
use super::super::kinds::{Generation, Kind, NAMESPACES};
use super::super::{meta, schema};
use super::checks::{check_name, check_preconditions, check_type, combine, keep_part, place};
use super::{Key, Store};
use serde_json::{Value, json};
use std::sync::Arc;

/// What happens to unknown and duplicate fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FieldValidation {
    /// Dropped silently.
    Ignore,
    /// Dropped with a warning: the API's default.
    #[default]
    Warn,
    /// Refused.
    Strict,
}

/// Which part of an object a write is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Part {
    /// Everything but the status.
    #[default]
    Object,
    /// The status only.
    Status,
}

/// How the new object came about; decides how a UID that differs is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Sent as a whole.
    Put,
    /// The stored object with a patch on it.
    Patch,
}

/// How to write.
#[derive(Debug, Clone, Default)]
pub struct WriteOptions {
    /// The field manager.
    pub manager: String,
    /// Which part.
    pub part: Part,
    /// Do everything but store.
    pub dry_run: bool,
    /// What happens to unknown fields.
    pub validation: FieldValidation,
}

/// What was written.
#[derive(Debug, Clone)]
pub struct Written {
    /// The object as it is stored now.
    pub object: Arc<Value>,
    /// Whether it is new.
    pub created: bool,
    /// What the client should be told.
    pub warnings: Vec<String>,
}

/// How managedFields come about.
enum Ownership {
    /// The writer owns what it changed.
    Changed,
    /// They were computed by an apply and are in the object.
    Applied,
}

impl Store {
    /// Creates an object in a namespace (empty for cluster-wide kinds).
    ///
    /// # Errors
    /// `AlreadyExists`, `Invalid`, `BadRequest`, or `NotFound`/`Forbidden` for the namespace.
    pub fn create(
        &mut self,
        kind: &Kind,
        namespace: &str,
        object: Value,
        options: &WriteOptions,
    ) -> Result<Written, ApiError> {
        let mut object = object;
        check_type(kind, &object)?;
        place(kind, namespace, &mut object)?;
        if !["", "0"].contains(&meta::resource_version(&object)) {
            let message = "resourceVersion should not be set on objects to be created";
            return Err(ApiError::Internal(message.to_owned()));
        }
        let prefix = meta::text(&object, "/metadata/generateName").to_owned();
        if meta::name(&object).is_empty() && !prefix.is_empty() {
            let name = format!("{prefix}{}", self.identities.suffix());
            meta::set(&mut object, "name", Some(json!(name)));
        }
        self.check_namespace(kind, namespace, meta::name(&object))?;
        if self.objects.contains_key(&Key::of(&kind.resource, &object)) {
            return Err(ApiError::AlreadyExists(kind.subject(meta::name(&object))));
        }
        if kind.has_status {
            object.as_object_mut().expect("checked by check_type").remove("status");
        }
        for field in ["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"]
        {
            meta::set(&mut object, field, None);
        }
        self.finish(kind, None, object, &Ownership::Changed, options)
    }

    /// Puts a whole object in the place of the stored one.
    ///
    /// # Errors
    /// `NotFound`, `Conflict` (resourceVersion, UID), `Invalid`, `BadRequest`.
    pub fn replace(
        &mut self,
        kind: &Kind,
        namespace: &str,
        name: &str,
        object: Value,
        origin: Origin,
        options: &WriteOptions,
    ) -> Result<Written, ApiError> {
        let mut object = object;
        check_type(kind, &object)?;
        place(kind, namespace, &mut object)?;
        check_name(name, &mut object)?;
        let Some(old) = self.get(&kind.resource, namespace, name) else {
            if kind.create_on_update && options.part == Part::Object {
                meta::set(&mut object, "resourceVersion", None);
                return self.create(kind, namespace, object, options);
            }
            return Err(ApiError::NotFound(kind.subject(name)));
        };
        check_preconditions(kind, &old, &object, origin)?;
        let object = combine(kind, &old, object, options.part);
        self.finish(kind, Some(old), object, &Ownership::Changed, options)
    }

    /// Server-side apply; creates the object if it is absent.
    ///
    /// # Errors
    /// As [`replace`](Self::replace), and `ApplyConflict` unless `force`.
    pub fn apply(
        &mut self,
        kind: &Kind,
        namespace: &str,
        name: &str,
        config: Value,
        force: bool,
        options: &WriteOptions,
    ) -> Result<Written, ApiError> {
        let mut config = config;
        check_type(kind, &config)?;
        place(kind, namespace, &mut config)?;
        check_name(name, &mut config)?;
        if config.pointer("/metadata/managedFields").is_some() {
            return Err(ApiError::BadRequest("metadata.managedFields must be nil".to_owned()));
        }
        let warnings = self.prune(kind, &mut config, options.validation)?;
        let old = self.get(&kind.resource, namespace, name);
        if let Some(old) = &old {
            check_preconditions(kind, old, &config, Origin::Patch)?;
        } else {
            if options.part == Part::Status {
                return Err(ApiError::NotFound(kind.subject(name)));
            }
            self.check_namespace(kind, namespace, name)?;
        }
        keep_part(kind, &mut config, options.part);
        let nothing = json!({ "apiVersion": config["apiVersion"], "kind": config["kind"],
                              "metadata": { "name": name } });
        let live = old.as_deref().unwrap_or(&nothing);
        let time = meta::timestamp(self.now());
        let version = kind.api_version();
        let writer = writer(options, &version, &time);
        let mut merged = apply::apply(kind, live, &config, writer, force)?;
        place(kind, namespace, &mut merged)?;
        let mut written = self.finish(kind, old, merged, &Ownership::Applied, options)?;
        written.warnings.extend(warnings);
        Ok(written)
    }

    /// The common end of every write: metadata, defaults, validation, ownership, commit.
    fn finish(
        &mut self,
        kind: &Kind,
        old: Option<Arc<Value>>,
        mut object: Value,
        ownership: &Ownership,
        options: &WriteOptions,
    ) -> Result<Written, ApiError> {
        let warnings = self.prune(kind, &mut object, options.validation)?;
        match &kind.schema {
            Some(schema) => schema::fill_defaults(schema, &mut object),
            None => builtin::fill_defaults(&kind.resource, &mut object, old.as_deref()),
        }
        let causes = problems(kind, &object, old.as_deref());
        if !causes.is_empty() {
            let subject = kind.kind_subject(meta::name(&object));
            return Err(ApiError::Invalid { subject, causes });
        }
        let identities = self.identities.clone();
        self.set_system_metadata(kind, old.as_deref(), &mut object);
        if let Ownership::Changed = ownership {
            let time = meta::timestamp(self.now());
            let version = kind.api_version();
            let writer = writer(options, &version, &time);
            apply::track_update(kind, old.as_deref(), &mut object, writer);
        }
        forget_idle_ownership_changes(old.as_deref(), &mut object);
        let created = old.is_none();
        let object = if options.dry_run {
            self.identities = identities;
            Arc::new(object)
        } else {
            self.commit(&kind.resource, old, object)
        };
        Ok(Written { object, created, warnings })
    }

    fn prune(
        &self,
        kind: &Kind,
        object: &mut Value,
        validation: FieldValidation,
    ) -> Result<Vec<String>, ApiError> {
        let Some(schema) = &kind.schema else { return Ok(vec![]) };
        let mut unknown = vec![];
        schema::prune(schema, object, "", &mut unknown);
        let messages: Vec<_> =
            unknown.iter().map(|path| format!("unknown field \"{path}\"")).collect();
        match validation {
            FieldValidation::Ignore => Ok(vec![]),
            FieldValidation::Warn => Ok(messages),
            FieldValidation::Strict if messages.is_empty() => Ok(vec![]),
            FieldValidation::Strict => Err(ApiError::BadRequest(format!(
                "{0} in version \"{1}\" cannot be handled as a {0}: strict decoding error: {2}",
                kind.kind,
                kind.version,
                messages.join(", ")
            ))),
        }
    }

    fn check_namespace(&self, kind: &Kind, namespace: &str, name: &str) -> Result<(), ApiError> {
        if !kind.namespaced {
            return Ok(());
        }
        let Some(found) = self.get(&NAMESPACES, "", namespace) else {
            let kind = self.stored_kind(&NAMESPACES);
            return Err(ApiError::NotFound(kind.subject(namespace)));
        };
        if !meta::is_deleting(&found) {
            return Ok(());
        }
        Err(ApiError::Forbidden {
            subject: kind.subject(name),
            why: format!(
                "unable to create new content in namespace {namespace} because it is being \
                 terminated"
            ),
            causes: vec![Cause {
                reason: "NamespaceTerminating",
                field: "metadata.namespace".to_owned(),
                message: format!("namespace {namespace} is being terminated"),
            }],
        })
    }

    /// Keeps or fills in what only the API server writes.
    pub(super) fn set_system_metadata(
        &mut self,
        kind: &Kind,
        old: Option<&Value>,
        object: &mut Value,
    ) {
        drop_empty_metadata(object);
        let Some(old) = old else {
            let uid = self.identities.uid();
            let now = meta::timestamp(self.now());
            meta::set(object, "uid", Some(json!(uid)));
            meta::set(object, "creationTimestamp", Some(json!(now)));
            meta::set(object, "resourceVersion", None);
            let generation = (kind.generation != Generation::None).then(|| json!(1));
            meta::set(object, "generation", generation);
            return;
        };
        for field in [
            "uid",
            "creationTimestamp",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "generation",
            "resourceVersion",
            "selfLink",
        ] {
            meta::set(object, field, old["metadata"].get(field).cloned());
        }
        if is_new_generation(kind.generation, old, object) {
            meta::set(object, "generation", Some(json!(meta::generation(old) + 1)));
        }
    }
}

/// Kubernetes omits empty lists and maps of the metadata.
fn drop_empty_metadata(object: &mut Value) {
    meta::metadata_mut(object).retain(|_, value| match value {
        Value::Object(map) => !map.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Null => false,
        Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    });
}

fn writer<'a>(options: &'a WriteOptions, api_version: &'a str, time: &'a str) -> Writer<'a> {
    let subresource = match options.part {
        Part::Object => "",
        Part::Status => "status",
    };
    Writer { manager: &options.manager, api_version, subresource, time }
}

fn is_new_generation(generation: Generation, old: &Value, new: &Value) -> bool {
    match generation {
        Generation::None => false,
        Generation::Spec => old.get("spec") != new.get("spec"),
        Generation::AllButMetadataAndStatus => without_metadata(old) != without_metadata(new),
    }
}

fn without_metadata(object: &Value) -> Vec<(&String, &Value)> {
    let fields = object.as_object().into_iter().flatten();
    fields.filter(|(name, _)| !["metadata", "status"].contains(&name.as_str())).collect()
}

/// A write that changes nothing but the times in managedFields is no write.
fn forget_idle_ownership_changes(old: Option<&Value>, object: &mut Value) {
    let Some(old) = old else { return };
    let strip = |object: &Value| {
        let mut object = object.clone();
        let entries = object.pointer_mut("/metadata/managedFields").and_then(Value::as_array_mut);
        for entry in entries.into_iter().flatten() {
            entry["time"] = Value::Null;
        }
        object
    };
    if strip(old) == strip(object) {
        *object = old.clone();
    }
}

fn problems(kind: &Kind, object: &Value, old: Option<&Value>) -> Vec<Cause> {
    let mut causes = builtin::validate_metadata(kind, object, old);
    match &kind.schema {
        Some(schema) => {
            causes.extend(schema::validate(schema, object, old));
            schema::check_rules(schema, object, old, &mut causes);
        }
        None => causes.extend(builtin::validate(&kind.resource, object, old)),
    }
    causes
}
