//! The workspace as the checks see it: where it lies, its packages, its files, and `cargo` in it.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// The root of the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace")
}

/// `cargo` at the root: the one that started this program, so that the toolchain is the same.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    command
}

/// `rustc` at the root: the one that `cargo` there uses.
pub(crate) fn rustc() -> Command {
    let program = std::env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// Where cargo puts what it builds.
///
/// # Errors
/// Where `cargo metadata` fails.
pub(crate) fn target_directory() -> Result<PathBuf> {
    let text = output(&mut cargo(&["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: Value = serde_json::from_str(&text).context("cargo metadata")?;
    Ok(metadata["target_directory"].as_str().context("cargo's target directory")?.into())
}

/// Runs a command that speaks for itself.
///
/// # Errors
/// Where it cannot be started or fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("starting {command:?}"))?;
    ensure!(status.success(), "failed: {command:?}");
    Ok(())
}

/// What a command writes to its standard output.
///
/// # Errors
/// Where it cannot be started or fails.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("starting {command:?}"))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "failed: {command:?}: {errors}");
    String::from_utf8(output.stdout).with_context(|| format!("output of {command:?}"))
}

/// A package of the workspace.
pub(crate) struct Package {
    /// Its name.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
    /// The packages of the workspace that it uses, those for tests only left out.
    pub(crate) uses: Vec<String>,
}

/// The packages of the workspace.
///
/// # Errors
/// Where `cargo metadata` fails.
pub(crate) fn packages() -> Result<Vec<Package>> {
    let text = output(&mut cargo(&["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: Value = serde_json::from_str(&text).context("cargo metadata")?;
    let packages = metadata["packages"].as_array().context("packages of cargo metadata")?;
    packages.iter().map(|package| read(package).context("a package of cargo metadata")).collect()
}

fn read(package: &Value) -> Option<Package> {
    let dependencies = package["dependencies"].as_array()?.iter();
    // A dependency by path is one of the workspace; kind is null for the normal ones.
    let ours = dependencies.filter(|d| d["path"].is_string() && d["kind"] != "dev");
    Some(Package {
        name: package["name"].as_str()?.to_owned(),
        version: package["version"].as_str()?.to_owned(),
        uses: ours.filter_map(|d| d["name"].as_str().map(str::to_owned)).collect(),
    })
}

/// The files below a folder of the workspace whose names end in `ending`, sorted; what is built or
/// hidden is left out.
///
/// # Errors
/// Where a folder cannot be read.
pub(crate) fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
        for entry in entries {
            let path = entry.with_context(|| folder.display().to_string())?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                folders.push(path);
            } else if path.is_file() && name.ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// A file's text.
///
/// # Errors
/// Where it cannot be read; the message names it.
pub(crate) fn text(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}

/// A path as a person at the root would write it.
pub(crate) fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}
