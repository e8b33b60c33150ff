//! The manifests in `deploy/`, from the chart with the values `deploy-values.yaml`. What stands above the line [`BELOW`] in
//! a file is written by hand, and stays.

use anyhow::{Context, Result, ensure};

use super::helm::Helm;
use crate::generated::File;
use crate::workspace::{root, shown, text};

const BELOW: &str = "# From here on made from charts/flinkk8soperator by `cargo xtask chart --update`; do not edit.\n";

/// What the namespace of the reference operator's manifests is called.
const NAMESPACE: &str = "flink-operator";

/// Each file, the values on top of those of all, and the templates that it consists of.
const FILES: [(&str, &[&str], &[&str]); 4] = [
    ("deploy/1-namespace.yaml", &[], &["serviceaccount.yaml"]),
    ("deploy/2-rights.yaml", &[], &["clusterrole.yaml", "own-role.yaml"]),
    ("deploy/3-operator.yaml", &[], &["deployment.yaml"]),
    ("deploy/new/config.yaml", &["deploy-new"], &["configmap.yaml"]),
];

/// Labels that say that Helm manages an object.
const OF_HELM: [&str; 3] =
    ["app.kubernetes.io/instance: ", "app.kubernetes.io/managed-by: ", "helm.sh/chart: "];

/// All files of the folder.
///
/// # Errors
/// Where the chart cannot be rendered, or a template renders nothing.
pub(super) fn made(helm: &Helm) -> Result<Vec<File>> {
    FILES.into_iter().map(|file| one(helm, file)).collect()
}

fn one(helm: &Helm, (path, values, templates): (&str, &[&str], &[&str])) -> Result<File> {
    let rendered = helm.template(NAMESPACE, &[&["deploy"], values].concat())?;
    let path = root().join(path);
    let committed = text(&path)?;
    let (by_hand, _) = committed.split_once(BELOW).with_context(|| {
        format!("{} lacks the line that separates what is written by hand: {BELOW}", shown(&path))
    })?;
    let mut objects = Vec::new();
    for template in templates {
        let of_it: Vec<String> = objects_of(&rendered, template).collect();
        ensure!(!of_it.is_empty(), "{template} renders nothing for {}", shown(&path));
        objects.extend(of_it);
    }
    Ok((path, format!("{by_hand}{BELOW}{}", objects.join("---\n"))))
}

/// The objects that a template rendered, without what Helm says of itself in them.
fn objects_of(rendered: &str, template: &str) -> impl Iterator<Item = String> {
    let source = format!("# Source: flinkk8soperator/templates/{template}\n");
    let objects = rendered.split("---\n").filter_map(move |object| object.strip_prefix(&source));
    objects.map(|object| {
        let ours = |line: &&str| !OF_HELM.iter().any(|label| line.trim_start().starts_with(label));
        object.lines().filter(ours).map(|line| format!("{line}\n")).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::objects_of;

    #[test]
    fn the_objects_of_a_template_are_found_without_the_labels_of_helm() {
        let rendered = "---\n# Source: flinkk8soperator/templates/a.yaml\nlabels:\n  app: x\n  helm.sh/chart: y\n\
                        ---\n# Source: flinkk8soperator/templates/b.yaml\nkind: B\n";
        let objects = |template| objects_of(rendered, template).collect::<Vec<_>>();
        assert_eq!(objects("a.yaml"), ["labels:\n  app: x\n"]);
        assert_eq!(objects("c.yaml"), [""; 0]);
    }
}
