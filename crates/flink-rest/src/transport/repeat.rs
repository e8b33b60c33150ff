//! Which exchanges are repeated: a GET without an answer. Everything else may have been done.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use tokio::time::Sleep;
use tower::retry::Policy;
use tower::retry::backoff::{Backoff, ExponentialBackoff, ExponentialBackoffMaker, MakeBackoff};
use tower::util::rng::HasherRng;

use super::Failure;
use crate::error::Retry;

/// Before the first repetition, as the reference operator's.
const FIRST_DELAY: Duration = Duration::from_millis(100);
/// Longest delay: a poll that comes anyway should not be overtaken by many.
const LONGEST_DELAY: Duration = Duration::from_secs(1);
/// Up to this part is added to or taken from a delay, so that a fleet does not repeat in step.
const JITTER: f64 = 0.5;

/// See the module. One for each request: it counts down.
#[derive(Debug, Clone)]
pub(super) struct RepeatGet {
    left: u32,
    delays: ExponentialBackoff,
}

impl RepeatGet {
    pub(super) fn new(repeats: u32) -> Self {
        let delays =
            ExponentialBackoffMaker::new(FIRST_DELAY, LONGEST_DELAY, JITTER, HasherRng::new())
                .expect("the first delay is below the longest and the jitter is between 0 and 1")
                .make_backoff();
        Self { left: repeats, delays }
    }
}

impl Policy<http::Request<Bytes>, http::Response<Bytes>, Failure> for RepeatGet {
    type Future = Sleep;

    fn retry(
        &mut self,
        _: &mut http::Request<Bytes>,
        result: &mut Result<http::Response<Bytes>, Failure>,
    ) -> Option<Sleep> {
        let broke = result.as_ref().is_err_and(|failure| failure.retry() == Retry::Later);
        if !broke || self.left == 0 {
            return None;
        }
        self.left -= 1;
        Some(self.delays.next_backoff())
    }

    /// What is not kept cannot be sent again: only a GET is.
    fn clone_request(&mut self, request: &http::Request<Bytes>) -> Option<http::Request<Bytes>> {
        (request.method() == Method::GET).then(|| request.clone())
    }
}
