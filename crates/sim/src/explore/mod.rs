//! Explores the machine in the simulated world exhaustively: every order of rounds, steps of the
//! world, edits and faults, up to a number of faults.
//!
//! This is the only module that names the machine, and of its functions only `needs` and `decide`.
//! What is true is asked of the world ([`crate::invariants`]); here is only what can happen
//! ([`Move`]), when two states are the same, and how to find the shortest way to something wrong.

mod calls;
mod canon;
mod canon_state;
mod canon_world;
mod cures;
mod document;
mod form;
mod knobs;
mod laws;
mod left;
mod moves;
mod node;
pub(crate) mod observe;
mod plant;
mod reach;
mod report;
mod round;
mod saw;
mod scenario;
mod search;
mod silence;
mod story;
mod suites;
mod survey;
mod trace;
pub(crate) mod translate;

pub use document::document;
pub use form::check_form;
pub use knobs::UNIT;
pub use moves::Move;
pub use plant::Plant;
pub use reach::{IMPOSSIBLE, Impossible, followers};
pub use report::{Finding, Report, What};
pub use round::{Cut, Refusal};
pub use scenario::{Edit, Edition, Fault, Suite, Told, Wish};
pub use search::{Limits, explore};
pub use story::Story;
pub use suites::{deep_suites, finder, suites};
pub use survey::{Place, Survey, Transitions};
