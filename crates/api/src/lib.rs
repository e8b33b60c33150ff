//! The Kubernetes API of the operator: the types of `FlinkApplication` and its CustomResourceDefinition.
//!
//! What it does: reads and writes the objects that users and the API server hold ([`v1beta1`]) and makes
//! the CRD that validates them ([`crd()`]). What it does not: decide, or talk to anything.
//! Data comes from the API server as JSON and goes to the core as its own types, and back.

mod instant;
mod string_enum;

pub mod crd;
pub mod dns;
pub mod duration;
pub mod flink_boolean;
pub mod flink_version;
pub mod machine;
pub mod parse;
pub mod project;
mod schema;
pub mod v1beta1;

pub use crd::crd;
