//! One file per phase: what it needs, how it goes on, which effects belong to it.

pub(crate) mod cancelling;
pub(crate) mod cluster_starting;
pub(crate) mod deleting;
pub(crate) mod deploy_failed;
pub(crate) mod dual_running;
pub(crate) mod left;
pub(crate) mod new;
mod next;
pub(crate) mod recovering;
pub(crate) mod rescaling;
pub(crate) mod rolling_back_job;
pub(crate) mod running;
pub(crate) mod savepointing;
pub(crate) mod submitting_job;
pub(crate) mod unreadable;
pub(crate) mod updating;

mod deploy;
mod handover;

pub(crate) use next::Next;
