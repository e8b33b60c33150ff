//! What the operator is granted: by `docs/operations/permissions.md`, and the same by `deploy/` and the chart. What it
//! uses is compared with it in `permissions.rs`.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

/// API group, resource, verb.
pub(crate) type Right = (String, String, &'static str);

const VERBS: [&str; 8] =
    ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];

/// What the document grants in the namespaces of applications.
pub(crate) fn on_applications() -> BTreeSet<Right> {
    under("In the applications' namespaces")
}

/// What the document grants in the operator's own namespace, where namespaces are listed and where not.
pub(crate) fn in_its_own_namespace(namespaces_are_listed: bool) -> BTreeSet<Right> {
    let always = under("In its own namespace");
    if namespaces_are_listed { &always | &under("With listed namespaces") } else { always }
}

/// What the document grants on Secrets, where applications name them.
pub(crate) fn on_secrets() -> BTreeSet<Right> {
    under("Secrets of Flink's REST API")
}

/// What the document grants under a heading: by roles, or by rules for them.
fn under(heading: &str) -> BTreeSet<Right> {
    let document = text("docs/operations/permissions.md");
    let sections = document.split("\n## ");
    let section = sections.filter_map(|section| section.split_once('\n'));
    let (_, section) = section.clone().find(|(title, _)| *title == heading).expect("the heading");
    let blocks = section.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let objects = blocks.flat_map(objects);
    let rules = objects.flat_map(|object| match object {
        Value::Array(rules) => rules,
        object => rules_of(&object),
    });
    rights(&rules.collect::<Vec<_>>())
}

/// A file of the workspace.
fn text(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    std::fs::read_to_string(path).unwrap()
}

fn objects(text: &str) -> Vec<Value> {
    let documents = text.split("---\n").filter(|one| !one.trim().is_empty());
    documents.map(|one| serde_saphyr::from_str(one).unwrap()).collect()
}

fn rules_of(role: &Value) -> Vec<Value> {
    role["rules"].as_array().cloned().unwrap_or_default()
}

/// What rules grant, each right once.
fn rights(rules: &[Value]) -> BTreeSet<Right> {
    let words = |of: &Value| -> Vec<String> {
        let words = of.as_array().expect("a list").iter();
        words.map(|word| word.as_str().expect("a word").to_owned()).collect()
    };
    let mut all = BTreeSet::new();
    for rule in rules {
        for group in words(&rule["apiGroups"]) {
            for resource in words(&rule["resources"]) {
                for name in words(&rule["verbs"]) {
                    let verb = VERBS.into_iter().find(|verb| *verb == name).expect("a verb");
                    assert!(all.insert((group.clone(), resource.clone(), verb)), "granted twice");
                }
            }
        }
    }
    assert!(!all.is_empty(), "no rights");
    all
}

/// The operator's roles in what is applied: kind, namespace and rights, in their order.
fn roles(manifest: &str) -> Vec<(String, String, BTreeSet<Right>)> {
    let mut found = Vec::new();
    for object in objects(&text(manifest)) {
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (kind, metadata) = (word(&object["kind"]), &object["metadata"]);
        // The jobs' own account is called `flink` in these files.
        if kind.ends_with("Role") && metadata["name"] != "flink" {
            found.push((kind, word(&metadata["namespace"]), rights(&rules_of(&object))));
        }
    }
    found
}

fn role(kind: &str, namespace: &str, rights: BTreeSet<Right>) -> (String, String, BTreeSet<Right>) {
    (kind.to_owned(), namespace.to_owned(), rights)
}

fn without_ingresses() -> BTreeSet<Right> {
    let mut rights = on_applications();
    let before = rights.len();
    rights.retain(|(_, resource, _)| resource != "ingresses");
    assert!(rights.len() < before);
    rights
}

#[test]
fn the_manifests_grant_what_the_document_says() {
    let own = role("Role", "flink-operator", in_its_own_namespace(false));
    assert_eq!(roles("deploy/2-rights.yaml"), [role("ClusterRole", "", on_applications()), own]);
}

#[test]
fn the_chart_grants_what_the_document_says() {
    let golden = |case: &str| roles(&format!("charts/flinkk8soperator/ci/golden/{case}.yaml"));
    let own = |listed| role("Role", "flinkk8soperator", in_its_own_namespace(listed));
    assert_eq!(golden("default"), [role("ClusterRole", "", without_ingresses()), own(false)]);
    let team = |name| role("Role", name, without_ingresses());
    let secrets = role("Role", "team-b", on_secrets());
    assert_eq!(golden("namespaced"), [secrets, own(true), team("team-a"), team("team-b")]);
    let enforced = under("Where owner references are checked");
    let all = &(&on_applications() | &enforced) | &under("Flink through the API server");
    let secrets = |namespace| role("Role", namespace, on_secrets());
    let everything =
        [role("ClusterRole", "", all), secrets("team-a"), secrets("team-b"), own(false)];
    assert_eq!(golden("everything"), everything);
}
