//! Our own connections, kept apart by pod: an address alone does not say whose it is, since a new
//! pod may get the address of an old one.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy::Client as Hyper;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::sync::watch;
use tower::{BoxError, Service};

use super::dial::{Dial, Open};
use super::{Failure, Settings};
use crate::security::Tls;

/// One pod that serves Flink's REST API.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    address: SocketAddr,
    pod: String,
}

impl Target {
    /// The pod of the UID `pod`, whose REST port is at `address`.
    #[must_use]
    pub fn new(address: SocketAddr, pod: impl Into<String>) -> Self {
        Self { address, pod: pod.into() }
    }

    /// What stands before the path of every request.
    pub(crate) fn base(&self, scheme: &str) -> String {
        format!("{scheme}://{}", self.address)
    }
}

/// The connections to all pods, by pod.
#[derive(Clone)]
pub(super) struct Connections {
    connect: Duration,
    idle: Duration,
    dial: Open,
    open: Arc<Mutex<HashMap<Target, Connection>>>,
}

/// The connections to one pod; `None` once it is forgotten. They close when the last holder of the
/// client is gone.
#[derive(Clone)]
pub(super) struct Connection(watch::Sender<Option<Way>>);

#[derive(Clone)]
struct Way {
    client: HttpClient,
    tls: Option<Tls>,
}

type HttpClient = Hyper<Dial, Full<Bytes>>;

impl Connections {
    pub(super) fn new(settings: &Settings, dial: Open) -> Self {
        let Settings { connect, idle, .. } = *settings;
        Self { connect, idle, dial, open: Arc::default() }
    }

    /// Over TLS that is not what the connections before spoke, only new ones are used; what is under way on the
    /// others comes to its end there.
    pub(super) fn to(&self, target: &Target, tls: Option<&Tls>) -> Connection {
        let mut open = self.locked();
        let way = || Some(Way { client: self.client(tls), tls: tls.cloned() });
        let new = || Connection(watch::Sender::new(way()));
        let connection = open.entry(target.clone()).or_insert_with(new);
        let same = connection.0.borrow().as_ref().is_some_and(|way| way.tls.as_ref() == tls);
        if !same {
            connection.0.send_replace(way());
        }
        connection.clone()
    }

    pub(super) fn forget(&self, target: &Target) {
        if let Some(connection) = self.locked().remove(target) {
            connection.0.send_replace(None);
        }
    }

    /// Hyper sends a request again if the connection it meant to use was closed before a byte of it
    /// was written. That is kept for all methods: such a request never left.
    fn client(&self, tls: Option<&Tls>) -> HttpClient {
        let dial = Dial { open: self.dial.clone(), tls: tls.cloned(), limit: self.connect };
        Hyper::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(self.idle)
            .pool_max_idle_per_host(1)
            .build(dial)
    }

    /// A panic while this lock is held cannot leave a half-made entry behind.
    fn locked(&self) -> MutexGuard<'_, HashMap<Target, Connection>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Service<http::Request<Bytes>> for Connection {
    type Response = http::Response<Incoming>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Bytes>) -> Self::Future {
        let client = self.0.borrow().as_ref().map(|way| way.client.clone());
        let mut open = self.0.subscribe();
        Box::pin(async move {
            let client = client.ok_or(Failure::Forgotten)?;
            // A dropped exchange closes its connection.
            tokio::select! {
                answer = client.request(request.map(Full::new)) => Ok(answer?),
                _ = open.wait_for(Option::is_none) => Err(Failure::Forgotten.into()),
            }
        })
    }
}
