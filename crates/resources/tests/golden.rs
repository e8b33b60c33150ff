//! The examples of the repository, rendered, against the committed renderings. After a change that is
//! meant: `UPDATE_GOLDEN=1 cargo test -p flinkk8soperator-resources --test golden`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

use std::fs;
use std::path::{Path, PathBuf};

use flinkk8soperator_core::ids::Incarnation;
use flinkk8soperator_resources::RenderConfig;
use flinkk8soperator_resources::text::{Which, hash, render};

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    files
}

/// What an example is rendered to: a comment with its hash, then the objects.
fn rendered(example: &Path, which: Which) -> String {
    let text = fs::read_to_string(example).unwrap();
    let config = RenderConfig {
        ingress_url_format: "{{$jobCluster}}.flink.example.com".into(),
        ..RenderConfig::default()
    };
    let objects = render(&text, &config, which).unwrap_or_else(|e| panic!("{example:?}: {e:?}"));
    format!("# {}{objects}", hash(&text, &config).unwrap())
}

fn check(golden: &str, which: Which) {
    let golden = folder(golden);
    let examples = yaml_files(&folder("../../examples"));
    assert!(examples.len() >= 3, "the examples are found");
    for example in &examples {
        let file = golden.join(example.file_name().unwrap());
        let rendered = rendered(example, which);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::create_dir_all(&golden).unwrap();
            fs::write(&file, &rendered).unwrap();
        }
        let committed = fs::read_to_string(&file).unwrap_or_default();
        assert!(
            committed == rendered,
            "{} differs; if it should: UPDATE_GOLDEN=1 cargo test -p flinkk8soperator-resources --test golden",
            file.display()
        );
    }
    assert_eq!(yaml_files(&golden).len(), examples.len(), "no rendering without its example");
}

#[test]
fn the_examples_are_created_as_committed() {
    check("tests/golden", Which::Created(Incarnation(1)));
}

#[test]
fn the_reference_operator_would_create_the_examples_as_committed() {
    check("tests/golden/reference", Which::Reference);
}
