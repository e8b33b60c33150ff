//! The real operator in the simulated cluster: the demo, `simulate`, and the stories that tests tell.
//!
//! [`session`] starts both, [`stage`] shows to a [`view`] what the [`chronicle`] finds in the objects,
//! [`story`] is what the demo plays, [`world`] what another operator has left behind. The operator is the
//! one that runs in production: it is started through the runtime's own entry and talks to the simulated
//! API server as to any other.

pub mod session;

pub mod chronicle;
pub mod demo;
pub mod ledger;
pub mod scene;
pub mod stage;
pub mod story;
pub mod trial;
pub mod view;
pub mod world;

pub mod clock;
pub mod pace;

mod version;
