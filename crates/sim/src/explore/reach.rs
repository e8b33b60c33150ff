//! What has to be reached: every transition that the machine knows, and every fault in every phase;
//! but for those listed as impossible, each for a reason that is checked in every state.

use super::node::Node;
use super::scenario::Fault;
use super::survey::Place;
use crate::world::{OperationState, World};

/// A fault that cannot strike in a phase.
#[derive(Clone, Copy, Debug)]
pub struct Impossible {
    /// In which phase.
    pub place: Place,
    /// Which fault.
    pub fault: Fault,
    /// Why not.
    pub because: &'static str,
    holds: fn(&World) -> bool,
}

/// All of them.
pub const IMPOSSIBLE: &[Impossible] = &[
    no_savepoint(Place::Cancelling),
    no_savepoint(Place::Recovering),
    no_savepoint(Place::RollingBackJob),
    no_savepoint(Place::Rescaling),
];

const fn no_savepoint(place: Place) -> Impossible {
    Impossible {
        place,
        fault: Fault::SavepointFails,
        because: "no savepoint is being written, but by a JobManager that was deleted",
        holds: |world| {
            let writes = |o: &crate::world::Operation| o.state == OperationState::InProgress;
            world.jobmanagers().all(|(pod, jobmanager)| {
                pod.terminating || !jobmanager.operations.iter().any(writes)
            })
        },
    }
}

/// The reason of an impossible fault that does not hold here.
pub(super) fn wrongly_listed(node: &Node) -> Option<&'static Impossible> {
    let place = Place::of(node);
    IMPOSSIBLE.iter().find(|listed| listed.place == place && !(listed.holds)(&node.world))
}

/// The phases that can follow one, in the machine's code.
#[must_use]
pub fn followers(place: Place) -> &'static [Place] {
    use Place::{
        Cancelling, ClusterStarting, Deleting, DeployFailed, DualRunning, Gone, New, Recovering,
        Rescaling, RollingBackJob, Running, Savepointing, SubmittingJob, Unreadable, Updating,
    };
    match place {
        // Gone at once: without our finalizer.
        New => &[Updating, Deleting, Gone],
        Updating => &[
            Rescaling,
            ClusterStarting,
            Savepointing,
            Cancelling,
            Recovering,
            Running,
            RollingBackJob,
            DeployFailed,
            Deleting,
            Gone,
        ],
        ClusterStarting => &[
            Updating,
            Savepointing,
            Cancelling,
            Recovering,
            SubmittingJob,
            Running,
            RollingBackJob,
            DeployFailed,
            Deleting,
        ],
        Rescaling => &[Savepointing, Cancelling, Recovering, Running, DeployFailed, Deleting],
        Savepointing => &[ClusterStarting, Recovering, SubmittingJob, DeployFailed, Deleting],
        Cancelling => &[ClusterStarting, SubmittingJob, RollingBackJob, Deleting],
        Recovering => &[
            Updating,
            ClusterStarting,
            Savepointing,
            SubmittingJob,
            DualRunning,
            Running,
            DeployFailed,
            Deleting,
        ],
        SubmittingJob => &[
            Updating,
            ClusterStarting,
            DualRunning,
            Running,
            RollingBackJob,
            DeployFailed,
            Deleting,
        ],
        DualRunning => &[Recovering, Running, DeployFailed, Deleting],
        Running => &[Updating, Rescaling, Recovering, RollingBackJob, DeployFailed, Deleting],
        RollingBackJob => &[Updating, DeployFailed, Deleting],
        DeployFailed => &[Updating, Recovering, Running, Deleting],
        Deleting => &[Gone],
        Unreadable => &[Deleting],
        Gone => &[],
    }
}
