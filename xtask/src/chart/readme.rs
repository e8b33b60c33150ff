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
    let has_rows_within = |key: &Key| explained.iter().any(|other| other.is_within(key));
    // A key without a comment holds some that have one, or is part of what a row shows whole.
    let is_covered = |key: &Key| {
        let is_shown = |other: &Key| key.is_within(other) && !has_rows_within(other);
        has_rows_within(key) || explained.iter().any(is_shown)
    };
    if let Some(key) = silent.iter().find(|key| !is_covered(key)) {
        bail!("values.yaml: `{}` has no comment above it", key.name);
    }
    let mut table = String::from("| value | default | meaning |\n|---|---|---|\n");
    for key in &explained {
        let pointer = format!("/{}", key.name.replace('.', "/"));
        let default = defaults.pointer(&pointer).with_context(|| format!("no {}", key.name))?;
        let default = if has_rows_within(key) { String::new() } else { format!("`{default}`") };
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
        for (values, silent) in [
            ("# Its name.\nname: a\ntag: b\n", "tag"),
            ("# All.\nimage:\n  # Its name.\n  name: a\n  tag: b\n", "image.tag"),
        ] {
            let error = table(values).unwrap_err().to_string();
            assert_eq!(error, format!("values.yaml: `{silent}` has no comment above it"));
        }
    }
}
