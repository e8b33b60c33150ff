//! Server-side apply and the ownership of fields (`metadata.managedFields`).
//!
//! The model is Kubernetes' own, a little simpler: every manager owns a set of leaf paths; an
//! update gives the writer what it changed and takes it from the others; an apply owns what it
//! says, conflicts with what others own and have set differently, and removes what it said before
//! and nobody else owns. Left out: conversion between versions, and limits on the number of
//! managers.

mod field_set;
mod merge;
mod shape;

pub use shape::{ListKind, Shape, item_key};

use super::error::{ApiError, Cause};
use super::kinds::Kind;
use super::meta;
use field_set::{FieldSet, decode, display, encode, fields_of, value_at};
use serde_json::{Value, json};

/// Who writes, as it stands in managedFields.
#[derive(Debug, Clone, Copy)]
pub struct Writer<'a> {
    /// The field manager's name.
    pub manager: &'a str,
    /// `apiVersion` of the written object.
    pub api_version: &'a str,
    /// `status`, or empty.
    pub subresource: &'a str,
    /// `metav1.Time`.
    pub time: &'a str,
}

#[derive(Debug, Clone)]
struct Entry {
    head: Value,
    fields: FieldSet,
}

impl Entry {
    fn new(writer: Writer<'_>, operation: &str) -> Self {
        let mut head = json!({
            "manager": writer.manager, "operation": operation, "apiVersion": writer.api_version,
            "time": writer.time, "fieldsType": "FieldsV1",
        });
        if !writer.subresource.is_empty() {
            head["subresource"] = json!(writer.subresource);
        }
        Self { head, fields: FieldSet::new() }
    }

    fn is(&self, writer: Writer<'_>, operation: &str) -> bool {
        meta::text(&self.head, "/manager") == writer.manager
            && meta::text(&self.head, "/operation") == operation
            && meta::text(&self.head, "/subresource") == writer.subresource
    }

    fn describe(&self) -> String {
        let manager = meta::text(&self.head, "/manager");
        match meta::text(&self.head, "/operation") {
            "Apply" => format!("conflict with {manager:?}"),
            _ => {
                format!("conflict with {manager:?} using {}", meta::text(&self.head, "/apiVersion"))
            }
        }
    }
}

fn read_entries(object: &Value) -> Vec<Entry> {
    meta::array(object, "/metadata/managedFields")
        .iter()
        .map(|entry| Entry { head: entry.clone(), fields: decode(&entry["fieldsV1"]) })
        .collect()
}

fn write_entries(object: &mut Value, entries: Vec<Entry>) {
    let list: Vec<_> = entries
        .into_iter()
        .filter(|entry| !entry.fields.is_empty())
        .map(|entry| {
            let mut head = entry.head;
            head["fieldsV1"] = encode(&entry.fields);
            head
        })
        .collect();
    meta::set(object, "managedFields", (!list.is_empty()).then(|| json!(list)));
}

/// The shape of a kind's objects.
pub fn shape_of(kind: &Kind) -> Shape<'_> {
    match &kind.schema {
        Some(schema) => Shape::Schema(schema),
        None => Shape::Builtin(""),
    }
}

/// Records in `new` that `writer` changed it from `old`.
pub fn track_update(kind: &Kind, old: Option<&Value>, new: &mut Value, writer: Writer<'_>) {
    let shape = shape_of(kind);
    let after = fields_of(shape, new);
    let before = old.map(|old| fields_of(shape, old)).unwrap_or_default();
    let differs =
        |path: &&field_set::Path| old.and_then(|old| value_at(old, path)) != value_at(new, path);
    // A list item is a path, too, but it is changed only if it is new: its fields are paths.
    let is_inner = |path: &field_set::Path| {
        after.range(path.clone()..).nth(1).is_some_and(|next| next.starts_with(path))
    };
    let changed: FieldSet = after
        .iter()
        .filter(|path| !before.contains(*path) || (!is_inner(path) && differs(path)))
        .cloned()
        .collect();
    let removed: FieldSet = before.difference(&after).cloned().collect();
    if changed.is_empty() && removed.is_empty() {
        return;
    }
    let mut entries = read_entries(new);
    for entry in &mut entries {
        entry.fields.retain(|path| !removed.contains(path));
        if !entry.is(writer, "Update") {
            entry.fields.retain(|path| !changed.contains(path));
        }
    }
    give(&mut entries, writer, "Update", |fields| fields.extend(changed));
    write_entries(new, entries);
}

fn give(
    entries: &mut Vec<Entry>,
    writer: Writer<'_>,
    operation: &str,
    change: impl FnOnce(&mut FieldSet),
) {
    let at = entries.iter().position(|e| e.is(writer, operation)).unwrap_or_else(|| {
        entries.push(Entry::new(writer, operation));
        entries.len() - 1
    });
    let entry = &mut entries[at];
    let before = entry.fields.clone();
    change(&mut entry.fields);
    if entry.fields != before {
        entry.head["time"] = json!(writer.time);
        entry.head["apiVersion"] = json!(writer.api_version);
    }
}

/// What `live` becomes when `writer` applies `config`, managedFields included.
///
/// # Errors
/// `ApplyConflict` if another manager owns a field that would change, unless `force`.
pub fn apply(
    kind: &Kind,
    live: &Value,
    config: &Value,
    writer: Writer<'_>,
    force: bool,
) -> Result<Value, ApiError> {
    let shape = shape_of(kind);
    let wanted = fields_of(shape, config);
    let mut entries = read_entries(live);
    let contested: FieldSet = wanted
        .iter()
        .filter(|path| value_at(live, path) != value_at(config, path))
        .cloned()
        .collect();
    let conflicts = take(&mut entries, writer, &contested);
    if !conflicts.is_empty() && !force {
        return Err(ApiError::ApplyConflict(conflicts));
    }
    let mut merged = live.clone();
    merge::merge(shape, &mut merged, config);
    merge::remove(&mut merged, dropped(&entries, writer, &wanted));
    give(&mut entries, writer, "Apply", |fields| *fields = wanted);
    write_entries(&mut merged, entries);
    Ok(merged)
}

/// Takes fields from everyone but `writer`, and says from whom.
fn take(entries: &mut [Entry], writer: Writer<'_>, contested: &FieldSet) -> Vec<Cause> {
    let mut conflicts = vec![];
    for entry in entries.iter_mut().filter(|e| !e.is(writer, "Apply")) {
        // Items of keyed lists are shared: only what is inside them can be contested.
        let is_lost = |path: &field_set::Path| {
            contested.contains(path) && !matches!(path.last(), Some(field_set::Step::Key(_)))
        };
        conflicts.extend(entry.fields.iter().filter(|path| is_lost(path)).map(|path| Cause {
            reason: "FieldManagerConflict",
            field: display(path),
            message: entry.describe(),
        }));
        entry.fields.retain(|path| !is_lost(path));
    }
    conflicts
}

/// The fields that `writer` applied before, does not want now, and nobody else owns.
fn dropped(entries: &[Entry], writer: Writer<'_>, wanted: &FieldSet) -> Vec<field_set::Path> {
    let others: FieldSet = entries
        .iter()
        .filter(|e| !e.is(writer, "Apply"))
        .flat_map(|e| e.fields.iter().cloned())
        .collect();
    // Who owns a field inside owns the item around it, too.
    let is_held = |path: &field_set::Path| {
        others.range(path.clone()..).next().is_some_and(|other| other.starts_with(path))
    };
    let mine = entries.iter().find(|e| e.is(writer, "Apply"));
    let mine = mine.into_iter().flat_map(|entry| &entry.fields);
    mine.filter(|path| !wanted.contains(*path) && !is_held(path)).cloned().collect()
}
