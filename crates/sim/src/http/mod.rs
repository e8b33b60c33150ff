//! The APIs of a simulated cluster, served over HTTP.
//!
//! Tests of the runtime, the demo and a real kubectl talk to what is here as they would to a real
//! cluster. Nothing here decides what a cluster does by itself (that Deployments get pods, that
//! Flink runs a job): controllers do, which read and write the same store.

pub mod cluster;
pub mod flink;
pub mod kubernetes;
