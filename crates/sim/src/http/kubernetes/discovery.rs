//! What the server serves, in the documents that clients look for kinds in.

use super::kinds::{Kind, Kinds};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// `/version`: the Kubernetes whose behaviour this is.
pub fn version() -> Value {
    json!({
        "major": "1", "minor": "34", "gitVersion": "v1.34.0-simulated", "gitCommit": "",
        "gitTreeState": "clean", "buildDate": "1970-01-01T00:00:00Z", "goVersion": "none",
        "compiler": "rustc", "platform": "none",
    })
}

/// `/api`
pub fn core_versions() -> Value {
    json!({ "kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [] })
}

/// Groups and versions but the core's, in order.
fn group_versions(kinds: &Kinds) -> BTreeSet<(&str, &str)> {
    let all = kinds.iter().map(|kind| (kind.group.as_str(), kind.version.as_str()));
    all.filter(|(group, _)| !group.is_empty()).collect()
}

/// `/apis`
pub fn groups(kinds: &Kinds) -> Value {
    let groups: BTreeSet<_> = group_versions(kinds).into_iter().map(|(group, _)| group).collect();
    let groups: Vec<_> = groups.into_iter().filter_map(|name| group(kinds, name)).collect();
    json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": groups })
}

/// `/apis/GROUP`
pub fn group(kinds: &Kinds, name: &str) -> Option<Value> {
    let versions: Vec<_> = group_versions(kinds)
        .into_iter()
        .filter(|(group, _)| *group == name)
        .map(|(_, version)| {
            json!({ "groupVersion": format!("{name}/{version}"), "version": version })
        })
        .collect();
    let preferred = versions.first()?.clone();
    Some(json!({ "kind": "APIGroup", "apiVersion": "v1", "name": name, "versions": versions,
                 "preferredVersion": preferred }))
}

/// `/api/v1`, `/apis/GROUP/VERSION`
pub fn resources(kinds: &Kinds, group: &str, version: &str) -> Option<Value> {
    let served: Vec<_> = of(kinds, group, version).collect();
    let api_version = served.first()?.api_version();
    let resources: Vec<_> = served.into_iter().flat_map(resource_entries).collect();
    Some(json!({ "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api_version,
                 "resources": resources }))
}

fn of<'a>(kinds: &'a Kinds, group: &str, version: &str) -> impl Iterator<Item = &'a Kind> {
    kinds.iter().map(|k| &**k).filter(move |kind| kind.group == group && kind.version == version)
}

const VERBS: &[&str] =
    &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
const PART_VERBS: &[&str] = &["get", "patch", "update"];

fn resource_entries(kind: &Kind) -> Vec<Value> {
    let mut entries = vec![json!({
        "name": kind.plural, "singularName": kind.singular, "namespaced": kind.namespaced,
        "kind": kind.kind, "verbs": VERBS, "shortNames": kind.short_names,
        "categories": kind.categories,
    })];
    let part = |part: &str, verbs: &[&str]| {
        json!({ "name": format!("{}/{part}", kind.plural), "singularName": "",
                "namespaced": kind.namespaced, "kind": kind.kind, "verbs": verbs })
    };
    if kind.has_status {
        entries.push(part("status", PART_VERBS));
    }
    if kind.scale.is_some() {
        let mut scale = part("scale", PART_VERBS);
        scale["group"] = json!("autoscaling");
        scale["version"] = json!("v1");
        scale["kind"] = json!("Scale");
        entries.push(scale);
    }
    if kind.has_proxy() {
        entries.push(part("proxy", &["create", "delete", "get", "patch", "update"]));
    }
    entries
}

/// `/api` or `/apis` as `APIGroupDiscoveryList`.
pub fn aggregated(kinds: &Kinds, is_core: bool) -> Value {
    let found = if is_core { BTreeSet::from([("", "v1")]) } else { group_versions(kinds) };
    let groups: BTreeSet<_> = found.iter().map(|(group, _)| *group).collect();
    let items: Vec<_> = groups
        .into_iter()
        .map(|group| {
            let versions: Vec<_> = found
                .iter()
                .filter(|(other, _)| *other == group)
                .map(|(_, version)| {
                    let resources: Vec<_> =
                        of(kinds, group, version).map(aggregated_resource).collect();
                    json!({ "version": version, "freshness": "Current", "resources": resources })
                })
                .collect();
            let mut metadata = json!({ "creationTimestamp": null });
            if !group.is_empty() {
                metadata["name"] = json!(group);
            }
            json!({ "metadata": metadata, "versions": versions })
        })
        .collect();
    json!({ "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2",
            "metadata": {}, "items": items })
}

fn aggregated_resource(kind: &Kind) -> Value {
    let response = |group: &str, version: &str, kind: &str| json!({ "group": group, "version": version, "kind": kind });
    let own = response(&kind.group, &kind.version, &kind.kind);
    let mut parts = vec![];
    if kind.has_status {
        parts.push(json!({ "subresource": "status", "responseKind": own, "verbs": PART_VERBS }));
    }
    if kind.scale.is_some() {
        let scale = response("autoscaling", "v1", "Scale");
        parts.push(json!({ "subresource": "scale", "responseKind": scale, "verbs": PART_VERBS }));
    }
    json!({
        "resource": kind.plural, "singularResource": kind.singular, "responseKind": own,
        "scope": if kind.namespaced { "Namespaced" } else { "Cluster" }, "verbs": VERBS,
        "shortNames": kind.short_names, "categories": kind.categories, "subresources": parts,
    })
}
