//! What real Flink did in the situations that the state machine is built on, and what it answered
//! meanwhile. `docs/design/flink-facts.md` tells the same in words.
//!
//! Each module reads the recordings of one kind in `tests/recordings` and asserts what matters in
//! them, for every version that was recorded.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

#[path = "../support/answer.rs"]
mod answer;
mod caches;
mod cluster_ids;
mod half_stops;
mod high_availability;
mod recording;
mod restores;
mod statistics;
