//! The rows as Markdown.

use flinkk8soperator_core::ChangeClass;

use super::Row;

const BEGIN: &str = "\
# What an edit of a FlinkApplication does

Made by `cargo xtask crds`; do not edit. Each row is an edit that was made to an application and compared with
it by the code that the operator compares versions with: the deployed one, from its revision, and the desired
one. The fields are those of the [CRD](crd-reference.md).

| class | what happens |
|---|---|
| none | nothing: the deployed version is what the edited spec asks for |
| status only | no object and no job is made anew; the field is used where the operator decides by it |
| rescale | with `scaleMode: InPlace` the running cluster gets another number of TaskManagers (in the modes Dual and \
Single, while its job runs); otherwise a new version is deployed |
| redeploy | a new version is deployed, as `deploymentMode` says |

An edit of several fields is of the last of their classes in this list. A deploy that failed is tried again
after any edit, whatever its class, of the spec or of metadata that is not a tool's; unless the spec asks for the
deployed version.
";

const METADATA: &str = "\
An ordinary label or annotation is one whose key does not begin with a tool's prefix. The prefixes are the
default of `operator.ignoredMetadata`.
";

const SETTINGS: &str = "
## Settings of the operator

A changed setting deploys nothing, but for what is said of `operator.ignoredMetadata` below. Three settings are
what objects are made from besides the application: `operator.containerNameFormat`, `operator.schedulerName`,
`operator.ingressUrlFormat`. A version's revision (its ControllerRevision) keeps the values that it was deployed
with:

* an edit is compared with both versions rendered under these values;
* objects of the version that someone removed are made again under them.

The next version that is deployed takes the values of then. Only an Ingress follows `operator.ingressUrlFormat`
at once. No object is made from any other setting.

`operator.ignoredMetadata` is not kept with a version. A key that it does not name any more counts from then on:
where its value has changed since the deploy, that is an edit like any other, and a deploy that failed is tried
again.

Where someone has deleted a version's revision, only the deploy hash can be compared. All labels and annotations,
the spelling of amounts, every order of lists, `operator.containerNameFormat` and `operator.schedulerName` are in
it.
";

/// The document, from the rows of the tools' metadata and those of the fields.
pub(super) fn markdown(tools: &[Row], rows: &[Row]) -> String {
    let (spec, metadata): (Vec<_>, Vec<_>) =
        rows.iter().partition(|row| row.field.starts_with("spec."));
    let metadata = table(metadata.into_iter().chain(tools));
    let spec = table(spec.into_iter());
    format!("{BEGIN}\n## Metadata\n\n{METADATA}\n{metadata}\n## Spec\n\n{spec}{SETTINGS}")
}

fn table<'a>(rows: impl Iterator<Item = &'a Row>) -> String {
    let lines = rows.map(|Row { field, edit, class, then }| {
        let (class, usually) = words(*class);
        let then = then.as_deref().unwrap_or(usually);
        format!("| `{field}` | {edit} | {class} | {then} |\n")
    });
    let begin = "| field | edit | class | what happens |\n|---|---|---|---|\n".to_owned();
    lines.fold(begin, |text, line| text + &line)
}

/// A class, and what happens where nothing else is said.
fn words(class: ChangeClass) -> (&'static str, &'static str) {
    match class {
        ChangeClass::None => ("none", "nothing"),
        ChangeClass::StatusOnly => ("status only", ""),
        ChangeClass::Rescale => ("rescale", "see above: in place, or a new version is deployed"),
        ChangeClass::Redeploy => ("redeploy", "a new version is deployed"),
    }
}
