//! `Retry-After`: for how long the API server does not want to be asked the same again, with an answer 429 or 503.
//!
//! Read from the header into the `Status` that kube's errors carry (priority and fairness answers in plain words),
//! noted for the round that got the answer, which does not begin anew before, and kept by the watches. No other round
//! is held: what is short may be one resource, or one namespace.

use std::cell::Cell;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use kube::core::Status;
use kube::runtime::watcher;
use serde_json::{Value, json};
use tower::{BoxError, Layer, Service};

/// No longer is waited, whoever asks for it. Priority and fairness asks for 32 s at most.
pub(crate) const LONGEST: Duration = Duration::from_secs(60);

/// Puts the header into the `Status` of an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heard;

impl<S> Layer<S> for Heard {
    type Service = Hearing<S>;

    fn layer(&self, inner: S) -> Hearing<S> {
        Hearing(inner)
    }
}

/// A service whose answers have it there.
#[derive(Clone, Debug)]
pub(crate) struct Hearing<S>(S);

impl<S, Q, B> Service<Request<Q>> for Hearing<S>
where
    S: Service<Request<Q>, Response = Response<B>>,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<Told>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        let answer = self.0.call(request);
        Box::pin(async move {
            let answer = answer.await.map_err(Into::into)?;
            told(answer.map(|body| body.map_err(Into::into).boxed_unsync())).await
        })
    }
}

/// The body of an answer, as it came or as it was told.
type Told = UnsyncBoxBody<Bytes, BoxError>;

async fn told(answer: Response<Told>) -> Result<Response<Told>, BoxError> {
    let throttled = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE];
    let header = answer.headers().get(RETRY_AFTER).filter(|_| throttled.contains(&answer.status()));
    let seconds = header.and_then(|value| value.to_str().ok()?.trim().parse::<u32>().ok());
    let Some(seconds) = seconds else { return Ok(answer) };
    let (mut parts, body) = answer.into_parts();
    let body = body.collect().await?.to_bytes();
    let status = serde_json::from_slice(&body).ok().filter(Value::is_object);
    let mut status = status.unwrap_or_else(|| {
        let words = String::from_utf8_lossy(&body);
        let reason = parts.status.canonical_reason().unwrap_or_default().replace(' ', "");
        let (code, message) = (parts.status.as_u16(), words.trim());
        json!({ "status": "Failure", "code": code, "reason": reason, "message": message })
    });
    match status["details"].as_object_mut() {
        Some(details) => drop(details.insert("retryAfterSeconds".to_owned(), json!(seconds))),
        None => status["details"] = json!({ "retryAfterSeconds": seconds }),
    }
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    parts.headers.remove(CONTENT_LENGTH);
    let body = Full::from(status.to_string()).map_err(|never| match never {});
    Ok(Response::from_parts(parts, body.boxed_unsync()))
}

/// What an error asks for.
#[must_use]
pub(crate) fn of(error: &kube::Error) -> Option<Duration> {
    match error {
        kube::Error::Api(status) => in_status(status),
        _ => None,
    }
}

/// What the error of a watch asks for.
#[must_use]
pub(crate) fn of_watch(error: &watcher::Error) -> Option<Duration> {
    match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => of(error),
        watcher::Error::WatchError(status) => in_status(status),
        watcher::Error::NoResourceVersion => None,
    }
}

/// What an answer asks for.
#[must_use]
pub(crate) fn in_status(status: &Status) -> Option<Duration> {
    let seconds = status.details.as_ref()?.retry_after_seconds;
    let throttled = matches!(status.code, 429 | 503) && seconds > 0;
    throttled.then(|| Duration::from_secs(u64::from(seconds)).min(LONGEST))
}

tokio::task_local! {
    static ASKED: Cell<Option<Duration>>;
}

/// Performs a round, and tells for how long the API server does not want its requests again.
pub(crate) async fn noted<T>(round: impl Future<Output = T>) -> (T, Option<Duration>) {
    let round = async {
        let outcome = round.await;
        (outcome, ASKED.with(Cell::get))
    };
    ASKED.scope(Cell::new(None), round).await
}

/// Notes it for the round at hand. Outside of one whoever asked goes by the error.
pub(crate) fn note(asked: Duration) {
    let _ = ASKED.try_with(|longest| longest.set(longest.get().max(Some(asked))));
}

#[cfg(test)]
mod tests {
    use kube::Client;
    use kube::client::Body;
    use tower::service_fn;

    use super::*;

    /// What the error to an answer asks for.
    async fn asked(code: u16, header: Option<&str>, body: &str) -> (Option<u64>, kube::Error) {
        let (header, body) = (header.map(str::to_owned), body.to_owned());
        let service = service_fn(move |_: Request<Body>| {
            let mut answer = Response::builder().status(code);
            if let Some(header) = &header {
                answer = answer.header(RETRY_AFTER, header);
            }
            let answer = answer.body(Body::from(body.clone().into_bytes()));
            async move { answer }
        });
        let client = Client::new(Heard.layer(service), "ns");
        let request = Request::get("/version").body(Vec::new()).unwrap();
        let error = client.request::<serde_json::Value>(request).await.unwrap_err();
        (of(&error).map(|asked| asked.as_secs()), error)
    }

    #[tokio::test]
    async fn what_is_asked_for_is_in_the_error_whatever_the_answer_looks_like() {
        let plain = "Too many requests, please try again later.";
        let (asked_for, error) = asked(429, Some("7"), plain).await;
        assert_eq!(asked_for, Some(7));
        let kube::Error::Api(status) = error else { panic!("{error}") };
        assert_eq!(
            (status.code, &*status.message, &*status.reason),
            (429, plain, "TooManyRequests")
        );
        let status = r#"{"kind":"Status","code":503,"message":"etcd","details":{"name":"x"}}"#;
        let (asked_for, error) = asked(503, Some("3"), status).await;
        assert_eq!(asked_for, Some(3));
        let kube::Error::Api(status) = error else { panic!("{error}") };
        assert_eq!((&*status.message, &*status.details.unwrap().name), ("etcd", "x"));
        assert_eq!(asked(429, Some("3600"), plain).await.0, Some(LONGEST.as_secs()));
        assert_eq!(asked(429, None, plain).await.0, None);
        assert_eq!(asked(429, Some("soon"), plain).await.0, None);
        assert_eq!(asked(403, Some("7"), plain).await.0, None, "a refusal is none of time");
    }
}
