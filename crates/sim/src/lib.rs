//! A simulated world for the operator: what it runs against in tests, in the demo, and in the
//! exhaustive exploration of its state machine.
//!
//! `world` and `invariants` use nothing of the workspace: a world that knew the machine's beliefs
//! would prove them. `explore`, which runs the machine in it, and `conformance`, which drives the
//! controllers of those who embed the machine, are the only modules that name it.

pub mod world;

pub mod invariants;

pub mod explore;

pub mod conformance;

pub mod http;
