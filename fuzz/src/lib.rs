//! What the fuzz targets do with their input: nothing may panic, and a few things must always hold.
//!
//! `cargo +nightly fuzz run decide --features libfuzzer` runs one for as long as one likes; the tests
//! here run all of them over inputs made from a counter, so that they neither rot nor fail at the first
//! input. What a world could really answer is the business of the exploration in crates/sim.

use flinkk8soperator_api::machine;
use flinkk8soperator_flink_rest::{model, response};
use flinkk8soperator_resources::{RenderConfig, text};
use http::StatusCode;

mod bytes;
mod facts;
mod rounds;

pub use rounds::decide;

/// The persisted state is read or refused; what was read is written as it was.
///
/// # Panics
/// Where that does not hold.
pub fn machine(data: &[u8]) {
    let Ok(value) = serde_json::from_slice(data) else { return };
    if let Ok(state) = machine::read(&value) {
        let again = machine::read(&machine::write(&state));
        assert!(again.is_ok_and(|again| again == state), "changed by writing and reading");
    }
}

/// An answer of Flink, or of something in between, is read or refused.
pub fn answer(data: &[u8]) {
    let Some((status, body)) = data.split_first() else { return };
    let status = StatusCode::from_u16(100 + u16::from(*status) * 2).unwrap_or(StatusCode::OK);
    drop(response::parse::<model::Jobs>(status, body));
    drop(response::parse::<model::Job>(status, body));
    drop(response::parse::<model::Checkpoints>(status, body));
    drop(response::parse::<model::Operation<model::SavepointLocation>>(status, body));
}

/// An application is rendered and hashed, or refused; the same each time.
///
/// # Panics
/// Where the hash is not the same twice.
pub fn application(data: &[u8]) {
    let Ok(input) = std::str::from_utf8(data) else { return };
    let config = RenderConfig::default();
    drop(text::render(input, &config, text::Which::Reference));
    let hash = || text::hash(input, &config).ok();
    assert_eq!(hash(), hash(), "two hashes of one application");
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::bytes::noise;

    /// Takes a valid input, and what becomes of it when one byte is another or the end is missing.
    fn around(valid: &str, target: fn(&[u8])) {
        target(valid.as_bytes());
        for (at, other) in (0..valid.len()).zip(noise(7, valid.len())) {
            let mut broken = valid.as_bytes().to_vec();
            broken[at] = other;
            target(&broken);
            target(&valid.as_bytes()[..at]);
        }
    }

    #[test]
    fn the_machine_takes_whatever_it_is_told_and_comes_to_every_phase() {
        let mut phases = BTreeSet::new();
        for seed in 1..6000 {
            phases.extend(rounds::play(&noise(seed, 4_000)).1);
        }
        let all = [
            "Cancelling",
            "ClusterStarting",
            "Deleting",
            "DeployFailed",
            "DualRunning",
            "Recovering",
            "Rescaling",
            "RollingBackJob",
            "Running",
            "Savepointing",
            "SubmittingJob",
            "Updating",
        ];
        assert_eq!(phases.into_iter().collect::<Vec<_>>(), all);
    }

    #[test]
    fn a_state_is_read_or_refused() {
        for seed in 1..40 {
            let (state, _) = rounds::play(&noise(seed, 2_000));
            around(&machine::write(&state).to_string(), machine);
        }
    }

    #[test]
    fn an_answer_is_read_or_refused() {
        let jobs = r#"{"jobs":[{"id":"00000000000000000000000000000001","status":"RUNNING"}]}"#;
        // A status of 200, and one of 400.
        for status in ["\u{32}", "\u{7f}"] {
            around(&format!("{status}{jobs}"), answer);
            around(&format!("{status}{{\"errors\":[\"a\",\"b: at c(D.java:1)\"]}}"), answer);
        }
    }

    #[test]
    fn an_application_is_rendered_or_refused() {
        let valid = "metadata: {name: a, namespace: b}\nspec:\n  image: c\n  jarName: d\n  \
            parallelism: 3\n  flinkVersion: '1.20'\n  jobManagerConfig: {resources: {requests: {memory: 1Gi}}}\n";
        around(valid, application);
    }
}
