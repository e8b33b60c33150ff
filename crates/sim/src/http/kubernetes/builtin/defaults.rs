//! Defaults of built-in kinds, as Kubernetes 1.34 fills them in.

use super::super::kinds::{
    CUSTOM_RESOURCE_DEFINITIONS, DEPLOYMENTS, NAMESPACES, PODS, REPLICA_SETS, Resource, SERVICES,
};
use super::super::meta;
use serde_json::{Value, json};

/// Fills in what is absent.
pub fn fill_defaults(resource: &Resource, object: &mut Value, old: Option<&Value>) {
    if *resource == PODS {
        pod_spec(&mut object["spec"]);
        let class = quality_of_service(object);
        absent(&mut object["status"], &[("phase", json!("Pending")), ("qosClass", class)]);
    } else if *resource == DEPLOYMENTS {
        deployment(object);
    } else if *resource == REPLICA_SETS {
        absent(&mut object["spec"], &[("replicas", json!(1))]);
        absent(&mut object["status"], &[("replicas", json!(0))]);
        pod_spec(&mut object["spec"]["template"]["spec"]);
    } else if *resource == SERVICES {
        service(object, old);
    } else if *resource == NAMESPACES {
        namespace(object);
    } else if *resource == CUSTOM_RESOURCE_DEFINITIONS {
        custom_resource_definition(object);
    }
}

/// Sets fields of a map that are absent or null; the map itself is made if it is absent.
fn absent(object: &mut Value, fields: &[(&str, Value)]) {
    if object.is_null() {
        *object = json!({});
    }
    for (name, value) in fields {
        if object.get(name).is_none_or(Value::is_null) && object.is_object() {
            object[*name] = value.clone();
        }
    }
}

fn deployment(object: &mut Value) {
    let spec = &mut object["spec"];
    absent(
        spec,
        &[
            ("replicas", json!(1)),
            ("revisionHistoryLimit", json!(10)),
            ("progressDeadlineSeconds", json!(600)),
            ("strategy", json!({})),
        ],
    );
    absent(&mut spec["strategy"], &[("type", json!("RollingUpdate"))]);
    if spec["strategy"]["type"] == "RollingUpdate" {
        absent(&mut spec["strategy"], &[("rollingUpdate", json!({}))]);
        absent(
            &mut spec["strategy"]["rollingUpdate"],
            &[("maxSurge", json!("25%")), ("maxUnavailable", json!("25%"))],
        );
    }
    absent(&mut spec["template"], &[("metadata", json!({})), ("spec", json!({}))]);
    pod_spec(&mut spec["template"]["spec"]);
    absent(object, &[("status", json!({}))]);
}

fn pod_spec(spec: &mut Value) {
    absent(
        spec,
        &[
            ("restartPolicy", json!("Always")),
            ("terminationGracePeriodSeconds", json!(30)),
            ("dnsPolicy", json!("ClusterFirst")),
            ("schedulerName", json!("default-scheduler")),
            ("securityContext", json!({})),
        ],
    );
    if let Some(account) = spec.get("serviceAccountName").cloned() {
        absent(spec, &[("serviceAccount", account)]);
    }
    for list in ["containers", "initContainers"] {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            fill_container(container);
        }
    }
    for volume in spec.get_mut("volumes").and_then(Value::as_array_mut).into_iter().flatten() {
        for source in ["configMap", "secret", "projected"] {
            if volume.get(source).is_some_and(Value::is_object) {
                absent(&mut volume[source], &[("defaultMode", json!(0o644))]);
            }
        }
    }
}

fn fill_container(container: &mut Value) {
    if !container.is_object() {
        return;
    }
    let image = meta::text(container, "/image");
    let name = image.rsplit('/').next().unwrap_or_default();
    let is_latest = !image.contains('@') && name.split_once(':').is_none_or(|(_, t)| t == "latest");
    let policy = if is_latest { "Always" } else { "IfNotPresent" };
    absent(
        container,
        &[
            ("imagePullPolicy", json!(policy)),
            ("resources", json!({})),
            ("terminationMessagePath", json!("/dev/termination-log")),
            ("terminationMessagePolicy", json!("File")),
        ],
    );
    for port in container.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        absent(port, &[("protocol", json!("TCP"))]);
    }
    for env in container.get_mut("env").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(field) = env.pointer_mut("/valueFrom/fieldRef") {
            absent(field, &[("apiVersion", json!("v1"))]);
        }
    }
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if container.get(probe).is_some_and(Value::is_object) {
            fill_probe(&mut container[probe]);
        }
    }
}

fn fill_probe(probe: &mut Value) {
    absent(
        probe,
        &[
            ("timeoutSeconds", json!(1)),
            ("periodSeconds", json!(10)),
            ("successThreshold", json!(1)),
            ("failureThreshold", json!(3)),
        ],
    );
    if probe.get("httpGet").is_some_and(Value::is_object) {
        absent(&mut probe["httpGet"], &[("path", json!("/")), ("scheme", json!("HTTP"))]);
    }
}

/// Guaranteed if every container has limits for cpu and memory that its requests equal.
fn quality_of_service(pod: &Value) -> Value {
    let containers = meta::array(pod, "/spec/containers");
    let resources = |c: &Value, field: &str| {
        c.pointer(&format!("/resources/{field}")).and_then(Value::as_object).cloned()
    };
    let is_guaranteed = containers.iter().all(|c| {
        let limits = resources(c, "limits").unwrap_or_default();
        let requests = resources(c, "requests").unwrap_or_else(|| limits.clone());
        ["cpu", "memory"].iter().all(|r| limits.contains_key(*r)) && limits == requests
    });
    let is_empty = containers
        .iter()
        .all(|c| resources(c, "limits").is_none() && resources(c, "requests").is_none());
    match (is_empty, is_guaranteed) {
        (true, _) => json!("BestEffort"),
        (false, true) => json!("Guaranteed"),
        (false, false) => json!("Burstable"),
    }
}

fn service(object: &mut Value, old: Option<&Value>) {
    let address = cluster_ip(object, old);
    let spec = &mut object["spec"];
    absent(spec, &[("type", json!("ClusterIP"))]);
    let has_address = spec["type"] != "ExternalName";
    if has_address {
        absent(spec, &[("clusterIP", json!(address))]);
        let addresses = json!([spec["clusterIP"]]);
        absent(
            spec,
            &[
                ("clusterIPs", addresses),
                ("sessionAffinity", json!("None")),
                ("ipFamilies", json!(["IPv4"])),
                ("ipFamilyPolicy", json!("SingleStack")),
                ("internalTrafficPolicy", json!("Cluster")),
            ],
        );
    }
    for port in spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        let target = port["port"].clone();
        absent(port, &[("protocol", json!("TCP")), ("targetPort", target)]);
    }
    absent(object, &[("status", json!({}))]);
    absent(&mut object["status"], &[("loadBalancer", json!({}))]);
}

/// The address that the service has, or one made of its name (of the block kept for tests): a
/// cluster of a few services hardly ever gives one twice, and nothing here routes by it.
fn cluster_ip(object: &Value, old: Option<&Value>) -> String {
    let kept = old.map(|old| meta::text(old, "/spec/clusterIP")).unwrap_or_default();
    if !kept.is_empty() {
        return kept.to_owned();
    }
    let text = format!("{}/{}", meta::namespace(object), meta::name(object));
    let hash = text
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("198.19.{}.{}", hash >> 8 & 0xff, 1 + (hash & 0xff) % 254)
}

fn namespace(object: &mut Value) {
    let name = json!(meta::name(object));
    let metadata = &mut object["metadata"];
    absent(metadata, &[("labels", json!({}))]);
    absent(&mut metadata["labels"], &[("kubernetes.io/metadata.name", name)]);
    absent(&mut object["spec"], &[("finalizers", json!(["kubernetes"]))]);
    absent(&mut object["status"], &[("phase", json!("Active"))]);
}

/// Custom kinds are served as soon as their definition is stored.
fn custom_resource_definition(object: &mut Value) {
    let created = json!(meta::text(object, "/metadata/creationTimestamp"));
    let condition = |kind: &str, reason: &str, message: &str| {
        json!({ "type": kind, "status": "True", "reason": reason, "message": message,
                "lastTransitionTime": created })
    };
    let names = object["spec"]["names"].clone();
    let stored: Vec<_> = meta::array(object, "/spec/versions")
        .iter()
        .filter(|version| version["storage"] == true)
        .map(|version| version["name"].clone())
        .collect();
    absent(&mut object["spec"], &[("conversion", json!({ "strategy": "None" }))]);
    absent(&mut object["status"], &[("storedVersions", json!(stored))]);
    let conditions = json!([
        condition("NamesAccepted", "NoConflicts", "no conflicts found"),
        condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
    ]);
    absent(&mut object["status"], &[("conditions", conditions), ("acceptedNames", names)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deployment_gets_the_defaults_of_the_real_api_server() {
        let mut object = json!({ "spec": { "template": { "spec": { "containers": [
            { "name": "c", "image": "reg:5000/i:1", "ports": [{ "containerPort": 80 }],
              "env": [{ "name": "E", "valueFrom": { "fieldRef": { "fieldPath": "status.podIP" } } }] },
            { "name": "d", "image": "reg:5000/i" },
        ] } } } });
        fill_defaults(&DEPLOYMENTS, &mut object, None);
        let spec = &object["spec"];
        assert_eq!(spec["replicas"], 1);
        assert_eq!(spec["strategy"]["rollingUpdate"]["maxSurge"], "25%");
        let pod = &spec["template"]["spec"];
        assert_eq!(pod["terminationGracePeriodSeconds"], 30);
        let [one, two] = meta::array(pod, "/containers") else { panic!("two containers") };
        assert_eq!(one["imagePullPolicy"], "IfNotPresent");
        assert_eq!(one["ports"][0]["protocol"], "TCP");
        assert_eq!(one["env"][0]["valueFrom"]["fieldRef"]["apiVersion"], "v1");
        assert_eq!(two["imagePullPolicy"], "Always");
    }

    #[test]
    fn a_service_keeps_its_address() {
        let mut object = json!({ "metadata": { "name": "s", "namespace": "n" }, "spec": {} });
        fill_defaults(&SERVICES, &mut object, None);
        let address = object["spec"]["clusterIP"].clone();
        let mut other = json!({ "metadata": { "name": "s", "namespace": "m" }, "spec": {} });
        fill_defaults(&SERVICES, &mut other, Some(&object));
        assert_eq!(other["spec"]["clusterIP"], address);
    }
}
