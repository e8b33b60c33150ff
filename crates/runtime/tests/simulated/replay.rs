//! What the operator records is decided again as it was, and keeps what is the application's own to
//! itself.

use std::collections::BTreeSet;
use std::fs::read_to_string;

use flinkk8soperator_runtime::replay::{self, Summary};
use flinkk8soperator_simulate::scene::Scene;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::bench::{Bench, alone, application, confirmed, gone, with_image};

/// Stands in the application wherever a user could have written something secret.
pub(crate) const SECRET: &str = "correct-horse-battery";

/// The application with secrets in its environment, its arguments and its configuration.
pub(crate) fn with_secrets(mut application: Value, nth: u32) -> Value {
    let secret = format!("{SECRET}-{nth}");
    let spec = &mut application["spec"];
    spec["programArgs"] = json!(format!("--password {secret}"));
    spec["flinkConfig"]["s3.secret-key"] = json!(secret);
    for role in ["jobManagerConfig", "taskManagerConfig"] {
        spec[role]["envConfig"] = json!({ "env": [{ "name": "PASSWORD", "value": secret }] });
    }
    application
}

/// The rounds of a deploy, an update and a delete.
async fn recorded() -> String {
    let file = NamedTempFile::new().unwrap();
    let trace = Some(file.path().to_owned());
    let mut bench = Bench::with(|settings| settings.trace = trace).await;
    bench.apply(&with_secrets(application(), 1)).await;
    let first = bench.until("it is confirmed", confirmed).await;
    bench.apply(&with_secrets(with_image("1.1.0"), 2)).await;
    let updated = |now: &Scene| confirmed(now) && alone(now) && now.versions() != first.versions();
    bench.until("the update is confirmed and the old cluster is gone", updated).await;
    bench.delete().await;
    bench.until("it is gone", gone).await;
    bench.sound();
    read_to_string(file.path()).unwrap()
}

fn replayed(rounds: &str) -> (Summary, String) {
    let mut written = Vec::new();
    let summary = replay::text(rounds.as_bytes(), &mut written).unwrap();
    (summary, String::from_utf8(written).unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_deploy_an_update_and_a_delete_are_decided_again_as_they_were() {
    let rounds = recorded().await;
    let (summary, written) = replayed(&rounds);
    let count = rounds.lines().count();
    assert_eq!(summary, Summary { rounds: count, differ: 0 });
    // No difference, and neither a gap nor a fact that was not asked for.
    assert_eq!(written, format!("{count} rounds, 0 differ\n"));
    let phases = ["Updating", "ClusterStarting", "Savepointing", "SubmittingJob", "Running"];
    for phase in phases.iter().chain(&["Deleting"]) {
        assert!(rounds.contains(&format!(r#""phase":{{"{phase}":"#)), "no round in {phase}");
    }
    let changed = ["spec.image", "spec.programArgs", "spec.flinkConfig[s3.secret-key]"];
    for field in changed {
        assert!(rounds.contains(field), "the change of {field} was not seen");
    }
    assert!(!rounds.contains(SECRET), "what is secret was recorded");
}

#[tokio::test(start_paused = true)]
async fn exactly_the_round_that_was_tampered_with_differs() {
    let rounds = recorded().await;
    let is_submission = |line: &&str| line.contains(r#""effects":[{"Submit":"#);
    let line = rounds.lines().find(is_submission).unwrap();
    let mut tampered: Value = serde_json::from_str(line).unwrap();
    let effect = tampered["decision"]["effects"][0].take();
    tampered["decision"]["effects"] = json!([]);
    let nth = rounds.lines().position(|other| other == line).unwrap() + 1;
    let (summary, written) = replayed(&rounds.replace(line, &tampered.to_string()));
    let count = rounds.lines().count();
    assert_eq!(summary, Summary { rounds: count, differ: 1 });
    let (first, rest) = written.split_once('\n').unwrap();
    assert!(first.starts_with(&format!("line {nth}, default/wordcount, ")), "{written}");
    let expected = format!(
        "  effects[0]\n    recorded  nothing\n    now       {effect}\n{count} rounds, 1 differ\n"
    );
    assert_eq!(rest, expected);
}

#[tokio::test(start_paused = true)]
async fn every_fact_that_a_round_was_decided_from_is_missed() {
    let rounds = recorded().await;
    let mut missed = BTreeSet::new();
    for round in rounds.lines() {
        let round: Value = serde_json::from_str(round).unwrap();
        for fact in asked(&round["observation"]) {
            let mut without = round.clone();
            *without.pointer_mut(&format!("/observation{fact}")).unwrap() = json!("Unasked");
            let path = format!("observation{}", fact.replace('/', "."));
            let (_, written) = replayed(&without.to_string());
            let told = "needs now what was not asked for then\n";
            let lacks = written.split_once(told).map(|(_, facts)| facts).unwrap_or_default();
            assert!(lacks.lines().any(|line| line.trim() == path), "{path} of {round}: {written}");
            let name = path.rsplit('.').find(|part| part.parse::<u32>().is_err());
            missed.insert(name.unwrap().to_owned());
        }
    }
    let facts = ["change", "last_seen", "live_pods", "objects", "revisions"];
    let of_flink = ["cluster", "job", "jobs", "operation", "statistics", "submission"];
    let facts: BTreeSet<String> = facts.iter().chain(&of_flink).map(ToString::to_string).collect();
    assert_eq!(missed, facts);
}

/// The facts of an observation that were asked for, as pointers.
fn asked(seen: &Value) -> Vec<String> {
    let facts = |of: &Value, at: &str| -> Vec<String> {
        let facts = of.as_object().unwrap().iter();
        let facts = facts.filter(|(name, fact)| {
            !["flink", "process", "revisions"].contains(&name.as_str()) && **fact != "Unasked"
        });
        facts.map(|(name, _)| format!("{at}/{name}")).collect()
    };
    let clusters = seen["flink"].as_object().unwrap().iter();
    let of_flink = clusters.flat_map(|(n, flink)| facts(flink, &format!("/flink/{n}")));
    let of_revisions = facts(&seen["revisions"], "/revisions");
    facts(seen, "").into_iter().chain(of_revisions).chain(of_flink).collect()
}
