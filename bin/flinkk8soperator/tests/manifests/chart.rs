//! What holds of the chart in every case, and of `deploy/`, which is made from it.

use serde_json::{Value, json};

use super::{cases, deployment, over_tls, root, text, told_at_start};

fn case(name: &str) -> Vec<Value> {
    cases().into_iter().find(|(case, _)| case == name).unwrap().1
}

/// Whether an object has a key, however deep.
fn has_key(value: &Value, key: &str) -> bool {
    match value {
        Value::Object(members) => {
            members.contains_key(key) || members.values().any(|member| has_key(member, key))
        }
        Value::Array(items) => items.iter().any(|item| has_key(item, key)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// The Pod Security Standard `restricted`, and OpenShift's `restricted-v2`, which gives each namespace numbers of its own.
#[test]
fn the_pod_is_as_restricted_as_kubernetes_knows_and_fixes_no_user() {
    for (case, objects) in cases() {
        let pod = &deployment(&objects)["spec"]["template"]["spec"];
        let anyone =
            json!({ "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" } });
        assert_eq!(pod["securityContext"], anyone, "{case}");
        let container = &pod["containers"][0];
        let nothing = json!({
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            "capabilities": { "drop": ["ALL"] },
        });
        assert_eq!(container["securityContext"], nothing, "{case}");
        for key in ["runAsUser", "runAsGroup", "fsGroup", "hostPath", "hostNetwork", "hostPort"] {
            assert!(!has_key(pod, key), "{case}: {key}");
        }
    }
}

#[test]
fn the_operator_knows_its_own_pods_and_its_port_is_probed() {
    for (case, objects) in cases() {
        let template = &deployment(&objects)["spec"]["template"];
        let labels = template["metadata"]["labels"].as_object().unwrap();
        assert_eq!(
            labels["app.kubernetes.io/name"], "flinkk8soperator",
            "{case}: waits for itself"
        );
        assert_eq!(labels.contains_key("app"), case == "deploy", "{case}: Lyft's label");
        let selector = deployment(&objects)["spec"]["selector"]["matchLabels"].as_object().unwrap();
        assert!(selector.iter().all(|(key, value)| labels.get(key) == Some(value)), "{case}");
        let container = &template["spec"]["containers"][0];
        let port = if case == "everything" { 9090 } else { 10254 };
        assert_eq!(container["ports"][0]["containerPort"], port, "{case}");
        for (probe, path) in [("livenessProbe", "/livez"), ("readinessProbe", "/readyz")] {
            let mut right = json!({ "path": path, "port": port });
            if over_tls(&objects) {
                right["scheme"] = json!("HTTPS");
            }
            assert_eq!(container[probe]["httpGet"], right, "{case}");
        }
    }
}

/// The files that the settings name are those of the Secret: each where it is mounted, which nothing can write.
#[test]
fn the_certificate_that_is_named_is_mounted_from_a_secret() {
    let mut seen = 0;
    for (case, objects) in cases() {
        let pod = &deployment(&objects)["spec"]["template"]["spec"];
        let container = &pod["containers"][0];
        let arguments = container["args"].as_array().unwrap();
        let named = |setting: &str| {
            let flag = format!("--operator.metricsTls.{setting}");
            let at = arguments.iter().position(|argument| *argument == flag.as_str())?;
            arguments[at + 1].as_str()
        };
        let files = [named("certFile"), named("keyFile")];
        let volume = |list: &Value| {
            let volumes = list.as_array().unwrap().iter();
            volumes.clone().find(|volume| volume["name"] == "metrics-tls").cloned()
        };
        let (volume, mount) = (volume(&pod["volumes"]), volume(&container["volumeMounts"]));
        assert_eq!(volume.is_some(), over_tls(&objects), "{case}");
        let (Some(volume), Some(mount)) = (volume, mount) else {
            assert_eq!(files, [None, None], "{case}");
            continue;
        };
        seen += 1;
        assert_eq!(mount["readOnly"], true, "{case}");
        let folder = mount["mountPath"].as_str().unwrap();
        let items = volume["secret"]["items"].as_array().unwrap().iter();
        let paths: Vec<String> =
            items.map(|item| format!("{folder}/{}", item["path"].as_str().unwrap())).collect();
        assert_eq!(files.map(Option::unwrap), paths[..], "{case}");
    }
    assert_eq!(seen, 2);
}

#[test]
fn with_listed_namespaces_nothing_belongs_to_the_whole_cluster() {
    let objects = case("namespaced");
    for object in &objects {
        assert!(object["metadata"]["namespace"].is_string(), "{object:#}");
        assert!(!object["kind"].as_str().unwrap().starts_with("Cluster"), "{object:#}");
    }
    let roles = objects.iter().filter(|object| object["kind"] == "Role");
    let namespaces: Vec<&Value> = roles.map(|role| &role["metadata"]["namespace"]).collect();
    assert_eq!(namespaces, ["team-b", "team-a", "flinkk8soperator", "team-a", "team-b"]);
}

#[test]
fn secrets_are_read_in_listed_namespaces_and_where_names_are_listed_by_these() {
    let mut granted = Vec::new();
    for (case, objects) in cases() {
        for role in &objects {
            for rule in role["rules"].as_array().into_iter().flatten() {
                let resources = rule["resources"].as_array().into_iter().flatten();
                if resources.clone().any(|resource| resource == "secrets" || resource == "*") {
                    assert_eq!((&role["kind"], &rule["verbs"]), (&json!("Role"), &json!(["get"])));
                    let names = rule.get("resourceNames").cloned();
                    granted.push((case.clone(), role["metadata"]["namespace"].clone(), names));
                }
            }
        }
    }
    let names = |names: &[&str]| Some(json!(names));
    let all = [
        ("everything", "team-a", names(&["wordcount-rest-tls", "wordcount-rest-auth"])),
        ("everything", "team-b", None),
        ("namespaced", "team-b", names(&["wordcount-rest-tls"])),
    ];
    let all = all.map(|(case, namespace, names)| (case.to_owned(), json!(namespace), names));
    granted.sort_by(|a, b| (&a.0, a.1.as_str()).cmp(&(&b.0, b.1.as_str())));
    assert_eq!(granted, all);
}

#[test]
fn every_role_is_bound_to_an_account_that_there_is() {
    for (case, objects) in cases() {
        let named = |kind: &str, name: &Value, namespace: &Value| {
            objects.iter().any(|object| {
                let metadata = &object["metadata"];
                object["kind"] == kind
                    && metadata["name"] == *name
                    && metadata["namespace"] == *namespace
            })
        };
        let mut bound = 0;
        for binding in &objects {
            let kind = binding["kind"].as_str().unwrap();
            let Some(role) = kind.strip_suffix("Binding") else { continue };
            bound += 1;
            assert_eq!(binding["roleRef"]["kind"], role, "{case}");
            let namespace = &binding["metadata"]["namespace"];
            assert!(named(role, &binding["roleRef"]["name"], namespace), "{case}: {binding:#}");
            let subject = &binding["subjects"][0];
            let account = named("ServiceAccount", &subject["name"], &subject["namespace"]);
            assert!(account, "{case}: {binding:#}");
        }
        let is_role = |object: &&Value| object["kind"].as_str().unwrap().ends_with("Role");
        assert_eq!(bound, objects.iter().filter(is_role).count(), "{case}");
        assert!(bound > 1, "{case}");
    }
}

/// With them a running job would lose its JobManagers' state.
#[test]
fn what_jobs_need_stays_when_the_operator_goes() {
    let guide = text(&root().join("docs/user/guide.md"));
    let in_guide = guide.split("```yaml\n").find(|block| block.contains("kind: Role\n")).unwrap();
    let in_guide = in_guide.split("```").next().unwrap();
    let in_guide: Value = serde_saphyr::from_str(in_guide).unwrap();
    let objects = case("everything");
    let of_jobs: Vec<&Value> = objects
        .iter()
        .filter(|object| object["metadata"]["name"] == in_guide["metadata"]["name"])
        .collect();
    let kinds: Vec<&str> = of_jobs.iter().map(|object| object["kind"].as_str().unwrap()).collect();
    let each = ["ServiceAccount", "Role", "RoleBinding"];
    assert_eq!(kinds, each.map(|kind| [kind, kind]).concat(), "in two namespaces");
    for object in of_jobs {
        let policy = &object["metadata"]["annotations"]["helm.sh/resource-policy"];
        assert_eq!(policy, "keep", "{object:#}");
        assert!(object["kind"] != "Role" || object["rules"] == in_guide["rules"], "{object:#}");
    }
}

#[test]
fn the_operator_takes_the_charts_arguments_and_configuration() {
    for (case, objects) in cases() {
        let told = told_at_start(&objects);
        assert!(told.contains("the kubeconfig cannot be used"), "{case}: {told}");
        assert!(
            !told.contains("no file matches") && !told.contains("unknown key"),
            "{case}: {told}"
        );
        assert!(
            told.contains("operator.limitNamespace"),
            "{case}: its settings were not read: {told}"
        );
    }
}
