//! The API server without a socket: one HTTP request in, one answer out.

use super::discovery;
use super::error::ApiError;
use super::faults::{Fault, FaultPlan, NoFaults};
use super::log::{Entry, RequestInfo, RequestLog};
use super::openapi;
use super::proxy::{self, PodProxy};
use super::read;
use super::route::{self, Query, Route, Subresource, Target, Verb, route};
use super::store::{Store, StoreConfig};
use super::watch as watches;
use super::write::{Answer, Write, scale_of};
use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderValue, Request, Response, StatusCode, header, request};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::sync::watch;

/// The body of an answer: whole, or the stream of a watch.
pub type Body = UnsyncBoxBody<Bytes, Infallible>;

/// The connection ends without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("connection closed before an answer was sent")]
pub struct ConnectionClosed;

/// How the watches that are open behave.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct WatchControl {
    /// A watch ends when this is no longer what it was when it began.
    pub(super) session: u64,
    /// No events are delivered.
    pub(super) is_held: bool,
}

/// The API server. Clones share one cluster.
#[derive(Clone)]
pub struct Api {
    shared: Arc<Shared>,
}

struct Shared {
    store: Mutex<Store>,
    faults: Mutex<Arc<dyn FaultPlan>>,
    pods: Mutex<Option<Arc<dyn PodProxy>>>,
    log: RequestLog,
    watches: watch::Sender<WatchControl>,
}

/// What is guarded here is consistent after every statement, so that a panic elsewhere in a test
/// does not make it unusable.
fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Api {
    /// An API server over an empty cluster.
    pub fn new(config: StoreConfig) -> Self {
        Self {
            shared: Arc::new(Shared {
                store: Mutex::new(Store::new(config)),
                faults: Mutex::new(Arc::new(NoFaults)),
                pods: Mutex::new(None),
                log: RequestLog::default(),
                watches: watch::Sender::new(WatchControl::default()),
            }),
        }
    }

    /// The objects. Do not hold it across an await.
    pub fn store(&self) -> MutexGuard<'_, Store> {
        lock(&self.shared.store)
    }

    /// What was asked so far.
    pub fn log(&self) -> &RequestLog {
        &self.shared.log
    }

    /// From now on requests go wrong as this plan says.
    pub fn set_faults(&self, plan: impl FaultPlan + 'static) {
        *lock(&self.shared.faults) = Arc::new(plan);
    }

    /// From now on this answers in the pods.
    pub fn set_pod_proxy(&self, pods: Arc<dyn PodProxy>) {
        *lock(&self.shared.pods) = Some(pods);
    }

    pub(super) fn pod_proxy(&self) -> Option<Arc<dyn PodProxy>> {
        lock(&self.shared.pods).clone()
    }

    /// Ends all open watches, as a restart of the server does.
    pub fn cut_watches(&self) {
        self.shared.watches.send_modify(|control| control.session += 1);
    }

    /// Stops (or resumes) the delivery of watch events: what clients have cached grows stale.
    pub fn hold_watches(&self, is_held: bool) {
        self.shared.watches.send_modify(|control| control.is_held = is_held);
    }

    pub(super) fn watch_control(&self) -> watch::Receiver<WatchControl> {
        self.shared.watches.subscribe()
    }

    /// Collects garbage whenever something changed, until it is dropped.
    pub async fn run_garbage_collector(self) {
        let mut versions = self.store().subscribe();
        let mut seen = 0;
        loop {
            {
                let mut store = self.store();
                if store.may_have_garbage_since(seen) {
                    while store.collect_garbage() {}
                }
                seen = store.version();
            }
            if versions.changed().await.is_err() {
                return;
            }
        }
    }

    /// Answers a request.
    ///
    /// # Errors
    /// [`ConnectionClosed`] if a fault plan says so.
    pub async fn handle(
        &self,
        request: Request<Bytes>,
    ) -> Result<Response<Body>, ConnectionClosed> {
        let (parts, body) = request.into_parts();
        let query = Query::parse(parts.uri.query().unwrap_or_default());
        let found = route(self.store().kinds(), parts.uri.path());
        let target = match &found {
            Route::Objects(target) => Some(target),
            _ => None,
        };
        let Some(verb) = Verb::of(&parts.method, target, &query) else {
            return Ok(refuse(&ApiError::MethodNotAllowed));
        };
        let mut info = describe(&parts, verb, target);
        let fault = lock(&self.shared.faults).clone().consult(&info);
        if verb == Verb::Create {
            info.name = named_in(&body);
        }
        let reply = self.perform(fault, verb, &found, &query, parts, body).await;
        let status = reply.as_ref().ok().map(|answer| answer.status().as_u16());
        self.shared.log.push(Entry { request: info, status });
        reply
    }

    async fn perform(
        &self,
        fault: Fault,
        verb: Verb,
        found: &Route,
        query: &Query,
        parts: request::Parts,
        body: Bytes,
    ) -> Result<Response<Body>, ConnectionClosed> {
        let mut stale = None;
        match &fault {
            Fault::RespondWith(code) => return Ok(refuse(&ApiError::Injected(*code))),
            Fault::AnswerWith(code, body) => return Ok(worded(*code, body.clone())),
            Fault::AskToWait(code, seconds) => {
                let mut status = ApiError::Injected(*code).status();
                status["details"] = json!({ "retryAfterSeconds": seconds });
                let mut answer = respond(*code, &status);
                answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
                return Ok(answer);
            }
            Fault::DropRequest => return Err(ConnectionClosed),
            Fault::DelayUntil(instant) => tokio::time::sleep_until(*instant).await,
            Fault::Hold(notify) => notify.notified().await,
            Fault::Stale(version) => stale = Some(*version),
            Fault::Pass | Fault::DropReply | Fault::HoldReply(_) => {}
        }
        let answer = match found {
            Route::Objects(target) => self.objects(verb, target, query, parts, body, stale).await,
            other => self.documents(other, &parts),
        };
        match fault {
            Fault::DropReply => return Err(ConnectionClosed),
            Fault::HoldReply(notify) => notify.notified().await,
            _ => {}
        }
        Ok(answer.unwrap_or_else(|error| refuse(&error)))
    }

    async fn objects(
        &self,
        verb: Verb,
        target: &Target,
        query: &Query,
        parts: request::Parts,
        body: Bytes,
        stale: Option<u64>,
    ) -> Result<Response<Body>, ApiError> {
        if verb == Verb::Proxy {
            let answer = proxy::proxy(self, target, parts, body).await?;
            return Ok(answer.map(|body| Full::new(body).boxed_unsync()));
        }
        let rendering = route::rendering(&parts, query)?;
        let write = Write { target, query, parts: &parts, body: &body, rendering };
        let mut store = self.store();
        match verb {
            Verb::Get if target.subresource == Subresource::Scale => {
                let name = target.name.as_deref().unwrap_or_default();
                let object = store.get(&target.kind.resource, target.store_namespace(), name);
                let object = object.ok_or_else(|| ApiError::NotFound(target.kind.subject(name)))?;
                Ok(respond(200, &scale_of(&target.kind, &object)))
            }
            Verb::Get => Ok(respond(200, &read::get(&store, target, rendering, stale)?)),
            Verb::List => Ok(respond(200, &read::list(&store, target, query, rendering, stale)?)),
            Verb::Watch => {
                drop(store);
                let body = watches::watch(self, target, query, rendering)?;
                Ok(json_response(StatusCode::OK, body))
            }
            Verb::Create => write.create(&mut store).map(answer),
            Verb::Update => write.update(&mut store).map(answer),
            Verb::Patch => write.patch(&mut store).map(answer),
            Verb::Delete => write.delete(&mut store).map(answer),
            Verb::DeleteCollection => write.delete_collection(&mut store).map(answer),
            Verb::Proxy => Err(ApiError::MethodNotAllowed),
        }
    }

    /// What is no object.
    fn documents(&self, found: &Route, parts: &request::Parts) -> Result<Response<Body>, ApiError> {
        let kinds = self.store().kinds().clone();
        let is_aggregated = route::wants_aggregated_discovery(parts);
        let document = match found {
            Route::Version => discovery::version(),
            Route::Health => return Ok(text("ok")),
            Route::CoreVersions if is_aggregated => return Ok(aggregated(&kinds, true)),
            Route::Groups if is_aggregated => return Ok(aggregated(&kinds, false)),
            Route::CoreVersions => discovery::core_versions(),
            Route::Groups => discovery::groups(&kinds),
            Route::Group(group) => discovery::group(&kinds, group).ok_or(ApiError::NoSuchPath)?,
            Route::GroupVersion(group, version) => {
                discovery::resources(&kinds, group, version).ok_or(ApiError::NoSuchPath)?
            }
            Route::OpenApiIndex => openapi::index(&kinds),
            Route::OpenApi(group, version) => {
                openapi::document(&kinds, group, version).ok_or(ApiError::NoSuchPath)?
            }
            Route::Objects(_) | Route::Unknown => return Err(ApiError::NoSuchPath),
        };
        Ok(respond(200, &document))
    }
}

fn describe(parts: &request::Parts, verb: Verb, target: Option<&Target>) -> RequestInfo {
    let query = parts.uri.query().unwrap_or_default();
    let mut info = RequestInfo::new(parts.method.clone(), parts.uri.path(), query, verb, target);
    info.user_agent = route::header_text(parts, header::USER_AGENT).to_owned();
    info
}

/// What an object that is sent is called.
fn named_in(body: &Bytes) -> String {
    let object: Value = serde_json::from_slice(body).unwrap_or_default();
    super::meta::name(&object).to_owned()
}

fn aggregated(kinds: &super::kinds::Kinds, is_core: bool) -> Response<Body> {
    let mut response = respond(200, &discovery::aggregated(kinds, is_core));
    let media = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    response
}

fn json_response(status: StatusCode, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let media = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, media);
    response
}

fn respond(status: u16, body: &Value) -> Response<Body> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    json_response(status, Full::from(format!("{body}\n")).boxed_unsync())
}

fn text(body: &'static str) -> Response<Body> {
    Response::new(Full::from(body).boxed_unsync())
}

fn answer(answer: Answer) -> Response<Body> {
    let mut response = respond(answer.status, &answer.body);
    for warning in answer.warnings {
        let quoted = json!(warning).to_string();
        if let Ok(value) = HeaderValue::from_str(&format!("299 - {quoted}")) {
            response.headers_mut().append(header::WARNING, value);
        }
    }
    response
}

fn worded(code: u16, body: String) -> Response<Body> {
    let mut response = Response::new(Full::new(Bytes::from(body)).boxed_unsync());
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_GATEWAY);
    response
}

fn refuse(error: &ApiError) -> Response<Body> {
    let mut response = respond(error.code(), &error.status());
    if error.code() == 429 {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// The largest body that is read: etcd's own limit for an object is 1.5 MB.
const MAX_BODY: usize = 3 << 20;

impl<B> tower::Service<Request<B>> for Api
where
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<tower::BoxError>,
{
    type Response = Response<Body>;
    type Error = ConnectionClosed;
    type Future = BoxFuture<'static, Result<Response<Body>, ConnectionClosed>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectionClosed>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let api = self.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let body = http_body_util::Limited::new(body, MAX_BODY);
            // A body that breaks off is a connection that broke.
            let body = body.collect().await.map_err(|_| ConnectionClosed)?.to_bytes();
            api.handle(Request::from_parts(parts, body)).await
        })
    }
}
