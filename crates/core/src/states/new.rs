//! New: nothing was done for the application yet.

use crate::context::Context;
use crate::cure::Cure;
use crate::observation::{FactRequest, Observation};
use crate::reason::Reason;
use crate::state::State;
use crate::states::{Next, deploy};

/// The objects: a version of it may run already, though the status does not know.
pub(crate) fn needs() -> FactRequest {
    FactRequest { objects: true, ..FactRequest::default() }
}

pub(crate) fn step(cx: &Context<'_>, state: &State, seen: &Observation) -> Next {
    let Some(objects) = seen.objects.known() else {
        return Next::stay(state, Reason::Deploying, "waiting for the view of the cluster")
            .polls_busily(cx);
    };
    // A state without a memory beside objects of its own is a lost status, or another operator's
    // work: a second job is the one thing that must not come of it.
    if let Some(cluster) = objects.clusters.first() {
        let message = format!(
            "objects of this application exist (cluster {} of version {}), but its status does \
             not know them; taking them over is not yet supported",
            cluster.incarnation, cluster.hash
        );
        return Next::stay(state, Reason::NotYetSupported, message)
            .cured_by([Cure::StatusRestored, Cure::ObjectsDeleted])
            .polls_seldom(cx);
    }
    deploy::begin(cx, state, "first deploy".to_owned())
}
