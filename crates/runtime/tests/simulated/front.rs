//! What listens at the pods' own addresses in the simulated cluster, within the process: TLS where the Flink in the pod
//! was configured with it, behind a password where one is set.

use std::io::{Error, ErrorKind};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use flinkk8soperator_flink_rest::transport::Stream;
use flinkk8soperator_runtime::Open;
use flinkk8soperator_sim::http::cluster::intent::{properties, property};
use flinkk8soperator_sim::http::kubernetes::api::Api;
use flinkk8soperator_sim::http::kubernetes::kinds::PODS;
use flinkk8soperator_sim::http::kubernetes::meta;
use http::header::AUTHORIZATION;
use http::{Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tower::BoxError;

use crate::authority::Authority;

/// Room in a stream: arbitrary.
const ROOM: usize = 64 << 10;

/// See the module. Clones are one.
#[derive(Clone)]
pub(crate) struct Front {
    api: Api,
    set: Arc<Mutex<Set>>,
}

#[derive(Clone)]
struct Set {
    tls: TlsAcceptor,
    /// The header that lets in; none: anyone is.
    authorization: Option<String>,
}

/// Speaks TLS with a certificate of this authority for `name`.
fn acceptor(authority: &Authority, name: &str) -> TlsAcceptor {
    let signed = authority.sign(name);
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let config = config.with_single_cert(signed.chain(), signed.private_key()).unwrap();
    TlsAcceptor::from(Arc::new(config))
}

impl Front {
    /// Anyone is let in; where TLS is spoken, with a certificate of this authority for `name`.
    pub(crate) fn new(api: Api, authority: &Authority, name: &str) -> Front {
        let set = Set { tls: acceptor(authority, name), authorization: None };
        Front { api, set: Arc::new(Mutex::new(set)) }
    }

    /// From now on new connections meet a certificate of this authority.
    pub(crate) fn certify(&self, authority: &Authority, name: &str) {
        self.set.lock().unwrap().tls = acceptor(authority, name);
    }

    /// From now on only who sends this header is let in.
    pub(crate) fn demand(&self, authorization: &str) {
        self.set.lock().unwrap().authorization = Some(authorization.to_owned());
    }

    pub(crate) fn open(&self) -> Open {
        let front = self.clone();
        Open::new(tower::service_fn(move |uri: Uri| {
            let opened = front.connect(&uri);
            async move { opened.map_err(BoxError::from) }
        }))
    }

    fn connect(&self, uri: &Uri) -> Result<Box<dyn Stream>, Error> {
        let ip = uri.host().unwrap_or_default();
        let pods = self.api.store().list(&PODS, None);
        let pod = pods.iter().find(|pod| meta::text(pod, "/status/podIP") == ip);
        let pod = pod.ok_or_else(|| Error::from(ErrorKind::HostUnreachable))?;
        let tls = property(&properties(pod), "security.ssl.rest.enabled") == Some("true");
        let scheme = if tls { "https:" } else { "" };
        let (namespace, name) = (meta::namespace(pod), meta::name(pod));
        let port = uri.port_u16().unwrap_or(80);
        let base = format!("/api/v1/namespaces/{namespace}/pods/{scheme}{name}:{port}/proxy");
        let (ours, theirs) = tokio::io::duplex(ROOM);
        let (front, set) = (self.clone(), self.set.lock().unwrap().clone());
        tokio::spawn(async move {
            if tls {
                let Ok(secured) = set.tls.accept(theirs).await else { return };
                front.serve(secured, base).await;
            } else {
                front.serve(theirs, base).await;
            }
        });
        Ok(Box::new(ours))
    }

    async fn serve(&self, stream: impl Stream + 'static, base: String) {
        let answer = |request: Request<Incoming>| {
            let (front, base) = (self.clone(), base.clone());
            async move { front.answer(request, &base).await }
        };
        // A client that goes away is none of ours.
        let _ =
            http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)).await;
    }

    async fn answer(
        &self,
        request: Request<Incoming>,
        base: &str,
    ) -> Result<Response<Full<Bytes>>, Error> {
        let (mut parts, body) = request.into_parts();
        let wanted = self.set.lock().unwrap().authorization.clone();
        let given = parts.headers.get(AUTHORIZATION).map(|header| header.to_str().unwrap());
        if wanted.is_some() && wanted.as_deref() != given {
            let mut refused = Response::new(Full::default());
            *refused.status_mut() = StatusCode::UNAUTHORIZED;
            return Ok(refused);
        }
        let path = parts.uri.path_and_query().map(|path| path.as_str()).unwrap_or_default();
        parts.uri = format!("{base}{path}").parse().map_err(Error::other)?;
        let body = body.collect().await.map_err(Error::other)?.to_bytes();
        let answer = self.api.handle(Request::from_parts(parts, body)).await;
        let answer = answer.map_err(Error::other)?;
        let (head, body) = answer.into_parts();
        Ok(Response::from_parts(
            head,
            Full::new(body.collect().await.map_err(Error::other)?.to_bytes()),
        ))
    }
}
