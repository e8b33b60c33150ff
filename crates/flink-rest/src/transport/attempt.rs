//! One attempt at an exchange: a free place, a time limit, the whole body, but not more than allowed.

use std::error::Error as StdError;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper_util::client::legacy::Error as HyperError;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};
use tower::{BoxError, Service, ServiceExt};

use super::dial::{Handshake, late_refusal};
use super::{Failure, Settings};

/// A request's own time limit, as an extension of it. For calls in which a user's code runs.
#[derive(Debug, Clone, Copy)]
pub struct TimeLimit(pub Duration);

/// How many exchanges may be under way.
#[derive(Clone)]
pub(super) struct Places {
    short: Arc<Semaphore>,
    long: Arc<Semaphore>,
}

impl Places {
    pub(super) fn new(settings: &Settings) -> Self {
        let places = |number| Arc::new(Semaphore::new(number));
        Self { short: places(settings.in_flight), long: places(settings.long_in_flight) }
    }
}

/// See the module.
#[derive(Clone)]
pub(super) struct Attempt<S> {
    service: S,
    settings: Arc<Settings>,
    places: Places,
}

impl<S> Attempt<S> {
    pub(super) fn new(service: S, settings: Arc<Settings>, places: Places) -> Self {
        Self { service, settings, places }
    }
}

impl<S, B> Service<http::Request<Bytes>> for Attempt<S>
where
    S: Service<http::Request<Bytes>, Response = http::Response<B>, Error = BoxError>,
    S: Clone + Send + 'static,
    S::Future: Send,
    B: Body<Data = Bytes> + Send,
    B::Error: Into<BoxError>,
{
    type Response = http::Response<Bytes>;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Failure>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        // Whether the service below is ready is part of the attempt, under its time limit.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Bytes>) -> Self::Future {
        let Self { service, settings, places } = self.clone();
        Box::pin(async move {
            let (limit, places) = match request.extensions().get() {
                Some(TimeLimit(own)) => (*own, places.long),
                None => (settings.attempt, places.short),
            };
            let deadline = Instant::now() + limit;
            let place = timeout_at(deadline, places.acquire_owned()).await;
            let _place = place.ok().and_then(Result::ok).ok_or(Failure::Busy)?;
            // A place that came free at the last moment: sending now could only be given up at once.
            if Instant::now() >= deadline {
                return Err(Failure::Busy);
            }
            let exchange = exchange(service, request, settings.largest_body);
            timeout_at(deadline, exchange).await.unwrap_or(Err(Failure::Timeout(limit)))
        })
    }
}

async fn exchange<S, B>(
    service: S,
    request: http::Request<Bytes>,
    largest: usize,
) -> Result<http::Response<Bytes>, Failure>
where
    S: Service<http::Request<Bytes>, Response = http::Response<B>, Error = BoxError>,
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    let response = service.oneshot(request).await.map_err(|error| failure(error, largest))?;
    let (head, body) = response.into_parts();
    let body = Limited::new(body, largest).collect().await.map_err(|e| failure(e, largest))?;
    Ok(http::Response::from_parts(head, body.to_bytes()))
}

/// Services wrap one another's errors: what happened may stand anywhere in the chain.
fn failure(error: BoxError, largest: usize) -> Failure {
    let error = match error.downcast::<Failure>() {
        Ok(known) => return *known,
        Err(other) => other,
    };
    let mut connects = false;
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error.as_ref());
    while let Some(this) = cause {
        if this.is::<LengthLimitError>() {
            return Failure::BodyTooLarge(largest);
        }
        if let Some(Handshake(words)) = this.downcast_ref() {
            return Failure::Tls(words.clone());
        }
        if let Some(words) = late_refusal(this) {
            return Failure::Tls(words);
        }
        connects |= this.downcast_ref::<HyperError>().is_some_and(HyperError::is_connect);
        cause = this.source();
    }
    if connects { Failure::Connect(error) } else { Failure::Broken(error) }
}
