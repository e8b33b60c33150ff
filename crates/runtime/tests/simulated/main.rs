//! The operator against the simulated cluster, in virtual time: the stories that users tell, what goes
//! wrong in them, and what they cost.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

#[path = "../../../flink-rest/tests/support/authority.rs"]
#[expect(dead_code, reason = "the tests of flink-rest need more of it")]
mod authority;
mod bench;

mod addresses;
mod api_server;
mod blue_green;
mod counts;
mod deleted;
mod finished;
mod flink_rest;
mod foreign;
mod front;
mod given_back;
mod granted;
mod high_availability;
mod in_place;
mod layers;
mod leader_election;
mod logs;
mod metrics;
mod mishaps;
mod other_values;
mod permissions;
mod predecessor;
mod refused;
mod reload;
mod replay;
mod selected;
mod stories;
#[cfg(feature = "opentelemetry")]
mod traces;
mod two_operators;
