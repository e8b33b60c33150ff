//! What every line of a round's log has: which application it is about, in which phase, and which version.

use flinkk8soperator_core::State;
use tracing::Span;
use tracing::field::Empty;

use crate::application::{Application, Key};

/// Of a round for `key`. Of the level that is always on: it is no line itself.
pub(crate) fn of(key: &Key) -> Span {
    let Key { namespace, name } = key;
    tracing::error_span!("round", %namespace, %name, phase = Empty, hash = Empty)
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
