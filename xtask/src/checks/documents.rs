//! What the documents point at exists: the targets of links, their headings, and the paths of this
//! repository that stand in `code`.

use std::path::Path;

use anyhow::Result;

use super::verdict;
use crate::stages::Count;
use crate::workspace::{files, root, shown, text};

/// Folders of the root that a path in `code` begins with, if it is one.
const FOLDERS: [&str; 9] =
    ["bin/", "charts/", "crates/", "deploy/", "docs/", "e2e/", "examples/", "fuzz/", "xtask/"];

/// Looks at all Markdown files.
///
/// # Errors
/// Naming each pointer whose target is missing.
pub(crate) fn check() -> Result<Count> {
    let documents = files(root(), ".md")?;
    let mut wrong = Vec::new();
    for path in &documents {
        let document = text(path)?;
        let folder = path.parent().unwrap_or(root());
        for (number, line) in prose(&document) {
            let links = links(line).filter(|link| !resolves(path, folder, link));
            let paths = paths(line).filter(|path| !root().join(path).exists());
            let missing = links.chain(paths);
            wrong.extend(missing.map(|to| format!("{}:{number}: no {to}", shown(path))));
        }
    }
    verdict(documents.len(), &wrong)
}

/// The numbered lines of a document outside its fenced blocks.
fn prose(document: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    document.lines().zip(1..).filter_map(move |(line, number)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        (!fenced && !fence).then_some((number, line))
    })
}

/// Targets of `[text](target)` that are not on the web.
fn links(line: &str) -> impl Iterator<Item = &str> {
    let targets = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter(|target| !target.contains("://") && !target.starts_with("mailto:"))
}

/// Paths of this repository in `code`, without what they name within the file; those with
/// placeholders left out.
fn paths(line: &str) -> impl Iterator<Item = &str> {
    let spans = line.split('`').skip(1).step_by(2);
    let files = spans.map(|span| span.split_once("::").map_or(span, |(file, _)| file));
    let ours = files.filter(|span| FOLDERS.iter().any(|folder| span.starts_with(folder)));
    ours.filter(|span| !span.contains(['*', '<', '{', ' ', '…', '$']))
}

fn resolves(document: &Path, folder: &Path, link: &str) -> bool {
    let (path, heading) = link.split_once('#').unwrap_or((link, ""));
    let target = if path.is_empty() { document.to_owned() } else { folder.join(path) };
    let has_heading =
        || text(&target).is_ok_and(|text| headings(&text).any(|slug| slug == heading));
    target.exists() && (heading.is_empty() || has_heading())
}

/// The names under which a document's headings can be linked, as GitHub makes them.
fn headings(document: &str) -> impl Iterator<Item = String> {
    let headings = prose(document).filter(|(_, line)| line.starts_with('#'));
    headings.map(|(_, line)| {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        let kept = title.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::{headings, links, paths, prose};

    #[test]
    fn targets_of_links_and_paths_in_code_are_found() {
        let line = "see [a](docs/a.md#b) and [c](https://c), `crates/x.rs`, `crates/*`, `cargo`";
        assert_eq!(links(line).collect::<Vec<_>>(), ["docs/a.md#b"]);
        assert_eq!(paths(line).collect::<Vec<_>>(), ["crates/x.rs"]);
    }

    #[test]
    fn fenced_blocks_are_not_prose_and_headings_are_named_as_on_github() {
        let document = "# The `round`, in words\n```\n# no heading\n```\nend";
        assert_eq!(prose(document).count(), 2);
        assert_eq!(headings(document).collect::<Vec<_>>(), ["the-round-in-words"]);
    }
}
