//! The bill of materials of a small tree, and of the operator.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Arch, Tree, document, locked, of, root, text};

const SUM: &str = "5a15f179cd60c4584b8a8c596927aadc462e27f2ca70c04e0071964a73ba7a75";

fn lock() -> String {
    let ours = "[[package]]\nname = \"operator\"\nversion = \"0.1.0\"\n\n[[package]]\nname = \"core\"\nversion = \"0.1.0\"\n\n";
    let other = |name: &str, sum: &str| {
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\nsource = \"registry\"\n{sum}\n"
        )
    };
    let sum = format!("checksum = \"{SUM}\"\n");
    format!("version = 4\n\n{ours}{}{}", other("serde", &sum), other("odd", ""))
}

fn made(tree: &str) -> Result<Value, String> {
    let tree = Tree::read(tree).map_err(|error| format!("{error:#}"))?;
    document(&tree, &locked(&lock()), "1.95.0").map_err(|error| format!("{error:#}"))
}

#[test]
fn a_package_is_told_once_with_its_licence_its_checksum_and_its_users() {
    let bom = made(
        "0|operator v0.1.0 (/home/me/bin)|Apache-2.0\n1|core v0.1.0 (/home/me/core)|Apache-2.0\n\
         2|serde v1.0.0|MIT/Apache-2.0\n1|serde v1.0.0|MIT/Apache-2.0 (*)\n",
    )
    .expect("a bill");
    assert_eq!(bom["metadata"]["component"]["bom-ref"], "operator@0.1.0");
    let serde = json!({
        "type": "library",
        "bom-ref": "serde@1.0.0",
        "name": "serde",
        "version": "1.0.0",
        "licenses": [{ "expression": "MIT OR Apache-2.0" }],
        "purl": "pkg:cargo/serde@1.0.0",
        "hashes": [{ "alg": "SHA-256", "content": SUM }],
    });
    assert_eq!(bom["components"][1], serde);
    // A package of ours is in no registry.
    assert_eq!(bom["components"][0]["bom-ref"], "core@0.1.0");
    assert!(bom["components"][0].get("purl").is_none());
    let uses = json!([
        { "ref": "core@0.1.0", "dependsOn": ["serde@1.0.0"] },
        { "ref": "operator@0.1.0", "dependsOn": ["core@0.1.0", "serde@1.0.0"] },
        { "ref": "serde@1.0.0", "dependsOn": [] },
    ]);
    assert_eq!(bom["dependencies"], uses);
    let names: Vec<&Value> = bom["components"].as_array().expect("components").iter().collect();
    assert_eq!(names.len(), 4, "with Rust's library and musl: {names:?}");
    assert!(!bom.to_string().contains("/home/me"));
}

#[test]
fn what_cannot_be_told_of_a_package_is_an_error_that_names_it() {
    let told = |line: &str| made(&format!("0|operator v0.1.0|MIT\n{line}\n")).expect_err(line);
    assert_eq!(told("1|serde v1.0.0|"), "1|serde v1.0.0|: its manifest names no licence");
    assert_eq!(told("1|odd v1.0.0|MIT"), "Cargo.lock has no SHA-256 of odd@1.0.0");
    assert_eq!(told("1|serde v2.0.0|MIT"), "Cargo.lock does not have serde@2.0.0");
}

/// On the workspace itself, whose tree and lock file are what they are.
#[test]
fn the_operators_bill_is_what_the_lock_file_says_and_has_neither_test_nor_build_tools() {
    let file = of(b"binary", Arch::HERE, &[]).expect("a bill");
    assert_eq!(file, of(b"binary", Arch::HERE, &[]).expect("a bill"), "twice the same bytes");
    let bom: Value = serde_json::from_slice(&file).expect("JSON");
    assert_eq!((&bom["bomFormat"], &bom["specVersion"]), (&json!("CycloneDX"), &json!("1.5")));
    let lock = text(&root().join("Cargo.lock")).expect("Cargo.lock");
    let mut known = BTreeSet::from(["flinkk8soperator@0.1.0"]);
    let mut summed = 0;
    for component in bom["components"].as_array().expect("components") {
        let (name, version) = (&component["name"], &component["version"]);
        assert!(known.insert(component["bom-ref"].as_str().expect("a name")), "{name} twice");
        let licence = component["licenses"][0]["expression"].as_str().expect("a licence");
        assert!(!licence.is_empty() && !licence.contains('/'), "{name}: {licence}");
        if let Some(sum) = component["hashes"][0]["content"].as_str() {
            let entry = format!("name = {name}\nversion = {version}\n");
            let (_, entry) = lock.split_once(&entry).expect("it is locked");
            let entry = entry.split("[[package]]").next().expect("its lines");
            assert!(entry.contains(&format!("checksum = \"{sum}\"")), "{name}");
            summed += 1;
        }
    }
    assert!(summed > 100, "{summed}");
    let names: BTreeSet<&str> =
        known.iter().map(|id| id.split('@').next().expect("a name")).collect();
    for linked in ["kube", "ring", "tokio", "flinkk8soperator-core", "musl", "rust-std"] {
        assert!(names.contains(linked), "{linked} is linked");
    }
    for tool in ["cc", "mimalloc", "serde_derive", "syn", "mockall"] {
        assert!(!names.contains(tool), "{tool} is not linked");
    }
    for entry in bom["dependencies"].as_array().expect("dependencies") {
        let uses = entry["dependsOn"].as_array().expect("what it uses").iter();
        for id in uses.chain([&entry["ref"]]) {
            assert!(known.contains(id.as_str().expect("an id")), "{id} is no component");
        }
    }
}
