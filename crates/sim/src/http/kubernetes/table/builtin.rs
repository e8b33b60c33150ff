//! The columns of built-in kinds, as Kubernetes prints them.

use super::super::kinds::{
    CONTROLLER_REVISIONS, CUSTOM_RESOURCE_DEFINITIONS, Column, DEPLOYMENTS, EVENTS, INGRESSES,
    LEASES, NAMESPACES, PODS, REPLICA_SETS, Resource, SERVICES,
};
use super::super::meta::{self, array, text};
use super::{age, age_of};
use serde_json::{Value, json};

type Cells = fn(&Value, i64) -> Vec<Value>;

/// A column: heading, type, and `+` if it is for `-o wide` only.
type Heading = (&'static str, &'static str, &'static str);

const AGE: Heading = ("Age", "string", "");
const NAME: Heading = ("Name", "string", "");

/// The columns of a resource.
pub(super) fn columns(resource: &Resource) -> Vec<Column> {
    printer(resource).0.iter().map(column).collect()
}

/// The age column that every kind has.
pub(super) fn age_column() -> Column {
    column(&AGE)
}

/// A row of the table.
pub(super) fn cells(resource: &Resource, object: &Value, now: i64) -> Vec<Value> {
    printer(resource).1(object, now)
}

fn column((name, kind, wide): &Heading) -> Column {
    Column {
        name: (*name).to_owned(),
        kind: (*kind).to_owned(),
        format: if *name == "Name" { "name".to_owned() } else { String::new() },
        description: String::new(),
        priority: i64::from(*wide == "+"),
        path: String::new(),
    }
}

fn printer(resource: &Resource) -> (&'static [Heading], Cells) {
    let known: &[(Resource, &'static [Heading], Cells)] = &[
        (PODS, POD, pod),
        (DEPLOYMENTS, DEPLOYMENT, deployment),
        (REPLICA_SETS, REPLICA_SET, replica_set),
        (SERVICES, SERVICE, service),
        (EVENTS, EVENT, event),
        (CONTROLLER_REVISIONS, CONTROLLER_REVISION, controller_revision),
        (INGRESSES, INGRESS, ingress),
        (LEASES, LEASE, lease),
        (NAMESPACES, NAMESPACE, namespace),
        (CUSTOM_RESOURCE_DEFINITIONS, DEFINITION, definition),
    ];
    known
        .iter()
        .find(|(known, ..)| known == resource)
        .map_or((OTHER, other as Cells), |(_, headings, cells)| (headings, *cells))
}

const OTHER: &[Heading] = &[NAME, AGE];

fn other(object: &Value, now: i64) -> Vec<Value> {
    vec![json!(meta::name(object)), age(object, now)]
}

const DEFINITION: &[Heading] = &[NAME, ("Created At", "date", "")];

fn definition(object: &Value, _: i64) -> Vec<Value> {
    vec![json!(meta::name(object)), object["metadata"]["creationTimestamp"].clone()]
}

const NAMESPACE: &[Heading] = &[NAME, ("Status", "string", ""), AGE];

fn namespace(object: &Value, now: i64) -> Vec<Value> {
    vec![json!(meta::name(object)), object["status"]["phase"].clone(), age(object, now)]
}

const LEASE: &[Heading] = &[NAME, ("Holder", "string", ""), AGE];

fn lease(object: &Value, now: i64) -> Vec<Value> {
    let holder = text(object, "/spec/holderIdentity");
    vec![json!(meta::name(object)), json!(holder), age(object, now)]
}

const CONTROLLER_REVISION: &[Heading] =
    &[NAME, ("Controller", "string", ""), ("Revision", "string", ""), AGE];

fn controller_revision(object: &Value, now: i64) -> Vec<Value> {
    let owner = meta::owners(object).iter().find(|owner| owner["controller"] == true);
    let controller = owner.map_or("<none>".to_owned(), |owner| {
        let group = text(owner, "/apiVersion").rsplit_once('/').map(|(group, _)| group);
        let kind = text(owner, "/kind").to_lowercase();
        let qualified = group.map_or(kind.clone(), |group| format!("{kind}.{group}"));
        format!("{qualified}/{}", text(owner, "/name"))
    });
    let revision = object["revision"].to_string();
    vec![json!(meta::name(object)), json!(controller), json!(revision), age(object, now)]
}

const INGRESS: &[Heading] = &[
    NAME,
    ("Class", "string", ""),
    ("Hosts", "string", ""),
    ("Address", "string", ""),
    ("Ports", "string", ""),
    AGE,
];

fn ingress(object: &Value, now: i64) -> Vec<Value> {
    let hosts: Vec<_> = array(object, "/spec/rules")
        .iter()
        .map(|rule| text(rule, "/host"))
        .filter(|host| !host.is_empty())
        .collect();
    let class = match text(object, "/spec/ingressClassName") {
        "" => "<none>",
        class => class,
    };
    let has_tls = !array(object, "/spec/tls").is_empty();
    vec![
        json!(meta::name(object)),
        json!(class),
        json!(if hosts.is_empty() { "*".to_owned() } else { hosts.join(",") }),
        json!(addresses(object).join(",")),
        json!(if has_tls { "80, 443" } else { "80" }),
        age(object, now),
    ]
}

fn addresses(object: &Value) -> Vec<&str> {
    array(object, "/status/loadBalancer/ingress")
        .iter()
        .map(|point| text(point, "/ip").max(text(point, "/hostname")))
        .collect()
}

const EVENT: &[Heading] = &[
    ("Last Seen", "string", ""),
    ("Type", "string", ""),
    ("Reason", "string", ""),
    ("Object", "string", ""),
    ("Subobject", "string", "+"),
    ("Source", "string", "+"),
    ("Message", "string", ""),
    ("First Seen", "string", "+"),
    ("Count", "string", "+"),
    ("Name", "string", "+"),
];

fn event(object: &Value, now: i64) -> Vec<Value> {
    let time = |pointers: &[&str]| {
        pointers
            .iter()
            .find_map(|pointer| age_of(text(object, pointer), now))
            .unwrap_or_else(|| "<unknown>".to_owned())
    };
    let first = time(&["/firstTimestamp", "/eventTime"]);
    let last = match object.pointer("/series/lastObservedTime") {
        Some(_) => time(&["/series/lastObservedTime"]),
        None => time(&["/lastTimestamp", "/eventTime", "/firstTimestamp"]),
    };
    let count = ["/series/count", "/count"].iter().find_map(|p| object.pointer(p)?.as_i64());
    let kind = text(object, "/involvedObject/kind").to_lowercase();
    let about = format!("{kind}/{}", text(object, "/involvedObject/name"));
    let component = text(object, "/source/component");
    let source = if component.is_empty() { text(object, "/reportingComponent") } else { component };
    vec![
        json!(last),
        json!(text(object, "/type")),
        json!(text(object, "/reason")),
        json!(about),
        json!(text(object, "/involvedObject/fieldPath")),
        json!(source),
        json!(text(object, "/message").trim()),
        json!(first),
        json!(count.unwrap_or(1)),
        json!(meta::name(object)),
    ]
}

const SERVICE: &[Heading] = &[
    NAME,
    ("Type", "string", ""),
    ("Cluster-IP", "string", ""),
    ("External-IP", "string", ""),
    ("Port(s)", "string", ""),
    AGE,
    ("Selector", "string", "+"),
];

fn service(object: &Value, now: i64) -> Vec<Value> {
    let ports: Vec<_> = array(object, "/spec/ports")
        .iter()
        .map(|port| match port["nodePort"].as_i64() {
            Some(node) => format!("{}:{node}/{}", port["port"], text(port, "/protocol")),
            None => format!("{}/{}", port["port"], text(port, "/protocol")),
        })
        .collect();
    let or_none = |text: String| if text.is_empty() { "<none>".to_owned() } else { text };
    vec![
        json!(meta::name(object)),
        json!(text(object, "/spec/type")),
        json!(or_none(text(object, "/spec/clusterIP").to_owned())),
        json!(or_none(addresses(object).join(","))),
        json!(or_none(ports.join(","))),
        age(object, now),
        json!(or_none(pairs(&object["spec"]["selector"]))),
    ]
}

fn pairs(map: &Value) -> String {
    let pairs = map.as_object().into_iter().flatten();
    let pairs: Vec<_> =
        pairs.map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or_default())).collect();
    pairs.join(",")
}

const DEPLOYMENT: &[Heading] = &[
    NAME,
    ("Ready", "string", ""),
    ("Up-to-date", "integer", ""),
    ("Available", "integer", ""),
    AGE,
    ("Containers", "string", "+"),
    ("Images", "string", "+"),
    ("Selector", "string", "+"),
];

fn count(object: &Value, pointer: &str) -> i64 {
    object.pointer(pointer).and_then(Value::as_i64).unwrap_or_default()
}

fn containers(object: &Value, field: &str) -> Value {
    let containers = array(object, "/spec/template/spec/containers");
    let texts: Vec<_> = containers.iter().map(|c| text(c, field)).collect();
    json!(texts.join(","))
}

fn deployment(object: &Value, now: i64) -> Vec<Value> {
    let (ready, wanted) = (count(object, "/status/readyReplicas"), count(object, "/spec/replicas"));
    vec![
        json!(meta::name(object)),
        json!(format!("{ready}/{wanted}")),
        json!(count(object, "/status/updatedReplicas")),
        json!(count(object, "/status/availableReplicas")),
        age(object, now),
        containers(object, "/name"),
        containers(object, "/image"),
        json!(pairs(&object["spec"]["selector"]["matchLabels"])),
    ]
}

const REPLICA_SET: &[Heading] = &[
    NAME,
    ("Desired", "integer", ""),
    ("Current", "integer", ""),
    ("Ready", "integer", ""),
    AGE,
    ("Containers", "string", "+"),
    ("Images", "string", "+"),
    ("Selector", "string", "+"),
];

fn replica_set(object: &Value, now: i64) -> Vec<Value> {
    vec![
        json!(meta::name(object)),
        json!(count(object, "/spec/replicas")),
        json!(count(object, "/status/replicas")),
        json!(count(object, "/status/readyReplicas")),
        age(object, now),
        containers(object, "/name"),
        containers(object, "/image"),
        json!(pairs(&object["spec"]["selector"]["matchLabels"])),
    ]
}

const POD: &[Heading] = &[
    NAME,
    ("Ready", "string", ""),
    ("Status", "string", ""),
    ("Restarts", "string", ""),
    AGE,
    ("IP", "string", "+"),
    ("Node", "string", "+"),
    ("Nominated Node", "string", "+"),
    ("Readiness Gates", "string", "+"),
];

fn pod(object: &Value, now: i64) -> Vec<Value> {
    let statuses = array(object, "/status/containerStatuses");
    let ready = statuses.iter().filter(|status| status["ready"] == true).count();
    let total = array(object, "/spec/containers").len();
    let restarts: i64 = statuses.iter().map(|status| count(status, "/restartCount")).sum();
    let or_none = |pointer: &str| match text(object, pointer) {
        "" => json!("<none>"),
        found => json!(found),
    };
    vec![
        json!(meta::name(object)),
        json!(format!("{ready}/{total}")),
        json!(pod_status(object)),
        json!(restarts.to_string()),
        age(object, now),
        or_none("/status/podIP"),
        or_none("/spec/nodeName"),
        or_none("/status/nominatedNodeName"),
        json!("<none>"),
    ]
}

/// The word that says most about a pod: what its last troubled container says, else the phase.
fn pod_status(pod: &Value) -> String {
    if meta::is_deleting(pod) {
        return "Terminating".to_owned();
    }
    let reason = text(pod, "/status/reason");
    let mut status = if reason.is_empty() { text(pod, "/status/phase") } else { reason }.to_owned();
    for container in array(pod, "/status/containerStatuses").iter().rev() {
        let waiting = text(container, "/state/waiting/reason");
        let terminated = text(container, "/state/terminated/reason");
        if !waiting.is_empty() {
            status = waiting.to_owned();
        } else if !terminated.is_empty() {
            status = terminated.to_owned();
        } else if container.pointer("/state/terminated").is_some() {
            status = format!("ExitCode:{}", count(container, "/state/terminated/exitCode"));
        }
    }
    status
}
