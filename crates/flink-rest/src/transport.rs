//! The only I/O of this crate: HTTP exchanges with time limits, bounded in number and size.
//!
//! Requests come from [`crate::client`], answers go back there. From the outside in: a GET that
//! broke is repeated (`repeat`); each attempt has a time limit that covers the wait for a free
//! place and the whole body, and a cap on the body (`attempt`); below it are either our own
//! connections to pods (`connections`) or any service handed in, for instance the Kubernetes API
//! server's proxy.

mod attempt;
mod connections;
mod dial;
mod repeat;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body::Body;
use tower::retry::Retry as Repeat;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Service, ServiceExt};

pub use attempt::TimeLimit;
pub use connections::Target;
pub use dial::{Open, Stream};

use crate::error::{Reached, Retry};
use crate::security::Tls;
use attempt::{Attempt, Places};
use connections::Connections;
use repeat::RepeatGet;

/// A transport to one Flink: requests with an empty or JSON body, answers read to their end.
pub type Exchange = BoxCloneSyncService<http::Request<Bytes>, http::Response<Bytes>, Failure>;

/// Limits of the transport.
#[derive(Debug, Clone)]
pub struct Settings {
    /// For one attempt, from the wait for a free place to the end of the body. Default 5 s, as the
    /// reference operator's.
    pub attempt: Duration,
    /// For opening a connection, and again for its TLS handshake. Default 2 s: a pod in the same cluster answers in milliseconds.
    pub connect: Duration,
    /// How often a GET is repeated after a transport error. Default 2, as the reference operator's
    /// three attempts.
    pub repeats: u32,
    /// Requests under way at once, those with a [`TimeLimit`] of their own aside. Default 64:
    /// arbitrary, some per application of a large fleet.
    pub in_flight: usize,
    /// Requests with a [`TimeLimit`] of their own under way at once. Default 64: arbitrary. They take
    /// minutes, and polls must not wait for them.
    pub long_in_flight: usize,
    /// Bytes of an answer. Default 8 MiB: a job of a thousand vertices stays below 1 MiB.
    pub largest_body: usize,
    /// For how long an unused connection is kept. Default 30 s, so that polls reuse it.
    pub idle: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            attempt: Duration::from_secs(5),
            connect: Duration::from_secs(2),
            repeats: 2,
            in_flight: 64,
            long_in_flight: 64,
            largest_body: 8 << 20,
            idle: Duration::from_secs(30),
        }
    }
}

/// An exchange that did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// No free place within the time limit.
    #[error("too many requests to Flink are under way")]
    Busy,
    /// No connection: nothing listens there (yet), or nobody is there.
    #[error("no connection to Flink")]
    Connect(#[source] BoxError),
    /// No TLS: the server cannot be trusted, or does not trust us. In words.
    #[error("no TLS connection to Flink: {0}")]
    Tls(String),
    /// No answer within the time limit.
    #[error("no answer from Flink within {0:?}")]
    Timeout(Duration),
    /// The connection broke.
    #[error("the connection to Flink broke")]
    Broken(#[source] BoxError),
    /// The answer is larger than allowed.
    #[error("the answer has more than {0} bytes")]
    BodyTooLarge(usize),
    /// The pod is gone, its connections were dropped.
    #[error("the pod of this Flink is gone")]
    Forgotten,
}

impl Failure {
    /// What asking the same again can bring.
    #[must_use]
    pub fn retry(&self) -> Retry {
        match self {
            Self::Busy | Self::Connect(_) | Self::Timeout(_) | Self::Broken(_) => Retry::Later,
            Self::Tls(_) | Self::BodyTooLarge(_) => Retry::AfterChange,
            Self::Forgotten => Retry::Never,
        }
    }

    /// How far the request came.
    #[must_use]
    pub fn reached(&self) -> Reached {
        match self {
            Self::Busy | Self::Connect(_) | Self::Tls(_) => Reached::No,
            Self::Timeout(_) | Self::Broken(_) | Self::BodyTooLarge(_) | Self::Forgotten => {
                Reached::Perhaps
            }
        }
    }
}

/// One for the whole operator: all connections, and the limits that hold over all of them. Clones
/// share both.
#[derive(Clone)]
pub struct Transport {
    settings: Arc<Settings>,
    places: Places,
    connections: Connections,
}

impl Transport {
    /// A transport without connections.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let open = dial::tcp(settings.connect);
        Self::opening(settings, open)
    }

    /// One whose streams to pods are opened by a service handed in, for instance within the process.
    #[must_use]
    pub fn opening(settings: Settings, open: Open) -> Self {
        let places = Places::new(&settings);
        let connections = Connections::new(&settings, open);
        Self { settings: Arc::new(settings), places, connections }
    }

    /// To the pod at `target`, over connections of its own, which speak `tls`. After [`Transport::forget`] it fails for
    /// ever; ask for a new one then.
    #[must_use]
    pub fn to(&self, target: &Target, tls: Option<&Tls>) -> Exchange {
        self.over(self.connections.to(target, tls))
    }

    /// Over a service handed in, for instance a Kubernetes client with the path of `pods/…/proxy`.
    /// It must answer every status as a response and repeat nothing.
    #[must_use]
    pub fn over<S, B>(&self, service: S) -> Exchange
    where
        S: Service<http::Request<Bytes>, Response = http::Response<B>>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let service = service.map_err(Into::into);
        let attempt = Attempt::new(service, self.settings.clone(), self.places.clone());
        Exchange::new(Repeat::new(RepeatGet::new(self.settings.repeats), attempt))
    }

    /// Drops the connections to `target`: the pod is gone or going, its address may be another
    /// pod's soon. What is under way ends with [`Failure::Forgotten`]. Each target is to be forgotten
    /// once, else its entry stays.
    pub fn forget(&self, target: &Target) {
        self.connections.forget(target);
    }
}
