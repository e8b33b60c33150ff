//! Validation of metadata and of built-in kinds: what an operator is likely to trip over.

use super::super::error::Cause;
use super::super::kinds::{
    CONTROLLER_REVISIONS, DEPLOYMENTS, EVENTS, INGRESSES, Kind, LEASES, PODS, REPLICA_SETS,
    Resource, SERVICES,
};
use super::super::meta;
use super::super::selector::label_selector_matches;
use serde_json::{Value, json};

type Causes = Vec<Cause>;

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric \
    characters, '-' or '.', and must start and end with an alphanumeric character (e.g. \
    'example.com', regex used for validation is \
    '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric \
    characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or \
    '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const LABEL_1035: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or \
    '-', start with an alphabetic character, and end with an alphanumeric character (e.g. \
    'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

/// RFC 1035 and 1123: a label of a domain name.
const LABEL_LENGTH: usize = 63;
/// RFC 1123: a domain name.
const SUBDOMAIN_LENGTH: usize = 253;

/// What is wrong with an object's metadata.
pub fn validate_metadata(kind: &Kind, object: &Value, old: Option<&Value>) -> Causes {
    let mut causes = vec![];
    check_name(kind, meta::name(object), &mut causes);
    check_labels(object, &mut causes);
    for (index, owner) in meta::owners(object).iter().enumerate() {
        for field in ["apiVersion", "kind", "name", "uid"] {
            if meta::text(owner, &format!("/{field}")).is_empty() {
                let at = format!("metadata.ownerReferences[{index}].{field}");
                causes.push(Cause::invalid(at, &json!(""), "must not be empty"));
            }
        }
    }
    if let Some(old) = old.filter(|old| meta::is_deleting(old)) {
        let before = meta::finalizers(old);
        let new: Vec<_> =
            meta::finalizers(object).into_iter().filter(|f| !before.contains(f)).collect();
        if !new.is_empty() {
            let detail = format!(
                "no new finalizers can be added if the object is being deleted, found new \
                 finalizers []string{{{}}}",
                new.iter().map(|f| format!("{f:?}")).collect::<Vec<_>>().join(", ")
            );
            causes.push(Cause::forbidden("metadata.finalizers", &detail));
        }
    }
    causes
}

fn check_name(kind: &Kind, name: &str, causes: &mut Causes) {
    if name.is_empty() {
        causes.push(Cause::required("metadata.name", "name or generateName is required"));
        return;
    }
    let invalid = |detail: &str| Cause::invalid("metadata.name", &json!(name), detail);
    if kind.resource == SERVICES {
        if !is_label(name) || !name.starts_with(|c: char| c.is_ascii_lowercase()) {
            causes.push(invalid(LABEL_1035));
        }
    } else if !name.split('.').all(|part| is_label(part) || part.len() > LABEL_LENGTH) {
        causes.push(invalid(SUBDOMAIN));
    }
    let limit = if kind.resource == SERVICES { LABEL_LENGTH } else { SUBDOMAIN_LENGTH };
    if name.len() > limit {
        causes.push(invalid(&format!("must be no more than {limit} bytes")));
    }
}

fn is_label(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty()
        && text.len() <= LABEL_LENGTH
        && text.chars().all(allowed)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn check_labels(object: &Value, causes: &mut Causes) {
    let labels = object.pointer("/metadata/labels").and_then(Value::as_object);
    for (key, value) in labels.into_iter().flatten() {
        let text = value.as_str().unwrap_or_default();
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let edge = |c: char| c.is_ascii_alphanumeric();
        let is_valid = text.len() <= LABEL_LENGTH
            && text.chars().all(allowed)
            && (text.is_empty() || (text.starts_with(edge) && text.ends_with(edge)));
        if !is_valid {
            let detail = "a valid label must be an empty string or consist of alphanumeric \
                characters, '-', '_' or '.', and must start and end with an alphanumeric character \
                and have no more than 63 bytes";
            causes.push(Cause::invalid(format!("metadata.labels.{key}"), value, detail));
        }
    }
}

/// What is wrong with an object of a built-in kind.
pub fn validate(resource: &Resource, object: &Value, old: Option<&Value>) -> Causes {
    let mut causes = vec![];
    if *resource == DEPLOYMENTS || *resource == REPLICA_SETS {
        check_workload(object, old, &mut causes);
    } else if *resource == PODS {
        check_containers(object, "spec", &mut causes);
    } else if *resource == SERVICES {
        check_service(object, old, &mut causes);
    } else if *resource == CONTROLLER_REVISIONS {
        check_immutable("data", object, old, &mut causes);
        if object["revision"].as_i64().is_none() {
            causes.push(Cause::required("revision", ""));
        }
    } else if *resource == INGRESSES {
        let spec = &object["spec"];
        if meta::array(spec, "/rules").is_empty() && spec.get("defaultBackend").is_none() {
            let detail = "either `defaultBackend` or `rules` must be specified";
            causes.push(Cause::invalid("spec", &json!([]), detail));
        }
    } else if *resource == LEASES {
        let seconds = &object["spec"]["leaseDurationSeconds"];
        if seconds.as_i64().is_some_and(|seconds| seconds <= 0) {
            causes.push(Cause::invalid(
                "spec.leaseDurationSeconds",
                seconds,
                "must be greater than 0",
            ));
        }
    } else if *resource == EVENTS {
        let namespace = meta::text(object, "/involvedObject/namespace");
        if !["", meta::namespace(object)].contains(&namespace) {
            let detail = "does not match event.namespace";
            causes.push(Cause::invalid("involvedObject.namespace", &json!(namespace), detail));
        }
    }
    causes
}

fn check_immutable(field: &str, object: &Value, old: Option<&Value>, causes: &mut Causes) {
    let pointer = format!("/{}", field.replace('.', "/"));
    let Some(old) = old else { return };
    let (before, after) = (old.pointer(&pointer), object.pointer(&pointer));
    if before != after {
        let found = after.unwrap_or(&Value::Null);
        causes.push(Cause::invalid(field, found, "field is immutable"));
    }
}

fn check_workload(object: &Value, old: Option<&Value>, causes: &mut Causes) {
    let (selector, template) = (&object["spec"]["selector"], &object["spec"]["template"]);
    if selector.is_null() {
        causes.push(Cause::required("spec.selector", ""));
    }
    if selector.is_null() || !label_selector_matches(selector, template) {
        causes.push(Cause::invalid(
            "spec.template.metadata.labels",
            &template["metadata"]["labels"],
            "`selector` does not match template `labels`",
        ));
    }
    check_containers(template, "spec.template.spec", causes);
    check_immutable("spec.selector", object, old, causes);
}

fn check_containers(pod: &Value, path: &str, causes: &mut Causes) {
    let containers = meta::array(pod, "/spec/containers");
    if containers.is_empty() {
        causes.push(Cause::required(format!("{path}.containers"), ""));
    }
    for (index, container) in containers.iter().enumerate() {
        let at = format!("{path}.containers[{index}]");
        let name = meta::text(container, "/name");
        if name.is_empty() {
            causes.push(Cause::required(format!("{at}.name"), ""));
        } else if !is_label(name) {
            causes.push(Cause::invalid(format!("{at}.name"), &json!(name), LABEL));
        } else if containers[..index].iter().any(|other| other["name"] == name) {
            let message = format!("Duplicate value: {name:?}");
            causes.push(Cause {
                reason: "FieldValueDuplicate",
                field: format!("{at}.name"),
                message,
            });
        }
        if meta::text(container, "/image").is_empty() {
            causes.push(Cause::required(format!("{at}.image"), ""));
        }
    }
}

fn check_service(object: &Value, old: Option<&Value>, causes: &mut Causes) {
    let spec = &object["spec"];
    let ports = meta::array(spec, "/ports");
    let needs_ports = spec["type"] != "ExternalName" && spec["clusterIP"] != "None";
    if ports.is_empty() && needs_ports {
        causes.push(Cause::required("spec.ports", ""));
    }
    for (index, port) in ports.iter().enumerate() {
        let at = format!("spec.ports[{index}]");
        if ports.len() > 1 && meta::text(port, "/name").is_empty() {
            causes.push(Cause::required(format!("{at}.name"), ""));
        }
        if !port["port"].as_i64().is_some_and(|port| (1..=65535).contains(&port)) {
            let detail = "must be between 1 and 65535, inclusive";
            causes.push(Cause::invalid(format!("{at}.port"), &port["port"], detail));
        }
    }
    check_immutable("spec.clusterIP", object, old, causes);
}
