//! The table of the values in the chart's README, from `values.yaml`: names, defaults, and the comments above them.

use std::fmt::Write;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::generated::File;
use crate::workspace::{root, text};

const BEGIN: &str = "<!-- values: begin (generated) -->\n";
const END: &str = "<!-- values: end -->\n";

/// The README, with the table as the values are now.
///
/// # Errors
/// Where a value is not explained, or the README lacks the marks of the table.
pub(super) fn made() -> Result<File> {
    let chart = root().join("charts/flinkk8soperator");
    let readme = chart.join("README.md");
    let committed = text(&readme)?;
    let (before, rest) = committed.split_once(BEGIN).context("README.md: no begin of the table")?;
    let (_, after) = rest.split_once(END).context("README.md: no end of the table")?;
    let table = table(&text(&chart.join("values.yaml"))?)?;
    Ok((readme, format!("{before}{BEGIN}{table}{END}{after}")))
}

/// A key of `values.yaml`: its name, with those that it lies in, and the comment above it.
struct Key {
    name: String,
    meaning: String,
}

impl Key {
    fn is_within(&self, other: &Key) -> bool {
        self.name.strip_prefix(&other.name).is_some_and(|rest| rest.starts_with('.'))
    }
}

fn table(values: &str) -> Result<String> {
    let defaults: Value = serde_saphyr::from_str(values).context("values.yaml")?;
    let (explained, silent): (Vec<Key>, Vec<Key>) =
        keys(values).into_iter().partition(|key| !key.meaning.is_empty());
    // A key without a comment is part of one that has one, or holds some that do.
    let is_covered =
        |key: &Key| explained.iter().any(|other| key.is_within(other) || other.is_within(key));
    if let Some(key) = silent.iter().find(|key| !is_covered(key)) {
        bail!("values.yaml: `{}` has no comment above it", key.name);
    }
    let mut table = String::from("| value | default | meaning |\n|---|---|---|\n");
    for key in &explained {
        let pointer = format!("/{}", key.name.replace('.', "/"));
        let default = defaults.pointer(&pointer).with_context(|| format!("no {}", key.name))?;
        let has_rows = explained.iter().any(|other| other.is_within(key));
        let default = if has_rows { String::new() } else { format!("`{default}`") };
        writeln!(table, "| `{}` | {default} | {} |", key.name, key.meaning)?;
    }
    Ok(table)
}

/// The keys in their order. Two spaces are one level; what follows a `- ` is an item of a list.
fn keys(values: &str) -> Vec<Key> {
    let (mut keys, mut path, mut comment) = (Vec::new(), Vec::new(), Vec::new());
    for line in values.lines() {
        let text = line.trim_start();
        let depth = (line.len() - text.len()) / 2;
        if let Some(words) = text.strip_prefix("# ") {
            comment.push(words);
            continue;
        }
        let meaning = std::mem::take(&mut comment).join(" ");
        let Some((key, _)) = text.split_once(':').filter(|_| !text.starts_with("- ")) else {
            continue;
        };
        path.truncate(depth);
        path.push(key);
        keys.push(Key { name: path.join("."), meaning });
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn each_value_with_a_comment_is_a_row_and_one_without_is_an_error() {
        let rows = table(
            "# The whole.\n\nimage:\n  # Its\n  # name.\n  name: a\n# All.\nlimits:\n  cpu: 1\n",
        );
        let expected = "| value | default | meaning |\n|---|---|---|\n\
                        | `image.name` | `\"a\"` | Its name. |\n| `limits` | `{\"cpu\":1}` | All. |\n";
        assert_eq!(rows.unwrap(), expected);
        let error = table("# Its name.\nname: a\ntag: b\n").unwrap_err().to_string();
        assert_eq!(error, "values.yaml: `tag` has no comment above it");
    }
}
