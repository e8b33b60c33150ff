//! What a test wants to go wrong with a request.

use super::log::RequestInfo;
use std::sync::Arc;
use tokio::sync::Notify;
use tokio::time::Instant;

/// What happens to one request.
#[derive(Debug, Clone, Default)]
pub enum Fault {
    /// Nothing special.
    #[default]
    Pass,
    /// It is not performed; the answer is this HTTP status.
    RespondWith(u16),
    /// It is not performed; this status and body, of whoever is behind the server, are the answer.
    AnswerWith(u16, String),
    /// It is not performed; the answer is this status with `retryAfterSeconds` and the header `Retry-After`.
    AskToWait(u16, u32),
    /// It is not performed, and the connection ends without an answer.
    DropRequest,
    /// It is performed, and the connection ends without an answer.
    DropReply,
    /// It is performed at this time.
    DelayUntil(Instant),
    /// It is performed when the test says so.
    Hold(Arc<Notify>),
    /// It is performed now and answered when the test says so.
    HoldReply(Arc<Notify>),
    /// A get or list is answered from the past: from this version of the store. Other requests
    /// pass.
    Stale(u64),
}

/// Decides what happens to requests. Asked once for each, before it is performed.
pub trait FaultPlan: Send + Sync {
    /// What happens to this one.
    fn consult(&self, request: &RequestInfo) -> Fault;
}

impl<F: Fn(&RequestInfo) -> Fault + Send + Sync> FaultPlan for F {
    fn consult(&self, request: &RequestInfo) -> Fault {
        self(request)
    }
}

/// The plan in which nothing goes wrong.
pub struct NoFaults;

impl FaultPlan for NoFaults {
    fn consult(&self, _: &RequestInfo) -> Fault {
        Fault::Pass
    }
}
