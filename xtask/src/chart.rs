//! `cargo xtask chart`: the operator's chart, tried with Helm. What it renders is committed, so that the tests of the
//! workspace read it without Helm: the golden files of its cases, and the manifests in `deploy/`.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::generated;
use crate::workspace::{files, root, shown, text};

mod helm;
mod manifests;
mod readme;

use helm::Helm;

const COMMAND: &str = "cargo xtask chart --update";

/// The cases whose rendering is committed; of each there are `ci/CASE-values.yaml` and `ci/golden/CASE.yaml`.
const CASES: [&str; 3] = ["default", "namespaced", "everything"];

/// Writes what is made from the chart, or compares it; lints both charts, and tries the values that have to be
/// refused.
///
/// # Errors
/// Where there is no Helm of the right version, something differs, or Helm takes what it should not, or does not take
/// what it should.
pub(crate) fn run(update: bool) -> Result<()> {
    let helm = Helm::find()?;
    let made = made(&helm)?;
    if update {
        generated::write(&made)?
    } else {
        generated::compare(&made, COMMAND)?
    }
    helm.lint()?;
    let refused = files(&root().join("charts/flinkk8soperator/ci/refused"), ".yaml")?;
    ensure!(!refused.is_empty(), "there are no values that have to be refused");
    for values in &refused {
        refuses(&helm, values)?;
    }
    println!("{} files are as rendered, {} values are refused", made.len(), refused.len());
    Ok(())
}

/// Whether charts can be installed from here.
///
/// # Errors
/// Where there is no Helm of the right version.
pub(crate) fn check_helm() -> Result<()> {
    Helm::find().map(drop)
}

/// Compares the table of the values in the chart's README with `values.yaml`. Needs no Helm.
///
/// # Errors
/// Where it differs, or a value is not explained.
pub(crate) fn check_readme() -> Result<()> {
    generated::compare(&[readme::made()?], COMMAND)
}

fn made(helm: &Helm) -> Result<Vec<generated::File>> {
    let golden = root().join("charts/flinkk8soperator/ci/golden");
    let mut made = vec![readme::made()?];
    for case in CASES {
        made.push((
            golden.join(format!("{case}.yaml")),
            helm.template("flinkk8soperator", &[case])?,
        ));
    }
    made.extend(manifests::made(helm)?);
    Ok(made)
}

/// Renders the chart with values that are wrong. The first line of their file is what has to be said of them.
fn refuses(helm: &Helm, values: &Path) -> Result<()> {
    let named = shown(values);
    let text = text(values)?;
    let expected = text.lines().next().and_then(|line| line.strip_prefix("# says: "));
    let expected = expected.with_context(|| format!("{named} does not begin with `# says: `"))?;
    let said = helm.refusal(values)?.with_context(|| format!("{named} was not refused"))?;
    ensure!(said.contains(expected), "{named} was not refused by `{expected}`, but:\n{said}");
    Ok(())
}
