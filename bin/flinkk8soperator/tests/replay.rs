//! `flinkk8soperator replay` as scripts use it: what it prints and how it exits.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use flinkk8soperator_resources::text;
use flinkk8soperator_runtime::Settings;
use flinkk8soperator_simulate::trial::{self, Trial};
use flinkk8soperator_simulate::view::silent::Silent;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

/// The exit code, and the two outputs.
type Outcome = (Option<i32>, String, String);

fn replay(arguments: &[&str], input: &Path) -> Outcome {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flinkk8soperator"));
    let command = command.arg("replay").args(arguments);
    let input = Stdio::from(fs::File::open(input).unwrap());
    let output = command.stdin(input).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// A file with the rounds of a deploy on the simulated cluster.
fn recording() -> NamedTempFile {
    let file = NamedTempFile::new().unwrap();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/minimal.yaml");
    let trial = Trial {
        files: vec![text::objects(&fs::read_to_string(example).unwrap()).unwrap()],
        world: None,
        settings: Settings { trace: Some(file.path().to_owned()), ..Settings::default() },
        lasts: None,
        hold: false,
    };
    assert!(trial::run(&trial, &mut Silent).unwrap().good);
    file
}

#[test]
fn the_exit_code_says_whether_something_differs_or_could_not_be_read() {
    let file = recording();
    let name = file.path().to_str().unwrap();
    let rounds = fs::read_to_string(name).unwrap();
    let count = rounds.lines().count();
    let same = (Some(0), format!("{count} rounds, 0 differ\n"), String::new());
    assert_eq!(replay(&[name], Path::new("/dev/null")), same);
    assert_eq!(replay(&["-"], file.path()), same);

    let mut last: Value = serde_json::from_str(rounds.lines().last().unwrap()).unwrap();
    last["decision"]["verdict"]["message"] = json!("other words");
    fs::write(name, format!("{rounds}{last}\n")).unwrap();
    let (code, told, _) = replay(&[name], Path::new("/dev/null"));
    assert_eq!(code, Some(1), "{told}");
    assert!(told.starts_with(&format!("line {}, ", count + 1)), "{told}");
    assert!(told.ends_with(&format!("\n{} rounds, 1 differ\n", count + 1)), "{told}");
    let (code, told, _) = replay(&[name, "-o", "json"], Path::new("/dev/null"));
    let report: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((code, &report["differ"]), (Some(1), &json!(1)));

    last["state"]["phase"] = json!("Napping");
    fs::write(name, format!("{rounds}{last}\n")).unwrap();
    let (code, _, complaint) = replay(&[name], Path::new("/dev/null"));
    let place =
        format!("flinkk8soperator: {name}: line {} is no recorded round: state.phase: ", count + 1);
    assert!(complaint.starts_with(&place), "{complaint}");
    assert_eq!(code, Some(2));
    assert_eq!(replay(&["no-such-file"], Path::new("/dev/null")).0, Some(2));
}
