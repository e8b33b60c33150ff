//! Every object is what Kubernetes knows under its kind: nothing wrong in it, and nothing that it would pass over.

use std::collections::BTreeSet;

use k8s_openapi::api::{apps::v1 as apps, core::v1 as core, networking::v1 as networking};
use k8s_openapi::api::{policy::v1 as policy, rbac::v1 as rbac};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{cases, over_tls};

/// Read as its type and written again: what the type has no field for is gone then.
fn as_known<T: DeserializeOwned + Serialize>(object: &Value) -> Result<Value, serde_json::Error> {
    serde_json::to_value(serde_json::from_value::<T>(object.clone())?)
}

/// What Kubernetes makes of an object; nothing for those whose types are not its own.
fn known(object: &Value) -> Option<Result<Value, serde_json::Error>> {
    let word = |key: &str| object[key].as_str().expect("a text");
    Some(match (word("apiVersion"), word("kind")) {
        ("v1", "ConfigMap") => as_known::<core::ConfigMap>(object),
        ("v1", "Namespace") => as_known::<core::Namespace>(object),
        ("v1", "Service") => as_known::<core::Service>(object),
        ("v1", "ServiceAccount") => as_known::<core::ServiceAccount>(object),
        ("apps/v1", "Deployment") => as_known::<apps::Deployment>(object),
        ("networking.k8s.io/v1", "NetworkPolicy") => as_known::<networking::NetworkPolicy>(object),
        ("policy/v1", "PodDisruptionBudget") => as_known::<policy::PodDisruptionBudget>(object),
        ("rbac.authorization.k8s.io/v1", "ClusterRole") => as_known::<rbac::ClusterRole>(object),
        ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding") => {
            as_known::<rbac::ClusterRoleBinding>(object)
        }
        ("rbac.authorization.k8s.io/v1", "Role") => as_known::<rbac::Role>(object),
        ("rbac.authorization.k8s.io/v1", "RoleBinding") => as_known::<rbac::RoleBinding>(object),
        ("monitoring.coreos.com/v1", _) => return None,
        other => Err(serde::de::Error::custom(format!("no type for {other:?}: name it here"))),
    })
}

#[test]
fn every_object_is_what_kubernetes_knows_under_its_kind() {
    let mut kinds = BTreeSet::new();
    for (case, objects) in cases() {
        for object in objects {
            kinds.insert(object["kind"].as_str().unwrap().to_owned());
            if let Some(known) = known(&object) {
                let known = known.unwrap_or_else(|error| panic!("{case}: {error} in {object:#}"));
                assert_eq!(known, object, "{case}: Kubernetes passes over a part of it");
            }
        }
    }
    for kind in ["NetworkPolicy", "PodDisruptionBudget", "PodMonitor", "ServiceMonitor", "Service"]
    {
        assert!(kinds.contains(kind), "no case has a {kind}");
    }
}

/// The Prometheus operator's own types, of which only these fields are used here.
#[test]
fn a_monitor_selects_what_there_is_and_asks_a_port_of_it() {
    let mut seen = 0;
    for (case, objects) in cases() {
        for (kind, endpoints, of) in [
            ("PodMonitor", "podMetricsEndpoints", "Deployment"),
            ("ServiceMonitor", "endpoints", "Service"),
        ] {
            let of_kind = |kind: &str| objects.iter().find(|object| object["kind"] == kind);
            let Some(monitor) = of_kind(kind) else { continue };
            seen += 1;
            let target = of_kind(of).unwrap();
            let (labels, ports) = match of {
                "Service" => (&target["metadata"]["labels"], &target["spec"]["ports"]),
                _ => {
                    let pod = &target["spec"]["template"];
                    (&pod["metadata"]["labels"], &pod["spec"]["containers"][0]["ports"])
                }
            };
            for (key, value) in monitor["spec"]["selector"]["matchLabels"].as_object().unwrap() {
                assert_eq!(labels[key], *value, "{case}: it does not select the {of}");
            }
            let endpoint = &monitor["spec"][endpoints][0];
            assert_eq!(endpoint["path"], "/metrics");
            let has_port =
                ports.as_array().unwrap().iter().any(|one| one["name"] == endpoint["port"]);
            assert!(has_port, "{case}: the {of} has no port {}", endpoint["port"]);
            let tls = over_tls(&objects);
            assert_eq!(endpoint["scheme"] == "https", tls, "{case}: {endpoint}");
            assert_eq!(endpoint["tlsConfig"]["serverName"].is_string(), tls, "{case}: {endpoint}");
        }
    }
    assert_eq!(seen, 2);
}
