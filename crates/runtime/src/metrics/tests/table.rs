//! `docs/operations/metrics.md` lists every metric as it is served, and every label with its words. The table
//! is written anew with `UPDATE_GOLDEN=1`.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use super::{WORDS, served, text};

const PAGE: &str = "../docs/operations/metrics.md";
const BEGIN: &str = "<!-- metrics: begin (generated) -->\n";
const END: &str = "<!-- metrics: end -->\n";

fn table() -> String {
    let mut table =
        String::from("| metric | type | labels | unit | meaning |\n|---|---|---|---|---|\n");
    for metric in served() {
        let base = metric.name.trim_end_matches("_total");
        let unit = ["seconds", "bytes"].into_iter().find(|unit| base.ends_with(unit));
        let labels: Vec<String> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        writeln!(
            table,
            "| `{}` | {} | {} | {} | {} |",
            metric.name,
            metric.kind,
            labels.join(", "),
            unit.unwrap_or_default(),
            metric.about,
        )
        .expect("a text can be written to");
    }
    table
}

#[test]
fn the_document_lists_every_metric() {
    let document = text(PAGE);
    let (before, rest) = document.split_once(BEGIN).expect("the document has the begin marker");
    let (found, after) = rest.split_once(END).expect("the document has the end marker");
    let right = table();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(PAGE);
        std::fs::write(path, format!("{before}{BEGIN}{right}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(found, right, "run it again with UPDATE_GOLDEN=1 to write the table anew");
}

#[test]
fn the_document_lists_every_label_with_words_that_the_code_has() {
    let document = text(PAGE);
    let (_, section) = document.split_once("\n## Labels\n").expect("the section");
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let rows: Vec<Vec<&str>> =
        rows.map(|row| row.split('`').skip(1).step_by(2).collect()).collect();
    let labels: BTreeSet<&str> = rows.iter().map(|row| row[0]).collect();
    let metrics = served();
    let right: BTreeSet<&str> = metrics.iter().flat_map(|of| &of.labels).map(|l| &**l).collect();
    assert_eq!(labels, right);
    let code = WORDS.map(text).concat();
    for word in rows.iter().flat_map(|row| &row[1..]).filter(|word| !word.ends_with(".md")) {
        assert!(code.contains(word), "{word} is nowhere in the code");
    }
}
