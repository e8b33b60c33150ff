//! Helm, as this chore calls it.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::workspace::{output, root, run, text};

const CHART: &str = "charts/flinkk8soperator";

/// A Helm of the version that the golden files are of.
pub(super) struct Helm {
    program: OsString,
}

impl Helm {
    /// The program that HELM names, or `helm`.
    ///
    /// # Errors
    /// Where it cannot be started, or is of another version; the message says how to install the right one.
    pub(super) fn find() -> Result<Helm> {
        let pinned = text(&root().join(".ci/helm-version"))?;
        let pinned = pinned.trim();
        let program = std::env::var_os("HELM").unwrap_or_else(|| OsString::from("helm"));
        let helm = Helm { program };
        let found = output(&mut helm.command(["version", "--short"]));
        let found = found.with_context(|| format!("there is no Helm: {}", installation(pinned)))?;
        let found = found.trim();
        ensure!(minor(found) == minor(pinned), "Helm is {found}: {}", installation(pinned));
        Ok(helm)
    }

    /// Lints both charts.
    ///
    /// # Errors
    /// Where Helm finds anything, a warning included.
    pub(super) fn lint(&self) -> Result<()> {
        let charts = ["charts/flinkk8soperator-crds", CHART];
        run(self.command(["lint", "--strict", "--quiet"]).args(charts))
    }

    /// Renders the operator's chart with the values of these cases, later ones over earlier ones, as a release of the
    /// chart's name in this namespace.
    ///
    /// # Errors
    /// Where Helm refuses.
    pub(super) fn template(&self, namespace: &str, cases: &[&str]) -> Result<String> {
        let values = cases.iter().map(|case| format!("--values={CHART}/ci/{case}-values.yaml"));
        let mut command = self.rendering();
        let rendered = output(command.arg(format!("--namespace={namespace}")).args(values))?;
        // Versions of Helm differ in the empty lines between objects.
        let objects = rendered.split("---\n").filter(|object| !object.trim().is_empty());
        Ok(objects.map(|object| format!("---\n{}\n", object.trim_end())).collect())
    }

    /// What Helm says of values that it refuses; of those that it takes, nothing.
    ///
    /// # Errors
    /// Where it cannot be started.
    pub(super) fn refusal(&self, values: &Path) -> Result<Option<String>> {
        let mut command = self.rendering();
        let output = command.arg("--values").arg(values).output();
        let output = output.with_context(|| format!("starting {command:?}"))?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        Ok((!output.status.success()).then_some(said))
    }

    /// For the oldest Kubernetes that is supported.
    fn rendering(&self) -> Command {
        self.command(["template", "flinkk8soperator", CHART, "--kube-version=1.33.0"])
    }

    fn command(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).current_dir(root());
        command
    }
}

fn installation(version: &str) -> String {
    let major = version.split('.').next().unwrap_or(version);
    format!(
        "`go install helm.sh/helm/{major}/cmd/helm@{version}` makes the right one, for PATH or HELM"
    )
}

/// `v4.3` of `v4.3.1`: what `go install` makes knows no more of itself.
fn minor(version: &str) -> Vec<&str> {
    version.split(['.', '+']).take(2).collect()
}
