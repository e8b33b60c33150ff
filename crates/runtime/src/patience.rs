//! A limit to silence on connections to the API server: for the headers of an answer, and between
//! two pieces of a body.
//!
//! Requests through the proxy to a pod have limits of their own (`flink-rest`): a submission answers
//! only when the program's `main` is through.
//!
//! The client below waits for ever on a peer that says nothing. A watch that is dead that way would
//! show an unchanging world; here it breaks, and is begun anew.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use tokio::time::{Instant, Sleep};
use tower::{BoxError, Layer, Service};

/// How long the other side may say nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// Before the headers of an answer, and between two pieces of a body.
    pub(crate) answer: Duration,
    /// Between two events of a watch.
    pub(crate) watch: Duration,
}

impl<S> Layer<S> for Patience {
    type Service = Patient<S>;

    fn layer(&self, inner: S) -> Patient<S> {
        Patient { inner, patience: *self }
    }
}

/// A service that does not wait for ever.
#[derive(Clone, Debug)]
pub(crate) struct Patient<S> {
    inner: S,
    patience: Patience,
}

/// The other side said nothing for too long.
#[derive(Debug, thiserror::Error)]
#[error("the API server said nothing for {0:?}")]
pub(crate) struct Silent(Duration);

impl<S, Q, B> Service<Request<Q>> for Patient<S>
where
    S: Service<Request<Q>, Response = Response<B>>,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
{
    type Response = Response<Limited<B>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        let Patience { answer: limit, watch } = self.patience;
        let proxied = request.uri().path().contains("/proxy/");
        let watches = request.uri().query().is_some_and(|query| {
            query.split('&').any(|parameter| matches!(parameter, "watch=true" | "watch=1"))
        });
        let between = if watches || proxied { watch } else { limit };
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = match proxied {
                true => answer.await,
                false => tokio::time::timeout(limit, answer).await.map_err(|_| Silent(limit))?,
            };
            let answer = answer.map_err(Into::into)?;
            let sleep = Box::pin(tokio::time::sleep(between));
            Ok(answer.map(|inner| Limited { inner, limit: between, sleep }))
        })
    }
}

/// A body that breaks when nothing comes for too long.
#[derive(Debug)]
pub(crate) struct Limited<B> {
    inner: B,
    limit: Duration,
    sleep: Pin<Box<Sleep>>,
}

impl<B> Body for Limited<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(cx) {
            this.sleep.as_mut().reset(Instant::now() + this.limit);
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        ready!(this.sleep.as_mut().poll(cx));
        Poll::Ready(Some(Err(Silent(this.limit).into())))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use http_body_util::{BodyExt, Empty, StreamBody};
    use tower::{ServiceExt, service_fn};

    use super::*;

    const PATIENCE: Patience =
        Patience { answer: Duration::from_secs(5), watch: Duration::from_secs(60) };

    fn request(uri: &str) -> Request<Empty<Bytes>> {
        Request::get(uri).body(Empty::new()).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_does_not_begin_is_given_up() {
        let start = Instant::now();
        let silent = service_fn(async |_: Request<Empty<Bytes>>| {
            std::future::pending::<Result<Response<Empty<Bytes>>, Infallible>>().await
        });
        let answer = PATIENCE.layer(silent).oneshot(request("/api/v1/pods?watch=true")).await;
        assert!(answer.is_err());
        assert_eq!(start.elapsed(), PATIENCE.answer);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_may_be_long_but_not_silent() {
        let limit = PATIENCE.answer;
        assert_eq!(breaks_after("/api/v1/pods?limit=500", limit * 4 / 5).await, limit);
        let limit = PATIENCE.watch;
        let watch = "/api/v1/pods?limit=500&watch=true";
        assert_eq!(breaks_after(watch, limit * 4 / 5).await, limit);
    }

    /// After what silence the body of an answer breaks, where three pieces have come `pause` after one another.
    async fn breaks_after(uri: &str, pause: Duration) -> Duration {
        let pieces = futures::stream::unfold(0, move |n| async move {
            let pause = if n < 3 { pause } else { Duration::from_secs(500) };
            tokio::time::sleep(pause).await;
            Some((Ok::<_, Infallible>(Frame::data(Bytes::from_static(b"x"))), n + 1))
        });
        let body = std::sync::Mutex::new(Some(StreamBody::new(Box::pin(pieces))));
        let service = service_fn(move |_: Request<Empty<Bytes>>| {
            let body = body.lock().unwrap().take().unwrap();
            async move { Ok::<_, Infallible>(Response::new(body)) }
        });
        let start = Instant::now();
        let mut answer = PATIENCE.layer(service).oneshot(request(uri)).await.unwrap();
        for _ in 0..3 {
            assert!(answer.body_mut().frame().await.unwrap().is_ok());
        }
        assert!(answer.body_mut().frame().await.unwrap().is_err());
        start.elapsed() - 3 * pause
    }
}
