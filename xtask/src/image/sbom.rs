//! What is linked into the binary, as CycloneDX: names, versions and licences as `cargo tree` tells them for
//! its target and features, checksums from `Cargo.lock`. Nothing in it depends on where or when it was made.
//!
//! Of our own because it is a page; the tool for it, cargo-cyclonedx, takes longer to install than the
//! operator to compile. <https://cyclonedx.org/docs/1.5/json/>

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::arch::Arch;
use crate::workspace::{cargo, output, root, rustc, text};

/// A package that is linked.
struct Package {
    name: String,
    version: String,
    /// An SPDX expression.
    licence: String,
}

/// The packages, the operator first, and what each uses; by name and version.
struct Tree {
    packages: Vec<Package>,
    uses: BTreeMap<String, BTreeSet<String>>,
}

/// The bill of materials of a binary, as a file.
///
/// # Errors
/// Where cargo fails, and where a package has no licence, or no checksum though it comes from a registry.
pub(crate) fn of(binary: &[u8], arch: Arch, features: &[String]) -> Result<Vec<u8>> {
    let tree = Tree::read(&tree(arch, features)?)?;
    let compiler = output(rustc().arg("--version"))?;
    let compiler = compiler.split(' ').nth(1).context("the version of rustc")?;
    let mut bom = document(&tree, &locked(&text(&root().join("Cargo.lock"))?), compiler)?;
    let digest = format!("{:x}", Sha256::digest(binary));
    bom["metadata"]["component"]["hashes"] = json!([{ "alg": "SHA-256", "content": digest }]);
    Ok(serde_json::to_vec_pretty(&bom)?)
}

/// What is linked: neither for tests nor for building, nor macros of the compiler.
fn tree(arch: Arch, features: &[String]) -> Result<String> {
    let mut tree = cargo(&["tree", "--locked", "--package", "flinkk8soperator"]);
    tree.args(["--edges", "normal,no-proc-macro", "--target", arch.target()]);
    tree.args(["--features", &features.join(","), "--prefix", "depth", "--format", "|{p}|{l}"]);
    output(&mut tree)
}

impl Tree {
    /// Lines such as `2|serde v1.0.0|MIT OR Apache-2.0`, after each package those that it uses, one deeper;
    /// with ` (*)` at the end where these stand elsewhere.
    fn read(lines: &str) -> Result<Tree> {
        let mut tree = Tree { packages: Vec::new(), uses: BTreeMap::new() };
        let mut above: Vec<String> = Vec::new();
        for line in lines.lines() {
            let (depth, package) = Package::read(line).with_context(|| line.to_owned())?;
            let id = package.id();
            above.truncate(depth);
            if let Some(user) = above.last() {
                tree.uses.entry(user.clone()).or_default().insert(id.clone());
            }
            if !tree.uses.contains_key(&id) {
                tree.uses.insert(id.clone(), BTreeSet::new());
                tree.packages.push(package);
            }
            above.push(id);
        }
        Ok(tree)
    }
}

impl Package {
    /// With how deep in the tree it stands.
    fn read(line: &str) -> Result<(usize, Package)> {
        let line = line.strip_suffix(" (*)").unwrap_or(line);
        let mut parts = line.split('|');
        let depth = parts.next().context("a depth")?.parse().context("a depth")?;
        // Behind the version of a package of ours stands its folder.
        let mut package = parts.next().context("a package")?.split(' ');
        let name = package.next().context("a name")?.to_owned();
        let version = package.next().and_then(|version| version.strip_prefix('v'));
        let version = version.context("a version")?.to_owned();
        let licence = parts.next().unwrap_or_default();
        ensure!(!licence.is_empty(), "its manifest names no licence");
        // The way of before there were expressions: a slash for "or".
        let licence = licence.split('/').map(str::trim).collect::<Vec<_>>().join(" OR ");
        Ok((depth, Package { name, version, licence }))
    }

    fn id(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }
}

/// The checksums in a lock file by name and version; none for packages of ours.
fn locked(lock: &str) -> BTreeMap<String, Option<String>> {
    let packages = lock.split("[[package]]\n").skip(1);
    let member = |package: &str, name: &str| {
        let mut lines = package.lines();
        let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(" = \""))?;
        Some(value.trim_end_matches('"').to_owned())
    };
    packages
        .filter_map(|package| {
            let id = format!("{}@{}", member(package, "name")?, member(package, "version")?);
            let sum = member(package, "checksum");
            // From a registry without a checksum: an empty one, which is refused.
            Some((id, sum.or_else(|| member(package, "source").map(|_| String::new()))))
        })
        .collect()
}

fn document(
    tree: &Tree,
    locked: &BTreeMap<String, Option<String>>,
    compiler: &str,
) -> Result<Value> {
    let (operator, libraries) = tree.packages.split_first().context("cargo tree told nothing")?;
    let components = libraries.iter().map(|package| component(package, locked));
    let mut components = components.collect::<Result<Vec<Value>>>()?;
    components.extend(compilers(compiler));
    let uses = tree.uses.iter().map(|(id, uses)| json!({ "ref": id, "dependsOn": uses }));
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": {
            "type": "application",
            "bom-ref": operator.id(),
            "name": operator.name,
            "version": operator.version,
            "licenses": [{ "expression": operator.licence }],
        }},
        "components": components,
        "dependencies": uses.collect::<Vec<Value>>(),
    }))
}

fn component(package: &Package, locked: &BTreeMap<String, Option<String>>) -> Result<Value> {
    let id = package.id();
    let sum = locked.get(&id).with_context(|| format!("Cargo.lock does not have {id}"))?;
    let mut component = json!({
        "type": "library",
        "bom-ref": id,
        "name": package.name,
        "version": package.version,
        "licenses": [{ "expression": package.licence }],
    });
    if let Some(sum) = sum {
        ensure!(sum.len() == 64, "Cargo.lock has no SHA-256 of {id}");
        component["purl"] = json!(format!("pkg:cargo/{id}").replace('+', "%2B"));
        component["hashes"] = json!([{ "alg": "SHA-256", "content": sum }]);
    }
    Ok(component)
}

/// What the compiler brings: every program has it.
fn compilers(version: &str) -> [Value; 2] {
    let library = |name: &str, licence: &str, what: &str| {
        let what = format!("{what}, as Rust {version} brings it");
        json!({ "type": "library", "bom-ref": name, "name": name, "description": what,
            "licenses": [{ "expression": licence }] })
    };
    let mut std = library("rust-std", "MIT OR Apache-2.0", "Rust's standard library");
    std["version"] = json!(version);
    // Rust does not tell which version of it.
    [std, library("musl", "MIT", "The C library")]
}

#[cfg(test)]
mod tests;
