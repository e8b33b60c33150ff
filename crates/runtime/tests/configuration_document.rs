//! `docs/operations/configuration.md` lists every key as the code has it. Written anew with
//! `UPDATE_GOLDEN=1`.

use std::fmt::Write;
use std::path::Path;

use flinkk8soperator_runtime::config::keys::{Effect, Holds, KEYS};

const BEGIN: &str = "<!-- keys: begin (generated) -->\n";
const END: &str = "<!-- keys: end -->\n";

fn table() -> String {
    let mut text = String::from("| key | default | holds | meaning |\n|---|---|---|---|\n");
    for key in KEYS {
        let not_yet = match key.effect {
            Effect::Full => "",
            Effect::NotYet => " (read and checked; without effect in this version)",
        };
        let default = if key.default.is_empty() { "`\"\"`" } else { &format!("`{}`", key.default) };
        let holds = match key.holds() {
            Holds::FromStart => "from the start",
            Holds::AtOnce => "at once",
            Holds::PerApplication => "at once, per application",
        };
        writeln!(text, "| `{}` | {default} | {holds} | {}{not_yet} |", key.name, key.meaning)
            .expect("a text can be written to");
    }
    text
}

#[test]
fn the_document_lists_every_key() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operations/configuration.md");
    let document = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = document.split_once(BEGIN).expect("the document has the begin marker");
    let (found, after) = rest.split_once(END).expect("the document has the end marker");
    let right = table();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{right}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(found, right, "run it again with UPDATE_GOLDEN=1 to write the table anew");
}
