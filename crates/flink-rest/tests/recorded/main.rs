//! Every answer that real Flink gave to a probe, version by version, means what it is said to mean.
//!
//! The recordings in `tests/recordings` hold whole exchanges. Each of them has an arm in
//! [`check`], so that a recording with a new exchange fails here until someone says what it means.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

#[path = "../support/answer.rs"]
mod answer;
mod cluster;
mod exchange;
mod failures;
mod jobs;
mod requests;
mod snapshots;
mod submissions;

use exchange::{Exchange, Recording};

/// What one exchange has to mean.
fn check(recording: &Recording, exchange: &Exchange) {
    let checks = [
        cluster::check,
        jobs::check,
        snapshots::check,
        submissions::check,
        failures::check,
        not_ours,
    ];
    let known = checks.iter().filter(|check| check(recording, exchange)).count();
    assert_eq!(known, 1, "exactly one module says what this exchange means");
}

/// Calls that the probe made and that this client does not have.
fn not_ours(_: &Recording, exchange: &Exchange) -> bool {
    let foreign = ["/jobs/overview", "/plan", "/subtasks/metrics"];
    foreign.iter().any(|call| exchange.path.split('?').next().is_some_and(|p| p.ends_with(call)))
}

#[test]
fn every_exchange_of_every_version_means_what_it_should() {
    let mut seen = 0;
    for recording in Recording::all() {
        for exchange in &recording.exchanges {
            println!("{} {}", recording.file, exchange.name);
            check(&recording, exchange);
            requests::check(&recording, exchange);
            seen += 1;
        }
    }
    // Losing recordings must not make this pass.
    assert_eq!(seen, 1109);
}

#[test]
fn the_probe_made_no_call_of_ours_that_is_not_built_here() {
    let unbuilt: std::collections::BTreeSet<String> = Recording::all()
        .iter()
        .flat_map(|recording| {
            let unbuilt =
                |e: &&Exchange| !requests::is_built(recording, e) && !not_ours(recording, e);
            recording.exchanges.iter().filter(unbuilt).map(|e| e.name.clone()).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(unbuilt.into_iter().collect::<Vec<_>>(), requests::ASKED_WRONGLY_ON_PURPOSE);
}
