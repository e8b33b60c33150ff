//! Rules that several states share, each a small pure function over what it needs.

pub(crate) mod change;
pub(crate) mod leaving;
pub(crate) mod readiness;
pub(crate) mod stop;
pub(crate) mod submission;
pub(crate) mod watch;
