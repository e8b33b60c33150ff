//! A Kubernetes API server in memory.
//!
//! From the outside in:
//!
//! | module | what |
//! |---|---|
//! | [`server`] | listens on loopback, writes the kubeconfig |
//! | [`api`] | one HTTP request in, one answer out; a [`tower::Service`], so that a client can also talk to it without a socket |
//! | [`route`] | the meaning of a path, a query and its headers |
//! | [`read`], [`mod@write`], [`watch`], [`proxy`] | the verbs |
//! | [`faults`], [`log`] | what a test wants to go wrong, and what was asked |
//! | [`discovery`], [`openapi`], [`table`] | what kubectl wants to know |
//! | [`store`] | the objects: versions, finalizers, ownership, history; no I/O, no async |
//! | [`apply`], [`patch`], [`schema`], [`builtin`], [`selector`], [`events`] | pure rules that the store and the verbs use |
//! | [`kinds`], [`error`], [`meta`] | vocabulary |
//!
//! Kinds are data: the built-in ones are a table, custom ones come from the
//! `CustomResourceDefinition` objects in the store and follow their changes.
//!
//! What it is not: there is no authentication, no admission webhook, no quota, no protobuf; one
//! version of each kind is stored and served; built-in kinds are validated only where an operator
//! is likely to trip (required fields, immutable fields, selectors) and keep unknown fields; of CEL
//! the part is known that the project's own definitions use, and more (see [`schema`]).

pub mod api;
pub mod apply;
pub mod builtin;
pub mod conformance;
pub mod discovery;
pub mod error;
pub mod events;
pub mod faults;
pub mod kinds;
pub mod log;
pub mod meta;
pub mod openapi;
pub mod patch;
pub mod proxy;
pub mod read;
pub mod route;
pub mod schema;
pub mod selector;
pub mod server;
pub mod store;
pub mod table;
pub mod watch;
pub mod write;

#[cfg(test)]
mod tests;
