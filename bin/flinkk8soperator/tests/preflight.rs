//! `flinkk8soperator preflight` as people use it, over a socket: what it writes, prints, and how it exits.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

#[path = "../../../crates/simulate/tests/recordings/opened.rs"]
mod opened;
#[path = "../../../crates/simulate/tests/recordings/mod.rs"]
mod recordings;

use std::fs;
use std::path::Path;
use std::process::Command;

use flinkk8soperator_simulate::world::Recorded;
use recordings::{WORLDS, document};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The exit code, and the two outputs.
type Outcome = (Option<i32>, String, String);

fn run(arguments: &[&str]) -> Outcome {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flinkk8soperator"));
    let output = command.args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// Runs `preflight` against a cluster with this world, in a folder of its own.
async fn preflight(world: &str, arguments: &[&str]) -> Outcome {
    assert!(WORLDS.contains(&world));
    let cluster = opened::open(world).await;
    let folder = TempDir::new().unwrap();
    let kubeconfig = text(&folder.path().join("kubeconfig"));
    fs::write(&kubeconfig, cluster.server().kubeconfig()).unwrap();
    let arguments: Vec<String> = ["preflight", "--kubeconfig", &kubeconfig]
        .iter()
        .chain(arguments)
        .map(|argument| (*argument).to_owned())
        .collect();
    let outcome = tokio::task::spawn_blocking(move || {
        run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    });
    outcome.await.unwrap()
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_is_a_file_that_simulate_opens() {
    let folder = TempDir::new().unwrap();
    let (config, file) = (folder.path().join("config.yaml"), folder.path().join("world.json"));
    fs::write(&config, "operator:\n  workers: 7\n  useKubectlProxy: true\nlogger:\n  level: 4\n")
        .unwrap();
    let (config, file) = (text(&config), text(&file));
    let of = ["-n", "team-b", "nosave", "--config", &config];
    let dump = [&["--dump", &file][..], &of[..]].concat();
    let outcome = preflight("update-cancelling", &dump).await;
    assert_eq!(outcome, (Some(0), String::new(), String::new()));
    let written: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(written["operator_config"], json!({ "workers": 7, "useKubectlProxy": true }));
    let recorded = document("update-cancelling");
    assert_eq!(written["application"]["spec"], recorded["application"]["spec"]);
    assert!(Recorded::read(Path::new(&file)).unwrap().what.contains("team-b/nosave"));
    let (code, told, trouble) = run(&["simulate", "--world", &file, "--for", "1m"]);
    assert_eq!(code, Some(0), "{told}{trouble}");

    let absent = folder.path().join("absent.json");
    let of_nobody = ["--dump", absent.to_str().unwrap(), "-n", "team-b", "nobody"];
    let (code, _, trouble) = preflight("update-cancelling", &of_nobody).await;
    assert_eq!(code, Some(2));
    assert!(trouble.contains("cannot read FlinkApplication nobody"), "{trouble}");
    assert!(trouble.contains("not found"), "{trouble}");
    assert!(!absent.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exit_code_says_whether_everything_would_go_on_as_it_is() {
    let (code, told, hint) = preflight("first-deploy-running", &["--back"]).await;
    assert_eq!(code, Some(0), "{told}");
    assert!(told.ends_with(" unchanged\n"), "{told}");
    assert!(hint.contains("without --config"), "{hint}");
    let (code, told, _) = preflight("running-last-applied-changed", &["--back"]).await;
    assert_eq!(code, Some(1), "{told}");
    let json = ["--back", "-n", "team-b", "-o", "json"];
    let (code, told, _) = preflight("update-cancelling", &json).await;
    assert_eq!(code, Some(1), "{told}");
    let report: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(report["applications"][0]["outcome"], "Deploying");
    let elsewhere = ["--back", "-n", "elsewhere"];
    assert_eq!(preflight("update-cancelling", &elsewhere).await.0, Some(0));
    let nowhere = ["preflight", "--back", "--kubeconfig", "/nowhere"];
    assert_eq!(run(&nowhere).0, Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_word_more_it_tells_what_this_operator_would_do() {
    let (code, told, hint) = preflight("first-deploy-running", &[]).await;
    assert_eq!(code, Some(0), "{told}");
    assert!(told.ends_with(" unchanged\n"), "{told}");
    assert!(hint.contains("without --config"), "{hint}");
    let (code, told, _) = preflight("update-submit-not-sent", &["-n", "team-b"]).await;
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains(" waits for a person: "), "{told}");
    let json = ["-n", "team-b", "-o", "json"];
    let (code, told, _) = preflight("update-submit-not-sent", &json).await;
    assert_eq!(code, Some(1), "{told}");
    let report: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(report["applications"][0]["outcome"], "Stalled");
    assert_eq!(preflight("update-cancelling", &["-n", "elsewhere"]).await.0, Some(0));
    let (code, _, trouble) = preflight("update-cancelling", &["-n", "team-b", "nosave"]).await;
    assert_eq!(code, Some(2));
    assert!(trouble.contains("--dump"), "{trouble}");
}
