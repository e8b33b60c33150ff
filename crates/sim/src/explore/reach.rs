//! What has to be reached: every transition that the machine knows, and every fault in every phase;
//! but for those listed as impossible, each for a reason that is checked in every state.

use super::calls::Call;
use super::node::Node;
use super::round::Thought;
use super::scenario::Fault;
use super::survey::Place;
use crate::world::OperationState;

/// A fault that cannot strike in some phases.
#[derive(Clone, Copy, Debug)]
pub struct Impossible {
    /// In which phases.
    pub places: &'static [Place],
    /// Which fault.
    pub fault: Fault,
    /// Why not.
    pub because: &'static str,
    holds: fn(&Thought) -> bool,
}

/// All of them.
pub const IMPOSSIBLE: &[Impossible] = &[
    Impossible {
        places: &[Place::Cancelling, Place::Recovering, Place::RollingBackJob, Place::Rescaling],
        fault: Fault::SavepointFails,
        because: "no savepoint is being written, but by a JobManager that was deleted",
        holds: |thought| {
            let writes = |o: &crate::world::Operation| o.state == OperationState::InProgress;
            thought.node.world.jobmanagers().all(|(pod, jobmanager)| {
                pod.terminating || !jobmanager.operations.iter().any(writes)
            })
        },
    },
    Impossible {
        places: &[
            Place::New,
            Place::Left,
            Place::Updating,
            Place::Rescaling,
            Place::ClusterStarting,
            Place::Savepointing,
            Place::Cancelling,
            Place::DualRunning,
            Place::Running,
            Place::DeployFailed,
            Place::Deleting,
            Place::Unreadable,
        ],
        fault: Fault::Refused,
        because: "no job is sent",
        holds: |thought| !thought.calls.iter().any(|call| matches!(call, Call::Submit(_))),
    },
];

/// The reason of an impossible fault that does not hold here.
pub(super) fn wrongly_listed(node: &Node, thought: &Thought) -> Option<&'static Impossible> {
    let place = Place::of(node);
    IMPOSSIBLE.iter().find(|listed| listed.places.contains(&place) && !(listed.holds)(thought))
}

/// The phases that can follow one, in the machine's code.
#[must_use]
pub fn followers(place: Place) -> &'static [Place] {
    use Place::{
        Cancelling, ClusterStarting, Deleting, DeployFailed, DualRunning, Gone, Left, New,
        Recovering, Rescaling, RollingBackJob, Running, Savepointing, SubmittingJob, Unreadable,
        Updating,
    };
    match place {
        // Gone at once: without our finalizer.
        New => &[Left, Updating, Deleting, Gone],
        Left => &[
            Running,
            DualRunning,
            DeployFailed,
            Updating,
            ClusterStarting,
            Savepointing,
            Recovering,
            SubmittingJob,
            Deleting,
        ],
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
