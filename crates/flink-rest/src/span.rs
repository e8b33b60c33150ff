//! The span of a request, for traces alone: OpenTelemetry's words for a client of HTTP. Nothing of what is sent or
//! answered is in it but the status, and of the path neither ids nor names.

use bytes::Bytes;
use http::{Request, Response};
use tracing::Span;
use tracing::field::Empty;

use crate::transport::Failure;

/// The target of spans that are for traces and in no line of a log: whoever sets up a log leaves it out.
pub const TRACES: &str = "flinkk8soperator_traces";

/// Of `request`, whose path below the way to this Flink is `path`.
pub(crate) fn of(request: &Request<Bytes>, path: &str) -> Span {
    let (method, uri) = (request.method().as_str(), request.uri());
    tracing::trace_span!(
        target: TRACES,
        "Flink",
        otel.name = format!("{method} {}", template(path)),
        otel.kind = "client",
        otel.status_code = Empty,
        http.request.method = method,
        http.response.status_code = Empty,
        url.template = template(path),
        server.address = uri.host(),
        server.port = uri.port_u16(),
        "error.type" = Empty,
    )
}

/// What came of it.
pub(crate) fn tell(span: &Span, answer: &Result<Response<Bytes>, Failure>) {
    let failed = |what: &str| {
        span.record("otel.status_code", "ERROR");
        span.record("error.type", what);
    };
    match answer {
        Ok(response) => {
            let status = response.status();
            span.record("http.response.status_code", status.as_u16());
            if !status.is_success() {
                failed(status.as_str());
            }
        }
        Err(failure) => failed(match failure {
            Failure::Busy => "busy",
            Failure::Connect(_) => "connect",
            Failure::Timeout(_) => "timeout",
            Failure::Broken(_) => "broken",
            Failure::BodyTooLarge(_) => "body_too_large",
            Failure::Tls(_) => "tls",
            Failure::Forgotten => "forgotten",
        }),
    }
}

/// A path without its query, its ids and a jar's name: one word for all calls of a sort.
fn template(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let mut before = "";
    let segments = path.split('/').map(|segment| {
        let is_id = segment.len() == 32 && segment.bytes().all(|byte| byte.is_ascii_hexdigit());
        let of_jar = std::mem::replace(&mut before, segment) == "jars";
        if of_jar {
            "{jar}"
        } else if is_id {
            "{id}"
        } else {
            segment
        }
    });
    segments.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::template;

    #[test]
    fn a_template_has_neither_ids_nor_names() {
        let id = "0123456789abcdef0123456789abcdef";
        for (path, expected) in [
            ("/jobs".to_owned(), "/jobs"),
            (format!("/jobs/{id}?mode=cancel"), "/jobs/{id}"),
            (format!("/jobs/{id}/savepoints/{id}"), "/jobs/{id}/savepoints/{id}"),
            ("/jars/secret%2Ename.jar/run".to_owned(), "/jars/{jar}/run"),
            ("/jobmanager/config".to_owned(), "/jobmanager/config"),
        ] {
            assert_eq!(template(&path), expected);
        }
    }
}
