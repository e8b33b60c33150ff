//! What is looked at before an operator takes the place of another one: what there is, written down
//! ([`dump`]), and what the reference operator would do with it ([`back`]).
//!
//! Everything here only reads: [`read`] has no other request than GET. Nothing is decided here for the
//! operator itself.

pub mod back;
pub mod dump;
pub mod read;
