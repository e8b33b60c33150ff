//! What every line of a round's log has: which application it is about, in which phase, and which version. And the
//! spans within a round, which are for traces alone ([`TRACES`]): its steps, effects, and requests to Kubernetes.
//! Those to Flink are made where they are sent.

use flinkk8soperator_core::State;
use flinkk8soperator_flink_rest::TRACES;
use tracing::Span;
use tracing::field::Empty;

use crate::application::{Application, Key};
use crate::kubernetes::KubeError;
#[cfg(feature = "opentelemetry")]
use crate::metrics::RoundEnd;

/// The name of a round's span.
pub(crate) const ROUND: &str = "round";

/// Of a round for `key`. Of the level that is always on: it is no line itself.
pub(crate) fn of(key: &Key) -> Span {
    let Key { namespace, name } = key;
    tracing::error_span!(ROUND, %namespace, %name, phase = Empty, hash = Empty)
}

/// In which phase the round begins, and about which version it is: that on its way, or the deployed one.
pub(crate) fn tell_where(app: &Application, state: &State) {
    let stored = app.typed.status.as_ref().map_or("", |status| status.phase.as_str());
    let deployed = || Some(state.record.deployed.as_ref()?.target);
    Span::current().record("phase", state.phase.name().unwrap_or(stored));
    if let Some(target) = state.target().or_else(deployed) {
        Span::current().record("hash", tracing::field::display(target.hash));
    }
}

/// How a round ended. In its trace alone: as a field of the span it would be in the line of a submission that is answered
/// later.
#[cfg(feature = "opentelemetry")]
pub(crate) fn ended(round: &Span, how: RoundEnd) {
    use tracing_opentelemetry::OpenTelemetrySpanExt;
    round.set_attribute("outcome", how.label());
    match how {
        RoundEnd::Done | RoundEnd::Skipped => {}
        RoundEnd::Failed | RoundEnd::Panicked => {
            round.set_status(opentelemetry::trace::Status::error(""));
        }
    }
}

/// Of a step of a round, or of an effect, by its name.
pub(crate) fn step(name: &'static str) -> Span {
    tracing::trace_span!(target: TRACES, "step", otel.name = name, otel.status_code = Empty)
}

/// A step was not done.
pub(crate) fn failed(span: &Span) {
    span.record("otel.status_code", "ERROR");
}

/// Of a request to Kubernetes, in OpenTelemetry's words for a client of HTTP. Where it went and which object it was about
/// is the round's to tell. None outside a round: the Lease is renewed each second.
pub(crate) fn request(verb: &'static str, kind: &str) -> Span {
    if Span::current().is_none() {
        return Span::none();
    }
    let method = match verb {
        "get" | "list" => "GET",
        "create" => "POST",
        "update" => "PUT",
        "patch" => "PATCH",
        _ => "DELETE",
    };
    tracing::trace_span!(
        target: TRACES,
        "Kubernetes",
        otel.name = format!("{verb} {kind}"),
        otel.kind = "client",
        otel.status_code = Empty,
        http.request.method = method,
        http.response.status_code = Empty,
        kubernetes.verb = verb,
        kubernetes.kind = kind,
        "error.type" = Empty,
    )
}

/// How a request was answered, where it was not done.
pub(crate) fn refused(span: &Span, error: &KubeError) {
    failed(span);
    span.record("error.type", error.label());
    if let Some(code) = error.code() {
        span.record("http.response.status_code", code);
    }
}
